//! Looks at rows that are followed: which are to be looked at, and what is handed on of them.

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::super::own_writes::Origin;
use super::super::{Intents, QueueError, intents};
use super::FollowedRow;
use super::changes::Changes;
use crate::contract::types::Intent;
use crate::receiver::idempotency_key;

/// How long to wait for a write that may have changed a row.
const WRITE_WAIT_MS: i64 = 1_000;

impl Intents {
    /// Rows that are to be looked at now. What this host's own writes changed is not among them.
    pub fn due_follows(&self, now_ms: i64, most: u32) -> Result<Vec<FollowedRow>, QueueError> {
        self.transact(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT trigger, stream, key, tries, trace FROM followed WHERE due_at_ms <= ?1 ORDER BY due_at_ms LIMIT ?2",
            )?;
            let rows = statement.query_map(params![now_ms, most], |row| {
                let text: Option<String> = row.get(4)?;
                Ok(FollowedRow {
                    trigger: row.get(0)?,
                    stream: row.get(1)?,
                    key: row.get(2)?,
                    tries: row.get(3)?,
                    changes: Changes::of_text(text.as_deref(), true),
                })
            })?;
            let rows: Vec<FollowedRow> = rows.collect::<rusqlite::Result<_>>()?;
            let mut due = Vec::new();
            for row in rows {
                match row.changes.origin(transaction)? {
                    Origin::Foreign => due.push(row),
                    Origin::Own => looked_at(transaction, &row)?,
                    Origin::Unclear(_) => {
                        put_off(transaction, &row, now_ms + WRITE_WAIT_MS, row.tries)?;
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
        self.transact(|transaction| match due_at_ms {
            Some(due_at_ms) => put_off(transaction, row, due_at_ms, row.tries + 1),
            None => looked_at(transaction, row),
        })
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
            looked_at(transaction, row)?;
            let Some(intent) = now else {
                return Ok(false);
            };
            // The order in which they were stored: clocks may go back.
            let last: Option<(String, bool, Vec<u8>, String)> = transaction
                .prepare_cached(
                    "SELECT state, is_fresh, record, id FROM intents
                     WHERE source_stream = ?1 AND source_key = ?2 AND trigger = ?3 ORDER BY rowid DESC LIMIT 1",
                )?
                .query_map(params![row.stream, row.key, row.trigger], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })?
                .next()
                .transpose()?;
            let Some((state, is_fresh, record, last)) = last else {
                return Ok(false);
            };
            let is_news = match state.as_str() {
                "done" | "running" => record != intent.record,
                "pending" => is_fresh && record != intent.record,
                _ => false,
            };
            if !is_news {
                return Ok(false);
            }
            let follow_up = Intent {
                id: follow_up_id(intent, &last),
                confirm: false,
                ..intent.clone()
            };
            let inserted = intents::insert(transaction, &follow_up, now_ms)?;
            if inserted {
                transaction
                    .prepare_cached("UPDATE intents SET is_fresh = 1, follows = 1 WHERE id = ?1")?
                    .execute([&follow_up.id])?;
            }
            Ok(inserted)
        })
    }
}

/// The same record is handed on once behind the same intent; behind a later one it is news again: a row may become what it was.
fn follow_up_id(intent: &Intent, last: &str) -> String {
    idempotency_key([
        intent.trigger.as_bytes(),
        intent.source_stream.as_bytes(),
        intent.source_key.as_bytes(),
        &intent.record,
        last.as_bytes(),
    ])
}

/// A row was looked at, or is not to be: what came meanwhile is still to be looked at.
fn looked_at(transaction: &Transaction<'_>, row: &FollowedRow) -> rusqlite::Result<()> {
    let place = params![row.trigger, row.stream, row.key];
    let stored: Option<(Option<String>, bool)> = transaction
        .prepare_cached(
            "SELECT trace, due_at_ms IS NOT NULL FROM followed WHERE trigger = ?1 AND stream = ?2 AND key = ?3",
        )?
        .query_row(place, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((text, is_due)) = stored else {
        return Ok(());
    };
    let left = Changes::of_text(text.as_deref(), is_due).since(&row.changes);
    transaction
        .prepare_cached(
            "UPDATE followed SET due_at_ms = CASE WHEN ?4 IS NULL THEN NULL ELSE due_at_ms END, tries = 0, trace = ?4
             WHERE trigger = ?1 AND stream = ?2 AND key = ?3",
        )?
        .execute(params![row.trigger, row.stream, row.key, left.to_text()])?;
    Ok(())
}

/// A row is looked at then.
fn put_off(
    transaction: &Transaction<'_>,
    row: &FollowedRow,
    due_at_ms: i64,
    tries: u32,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE followed SET due_at_ms = ?4, tries = ?5 WHERE trigger = ?1 AND stream = ?2 AND key = ?3",
        )?
        .execute(params![row.trigger, row.stream, row.key, due_at_ms, tries])?;
    Ok(())
}
