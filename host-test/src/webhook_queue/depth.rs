//! How much waits for the output.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

/// Deliveries that may wait when nobody says otherwise.
pub const MOST_WAITING: u64 = 100_000;

/// Bytes of entries that may wait, however few deliveries they are.
const MOST_BYTES: i64 = 1 << 30;

/// Deliveries and bytes that wait.
#[derive(Debug, Default)]
pub(super) struct Depth {
    deliveries: AtomicI64,
    bytes: AtomicI64,
    /// Counts the transactions, for those who wait for the next one.
    transactions: Mutex<u64>,
    written: Condvar,
}

impl Depth {
    /// What a database holds.
    pub(super) fn count(connection: &Connection) -> rusqlite::Result<Depth> {
        let depth = Depth::default();
        depth.count_again(connection)?;
        Ok(depth)
    }

    /// Looks again: what was added may not have been stored.
    pub(super) fn count_again(&self, connection: &Connection) -> rusqlite::Result<()> {
        let (deliveries, bytes) = connection.query_row(
            "SELECT count(*), coalesce(sum(length(entries)), 0) FROM waiting WHERE problem IS NULL",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        self.deliveries.store(deliveries, Relaxed);
        self.bytes.store(bytes, Relaxed);
        Ok(())
    }

    pub(super) fn add(&self, deliveries: i64, bytes: usize) {
        self.deliveries.fetch_add(deliveries, Relaxed);
        self.bytes.fetch_add(signed(bytes), Relaxed);
    }

    pub(super) fn remove(&self, deliveries: usize, bytes: usize) {
        self.deliveries.fetch_sub(signed(deliveries), Relaxed);
        self.bytes.fetch_sub(signed(bytes), Relaxed);
    }

    pub(super) fn deliveries(&self) -> u64 {
        u64::try_from(self.deliveries.load(Relaxed)).unwrap_or_default()
    }

    /// Something was written.
    pub(super) fn notify(&self) {
        *self
            .transactions
            .lock()
            .unwrap_or_else(PoisonError::into_inner) += 1;
        self.written.notify_all();
    }

    /// The number of the last transaction.
    pub(super) fn transaction(&self) -> u64 {
        *self
            .transactions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is a transaction after this one, but not longer than so.
    pub(super) fn wait(&self, transaction: u64, longest: Duration) {
        let seen = self.transactions.lock();
        let seen = seen.unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .written
            .wait_timeout_while(seen, longest, |last| *last == transaction);
        drop(waited);
    }

    /// Whether so many deliveries wait, or too many bytes.
    pub(super) fn is_over(&self, most_waiting: u64) -> bool {
        self.deliveries() >= most_waiting || self.bytes.load(Relaxed) >= MOST_BYTES
    }
}

fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
