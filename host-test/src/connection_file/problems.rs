//! What is wrong in a connection file, all of it at once.

use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that is wrong, or not done yet, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a dotted path from the top of the file. Empty for the whole file.
    pub path: String,
    /// The line of the file, counted from 1; 0 where there is none.
    pub line: u64,
    /// A stable name for programs: `missing`, `type`, `unknown_key`, `unset_variable`, `duplicate_key`, `value`,
    /// `switched_off`, `not_supported`.
    pub code: &'static str,
    /// What is wrong and what to do. Never holds a value from the environment or a secret.
    pub message: String,
    /// What was found, shortened. Absent when it may be secret.
    pub found: Option<String>,
    /// What was expected.
    pub expected: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.path.is_empty(), self.line) {
            (true, 0) => {}
            (true, line) => write!(formatter, "line {line}: ")?,
            (false, 0) => write!(formatter, "{}: ", self.path)?,
            (false, line) => write!(formatter, "{} (line {line}): ", self.path)?,
        }
        formatter.write_str(&self.message)?;
        match (&self.found, &self.expected) {
            (Some(found), Some(expected)) => {
                write!(formatter, "; found {found}, expected {expected}")
            }
            (Some(found), None) => write!(formatter, "; found {found}"),
            (None, Some(expected)) => write!(formatter, "; expected {expected}"),
            (None, None) => Ok(()),
        }
    }
}

/// Why a connection file gives no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionFileError {
    /// The file cannot be opened or read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The file is larger than a connection can be.
    #[error("{} is larger than {limit} bytes, which no connection needs", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest size taken, in bytes.
        limit: u64,
    },
    /// The file is not UTF-8.
    #[error("{} is not UTF-8 text (byte {offset}); save it as UTF-8", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The first byte that is not text.
        offset: usize,
    },
    /// The file is not YAML.
    #[error("{}{}: not valid YAML: {message}", path.display(), at(*line, *column))]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Counted from 1; 0 when unknown.
        line: u64,
        /// Counted from 1; 0 when unknown.
        column: u64,
        /// What the parser says, without the file's text.
        message: String,
    },
    /// There is nothing in the file.
    #[error("{} is empty; it should hold keys with values, as `connector: intercom` in the file of a connection", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is YAML and describes no connection that works.
    #[error("{}", list(path, problems))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Every problem, in the order of the file's sections.
        problems: Vec<Problem>,
    },
}

impl ConnectionFileError {
    /// Whether there is no connection any more: its file is gone, or it is switched off.
    pub fn is_gone(&self) -> bool {
        match self {
            ConnectionFileError::Unreadable { source, .. } => {
                source.kind() == std::io::ErrorKind::NotFound
            }
            ConnectionFileError::Invalid { problems, .. } => problems
                .iter()
                .any(|problem| problem.code == super::settings::SWITCHED_OFF),
            _ => false,
        }
    }
}

fn at(line: u64, column: u64) -> String {
    if line == 0 {
        String::new()
    } else {
        format!(":{line}:{column}")
    }
}

fn list(path: &Path, problems: &[Problem]) -> String {
    let mut text = match problems.len() {
        1 => format!("{} has a problem:", path.display()),
        count => format!("{} has {count} problems:", path.display()),
    };
    for problem in problems {
        text.push_str("\n  ");
        text.push_str(&problem.to_string());
    }
    text
}

/// The problems found so far.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: Vec<Problem>,
}

impl Problems {
    /// Adds one.
    pub(crate) fn push(&mut self, problem: Problem) {
        self.found.push(problem);
    }

    /// Adds one that is all message.
    pub(crate) fn say(&mut self, path: &str, line: u64, code: &'static str, message: String) {
        self.push(Problem {
            path: path.to_owned(),
            line,
            code,
            message,
            found: None,
            expected: None,
        });
    }

    /// Ends the reading: an error when there is any problem.
    pub(crate) fn finish(self, path: &Path) -> Result<(), ConnectionFileError> {
        if self.found.is_empty() {
            return Ok(());
        }
        Err(ConnectionFileError::Invalid {
            path: path.to_path_buf(),
            problems: self.found,
        })
    }
}

/// A path one level down.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// Text for a message, shortened so that a message stays one line.
pub(crate) fn shorten(text: &str) -> String {
    const SHOWN: usize = 60;
    let one_line: String = text
        .chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .take(SHOWN)
        .collect();
    if text.chars().count() > SHOWN {
        format!("`{one_line}…`")
    } else {
        format!("`{one_line}`")
    }
}
