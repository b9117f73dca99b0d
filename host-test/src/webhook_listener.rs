//! Takes webhooks over HTTP: verified in the component, stored once, answered at once.
//!
//! What the provider sees: 200 for everything genuine (also what was stored before, or means nothing here), 401 for what
//! is not genuine, 400 for what is no notification, 413 for what is too large, and 500 or 503 for what it should send
//! again.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use tokio::net::TcpListener;

use crate::clock::now_ms;
use crate::contract::connector::{AcceptedDelivery, Verdict, WebhookDelivery};
use crate::contract::types::Header;
use crate::output::{Delivery, Output, OutputError};
use crate::plugin::Plugin;
use crate::position::Heard;
use crate::progress::write_line;
use crate::secret::Secret;
use crate::tenant::Tenant;

/// How long a sender may take with its body.
const BODY_TIME: Duration = Duration::from_secs(20);

/// The largest body when the component does not say.
const BODY_BYTES: usize = 1024 * 1024;

/// Bytes beyond the largest body that are still read.
const THROWN_AWAY: usize = 16 * 1024 * 1024;

/// What was taken so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebhookCounts {
    /// Stored.
    pub accepted: u64,
    /// Genuine, and stored before.
    pub duplicates: u64,
    /// Genuine, and without meaning here.
    pub ignored: u64,
    /// Tries of the door.
    pub pings: u64,
    /// Not genuine.
    pub rejected: u64,
    /// Too large or not received whole.
    pub refused: u64,
    /// Could not be verified or stored: the sender comes again.
    pub failed: u64,
}

#[derive(Default)]
struct Counters {
    accepted: AtomicU64,
    duplicates: AtomicU64,
    ignored: AtomicU64,
    pings: AtomicU64,
    rejected: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
}

/// Takes the webhooks of one connection. Cheap to clone.
#[derive(Clone)]
pub struct WebhookListener {
    shared: Arc<Shared>,
}

struct Shared {
    plugin: Plugin,
    tenant: Tenant,
    secrets: Vec<Secret>,
    output: Arc<Mutex<Box<dyn Output>>>,
    body_bytes: usize,
    log_each: bool,
    counters: Counters,
}

/// What becomes of a delivery.
struct Answer {
    status: StatusCode,
    text: String,
}

impl WebhookListener {
    /// Takes webhooks into `output`. With `log_each`, every delivery gets a line on standard error (never its body).
    pub fn new(
        plugin: Plugin,
        tenant: Tenant,
        secrets: Vec<Secret>,
        output: Arc<Mutex<Box<dyn Output>>>,
        log_each: bool,
    ) -> WebhookListener {
        let limit = plugin
            .descriptor()
            .webhooks
            .as_ref()
            .and_then(|webhooks| usize::try_from(webhooks.max_body_bytes).ok());
        WebhookListener {
            shared: Arc::new(Shared {
                body_bytes: limit.unwrap_or(BODY_BYTES),
                plugin,
                tenant,
                secrets,
                output,
                log_each,
                counters: Counters::default(),
            }),
        }
    }

    /// What was taken so far.
    pub fn counts(&self) -> WebhookCounts {
        let counters = &self.shared.counters;
        WebhookCounts {
            accepted: counters.accepted.load(Relaxed),
            duplicates: counters.duplicates.load(Relaxed),
            ignored: counters.ignored.load(Relaxed),
            pings: counters.pings.load(Relaxed),
            rejected: counters.rejected.load(Relaxed),
            refused: counters.refused.load(Relaxed),
            failed: counters.failed.load(Relaxed),
        }
    }

    /// The routes: every path takes webhooks.
    pub fn router(&self) -> Router {
        Router::new().fallback(receive).with_state(self.clone())
    }

    /// Serves until `stop` is done; deliveries under way are finished.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        axum::serve(listener, self.router())
            .with_graceful_shutdown(stop)
            .await
    }

    async fn take(&self, headers: &HeaderMap, body: Vec<u8>) -> Answer {
        let shared = &self.shared;
        let delivery = WebhookDelivery {
            headers: contract_headers(headers),
            body,
            secrets: shared
                .secrets
                .iter()
                .map(|secret| secret.expose().to_owned())
                .collect(),
            received_at_ms: now_ms(),
        };
        let verdict = shared
            .plugin
            .verify_webhook(&shared.tenant, &delivery)
            .await;
        let (counter, answer) = match verdict {
            Ok(Verdict::Accepted(accepted)) => self.store(accepted).await,
            Ok(Verdict::Ping(workspace)) => {
                let heard = shared.with_output(|output| output.hear(Heard::Ping, now_ms()));
                log_unless_kept(heard.await);
                let text = format!("pong {}", workspace.unwrap_or_default());
                (&shared.counters.pings, ok(text))
            }
            Ok(Verdict::Ignored(ignored)) => {
                let text = format!("ignored {}: {}", ignored.topic, ignored.reason);
                let heard = shared.with_output(move |output| {
                    let topic = &ignored.topic;
                    output.hear(Heard::Delivery { topic }, now_ms())
                });
                log_unless_kept(heard.await);
                (&shared.counters.ignored, ok(text))
            }
            Ok(Verdict::Rejected(rejection)) => {
                let status = match rejection.code.as_str() {
                    "malformed" => StatusCode::BAD_REQUEST,
                    _ => StatusCode::UNAUTHORIZED,
                };
                let text = format!("{}: {}", rejection.code, rejection.message);
                (&shared.counters.rejected, Answer { status, text })
            }
            Err(error) => {
                tracing::error!("a webhook could not be verified: {error}");
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                let text = "it could not be verified; send it again".to_owned();
                (&shared.counters.failed, Answer { status, text })
            }
        };
        counter.fetch_add(1, Relaxed);
        if shared.log_each {
            write_line(&format!(
                "webhook {}: {}",
                answer.status.as_u16(),
                answer.text
            ));
        }
        answer
    }

    async fn store(&self, delivery: AcceptedDelivery) -> (&AtomicU64, Answer) {
        let counters = &self.shared.counters;
        for notice in &delivery.notices {
            tracing::warn!(
                topic = delivery.topic,
                kind = notice.kind,
                "{}",
                notice.message
            );
        }
        if !delivery.intents.is_empty() {
            tracing::warn!(
                topic = delivery.topic,
                intents = delivery.intents.len(),
                "intents are not carried out by this version"
            );
        }
        if !delivery.read_again.is_empty() {
            tracing::info!(
                topic = delivery.topic,
                rows = delivery.read_again.len(),
                "rows of which a webhook tells a part are complete with the next reading"
            );
        }
        let topic = delivery.topic.clone();
        let id = delivery.id.clone();
        let stored = self.shared.with_output(move |output| {
            output.deliver(Delivery {
                id: &delivery.id,
                topic: &delivery.topic,
                entries: &delivery.entries,
                now_ms: now_ms(),
            })
        });
        match stored.await {
            Ok(true) => (&counters.accepted, ok(format!("accepted {topic} {id}"))),
            Ok(false) => (&counters.duplicates, ok(format!("known {topic} {id}"))),
            Err(error) => {
                tracing::error!("a webhook could not be stored: {error}");
                (&counters.failed, not_stored())
            }
        }
    }
}

impl Shared {
    /// Does something with the output on a thread for blocking work: the disk must not hold up the other deliveries.
    async fn with_output<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Output) -> Result<T, OutputError> + Send + 'static,
    ) -> Result<T, String> {
        let output = Arc::clone(&self.output);
        let done = tokio::task::spawn_blocking(move || {
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            work(output.as_mut())
        });
        match done.await {
            Ok(done) => done.map_err(|error| error.to_string()),
            Err(ended) => Err(ended.to_string()),
        }
    }
}

/// That a webhook came is worth knowing and no reason to have it sent again.
fn log_unless_kept(kept: Result<(), String>) {
    if let Err(error) = kept {
        tracing::warn!("that a webhook came could not be remembered: {error}");
    }
}

async fn receive(State(listener): State<WebhookListener>, request: Request<Body>) -> Response {
    match *request.method() {
        // The provider asks so whether the address is there.
        Method::HEAD | Method::GET => return StatusCode::OK.into_response(),
        Method::POST => {}
        _ => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
    let (parts, body) = request.into_parts();
    let body = tokio::time::timeout(BODY_TIME, read_body(body, listener.shared.body_bytes)).await;
    let body = match body.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT)) {
        Ok(body) => body,
        Err(status) => {
            listener.shared.counters.refused.fetch_add(1, Relaxed);
            return status.into_response();
        }
    };
    let answer = listener.take(&parts.headers, body).await;
    (answer.status, answer.text).into_response()
}

/// Reads a whole body of at most `limit` bytes. Of a larger one a good deal more is read and thrown away: a sender that is
/// still sending when the connection is closed never sees why.
async fn read_body(body: Body, limit: usize) -> Result<Vec<u8>, StatusCode> {
    let mut received = Vec::new();
    let mut length = 0_usize;
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| StatusCode::BAD_REQUEST)?;
        length = length.saturating_add(part.len());
        if length > limit.saturating_add(THROWN_AWAY) {
            break;
        }
        if length <= limit {
            received.extend_from_slice(&part);
        }
    }
    match length <= limit {
        true => Ok(received),
        false => Err(StatusCode::PAYLOAD_TOO_LARGE),
    }
}

fn contract_headers(headers: &HeaderMap) -> Vec<Header> {
    headers
        .iter()
        .map(|(name, value)| Header {
            name: name.as_str().to_owned(),
            value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
        })
        .collect()
}

fn ok(text: String) -> Answer {
    Answer {
        status: StatusCode::OK,
        text,
    }
}

fn not_stored() -> Answer {
    Answer {
        status: StatusCode::SERVICE_UNAVAILABLE,
        text: "it could not be stored; send it again".to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_read_whole_or_refused() {
        assert_eq!(read_body(Body::from("1234"), 4).await.unwrap(), b"1234");
        let refused = read_body(Body::from("12345"), 4).await;
        assert_eq!(refused, Err(StatusCode::PAYLOAD_TOO_LARGE));
        let parts = futures::stream::iter([Ok("12"), Err(std::io::Error::other("cut"))]);
        let cut = read_body(Body::from_stream(parts), 4).await;
        assert_eq!(cut, Err(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn headers_keep_their_order_and_repetition() {
        let mut headers = HeaderMap::new();
        headers.append("x-a", "1".parse().unwrap());
        headers.append("x-a", "2".parse().unwrap());
        let values: Vec<String> = contract_headers(&headers)
            .into_iter()
            .map(|header| header.value)
            .collect();
        assert_eq!(values, ["1", "2"]);
    }
}
