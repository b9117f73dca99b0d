//! Whether a version may take the place of another one.

use std::collections::{BTreeMap, BTreeSet};

use super::manifest::{FormatSet, FormatSets, StoredVersion};
use crate::position::State;

/// Why a version is not put in place of another one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It cannot go on where the other one stopped.
    #[error("it does not read {what} of format {found}, {where_found}; it reads {reads}")]
    Unreadable {
        /// `cursors`, `state` or `prepared mappings`.
        what: &'static str,
        /// The format.
        found: u8,
        /// Where it is: with the names of connections, or that of the version that writes it.
        where_found: String,
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

/// Connections that are named where many have the same; the others are counted.
const NAMED: usize = 5;

/// Who has something stored in a format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders {
    named: Vec<String>,
    others: usize,
}

impl Holders {
    fn add(&mut self, name: String) {
        match self.named.len() < NAMED {
            true => self.named.push(name),
            false => self.others += 1,
        }
    }

    fn merge(&mut self, others: &Holders) {
        others.named.iter().for_each(|name| self.add(name.clone()));
        self.others += others.others;
    }

    fn names(&self) -> String {
        let others = match self.others {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        format!("{}{others}", self.named.join(", "))
    }

    fn sentence(&self) -> String {
        format!("in which {} is stored", self.names())
    }
}

/// The formats in which something is stored, and who has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredFormats {
    /// Of cursors: for each stream the newest position's.
    cursor: BTreeMap<u8, Holders>,
    /// Of all positions of a stream, by which formats those are.
    positions: BTreeMap<BTreeSet<u8>, Holders>,
    /// Of values that the component keeps.
    state: BTreeMap<u8, Holders>,
    /// Of compiled mappings and triggers.
    prepared: BTreeMap<u8, Holders>,
}

impl StoredFormats {
    /// Adds what an output remembers of a connection. A stream counts with its newest position.
    pub fn add(&mut self, connection: &str, state: &State) {
        for (name, stream) in &state.streams {
            let formats: BTreeSet<u8> = stream.positions.keys().copied().collect();
            let holders = self.positions.entry(formats).or_default();
            holders.add(format!("{connection} ({name})"));
            let positions = stream.positions.values();
            if let Some(newest) = positions.max_by_key(|position| position.sequence) {
                let holders = self.cursor.entry(newest.format).or_default();
                holders.add(format!("{connection} ({name})"));
            }
        }
        let checked = state.checked.as_ref();
        if let Some(format) = checked.and_then(|checked| checked.prepared.first()) {
            let holders = self.prepared.entry(*format).or_default();
            holders.add(connection.to_owned());
        }
    }

    /// What a version cannot go on with that was put in place although it may not read everything: for people.
    pub fn lost_on(&self, version: &StoredVersion) -> Vec<String> {
        let reads = &version.formats.cursor.reads;
        let mut anew = Holders::default();
        for (formats, holders) in &self.positions {
            if !formats.is_empty() && formats.is_disjoint(reads) {
                anew.merge(holders);
            }
        }
        let anew = (anew != Holders::default()).then(|| {
            format!(
                "it reads anew what only versions have read that were taken back: {}",
                anew.names()
            )
        });
        let reads = &version.formats.state.reads;
        let kept = self
            .state
            .iter()
            .filter(|(format, _)| !reads.contains(format));
        let kept = kept.map(|(format, holders)| {
            format!(
                "it does not read state of format {format}, {}",
                holders.sentence()
            )
        });
        anew.into_iter().chain(kept).collect()
    }

    /// Adds the formats of the values that the component keeps for a connection.
    pub fn add_values(&mut self, connection: &str, formats: impl IntoIterator<Item = u8>) {
        for format in formats {
            let holders = self.state.entry(format).or_default();
            holders.add(connection.to_owned());
        }
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
    let kinds = [
        (
            "cursors",
            (|formats| &formats.cursor) as Kind,
            &stored.cursor,
        ),
        ("state", |formats| &formats.state, &stored.state),
        (
            "prepared mappings",
            |formats| &formats.prepared,
            &stored.prepared,
        ),
    ];
    for (what, kind, stored) in kinds {
        let reads = &kind(&candidate.formats).reads;
        let stored = stored
            .iter()
            .map(|(format, holders)| (*format, holders.sentence()));
        let written = current.map(|current| {
            let title = format!("which {} left behind", current.title());
            (kind(&current.formats).writes, title)
        });
        let mut seen = BTreeSet::new();
        for (found, where_found) in stored.chain(written) {
            if !reads.contains(&found) && seen.insert(found) {
                refusals.push(Refusal::Unreadable {
                    what,
                    found,
                    where_found,
                    reads: list(reads),
                });
            }
        }
    }
    let asks: Vec<String> = candidate.asks.difference(granted).cloned().collect();
    // Nothing was granted before the first one: it is what people chose.
    let is_first = current.is_none() && granted.is_empty();
    if !is_first && !consent && !asks.is_empty() {
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
        stored.add("acme", &state);
        assert_eq!(stored.cursor.keys().copied().collect::<Vec<u8>>(), [1, 2]);
        let refused = check(&new, Some(&old), &stored, &granted, false).unwrap_err();
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert_eq!(
            refused[0].to_string(),
            "it does not read cursors of format 1, in which acme (a) is stored; it reads 2, 3"
        );
        state.checked = Some(Checked {
            prepared: vec![9, 9],
            ..Checked::default()
        });
        for connection in ["b", "c", "d", "e", "f", "g"] {
            stored.add(connection, &state);
        }
        stored.add_values("acme", [1, 4]);
        let refused = check(&new, Some(&old), &stored, &granted, false).unwrap_err();
        let sentences: Vec<String> = refused.iter().map(Refusal::to_string).collect();
        assert_eq!(
            sentences,
            [
                "it does not read cursors of format 1, in which acme (a), b (a), c (a), d (a), e (a) and 2 more is stored; \
                 it reads 2, 3",
                "it does not read state of format 4, in which acme is stored; it reads 1",
                "it does not read prepared mappings of format 9, in which b, c, d, e, f and 1 more is stored; it reads 1",
            ]
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
        // What runs without being active was granted what it asks for.
        assert!(check(&new, None, &stored, &old.asks, false).is_err());
        assert_eq!(check(&old, None, &stored, &old.asks, false), Ok(()));
        assert_eq!(check(&new, None, &stored, &BTreeSet::new(), false), Ok(()));
    }
}
