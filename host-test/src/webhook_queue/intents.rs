//! Intents: what triggers want done, each once, however often what set it off is delivered. Carrying them out is for others.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::{QueueError, failed, schema};
use crate::contract::types::Intent;

/// How far an intent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntentState {
    /// A person has to agree first.
    Unconfirmed,
    /// It is to be done.
    Pending,
    /// Somebody is about to do it.
    Running,
    /// It was done.
    Done,
    /// It went wrong for good.
    Failed,
    /// A person did not want it.
    Dismissed,
}

/// Names as the database has them.
const STATES: &[(IntentState, &str)] = &[
    (IntentState::Unconfirmed, "unconfirmed"),
    (IntentState::Pending, "pending"),
    (IntentState::Running, "running"),
    (IntentState::Done, "done"),
    (IntentState::Failed, "failed"),
    (IntentState::Dismissed, "dismissed"),
];

impl IntentState {
    /// Its name for programs.
    pub fn name(self) -> &'static str {
        let named = STATES.iter().find(|(state, _)| *state == self);
        named.map_or("pending", |(_, name)| name)
    }

    /// The state of a name.
    pub fn of(name: &str) -> Option<IntentState> {
        let named = STATES.iter().find(|(_, known)| *known == name);
        named.map(|(state, _)| *state)
    }

    /// How an intent begins.
    fn first(intent: &Intent) -> IntentState {
        match intent.confirm {
            true => IntentState::Unconfirmed,
            false => IntentState::Pending,
        }
    }
}

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
}

/// The intents of a queue. Other processes may look at them and change their states while webhooks are taken.
pub struct Intents {
    path: PathBuf,
    connection: Connection,
}

impl Intents {
    /// Opens the intents in a queue's database, which is made when there is none.
    pub fn open(path: &Path) -> Result<Intents, QueueError> {
        Ok(Intents {
            path: path.to_path_buf(),
            connection: schema::open(path)?,
        })
    }

    /// Stores intents; gives how many of them are new.
    pub fn insert(&mut self, intents: &[Intent], now_ms: i64) -> Result<usize, QueueError> {
        let failed = failed(&self.path);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&failed)?;
        let mut new = 0;
        for intent in intents {
            new += usize::from(insert(&transaction, intent, now_ms).map_err(&failed)?);
        }
        transaction.commit().map_err(&failed)?;
        Ok(new)
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

    /// Moves an intent from one state to another; false when it is in another state by now, or not there.
    pub fn set_state(
        &self,
        id: &str,
        from: IntentState,
        to: IntentState,
        now_ms: i64,
    ) -> Result<bool, QueueError> {
        let changed = self.connection.execute(
            "UPDATE intents SET state = ?3, changed_at_ms = ?4 WHERE id = ?1 AND state = ?2",
            params![id, from.name(), to.name(), now_ms],
        );
        changed
            .map(|changed| changed == 1)
            .map_err(failed(&self.path))
    }

    fn select(
        &self,
        which: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<StoredIntent>, QueueError> {
        let question = format!(
            "SELECT id, trigger, source_stream, source_key, action, record, confirm, state, created_at_ms,
                changed_at_ms FROM intents {which}"
        );
        let select = || {
            let mut statement = self.connection.prepare(&question)?;
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
                    state: state_of(row.get_ref(7)?.as_str()?)?,
                    created_at_ms: row.get(8)?,
                    changed_at_ms: row.get(9)?,
                })
            })?;
            rows.collect::<rusqlite::Result<_>>()
        };
        select().map_err(failed(&self.path))
    }
}

fn state_of(name: &str) -> rusqlite::Result<IntentState> {
    IntentState::of(name).ok_or_else(|| {
        let unknown = format!("`{name}` is no state of an intent");
        rusqlite::Error::FromSqlConversionFailure(7, rusqlite::types::Type::Text, unknown.into())
    })
}

/// Stores an intent; false when its id is there already.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    intent: &Intent,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    let inserted = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO intents (id, trigger, source_stream, source_key, action, record,
                confirm, state, created_at_ms, changed_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
        )?
        .execute(params![
            intent.id,
            intent.trigger,
            intent.source_stream,
            intent.source_key,
            intent.action,
            intent.record,
            intent.confirm,
            IntentState::first(intent).name(),
            now_ms
        ])?;
    Ok(inserted == 1)
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
