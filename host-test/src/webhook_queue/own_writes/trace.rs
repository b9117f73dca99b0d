//! What may have set off intents: rows that changed, and when.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{KeyHash, MARGIN_MS, hash};
use crate::contract::types::Entry;

/// Types of authors that are people from outside: nothing that a person said is an echo of a write, but that write itself.
const PEOPLE: &[&str] = &["user", "lead", "contact"];

/// A row that changed, for a comparison with what was written.
pub(super) type ChangedRow = (KeyHash, Option<i64>);

/// What may have set off intents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::webhook_queue) struct Trace {
    pub(super) rows: Vec<ChangedRow>,
    /// Whether a row that a write only named counts as well as what came of it. A delivery tells of what was made beside
    /// the row in which it was made; a page of rows does not.
    pub(super) named_count: bool,
    /// The place of the row that a person wrote, where a delivery tells of one: whose that is decides alone.
    #[serde(default)]
    said: Option<usize>,
}

impl Trace {
    /// Of a delivery. A change without a time happened when the provider told of it.
    pub(in crate::webhook_queue) fn of_delivery(
        entries: &[Entry],
        created_at_ms: Option<i64>,
    ) -> Trace {
        let rows = entries.iter();
        Trace {
            rows: rows
                .map(|entry| (hash(&entry.key), entry.updated_at_ms.or(created_at_ms)))
                .collect(),
            named_count: false,
            said: said(entries),
        }
    }

    /// Of a row of a page.
    pub(in crate::webhook_queue) fn of_row(entries: &[Entry], stream: &str, key: &str) -> Trace {
        let rows = entries.iter();
        let rows = rows.filter(|entry| entry.stream == stream && entry.key == key);
        Trace {
            rows: rows.map(|entry| (hash(key), entry.updated_at_ms)).collect(),
            named_count: true,
            said: None,
        }
    }

    /// Whether what came of a row says whose change it was.
    pub(super) fn decides(&self, place: usize) -> bool {
        self.said.is_none_or(|said| said == place)
    }

    pub(in crate::webhook_queue) fn to_text(&self) -> String {
        serde_json::json!(self).to_string()
    }

    pub(in crate::webhook_queue) fn of_text(text: &str) -> Option<Trace> {
        serde_json::from_str(text).ok()
    }
}

/// The place of what a person said, if a delivery tells of that: it is what was said last, and nothing changed after it.
/// Other deliveries may hold it too, as the last thing that was said before something else happened.
fn said(entries: &[Entry]) -> Option<usize> {
    let with_authors = entries.iter().enumerate();
    let with_authors = with_authors.filter_map(|(place, entry)| {
        let record: Value = serde_json::from_slice(&entry.payload).ok()?;
        let author = record["author"]["type"].as_str()?;
        let created_at_ms = record["created_at"].as_i64().map(|at| at * 1_000);
        let at_ms = created_at_ms.or(entry.updated_at_ms)?;
        Some((at_ms, place, PEOPLE.contains(&author)))
    });
    let (at_ms, place, is_person) = with_authors.max()?;
    let mut times = entries.iter().filter_map(|entry| entry.updated_at_ms);
    let is_last = times.all(|changed_at_ms| changed_at_ms < at_ms + 1_000 + MARGIN_MS);
    (is_person && is_last).then_some(place)
}
