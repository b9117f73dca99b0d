//! What a component store knows about its versions.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::contract::connector::{Descriptor, Formats};

/// How this file is written.
pub(super) const FORMAT: u32 = 1;

/// Everything that a store knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// How it is written.
    pub format: u32,
    /// Counts the changes.
    pub revision: u64,
    /// The versions, in the order in which they were added.
    pub versions: Vec<StoredVersion>,
    /// What is active, by the connector's name.
    pub connectors: BTreeMap<String, Selected>,
    /// The folders of the platforms that follow it: what their connections have stored, a version must be able to read.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub platforms: BTreeSet<PathBuf>,
}

impl Default for Manifest {
    fn default() -> Manifest {
        Manifest {
            format: FORMAT,
            revision: 0,
            versions: Vec::new(),
            connectors: BTreeMap::new(),
            platforms: BTreeSet::new(),
        }
    }
}

/// A version whose bytes are in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredVersion {
    /// The connector's name.
    pub name: String,
    /// What it says is its version. Two builds may say the same; the hash tells them apart.
    pub version: String,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// Its bytes.
    pub bytes: u64,
    /// When it was added, in milliseconds since 1970.
    pub added_at_ms: i64,
    /// The formats of what it leaves behind.
    pub formats: FormatSets,
    /// What it asks for, in words: imports, endpoints, headers with credentials, permissions.
    pub asks: BTreeSet<String>,
}

impl StoredVersion {
    /// Its name, version and the beginning of its hash, for people.
    pub fn title(&self) -> String {
        let digits = self.sha256.get(..12).unwrap_or(&self.sha256);
        format!("{} {} ({digits})", self.name, self.version)
    }
}

/// The formats of what a version leaves behind, and of what it can go on with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormatSets {
    /// Of cursors.
    pub cursor: FormatSet,
    /// Of values in the state.
    pub state: FormatSet,
    /// Of compiled mappings and triggers.
    pub prepared: FormatSet,
}

impl FormatSets {
    /// Those of a descriptor.
    pub fn of(descriptor: &Descriptor) -> FormatSets {
        FormatSets {
            cursor: FormatSet::of(&descriptor.cursor_formats),
            state: FormatSet::of(&descriptor.state_formats),
            prepared: FormatSet::of(&descriptor.prepared_formats),
        }
    }
}

/// The formats of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormatSet {
    /// Those that are read.
    pub reads: BTreeSet<u8>,
    /// The one that is written.
    pub writes: u8,
}

impl FormatSet {
    fn of(formats: &Formats) -> FormatSet {
        FormatSet {
            reads: formats.reads.iter().copied().collect(),
            writes: formats.writes,
        }
    }
}

/// Which versions of one connector are active. Versions are named by their hash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selected {
    /// For every connection that has none of its own.
    #[serde(default)]
    pub all: Change,
    /// The version that a server was started with: it runs where none is active for all connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<String>,
    /// For single connections, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub connections: BTreeMap<String, Change>,
    /// A version that is tried on some of the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// What any version may ask for, because the first one did or somebody agreed.
    #[serde(default)]
    pub granted: BTreeSet<String>,
    /// The last time that a version was taken back because it failed; absent where that never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_back: Option<TakenBack>,
    /// The formats of the cursors that versions wrote which were taken back, because they failed or by somebody. A stream that
    /// only those have read is begun anew.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub given_up: BTreeSet<u8>,
}

/// The active version, and the one before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The version that calls take; absent: that of the next wider scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<String>,
    /// The one that it replaced, for a way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
}

/// A version that some connections try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// The version.
    pub sha256: String,
    /// The share of the connections, from 1 to 99.
    pub percent: u8,
    /// One that tries it where the share is none of those that are there: a version that nobody tries is never judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<String>,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
}

/// A version that was taken back because it failed more often than the one before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBack {
    /// The version.
    pub sha256: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Why, in numbers.
    pub reason: String,
}

impl Selected {
    /// The version for a connection; absent: none is active.
    pub fn for_connection(&self, connection: &str) -> Option<&str> {
        let own = self.connections.get(connection);
        if let Some(own) = own.and_then(|own| own.active.as_deref()) {
            return Some(own);
        }
        match &self.canary {
            Some(canary) if canary.takes(connection) => Some(&canary.sha256),
            _ => self.for_all(),
        }
    }

    /// The version for every connection that has none of its own.
    pub fn for_all(&self) -> Option<&str> {
        self.all.active.as_deref().or(self.given.as_deref())
    }

    /// Whether any scope needs this version, or could go back to it.
    pub fn needs(&self, sha256: &str) -> bool {
        let changes = self.connections.values().chain([&self.all]);
        let mut kept = changes.flat_map(|change| [&change.active, &change.previous]);
        kept.any(|kept| kept.as_deref() == Some(sha256))
            || self.given.as_deref() == Some(sha256)
            || self
                .canary
                .as_ref()
                .is_some_and(|canary| canary.sha256 == sha256)
    }
}

impl Canary {
    /// Whether a connection is among those that try it: always the same ones for the same version, others for another.
    pub fn takes(&self, connection: &str) -> bool {
        if connection.is_empty() {
            // All of them, and no one.
            return false;
        }
        self.at_least.as_deref() == Some(connection)
            || self.place(connection) < u32::from(self.percent)
    }

    /// The one of these that tries it although the share is none of them; absent: it is some, or there is nobody.
    pub(super) fn least<'a>(
        &self,
        among: impl Iterator<Item = &'a str> + Clone,
    ) -> Option<&'a str> {
        match among.clone().any(|connection| self.takes(connection)) {
            true => None,
            false => among.min_by_key(|connection| (self.place(connection), *connection)),
        }
    }

    /// Where a connection is, in a hundred.
    fn place(&self, connection: &str) -> u32 {
        let mut hash = Sha256::new();
        hash.update(self.sha256.as_bytes());
        hash.update(connection.as_bytes());
        let digest = hash.finalize();
        u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]) % 100
    }
}

impl Manifest {
    /// The version with this hash.
    pub fn version(&self, sha256: &str) -> Option<&StoredVersion> {
        self.versions.iter().find(|stored| stored.sha256 == sha256)
    }

    /// Notes that a version was taken back.
    pub(super) fn give_up(&mut self, connector: &str, sha256: &str) {
        let format = self
            .version(sha256)
            .map(|version| version.formats.cursor.writes);
        if let Some(selected) = self.connectors.get_mut(connector) {
            selected.given_up.extend(format);
        }
    }

    /// The version that is active for a connection of a connector.
    pub fn active(&self, connector: &str, connection: &str) -> Option<&StoredVersion> {
        let selected = self.connectors.get(connector)?;
        self.version(selected.for_connection(connection)?)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn canary(percent: u8) -> Canary {
        Canary {
            sha256: "new".to_owned(),
            percent,
            at_least: None,
            since_ms: 0,
        }
    }

    #[test]
    fn a_connections_own_version_rules_then_the_canary_then_that_of_all() {
        let mut selected = Selected::default();
        assert_eq!(selected.for_connection("a"), None);
        selected.all.active = Some("old".to_owned());
        assert_eq!(selected.for_connection("a"), Some("old"));
        selected.canary = Some(canary(100));
        assert_eq!(selected.for_connection("a"), Some("new"));
        let own = selected.connections.entry("a".to_owned()).or_default();
        own.active = Some("own".to_owned());
        assert_eq!(selected.for_connection("a"), Some("own"));
        assert_eq!(selected.for_connection("b"), Some("new"));
    }

    #[test]
    fn a_canary_takes_one_where_its_share_is_nobody() {
        let names = ["c1", "c2", "c3"];
        let mut tried = canary(0);
        let least = tried.least(names.into_iter()).unwrap();
        assert!(
            names
                .iter()
                .all(|name| tried.place(least) <= tried.place(name))
        );
        tried.at_least = Some(least.to_owned());
        assert_eq!(names.iter().filter(|name| tried.takes(name)).count(), 1);
        assert_eq!(canary(100).least(names.into_iter()), None);
        assert_eq!(canary(10).least([].into_iter()), None);
    }

    #[test]
    fn what_a_server_was_started_with_runs_until_another_version_is_active_for_all() {
        let mut selected = Selected {
            given: Some("given".to_owned()),
            ..Selected::default()
        };
        assert_eq!(selected.for_connection("a"), Some("given"));
        assert!(selected.needs("given"));
        selected.canary = Some(canary(100));
        assert_eq!(
            (selected.for_connection("a"), selected.for_all()),
            (Some("new"), Some("given"))
        );
        selected.canary = None;
        selected.all.active = Some("active".to_owned());
        assert_eq!(selected.for_connection("a"), Some("active"));
    }

    #[test]
    fn a_canary_takes_its_share_and_keeps_it_when_it_grows() {
        let names: Vec<String> = (0..2_000)
            .map(|number| format!("connection-{number}"))
            .collect();
        let few = names.iter().filter(|name| canary(10).takes(name)).count();
        assert!((120..280).contains(&few), "{few} of 2,000 are no tenth");
        assert!(
            names
                .iter()
                .all(|name| !canary(10).takes(name) || canary(30).takes(name))
        );
        assert!(names.iter().all(|name| !canary(0).takes(name)));
    }
}
