//! What a caller hears.

use axum::Json;
use axum::body::to_bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::platform::database::DatabaseError;
use crate::platform::server::AddError;

/// The longest text of what is refused before a route has it.
const MOST_SAID: usize = 4_096;

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

/// What is refused before a route has it (an address or a body that is no text) is told as everything else is.
pub(super) async fn as_document(response: Response) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_document = kind.is_some_and(|kind| kind == "application/json");
    let status = response.status();
    if is_document || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let said = to_bytes(response.into_body(), MOST_SAID).await;
    let said = said.unwrap_or_default();
    let message = match String::from_utf8_lossy(&said) {
        empty if empty.is_empty() => status.to_string(),
        said => said.into_owned(),
    };
    Refused::new(status, message).into_response()
}

impl From<DatabaseError> for Refused {
    fn from(error: DatabaseError) -> Refused {
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

impl From<AddError> for Refused {
    fn from(error: AddError) -> Refused {
        let status = match &error {
            AddError::Document(_)
            | AddError::OtherName { .. }
            | AddError::Place(_)
            | AddError::Unfit(_) => StatusCode::UNPROCESSABLE_ENTITY,
            AddError::Taken(_)
            | AddError::Changing(_)
            | AddError::Configured(_)
            | AddError::Door { .. }
            | AddError::Seal(_) => StatusCode::CONFLICT,
            AddError::Database(_) | AddError::Folder(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Refused::new(status, error.to_string())
    }
}
