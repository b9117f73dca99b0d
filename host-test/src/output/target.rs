//! `--output` and `--state`: which output, and where its state is.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{JsonLines, Output, OutputError, Sqlite, StandardOutput};

/// Where `--output` sends entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OutputTarget {
    /// Lines on standard output.
    #[default]
    Standard,
    /// A directory with one file of JSON lines for each stream.
    JsonLines(PathBuf),
    /// An SQLite database with one table for each stream.
    Sqlite(PathBuf),
}

impl FromStr for OutputTarget {
    type Err = OutputError;

    fn from_str(text: &str) -> Result<OutputTarget, OutputError> {
        match text.split_once(':') {
            Some(("jsonl", path)) if !path.is_empty() => Ok(OutputTarget::JsonLines(path.into())),
            Some(("sqlite", path)) if !path.is_empty() => Ok(OutputTarget::Sqlite(path.into())),
            _ => Err(OutputError::UnknownTarget {
                found: text.to_owned(),
            }),
        }
    }
}

impl OutputTarget {
    /// The state file of a directory of JSON lines.
    pub fn state_in_directory(directory: &Path) -> PathBuf {
        directory.join(".state.json")
    }
}

/// Opens an output and its state: the file that `--state` names, else the output's own. Standard output without a state
/// file remembers nothing.
pub fn open(target: &OutputTarget, state: Option<&Path>) -> Result<Box<dyn Output>, OutputError> {
    Ok(match target {
        OutputTarget::Standard => Box::new(StandardOutput::open(state)?),
        OutputTarget::JsonLines(directory) => {
            let own = OutputTarget::state_in_directory(directory);
            Box::new(JsonLines::open(directory, state.unwrap_or(&own))?)
        }
        OutputTarget::Sqlite(_) if state.is_some() => return Err(OutputError::StateInDatabase),
        OutputTarget::Sqlite(path) => Box::new(Sqlite::open(path)?),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read() {
        assert_eq!(
            "jsonl:out/a:b".parse::<OutputTarget>().unwrap(),
            OutputTarget::JsonLines("out/a:b".into())
        );
        assert_eq!(
            "sqlite:x.db".parse::<OutputTarget>().unwrap(),
            OutputTarget::Sqlite("x.db".into())
        );
        for wrong in ["jsonl:", "sqlite", "csv:x", ""] {
            assert!(wrong.parse::<OutputTarget>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_database_keeps_its_own_state() {
        let target = OutputTarget::Sqlite("x.db".into());
        assert!(matches!(
            open(&target, Some(Path::new("s.json"))),
            Err(OutputError::StateInDatabase)
        ));
    }
}
