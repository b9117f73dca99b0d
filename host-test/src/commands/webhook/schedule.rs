//! The sync of a hybrid connection: now, and every so often, into the output of its webhooks.

use std::sync::Arc;
use std::time::Duration;

use super::super::CommandError;
use crate::command_line::Global;
use crate::components::Components;
use crate::connection_file::ConnectionFile;
use crate::opened_connection::OpenedConnection;
use crate::output::{OutputTarget, SharedOutput};
use crate::progress::{Silent, write_line};
use crate::report::{RunReport, StreamStatus, duration};
use crate::runner::{ConnectedSource, IntentKeeper, RetryPolicy, Runner};
use crate::sync_plan::SyncPlan;
use crate::webhook_queue::Intents;

/// What is read, and how often.
pub(super) struct Schedule {
    every: Duration,
    /// Whether the output has rows to compare with the provider's.
    compared: bool,
    retry: RetryPolicy,
    /// The versions that are followed.
    versions: Option<Arc<Components>>,
}

impl Schedule {
    /// The schedule of a connection; `None`: it is only told things.
    pub(super) fn of(
        global: &Global,
        connection: &OpenedConnection,
        target: &OutputTarget,
        versions: Option<Arc<Components>>,
    ) -> Result<Option<Schedule>, CommandError> {
        let file = &connection.file;
        let Some(every) = file.sync_every.filter(|_| file.direction.reads()) else {
            return Ok(None);
        };
        connection.require_token()?;
        let retry = RetryPolicy {
            time_scale: global.time_scale,
            ..RetryPolicy::default()
        };
        let compared = target.holds_rows();
        // What is wrong with it is said before anything is begun.
        SyncPlan::of(connection, compared, retry.clone())
            .map_err(|error| CommandError::usage(format!("{}: {error}", file.path.display())))?;
        Ok(Some(Schedule {
            every: retry.scaled(every),
            compared,
            retry,
            versions,
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
        let mut next = tokio::time::interval(self.every);
        // A sync that takes longer than the span is followed by the next one at once, not by several.
        next.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            next.tick().await;
            if is_gone(&connection.file) {
                continue;
            }
            match self.sync(connection, output, keeper).await {
                Ok(report) => tell(name, &report),
                Err(error) => write_line(&format!("✗ {name}: sync: {error}")),
            }
        }
    }

    /// One sync, of what the component has that is active now.
    async fn sync(
        &self,
        connection: &OpenedConnection,
        output: &SharedOutput,
        keeper: Option<&Intents>,
    ) -> Result<RunReport, String> {
        let mut connection = connection.clone();
        connection.plugin = connection.plugin.renewed();
        let plan = SyncPlan::of(&connection, self.compared, self.retry.clone());
        let SyncPlan {
            streams,
            mut options,
        } = plan.map_err(|error| error.to_string())?;
        if let Some(versions) = &self.versions {
            options.given_up = versions.given_up(&connection.file.connector).await;
        }
        let source = ConnectedSource {
            plugin: &connection.plugin,
            tenant: &connection.tenant,
        };
        let keeper = keeper.map(|intents| intents as &dyn IntentKeeper);
        let descriptor = connection.plugin.descriptor();
        let runner = Runner::new(&source, descriptor, &options, &Silent).keeping(keeper);
        let read = runner.run(&streams, &mut output.handle()).await;
        read.map_err(|error| error.to_string())
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
