//! A write of one row by this host itself, remembered so that its echo is known.

use std::time::Duration;

use super::before::look_before;
use crate::call::{CallError, in_one_line};
use crate::clock::now_ms;
use crate::contract::connector::{Batch, Outcome, OutcomeStatus, Rehearsal, Row};
use crate::contract::types::Failure;
use crate::opened_connection::OpenedConnection;
use crate::runner::RetryPolicy;
use crate::webhook_queue::{Intents, QueueError, WriteOutcome};
use crate::writer::{is_worth_another_try, kind_name, name_of, passes};

/// How long the call may take.
const TIME: Duration = Duration::from_secs(60);

/// So many tries wait for a look at the object; the next one goes without. What can never be read can be written all the same.
const MOST_LOOKS: u32 = 3;

/// The key of the only row.
const KEY: &str = "row";

/// A write of one row.
pub struct OwnWrite<'a> {
    /// The connection.
    pub connection: &'a OpenedConnection,
    /// Where it is remembered.
    pub intents: &'a Intents,
    /// The same when the same write is made again: the component's journal knows it by that.
    pub batch: &'a str,
    /// An action of the component.
    pub action: &'a str,
    /// A mode of it; absent: its first one.
    pub mode: Option<&'a str>,
    /// The row.
    pub document: &'a [u8],
    /// How often it was tried before.
    pub attempt: u32,
    /// How waits are scaled.
    pub retry: &'a RetryPolicy,
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is as it should be.
    Done,
    /// Another try may come to more.
    Later {
        /// Why not now.
        problem: String,
        /// How long to wait at least, where somebody said so.
        wait: Option<Duration>,
    },
    /// It would come to the same each time.
    Failed {
        /// Why.
        problem: String,
    },
}

/// One try of a write.
struct Try {
    written: Written,
    outcome: Option<Outcome>,
    /// Whether the provider may have applied it.
    maybe_applied: bool,
}

impl OwnWrite<'_> {
    /// Makes it.
    pub async fn run(&self) -> Result<Written, QueueError> {
        if let Some(problem) = self.refuse() {
            let written = Written::Failed { problem };
            self.keep(&written, None)?;
            return Ok(written);
        }
        let form = (self.action, self.mode);
        let (connection, intents) = (self.connection, self.intents);
        let looked = look_before(connection, intents, form, self.document, self.retry).await?;
        if let Err(problem) = looked {
            let problem = format!("it cannot be looked at before it is written to: {problem}");
            if self.attempt < MOST_LOOKS {
                let wait = None;
                return Ok(Written::Later { problem, wait });
            }
            tracing::warn!(batch = self.batch, "{problem}");
        }
        let number = self
            .intents
            .begin_write(self.batch, self.document, now_ms())?;
        let Try {
            written,
            outcome,
            maybe_applied,
        } = self.write().await;
        let is_over = !matches!(written, Written::Later { .. });
        let ahead_ms = self.connection.tenant.provider_ahead_ms();
        let echoes = match (maybe_applied, is_over) {
            // What happens from now on until the next try is nobody's echo.
            (false, _) => self.intents.undo_write(number, is_over, now_ms())?,
            // It is not over: what it may have set off is held until the next try knows.
            (true, false) => {
                self.intents.leave_write(number, now_ms(), ahead_ms)?;
                0
            }
            (true, true) => {
                let made = outcome.as_ref();
                let made = made.and_then(|outcome| outcome.object_id.as_deref());
                self.intents.end_write(number, made, now_ms(), ahead_ms)?
            }
        };
        if echoes > 0 {
            tracing::info!(
                batch = self.batch,
                echoes,
                "what a write of this host set off is cut"
            );
        }
        if is_over {
            self.keep(&written, outcome.as_ref())?;
        }
        Ok(written)
    }

    /// Keeps and counts what became of it in the end.
    fn keep(&self, written: &Written, outcome: Option<&Outcome>) -> Result<(), QueueError> {
        let status = outcome.map_or("failed", |outcome| name_of(&outcome.status));
        let metrics = &self.connection.tenant.observers().metrics;
        metrics.rows_written(self.action, status, 1);
        self.intents.keep_outcome(&WriteOutcome {
            at_ms: now_ms(),
            cause: self.batch.to_owned(),
            action: self.action.to_owned(),
            mode: self.mode.map(str::to_owned),
            status: status.to_owned(),
            object_id: outcome.and_then(|outcome| outcome.object_id.clone()),
            request_id: outcome.and_then(|outcome| outcome.request_id.clone()),
            problem: match written {
                Written::Failed { problem } => Some(problem.clone()),
                Written::Done | Written::Later { .. } => None,
            },
        })
    }

    /// What is wrong before anything is sent.
    fn refuse(&self) -> Option<String> {
        let OpenedConnection { plugin, file, .. } = self.connection;
        if !file.direction.writes() {
            return Some("`direction` allows reading only; set it to write or both".to_owned());
        }
        if !self.connection.has_token() {
            return Some("the connection has no access token".to_owned());
        }
        let actions = &plugin.descriptor().actions;
        let Some(action) = actions.iter().find(|action| action.name == self.action) else {
            let names: Vec<&str> = actions.iter().map(|action| action.name.as_str()).collect();
            return Some(format!(
                "there is no action `{}`; known are {}",
                self.action,
                names.join(", ")
            ));
        };
        let mode = self.mode?;
        (!action.modes.iter().any(|known| known == mode)).then(|| {
            format!(
                "the action {} has no mode `{mode}`; it has {}",
                action.name,
                action.modes.join(", ")
            )
        })
    }

    async fn write(&self) -> Try {
        let batch = Batch {
            action: self.action.to_owned(),
            mode: self.mode.map(str::to_owned),
            id: self.batch.to_owned(),
            rows: vec![Row {
                key: KEY.to_owned(),
                document: self.document.to_vec(),
                attempt: self.attempt,
                base_updated_at_ms: None,
            }],
            time_budget_ms: u64::try_from(TIME.as_millis()).unwrap_or(u64::MAX),
            rehearsal: Rehearsal::Off,
        };
        let OpenedConnection { plugin, tenant, .. } = self.connection;
        match plugin.write_batch(tenant, &batch).await {
            Ok(outcomes) => match outcomes.into_iter().next() {
                Some(outcome) => Try {
                    written: of_outcome(&outcome),
                    maybe_applied: is_maybe_applied(&outcome.status),
                    outcome: Some(outcome),
                },
                None => Try {
                    written: Written::Failed {
                        problem: "the component gave no outcome".to_owned(),
                    },
                    maybe_applied: true,
                    outcome: None,
                },
            },
            Err(error) => {
                let problem = error.to_string();
                Try {
                    written: match passes(&error) {
                        true => Written::Later {
                            problem,
                            wait: error.retry_after(),
                        },
                        false => Written::Failed { problem },
                    },
                    // What a call that broke off has sent nobody knows.
                    maybe_applied: match &error {
                        CallError::Failure(failure) => failure.maybe_applied,
                        _ => true,
                    },
                    outcome: None,
                }
            }
        }
    }
}

fn is_maybe_applied(status: &OutcomeStatus) -> bool {
    match status {
        OutcomeStatus::Failed(failure) | OutcomeStatus::Deferred(failure) => failure.maybe_applied,
        OutcomeStatus::Skipped(_) => false,
        _ => true,
    }
}

fn of_outcome(outcome: &Outcome) -> Written {
    match &outcome.status {
        OutcomeStatus::Created
        | OutcomeStatus::Updated
        | OutcomeStatus::Deleted
        | OutcomeStatus::Unchanged => Written::Done,
        OutcomeStatus::Skipped(reason) => Written::Failed {
            problem: reason.clone(),
        },
        OutcomeStatus::Failed(failure) | OutcomeStatus::Deferred(failure) => {
            let problem = told(failure);
            match is_worth_another_try(outcome) {
                true => Written::Later {
                    problem,
                    wait: failure.retry_after_ms.map(Duration::from_millis),
                },
                false => Written::Failed { problem },
            }
        }
    }
}

/// A failure with the places of what is wrong.
fn told(failure: &Failure) -> String {
    let kind = kind_name(failure.kind);
    format!("{} ({kind}): {}", failure.code, in_one_line(failure))
}
