//! `--output` and `--state`: which output, and where its state is.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use url::Url;

use super::{HttpOutput, JsonLines, Output, OutputError, Sender, Sqlite, StandardOutput};
use crate::receiver;

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
    /// A URL that entries are posted to.
    Http(Url),
}

impl FromStr for OutputTarget {
    type Err = OutputError;

    fn from_str(text: &str) -> Result<OutputTarget, OutputError> {
        match text.split_once(':') {
            Some(("jsonl", path)) if !path.is_empty() => Ok(OutputTarget::JsonLines(path.into())),
            Some(("sqlite", path)) if !path.is_empty() => Ok(OutputTarget::Sqlite(path.into())),
            // A URL by itself is taken for what it is.
            Some(("http" | "https", rest)) if rest.starts_with("//") => url(text),
            Some(("http", address)) if !address.is_empty() => url(address),
            _ => Err(OutputError::UnknownTarget {
                found: text.to_owned(),
            }),
        }
    }
}

fn url(text: &str) -> Result<OutputTarget, OutputError> {
    receiver::address(text)
        .map(OutputTarget::Http)
        .map_err(|why| OutputError::BadUrl { why })
}

impl OutputTarget {
    /// Whether its rows can be looked at again, and so some of them be missing.
    pub fn holds_rows(&self) -> bool {
        matches!(self, OutputTarget::JsonLines(_) | OutputTarget::Sqlite(_))
    }

    /// The state file of a directory of JSON lines.
    pub fn state_in_directory(directory: &Path) -> PathBuf {
        directory.join(".state.json")
    }
}

/// Opens an output and its state: the file that `--state` names, else the output's own. Standard output and a URL without
/// a state file remember nothing.
pub fn open(
    target: &OutputTarget,
    state: Option<&Path>,
    sender: &Sender<'_>,
) -> Result<Box<dyn Output>, OutputError> {
    Ok(match target {
        OutputTarget::Standard => Box::new(StandardOutput::open(state)?),
        OutputTarget::JsonLines(directory) => {
            let own = OutputTarget::state_in_directory(directory);
            Box::new(JsonLines::open(directory, state.unwrap_or(&own))?)
        }
        OutputTarget::Sqlite(_) if state.is_some() => return Err(OutputError::StateInDatabase),
        OutputTarget::Sqlite(path) => Box::new(Sqlite::open(path)?),
        OutputTarget::Http(url) => Box::new(HttpOutput::open(url, state, sender)?),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::connection_file::HttpOutputSettings;

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
        let url = "https://example.com/in?x=1";
        for text in [url.to_owned(), format!("http:{url}")] {
            assert_eq!(
                text.parse::<OutputTarget>().unwrap(),
                OutputTarget::Http(url.parse().unwrap())
            );
        }
        for wrong in [
            "jsonl:",
            "sqlite",
            "csv:x",
            "",
            "http:",
            "http:x",
            "http://example.com/in",
        ] {
            assert!(wrong.parse::<OutputTarget>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_database_keeps_its_own_state() {
        let target = OutputTarget::Sqlite("x.db".into());
        let sender = Sender {
            connection: "c",
            settings: &HttpOutputSettings::default(),
            preset: None,
            lists: false,
            time_scale: 1.0,
            stop: None,
        };
        assert!(matches!(
            open(&target, Some(Path::new("s.json")), &sender),
            Err(OutputError::StateInDatabase)
        ));
    }
}
