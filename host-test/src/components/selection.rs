//! What is active: choosing a version, trying it, going back.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::acceptance::{StoredFormats, check};
use super::manifest::{Canary, Manifest, Selected, StoredVersion, TakenBack};
use super::store::{Store, StoreError};
use crate::clock::now_ms;

/// Digits of a hash that are enough to name a version.
const SHORTEST_HASH: usize = 6;

/// For whom a version is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// For every connection that has none of its own.
    #[default]
    All,
    /// For one connection.
    Connection(String),
    /// For a share of the connections, in percent from 1 to 99.
    Canary(u8),
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activation {
    /// The version: as it says itself, or the beginning of its hash.
    pub version: String,
    /// For whom.
    pub scope: Scope,
    /// Whether somebody agreed to what it asks for.
    pub consent: bool,
    /// The connections that there are, as far as it is known: a canary is tried by one of them at least.
    pub connections: BTreeSet<String>,
    /// What connections have stored, as far as it is known.
    pub stored: StoredFormats,
}

/// Whom an activation is for.
#[derive(Clone, Debug)]
pub struct Meant {
    sha256: String,
    after: Selected,
    /// The folders of the platforms that follow the store.
    pub platforms: BTreeSet<PathBuf>,
}

impl Meant {
    /// Whether a connection would take the version.
    pub fn is(&self, connection: &str) -> bool {
        self.after.for_connection(connection) == Some(&self.sha256)
    }
}

impl Store {
    /// The version that somebody means.
    pub fn find(&self, asked: &str) -> Result<StoredVersion, StoreError> {
        find(&self.manifest()?, asked).cloned()
    }

    /// Notes what a component asks for that runs as long as no version is active: the first one that is needs consent for more.
    pub fn grant(&self, connector: &str, asks: BTreeSet<String>) -> Result<(), StoreError> {
        self.change(|manifest| {
            let selected = manifest.connectors.entry(connector.to_owned());
            let selected = selected.or_default();
            if selected.all.active.is_none() {
                selected.granted = asks;
            }
            Ok(())
        })
    }

    /// Notes the version that a server was started with, which is in the store. It runs where none is active.
    pub fn give(&self, version: &StoredVersion) -> Result<(), StoreError> {
        self.change(|manifest| {
            let selected = manifest.connectors.entry(version.name.clone());
            selected.or_default().given = Some(version.sha256.clone());
            Ok(())
        })
    }

    /// Makes a version the active one. For all connections that ends a canary, whichever version it tried.
    pub fn activate(&self, asked: &Activation) -> Result<StoredVersion, StoreError> {
        self.change(|manifest| {
            let candidate = find(manifest, &asked.version)?.clone();
            let selected = manifest.connectors.get(&candidate.name).cloned();
            let mut selected = selected.unwrap_or_default();
            let current = match &asked.scope {
                Scope::Connection(connection) => selected.for_connection(connection),
                Scope::All | Scope::Canary(_) => selected.for_all(),
            };
            let current = current.and_then(|sha256| manifest.version(sha256));
            if matches!(asked.scope, Scope::Canary(_)) && current.is_none() {
                return Err(StoreError::NothingToCompare);
            }
            if matches!(asked.scope, Scope::Canary(_))
                && current.is_some_and(|current| current.sha256 == candidate.sha256)
            {
                return Err(StoreError::SameAsActive(candidate.title()));
            }
            let (stored, granted) = (&asked.stored, &selected.granted);
            check(&candidate, current, stored, granted, asked.consent).map_err(|reasons| {
                StoreError::Refused {
                    version: candidate.title(),
                    reasons,
                }
            })?;
            selected.granted.extend(candidate.asks.iter().cloned());
            selected.choose(asked, &candidate.sha256);
            manifest.connectors.insert(candidate.name.clone(), selected);
            Ok(candidate)
        })
    }

    /// The connections that would take a version if it were activated so.
    pub fn those_meant(&self, asked: &Activation) -> Result<Meant, StoreError> {
        let manifest = self.manifest()?;
        let candidate = find(&manifest, &asked.version)?;
        let mut selected = manifest.connectors.get(&candidate.name).cloned();
        let after = selected.get_or_insert_default();
        after.choose(asked, &candidate.sha256);
        Ok(Meant {
            sha256: candidate.sha256.clone(),
            after: after.clone(),
            platforms: manifest.platforms,
        })
    }

    /// The connections that take a version now.
    pub fn those_with(&self, version: &StoredVersion) -> Result<Meant, StoreError> {
        let mut manifest = self.manifest()?;
        Ok(Meant {
            sha256: version.sha256.clone(),
            after: manifest
                .connectors
                .remove(&version.name)
                .unwrap_or_default(),
            platforms: manifest.platforms,
        })
    }

    /// Goes back. For all connections: ends a canary, or else puts the version before the active one in its place. For one:
    /// likewise, and where it has no version before its own, that of all others counts for it again.
    pub fn roll_back(
        &self,
        connector: &str,
        connection: Option<&str>,
    ) -> Result<Option<StoredVersion>, StoreError> {
        self.change(|manifest| {
            let scope = connection.map_or_else(String::new, |name| format!(" for {name}"));
            let nothing = || StoreError::NothingBefore {
                scope: scope.clone(),
            };
            let selected = manifest.connectors.get_mut(connector).ok_or_else(nothing)?;
            let (left, now) = match (
                connection,
                selected.canary.take_if(|_| connection.is_none()),
            ) {
                (Some(name), _) => {
                    let own = selected.connections.get_mut(name).ok_or_else(nothing)?;
                    std::mem::swap(&mut own.active, &mut own.previous);
                    let left = own.previous.clone();
                    if own.active.is_none() {
                        selected.connections.remove(name);
                    }
                    (left, selected.for_connection(name).map(str::to_owned))
                }
                (None, Some(canary)) => {
                    let now = selected.for_all().map(str::to_owned);
                    (Some(canary.sha256), now)
                }
                (None, None) => {
                    let all = &mut selected.all;
                    if all.previous.is_none() {
                        return Err(nothing());
                    }
                    std::mem::swap(&mut all.active, &mut all.previous);
                    (all.previous.clone(), all.active.clone())
                }
            };
            if let Some(left) = left {
                manifest.give_up(connector, &left);
            }
            Ok(now.and_then(|sha256| manifest.version(&sha256).cloned()))
        })
    }

    /// Ends a canary that failed. False where another one is tried by now.
    pub(super) fn take_back(
        &self,
        connector: &str,
        sha256: &str,
        reason: String,
    ) -> Result<bool, StoreError> {
        self.change(|manifest| {
            let Some(selected) = manifest.connectors.get_mut(connector) else {
                return Ok(false);
            };
            let tried = selected.canary.as_ref();
            if tried.is_none_or(|canary| canary.sha256 != sha256) {
                return Ok(false);
            }
            selected.canary = None;
            selected.taken_back = Some(TakenBack {
                sha256: sha256.to_owned(),
                at_ms: now_ms(),
                reason,
            });
            manifest.give_up(connector, sha256);
            Ok(true)
        })
    }
}

impl Selected {
    fn choose(&mut self, asked: &Activation, sha256: &str) {
        let change = match &asked.scope {
            Scope::All => {
                self.canary = None;
                // The way back is to what runs.
                let given = self.given.take_if(|_| self.all.active.is_none());
                self.all.active = self.all.active.take().or(given);
                &mut self.all
            }
            Scope::Connection(connection) => {
                self.connections.entry(connection.clone()).or_default()
            }
            Scope::Canary(percent) => {
                let mut canary = Canary {
                    sha256: sha256.to_owned(),
                    percent: *percent,
                    at_least: None,
                    since_ms: now_ms(),
                };
                // Those with a version of their own try nothing.
                let there = asked.connections.iter();
                let may = there.filter(|name| !self.connections.contains_key(*name));
                let least = canary.least(may.map(String::as_str));
                canary.at_least = least.map(str::to_owned);
                self.canary = Some(canary);
                return;
            }
        };
        if change.active.as_deref() != Some(sha256) {
            change.previous = change.active.replace(sha256.to_owned());
        }
    }
}

/// The version that is meant: by what it says itself, or by the beginning of its hash.
fn find<'a>(manifest: &'a Manifest, asked: &str) -> Result<&'a StoredVersion, StoreError> {
    let is_meant = |stored: &&StoredVersion| {
        stored.version == asked
            || (asked.len() >= SHORTEST_HASH && stored.sha256.starts_with(asked))
    };
    let found: Vec<&StoredVersion> = manifest.versions.iter().filter(is_meant).collect();
    let titles =
        |versions: &[&StoredVersion]| versions.iter().map(|stored| stored.title()).collect();
    match found[..] {
        [only] => Ok(only),
        [] => Err(StoreError::UnknownVersion {
            asked: asked.to_owned(),
            known: titles(&manifest.versions.iter().collect::<Vec<_>>()),
        }),
        _ => Err(StoreError::Ambiguous {
            asked: asked.to_owned(),
            found: titles(&found),
        }),
    }
}
