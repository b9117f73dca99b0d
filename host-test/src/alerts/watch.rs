//! Looks every so often at what nobody says: how many calls fail, and whether webhooks still come.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::Shared;
use super::rule::{AlertKind, AlertRule};
use crate::metrics::ConnectionMetrics;

/// The shortest and the longest time between two looks.
const BETWEEN_LOOKS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// How often to look. `None`: no rule wants it.
pub(super) fn interval(rules: &[AlertRule]) -> Option<Duration> {
    let spans = rules.iter().flat_map(|rule| {
        [
            rule.watches(AlertKind::FailureRate).then_some(rule.window),
            rule.watches(AlertKind::WebhookSilence)
                .then_some(rule.silence),
        ]
    });
    let shortest = spans.flatten().min()?;
    Some((shortest / 20).clamp(BETWEEN_LOOKS.0, BETWEEN_LOOKS.1))
}

/// Looks until nobody has these alerts any more.
pub(super) async fn run(alerts: Weak<Shared>, metrics: Arc<ConnectionMetrics>, every: Duration) {
    let mut next = tokio::time::interval(every);
    next.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        next.tick().await;
        let Some(alerts) = alerts.upgrade() else {
            return;
        };
        let (calls, failures) = metrics.calls_and_failures();
        alerts.decide(|decision, now_ms| decision.tick(now_ms, calls, failures));
    }
}
