//! A thousand connections, each of which syncs a hundred contacts every minute: all of them change all the time.

use std::time::{Duration, Instant};

use anyhow::ensure;

use super::host::{self, Server, Simulator};

const CONNECTIONS: usize = 1_000;
const CONTACTS: u64 = 100;
const LATE_MS: u64 = 2_000;

const MINUTE: Duration = Duration::from_secs(60);

/// How often every contact changes: more often than a connection looks.
const CHANGE_EVERY: Duration = Duration::from_secs(20);

/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// By how much the most memory of the last minute may be over that of the first one, in which everything is read: what is
/// given back must be found again, or it is a leak.
const GROWTH: f64 = 1.15;

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
    let mut runs_before = 0;
    let mut most = Vec::new();
    for minute in 1..=MINUTES {
        let (before, of_simulator) = (server.seconds()?, simulator.seconds()?);
        let begun = Instant::now();
        let mut changed: Option<Instant> = None;
        let mut megabytes: f64 = 0.0;
        while begun.elapsed() < MINUTE {
            if changed.is_none_or(|at| at.elapsed() >= CHANGE_EVERY) {
                simulator.change_contacts()?;
                changed = Some(Instant::now());
            }
            std::thread::sleep(LOOK_EVERY.min(MINUTE.saturating_sub(begun.elapsed())));
            megabytes = megabytes.max(server.megabytes()?.0);
        }
        most.push(megabytes);
        let status = server.get("/status")?;
        let delays = &status["start_delay_ms"];
        let runs = delays["runs"].as_u64().unwrap_or(0);
        let used = server.seconds()? - before;
        println!(
            "minute {minute}: {} syncs, so far start delay p50 {} ms, p99 {} ms, {} wait; {:.2} cores, {:.1} ms a sync, \
             {megabytes:.0} MB at most; the simulator {:.2} cores",
            runs - runs_before,
            delays["p50"],
            delays["p99"],
            status["slices"]["waiting"],
            used / MINUTE.as_secs_f64(),
            used * 1e3 / (runs - runs_before).max(1) as f64,
            (simulator.seconds()? - of_simulator) / MINUTE.as_secs_f64(),
        );
        runs_before = runs;
    }
    let status = server.get("/status")?;
    let delays = &status["start_delay_ms"];
    let runs = delays["runs"].as_u64().unwrap_or(0);
    ensure!(
        status["problems"] == 0,
        "{} connections have problems",
        status["problems"]
    );
    // Each sync but the first finds a hundred contacts that changed.
    let records = status["throughput"].as_array().into_iter().flatten();
    let records: u64 = records
        .filter_map(|minute| minute["records"].as_u64())
        .sum();
    println!("{records} records in all");
    // Each minute but the one under way.
    let wanted = CONNECTIONS as u64 * (MINUTES - 1);
    let mut over = Vec::new();
    if records < wanted * CONTACTS {
        over.push(format!(
            "{records} records instead of {}",
            wanted * CONTACTS
        ));
    }
    if runs < wanted {
        over.push(format!("{runs} runs instead of {wanted}"));
    }
    if let [first, .., last] = most[..]
        && last > first * GROWTH
    {
        over.push(format!("memory grew from {first:.0} to {last:.0} MB"));
    }
    if delays["p99"].as_u64().is_none_or(|late| late > LATE_MS) {
        over.push(format!(
            "start delay p99 {} ms, budget {LATE_MS}",
            delays["p99"]
        ));
    }
    Ok(over)
}
