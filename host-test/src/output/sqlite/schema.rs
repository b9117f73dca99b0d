//! The tables that are the host's own: state, undo, deliveries. Their names begin with `_`, no stream's does.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::output::OutputError;
use crate::position::{Checked, LastWebhook, State, StreamState};

/// The layout of the host's own tables, kept in `PRAGMA user_version`.
const LAYOUT: i64 = 2;

/// What layout 2 added to the tables of rows: which of them are known in part only.
const PARTIAL: &str = "ADD COLUMN partial INTEGER NOT NULL DEFAULT 0";

const STREAM_PREFIX: &str = "stream/";

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS _state (
        name TEXT PRIMARY KEY NOT NULL,
        value TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS _undo (
        scan INTEGER NOT NULL,
        stream TEXT NOT NULL,
        key TEXT NOT NULL,
        updated_at_ms INTEGER,
        deleted INTEGER NOT NULL,
        reason TEXT,
        successor TEXT,
        data TEXT NOT NULL,
        written_by INTEGER NOT NULL,
        partial INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (scan, stream, key)
    );
    CREATE TABLE IF NOT EXISTS _deliveries (
        id TEXT PRIMARY KEY NOT NULL,
        received_at_ms INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS _deliveries_by_time ON _deliveries (received_at_ms);
";

/// Makes the host's tables where they are missing.
pub(super) fn prepare(connection: &Connection, path: &Path) -> Result<(), OutputError> {
    let failed = |source| OutputError::Database {
        path: path.to_path_buf(),
        source,
    };
    // Readers of the database are not in the way of the writer.
    connection
        .pragma_update(None, "journal_mode", "wal")
        .and_then(|()| wait_for_disk(connection, false))
        .and_then(|()| connection.busy_timeout(std::time::Duration::from_secs(10)))
        .map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(64);
    let found: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(failed)?;
    if found > LAYOUT {
        return Err(OutputError::DatabaseLayout {
            path: path.to_path_buf(),
            found,
            known: LAYOUT,
        });
    }
    if found == 1 {
        add_partial(connection).map_err(failed)?;
    }
    connection
        .execute_batch(TABLES)
        .and_then(|()| connection.execute_batch(super::quarantine::TABLE))
        .and_then(|()| connection.pragma_update(None, "user_version", LAYOUT))
        .map_err(failed)
}

/// Brings the tables of layout 1 to layout 2, all of them or none.
fn add_partial(connection: &Connection) -> rusqlite::Result<()> {
    let streams = tables(connection)?.into_iter();
    let names = streams.chain(["_undo".to_owned()]);
    let changes: String = names
        .map(|name| format!("ALTER TABLE {} {PARTIAL};", super::rows::quoted(&name)))
        .collect();
    connection.execute_batch(&format!(
        "BEGIN; {changes} PRAGMA user_version = 2; COMMIT;"
    ))
}

/// Whether the next commits wait for the disk. Without that, a crash of the machine can lose the last of them, records and
/// position alike.
pub(super) fn wait_for_disk(connection: &Connection, wait: bool) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", if wait { "full" } else { "normal" })
}

/// Gives the memory back in which pages are kept that were read or written, up to 2 MB.
pub(super) fn give_back_memory(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA shrink_memory")
}

/// Reads the state and the highest number given to a scan.
pub(super) fn load(connection: &Connection) -> rusqlite::Result<(State, i64)> {
    let mut state = State {
        workspace_id: read(connection, "workspace")?,
        checked: read(connection, "checked")?,
        webhooks: read(connection, "webhooks")?,
        ..State::default()
    };
    let mut statement =
        connection.prepare("SELECT name, value FROM _state WHERE name LIKE 'stream/%'")?;
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })?;
    for row in rows {
        let (name, value) = row?;
        let name = name.strip_prefix(STREAM_PREFIX).unwrap_or(&name).to_owned();
        state.streams.insert(name, decode(&value)?);
    }
    let counter = read(connection, "counter")?.unwrap_or(0);
    Ok((state, counter))
}

/// The tables of streams.
pub(super) fn tables(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut statement = connection.prepare(
        "SELECT name FROM sqlite_schema
         WHERE type = 'table' AND substr(name, 1, 1) <> '_' AND substr(name, 1, 7) <> 'sqlite_'",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

/// Stores what is remembered about a stream.
pub(super) fn save_stream(
    transaction: &Transaction<'_>,
    name: &str,
    stream: &StreamState,
) -> rusqlite::Result<()> {
    write(transaction, &format!("{STREAM_PREFIX}{name}"), Some(stream))
}

/// Stores the highest number given to a scan.
pub(super) fn save_counter(transaction: &Transaction<'_>, counter: i64) -> rusqlite::Result<()> {
    write(transaction, "counter", Some(&counter))
}

/// Stores what a check found.
pub(super) fn save_checked(
    transaction: &Transaction<'_>,
    checked: Option<&Checked>,
) -> rusqlite::Result<()> {
    write(transaction, "checked", checked)
}

/// Stores when the last genuine webhooks came.
pub(super) fn save_webhooks(
    transaction: &Transaction<'_>,
    webhooks: &LastWebhook,
) -> rusqlite::Result<()> {
    write(transaction, "webhooks", Some(webhooks))
}

/// Stores the workspace.
pub(super) fn save_workspace(
    transaction: &Transaction<'_>,
    workspace: Option<&str>,
) -> rusqlite::Result<()> {
    write(transaction, "workspace", workspace)
}

fn read<T: DeserializeOwned>(connection: &Connection, name: &str) -> rusqlite::Result<Option<T>> {
    let value: Option<String> = connection
        .query_row("SELECT value FROM _state WHERE name = ?1", [name], |row| {
            row.get(0)
        })
        .optional()?;
    value.map(|value| decode(&value)).transpose()
}

fn write<T: Serialize + ?Sized>(
    transaction: &Transaction<'_>,
    name: &str,
    value: Option<&T>,
) -> rusqlite::Result<()> {
    let Some(value) = value else {
        transaction.execute("DELETE FROM _state WHERE name = ?1", [name])?;
        return Ok(());
    };
    let text = serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO _state (name, value) VALUES (?1, ?2)")?
        .execute(params![name, text])?;
    Ok(())
}

fn decode<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error))
    })
}
