//! Forgets what was kept long enough. What is still to be done is never too old.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _};

use super::config::Retention;
use super::folder::Folder;
use crate::output::OutputTarget;

/// A table, which of its rows are over, the column that says since when, and how long they are kept.
struct Kept {
    table: &'static str,
    over: &'static str,
    since: &'static str,
    span: fn(&Retention) -> Duration,
}

const QUEUE: &[Kept] = &[
    Kept {
        table: "waiting",
        over: "problem IS NOT NULL",
        since: "received_at_ms",
        span: |retention| retention.queue,
    },
    Kept {
        table: "callbacks",
        over: "state IN ('done', 'failed', 'dismissed')",
        since: "received_at_ms",
        span: |retention| retention.queue,
    },
    Kept {
        table: "intents",
        over: "state IN ('done', 'failed', 'dismissed')",
        since: "changed_at_ms",
        span: |retention| retention.intents,
    },
    Kept {
        table: "outcomes",
        over: "true",
        since: "at_ms",
        span: |retention| retention.outcomes,
    },
    Kept {
        table: "rejected",
        over: "true",
        since: "at_ms",
        span: |retention| retention.rejected,
    },
];

const OUTPUT: &[Kept] = &[Kept {
    table: "_quarantine",
    over: "true",
    since: "at_ms",
    span: |retention| retention.quarantined,
}];

/// Forgets what is too old of a connection; gives how many rows that were. Databases may be in use meanwhile.
pub(super) fn forget(
    folder: &Folder,
    target: &OutputTarget,
    retention: &Retention,
    now_ms: i64,
) -> rusqlite::Result<usize> {
    let mut count = forget_in(&folder.queue(), QUEUE, retention, now_ms)?;
    if let OutputTarget::Sqlite(path) = target {
        count += forget_in(path, OUTPUT, retention, now_ms)?;
    }
    count += forget_files(folder, retention, now_ms);
    Ok(count)
}

fn forget_in(
    path: &Path,
    tables: &[Kept],
    retention: &Retention,
    now_ms: i64,
) -> rusqlite::Result<usize> {
    if !path.exists() {
        return Ok(0);
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    let mut count = 0;
    for kept in tables {
        if has_column(&connection, kept.table, kept.since)? {
            let before = before(now_ms, (kept.span)(retention));
            count += connection.execute(
                &format!(
                    "DELETE FROM {} WHERE ({}) AND {} < ?1",
                    kept.table, kept.over, kept.since
                ),
                [before],
            )?;
        }
    }
    Ok(count)
}

/// Whether a table is there with its time: what another version made may be otherwise.
fn has_column(connection: &Connection, table: &str, column: &str) -> rusqlite::Result<bool> {
    let found: Option<i64> = connection
        .query_row(
            "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2",
            [table, column],
            |row| row.get(0),
        )
        .optional()?;
    Ok(found.is_some())
}

fn before(now_ms: i64, span: Duration) -> i64 {
    now_ms.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
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
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::contract::types::Intent;
    use crate::webhook_queue::{IntentSource, IntentState, Intents};

    #[test]
    fn what_is_over_is_forgotten_in_time_and_what_is_open_never() {
        let data = written::Folder::new();
        let folder = Folder::of(data.path(), "acme");
        folder.make().unwrap();
        let intents = Intents::open(&folder.queue()).unwrap();
        let intent = |id: &str| Intent {
            id: id.to_owned(),
            trigger: "t".to_owned(),
            source_stream: "contacts".to_owned(),
            source_key: "k".to_owned(),
            action: "a".to_owned(),
            record: b"{}".to_vec(),
            confirm: false,
        };
        intents
            .insert(
                &[intent("open"), intent("old"), intent("new")],
                IntentSource::Asked,
                1_000,
            )
            .unwrap();
        let day = 86_400_000;
        for (id, at_ms) in [("old", 2_000), ("new", 50 * day)] {
            for (from, to) in [
                (IntentState::Pending, IntentState::Running),
                (IntentState::Running, IntentState::Done),
            ] {
                assert!(intents.set_state(id, from, to, at_ms).unwrap());
            }
        }
        let target = OutputTarget::Sqlite(folder.path().join("records.db"));
        let retention = Retention::default();
        let forgotten = forget(&folder, &target, &retention, 100 * day).unwrap();
        assert_eq!(forgotten, 1);
        assert!(intents.find("old").unwrap().is_none());
        assert!(intents.find("new").unwrap().is_some() && intents.find("open").unwrap().is_some());
        // A folder in which nothing is yet.
        let empty = Folder::of(data.path(), "other");
        assert_eq!(forget(&empty, &target, &retention, 100 * day).unwrap(), 0);
    }
}
