//! Triggers: rules that turn what happened to a row into an intent, something that is to be done.
//!
//! `connection.triggers` is an object from names to triggers (see [`document`] for what a trigger says). They are compiled once
//! (see `packing`) into a form that is judged as it lies (see `watch` and `scene`): a call builds nothing for a trigger that
//! does not fire. [`fit`] compares them with what a workspace has.

pub mod document;
mod fit;
mod intents;
mod keywords;
mod packing;
mod parts;
pub mod question;
mod scene;
mod senses;
mod watch;

use crate::prelude::*;
use alloc::borrow::Cow;

use crate::contract::types::{Account, Connection, Failure};
use crate::failure::not_valid;
use crate::intercom::streams::Stream;
use crate::intercom::topics::Topic;
use crate::mapping::condition::Condition;
use crate::mapping::packed::Unpacker;
use crate::mapping::{self, Mapping};
pub use watch::{Occasion, Watch};

/// A trigger.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// The topics to which it is restricted, where it is.
    pub topics: Option<Vec<&'static Topic>>,
    /// The stream whose rows it looks at.
    pub stream: &'static Stream,
    /// What has to hold.
    pub when: Option<Condition>,
    /// What is to be done.
    pub action: String,
    /// Whether a person has to agree.
    pub confirm: bool,
    /// Whether it fires for each change of a row, and not once for a row.
    pub each_change: bool,
    /// The mapping of the record to act with; without a section for the stream the record is given as it is.
    pub mapping: Mapping,
}

/// The triggers of a connection, compiled.
#[derive(Clone, Debug, Default)]
pub struct Triggers<'c> {
    packed: Cow<'c, [u8]>,
}

impl<'c> Triggers<'c> {
    /// The triggers of a connection: from `prepared`, else compiled now. None when the connection has none.
    ///
    /// # Errors
    /// `invalid_triggers` with every problem, or `unreadable_prepared`.
    pub fn of(connection: &'c Connection) -> Result<Self, Failure> {
        let packed = match (mapping::prepared(connection)?, &connection.triggers) {
            (Some((_, triggers)), _) => Cow::Borrowed(triggers),
            (None, Some(document)) => {
                let triggers = compile(document, connection.account.as_ref())?;
                Cow::Owned(packing::pack(&triggers))
            }
            (None, None) => Cow::default(),
        };
        Ok(Self { packed })
    }

    /// The same, for longer than the connection.
    pub fn into_owned(self) -> Triggers<'static> {
        Triggers {
            packed: Cow::Owned(self.packed.into_owned()),
        }
    }

    /// Whether one looks at rows of a stream.
    pub fn watch(&self, stream: &Stream) -> bool {
        watch::find(&self.packed, stream).is_some()
    }

    /// How much their mappings ask to be read for each record of a stream ([`Section::joins`]).
    ///
    /// [`Section::joins`]: crate::mapping::rule::Section::joins
    pub fn joins(&self, stream: &Stream) -> usize {
        let mut mappings = Unpacker(watch::find(&self.packed, stream).map_or(&[], |found| found.1));
        let mut joins = 0;
        while let Some(packed) = mappings.bytes() {
            let mapping = Mapping::unpack(packed).unwrap_or_default();
            let section = mapping.section(stream.name);
            joins = joins.max(section.map_or(0, |section| section.joins()));
        }
        joins
    }

    /// Those that look at rows of a stream; `None` when none does.
    pub fn of_stream(&self, stream: &'static Stream) -> Option<Watch<'_>> {
        Watch::of(&self.packed, stream)
    }
}

/// Compiles a document of triggers. Parameters of presets may ask for the account's workspace.
///
/// # Errors
/// `invalid_triggers`, with every problem and its path.
pub fn compile(document: &[u8], account: Option<&Account>) -> Result<Vec<Trigger>, Failure> {
    document::read(document, account)
        .map_err(|problems| not_valid("invalid_triggers", "the section `triggers`", problems))
}

pub use fit::fit;
pub use packing::pack;

#[cfg(test)]
mod tests;
