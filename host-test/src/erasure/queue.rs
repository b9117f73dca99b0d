//! The queue of webhooks and intents, and what the component keeps.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};

use super::database::{bytes, columns, open, settle, tables};
use super::person::{Person, holds_any};
use super::{Erased, ErasureError, failed};
use crate::webhook_queue::{key_hash, row_hash};

/// Tables of a queue whose rows are numbered: columns that hold a key or a document.
const TABLES: &[(&str, &[&str])] = &[
    ("intents", &["source_key", "record", "problem"]),
    ("callbacks", &["id", "body", "problem"]),
    ("outcomes", &["cause", "object_id", "problem"]),
];

/// Tables that name rows by stream and key.
const ROWS: &[&str] = &["again", "followed", "copies"];

/// Removes what a queue has of somebody. It may be in use meanwhile.
pub(super) fn erase(path: &Path, person: &Person, erased: &mut Erased) -> Result<(), ErasureError> {
    let failed = failed(path);
    let connection = open(path).map_err(&failed)?;
    let there = tables(&connection).map_err(&failed)?;
    // Before what names them goes.
    if there.contains("copies") {
        copies(&connection, person, erased).map_err(&failed)?;
    }
    let mut add = |table: &str, count: rusqlite::Result<u64>| {
        erased.add(path, table, count.map_err(&failed)?);
        Ok::<(), ErasureError>(())
    };
    if there.contains("waiting") {
        add("waiting", waiting(&connection, person))?;
    }
    for (table, wanted) in TABLES.iter().filter(|(table, _)| there.contains(*table)) {
        add(table, numbered(&connection, table, wanted, person))?;
    }
    for table in ROWS.iter().filter(|table| there.contains(**table)) {
        add(table, rows(&connection, table, person))?;
    }
    if there.contains("own_rows") && there.contains("row_times") {
        add("hashes of keys", hashes(&connection, person))?;
    }
    settle(&connection, path, erased).map_err(&failed)
}

/// Whether something that is kept is somebody's: it names them, or a row of theirs.
fn is_of(person: &Person, value: ValueRef<'_>) -> bool {
    let value = bytes(value);
    let keys = person.gone_keys();
    let is_key = std::str::from_utf8(value).is_ok_and(|text| keys.contains(text));
    is_key || person.is_in(value) || holds_any(value, &keys)
}

/// Deliveries that wait are emptied of what is somebody's: a server counts those that it has. Those that no output takes go.
fn waiting(connection: &Connection, person: &Person) -> rusqlite::Result<u64> {
    let mut statement =
        connection.prepare("SELECT number, problem IS NULL, entries FROM waiting")?;
    let mut found = statement.query([])?;
    let mut changes: Vec<(i64, Option<Vec<u8>>)> = Vec::new();
    while let Some(row) = found.next()? {
        let entries = row.get_ref(2)?;
        if !is_of(person, entries) {
            continue;
        }
        let lines = bytes(entries).split_inclusive(|byte| *byte == b'\n');
        let others = lines.filter(|line| !is_of(person, ValueRef::Blob(line)));
        let others: Vec<u8> = others.flatten().copied().collect();
        changes.push((row.get(0)?, row.get::<_, bool>(1)?.then_some(others)));
    }
    for (number, entries) in &changes {
        match entries {
            Some(entries) => connection.execute(
                "UPDATE waiting SET entries = ?2 WHERE number = ?1",
                params![number, entries],
            )?,
            None => connection.execute("DELETE FROM waiting WHERE number = ?1", [number])?,
        };
    }
    Ok(changes.len() as u64)
}

fn numbered(
    connection: &Connection,
    table: &str,
    wanted: &[&str],
    person: &Person,
) -> rusqlite::Result<u64> {
    // What an earlier version made may lack some.
    let known = columns(connection, table)?;
    let wanted: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|name| known.contains(*name))
        .collect();
    let question = format!("SELECT rowid, {} FROM {table}", wanted.join(", "));
    let mut statement = connection.prepare(&question)?;
    let mut found = statement.query([])?;
    let mut unwanted: Vec<i64> = Vec::new();
    while let Some(row) = found.next()? {
        for column in 1..=wanted.len() {
            if is_of(person, row.get_ref(column)?) {
                unwanted.push(row.get(0)?);
                break;
            }
        }
    }
    for number in &unwanted {
        let statement = format!("DELETE FROM {table} WHERE rowid = ?1");
        connection.execute(&statement, [number])?;
    }
    Ok(unwanted.len() as u64)
}

fn rows(connection: &Connection, table: &str, person: &Person) -> rusqlite::Result<u64> {
    let statement = format!("DELETE FROM {table} WHERE stream = ?1 AND key = ?2");
    let mut count = 0;
    for (stream, key) in &person.gone {
        count += connection.execute(&statement, [stream, key])?;
    }
    Ok(count as u64)
}

/// What is kept under a hash, of which the hashes are known.
fn hashes(connection: &Connection, person: &Person) -> rusqlite::Result<u64> {
    let mut count = 0;
    let gone = person.gone.iter().map(|(_, key)| key.as_str());
    for value in person.values().chain(gone) {
        let hash = key_hash(value);
        count += connection.execute("DELETE FROM own_rows WHERE row = ?1", [hash])?;
    }
    for (stream, key) in &person.gone {
        let hash = row_hash(stream, key);
        count += connection.execute("DELETE FROM row_times WHERE row = ?1", [hash])?;
    }
    Ok(count as u64)
}

/// Removes the copies of files that records of theirs named, unless somebody else's names the same.
fn copies(connection: &Connection, person: &Person, erased: &mut Erased) -> rusqlite::Result<()> {
    for (stream, key) in &person.gone {
        let mut statement = connection.prepare_cached(
            "SELECT place FROM copies WHERE stream = ?1 AND key = ?2 AND place NOT IN
                (SELECT place FROM copies WHERE stream <> ?1 OR key <> ?2)",
        )?;
        let places = statement.query_map([stream, key], |row| row.get::<_, String>(0))?;
        for place in places {
            let place = place?;
            let path = Path::new(&place);
            match std::fs::remove_file(path) {
                Ok(()) => erased.add(path, "copied attachment", 1),
                Err(error)
                    if error.kind() == std::io::ErrorKind::NotFound && path.is_absolute() => {}
                Err(_) => erased.beyond.push(format!(
                    "an attachment was copied to {place}: remove it there"
                )),
            }
        }
    }
    Ok(())
}

/// Removes values that the component keeps and that name somebody: journals and caches.
pub(super) fn erase_state(
    path: &Path,
    person: &Person,
    erased: &mut Erased,
) -> Result<(), ErasureError> {
    let failed = failed(path);
    let connection = open(path).map_err(&failed)?;
    let there = tables(&connection).map_err(&failed)?;
    if !there.contains("connector_state") {
        return Ok(());
    }
    let count = state(&connection, person).map_err(&failed)?;
    erased.add(path, "what the component keeps", count);
    settle(&connection, path, erased).map_err(&failed)
}

fn state(connection: &Connection, person: &Person) -> rusqlite::Result<u64> {
    let keys = person.gone_keys();
    let mut wanted: Vec<String> = person.telling().map(str::to_owned).collect();
    wanted.extend(keys.iter().map(|key| key.to_lowercase()));
    let mut statement = connection.prepare("SELECT namespace, key, value FROM connector_state")?;
    let mut found = statement.query([])?;
    let mut unwanted: Vec<(String, String)> = Vec::new();
    while let Some(row) = found.next()? {
        let (namespace, key): (String, String) = (row.get(0)?, row.get(1)?);
        // What is in a value only the component knows.
        let value = bytes(row.get_ref(2)?).to_ascii_lowercase();
        let small = key.to_lowercase();
        let names = wanted.iter().any(|part| {
            memchr::memmem::find(&value, part.as_bytes()).is_some() || small.contains(part.as_str())
        });
        if names {
            unwanted.push((namespace, key));
        }
    }
    for (namespace, key) in &unwanted {
        connection.execute(
            "DELETE FROM connector_state WHERE namespace = ?1 AND key = ?2",
            [namespace, key],
        )?;
    }
    if !unwanted.is_empty() {
        crate::state_store::count_again(connection)?;
    }
    Ok(unwanted.len() as u64)
}
