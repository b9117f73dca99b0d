//! One stream, from where it stands to its end.

use std::time::{Duration, Instant};

use super::exclusive::walk;
use super::plan::plan;
use super::retry::{Reaction, reaction, with_jitter};
use super::{PageSource, Runner};
use crate::call::CallError;
use crate::clock::now_ms;
use crate::contract::connector::{Page, PageRequest, StreamDescriptor};
use crate::contract::types::FailureKind;
use crate::output::{Commit, Output, OutputError, ScanStart};
use crate::position::{LastRun, Position};
use crate::report::{StreamReport, StreamStatus};

/// Pages that may follow each other with the same position and without any entry. A component that has to wait says so
/// with such pages; one that is stuck does the same for ever.
const PAGES_WITHOUT_PROGRESS: u32 = 100;

/// The code of a failure that says that a cursor cannot be read.
const UNREADABLE_CURSOR: &str = "unreadable_cursor";

impl<S: PageSource> Runner<'_, S> {
    /// Reads one stream. An error is the output's; everything else is in the report.
    pub(super) async fn stream(
        &self,
        stream: &StreamDescriptor,
        output: &mut dyn Output,
    ) -> Result<StreamReport, OutputError> {
        let started = Instant::now();
        let before = self.source.usage();
        self.progress.started(&stream.name);
        let mut report = StreamReport::without_run(&stream.name, StreamStatus::Complete);
        report.status = self.scan(stream, output, &mut report).await?;
        let after = self.source.usage();
        report.wall = started.elapsed();
        report.requests = after.requests - before.requests;
        report.bytes = after.bytes_received - before.bytes_received;
        report.guest_time = after.guest_time.saturating_sub(before.guest_time);
        let message = report.status.message();
        output.ended(
            &stream.name,
            LastRun {
                ended_at_ms: now_ms(),
                status: report.status.name().to_owned(),
                message: message.map(str::to_owned),
                records: report.records,
            },
        )?;
        Ok(report)
    }

    async fn scan(
        &self,
        stream: &StreamDescriptor,
        output: &mut dyn Output,
        report: &mut StreamReport,
    ) -> Result<StreamStatus, OutputError> {
        if let Some(version) = self.source.api_version()
            && !stream.api_versions.is_empty()
            && !stream.api_versions.contains(&version)
        {
            return Ok(StreamStatus::Unavailable {
                message: format!(
                    "API version {version} has no {}; it is in {}",
                    stream.name,
                    stream.api_versions.join(", ")
                ),
            });
        }
        let _walk = match stream.exclusive {
            false => None,
            true => {
                let workspace = self.source.workspace_id().unwrap_or_default();
                match walk(&workspace, &stream.name, output.lock_base().as_deref()).await {
                    Ok(walk) => Some(walk),
                    Err(error) => return Ok(StreamStatus::failed("locked", error.to_string())),
                }
            }
        };
        let plan = match plan(self.descriptor, stream, output.state(), self.options) {
            Ok(plan) => plan,
            Err(error) => return Ok(StreamStatus::failed(UNREADABLE_CURSOR, error.to_string())),
        };
        if let Some(remark) = plan.remark {
            tracing::warn!(stream = stream.name, "{remark}");
            report.remarks.push(remark);
        }
        let mut position = plan.position;
        let mut cursor = plan.cursor;
        // The output learns of the scan with its first page: a stream that cannot be read changes nothing.
        let mut begin: Option<ScanStart> = Some(plan.start);
        let mut idle = 0;
        loop {
            let page = match self
                .page(stream, &position, cursor.as_deref(), report)
                .await
            {
                Ok(page) => page,
                Err(error) => return Ok(status_of(&error)),
            };
            let stuck = page.entries.is_empty() && page.next.is_some() && page.next == cursor;
            idle = if stuck { idle + 1 } else { 0 };
            if idle > PAGES_WITHOUT_PROGRESS {
                return Ok(StreamStatus::failed(
                    "no_progress",
                    format!(
                        "{PAGES_WITHOUT_PROGRESS} pages brought neither rows nor another position; report it as a defect of the component"
                    ),
                ));
            }
            if let Some(start) = begin.take() {
                output.begin(&stream.name, start)?;
            }
            advance(&mut position, &page, self.descriptor.cursor_formats.writes);
            output.commit(Commit {
                stream: &stream.name,
                entries: &page.entries,
                restarted: page.restarted,
                complete_snapshot: page.complete_snapshot,
                position: &position,
                now_ms: now_ms(),
            })?;
            report.count(&page);
            self.progress.page(&stream.name, report);
            for notice in &page.notices {
                tracing::warn!(
                    stream = stream.name,
                    kind = notice.kind,
                    "{}",
                    notice.message
                );
            }
            if !page.intents.is_empty() {
                tracing::warn!(
                    stream = stream.name,
                    intents = page.intents.len(),
                    "intents are not carried out by this version"
                );
            }
            if page.next.is_none() {
                return Ok(StreamStatus::Complete);
            }
            cursor = page.next;
            if let Some(wait) = page.retry_after_ms.map(Duration::from_millis) {
                let wait = with_jitter(wait);
                self.progress.waiting(&stream.name, wait);
                self.options.retry.pause(wait).await;
            }
        }
    }

    /// One page, after as many tries as it takes and is allowed. The position is the same in each of them.
    async fn page(
        &self,
        stream: &StreamDescriptor,
        position: &Position,
        cursor: Option<&[u8]>,
        report: &mut StreamReport,
    ) -> Result<Page, CallError> {
        let mut request = PageRequest {
            stream: stream.name.clone(),
            selection: position.selection.to_contract(),
            filter: None,
            cursor: cursor.map(<[u8]>::to_vec),
            max_entries: self.options.max_entries,
            max_bytes: self.options.max_bytes,
            time_budget_ms: u64::try_from(self.options.time_budget.as_millis()).unwrap_or(u64::MAX),
        };
        let mut waits = self.options.retry.waits();
        loop {
            let error = match self.source.read_page(&request).await {
                Ok(page) => return Ok(page),
                Err(error) => error,
            };
            let tries = match reaction(&error, &self.options.retry) {
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
            tracing::warn!(stream = stream.name, wait = ?wait, "trying again: {error}");
            self.progress.waiting(&stream.name, wait);
            self.options.retry.pause(wait).await;
        }
    }
}

/// The position behind a page.
fn advance(position: &mut Position, page: &Page, writes: u8) {
    position.format = writes;
    position.next = page.next.clone();
    if page.next.is_none() || page.checkpoint.is_some() {
        position.checkpoint = page.checkpoint.clone();
    }
}

/// What a failure means for its stream.
fn status_of(error: &CallError) -> StreamStatus {
    let message = error.to_string();
    match error {
        CallError::Failure(failure) => match failure.kind {
            FailureKind::Auth => StreamStatus::Unauthorized { message },
            FailureKind::Permission => StreamStatus::Denied { message },
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
