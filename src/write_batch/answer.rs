//! What the answer to a row's request leads to.

use super::probe;
use super::values::Values;
use crate::contract::connector::OutcomeStatus;
use crate::contract::http::Effect;
use crate::contract::types::{Failure, FailureKind, WholeFailure};
use crate::failure::failure;
use crate::intercom::actions::{Absent, Action, Call, Does, Mode, Object, Replay, Write};
use crate::intercom::errors::{ApiError, from_http, from_response, request_id, unexpected_body};
use crate::intercom::request::{canonical_id, server_time};
use crate::json::{self, Member, Object as Members};
use crate::operation::Answer;
use crate::prelude::*;
use records::search::{find, parted};

/// How soon an object that is not there yet is looked for again.
pub const SOON_MS: u64 = 60_000;

/// How long a request takes at most, in seconds, from its work to its answer.
const JUST_NOW: i64 = 5;

/// What is to be sent next for a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The request that creates its object.
    Create,
    /// The request for the object that is there; or the only one.
    Write,
    /// Take the contact with this id out of the archive, then write.
    Unarchive(String),
    /// Look whether the contact, for which this is the answer, was merged into another one: writes do not say so.
    Find(Failure),
}

/// What an answer leads to.
#[derive(Debug)]
pub enum Next {
    /// The object that is there has this id.
    There(String),
    /// It is in the archive under this id.
    Archived(String),
    /// It is not there.
    Create,
    /// The contact is not there, or was merged into another one.
    Lost(Failure),
    /// The row is over.
    Over {
        /// How.
        status: OutcomeStatus,
        /// The object's id.
        object_id: Option<String>,
        /// Intercom's id of the request.
        request_id: Option<String>,
    },
}

impl Next {
    /// A row that failed, or comes again.
    pub fn not_written(failure: WholeFailure, mode: &Mode) -> Self {
        Self::Over {
            request_id: failure.request_id.clone(),
            object_id: None,
            status: unwritten(failure, mode),
        }
    }
}

/// A row's request, as it was sent.
pub struct Sent<'a> {
    /// The row's action.
    pub action: &'a Action,
    /// The row's mode.
    pub mode: &'a Mode,
    /// What was sent.
    pub call: &'a Call,
    /// The row.
    pub values: &'a Values,
    /// Whether the row can be created when its object is gone.
    pub can_create: bool,
    /// Whether a contact that was merged into another one leads there.
    pub can_find: bool,
    /// Ids that other rows have made.
    pub taken: &'a [String],
    /// When it was sent, in Unix milliseconds.
    pub sent_ms: i64,
}

impl Sent<'_> {
    /// Reads the answer to [`Step::Unarchive`].
    pub fn unarchived(&self, id: &str, answer: Answer) -> Next {
        match answer {
            Ok(response) if (200..300).contains(&response.status) => Next::There(id.to_owned()),
            Ok(response) => Next::not_written(
                *from_response(&response, Effect::Write, Some(self.action.permission)),
                self.mode,
            ),
            Err(error) => Next::not_written(*from_http(&error, Effect::Write), self.mode),
        }
    }

    /// Reads the answer to [`Step::Find`].
    pub fn found(&self, failure: &Failure, answer: Answer) -> Next {
        match answer.ok().as_ref().and_then(canonical_id) {
            Some(id) => Next::There(id),
            None => self.lost(failure.clone()),
        }
    }

    /// What becomes of a row whose object is not there.
    fn lost(&self, failure: Failure) -> Next {
        let target = self.mode.references.first();
        // The index lags: what the search found is gone.
        if self.can_create {
            return Next::Create;
        }
        // A teammate who is not there does not come by waiting.
        let waits = target.is_some_and(|target| target.absent == Absent::Later)
            && failure.code != "admin_not_found";
        Next::not_written(*if waits { later(failure) } else { failure }, self.mode)
    }

    /// Reads the answer to the row's own request.
    pub fn read(&self, step: &Step, answer: Answer) -> Next {
        self.try_read(step, answer)
            .unwrap_or_else(|failure| Next::not_written(*failure, self.mode))
    }

    fn try_read(&self, step: &Step, answer: Answer) -> Result<Next, Failure> {
        let response = answer.map_err(|error| from_http(&error, Effect::Write))?;
        let over = |status, object_id| Next::Over {
            status,
            object_id,
            request_id: request_id(&response),
        };
        let refused = || from_response(&response, Effect::Write, Some(self.action.permission));
        let target = self.mode.references.first();
        match response.status {
            200..=299 => {}
            // The index lags: the contact is there although the search did not find it.
            409 if *step == Step::Create => {
                let message = ApiError::of(&response).message;
                let Some(id) = conflicting_id(&message) else {
                    return Err(refused());
                };
                let archived = find(&message.to_ascii_lowercase(), "archived").is_some();
                return Ok(match (self.mode.write, archived) {
                    (Write::Either(..), true) => Next::Archived(id),
                    (Write::Either(..), false) => Next::There(id),
                    _ => {
                        let failure = refused();
                        Next::Over {
                            request_id: failure.request_id.clone(),
                            object_id: Some(id),
                            status: OutcomeStatus::Failed(*failure),
                        }
                    }
                });
            }
            // A contact that was merged into another one is that one now.
            404 | 410
                if target.is_some_and(|target| target.object == Object::Contact)
                    && self.call.does != Does::Deletes
                    && let Some(id) = canonical_id(&response) =>
            {
                return Ok(Next::There(id));
            }
            404 | 410 if self.call.does == Does::Deletes => {
                return Ok(over(OutcomeStatus::Unchanged, None));
            }
            404 if self.can_find
                && target.is_some_and(|target| target.object == Object::Contact)
                && self.target_id().is_some() =>
            {
                return Ok(Next::Lost(refused()));
            }
            404 | 410 => return Ok(self.lost(refused())),
            _ => return Err(refused()),
        }
        let status = done(self.call.does);
        // An answer to a deletion may be empty; the object was there, and is not.
        if self.call.id.is_empty() || (self.call.does == Does::Deletes && response.body.is_empty())
        {
            return Ok(over(status, self.target_id()));
        }
        let mut written: Members = json::parse(&response.body).map_err(|reason| {
            Box::new(WholeFailure {
                maybe_applied: true,
                ..*unexpected_body(&response, &reason)
            })
        })?;
        // Where an answer holds the whole that something was said in, what was said has an id of its own.
        let sent = self.sent_ms.div_euclid(1_000);
        let since = server_time(&response).unwrap_or(sent) - probe::SKEW;
        if let Replay::Probe(probe) = &self.mode.replay
            && let Some(id) =
                probe::find(true, probe, &response.body, self.values, since, self.taken)
                    .filter(|id| !id.is_empty() && !probe.kinds.is_empty())
        {
            return Ok(over(status, Some(id)));
        }
        // A row that was in a job before is met again here, when the job did not write all of its rows.
        let by_job = sent > 0
            && matches!(self.mode.replay, Replay::Safe)
            && probe::number(written.get("created_at")).is_some_and(|at| at >= sent - probe::SKEW);
        let is_new = by_job
            || *step == Step::Create
                && self.call.does == Does::Updates
                && is_new(&written, server_time(&response));
        let mut ids = self.call.id.iter();
        let id = ids.find_map(|name| match written.take(name) {
            Ok(Some(Member::Text(id))) if !id.is_empty() => Some(id),
            Ok(Some(Member::Number(id))) => Some(id.to_owned()),
            _ => None,
        });
        if let Some(id) = id {
            let status = match is_new && !self.taken.contains(&id) {
                true => OutcomeStatus::Created,
                false => status,
            };
            return Ok(over(status, Some(id)));
        }
        Err(Box::new(WholeFailure {
            maybe_applied: true,
            ..*unexpected_body(&response, "it holds no id")
        }))
    }

    fn target_id(&self) -> Option<String> {
        self.values.text(self.mode.references.first()?.name)
    }
}

/// Whether an object that is created or changed by one and the same request was created: it changed when it was created,
/// and that was just now.
fn is_new(object: &Members, now: Option<i64>) -> bool {
    let time = |name| probe::number(object.get(name));
    let created = time("created_at");
    let just_now = |at: i64| now.is_none_or(|now| at >= now - JUST_NOW);
    created.is_some_and(just_now) && time("updated_at").is_none_or(|at| Some(at) == created)
}

/// What a row is for which this was done.
pub fn done(does: Does) -> OutcomeStatus {
    match does {
        Does::Creates => OutcomeStatus::Created,
        Does::Updates => OutcomeStatus::Updated,
        Does::Deletes => OutcomeStatus::Deleted,
    }
}

/// The failure of a row whose object will be there soon. It says nothing about other rows, and has a time to try again.
pub fn later(mut failure: Failure) -> Failure {
    "The contact is not there yet, or cannot be found yet.".clone_into(&mut failure.message);
    failure.retry_after_ms = failure.retry_after_ms.or(Some(SOON_MS));
    failure
}

/// The failure of a row that nothing can be looked up for.
pub fn outcome_unknown() -> Failure {
    Box::new(WholeFailure {
        maybe_applied: true,
        ..*failure(
            FailureKind::Conflict,
            "outcome_unknown",
            "this row's request was sent before, its answer was lost, and nothing shows whether it was applied; look for \
             it, and give the row under another key if it was not",
        )
    })
}

/// What a failure makes of a row: given again later when it will pass and that is safe, else failed.
pub fn unwritten(failure: WholeFailure, mode: &Mode) -> OutcomeStatus {
    let again = match failure.kind {
        FailureKind::RateLimited => true,
        // It will be there soon.
        FailureKind::NotFound => failure.retry_after_ms.is_some(),
        FailureKind::Transient => !failure.maybe_applied || !matches!(mode.replay, Replay::Blind),
        _ => false,
    };
    match again {
        true => OutcomeStatus::Deferred(failure),
        false => OutcomeStatus::Failed(failure),
    }
}

/// The id in "A contact matching those details already exists with id=5da6f18e3d7cf967e4582d05".
fn conflicting_id(message: &str) -> Option<String> {
    let (_, rest) = parted(message, "id=")?;
    let id: String = rest
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'))
        .collect();
    if id.is_empty() { None } else { Some(id) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_in_a_conflict_is_found() {
        for (message, id) in [
            (
                "A contact matching those details already exists with id=5da6f18e3d7cf967e4582d05",
                Some("5da6f18e3d7cf967e4582d05"),
            ),
            (
                "An archived contact matching those details already exists with id=5da6f1.",
                Some("5da6f1"),
            ),
            ("already exists with id=", None),
            ("already exists", None),
        ] {
            assert_eq!(conflicting_id(message).as_deref(), id, "{message}");
        }
    }
}
