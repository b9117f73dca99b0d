//! The sync of a hybrid connection: now, and every so often, into the output of its webhooks.

use std::time::Duration;

use super::super::CommandError;
use crate::command_line::Global;
use crate::connection_file::ConnectionFile;
use crate::opened_connection::OpenedConnection;
use crate::output::{OutputTarget, SharedOutput};
use crate::progress::{Silent, write_line};
use crate::report::{RunReport, StreamStatus, duration};
use crate::runner::{ConnectedSource, IntentKeeper, RetryPolicy, RunOptions, Runner};
use crate::sync_plan::SyncPlan;
use crate::webhook_queue::Intents;

/// What is read, and how often.
pub(super) struct Schedule {
    every: Duration,
    streams: Vec<String>,
    options: RunOptions,
}

impl Schedule {
    /// The schedule of a connection; `None`: it takes webhooks only.
    pub(super) fn of(
        global: &Global,
        connection: &OpenedConnection,
        target: &OutputTarget,
    ) -> Result<Option<Schedule>, CommandError> {
        let file = &connection.file;
        let Some(every) = file.sync_every else {
            return Ok(None);
        };
        connection.require_token()?;
        let retry = RetryPolicy {
            time_scale: global.time_scale,
            ..RetryPolicy::default()
        };
        let compared = target.holds_rows();
        let plan = SyncPlan::of(connection, compared, retry)
            .map_err(|error| CommandError::usage(format!("{}: {error}", file.path.display())))?;
        let SyncPlan { streams, options } = plan;
        Ok(Some(Schedule {
            every: options.retry.scaled(every),
            streams,
            options,
        }))
    }

    /// Syncs until it is dropped, or the connection is gone. A sync that is cut off goes on where it was with the next.
    pub(super) async fn run(
        &self,
        name: &str,
        connection: &OpenedConnection,
        output: &SharedOutput,
        keeper: Option<&Intents>,
    ) {
        let source = ConnectedSource {
            plugin: &connection.plugin,
            tenant: &connection.tenant,
        };
        let descriptor = connection.plugin.descriptor();
        let keeper = keeper.map(|intents| intents as &dyn IntentKeeper);
        let runner = Runner::new(&source, descriptor, &self.options, &Silent).keeping(keeper);
        let mut next = tokio::time::interval(self.every);
        // A sync that takes longer than the span is followed by the next one at once, not by several.
        next.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            next.tick().await;
            if is_gone(&connection.file) {
                continue;
            }
            match runner.run(&self.streams, &mut output.handle()).await {
                Ok(report) => tell(name, &report),
                Err(error) => write_line(&format!("✗ {name}: sync: {error}")),
            }
        }
    }
}

/// Whether somebody removed the connection, or switched it off, since it was opened.
fn is_gone(file: &ConnectionFile) -> bool {
    ConnectionFile::load(&file.path).is_err_and(|error| error.is_gone())
}

fn tell(name: &str, report: &RunReport) {
    let total = report.total();
    let mark = if report.is_complete() { "✓" } else { "✗" };
    write_line(&format!(
        "{mark} {name}: synced {} streams, {} records in {}",
        report.streams.len(),
        total.records,
        duration(total.wall)
    ));
    for stream in &report.streams {
        if !matches!(stream.status, StreamStatus::NotInVersion { .. })
            && let Some(message) = stream.status.message()
        {
            tracing::warn!(stream = stream.stream, "{message}");
        }
    }
}
