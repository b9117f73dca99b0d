//! The commands: each in a file of its own, and here what they share.

mod auth;
mod bench;
mod callbacks;
mod check;
mod component;
mod demo;
mod describe;
mod erase;
mod error;
mod intents;
mod interruption;
mod map;
mod read;
mod resources;
mod serve;
mod simulate;
mod status;
mod sync;
mod triggers;
mod webhook;
mod write;

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use serde_json::{Value, json};

use crate::alerts;
use crate::command_line::{Command, CommandLine, Exit, Global, WebhookCommand};
use crate::connection_file::ConnectionFile;
use crate::logging;
use crate::output::OutputError;
use crate::progress::write_line;

pub use self::error::CommandError;

/// How long alerts may take to get through at the end.
const LAST_WAIT: Duration = Duration::from_secs(60);

/// The whole program: reads the command line, does what it says, and gives the exit code.
pub fn main() -> ExitCode {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => {
            let wanted = !error.use_stderr();
            // Nobody may be there to read it.
            let _ = error.print();
            let exit = if wanted { Exit::Success } else { Exit::Usage };
            return exit.into();
        }
    };
    let serving = matches!(
        line.command,
        Command::Simulate(_) | Command::Serve(_) | Command::Webhook(WebhookCommand::Serve(_))
    );
    // One thread does a one-shot command with the least work; serving has several callers at a time.
    let mut builder = if serving {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            write_line(&format!("error: the runtime cannot be started: {error}"));
            return Exit::Failure.into();
        }
    };
    let exit = runtime.block_on(run(line));
    // A file system that hangs must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    exit.into()
}

async fn run(line: CommandLine) -> Exit {
    let CommandLine {
        mut global,
        command,
    } = line;
    let document_expected = global.json && !gives_lines(&command);
    let result = match component::choose(&mut global, &command) {
        Ok(()) => perform(&global, command).await,
        Err(error) => Err(error),
    };
    alerts::finish(LAST_WAIT).await;
    logging::finish().await;
    match result {
        Ok(exit) => exit,
        // The reader has what it wanted.
        Err(CommandError::Closed) => Exit::Success,
        Err(error) => {
            write_line(&format!("error: {error}"));
            if document_expected {
                let _ = print_json(&json!({"ok": false, "error": error.to_string()}));
            }
            error.exit()
        }
    }
}

async fn perform(global: &Global, command: Command) -> Result<Exit, CommandError> {
    match command {
        Command::Demo(arguments) => demo::run(global, &arguments).await,
        Command::Simulate(options) => simulate::run(global, *options).await,
        Command::Bench(arguments) => bench::run(global, &arguments).await,
        Command::Describe => describe::run(global).await,
        Command::Auth(arguments) => auth::run(global, &arguments).await,
        Command::Check(arguments) => check::run(global, &arguments).await,
        Command::Read(arguments) => read::run(global, &arguments).await,
        Command::Sync(arguments) => sync::run(global, &arguments).await,
        Command::Write(arguments) => write::run(global, &arguments).await,
        Command::Map(arguments) => map::run(global, &arguments).await,
        Command::Webhook(WebhookCommand::Verify(arguments)) => {
            webhook::verify(global, &arguments).await
        }
        Command::Webhook(WebhookCommand::Serve(arguments)) => {
            webhook::serve(global, &arguments).await
        }
        Command::Serve(arguments) => serve::run(global, &arguments).await,
        Command::Intents(command) => intents::run(global, &command).await,
        Command::Triggers(command) => triggers::run(global, &command).await,
        Command::Callbacks(command) => callbacks::run(global, &command).await,
        Command::Erase(arguments) => erase::run(global, &arguments).await,
        Command::Status(arguments) => status::run(global, &arguments),
        Command::Component(command) => component::run(global, &command).await,
    }
}

/// Whether a command's standard output is lines of data, where a closing document would be out of place.
fn gives_lines(command: &Command) -> bool {
    match command {
        Command::Read(arguments) => arguments.output.output.is_none(),
        Command::Sync(arguments) => arguments.output.output.is_none(),
        Command::Write(_) | Command::Map(_) | Command::Webhook(_) => true,
        _ => false,
    }
}

/// Reads a connection and starts logging as it and the command line want it.
fn load_connection(global: &Global, path: &Path) -> Result<ConnectionFile, CommandError> {
    let mut file = ConnectionFile::load(path)?;
    file.logging.debug = file.logging.debug.max(global.debug_mode());
    start_logging(global, file.logging.level)?;
    for warning in &file.warnings {
        write_line(&format!("warning: {warning}"));
    }
    Ok(file)
}

fn start_logging(global: &Global, level: Option<&str>) -> Result<(), CommandError> {
    let level = global.log_level().or(level);
    logging::start(level, global.otlp.as_deref()).map_err(CommandError::usage)
}

/// Reads a file whole; `-` is standard input.
fn read_bytes(path: &Path) -> Result<Vec<u8>, CommandError> {
    let failed =
        |error: std::io::Error| CommandError::usage(format!("{}: {error}", path.display()));
    if path != Path::new("-") {
        return std::fs::read(path).map_err(failed);
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    Ok(bytes)
}

/// Writes one JSON document as a line on standard output.
fn print_json(document: &Value) -> Result<(), CommandError> {
    print_line(&document.to_string())
}

/// Writes a line on standard output.
fn print_line(line: &str) -> Result<(), CommandError> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::BrokenPipe => CommandError::Closed,
            _ => OutputError::Standard(error).into(),
        })
}
