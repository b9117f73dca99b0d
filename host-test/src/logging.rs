//! Logs on standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// Starts logging. `level` is a level (`debug`) or a filter (`host_test=debug,info`); without one the environment
/// variable `RUST_LOG` decides, and without that warnings are shown. The lines of the debug mode, which only a connection
/// in that mode has, are shown in any case. `collector` gets the spans of calls and requests (OTLP over HTTP), where there is
/// one. Later calls change nothing.
pub fn start(level: Option<&str>, collector: Option<&str>) -> Result<(), String> {
    let filter = match level {
        // Libraries say much at their lower levels; a plain level is about this program.
        Some(plain @ ("trace" | "debug" | "info")) => {
            EnvFilter::try_new(format!("warn,host_test={plain}"))
        }
        Some(filter) => EnvFilter::try_new(filter),
        None => EnvFilter::try_from_default_env().or_else(|_| EnvFilter::try_new("warn")),
    }
    .map_err(|error| format!("--log: {error}"))?;
    let filter = match "debug=debug".parse() {
        Ok(lines) => filter.add_directive(lines),
        Err(_) => filter,
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .with_filter(filter);
    let subscriber = tracing_subscriber::registry().with(lines);
    let _ = match collector {
        None => subscriber.try_init(),
        Some(collector) => subscriber.with(spans(collector)?).try_init(),
    };
    Ok(())
}

/// Waits until the collector has the spans, within reason.
pub async fn finish() {
    #[cfg(feature = "opentelemetry")]
    crate::telemetry::finish().await;
}

#[cfg(feature = "opentelemetry")]
use crate::telemetry::layer as spans;

#[cfg(not(feature = "opentelemetry"))]
fn spans(_: &str) -> Result<tracing_subscriber::layer::Identity, String> {
    Err("--otlp: this program was built without the feature `opentelemetry`".to_owned())
}
