//! Ten thousand connections that wait for webhooks and do nothing.

use std::time::{Duration, Instant};

use super::host::{self, Server};

const CONNECTIONS: usize = 10_000;
const MEGABYTES: f64 = 300.0;

/// Prints what they cost; gives what is over its budget.
pub fn measure() -> anyhow::Result<Vec<String>> {
    let host = crate::release::build()?;
    let folder = tempfile::tempdir()?;
    let lines =
        "config: { region: us, api_version: \"2.11\" }\nmode: realtime\nstreams: [contacts]\n";
    host::connections(
        &folder.path().join("connections"),
        CONNECTIONS,
        "http://127.0.0.1:9",
        lines,
    )?;
    let begun = Instant::now();
    let server = Server::start(&host, folder.path(), "connections: [connections]\n")?;
    let started = begun.elapsed();
    std::thread::sleep(Duration::from_secs(5));
    let (now, peak) = server.megabytes()?;
    let before = server.seconds()?;
    std::thread::sleep(Duration::from_secs(5));
    let busy = (server.seconds()? - before) / 5.0 * 100.0;
    println!(
        "{CONNECTIONS} idle connections: {now:.0} MB (peak {peak:.0}, budget {MEGABYTES:.0}), {busy:.1} % of a core, started in {:.1} s",
        started.as_secs_f64()
    );
    Ok((now > MEGABYTES)
        .then(|| "memory of idle connections".to_owned())
        .into_iter()
        .collect())
}
