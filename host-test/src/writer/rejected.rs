//! Rows that were not written, in a file that can be put right and given again.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::outcomes::{failure_json, name_of};
use crate::contract::connector::{Outcome, OutcomeStatus, Row};
use crate::private_file;

/// A row in the file. Its document keeps its own form, number for number.
#[derive(Serialize)]
struct Line<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_updated_at_ms: Option<i64>,
    status: &'static str,
    failure: &'a Value,
    document: &'a RawValue,
}

/// The rows that have no good outcome yet, in their order, each with the reason.
pub struct RejectedRows {
    rows: Vec<(Row, Option<(&'static str, Value)>)>,
    places: BTreeMap<String, usize>,
    settled: Vec<bool>,
}

impl RejectedRows {
    /// All rows: none has an outcome.
    pub fn of(rows: &[Row]) -> Self {
        let places = rows.iter().enumerate();
        Self {
            places: places
                .map(|(place, row)| (row.key.clone(), place))
                .collect(),
            settled: vec![false; rows.len()],
            rows: rows.iter().map(|row| (row.clone(), None)).collect(),
        }
    }

    /// Takes over the last outcome of a row.
    pub fn settle(&mut self, outcome: &Outcome) {
        let Some(place) = self.places.get(&outcome.key) else {
            return;
        };
        match &outcome.status {
            OutcomeStatus::Failed(failure) | OutcomeStatus::Deferred(failure) => {
                self.rows[*place].1 = Some((name_of(&outcome.status), failure_json(failure)));
            }
            _ => self.settled[*place] = true,
        }
    }

    /// How many rows were not written.
    pub fn len(&self) -> usize {
        self.settled.iter().filter(|settled| !**settled).count()
    }

    /// Whether all rows were written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts the rows into a file that only its owner can read, one a line, as [`super::parse_rows`] reads them. Where
    /// there are none, the file is removed. Rows without an outcome were not tried, for this reason.
    pub fn store(&self, path: &Path, stopped: Option<&str>) -> io::Result<()> {
        if self.is_empty() {
            return match std::fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        let untried = json!({
            "code": "not_tried",
            "message": stopped.unwrap_or("the write ended before"),
        });
        let untried = ("untried", untried);
        let mut lines = Vec::new();
        for ((row, reason), settled) in self.rows.iter().zip(&self.settled) {
            if *settled {
                continue;
            }
            let (status, failure) = reason.as_ref().unwrap_or(&untried);
            let line = Line {
                key: &row.key,
                base_updated_at_ms: row.base_updated_at_ms,
                status,
                failure,
                document: serde_json::from_slice(&row.document)?,
            };
            serde_json::to_writer(&mut lines, &line)?;
            lines.push(b'\n');
        }
        private_file::replace(path, &lines)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::parse_rows;
    use super::*;
    use crate::contract::types::{Failure, FailureKind};

    #[test]
    fn what_was_not_written_can_be_given_again() {
        let rows = parse_rows(
            b"{\"key\":\"a\",\"price\":1.10}\n{\"key\":\"b\"}\n{\"key\":\"c\",\"document\":{\"x\":1},\"base_updated_at_ms\":5}",
        )
        .unwrap();
        let mut rejected = RejectedRows::of(&rows);
        let outcome = |key: &str, status| Outcome {
            key: key.to_owned(),
            status,
            object_id: None,
            request_id: None,
            planned: Vec::new(),
        };
        let failure = Failure {
            kind: FailureKind::InvalidInput,
            code: "invalid_row".to_owned(),
            message: "m".to_owned(),
            retry_after_ms: None,
            maybe_applied: false,
            request_id: None,
            problems: Vec::new(),
        };
        rejected.settle(&outcome("a", OutcomeStatus::Failed(failure)));
        rejected.settle(&outcome("b", OutcomeStatus::Created));
        let directory = written::Folder::new();
        let path = directory.path().join("rejected.jsonl");
        rejected.store(&path, Some("interrupted")).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(r#""document":{"price":1.10}"#), "{text}");
        assert!(text.contains(r#""code":"invalid_row""#), "{text}");
        let untried = r#"{"code":"not_tried","message":"interrupted"}"#;
        assert!(text.contains(untried), "{text}");
        let again = parse_rows(text.as_bytes()).unwrap();
        assert_eq!(again, [rows[0].clone(), rows[2].clone()]);
        rejected.settle(&outcome("a", OutcomeStatus::Updated));
        rejected.settle(&outcome("c", OutcomeStatus::Updated));
        rejected.store(&path, None).unwrap();
        rejected.store(&path, None).unwrap();
        assert!(!path.exists());
    }
}
