//! Rows that set off a trigger that follows them: what becomes of them later is handed on as well, so that a ticket in
//! another system gets what is said after it was made.

mod changes;
mod looking;

use rusqlite::{Transaction, params};

use self::changes::Changes;
use super::own_writes::{self, Origin, Trace};
use crate::contract::types::{Entry, Intent};

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
    /// What changed of it before the look began.
    changes: Changes,
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

/// Looks among entries for rows that are followed, and has them looked at, but by triggers of which `new` has an intent. What
/// this host wrote itself changes nothing: neither is it news, nor does it make older news of others old.
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
    let mut followed = transaction.prepare_cached(
        "SELECT trigger, trace, due_at_ms IS NOT NULL FROM followed
         WHERE stream = ?1 AND key = ?2 AND trigger NOT IN (SELECT value FROM json_each(?4)) AND (?3 IS NULL OR last_at_ms IS NULL OR ?3 >= last_at_ms)",
    )?;
    for entry in entries {
        let is_source = |intent: &Intent| {
            intent.source_stream == entry.stream && intent.source_key == entry.key
        };
        let new = new.iter().filter(|intent| is_source(intent));
        let triggers: Vec<&str> = new.map(|intent| intent.trigger.as_str()).collect();
        let triggers = serde_json::json!(triggers).to_string();
        let asked = params![entry.stream, entry.key, entry.updated_at_ms, triggers];
        let rows = followed.query_map(asked, |row| {
            let text: Option<String> = row.get(1)?;
            let changes = Changes::of_text(text.as_deref(), row.get(2)?);
            Ok((row.get::<_, String>(0)?, changes))
        })?;
        let rows: Vec<(String, Changes)> = rows.collect::<rusqlite::Result<_>>()?;
        if rows.is_empty() {
            continue;
        }
        let trace = trace(entry);
        let origin = own_writes::origin(transaction, &trace)?;
        for (trigger, mut changes) in rows {
            changes.add(origin, &trace);
            let place = (trigger.as_str(), entry.stream.as_str(), entry.key.as_str());
            match origin {
                Origin::Own => {}
                Origin::Foreign => {
                    is_news(transaction, place, &changes, entry.updated_at_ms, now_ms)?;
                }
                Origin::Unclear(_) => may_be_news(transaction, place, &changes, now_ms)?,
            }
        }
    }
    Ok(())
}

/// A row is looked at now, whatever held it up.
fn is_news(
    transaction: &Transaction<'_>,
    (trigger, stream, key): (&str, &str, &str),
    changes: &Changes,
    at_ms: Option<i64>,
    now_ms: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE followed SET due_at_ms = ?4, tries = 0, trace = ?5, last_at_ms = coalesce(?6, last_at_ms)
             WHERE trigger = ?1 AND stream = ?2 AND key = ?3",
        )?
        .execute(params![trigger, stream, key, now_ms, changes.to_text(), at_ms])?;
    Ok(())
}

/// A row is looked at when it is known that this host did not change it itself.
fn may_be_news(
    transaction: &Transaction<'_>,
    (trigger, stream, key): (&str, &str, &str),
    changes: &Changes,
    now_ms: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE followed SET due_at_ms = coalesce(due_at_ms, ?4), trace = ?5
             WHERE trigger = ?1 AND stream = ?2 AND key = ?3",
        )?
        .execute(params![trigger, stream, key, now_ms, changes.to_text()])?;
    Ok(())
}

#[cfg(test)]
mod tests;
