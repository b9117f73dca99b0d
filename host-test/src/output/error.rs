//! Why an output did not take what it was given.

use std::path::PathBuf;

use crate::http_client::HttpClientError;
use crate::position::{LockError, StateFileError};
use crate::receiver::PostError;
use crate::webhook_queue::QueueError;

/// Why an output did not take what it was given. Nothing of it was stored then.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// A file cannot be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// What a page wants done cannot be stored.
    #[error(transparent)]
    Intents(QueueError),
    /// The reader of standard output went away.
    #[error("standard output was closed")]
    Closed,
    /// Standard output cannot be written.
    #[error("cannot write to standard output: {0}")]
    Standard(std::io::Error),
    /// An output file holds lines that the state knows nothing of.
    #[error(
        "{} holds {found} bytes that the state knows nothing of; write to an empty directory, give the state that belongs to it (--state), or replace the file with --full",
        path.display()
    )]
    UnknownContent {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        found: u64,
    },
    /// An output file lost lines that were committed.
    #[error(
        "{} has {found} bytes and should have at least {committed}: lines are gone; read the stream again with --full",
        path.display()
    )]
    LostContent {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        found: u64,
        /// The committed length in bytes.
        committed: u64,
    },
    /// Something went wrong in the middle of changing a file.
    #[error("{} was left half changed by an earlier failure; start again, which finishes the change", path.display())]
    InDoubt {
        /// The directory.
        path: PathBuf,
    },
    /// A name that cannot be a file or a table.
    #[error("the stream name `{name}` cannot be used as the name of a file or a table")]
    BadStreamName {
        /// The name.
        name: String,
    },
    /// The database refused.
    #[error("the database {}: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The database is from a later version of this program, or of something else.
    #[error("{} has layout {found}, this program knows layout {known}; use the newer program or another file", path.display())]
    DatabaseLayout {
        /// The file.
        path: PathBuf,
        /// The layout found.
        found: i64,
        /// The layout known.
        known: i64,
    },
    /// A payload or a stored value is not the JSON it should be.
    #[error("the {what} of {stream} {key} is not a JSON object: {source}")]
    NotJson {
        /// `row`, `patch`, `line`: which of them.
        what: &'static str,
        /// The stream.
        stream: String,
        /// The row's key.
        key: String,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// The state file cannot be used.
    #[error(transparent)]
    State(#[from] StateFileError),
    /// Another process works with it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// `--output` names no output.
    #[error("`{found}` is no output: write jsonl:DIRECTORY, sqlite:FILE or http:URL")]
    UnknownTarget {
        /// What was written.
        found: String,
    },
    /// `--output` names a URL that nothing can be posted to.
    #[error(
        "nothing can be posted to this URL: {why}; write http:https://HOST/PATH, or http:http://127.0.0.1:PORT/PATH"
    )]
    BadUrl {
        /// What is wrong with it.
        why: String,
    },
    /// The receiver of an `http:` output did not take a body.
    #[error("{0}")]
    Post(#[from] PostError),
    /// A record that cannot be put into a body of the form that is asked for.
    #[error("{stream} {key} cannot be posted: {why}")]
    Unfit {
        /// The stream.
        stream: String,
        /// The row's key.
        key: String,
        /// Why.
        why: String,
    },
    /// The receiver of an `http:` output asked to be left alone for a while.
    #[error("{place} asks to wait for {seconds} s")]
    Wait {
        /// The receiver.
        place: String,
        /// What is left of it.
        seconds: u64,
    },
    /// There can be no requests.
    #[error(transparent)]
    Client(#[from] HttpClientError),
    /// There can be no requests.
    #[error("the runtime for requests cannot be used: {0}")]
    Runtime(std::io::Error),
    /// Somebody ended it while it was posting.
    #[error("posting was ended before everything was taken; it is posted again")]
    Stopped,
    /// `--state` beside an output that keeps the state itself.
    #[error("sqlite: keeps the position in its own database; leave out --state")]
    StateInDatabase,
}

impl OutputError {
    /// Whether it is because of what was given, and would be so again: what is wrong is no matter of the disk.
    pub fn is_of_the_entries(&self) -> bool {
        match self {
            OutputError::NotJson { .. }
            | OutputError::BadStreamName { .. }
            | OutputError::Unfit { .. } => true,
            OutputError::Post(error) => error.is_of_the_document(),
            _ => false,
        }
    }
}
