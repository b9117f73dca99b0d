//! One stream, from where it stands to its end.

use std::time::{Duration, Instant};

use super::brought::{count_notices, quarantined};
use super::exclusive::{self, Walk};
use super::plan::{Plan, plan};
use super::walker::{OTHER_FORMAT, Walker};
use super::{Extent, PageSource, RunOptions, Runner, Sweep};
use crate::clock::now_ms;
use crate::contract::connector::{Formats, Page, Selection, StreamDescriptor, StreamModes};
use crate::contract::types::Notice;
use crate::output::{Commit, Output, OutputError, ScanStart};
use crate::position::{LastRun, Position, State, StateLock, StoredSelection};
use crate::report::{READ_ANEW, StreamReport, StreamStatus};

/// How often within one scan an older version may be put back that does not read the position.
const MOST_CHANGES: u32 = 16;

impl<S: PageSource> Runner<'_, S> {
    /// Reads one stream. An error is the output's; everything else is in the report.
    pub(super) async fn stream(
        &self,
        stream: &StreamDescriptor,
        output: &mut dyn Output,
    ) -> Result<StreamReport, OutputError> {
        let started = Instant::now();
        let began_at_ms = now_ms();
        let before = self.source.usage();
        let stale_before = stale(output, &stream.name);
        self.progress.started(&stream.name);
        let mut report = StreamReport::without_run(&stream.name, StreamStatus::Complete);
        report.asked_for = self.options.asked_by_name;
        report.status = self.read(stream, output, &mut report).await?;
        let after = self.source.usage();
        report.wall = started.elapsed();
        report.requests = after.requests - before.requests;
        report.bytes = after.bytes_received - before.bytes_received;
        report.guest_time = after.guest_time.saturating_sub(before.guest_time);
        report.stale = stale(output, &stream.name).saturating_sub(stale_before);
        if let stale @ 1.. = report.stale {
            report.remarks.push(format!(
                "{stale} entries were left out because something newer of their row was there"
            ));
        }
        if let held @ 1.. = report.held {
            report.remarks.push(match output.quarantine() {
                Some(place) => format!(
                    "{held} rows are no records and are held in {place}; read them again with `read {} --quarantined`",
                    stream.name
                ),
                None => format!(
                    "{held} rows are no records and are kept nowhere; --output jsonl: or sqlite: would hold them"
                ),
            });
        }
        if let unread @ 1.. = report.quarantined().saturating_sub(report.held) {
            report.remarks.push(format!(
                "{unread} answers could not be read and what they hold is missing; it comes when it changes, or with --full"
            ));
        }
        // What is read beside the position says nothing about how far the stream was read.
        // A run that gave way is not over.
        let over = !matches!(report.status, StreamStatus::GaveWay { .. });
        if self.options.extent == Extent::Onward && over {
            let message = report.status.message();
            let run = LastRun {
                ended_at_ms: now_ms(),
                status: report.status.name().to_owned(),
                message: message.map(str::to_owned),
                records: report.records,
                notices: report.notices.counts(),
            };
            output.ended(&stream.name, run)?;
        }
        if over {
            self.tell_end(&report, began_at_ms);
        }
        Ok(report)
    }

    async fn read(
        &self,
        stream: &StreamDescriptor,
        output: &mut dyn Output,
        report: &mut StreamReport,
    ) -> Result<StreamStatus, OutputError> {
        if let Some(version) = self.source.api_version()
            && !stream.api_versions.is_empty()
            && !stream.api_versions.contains(&version)
        {
            return Ok(StreamStatus::NotInVersion {
                message: format!(
                    "API version {version} has no {}; it is in {}",
                    stream.name,
                    stream.api_versions.join(", ")
                ),
            });
        }
        let beside = self.beside(stream, output, report)?;
        if beside.is_none() && !stream.modes.contains(StreamModes::FULL) {
            return Ok(StreamStatus::WebhooksOnly {
                message: format!("only webhooks tell of {}", stream.name),
            });
        }
        let _walk = match &beside {
            // Rows that are named need no walk.
            Some(Selection::Keys(_)) => None,
            _ => match self.turn(stream).await {
                Ok(walk) => walk,
                Err(status) => return Ok(status),
            },
        };
        if let Some(selection) = beside {
            return self.aside(stream, selection, output, report).await;
        }
        let status = self.scan(stream, output, report).await?;
        let swept_at_ms = output.state().streams.get(&stream.name);
        let swept_at_ms = swept_at_ms.and_then(|stream| stream.swept_at_ms);
        if status == StreamStatus::Complete && self.options.sweep.is_due(swept_at_ms, now_ms()) {
            return self.sweep(stream, output, report).await;
        }
        Ok(status)
    }

    /// The right to walk a stream that one may walk at a time, given back when dropped.
    async fn turn(&self, stream: &StreamDescriptor) -> Result<Option<StateLock>, StreamStatus> {
        if !stream.exclusive {
            return Ok(None);
        }
        let walk = Walk {
            place: &self.source.place(),
            workspace: &self.source.workspace_id().unwrap_or_default(),
            // A stream that hangs on another one's rows walks that one.
            stream: stream.parent.as_deref().unwrap_or(&stream.name),
            connection: &self.source.connection_name(),
        };
        let directory = exclusive::directory();
        let told = |holder: exclusive::Somebody<'_>| {
            self.progress.held_up(&stream.name, &holder.to_string());
        };
        match walk.begin(&directory, self.options, told).await {
            Ok(lock) => Ok(Some(lock)),
            Err(error) => Err(StreamStatus::failed("locked", error.to_string())),
        }
    }

    async fn scan(
        &self,
        stream: &StreamDescriptor,
        output: &mut dyn Output,
        report: &mut StreamReport,
    ) -> Result<StreamStatus, OutputError> {
        let filter = self.options.filters.get(&stream.name);
        let formats = || {
            let formats = self.source.cursor_formats();
            formats.unwrap_or_else(|| self.descriptor.cursor_formats.clone())
        };
        let plan = match plan(&formats(), stream, output.state(), self.options) {
            Ok(plan) => plan,
            Err(error) => return Ok(StreamStatus::failed(error.code(), error.to_string())),
        };
        if let Some(remark) = plan.remark {
            tracing::warn!(stream = stream.name, "{remark}");
            report.remarks.push(remark);
        }
        if plan.is_read_anew {
            let message = "only a version that was taken back has read it; it is read anew";
            tracing::warn!(stream = stream.name, "{message}");
            report.notices.add(&Notice {
                kind: READ_ANEW.to_owned(),
                message: message.to_owned(),
                stream: None,
                key: None,
                path: None,
                document: None,
            });
        }
        // Of what goes on, nobody knows when it began.
        let mut began_at_ms = (!matches!(plan.start, ScanStart::Resumed { .. })).then(now_ms);
        let mut position = plan.position;
        let is_whole =
            plan.cursor.is_none() && position.selection == StoredSelection::All && filter.is_none();
        // The output learns of the scan with its first page: a stream that cannot be read changes nothing.
        let mut begin: Option<ScanStart> = Some(plan.start);
        let selection = position.selection.to_contract();
        let mut walker = Walker::new(self, stream, selection, filter, plan.cursor);
        let mut changes = 0;
        loop {
            let mut page = match walker.page(report).await {
                Ok(page) => page,
                // An older version was put back in place since the last page. It goes on from where a version was last that
                // wrote what it reads.
                Err(status) if status.code() == Some(OTHER_FORMAT) => {
                    let plan = replan(&formats(), stream, output.state(), self.options);
                    let Some(plan) = plan.filter(|_| changes < MOST_CHANGES) else {
                        return Ok(status);
                    };
                    changes += 1;
                    began_at_ms = None;
                    position = plan.position;
                    begin = Some(plan.start);
                    let selection = position.selection.to_contract();
                    walker = Walker::new(self, stream, selection, filter, plan.cursor);
                    continue;
                }
                Err(status) => return Ok(status),
            };
            let is_first = !position.goes_on;
            match self
                .see_whole_rows(stream, is_first, &mut page, report)
                .await?
            {
                StreamStatus::Complete => {}
                status => return Ok(status),
            }
            if let Some(start) = begin.take() {
                output.begin(&stream.name, start)?;
            }
            advance(&mut position, &page, formats().writes);
            report.count(&page);
            count_notices(&stream.name, &page.notices, report);
            let unreadable = quarantined(stream, &page);
            report.held += unreadable.len() as u64;
            self.keep_intents(&page, report)?;
            output.commit(Commit {
                stream: &stream.name,
                entries: &page.entries,
                quarantined: &unreadable,
                restarted: page.restarted,
                // A row that did not come because it is no record, or because nobody wanted it, is not gone.
                complete_snapshot: page.complete_snapshot
                    && filter.is_none()
                    && report.quarantined() == 0,
                position: &position,
                now_ms: now_ms(),
            })?;
            self.tell_page(&stream.name, &page);
            self.progress.page(&stream.name, report);
            if let Some(wait) = self.gives_way(stream, &page) {
                return Ok(StreamStatus::GaveWay { wait });
            }
            if !walker.go_on(page).await {
                break;
            }
        }
        if let (Some(keeper), Some(began_at_ms)) = (self.keeper, began_at_ms) {
            keeper.read(&stream.name, began_at_ms)?;
        }
        // What was read whole needs no sweep for a while.
        if is_whole && matches!(self.options.sweep, Sweep::Every(_)) {
            output.swept(&stream.name, now_ms())?;
        }
        Ok(StreamStatus::Complete)
    }
}

impl<S: PageSource> Runner<'_, S> {
    /// Whether to give way behind a page, and for how long at least. A walk that only one may walk at a time is not left in
    /// the middle unless the process ends: the provider forgets it within a minute.
    fn gives_way(&self, stream: &StreamDescriptor, page: &Page) -> Option<Duration> {
        let slice = self.options.slice.as_ref()?;
        page.next.as_ref()?;
        let wait = Duration::from_millis(page.retry_after_ms.unwrap_or(0));
        let wait = self.options.retry.scaled(wait);
        let ends = match stream.exclusive {
            true => slice.is_stopped(),
            false => slice.ends(wait),
        };
        ends.then_some(wait)
    }
}

/// Where a stream is gone on with by a version that does not read the newest position. `--full` began it anew already.
fn replan(
    formats: &Formats,
    stream: &StreamDescriptor,
    state: &State,
    options: &RunOptions,
) -> Option<Plan> {
    let onward = RunOptions {
        full: false,
        ..options.clone()
    };
    plan(formats, stream, state, &onward).ok()
}

/// The position behind a page. Its format is what the cursors say; a page without any says as much as the version that is there
/// now would write.
fn advance(position: &mut Position, page: &Page, writes: u8) {
    let cursors = [&page.next, &page.checkpoint];
    let written = cursors
        .into_iter()
        .flatten()
        .find_map(|cursor| cursor.first());
    position.format = written.copied().unwrap_or(writes);
    position.next = page.next.clone();
    if page.next.is_none() || page.checkpoint.is_some() {
        position.checkpoint = page.checkpoint.clone();
    }
}

/// How many entries of a stream an output left out so far.
fn stale(output: &dyn Output, stream: &str) -> u64 {
    let state = output.state().streams.get(stream);
    state.map_or(0, |state| state.stale)
}
