//! Forgets what was kept long enough. What is still to be done is never too old.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::config::Retention;
use super::folder::Folder;
use crate::erasure::write_over;
use crate::output::OutputTarget;
use crate::state_store;
use crate::webhook_queue::{Intents, QueueError};

/// Why something is kept that should be forgotten.
#[derive(Debug, thiserror::Error)]
pub(super) enum RetentionError {
    /// A database does not do what it is asked.
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// A queue cannot be opened.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] std::io::Error),
}

/// What is forgotten of a table: a condition that says which of its rows are over, the column that says since when, how long
/// they are kept, and the statements that take them out. The time is their only parameter.
struct Kept {
    since: &'static str,
    table: &'static str,
    span: fn(&Retention) -> Duration,
    statements: &'static [&'static str],
}

const QUEUE: &[Kept] = &[
    Kept {
        table: "waiting",
        since: "received_at_ms",
        span: |retention| retention.queue,
        statements: &["DELETE FROM waiting WHERE problem IS NOT NULL AND received_at_ms < ?1"],
    },
    Kept {
        table: "callbacks",
        since: "received_at_ms",
        span: |retention| retention.rejected,
        // Its id stays, while it is remembered: what was given up is not to be taken for new.
        statements: &[
            "UPDATE callbacks SET state = 'dismissed', body = x'', problem = NULL, objects = NULL
             WHERE state IN ('dead', 'unmatched') AND received_at_ms < ?1",
        ],
    },
    Kept {
        table: "intents",
        since: "changed_at_ms",
        span: |retention| retention.intents,
        // Their ids stay: what set them off is not to set them off once more.
        statements: &[
            "INSERT OR IGNORE INTO past_intents SELECT id FROM intents
             WHERE state IN ('done', 'failed', 'dismissed') AND changed_at_ms < ?1",
            "DELETE FROM intents WHERE state IN ('done', 'failed', 'dismissed') AND changed_at_ms < ?1",
        ],
    },
    Kept {
        table: "outcomes",
        since: "at_ms",
        span: |retention| retention.outcomes,
        statements: &["DELETE FROM outcomes WHERE at_ms < ?1"],
    },
];

const OUTPUT: &[Kept] = &[Kept {
    table: "_quarantine",
    since: "at_ms",
    span: |retention| retention.quarantined,
    statements: &["DELETE FROM _quarantine WHERE at_ms < ?1"],
}];

/// Forgets what is too old of a connection; gives how much that was. Databases may be in use meanwhile.
pub(super) fn forget(
    folder: &Folder,
    target: &OutputTarget,
    retention: &Retention,
    now_ms: i64,
) -> Result<usize, RetentionError> {
    let mut count = forget_files(folder, retention, now_ms);
    let queue = folder.queue();
    if queue.exists() {
        // One of an earlier version is brought up to date.
        drop(Intents::open(&queue)?);
        count += forget_in(&queue, |connection| {
            forget_rows(connection, QUEUE, retention, now_ms)
        })?;
    }
    count += forget_in(&folder.state(), |connection| {
        match connection.table_exists(None, "connector_state")? {
            true => state_store::forget_ended(connection, now_ms),
            false => Ok(0),
        }
    })?;
    match target {
        OutputTarget::Sqlite(path) => {
            count += forget_in(path, |connection| {
                forget_rows(connection, OUTPUT, retention, now_ms)
            })?;
        }
        OutputTarget::JsonLines(directory) => {
            let path = directory.join("quarantine.jsonl");
            if path.exists() {
                let before = before(now_ms, retention.quarantined);
                let forgotten = write_over(&path, |line| is_older(line, before))?;
                count += usize::try_from(forgotten).unwrap_or(usize::MAX);
            }
        }
        OutputTarget::Http(_) | OutputTarget::Standard => {}
    }
    Ok(count)
}

/// Forgets something in a database, where there is one, so that it is not left in the file's unused parts or in its log.
fn forget_in(
    path: &Path,
    forget: impl FnOnce(&mut Connection) -> rusqlite::Result<usize>,
) -> rusqlite::Result<usize> {
    if !path.exists() {
        return Ok(0);
    }
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "secure_delete", true)?;
    let count = forget(&mut connection)?;
    if count > 0 {
        // Where somebody is at work, the log is written over soon anyway.
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    }
    Ok(count)
}

fn forget_rows(
    connection: &mut Connection,
    tables: &[Kept],
    retention: &Retention,
    now_ms: i64,
) -> rusqlite::Result<usize> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut count = 0;
    for kept in tables {
        // What another version made may be otherwise.
        if !transaction.column_exists(None, kept.table, kept.since)? {
            continue;
        }
        let before = before(now_ms, (kept.span)(retention));
        let mut changed = 0;
        for statement in kept.statements {
            changed = transaction.execute(statement, [before])?;
        }
        count += changed;
    }
    transaction.commit()?;
    Ok(count)
}

fn before(now_ms: i64, span: Duration) -> i64 {
    now_ms.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}

/// Whether a line of held rows is of an earlier time.
fn is_older(line: &[u8], before_ms: i64) -> bool {
    #[derive(serde::Deserialize)]
    struct Held {
        at_ms: i64,
    }
    serde_json::from_slice(line).is_ok_and(|Held { at_ms }| at_ms < before_ms)
}

/// Files of rejected rows that were written last too long ago.
fn forget_files(folder: &Folder, retention: &Retention, now_ms: i64) -> usize {
    let Ok(entries) = std::fs::read_dir(folder.path()) else {
        return 0;
    };
    let before = before(now_ms, retention.rejected);
    let old = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let changed = entry.metadata().ok()?.modified().ok()?;
        let since = changed.duration_since(std::time::UNIX_EPOCH).ok()?;
        let changed_ms = i64::try_from(since.as_millis()).ok()?;
        let rejected = name.starts_with("rejected") && name.ends_with(".jsonl");
        (rejected && changed_ms < before).then(|| entry.path())
    });
    old.filter(|path| std::fs::remove_file(path).is_ok())
        .count()
}

#[cfg(test)]
mod tests;
