//! `read` and `sync`, and where entries go.

use std::path::PathBuf;

use clap::Args;

use crate::output::OutputTarget;

/// Where entries go and where the position is kept.
#[derive(Args, Clone, Debug)]
pub struct OutputArguments {
    /// Where entries go: jsonl:DIRECTORY, sqlite:FILE or http:URL, which gets them by POST [default: standard output]
    #[arg(long, value_name = "OUTPUT")]
    pub output: Option<OutputTarget>,

    /// Where the position is kept, so that the next run goes on from there [default: in the output; with standard output
    /// and http: nowhere]
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
}

/// Rows in a page where nobody says otherwise.
const PAGE_ROWS: u32 = 150;

/// Tries after a failure where nobody says otherwise.
const TRIES: usize = 8;

/// How to read.
#[derive(Args, Clone, Debug)]
pub struct ReadingArguments {
    /// Read from this date on what has no position yet: YYYY-MM-DD, MM/DD/YYYY or RFC 3339, in the workspace's time zone
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,

    /// Forget the position and begin the output of each stream anew
    #[arg(long, conflicts_with = "until")]
    pub full: bool,

    /// Read what changed before this date, from --since on; the position stays where it is
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,

    /// A field mapping that takes the place of the connection's
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,

    /// Rows in a page
    #[arg(long, default_value_t = PAGE_ROWS, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..))]
    pub page_rows: u32,

    /// Tries after a failure that passes
    #[arg(long, default_value_t = TRIES, value_name = "TRIES")]
    pub tries: usize,
}

impl Default for ReadingArguments {
    /// What holds where nothing is said.
    fn default() -> ReadingArguments {
        ReadingArguments {
            since: None,
            full: false,
            until: None,
            mapping: None,
            page_rows: PAGE_ROWS,
            tries: TRIES,
        }
    }
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

    /// Which rows of the stream are wanted, as the component names it (repeatable) [default: the connection's filters]
    #[arg(long = "filter", value_name = "NAME=VALUE", value_parser = filter)]
    pub filters: Vec<(String, String)>,

    /// Read these rows of the stream, one key a line in the file; the position stays where it is
    #[arg(long, value_name = "KEY,KEY|@FILE", conflicts_with_all = ["since", "until", "full", "filters"])]
    pub keys: Option<String>,

    /// Read the rows again that the output holds because they were no records; the position stays where it is
    #[arg(long, requires = "output", conflicts_with_all = ["since", "until", "full", "filters", "keys"])]
    pub quarantined: bool,

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

    /// Look for rows of the output that are gone at the provider, and delete them there [default: as `sweep_every` of the
    /// connection says]
    #[arg(long, requires = "output", conflicts_with = "until")]
    pub sweep: bool,

    /// Where entries go.
    #[command(flatten)]
    pub output: OutputArguments,

    /// How to read.
    #[command(flatten)]
    pub reading: ReadingArguments,
}

fn filter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use clap::Parser as _;

    use super::super::{Command, CommandLine};
    use super::*;

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
    fn what_contradicts_itself_is_refused() {
        let parse = |arguments: &[&str]| {
            let line = ["host-test", "read", "contacts", "--connection", "c"];
            CommandLine::try_parse_from(line.iter().chain(arguments))
        };
        for good in [
            &["--keys", "1,2"][..],
            &["--filter", "role=user", "--filter", "name=a=b"],
            &["--since", "2024-01-01", "--until", "2024-02-01"],
            &["--quarantined", "--output", "jsonl:out"],
        ] {
            assert!(parse(good).is_ok(), "{good:?}");
        }
        for bad in [
            &["--keys", "1", "--until", "2024-01-01"][..],
            &["--until", "2024-01-01", "--full"],
            &["--quarantined"],
            &["--filter", "role"],
            &["--filter", "=user"],
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
        let sync = ["host-test", "sync", "--connection", "c", "--sweep"];
        assert!(CommandLine::try_parse_from(sync).is_err());
    }
}
