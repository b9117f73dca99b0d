//! `write`: rows to the provider, in batches, until each has its outcome.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::interruption::Interruptions;
use super::{CommandError, load_connection, read_bytes};
use crate::clock::now_ms;
use crate::command_line::{Exit, Global, WriteArguments};
use crate::connection_file::ConnectionFile;
use crate::contract::connector::{ActionDescriptor, Rehearsal};
use crate::nearest::nearest;
use crate::opened_connection::{OpenedConnection, load_component};
use crate::output::LineWriter;
use crate::plugin::Plugin;
use crate::progress::{Silent, write_line};
use crate::report;
use crate::runner::RetryPolicy;
use crate::state_store::{SqliteState, StateStore};
use crate::writer::{
    RejectedRows, WriteOptions, WriteProgress, WriteReport, Writer, divide, divide_as_before,
    on_standard_error, outcome_json, parse_rows,
};

/// Writes rows.
pub(super) async fn run(global: &Global, arguments: &WriteArguments) -> Result<Exit, CommandError> {
    let mut file = load_connection(global, &arguments.connection)?;
    if let Some(path) = &arguments.mapping {
        file.field_mapping = Some(ConnectionFile::load_mapping(path)?);
    } else if arguments.mapped && file.field_mapping.is_none() {
        return Err(CommandError::usage(format!(
            "{}: there is no mapping to read the other way; add one, or name one with --mapping",
            file.path.display()
        )));
    }
    if !file.direction.writes() {
        return Err(CommandError::usage(format!(
            "{}: `direction` allows reading only; set it to write or both",
            file.path.display()
        )));
    }
    // Not at the end, when the rows that could not be written would be lost.
    if let Some(path) = &arguments.rejected {
        let folder = path.parent();
        let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
        let problem = match folder {
            _ if path.is_dir() => "this is a folder".to_owned(),
            Some(folder) if !folder.is_dir() => format!("there is no folder {}", folder.display()),
            _ => String::new(),
        };
        if !problem.is_empty() {
            let path = path.display();
            return Err(CommandError::usage(format!("{path}: {problem}")));
        }
    }
    let text = read_bytes(&arguments.input)?;
    let rows = parse_rows(&text).map_err(|problems| {
        CommandError::usage(format!(
            "{}: nothing was written:\n{problems}",
            arguments.input.display()
        ))
    })?;
    let plugin = load_component(global.component.as_deref()).await?;
    let action = find_action(&plugin, &arguments.action)?;
    if let Some(mode) = &arguments.mode
        && !action.modes.contains(mode)
    {
        let near = did_you_mean(mode, action.modes.iter().map(String::as_str));
        return Err(CommandError::usage(format!(
            "the action {} has no mode `{mode}`{near}; it has {}",
            action.name,
            action.modes.join(", ")
        )));
    }
    let journal: Option<Arc<dyn StateStore>> = match &arguments.journal {
        None => None,
        Some(path) => Some(Arc::new(SqliteState::open(path).map_err(|error| {
            CommandError::failed(format!("{}: {error}", path.display()))
        })?)),
    };
    let connection = OpenedConnection::new(plugin.clone(), file, journal.clone())?;
    let mut connection = connection.patient(global.time_scale);
    if !arguments.offline {
        connection.require_token()?;
        match &journal {
            Some(journal) => connection.ensure_checked_in(&**journal).await?,
            None => {
                let checked = connection.check().await?;
                connection.use_check(&checked);
            }
        }
    }
    if arguments.mapped || arguments.mapping.is_some() {
        connection.tenant = connection.tenant.with_mapped_writes();
    }
    let options = WriteOptions {
        mode: arguments.mode.clone(),
        batch_id: arguments
            .batch_id
            .clone()
            .unwrap_or_else(|| format!("{:x}-{:08x}", now_ms(), fastrand::u32(..))),
        rehearsal: match (arguments.dry_run, arguments.offline) {
            (_, true) => Rehearsal::Offline,
            (true, false) => Rehearsal::ReadsOnly,
            (false, false) => Rehearsal::Off,
        },
        tries: arguments.tries,
        time_budget: Duration::from_secs(60),
        retry: RetryPolicy {
            time_scale: global.time_scale,
            ..RetryPolicy::default()
        },
    };
    let progress: Box<dyn WriteProgress> = match global.json {
        true => Box::new(Silent),
        false => on_standard_error(),
    };
    let writer = Writer {
        plugin: &connection.plugin,
        tenant: &connection.tenant,
        action: &action,
        options: &options,
        progress: progress.as_ref(),
    };
    let mut out = LineWriter::new(Box::new(std::io::stdout()));
    // A rehearsal writes nothing of which anything could be left: the rows of the last write stay where they are.
    let rejected_file = arguments.rejected.as_ref();
    let rejected_file = rejected_file.filter(|_| options.rehearsal == Rehearsal::Off);
    let mut rejected = rejected_file.map(|_| RejectedRows::of(&rows));
    let batches = match &arguments.journal {
        None => divide(rows, &action, &options),
        Some(path) => {
            let how = (&action, &options);
            divide_as_before(path, connection.tenant.name(), rows, how, now_ms())
                .map_err(|error| CommandError::failed(format!("{}: {error}", path.display())))?
        }
    };
    let interruptions = Interruptions::hear().map_err(CommandError::failed)?;
    let (stop, stopped) = watch::channel(false);
    let written = writer.run_batches(batches, stopped, |settled| {
        let mut lines = Vec::new();
        for outcome in settled {
            if let Some(rejected) = &mut rejected {
                rejected.settle(outcome);
            }
            lines.extend_from_slice(outcome_json(outcome).to_string().as_bytes());
            lines.push(b'\n');
        }
        out.bytes(&lines).map_err(CommandError::from)
    });
    let report = tokio::select! {
        written = written => written?,
        () = ended_at_once(&interruptions, &stop) => {
            return Err(CommandError::failed(
                "ended at once: what became of the last rows is not known, and the rejected rows are not stored",
            ));
        }
    };
    tell(global, &options, &report);
    if let (Some(path), Some(rejected)) = (rejected_file, rejected) {
        let count = rejected.len();
        rejected
            .store(path, report.stopped.as_deref())
            .map_err(|error| CommandError::failed(format!("{}: {error}", path.display())))?;
        if count > 0 && !global.json {
            write_line(&format!("✗ {count} rows are in {}", path.display()));
        }
    }
    Ok(exit_of(&report))
}

/// Stops the writing at the first signal, and ends with the second.
async fn ended_at_once(interruptions: &Interruptions, stop: &watch::Sender<bool>) {
    interruptions.next().await;
    // Who waits for it may be gone.
    let _ = stop.send(true);
    write_line("ending: no further rows are begun; another signal ends at once");
    interruptions.next().await;
}

fn find_action(plugin: &Plugin, name: &str) -> Result<ActionDescriptor, CommandError> {
    let actions = &plugin.descriptor().actions;
    if let Some(action) = actions.iter().find(|action| action.name == name) {
        return Ok(action.clone());
    }
    if plugin
        .descriptor()
        .streams
        .iter()
        .any(|one| one.name == name)
    {
        return Err(CommandError::usage(format!(
            "`{name}` can be read only: there is no action that writes it"
        )));
    }
    let names = || actions.iter().map(|action| action.name.as_str());
    let near = did_you_mean(name, names());
    Err(CommandError::usage(format!(
        "there is no action `{name}`{near}; known are {}",
        names().collect::<Vec<_>>().join(", ")
    )))
}

fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = nearest(name, known).map(|near| format!(" (did you mean {near}?)"));
    near.unwrap_or_default()
}

fn tell(global: &Global, options: &WriteOptions, report: &WriteReport) {
    let summary = json!({
        "ok": report.is_complete(),
        "batch_id": options.batch_id,
        "dry_run": options.rehearsal != Rehearsal::Off,
        "outcomes": report.counts,
        "codes": codes(report),
        "uncertain": report.uncertain,
        "untried": report.untried,
        "rows": report.rows(),
        "batches": report.batches,
        "stopped": report.stopped,
    });
    if global.json {
        write_line(&summary.to_string());
        return;
    }
    if !report.counts.is_empty() {
        write_line(&table(report));
    }
    let counts: Vec<String> = report
        .counts
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    let mark = if report.is_complete() { "✓" } else { "✗" };
    let rehearsal = match options.rehearsal {
        Rehearsal::Off => "",
        _ => " (dry run: nothing was written)",
    };
    let counts = match counts.is_empty() {
        true => String::new(),
        false => format!(": {}", counts.join(", ")),
    };
    write_line(&format!(
        "{mark} {} rows{counts}{rehearsal}; batch {}",
        report.rows(),
        options.batch_id
    ));
    if report.uncertain > 0 {
        write_line(&format!(
            "✗ {} of them may have been written all the same (`maybe_applied`): look before you give them again",
            report.uncertain
        ));
    }
    if let Some(reason) = &report.stopped {
        write_line(&format!("✗ stopped: {reason}"));
    }
    if report.untried > 0 {
        write_line(&format!("✗ {} rows were not tried", report.untried));
    }
}

/// The rows by their outcome; those that were not written by the code of the failure as well.
fn table(report: &WriteReport) -> String {
    let line =
        |name: &str, code: &str, count: u64| [name.to_owned(), code.to_owned(), count.to_string()];
    let mut lines = Vec::new();
    for (name, count) in &report.counts {
        let codes = report.codes.iter().filter(|((of, _), _)| of == name);
        let before = lines.len();
        lines.extend(codes.map(|((_, code), count)| line(name, code, *count)));
        if lines.len() == before {
            lines.push(line(name, "", *count));
        }
    }
    report::table(["outcome", "code", "rows"], lines, 2)
}

/// The failures of rows that were not written: how many of each code, by outcome.
fn codes(report: &WriteReport) -> Value {
    let mut codes = json!({});
    for ((name, code), count) in &report.codes {
        codes[*name][code.as_str()] = json!(count);
    }
    codes
}

fn exit_of(report: &WriteReport) -> Exit {
    match (report.is_complete(), report.has_success()) {
        (true, _) => Exit::Success,
        (false, true) => Exit::Partial,
        (false, false) => Exit::Failure,
    }
}
