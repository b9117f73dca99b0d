//! Streams of which a workspace allows one walk at a time.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::position::{LockError, StateLock};

type Walks = Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>;

/// The right to walk, given back when dropped.
pub(super) struct Walk {
    _in_process: OwnedMutexGuard<()>,
    _between_processes: Option<StateLock>,
}

/// Waits until no other walk of this process is under way, and refuses while one of another process is. Processes see
/// each other when their states are in the same directory.
pub(super) async fn walk(
    workspace: &str,
    stream: &str,
    lock_base: Option<&Path>,
) -> Result<Walk, LockError> {
    static WALKS: OnceLock<Walks> = OnceLock::new();
    let turn = {
        let mut walks = WALKS
            .get_or_init(Walks::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(walks.entry(format!("{workspace}/{stream}")).or_default())
    };
    let in_process = turn.lock_owned().await;
    let between_processes = match lock_base {
        None => None,
        Some(base) => {
            let plain: String = workspace
                .chars()
                .filter(|character| character.is_ascii_alphanumeric() || *character == '-')
                .take(64)
                .collect();
            let name = format!(".walk-{plain}-{stream}");
            Some(StateLock::take(&base.with_file_name(name))?)
        }
    };
    Ok(Walk {
        _in_process: in_process,
        _between_processes: between_processes,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_walk_for_each_workspace_and_stream() {
        let directory = tempfile::tempdir().unwrap();
        let base = directory.path().join("state.json");
        let first = walk("w1", "companies", Some(&base)).await.unwrap();
        assert!(walk("w2", "companies", Some(&base)).await.is_ok());
        assert!(walk("w1", "scrolls", Some(&base)).await.is_ok());
        let second = walk("w1", "companies", Some(&base));
        tokio::pin!(second);
        let waiting = futures::poll!(second.as_mut());
        assert!(waiting.is_pending());
        drop(first);
        assert!(second.await.is_ok());
    }

    #[tokio::test]
    async fn a_walk_of_another_process_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let base = directory.path().join("state.json");
        let _other = StateLock::take(&directory.path().join(".walk-w9-companies")).unwrap();
        assert!(matches!(
            walk("w9", "companies", Some(&base)).await,
            Err(LockError::Held { .. })
        ));
    }
}
