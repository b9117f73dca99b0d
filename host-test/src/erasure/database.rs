//! An output that is a database.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior, params};
use serde_json::{Map, Value};

use super::{Erased, ErasureError, Person, Relations, answers, failed};

/// Removes what a database has of somebody, and learns first who it is. It may be in use meanwhile.
pub(super) fn erase(
    path: &Path,
    name: &str,
    person: &mut Person,
    relations: &Relations,
    erased: &mut Erased,
) -> Result<(), ErasureError> {
    let failed = failed(path);
    let mut connection = open(path).map_err(&failed)?;
    let tables = tables(&connection).map_err(&failed)?;
    let found = find(&connection, &tables, name, person).map_err(&failed)?;
    if found > 1 {
        return Err(ErasureError::Several(found, person.stream.clone()));
    }
    let counts = remove(&mut connection, &tables, person, relations).map_err(&failed)?;
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    for (what, count) in counts {
        erased.add(path, &what, count);
    }
    // It may be large: it is written anew only where something of it was removed.
    match total {
        0 => Ok(()),
        _ => settle(&connection, path, erased).map_err(&failed),
    }
}

/// Opens a database so that what is deleted is overwritten.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(30))?;
    connection.pragma_update(None, "secure_delete", true)?;
    Ok(connection)
}

/// Writes the file anew, without what lies in it unused (what was deleted or replaced earlier), and empties its log.
pub(super) fn settle(
    connection: &Connection,
    path: &Path,
    erased: &mut Erased,
) -> rusqlite::Result<()> {
    let written = connection.execute_batch("VACUUM");
    let busy: bool =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if let Err(error) = written {
        erased.beyond.push(format!(
            "{} could not be written anew ({error}); unused parts of it may hold what was there before: erase once more when \
             the server is idle",
            path.display()
        ));
    }
    if busy {
        erased.beyond.push(format!(
            "the log of {} is in use and holds what was removed until the server closes it",
            path.display()
        ));
    }
    Ok(())
}

/// All tables but SQLite's own.
pub(super) fn tables(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut statement = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

fn quoted(table: &str) -> String {
    format!("\"{}\"", table.replace('"', "\"\""))
}

/// Learns of the records that answer to a name; gives how many there are.
fn find(
    connection: &Connection,
    tables: &BTreeSet<String>,
    name: &str,
    person: &mut Person,
) -> rusqlite::Result<usize> {
    if !tables.contains(&person.stream) {
        return Ok(0);
    }
    let table = quoted(&person.stream);
    let mut statement = connection.prepare(&format!(
        "SELECT key, data FROM {table} WHERE key = ?1 OR instr(lower(data), lower(?1)) > 0"
    ))?;
    let mut rows = statement.query([name])?;
    let mut found: Vec<(String, Map<String, Value>)> = Vec::new();
    while let Some(row) = rows.next()? {
        let (key, data): (String, String) = (row.get(0)?, row.get(1)?);
        let record = serde_json::from_str(&data).unwrap_or_default();
        if answers(name, &key, &record) {
            found.push((key, record));
        }
    }
    // A key is nobody else's, whatever other records say.
    if let Some(position) = found.iter().position(|(key, _)| key == name) {
        found = vec![found.swap_remove(position)];
    }
    if let [(key, record)] = found.as_slice() {
        person.learn(key, record);
        let mut merged =
            connection.prepare(&format!("SELECT key FROM {table} WHERE successor = ?1"))?;
        for other in merged.query_map([key], |row| row.get::<_, String>(0))? {
            let other = other?;
            person.values.insert(other.clone());
            person.keys.insert(other);
        }
    }
    Ok(found.len())
}

/// Removes, in one transaction: the record, what names it, and what hangs on that.
fn remove(
    connection: &mut Connection,
    tables: &BTreeSet<String>,
    person: &Person,
    relations: &Relations,
) -> rusqlite::Result<Vec<(String, u64)>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "CREATE TEMP TABLE gone (stream TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (stream, key));
         CREATE TEMP TABLE known (value TEXT PRIMARY KEY NOT NULL);
         CREATE TEMP TABLE telling (value TEXT PRIMARY KEY NOT NULL);",
    )?;
    for value in &person.keys {
        transaction.execute("INSERT INTO known VALUES (?1)", [value])?;
    }
    for value in person.telling() {
        transaction.execute("INSERT INTO telling VALUES (?1)", [value])?;
    }
    for key in &person.keys {
        transaction.execute(
            "INSERT OR IGNORE INTO gone VALUES (?1, ?2)",
            params![person.stream, key],
        )?;
    }
    let streams: Vec<&String> = tables
        .iter()
        .filter(|name| !name.starts_with('_'))
        .collect();
    for stream in &streams {
        if **stream == person.stream {
            continue;
        }
        // What hangs on the record may name it by a short key.
        let values = match relations.hangs_on(stream, &person.stream) {
            true => "known",
            false => "telling",
        };
        mark(&transaction, stream, &format!("SELECT value FROM {values}"))?;
    }
    // What hangs on what is removed, and so on.
    loop {
        let before = transaction.total_changes();
        for (child, parent) in &relations.parents {
            if tables.contains(child) && *parent != person.stream {
                let keys = format!(
                    "SELECT key FROM gone WHERE stream = '{}'",
                    parent.replace('\'', "''")
                );
                mark(&transaction, child, &keys)?;
            }
        }
        if transaction.total_changes() == before {
            break;
        }
    }
    let mut counts = Vec::new();
    for stream in streams {
        let count = transaction.execute(
            &format!(
                "DELETE FROM {} WHERE key IN (SELECT key FROM gone WHERE stream = ?1)",
                quoted(stream)
            ),
            [stream],
        )?;
        counts.push((stream.clone(), count as u64));
    }
    for (table, column) in [("_undo", "data"), ("_quarantine", "document")] {
        if tables.contains(table) {
            let count = transaction.execute(
                &format!(
                    "DELETE FROM {table} WHERE (stream, key) IN (SELECT stream, key FROM gone) OR EXISTS
                        (SELECT 1 FROM telling WHERE instr({column}, json_quote(telling.value)) > 0)"
                ),
                [],
            )?;
            counts.push((table.to_owned(), count as u64));
        }
    }
    transaction.execute_batch("DROP TABLE gone; DROP TABLE known; DROP TABLE telling;")?;
    transaction.commit()?;
    Ok(counts)
}

/// Marks the rows of a stream that hold one of these values anywhere.
fn mark(connection: &Connection, stream: &str, values: &str) -> rusqlite::Result<usize> {
    connection.execute(
        &format!(
            "INSERT OR IGNORE INTO gone SELECT ?1, key FROM {table} WHERE json_valid(data) AND EXISTS
                (SELECT 1 FROM json_tree({table}.data) WHERE json_tree.type = 'text' AND json_tree.value IN ({values}))",
            table = quoted(stream)
        ),
        [stream],
    )
}
