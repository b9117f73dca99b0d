//! What others are told of a delivery: a genuine one ends a silence, and the debug mode has a line for each.

use std::time::Instant;

use axum::http::StatusCode;

use crate::contract::connector::Verdict;
use crate::debug_mode::{DebugMode, masked_body, masked_id};
use crate::observers::Observers;

/// A delivery that is being looked at.
pub(super) struct Told<'a> {
    observers: &'a Observers,
    begun: Instant,
    verdict: &'static str,
    topic: Option<String>,
    id: Option<String>,
}

impl<'a> Told<'a> {
    /// It came.
    pub(super) fn begin(observers: &'a Observers) -> Told<'a> {
        Told {
            observers,
            begun: Instant::now(),
            verdict: "failed",
            topic: None,
            id: None,
        }
    }

    /// What the component said of it; `None`: it could not say anything.
    pub(super) fn verdict(mut self, verdict: Option<&Verdict>) -> Told<'a> {
        let Some(verdict) = verdict else {
            return self;
        };
        if !matches!(verdict, Verdict::Rejected(_)) {
            self.observers.alerts.webhook();
        }
        if self.observers.debug == DebugMode::Off {
            return self;
        }
        let (name, topic, id) = match verdict {
            Verdict::Accepted(accepted) => ("accepted", Some(&accepted.topic), Some(&accepted.id)),
            Verdict::Ping(_) => ("ping", None, None),
            Verdict::Ignored(ignored) => ("ignored", Some(&ignored.topic), Some(&ignored.id)),
            Verdict::Rejected(_) => ("rejected", None, None),
        };
        self.verdict = name;
        self.topic = topic.map(|topic| masked_id(topic));
        self.id = id.map(|id| masked_id(id));
        self
    }

    /// It is answered.
    pub(super) fn end(self, status: StatusCode, body: &[u8]) {
        let mode = self.observers.debug;
        if mode == DebugMode::Off {
            return;
        }
        tracing::debug!(
            target: "debug",
            connection = self.observers.name(),
            id = self.id,
            topic = self.topic,
            verdict = self.verdict,
            status = status.as_u16(),
            ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            received = body.len(),
            body = (mode == DebugMode::Bodies).then(|| masked_body(body)),
            "webhook"
        );
    }
}
