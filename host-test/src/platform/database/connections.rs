//! What is remembered of each connection.

use rusqlite::{OptionalExtension as _, params};

use super::{Database, DatabaseError};

/// A connection that was added through the control API, encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// Its name.
    pub name: String,
    /// The encrypted document.
    pub document: Vec<u8>,
}

/// What is remembered of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Whether somebody paused it.
    pub paused: bool,
    /// The provider's id of its workspace, once it is known.
    pub workspace: Option<String>,
    /// Why it cannot be opened; absent: it can.
    pub problem: Option<String>,
    /// When the last run began that read everything, in milliseconds since 1970: the output has what was there then.
    pub complete_at_ms: Option<i64>,
    /// When the last run began.
    pub began_at_ms: Option<i64>,
}

impl Database {
    /// Stores the document of a connection.
    pub fn add_connection(&self, name: &str, document: &[u8]) -> Result<(), DatabaseError> {
        self.use_it(|connection| {
            connection
                .prepare_cached(
                    "INSERT INTO connections (name, document) VALUES (?1, ?2)
                     ON CONFLICT (name) DO UPDATE SET document = excluded.document",
                )?
                .execute(params![name, document])
                .map(drop)
        })
    }

    /// Forgets a connection and its history.
    pub fn remove_connection(&self, name: &str) -> Result<(), DatabaseError> {
        self.use_it(|connection| {
            let transaction = connection.transaction()?;
            transaction.execute("DELETE FROM connections WHERE name = ?1", [name])?;
            transaction.execute("DELETE FROM runs WHERE connection = ?1", [name])?;
            transaction.execute("DELETE FROM minutes WHERE connection = ?1", [name])?;
            transaction.execute("DELETE FROM asked WHERE connection = ?1", [name])?;
            transaction.commit()
        })
    }

    /// The connections that were added, by name.
    pub fn added_connections(&self) -> Result<Vec<Added>, DatabaseError> {
        self.use_it(|connection| {
            let mut statement = connection.prepare(
                "SELECT name, document FROM connections WHERE document IS NOT NULL ORDER BY name",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(Added {
                    name: row.get(0)?,
                    document: row.get(1)?,
                })
            })?;
            rows.collect()
        })
    }

    /// The encrypted document of a connection that was added.
    pub fn added_connection(&self, name: &str) -> Result<Option<Vec<u8>>, DatabaseError> {
        self.use_it(|connection| {
            let document = connection
                .prepare_cached("SELECT document FROM connections WHERE name = ?1")?
                .query_row([name], |row| row.get(0))
                .optional()?;
            Ok(document.flatten())
        })
    }

    /// The names of all connections of which something is remembered.
    pub fn known_connections(&self) -> Result<Vec<String>, DatabaseError> {
        self.use_it(|connection| {
            let mut statement = connection.prepare("SELECT name FROM connections ORDER BY name")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            rows.collect()
        })
    }

    /// What is remembered of a connection.
    pub fn stored(&self, name: &str) -> Result<Stored, DatabaseError> {
        self.use_it(|connection| {
            let stored = connection
                .prepare_cached(
                    "SELECT paused, workspace, problem, complete_at_ms, began_at_ms
                     FROM connections WHERE name = ?1",
                )?
                .query_row([name], |row| {
                    Ok(Stored {
                        paused: row.get(0)?,
                        workspace: row.get(1)?,
                        problem: row.get(2)?,
                        complete_at_ms: row.get(3)?,
                        began_at_ms: row.get(4)?,
                    })
                })
                .optional()?;
            Ok(stored.unwrap_or_default())
        })
    }

    /// Remembers whether a connection is paused.
    pub fn set_paused(&self, name: &str, paused: bool) -> Result<(), DatabaseError> {
        self.use_it(|connection| {
            connection
                .prepare_cached(
                    "INSERT INTO connections (name, paused) VALUES (?1, ?2)
                     ON CONFLICT (name) DO UPDATE SET paused = excluded.paused",
                )?
                .execute(params![name, paused])
                .map(drop)
        })
    }

    /// Remembers what an opening of a connection found.
    pub fn set_opened(
        &self,
        name: &str,
        workspace: Option<&str>,
        problem: Option<&str>,
    ) -> Result<(), DatabaseError> {
        self.use_it(|connection| {
            connection
                .prepare_cached(
                    "INSERT INTO connections (name, workspace, problem) VALUES (?1, ?2, ?3)
                     ON CONFLICT (name) DO UPDATE SET
                        workspace = coalesce(excluded.workspace, workspace), problem = excluded.problem",
                )?
                .execute(params![name, workspace, problem])
                .map(drop)
        })
    }
}
