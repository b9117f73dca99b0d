//! Deliveries that wait for the output, and the ids of those that came.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{Queue, QueueError, Received, again, callbacks, lines, lock, own_writes};
use crate::clock::now_ms;
use crate::contract::types::{Change, Entry};
use crate::output::Delivery;

/// Ids that are remembered at most; beyond that the oldest are forgotten before their time.
const MOST_REMEMBERED: i64 = 10_000_000;

/// Ids that are forgotten in one step.
const FORGOTTEN_AT_ONCE: i64 = 10_000;

/// A delivery that waits.
#[derive(Clone, Debug, PartialEq)]
pub struct QueuedDelivery {
    /// Its place in the order in which deliveries came.
    pub number: i64,
    /// The same whenever it is delivered again.
    pub id: String,
    /// What it is about.
    pub topic: String,
    /// When it came in, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// What it gave. A deletion without a time has that of the notification.
    pub entries: Vec<Entry>,
    /// What it takes in the queue.
    pub(crate) bytes: usize,
}

impl QueuedDelivery {
    /// It as an output takes it.
    pub fn to_deliver(&self) -> Delivery<'_> {
        Delivery {
            id: &self.id,
            topic: &self.topic,
            entries: &self.entries,
            now_ms: self.received_at_ms,
        }
    }
}

/// What became of deliveries that waited.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// Those that the output has, or had before.
    stored: Vec<i64>,
    /// Those that no output takes, and why.
    unusable: Vec<(i64, String)>,
    bytes: usize,
    /// Entries of theirs that were left out because something newer was there.
    pub stale: u64,
    /// Streams and keys of rows that only the provider can tell about.
    pub unclear: Vec<(String, String)>,
}

impl Done {
    /// The output has it.
    pub fn stored(&mut self, delivery: &QueuedDelivery) {
        self.stored.push(delivery.number);
        self.bytes += delivery.bytes;
    }

    /// No output takes it.
    pub fn unusable(&mut self, delivery: &QueuedDelivery, reason: String) {
        self.unusable.push((delivery.number, reason));
        self.bytes += delivery.bytes;
    }
}

impl Done {
    /// With what became of others.
    pub fn append(&mut self, other: Done) {
        self.stored.extend(other.stored);
        self.unusable.extend(other.unusable);
        self.bytes += other.bytes;
        self.stale += other.stale;
        self.unclear.extend(other.unclear);
    }
}

impl Queue {
    /// The deliveries behind a number, in order: so many, and so many bytes softly.
    pub fn next(
        &self,
        after: i64,
        most: u32,
        most_bytes: usize,
    ) -> Result<Vec<QueuedDelivery>, QueueError> {
        let mut unreadable = Done::default();
        let found = self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT number, id, topic, received_at_ms, created_at_ms, entries FROM waiting
                 WHERE number > ?1 AND problem IS NULL ORDER BY number LIMIT ?2",
            )?;
            let mut rows = statement.query(params![after, most])?;
            let (mut found, mut bytes) = (Vec::new(), 0);
            while bytes < most_bytes
                && let Some(row) = rows.next()?
            {
                let text = row.get_ref(5)?.as_blob()?;
                bytes += text.len();
                let (entries, problem) = match lines::decode(text) {
                    Ok(entries) => (entries, None),
                    Err(error) => (Vec::new(), Some(error.to_string())),
                };
                let mut delivery = QueuedDelivery {
                    number: row.get(0)?,
                    id: row.get(1)?,
                    topic: row.get(2)?,
                    received_at_ms: row.get(3)?,
                    entries,
                    bytes: text.len(),
                };
                if let Some(reason) = problem {
                    unreadable.unusable(&delivery, reason);
                    continue;
                }
                date_deletions(&mut delivery.entries, row.get(4)?);
                found.push(delivery);
            }
            Ok(found)
        })?;
        if !unreadable.unusable.is_empty() {
            self.done(unreadable)?;
        }
        Ok(found)
    }

    /// Takes deliveries out of the queue.
    pub fn done(&self, done: Done) -> Result<(), QueueError> {
        let (tally, depth) = (self.shared.tally.clone(), self.shared.depth.clone());
        let reads_again = self.shared.options.reads_again;
        self.write_blocking(move |transaction| {
            let mut delete = transaction.prepare_cached("DELETE FROM waiting WHERE number = ?1")?;
            for number in &done.stored {
                delete.execute([number])?;
            }
            let mut keep =
                transaction.prepare_cached("UPDATE waiting SET problem = ?2 WHERE number = ?1")?;
            for (number, reason) in &done.unusable {
                keep.execute(params![number, reason])?;
            }
            if reads_again {
                for (stream, key) in &done.unclear {
                    again::insert(transaction, (stream, key), 0, now_ms())?;
                }
            }
            depth.remove(done.stored.len() + done.unusable.len(), done.bytes);
            lock(&tally).count(|counts| {
                counts.stale += done.stale;
                counts.failed += done.unusable.len() as u64;
            });
            Ok(())
        })
    }

    /// The number of the last transaction, to wait for the next one.
    pub fn transaction(&self) -> u64 {
        self.shared.depth.transaction()
    }

    /// Waits for a transaction after this one, but not longer than so.
    pub fn wait(&self, transaction: u64, longest: Duration) {
        self.shared.depth.wait(transaction, longest);
    }
}

/// A notification of a deletion was made when the row was gone: what is older must not bring it back.
fn date_deletions(entries: &mut [Entry], created_at_ms: Option<i64>) {
    for entry in entries {
        if entry.change == Change::Delete && entry.updated_at_ms.is_none() {
            entry.updated_at_ms = created_at_ms;
        }
    }
}

/// Remembers the id of a delivery; false when it is remembered already.
pub(super) fn remember(
    transaction: &Transaction<'_>,
    id: &str,
    received_at_ms: i64,
) -> rusqlite::Result<bool> {
    let inserted = transaction
        .prepare_cached("INSERT OR IGNORE INTO deliveries (id, received_at_ms) VALUES (?1, ?2)")?
        .execute(params![id, received_at_ms])?;
    Ok(inserted == 1)
}

/// Stores what a delivery gave; gives its number.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    received: &Received,
    lines: &[u8],
) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO waiting (id, topic, received_at_ms, created_at_ms, entries)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            received.id,
            received.topic,
            received.received_at_ms,
            received.created_at_ms,
            lines
        ])?;
    Ok(transaction.last_insert_rowid())
}

/// Forgets ids that came before a time, and before another one what no output takes. What waits stays, however long. Some of it at a time:
/// nobody is to wait long for it.
pub(super) fn forget(
    transaction: &Transaction<'_>,
    before_ms: i64,
    kept_from_ms: i64,
) -> rusqlite::Result<()> {
    let number = |question: &str| -> rusqlite::Result<Option<i64>> {
        transaction
            .prepare_cached(question)?
            .query_row([], |row| row.get(0))
    };
    let oldest = number("SELECT min(number) FROM deliveries")?;
    let newest = number("SELECT max(number) FROM deliveries")?;
    if let (Some(oldest), Some(newest)) = (oldest, newest) {
        let young: Option<i64> = transaction
            .prepare_cached(
                "SELECT number FROM deliveries WHERE received_at_ms >= ?1 ORDER BY number LIMIT 1",
            )?
            .query_row([before_ms], |row| row.get(0))
            .optional()?;
        let young = young.unwrap_or(newest + 1);
        let kept = young.max(newest - MOST_REMEMBERED + 1);
        if kept > oldest {
            transaction
                .prepare_cached(
                    "DELETE FROM deliveries WHERE number < ?1 AND id NOT IN (SELECT id FROM waiting)",
                )?
                .execute([kept.min(oldest + FORGOTTEN_AT_ONCE)])?;
        }
    }
    transaction
        .prepare_cached("DELETE FROM waiting WHERE problem IS NOT NULL AND received_at_ms < ?1")?
        .execute([kept_from_ms])?;
    callbacks::forget(transaction, before_ms, kept_from_ms)?;
    own_writes::forget(transaction, before_ms)
}
