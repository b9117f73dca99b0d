//! The mapping from canonical records to the customer's fields, compiled once into `prepared`.
//!
//! The plain form is an object `{"source.path": "TARGET"}`. Rules that stand directly in the mapping are for contacts;
//! rules for another stream stand in an object under its name. The full form is a list of rules under a stream's name
//! (see [`rule::Rule`]), or an object with `rules` and what is said about all records of the stream (see
//! [`rule::Section`]). `preset` names a mapping that comes with the component; its parameters stand beside it.

pub mod apply;
pub mod condition;
pub mod document;
mod inverse;
pub mod packed;
pub mod path;
pub mod preset;
pub mod rule;
mod steps;
mod targets;
pub mod transform;
pub mod workspace;

use crate::contract::types::{Account, Connection, Failure, Problem};
use crate::failure::{invalid_input, not_valid, problem};
use crate::prelude::*;
use document::Draft;
pub use inverse::Inverse;
use packed::{Packer, Unpacker};
use rule::Section;

/// The format of `prepared` that is written, and the only one read: behind it the mapping after its length, then the triggers. In
/// place of what another version prepared, each call compiles anew, until a check prepares it.
pub const FORMAT: u8 = b'5';

/// What a check prepared: the mapping, and the triggers.
pub type Prepared<'a> = (&'a [u8], &'a [u8]);

/// The mapping and the triggers of a connection as they were prepared; `None` when they were not, or by another version.
///
/// # Errors
/// `unreadable_prepared`.
pub fn prepared(connection: &Connection) -> Result<Option<Prepared<'_>>, Failure> {
    let prepared = connection.prepared.as_deref().unwrap_or_default();
    if prepared.first() != Some(&FORMAT) {
        return Ok(None);
    }
    let mut unpacker = Unpacker(prepared.get(1..).unwrap_or_default());
    match unpacker.bytes() {
        Some(mapping) => Ok(Some((mapping, unpacker.0))),
        None => Err(unreadable()),
    }
}

/// A compiled mapping.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    sections: Vec<Section>,
    /// Whether records are to be explained instead of mapped.
    pub explain: bool,
}

impl Mapping {
    /// The mapping of a connection: from `prepared`, else compiled now. Empty when the connection has none.
    ///
    /// # Errors
    /// `invalid_mapping` with every problem, or `unreadable_prepared`.
    pub fn of(connection: &Connection) -> Result<Self, Failure> {
        match (prepared(connection)?, &connection.mapping) {
            (Some((packed, _)), _) => Self::unpack(packed).ok_or_else(unreadable),
            (None, Some(document)) => Self::compile(document, connection.account.as_ref()),
            (None, None) => Ok(Self::default()),
        }
    }

    /// A mapping of sections.
    pub fn new(sections: Vec<Section>) -> Self {
        Self {
            sections,
            explain: false,
        }
    }

    /// Reads what [`Mapping::pack`] wrote.
    pub fn unpack(packed: &[u8]) -> Option<Self> {
        let mut unpacker = Unpacker(packed);
        let explain = unpacker.number()? == 1;
        let sections = unpacker.all(Section::unpack)?;
        let mapping = Self { sections, explain };
        unpacker.0.is_empty().then_some(mapping)
    }

    /// The compiled mapping as bytes.
    pub fn pack(&self) -> Vec<u8> {
        self.packed(&self.sections)
    }

    /// The same with these of its sections.
    pub fn packed(&self, sections: &[Section]) -> Vec<u8> {
        let mut packer = Packer::default();
        packer.number(self.explain.into());
        packer.all(sections, |packer, section| section.pack(packer));
        packer.0
    }

    /// Writes the compiled mapping, with compiled triggers behind it, for [`Connection::prepared`].
    pub fn prepare(&self, triggers: &[u8]) -> Vec<u8> {
        let mut packer = Packer(vec![FORMAT]);
        packer.bytes(&self.pack());
        packer.0.extend_from_slice(triggers);
        packer.0
    }

    /// Compiles a mapping document. Parameters of presets may ask for the account's workspace.
    ///
    /// # Errors
    /// `invalid_mapping`, with every problem and its path.
    pub fn compile(document: &[u8], account: Option<&Account>) -> Result<Self, Failure> {
        match Draft::read(document, account).finish() {
            Ok((sections, explain)) => Ok(Self { sections, explain }),
            Err(problems) => Err(invalid(problems)),
        }
    }

    /// Nothing has to be there that comes from what records do not hold.
    pub fn ask_for_no_joined(&mut self) {
        self.sections
            .iter_mut()
            .for_each(Section::ask_for_no_joined);
    }

    /// The mapping of a stream; absent when its records are given as they are.
    pub fn section(&self, stream: &str) -> Option<&Section> {
        self.sections
            .iter()
            .find(|section| section.stream == stream)
    }
}

fn invalid(problems: Vec<Problem>) -> Failure {
    not_valid("invalid_mapping", "the mapping", problems)
}

fn unreadable() -> Failure {
    let why = "it is damaged";
    invalid_input(
        "unreadable_prepared",
        format!(
            "the prepared mapping cannot be read: {why}. Check the connection again to prepare it anew."
        ),
        vec![problem("prepared", "unreadable_prepared", why)],
    )
}

#[cfg(test)]
mod tests;
