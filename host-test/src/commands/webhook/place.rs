//! Where the entries of a connection go, where its state is, and where its queue is.

use std::path::{Path, PathBuf};

use crate::command_line::OutputArguments;
use crate::commands::CommandError;
use crate::output::OutputTarget;

/// The places of one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands) struct Place {
    pub(in crate::commands) output: OutputTarget,
    pub(in crate::commands) state: Option<PathBuf>,
}

impl Place {
    /// The places that the command line names. Where it is for several connections, each has its own: a directory in the
    /// directory, a file with the connection's name in its own name.
    pub(in crate::commands) fn of(
        arguments: &OutputArguments,
        connection: Option<&str>,
    ) -> Result<Place, CommandError> {
        let place = Place {
            output: arguments.output.clone().unwrap_or_default(),
            state: arguments.state.clone(),
        };
        let Some(connection) = connection else {
            return Ok(place);
        };
        Ok(Place {
            output: match place.output {
                OutputTarget::Standard => {
                    return Err(CommandError::usage(
                        "several connections need an --output: lines on standard output do not say whose they are",
                    ));
                }
                OutputTarget::JsonLines(directory) => {
                    OutputTarget::JsonLines(directory.join(connection))
                }
                OutputTarget::Sqlite(path) => OutputTarget::Sqlite(named(&path, connection)),
                // Headers of its own say whose the entries are.
                OutputTarget::Http(url) => OutputTarget::Http(url),
            },
            state: place.state.map(|path| named(&path, connection)),
        })
    }

    /// The database of the queue: beside the state, or in the directory of the lines. `None`: nothing is kept.
    pub(in crate::commands) fn queue(&self) -> Option<PathBuf> {
        match (&self.output, &self.state) {
            (OutputTarget::Sqlite(path), _) | (_, Some(path)) => Some(beside(path)),
            (OutputTarget::JsonLines(directory), None) => Some(directory.join(IN_DIRECTORY)),
            (OutputTarget::Standard | OutputTarget::Http(_), None) => None,
        }
    }
}

/// The name of a queue among files of lines.
const IN_DIRECTORY: &str = ".webhooks.db";

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".webhooks");
    PathBuf::from(name)
}

/// `out.db` becomes `out.NAME.db`.
fn named(path: &Path, connection: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match path.extension() {
        Some(extension) => format!("{stem}.{connection}.{}", extension.to_string_lossy()),
        None => format!("{stem}.{connection}"),
    };
    path.with_file_name(name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_connection_has_a_place_of_its_own() {
        let place = |output: &str, state: Option<&str>, connection: Option<&str>| {
            let arguments = OutputArguments {
                output: (!output.is_empty()).then(|| output.parse().unwrap()),
                state: state.map(PathBuf::from),
            };
            Place::of(&arguments, connection)
        };
        for (output, state, connection, expected, queue) in [
            (
                "sqlite:a/out.db",
                None,
                None,
                "a/out.db",
                Some("a/out.db.webhooks"),
            ),
            (
                "sqlite:a/out.db",
                None,
                Some("x"),
                "a/out.x.db",
                Some("a/out.x.db.webhooks"),
            ),
            (
                "sqlite:out",
                None,
                Some("x"),
                "out.x",
                Some("out.x.webhooks"),
            ),
            ("jsonl:out", None, None, "out", Some("out/.webhooks.db")),
            (
                "jsonl:out",
                None,
                Some("x"),
                "out/x",
                Some("out/x/.webhooks.db"),
            ),
            (
                "jsonl:out",
                Some("s.json"),
                Some("x"),
                "out/x",
                Some("s.x.json.webhooks"),
            ),
            ("", Some("s.json"), None, "", Some("s.json.webhooks")),
            (
                "http:https://example.com",
                Some("s.json"),
                Some("x"),
                "",
                Some("s.x.json.webhooks"),
            ),
            ("http:https://example.com", None, None, "", None),
            ("", None, None, "", None),
        ] {
            let place = place(output, state, connection).unwrap();
            let found = match &place.output {
                OutputTarget::Standard | OutputTarget::Http(_) => Path::new(""),
                OutputTarget::JsonLines(path) | OutputTarget::Sqlite(path) => path.as_path(),
            };
            assert_eq!(found, Path::new(expected));
            assert_eq!(place.queue(), queue.map(PathBuf::from), "{output}");
        }
        assert!(place("", None, Some("x")).is_err());
    }
}
