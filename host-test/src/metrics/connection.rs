//! The series of one connection.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;

use super::families::{Counted, Families, Labels, Measured, all};
use super::probes::{Looked, Readings};
use crate::call::CallError;
use crate::contract::connector::Page;
use crate::contract::types::Notice;
use crate::position::State;

/// The functions of the contract that are called for a connection.
const EXPORTS: [&str; 5] = [
    "authenticate",
    "read-page",
    "map-record",
    "verify-webhook",
    "write-batch",
];

/// The kinds of notices that the contract names; a component's own words are no labels.
const NOTICES: [&str; 7] = [
    "gap",
    "drift",
    "quarantined",
    "restarted",
    "waiting",
    "repeat",
    "unavailable",
];

/// Streams and actions of one connection that get series of their own. What a component names beyond that is `other`.
const SUBJECTS: usize = 256;

/// What became of something that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It went wrong, for now or for good.
    Failed,
}

impl Outcome {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Failed => "failed",
        }
    }
}

/// How a request to the provider ended.
#[derive(Clone, Copy, Debug)]
pub struct RequestEnd {
    /// The answer's status, where one came.
    pub status: Option<u16>,
    /// Why there is no whole answer.
    pub failure: Option<&'static str>,
    /// Bytes of the request's body.
    pub sent: usize,
    /// Bytes of the answer's body, decoded.
    pub received: usize,
    /// From sending to the answer's end.
    pub duration: Duration,
}

/// The calls of one function. Most connections call two of the five, and a histogram takes a kilobyte: with ten thousand
/// connections that counts.
struct Calls {
    export: &'static str,
    series: OnceLock<(Counter, Histogram)>,
}

/// The series of one connection. What is needed for every call and request is kept here ready for use.
pub struct ConnectionMetrics {
    name: String,
    calls: Vec<Calls>,
    failures: AtomicU64,
    instances: Counter,
    sent: Counter,
    received: Counter,
    rate_waits: Counter,
    requests: Histogram,
    callback_delay: OnceLock<Histogram>,
    /// The counters with further labels.
    counters: Mutex<HashMap<(Counted, Labels), Counter>>,
    subjects: Mutex<Vec<String>>,
    /// Up to when each stream is read, in milliseconds since 1970.
    read_until: Mutex<BTreeMap<String, i64>>,
}

impl ConnectionMetrics {
    pub(super) fn new(families: &Families, name: &str) -> ConnectionMetrics {
        let own = || vec![("connection", name.to_owned())];
        let counter = |counted| families.counter(counted, &own());
        let histogram = |measured| families.histogram(measured, &own());
        let calls = EXPORTS.map(|export| Calls {
            export,
            series: OnceLock::new(),
        });
        ConnectionMetrics {
            calls: calls.into(),
            failures: AtomicU64::default(),
            instances: counter(Counted::Instances),
            sent: counter(Counted::SentBytes),
            received: counter(Counted::ReceivedBytes),
            rate_waits: counter(Counted::RateWaits),
            requests: histogram(Measured::Request),
            callback_delay: OnceLock::new(),
            counters: Mutex::default(),
            subjects: Mutex::default(),
            read_until: Mutex::default(),
            name: name.to_owned(),
        }
    }

    /// The connection's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A call ended.
    pub(crate) fn call(&self, export: &str, duration: Duration, failure: Option<&CallError>) {
        if let Some(calls) = self.calls.iter().find(|calls| calls.export == export) {
            let (count, taken) = calls.series.get_or_init(|| {
                let labels = self.own_and("call", calls.export);
                let count = all().counter(Counted::Calls, &labels);
                (count, all().histogram(Measured::Call, &labels))
            });
            count.inc();
            taken.observe(duration.as_secs_f64());
        }
        if let Some(failure) = failure {
            self.failures.fetch_add(1, Relaxed);
            let labels = [("call", export), ("kind", failure.kind())];
            self.count(Counted::CallFailures, &labels, 1);
        }
    }

    /// Calls that ended, and those of them that failed, since the connection was first opened in this process.
    pub fn calls_and_failures(&self) -> (u64, u64) {
        let called = self.calls.iter().filter_map(|calls| calls.series.get());
        let calls = called.map(|(count, _)| count.get()).sum();
        (calls, self.failures.load(Relaxed))
    }

    /// An instance was made.
    pub(crate) fn instance(&self) {
        self.instances.inc();
    }

    /// A request ended that was sent, or may have been.
    pub(crate) fn request(&self, end: &RequestEnd) {
        let status = end.status.map(|status| status.to_string());
        let status = status.as_deref().unwrap_or("none");
        self.count(Counted::Requests, &[("status", status)], 1);
        if let Some(kind) = end.failure {
            self.count(Counted::RequestFailures, &[("kind", kind)], 1);
        }
        self.sent.inc_by(end.sent as u64);
        self.received.inc_by(end.received as u64);
        self.requests.observe(end.duration.as_secs_f64());
    }

    /// A request was not sent, or certainly not received.
    pub(crate) fn not_sent(&self, kind: &'static str) {
        self.count(Counted::RequestFailures, &[("kind", kind)], 1);
    }

    /// A request waited for the rate budget, or was turned back by it.
    pub(crate) fn rate_limited(&self) {
        self.rate_waits.inc();
    }

    /// A page was put into the output.
    pub(crate) fn page(&self, stream: &str, page: &Page) {
        let stream = self.subject(stream);
        let labels = [("stream", stream.as_str())];
        self.count(Counted::Pages, &labels, 1);
        self.count(Counted::Records, &labels, page.entries.len() as u64);
        self.notices(&page.notices);
    }

    /// The component said something.
    pub(crate) fn notices(&self, notices: &[Notice]) {
        for notice in notices {
            let known = NOTICES.iter().find(|kind| **kind == notice.kind);
            let kind = known.copied().unwrap_or("other");
            self.count(Counted::Notices, &[("kind", kind)], 1);
        }
    }

    /// The reading of a stream ended. `read_until_ms`: everything that changed before was read.
    pub(crate) fn stream_ended(&self, stream: &str, status: &str, read_until_ms: Option<i64>) {
        let labels = [
            ("stream", self.subject(stream)),
            ("status", status.to_owned()),
        ];
        let labels = labels.each_ref().map(|(name, text)| (*name, text.as_str()));
        self.count(Counted::StreamRuns, &labels, 1);
        if let Some(until) = read_until_ms {
            self.read_until().insert(self.subject(stream), until);
        }
    }

    /// Takes over from earlier processes up to when these streams (none: all) are read.
    pub fn remember(&self, state: &State, streams: &[String]) {
        let read = state.streams.iter();
        for (stream, known) in
            read.filter(|(stream, _)| streams.is_empty() || streams.contains(stream))
        {
            if let Some(last) = &known.last
                && last.status == "complete"
            {
                let subject = self.subject(stream);
                self.read_until().entry(subject).or_insert(last.ended_at_ms);
            }
        }
    }

    /// Rows have their final outcome, named as in the contract.
    pub fn rows_written(&self, action: &str, outcome: &str, rows: u64) {
        let action = self.subject(action);
        let labels = [("action", action.as_str()), ("outcome", outcome)];
        self.count(Counted::RowsWritten, &labels, rows);
    }

    /// An intent was tried: its action, and what came of it (`done`, `put_off`, `failed`).
    pub fn intent(&self, action: &str, outcome: &str) {
        let action = self.subject(action);
        let labels = [("action", action.as_str()), ("outcome", outcome)];
        self.count(Counted::Intents, &labels, 1);
    }

    /// A callback was tried (`done`, `put_off`, `unmatched`, `failed`). `delay`: since it came in.
    pub fn callback(&self, outcome: &'static str, delay: Duration) {
        self.count(Counted::Callbacks, &[("outcome", outcome)], 1);
        if outcome == Outcome::Done.name() {
            let delays = self
                .callback_delay
                .get_or_init(|| all().histogram(Measured::CallbackDelay, &self.own()));
            delays.observe(delay.as_secs_f64());
        }
    }

    /// An alert was sent, or could not be.
    pub(crate) fn alert(&self, alert: &str, outcome: Outcome) {
        let labels = [("alert", alert), ("outcome", outcome.name())];
        self.count(Counted::Alerts, &labels, 1);
    }

    /// How far behind each stream is.
    pub(super) fn look(&self, readings: &mut Readings, now_ms: i64) {
        for (stream, until) in &*self.read_until() {
            let labels = [("connection", &*self.name), ("stream", stream)];
            let seconds = now_ms.saturating_sub(*until).max(0) as f64 / 1_000.0;
            readings.set(Looked::StreamLag, &labels, seconds);
        }
    }

    fn count(&self, counted: Counted, more: &[(&'static str, &str)], by: u64) {
        let mut labels = self.own();
        labels.extend(more.iter().map(|(name, text)| (*name, (*text).to_owned())));
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = counters.entry((counted, labels));
        let counter =
            counter.or_insert_with_key(|(counted, labels)| all().counter(*counted, labels));
        counter.inc_by(by);
    }

    /// Takes all of its series out of the page: a name that is gone has none.
    pub(super) fn end(&self, families: &Families) {
        let own = self.own();
        for counted in [
            Counted::Instances,
            Counted::SentBytes,
            Counted::ReceivedBytes,
            Counted::RateWaits,
        ] {
            families.end_counter(counted, &own);
        }
        for export in EXPORTS {
            let labels = self.own_and("call", export);
            families.end_counter(Counted::Calls, &labels);
            families.end_histogram(Measured::Call, &labels);
        }
        families.end_histogram(Measured::Request, &own);
        families.end_histogram(Measured::CallbackDelay, &own);
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        for (counted, labels) in counters.keys() {
            families.end_counter(*counted, labels);
        }
    }

    fn own(&self) -> Labels {
        vec![("connection", self.name.clone())]
    }

    fn own_and(&self, name: &'static str, text: &str) -> Labels {
        let mut labels = self.own();
        labels.push((name, text.to_owned()));
        labels
    }

    /// A stream or an action as a label.
    fn subject(&self, name: &str) -> String {
        let mut subjects = self.subjects.lock().unwrap_or_else(PoisonError::into_inner);
        if !subjects.iter().any(|known| known == name) {
            if subjects.len() >= SUBJECTS {
                return "other".to_owned();
            }
            subjects.push(name.to_owned());
        }
        name.to_owned()
    }

    fn read_until(&self) -> MutexGuard<'_, BTreeMap<String, i64>> {
        let read_until = self.read_until.lock();
        read_until.unwrap_or_else(PoisonError::into_inner)
    }
}
