//! Versions at work: a slot for each connection, which follows what the store says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::judgement::{Judgement, judge};
use super::manifest::{Manifest, StoredVersion};
use super::selection::Activation;
use super::store::{Stamp, Store, StoreError};
use crate::engine::Engine;
use crate::plugin::{Counted, LoadError, Plugin, Retired};

/// How often a process looks whether another one changed the store.
const LOOK: Duration = Duration::from_millis(200);

/// Why a version is not taken, or none is there.
#[derive(Debug, thiserror::Error)]
pub enum ComponentsError {
    /// The store says no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The component is none that this host runs.
    #[error("{version} is not taken: {error}")]
    Load {
        /// The version, or the file.
        version: String,
        /// Why.
        #[source]
        error: LoadError,
    },
    /// Nothing is active.
    #[error(
        "no version of the connector `{connector}` is active in {directory}; add one with \
         `host-test component add FILE` and activate it"
    )]
    NoneActive {
        /// The connector's name.
        connector: String,
        /// The store's folder.
        directory: String,
    },
}

/// A connection whose calls take another version now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Swapped {
    /// The connection.
    pub connection: String,
    /// The hash of the version before.
    pub from: String,
    /// The hash of the version now.
    pub to: String,
}

/// What a version is doing in this process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VersionStatus {
    /// The connector's name.
    pub name: String,
    /// What it says is its version.
    pub version: String,
    /// The SHA-256 of its bytes.
    pub sha256: String,
    /// The connections whose next call takes it.
    pub connections: Vec<String>,
    /// Calls that ended in it.
    pub calls: u64,
    /// Those that failed in a way for which it may be to blame.
    pub failures: u64,
    /// Whether no connection has it and its last calls are not over.
    pub draining: bool,
    /// Whether no connection has it and its memory was given back.
    pub drained: bool,
}

/// The versions that a process runs. Make one for the process.
pub struct Components {
    engine: Engine,
    store: Store,
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    /// What runs where no version is active; held no longer than that.
    fallback: Option<Plugin>,
    seen: Option<Stamp>,
    manifest: Manifest,
    slots: BTreeMap<String, Slot>,
    retired: Vec<Retired>,
    trials: BTreeMap<String, Trial>,
}

/// The place of one connection.
struct Slot {
    connector: String,
    plugin: Plugin,
}

impl Slot {
    fn sha256(&self) -> String {
        self.plugin.watch().described().sha256.clone()
    }
}

/// A canary, and what both versions had come to when it began.
struct Trial {
    tried: String,
    old: String,
    tried_before: Counted,
    old_before: Counted,
}

impl Components {
    /// Runs what a store holds. Where it has no active version of a connector, `fallback` is taken, where that is one.
    pub fn new(engine: Engine, store: Store, fallback: Option<Plugin>) -> Components {
        Components {
            engine,
            store,
            running: Mutex::new(Running {
                fallback,
                ..Running::default()
            }),
        }
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The component for a connection. All that is given for the same connection share a slot, and their calls follow what is
    /// activated; see [`Plugin`].
    pub async fn plugin(
        &self,
        connector: &str,
        connection: &str,
    ) -> Result<Plugin, ComponentsError> {
        let mut running = self.running.lock().await;
        self.catch_up(&mut running).await?;
        if let Some(slot) = running.slots.get(connection)
            && slot.connector == connector
        {
            return Ok(slot.plugin.renewed());
        }
        let plugin = self.version_for(&running, connector, connection).await?;
        let slot = Slot {
            connector: connector.to_owned(),
            plugin: plugin.clone(),
        };
        running.slots.insert(connection.to_owned(), slot);
        Ok(plugin)
    }

    /// The formats of the cursors that versions wrote which were taken back.
    pub async fn given_up(&self, connector: &str) -> BTreeSet<u8> {
        let running = self.running.lock().await;
        let selected = running.manifest.connectors.get(connector);
        selected.map_or_else(BTreeSet::new, |selected| selected.given_up.clone())
    }

    /// The connection is gone: its slot is given back.
    pub async fn forget(&self, connection: &str) {
        let mut running = self.running.lock().await;
        if let Some(slot) = running.slots.remove(connection) {
            retire(&mut running.retired, slot.plugin.watch());
        }
    }

    /// Checks a component and keeps it. Nothing calls it before it is activated.
    pub async fn add(&self, bytes: &[u8], title: &str) -> Result<StoredVersion, ComponentsError> {
        let loaded = Plugin::load(&self.engine, bytes).await;
        let plugin = loaded.map_err(|error| not_taken(title, error))?;
        Ok(self.store.add(bytes, &plugin)?)
    }

    /// Makes a version the active one, after another look whether this host runs it. The next calls of the connections that
    /// it is for take it.
    pub async fn activate(
        &self,
        asked: &Activation,
    ) -> Result<(StoredVersion, Vec<Swapped>), ComponentsError> {
        let found = self.store.find(&asked.version)?;
        // Kept until the slots have it, so that it is loaded once.
        let loaded = self.load(&found).await?;
        let activated = self.store.activate(asked)?;
        let mut running = self.running.lock().await;
        let swapped = self.follow_with(&mut running, Some(&loaded)).await?;
        Ok((activated, swapped))
    }

    /// Goes back to the version before; see [`Store::roll_back`].
    pub async fn roll_back(
        &self,
        connector: &str,
        connection: Option<&str>,
    ) -> Result<(Option<StoredVersion>, Vec<Swapped>), ComponentsError> {
        let now = self.store.roll_back(connector, connection)?;
        Ok((now, self.follow().await?))
    }

    /// Does what the store says, where it changed. A version that cannot be loaded leaves its connections with the one that
    /// they have, and is an error.
    pub async fn follow(&self) -> Result<Vec<Swapped>, ComponentsError> {
        let mut running = self.running.lock().await;
        self.follow_with(&mut running, None).await
    }

    /// Compares canaries with the versions before them, and takes back what fails more often. Gives the hashes of those.
    pub async fn judge(&self) -> Result<Vec<String>, ComponentsError> {
        let mut running = self.running.lock().await;
        let mut taken_back = Vec::new();
        for (connector, trial) in &running.trials {
            let tried = running.counted(&trial.tried).since(trial.tried_before);
            let old = running.counted(&trial.old).since(trial.old_before);
            if let Judgement::Worse(reason) = judge(tried, old) {
                tracing::error!(connector, sha256 = trial.tried, "taken back: {reason}");
                if self.store.take_back(connector, &trial.tried, reason)? {
                    taken_back.push(trial.tried.clone());
                }
            }
        }
        if !taken_back.is_empty() {
            self.follow_with(&mut running, None).await?;
        }
        Ok(taken_back)
    }

    /// Follows the store, whoever changes it, and judges canaries, until nobody has the components any more.
    pub fn watch(self: &Arc<Self>) -> JoinHandle<()> {
        let components = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut said = String::new();
            while let Some(components) = Weak::upgrade(&components) {
                let judged = match components.follow().await {
                    Ok(_) => components.judge().await.map(drop),
                    Err(error) => Err(error),
                };
                if let Err(error) = judged {
                    let text = error.to_string();
                    if text != said {
                        tracing::error!("components: {text}");
                    }
                    said = text;
                }
                drop(components);
                tokio::time::sleep(LOOK).await;
            }
        })
    }

    /// What every version does that this process has taken, the newest last.
    pub async fn status(&self) -> Vec<VersionStatus> {
        let running = self.running.lock().await;
        let mut versions: Vec<VersionStatus> = Vec::new();
        let slots = running.slots.iter();
        let watched = slots.map(|(connection, slot)| (Some(connection), slot.plugin.watch()));
        let retired = running
            .retired
            .iter()
            .map(|retired| (None, retired.clone()));
        for (connection, watched) in retired.chain(watched) {
            let described = watched.described();
            let known = versions
                .iter()
                .position(|known| known.sha256 == described.sha256);
            let index = known.unwrap_or_else(|| {
                let counted = watched.counted().unwrap_or_default();
                versions.push(VersionStatus {
                    name: described.descriptor.name.clone(),
                    version: described.descriptor.version.clone(),
                    sha256: described.sha256.clone(),
                    connections: Vec::new(),
                    calls: counted.calls,
                    failures: counted.failures,
                    draining: !watched.is_drained(),
                    drained: watched.is_drained(),
                });
                versions.len() - 1
            });
            if let Some(connection) = connection {
                let version = &mut versions[index];
                // The one without a name is for all that have not called yet.
                let named = Some(connection).filter(|connection| !connection.is_empty());
                version.connections.extend(named.cloned());
                (version.draining, version.drained) = (false, false);
                let counted = watched.counted().unwrap_or_default();
                (version.calls, version.failures) = (counted.calls, counted.failures);
            }
        }
        versions
    }

    async fn follow_with(
        &self,
        running: &mut Running,
        loaded: Option<&Plugin>,
    ) -> Result<Vec<Swapped>, ComponentsError> {
        let stamp = self.store.stamp();
        if stamp == running.seen {
            return Ok(Vec::new());
        }
        running.manifest = self.store.manifest()?;
        // Whatever comes of it, it is not tried again before the store changes.
        running.seen = stamp;
        running.let_fallback_go();
        let mut swapped = Vec::new();
        let mut failed = None;
        // What one connection was given, the next one need not look for.
        let mut ready: Vec<Plugin> = loaded.cloned().into_iter().collect();
        let connections: Vec<String> = running.slots.keys().cloned().collect();
        for connection in connections {
            let Some(slot) = running.slots.get(&connection) else {
                continue;
            };
            let (from, plugin) = (slot.sha256(), slot.plugin.clone());
            let wanted = running.manifest.active(&slot.connector, &connection);
            if wanted.is_some_and(|wanted| wanted.sha256 == from) {
                continue;
            }
            let found = ready
                .iter()
                .find(|ready| wanted.is_some_and(|wanted| wanted.sha256 == ready.sha256()));
            let next = match found {
                Some(found) => Ok(found.clone()),
                None => {
                    self.version_for(running, &slot.connector, &connection)
                        .await
                }
            };
            match next {
                Ok(next) if next.sha256() == from => {}
                Ok(next) => {
                    retire(&mut running.retired, plugin.swap(&next));
                    let to = next.sha256().to_owned();
                    if found.is_none() {
                        ready.push(next);
                    }
                    tracing::info!(connection, from, to, "the next call takes another version");
                    swapped.push(Swapped {
                        connection,
                        from,
                        to,
                    });
                }
                Err(error) => failed = Some(error),
            }
        }
        running.begin_trials();
        failed.map_or(Ok(swapped), Err)
    }

    /// As [`Components::follow`], for somebody who wants a version and not all of them: what cannot be loaded is said later.
    async fn catch_up(&self, running: &mut Running) -> Result<(), ComponentsError> {
        match self.follow_with(running, None).await {
            Ok(_) => Ok(()),
            Err(ComponentsError::Load { version, error }) => {
                tracing::error!("{version} is not taken: {error}");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// The version that is active for a connection, in a slot of its own.
    async fn version_for(
        &self,
        running: &Running,
        connector: &str,
        connection: &str,
    ) -> Result<Plugin, ComponentsError> {
        let Some(stored) = running.manifest.active(connector, connection) else {
            let fallback = running.fallback.as_ref();
            let fallback = fallback.filter(|plugin| plugin.descriptor().name == connector);
            return fallback
                .map(Plugin::apart)
                .ok_or_else(|| ComponentsError::NoneActive {
                    connector: connector.to_owned(),
                    directory: self.store.directory().display().to_string(),
                });
        };
        let there = running.slots.values().map(|slot| &slot.plugin);
        for plugin in there.chain(&running.fallback) {
            let apart = plugin.apart();
            if apart.sha256() == stored.sha256 {
                return Ok(apart);
            }
        }
        self.load(stored).await
    }

    /// A version of the store. Its bytes were compared with its hash when they were read.
    async fn load(&self, stored: &StoredVersion) -> Result<Plugin, ComponentsError> {
        let bytes = self.store.bytes(&stored.sha256)?;
        let loaded = Plugin::load_known(&self.engine, bytes, stored.sha256.clone()).await;
        loaded.map_err(|error| not_taken(&stored.title(), error))
    }
}

fn not_taken(version: &str, error: LoadError) -> ComponentsError {
    ComponentsError::Load {
        version: version.to_owned(),
        error,
    }
}

impl Running {
    /// A version that is active for all takes its place for good: its memory is given back when the last call in it ends.
    fn let_fallback_go(&mut self) {
        let connectors = &self.manifest.connectors;
        self.fallback.take_if(|plugin| {
            let selected = connectors.get(&plugin.descriptor().name);
            let active = selected.and_then(|selected| selected.all.active.as_deref());
            active.is_some_and(|active| active != plugin.sha256())
        });
    }

    /// What the calls of a version came to.
    fn counted(&self, sha256: &str) -> Counted {
        let mut slots = self.slots.values();
        let has = slots.find(|slot| slot.sha256() == sha256);
        has.map(|slot| slot.plugin.counted()).unwrap_or_default()
    }

    /// Notes where both versions stand when a canary begins, and forgets those that ended.
    fn begin_trials(&mut self) {
        let mut trials = std::mem::take(&mut self.trials);
        for (connector, selected) in &self.manifest.connectors {
            let (Some(canary), Some(old)) = (&selected.canary, selected.for_all()) else {
                continue;
            };
            let running = trials.remove(connector);
            let running = running.filter(|trial| trial.tried == canary.sha256 && trial.old == old);
            let trial = running.unwrap_or_else(|| Trial {
                tried: canary.sha256.clone(),
                old: old.to_owned(),
                tried_before: self.counted(&canary.sha256),
                old_before: self.counted(old),
            });
            self.trials.insert(connector.clone(), trial);
        }
    }
}

/// Remembers a version that a slot no longer has. What was drained long ago is forgotten, but for the last ones.
fn retire(retired: &mut Vec<Retired>, version: Retired) {
    const REMEMBERED: usize = 16;
    let sha256 = &version.described().sha256;
    retired.retain(|known| known.described().sha256 != *sha256 || !known.is_drained());
    retired.push(version);
    while retired.len() > REMEMBERED {
        match retired.iter().position(Retired::is_drained) {
            Some(oldest) => retired.remove(oldest),
            None => break,
        };
    }
}
