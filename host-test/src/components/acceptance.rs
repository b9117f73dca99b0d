//! Whether a version may take the place of another one.

use std::collections::BTreeSet;

use super::manifest::{FormatSet, FormatSets, StoredVersion};
use crate::position::State;

/// Why a version is not put in place of another one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It cannot go on where the other one stopped.
    #[error(
        "it does not read {what} of format {found}, which {writer} left behind; it reads {reads}"
    )]
    Unreadable {
        /// `cursors`, `state` or `prepared mappings`.
        what: &'static str,
        /// The format.
        found: u8,
        /// Who wrote it.
        writer: String,
        /// The formats that it reads.
        reads: String,
    },
    /// It asks for more than was granted.
    #[error("it asks for what no version before it had:\n  {}\nagree with --consent", asks.join("\n  "))]
    NewRights {
        /// What it asks for.
        asks: Vec<String>,
    },
}

/// The formats in which something is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredFormats {
    /// Of cursors: for each stream the newest position's.
    pub cursor: BTreeSet<u8>,
    /// Of compiled mappings and triggers.
    pub prepared: BTreeSet<u8>,
}

impl StoredFormats {
    /// Adds what is stored of a connection. A stream counts with its newest position.
    pub fn add(&mut self, state: &State) {
        for stream in state.streams.values() {
            let newest = stream
                .positions
                .values()
                .max_by_key(|position| position.sequence);
            self.cursor.extend(newest.map(|position| position.format));
        }
        let checked = state.checked.as_ref();
        self.prepared
            .extend(checked.and_then(|checked| checked.prepared.first()));
    }
}

/// Checks a version against the one whose place it takes (absent: it is the first), against what is stored, and against
/// what was granted. All reasons are given.
pub(super) fn check(
    candidate: &StoredVersion,
    current: Option<&StoredVersion>,
    stored: &StoredFormats,
    granted: &BTreeSet<String>,
    consent: bool,
) -> Result<(), Vec<Refusal>> {
    let mut refusals = Vec::new();
    type Kind = fn(&FormatSets) -> &FormatSet;
    let none = BTreeSet::new();
    let kinds = [
        (
            "cursors",
            (|formats| &formats.cursor) as Kind,
            &stored.cursor,
        ),
        ("state", |formats| &formats.state, &none),
        (
            "prepared mappings",
            |formats| &formats.prepared,
            &stored.prepared,
        ),
    ];
    for (what, kind, stored) in kinds {
        let reads = &kind(&candidate.formats).reads;
        let written = current.map(|current| (kind(&current.formats).writes, current.title()));
        let stored = stored
            .iter()
            .map(|format| (*format, "an earlier run".to_owned()));
        let mut seen = BTreeSet::new();
        for (found, writer) in written.into_iter().chain(stored) {
            if !reads.contains(&found) && seen.insert(found) {
                refusals.push(Refusal::Unreadable {
                    what,
                    found,
                    writer,
                    reads: list(reads),
                });
            }
        }
    }
    let asks: Vec<String> = candidate.asks.difference(granted).cloned().collect();
    if current.is_some() && !consent && !asks.is_empty() {
        refusals.push(Refusal::NewRights { asks });
    }
    match refusals.is_empty() {
        true => Ok(()),
        false => Err(refusals),
    }
}

fn list(formats: &BTreeSet<u8>) -> String {
    match formats.is_empty() {
        true => "none".to_owned(),
        false => formats
            .iter()
            .map(u8::to_string)
            .collect::<Vec<_>>()
            .join(", "),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::position::{Checked, Position};

    fn set(reads: &[u8], writes: u8) -> FormatSet {
        FormatSet {
            reads: reads.iter().copied().collect(),
            writes,
        }
    }

    fn version(cursor: FormatSet, asks: &[&str]) -> StoredVersion {
        StoredVersion {
            name: "sample".to_owned(),
            version: "1.0.0".to_owned(),
            sha256: "0123456789abcdef".to_owned(),
            bytes: 1,
            added_at_ms: 0,
            formats: FormatSets {
                cursor,
                state: set(&[1], 1),
                prepared: set(&[1], 1),
            },
            asks: asks.iter().map(|ask| (*ask).to_owned()).collect(),
        }
    }

    #[test]
    fn a_version_must_read_what_the_other_one_wrote_and_what_is_stored() {
        let old = version(set(&[1, 2], 2), &[]);
        let new = version(set(&[2, 3], 3), &[]);
        let nothing = StoredFormats::default();
        let granted = BTreeSet::new();
        assert_eq!(check(&new, Some(&old), &nothing, &granted, false), Ok(()));
        let refused = check(&old, Some(&new), &nothing, &granted, true).unwrap_err();
        assert_eq!(
            refused[0].to_string(),
            "it does not read cursors of format 3, which sample 1.0.0 (0123456789ab) left behind; it reads 1, 2"
        );

        let mut state = State::default();
        let position = |format: u8| Position {
            checkpoint: Some(vec![format]),
            format,
            ..Position::default()
        };
        state.stream_mut("a").store(position(1), 0);
        state.stream_mut("b").store(position(1), 0);
        state.stream_mut("b").store(position(2), 0);
        let mut stored = StoredFormats::default();
        stored.add(&state);
        assert_eq!(stored.cursor, BTreeSet::from([1, 2]));
        let refused = check(&new, Some(&old), &stored, &granted, false).unwrap_err();
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert!(refused[0].to_string().contains("cursors of format 1"));
        state.checked = Some(Checked {
            prepared: vec![9, 9],
            ..Checked::default()
        });
        stored.add(&state);
        assert_eq!(
            check(&new, Some(&old), &stored, &granted, false)
                .unwrap_err()
                .len(),
            2
        );
    }

    #[test]
    fn what_was_not_granted_needs_consent() {
        let formats = set(&[1], 1);
        let old = version(formats.clone(), &["permission a"]);
        let new = version(
            formats,
            &["permission a", "permission b", "endpoint x https://x"],
        );
        let stored = StoredFormats::default();
        let refused = check(&new, Some(&old), &stored, &old.asks, false).unwrap_err();
        let asks = vec!["endpoint x https://x".to_owned(), "permission b".to_owned()];
        assert_eq!(refused, [Refusal::NewRights { asks }]);
        assert_eq!(check(&new, Some(&old), &stored, &old.asks, true), Ok(()));
        assert_eq!(check(&old, Some(&new), &stored, &new.asks, false), Ok(()));
        // Nothing was granted before the first one: it is what people chose.
        assert_eq!(check(&new, None, &stored, &BTreeSet::new(), false), Ok(()));
    }
}
