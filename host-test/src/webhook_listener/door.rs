//! A door for another system: what it tells is verified, stored durably, and answered at once.
//!
//! What it sees: 200 for everything genuine (also what was stored before, or no rule is for: the text says so, and it is
//! kept), 401 for what is not genuine, 400 for what is no JSON or has no id, 410 when the connection is gone, 413 for what is
//! too large, and 503 for what it should send again.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};

use super::answer::Answer;
use super::watch::Watch;
use crate::callbacks::{Refusal, look, tell_unmatched};
use crate::clock::now_ms;
use crate::connection_file::Callback;
use crate::observers::Observers;
use crate::progress::write_line;
use crate::webhook_queue::{Intents, NewCallback};

/// A door for another system.
pub struct Door {
    /// The connection behind it.
    pub connection: String,
    /// Whether that is still there.
    pub watch: Watch,
    /// Its path.
    pub path: String,
    /// Its name in the connection's file.
    pub name: String,
    /// What is behind it.
    pub callback: Callback,
    /// Who is told of what no rule is for.
    pub observers: Observers,
    /// Where callbacks go.
    pub intents: Arc<Intents>,
    /// Whether every callback gets a line on standard error (never its body).
    pub log_each: bool,
}

impl Door {
    /// Whether a path leads to it.
    pub(super) fn is_at(&self, path: &str) -> bool {
        self.path.trim_matches('/') == path.trim_matches('/')
    }

    /// Whether its connection is gone.
    pub(super) fn is_gone(&self) -> bool {
        self.watch.is_gone()
    }

    /// Verifies a body and stores it.
    pub(super) async fn take(&self, headers: &HeaderMap, body: Vec<u8>) -> Answer {
        let answer = self.try_take(headers, body).await;
        if self.log_each {
            let status = answer.status.as_u16();
            write_line(&format!(
                "callback {status}: {}: {}",
                self.name, answer.text
            ));
        }
        answer
    }

    async fn try_take(&self, headers: &HeaderMap, body: Vec<u8>) -> Answer {
        let genuine = match look(&self.callback, headers, &body) {
            Ok(genuine) => genuine,
            Err(refusal) => {
                let status = match refusal {
                    Refusal::Unsigned(_) | Refusal::BadSignature => StatusCode::UNAUTHORIZED,
                    Refusal::Malformed | Refusal::NoId(_) => StatusCode::BAD_REQUEST,
                };
                return Answer::new(status, refusal.to_string());
            }
        };
        let id = genuine.id.clone();
        let kept = genuine.unmatched;
        let callback = NewCallback {
            name: self.name.clone(),
            id: genuine.id,
            body,
            unmatched: kept.as_ref().map(ToString::to_string),
        };
        let intents = Arc::clone(&self.intents);
        // The disk is waited for.
        let stored =
            tokio::task::spawn_blocking(move || intents.take_callback(&callback, now_ms()));
        match (stored.await, kept) {
            (Ok(Ok(true)), None) => Answer::ok(format!("accepted {id}")),
            (Ok(Ok(true)), Some(reason)) => {
                let told = reason.without_values();
                tell_unmatched(&self.observers, &self.name, &told, Duration::ZERO);
                tracing::warn!(callback = self.name, id, "a callback is kept: {reason}");
                Answer::ok(format!("kept {id}, nothing is done: {reason}"))
            }
            (Ok(Ok(false)), _) => Answer::ok(format!("known {id}")),
            (Ok(Err(error)), _) => not_stored(&error),
            (Err(error), _) => not_stored(&error),
        }
    }
}

fn not_stored(error: &dyn std::fmt::Display) -> Answer {
    tracing::error!("a callback could not be stored: {error}");
    let text = "it could not be stored; send it again";
    Answer::new(StatusCode::SERVICE_UNAVAILABLE, text)
}
