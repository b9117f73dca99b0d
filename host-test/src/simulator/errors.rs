//! Errors, and the one envelope in which they are answered.

use serde_json::{Value, json};

/// An error of the API: becomes an `error.list` with this one error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// Machine-readable code, such as `not_found`.
    pub code: &'static str,
    /// Text for people.
    pub message: String,
    /// The `Link` header: where a merged contact went.
    pub link: Option<String>,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError {
            status,
            code,
            message: message.into(),
            link: None,
        }
    }

    /// 400 `parameter_invalid`: a value that cannot be taken.
    pub(crate) fn parameter_invalid(message: impl Into<String>) -> ApiError {
        ApiError::new(400, "parameter_invalid", message)
    }

    /// 400 `parameter_not_found`: a value that is missing.
    pub(crate) fn parameter_not_found(message: impl Into<String>) -> ApiError {
        ApiError::new(400, "parameter_not_found", message)
    }

    /// 400 `bad_request`.
    pub(crate) fn bad_request(message: impl Into<String>) -> ApiError {
        ApiError::new(400, "bad_request", message)
    }

    /// 429 when a window's requests are used up.
    pub(crate) fn rate_limit_exceeded(limit: u32) -> ApiError {
        let message = format!("Exceeded rate limit of {limit} in 10_seconds");
        ApiError::new(429, "rate_limit_exceeded", message)
    }

    /// 404 for a path or an object without a wording of its own.
    pub(crate) fn resource_not_found() -> ApiError {
        ApiError::new(404, "not_found", "Resource Not Found")
    }

    /// 404 for a contact.
    pub(crate) fn contact_not_found() -> ApiError {
        ApiError::new(404, "not_found", "User Not Found")
    }

    /// 404 for a company.
    pub(crate) fn company_not_found() -> ApiError {
        ApiError::new(404, "company_not_found", "Company Not Found")
    }

    /// 404 for a ticket.
    pub(crate) fn ticket_not_found() -> ApiError {
        ApiError::new(404, "ticket_not_found", "Ticket not found")
    }

    /// The body of the answer.
    pub(crate) fn body(&self, request_id: &str) -> Value {
        json!({
            "type": "error.list",
            "request_id": request_id,
            "errors": [{"code": self.code, "message": self.message}],
        })
    }
}

/// The code that goes with a status that only a fault produces.
pub(crate) fn code_of_status(status: u16) -> &'static str {
    match status {
        401 => "unauthorized",
        402 | 403 => "api_plan_restricted",
        404 => "not_found",
        429 => "rate_limit_exceeded",
        400..=499 => "client_error",
        503 => "service_unavailable",
        _ => "server_error",
    }
}
