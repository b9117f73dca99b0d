//! The rows of streams: written, deleted, taken back.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Transaction, params};
use serde_json::value::RawValue;

use super::held_row::{HeldRow, Partial};
use crate::contract::types::{Change, Entry};
use crate::output::{OutputError, Standing};

/// Why a row is gone that a whole reading of its stream did not give.
const ABSENT: &str = "absent";

/// A name as SQL has it, quoted.
pub(super) fn quoted(stream: &str) -> String {
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
            written_by INTEGER NOT NULL DEFAULT 0,
            partial INTEGER NOT NULL DEFAULT 0
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

/// Who writes, with the number of the scan, the addition or the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    /// A scan, which may be taken back.
    Scan(i64),
    /// A reading beside the scans. It was made for the row's sake, so it wins over what patches made of the row.
    Addition(i64),
    /// A webhook, which may come late or before its time.
    Delivery(i64),
}

impl Writing {
    fn number(self) -> i64 {
        match self {
            Writing::Scan(number) | Writing::Addition(number) | Writing::Delivery(number) => number,
        }
    }
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is stored.
    Stored,
    /// Something newer of its row is there, which stays.
    Stale,
    /// It is stored, and a state of the same second is overwritten by it, which may be the later one: until somebody asks.
    Tied,
    /// Its row was there and gone within one second. What is gone stays gone, and what is there goes, until somebody asks.
    Unclear,
}

/// Does to its row what an entry says, unless the row is newer.
pub(super) fn take(
    transaction: &Transaction<'_>,
    entry: &Entry,
    writing: Writing,
    path: &Path,
) -> Result<Outcome, OutputError> {
    let failed = |source| OutputError::Database {
        path: path.to_path_buf(),
        source,
    };
    let held = HeldRow::find(transaction, entry).map_err(failed)?;
    if let (Writing::Scan(scan), Some(held)) = (writing, &held)
        && held.written_by != scan
    {
        remember(transaction, entry, scan).map_err(failed)?;
    }
    let Some(held) = held else {
        write(transaction, entry, &Row::alone(entry), writing).map_err(failed)?;
        return Ok(Outcome::Stored);
    };
    let asked = matches!(writing, Writing::Addition(_)) && held.partial != Partial::Whole;
    let standing = match entry.change {
        Change::Upsert if asked => Standing::Fits,
        _ => held.standing(entry),
    };
    let late_base = held.partial == Partial::OnlyPatches && !held.deleted;
    let outcome = match (standing, writing) {
        // What is below the patches came after them.
        (Standing::Stale, _) if late_base && entry.change == Change::Upsert => {
            let row = Row {
                updated_at_ms: held.updated_at_ms,
                data: merge(entry, &entry.payload, held.data.as_bytes())?.into(),
                partial: Partial::Patched,
            };
            write(transaction, entry, &row, writing).map_err(failed)?;
            return Ok(Outcome::Stored);
        }
        (Standing::Stale, _) => Outcome::Stale,
        (Standing::Unclear, Writing::Delivery(_)) => Outcome::Unclear,
        (Standing::Tied, Writing::Delivery(_))
            if entry.change == Change::Upsert && held.data.as_bytes() != entry.payload =>
        {
            Outcome::Tied
        }
        (Standing::Fits | Standing::Tied | Standing::Unclear, _) => Outcome::Stored,
    };
    let stays = outcome == Outcome::Stale || outcome == Outcome::Unclear && held.deleted;
    if stays {
        // A scan has met the row all the same: it is not absent.
        if let Writing::Scan(scan) = writing {
            touch(transaction, entry, scan).map_err(failed)?;
        }
        return Ok(outcome);
    }
    let mut row = Row::alone(entry);
    if entry.change == Change::Patch {
        row.data = merge(entry, held.data.as_bytes(), &entry.payload)?.into();
        row.partial = match (held.deleted, held.partial) {
            (false, Partial::Whole | Partial::Patched) => Partial::Patched,
            (true, _) | (false, Partial::OnlyPatches) => Partial::OnlyPatches,
        };
    }
    write(transaction, entry, &row, writing).map_err(failed)?;
    Ok(outcome)
}

/// Copies the row that a scan is about to change, unless the scan wrote it.
fn remember(transaction: &Transaction<'_>, entry: &Entry, scan: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(&format!(
            "INSERT OR REPLACE INTO _undo
             SELECT ?1, ?2, key, updated_at_ms, deleted, reason, successor, data, written_by, partial
             FROM {} WHERE key = ?3 AND written_by <> ?1",
            quoted(&entry.stream)
        ))?
        .execute(params![scan, entry.stream, entry.key])?;
    Ok(())
}

/// Lets a row count as given by a scan, unless somebody wrote it since the scan began.
fn touch(transaction: &Transaction<'_>, entry: &Entry, scan: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(&format!(
            "UPDATE {} SET written_by = ?2 WHERE key = ?1 AND written_by < ?2",
            quoted(&entry.stream)
        ))?
        .execute(params![entry.key, scan])?;
    Ok(())
}

/// What is written of a row besides what its entry says of it.
struct Row<'a> {
    updated_at_ms: Option<i64>,
    data: Cow<'a, [u8]>,
    partial: Partial,
}

impl Row<'_> {
    /// The row when nothing of it is there.
    fn alone(entry: &Entry) -> Row<'_> {
        Row {
            updated_at_ms: entry.updated_at_ms,
            data: Cow::Borrowed(&entry.payload),
            partial: match entry.change {
                Change::Patch => Partial::OnlyPatches,
                Change::Upsert | Change::Delete => Partial::Whole,
            },
        }
    }
}

fn write(
    transaction: &Transaction<'_>,
    entry: &Entry,
    row: &Row<'_>,
    writing: Writing,
) -> rusqlite::Result<()> {
    let data: &[u8] = if row.data.is_empty() {
        b"null"
    } else {
        &row.data
    };
    transaction
        .prepare_cached(&format!(
            "INSERT INTO {} (key, updated_at_ms, deleted, reason, successor, data, written_by, partial)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (key) DO UPDATE SET
                updated_at_ms = coalesce(excluded.updated_at_ms, updated_at_ms),
                deleted = excluded.deleted, reason = excluded.reason,
                successor = excluded.successor, data = excluded.data,
                written_by = excluded.written_by, partial = excluded.partial",
            quoted(&entry.stream)
        ))?
        .execute(params![
            entry.key,
            row.updated_at_ms,
            entry.change == Change::Delete,
            entry.reason,
            entry.successor,
            // JSON is UTF-8 already; a copy into a String would only check that again.
            ToSqlOutput::Borrowed(ValueRef::Text(data)),
            writing.number(),
            row.partial as i64,
        ])?;
    Ok(())
}

/// A row with the fields of a patch in place of its own. Only the top level is looked at.
fn merge(entry: &Entry, below: &[u8], above: &[u8]) -> Result<Vec<u8>, OutputError> {
    let not_json = |what| {
        move |source| OutputError::NotJson {
            what,
            stream: entry.stream.clone(),
            key: entry.key.clone(),
            source,
        }
    };
    let mut fields: BTreeMap<String, &RawValue> =
        serde_json::from_slice(below).map_err(not_json("row"))?;
    let patch: BTreeMap<String, &RawValue> =
        serde_json::from_slice(above).map_err(not_json("patch"))?;
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
                (key, updated_at_ms, deleted, reason, successor, data, written_by, partial)
             SELECT key, updated_at_ms, deleted, reason, successor, data, written_by, partial
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
