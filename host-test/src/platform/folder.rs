//! The folder of a connection, and what is in it.

use std::io;
use std::path::{Path, PathBuf};

use super::config::OutputPlace;
use crate::output::OutputTarget;
use crate::private_file;

/// The folder of a connection: nothing of it is elsewhere, but for an output that somebody placed there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder of a connection in a platform's.
    pub fn of(data: &Path, connection: &str) -> Folder {
        Folder {
            path: Folder::all(data).join(connection),
        }
    }

    /// Where the folders of all connections of a platform are.
    pub fn all(data: &Path) -> PathBuf {
        data.join("connections")
    }

    /// Makes it, for this user alone.
    pub fn make(&self) -> io::Result<()> {
        private_file::create_directory(&self.path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name under which a connection without a file goes.
    pub fn document(&self) -> PathBuf {
        self.path.join("connection.yaml")
    }

    /// What the component keeps.
    pub fn state(&self) -> PathBuf {
        self.path.join("state.db")
    }

    /// Where entries go.
    pub fn output(&self, place: &OutputPlace) -> OutputTarget {
        match place {
            OutputPlace::Sqlite => OutputTarget::Sqlite(self.path.join("records.db")),
            OutputPlace::JsonLines => OutputTarget::JsonLines(self.path.join("records")),
            OutputPlace::At(target) => target.clone(),
        }
    }

    /// Where entries went of a connection that cannot be read: what is in it tells.
    pub fn found_output(&self) -> OutputPlace {
        match self.output(&OutputPlace::JsonLines) {
            OutputTarget::JsonLines(directory) if directory.exists() => OutputPlace::JsonLines,
            _ => OutputPlace::Sqlite,
        }
    }

    /// The outputs that are in it, whichever of them the connection has.
    pub fn own_outputs(&self) -> [OutputTarget; 3] {
        [
            self.output(&OutputPlace::Sqlite),
            self.output(&OutputPlace::JsonLines),
            // Of one that keeps no position itself, the position is here.
            OutputTarget::Standard,
        ]
    }

    /// Where the position is of an output that does not keep it itself.
    pub fn position(&self, target: &OutputTarget) -> Option<PathBuf> {
        match target {
            OutputTarget::Sqlite(_) | OutputTarget::JsonLines(_) => None,
            _ => Some(self.path.join("position.json")),
        }
    }

    /// The queue of webhooks and intents.
    pub fn queue(&self) -> PathBuf {
        self.path.join("queue.db")
    }
}
