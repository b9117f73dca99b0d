//! The requests that a contact takes, and what their answers lead to.

use crate::contract::connector::OutcomeStatus;
use crate::contract::http::{Effect, Method, Request};
use crate::contract::types::{Failure, FailureKind};
use crate::intercom::actions::Action;
use crate::intercom::errors::{ApiError, from_http, from_response, request_id, unexpected_body};
use crate::intercom::request;
use crate::json::{self, Object};
use crate::operation::Answer;

/// What is to be sent next for a contact.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Create it.
    Create,
    /// Update the one with this id.
    Update(String),
    /// Take the one with this id out of the archive, then update it.
    Unarchive(String),
}

/// What an answer leads to.
#[derive(Debug)]
pub enum Next {
    /// Another request.
    Go(Step),
    /// The row is over.
    Over {
        /// How.
        status: OutcomeStatus,
        /// The contact's id.
        object_id: Option<String>,
        /// Intercom's id of the request.
        request_id: Option<String>,
    },
}

impl Step {
    /// The request of this step.
    pub fn request(&self, api_version: &str, body: &str) -> Request {
        match self {
            Self::Create => request::write(
                api_version,
                Method::Post,
                "/contacts",
                Some(body.to_owned()),
            ),
            Self::Update(id) => request::write(
                api_version,
                Method::Put,
                format!("/contacts/{}", request::encode(id)),
                Some(body.to_owned()),
            ),
            Self::Unarchive(id) => {
                let target = format!("/contacts/{}/unarchive", request::encode(id));
                request::write(api_version, Method::Post, target, None)
            }
        }
    }

    /// Reads the answer of this step.
    pub fn read(&self, action: &Action, answer: Answer) -> Next {
        match self.try_read(action, answer) {
            Ok(next) => next,
            Err(failure) => Next::Over {
                request_id: failure.request_id.clone(),
                object_id: None,
                status: unwritten(failure),
            },
        }
    }

    fn try_read(&self, action: &Action, answer: Answer) -> Result<Next, Failure> {
        let response = answer.map_err(|error| from_http(&error, Effect::Write))?;
        match (self, response.status) {
            (Self::Unarchive(id), 200..=299) => return Ok(Next::Go(Self::Update(id.clone()))),
            (_, 200..=299) => {}
            // The lookup's index lags: the contact is there although the search did not find it.
            (Self::Create, 409) => {
                let error = ApiError::of(&response);
                if let Some(id) = conflicting_id(&error.message) {
                    let archived = error.message.to_ascii_lowercase().contains("archived");
                    return Ok(Next::Go(if archived {
                        Self::Unarchive(id)
                    } else {
                        Self::Update(id)
                    }));
                }
            }
            // The index lags the other way: the contact that the search found is gone.
            (Self::Update(_), 404) => return Ok(Next::Go(Self::Create)),
            _ => {}
        }
        if !(200..300).contains(&response.status) {
            return Err(from_response(
                &response,
                Effect::Write,
                Some(action.permission),
            ));
        }
        let id = json::parse(&response.body)
            .and_then(|mut written: Object| written.take("id").map_err(|found| found.to_string()));
        let id: String = id.map_err(|reason| Failure {
            maybe_applied: true,
            ..unexpected_body(&response, &reason)
        })?;
        let status = if *self == Self::Create {
            OutcomeStatus::Created
        } else {
            OutcomeStatus::Updated
        };
        Ok(Next::Over {
            status,
            object_id: Some(id),
            request_id: request_id(&response),
        })
    }
}

/// What a failure makes of a row: given again later when it will pass, else failed.
pub fn unwritten(failure: Failure) -> OutcomeStatus {
    match failure.kind {
        FailureKind::RateLimited => OutcomeStatus::Deferred(failure),
        FailureKind::Transient if !failure.maybe_applied => OutcomeStatus::Deferred(failure),
        _ => OutcomeStatus::Failed(failure),
    }
}

/// The id in "A contact matching those details already exists with id=5da6f18e3d7cf967e4582d05".
fn conflicting_id(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("id=")?;
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
