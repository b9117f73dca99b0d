//! What a page brought besides entries: notices, and among them the rows that are no records.

use serde_json::{Map, Value};

use crate::contract::connector::{Page, StreamDescriptor};
use crate::contract::types::Notice;
use crate::output::QuarantinedRow;
use crate::report::{QUARANTINED, StreamReport};

/// The rows of a page that are no records. A key that the notice does not name is looked for in the row itself.
pub(super) fn quarantined(stream: &StreamDescriptor, page: &Page) -> Vec<QuarantinedRow> {
    let notices = page.notices.iter();
    let rows = notices.filter(|notice| notice.kind == QUARANTINED);
    rows.filter_map(|notice| {
        let document = notice.document.as_deref()?;
        Some(QuarantinedRow::new(
            notice.stream.as_deref().unwrap_or(&stream.name),
            notice.key.clone().or_else(|| key_of(stream, document)),
            notice.path.clone(),
            notice.message.clone(),
            document,
        ))
    })
    .collect()
}

/// Counts the notices of a page, and logs each kind and place once.
pub(super) fn count_notices(stream: &str, notices: &[Notice], report: &mut StreamReport) {
    for notice in notices {
        if report.notices.add(notice) {
            let path = notice.path.as_deref().unwrap_or_default();
            tracing::warn!(stream, kind = notice.kind, path, "{}", notice.message);
        }
    }
}

/// The key of a row, as the contract writes it.
fn key_of(stream: &StreamDescriptor, document: &[u8]) -> Option<String> {
    let fields: Map<String, Value> = serde_json::from_slice(document).ok()?;
    let parts: Option<Vec<String>> = stream
        .key
        .iter()
        .map(|name| match fields.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
        .collect();
    match parts?.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        several => {
            let escape = |part: &String| part.replace('%', "%25").replace('/', "%2F");
            let parts: Vec<String> = several.iter().map(escape).collect();
            Some(parts.join("/"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::stream;
    use super::*;
    use crate::contract::connector::StreamModes;

    #[test]
    fn a_key_is_made_out_of_the_row() {
        let one = stream("tags", StreamModes::FULL);
        let mut two = one.clone();
        two.key = vec!["parent".to_owned(), "id".to_owned()];
        for (stream, row, expected) in [
            (&one, r#"{"id":"7","name":5}"#, Some("7")),
            (&one, r#"{"id":7}"#, Some("7")),
            (&one, r#"{"id":null}"#, None),
            (&one, r#"{"name":"x"}"#, None),
            (&one, "[]", None),
            (&two, r#"{"id":"a/b","parent":"1%"}"#, Some("1%25/a%2Fb")),
            (&two, r#"{"id":"a"}"#, None),
        ] {
            assert_eq!(key_of(stream, row.as_bytes()).as_deref(), expected, "{row}");
        }
    }
}
