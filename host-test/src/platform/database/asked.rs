//! Syncs that somebody asked for, until they are done: an answer that they will be is true also when the process ends before.

use rusqlite::{OptionalExtension as _, params};

use super::{Database, DatabaseError};

/// What somebody asked for, and what is under way of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedSync {
    /// A sync that has not begun; true: of everything.
    pub waiting: Option<bool>,
    /// Streams that a run has begun to read anew which reads everything anew; absent: no such run is under way, or was cut off.
    pub anew: Option<Vec<String>>,
}

impl Database {
    /// What somebody asked for.
    pub fn asked_sync(&self, connection: &str) -> Result<AskedSync, DatabaseError> {
        self.use_it(|database| {
            let found = database
                .prepare_cached("SELECT waiting, anew FROM asked WHERE connection = ?1")?
                .query_row([connection], |row| {
                    let anew: Option<String> = row.get(1)?;
                    Ok(AskedSync {
                        waiting: row.get(0)?,
                        anew: anew.map(|text| serde_json::from_str(&text).unwrap_or_default()),
                    })
                })
                .optional()?;
            Ok(found.unwrap_or_default())
        })
    }

    /// Stores that somebody asked for a sync, `full`: of everything. One of everything stays one.
    pub fn ask_sync(&self, connection: &str, full: bool) -> Result<(), DatabaseError> {
        self.use_it(|database| {
            database
                .prepare_cached(
                    "INSERT INTO asked (connection, waiting) VALUES (?1, ?2)
                     ON CONFLICT (connection) DO UPDATE SET waiting = max(coalesce(waiting, 0), excluded.waiting)",
                )?
                .execute(params![connection, full])
                .map(drop)
        })
    }

    /// What the run is to do that begins now. What waited is under way then.
    pub fn begin_asked(&self, connection: &str) -> Result<Option<Vec<String>>, DatabaseError> {
        let asked = self.asked_sync(connection)?;
        let anew = match asked.waiting {
            // What was cut off before is a part of everything.
            Some(true) => Some(Vec::new()),
            _ => asked.anew,
        };
        if asked.waiting.is_some() {
            self.set_asked(connection, anew.as_deref())?;
        }
        Ok(anew)
    }

    /// Stores how far a run is that reads everything anew.
    pub fn keep_anew(&self, connection: &str, begun: &[String]) -> Result<(), DatabaseError> {
        self.use_it(|database| {
            database
                .prepare_cached("UPDATE asked SET anew = ?2 WHERE connection = ?1")?
                .execute(params![connection, streams(begun)])
                .map(drop)
        })
    }

    /// A run that read everything anew is over. Another one may have been asked for meanwhile.
    pub fn end_anew(&self, connection: &str) -> Result<(), DatabaseError> {
        self.use_it(|database| {
            database.execute(
                "UPDATE asked SET anew = NULL WHERE connection = ?1",
                [connection],
            )?;
            database
                .execute(
                    "DELETE FROM asked WHERE connection = ?1 AND waiting IS NULL",
                    [connection],
                )
                .map(drop)
        })
    }

    /// A run that reads everything anew begins once more: the connection is another one.
    pub fn restart_anew(&self, connection: &str) -> Result<(), DatabaseError> {
        self.use_it(|database| {
            database
                .execute(
                    "UPDATE asked SET waiting = 1, anew = NULL WHERE connection = ?1 AND anew IS NOT NULL",
                    [connection],
                )
                .map(drop)
        })
    }

    fn set_asked(&self, connection: &str, anew: Option<&[String]>) -> Result<(), DatabaseError> {
        self.use_it(|database| match anew {
            None => database
                .execute("DELETE FROM asked WHERE connection = ?1", [connection])
                .map(drop),
            Some(begun) => database
                .execute(
                    "UPDATE asked SET waiting = NULL, anew = ?2 WHERE connection = ?1",
                    params![connection, streams(begun)],
                )
                .map(drop),
        })
    }
}

fn streams(begun: &[String]) -> String {
    serde_json::json!(begun).to_string()
}
