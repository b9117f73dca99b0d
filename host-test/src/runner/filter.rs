//! Filters of streams: which rows are wanted, in the component's own words.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// A filter of a stream, as a JSON object. Never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(Map<String, Value>);

impl Filter {
    /// A filter of these fields; none where there are none.
    pub fn new(fields: Map<String, Value>) -> Option<Filter> {
        (!fields.is_empty()).then_some(Filter(fields))
    }

    /// The filter as the component takes it.
    pub fn to_document(&self) -> Vec<u8> {
        Value::Object(self.0.clone()).to_string().into_bytes()
    }

    /// What is kept with a position, so that another filter never goes on from it: the names of the fields and a hash of
    /// everything. The values are not in it, they may be personal.
    pub fn mark(&self) -> String {
        let digest = Sha256::digest(self.to_document());
        let hash: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("{}#{hash}", self.fields())
    }

    fn fields(&self) -> String {
        let names: Vec<&str> = self.0.keys().map(String::as_str).collect();
        names.join(",")
    }
}

/// What a mark says to people.
pub(super) fn describe(mark: Option<&str>) -> String {
    match mark.and_then(|mark| mark.rsplit_once('#')) {
        Some((fields, _)) => format!("a filter on {fields}"),
        None => "no filter".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filter(value: Value) -> Option<Filter> {
        value.as_object().cloned().and_then(Filter::new)
    }

    #[test]
    fn a_mark_tells_filters_apart_and_no_values() {
        let mark = |value| filter(value).map(|filter| filter.mark());
        let one = mark(json!({"role": "user", "email": "a@example.com"}));
        assert_eq!(one, mark(json!({"email": "a@example.com", "role": "user"})));
        assert_ne!(one, mark(json!({"role": "user", "email": "b@example.com"})));
        assert!(!one.as_deref().unwrap_or_default().contains("example"));
        assert_eq!(describe(one.as_deref()), "a filter on email,role");
        assert_eq!(
            (filter(json!({})), describe(None)),
            (None, "no filter".to_owned())
        );
    }
}
