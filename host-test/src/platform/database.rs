//! What a platform remembers beside its connections' own folders: the connections that were added, who is paused, the runs,
//! and the throughput by minute. SQLite in WAL mode: others may read while the platform runs.

mod asked;
mod connections;
mod runs;
mod throughput;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

pub use self::asked::AskedSync;
pub use self::connections::{Added, Stored};
pub use self::runs::{Counts, Run, RunEnd};
pub use self::throughput::Minute;

/// The layout, kept in `PRAGMA user_version`.
const LAYOUT: i64 = 1;

const TABLES: &str = "
    -- Every connection that there ever was, while it has a folder. Those that were added have a document, encrypted.
    CREATE TABLE IF NOT EXISTS connections (
        name TEXT PRIMARY KEY NOT NULL,
        document BLOB,
        paused INTEGER NOT NULL DEFAULT 0,
        workspace TEXT,
        problem TEXT,
        -- Since when the output has all that was there, and when the last run began.
        complete_at_ms INTEGER,
        began_at_ms INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS runs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        connection TEXT NOT NULL,
        asked INTEGER NOT NULL,
        due_at_ms INTEGER NOT NULL,
        began_at_ms INTEGER NOT NULL,
        ended_at_ms INTEGER,
        status TEXT NOT NULL,
        message TEXT,
        slices INTEGER NOT NULL DEFAULT 0,
        records INTEGER NOT NULL DEFAULT 0,
        pages INTEGER NOT NULL DEFAULT 0,
        requests INTEGER NOT NULL DEFAULT 0,
        streams TEXT
    );
    CREATE INDEX IF NOT EXISTS runs_by_connection ON runs (connection, number);
    CREATE INDEX IF NOT EXISTS runs_by_time ON runs (began_at_ms);
    CREATE INDEX IF NOT EXISTS runs_open ON runs (number) WHERE ended_at_ms IS NULL;
    CREATE INDEX IF NOT EXISTS runs_failed ON runs (number) WHERE status IN ('failed', 'partial');
    -- Syncs that somebody asked for: one that has not begun (1: of everything), and the streams that one has begun which reads
    -- everything anew.
    CREATE TABLE IF NOT EXISTS asked (
        connection TEXT PRIMARY KEY NOT NULL,
        waiting INTEGER,
        anew TEXT
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS minutes (
        minute INTEGER NOT NULL,
        connection TEXT NOT NULL,
        records INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        PRIMARY KEY (minute, connection)
    ) WITHOUT ROWID;
";

/// Why the database is of no use.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The database does not do what it is asked.
    #[error("the database {}: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// It is from a later version of this program.
    #[error(
        "{} has layout {found}, this program knows layout {LAYOUT}; use the newer program",
        path.display()
    )]
    Layout {
        /// The file.
        path: PathBuf,
        /// The layout found.
        found: i64,
    },
}

/// The database of a platform.
pub struct Database {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl Database {
    /// Its place in a platform's folder.
    pub fn path_in(data: &Path) -> PathBuf {
        data.join("platform.db")
    }

    /// Opens a database, made when there is none.
    pub fn open(path: &Path) -> Result<Database, DatabaseError> {
        let failed = failed(path);
        let connection = Connection::open(path).map_err(&failed)?;
        let prepare = || {
            connection.busy_timeout(Duration::from_secs(10))?;
            connection.pragma_update(None, "journal_mode", "wal")?;
            // A machine that loses power loses some history; positions are not here.
            connection.pragma_update(None, "synchronous", "normal")?;
            connection.set_prepared_statement_cache_capacity(32);
            connection.pragma_query_value(None, "user_version", |row| row.get(0))
        };
        let found: i64 = prepare().map_err(&failed)?;
        if found > LAYOUT {
            return Err(DatabaseError::Layout {
                path: path.to_path_buf(),
                found,
            });
        }
        connection
            .execute_batch(TABLES)
            .and_then(|()| connection.pragma_update(None, "user_version", LAYOUT))
            .map_err(&failed)?;
        Ok(Database {
            path: path.to_path_buf(),
            connection: Mutex::new(connection),
        })
    }

    /// Opens a database for a look at it. Absent: there is none.
    pub fn look(path: &Path) -> Result<Option<Database>, DatabaseError> {
        if !path.exists() {
            return Ok(None);
        }
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .map_err(failed(path))?;
        Ok(Some(Database {
            path: path.to_path_buf(),
            connection: Mutex::new(connection),
        }))
    }

    /// Each use is one statement or one transaction: a panic leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        let connection = self.connection.lock();
        connection.unwrap_or_else(PoisonError::into_inner)
    }

    fn use_it<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, DatabaseError> {
        work(&mut self.lock()).map_err(failed(&self.path))
    }
}

fn failed(path: &Path) -> impl Fn(rusqlite::Error) -> DatabaseError + use<> {
    let path = path.to_path_buf();
    move |source| DatabaseError::Database {
        path: path.clone(),
        source,
    }
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
