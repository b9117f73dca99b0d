//! The queue of webhooks and intents, and what the component keeps.

use std::path::Path;

use rusqlite::params_from_iter;

use super::database::{open, settle, tables};
use super::{Erased, ErasureError, Person, failed};

/// Tables of a queue: columns that hold a key, and columns that hold JSON.
const TABLES: &[(&str, &[&str], &[&str])] = &[
    ("waiting", &[], &["entries"]),
    ("again", &["key"], &[]),
    ("intents", &["source_key"], &["record"]),
    ("followed", &["key"], &[]),
    ("callbacks", &[], &["body"]),
    (
        "outcomes",
        &["key", "row_key", "object_id"],
        &["document", "record"],
    ),
    ("rejected", &["key", "row_key"], &["document", "record"]),
];

/// Removes what a queue has of somebody. It may be in use meanwhile.
pub(super) fn erase(path: &Path, person: &Person, erased: &mut Erased) -> Result<(), ErasureError> {
    let failed = failed(path);
    let connection = open(path).map_err(&failed)?;
    let there = tables(&connection).map_err(&failed)?;
    for (table, keys, documents) in TABLES.iter().filter(|(name, _, _)| there.contains(*name)) {
        let remove = || -> rusqlite::Result<usize> {
            let mut columns = Vec::new();
            let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
            for name in statement.query_map([table], |row| row.get::<_, String>(0))? {
                columns.push(name?);
            }
            let mut conditions = Vec::new();
            let mut values: Vec<String> = Vec::new();
            for column in keys
                .iter()
                .filter(|name| columns.iter().any(|one| one == *name))
            {
                for key in person.keys.iter().chain(&person.values) {
                    values.push(key.clone());
                    conditions.push(format!("{column} = ?{}", values.len()));
                }
            }
            for column in documents
                .iter()
                .filter(|name| columns.iter().any(|one| one == *name))
            {
                for value in person.telling() {
                    values.push(serde_json::Value::from(value).to_string());
                    conditions.push(format!(
                        "instr(CAST({column} AS TEXT), ?{}) > 0",
                        values.len()
                    ));
                }
            }
            if conditions.is_empty() {
                return Ok(0);
            }
            let statement = format!("DELETE FROM {table} WHERE {}", conditions.join(" OR "));
            connection.execute(&statement, params_from_iter(values))
        };
        let count = remove().map_err(&failed)?;
        erased.add(path, table, count as u64);
    }
    settle(&connection, path, erased).map_err(&failed)
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
    let remove = || -> rusqlite::Result<usize> {
        let mut count = 0;
        for value in person.telling() {
            count += connection.execute(
                "DELETE FROM connector_state WHERE instr(value, CAST(?1 AS BLOB)) > 0
                    OR instr(key, ?1) > 0",
                [value],
            )?;
        }
        if count > 0 {
            connection.execute(
                "UPDATE connector_state_size SET bytes = (SELECT coalesce(sum(size), 0) FROM connector_state
                    WHERE connector_state.namespace = connector_state_size.namespace)",
                [],
            )?;
        }
        Ok(count)
    };
    let count = remove().map_err(&failed)?;
    erased.add(path, "what the component keeps", count as u64);
    settle(&connection, path, erased).map_err(&failed)
}
