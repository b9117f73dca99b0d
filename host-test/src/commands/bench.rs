//! `bench`: what reading costs. Contacts of a simulator in a process of its own go into JSON lines, again and again.

mod served;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::served::Served;
use super::resources::{peak_memory, processor_time};
use super::{CommandError, print_json, print_line, start_logging};
use crate::command_line::{BenchArguments, Exit, Global};
use crate::connection_file::ConnectionFile;
use crate::opened_connection::{OpenedConnection, load_component};
use crate::output::{JsonLines, OutputTarget};
use crate::progress::Silent;
use crate::report::table;
use crate::runner::{ConnectedSource, RunOptions, Runner};

const STREAM: &str = "contacts";

/// What one reading took.
struct Run {
    wall: Duration,
    /// Of this process, in all of its threads.
    processor: Duration,
    /// In the component.
    component: Duration,
    bytes: u64,
}

/// Reads all contacts so many times and says what it took.
pub(super) async fn run(global: &Global, arguments: &BenchArguments) -> Result<Exit, CommandError> {
    start_logging(global, None)?;
    let plugin = load_component(global.component.as_deref()).await?;
    let served = Served::start(arguments.contacts)?;
    let mut connection = OpenedConnection::new(plugin, connection_file(&served)?, None)?;
    let checked = connection.check().await?;
    connection.use_check(&checked);
    let mut runs = Vec::new();
    for _ in 0..arguments.runs {
        runs.push(read(&connection, arguments.contacts).await?);
    }
    runs.sort_by_key(|run| run.processor);
    if global.json {
        print_json(&to_json(&runs, arguments.contacts))?;
    } else {
        print_line(&to_text(&runs, arguments.contacts))?;
    }
    Ok(Exit::Success)
}

fn connection_file(served: &Served) -> Result<ConnectionFile, CommandError> {
    let text = format!(
        "connector: intercom\ncredentials: {{ access_token: \"${{TOKEN}}\" }}\nendpoint: {}\n",
        served.url
    );
    let variable = |name: &str| (name == "TOKEN").then(|| served.access_token.clone());
    Ok(ConnectionFile::parse(
        Path::new("bench.yaml"),
        &text,
        &variable,
    )?)
}

/// Reads everything into a folder of its own.
async fn read(connection: &OpenedConnection, contacts: u64) -> Result<Run, CommandError> {
    let directory = tempfile::tempdir().map_err(CommandError::failed)?;
    let state = OutputTarget::state_in_directory(directory.path());
    let (begin, processor) = (Instant::now(), processor_time()?);
    let mut output = JsonLines::open(directory.path(), &state)?;
    let options = RunOptions::default();
    let source = ConnectedSource {
        plugin: &connection.plugin,
        tenant: &connection.tenant,
    };
    let descriptor = connection.plugin.descriptor();
    let runner = Runner::new(&source, descriptor, &options, &Silent);
    let report = runner.run(&[STREAM.to_owned()], &mut output).await?;
    let total = report.total();
    if !report.is_complete() || total.records != contacts {
        return Err(CommandError::failed(format!(
            "{} of {contacts} contacts were read: {}",
            total.records,
            report.streams[0].status.message().unwrap_or("no message")
        )));
    }
    Ok(Run {
        wall: begin.elapsed(),
        processor: processor_time()?.saturating_sub(processor),
        component: total.guest_time,
        bytes: total.bytes,
    })
}

fn median(runs: &[Run]) -> Option<&Run> {
    runs.get(runs.len() / 2)
}

/// Microseconds for each of so many.
fn each(time: Duration, contacts: u64) -> f64 {
    time.as_secs_f64() * 1e6 / contacts.max(1) as f64
}

fn to_json(runs: &[Run], contacts: u64) -> Value {
    let seconds = |time: Duration| time.as_secs_f64();
    let one = |run: &Run| {
        json!({
            "seconds": seconds(run.wall),
            "processor_seconds": seconds(run.processor),
            "component_seconds": seconds(run.component),
            "bytes": run.bytes,
        })
    };
    json!({
        "ok": true,
        "contacts": contacts,
        "runs": runs.iter().map(one).collect::<Vec<_>>(),
        "median": median(runs).map(|run| json!({
            "processor_microseconds_a_contact": each(run.processor, contacts),
            "component_microseconds_a_contact": each(run.component, contacts),
        })),
        "peak_memory_bytes": peak_memory(),
    })
}

fn to_text(runs: &[Run], contacts: u64) -> String {
    let rows = runs.iter().map(|run| {
        [
            format!("{:.2} s", run.wall.as_secs_f64()),
            format!("{:.2} s", run.processor.as_secs_f64()),
            format!("{:.2} s", run.component.as_secs_f64()),
            format!("{:.1} µs", each(run.processor, contacts)),
            format!("{:.1} MB", run.bytes as f64 / 1e6),
        ]
    });
    let header = [
        "time",
        "processor",
        "component",
        "processor a contact",
        "received",
    ];
    let mut text = format!("{contacts} contacts into JSON lines, the quickest run first\n");
    text.push_str(&table(header, rows, 0));
    if let Some(peak) = peak_memory() {
        text.push_str(&format!("\npeak memory {:.1} MB", peak as f64 / 1e6));
    }
    text
}
