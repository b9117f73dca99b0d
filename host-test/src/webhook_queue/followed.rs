//! Rows that set off a trigger that follows them: what becomes of them later is handed on as well, so that a ticket in
//! another system gets what is said after it was made.

use rusqlite::{Transaction, params};
use sha2::{Digest as _, Sha256};

use super::own_writes::{self, Origin, Trace};
use super::{Intents, QueueError};
use crate::contract::types::{Entry, Intent};

/// How long to wait for a write that may have changed a row.
const WRITE_WAIT_MS: i64 = 1_000;

/// A row to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedRow {
    /// The trigger that follows it.
    pub trigger: String,
    /// Its stream.
    pub stream: String,
    /// Its key.
    pub key: String,
    /// How often it was looked at in vain.
    pub tries: u32,
}

/// Follows a row from now on, if its trigger does. `at_ms` is when it changed.
pub(super) fn follow(
    transaction: &Transaction<'_>,
    intent: &Intent,
    at_ms: Option<i64>,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO followed (trigger, stream, key, last_at_ms)
             SELECT name, ?2, ?3, ?4 FROM triggers WHERE name = ?1 AND follows
             ON CONFLICT (stream, key, trigger) DO NOTHING",
        )?
        .execute(params![
            intent.trigger,
            intent.source_stream,
            intent.source_key,
            at_ms
        ])?;
    Ok(())
}

/// Looks among entries for rows that are followed, and has them looked at, but by triggers of which `new` has an intent.
pub(super) fn note(
    transaction: &Transaction<'_>,
    entries: &[Entry],
    new: &[&Intent],
    trace: impl Fn(&Entry) -> Trace,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let any: bool = transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM followed)")?
        .query_row([], |row| row.get(0))?;
    if !any {
        return Ok(());
    }
    let mut due = transaction.prepare_cached(
        "UPDATE followed SET due_at_ms = ?4, tries = 0, last_at_ms = coalesce(?3, last_at_ms),
            trace = CASE WHEN due_at_ms IS NULL THEN ?5 ELSE trace || char(10) || ?5 END
         WHERE stream = ?1 AND key = ?2 AND trigger NOT IN (SELECT value FROM json_each(?6)) AND (?3 IS NULL OR last_at_ms IS NULL OR ?3 >= last_at_ms)",
    )?;
    for entry in entries {
        let is_source = |intent: &Intent| {
            intent.source_stream == entry.stream && intent.source_key == entry.key
        };
        let new = new.iter().filter(|intent| is_source(intent));
        let triggers: Vec<&str> = new.map(|intent| intent.trigger.as_str()).collect();
        due.execute(params![
            entry.stream,
            entry.key,
            entry.updated_at_ms,
            now_ms,
            trace(entry).to_text(),
            serde_json::json!(triggers).to_string()
        ])?;
    }
    Ok(())
}

impl Intents {
    /// Rows that are to be looked at now. What this host's own writes changed is not among them.
    pub fn due_follows(&self, now_ms: i64, most: u32) -> Result<Vec<FollowedRow>, QueueError> {
        self.transact(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT trigger, stream, key, tries, trace FROM followed WHERE due_at_ms <= ?1 ORDER BY due_at_ms LIMIT ?2",
            )?;
            let rows = statement.query_map(params![now_ms, most], |row| {
                let followed = FollowedRow {
                    trigger: row.get(0)?,
                    stream: row.get(1)?,
                    key: row.get(2)?,
                    tries: row.get(3)?,
                };
                Ok((followed, row.get::<_, Option<String>>(4)?))
            })?;
            let rows: Vec<(FollowedRow, Option<String>)> = rows.collect::<rusqlite::Result<_>>()?;
            let mut due = Vec::new();
            for (row, trace) in rows {
                let origin = origin_of_any(transaction, trace.as_deref())?;
                match origin {
                    Origin::Foreign => due.push(row),
                    Origin::Own => set_due(transaction, &row, None)?,
                    Origin::Unclear(_) => {
                        set_due(transaction, &row, Some(now_ms + WRITE_WAIT_MS))?;
                    }
                }
            }
            Ok(due)
        })
    }

    /// A row could not be looked at; it is tried again then, or with its next change.
    pub fn put_off_follow(
        &self,
        row: &FollowedRow,
        due_at_ms: Option<i64>,
    ) -> Result<(), QueueError> {
        self.transact(|transaction| set_due(transaction, row, due_at_ms))
    }

    /// A row was looked at: hands on what became of it, where that is news and what was handed on first is (to be) done. An
    /// intent that is still to be done gets the news by itself. True when there is something new to do.
    pub fn followed(
        &self,
        row: &FollowedRow,
        now: Option<&Intent>,
        now_ms: i64,
    ) -> Result<bool, QueueError> {
        self.transact(|transaction| {
            set_due(transaction, row, None)?;
            let Some(intent) = now else {
                return Ok(false);
            };
            let last: Option<(String, bool, Vec<u8>)> = transaction
                .prepare_cached(
                    "SELECT state, is_fresh, record FROM intents
                     WHERE source_stream = ?1 AND source_key = ?2 AND trigger = ?3 ORDER BY created_at_ms DESC, rowid DESC LIMIT 1",
                )?
                .query_map(params![row.stream, row.key, row.trigger], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?
                .next()
                .transpose()?;
            let is_news = last.is_some_and(|(state, is_fresh, record)| match state.as_str() {
                "done" | "running" => record != intent.record,
                "pending" => is_fresh && record != intent.record,
                _ => false,
            });
            if !is_news {
                return Ok(false);
            }
            let follow_up = Intent {
                id: follow_up_id(intent),
                confirm: false,
                ..intent.clone()
            };
            let inserted = super::intents::insert(transaction, &follow_up, now_ms)?;
            if inserted {
                transaction
                    .prepare_cached("UPDATE intents SET is_fresh = 1, follows = 1 WHERE id = ?1")?
                    .execute([&follow_up.id])?;
            }
            Ok(inserted)
        })
    }
}

/// Whose changes made a row due, a trace in each line: one of somebody else's is news, whatever else there was.
fn origin_of_any(transaction: &Transaction<'_>, traces: Option<&str>) -> rusqlite::Result<Origin> {
    let Some(traces) = traces else {
        return Ok(Origin::Foreign);
    };
    let mut found = Origin::Own;
    for line in traces.lines() {
        let origin = match Trace::of_text(line) {
            Some(trace) => own_writes::origin(transaction, &trace)?,
            None => Origin::Foreign,
        };
        match origin {
            Origin::Foreign => return Ok(Origin::Foreign),
            Origin::Unclear(number) => found = Origin::Unclear(number),
            Origin::Own => {}
        }
    }
    Ok(found)
}

/// The same record of the same row is handed on once.
fn follow_up_id(intent: &Intent) -> String {
    let mut hash = Sha256::new();
    for part in [
        intent.trigger.as_bytes(),
        intent.source_stream.as_bytes(),
        intent.source_key.as_bytes(),
        &intent.record,
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn set_due(
    transaction: &Transaction<'_>,
    row: &FollowedRow,
    due_at_ms: Option<i64>,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE followed SET due_at_ms = ?4, tries = CASE WHEN ?4 IS NULL THEN 0 ELSE tries + 1 END
             WHERE stream = ?1 AND key = ?2 AND trigger = ?3",
        )?
        .execute(params![row.stream, row.key, row.trigger, due_at_ms])?;
    Ok(())
}
