//! What this host wrote to the provider, so that it is known when the provider tells of it: otherwise a reply that came
//! from another system would be handed back to it.
//!
//! A write is remembered before it is sent, by the keys that its row names, and closed with the id of what came of it. An
//! entry is its echo when it is of that object and changed during a try that may have been applied: what happened between two
//! tries was somebody else. Until a write is over nobody can tell what it made, so what a try may have set off is held that
//! long.

mod trace;

use rusqlite::{OptionalExtension as _, Transaction, params};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub(super) use self::trace::Trace;

/// Texts of a row that may be keys: not longer, and not more of them.
const LONGEST_KEY: usize = 128;
const MOST_KEYS: usize = 64;

/// How far the provider's whole seconds may lie beside this host's idea of its clock.
const MARGIN_MS: i64 = 1_000;

/// How long a try may have been under way whose process died.
const LONGEST_TRY_MS: i64 = 60_000;

/// A key, as it is remembered: its hash, since it may be personal.
pub(crate) type KeyHash = [u8; 16];

pub(crate) fn hash(key: &str) -> KeyHash {
    let mut hash = [0; 16];
    hash.copy_from_slice(&Sha256::digest(key)[..16]);
    hash
}

/// Whose change it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Somebody else's.
    Foreign,
    /// This host's.
    Own,
    /// It hangs on a write that is not over.
    Unclear(i64),
}

/// Whose change a trace shows.
pub(super) fn origin(transaction: &Transaction<'_>, trace: &Trace) -> rusqlite::Result<Origin> {
    let mut found = Origin::Foreign;
    let mut writes = transaction.prepare_cached(
        "SELECT number, until_ms IS NULL, made,
            EXISTS (SELECT 1 FROM own_tries WHERE number = own_rows.number AND until_ms IS NULL)
         FROM own_rows JOIN own_writes USING (number) WHERE row = ?1",
    )?;
    for (place, (row, at_ms)) in trace.rows.iter().enumerate() {
        let mut rows = writes.query([row])?;
        while let Some(write) = rows.next()? {
            let (number, is_open, made): (i64, bool, bool) =
                (write.get(0)?, write.get(1)?, write.get(2)?);
            if is_open {
                // Between two tries of a write nothing is its echo but what an earlier try did.
                let is_under_way: bool = write.get(3)?;
                if is_under_way || is_during_a_try(transaction, number, *at_ms)? {
                    found = Origin::Unclear(number);
                }
            } else if trace.decides(place)
                && (made || trace.named_count)
                && is_during_a_try(transaction, number, *at_ms)?
            {
                return Ok(Origin::Own);
            }
        }
    }
    Ok(found)
}

fn is_during_a_try(
    transaction: &Transaction<'_>,
    number: i64,
    at_ms: Option<i64>,
) -> rusqlite::Result<bool> {
    let mut tries = transaction.prepare_cached(
        "SELECT from_ms, coalesce(until_ms, from_ms + ?2) FROM own_tries WHERE number = ?1",
    )?;
    let mut tries = tries.query([number, LONGEST_TRY_MS])?;
    while let Some(one) = tries.next()? {
        if is_within(at_ms, one.get(0)?, one.get(1)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a change falls into a try. The provider tells whole seconds.
fn is_within(at_ms: Option<i64>, from_ms: i64, until_ms: i64) -> bool {
    at_ms.is_some_and(|at_ms| {
        let last = at_ms.div_euclid(1_000) * 1_000 + 999;
        last >= from_ms - MARGIN_MS && at_ms <= until_ms + MARGIN_MS
    })
}

/// Remembers a write that is about to be sent; gives its number. One that was begun before and is not over goes on.
pub(super) fn begin(
    transaction: &Transaction<'_>,
    batch: &str,
    document: &[u8],
    now_ms: i64,
) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO own_writes (batch, from_ms) VALUES (?1, ?2)
             ON CONFLICT (batch) DO UPDATE SET until_ms = NULL,
                from_ms = CASE WHEN until_ms IS NULL THEN from_ms ELSE excluded.from_ms END",
        )?
        .execute(params![batch, now_ms])?;
    let number: i64 = transaction
        .prepare_cached("SELECT number FROM own_writes WHERE batch = ?1")?
        .query_row([batch], |row| row.get(0))?;
    transaction
        .prepare_cached(
            "UPDATE own_tries SET until_ms = from_ms + ?2 WHERE number = ?1 AND until_ms IS NULL",
        )?
        .execute([number, LONGEST_TRY_MS])?;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO own_tries (number, from_ms) VALUES (?1, ?2)")?
        .execute([number, now_ms])?;
    let mut keys = Vec::new();
    if let Ok(document) = serde_json::from_slice(document) {
        possible_keys(&document, &mut keys);
    }
    for key in keys {
        insert_row(transaction, &key, number, false)?;
    }
    Ok(number)
}

fn insert_row(
    transaction: &Transaction<'_>,
    key: &str,
    number: i64,
    made: bool,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO own_rows (row, number, made) VALUES (?1, ?2, ?3)
             ON CONFLICT (row, number) DO UPDATE SET made = max(made, excluded.made)",
        )?
        .execute(params![hash(key), number, made])?;
    Ok(())
}

/// Every text and whole number of a row that may be a key: which of them are is the provider's to know.
fn possible_keys(value: &Value, keys: &mut Vec<String>) {
    if keys.len() >= MOST_KEYS {
        return;
    }
    match value {
        Value::String(text) if !text.is_empty() && text.len() <= LONGEST_KEY => {
            keys.push(text.clone());
        }
        Value::Number(number) if number.is_u64() => keys.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| possible_keys(item, keys)),
        Value::Object(members) => members
            .values()
            .for_each(|value| possible_keys(value, keys)),
        _ => {}
    }
}

/// A write is over: `made` is the id of what came of it, and `ahead_ms` how far the provider's clock is ahead of this host's.
/// Gives how many intents were its echo.
pub(super) fn end(
    transaction: &Transaction<'_>,
    number: i64,
    made: Option<&str>,
    now_ms: i64,
    ahead_ms: i64,
) -> rusqlite::Result<usize> {
    if let Some(made) = made {
        insert_row(transaction, made, number, true)?;
    }
    end_try(transaction, number, now_ms, ahead_ms)?;
    close(transaction, number, now_ms)
}

/// A try may have been applied, and the write is made again: it goes on.
pub(super) fn end_try(
    transaction: &Transaction<'_>,
    number: i64,
    now_ms: i64,
    ahead_ms: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE OR REPLACE own_tries SET from_ms = from_ms + ?2, until_ms = ?3 WHERE number = ?1 AND until_ms IS NULL",
        )?
        .execute(params![number, ahead_ms, now_ms + ahead_ms])?;
    Ok(())
}

/// A try came to nothing. Where none before it may have been applied either, nothing was written at all; else the write goes
/// on, or `is_over`. Gives how many intents were its echo.
pub(super) fn undo_try(
    transaction: &Transaction<'_>,
    number: i64,
    is_over: bool,
    now_ms: i64,
) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached("DELETE FROM own_tries WHERE number = ?1 AND until_ms IS NULL")?
        .execute([number])?;
    let is_nothing = !transaction
        .prepare_cached("SELECT 1 FROM own_tries WHERE number = ?1")?
        .exists([number])?;
    match is_nothing || is_over {
        true => close(transaction, number, now_ms),
        false => Ok(0),
    }
}

/// Closes a write: what it held is let go, or was its echo. Gives how many intents were.
fn close(transaction: &Transaction<'_>, number: i64, now_ms: i64) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached("UPDATE own_writes SET until_ms = ?2 WHERE number = ?1")?
        .execute([number, now_ms])?;
    let mut held =
        transaction.prepare_cached("SELECT id, origin FROM intents WHERE held_by = ?1")?;
    let held: Vec<(String, Option<String>)> = held
        .query_map([number], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut own = 0;
    for (id, text) in held {
        let trace = text.as_deref().and_then(Trace::of_text);
        let origin = match &trace {
            Some(trace) => origin(transaction, trace)?,
            None => Origin::Foreign,
        };
        let held_by = match origin {
            Origin::Own => {
                own += transaction
                    .prepare_cached(
                        "DELETE FROM intents WHERE id = ?1 AND state IN ('unconfirmed', 'pending')",
                    )?
                    .execute([&id])?;
                continue;
            }
            Origin::Unclear(other) => Some(other),
            Origin::Foreign => None,
        };
        transaction
            .prepare_cached("UPDATE intents SET held_by = ?2 WHERE id = ?1")?
            .execute(params![id, held_by])?;
    }
    Ok(own)
}

/// Holds an intent until a write is over.
pub(super) fn hold(
    transaction: &Transaction<'_>,
    intent: &str,
    number: i64,
    trace: &Trace,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE intents SET held_by = ?2, origin = ?3 WHERE id = ?1")?
        .execute(params![intent, number, trace.to_text()])?;
    Ok(())
}

/// Forgets writes that began before a time.
pub(super) fn forget(transaction: &Transaction<'_>, before_ms: i64) -> rusqlite::Result<()> {
    let newest: Option<i64> = transaction
        .prepare_cached("SELECT max(number) FROM own_writes WHERE from_ms < ?1")?
        .query_row([before_ms], |row| row.get(0))
        .optional()?
        .flatten();
    if let Some(newest) = newest {
        for statement in [
            "DELETE FROM own_tries WHERE number <= ?1 AND number IN (SELECT number FROM own_writes WHERE from_ms < ?2)",
            "DELETE FROM own_rows WHERE number <= ?1 AND number IN (SELECT number FROM own_writes WHERE from_ms < ?2)",
            "DELETE FROM own_writes WHERE number <= ?1 AND from_ms < ?2",
        ] {
            transaction
                .prepare_cached(statement)?
                .execute(params![newest, before_ms])?;
        }
    }
    Ok(())
}
