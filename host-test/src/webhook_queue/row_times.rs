//! When rows changed, for outputs that do not know it: lines cannot be asked what they hold of a row.

use std::collections::HashMap;

use rusqlite::{Connection, Transaction, params};
use sha2::{Digest as _, Sha256};

use crate::contract::types::{Change, Entry};
use crate::output::{RowChange, RowTime};

/// Rows that are remembered at most.
const MOST_ROWS: usize = 1_000_000;

/// A row: a hash of its stream and key, which may be personal.
pub(crate) type RowHash = [u8; 16];

/// What is remembered of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Noted {
    /// When it changed last.
    pub(super) time: RowTime,
    /// Whether that change was a patch: when the provider itself says that the row changed is not known then.
    pub(super) patched: bool,
}

/// When rows changed last.
#[derive(Debug, Default)]
pub(super) struct RowTimes {
    times: HashMap<RowHash, Noted>,
}

/// The hash of a row.
pub(crate) fn hash(stream: &str, key: &str) -> RowHash {
    let mut hash = Sha256::new();
    hash.update((stream.len() as u64).to_le_bytes());
    hash.update(stream);
    hash.update(key);
    let mut row = [0; 16];
    row.copy_from_slice(&hash.finalize()[..16]);
    row
}

impl RowTimes {
    /// What a database remembers.
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<RowTimes> {
        let mut statement =
            connection.prepare("SELECT row, second, gone, patched FROM row_times")?;
        let rows = statement.query_map([], |row| {
            let noted = Noted {
                time: RowTime {
                    second: row.get(1)?,
                    gone: row.get(2)?,
                },
                patched: row.get(3)?,
            };
            Ok((row.get(0)?, noted))
        })?;
        let times = rows.collect::<rusqlite::Result<_>>()?;
        Ok(RowTimes { times })
    }

    /// What is remembered of the row of an entry.
    pub(super) fn of(&self, entry: &Entry) -> Option<Noted> {
        self.times.get(&hash(&entry.stream, &entry.key)).copied()
    }

    /// Remembers what was done to a row; gives what is to be stored of it.
    pub(super) fn note(&mut self, change: RowChange<'_>) -> Option<(RowHash, Noted)> {
        let row = hash(change.stream, change.key);
        let time = match (change.time(), self.times.get(&row)) {
            (Some(time), _) => time,
            // Nobody says when; that it is gone, or there again, is known.
            (None, Some(before)) => RowTime {
                gone: change.change == Change::Delete,
                ..before.time
            },
            (None, None) => return None,
        };
        let noted = Noted {
            time,
            patched: change.change == Change::Patch,
        };
        let before = self.times.insert(row, noted);
        (before != Some(noted)).then_some((row, noted))
    }

    /// Forgets rows when there are too many, the older half; gives the second before which they changed.
    pub(super) fn forget(&mut self) -> Option<i64> {
        if self.times.len() <= MOST_ROWS {
            return None;
        }
        let mut seconds: Vec<i64> = self.times.values().map(|noted| noted.time.second).collect();
        let middle = seconds.len() / 2;
        let (_, before, _) = seconds.select_nth_unstable(middle);
        let before = *before;
        self.times.retain(|_, noted| noted.time.second >= before);
        Some(before)
    }
}

/// Stores what was noted.
pub(super) fn save(
    transaction: &Transaction<'_>,
    noted: &[(RowHash, Noted)],
    forget_before: Option<i64>,
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO row_times (row, second, gone, patched) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (row, Noted { time, patched }) in noted {
        insert.execute(params![row, time.second, time.gone, patched])?;
    }
    if let Some(before) = forget_before {
        transaction.execute("DELETE FROM row_times WHERE second < ?1", [before])?;
    }
    Ok(())
}
