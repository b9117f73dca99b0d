//! Intents on their way out: which are to be carried out, and what came of it.

use rusqlite::params;

use super::super::{QueueError, own_writes};
use super::{IntentState, Intents, StoredIntent};

/// How an intent that was tried ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It was done.
    Done,
    /// It is tried again then, in milliseconds since 1970.
    Later {
        /// When.
        due_at_ms: i64,
        /// Why not now.
        problem: String,
    },
    /// It went wrong for good.
    Failed {
        /// Why.
        problem: String,
    },
}

/// How long a write that never ended holds what it may have set off: whoever made it may be gone.
const LONGEST_HOLD_MS: i64 = 10 * 60 * 1_000;

/// Whether something is to be carried out.
pub(in crate::webhook_queue) const HAS_WORK: &str = "
    SELECT EXISTS (SELECT 1 FROM intents WHERE state IN ('pending', 'running'))
        OR EXISTS (SELECT 1 FROM callbacks WHERE state = 'pending')
        OR EXISTS (SELECT 1 FROM followed WHERE due_at_ms IS NOT NULL)";

impl Intents {
    /// Intents that can be carried out now, those that wait longest first. Those that may be echoes of a write under way
    /// wait, and so does what a trigger wants for a row while it wants something earlier for it that is still to be done: a
    /// retry would put an older state over a newer one. A trigger that is switched off makes no more; what it made before is
    /// somebody's decision.
    pub fn due(&self, now_ms: i64, most: u32) -> Result<Vec<StoredIntent>, QueueError> {
        self.select(
            "WHERE state = 'pending' AND due_at_ms <= ?1
             AND NOT EXISTS (SELECT 1 FROM own_writes WHERE number = held_by AND until_ms IS NULL AND from_ms > ?2)
             AND NOT EXISTS (SELECT 1 FROM intents AS older
                WHERE older.source_stream = intents.source_stream AND older.source_key = intents.source_key
                AND older.trigger = intents.trigger AND older.state IN ('pending', 'running') AND older.rowid < intents.rowid)
             ORDER BY due_at_ms, created_at_ms, id LIMIT ?3",
            params![now_ms, now_ms.saturating_sub(LONGEST_HOLD_MS), most],
        )
    }

    /// Whether something is to be carried out: an intent, a callback, or a look at a row that is followed.
    pub fn has_work(&self) -> Result<bool, QueueError> {
        self.transact(|transaction| {
            transaction
                .prepare_cached(HAS_WORK)?
                .query_row([], |row| row.get(0))
        })
    }

    /// Takes an intent that failed up again, as if it had never been tried; false when it did not fail.
    pub fn try_again(&self, id: &str, now_ms: i64) -> Result<bool, QueueError> {
        self.transact(|transaction| {
            let changed = transaction
                .prepare_cached(
                    "UPDATE intents SET state = 'pending', tries = 0, due_at_ms = 0, problem = NULL, changed_at_ms = ?2
                     WHERE id = ?1 AND state = 'failed'",
                )?
                .execute(params![id, now_ms])?;
            Ok(changed == 1)
        })
    }

    /// Takes up what somebody was about to do when his process ended. He may have done it, which counts as a try.
    pub fn take_up(&self, now_ms: i64) -> Result<usize, QueueError> {
        self.transact(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE intents SET state = 'pending', tries = tries + 1, changed_at_ms = ?1 WHERE state = 'running'",
                )?
                .execute([now_ms])
        })
    }

    /// Keeps the record that an intent is carried out with. It is the same in every further try.
    pub fn keep_record(&self, id: &str, record: &[u8]) -> Result<(), QueueError> {
        self.transact(|transaction| {
            transaction
                .prepare_cached("UPDATE intents SET record = ?2, is_fresh = 1 WHERE id = ?1")?
                .execute(params![id, record])?;
            Ok(())
        })
    }

    /// Says how an intent ended that somebody was about to do.
    pub fn tried(&self, id: &str, tried: &Tried, now_ms: i64) -> Result<(), QueueError> {
        let (state, due_at_ms, problem) = match tried {
            Tried::Done => (IntentState::Done, 0, None),
            Tried::Later { due_at_ms, problem } => {
                (IntentState::Pending, *due_at_ms, Some(problem))
            }
            Tried::Failed { problem } => (IntentState::Failed, 0, Some(problem)),
        };
        self.transact(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE intents SET state = ?2, due_at_ms = ?3, problem = ?4, changed_at_ms = ?5,
                        tries = tries + (?2 <> 'done') WHERE id = ?1 AND state = 'running'",
                )?
                .execute(params![id, state.name(), due_at_ms, problem, now_ms])?;
            Ok(())
        })
    }

    /// Remembers a write that is about to be sent; gives its number, to end it.
    pub fn begin_write(
        &self,
        batch: &str,
        document: &[u8],
        now_ms: i64,
    ) -> Result<i64, QueueError> {
        self.transact(|transaction| own_writes::begin(transaction, batch, document, now_ms))
    }

    /// A write is over: `made` is the id of what came of it, and `ahead_ms` how far the provider's clock is ahead of this
    /// host's. Gives how many intents were its echo, and are gone.
    pub fn end_write(
        &self,
        number: i64,
        made: Option<&str>,
        now_ms: i64,
        ahead_ms: i64,
    ) -> Result<usize, QueueError> {
        self.transact(|transaction| own_writes::end(transaction, number, made, now_ms, ahead_ms))
    }

    /// A try of a write may have been applied, and the write is made again.
    pub fn leave_write(&self, number: i64, now_ms: i64, ahead_ms: i64) -> Result<(), QueueError> {
        self.transact(|transaction| own_writes::end_try(transaction, number, now_ms, ahead_ms))
    }

    /// A try of a write came to nothing. It is made again, or `is_over`. Gives how many intents were the echo of an earlier
    /// try, and are gone.
    pub fn undo_write(&self, number: i64, is_over: bool, now_ms: i64) -> Result<usize, QueueError> {
        self.transact(|transaction| own_writes::undo_try(transaction, number, is_over, now_ms))
    }
}
