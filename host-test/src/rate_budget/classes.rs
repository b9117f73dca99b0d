//! The kinds of requests that a component names, so that a connection can cap them by name.
//!
//! They are an annotation of the configuration's JSON Schema, `x-request-classes`: a name and the patterns of its
//! requests. Schemas may carry annotations that not every reader knows, so no version of the contract is needed for it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::TargetPattern;
use crate::contract::connector::Descriptor;

#[derive(Deserialize)]
struct Annotated {
    #[serde(default, rename = "x-request-classes")]
    classes: BTreeMap<String, Vec<String>>,
}

/// The classes that a component names; none where its schema has no such annotation or one that makes no sense.
pub fn request_classes(descriptor: &Descriptor) -> BTreeMap<String, Vec<TargetPattern>> {
    let Ok(annotated) = serde_json::from_slice::<Annotated>(&descriptor.config_schema) else {
        return BTreeMap::new();
    };
    let patterns = |texts: Vec<String>| -> Option<Vec<TargetPattern>> {
        texts.iter().map(|text| text.parse().ok()).collect()
    };
    annotated
        .classes
        .into_iter()
        .filter_map(|(name, texts)| Some((name, patterns(texts)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::sample::descriptor;

    #[test]
    fn classes_are_read_from_the_schema() {
        let mut descriptor = descriptor();
        assert!(request_classes(&descriptor).is_empty());
        descriptor.config_schema =
            br#"{"type":"object","x-request-classes":{"search":["POST */search"],"odd":["no path"]}}"#
                .to_vec();
        let classes = request_classes(&descriptor);
        assert_eq!(classes.keys().collect::<Vec<_>>(), ["search"]);
        assert!(classes["search"][0].matches("POST", "/contacts/search"));
    }
}
