//! Carries out what triggers want: what the component can do is written, everything else is handed to somebody who knows
//! it.
//!
//! One process at a time does it for a queue, and holds its lock. An intent that it was about to do when it died is taken up
//! by the next one: a write by the component's journal, which knows the intent's id, and a line by what the file holds.

mod before;
mod created;
mod follow;
mod own_write;
mod served;
mod sink;
mod target;
mod waiting;
mod whole_rows;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

pub use self::created::{CreateError, create, find_trigger};
use self::follow::NoRecord;
pub use self::own_write::{OwnWrite, Written};
pub use self::served::{Carrying, CarryingError};
pub use self::sink::{IntentSink, SinkError};
pub use self::target::target_keys;
pub use self::waiting::{Looked, look_at_waiting};
pub use self::whole_rows::look_at_whole_rows;
use crate::alerts::{AlertKind, Event};
use crate::attachments::Attachments;
use crate::clock::now_ms;
use crate::connection_file::ConnectionFile;
use crate::contract::types::Intent;
use crate::opened_connection::OpenedConnection;
use crate::position::{LockError, StateLock};
use crate::runner::RetryPolicy;
use crate::webhook_queue::{IntentState, Intents, QueueError, StoredIntent, Tried};

/// Intents that are taken from the queue at once.
const AT_ONCE: u32 = 20;

/// The first wait after a try that failed; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// The longest such wait.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// An intent that failed so often is given up.
pub const MOST_TRIES: u32 = 12;

/// How long to wait after so many failed tries, or as long as somebody asks for.
pub fn wait_after(tries: u32, asked: Option<Duration>) -> Duration {
    let own = FIRST_WAIT
        .saturating_mul(2_u32.saturating_pow(tries))
        .min(LONGEST_WAIT);
    own.max(asked.unwrap_or_default())
}

/// The right to carry out the intents of a queue, given back when dropped.
pub fn lock(queue: &Path) -> Result<StateLock, LockError> {
    let mut name = queue.as_os_str().to_owned();
    name.push(".intents");
    StateLock::take(Path::new(&name))
}

/// Where the component's journal of a queue is: what must not be done twice is in it.
pub fn journal(queue: &Path) -> PathBuf {
    let mut name = queue.as_os_str().to_owned();
    name.push(".journal");
    PathBuf::from(name)
}

/// Where intents go that nobody named a place for: beside the queue, and in the directory of lines among them.
pub fn lines_beside(queue: &Path) -> PathBuf {
    let name = queue.file_name().and_then(|name| name.to_str());
    match name.is_some_and(|name| name.starts_with('.')) {
        true => queue.with_file_name("intents.jsonl"),
        false => queue.with_extension("intents.jsonl"),
    }
}

/// Tells the queue of the triggers of a connection's file.
pub fn declare(intents: &Intents, file: &ConnectionFile) -> Result<(), QueueError> {
    let triggers = file.triggers.iter();
    intents.declare(triggers.map(|(name, trigger)| (name, trigger.enabled, trigger.follow)))
}

/// What became of intents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Carried {
    /// Done.
    pub done: u64,
    /// Tried, and tried again later.
    pub put_off: u64,
    /// Given up.
    pub failed: u64,
}

impl Carried {
    /// Whether nothing was tried.
    pub fn is_empty(self) -> bool {
        self == Carried::default()
    }
}

/// Carries out intents.
pub struct Carrier<'a> {
    /// The connection.
    pub connection: &'a OpenedConnection,
    /// The intents.
    pub intents: &'a Intents,
    /// Who gets those that the component cannot do.
    pub sink: &'a IntentSink,
    /// Copies what their records name, where the connection wants that.
    pub attachments: Option<&'a Attachments>,
    /// How waits are scaled.
    pub retry: &'a RetryPolicy,
}

impl Carrier<'_> {
    /// Carries out what is due until nothing is.
    pub async fn carry_out(&self) -> Result<Carried, QueueError> {
        let mut carried = Carried::default();
        loop {
            self.follow().await?;
            let due = self.intents.due(now_ms(), AT_ONCE)?;
            if due.is_empty() {
                return Ok(carried);
            }
            for stored in &due {
                let id = &stored.intent.id;
                let (from, to) = (IntentState::Pending, IntentState::Running);
                if !self.intents.set_state(id, from, to, now_ms())? {
                    continue;
                }
                let tried = self.carry(stored).await?;
                self.intents.tried(id, &tried, now_ms())?;
                self.tell(stored, &tried);
                match tried {
                    Tried::Done => carried.done += 1,
                    Tried::Later { .. } => carried.put_off += 1,
                    Tried::Failed { .. } => carried.failed += 1,
                }
            }
        }
    }

    async fn carry(&self, stored: &StoredIntent) -> Result<Tried, QueueError> {
        let record = match self.whole_record(stored).await? {
            Ok(record) => record,
            Err(NoRecord::Unread(problem)) => return Ok(self.later(stored, problem, None)),
            Err(NoRecord::LeftOut(problem)) => return Ok(Tried::Failed { problem }),
        };
        let intent = &stored.intent;
        let descriptor = self.connection.plugin.descriptor();
        let mut actions = descriptor.actions.iter();
        if actions.any(|action| action.name == intent.action) {
            let trigger = self.connection.file.triggers.get(&intent.trigger);
            let write = OwnWrite {
                connection: self.connection,
                intents: self.intents,
                batch: &intent.id,
                action: &intent.action,
                mode: trigger.and_then(|trigger| trigger.mode.as_deref()),
                document: &record,
                attempt: stored.tries,
                retry: self.retry,
            };
            return Ok(match write.run().await? {
                Written::Done => Tried::Done,
                Written::Later { problem, wait } => self.later(stored, problem, wait),
                Written::Failed { problem } => Tried::Failed { problem },
            });
        }
        let record = self.with_copies(intent, record).await?;
        Ok(match self.sink.give(stored, &record).await {
            Ok(()) => Tried::Done,
            Err(SinkError {
                problem,
                passes: true,
                wait,
            }) => self.later(stored, problem, wait),
            Err(SinkError { problem, .. }) => Tried::Failed { problem },
        })
    }

    /// The record as it is handed on. What is stored keeps the addresses that the provider gave: they tell whether a row
    /// that is followed changed.
    async fn with_copies(&self, intent: &Intent, record: Vec<u8>) -> Result<Vec<u8>, QueueError> {
        let Some(attachments) = self.attachments else {
            return Ok(record);
        };
        let Ok(parsed) = serde_json::from_slice(&record) else {
            return Ok(record);
        };
        let mut copied = attachments.copy(parsed).await;
        let places = attachments.places(&mut copied);
        self.intents
            .keep_copies(&intent.source_stream, &intent.source_key, &places)?;
        Ok(copied.to_string().into_bytes())
    }

    fn later(&self, stored: &StoredIntent, problem: String, asked: Option<Duration>) -> Tried {
        if stored.tries + 1 >= MOST_TRIES {
            return Tried::Failed { problem };
        }
        let wait = self.retry.scaled(wait_after(stored.tries, asked));
        let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        Tried::Later {
            due_at_ms: now_ms().saturating_add(wait_ms),
            problem,
        }
    }

    fn tell(&self, stored: &StoredIntent, tried: &Tried) {
        let StoredIntent { intent, tries, .. } = stored;
        let (id, trigger, action) = (&intent.id, &intent.trigger, &intent.action);
        let observers = self.connection.tenant.observers();
        let kind = AlertKind::IntentFailed;
        match tried {
            Tried::Done => {
                observers.metrics.intent(action, "done");
                observers.alerts.event(Event::good(kind, trigger));
            }
            Tried::Later { .. } => observers.metrics.intent(action, "put_off"),
            Tried::Failed { problem } => {
                observers.metrics.intent(action, "failed");
                let event = Event::bad(kind, trigger, "intent_failed", problem);
                observers.alerts.event(event);
            }
        }
        match tried {
            Tried::Done => tracing::info!(id, trigger, action, "an intent was carried out"),
            Tried::Later { problem, .. } => {
                tracing::warn!(
                    id,
                    trigger,
                    action,
                    tries,
                    "an intent is tried later: {problem}"
                );
            }
            Tried::Failed { problem } => tracing::error!(
                event = "intent_failed",
                connection = self.connection.tenant.observers().name(),
                id,
                trigger,
                action,
                "an intent is given up: {problem}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intents_are_beside_what_they_belong_to() {
        for (queue, intents) in [
            ("out/.webhooks.db", "out/intents.jsonl"),
            ("a/out.db.webhooks", "a/out.db.intents.jsonl"),
        ] {
            assert_eq!(lines_beside(Path::new(queue)), Path::new(intents));
        }
    }

    #[test]
    fn waits_grow_and_who_asks_for_longer_gets_it() {
        let waits: Vec<u64> = [0, 1, 2, 10, 99]
            .map(|tries| wait_after(tries, None).as_secs())
            .to_vec();
        assert_eq!(waits, [5, 10, 20, 3_600, 3_600]);
        assert_eq!(wait_after(0, Some(Duration::from_secs(60))).as_secs(), 60);
        assert_eq!(wait_after(2, Some(Duration::from_secs(1))).as_secs(), 20);
    }
}
