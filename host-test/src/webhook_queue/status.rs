//! A look at a queue that another process may have.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{QueueError, Tally, failed, intents, schema};

/// What a queue holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueStatus {
    /// Deliveries that the output does not have yet.
    pub waiting: u64,
    /// When the one of them came that waits longest, in milliseconds since 1970.
    pub oldest_at_ms: Option<i64>,
    /// Deliveries that no output takes.
    pub unusable: u64,
    /// Rows to read again.
    pub rows_again: u64,
    /// Intents that nobody has done or dismissed.
    pub intents: u64,
    /// Whether intents or callbacks are to be carried out, or rows that are followed looked at.
    pub has_work: bool,
    /// What was counted, and what came last.
    pub tally: Tally,
}

impl QueueStatus {
    /// Looks at a queue's database. Absent: there is none.
    pub fn read(path: &Path) -> Result<Option<QueueStatus>, QueueError> {
        if !path.exists() {
            return Ok(None);
        }
        let failed = failed(path);
        let connection =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(&failed)?;
        look(&connection).map(Some).map_err(&failed)
    }
}

fn look(connection: &Connection) -> rusqlite::Result<QueueStatus> {
    let count = |what: &str| -> rusqlite::Result<u64> {
        let count: i64 =
            connection.query_row(&format!("SELECT count(*) FROM {what}"), [], |row| {
                row.get(0)
            })?;
        Ok(u64::try_from(count).unwrap_or_default())
    };
    Ok(QueueStatus {
        waiting: count("waiting WHERE problem IS NULL")?,
        oldest_at_ms: connection.query_row(
            "SELECT min(received_at_ms) FROM waiting WHERE problem IS NULL",
            [],
            |row| row.get(0),
        )?,
        unusable: count("waiting WHERE problem IS NOT NULL")?,
        rows_again: count("again")?,
        intents: intents::open_ones(connection)?,
        // A queue of an earlier version lacks some of it.
        has_work: connection
            .query_row(intents::HAS_WORK, [], |row| row.get(0))
            .unwrap_or(false),
        tally: schema::load_tally(connection)?,
    })
}
