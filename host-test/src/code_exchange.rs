//! From an authorization code to a token, in the way that the component's descriptor describes.

use std::time::Duration;

use serde_json::Value;
use url::form_urlencoded;

use crate::capabilities::http::send_for_host;
use crate::contract::connector::{CodeExchange, ExchangeValue};
use crate::contract::http::{Effect, Method, Request, Response};
use crate::contract::types::Header;
use crate::secret::Secret;
use crate::tenant::Tenant;

/// The largest answer that is read; one with a token has some hundred bytes.
const MOST_ANSWER_BYTES: usize = 64 * 1024;

/// What the fields of an exchange are filled with.
#[derive(Debug)]
pub struct ExchangeValues<'a> {
    /// The code.
    pub code: &'a Secret,
    /// The app's id.
    pub client_id: &'a str,
    /// The app's secret.
    pub client_secret: &'a Secret,
    /// Where the browser was sent, where that was asked for.
    pub redirect_uri: Option<&'a str>,
}

/// Why an exchange gives no token. Holds nothing of what was sent and nothing of an answer's body: either may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The exchange needs the redirect address, and none is known.
    #[error("the provider wants to know where the browser was sent; give --redirect-uri")]
    NoRedirectUri,
    /// There is no whole answer.
    #[error("the code was not exchanged: {0}; authorise again, since the code may be used up")]
    NoAnswer(String),
    /// The provider says no.
    #[error(
        "the provider refuses the exchange (status {status}): a code can be used once and for some minutes only, and \
         credentials.client_id and credentials.client_secret must be those of the app that was authorised. Check \
         both, and authorise again"
    )]
    Refused {
        /// The status of the answer.
        status: u16,
    },
    /// The provider cannot do it now.
    #[error(
        "the provider cannot exchange the code now (status {status}); authorise again later, since the code may be used up"
    )]
    Unavailable {
        /// The status of the answer.
        status: u16,
    },
    /// The provider answers as no such place does: the endpoint is another one.
    #[error(
        "the code was sent to a place that does not exchange codes (status {status}); check config.region and `endpoint`, \
         and authorise again"
    )]
    Elsewhere {
        /// The status of the answer.
        status: u16,
    },
    /// The answer is a success without a token.
    #[error(
        "the provider answered with a body of {bytes} bytes that {why}; authorise again, and check `endpoint`"
    )]
    NoToken {
        /// The body's length.
        bytes: usize,
        /// What it lacks.
        why: String,
    },
}

/// Exchanges a code for a token, within this time. The tenant says where the endpoint is; it should have no credential of its
/// own, which would be sent along.
pub async fn exchange_code(
    tenant: &Tenant,
    exchange: &CodeExchange,
    values: &ExchangeValues<'_>,
    time: Duration,
) -> Result<Secret, ExchangeError> {
    let request = Request {
        endpoint: exchange.endpoint.clone(),
        method: Method::Post,
        target: exchange.target.clone(),
        headers: vec![
            header("content-type", "application/x-www-form-urlencoded"),
            header("accept", "application/json"),
        ],
        body: Some(form(exchange, values)?.into_bytes()),
        effect: Effect::Write,
        timeout_ms: u64::try_from(time.as_millis()).ok(),
    };
    let answer = send_for_host(&tenant.shared, request, time, MOST_ANSWER_BYTES)
        .await
        .map_err(|error| ExchangeError::NoAnswer(error.message))?;
    let status = answer.status;
    match status {
        200..=299 => token(&answer, &exchange.token_pointer),
        400 | 401 | 403 | 409 | 410 | 422 => Err(ExchangeError::Refused { status }),
        408 | 429 | 500.. => Err(ExchangeError::Unavailable { status }),
        _ => Err(ExchangeError::Elsewhere { status }),
    }
}

/// Whether an exchange wants to know where the browser was sent.
pub fn needs_redirect_uri(exchange: &CodeExchange) -> bool {
    exchange
        .fields
        .iter()
        .any(|field| field.value == ExchangeValue::RedirectUri)
}

fn form(exchange: &CodeExchange, values: &ExchangeValues<'_>) -> Result<String, ExchangeError> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for field in &exchange.fields {
        let value = match field.value {
            ExchangeValue::Code => values.code.expose(),
            ExchangeValue::ClientId => values.client_id,
            ExchangeValue::ClientSecret => values.client_secret.expose(),
            ExchangeValue::RedirectUri => {
                values.redirect_uri.ok_or(ExchangeError::NoRedirectUri)?
            }
        };
        form.append_pair(&field.name, value);
    }
    Ok(form.finish())
}

fn token(answer: &Response, pointer: &str) -> Result<Secret, ExchangeError> {
    let no_token = |why: String| ExchangeError::NoToken {
        bytes: answer.body.len(),
        why,
    };
    let document: Value =
        serde_json::from_slice(&answer.body).map_err(|_| no_token("is not JSON".to_owned()))?;
    match document.pointer(pointer).and_then(Value::as_str) {
        Some(token) if is_token(token) => Ok(token.into()),
        Some(_) => Err(no_token(format!(
            "has something at {pointer} that cannot be sent in a header"
        ))),
        None => Err(no_token(format!("has no token at {pointer}"))),
    }
}

/// Whether a text can be sent as a token.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn header(name: &str, value: &str) -> Header {
    Header {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

#[cfg(test)]
mod tests;
