//! The table of rows that are no records.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, params};
use serde_json::value::RawValue;

use crate::output::QuarantinedRow;

/// Makes the table where it is missing.
pub(super) const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS _quarantine (
        stream TEXT NOT NULL,
        identity TEXT NOT NULL,
        key TEXT,
        path TEXT,
        reason TEXT NOT NULL,
        document TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        scan INTEGER NOT NULL,
        PRIMARY KEY (stream, identity)
    );
";

/// Streams and keys of the rows that are held.
pub(super) type Held = BTreeSet<(String, String)>;

/// What is held and has a key.
pub(super) fn held(connection: &Connection) -> rusqlite::Result<Held> {
    let mut statement =
        connection.prepare("SELECT stream, key FROM _quarantine WHERE key IS NOT NULL")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// The held rows of a stream, oldest first.
pub(super) fn rows(connection: &Connection, stream: &str) -> rusqlite::Result<Vec<QuarantinedRow>> {
    let mut statement = connection.prepare(
        "SELECT key, path, reason, document FROM _quarantine WHERE stream = ?1 ORDER BY at_ms, identity",
    )?;
    let rows = statement.query_map([stream], |row| {
        let document: String = row.get(3)?;
        Ok(QuarantinedRow {
            stream: stream.to_owned(),
            key: row.get(0)?,
            path: row.get(1)?,
            reason: row.get(2)?,
            document: RawValue::from_string(document).unwrap_or_else(|_| RawValue::NULL.to_owned()),
        })
    })?;
    rows.collect()
}

/// How many rows of a stream are held.
pub(super) fn count(connection: &Connection, stream: &str) -> rusqlite::Result<u64> {
    let question = "SELECT count(*) FROM _quarantine WHERE stream = ?1";
    let count: i64 = connection.query_row(question, [stream], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Holds a row.
pub(super) fn hold(
    transaction: &Transaction<'_>,
    row: &QuarantinedRow,
    scan: i64,
    now_ms: i64,
) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT OR REPLACE INTO _quarantine (stream, identity, key, path, reason, document, at_ms, scan)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            row.stream,
            row.identity(),
            row.key,
            row.path,
            row.reason,
            row.document.get(),
            now_ms,
            scan
        ],
    )?;
    Ok(())
}

/// Lets a row go: it has come as a record, or is gone.
pub(super) fn release(
    transaction: &Transaction<'_>,
    stream: &str,
    key: &str,
) -> rusqlite::Result<()> {
    transaction.execute(
        "DELETE FROM _quarantine WHERE stream = ?1 AND key = ?2",
        [stream, key],
    )?;
    Ok(())
}

/// Lets go what a scan held.
pub(super) fn take_back(transaction: &Transaction<'_>, scan: i64) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM _quarantine WHERE scan = ?1", [scan])?;
    Ok(())
}

/// Lets go all rows of a stream.
pub(super) fn empty(transaction: &Transaction<'_>, stream: &str) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM _quarantine WHERE stream = ?1", [stream])?;
    Ok(())
}
