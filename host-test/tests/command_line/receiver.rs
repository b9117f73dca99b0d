use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use serde_json::Value;

/// What a receiver got.
#[derive(Clone, Debug, PartialEq)]
pub struct Came {
    pub key: String,
    pub api_key: String,
    pub body: Value,
}

/// How the receiver behaves.
#[derive(Default)]
struct Inner {
    came: Vec<Came>,
    /// The status of its answers.
    status: u16,
    /// It answers so many, and holds back every further answer.
    answers: Option<usize>,
}

/// A receiver in the tests' own process.
#[derive(Clone)]
pub struct Receiver {
    /// Where it is.
    pub url: String,
    /// The same as an `--output`.
    pub output: String,
    inner: Arc<Mutex<Inner>>,
}

impl Receiver {
    pub fn start() -> Receiver {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}/in", listener.local_addr().unwrap());
        let receiver = Receiver {
            output: format!("http:{url}"),
            url,
            inner: Arc::new(Mutex::new(Inner {
                status: 202,
                ..Inner::default()
            })),
        };
        let router = Router::new()
            .route("/files/{name}", get(file))
            .fallback(take)
            .layer(axum::extract::DefaultBodyLimit::max(64 * 1024 * 1024))
            .with_state(receiver.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        receiver
    }

    /// From now on it answers with a status; of a number of answers all further ones are held back.
    pub fn answers(&self, status: u16, answers: Option<usize>) {
        let mut inner = self.inner.lock().unwrap();
        inner.status = status;
        inner.answers = answers;
    }

    /// Where a file is that it has; see [`file`].
    pub fn file(&self, name: &str) -> String {
        self.url.replace("/in", &format!("/files/{name}"))
    }

    /// How much came.
    pub fn count(&self) -> usize {
        self.inner.lock().unwrap().came.len()
    }

    /// What came, which stays.
    pub fn seen(&self) -> Vec<Came> {
        self.inner.lock().unwrap().came.clone()
    }

    /// What came since the last time somebody asked.
    pub fn came(&self) -> Vec<Came> {
        std::mem::take(&mut self.inner.lock().unwrap().came)
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (status, held) = {
        let mut inner = receiver.inner.lock().unwrap();
        inner.came.push(Came {
            key: text("idempotency-key"),
            api_key: text("api-key"),
            body: serde_json::from_slice(&body).unwrap(),
        });
        let left = inner.answers.as_mut().map(|left| {
            let held = *left == 0;
            *left = left.saturating_sub(1);
            held
        });
        (inner.status, left == Some(true))
    };
    if held {
        std::future::pending::<()>().await;
    }
    StatusCode::from_u16(status).unwrap()
}

/// The content of the file that is as it should be.
pub const CONTENT: &str = "what was planned";

/// Files, good and bad ones.
async fn file(Path(name): Path<String>) -> Response {
    match name.as_str() {
        "plan.pdf" => ([(CONTENT_TYPE, "application/pdf")], CONTENT).into_response(),
        "large.pdf" => ([(CONTENT_TYPE, "application/pdf")], "x".repeat(2_000)).into_response(),
        "page.html" => ([(CONTENT_TYPE, "text/html")], "<p>").into_response(),
        "never.pdf" => std::future::pending().await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
