//! Streams of which a workspace allows one walk at a time, whoever walks: the lock is in a place that all processes of this
//! user have in common, whatever their outputs are.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::RunOptions;
use crate::position::{LockError, LockHolder, StateLock};
use crate::private_file;
use crate::user_directory::user_directory;

/// How often a lock is tried that somebody else has.
const BETWEEN_TRIES: Duration = Duration::from_millis(250);

/// What only one may walk.
#[derive(Clone, Debug)]
pub(super) struct Walk<'a> {
    /// Where the provider is.
    pub(super) place: &'a str,
    /// The workspace.
    pub(super) workspace: &'a str,
    /// The stream.
    pub(super) stream: &'a str,
    /// Who wants to, for those who have to wait.
    pub(super) connection: &'a str,
}

/// Why nobody may walk now.
#[derive(Debug, thiserror::Error)]
pub(super) enum WalkError {
    /// Somebody else walks.
    #[error("{stream} can be read by one at a time in a workspace, and now it is {}; read it again later", Somebody(holder.as_ref()))]
    Busy {
        /// The stream.
        stream: String,
        /// Who walks, where that is known.
        holder: Option<LockHolder>,
    },
    /// The lock cannot be made.
    #[error("{0}")]
    Lock(String),
}

/// A holder that may not be known.
pub(super) struct Somebody<'a>(pub(super) Option<&'a LockHolder>);

impl fmt::Display for Somebody<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(holder) => holder.fmt(formatter),
            None => formatter.write_str("another process"),
        }
    }
}

impl Walk<'_> {
    /// Waits until nobody else walks, at most as long as the options say. Whoever is in the way is named at once, to
    /// `waiting_for`, and in the error.
    pub(super) async fn begin(
        &self,
        directory: &Path,
        options: &RunOptions,
        mut waiting_for: impl FnMut(Somebody<'_>),
    ) -> Result<StateLock, WalkError> {
        private_file::create_directory(directory).map_err(|error| {
            WalkError::Lock(format!("cannot make {}: {error}", directory.display()))
        })?;
        let path = directory.join(self.file_name());
        let patience = options.retry.scaled(options.exclusive_wait);
        let started = Instant::now();
        let mut told = false;
        loop {
            let holder = match StateLock::take_for(&path, Some(self.connection)) {
                Ok(lock) => return Ok(lock),
                Err(LockError::Held { holder, .. }) => holder,
                Err(error) => return Err(WalkError::Lock(error.to_string())),
            };
            if started.elapsed() >= patience {
                return Err(WalkError::Busy {
                    stream: self.stream.to_owned(),
                    holder,
                });
            }
            if !told {
                told = true;
                waiting_for(Somebody(holder.as_ref()));
            }
            tokio::time::sleep(BETWEEN_TRIES.min(patience)).await;
        }
    }

    /// The same for all who want the same, and for nobody else.
    fn file_name(&self) -> String {
        let mut hash = Sha256::new();
        for part in [self.place, self.workspace, self.stream] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        let name: String = digest[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("walk-{name}")
    }
}

/// Where this user's processes see each other's locks.
pub(super) fn directory() -> PathBuf {
    let own = user_directory().join("walks");
    match private_file::create_directory(&own) {
        Ok(()) => own,
        // A home that cannot be written is no reason to read nothing.
        Err(_) => std::env::temp_dir().join("connector-walks"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::RetryPolicy;
    use super::*;

    fn walk<'a>(workspace: &'a str, stream: &'a str, connection: &'a str) -> Walk<'a> {
        Walk {
            place: "https://api.example.com",
            workspace,
            stream,
            connection,
        }
    }

    fn options(wait: Duration) -> RunOptions {
        RunOptions {
            exclusive_wait: wait,
            retry: RetryPolicy::default(),
            ..RunOptions::default()
        }
    }

    #[tokio::test]
    async fn one_walk_for_each_workspace_and_stream_and_the_second_waits() {
        let directory = written::Folder::new();
        let patient = options(Duration::from_secs(60));
        let nobody = |somebody: Somebody<'_>| unreachable!("waits for {somebody}");
        let first = walk("w1", "companies", "one");
        let first = first
            .begin(directory.path(), &patient, nobody)
            .await
            .unwrap();
        for other in [walk("w2", "companies", "two"), walk("w1", "scrolls", "two")] {
            assert!(
                other
                    .begin(directory.path(), &patient, nobody)
                    .await
                    .is_ok()
            );
        }
        let mut named = Vec::new();
        let second = walk("w1", "companies", "two");
        {
            let second = second.begin(directory.path(), &patient, |holder| {
                named.push(holder.to_string());
            });
            tokio::pin!(second);
            assert!(futures::poll!(second.as_mut()).is_pending());
            drop(first);
            assert!(second.await.is_ok());
        }
        let expected = format!(
            "the connection one, process {}, since 2",
            std::process::id()
        );
        assert!(
            named.len() == 1 && named[0].starts_with(&expected),
            "{named:?}"
        );
    }

    #[tokio::test]
    async fn whoever_waited_long_enough_is_told_for_whom() {
        let directory = written::Folder::new();
        let hurried = options(Duration::from_millis(20));
        let first = walk("w1", "companies", "one");
        let _held = first
            .begin(directory.path(), &hurried, |_| {})
            .await
            .unwrap();
        let second = walk("w1", "companies", "two");
        let error = second
            .begin(directory.path(), &hurried, |_| {})
            .await
            .unwrap_err();
        let text = error.to_string();
        assert!(text.contains("the connection one, process"), "{text}");
    }
}
