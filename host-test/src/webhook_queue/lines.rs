//! Entries as they are kept in the queue: the lines that an output of JSON lines has.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::contract::types::{Change, Entry};

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum LineChange {
    Upsert,
    Patch,
    Delete,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    stream: Cow<'a, str>,
    #[serde(borrow)]
    key: Cow<'a, str>,
    updated_at_ms: Option<i64>,
    change: LineChange,
    reason: Option<String>,
    successor: Option<String>,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// The entries of lines.
pub(super) fn decode(lines: &[u8]) -> serde_json::Result<Vec<Entry>> {
    lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| {
            let line: Line<'_> = serde_json::from_slice(line)?;
            Ok(Entry {
                stream: line.stream.into_owned(),
                key: line.key.into_owned(),
                updated_at_ms: line.updated_at_ms,
                change: match line.change {
                    LineChange::Upsert => Change::Upsert,
                    LineChange::Patch => Change::Patch,
                    LineChange::Delete => Change::Delete,
                },
                reason: line.reason,
                successor: line.successor,
                payload: line.data.get().as_bytes().to_vec(),
            })
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::output::encode_entries;

    #[test]
    fn what_is_kept_comes_back() {
        let entry = |change, reason: Option<&str>, payload: &str| Entry {
            stream: "contacts".to_owned(),
            key: "a/\"b\n".to_owned(),
            updated_at_ms: reason.map(|_| -5),
            change,
            reason: reason.map(str::to_owned),
            successor: reason.map(|_| "7".to_owned()),
            payload: payload.as_bytes().to_vec(),
        };
        let entries = [
            entry(Change::Upsert, None, r#"{"a": 1.50e+2,"b":"é\n"}"#),
            entry(Change::Patch, Some("redacted"), "{}"),
            entry(Change::Delete, Some("merged"), "null"),
        ];
        let mut lines = Vec::new();
        encode_entries(&entries, &mut lines);
        assert_eq!(decode(&lines).unwrap(), entries);
        assert_eq!(decode(b"").unwrap(), []);
        assert!(decode(b"{\"stream\":\"a\"}\n").is_err());
    }
}
