//! Everything that is counted, with its name.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::connection::ConnectionMetrics;
use super::probes::Probes;

/// Labels of one series.
pub(super) type Labels = Vec<(&'static str, String)>;

/// What is counted. The order is the one of [`COUNTERS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Counted {
    Calls,
    CallFailures,
    Instances,
    Requests,
    RequestFailures,
    SentBytes,
    ReceivedBytes,
    RateWaits,
    Records,
    Pages,
    StreamRuns,
    Notices,
    RowsWritten,
    Intents,
    Callbacks,
    Alerts,
}

/// Names (Prometheus's format puts `_total` behind them) and what they are.
const COUNTERS: &[(&str, &str)] = &[
    ("connector_calls", "Calls of the component"),
    (
        "connector_call_failures",
        "Calls of the component that gave no result, by kind",
    ),
    ("connector_instances", "Instances of the component made"),
    (
        "connector_http_requests",
        "Requests to the provider, by the status of the answer (none: there was no answer)",
    ),
    (
        "connector_http_request_failures",
        "Requests to the provider without a whole answer, by kind",
    ),
    ("connector_http_sent_bytes", "Bytes of request bodies"),
    (
        "connector_http_received_bytes",
        "Bytes of answers' bodies, decoded",
    ),
    (
        "connector_rate_waits",
        "Requests that waited for the rate budget or were turned back by it",
    ),
    ("connector_records", "Entries that readings gave"),
    ("connector_pages", "Pages that readings gave"),
    (
        "connector_stream_runs",
        "Readings of a stream that ended, by status",
    ),
    (
        "connector_notices",
        "Notices of the component, by kind (drift, gap, quarantined and others)",
    ),
    (
        "connector_rows_written",
        "Rows given to an action, by their final outcome",
    ),
    (
        "connector_intents",
        "Intents that were tried, by action and outcome (a ticket is one of the action tickets)",
    ),
    (
        "connector_callbacks",
        "Tries to carry out what other systems told, by outcome",
    ),
    ("connector_alerts", "Alerts, by whether they got through"),
];

/// What is measured. The order is the one of [`HISTOGRAMS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measured {
    Call,
    Request,
    CallbackDelay,
}

/// A name, what it is, and its buckets.
type Described = (&'static str, &'static str, fn() -> Histogram);

/// The upper bounds of buckets are in seconds.
const HISTOGRAMS: &[Described] = &[
    (
        "connector_call_duration_seconds",
        "How long calls of the component took, with waiting for their turn",
        || {
            Histogram::new([
                1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0,
            ])
        },
    ),
    (
        "connector_http_request_duration_seconds",
        "How long answers of the provider took, without waiting for the rate budget",
        || {
            Histogram::new([
                5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
            ])
        },
    ),
    (
        "connector_callback_delay_seconds",
        "From a callback's arrival until it was carried out",
        || {
            Histogram::new([
                0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 21_600.0,
            ])
        },
    ),
];

type Histograms = Family<Labels, Histogram, fn() -> Histogram>;

/// All families of the process.
pub(super) struct Families {
    pub(super) registry: Registry,
    pub(super) probes: Arc<Probes>,
    counters: Vec<Family<Labels, Counter>>,
    histograms: Vec<Histograms>,
    connections: Mutex<BTreeMap<String, Arc<ConnectionMetrics>>>,
}

/// The process's.
pub(super) fn all() -> &'static Families {
    static ALL: LazyLock<Families> = LazyLock::new(Families::new);
    &ALL
}

impl Families {
    fn new() -> Families {
        let mut registry = Registry::default();
        let counters = COUNTERS.iter().map(|(name, help)| {
            let family = Family::<Labels, Counter>::default();
            registry.register(*name, *help, family.clone());
            family
        });
        let counters = counters.collect();
        let histograms = HISTOGRAMS.iter().map(|(name, help, make)| {
            let family = Histograms::new_with_constructor(*make);
            registry.register(*name, *help, family.clone());
            family
        });
        let histograms = histograms.collect();
        let probes = Arc::new(Probes::default());
        registry.register_collector(Box::new(Arc::clone(&probes)));
        Families {
            registry,
            probes,
            counters,
            histograms,
            connections: Mutex::default(),
        }
    }

    /// A counter, to be kept or to be used at once.
    pub(super) fn counter(&self, counted: Counted, labels: &Labels) -> Counter {
        self.counters[counted as usize].get_or_create_owned(labels)
    }

    /// A histogram, to be kept.
    pub(super) fn histogram(&self, measured: Measured, labels: &Labels) -> Histogram {
        self.histograms[measured as usize].get_or_create_owned(labels)
    }

    pub(super) fn connection(&self, name: &str) -> Arc<ConnectionMetrics> {
        let mut connections = self.connections();
        if let Some(known) = connections.get(name) {
            return Arc::clone(known);
        }
        let made = Arc::new(ConnectionMetrics::new(self, name));
        connections.insert(name.to_owned(), Arc::clone(&made));
        made
    }

    pub(super) fn end_counter(&self, counted: Counted, labels: &Labels) {
        self.counters[counted as usize].remove(labels);
    }

    pub(super) fn end_histogram(&self, measured: Measured, labels: &Labels) {
        self.histograms[measured as usize].remove(labels);
    }

    pub(super) fn forget(&self, name: &str) {
        let known = self.connections().remove(name);
        if let Some(known) = known {
            known.end(self);
        }
    }

    pub(super) fn connections(&self) -> MutexGuard<'_, BTreeMap<String, Arc<ConnectionMetrics>>> {
        let connections = self.connections.lock();
        connections.unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_their_names_have_the_same_length() {
        assert_eq!(Counted::Alerts as usize + 1, COUNTERS.len());
        assert_eq!(Measured::CallbackDelay as usize + 1, HISTOGRAMS.len());
    }
}
