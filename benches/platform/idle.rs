//! Ten thousand connections that wait for webhooks and do nothing: before any came, and after a tenth had one.

use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

use super::host::{self, Server};

const CONNECTIONS: usize = 10_000;
const MEGABYTES: f64 = 300.0;

/// So many of them get a webhook: each makes its databases, which takes as long as the disk does.
const OPENED: usize = 1_000;

/// How long it may take until those that had a webhook are closed again.
const CLOSED_WITHIN: Duration = Duration::from_secs(120);

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
    let mut over = Vec::new();
    over.extend(look(&server, "idle connections")?);
    println!("started in {:.1} s", started.as_secs_f64());

    let begun = Instant::now();
    let body = r#"{"type":"notification_event","app_id":"w","id":"n1","topic":"ping","data":{"item":{"type":"ping"}}}"#;
    for number in 0..OPENED {
        let signature = signature(body, &host::secret(number))?;
        server.deliver(&host::name(number), body, &signature)?;
    }
    println!(
        "{OPENED} had a webhook, and were opened for it, within {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    let begun = Instant::now();
    while server.get("/status")?["open"] != 0 && begun.elapsed() < CLOSED_WITHIN {
        std::thread::sleep(Duration::from_secs(1));
    }
    over.extend(look(&server, "connections, some of which were open")?);
    Ok(over)
}

/// What the process has and does while nothing happens.
fn look(server: &Server, what: &str) -> anyhow::Result<Option<String>> {
    std::thread::sleep(Duration::from_secs(5));
    let (now, peak) = server.megabytes()?;
    let before = server.seconds()?;
    std::thread::sleep(Duration::from_secs(5));
    let busy = (server.seconds()? - before) / 5.0 * 100.0;
    println!(
        "{CONNECTIONS} {what}: {now:.0} MB (peak {peak:.0}, budget {MEGABYTES:.0}), {busy:.1} % of a core"
    );
    Ok((now > MEGABYTES).then(|| format!("memory of {what}")))
}

fn signature(body: &str, secret: &str) -> anyhow::Result<String> {
    let mut code = Hmac::<Sha1>::new_from_slice(secret.as_bytes())?;
    code.update(body.as_bytes());
    let digits = code.finalize().into_bytes();
    let digits: String = digits.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("sha1={digits}"))
}
