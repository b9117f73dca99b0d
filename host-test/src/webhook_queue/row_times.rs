//! When rows changed, for outputs that do not know it: lines cannot be asked what they hold of a row.

use std::collections::HashMap;

use rusqlite::{Connection, Transaction, params};
use sha2::{Digest as _, Sha256};

use crate::contract::types::{Change, Entry};
use crate::output::RowTime;

/// Rows that are remembered at most.
const MOST_ROWS: usize = 1_000_000;

/// A row: a hash of its stream and key, which may be personal.
pub(super) type RowHash = [u8; 16];

/// When rows changed last.
#[derive(Debug, Default)]
pub(super) struct RowTimes {
    times: HashMap<RowHash, RowTime>,
}

/// The hash of a row.
fn hash(entry: &Entry) -> RowHash {
    let mut hash = Sha256::new();
    hash.update((entry.stream.len() as u64).to_le_bytes());
    hash.update(&entry.stream);
    hash.update(&entry.key);
    let mut row = [0; 16];
    row.copy_from_slice(&hash.finalize()[..16]);
    row
}

impl RowTimes {
    /// What a database remembers.
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<RowTimes> {
        let mut statement = connection.prepare("SELECT row, second, gone FROM row_times")?;
        let rows = statement.query_map([], |row| {
            let time = RowTime {
                second: row.get(1)?,
                gone: row.get(2)?,
            };
            Ok((row.get(0)?, time))
        })?;
        let times = rows.collect::<rusqlite::Result<_>>()?;
        Ok(RowTimes { times })
    }

    /// When the row of an entry changed last, as far as is remembered.
    pub(super) fn of(&self, entry: &Entry) -> Option<RowTime> {
        self.times.get(&hash(entry)).copied()
    }

    /// Remembers what an entry did to its row; gives what is to be stored of it.
    pub(super) fn note(&mut self, entry: &Entry) -> Option<(RowHash, RowTime)> {
        let row = hash(entry);
        let time = match (RowTime::of(entry), self.times.get(&row)) {
            (Some(time), _) => time,
            // Nobody says when; that it is gone, or there again, is known.
            (None, Some(before)) => RowTime {
                gone: entry.change == Change::Delete,
                ..*before
            },
            (None, None) => return None,
        };
        let before = self.times.insert(row, time);
        (before != Some(time)).then_some((row, time))
    }

    /// Forgets rows when there are too many, the older half; gives the second before which they changed.
    pub(super) fn forget(&mut self) -> Option<i64> {
        if self.times.len() <= MOST_ROWS {
            return None;
        }
        let mut seconds: Vec<i64> = self.times.values().map(|time| time.second).collect();
        let middle = seconds.len() / 2;
        let (_, before, _) = seconds.select_nth_unstable(middle);
        let before = *before;
        self.times.retain(|_, time| time.second >= before);
        Some(before)
    }
}

/// Stores what was noted.
pub(super) fn save(
    transaction: &Transaction<'_>,
    noted: &[(RowHash, RowTime)],
    forget_before: Option<i64>,
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO row_times (row, second, gone) VALUES (?1, ?2, ?3)",
    )?;
    for (row, time) in noted {
        insert.execute(params![row, time.second, time.gone])?;
    }
    if let Some(before) = forget_before {
        transaction.execute("DELETE FROM row_times WHERE second < ?1", [before])?;
    }
    Ok(())
}
