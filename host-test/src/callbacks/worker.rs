//! Carries out what other systems told: what is about the same object in the order in which they did.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::about::about;
use super::planned::plan;
use crate::alerts::{AlertKind, Event};
use crate::carrying::{MOST_TRIES, OwnWrite, Written, wait_after};
use crate::clock::now_ms;
use crate::connection_file::Callback;
use crate::observers::Observers;
use crate::opened_connection::OpenedConnection;
use crate::runner::RetryPolicy;
use crate::webhook_queue::{About, CallbackState, Intents, QueueError, StoredCallback};

/// Callbacks that are taken from the queue at once.
const AT_ONCE: u32 = 20;

/// What became of callbacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CarriedBack {
    /// Done.
    pub done: u64,
    /// Tried, and tried again later.
    pub put_off: u64,
    /// Given up.
    pub dead: u64,
    /// Kept, because no rule says what is to be done.
    pub unmatched: u64,
}

/// Carries out callbacks.
pub struct CallbackWorker<'a> {
    /// The connection.
    pub connection: &'a OpenedConnection,
    /// The doors.
    pub callbacks: &'a BTreeMap<String, Callback>,
    /// Where callbacks are.
    pub intents: &'a Intents,
    /// How waits are scaled.
    pub retry: &'a RetryPolicy,
}

/// What becomes of one callback.
enum End {
    Done,
    /// Why, and the same without what is in the body.
    Unmatched(String, String),
    Later(String, Option<Duration>),
    Dead(String),
}

impl CallbackWorker<'_> {
    /// Carries out what is due until nothing is.
    pub async fn carry_out(&self) -> Result<CarriedBack, QueueError> {
        let mut carried = CarriedBack::default();
        loop {
            self.look_at_new()?;
            let due = self.intents.due_callbacks(now_ms(), AT_ONCE)?;
            if due.is_empty() {
                return Ok(carried);
            }
            for callback in &due {
                let end = self.carry(callback).await?;
                self.end(callback, end, &mut carried)?;
            }
        }
    }

    /// Says of what came what it is about.
    fn look_at_new(&self) -> Result<(), QueueError> {
        let actions = &self.connection.plugin.descriptor().actions;
        loop {
            let new = self.intents.new_callbacks(AT_ONCE)?;
            if new.is_empty() {
                return Ok(());
            }
            let new = new.iter().map(|stored| {
                let about = match self.callbacks.get(&stored.name) {
                    Some(callback) => about(callback, &body_of(stored), actions),
                    None => About::Nothing,
                };
                (stored.number, about)
            });
            self.intents.set_about(&new.collect::<Vec<_>>())?;
        }
    }

    async fn carry(&self, stored: &StoredCallback) -> Result<End, QueueError> {
        let Some(callback) = self.callbacks.get(&stored.name) else {
            let problem = format!("the connection has no callback `{}` any more", stored.name);
            return Ok(End::Unmatched(problem.clone(), problem));
        };
        let planned = match plan(callback, &body_of(stored)) {
            Ok(planned) => planned,
            Err(none) => return Ok(End::Unmatched(none.to_string(), none.without_values())),
        };
        for write in planned {
            let document = Value::Object(write.row).to_string().into_bytes();
            let write = OwnWrite {
                connection: self.connection,
                intents: self.intents,
                // What an earlier try did is in the journal under this name.
                batch: &format!("callback:{}:{}:{}", stored.name, stored.id, write.rule),
                action: &write.action,
                mode: write.mode.as_deref(),
                document: &document,
                attempt: stored.tries,
                retry: self.retry,
            };
            match write.run().await? {
                Written::Done => {}
                Written::Later { problem, wait } => return Ok(End::Later(problem, wait)),
                Written::Failed { problem } => return Ok(End::Dead(problem)),
            }
        }
        Ok(End::Done)
    }

    /// Tells who wants to know what became of a callback.
    fn tell(&self, stored: &StoredCallback, end: &End) {
        let observers = self.connection.tenant.observers();
        let (kind, door) = (AlertKind::CallbackFailed, &stored.name);
        let since = u64::try_from(now_ms().saturating_sub(stored.received_at_ms));
        let delay = Duration::from_millis(since.unwrap_or_default());
        match end {
            End::Done => {
                observers.metrics.callback("done", delay);
                observers.alerts.event(Event::good(kind, door));
            }
            End::Later(..) if stored.tries + 1 < MOST_TRIES => {
                observers.metrics.callback("put_off", delay);
            }
            End::Unmatched(_, told) => tell_unmatched(observers, door, told, delay),
            End::Later(problem, _) | End::Dead(problem) => {
                observers.metrics.callback("failed", delay);
                let event = Event::bad(kind, door, "callback_dead", problem);
                observers.alerts.event(event);
            }
        }
    }

    fn end(
        &self,
        stored: &StoredCallback,
        end: End,
        carried: &mut CarriedBack,
    ) -> Result<(), QueueError> {
        let StoredCallback {
            number,
            name,
            id,
            tries,
            ..
        } = stored;
        self.tell(stored, &end);
        match end {
            End::Done => {
                carried.done += 1;
                self.intents
                    .set_callback(*number, CallbackState::Done, 0, None)
            }
            End::Unmatched(problem, _) => {
                carried.unmatched += 1;
                tracing::warn!(callback = name, id, "a callback is kept: {problem}");
                self.intents
                    .set_callback(*number, CallbackState::Unmatched, 0, Some(&problem))
            }
            End::Later(problem, asked) if tries + 1 < MOST_TRIES => {
                carried.put_off += 1;
                tracing::warn!(
                    callback = name,
                    id,
                    tries,
                    "a callback is tried later: {problem}"
                );
                let wait = self.retry.scaled(wait_after(*tries, asked));
                let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
                let due_at_ms = now_ms().saturating_add(wait_ms);
                self.intents.set_callback(
                    *number,
                    CallbackState::Pending,
                    due_at_ms,
                    Some(&problem),
                )
            }
            End::Later(problem, _) | End::Dead(problem) => {
                carried.dead += 1;
                tracing::error!(
                    event = "callback_dead",
                    connection = self.connection.tenant.observers().name(),
                    callback = name,
                    id,
                    "what another system told is not carried out: {problem}"
                );
                self.intents
                    .set_callback(*number, CallbackState::Dead, 0, Some(&problem))
            }
        }
    }
}

fn body_of(stored: &StoredCallback) -> Value {
    serde_json::from_slice(&stored.body).unwrap_or_default()
}

/// Tells who wants to know that no rule says what is to be done about what came in at a door.
pub fn tell_unmatched(observers: &Observers, door: &str, reason: &str, delay: Duration) {
    observers.metrics.callback("unmatched", delay);
    let kind = AlertKind::CallbackFailed;
    let event = Event::bad(kind, door, "callback_unmatched", reason);
    observers.alerts.event(event);
}
