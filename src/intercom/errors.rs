//! What an answer that is no success means, and what no answer means.

use crate::contract::http::{self, Effect, ErrorKind, Response};
use crate::contract::types::{Failure, FailureKind, Problem, WholeFailure};
use crate::failure::{failure, problem};
use crate::intercom::request::{header_value, server_time};
use crate::intercom::streams::Stream;
use crate::json::{self, Object};
use crate::prelude::*;

/// Waits that a header asks for are believed up to here, in milliseconds.
const LONGEST_WAIT_MS: u64 = 120_000;

/// An answer's error, read as far as it can be.
#[derive(Debug, Default)]
pub struct ApiError {
    /// Intercom's code of the first error.
    pub code: Option<String>,
    /// Intercom's text of the first error. May name ids and e-mail addresses: not for logs.
    pub message: String,
    /// The field that Intercom names.
    pub field: Option<String>,
    /// Intercom's id of the request.
    pub request_id: Option<String>,
}

impl ApiError {
    /// Reads the error from an answer: `{"type":"error.list","request_id":…,"errors":[{"code","message","field"}]}`, of
    /// which every part can be missing. A body that is no error list gives one without a code.
    pub fn of(response: &Response) -> Self {
        let text = |object: &mut Object, name| object.take::<Option<String>>(name).unwrap_or(None);
        let mut list: Object = json::parse(&response.body).unwrap_or_default();
        let errors: Vec<Object> = list.take("errors").unwrap_or_default();
        let mut first = errors.into_iter().next().unwrap_or_default();
        Self {
            code: text(&mut first, "code"),
            message: text(&mut first, "message").unwrap_or_default(),
            field: text(&mut first, "field"),
            request_id: text(&mut list, "request_id").or_else(|| request_id(response)),
        }
    }
}

/// Intercom's id of a request, from the answer's header.
pub fn request_id(response: &Response) -> Option<String> {
    header_value(&response.headers, "x-request-id").map(str::to_owned)
}

/// The failure of a list that the workspace has not.
pub fn not_available(response: &Response, stream: &Stream) -> Failure {
    Box::new(WholeFailure {
        code: "not_available".to_owned(),
        message: format!(
            "Intercom has no {} in this workspace: the feature is switched off, or not in its plan.",
            stream.name
        ),
        kind: FailureKind::Permission,
        ..*from_response(response, Effect::Read, Some(stream.permission))
    })
}

/// The failure that an answer other than a success is. `permission` is what the request needs, in Intercom's words.
pub fn from_response(response: &Response, effect: Effect, permission: Option<&str>) -> Failure {
    let error = ApiError::of(response);
    let code = error.code.as_deref();
    let needs = || {
        permission.map_or_else(String::new, |name| {
            format!(" It needs the permission \"{name}\".")
        })
    };
    let (kind, fallback, message) = match (response.status, code) {
        (401, Some("token_unauthorized")) | (403, Some("forbidden")) | (403, None) => (
            FailureKind::Permission,
            "forbidden",
            format!(
                "Intercom does not allow this token to do this.{} Give the app the permission in the Developer Hub and \
                 authorise again.",
                needs()
            ),
        ),
        (401, _) => (
            FailureKind::Auth,
            "unauthorized",
            "Intercom refuses the access token. Tokens do not expire: it was revoked, mistyped, or belongs to another \
             region. Authorise again, and check `region`."
                .to_owned(),
        ),
        (402, _) | (403, _) => (
            FailureKind::Permission,
            "plan_restricted",
            format!("The workspace's plan does not include this.{}", needs()),
        ),
        (404 | 410, _) => (FailureKind::NotFound, "not_found", "Intercom does not know this object.".to_owned()),
        (409, _) => (FailureKind::Conflict, "conflict", "Intercom has another object with these details.".to_owned()),
        (429, _) => (
            FailureKind::RateLimited,
            "rate_limit_exceeded",
            "Intercom's rate limit is reached; it answers again after the reset.".to_owned(),
        ),
        (400, Some("intercom_version_invalid")) => (
            FailureKind::InvalidInput,
            "intercom_version_invalid",
            "Intercom does not offer this in the API version of the connection. Choose another `api_version`.".to_owned(),
        ),
        (400 | 406 | 422, _) => {
            (FailureKind::InvalidInput, "refused", format!("Intercom refuses the request (status {}).", response.status))
        }
        (408 | 500..=599, _) => (
            FailureKind::Transient,
            "server_error",
            format!("Intercom has a problem of its own (status {}).", response.status),
        ),
        (200..=299, _) => return unexpected_body(response, "it is not what this request should give"),
        (status, _) => (FailureKind::Drift, "unexpected_status", format!("Intercom answered with status {status}.")),
    };
    let problems: Vec<Problem> = match (&kind, &error.field) {
        (FailureKind::InvalidInput, Some(field)) => vec![problem(
            field.clone(),
            code.unwrap_or(fallback),
            shorten(&error.message),
        )],
        (FailureKind::InvalidInput, None) if !error.message.is_empty() => {
            vec![problem(
                "",
                code.unwrap_or(fallback),
                shorten(&error.message),
            )]
        }
        _ => Vec::new(),
    };
    Box::new(WholeFailure {
        retry_after_ms: retry_after_ms(response),
        maybe_applied: effect == Effect::Write && response.status >= 500,
        request_id: error.request_id,
        problems,
        ..*failure(kind, code.unwrap_or(fallback), message)
    })
}

/// The failure of a success whose body is empty, cut, garbled or foreign. It is expected to pass and never means "no
/// more".
pub fn unexpected_body(response: &Response, why: &str) -> Failure {
    Box::new(WholeFailure {
        request_id: request_id(response),
        ..*failure(
            FailureKind::Transient,
            "unexpected_body",
            format!(
                "Intercom answered {} with a body of {} bytes that cannot be used: {why}.",
                response.status,
                response.body.len()
            ),
        )
    })
}

/// The failure of a request without an answer.
pub fn from_http(error: &http::Error, effect: Effect) -> Failure {
    let (kind, code) = match error.kind {
        ErrorKind::Refused => (FailureKind::Bug, "request_refused"),
        ErrorKind::RateLimited => (FailureKind::RateLimited, "rate_budget_spent"),
        ErrorKind::Deadline => (FailureKind::Transient, "deadline"),
        ErrorKind::Unreachable => (FailureKind::Transient, "unreachable"),
        ErrorKind::Timeout => (FailureKind::Transient, "timeout"),
        ErrorKind::ConnectionLost => (FailureKind::Transient, "connection_lost"),
        ErrorKind::TooLarge => (FailureKind::Drift, "answer_too_large"),
        ErrorKind::Malformed => (FailureKind::Transient, "malformed_answer"),
    };
    Box::new(WholeFailure {
        retry_after_ms: error.retry_after_ms,
        maybe_applied: effect == Effect::Write && error.request_sent,
        ..*failure(
            kind,
            code,
            format!(
                "No answer from Intercom: {}.",
                error.message.trim_end_matches('.')
            ),
        )
    })
}

/// How long an answer asks to wait: `Retry-After` in seconds, else until `X-RateLimit-Reset` when the answer is a 429.
fn retry_after_ms(response: &Response) -> Option<u64> {
    let asked = header_value(&response.headers, "retry-after")
        .and_then(|value| value.trim().parse::<u64>().ok());
    let reset = || {
        let reset: i64 = header_value(&response.headers, "x-ratelimit-reset")?
            .trim()
            .parse()
            .ok()?;
        u64::try_from(reset.checked_sub(server_time(response)?)?).ok()
    };
    let seconds = if response.status == 429 {
        asked.or_else(reset)
    } else {
        asked
    };
    seconds.map(|seconds| seconds.saturating_mul(1_000).min(LONGEST_WAIT_MS))
}

fn shorten(text: &str) -> String {
    text.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::types::Header;

    fn response(status: u16, body: &str) -> Response {
        Response {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn every_status_has_its_kind() {
        for (status, code, kind) in [
            (401, "unauthorized", FailureKind::Auth),
            (401, "token_revoked", FailureKind::Auth),
            (401, "token_unauthorized", FailureKind::Permission),
            (403, "forbidden", FailureKind::Permission),
            (403, "api_plan_restricted", FailureKind::Permission),
            (402, "x", FailureKind::Permission),
            (404, "not_found", FailureKind::NotFound),
            (409, "conflict", FailureKind::Conflict),
            (400, "parameter_invalid", FailureKind::InvalidInput),
            (422, "data_invalid", FailureKind::InvalidInput),
            (429, "rate_limit_exceeded", FailureKind::RateLimited),
            (500, "server_error", FailureKind::Transient),
            (302, "x", FailureKind::Drift),
        ] {
            let body = format!(
                r#"{{"type":"error.list","request_id":"r1","errors":[{{"code":"{code}","message":"m"}}]}}"#
            );
            let failure = from_response(&response(status, &body), Effect::Read, None);
            assert_eq!(
                (failure.kind, failure.code.as_str()),
                (kind, code),
                "{status} {code}"
            );
            assert_eq!(failure.request_id.as_deref(), Some("r1"));
        }
    }

    #[test]
    fn a_body_that_is_no_error_list_still_gives_a_failure() {
        for body in ["", "<html>502</html>", "{\"errors\":3}", "null"] {
            assert_eq!(
                from_response(&response(502, body), Effect::Write, None).kind,
                FailureKind::Transient
            );
        }
        assert!(from_response(&response(502, ""), Effect::Write, None).maybe_applied);
        assert!(!from_response(&response(502, ""), Effect::Read, None).maybe_applied);
    }

    #[test]
    fn the_wait_is_until_the_reset_by_the_servers_clock_and_never_absurd() {
        let limited = |reset: &str| Response {
            status: 429,
            headers: vec![
                Header {
                    name: "Date".into(),
                    value: "Thu, 27 Jun 2024 12:52:57 GMT".into(),
                },
                Header {
                    name: "X-RateLimit-Reset".into(),
                    value: reset.into(),
                },
            ],
            body: Vec::new(),
        };
        assert_eq!(
            from_response(&limited("1719492780"), Effect::Read, None).retry_after_ms,
            Some(3_000)
        );
        assert_eq!(
            from_response(&limited("1719492000"), Effect::Read, None).retry_after_ms,
            None
        );
        assert_eq!(
            from_response(&limited("99999999999999"), Effect::Read, None).retry_after_ms,
            Some(LONGEST_WAIT_MS)
        );
        assert_eq!(
            from_response(&limited("soon"), Effect::Read, None).retry_after_ms,
            None
        );
    }
}
