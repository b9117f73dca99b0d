//! Reads streams into an output, one after another: page by page, position by position.
//!
//! What goes wrong with one stream is that stream's own status; the others go on. Only a refused credential and an
//! output that takes nothing end the whole run.

mod exclusive;
mod plan;
mod retry;
mod source;
mod stream;

use std::time::Duration;

use crate::contract::connector::{Descriptor, StreamDescriptor};
use crate::nearest::nearest;
use crate::output::{Output, OutputError};
use crate::progress::Progress;
use crate::report::{RunReport, StreamReport, StreamStatus};

pub use self::retry::{RetryPolicy, Waits};
pub use self::source::{ConnectedSource, PageSource};

/// How to read.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Forget the positions and begin the output of each stream anew.
    pub full: bool,
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
}

impl Default for RunOptions {
    fn default() -> RunOptions {
        RunOptions {
            full: false,
            since_ms: None,
            max_entries: 150,
            max_bytes: 8 * 1024 * 1024,
            time_budget: Duration::from_secs(60),
            retry: RetryPolicy::default(),
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
            if let StreamStatus::Unauthorized { message } = &stream_report.status {
                stopped = Some(format!("not read, because {name} was refused: {message}"));
            }
            self.progress.ended(&stream_report);
            report.streams.push(stream_report);
        }
        Ok(report)
    }
}

#[cfg(test)]
mod tests;
