//! A thousand connections, each of which syncs a hundred contacts every minute.

use std::time::Duration;

use anyhow::ensure;

use super::host::{self, Server, Simulator};

const CONNECTIONS: usize = 1_000;
const LATE_MS: u64 = 2_000;

/// The first minute, in which everything is read, is measured as well.
const MINUTES: u64 = 4;

/// Prints how late they begin; gives what is over its budget.
pub fn measure() -> anyhow::Result<Vec<String>> {
    let host = crate::release::build()?;
    let simulator = Simulator::start(
        &host,
        &[
            "--contacts",
            "100",
            "--companies",
            "1",
            "--conversations",
            "1",
        ],
    )?;
    let folder = tempfile::tempdir()?;
    let lines = "config: { region: us, api_version: \"2.11\" }\nmode: batch\nstreams: [contacts]\n";
    host::connections(
        &folder.path().join("connections"),
        CONNECTIONS,
        &simulator.url,
        lines,
    )?;
    let server = Server::start(
        &host,
        folder.path(),
        "schedule: { every: 1m }\nconnections: [connections]\n",
    )?;
    for minute in 1..=MINUTES {
        let before = server.seconds()?;
        std::thread::sleep(Duration::from_secs(60));
        let status = server.get("/status")?;
        let delays = &status["start_delay_ms"];
        println!(
            "minute {minute}: {} runs, start delay p50 {} ms, p99 {} ms, {} wait, {:.2} cores, {:.0} MB",
            delays["runs"],
            delays["p50"],
            delays["p99"],
            status["slices"]["waiting"],
            (server.seconds()? - before) / 60.0,
            server.megabytes()?.0,
        );
    }
    let status = server.get("/status")?;
    let delays = &status["start_delay_ms"];
    let runs = delays["runs"].as_u64().unwrap_or(0);
    ensure!(
        status["problems"] == 0,
        "{} connections have problems",
        status["problems"]
    );
    // Each minute but the one under way.
    let wanted = CONNECTIONS as u64 * (MINUTES - 1);
    let mut over = Vec::new();
    if runs < wanted {
        over.push(format!("{runs} runs instead of {wanted}"));
    }
    if delays["p99"].as_u64().is_none_or(|late| late > LATE_MS) {
        over.push(format!(
            "start delay p99 {} ms, budget {LATE_MS}",
            delays["p99"]
        ));
    }
    Ok(over)
}
