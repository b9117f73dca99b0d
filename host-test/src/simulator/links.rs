//! What hangs on a contact or a company, changed by a test: tags, companies, notes, subscriptions, segments.

use std::borrow::Cow;

use serde::Deserialize;

use super::errors::ApiError;
use super::identifiers::{self, Kind};
use super::segments;
use super::subscriptions;
use super::tags;
use super::workspace::Workspace;

/// Whether a change of what hangs on an object moves the object's `updated_at`. Intercom does not say which of its changes
/// do, so both can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// `updated_at` becomes now, and who subscribed to changes is notified.
    Now,
    /// `updated_at` stays, and nobody is notified.
    Kept,
}

impl Stamp {
    /// What `updated_at` becomes.
    pub(crate) fn apply(self, updated_at: &mut i64, now: i64) {
        if self == Stamp::Now {
            *updated_at = now;
        }
    }
}

/// A change of what hangs on a contact or a company.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkChange {
    /// Id of the contact or the company.
    pub of: String,
    /// What is added or taken away.
    pub link: Link,
    /// Whether it is taken away.
    #[serde(default)]
    pub remove: bool,
    /// Whether the `updated_at` of the contact or the company stays as it is.
    #[serde(default)]
    pub quiet: bool,
}

/// What hangs on a contact or a company. To do again what is done changes nothing, save for notes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// The tag with this id.
    Tag(String),
    /// The company with this id (of a contact).
    Company(String),
    /// A note: its text when it is added, its id when it is taken away.
    Note(String),
    /// The subscription type with this id (of a contact): the contact is or is not in the state that is not the default.
    Subscription(String),
    /// The segment with this id (of a company).
    Segment(String),
}

impl Workspace {
    /// Adds something to a contact or a company, or takes it away; returns its id.
    ///
    /// # Errors
    /// 404 for what does not exist, 400 for what that object cannot have.
    pub fn change_link(&self, change: &LinkChange) -> Result<String, ApiError> {
        let decode = |kind| identifiers::decode(self.options.seed, kind, &change.of);
        let stamp = if change.quiet {
            Stamp::Kept
        } else {
            Stamp::Now
        };
        match (decode(Kind::Contact), decode(Kind::Company)) {
            (Some(contact), _) => self.change_of_contact(contact, change, stamp),
            (None, Some(company)) => self.change_of_company(company, change, stamp),
            (None, None) => Err(ApiError::resource_not_found()),
        }
    }

    fn change_of_contact(
        &self,
        number: u64,
        change: &LinkChange,
        stamp: Stamp,
    ) -> Result<String, ApiError> {
        let add = !change.remove;
        match &change.link {
            Link::Tag(id) => {
                let (tag, _) = tags::find(&self.read(), id)?;
                self.tag_contact(number, tag, add, stamp)?;
                Ok(id.clone())
            }
            Link::Company(id) => {
                self.set_attached(number, self.company_number(id)?, add, stamp)?;
                Ok(id.clone())
            }
            Link::Note(text) if add => {
                let note = self.note_contact(number, (Cow::Owned(text.clone()), 0), stamp)?;
                Ok(note.id.to_string())
            }
            Link::Note(id) => {
                self.remove_note_of_contact(number, note_id(id)?, stamp)?;
                Ok(id.clone())
            }
            Link::Subscription(id) => {
                let subscription = subscriptions::find(self, id)?;
                self.subscribe(number, subscription, add, stamp)?;
                Ok(id.clone())
            }
            Link::Segment(_) => Err(ApiError::parameter_invalid(
                "The segments of a contact follow from its number",
            )),
        }
    }

    fn change_of_company(
        &self,
        number: u64,
        change: &LinkChange,
        stamp: Stamp,
    ) -> Result<String, ApiError> {
        let add = !change.remove;
        match &change.link {
            Link::Tag(id) => {
                let (tag, _) = tags::find(&self.read(), id)?;
                self.tag_company(number, tag, add, stamp)?;
                Ok(id.clone())
            }
            Link::Note(text) if add => {
                let note = self.note_company(number, (Cow::Owned(text.clone()), 0), stamp)?;
                Ok(note.id.to_string())
            }
            Link::Note(id) => {
                self.remove_note_of_company(number, note_id(id)?, stamp)?;
                Ok(id.clone())
            }
            Link::Segment(id) => {
                let segment = segments::index(self, id)?;
                self.set_segment(number, segment, add, stamp)?;
                Ok(id.clone())
            }
            Link::Company(_) | Link::Subscription(_) => Err(ApiError::parameter_invalid(
                "A company has tags, notes and segments",
            )),
        }
    }
}

fn note_id(id: &str) -> Result<u64, ApiError> {
    id.parse().map_err(|_| ApiError::resource_not_found())
}
