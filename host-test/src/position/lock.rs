//! One process at a time: a lock file beside what it protects. The operating system frees it when a process ends,
//! however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// Why a lock was not given.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error(
        "another process is at work with {}; wait until it ends, or give this one an output (--output) or a state (--state) of its own",
        path.display()
    )]
    Held {
        /// What is protected.
        path: PathBuf,
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
            .open(PathBuf::from(name))
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(StateLock { file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held {
                path: path.to_path_buf(),
            }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_given_once_and_again_after_it_is_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.json");
        let first = StateLock::take(&path).unwrap();
        let error = StateLock::take(&path).unwrap_err();
        assert!(
            matches!(error, LockError::Held { .. }) && error.to_string().contains("state.json")
        );
        // As a process that is just being started has it.
        let copy = first.file.try_clone().unwrap();
        drop(first);
        assert!(StateLock::take(&path).is_ok());
        drop(copy);
    }
}
