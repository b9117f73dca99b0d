//! Logs on standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Starts logging. `level` is a level (`debug`) or a filter (`host_test=debug,info`); without one the environment
/// variable `RUST_LOG` decides, and without that warnings are shown. The lines of the debug mode, which only a connection
/// in that mode has, are shown in any case. Later calls change nothing.
pub fn start(level: Option<&str>) -> Result<(), String> {
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
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
    Ok(())
}
