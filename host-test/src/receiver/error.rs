//! Why a document was not taken.

use std::time::Duration;

use reqwest::StatusCode;

use super::answer;
use crate::capabilities::http::describe_failure;

/// Why a document was not taken, for sure or as far as is known. Says nothing of what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostError {
    place: String,
    reason: Reason,
    tries: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    /// There was no answer.
    Lost(String),
    /// There was one, and it is no success.
    Status {
        status: StatusCode,
        code: Option<String>,
        retry_after: Option<Duration>,
    },
}

impl PostError {
    pub(super) fn lost(place: String, error: &reqwest::Error) -> PostError {
        let what = if error.is_connect() {
            "no connection"
        } else if error.is_timeout() {
            "no answer in time"
        } else {
            "no answer"
        };
        PostError {
            place,
            reason: Reason::Lost(describe_failure(what, error)),
            tries: 1,
        }
    }

    pub(super) fn refused(
        place: String,
        status: StatusCode,
        body: &[u8],
        retry_after: Option<Duration>,
    ) -> PostError {
        PostError {
            place,
            reason: Reason::Status {
                status,
                code: answer::code(body),
                retry_after,
            },
            tries: 1,
        }
    }

    pub(super) fn after(self, tries: usize) -> PostError {
        PostError { tries, ..self }
    }

    /// The answer's status; absent where there was no answer.
    pub fn status(&self) -> Option<u16> {
        match &self.reason {
            Reason::Lost(_) => None,
            Reason::Status { status, .. } => Some(status.as_u16()),
        }
    }

    /// Whether another try may succeed: there was no answer, or one that speaks of now. 409 is what receivers answer
    /// while they are still at work with a document of the same key.
    pub fn passes(&self) -> bool {
        match self.status() {
            None => true,
            Some(status) => matches!(status, 408 | 409 | 425 | 429 | 500..),
        }
    }

    /// Whether it is because of the document: another one may be taken, and this one never will.
    pub fn is_of_the_document(&self) -> bool {
        matches!(self.status(), Some(400 | 413 | 422))
    }

    /// How long the receiver asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.reason {
            Reason::Lost(_) => None,
            Reason::Status { retry_after, .. } => *retry_after,
        }
    }
}

impl std::fmt::Display for PostError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let PostError { place, tries, .. } = self;
        match &self.reason {
            Reason::Lost(what) => write!(formatter, "{place}: {what}")?,
            Reason::Status { status, code, .. } => {
                let verb = if self.passes() {
                    "did not take it"
                } else {
                    "refused it"
                };
                write!(formatter, "{place} {verb}: {status}")?;
                if let Some(code) = code {
                    write!(formatter, " ({code})")?;
                }
                if status.is_redirection() {
                    formatter.write_str(
                        "; redirects are not followed, write the address that it leads to",
                    )?;
                }
                if matches!(status.as_u16(), 401 | 403) {
                    formatter.write_str("; check the credential among its headers")?;
                }
            }
        }
        match tries {
            0 | 1 => Ok(()),
            _ => write!(formatter, ", in {tries} tries"),
        }
    }
}

impl std::error::Error for PostError {}
