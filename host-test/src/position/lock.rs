//! One process at a time: a lock file beside what it protects. The operating system frees it when a process ends,
//! however it ends.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::clock::now_ms;

/// Who holds a lock, as it says in the lock file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
    /// The connection that it is held for; absent where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// The process.
    pub pid: u32,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
}

impl fmt::Display for LockHolder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(connection) = &self.connection {
            write!(formatter, "the connection {connection}, ")?;
        }
        write!(formatter, "process {}", self.pid)?;
        match jiff::Timestamp::from_millisecond(self.since_ms) {
            Ok(since) => write!(formatter, ", since {since:.0}"),
            Err(_) => Ok(()),
        }
    }
}

/// A holder for a message, in brackets; nothing where it is not known.
fn in_brackets(holder: Option<&LockHolder>) -> String {
    holder.map_or_else(String::new, |holder| format!(" ({holder})"))
}

/// Why a lock was not given.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error(
        "another process is at work with {}{}; wait until it ends, or give this one an output (--output) or a state (--state) of its own",
        path.display(),
        in_brackets(holder.as_ref())
    )]
    Held {
        /// What is protected.
        path: PathBuf,
        /// Who holds it, where that is known.
        holder: Option<LockHolder>,
    },
    /// The lock file cannot be made or locked.
    #[error("cannot lock {}: {source}", path.display())]
    Io {
        /// What is protected.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
}

/// A lock, held until it is dropped.
#[derive(Debug)]
pub struct StateLock {
    file: File,
}

impl Drop for StateLock {
    fn drop(&mut self) {
        // Closing the file would not do while a process that is just being started still has a copy of it. What cannot be
        // unlocked is freed with the last copy.
        let _ = self.file.unlock();
    }
}

impl StateLock {
    /// Takes the lock of `path` (its name with `.lock` behind it), or says who is in the way. Never waits.
    pub fn take(path: &Path) -> Result<StateLock, LockError> {
        StateLock::take_for(path, None)
    }

    /// The same, and others can read for which connection it was.
    pub fn take_for(path: &Path, connection: Option<&str>) -> Result<StateLock, LockError> {
        let failed = |source| LockError::Io {
            path: path.to_path_buf(),
            source,
        };
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&name)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {
                let mut lock = StateLock { file };
                // The lock holds without it; only the name of its holder would be missing.
                let _ = lock.sign(connection);
                Ok(lock)
            }
            Err(TryLockError::WouldBlock) => Err(LockError::Held {
                path: path.to_path_buf(),
                // It may be about to be written.
                holder: fs::read(&name)
                    .ok()
                    .and_then(|bytes| serde_json::from_slice(&bytes).ok()),
            }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    fn sign(&mut self, connection: Option<&str>) -> std::io::Result<()> {
        let holder = LockHolder {
            connection: connection.map(str::to_owned),
            pid: std::process::id(),
            since_ms: now_ms(),
        };
        self.file.set_len(0)?;
        self.file.write_all(&serde_json::to_vec(&holder)?)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_given_once_and_again_after_it_is_dropped() {
        let directory = written::Folder::new();
        let path = directory.path().join("state.json");
        let first = StateLock::take(&path).unwrap();
        let error = StateLock::take(&path).unwrap_err();
        let text = error.to_string();
        let process = format!("(process {}, since 2", std::process::id());
        assert!(matches!(error, LockError::Held { .. }), "{text}");
        assert!(
            text.contains("state.json") && text.contains(&process),
            "{text}"
        );
        // As a process that is just being started has it.
        let copy = first.file.try_clone().unwrap();
        drop(first);
        let second = StateLock::take_for(&path, Some("mine")).unwrap();
        let error = StateLock::take(&path).unwrap_err().to_string();
        assert!(error.contains("(the connection mine, process"), "{error}");
        drop((copy, second));
    }
}
