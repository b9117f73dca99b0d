//! The journal: outcomes of a batch by its id, so that a batch given again is answered instead of written.

use sha1::{Digest, Sha1};

use crate::contract::connector::{Outcome, OutcomeStatus, Row};
use crate::contract::state::Change;
use crate::json::{self, Member, Members, Object, Unexpected, Value};

/// The format of the journal's values that is written, and the only one read so far.
pub const FORMAT: u8 = b'1';

/// How long outcomes are remembered.
const TTL_MS: u64 = 7 * 24 * 3_600 * 1_000;

/// A row's outcome, as it is remembered.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The digest of the row's key.
    pub key: String,
    /// What the row held: another document under the same key is another row.
    pub content: String,
    /// `created` or `updated`.
    pub status: String,
    /// The contact's id.
    pub object_id: Option<String>,
    /// Intercom's id of the request.
    pub request_id: Option<String>,
}

impl Recorded {
    fn written(&self) -> String {
        Members::default()
            .text("key", &self.key)
            .text("content", &self.content)
            .text("status", &self.status)
            .some_text("object_id", self.object_id.as_deref())
            .some_text("request_id", self.request_id.as_deref())
            .object()
    }
}

impl<'a> Value<'a> for Recorded {
    fn read(member: Member<'a>) -> Result<Self, Unexpected> {
        let mut members = Object::read(member)?;
        Ok(Self {
            key: members.take("key")?,
            content: members.take("content")?,
            status: members.take("status")?,
            object_id: members.take("object_id")?,
            request_id: members.take("request_id")?,
        })
    }
}

/// The journal of one batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Journal {
    key: String,
    loaded: Option<Vec<u8>>,
    rows: Vec<Recorded>,
}

impl Journal {
    /// The journal of a batch, still to be loaded.
    pub fn of(action: &str, batch_id: &str) -> Self {
        // The id is the caller's: it may hold personal data, which state keys must not.
        Self {
            key: format!("batch/{action}/{}", digest(batch_id.as_bytes())),
            ..Self::default()
        }
    }

    /// Reads a stored journal; what cannot be read counts as none, since contacts may be written twice.
    pub fn read(loaded: Option<Vec<u8>>) -> Self {
        let rows = loaded
            .as_deref()
            .and_then(|value| value.split_first())
            .filter(|(format, _)| **format == FORMAT)
            .and_then(|(_, document)| json::parse(document).ok())
            .unwrap_or_default();
        Self {
            key: String::new(),
            loaded,
            rows,
        }
    }

    /// Takes over what was stored.
    pub fn load(&mut self, stored: Self) {
        self.loaded = stored.loaded;
        self.rows = stored.rows;
    }

    /// The state key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is remembered of a row.
    pub fn recorded(&self, row_key: &str, document: &[u8]) -> Option<&Recorded> {
        let (key, content) = (digest(row_key.as_bytes()), digest(document));
        self.rows
            .iter()
            .find(|recorded| recorded.key == key && recorded.content == content)
    }

    /// The change that records the outcomes of a batch; `None` when there is nothing new.
    pub fn change<'a>(
        &self,
        finished: impl Iterator<Item = (&'a Row, &'a Outcome)>,
    ) -> Option<Change> {
        let mut all = self.rows.clone();
        for (row, outcome) in finished {
            let status = match outcome.status {
                OutcomeStatus::Created => "created",
                OutcomeStatus::Updated => "updated",
                _ => continue,
            };
            let recorded = Recorded {
                key: digest(row.key.as_bytes()),
                content: digest(&row.document),
                status: status.to_owned(),
                object_id: outcome.object_id.clone(),
                request_id: outcome.request_id.clone(),
            };
            if !all.contains(&recorded) {
                all.push(recorded);
            }
        }
        if all == self.rows {
            return None;
        }
        let mut value = vec![FORMAT];
        value.append(&mut json::list(all.iter().map(Recorded::written)).into_bytes());
        Some(Change {
            key: self.key.clone(),
            expected: self.loaded.clone(),
            value: Some(value),
            ttl_ms: Some(TTL_MS),
        })
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha1::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
