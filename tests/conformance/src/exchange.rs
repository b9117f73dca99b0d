//! Exchanges as the simulator records them.

use serde::Deserialize;

use crate::documents;
use crate::exceptions::{self, Exception};
use crate::request::Request;
use crate::response;
use crate::violation::Violation;

/// A request to the simulator and its answer: a line of a recording.
#[derive(Clone, Debug, Deserialize)]
pub struct Exchange {
    /// HTTP method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The request's `Intercom-Version`.
    pub version: Option<String>,
    /// The request's `Content-Type`.
    pub content_type: Option<String>,
    /// The request's body.
    pub body: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// The answer's body.
    pub answer: String,
    /// Whether a fault made the answer something that the API would not say.
    pub garbled: bool,
}

impl Exchange {
    /// Path without query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Holds the request against every document and the answer against that of its version. Gives what does not conform,
    /// and the exceptions that were used.
    pub fn check(&self) -> (Vec<Violation>, Vec<&'static Exception>) {
        let request = Request {
            method: &self.method,
            target: &self.target,
            version: self.version.as_deref(),
            content_type: self.content_type.as_deref(),
            body: self.body.as_bytes(),
        };
        let mut violations = Vec::new();
        for document in request.judges(documents::known()) {
            violations.extend(request.violations(document));
            if self.version.as_deref() == Some(document.name()) && !self.garbled {
                let found = response::violations(
                    document,
                    &self.method,
                    self.path(),
                    self.status,
                    &self.answer,
                );
                violations.extend(found);
            }
        }
        exceptions::sift(self.version.as_deref(), violations)
    }
}
