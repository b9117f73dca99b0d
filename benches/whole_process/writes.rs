//! What writing costs the host, and that every row is written once whatever the provider answers in between.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use comfy_table::Table;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::cases::Cost;
use super::process::{Simulator, cost_of};

/// A file of contacts that is written again and again with one journal, against one workspace.
struct Writing {
    name: &'static str,
    rows: usize,
    simulator: &'static [&'static str],
    tries: &'static str,
    runs: &'static [Run],
}

/// One write of the file.
struct Run {
    name: &'static str,
    /// Processor time in seconds, at most.
    seconds: f64,
    /// Duration in seconds, at most.
    duration: f64,
    /// Requests, at most.
    requests: u64,
}

const WRITINGS: &[Writing] = &[
    Writing {
        name: "10,000 upserts, answers after 50 ms",
        rows: 10_000,
        simulator: &["--contacts", "0", "--latency", "50ms"],
        tries: "5",
        runs: &[
            Run {
                name: "the first time",
                seconds: 2.5,
                duration: 45.0,
                requests: 12_000,
            },
            Run {
                name: "the same file again",
                seconds: 1.0,
                duration: 1.0,
                requests: 0,
            },
        ],
    },
    Writing {
        name: "1,000 upserts, 5 % answered 429 and 2 % 500",
        rows: 1_000,
        // Each refusal names a time two seconds ahead, and every twentieth request is refused: that is how long it takes.
        simulator: &[
            "--contacts",
            "0",
            "--fault",
            "POST /contacts first=13 every=20 times=1 kind=rate-limited",
            "--fault",
            "POST /contacts first=31 every=50 times=1 kind=status-500",
        ],
        tries: "8",
        runs: &[Run {
            name: "in the end",
            seconds: 2.0,
            duration: 200.0,
            requests: 1_300,
        }],
    },
];

/// Makes the writes whose name holds this; gives the names of those that are over their budget.
pub fn run(host: &Path, wanted: Option<&str>) -> anyhow::Result<Vec<&'static str>> {
    let mut table = Table::new();
    table.set_header(["writing", "", "processor time", "duration", "requests"]);
    let mut over = Vec::new();
    for writing in WRITINGS {
        if wanted.is_some_and(|wanted| !writing.name.contains(wanted)) {
            continue;
        }
        let simulator = Simulator::start(host, writing.simulator)?;
        let folder = furnish(writing, &simulator)?;
        for run in writing.runs {
            let before = state(&simulator, "requests")?;
            let cost = write(host, writing, folder.path())?;
            let requests = state(&simulator, "requests")? - before;
            let contacts = state(&simulator, "contacts")?;
            ensure!(
                contacts == writing.rows as u64,
                "{contacts} contacts instead of {}",
                writing.rows
            );
            table.add_row([
                writing.name.to_owned(),
                run.name.to_owned(),
                format!("{:.2} s (budget {})", cost.seconds, run.seconds),
                format!("{:.2} s (budget {})", cost.duration, run.duration),
                format!("{requests} (budget {})", run.requests),
            ]);
            if cost.seconds > run.seconds || cost.duration > run.duration || requests > run.requests
            {
                over.push(writing.name);
            }
        }
    }
    println!("{table}");
    Ok(over)
}

/// A folder with the rows and a connection to a simulator.
fn furnish(writing: &Writing, simulator: &Simulator) -> anyhow::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    fs::write(
        folder.path().join("connection.yaml"),
        format!(
            "connector: intercom\nendpoint: {}\ncredentials: {{ access_token: simulator-token }}\n\
             config: {{ write: {{ unchanged: skip }} }}\n",
            simulator.url()
        ),
    )?;
    let row = |number: usize| {
        let row = json!({
            "key": number,
            "external_id": format!("row-{number}"),
            "email": format!("row.{number}@example.org"),
            "name": format!("Row {number}"),
        });
        format!("{row}\n")
    };
    let rows: String = (0..writing.rows).map(row).collect();
    fs::write(folder.path().join("rows.jsonl"), rows)?;
    // The component is compiled, and the connection checked, before anything is measured.
    fs::write(folder.path().join("none.jsonl"), "")?;
    Ok(folder)
}

fn write(host: &Path, writing: &Writing, folder: &Path) -> anyhow::Result<Cost> {
    let of = |input: &str| {
        let mut command = Command::new(host);
        command
            .current_dir(folder)
            .args(["write", "contacts", "--connection", "connection.yaml"])
            .args(["--journal", "journal.db", "--input", input])
            .args(["--tries", writing.tries]);
        command
    };
    cost_of(of("none.jsonl"))?;
    cost_of(of("rows.jsonl"))
}

/// A number that the simulator says of itself.
fn state(simulator: &Simulator, name: &str) -> anyhow::Result<u64> {
    let address = simulator.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "GET /_simulator/state HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").context("an answer")?;
    let document: Value = serde_json::from_str(body)?;
    document[name]
        .as_u64()
        .with_context(|| format!("`{name}` is no number: {document}"))
}
