//! The command line: what can be asked for. What is done about it is in [`crate::commands`].

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::output::OutputTarget;
use crate::secret::Secret;
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
   3  some of it worked: some streams or rows failed
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
pub struct Global {
    /// The component to run [default: $CONNECTOR_WASM, else built from the sources]
    #[arg(long, global = true, value_name = "FILE")]
    pub component: Option<PathBuf>,

    /// Answer with one JSON document instead of text
    #[arg(long, global = true)]
    pub json: bool,

    /// What to log: error, warn, info, debug, trace, or a filter such as host_test=debug
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log: Option<String>,

    /// Log more (-v: info, -vv: debug, -vvv: trace)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// Divides every wait, for tests
    #[arg(long, global = true, hide = true, default_value_t = 1.0, value_parser = time_scale)]
    pub time_scale: f64,
}

impl Global {
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
    /// Turn raw documents on standard input into entries
    Map(MapArguments),
    /// Verify or take webhooks
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Say what is stored: the last run of each stream
    Status(StatusArguments),
}

/// Arguments of `demo`.
#[derive(Args, Clone, Debug)]
pub struct DemoArguments {
    /// Contacts in the simulated workspace
    #[arg(long, default_value_t = 2_500)]
    pub contacts: u64,

    /// Companies in the simulated workspace
    #[arg(long, default_value_t = 300)]
    pub companies: u64,

    /// Append every exchange with the simulator to this file, as a line of JSON
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
}

/// Arguments of `bench`.
#[derive(Args, Clone, Debug)]
pub struct BenchArguments {
    /// Contacts in the simulated workspace
    #[arg(long, default_value_t = 100_000)]
    pub contacts: u64,

    /// How often they are read
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub runs: u32,
}

/// Arguments of `auth`.
#[derive(Args, Clone, Debug)]
pub struct AuthArguments {
    /// The connection (YAML), with client_id and client_secret
    #[arg(long, value_name = "FILE")]
    pub connection: PathBuf,

    /// Where the provider sends the browser with the code [default: the app's first redirect address]
    #[arg(long, value_name = "URL", value_parser = url)]
    pub redirect_uri: Option<String>,

    /// What would be pasted: the address that the browser was sent to (needs --state), or a code (needs --without-state)
    #[arg(long, value_name = "PASTED")]
    pub code: Option<Secret>,

    /// The state to send, and to find again in what is pasted [default: a random one]
    #[arg(long, value_name = "STATE", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub state: Option<String>,

    /// Take a code without its state: for a code that you know to be your own
    #[arg(long)]
    pub without_state: bool,
}

/// Arguments of `check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArguments {
    /// The connection (YAML)
    #[arg(long, value_name = "FILE")]
    pub connection: PathBuf,

    /// Into which webhooks are taken: what was verified last is looked up there.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Where entries go and where the position is kept.
#[derive(Args, Clone, Debug)]
pub struct OutputArguments {
    /// Where entries go: jsonl:DIRECTORY or sqlite:FILE [default: standard output]
    #[arg(long, value_name = "OUTPUT")]
    pub output: Option<OutputTarget>,

    /// Where the position is kept, so that the next run goes on from there [default: in the output; with standard output
    /// nowhere]
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
}

/// How to read.
#[derive(Args, Clone, Debug)]
pub struct ReadingArguments {
    /// Read from this date on what has no position yet: YYYY-MM-DD, MM/DD/YYYY or RFC 3339, in the workspace's time zone
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,

    /// Forget the position and begin the output of each stream anew
    #[arg(long)]
    pub full: bool,

    /// A field mapping that takes the place of the connection's
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,

    /// Rows in a page
    #[arg(long, default_value_t = 150, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..))]
    pub page_rows: u32,

    /// Tries after a failure that passes
    #[arg(long, default_value_t = 8, value_name = "TRIES")]
    pub tries: usize,
}

/// Arguments of `read`.
#[derive(Args, Clone, Debug)]
pub struct ReadArguments {
    /// The streams, in the order in which to read them
    #[arg(required = true, value_name = "STREAM")]
    pub streams: Vec<String>,

    /// The connection (YAML)
    #[arg(long, value_name = "FILE")]
    pub connection: PathBuf,

    /// Where entries go.
    #[command(flatten)]
    pub output: OutputArguments,

    /// How to read.
    #[command(flatten)]
    pub reading: ReadingArguments,
}

/// Arguments of `sync`.
#[derive(Args, Clone, Debug)]
pub struct SyncArguments {
    /// The connection (YAML)
    #[arg(long, value_name = "FILE")]
    pub connection: PathBuf,

    /// Where entries go.
    #[command(flatten)]
    pub output: OutputArguments,

    /// How to read.
    #[command(flatten)]
    pub reading: ReadingArguments,
}

/// Arguments of `write`.
#[derive(Args, Clone, Debug)]
pub struct WriteArguments {
    /// The action, as `describe` names it
    #[arg(value_name = "ACTION")]
    pub action: String,

    /// The connection (YAML)
    #[arg(long, value_name = "FILE")]
    pub connection: PathBuf,

    /// The rows: one JSON document a line (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    pub input: PathBuf,

    /// How to do it [default: the action's first mode]
    #[arg(long)]
    pub mode: Option<String>,

    /// Names this write: given again, rows whose outcome is known are not written twice (needs --journal)
    #[arg(long, value_name = "ID", requires = "journal")]
    pub batch_id: Option<String>,

    /// Where outcomes are remembered (a database that is made where it is missing)
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,

    /// Read and compare, but write nothing, and say what would be written
    #[arg(long)]
    pub dry_run: bool,

    /// Tries for a row that could not be written now
    #[arg(long, default_value_t = 5, value_name = "TRIES")]
    pub tries: u32,
}

/// Arguments of `map`.
#[derive(Args, Clone, Debug)]
pub struct MapArguments {
    /// The stream of the documents
    #[arg(value_name = "STREAM")]
    pub stream: String,

    /// The connection (YAML)
    #[arg(long, value_name = "FILE")]
    pub connection: PathBuf,

    /// A field mapping that takes the place of the connection's
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
}

/// What to do with webhooks.
#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// Verify one delivery from files
    Verify(VerifyArguments),
    /// Take deliveries over HTTP
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
    /// The connection (YAML)
    #[arg(long, value_name = "FILE")]
    pub connection: PathBuf,

    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8787")]
    pub listen: std::net::SocketAddr,

    /// Where entries go.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Arguments of `status`.
#[derive(Args, Clone, Debug)]
pub struct StatusArguments {
    /// Where entries go.
    #[command(flatten)]
    pub output: OutputArguments,
}

fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write `Name: value`".to_owned()),
    }
}

fn url(text: &str) -> Result<String, String> {
    match url::Url::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("not a URL: {error}")),
    }
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

    #[test]
    fn read_takes_what_it_documents() {
        let line = CommandLine::try_parse_from([
            "host-test",
            "read",
            "contacts",
            "tags",
            "--connection",
            "c.yaml",
            "--since",
            "2024-01-01",
            "--full",
            "--output",
            "jsonl:out",
            "--json",
            "-vv",
        ])
        .unwrap();
        assert_eq!(line.global.log_level(), Some("debug"));
        let Command::Read(read) = line.command else {
            unreachable!("read was asked for");
        };
        assert_eq!(read.streams, ["contacts", "tags"]);
        assert_eq!(
            read.output.output,
            Some(OutputTarget::JsonLines("out".into()))
        );
    }

    #[test]
    fn a_batch_id_needs_a_journal() {
        let line = [
            "host-test",
            "write",
            "contacts",
            "--connection",
            "c",
            "--input",
            "i",
            "--batch-id",
            "b",
        ];
        assert!(CommandLine::try_parse_from(line).is_err());
    }
}
