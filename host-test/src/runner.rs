//! Reads streams into an output, one after another: page by page, position by position.
//!
//! What goes wrong with one stream is that stream's own status; the others go on. Only a refused credential and an
//! output that takes nothing end the whole run.

mod aside;
mod brought;
mod exclusive;
mod filter;
mod intents;
mod plan;
mod retry;
mod slice;
mod source;
mod stream;
mod sweep;
mod walker;
mod whole_rows;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::contract::connector::{Descriptor, Page, StreamDescriptor};
use crate::nearest::nearest;
use crate::output::{Output, OutputError};
use crate::progress::Progress;
use crate::report::{RunReport, StreamReport, StreamStatus};

pub use self::filter::Filter;
pub use self::intents::IntentKeeper;
pub(crate) use self::retry::reaction;
pub use self::retry::{RetryPolicy, Waits};
pub use self::slice::Slice;
pub use self::source::{ConnectedSource, PageSource};
pub use self::sweep::Sweep;

/// What to read of each stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// From its position on; the position moves.
    #[default]
    Onward,
    /// What changed in a span of time, in milliseconds since 1970. The position stays.
    Window {
        /// From here on; open where absent.
        since_ms: Option<i64>,
        /// Up to here, this time not included.
        until_ms: i64,
    },
    /// These rows. The position stays.
    Keys(Vec<String>),
    /// The rows that the output holds because they were no records, where their keys are known. The position stays.
    Quarantined,
}

/// How to read.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// What to read of each stream.
    pub extent: Extent,
    /// Filters, by stream.
    pub filters: BTreeMap<String, Filter>,
    /// Triggers that look at more of a row than a page shows, by stream.
    pub whole_rows: BTreeMap<String, BTreeSet<String>>,
    /// Whether somebody named the streams: one that the API version lacks is missing then.
    pub asked_by_name: bool,
    /// When to look for rows that are gone.
    pub sweep: Sweep,
    /// How long to wait for others who read a stream that one may read at a time.
    pub exclusive_wait: Duration,
    /// Forget the positions and begin the output of each stream anew.
    pub full: bool,
    /// The cursor formats of versions that were taken back. A stream that no other version has read is begun anew, aloud; any other
    /// position that is not readable is a failure.
    pub given_up: BTreeSet<u8>,
    /// From when on to read a stream that has no position yet, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// Rows in a page, softly.
    pub max_entries: u32,
    /// Bytes of payload in a page, softly.
    pub max_bytes: u64,
    /// How long one call may take.
    pub time_budget: Duration,
    /// What to do about failures that pass.
    pub retry: RetryPolicy,
    /// When to give way to others; absent: not before the end.
    pub slice: Option<Slice>,
}

impl Default for RunOptions {
    fn default() -> RunOptions {
        RunOptions {
            extent: Extent::Onward,
            filters: BTreeMap::new(),
            whole_rows: BTreeMap::new(),
            asked_by_name: true,
            sweep: Sweep::Never,
            exclusive_wait: Duration::from_secs(15 * 60),
            full: false,
            given_up: BTreeSet::new(),
            since_ms: None,
            max_entries: 150,
            max_bytes: 8 * 1024 * 1024,
            time_budget: Duration::from_secs(60),
            retry: RetryPolicy::default(),
            slice: None,
        }
    }
}

/// A name that is no stream of the component.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no stream `{name}`{}; known are {known}", suggestion(.near.as_deref()))]
pub struct UnknownStream {
    /// The name.
    pub name: String,
    /// The stream that was probably meant.
    pub near: Option<String>,
    /// All streams, separated by commas.
    pub known: String,
}

fn suggestion(near: Option<&str>) -> String {
    near.map(|name| format!(" (did you mean {name}?)"))
        .unwrap_or_default()
}

/// The stream of that name.
pub fn find_stream<'a>(
    descriptor: &'a Descriptor,
    name: &str,
) -> Result<&'a StreamDescriptor, UnknownStream> {
    let names = || descriptor.streams.iter().map(|stream| stream.name.as_str());
    descriptor
        .streams
        .iter()
        .find(|stream| stream.name == name)
        .ok_or_else(|| UnknownStream {
            name: name.to_owned(),
            near: nearest(name, names()).map(str::to_owned),
            known: names().collect::<Vec<_>>().join(", "),
        })
}

/// Reads streams from a source into an output.
pub struct Runner<'a, S> {
    source: &'a S,
    descriptor: &'a Descriptor,
    options: &'a RunOptions,
    progress: &'a dyn Progress,
    keeper: Option<&'a dyn IntentKeeper>,
}

impl<'a, S: PageSource> Runner<'a, S> {
    /// Brings together what a run needs.
    pub fn new(
        source: &'a S,
        descriptor: &'a Descriptor,
        options: &'a RunOptions,
        progress: &'a dyn Progress,
    ) -> Runner<'a, S> {
        Runner {
            source,
            descriptor,
            options,
            progress,
            keeper: None,
        }
    }

    /// Reads the streams in this order. An error is the output's: what was committed before stays.
    pub async fn run(
        &self,
        streams: &[String],
        output: &mut dyn Output,
    ) -> Result<RunReport, OutputError> {
        let mut report = RunReport::default();
        let mut stopped: Option<String> = None;
        for name in streams {
            let stream_report = match (&stopped, find_stream(self.descriptor, name)) {
                (Some(reason), _) => StreamReport::without_run(
                    name,
                    StreamStatus::NotRun {
                        message: reason.clone(),
                    },
                ),
                (None, Err(unknown)) => StreamReport::without_run(
                    name,
                    StreamStatus::Unavailable {
                        message: unknown.to_string(),
                    },
                ),
                (None, Ok(stream)) => self.stream(stream, output).await?,
            };
            match &stream_report.status {
                StreamStatus::Unauthorized { message } => {
                    stopped = Some(format!("not read, because {name} was refused: {message}"));
                }
                StreamStatus::GaveWay { .. } => {
                    stopped = Some(format!("not read yet, because {name} gave way"));
                }
                _ => {}
            }
            self.progress.ended(&stream_report);
            report.streams.push(stream_report);
        }
        Ok(report)
    }
}

impl<S: PageSource> Runner<'_, S> {
    /// Tells who wants to know that the output has a page.
    fn tell_page(&self, stream: &str, page: &Page) {
        if let Some(observers) = self.source.observers() {
            observers.metrics.page(stream, page);
            observers.alerts.drift(stream, &page.notices);
        }
    }

    /// The same of the end of a stream. What changed before a complete reading began was read by it.
    fn tell_end(&self, report: &StreamReport, began_at_ms: i64) {
        if let Some(observers) = self.source.observers() {
            let is_read =
                report.status == StreamStatus::Complete && self.options.extent == Extent::Onward;
            let until = is_read.then_some(began_at_ms);
            let (stream, status) = (&report.stream, report.status.name());
            observers.metrics.stream_ended(stream, status, until);
            observers.alerts.stream_ended(report);
        }
    }
}

#[cfg(test)]
mod tests;
