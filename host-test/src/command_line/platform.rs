//! `serve`, and what is asked about a platform.

use std::path::PathBuf;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use super::OutputArguments;

/// Arguments of `serve`.
#[derive(Args, Clone, Debug)]
pub struct PlatformArguments {
    /// The platform (YAML): folder, addresses, token, key, limits, connections
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Arguments of `erase`.
#[derive(Args, Clone, Debug)]
pub struct EraseArguments {
    /// Whose record: its key, or its email address, external id or phone number
    #[arg(value_name = "CONTACT", value_parser = NonEmptyStringValueParser::new())]
    pub contact: String,

    /// The stream of the record
    #[arg(long, default_value = "contacts", value_name = "STREAM")]
    pub stream: String,

    /// The platform (YAML): in all of its connections, unless one is named
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output", "state"])]
    pub config: Option<PathBuf>,

    /// The name of the platform's connection
    #[arg(long, value_name = "NAME", requires = "config")]
    pub connection: Option<String>,

    /// Further files: journals of `write`, rows that it rejected, lines that were read to standard output (may be repeated)
    #[arg(long, value_name = "FILE")]
    pub also: Vec<PathBuf>,

    /// Where entries went, without a platform.
    #[command(flatten)]
    pub output: OutputArguments,
}
