//! The runs: one row each, begun with the first slice and changed with each further one.

use rusqlite::{OptionalExtension as _, Row, params};
use serde_json::Value;

use super::{Database, DatabaseError, signed, unsigned};

/// What a run has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Slices.
    pub slices: u64,
    /// Entries given to the output.
    pub records: u64,
    /// Pages.
    pub pages: u64,
    /// Requests to the provider.
    pub requests: u64,
}

/// A run of a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Counts up.
    pub number: i64,
    /// The connection's name.
    pub connection: String,
    /// Whether somebody asked for it.
    pub asked: bool,
    /// When it was due, in milliseconds since 1970.
    pub due_at_ms: i64,
    /// When it began.
    pub began_at_ms: i64,
    /// When it ended; absent: it has not.
    pub ended_at_ms: Option<i64>,
    /// `running`, `complete`, `partial`, `failed`, or `cut_off` where the process died.
    pub status: String,
    /// What went wrong.
    pub message: Option<String>,
    /// What it did.
    pub counts: Counts,
    /// How each stream ended, by name.
    pub streams: Option<Value>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct RunEnd {
    /// `complete`, `partial` or `failed`.
    pub status: &'static str,
    /// What went wrong.
    pub message: Option<String>,
    /// How each stream ended, by name.
    pub streams: Value,
}

const COLUMNS: &str = "number, connection, asked, due_at_ms, began_at_ms, ended_at_ms, status, message, slices, records, \
                       pages, requests, streams";

/// The runs of the index `runs_failed`, in its own words.
const FAILED: &str = "status IN ('failed', 'partial')";

impl Database {
    /// Stores that a run began; gives its number.
    pub fn begin_run(
        &self,
        connection: &str,
        asked: bool,
        due_at_ms: i64,
        now_ms: i64,
    ) -> Result<i64, DatabaseError> {
        self.use_it(|database| {
            let transaction = database.transaction()?;
            // One is left open when its end could not be stored.
            transaction
                .prepare_cached(
                    "UPDATE runs SET status = 'cut_off', ended_at_ms = ?2, message = 'its end could not be stored'
                     WHERE ended_at_ms IS NULL AND connection = ?1",
                )?
                .execute(params![connection, now_ms])?;
            transaction
                .prepare_cached(
                    "INSERT INTO runs (connection, asked, due_at_ms, began_at_ms, status)
                     VALUES (?1, ?2, ?3, ?4, 'running')",
                )?
                .execute(params![connection, asked, due_at_ms, now_ms])?;
            let number = transaction.last_insert_rowid();
            transaction
                .prepare_cached(
                    "INSERT INTO connections (name, began_at_ms) VALUES (?1, ?2)
                     ON CONFLICT (name) DO UPDATE SET began_at_ms = excluded.began_at_ms",
                )?
                .execute(params![connection, now_ms])?;
            transaction.commit()?;
            Ok(number)
        })
    }

    /// Stores what a slice did, and how the run ended when it is over.
    pub fn store_slice(
        &self,
        number: i64,
        did: Counts,
        end: Option<&RunEnd>,
        now_ms: i64,
    ) -> Result<(), DatabaseError> {
        self.use_it(|database| {
            let transaction = database.transaction()?;
            let (connection, began_at_ms): (String, i64) = transaction
                .prepare_cached(
                    "UPDATE runs SET slices = slices + ?2, records = records + ?3, pages = pages + ?4,
                        requests = requests + ?5, ended_at_ms = ?6, status = coalesce(?7, status), message = ?8,
                        streams = ?9
                     WHERE number = ?1 RETURNING connection, began_at_ms",
                )?
                .query_row(
                    params![
                        number,
                        signed(did.slices),
                        signed(did.records),
                        signed(did.pages),
                        signed(did.requests),
                        end.map(|_| now_ms),
                        end.map(|end| end.status),
                        end.and_then(|end| end.message.as_deref()),
                        end.map(|end| end.streams.to_string()),
                    ],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )?;
            if end.is_some_and(|end| end.status == "complete") {
                transaction
                    .prepare_cached("UPDATE connections SET complete_at_ms = ?2 WHERE name = ?1")?
                    .execute(params![connection, began_at_ms])?;
            }
            let failures = end.is_some_and(|end| end.status != "complete");
            super::throughput::add(&transaction, now_ms, &connection, did.records, failures)?;
            transaction.commit()
        })
    }

    /// Ends the runs that a process left behind which died; gives how many there were.
    pub fn end_cut_off(&self, now_ms: i64) -> Result<usize, DatabaseError> {
        self.use_it(|database| {
            database.execute(
                "UPDATE runs SET status = 'cut_off', ended_at_ms = ?1,
                    message = 'the process ended; the next run goes on where it was'
                 WHERE ended_at_ms IS NULL",
                [now_ms],
            )
        })
    }

    /// The last runs, of one connection or of all: the newest first, so many.
    pub fn runs(&self, connection: Option<&str>, most: u32) -> Result<Vec<Run>, DatabaseError> {
        self.use_it(|database| {
            let which = match connection {
                Some(_) => "WHERE connection = ?1",
                None => "WHERE ?1 IS NULL",
            };
            let question =
                format!("SELECT {COLUMNS} FROM runs {which} ORDER BY number DESC LIMIT ?2");
            let mut statement = database.prepare_cached(&question)?;
            let rows = statement.query_map(params![connection, most], run)?;
            rows.collect()
        })
    }

    /// The last runs of all connections that did not end well: the newest first, so many.
    pub fn failures(&self, most: u32) -> Result<Vec<Run>, DatabaseError> {
        self.use_it(|database| {
            let question =
                format!("SELECT {COLUMNS} FROM runs WHERE {FAILED} ORDER BY number DESC LIMIT ?1");
            let mut statement = database.prepare_cached(&question)?;
            let rows = statement.query_map([most], run)?;
            rows.collect()
        })
    }

    /// The last run of a connection that is over.
    pub fn last_run(&self, connection: &str) -> Result<Option<Run>, DatabaseError> {
        self.last(connection, "ended_at_ms IS NOT NULL")
    }

    /// The last run of a connection that did not end well.
    pub fn last_failure(&self, connection: &str) -> Result<Option<Run>, DatabaseError> {
        self.last(connection, FAILED)
    }

    fn last(&self, connection: &str, which: &str) -> Result<Option<Run>, DatabaseError> {
        self.use_it(|database| {
            let question = format!(
                "SELECT {COLUMNS} FROM runs WHERE connection = ?1 AND {which} ORDER BY number DESC LIMIT 1"
            );
            let mut statement = database.prepare_cached(&question)?;
            statement.query_row([connection], run).optional()
        })
    }

    /// How late the runs began that were due in this span, in milliseconds, in order of size.
    pub fn delays(&self, since_ms: i64) -> Result<Vec<u64>, DatabaseError> {
        self.use_it(|database| {
            let mut statement = database.prepare_cached(
                "SELECT max(0, began_at_ms - due_at_ms) FROM runs WHERE began_at_ms >= ?1 ORDER BY 1",
            )?;
            let rows = statement.query_map([since_ms], |row| Ok(unsigned(row.get(0)?)))?;
            rows.collect()
        })
    }

    /// Forgets runs and throughput of a connection that are older; gives how many runs there were.
    pub fn forget_runs(&self, connection: &str, before_ms: i64) -> Result<usize, DatabaseError> {
        self.use_it(|database| {
            database.execute(
                "DELETE FROM minutes WHERE connection = ?1 AND minute < ?2",
                params![connection, before_ms.div_euclid(60_000)],
            )?;
            database.execute(
                "DELETE FROM runs WHERE connection = ?1 AND ended_at_ms < ?2",
                params![connection, before_ms],
            )
        })
    }
}

fn run(row: &Row<'_>) -> rusqlite::Result<Run> {
    let count = |index| row.get(index).map(unsigned);
    let streams: Option<String> = row.get(12)?;
    Ok(Run {
        number: row.get(0)?,
        connection: row.get(1)?,
        asked: row.get(2)?,
        due_at_ms: row.get(3)?,
        began_at_ms: row.get(4)?,
        ended_at_ms: row.get(5)?,
        status: row.get(6)?,
        message: row.get(7)?,
        counts: Counts {
            slices: count(8)?,
            records: count(9)?,
            pages: count(10)?,
            requests: count(11)?,
        },
        streams: streams.and_then(|text| serde_json::from_str(&text).ok()),
    })
}
