//! What a caller hears.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::platform::database::DatabaseError;
use crate::platform::server::AddError;

/// An answer that is not what was hoped for.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    message: String,
}

/// What a route gives.
pub(super) type Answer = Result<Json<Value>, Refused>;

impl Refused {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Refused {
        Refused {
            status,
            message: message.into(),
        }
    }

    pub(super) fn not_found(message: impl Into<String>) -> Refused {
        Refused::new(StatusCode::NOT_FOUND, message)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let document = json!({"error": self.message});
        (self.status, Json(document)).into_response()
    }
}

impl From<DatabaseError> for Refused {
    fn from(error: DatabaseError) -> Refused {
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

impl From<AddError> for Refused {
    fn from(error: AddError) -> Refused {
        let status = match &error {
            AddError::Document(_) | AddError::OtherName { .. } | AddError::Place(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            AddError::Taken(_) | AddError::Configured(_) | AddError::Seal(_) => {
                StatusCode::CONFLICT
            }
            AddError::Database(_) | AddError::Folder(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Refused::new(status, error.to_string())
    }
}
