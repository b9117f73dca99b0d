//! Reading everything, and then what changed.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::expectation::Expectations;
use super::{STREAMS, Stage, text_at};
use crate::commands::CommandError;
use crate::contract::connector::StreamModes;
use crate::output::JsonLines;
use crate::progress::Silent;
use crate::report::{RunReport, StreamStatus};
use crate::runner::{ConnectedSource, RetryPolicy, RunOptions, Runner, find_stream};
use crate::simulator::{Mutation, Workspace};

/// Reads every stream from nothing and compares it with the workspace.
pub(super) async fn full(
    stage: &Stage<'_>,
    expectations: &mut Expectations,
) -> Result<RunReport, CommandError> {
    let report = run(stage).await?;
    expect_complete("the full reading", &report, expectations);
    for stream in STREAMS {
        let lines = read_lines(stage.directory, stream, 0)?;
        let expected = workspace_keys(stage.simulator.workspace(), stream);
        expectations.same_keys(stream, &keys(&lines), &expected);
        expectations.hold(lines.len() == expected.len(), || {
            format!(
                "{stream}: {} lines for {} rows",
                lines.len(),
                expected.len()
            )
        });
    }
    let contacts = read_lines(stage.directory, "contacts", 0)?;
    for line in &contacts {
        let id = text_at(line, "key");
        let stored = stage.simulator.workspace().contact(id);
        let matches = stored.is_some_and(|stored| {
            text_at(&stored, "email") == text_at(&line["data"], "email")
                && stored["updated_at"].as_i64().map(|seconds| seconds * 1_000)
                    == line["updated_at_ms"].as_i64()
        });
        expectations.hold(matches, || {
            format!("the contact {id} is not as it is stored")
        });
    }
    Ok(report)
}

/// Changes some objects, reads again, and compares what came with what was changed.
pub(super) async fn incremental(
    stage: &Stage<'_>,
    expectations: &mut Expectations,
) -> Result<RunReport, CommandError> {
    let mut lengths = Vec::new();
    for stream in STREAMS {
        lengths.push(file_length(stage.directory, stream)?);
    }
    let workspace = stage.simulator.workspace();
    // The deleted one is one that an incremental reading cannot see: it must not bring anything, and disturb nothing.
    let changed = workspace.mutate(Mutation {
        contacts: 25,
        create: 10,
        companies: 5,
        delete: 1,
        ..Mutation::default()
    });
    let report = run(stage).await?;
    expect_complete("the incremental reading", &report, expectations);
    for (stream, from) in STREAMS.into_iter().zip(lengths) {
        let found = keys(&read_lines(stage.directory, stream, from)?);
        let modes = find_stream(stage.connection.plugin.descriptor(), stream)?.modes;
        let expected: BTreeSet<String> = match stream {
            "contacts" => changed
                .contacts
                .iter()
                .chain(&changed.create)
                .filter(|id| !changed.delete.contains(id))
                .cloned()
                .collect(),
            "companies" if modes.contains(StreamModes::INCREMENTAL) => {
                changed.companies.iter().cloned().collect()
            }
            // Nothing of these was changed; what has no changes to ask for comes whole.
            _ if modes.contains(StreamModes::INCREMENTAL) => BTreeSet::new(),
            _ => workspace_keys(workspace, stream),
        };
        expectations.same_keys(&format!("{stream}, what changed"), &found, &expected);
    }
    Ok(report)
}

async fn run(stage: &Stage<'_>) -> Result<RunReport, CommandError> {
    let state = crate::output::OutputTarget::state_in_directory(stage.directory);
    let mut output = JsonLines::open(stage.directory, &state)?;
    let options = RunOptions {
        retry: RetryPolicy {
            time_scale: stage.time_scale,
            ..RetryPolicy::default()
        },
        ..RunOptions::default()
    };
    let source = ConnectedSource {
        plugin: &stage.connection.plugin,
        tenant: &stage.connection.tenant,
    };
    let descriptor = stage.connection.plugin.descriptor();
    let runner = Runner::new(&source, descriptor, &options, &Silent);
    let streams: Vec<String> = STREAMS.iter().map(|name| (*name).to_owned()).collect();
    Ok(runner.run(&streams, &mut output).await?)
}

fn expect_complete(what: &str, report: &RunReport, expectations: &mut Expectations) {
    for stream in &report.streams {
        expectations.hold(stream.status == StreamStatus::Complete, || {
            let message = stream.status.message().unwrap_or_default();
            format!(
                "{what} of {} is {}: {message}",
                stream.stream,
                stream.status.name()
            )
        });
    }
}

fn workspace_keys(workspace: &Workspace, stream: &str) -> BTreeSet<String> {
    let ids = |rows: Vec<Value>| -> BTreeSet<String> { rows.iter().map(id_of).collect() };
    match stream {
        "contacts" => workspace.contact_ids().collect(),
        "companies" => workspace.company_ids().collect(),
        "admins" => ids(workspace.admins()),
        "teams" => ids(workspace.teams()),
        "tags" => ids(workspace.tags()),
        "segments" => ids(workspace.segments()),
        _ => BTreeSet::new(),
    }
}

fn id_of(row: &Value) -> String {
    match &row["id"] {
        Value::String(id) => id.clone(),
        other => other.to_string(),
    }
}

fn path_of(directory: &Path, stream: &str) -> std::path::PathBuf {
    directory.join(format!("{stream}.jsonl"))
}

fn file_length(directory: &Path, stream: &str) -> Result<usize, CommandError> {
    let length = std::fs::metadata(path_of(directory, stream))
        .map_err(CommandError::failed)?
        .len();
    Ok(usize::try_from(length).unwrap_or(usize::MAX))
}

/// The lines of a stream's file from a byte on.
pub(super) fn read_lines(
    directory: &Path,
    stream: &str,
    from: usize,
) -> Result<Vec<Value>, CommandError> {
    let bytes = std::fs::read(path_of(directory, stream)).map_err(CommandError::failed)?;
    bytes
        .get(from..)
        .unwrap_or_default()
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).map_err(CommandError::failed))
        .collect()
}

fn keys(lines: &[Value]) -> BTreeSet<String> {
    lines
        .iter()
        .map(|line| text_at(line, "key").to_owned())
        .collect()
}
