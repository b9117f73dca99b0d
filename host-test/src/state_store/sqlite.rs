//! State in an SQLite database.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{
    Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params,
};

use super::{Size, StateError, StateLimits, StateStore, check_size, expires_at, size_of, stale};
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
        bytes     INTEGER NOT NULL,
        keys      INTEGER
    ) WITHOUT ROWID;
";

/// Files of the first versions do not count the values yet.
const COUNTS_VALUES: &str =
    "SELECT COUNT(*) > 0 FROM pragma_table_info('connector_state_size') WHERE name = 'keys'";
const COUNT_VALUES: &str = "ALTER TABLE connector_state_size ADD COLUMN keys INTEGER";

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
        {
            let connection = state.lock();
            connection.execute_batch(SCHEMA).map_err(unavailable)?;
            let counts = connection.query_row(COUNTS_VALUES, [], |row| row.get(0));
            if !counts.map_err(unavailable)? {
                connection
                    .execute_batch(COUNT_VALUES)
                    .map_err(unavailable)?;
            }
        }
        Ok(state)
    }

    /// The formats of the values in a file, by their first bytes; none where there is no file. Nothing is locked or changed.
    pub fn formats(path: &Path, now_ms: i64) -> Result<Vec<u8>, StateError> {
        if !path.exists() {
            return Ok(Vec::new());
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = Connection::open_with_flags(path, flags).map_err(unavailable)?;
        let mut statement = connection
            .prepare(
                "SELECT DISTINCT substr(value, 1, 1) FROM connector_state
                 WHERE expires_at_ms IS NULL OR expires_at_ms > ?1",
            )
            .map_err(unavailable)?;
        let first = statement
            .query_map([now_ms], |row| row.get::<_, Vec<u8>>(0))
            .map_err(unavailable)?;
        let first: Vec<Vec<u8>> = first.collect::<Result<_, _>>().map_err(unavailable)?;
        Ok(first.into_iter().flatten().collect())
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

    /// A read waits for no writer: those write behind what is read. It is done in less time than it takes to hand it to
    /// another thread.
    fn get_at_once(&self, namespace: &str, key: &str, now_ms: i64) -> Option<Option<Vec<u8>>> {
        let connection = self.connection.try_lock().ok()?;
        connection.busy_timeout(Duration::ZERO).ok()?;
        let value = read(&connection, namespace, key, now_ms).ok();
        // Others rely on it: without it, this connection is not to be used at once.
        connection.busy_timeout(BUSY_TIMEOUT).ok().and(value)
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
        let before = remove_expired(&transaction, namespace, now_ms).map_err(unavailable)?;
        let after = changes.iter().fold(before, Size::changed);
        check_size(before, after, limits)?;
        for change in changes {
            write(&transaction, namespace, change, now_ms).map_err(unavailable)?;
        }
        store_size(&transaction, namespace, after).map_err(unavailable)?;
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

/// What a name space holds, after what has ended was removed.
fn size(transaction: &Transaction<'_>, namespace: &str) -> rusqlite::Result<Size> {
    let stored: Option<(i64, Option<i64>)> = transaction
        .prepare_cached("SELECT bytes, keys FROM connector_state_size WHERE namespace = ?1")?
        .query_row([namespace], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match stored {
        None => Ok(Size::default()),
        Some((bytes, keys)) => {
            let keys = keys.map_or_else(|| count(transaction, namespace), Ok)?;
            Ok(Size {
                bytes: read_number(bytes),
                keys: read_number(keys),
            })
        }
    }
}

/// Removes all values of a file that have ended; gives how many there were.
pub(crate) fn forget_ended(connection: &mut Connection, now_ms: i64) -> rusqlite::Result<usize> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let count = transaction.execute(
        "DELETE FROM connector_state WHERE expires_at_ms <= ?1",
        [now_ms],
    )?;
    if count > 0 {
        count_again(&transaction)?;
    }
    transaction.commit()?;
    Ok(count)
}

/// Brings the totals to what is there: values were removed behind the back of the store.
pub(crate) fn count_again(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE connector_state_size SET (bytes, keys) = (SELECT coalesce(sum(size), 0), count(*) FROM connector_state
            WHERE connector_state.namespace = connector_state_size.namespace)",
        [],
    )?;
    Ok(())
}

fn count(transaction: &Transaction<'_>, namespace: &str) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached("SELECT COUNT(*) FROM connector_state WHERE namespace = ?1")?
        .query_row([namespace], |row| row.get(0))
}

/// The database has signed numbers only.
fn read_number(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn written_number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn store_size(transaction: &Transaction<'_>, namespace: &str, size: Size) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO connector_state_size (namespace, bytes, keys) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![
            namespace,
            written_number(size.bytes),
            written_number(size.keys)
        ])?;
    Ok(())
}

/// Removes what has ended, and gives what is left.
fn remove_expired(
    transaction: &Transaction<'_>,
    namespace: &str,
    now_ms: i64,
) -> rusqlite::Result<Size> {
    let before = size(transaction, namespace)?;
    let mut statement = transaction.prepare_cached(
        "DELETE FROM connector_state WHERE namespace = ?1 AND expires_at_ms <= ?2 RETURNING size",
    )?;
    let sizes = statement.query_map(params![namespace, now_ms], |row| {
        row.get::<_, i64>(0).map(read_number)
    })?;
    let sizes = sizes.collect::<rusqlite::Result<Vec<u64>>>()?;
    Ok(Size {
        bytes: before.bytes.saturating_sub(sizes.iter().sum()),
        keys: before.keys.saturating_sub(sizes.len() as u64),
    })
}

/// Puts or removes one value. The comparison has been made; expired values are gone.
fn write(
    transaction: &Transaction<'_>,
    namespace: &str,
    change: &Change,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let Some(value) = &change.value else {
        transaction
            .prepare_cached("DELETE FROM connector_state WHERE namespace = ?1 AND key = ?2")?
            .execute(params![namespace, change.key])?;
        return Ok(());
    };
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
            written_number(size_of(&change.key, value)),
            expires_at(now_ms, change.ttl_ms)
        ])?;
    Ok(())
}
