//! What this host wrote to the provider, so that it is known when the provider tells of it: otherwise a reply that came
//! from another system would be handed back to it.
//!
//! A write is remembered before it is sent, by the keys that its row names, and closed with the id of what came of it. An
//! entry is its echo when it is of that object and changed while the write was under way. Until a write is over nobody can
//! tell, so what it may have set off is held that long.

use rusqlite::{OptionalExtension as _, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::contract::types::Entry;

/// Texts of a row that may be keys: not longer, and not more of them.
const LONGEST_KEY: usize = 128;
const MOST_KEYS: usize = 64;

/// How far the provider's whole seconds may lie beside this host's idea of its clock.
const MARGIN_MS: i64 = 1_000;

/// A key, as it is remembered: its hash, since it may be personal.
pub(crate) type KeyHash = [u8; 16];

pub(crate) fn hash(key: &str) -> KeyHash {
    let mut hash = [0; 16];
    hash.copy_from_slice(&Sha256::digest(key)[..16]);
    hash
}

/// A row that changed, for a comparison with what was written.
pub(super) type ChangedRow = (KeyHash, Option<i64>);

/// What may have set off intents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trace {
    rows: Vec<ChangedRow>,
    /// Whether a row that a write only named counts as well as what came of it. A delivery tells of what was made beside
    /// the row in which it was made; a page of rows does not.
    named_count: bool,
}

impl Trace {
    /// Of a delivery. A change without a time happened when the provider told of it.
    pub(super) fn of_delivery(entries: &[Entry], created_at_ms: Option<i64>) -> Trace {
        let rows = entries.iter();
        Trace {
            rows: rows
                .map(|entry| (hash(&entry.key), entry.updated_at_ms.or(created_at_ms)))
                .collect(),
            named_count: false,
        }
    }

    /// Of a row of a page.
    pub(super) fn of_row(entries: &[Entry], stream: &str, key: &str) -> Trace {
        let rows = entries.iter();
        let rows = rows.filter(|entry| entry.stream == stream && entry.key == key);
        Trace {
            rows: rows.map(|entry| (hash(key), entry.updated_at_ms)).collect(),
            named_count: true,
        }
    }

    pub(super) fn to_text(&self) -> String {
        serde_json::json!(self).to_string()
    }

    pub(super) fn of_text(text: &str) -> Option<Trace> {
        serde_json::from_str(text).ok()
    }
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
        "SELECT number, from_ms, until_ms, made FROM own_rows JOIN own_writes USING (number) WHERE row = ?1",
    )?;
    for (row, at_ms) in &trace.rows {
        let mut rows = writes.query([row])?;
        while let Some(write) = rows.next()? {
            let (from_ms, until_ms): (i64, Option<i64>) = (write.get(1)?, write.get(2)?);
            let made: bool = write.get(3)?;
            match until_ms {
                None => found = Origin::Unclear(write.get(0)?),
                Some(until_ms)
                    if (made || trace.named_count) && is_within(*at_ms, from_ms, until_ms) =>
                {
                    return Ok(Origin::Own);
                }
                Some(_) => {}
            }
        }
    }
    Ok(found)
}

/// Whether a change falls into a write. The provider tells whole seconds.
fn is_within(at_ms: Option<i64>, from_ms: i64, until_ms: i64) -> bool {
    at_ms.is_some_and(|at_ms| {
        let last = at_ms.div_euclid(1_000) * 1_000 + 999;
        last >= from_ms - MARGIN_MS && at_ms <= until_ms + MARGIN_MS
    })
}

/// Remembers a write that is about to be sent; gives its number. One that was begun before goes on.
pub(super) fn begin(
    transaction: &Transaction<'_>,
    batch: &str,
    document: &[u8],
    now_ms: i64,
) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO own_writes (batch, from_ms) VALUES (?1, ?2)
             ON CONFLICT (batch) DO UPDATE SET until_ms = NULL",
        )?
        .execute(params![batch, now_ms])?;
    let number: i64 = transaction
        .prepare_cached("SELECT number FROM own_writes WHERE batch = ?1")?
        .query_row([batch], |row| row.get(0))?;
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
/// What it held is let go, or was its echo. Gives how many intents were.
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
    transaction
        .prepare_cached(
            "UPDATE own_writes SET from_ms = from_ms + ?2, until_ms = ?3 WHERE number = ?1",
        )?
        .execute(params![number, ahead_ms, now_ms + ahead_ms])?;
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
