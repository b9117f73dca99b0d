//! The file of rows that are no records. A line holds a row; a later line with the same name lets it go.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::files::Files;
use crate::contract::types::Entry;
use crate::output::{OutputError, QuarantinedRow};

/// The name of the file.
pub(super) const FILE: &str = "quarantine";

/// A line of the file: a row, or the name of one that is let go. A line that was erased has neither.
#[derive(Default, Serialize, Deserialize)]
struct Line {
    #[serde(default)]
    at_ms: i64,
    #[serde(default)]
    stream: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    released: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document: Option<Box<RawValue>>,
}

/// The rows that are held, by stream and identity.
#[derive(Default)]
pub(super) struct Quarantine(BTreeMap<(String, String), QuarantinedRow>);

impl Quarantine {
    /// Reads the committed part of the file.
    pub(super) fn read(files: &Files, committed: u64) -> Result<Quarantine, OutputError> {
        let mut quarantine = Quarantine::default();
        files.each_line(FILE, committed, |place, line| {
            quarantine.apply(serde_json::from_slice(line).map_err(place.not_json(FILE))?);
            Ok(())
        })?;
        Ok(quarantine)
    }

    /// The held rows of a stream.
    pub(super) fn rows(&self, stream: &str) -> impl Iterator<Item = &QuarantinedRow> {
        self.0.values().filter(move |row| row.stream == stream)
    }

    /// The lines that hold these rows and let go those that come as entries. Rows that are held as they are need none, unless
    /// their lines are about to be taken back.
    pub(super) fn lines(
        &self,
        entries: &[Entry],
        rows: &[QuarantinedRow],
        now_ms: i64,
        taken_back: bool,
    ) -> Vec<u8> {
        let mut lines = Vec::new();
        if !self.0.is_empty() {
            for entry in entries {
                if self
                    .0
                    .contains_key(&(entry.stream.clone(), entry.key.clone()))
                {
                    push(&mut lines, released(&entry.stream, &entry.key, now_ms));
                }
            }
        }
        for row in rows {
            let held = self.0.get(&(row.stream.clone(), row.identity()));
            let row = row.one_line();
            if taken_back || held.is_none_or(|held| held.document.get() != row.document.get()) {
                push(&mut lines, held_line(row, now_ms));
            }
        }
        lines
    }

    /// The lines that let go all rows of a stream.
    pub(super) fn release_all(&self, stream: &str, now_ms: i64) -> Vec<u8> {
        let mut lines = Vec::new();
        for row in self.rows(stream) {
            push(&mut lines, released(stream, &row.identity(), now_ms));
        }
        lines
    }

    fn apply(&mut self, line: Line) {
        if line.stream.is_empty() {
            return;
        }
        if let Some(released) = line.released {
            self.0.remove(&(line.stream, released));
            return;
        }
        let row = QuarantinedRow {
            stream: line.stream,
            key: line.key,
            path: line.path,
            reason: line.reason.unwrap_or_default(),
            document: line.document.unwrap_or_else(|| RawValue::NULL.to_owned()),
        };
        self.0.insert((row.stream.clone(), row.identity()), row);
    }
}

fn held_line(row: QuarantinedRow, at_ms: i64) -> Line {
    Line {
        at_ms,
        stream: row.stream,
        released: None,
        key: row.key,
        path: row.path,
        reason: Some(row.reason),
        document: Some(row.document),
    }
}

fn released(stream: &str, identity: &str, at_ms: i64) -> Line {
    Line {
        at_ms,
        stream: stream.to_owned(),
        released: Some(identity.to_owned()),
        ..Line::default()
    }
}

fn push(lines: &mut Vec<u8>, line: Line) {
    // Writing into memory cannot fail.
    let _ = serde_json::to_writer(&mut *lines, &line);
    lines.push(b'\n');
}
