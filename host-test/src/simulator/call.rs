//! A request as the resources see it, and what they answer.

use serde::Serialize;
use serde_json::{Map, Value};

use super::errors::ApiError;
use super::reply;
use super::route;
use super::search_test::whole_number;
use super::version::ApiVersion;

/// A request that was admitted and routed.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The parts of the path that its pattern leaves open, in order.
    pub(crate) parameters: Vec<String>,
    /// The query, decoded.
    pub(crate) query: Vec<(String, String)>,
    /// The body; null when there is none.
    pub(crate) body: Value,
    /// The version in force.
    pub(crate) version: ApiVersion,
}

impl Call {
    /// An open part of the path; empty when the pattern has fewer.
    pub(crate) fn parameter(&self, index: usize) -> &str {
        self.parameters.get(index).map_or("", String::as_str)
    }

    /// A query parameter that is given and not empty.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(given, _)| given == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Whether a query parameter says true.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.query(name) == Some("true")
    }

    /// The fields of the body.
    ///
    /// # Errors
    /// 400 when the body is not a JSON object.
    pub(crate) fn fields(&self) -> Result<&Map<String, Value>, ApiError> {
        self.body
            .as_object()
            .ok_or_else(|| ApiError::bad_request("The body must be a JSON object"))
    }

    /// How many entries a page has: what the query says, at most `most`.
    ///
    /// # Errors
    /// 400 when it is not a number above zero.
    pub(crate) fn per_page(&self, default: usize, most: usize) -> Result<usize, ApiError> {
        match self.query("per_page") {
            None => Ok(default),
            Some(text) => per_page(&Value::String(text.to_owned()), most),
        }
    }

    /// The number of the page that the query asks for, from 1.
    ///
    /// # Errors
    /// 400 when it is not a number above zero.
    pub(crate) fn page(&self) -> Result<u64, ApiError> {
        match self.query("page") {
            None => Ok(1),
            Some(text) => page_number(&Value::String(text.to_owned())),
        }
    }
}

/// Reads a `per_page`; more than `most` becomes `most`.
pub(crate) fn per_page(value: &Value, most: usize) -> Result<usize, ApiError> {
    match whole_number(value).map(usize::try_from) {
        Some(Ok(per_page @ 1..)) => Ok(per_page.min(most)),
        _ => Err(ApiError::parameter_invalid(
            "per_page must be a number above 0",
        )),
    }
}

/// Reads a `page`.
pub(crate) fn page_number(value: &Value) -> Result<u64, ApiError> {
    match whole_number(value).map(u64::try_from) {
        Some(Ok(page @ 1..)) => Ok(page),
        _ => Err(ApiError::parameter_invalid("page must be a number above 0")),
    }
}

/// A successful answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// An answer with this body.
    ///
    /// # Errors
    /// 500 when the body cannot be written as JSON.
    pub(crate) fn json(body: &impl Serialize) -> Result<Answer, ApiError> {
        Answer::long_json(body, 1_024)
    }

    /// An answer with this body, of about so many bytes.
    ///
    /// # Errors
    /// 500 when the body cannot be written as JSON.
    pub(crate) fn long_json(body: &impl Serialize, bytes: usize) -> Result<Answer, ApiError> {
        let mut json = Vec::with_capacity(bytes);
        serde_json::to_writer(&mut json, body)
            .map_err(|error| ApiError::new(500, "server_error", error.to_string()))?;
        Ok(Answer {
            status: 200,
            content_type: reply::JSON,
            body: json,
        })
    }

    /// An answer without a body.
    pub(crate) fn empty() -> Answer {
        Answer {
            status: 200,
            content_type: reply::JSON,
            body: Vec::new(),
        }
    }

    /// The same answer to a request that was accepted, and whose work may come later.
    pub(crate) fn accepted(self) -> Answer {
        Answer {
            status: 202,
            ..self
        }
    }

    /// An answer of bytes.
    pub(crate) fn octets(body: Vec<u8>) -> Answer {
        Answer {
            status: 200,
            content_type: route::OCTETS,
            body,
        }
    }
}

/// What a resource makes of a call.
pub(crate) type Outcome = Result<Answer, ApiError>;
