//! The command line: what can be asked for. What is done about it is in [`crate::commands`].

mod components;
mod connecting;
mod intents;
mod platform;
mod reading;
mod trial;
mod webhooks;
mod writing;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

pub use self::components::{
    ComponentActivateArguments, ComponentAddArguments, ComponentCommand,
    ComponentRollbackArguments, connection_name,
};
pub use self::connecting::{AuthArguments, CheckArguments, StatusArguments};
pub use self::intents::{
    CallbackNumbersArguments, CallbacksCommand, ConnectedArguments, CreateIntentArguments,
    IntentIdsArguments, IntentsCommand, ListCallbacksArguments, ListIntentsArguments,
    QueueArguments, SwitchArguments, TriggersCommand,
};
pub use self::platform::{EraseArguments, PlatformArguments};
pub use self::reading::{OutputArguments, ReadArguments, ReadingArguments, SyncArguments};
pub use self::trial::{BenchArguments, DemoArguments};
pub use self::webhooks::{ServeArguments, VerifyArguments, WebhookCommand};
pub use self::writing::{MapArguments, WriteArguments};
use crate::debug_mode::DebugMode;
use crate::simulator;

/// How a command ended, for the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All of it worked.
    Success,
    /// It failed.
    Failure,
    /// The connection was checked and is not good.
    CheckFailed,
    /// Some of it worked: some streams or rows failed.
    Partial,
    /// The command line or a file is wrong; nothing was tried.
    Usage,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::CheckFailed => 2,
            Exit::Partial => 3,
            Exit::Usage => 64,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

const EXIT_CODES: &str = "\
Exit codes:
   0  all of it worked
   1  it failed
   2  the connection was checked and is not good
   3  some of it worked: some streams or rows failed, or rows are held because they are no records
  64  the command line or a file is wrong; nothing was tried

Data goes to standard output, one JSON document a line; progress and logs go to standard error.";

/// Runs the connector component: checks connections, reads streams, writes rows, takes webhooks.
#[derive(Debug, Parser)]
#[command(name = "host-test", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct CommandLine {
    /// What is the same for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What is the same for every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// The component to run [default: $CONNECTOR_WASM, else the active version, else built from the sources]
    #[arg(long, global = true, value_name = "FILE")]
    pub component: Option<PathBuf>,

    /// The folder of component versions, of which the active one is run
    /// [default: $HOST_TEST_COMPONENTS, else the user's data directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub components: Option<PathBuf>,

    /// Answer with one JSON document instead of text
    #[arg(long, global = true)]
    pub json: bool,

    /// What to log: error, warn, info, debug, trace, or a filter such as host_test=debug
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log: Option<String>,

    /// Log more (-v: info, -vv: debug, -vvv: trace)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// Log a line for each request and each webhook, and with --debug=bodies the shape of bodies: keys, and how long texts are
    #[arg(long, global = true, value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "lines")]
    pub debug: Option<DebugChoice>,

    /// Send a span for each call of the component and each request to an OpenTelemetry collector at this base URL (OTLP
    /// over HTTP, such as http://127.0.0.1:4318)
    #[arg(long, global = true, value_name = "URL")]
    pub otlp: Option<String>,

    /// Divides every wait, for tests
    #[arg(long, global = true, hide = true, default_value_t = 1.0, value_parser = time_scale)]
    pub time_scale: f64,

    /// The cursor formats of versions that were taken back, of the folder of which the active one is run.
    #[arg(skip)]
    pub given_up: BTreeSet<u8>,
}

/// What the debug mode says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DebugChoice {
    /// A line for each request and each webhook.
    Lines,
    /// The shape of bodies as well.
    Bodies,
}

impl Global {
    /// The debug mode that was asked for.
    pub fn debug_mode(&self) -> DebugMode {
        match self.debug {
            None => DebugMode::Off,
            Some(DebugChoice::Lines) => DebugMode::Lines,
            Some(DebugChoice::Bodies) => DebugMode::Bodies,
        }
    }

    /// The log filter that was asked for.
    pub fn log_level(&self) -> Option<&str> {
        self.log.as_deref().or(match self.verbose {
            0 => None,
            1 => Some("info"),
            2 => Some("debug"),
            _ => Some("trace"),
        })
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show everything at work against the simulator, and prove that it holds
    Demo(DemoArguments),
    /// Serve a simulated workspace on loopback
    Simulate(Box<simulator::Options>),
    /// Measure what reading costs, with a simulator in a process of its own
    Bench(BenchArguments),
    /// Say what the component is: streams, actions, topics, configuration
    Describe,
    /// Authorise a connection: print the address to open, take the code, store the token
    Auth(AuthArguments),
    /// Check a connection: the API, the region, every stream
    Check(CheckArguments),
    /// Read streams
    Read(ReadArguments),
    /// Read all streams of a connection
    Sync(SyncArguments),
    /// Write rows
    Write(WriteArguments),
    /// Turn raw documents (JSON objects) on standard input into entries
    Map(MapArguments),
    /// Verify or take webhooks
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// List, confirm, reject, make or carry out what triggers want done
    #[command(subcommand)]
    Intents(IntentsCommand),
    /// List triggers, switch them on and off, or look at those that time sets off
    #[command(subcommand)]
    Triggers(TriggersCommand),
    /// List, repeat or dismiss what other systems told
    #[command(subcommand)]
    Callbacks(CallbacksCommand),
    /// Keep versions of components, and change the active one
    #[command(subcommand)]
    Component(ComponentCommand),
    /// Serve many connections: schedules, webhooks, a control API and a status page
    Serve(PlatformArguments),
    /// Say what is stored: the last run of each stream, or of each connection of a platform
    Status(StatusArguments),
    /// Remove one contact, and all that names it, from everything that is stored
    Erase(EraseArguments),
}

fn time_scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if scale.is_finite() && scale > 0.0 => Ok(scale),
        _ => Err("a number above zero".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn exit_codes_are_in_the_help() {
        let help = CommandLine::command().render_long_help().to_string();
        for exit in [
            Exit::Success,
            Exit::Failure,
            Exit::CheckFailed,
            Exit::Partial,
            Exit::Usage,
        ] {
            assert!(help.contains(&format!("{:>4}  ", exit.code())), "{help}");
        }
    }
}
