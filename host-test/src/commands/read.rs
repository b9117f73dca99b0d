//! `read`: streams into an output. `sync` is the same with the connection's own streams.

mod selected;

use std::collections::BTreeMap;

use serde_json::json;

pub(super) use self::selected::Selected;
use super::webhook::Place;
use super::{CommandError, load_connection, print_json};
use crate::carrying;
use crate::command_line::{Exit, Global, OutputArguments, ReadArguments, ReadingArguments};
use crate::connection_file::{ConnectionFile, FieldMapping};
use crate::dates;
use crate::opened_connection::{OpenedConnection, load_component};
use crate::output::{self, Output, OutputTarget};
use crate::plugin::Plugin;
use crate::progress::{on_standard_error, write_line};
use crate::report::{RunReport, run_table};
use crate::runner::{
    ConnectedSource, Extent, Filter, IntentKeeper, RetryPolicy, RunOptions, Runner, Sweep,
};
use crate::sync_plan::check_names;
use crate::webhook_queue::Intents;

/// Reads the streams that the command line names.
pub(super) async fn run(global: &Global, arguments: &ReadArguments) -> Result<Exit, CommandError> {
    let file = load_connection(global, &arguments.connection)?;
    let selected = Selected::new(arguments)?;
    let plugin = load_component(global.component.as_deref()).await?;
    check_names(&plugin, &arguments.streams)?;
    let request = Reading {
        global,
        output: &arguments.output,
        reading: &arguments.reading,
        selected,
        asked_by_name: true,
        sweep: Sweep::Never,
    };
    request.run(plugin, file, &arguments.streams).await
}

/// What was asked for.
pub(super) struct Reading<'a> {
    pub(super) global: &'a Global,
    pub(super) output: &'a OutputArguments,
    pub(super) reading: &'a ReadingArguments,
    /// What is read instead of what came since the last run.
    pub(super) selected: Selected,
    /// Whether somebody named the streams.
    pub(super) asked_by_name: bool,
    /// When to look for rows that are gone.
    pub(super) sweep: Sweep,
}

impl Reading<'_> {
    /// Reads streams of a connection and says what came of it.
    pub(super) async fn run(
        &self,
        plugin: Plugin,
        mut file: ConnectionFile,
        streams: &[String],
    ) -> Result<Exit, CommandError> {
        if !file.direction.reads() {
            return Err(CommandError::usage(format!(
                "{}: `direction` allows writing only; set it to read or both",
                file.path.display()
            )));
        }
        if let Some(path) = &self.reading.mapping {
            let mapping: FieldMapping = ConnectionFile::load_mapping(path)?;
            file.field_mapping = Some(mapping);
        }
        let filters = self.selected.filters(&plugin, &file, streams)?;
        let connection = OpenedConnection::new(plugin, file, None)?;
        connection.require_token()?;
        let mut connection = connection.patient(self.global.time_scale);
        let target = self.output.output.clone().unwrap_or_default();
        let sender = connection.sender(self.global.time_scale);
        let mut output = output::open(&target, self.output.state.as_deref(), &sender)?;
        connection.ensure_checked(output.as_mut()).await?;
        let options = self.options(&connection, filters)?;
        let intents = self.intents(&connection)?;
        let keeper = intents.as_ref().map(|intents| intents as &dyn IntentKeeper);
        let progress = on_standard_error();
        let source = ConnectedSource {
            plugin: &connection.plugin,
            tenant: &connection.tenant,
        };
        let runner = Runner::new(
            &source,
            connection.plugin.descriptor(),
            &options,
            progress.as_ref(),
        )
        .keeping(keeper);
        let report = runner.run(streams, output.as_mut()).await;
        drop(progress);
        let report = report?;
        self.tell(&report, &target, output.as_ref())?;
        Ok(exit_of(&report))
    }

    /// Where the intents of triggers are kept; `None`: nowhere.
    fn intents(&self, connection: &OpenedConnection) -> Result<Option<Intents>, CommandError> {
        let file = &connection.file;
        let queue = Place::of(self.output, None)?.queue();
        let Some(queue) = queue.filter(|_| !file.triggers.is_empty()) else {
            return Ok(None);
        };
        let intents = Intents::open(&queue).map_err(CommandError::failed)?;
        carrying::declare(&intents, file).map_err(CommandError::failed)?;
        Ok(Some(intents))
    }

    /// The options of a run.
    pub(super) fn options(
        &self,
        connection: &OpenedConnection,
        filters: BTreeMap<String, Filter>,
    ) -> Result<RunOptions, CommandError> {
        let zone = dates::time_zone(connection.time_zone())?;
        let date = |text: &str, what: &str| {
            let wrong = |error| CommandError::usage(format!("{what}: {error}"));
            dates::parse(text, &zone).map_err(wrong)
        };
        let file = &connection.file;
        let since_ms = match (&self.reading.since, &file.start_date) {
            (Some(text), _) => Some(date(text, "--since")?),
            (None, Some(text)) => {
                let what = format!("{}: start_date", file.path.display());
                Some(date(text, &what)?)
            }
            (None, None) => None,
        };
        let until_ms = self.reading.until.as_deref();
        let until_ms = until_ms.map(|text| date(text, "--until")).transpose()?;
        let extent = match (self.selected.extent(), until_ms) {
            (Extent::Onward, Some(until_ms)) if since_ms.is_some_and(|since| since >= until_ms) => {
                return Err(CommandError::usage(
                    "--until: it is not after the date from which on to read; nothing lies between them",
                ));
            }
            (Extent::Onward, Some(until_ms)) => Extent::Window { since_ms, until_ms },
            (extent, _) => extent,
        };
        Ok(RunOptions {
            extent,
            filters,
            whole_rows: carrying::look_at_whole_rows(connection.plugin.descriptor(), file),
            asked_by_name: self.asked_by_name,
            sweep: self.sweep,
            full: self.reading.full,
            given_up: self.global.given_up.clone(),
            since_ms,
            max_entries: self.reading.page_rows,
            retry: RetryPolicy {
                tries: self.reading.tries,
                time_scale: self.global.time_scale,
                ..RetryPolicy::default()
            },
            ..RunOptions::default()
        })
    }

    fn tell(
        &self,
        report: &RunReport,
        target: &OutputTarget,
        output: &dyn Output,
    ) -> Result<(), CommandError> {
        if !self.global.json {
            write_line(&run_table(report));
            write_line(&format!("written to {}", output.describe()));
            return Ok(());
        }
        let mut document = report.to_json();
        document["output"] = json!(output.describe());
        if *target == OutputTarget::Standard {
            write_line(&document.to_string());
            return Ok(());
        }
        print_json(&document)
    }
}

/// How a run ends the process.
pub(super) fn exit_of(report: &RunReport) -> Exit {
    if report.is_complete() {
        Exit::Success
    } else if report.is_failed() {
        Exit::Failure
    } else {
        Exit::Partial
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::types::Notice;
    use crate::report::{QUARANTINED, StreamReport, StreamStatus};

    #[test]
    fn the_exit_code_says_whether_all_is_there_that_was_asked_for() {
        let complete = StreamReport::without_run("contacts", StreamStatus::Complete);
        let mut odd = complete.clone();
        odd.notices.add(&Notice {
            kind: QUARANTINED.to_owned(),
            message: "an item is no record".to_owned(),
            stream: None,
            key: None,
            path: None,
            document: None,
        });
        let missing = |asked_for| StreamReport {
            asked_for,
            ..StreamReport::without_run(
                "tags",
                StreamStatus::NotInVersion {
                    message: "not in this version".to_owned(),
                },
            )
        };
        for (streams, exit) in [
            (vec![complete.clone(), missing(false)], Exit::Success),
            (vec![complete.clone(), missing(true)], Exit::Partial),
            (vec![missing(true)], Exit::Failure),
            (vec![complete, odd.clone()], Exit::Partial),
            (vec![odd], Exit::Partial),
        ] {
            let report = RunReport { streams };
            assert_eq!(exit_of(&report), exit, "{report:?}");
        }
    }
}
