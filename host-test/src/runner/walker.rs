//! Pages of one selection, one after the other, each tried as often as it takes and is allowed.

use std::time::Duration;

use super::retry::{Reaction, reaction, with_jitter};
use super::{Filter, PageSource, Runner};
use crate::call::CallError;
use crate::contract::connector::{Page, PageRequest, Selection, StreamDescriptor};
use crate::contract::types::{Failure, FailureKind};
use crate::report::{StreamReport, StreamStatus};

/// Pages that may follow each other with the same position and without any entry. A component that has to wait says so
/// with such pages; one that is stuck does the same for ever.
const PAGES_WITHOUT_PROGRESS: u32 = 100;

/// The code of a failure that says that a cursor cannot be read.
pub(super) const UNREADABLE_CURSOR: &str = "unreadable_cursor";

/// The code of a status that says that the version was changed for one that does not read where the stream stands.
pub(super) const OTHER_FORMAT: &str = "other_format";

/// The code of a failure that says that the API version lacks the stream.
const NOT_IN_VERSION: &str = "not_in_version";

/// The code of a failure that says that something is missing.
const MISSING: &str = "missing";

/// Reads pages. The position moves only when it is told to.
pub(super) struct Walker<'a, S> {
    runner: &'a Runner<'a, S>,
    request: PageRequest,
    idle: u32,
}

impl<'a, S: PageSource> Walker<'a, S> {
    /// Begins at the cursor, or else at the start.
    pub(super) fn new(
        runner: &'a Runner<'a, S>,
        stream: &StreamDescriptor,
        selection: Selection,
        filter: Option<&Filter>,
        cursor: Option<Vec<u8>>,
    ) -> Walker<'a, S> {
        let options = runner.options;
        let budget = u64::try_from(options.time_budget.as_millis());
        Walker {
            runner,
            request: PageRequest {
                stream: stream.name.clone(),
                selection,
                filter: filter.map(Filter::to_document),
                cursor,
                max_entries: options.max_entries,
                max_bytes: options.max_bytes,
                time_budget_ms: budget.unwrap_or(u64::MAX),
            },
            idle: 0,
        }
    }

    /// The page at the position.
    pub(super) async fn page(&mut self, report: &mut StreamReport) -> Result<Page, StreamStatus> {
        self.check_format()?;
        let page = self
            .try_page(report)
            .await
            .map_err(|error| self.status_of(&error))?;
        let stuck =
            page.entries.is_empty() && page.next.is_some() && page.next == self.request.cursor;
        self.idle = if stuck { self.idle + 1 } else { 0 };
        if self.idle > PAGES_WITHOUT_PROGRESS {
            return Err(StreamStatus::failed(
                "no_progress",
                format!(
                    "{PAGES_WITHOUT_PROGRESS} pages brought neither rows nor another position; report it as a defect of the component"
                ),
            ));
        }
        Ok(page)
    }

    /// Whether the version that would be asked reads the position: another may have been put in place since the last page.
    fn check_format(&self) -> Result<(), StreamStatus> {
        let format = self
            .request
            .cursor
            .as_ref()
            .and_then(|cursor| cursor.first());
        match (format, self.runner.source.cursor_formats()) {
            (Some(format), Some(formats)) if !formats.reads.contains(format) => {
                Err(StreamStatus::failed(
                    OTHER_FORMAT,
                    format!(
                        "its position is in format {format}, which this version of the component does not read"
                    ),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Moves behind a page, and waits where it says so. False at the end.
    pub(super) async fn go_on(&mut self, page: Page) -> bool {
        if page.next.is_none() {
            return false;
        }
        self.request.cursor = page.next;
        if let Some(wait) = page.retry_after_ms.map(Duration::from_millis) {
            self.pause(with_jitter(wait)).await;
        }
        true
    }

    async fn pause(&self, wait: Duration) {
        self.runner.progress.waiting(&self.request.stream, wait);
        let retry = &self.runner.options.retry;
        match &self.runner.options.slice {
            Some(slice) => slice.pause(retry, wait).await,
            None => retry.pause(wait).await,
        }
    }

    /// What a failure means for its stream; whoever is to stop does not fail.
    fn status_of(&self, error: &CallError) -> StreamStatus {
        match self.is_stopped() {
            true => StreamStatus::GaveWay {
                wait: Duration::ZERO,
            },
            false => status_of(error),
        }
    }

    fn is_stopped(&self) -> bool {
        let slice = self.runner.options.slice.as_ref();
        slice.is_some_and(super::Slice::is_stopped)
    }

    /// One page, after as many tries as it takes and is allowed. The position is the same in each of them.
    async fn try_page(&self, report: &mut StreamReport) -> Result<Page, CallError> {
        let policy = &self.runner.options.retry;
        let mut request = self.request.clone();
        let mut waits = policy.waits();
        loop {
            let error = match self.runner.source.read_page(&request).await {
                Ok(page) => return Ok(page),
                Err(error) => error,
            };
            let tries = match reaction(&error, policy) {
                Reaction::GiveUp => return Err(error),
                Reaction::TryAgain { tries } => tries,
                Reaction::TryLess { tries } => {
                    request.max_entries = (request.max_entries / 2).max(1);
                    tries
                }
            };
            let Some(wait) = waits.next(tries, error.retry_after()) else {
                return Err(error);
            };
            report.retries += 1;
            tracing::warn!(stream = request.stream, wait = ?wait, "trying again: {error}");
            self.pause(wait).await;
            if self.is_stopped() {
                return Err(error);
            }
        }
    }
}

/// What a failure means for its stream.
fn status_of(error: &CallError) -> StreamStatus {
    let message = error.to_string();
    match error {
        CallError::Failure(failure) => match failure.kind {
            FailureKind::Auth => StreamStatus::Unauthorized { message },
            FailureKind::Permission => StreamStatus::Denied { message },
            FailureKind::InvalidInput if failure.code == NOT_IN_VERSION => {
                StreamStatus::NotInVersion { message }
            }
            FailureKind::InvalidInput if is_unconfigured(failure) => {
                StreamStatus::NotConfigured { message }
            }
            FailureKind::InvalidInput if failure.code == UNREADABLE_CURSOR => StreamStatus::failed(
                UNREADABLE_CURSOR,
                format!("{message}; start over with --full"),
            ),
            _ => StreamStatus::failed(&failure.code, message),
        },
        CallError::Trapped { .. } => StreamStatus::failed("trapped", message),
        CallError::TimedOut { .. } => StreamStatus::failed("timed_out", message),
        CallError::LimitReached { .. } => StreamStatus::failed("limit_reached", message),
        CallError::Host { .. } => StreamStatus::failed("host", message),
    }
}

/// Whether all that is wrong is that the configuration lacks something.
fn is_unconfigured(failure: &Failure) -> bool {
    failure.code == MISSING
        && !failure.problems.is_empty()
        && failure
            .problems
            .iter()
            .all(|problem| problem.path.starts_with("config."))
}
