//! The state as a JSON file, replaced as a whole: a reader sees the old one or the new one.
//!
//! Waiting for the disk costs a hundred times as much as the rest, so not every replacement waits. A process that dies
//! loses nothing by that; a machine that dies may leave a state ahead of the data, or an empty file. For that case a
//! second file (`.synced`) holds the last state that was waited for, together with all data that it speaks of.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{LockError, State, StateLock};

/// The layout of the file. A file with another number is refused, never guessed at.
const LAYOUT: u32 = 1;

/// Why a state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateFileError {
    /// It cannot be read or written.
    #[error("cannot {action} the state file {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// It is not a state file.
    #[error(
        "{} is not a state file of this program ({source}); name another file with --state, or remove it to start over",
        path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// It is from a later version of this program.
    #[error(
        "{} has layout {found}, this program knows layout {LAYOUT}; use the newer program",
        path.display()
    )]
    Layout {
        /// The file.
        path: PathBuf,
        /// The layout found.
        found: u32,
    },
    /// Another process works with it.
    #[error(transparent)]
    Lock(#[from] LockError),
}

#[derive(Serialize, Deserialize)]
struct Document<S> {
    layout: u32,
    state: S,
}

#[derive(Deserialize)]
struct LayoutOnly {
    layout: u32,
}

/// A state file that this process has to itself.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    synced: PathBuf,
    temporary: PathBuf,
    _lock: StateLock,
}

impl StateFile {
    /// Locks and reads a file. A file that does not exist is an empty state.
    pub fn open(path: &Path) -> Result<(StateFile, State), StateFileError> {
        if let Some(parent) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            fs::create_dir_all(parent).map_err(|source| StateFileError::Io {
                action: "make the directory of",
                path: path.to_path_buf(),
                source,
            })?;
        }
        let lock = StateLock::take(path)?;
        let file = StateFile {
            path: path.to_path_buf(),
            synced: beside(path, ".synced"),
            temporary: beside(path, ".new"),
            _lock: lock,
        };
        let state = match StateFile::read(path) {
            // What a machine that died leaves of a file that was not waited for.
            Err(StateFileError::Malformed { .. }) if is_blank(path) => file.read_synced()?,
            other => other?,
        };
        Ok((file, state.unwrap_or_default()))
    }

    /// The last state that was waited for.
    pub fn read_synced(&self) -> Result<Option<State>, StateFileError> {
        StateFile::read(&self.synced)
    }

    /// Reads a file without locking it, for a look at it. Absent: there is no such file.
    pub fn read(path: &Path) -> Result<Option<State>, StateFileError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(StateFileError::Io {
                    action: "read",
                    path: path.to_path_buf(),
                    source,
                });
            }
        };
        let malformed = |source| StateFileError::Malformed {
            path: path.to_path_buf(),
            source,
        };
        let layout: LayoutOnly = serde_json::from_slice(&bytes).map_err(malformed)?;
        if layout.layout != LAYOUT {
            return Err(StateFileError::Layout {
                path: path.to_path_buf(),
                found: layout.layout,
            });
        }
        let document: Document<State> = serde_json::from_slice(&bytes).map_err(malformed)?;
        Ok(Some(document.state))
    }

    /// Replaces the file without waiting for the disk.
    pub fn save(&self, state: &State) -> Result<(), StateFileError> {
        self.replace(&self.path, &self.encode(state)?, false)
    }

    /// Replaces the file and waits until the disk has it. All data that it speaks of must be there already.
    pub fn save_synced(&self, state: &State) -> Result<(), StateFileError> {
        let bytes = self.encode(state)?;
        self.replace(&self.synced, &bytes, true)?;
        self.replace(&self.path, &bytes, true)?;
        let parent = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // The new names are in the directory, which has to reach the disk as well.
        File::open(parent)
            .and_then(|directory| directory.sync_all())
            .map_err(|source| self.unwritable(source))
    }

    fn encode(&self, state: &State) -> Result<Vec<u8>, StateFileError> {
        let document = Document {
            layout: LAYOUT,
            state,
        };
        let mut bytes = serde_json::to_vec_pretty(&document)
            .map_err(|error| self.unwritable(std::io::Error::other(error)))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn replace(&self, path: &Path, bytes: &[u8], wait: bool) -> Result<(), StateFileError> {
        let write = || {
            // Never over an old one: emptying a file that the disk does not have yet makes ext4 wait for it.
            match fs::remove_file(&self.temporary) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = File::create_new(&self.temporary)?;
            file.write_all(bytes)?;
            if wait {
                file.sync_all()?;
            } else if exchange(&self.temporary, path) {
                return Ok(());
            }
            fs::rename(&self.temporary, path)
        };
        write().map_err(|source| self.unwritable(source))
    }

    fn unwritable(&self, source: std::io::Error) -> StateFileError {
        StateFileError::Io {
            action: "write",
            path: self.path.clone(),
            source,
        }
    }
}

/// Gives two files each other's names in one step, where the system can. A renaming over a file makes ext4 write the new
/// one to the disk at once, which took a twentieth of a sync's processor time.
#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> bool {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn exchange(_one: &Path, _other: &Path) -> bool {
    false
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn is_blank(path: &Path) -> bool {
    fs::read(path).is_ok_and(|bytes| bytes.iter().all(|byte| *byte == 0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Position, StoredSelection};
    use super::*;

    #[test]
    fn a_state_comes_back_as_it_was() {
        let directory = written::Folder::new();
        let path = directory.path().join("deep/state.json");
        let (file, mut state) = StateFile::open(&path).unwrap();
        assert_eq!(state, State::default());
        state.stream_mut("contacts").store(
            Position {
                next: Some(vec![1, 0xff]),
                checkpoint: Some(b"1x".to_vec()),
                selection: StoredSelection::Since(5),
                format: 1,
                ..Position::default()
            },
            99,
        );
        state.files.insert("contacts".to_owned(), 12);
        file.save(&state).unwrap();
        drop(file);
        let (_file, again) = StateFile::open(&path).unwrap();
        assert_eq!(again, state);
    }

    #[test]
    fn an_empty_file_that_a_dead_machine_left_is_made_up_for() {
        let directory = written::Folder::new();
        let path = directory.path().join("state.json");
        let (file, mut state) = StateFile::open(&path).unwrap();
        state.workspace_id = Some("w".to_owned());
        file.save_synced(&state).unwrap();
        drop(file);
        fs::write(&path, [0; 16]).unwrap();
        let (_file, again) = StateFile::open(&path).unwrap();
        assert_eq!(again, state);
    }

    #[test]
    fn what_is_no_state_file_is_refused_and_left_alone() {
        let directory = written::Folder::new();
        let path = directory.path().join("state.json");
        for (text, word) in [
            ("hello", "not a state file"),
            ("{\"layout\": 99}", "layout 99"),
        ] {
            fs::write(&path, text).unwrap();
            let error = StateFile::open(&path).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn two_processes_cannot_have_the_same_file() {
        let directory = written::Folder::new();
        let path = directory.path().join("state.json");
        let _held = StateFile::open(&path).unwrap();
        assert!(matches!(
            StateFile::open(&path),
            Err(StateFileError::Lock(LockError::Held { .. }))
        ));
    }
}
