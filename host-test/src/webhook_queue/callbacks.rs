//! What other systems told, durably stored before they hear of it, until everything that their rules want of it is done.

mod turns;

use rusqlite::{Transaction, params};

use self::turns::Turns;
use super::{Intents, QueueError};

/// How far a callback is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackState {
    /// It is to be done.
    Pending,
    /// All of it was done.
    Done,
    /// No rule says what is to be done about it. It is kept.
    Unmatched,
    /// It went wrong for good.
    Dead,
    /// A person did not want it.
    Dismissed,
}

/// Names as the database has them.
const STATES: &[(CallbackState, &str)] = &[
    (CallbackState::Pending, "pending"),
    (CallbackState::Done, "done"),
    (CallbackState::Unmatched, "unmatched"),
    (CallbackState::Dead, "dead"),
    (CallbackState::Dismissed, "dismissed"),
];

impl CallbackState {
    /// Its name for programs.
    pub fn name(self) -> &'static str {
        let named = STATES.iter().find(|(state, _)| *state == self);
        named.map_or("pending", |(_, name)| name)
    }

    /// The state of a name.
    pub fn of(name: &str) -> Option<CallbackState> {
        let named = STATES.iter().find(|(_, known)| *known == name);
        named.map(|(state, _)| *state)
    }
}

/// What a callback is about: what is about the same is done in the order in which it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// Nothing is to be done.
    Nothing,
    /// The objects of these names.
    Objects(Vec<String>),
    /// Any object, as far as anybody knows.
    Anything,
}

/// A callback that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCallback {
    /// The door's name.
    pub name: String,
    /// The same whenever it is delivered again.
    pub id: String,
    /// It, whole.
    pub body: Vec<u8>,
    /// Why no rule says what is to be done; absent: one does.
    pub unmatched: Option<String>,
}

/// A callback as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCallback {
    /// Its place in the order in which callbacks came.
    pub number: i64,
    /// The door's name.
    pub name: String,
    /// The same whenever it is delivered again.
    pub id: String,
    /// When it came in, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// It, whole; empty when it is done.
    pub body: Vec<u8>,
    /// How far it is.
    pub state: CallbackState,
    /// How often it was tried in vain.
    pub tries: u32,
    /// What went wrong last.
    pub problem: Option<String>,
}

impl Intents {
    /// Stores a callback, unless it was stored before; false then.
    pub fn take_callback(&self, callback: &NewCallback, now_ms: i64) -> Result<bool, QueueError> {
        let state = match callback.unmatched {
            None => CallbackState::Pending,
            Some(_) => CallbackState::Unmatched,
        };
        self.transact(|transaction| {
            let inserted = transaction
                .prepare_cached(
                    "INSERT OR IGNORE INTO callbacks (name, id, received_at_ms, body, state, problem)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    callback.name,
                    callback.id,
                    now_ms,
                    callback.body,
                    state.name(),
                    callback.unmatched
                ])?;
            Ok(inserted == 1)
        })
    }

    /// Callbacks that can be carried out now, in the order in which they came. One waits while an earlier one at the same
    /// door that may be about the same is still to be done: a retry would put an older state over a newer one.
    pub fn due_callbacks(&self, now_ms: i64, most: u32) -> Result<Vec<StoredCallback>, QueueError> {
        let due = self.transact(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT number, name, due_at_ms, objects FROM callbacks WHERE state = 'pending' ORDER BY number",
            )?;
            let mut pending = statement.query([])?;
            let (mut turns, mut due) = (Turns::default(), Vec::new());
            while due.len() < most as usize
                && let Some(row) = pending.next()?
            {
                let (number, door): (i64, String) = (row.get(0)?, row.get(1)?);
                let objects: Option<Vec<u8>> = row.get(3)?;
                let is_next = turns.take(&door, objects.as_deref());
                if is_next && row.get::<_, i64>(2)? <= now_ms {
                    due.push(number);
                }
            }
            Ok(due)
        })?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let numbers = serde_json::json!(due).to_string();
        self.callbacks(
            "WHERE number IN (SELECT value FROM json_each(?1)) ORDER BY number",
            [numbers],
        )
    }

    /// Callbacks to be done of which nobody looked yet what they are about, in the order in which they came.
    pub fn new_callbacks(&self, most: u32) -> Result<Vec<StoredCallback>, QueueError> {
        self.callbacks(
            "WHERE state = 'pending' AND objects IS NULL ORDER BY number LIMIT ?1",
            [most],
        )
    }

    /// Says what callbacks are about.
    pub fn set_about(&self, about: &[(i64, About)]) -> Result<(), QueueError> {
        self.transact(|transaction| {
            let mut update = transaction
                .prepare_cached("UPDATE callbacks SET objects = ?2 WHERE number = ?1")?;
            for (number, about) in about {
                update.execute(params![number, turns::packed(about)])?;
            }
            Ok(())
        })
    }

    /// The callbacks in a state (`None`: in any), oldest first, so many.
    pub fn list_callbacks(
        &self,
        state: Option<CallbackState>,
        most: u32,
    ) -> Result<Vec<StoredCallback>, QueueError> {
        self.callbacks(
            "WHERE ?1 IS NULL OR state = ?1 ORDER BY number LIMIT ?2",
            params![state.map(CallbackState::name), most],
        )
    }

    /// The callback of a number.
    pub fn find_callback(&self, number: i64) -> Result<Option<StoredCallback>, QueueError> {
        Ok(self.callbacks("WHERE number = ?1", [number])?.pop())
    }

    /// Moves a callback into a state. What is done or dismissed needs its body no more. `due_at_ms` is when it is tried
    /// again, where it is pending.
    pub fn set_callback(
        &self,
        number: i64,
        state: CallbackState,
        due_at_ms: i64,
        problem: Option<&str>,
    ) -> Result<(), QueueError> {
        let ended = matches!(state, CallbackState::Done | CallbackState::Dismissed);
        self.transact(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE callbacks SET state = ?2, due_at_ms = ?3, problem = ?4,
                        tries = CASE WHEN ?4 IS NULL THEN 0 ELSE tries + 1 END,
                        body = CASE WHEN ?5 THEN x'' ELSE body END,
                        objects = CASE ?2 WHEN 'pending' THEN objects END WHERE number = ?1",
                )?
                .execute(params![number, state.name(), due_at_ms, problem, ended])?;
            Ok(())
        })
    }

    fn callbacks(
        &self,
        which: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<StoredCallback>, QueueError> {
        let question = format!(
            "SELECT number, name, id, received_at_ms, body, state, tries, problem FROM callbacks {which}"
        );
        self.transact(|transaction| {
            let mut statement = transaction.prepare(&question)?;
            let rows = statement.query_map(parameters, |row| {
                Ok(StoredCallback {
                    number: row.get(0)?,
                    name: row.get(1)?,
                    id: row.get(2)?,
                    received_at_ms: row.get(3)?,
                    body: row.get(4)?,
                    state: CallbackState::of(&row.get::<_, String>(5)?)
                        .unwrap_or(CallbackState::Pending),
                    tries: row.get(6)?,
                    problem: row.get(7)?,
                })
            })?;
            rows.collect()
        })
    }
}

/// Forgets the ids of what is over and came before a time, and before another one what was given up.
pub(super) fn forget(
    transaction: &Transaction<'_>,
    before_ms: i64,
    kept_from_ms: i64,
) -> rusqlite::Result<()> {
    for (states, before_ms) in [
        ("'done', 'dismissed'", before_ms),
        // An id is remembered as long as the others.
        ("'unmatched', 'dead'", before_ms.min(kept_from_ms)),
    ] {
        let statement =
            format!("DELETE FROM callbacks WHERE state IN ({states}) AND received_at_ms < ?1");
        transaction
            .prepare_cached(&statement)?
            .execute([before_ms])?;
    }
    Ok(())
}
