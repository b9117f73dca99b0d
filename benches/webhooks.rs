//! Webhooks from end to end: over HTTP on loopback, verified in the component, durable in the queue, and into SQLite. Sender
//! and server are one process, so that the figures are those of a machine that does both.
//!
//! `cargo bench --bench webhooks`, or with a part of a name behind `--` for some of the cases.

mod webhooks {
    pub mod deliveries;
    pub mod sender;
    pub mod server;
}

use std::time::Duration;

use comfy_table::Table;
use webhooks::deliveries::deliveries;
use webhooks::sender::send_all;
use webhooks::server::Server;

/// A measurement.
struct Case {
    name: &'static str,
    deliveries: usize,
    /// Connections, each with one delivery under way.
    senders: usize,
    /// Workers between the queue and the database.
    workers: usize,
    /// Webhooks a second, at least.
    least: Option<f64>,
}

const CASES: &[Case] = &[
    Case {
        name: "one sender",
        deliveries: 1_000,
        senders: 1,
        workers: 1,
        least: None,
    },
    Case {
        name: "64 senders, one worker",
        deliveries: 40_000,
        senders: 64,
        workers: 1,
        least: Some(5_000.0),
    },
    Case {
        name: "64 senders, 4 workers",
        deliveries: 40_000,
        senders: 64,
        workers: 4,
        least: Some(5_000.0),
    },
    Case {
        name: "512 senders, one worker",
        deliveries: 40_000,
        senders: 512,
        workers: 1,
        least: Some(5_000.0),
    },
];

fn main() -> anyhow::Result<()> {
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut table = Table::new();
    table.set_header([
        "case",
        "answered a second",
        "median answer",
        "99 % within",
        "in the database after",
    ]);
    let mut below = Vec::new();
    for case in CASES {
        let wants = |wanted: &str| case.name.contains(wanted);
        if !wanted.as_deref().is_none_or(wants) {
            continue;
        }
        runtime.block_on(async {
            let server = Server::start(case.workers).await?;
            // A first one builds what is built once.
            send_all(server.address(), deliveries(0..8)?, 1).await?;
            let bodies = deliveries(8..8 + case.deliveries)?;
            let sent = send_all(server.address(), bodies, case.senders).await?;
            let stored = server.finish(8 + case.deliveries).await?;
            let per_second = case.deliveries as f64 / sent.duration.as_secs_f64();
            table.add_row([
                case.name.to_owned(),
                format!("{per_second:.0}"),
                milliseconds(sent.within(0.5)),
                milliseconds(sent.within(0.99)),
                format!("{:.2} s", (sent.duration + stored).as_secs_f64()),
            ]);
            if case.least.is_some_and(|least| per_second < least) {
                below.push(case.name);
            }
            anyhow::Ok(())
        })?;
    }
    println!("{table}");
    if !below.is_empty() {
        println!("slower here than wanted: {}", below.join("; "));
    }
    Ok(())
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
