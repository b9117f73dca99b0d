//! What does not conform.

use std::fmt;

/// Something in a request or an answer that a document does not allow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The version that the document describes.
    pub document: &'static str,
    /// The operation: method and path as the document writes it, or as it was sent where the document has none.
    pub operation: String,
    /// Which rule: a parameter, or a place in a schema.
    pub place: String,
    /// For people.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation {
            document,
            operation,
            place,
            message,
        } = self;
        write!(formatter, "{document}, {operation}, {place}: {message}")
    }
}
