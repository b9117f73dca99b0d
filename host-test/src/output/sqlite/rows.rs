//! The rows of streams: written, deleted, taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use serde_json::value::RawValue;

use crate::contract::types::{Change, Entry};
use crate::output::OutputError;

/// Why a row is gone that a whole reading of its stream did not give.
const ABSENT: &str = "absent";

/// A name as SQL has it, quoted.
fn quoted(stream: &str) -> String {
    format!("\"{}\"", stream.replace('"', "\"\""))
}

/// Makes the table of a stream where it is missing.
pub(super) fn make_table(
    transaction: &Transaction<'_>,
    tables: &mut BTreeSet<String>,
    stream: &str,
) -> rusqlite::Result<()> {
    if tables.contains(stream) {
        return Ok(());
    }
    if stream.is_empty()
        || stream.starts_with('_')
        || stream.to_ascii_lowercase().starts_with("sqlite_")
    {
        return Err(rusqlite::Error::InvalidParameterName(stream.to_owned()));
    }
    transaction.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS {} (
            key TEXT PRIMARY KEY NOT NULL,
            updated_at_ms INTEGER,
            deleted INTEGER NOT NULL DEFAULT 0,
            reason TEXT,
            successor TEXT,
            data TEXT NOT NULL,
            written_by INTEGER NOT NULL DEFAULT 0
        )",
        quoted(stream)
    ))?;
    tables.insert(stream.to_owned());
    Ok(())
}

/// The keys of the rows that are not deleted.
pub(super) fn live_keys(
    connection: &Connection,
    stream: &str,
) -> rusqlite::Result<BTreeSet<String>> {
    let question = format!("SELECT key FROM {} WHERE deleted = 0", quoted(stream));
    let mut statement = connection.prepare(&question)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

/// Removes every row of a stream.
pub(super) fn empty_table(transaction: &Transaction<'_>, stream: &str) -> rusqlite::Result<()> {
    transaction.execute(&format!("DELETE FROM {}", quoted(stream)), [])?;
    Ok(())
}

/// Copies the row that an entry is about to change, unless this scan wrote it.
pub(super) fn remember(
    transaction: &Transaction<'_>,
    entry: &Entry,
    scan: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(&format!(
            "INSERT OR REPLACE INTO _undo
             SELECT ?1, ?2, key, updated_at_ms, deleted, reason, successor, data, written_by
             FROM {} WHERE key = ?3 AND written_by <> ?1",
            quoted(&entry.stream)
        ))?
        .execute(params![scan, entry.stream, entry.key])?;
    Ok(())
}

/// Does to its row what an entry says.
pub(super) fn apply(
    transaction: &Transaction<'_>,
    entry: &Entry,
    written_by: i64,
    path: &Path,
) -> Result<(), OutputError> {
    let failed = |source| OutputError::Database {
        path: path.to_path_buf(),
        source,
    };
    if entry.change == Change::Patch
        && let Some(stored) = stored_data(transaction, entry).map_err(failed)?
    {
        let merged = merge(entry, &stored)?;
        return write(transaction, entry, &merged, written_by).map_err(failed);
    }
    write(transaction, entry, &entry.payload, written_by).map_err(failed)
}

fn stored_data(transaction: &Transaction<'_>, entry: &Entry) -> rusqlite::Result<Option<String>> {
    transaction
        .prepare_cached(&format!(
            "SELECT data FROM {} WHERE key = ?1",
            quoted(&entry.stream)
        ))?
        .query_row([&entry.key], |row| row.get(0))
        .optional()
}

fn write(
    transaction: &Transaction<'_>,
    entry: &Entry,
    data: &[u8],
    written_by: i64,
) -> rusqlite::Result<()> {
    let data = if data.is_empty() { b"null" } else { data };
    transaction
        .prepare_cached(&format!(
            "INSERT INTO {} (key, updated_at_ms, deleted, reason, successor, data, written_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (key) DO UPDATE SET
                updated_at_ms = coalesce(excluded.updated_at_ms, updated_at_ms),
                deleted = excluded.deleted, reason = excluded.reason,
                successor = excluded.successor, data = excluded.data,
                written_by = excluded.written_by",
            quoted(&entry.stream)
        ))?
        .execute(params![
            entry.key,
            entry.updated_at_ms,
            entry.change == Change::Delete,
            entry.reason,
            entry.successor,
            // JSON is UTF-8 already; a copy into a String would only check that again.
            ToSqlOutput::Borrowed(ValueRef::Text(data)),
            written_by,
        ])?;
    Ok(())
}

/// The stored row with the fields of a patch in place of its own. Only the top level is looked at.
fn merge(entry: &Entry, stored: &str) -> Result<Vec<u8>, OutputError> {
    let not_json = |what| {
        move |source| OutputError::NotJson {
            what,
            stream: entry.stream.clone(),
            key: entry.key.clone(),
            source,
        }
    };
    let mut fields: BTreeMap<String, &RawValue> =
        serde_json::from_str(stored).map_err(not_json("stored row"))?;
    let patch: BTreeMap<String, &RawValue> =
        serde_json::from_slice(&entry.payload).map_err(not_json("payload"))?;
    fields.extend(patch);
    serde_json::to_vec(&fields).map_err(not_json("merged row"))
}

/// Takes back what a scan did to the rows of a stream. A row that somebody else wrote in the meantime stays.
pub(super) fn roll_back(
    transaction: &Transaction<'_>,
    stream: &str,
    scan: i64,
) -> rusqlite::Result<()> {
    let table = quoted(stream);
    transaction.execute(
        &format!("DELETE FROM {table} WHERE written_by = ?1"),
        [scan],
    )?;
    transaction.execute(
        &format!(
            "INSERT OR IGNORE INTO {table}
                (key, updated_at_ms, deleted, reason, successor, data, written_by)
             SELECT key, updated_at_ms, deleted, reason, successor, data, written_by
             FROM _undo WHERE scan = ?1 AND stream = ?2"
        ),
        params![scan, stream],
    )?;
    transaction.execute(
        "DELETE FROM _undo WHERE scan = ?1 AND stream = ?2",
        params![scan, stream],
    )?;
    Ok(())
}

/// Marks the rows that a whole scan did not give as deleted. What came by webhook since the scan began has a higher
/// number and stays.
pub(super) fn delete_beyond(
    transaction: &Transaction<'_>,
    stream: &str,
    scan: i64,
) -> rusqlite::Result<usize> {
    transaction.execute(
        &format!(
            "UPDATE {} SET deleted = 1, reason = ?2, written_by = ?1
             WHERE written_by < ?1 AND deleted = 0",
            quoted(stream)
        ),
        params![scan, ABSENT],
    )
}

/// Throws away what was kept to take back a scan.
pub(super) fn forget_undo(transaction: &Transaction<'_>, scan: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("DELETE FROM _undo WHERE scan = ?1")?
        .execute([scan])?;
    Ok(())
}

/// Whether the stored row is newer than an entry: a webhook can be late.
pub(super) fn is_newer_there(
    transaction: &Transaction<'_>,
    entry: &Entry,
) -> rusqlite::Result<bool> {
    let Some(updated_at_ms) = entry.updated_at_ms else {
        return Ok(false);
    };
    let stored: Option<Option<i64>> = transaction
        .prepare_cached(&format!(
            "SELECT updated_at_ms FROM {} WHERE key = ?1",
            quoted(&entry.stream)
        ))?
        .query_row([&entry.key], |row| row.get(0))
        .optional()?;
    Ok(stored
        .flatten()
        .is_some_and(|stored| stored > updated_at_ms))
}

/// Stores the id of a delivery; false when it is there already.
pub(super) fn insert_delivery(
    transaction: &Transaction<'_>,
    id: &str,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    let inserted = transaction
        .prepare_cached("INSERT OR IGNORE INTO _deliveries (id, received_at_ms) VALUES (?1, ?2)")?
        .execute(params![id, now_ms])?;
    Ok(inserted == 1)
}

/// Forgets deliveries from before a time.
pub(super) fn forget_deliveries(
    transaction: &Transaction<'_>,
    before_ms: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("DELETE FROM _deliveries WHERE received_at_ms < ?1")?
        .execute([before_ms])?;
    Ok(())
}
