//! Tells people that something went wrong, and that it is over: by a command, or by a document posted to a URL.
//!
//! Whoever notices something says so ([`Alerts::event`]); what is an alert the connection's rules decide (`decision`), without
//! clock, process or network; a task of its own delivers it. Nobody who says something waits for anything.

mod decision;
mod delivery;
mod rule;
mod watch;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch as changes};

pub use self::decision::{Alert, Event, Trouble};
use self::decision::{Decision, Raised};
use self::delivery::Delivery;
pub use self::rule::{AlertKind, AlertRule, AlertTarget};
use crate::clock::now_ms;
use crate::contract::types::Notice;
use crate::http_client::HttpClient;
use crate::metrics::ConnectionMetrics;
use crate::position::State;
use crate::report::{StreamReport, StreamStatus};

/// Alerts that may wait to be delivered; beyond that they are dropped, and a line of the log says so.
const WAITING: usize = 1_000;

/// The alerts of a connection. Cheap to clone; the default has no rules.
#[derive(Clone, Default)]
pub struct Alerts {
    shared: Option<Arc<Shared>>,
}

struct Shared {
    decision: Mutex<Decision>,
    outbox: mpsc::Sender<Raised>,
    /// How many alerts are not delivered yet.
    open: changes::Sender<usize>,
}

impl Alerts {
    /// Watches over a connection from now on: within a runtime, else nothing is told. A connection that is opened again with the
    /// same rules goes on with what was told and what was not; a silence is noticed while it is closed as well, until
    /// [`forget`].
    pub fn start(
        rules: Vec<AlertRule>,
        metrics: &Arc<ConnectionMetrics>,
        http: &HttpClient,
    ) -> Alerts {
        let mut kept = kept();
        match kept.get(metrics.name()) {
            Some((known, alerts)) if *known == rules => alerts.clone(),
            _ => {
                let alerts = Alerts::start_with(rules.clone(), metrics, http, &delivery::WAITS);
                if alerts.shared.is_some() {
                    kept.insert(metrics.name().to_owned(), (rules, alerts.clone()));
                }
                alerts
            }
        }
    }

    fn start_with(
        rules: Vec<AlertRule>,
        metrics: &Arc<ConnectionMetrics>,
        http: &HttpClient,
        waits: &'static [Duration],
    ) -> Alerts {
        let (false, Ok(runtime)) = (rules.is_empty(), Handle::try_current()) else {
            return Alerts::default();
        };
        let (outbox, letters) = mpsc::channel(WAITING);
        let (open, _) = changes::channel(0);
        let delivery = Delivery {
            rules: rules.clone(),
            http: http.clone(),
            metrics: Arc::clone(metrics),
            open: open.clone(),
            waits,
        };
        runtime.spawn(delivery.run(letters));
        let every = watch::interval(&rules);
        let shared = Arc::new(Shared {
            decision: Mutex::new(Decision::new(metrics.name(), rules)),
            outbox,
            open,
        });
        if let Some(every) = every {
            runtime.spawn(watch::run(
                Arc::downgrade(&shared),
                Arc::clone(metrics),
                every,
            ));
        }
        Alerts {
            shared: Some(shared),
        }
    }

    /// Says that something went wrong, or that it works.
    pub fn event(&self, event: Event<'_>) {
        self.decide(|decision, now_ms| decision.event(now_ms, &event));
    }

    /// Says how the reading of a stream ended.
    pub(crate) fn stream_ended(&self, report: &StreamReport) {
        if self.shared.is_none() {
            return;
        }
        let (stream, status) = (report.stream.as_str(), &report.status);
        let message = status.message().unwrap_or_default();
        let code = status.code().unwrap_or(status.name());
        if decision::is_failure(status.name()) {
            self.event(Event::bad(AlertKind::Failure, stream, code, message));
        } else if *status == StreamStatus::Complete {
            self.event(Event::good(AlertKind::Failure, stream));
        }
    }

    /// Says what the component found that is not as it is known.
    pub(crate) fn drift(&self, subject: &str, notices: &[Notice]) {
        let drift = notices.iter().find(|notice| notice.kind == decision::DRIFT);
        if let Some(notice) = drift {
            let message = &notice.message;
            self.event(Event::bad(
                AlertKind::Drift,
                subject,
                decision::DRIFT,
                message,
            ));
        }
    }

    /// Says that a genuine webhook came.
    pub fn webhook(&self) {
        self.decide(Decision::webhook);
    }

    /// Says that webhooks are taken from now on; `last_ms` is when the last genuine one came, if one ever did.
    pub fn expect_webhooks(&self, last_ms: Option<i64>) {
        self.decide(|decision, now_ms| {
            decision.expect_webhooks(last_ms.unwrap_or(now_ms));
            Vec::new()
        });
    }

    /// Takes over from earlier processes what went wrong last and was told then.
    pub fn remember(&self, state: &State) {
        self.decide(|decision, now_ms| {
            let streams = state.streams.iter();
            let last = streams.filter_map(|(name, known)| Some((&**name, known.last.as_ref()?)));
            decision.remember(now_ms, last);
            Vec::new()
        });
    }

    /// Waits until every alert is delivered or given up.
    async fn finish(&self) {
        if let Some(shared) = &self.shared {
            let mut open = shared.open.subscribe();
            // The sender lives as long as what is shared.
            let _ = open.wait_for(|open| *open == 0).await;
        }
    }

    fn decide(&self, decide: impl FnOnce(&mut Decision, i64) -> Vec<Raised>) {
        if let Some(shared) = &self.shared {
            shared.decide(decide);
        }
    }
}

impl Shared {
    fn decide(&self, decide: impl FnOnce(&mut Decision, i64) -> Vec<Raised>) {
        // Sent before the lock is given back: an alert and its recovery stay in their order.
        let mut decision = self.decision();
        for raised in decide(&mut decision, now_ms()) {
            self.open.send_modify(|open| *open += 1);
            if let Err(error) = self.outbox.try_send(raised) {
                self.open.send_modify(|open| *open -= 1);
                tracing::error!("an alert is dropped: {error}");
            }
        }
    }

    /// Counts and times alone are behind the lock; a panic cannot leave them in disorder.
    fn decision(&self) -> MutexGuard<'_, Decision> {
        self.decision.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The alerts of this process's connections, with their rules.
type Kept = BTreeMap<String, (Vec<AlertRule>, Alerts)>;

fn kept() -> MutexGuard<'static, Kept> {
    static KEPT: Mutex<Kept> = Mutex::new(BTreeMap::new());
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Watches no longer over a connection of this name: it is gone.
pub fn forget(name: &str) {
    kept().remove(name);
}

/// Waits until every alert of this process is delivered or given up, at most so long.
pub async fn finish(longest: Duration) {
    let all: Vec<Alerts> = kept().values().map(|(_, alerts)| alerts.clone()).collect();
    // What is not delivered by then was told in the log.
    let _ = tokio::time::timeout(longest, async {
        for alerts in &all {
            alerts.finish().await;
        }
    })
    .await;
}

#[cfg(test)]
mod tests;
