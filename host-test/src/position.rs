//! How far each stream has been read, and where that is kept.
//!
//! A position is stored for each cursor format, so that an older version of the component, put back in place, goes on
//! from the position that it wrote itself. The number of the last write decides which of the readable ones is taken.

mod cursor_text;
mod last_webhook;
mod lock;
mod output_file;
mod state;
mod state_file;

use serde::{Deserialize, Serialize};

pub use self::last_webhook::{Heard, LastWebhook};
pub use self::lock::{LockError, LockHolder, StateLock};
pub use self::output_file::{NewEnd, ScanSpan};
pub use self::state::{Checked, LastRun, State, StreamState};
pub use self::state_file::{StateFile, StateFileError};
use crate::contract::connector::{Selection, TimeWindow};

/// What a scan reads; kept with the cursor, because a cursor is good for its own selection only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredSelection {
    /// Everything.
    #[default]
    All,
    /// What changed since a time, in milliseconds since 1970.
    Since(i64),
}

impl StoredSelection {
    /// The selection as the contract has it.
    pub fn to_contract(self) -> Selection {
        match self {
            StoredSelection::All => Selection::All,
            StoredSelection::Since(since) => Selection::Window(TimeWindow {
                since_ms: Some(since),
                until_ms: None,
            }),
        }
    }
}

/// How far a stream has been read, in one cursor format.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Resumes the running scan; absent when none is running.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "cursor_text")]
    pub next: Option<Vec<u8>>,
    /// Starts the next scan; absent where a stream is read whole every time.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "cursor_text")]
    pub checkpoint: Option<Vec<u8>>,
    /// Whether the scan goes on from where an earlier one ended, and so gives nothing but what changed since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub goes_on: bool,
    /// What both cursors are about.
    pub selection: StoredSelection,
    /// The filter that they were read with: its fields and a hash of it. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// The cursor format that the component wrote.
    pub format: u8,
    /// Counts the writes of this stream: the highest is the newest.
    #[serde(default)]
    pub sequence: u64,
    /// When it was stored, in milliseconds since 1970.
    #[serde(default)]
    pub saved_at_ms: i64,
}

impl Position {
    /// Whether a component that reads these formats can read every cursor in it.
    fn is_readable(&self, reads: &[u8]) -> bool {
        [&self.next, &self.checkpoint]
            .into_iter()
            .flatten()
            .all(|cursor| cursor.first().is_some_and(|format| reads.contains(format)))
    }
}

/// What is stored about a stream, as seen by one version of the component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// Nothing: the stream has not been read.
    Nothing,
    /// The newest position that this version reads.
    Position {
        /// The position.
        position: &'a Position,
        /// Whether no other version has gone further since.
        newest: bool,
    },
    /// There are positions, all of them in formats that this version does not read.
    Unreadable {
        /// Their formats.
        formats: Vec<u8>,
    },
}

/// Chooses among the stored positions of a stream.
pub fn choose<'a>(stream: Option<&'a StreamState>, reads: &[u8]) -> Found<'a> {
    let Some(stream) = stream else {
        return Found::Nothing;
    };
    let mut positions: Vec<&Position> = stream.positions.values().collect();
    positions.sort_by_key(|position| std::cmp::Reverse(position.sequence));
    match positions
        .iter()
        .position(|position| position.is_readable(reads))
    {
        Some(index) => Found::Position {
            position: positions[index],
            newest: index == 0,
        },
        None if positions.is_empty() => Found::Nothing,
        None => Found::Unreadable {
            formats: stream.positions.keys().copied().collect(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(format: u8, checkpoint: &[u8]) -> Position {
        Position {
            checkpoint: Some(checkpoint.to_vec()),
            format,
            ..Position::default()
        }
    }

    #[test]
    fn an_older_version_goes_on_from_its_own_position() {
        let mut stream = StreamState::default();
        stream.store(position(1, b"\x01a"), 10);
        stream.store(position(2, b"\x02b"), 20);
        let Found::Position {
            position: found,
            newest,
        } = choose(Some(&stream), &[1, 2])
        else {
            unreachable!("two positions were stored");
        };
        assert_eq!((found.format, newest), (2, true));
        let Found::Position {
            position: found,
            newest,
        } = choose(Some(&stream), &[1])
        else {
            unreachable!("two positions were stored");
        };
        assert_eq!((found.format, newest), (1, false));
        stream.store(position(1, b"\x01c"), 30);
        let Found::Position {
            position: found,
            newest,
        } = choose(Some(&stream), &[1, 2])
        else {
            unreachable!("two positions were stored");
        };
        assert_eq!(
            (found.checkpoint.as_deref(), newest),
            (Some(&b"\x01c"[..]), true)
        );
    }

    #[test]
    fn a_position_that_nobody_reads_is_not_nothing() {
        let mut stream = StreamState::default();
        stream.store(position(7, b"\x07"), 0);
        assert_eq!(
            choose(Some(&stream), &[1]),
            Found::Unreadable { formats: vec![7] }
        );
        assert_eq!(choose(Some(&StreamState::default()), &[1]), Found::Nothing);
        assert_eq!(choose(None, &[1]), Found::Nothing);
    }

    #[test]
    fn a_position_with_one_foreign_cursor_is_not_readable() {
        let mut stream = StreamState::default();
        let mut mixed = position(2, b"\x01");
        mixed.next = Some(b"\x02".to_vec());
        stream.store(mixed, 0);
        assert!(matches!(
            choose(Some(&stream), &[1]),
            Found::Unreadable { .. }
        ));
        assert!(matches!(
            choose(Some(&stream), &[1, 2]),
            Found::Position { .. }
        ));
    }
}
