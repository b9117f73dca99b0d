//! An output that is a database.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, TransactionBehavior, params};
use serde_json::{Map, Value};

use super::person::{Person, answers};
use super::{Erased, ErasureError, Relations, failed};

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
    // Looking takes a while, in which others write.
    let others = look(&connection, &tables, person, relations).map_err(&failed)?;
    erased.kept(path, &person.stream, others);
    let counts = remove(&mut connection, &tables, person).map_err(&failed)?;
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    for (what, count) in counts {
        erased.add(path, &what, count);
    }
    // It may be large: it is written anew only where something of it was removed, now or earlier.
    match total > 0 || lies_in(path, person)? {
        false => Ok(()),
        true => settle(&connection, path, erased).map_err(&failed),
    }
}

/// Whether a database, or its log, still has what names somebody in parts that are not used any more.
fn lies_in(path: &Path, person: &Person) -> Result<bool, ErasureError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    for file in [path, Path::new(&log)] {
        let found = person.lies_in(file);
        let found = found.map_err(|source| ErasureError::File {
            path: file.to_path_buf(),
            source,
        })?;
        if found {
            return Ok(true);
        }
    }
    Ok(false)
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

/// The columns of a table.
pub(super) fn columns(connection: &Connection, table: &str) -> rusqlite::Result<BTreeSet<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let rows = statement.query_map([table], |row| row.get(0))?;
    rows.collect()
}

/// What a column holds, be it a text or bytes.
pub(super) fn bytes(value: ValueRef<'_>) -> &[u8] {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => &[],
    }
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
    let mut statement = connection.prepare(&format!("SELECT key, data FROM {table}"))?;
    let mut rows = statement.query([])?;
    let mut found: Vec<(String, Map<String, Value>)> = Vec::new();
    let small = name.to_lowercase();
    while let Some(row) = rows.next()? {
        let (key, data): (String, String) = (row.get(0)?, row.get(1)?);
        // What a mapping wrote may be escaped; most records are seen to be others without reading them.
        if key != name && !data.contains("\\u") && !data.to_lowercase().contains(&small) {
            continue;
        }
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
            person.know(&other?);
        }
    }
    Ok(found.len())
}

/// Learns which rows are somebody's: those that name them, and what hangs on those. Gives how many further records of the same
/// stream name them.
fn look(
    connection: &Connection,
    tables: &BTreeSet<String>,
    person: &mut Person,
    relations: &Relations,
) -> rusqlite::Result<u64> {
    let mut others = 0;
    for stream in tables.iter().filter(|name| !name.starts_with('_')) {
        let mut statement =
            connection.prepare(&format!("SELECT key, data FROM {}", quoted(stream)))?;
        let mut rows = statement.query([])?;
        let mut named = Vec::new();
        while let Some(row) = rows.next()? {
            if person.is_in(bytes(row.get_ref(1)?)) {
                named.push(row.get::<_, String>(0)?);
            }
        }
        match *stream == person.stream {
            true => {
                let others_of = named.iter().filter(|key| !person.keys.contains(*key));
                others += others_of.count() as u64;
            }
            false => {
                let named = named.into_iter().map(|key| (stream.clone(), key));
                person.gone.extend(named);
            }
        }
    }
    connection.execute_batch(
        "CREATE TEMP TABLE gone (stream TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (stream, key)) WITHOUT ROWID;",
    )?;
    loop {
        let mut insert = connection.prepare("INSERT OR IGNORE INTO temp.gone VALUES (?1, ?2)")?;
        for (stream, key) in &person.gone {
            insert.execute(params![stream, key])?;
        }
        let before = person.gone.len();
        for (child, parent) in &relations.parents {
            if tables.contains(child) {
                let found = hanging(connection, child, parent)?;
                let found = found.into_iter().map(|key| (child.clone(), key));
                person.gone.extend(found);
            }
        }
        if person.gone.len() == before {
            break;
        }
    }
    connection.execute_batch("DROP TABLE temp.gone")?;
    Ok(others)
}

/// Rows that have the key of a row that goes as a text of their own.
fn hanging(connection: &Connection, child: &str, parent: &str) -> rusqlite::Result<Vec<String>> {
    let table = quoted(child);
    let mut statement = connection.prepare(&format!(
        "SELECT key FROM {table} WHERE json_valid(data) AND EXISTS
            (SELECT 1 FROM json_tree({table}.data) WHERE json_tree.type = 'text' AND json_tree.value IN
                (SELECT key FROM temp.gone WHERE stream = ?1))"
    ))?;
    let rows = statement.query_map([parent], |row| row.get(0))?;
    rows.collect()
}

/// Removes, in one transaction, all rows that are somebody's, and what is kept of them beside.
fn remove(
    connection: &mut Connection,
    tables: &BTreeSet<String>,
    person: &Person,
) -> rusqlite::Result<Vec<(String, u64)>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut counts: Vec<(String, u64)> = Vec::new();
    for (stream, key) in &person.gone {
        if !tables.contains(stream) || stream.starts_with('_') {
            continue;
        }
        let count = transaction
            .prepare_cached(&format!("DELETE FROM {} WHERE key = ?1", quoted(stream)))?
            .execute([key])? as u64;
        match counts.last_mut() {
            Some((last, sum)) if last == stream => *sum += count,
            _ => counts.push((stream.clone(), count)),
        }
    }
    for (table, column) in [("_undo", "data"), ("_quarantine", "document")] {
        if !tables.contains(table) {
            continue;
        }
        let question = format!("SELECT rowid, stream, key, {column} FROM {table}");
        let mut statement = transaction.prepare(&question)?;
        let mut rows = statement.query([])?;
        let mut unwanted = Vec::new();
        while let Some(row) = rows.next()? {
            let key = row.get::<_, Option<String>>(2)?.unwrap_or_default();
            let gone = person.gone.contains(&(row.get(1)?, key));
            if gone || person.is_in(bytes(row.get_ref(3)?)) {
                unwanted.push(row.get::<_, i64>(0)?);
            }
        }
        for number in &unwanted {
            transaction
                .prepare_cached(&format!("DELETE FROM {table} WHERE rowid = ?1"))?
                .execute([number])?;
        }
        counts.push((table.to_owned(), unwanted.len() as u64));
    }
    transaction.commit()?;
    Ok(counts)
}
