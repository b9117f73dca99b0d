//! The connections that a platform knows. Of each only what has to be known while it does nothing: a connection is read,
//! and its credential decrypted, when it is opened.

mod doors;
mod secrets;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use self::doors::Doors;
use self::secrets::{SecretDigest, Secrets};
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
    /// How long things are kept; absent: for how long nobody can read, so they are.
    pub(super) retention: Option<Retention>,
    /// Whether it may be read.
    pub(super) reads: bool,
    /// Whether webhooks are taken for it.
    pub(super) takes_webhooks: bool,
    /// What signs its webhooks; each once.
    pub(super) secrets: BTreeSet<SecretDigest>,
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
    /// Why its last run is not in the history: the disk is full, as a rule.
    pub(super) unstored: Option<String>,
}

impl Found {
    /// What somebody has to look after.
    pub(super) fn trouble(self) -> Option<String> {
        self.problem.or(self.unstored)
    }
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
            retention: Some(entry.retention),
            reads,
            takes_webhooks: file.wants_webhooks() && !file.client_secrets.is_empty(),
            secrets: match file.wants_webhooks() {
                true => file.client_secrets.iter().map(secrets::digest).collect(),
                false => BTreeSet::new(),
            },
            doors,
            carries: !file.triggers.is_empty() || !file.callbacks.is_empty(),
            waits: file.has_waiting_triggers(),
            found: Mutex::default(),
        }
    }

    /// One that was added and cannot be read. It can be seen, replaced and removed; whoever sends it webhooks is told to
    /// come again.
    pub(super) fn unreadable(id: ConnectionId, name: &str, output: OutputPlace) -> Known {
        Known {
            id,
            name: name.to_owned(),
            tenant: name.to_owned(),
            source: Source::Added,
            schedule: Schedule {
                every: None,
                phase: 0,
                jitter: 0,
            },
            output,
            retention: None,
            reads: true,
            takes_webhooks: true,
            secrets: BTreeSet::new(),
            doors: Vec::new(),
            carries: false,
            waits: false,
            found: Mutex::default(),
        }
    }

    /// Whether nobody can read what it is.
    fn is_unreadable(&self) -> bool {
        self.retention.is_none()
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
    doors: Doors,
    secrets: Secrets,
    /// Those that webhooks are taken for, by workspace and name: a delivery must not look at thousands.
    by_workspace: BTreeMap<Option<String>, BTreeMap<String, Arc<Known>>>,
}

impl Inner {
    fn enter(&mut self, known: &Arc<Known>) {
        if known.takes_webhooks {
            let workspace = self.by_workspace.entry(known.found().workspace);
            workspace
                .or_default()
                .insert(known.name.clone(), Arc::clone(known));
        }
    }

    fn leave(&mut self, known: &Known) {
        let workspace = known.found().workspace;
        if let Some(of) = self.by_workspace.get_mut(&workspace) {
            of.remove(&known.name);
            if of.is_empty() {
                self.by_workspace.remove(&workspace);
            }
        }
    }
}

impl Registry {
    /// Adds a connection; false when its name is taken.
    pub(super) fn add(&self, known: Arc<Known>) -> bool {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if inner.by_name.contains_key(&known.name) {
            return false;
        }
        inner.enter(&known);
        inner.by_id.insert(known.id, Arc::clone(&known));
        inner.doors.enter(&known);
        inner.secrets.enter(&known);
        inner.by_name.insert(known.name.clone(), known);
        true
    }

    pub(super) fn remove(&self, name: &str) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = inner.by_name.remove(name) {
            inner.leave(&known);
            inner.by_id.remove(&known.id);
            inner.doors.leave(&known);
            inner.secrets.leave(&known);
        }
    }

    /// Notes what was found out about a connection.
    pub(super) fn set_found(&self, known: &Arc<Known>, found: Found) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        // One that was removed meanwhile, or replaced, stays out.
        let is_here = inner.by_id.contains_key(&known.id);
        if is_here {
            inner.leave(known);
        }
        known.set_found(found);
        if is_here {
            inner.enter(known);
        }
    }

    /// Those of a workspace that webhooks are taken for, by name.
    pub(super) fn of_workspace(&self, workspace: &str) -> Vec<Arc<Known>> {
        self.read(|inner| {
            let of = inner.by_workspace.get(&Some(workspace.to_owned()));
            of.into_iter().flat_map(BTreeMap::values).cloned().collect()
        })
    }

    /// Those that webhooks are taken for and whose workspace is not known yet, so many of whom this is asked for.
    pub(super) fn of_no_workspace(
        &self,
        most: usize,
        wanted: impl FnMut(&Known) -> bool,
    ) -> Vec<Arc<Known>> {
        let mut wanted = wanted;
        self.read(|inner| {
            let of = inner.by_workspace.get(&None);
            of.into_iter()
                .flat_map(BTreeMap::values)
                .filter(|known| wanted(known))
                .take(most)
                .cloned()
                .collect()
        })
    }

    /// Whether another connection here has one of its secrets.
    pub(super) fn shares_secrets(&self, known: &Known) -> bool {
        self.read(|inner| inner.secrets.are_shared(known))
    }

    pub(super) fn named(&self, name: &str) -> Option<Arc<Known>> {
        self.read(|inner| inner.by_name.get(name).cloned())
    }

    /// The connection that has a door at a path.
    pub(super) fn behind_door(&self, path: &str) -> Option<Arc<Known>> {
        self.read(|inner| inner.doors.behind(path).cloned())
    }

    /// Whether a path is below the name of a connection that cannot be read, so that nobody knows its doors.
    pub(super) fn may_be_door(&self, path: &str) -> bool {
        let name = path.split('/').next().unwrap_or_default();
        self.named(name).is_some_and(|known| known.is_unreadable())
    }

    /// Why callbacks do not reach a connection at one of its doors.
    pub(super) fn door_trouble(&self, known: &Known) -> Option<String> {
        self.read(|inner| inner.doors.trouble(known, &inner.by_name))
    }

    /// Why a connection of this name may not have a door at a path.
    pub(super) fn door_refusal(&self, name: &str, path: &str) -> Option<String> {
        self.read(|inner| inner.doors.refusal(name, path, &inner.by_name))
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::platform::config::is_name;

    fn known(id: ConnectionId, name: &str, takes_webhooks: bool) -> Arc<Known> {
        assert!(is_name(name));
        Arc::new(Known {
            takes_webhooks,
            ..Known::unreadable(id, name, OutputPlace::Sqlite)
        })
    }

    #[test]
    fn those_of_a_workspace_are_found_whenever_it_becomes_known() {
        let registry = Registry::default();
        let [a, b, silent] = [
            known(1, "a", true),
            known(2, "b", true),
            known(3, "c", false),
        ];
        for one in [&a, &b, &silent] {
            assert!(registry.add(Arc::clone(one)));
        }
        let names = |workspace: Option<&str>| {
            let of = match workspace {
                Some(workspace) => registry.of_workspace(workspace),
                None => registry.of_no_workspace(10, |_| true),
            };
            of.iter()
                .map(|known| known.name.clone())
                .collect::<Vec<String>>()
        };
        assert_eq!(
            (names(None), names(Some("w"))),
            (vec!["a".to_owned(), "b".to_owned()], vec![])
        );
        let found = |workspace: &str| Found {
            workspace: Some(workspace.to_owned()),
            ..Found::default()
        };
        for one in [&a, &b, &silent] {
            registry.set_found(one, found("w"));
        }
        assert_eq!(
            (names(None), names(Some("w"))),
            (vec![], vec!["a".to_owned(), "b".to_owned()])
        );
        registry.set_found(&b, found("v"));
        registry.remove("a");
        // It was open while it was removed.
        registry.set_found(&a, found("v"));
        assert_eq!(
            (names(Some("w")), names(Some("v"))),
            (vec![], vec!["b".to_owned()])
        );
    }

    #[test]
    fn a_secret_that_another_connection_has_too_is_shared_as_long_as_that_is_there() {
        let registry = Registry::default();
        let with = |id, name: &str, secret: &str| {
            Arc::new(Known {
                secrets: [secrets::digest(&secret.into())].into(),
                ..Known::unreadable(id, name, OutputPlace::Sqlite)
            })
        };
        let [a, b, c] = [
            with(1, "a", "one"),
            with(2, "b", "one"),
            with(3, "c", "two"),
        ];
        for one in [&a, &b, &c] {
            registry.add(Arc::clone(one));
        }
        assert_eq!(
            [&a, &b, &c].map(|one| registry.shares_secrets(one)),
            [true, true, false]
        );
        registry.remove("b");
        assert!(!registry.shares_secrets(&a));
    }
}
