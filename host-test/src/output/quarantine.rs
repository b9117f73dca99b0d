//! Rows that are no records: kept whole, with what is wrong with them, until the row comes as a record.

use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

/// A row that is no record.
#[derive(Clone, Debug)]
pub struct QuarantinedRow {
    /// The stream.
    pub stream: String,
    /// The row's key, where it could be made out.
    pub key: Option<String>,
    /// The place in the answer or the row that is wrong.
    pub path: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// The row as it was received. A row that is no JSON at all is a text.
    pub document: Box<RawValue>,
}

impl QuarantinedRow {
    /// The row of these bytes.
    pub fn new(
        stream: &str,
        key: Option<String>,
        path: Option<String>,
        reason: String,
        document: &[u8],
    ) -> QuarantinedRow {
        let text = String::from_utf8_lossy(document).into_owned();
        let raw = RawValue::from_string(text)
            .or_else(|_| serde_json::value::to_raw_value(&String::from_utf8_lossy(document)));
        QuarantinedRow {
            stream: stream.to_owned(),
            key,
            path,
            reason,
            document: raw.unwrap_or_else(|_| RawValue::NULL.to_owned()),
        }
    }

    /// The same for the same row: its key, or else a hash of what was received.
    pub fn identity(&self) -> String {
        match &self.key {
            Some(key) => key.clone(),
            None => {
                let digest = Sha256::digest(self.document.get());
                let hash: String = digest[..16]
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                format!("sha256:{hash}")
            }
        }
    }

    /// The document on one line.
    pub(super) fn one_line(&self) -> QuarantinedRow {
        let mut row = self.clone();
        // Between its tokens is the only place where JSON has line breaks.
        let text = row.document.get().replace(['\n', '\r'], " ");
        if let Ok(document) = RawValue::from_string(text) {
            row.document = document;
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_known_by_its_key_or_by_what_it_is() {
        let row = |key: Option<&str>, document: &[u8]| {
            let key = key.map(str::to_owned);
            QuarantinedRow::new("tags", key, None, "no object".to_owned(), document)
        };
        assert_eq!(row(Some("7"), b"[]").identity(), "7");
        assert_eq!(row(None, b"[1]").identity(), row(None, b"[1]").identity());
        assert_ne!(row(None, b"[1]").identity(), row(None, b"[2]").identity());
        assert_eq!(
            row(None, b"no \"JSON\xff").document.get(),
            "\"no \\\"JSON\u{fffd}\""
        );
        assert_eq!(
            row(None, b"{\n\"a\":\r1}").one_line().document.get(),
            "{ \"a\": 1}"
        );
    }
}
