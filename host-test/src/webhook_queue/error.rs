//! Why a queue did not do what it was asked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why the queue did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum QueueError {
    /// More is asked of it than it can do.
    #[error("the queue has too much to do")]
    Busy,
    /// The database refused.
    #[error("the queue {}: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: Arc<rusqlite::Error>,
    },
    /// The database is of a later version of this program, or of something else.
    #[error("{} has layout {found}, this program knows layout {known}; use the newer program", path.display())]
    Layout {
        /// The file.
        path: PathBuf,
        /// The layout found.
        found: i64,
        /// The layout known.
        known: i64,
    },
    /// There is no place for it.
    #[error("cannot make the queue {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: Arc<std::io::Error>,
    },
    /// Its thread is gone.
    #[error("the queue has ended")]
    Ended,
}

/// The error of something that was asked of a database.
pub(super) fn failed(path: &Path) -> impl Fn(rusqlite::Error) -> QueueError + use<> {
    let path = path.to_path_buf();
    move |source| QueueError::Database {
        path: path.clone(),
        source: Arc::new(source),
    }
}
