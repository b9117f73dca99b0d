//! What became of rows that this host wrote itself: for intents, and for what other systems told. Not what was in them.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};
use serde::Serialize;

use super::{Intents, QueueError, failed};

/// What became of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WriteOutcome {
    /// When it was known, in milliseconds since 1970.
    pub at_ms: i64,
    /// What it was written for: the id of an intent, or a callback's name, id and rule.
    pub cause: String,
    /// The action of the component.
    pub action: String,
    /// The mode of it; absent: its first one.
    pub mode: Option<String>,
    /// As the contract names it: `created`, `updated`, `deleted`, `unchanged`, `skipped` or `failed`.
    pub status: String,
    /// The provider's id of the object.
    pub object_id: Option<String>,
    /// The provider's id of the request.
    pub request_id: Option<String>,
    /// Why it failed.
    pub problem: Option<String>,
}

impl Intents {
    /// Keeps an outcome. Of a write that is made again, the last one counts.
    pub fn keep_outcome(&self, outcome: &WriteOutcome) -> Result<(), QueueError> {
        self.transact(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO outcomes
                        (at_ms, cause, action, mode, status, object_id, request_id, problem)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    outcome.at_ms,
                    outcome.cause,
                    outcome.action,
                    outcome.mode,
                    outcome.status,
                    outcome.object_id,
                    outcome.request_id,
                    outcome.problem
                ])?;
            Ok(())
        })
    }
}

impl WriteOutcome {
    /// The last outcomes of a queue that another process may have, the newest first, so many. None where there is no queue.
    pub fn last(queue: &Path, most: u32) -> Result<Vec<WriteOutcome>, QueueError> {
        if !queue.exists() {
            return Ok(Vec::new());
        }
        let look = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
            let connection = Connection::open_with_flags(queue, flags)?;
            // A queue of an earlier version has none.
            if !connection.table_exists(None, "outcomes")? {
                return Ok(Vec::new());
            }
            let mut statement = connection.prepare(
                "SELECT at_ms, cause, action, mode, status, object_id, request_id, problem FROM outcomes
                 ORDER BY number DESC LIMIT ?1",
            )?;
            let rows = statement.query_map([most], |row| {
                Ok(WriteOutcome {
                    at_ms: row.get(0)?,
                    cause: row.get(1)?,
                    action: row.get(2)?,
                    mode: row.get(3)?,
                    status: row.get(4)?,
                    object_id: row.get(5)?,
                    request_id: row.get(6)?,
                    problem: row.get(7)?,
                })
            })?;
            rows.collect()
        };
        look().map_err(failed(queue))
    }
}
