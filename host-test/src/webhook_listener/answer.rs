//! What a sender hears.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Seconds after which a sender may come again that was sent away.
const RETRY_AFTER: u16 = 30;

/// What becomes of a delivery.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// For people. Nothing of the delivery is in it that was not verified.
    pub(super) text: String,
}

impl Answer {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Answer {
        Answer {
            status,
            text: text.into(),
        }
    }

    pub(super) fn ok(text: String) -> Answer {
        Answer::new(StatusCode::OK, text)
    }

    pub(super) fn status(status: StatusCode) -> Answer {
        Answer::new(status, status.canonical_reason().unwrap_or_default())
    }

    pub(super) fn stranger() -> Answer {
        let text = "webhooks are not taken from this address (webhooks.allow_from)";
        Answer::new(StatusCode::FORBIDDEN, text)
    }

    pub(super) fn gone() -> Answer {
        let text = "the connection is gone: send nothing more";
        Answer::new(StatusCode::GONE, text)
    }

    pub(super) fn nobody() -> Answer {
        let text = "no webhooks are taken here";
        Answer::new(StatusCode::NOT_FOUND, text)
    }

    pub(super) fn unknown_workspace() -> Answer {
        let text = "no connection here is for the workspace that the body names";
        Answer::new(StatusCode::NOT_FOUND, text)
    }

    /// Of one workspace, for a connection that is of another one. The component says the same where it knows the account.
    pub(super) fn wrong_workspace() -> Answer {
        let text = "wrong_workspace: the connection is for another workspace than the body names";
        Answer::new(StatusCode::UNAUTHORIZED, text)
    }

    /// A good signature would not say whose it is.
    pub(super) fn untold() -> Answer {
        let text =
            "the workspace of a connection that it may be for is not known yet; send it again";
        Answer::new(StatusCode::SERVICE_UNAVAILABLE, text)
    }

    pub(super) fn no_workspace(pointer: &str) -> Answer {
        let text = format!("the body names no workspace (expected a text at {pointer})");
        Answer::new(StatusCode::BAD_REQUEST, text)
    }

    pub(super) fn busy() -> Answer {
        let text = "too many deliveries are waiting; send it again later";
        Answer::new(StatusCode::TOO_MANY_REQUESTS, text)
    }

    /// The answer for two recipients: what one of them did not store has to come again, and what one of them took is
    /// taken.
    pub(super) fn or(self, other: Answer) -> Answer {
        let rank = |answer: &Answer| match answer.status.as_u16() {
            500.. => 0,
            429 => 1,
            200 => 2,
            _ => 3,
        };
        if rank(&other) < rank(&self) {
            other
        } else {
            self
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.text).into_response();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_wins_over_a_success_and_a_success_over_a_refusal() {
        let status = |one: u16, other: u16| {
            let of = |code| Answer::status(StatusCode::from_u16(code).unwrap_or_default());
            of(one).or(of(other)).status.as_u16()
        };
        for (one, other, both) in [
            (200, 503, 503),
            (401, 200, 200),
            (401, 400, 401),
            (200, 429, 429),
        ] {
            assert_eq!(status(one, other), both);
        }
        assert_eq!((status(503, 200), status(200, 401)), (503, 200));
    }
}
