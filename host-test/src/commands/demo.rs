//! `demo`: everything at work against the simulator, each claim compared with what the simulated workspace holds.

mod expectation;
mod reading;
mod summary;
mod webhooks;
mod writing;

use std::path::Path;

use self::expectation::Expectations;
use self::summary::Summary;
use super::{CommandError, print_json, start_logging};
use crate::clock::now_ms;
use crate::command_line::{DemoArguments, Exit, Global};
use crate::connection_file::ConnectionFile;
use crate::contract::connector::{CheckReport, Readability};
use crate::opened_connection::{OpenedConnection, load_component};
use crate::progress::write_line;
use crate::simulator::{Options, Simulator};

/// The streams that are read.
const STREAMS: [&str; 6] = [
    "contacts",
    "companies",
    "admins",
    "teams",
    "tags",
    "segments",
];

/// What every part of the demonstration works with.
struct Stage<'a> {
    connection: &'a OpenedConnection,
    simulator: &'a Simulator,
    directory: &'a Path,
    time_scale: f64,
}

/// Runs the demonstration.
pub(super) async fn run(global: &Global, arguments: &DemoArguments) -> Result<Exit, CommandError> {
    start_logging(global, None)?;
    let say = |line: &str| {
        if !global.json {
            write_line(line);
        }
    };
    let plugin = load_component(global.component.as_deref()).await?;
    say(&format!(
        "component {} {}: {} bytes, imports {}",
        plugin.descriptor().name,
        plugin.descriptor().version,
        plugin.size(),
        plugin.imports().join(", ")
    ));
    let simulator = Simulator::start(Options {
        contacts: arguments.contacts,
        companies: arguments.companies,
        record: arguments.record.clone(),
        ..Options::default()
    })
    .await
    .map_err(|error| CommandError::failed(format!("the simulator cannot start: {error}")))?;
    let directory = tempfile::tempdir().map_err(CommandError::failed)?;
    let file = connection_file(&simulator)?;
    let mut connection = OpenedConnection::new(plugin.clone(), file, None)?;

    let mut expectations = Expectations::default();
    let checked = connection.check().await?;
    connection.use_check(&checked);
    expect_readable(&checked, &mut expectations);
    say(&format!(
        "✓ checked: workspace {}, time zone {}",
        checked.account.workspace_id,
        checked.account.time_zone.as_deref().unwrap_or("unknown")
    ));

    let stage = Stage {
        connection: &connection,
        simulator: &simulator,
        directory: directory.path(),
        time_scale: global.time_scale,
    };
    let full = reading::full(&stage, &mut expectations).await?;
    say(&format!(
        "✓ read everything: {} records",
        full.total().records
    ));
    let incremental = reading::incremental(&stage, &mut expectations).await?;
    say(&format!(
        "✓ read what changed: {} records",
        incremental.total().records
    ));
    let webhooks = webhooks::take(&stage, &mut expectations).await?;
    say(&format!(
        "✓ webhooks: {} accepted, {} known, {} rejected",
        webhooks.accepted, webhooks.duplicates, webhooks.rejected
    ));
    let writes = writing::write_back(&stage, &mut expectations).await?;
    say(&format!(
        "✓ wrote: {} created, {} updated, {} failed",
        writes.count("created"),
        writes.count("updated"),
        writes.count("failed")
    ));
    let summary = Summary {
        plugin: &plugin,
        full,
        incremental,
        webhooks,
        writes,
        usage: connection.tenant.usage(),
        failures: expectations.into_failures(),
    };
    simulator.shutdown().await;
    if global.json {
        print_json(&summary.to_json())?;
    } else {
        write_line(&summary.to_text());
    }
    Ok(match summary.failures.is_empty() {
        true => Exit::Success,
        false => Exit::Failure,
    })
}

/// The connection, by way of the file that a person would write.
fn connection_file(simulator: &Simulator) -> Result<ConnectionFile, CommandError> {
    let options = Options::default();
    let text = format!(
        "connector: intercom\n\
         credentials: {{ access_token: \"${{TOKEN}}\", client_secret: \"${{SECRET}}\" }}\n\
         config: {{ region: us, api_version: \"2.11\" }}\n\
         endpoint: {}\n",
        simulator.url()
    );
    let variable = move |name: &str| match name {
        "TOKEN" => Some(options.access_token.clone()),
        "SECRET" => Some(options.client_secret.clone()),
        _ => None,
    };
    Ok(ConnectionFile::parse(
        Path::new("demo.yaml"),
        &text,
        &variable,
    )?)
}

fn expect_readable(report: &CheckReport, expectations: &mut Expectations) {
    for name in STREAMS {
        let readable = report.streams.iter().any(|stream| {
            stream.name == name && matches!(stream.readability, Readability::Readable)
        });
        expectations.hold(readable, || {
            format!("the check says that {name} is not readable")
        });
    }
}

/// A name that no earlier demonstration had, for what is written.
fn unique_name(part: &str) -> String {
    format!("demo-{part}-{:x}", now_ms())
}

/// A JSON pointer's text, or nothing.
fn text_at<'a>(document: &'a serde_json::Value, field: &str) -> &'a str {
    document
        .get(field)
        .and_then(|value| value.as_str())
        .unwrap_or_default()
}

/// Whether two JSON values are the same, where a number may be written as an integer or as a float.
fn same(left: &serde_json::Value, right: &serde_json::Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left == right,
        _ => left == right,
    }
}
