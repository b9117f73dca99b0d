//! The journal: what a batch has done, by its id, so that a batch given again is answered instead of written. A request
//! that is not to be sent twice is in it before it is sent.

use crate::prelude::*;
use sha1::{Digest, Sha1};

use crate::contract::connector::{Outcome, OutcomeStatus, Row};
use crate::contract::state::Change;
use crate::digest::digits;
use crate::json::{self, Member, Members, Object, Unexpected, Value};

/// The format of the journal's values that is written; the one before, whose rows have no times, is read as well.
pub const FORMAT: u8 = b'2';

/// The formats that are read.
pub const READ: &[u8] = b"12";

/// How long outcomes are remembered.
const TTL_MS: u64 = 7 * 24 * 3_600 * 1_000;

/// The status of a request that was sent, or was about to be.
const SENT: &str = "sent";

/// A row, as it is remembered.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The digest of the row's key.
    key: String,
    /// What the row held: another document under the same key is another row.
    content: String,
    /// `sent`, or how the row ended.
    status: String,
    /// The object's id.
    pub object_id: Option<String>,
    /// Intercom's id of the request.
    pub request_id: Option<String>,
    /// When the request was sent first, in Unix milliseconds.
    at: Option<i64>,
    /// Intercom's id of the job that writes the row together with others.
    pub job: Option<String>,
}

impl Recorded {
    fn of(row: &Row, status: &str) -> Self {
        Self {
            key: digest(row.key.as_bytes()),
            content: digest(&row.document),
            status: status.to_owned(),
            object_id: None,
            request_id: None,
            at: None,
            job: None,
        }
    }

    /// A row whose request is about to be sent.
    pub fn sent(row: &Row, at: i64) -> Self {
        Self {
            at: Some(at),
            ..Self::of(row, SENT)
        }
    }

    /// A row that is over for good, if its outcome says so.
    pub fn over(row: &Row, outcome: &Outcome) -> Option<Self> {
        let status = match outcome.status {
            OutcomeStatus::Created => "created",
            OutcomeStatus::Updated => "updated",
            OutcomeStatus::Deleted => "deleted",
            OutcomeStatus::Unchanged => "unchanged",
            _ => return None,
        };
        Some(Self {
            object_id: outcome.object_id.clone(),
            request_id: outcome.request_id.clone(),
            ..Self::of(row, status)
        })
    }

    /// When the request was sent, if that is all that is known.
    pub fn sent_at(&self) -> Option<i64> {
        (self.status == SENT).then(|| self.at.unwrap_or_default())
    }

    /// How the row ended.
    pub fn status(&self) -> OutcomeStatus {
        match self.status.as_str() {
            "created" => OutcomeStatus::Created,
            "deleted" => OutcomeStatus::Deleted,
            "unchanged" => OutcomeStatus::Unchanged,
            _ => OutcomeStatus::Updated,
        }
    }

    fn is_of(&self, other: &Self) -> bool {
        self.key == other.key && self.content == other.content
    }

    fn written(&self) -> String {
        Members::default()
            .text("key", &self.key)
            .text("content", &self.content)
            .text("status", &self.status)
            .some_text("object_id", self.object_id.as_deref())
            .some_text("request_id", self.request_id.as_deref())
            .some_number("at", self.at)
            .some_text("job", self.job.as_deref())
            .object()
    }
}

impl<'a> Value<'a> for Recorded {
    fn read(member: Member<'a>) -> Result<Self, Unexpected> {
        let mut members = Object::read(member)?;
        let mut take = members.taking();
        let recorded = Self {
            key: take.member("key"),
            content: take.member("content"),
            status: take.member("status"),
            object_id: take.member("object_id"),
            request_id: take.member("request_id"),
            at: take.member("at"),
            job: take.member("job"),
        };
        take.end(recorded)
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
    pub fn of(action: &str, mode: &str, batch_id: &str) -> Self {
        // The id is the caller's: it may hold personal data, which state keys must not.
        Self {
            key: format!("batch/{action}/{mode}/{}", digest(batch_id.as_bytes())),
            ..Self::default()
        }
    }

    /// Takes over what is stored. What cannot be read counts as none.
    pub fn load(&mut self, stored: Option<Vec<u8>>) {
        self.rows = stored
            .as_deref()
            .and_then(|value| value.split_first())
            .filter(|(format, _)| READ.contains(format))
            .and_then(|(_, document)| json::parse(document).ok())
            .unwrap_or_default();
        self.loaded = stored;
    }

    /// The state key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is remembered of a row.
    pub fn recorded(&self, row: &Row) -> Option<&Recorded> {
        if self.rows.is_empty() {
            return None;
        }
        let wanted = Recorded::of(row, "");
        self.rows.iter().find(|recorded| recorded.is_of(&wanted))
    }

    /// The ids of the objects that rows of this batch made or changed.
    pub fn object_ids(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(|row| row.object_id.as_deref())
    }

    /// Remembers a row as it is now, or forgets it.
    pub fn note(&mut self, row: &Row, recorded: Option<Recorded>) {
        let forgotten = || Recorded::of(row, "");
        let wanted = recorded.clone().unwrap_or_else(forgotten);
        let place = self.rows.iter().position(|known| known.is_of(&wanted));
        match (place, recorded) {
            (Some(place), Some(recorded)) => self.rows[place] = recorded,
            (Some(place), None) => drop(self.rows.remove(place)),
            (None, Some(recorded)) => self.rows.push(recorded),
            (None, None) => {}
        }
    }

    /// The change that stores what is remembered; `None` when that is stored already. It counts as stored from here on.
    pub fn change(&mut self) -> Option<Change> {
        let mut value = vec![FORMAT];
        value.append(&mut json::list(self.rows.iter().map(Recorded::written)).into_bytes());
        if self.loaded.as_ref() == Some(&value) || (self.loaded.is_none() && self.rows.is_empty()) {
            return None;
        }
        Some(Change {
            key: self.key.clone(),
            expected: self.loaded.replace(value.clone()),
            value: Some(value),
            ttl_ms: Some(TTL_MS),
        })
    }
}

/// A digest, in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    digits(&Sha1::digest(bytes))
}
