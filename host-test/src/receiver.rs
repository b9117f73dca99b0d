//! Somebody who takes JSON documents by HTTP: one request for each, sent again while that may help, always with the same
//! idempotency key. So a document arrives at least once, and whoever remembers its key takes it once.

mod answer;
mod error;
#[cfg(test)]
pub(crate) mod scripted;
#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::http_client::{HttpClient, HttpClientError, HttpOptions, is_loopback};
use crate::runner::RetryPolicy;

pub use self::answer::Answer;
pub use self::error::PostError;

/// The header that says which document it is, whenever it is sent.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How to post.
#[derive(Clone, Debug)]
pub struct ReceiverOptions {
    /// Headers of every request, its credential among them: marked sensitive, so that `Debug` does not show them.
    pub headers: HeaderMap,
    /// How long one request may take.
    pub timeout: Duration,
    /// How failures that pass are met.
    pub retry: RetryPolicy,
}

impl Default for ReceiverOptions {
    fn default() -> ReceiverOptions {
        ReceiverOptions {
            headers: HeaderMap::new(),
            timeout: Duration::from_secs(60),
            retry: RetryPolicy::default(),
        }
    }
}

/// Takes JSON documents at a URL.
#[derive(Clone)]
pub struct Receiver {
    client: HttpClient,
    url: Url,
    options: ReceiverOptions,
}

impl Receiver {
    /// A receiver with connections of its own.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(url: Url, options: ReceiverOptions) -> Result<Receiver, HttpClientError> {
        Ok(Receiver {
            client: HttpClient::new(HttpOptions::default())?,
            url,
            options,
        })
    }

    /// For people: where documents go, without the query, in which there may be a secret.
    pub fn place(&self) -> String {
        place(&self.url)
    }

    /// Posts a document until it is taken, refused, or has been tried often enough.
    ///
    /// # Errors
    /// The last try's; the document may have arrived all the same, unless it was refused.
    pub async fn post(&self, document: Bytes, key: &str) -> Result<Answer, PostError> {
        let policy = &self.options.retry;
        let mut waits = policy.waits();
        let mut tries = 1;
        loop {
            let error = match self.post_once(document.clone(), key).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error.after(tries),
            };
            if !error.passes() {
                return Err(error);
            }
            let Some(wait) = waits.next(policy.tries, error.retry_after()) else {
                return Err(error);
            };
            tracing::warn!(wait = ?wait, "posting again: {error}");
            policy.pause(wait).await;
            tries += 1;
        }
    }

    /// Posts a document once.
    ///
    /// # Errors
    /// When it was not taken for sure.
    pub async fn post_once(&self, document: Bytes, key: &str) -> Result<Answer, PostError> {
        let request = self
            .client
            .client_for(&self.url)
            .post(self.url.clone())
            .timeout(self.options.timeout)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .headers(self.options.headers.clone())
            .header(IDEMPOTENCY_KEY, key)
            .body(document);
        let lost = |error: &reqwest::Error| PostError::lost(self.place(), error);
        let answer = request.send().await.map_err(|error| lost(&error))?;
        let status = answer.status();
        let retry_after = answer::retry_after(answer.headers(), std::time::SystemTime::now());
        // What an answer says beside its status is of no use when it cannot be read.
        let body = answer::body(answer).await;
        match status.is_success() {
            true => Ok(Answer::new(status.as_u16(), body)),
            false => Err(PostError::refused(self.place(), status, &body, retry_after)),
        }
    }
}

/// A URL that documents may be posted to.
///
/// # Errors
/// What is wrong with it, without repeating it: there may be a secret in it.
pub fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("it is no URL: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "a user name or a password is in the URL; put the credential into a header".to_owned(),
        );
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(
            "plain http would show the data to the network; only this machine is reached by it"
                .to_owned(),
        ),
        scheme => Err(format!(
            "`{scheme}` is no way to post documents; write https"
        )),
    }
}

/// A header with a value that is not shown; `None` where one of the two cannot be sent, or is not for others to set.
pub fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    const OWN: &[&str] = &[
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "idempotency-key",
        "te",
        "transfer-encoding",
        "upgrade",
    ];
    let name: HeaderName = name.parse().ok()?;
    let mut value: HeaderValue = value.parse().ok()?;
    value.set_sensitive(true);
    (!OWN.contains(&name.as_str())).then_some((name, value))
}

/// The key of a document: a hash of what it is, of which no part can take bytes of its neighbour.
pub fn idempotency_key<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A URL up to its query.
fn place(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}
