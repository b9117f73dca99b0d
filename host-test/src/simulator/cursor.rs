//! Cursors of paged lists: base64 of `[sort value, id, page]`, opaque to clients and without state here.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use serde::{Deserialize, Serialize};

use super::errors::ApiError;

/// A value that a list is sorted by: the position of an entry, together with its number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum SortValue {
    /// A number; a time in milliseconds.
    Number(i64),
    /// Any other text.
    Text(String),
}

/// Where a page begins: after the entry with this sort value and id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Sort value of the last entry of the page before.
    pub(crate) sort: SortValue,
    /// Id of that entry.
    pub(crate) id: String,
    /// Number of the page that begins here.
    pub(crate) page: u64,
}

impl Cursor {
    /// The cursor as the API hands it out.
    pub(crate) fn encode(&self) -> String {
        let tuple = serde_json::json!([self.sort, self.id, self.page]);
        STANDARD.encode(tuple.to_string())
    }

    /// Reads a cursor that a client sent back.
    ///
    /// # Errors
    /// 400 when it is not one.
    pub(crate) fn decode(text: &str) -> Result<Cursor, ApiError> {
        let bytes = STANDARD
            .decode(text)
            .or_else(|_| URL_SAFE.decode(text))
            .or_else(|_| STANDARD_NO_PAD.decode(text))
            .map_err(|_| invalid())?;
        let (sort, id, page): (SortValue, String, u64) =
            serde_json::from_slice(&bytes).map_err(|_| invalid())?;
        Ok(Cursor { sort, id, page })
    }
}

/// The answer to a cursor that cannot be read.
pub(crate) fn invalid() -> ApiError {
    ApiError::new(
        400,
        "client_error",
        "Invalid starting_after param. Please try again using a starting_after value from a paginated response",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for sort in [
            SortValue::Number(1_707_930_081_000),
            SortValue::Text("é".into()),
        ] {
            let cursor = Cursor {
                sort,
                id: "abc".into(),
                page: 2,
            };
            assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
        }
    }

    #[test]
    fn rubbish_is_refused() {
        for text in ["", "%%%", "bm90IGpzb24=", "WzFd", "WzEsMiwtMV0="] {
            assert_eq!(Cursor::decode(text), Err(invalid()), "{text}");
        }
    }
}
