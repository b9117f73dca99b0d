//! State in an SQLite database.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{StateError, StateLimits, StateStore, expires_at, size_of, stale};
use crate::contract::state::{Change, Swapped};

/// How long to wait for another process that writes to the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The totals are kept beside the values, because summing all values would make each swap as slow as the store is full.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS connector_state (
        namespace     TEXT NOT NULL,
        key           TEXT NOT NULL,
        value         BLOB NOT NULL,
        size          INTEGER NOT NULL,
        expires_at_ms INTEGER,
        PRIMARY KEY (namespace, key)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS connector_state_expiry
        ON connector_state (namespace, expires_at_ms) WHERE expires_at_ms IS NOT NULL;
    CREATE TABLE IF NOT EXISTS connector_state_size (
        namespace TEXT PRIMARY KEY,
        bytes     INTEGER NOT NULL
    ) WITHOUT ROWID;
";

/// State in an SQLite file, in two tables of its own (`connector_state`, `connector_state_size`): other tables may live in
/// the same file. Several processes may use the file at the same time.
#[derive(Clone)]
pub struct SqliteState {
    connection: Arc<Mutex<Connection>>,
}

impl SqliteState {
    /// Opens the file, and makes it and the tables where they are missing. The database is put into WAL mode.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let connection = Connection::open(path).map_err(unavailable)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(unavailable)?;
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .map_err(unavailable)?;
        connection
            .pragma_update(None, "synchronous", "FULL")
            .map_err(unavailable)?;
        Self::with_connection(Arc::new(Mutex::new(connection)))
    }

    /// Uses a connection that others use as well. The tables are made where they are missing; modes and timeouts stay.
    pub fn with_connection(connection: Arc<Mutex<Connection>>) -> Result<Self, StateError> {
        let state = Self { connection };
        state.lock().execute_batch(SCHEMA).map_err(unavailable)?;
        Ok(state)
    }

    /// A panic of another holder leaves the connection usable: its transaction was rolled back when it was dropped.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for SqliteState {
    fn get(&self, namespace: &str, key: &str, now_ms: i64) -> Result<Option<Vec<u8>>, StateError> {
        read(&self.lock(), namespace, key, now_ms).map_err(unavailable)
    }

    fn swap_all(
        &self,
        namespace: &str,
        changes: &[Change],
        limits: StateLimits,
        now_ms: i64,
    ) -> Result<Swapped, StateError> {
        let mut connection = self.lock();
        // Immediate: the values must not change between the comparison and the write.
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(unavailable)?;
        let stale = stale(changes, |key| read(&transaction, namespace, key, now_ms))
            .map_err(unavailable)?;
        if !stale.is_empty() {
            return Ok(Swapped::Stale(stale));
        }
        remove_expired(&transaction, namespace, now_ms).map_err(unavailable)?;
        let before = total(&transaction, namespace).map_err(unavailable)?;
        for change in changes {
            write(&transaction, namespace, change, now_ms).map_err(unavailable)?;
        }
        let after = total(&transaction, namespace).map_err(unavailable)?;
        if after > limits.total && after > before {
            return Err(StateError::TooLarge {
                would_be: after,
                allowed: limits.total,
            });
        }
        transaction.commit().map_err(unavailable)?;
        Ok(Swapped::Done)
    }

    fn clear(&self, namespace: &str) -> Result<(), StateError> {
        let mut connection = self.lock();
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(unavailable)?;
        for table in ["connector_state", "connector_state_size"] {
            transaction
                .execute(
                    &format!("DELETE FROM {table} WHERE namespace = ?1"),
                    [namespace],
                )
                .map_err(unavailable)?;
        }
        transaction.commit().map_err(unavailable)
    }

    fn may_block(&self) -> bool {
        true
    }
}

fn unavailable(error: rusqlite::Error) -> StateError {
    StateError::Unavailable(error.to_string())
}

fn read(
    connection: &Connection,
    namespace: &str,
    key: &str,
    now_ms: i64,
) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached(
            "SELECT value FROM connector_state WHERE namespace = ?1 AND key = ?2
             AND (expires_at_ms IS NULL OR expires_at_ms > ?3)",
        )?
        .query_row(params![namespace, key, now_ms], |row| row.get(0))
        .optional()
}

fn total(transaction: &Transaction<'_>, namespace: &str) -> rusqlite::Result<u64> {
    let bytes: Option<i64> = transaction
        .prepare_cached("SELECT bytes FROM connector_state_size WHERE namespace = ?1")?
        .query_row([namespace], |row| row.get(0))
        .optional()?;
    Ok(bytes
        .and_then(|bytes| u64::try_from(bytes).ok())
        .unwrap_or(0))
}

fn add_to_total(
    transaction: &Transaction<'_>,
    namespace: &str,
    difference: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO connector_state_size (namespace, bytes) VALUES (?1, ?2)
             ON CONFLICT (namespace) DO UPDATE SET bytes = bytes + excluded.bytes",
        )?
        .execute(params![namespace, difference])?;
    Ok(())
}

fn remove_expired(
    transaction: &Transaction<'_>,
    namespace: &str,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let removed = {
        let mut statement = transaction.prepare_cached(
            "DELETE FROM connector_state WHERE namespace = ?1 AND expires_at_ms <= ?2 RETURNING size",
        )?;
        let sizes = statement.query_map(params![namespace, now_ms], |row| row.get::<_, i64>(0))?;
        sizes.sum::<rusqlite::Result<i64>>()?
    };
    if removed == 0 {
        Ok(())
    } else {
        add_to_total(transaction, namespace, -removed)
    }
}

/// Puts or removes one value. The comparison has been made; expired values are gone.
fn write(
    transaction: &Transaction<'_>,
    namespace: &str,
    change: &Change,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let size = |value: &Option<Vec<u8>>| {
        let bytes = value
            .as_deref()
            .map_or(0, |value| size_of(&change.key, value));
        i64::try_from(bytes).unwrap_or(i64::MAX)
    };
    match &change.value {
        Some(value) => {
            transaction
                .prepare_cached(
                    "INSERT INTO connector_state (namespace, key, value, size, expires_at_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (namespace, key) DO UPDATE SET value = excluded.value,
                     size = excluded.size, expires_at_ms = excluded.expires_at_ms",
                )?
                .execute(params![
                    namespace,
                    change.key,
                    value,
                    size(&change.value),
                    expires_at(now_ms, change.ttl_ms)
                ])?;
        }
        None => {
            transaction
                .prepare_cached("DELETE FROM connector_state WHERE namespace = ?1 AND key = ?2")?
                .execute(params![namespace, change.key])?;
        }
    }
    add_to_total(
        transaction,
        namespace,
        size(&change.value) - size(&change.expected),
    )
}
