//! A connection's file while webhooks are taken for it: removed or switched off, the connection is gone.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::connection_file::ConnectionFile;
use crate::secret::Secret;

/// How long the last look is good.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// What tells one content of a file from another.
type Stamp = Option<(SystemTime, u64)>;

/// What is known of a connection: whether it is still there, and what signs for it.
pub struct Watch {
    /// `None`: nobody can change it.
    path: Option<PathBuf>,
    seen: Mutex<Seen>,
}

struct Seen {
    at: Instant,
    stamp: Stamp,
    gone: bool,
    secrets: Vec<Secret>,
}

impl Watch {
    /// Begins with what the file holds now; without a file, nothing ever changes.
    pub fn new(path: Option<PathBuf>, secrets: Vec<Secret>) -> Watch {
        let stamp = path.as_deref().and_then(stamp);
        Watch {
            path,
            seen: Mutex::new(Seen {
                at: Instant::now(),
                stamp,
                gone: false,
                secrets,
            }),
        }
    }

    /// Whether the connection is gone.
    pub(super) fn is_gone(&self) -> bool {
        self.seen().gone
    }

    /// The secrets that are good now.
    pub(super) fn secrets(&self) -> Vec<String> {
        let seen = self.seen();
        let secrets = seen.secrets.iter();
        secrets.map(|secret| secret.expose().to_owned()).collect()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = &self.path
            && seen.at.elapsed() >= BETWEEN_LOOKS
        {
            seen.look(path);
        }
        seen
    }
}

impl Seen {
    fn look(&mut self, path: &Path) {
        self.at = Instant::now();
        let stamp = stamp(path);
        if stamp == self.stamp {
            return;
        }
        self.stamp = stamp;
        match ConnectionFile::load(path) {
            Ok(file) => {
                self.gone = false;
                self.secrets = file.client_secrets;
            }
            Err(error) if error.is_gone() => {
                tracing::warn!("no more webhooks are taken: {error}");
                self.gone = true;
            }
            // Somebody may be writing it just now.
            Err(error) => tracing::warn!("the connection stays as it was: {error}"),
        }
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
