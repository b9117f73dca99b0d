//! One slice of a sync: as many pages as there is time for, from where the slice before ended.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::database::{Counts, RunEnd};
use super::lives::Live;
use super::scheduler::Ended;
use crate::progress::Silent;
use crate::report::{Notices, StreamReport, StreamStatus};
use crate::runner::{ConnectedSource, IntentKeeper, RetryPolicy, RunOptions, Runner, Slice};
use crate::sync_plan::SyncPlan;

/// Of a connection without a file of its own.
const NO_TOKEN: &str = "it has no access token; give it `credentials.access_token`, with PUT /connections/NAME if it was added";

/// How long one call may take. What waits for the provider's pace holds a place that others could use.
const CALL_TIME: std::time::Duration = std::time::Duration::from_secs(15);

/// How long to wait for somebody else's walk.
const EXCLUSIVE_WAIT: std::time::Duration = std::time::Duration::from_secs(5);

/// How often a page is tried again before its stream has to wait for the next run.
const TRIES: usize = 4;

/// What a run has done so far.
#[derive(Debug)]
pub(super) struct Progress {
    /// Its number in the history.
    pub(super) number: i64,
    /// Whether everything is read anew.
    full: bool,
    /// Streams that are at their end.
    done: BTreeSet<String>,
    /// Streams that were begun.
    begun: BTreeSet<String>,
    streams: BTreeMap<String, StreamSum>,
}

/// What the slices of a run did with a stream.
#[derive(Clone, Debug, Default)]
struct StreamSum {
    status: &'static str,
    message: Option<String>,
    records: u64,
    pages: u64,
    notices: Notices,
    whole: bool,
    complete: bool,
}

/// What a slice did.
pub(super) struct SliceEnd {
    pub(super) ended: Ended,
    pub(super) did: Counts,
    /// How the run ended, when it is over.
    pub(super) end: Option<RunEnd>,
}

impl Progress {
    /// A run that begins; `anew`: of everything, where a run before it that was cut off had begun with these streams.
    pub(super) fn new(number: i64, anew: Option<Vec<String>>) -> Progress {
        Progress {
            number,
            full: anew.is_some(),
            done: BTreeSet::new(),
            begun: anew.into_iter().flatten().collect(),
            streams: BTreeMap::new(),
        }
    }

    /// The streams that were begun anew; `None`: they are read from where they were.
    pub(super) fn anew(&self) -> Option<Vec<String>> {
        self.full.then(|| self.begun.iter().cloned().collect())
    }

    /// Reads on until the slice is over.
    pub(super) async fn read(&mut self, live: &Live, slice: Slice, time_scale: f64) -> SliceEnd {
        let mut did = Counts {
            slices: 1,
            ..Counts::default()
        };
        match self.try_read(live, slice, time_scale, &mut did).await {
            Ok(Some(wait)) => SliceEnd {
                ended: Ended::Slice { wait },
                did,
                end: None,
            },
            Ok(None) => SliceEnd {
                ended: Ended::Run,
                did,
                end: Some(self.end()),
            },
            Err(message) => SliceEnd::failed(did, message),
        }
    }

    /// For how long there is nothing to do, in milliseconds, or `None` at the end of the run.
    async fn try_read(
        &mut self,
        live: &Live,
        slice: Slice,
        time_scale: f64,
        did: &mut Counts,
    ) -> Result<Option<u64>, String> {
        let said = |error: &dyn std::fmt::Display| error.to_string();
        if !live.in_file && !live.connection.has_token() {
            return Err(NO_TOKEN.to_owned());
        }
        live.connection
            .require_token()
            .map_err(|error| said(&error))?;
        let connection = live.checked().await.map_err(|error| said(&error))?;
        let retry = RetryPolicy {
            tries: TRIES,
            time_scale,
            ..RetryPolicy::default()
        };
        let compared = live.target.holds_rows();
        let plan = SyncPlan::of(&connection, compared, retry).map_err(|error| said(&error))?;
        let source = ConnectedSource {
            plugin: &connection.plugin,
            tenant: &connection.tenant,
        };
        let descriptor = connection.plugin.descriptor();
        let mut output = live.output();
        for stream in &plan.streams {
            if self.done.contains(stream) {
                continue;
            }
            if did.pages > 0 && slice.ends(std::time::Duration::ZERO) {
                return Ok(Some(0));
            }
            let options = RunOptions {
                full: self.full && !self.begun.contains(stream),
                given_up: live.given_up.clone(),
                slice: Some(slice.clone()),
                time_budget: CALL_TIME,
                exclusive_wait: EXCLUSIVE_WAIT,
                ..plan.options.clone()
            };
            let keeper = live.intents().map(|intents| intents as &dyn IntentKeeper);
            let runner = Runner::new(&source, descriptor, &options, &Silent).keeping(keeper);
            let run = runner.run(std::slice::from_ref(stream), &mut output).await;
            let report = run.map_err(|error| said(&error))?;
            let Some(report) = report.streams.first() else {
                continue;
            };
            did.records += report.records;
            did.pages += report.pages;
            did.requests += report.requests;
            if report.pages > 0 {
                self.begun.insert(stream.clone());
            }
            self.add(report);
            match &report.status {
                StreamStatus::GaveWay { wait } => {
                    let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                    return Ok(Some(wait));
                }
                // Nothing else works either.
                StreamStatus::Unauthorized { .. } => return Ok(None),
                _ => {
                    self.done.insert(stream.clone());
                }
            }
        }
        Ok(None)
    }

    fn add(&mut self, report: &StreamReport) {
        let sum = self.streams.entry(report.stream.clone()).or_default();
        sum.status = report.status.name();
        sum.message = report.status.message().map(str::to_owned);
        sum.records += report.records;
        sum.pages += report.pages;
        sum.notices.merge(&report.notices);
        sum.whole = report.is_whole();
        sum.complete = report.status == StreamStatus::Complete;
    }

    fn end(&self) -> RunEnd {
        let mut sums = self.streams.iter();
        let wrong = sums.find(|(_, sum)| !sum.whole);
        let message = wrong.map(|(name, sum)| {
            let why = sum.message.as_deref();
            format!(
                "{name}: {}",
                why.unwrap_or("some rows are no records and are held")
            )
        });
        let some = self.streams.values().any(|sum| sum.complete);
        RunEnd {
            status: match (&message, some) {
                (None, _) => "complete",
                (Some(_), true) => "partial",
                (Some(_), false) => "failed",
            },
            message,
            streams: self.to_json(),
        }
    }

    fn to_json(&self) -> Value {
        let streams = self.streams.iter().map(|(name, sum)| {
            let value = json!({
                "status": sum.status,
                "message": sum.message,
                "records": sum.records,
                "pages": sum.pages,
                "notices": sum.notices.counts(),
            });
            (name.clone(), value)
        });
        Value::Object(streams.collect::<Map<_, _>>())
    }
}

impl SliceEnd {
    /// The run is over, and went wrong.
    pub(super) fn failed(did: Counts, message: String) -> SliceEnd {
        SliceEnd {
            ended: Ended::Run,
            did,
            end: Some(RunEnd {
                status: "failed",
                message: Some(message),
                streams: json!({}),
            }),
        }
    }
}
