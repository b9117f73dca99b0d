//! Intents: what triggers want done, each once, however often what set it off is delivered. Carrying them out is for others.

mod arriving;
mod carrying;
mod state;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

pub use self::arriving::IntentSource;
pub(super) use self::arriving::{insert, insert_all};
pub(super) use self::carrying::HAS_WORK;
pub use self::carrying::Tried;
pub use self::state::IntentState;
use super::{QueueError, failed, schema};
use crate::contract::types::Intent;

/// An intent as it is stored.
#[derive(Clone, Debug)]
pub struct StoredIntent {
    /// What is wanted.
    pub intent: Intent,
    /// How far it is.
    pub state: IntentState,
    /// When it was stored, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// When its state changed last.
    pub changed_at_ms: i64,
    /// How often it was tried in vain.
    pub tries: u32,
    /// When it is tried (again).
    pub due_at_ms: i64,
    /// What went wrong last.
    pub problem: Option<String>,
    /// Whether its record is what the provider had when it was to be carried out.
    pub is_fresh: bool,
    /// Whether it hands on what became of a row that set it off before.
    pub follows: bool,
}

/// The intents of a queue. Other processes may look at them and change their states while webhooks are taken.
pub struct Intents {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl Intents {
    /// Opens the intents in a queue's database, which is made when there is none.
    pub fn open(path: &Path) -> Result<Intents, QueueError> {
        if let Some(parent) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            std::fs::create_dir_all(parent).map_err(|source| QueueError::Io {
                path: path.to_path_buf(),
                source: Arc::new(source),
            })?;
        }
        Ok(Intents {
            path: path.to_path_buf(),
            connection: Mutex::new(schema::open(path)?),
        })
    }

    /// The intents in a state (`None`: in any), oldest first, so many.
    pub fn list(
        &self,
        state: Option<IntentState>,
        most: u32,
    ) -> Result<Vec<StoredIntent>, QueueError> {
        self.select(
            "WHERE ?1 IS NULL OR state = ?1 ORDER BY created_at_ms, id LIMIT ?2",
            params![state.map(IntentState::name), most],
        )
    }

    /// The intent of an id.
    pub fn find(&self, id: &str) -> Result<Option<StoredIntent>, QueueError> {
        Ok(self.select("WHERE id = ?1", [id])?.pop())
    }

    /// The intents whose ids begin so; not more than two.
    pub fn beginning(&self, id: &str) -> Result<Vec<StoredIntent>, QueueError> {
        let exact = self.select("WHERE id = ?1", [id])?;
        match exact.is_empty() {
            true => self.select(
                "WHERE substr(id, 1, length(?1)) = ?1 ORDER BY id LIMIT 2",
                [id],
            ),
            false => Ok(exact),
        }
    }

    /// How many intents of each trigger are in each state.
    pub fn count(&self) -> Result<BTreeMap<(String, String), u64>, QueueError> {
        self.transact(|transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT trigger, state, count(*) FROM intents GROUP BY 1, 2")?;
            let rows = statement.query_map([], |row| {
                let count: i64 = row.get(2)?;
                Ok(((row.get(0)?, row.get(1)?), count.unsigned_abs()))
            })?;
            rows.collect()
        })
    }

    /// Moves an intent from one state to another; false when it is in another state by now, or not there.
    pub fn set_state(
        &self,
        id: &str,
        from: IntentState,
        to: IntentState,
        now_ms: i64,
    ) -> Result<bool, QueueError> {
        self.transact(|transaction| {
            let changed = transaction
                .prepare_cached(
                    "UPDATE intents SET state = ?3, changed_at_ms = ?4 WHERE id = ?1 AND state = ?2",
                )?
                .execute(params![id, from.name(), to.name(), now_ms])?;
            Ok(changed == 1)
        })
    }

    /// Does something in a transaction of its own.
    pub(in crate::webhook_queue) fn transact<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, QueueError> {
        let mut connection = self.lock();
        let transact = || {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        transact().map_err(failed(&self.path))
    }

    /// What a panic left half done was rolled back.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn select(
        &self,
        which: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<StoredIntent>, QueueError> {
        let question = format!(
            "SELECT id, trigger, source_stream, source_key, action, record, confirm, state, created_at_ms,
                changed_at_ms, tries, due_at_ms, problem, is_fresh, follows FROM intents {which}"
        );
        let connection = self.lock();
        let select = || {
            let mut statement = connection.prepare(&question)?;
            let rows = statement.query_map(parameters, |row| {
                Ok(StoredIntent {
                    intent: Intent {
                        id: row.get(0)?,
                        trigger: row.get(1)?,
                        source_stream: row.get(2)?,
                        source_key: row.get(3)?,
                        action: row.get(4)?,
                        record: row.get(5)?,
                        confirm: row.get(6)?,
                    },
                    state: IntentState::of(&row.get::<_, String>(7)?)
                        .unwrap_or(IntentState::Pending),
                    created_at_ms: row.get(8)?,
                    changed_at_ms: row.get(9)?,
                    tries: row.get(10)?,
                    due_at_ms: row.get(11)?,
                    problem: row.get(12)?,
                    is_fresh: row.get(13)?,
                    follows: row.get(14)?,
                })
            })?;
            rows.collect::<rusqlite::Result<_>>()
        };
        select().map_err(failed(&self.path))
    }
}

/// How many intents there are that nobody has done or dismissed.
pub(super) fn open_ones(connection: &Connection) -> rusqlite::Result<u64> {
    let count: Option<i64> = connection
        .query_row(
            "SELECT count(*) FROM intents WHERE state IN ('unconfirmed', 'pending', 'running')",
            [],
            |row| row.get(0),
        )
        .optional()?;
    Ok(count.and_then(|count| count.try_into().ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests;
