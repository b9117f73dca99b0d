//! Processes: the host's, which is measured, and the simulator's.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use nix::sys::resource::{UsageWho, getrusage};

use super::cases::{Case, Cost};
use super::native;

/// The simulator's process. It ends with this.
pub struct Simulator {
    process: Child,
    url: String,
    /// Kept open: it has more to say than where it is.
    output: BufReader<ChildStdout>,
}

impl Simulator {
    /// Starts it with these options.
    pub fn start(host: &Path, options: &[&str]) -> anyhow::Result<Self> {
        let mut process = Command::new(host)
            .args(["simulate", "--port", "0", "--rate-limit", "1000000"])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = process.stdout.take().context("no output")?;
        let mut simulator = Self {
            process,
            url: String::new(),
            output: BufReader::new(output),
        };
        let mut line = String::new();
        simulator.output.read_line(&mut line)?;
        simulator.url = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"))
            .map(|word| word.trim_end_matches(['.', ',']).to_owned())
            .with_context(|| format!("the simulator did not say where it is: {line:?}"))?;
        Ok(simulator)
    }

    /// Where it answers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs a case against it, from nothing.
    pub fn run(&self, host: &Path, case: &Case) -> anyhow::Result<Cost> {
        let folder = tempfile::tempdir()?;
        let connection = folder.path().join("connection.yaml");
        std::fs::write(
            &connection,
            format!(
                "connector: intercom\nendpoint: {}\ncredentials: {{ access_token: simulator-token }}\n",
                self.url
            ),
        )?;
        let output = folder.path().join("output");
        let mut command = Command::new(host);
        command
            .args(case.command)
            .arg("--connection")
            .arg(&connection);
        if case.command.first() == Some(&"read") {
            command
                .arg("--output")
                .arg(format!("jsonl:{}", output.display()));
        }
        measured(command, case, &output)
    }

    /// Reads a case's streams natively, where it reads any.
    pub fn run_natively(&self, case: &Case) -> anyhow::Result<Option<Cost>> {
        let ["read", streams @ ..] = case.command else {
            return Ok(None);
        };
        let folder = tempfile::tempdir()?;
        let command = native::command(&self.url, folder.path(), streams)?;
        measured(command, case, folder.path()).map(Some)
    }
}

/// Runs a command, and looks whether the case's rows are in its files.
fn measured(command: Command, case: &Case, output: &Path) -> anyhow::Result<Cost> {
    let cost = cost_of(command)?;
    for (stream, rows) in case.rows {
        let file = std::fs::File::open(output.join(format!("{stream}.jsonl")))?;
        let lines = BufReader::new(file).lines().count() as u64;
        let wanted = rows.number();
        ensure!(
            rows.are(lines),
            "{lines} rows of {stream} instead of {wanted}"
        );
    }
    Ok(cost)
}

/// Runs a command to its good end.
pub fn cost_of(mut command: Command) -> anyhow::Result<Cost> {
    let before = children_seconds()?;
    let begun = Instant::now();
    let process = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let megabytes = wait_for(process)?;
    let cost = Cost {
        seconds: children_seconds()? - before,
        megabytes,
        duration: begun.elapsed().as_secs_f64(),
    };
    Ok(cost)
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits for a process and gives the most memory that it had, in megabytes.
fn wait_for(mut process: Child) -> anyhow::Result<f64> {
    let status = format!("/proc/{}/status", process.id());
    let mut peak = 0.0;
    loop {
        // The mark only rises, so that the last look before the end is nearly the end's.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let Some(kilobytes) = mark.and_then(|mark| mark.trim().strip_suffix(" kB")) {
            peak = kilobytes.trim().parse::<f64>()? / 1_024.0;
        }
        if let Some(exit) = process.try_wait()? {
            ensure!(exit.success(), "the command failed");
            return Ok(peak);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn children_seconds() -> anyhow::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}
