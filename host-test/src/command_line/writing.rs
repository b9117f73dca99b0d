//! `write` and `map`.

use std::path::PathBuf;

use clap::Args;

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

    /// The rows are in the form that the connection's mapping gives: it is read the other way
    #[arg(long)]
    pub mapped: bool,

    /// The same with a field mapping that takes the place of the connection's
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,

    /// How to do it [default: the action's first mode]
    #[arg(long)]
    pub mode: Option<String>,

    /// Names this write: given again, rows whose outcome is known are not written twice (needs --journal)
    #[arg(long, value_name = "ID", requires = "journal")]
    pub batch_id: Option<String>,

    /// Where outcomes are remembered, and what was written last (a database that is made where it is missing)
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,

    /// Read and compare, but write nothing, and say what would be written
    #[arg(long)]
    pub dry_run: bool,

    /// Send nothing at all, and say what would be written in either case
    #[arg(long, conflicts_with = "dry_run")]
    pub offline: bool,

    /// Where rows go that were not written, nor in any later try, each with the reason: to be put right and given as the
    /// input of another write (replaced by every write that is no rehearsal, removed when there are none)
    #[arg(long, visible_alias = "dead-letters", value_name = "FILE")]
    pub rejected: Option<PathBuf>,

    /// Further tries for rows that could not be written now; they begin anew when any of the rows is
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

    /// Copy the files that mapped records name, as `attachments` of the connection says
    #[arg(long, conflicts_with = "explain")]
    pub attachments: bool,

    /// Show for each document what every rule took and gave instead, letters and digits hidden
    #[arg(long)]
    pub explain: bool,
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::CommandLine;

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
