//! A receiver for tests: it answers as it is told, and remembers what came.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use bytes::Bytes;

/// A request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Came {
    pub(crate) key: String,
    pub(crate) api_key: String,
    pub(crate) body: Vec<u8>,
}

#[derive(Clone, Default)]
pub(crate) struct Scripted {
    pub(crate) url: String,
    statuses: Arc<Mutex<Vec<u16>>>,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Scripted {
    /// Answers with these statuses, one after the other, the last of them for ever.
    pub(crate) fn start(statuses: &[u16]) -> Scripted {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let scripted = Scripted {
            url: format!("http://{}/in?token=secret", listener.local_addr().unwrap()),
            ..Scripted::default()
        };
        scripted.answer(statuses);
        let router = Router::new().fallback(take).with_state(scripted.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        scripted
    }

    /// From now on it answers with these.
    pub(crate) fn answer(&self, statuses: &[u16]) {
        *self.statuses.lock().unwrap() = statuses.to_vec();
    }

    /// What came since the last time somebody asked.
    pub(crate) fn came(&self) -> Vec<Came> {
        std::mem::take(&mut *self.came.lock().unwrap())
    }
}

async fn take(
    State(scripted): State<Scripted>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    scripted.came.lock().unwrap().push(Came {
        key: text("idempotency-key"),
        api_key: text("api-key"),
        body: body.to_vec(),
    });
    let mut statuses = scripted.statuses.lock().unwrap();
    let status = match statuses.len() {
        1 => statuses[0],
        _ => statuses.remove(0),
    };
    let answer = StatusCode::from_u16(status).unwrap();
    (answer, [("retry-after", "3")], r#"{"code":"as_told"}"#)
}
