//! The connections that a platform knows. Of each only what has to be known while it does nothing: a connection is read,
//! and its credential decrypted, when it is opened.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::config::{ConnectionEntry, ConnectionSource, Defaults, OutputPlace, Retention};
use super::scheduler::{ConnectionId, Schedule};
use crate::callbacks;
use crate::connection_file::{ConnectionFile, Mode};

/// Where a connection is described.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// In the platform's file, or in a file that it names.
    Configured(ConnectionSource),
    /// In the database, encrypted: it was added.
    Added,
}

impl Source {
    /// For programs.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Source::Configured(ConnectionSource::File(_)) => "file",
            Source::Configured(ConnectionSource::Document(_)) => "config",
            Source::Added => "api",
        }
    }
}

/// A connection that a platform knows.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) id: ConnectionId,
    pub(super) name: String,
    pub(super) tenant: String,
    pub(super) source: Source,
    pub(super) schedule: Schedule,
    pub(super) output: OutputPlace,
    pub(super) retention: Retention,
    /// Whether it may be read.
    pub(super) reads: bool,
    /// Whether webhooks are taken for it.
    pub(super) takes_webhooks: bool,
    /// The paths of its doors for other systems, without slashes at their ends.
    pub(super) doors: Vec<String>,
    /// Whether it has intents or callbacks to carry out, now and then.
    pub(super) carries: bool,
    /// Whether something is to be looked at from time to time that nobody tells of.
    pub(super) waits: bool,
    /// What changes while it is known.
    pub(super) found: Mutex<Found>,
}

/// What is found out about a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The provider's id of its workspace.
    pub(super) workspace: Option<String>,
    /// Why it cannot be opened.
    pub(super) problem: Option<String>,
}

impl Known {
    /// A connection as its file says and as the platform's says otherwise. `time_scale` divides spans.
    pub(super) fn new(
        id: ConnectionId,
        entry: ConnectionEntry,
        added: bool,
        file: &ConnectionFile,
        defaults: &Defaults,
        time_scale: f64,
    ) -> Known {
        let reads = file.direction.reads() && file.mode != Mode::Realtime;
        let every = entry.every.or(file.written_sync_every);
        let every = every.unwrap_or(defaults.every);
        let jitter = entry.jitter.unwrap_or(every / 10);
        let scaled = |span: Duration| {
            let milliseconds = span.as_secs_f64() * 1_000.0 / time_scale;
            // A span of a million years fits.
            milliseconds as u64
        };
        let span = scaled(every).max(1);
        let doors = callbacks::paths(&entry.name, &file.callbacks).into_iter();
        let doors = doors.map(|(path, _)| path.trim_matches('/').to_owned());
        let doors = doors.collect();
        Known {
            id,
            schedule: Schedule {
                every: reads.then_some(span),
                phase: phase(&entry.name) % span,
                jitter: scaled(jitter),
            },
            name: entry.name,
            tenant: entry.tenant,
            source: match added {
                true => Source::Added,
                false => Source::Configured(entry.source),
            },
            output: entry.output,
            retention: entry.retention,
            reads,
            takes_webhooks: file.wants_webhooks() && !file.client_secrets.is_empty(),
            doors,
            carries: !file.triggers.is_empty() || !file.callbacks.is_empty(),
            waits: file.has_waiting_triggers(),
            found: Mutex::default(),
        }
    }

    /// What was found out so far.
    pub(super) fn found(&self) -> Found {
        let found = self.found.lock();
        found.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_found(&self, found: Found) {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }
}

/// The same for a name in every process, and spread over all numbers.
fn phase(name: &str) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&Sha256::digest(name)[..8]);
    u64::from_le_bytes(bytes)
}

/// All of them.
#[derive(Default)]
pub(super) struct Registry {
    inner: RwLock<Inner>,
}

#[derive(Default)]
struct Inner {
    by_name: BTreeMap<String, Arc<Known>>,
    by_id: HashMap<ConnectionId, Arc<Known>>,
    by_door: HashMap<String, Arc<Known>>,
}

impl Registry {
    /// Adds a connection; false when its name is taken.
    pub(super) fn add(&self, known: Arc<Known>) -> bool {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if inner.by_name.contains_key(&known.name) {
            return false;
        }
        inner.by_id.insert(known.id, Arc::clone(&known));
        for door in &known.doors {
            // Whoever had the path before keeps it.
            let owner = inner.by_door.entry(door.clone());
            owner.or_insert_with(|| Arc::clone(&known));
        }
        inner.by_name.insert(known.name.clone(), known);
        true
    }

    pub(super) fn remove(&self, name: &str) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = inner.by_name.remove(name) {
            inner.by_id.remove(&known.id);
            inner.by_door.retain(|_, owner| owner.id != known.id);
        }
    }

    pub(super) fn named(&self, name: &str) -> Option<Arc<Known>> {
        self.read(|inner| inner.by_name.get(name).cloned())
    }

    /// The connection that has a door at a path.
    pub(super) fn behind_door(&self, path: &str) -> Option<Arc<Known>> {
        self.read(|inner| inner.by_door.get(path).cloned())
    }

    pub(super) fn numbered(&self, id: ConnectionId) -> Option<Arc<Known>> {
        self.read(|inner| inner.by_id.get(&id).cloned())
    }

    /// All, by name.
    pub(super) fn all(&self) -> Vec<Arc<Known>> {
        self.read(|inner| inner.by_name.values().cloned().collect())
    }

    fn read<T>(&self, question: impl FnOnce(&Inner) -> T) -> T {
        question(&self.inner.read().unwrap_or_else(PoisonError::into_inner))
    }
}
