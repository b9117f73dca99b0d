//! What a whole sync costs the host: 100,000 contacts from the simulator, which runs in a process of its own, into
//! JSON-lines files. Processor time and peak memory of the host's process, with a warm cache of compiled components.
//!
//! `cargo bench --bench whole_process`

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use nix::sys::resource::{UsageWho, getrusage};

const CONTACTS: usize = 100_000;
const RUNS: usize = 5;
const CPU_BUDGET_S: f64 = 1.3;
const MEMORY_BUDGET_MB: f64 = 60.0;

fn main() -> anyhow::Result<()> {
    let host = build_host()?;
    let folder = tempfile::tempdir()?;
    let mut simulator = start_simulator(&host)?;
    let measured = measure(&host, folder.path(), &mut simulator);
    simulator.process.kill()?;
    simulator.process.wait()?;
    let (seconds, megabytes) = measured?;
    println!("{CONTACTS} contacts into JSON lines, median of {RUNS} runs:");
    println!(
        "  processor time {seconds:.2} s (budget {CPU_BUDGET_S} s), {:.1} µs a contact",
        seconds * 1e6 / CONTACTS as f64
    );
    println!("  peak memory {megabytes:.1} MB (budget {MEMORY_BUDGET_MB} MB)");
    ensure!(
        seconds <= CPU_BUDGET_S && megabytes <= MEMORY_BUDGET_MB,
        "over budget"
    );
    Ok(())
}

/// The release binary, as a user runs it.
fn build_host() -> anyhow::Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .current_dir(root)
        .args([
            "build",
            "--release",
            "-p",
            "host-test",
            "--bin",
            "host-test",
        ])
        .status()?;
    ensure!(built.success(), "host-test could not be built");
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("release/host-test"))
}

struct Simulator {
    process: Child,
    url: String,
}

fn start_simulator(host: &Path) -> anyhow::Result<Simulator> {
    let mut process = Command::new(host)
        .args([
            "simulate",
            "--port",
            "0",
            "--rate-limit",
            "1000000",
            "--contacts",
            &CONTACTS.to_string(),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(process.stdout.take().context("no output")?).read_line(&mut line)?;
    let url = line
        .split_whitespace()
        .find(|word| word.starts_with("http://"))
        .map(|word| word.trim_end_matches(['.', ',']).to_owned());
    match url {
        Some(url) => Ok(Simulator { process, url }),
        None => {
            process.kill()?;
            process.wait()?;
            anyhow::bail!("the simulator did not say where it is: {line:?}")
        }
    }
}

fn measure(host: &Path, folder: &Path, simulator: &mut Simulator) -> anyhow::Result<(f64, f64)> {
    let connection = folder.join("connection.yaml");
    std::fs::write(
        &connection,
        format!(
            "connector: intercom\nendpoint: {}\ncredentials: {{ access_token: simulator-token }}\nstreams: [contacts]\n",
            simulator.url
        ),
    )?;
    let mut seconds = Vec::new();
    let mut megabytes = 0.0_f64;
    // The first run builds and compiles the component and is not counted.
    for run in 0..=RUNS {
        let before = children_seconds()?;
        let output = folder.join(run.to_string());
        let sync = Command::new(host)
            .args(["read", "contacts", "--connection"])
            .arg(&connection)
            .arg("--output")
            .arg(format!("jsonl:{}", output.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let peak = wait_for(sync)?;
        let lines = BufReader::new(std::fs::File::open(output.join("contacts.jsonl"))?)
            .lines()
            .count();
        ensure!(lines == CONTACTS, "{lines} contacts instead of {CONTACTS}");
        if run > 0 {
            seconds.push(children_seconds()? - before);
            megabytes = megabytes.max(peak);
        }
        std::fs::remove_dir_all(output)?;
    }
    seconds.sort_by(f64::total_cmp);
    Ok((seconds[RUNS / 2], megabytes))
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
            ensure!(exit.success(), "the sync failed");
            return Ok(peak);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn children_seconds() -> anyhow::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}
