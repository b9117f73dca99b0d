//! `component`: versions, and which of them is active.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

/// What to do with the versions of components.
#[derive(Clone, Debug, Subcommand)]
pub enum ComponentCommand {
    /// Check a component and keep it; it is not called before it is activated
    Add(ComponentAddArguments),
    /// Show the versions that are kept, and what is active
    List,
    /// Make a version the active one: calls in flight end with the old one, the next ones take the new one
    Activate(ComponentActivateArguments),
    /// End a canary, or go back to the version before the active one
    Rollback(ComponentRollbackArguments),
}

/// Arguments of `component add`.
#[derive(Args, Clone, Debug)]
pub struct ComponentAddArguments {
    /// The component (.wasm)
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Arguments of `component activate`.
#[derive(Args, Clone, Debug)]
pub struct ComponentActivateArguments {
    /// The version, as `component list` shows it, or the first digits of its SHA-256 (6 or more)
    #[arg(value_name = "VERSION")]
    pub version: String,

    /// For one connection: its file, or the file's name without its ending [default: for all]
    #[arg(long, value_name = "CONNECTION", value_parser = connection_name)]
    pub connection: Option<String>,

    /// Try it on so many percent of the connections first; it is taken back when it fails more often than the active one
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=99), conflicts_with = "connection")]
    pub canary: Option<u8>,

    /// Agree to what it asks for beyond the versions before it
    #[arg(long)]
    pub consent: bool,
}

/// Arguments of `component rollback`.
#[derive(Args, Clone, Debug)]
pub struct ComponentRollbackArguments {
    /// For one connection: its file, or the file's name without its ending [default: for all]
    #[arg(long, value_name = "CONNECTION", value_parser = connection_name)]
    pub connection: Option<String>,

    /// The connector, where the store holds several
    #[arg(long, value_name = "NAME")]
    pub connector: Option<String>,
}

/// The name by which versions are chosen for a connection: its file's name without its ending.
pub fn connection_name(text: &str) -> Result<String, String> {
    let path = Path::new(text);
    let is_file = ["yaml", "yml", "json"]
        .iter()
        .any(|ending| path.extension().is_some_and(|found| found == *ending));
    let name = match is_file {
        true => path.file_stem().and_then(|stem| stem.to_str()),
        false => Some(text),
    };
    match name {
        Some(name) if !name.is_empty() => Ok(name.to_owned()),
        _ => Err("the name of a connection, or its file".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_named_by_itself_or_by_its_file() {
        for (text, name) in [
            ("acme", "acme"),
            ("acme.yaml", "acme"),
            ("/etc/it/a.b.yml", "a.b"),
            ("a.b", "a.b"),
        ] {
            assert_eq!(connection_name(text).as_deref(), Ok(name), "{text}");
        }
        assert!(connection_name("").is_err());
    }
}
