//! `webhook verify` and `webhook serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::OutputArguments;

/// What to do with webhooks.
#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// Verify one delivery from files
    Verify(VerifyArguments),
    /// Take deliveries, and what other systems call back, over HTTP
    Serve(ServeArguments),
}

/// Arguments of `webhook verify`.
#[derive(Args, Clone, Debug)]
pub struct VerifyArguments {
    /// The connection (YAML)
    #[arg(long, value_name = "FILE")]
    pub connection: PathBuf,

    /// A header as `Name: value` (repeatable)
    #[arg(long = "header", value_name = "HEADER", value_parser = header)]
    pub headers: Vec<(String, String)>,

    /// A file with one header a line
    #[arg(long, value_name = "FILE")]
    pub headers_file: Option<PathBuf>,

    /// The body's bytes, exactly as received (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    pub body: PathBuf,
}

/// Arguments of `webhook serve`.
#[derive(Args, Clone, Debug)]
pub struct ServeArguments {
    /// The connection (YAML); given several times, each has an output of its own, and the workspace's id in a delivery, or
    /// the path /NAME, says for which connection it is
    #[arg(long = "connection", value_name = "FILE", required = true)]
    pub connections: Vec<PathBuf>,

    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8787")]
    pub listen: std::net::SocketAddr,

    /// How many deliveries are put into the output at a time; those of one row never are
    #[arg(long, default_value_t = 1, value_name = "WORKERS", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: u16,

    /// Serve metrics for Prometheus at /metrics on this address; a port alone is one of 127.0.0.1 [default address:
    /// 127.0.0.1:9464]
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:9464", value_parser = address)]
    pub metrics: Option<SocketAddr>,

    /// Where entries go.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// An address with a port, or a port of this machine alone.
fn address(text: &str) -> Result<SocketAddr, String> {
    match text.strip_prefix(':').unwrap_or(text).parse::<u16>() {
        Ok(port) => Ok(SocketAddr::from(([127, 0, 0, 1], port))),
        Err(_) => text
            .parse()
            .map_err(|_| "write ADDRESS:PORT, or a port".to_owned()),
    }
}

fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write `Name: value`".to_owned()),
    }
}
