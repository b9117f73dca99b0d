//! Everything that is remembered between two runs of one connection.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::output_file::spans_of_any_version;
use super::{Heard, LastWebhook, NewEnd, Position, ScanSpan};
use crate::contract::types::Account;

/// How many webhook deliveries a state file remembers. The provider repeats a delivery within minutes.
const REMEMBERED_DELIVERIES: usize = 4_096;

/// What is remembered about a connection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The workspace that everything here is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    /// What the last check found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Checked>,
    /// By stream name.
    #[serde(default)]
    pub streams: BTreeMap<String, StreamState>,
    /// The committed length of each output file, in bytes, by stream name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, u64>,
    /// Output files that are getting another end, by stream name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub new_ends: BTreeMap<String, NewEnd>,
    /// The ids of the last webhook deliveries, oldest first, where the output does not keep them itself.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    pub deliveries: VecDeque<String>,
    /// The last genuine webhooks; absent before the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhooks: Option<LastWebhook>,
}

impl State {
    /// What is remembered about a stream, made when there is nothing yet.
    pub fn stream_mut(&mut self, name: &str) -> &mut StreamState {
        self.streams.entry(name.to_owned()).or_default()
    }

    /// Remembers that a genuine webhook came.
    pub fn hear(&mut self, heard: Heard<'_>, now_ms: i64) {
        self.webhooks.get_or_insert_default().hear(heard, now_ms);
    }

    /// Remembers a delivery; false when it is remembered already.
    pub fn remember_delivery(&mut self, id: &str) -> bool {
        if self.deliveries.iter().any(|known| known == id) {
            return false;
        }
        while self.deliveries.len() >= REMEMBERED_DELIVERIES {
            self.deliveries.pop_front();
        }
        self.deliveries.push_back(id.to_owned());
        true
    }
}

/// What is remembered about a stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StreamState {
    /// By cursor format.
    #[serde(default)]
    pub positions: BTreeMap<u8, Position>,
    /// Counts the writes of positions.
    #[serde(default)]
    pub sequence: u64,
    /// What the running scan has put into each output file, by stream name, in the order of the file.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "spans_of_any_version"
    )]
    pub spans: BTreeMap<String, Vec<ScanSpan>>,
    /// The number of the last scan, where the output counts them.
    #[serde(default)]
    pub scan: u64,
    /// How the last run of this stream ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastRun>,
    /// Records that all runs together have given.
    #[serde(default)]
    pub records: u64,
    /// Rows that are held because they are no records, at the end of the last run.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub quarantined: u64,
    /// Entries of readings that were left out because something newer of their row was there.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stale: u64,
    /// When the output's rows were last compared with the provider's, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swept_at_ms: Option<i64>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl StreamState {
    /// Stores a position as the newest one of its format.
    pub fn store(&mut self, mut position: Position, now_ms: i64) {
        self.sequence += 1;
        position.sequence = self.sequence;
        position.saved_at_ms = now_ms;
        self.positions.insert(position.format, position);
    }
}

/// How a run of a stream ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRun {
    /// When it ended, in milliseconds since 1970.
    pub ended_at_ms: i64,
    /// `complete`, or the name of what went wrong.
    pub status: String,
    /// What went wrong, for people. Holds no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Records that it gave.
    pub records: u64,
    /// What was said about it, by kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub notices: BTreeMap<String, u64>,
}

/// What a check found, good while the connection and the component stay as they were.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// A hash of everything that the check looked at.
    pub fingerprint: String,
    /// When, in milliseconds since 1970.
    pub checked_at_ms: i64,
    /// The provider's id of the workspace.
    pub workspace_id: String,
    /// The workspace's name.
    #[serde(default)]
    pub name: Option<String>,
    /// Its region.
    #[serde(default)]
    pub region: Option<String>,
    /// Its time zone.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// The API version in force.
    #[serde(default)]
    pub api_version: Option<String>,
    /// Mapping and triggers, compiled by the component. Empty where a part of them is a secret: that is not stored.
    #[serde(with = "prepared_text")]
    pub prepared: Vec<u8>,
}

impl Checked {
    /// Remembers an account and what was compiled for it.
    pub fn new(fingerprint: String, account: &Account, prepared: Vec<u8>, now_ms: i64) -> Checked {
        Checked {
            fingerprint,
            checked_at_ms: now_ms,
            workspace_id: account.workspace_id.clone(),
            name: account.name.clone(),
            region: account.region.clone(),
            time_zone: account.time_zone.clone(),
            api_version: account.api_version.clone(),
            prepared,
        }
    }

    /// The account as the contract has it.
    pub fn account(&self) -> Account {
        Account {
            workspace_id: self.workspace_id.clone(),
            name: self.name.clone(),
            region: self.region.clone(),
            time_zone: self.time_zone.clone(),
            api_version: self.api_version.clone(),
        }
    }
}

mod prepared_text {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        STANDARD
            .decode(String::deserialize(deserializer)?)
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_new_once_and_the_memory_is_bounded() {
        let mut state = State::default();
        assert!(state.remember_delivery("a"));
        assert!(!state.remember_delivery("a"));
        for number in 0..REMEMBERED_DELIVERIES {
            state.remember_delivery(&number.to_string());
        }
        assert_eq!(state.deliveries.len(), REMEMBERED_DELIVERIES);
        assert!(state.remember_delivery("a"), "the oldest is forgotten");
    }

    #[test]
    fn a_state_of_version_0_1_0_is_read() {
        let state: State = serde_json::from_str(
            r#"{"streams":{"companies":{"spans":{"companies":{"from":3,"to":9}}}},"deliveries":["d"]}"#,
        )
        .unwrap();
        let spans = &state.streams["companies"].spans["companies"];
        assert_eq!(*spans, [ScanSpan { from: 3, to: 9 }]);
        assert_eq!((state.deliveries.len(), state.webhooks.clone()), (1, None));
        let text = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state);
    }
}
