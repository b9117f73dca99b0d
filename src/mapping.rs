//! The mapping from canonical records to the customer's fields, compiled once into `prepared`.
//!
//! The plain form is an object `{"source.path": "TARGET"}`. Rules that stand directly in the mapping are for contacts;
//! rules for another stream stand in an object under its name. The full form is a list of rules under a stream's name
//! (see [`rule::Rule`]), or an object with `rules` and what is said about all records of the stream (see
//! [`rule::Section`]). `preset` names a mapping that comes with the component; its parameters stand beside it.

pub mod apply;
pub mod condition;
mod document;
mod inverse;
mod packed;
pub mod path;
pub mod preset;
pub mod rule;
mod steps;
mod targets;
pub mod transform;
mod workspace;

use crate::contract::types::{Account, Connection, Failure, Problem};
use crate::failure::{invalid_input, not_valid, problem};
use document::Draft;
pub use inverse::Inverse;
use packed::{Packer, Unpacker};
use rule::Section;

/// The format of `prepared` that is written, and the only one read: what an older version prepared is a named failure, and a
/// check prepares it anew.
pub const FORMAT: u8 = b'2';

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
        match (&connection.prepared, &connection.mapping) {
            (Some(prepared), _) => Self::from_prepared(prepared),
            (None, Some(document)) => Self::compile(document, connection.account.as_ref()),
            (None, None) => Ok(Self::default()),
        }
    }

    /// Reads what [`Mapping::prepare`] wrote.
    fn from_prepared(prepared: &[u8]) -> Result<Self, Failure> {
        let read = match prepared.split_first() {
            Some((&FORMAT, packed)) => unpack(packed).ok_or("it is damaged"),
            Some(_) => Err("it is in another format"),
            None => Err("it is empty"),
        };
        read.map_err(|why| {
            invalid_input(
                "unreadable_prepared",
                format!(
                    "the prepared mapping cannot be read: {why}. Check the connection again to prepare it anew."
                ),
                vec![problem("prepared", "unreadable_prepared", why)],
            )
        })
    }

    /// Writes the compiled mapping for [`Connection::prepared`].
    pub fn prepare(&self) -> Vec<u8> {
        let mut packer = Packer(vec![FORMAT]);
        packer.number(self.explain.into());
        packer.all(&self.sections, |packer, section| section.pack(packer));
        packer.0
    }

    /// Compiles a mapping document. Parameters of presets may ask for the account's workspace.
    ///
    /// # Errors
    /// `invalid_mapping`, with every problem and its path.
    pub fn compile(document: &[u8], account: Option<&Account>) -> Result<Self, Failure> {
        let workspace = account.map(|account| account.workspace_id.as_str());
        match Draft::read(document, workspace).finish() {
            Ok((sections, explain)) => Ok(Self { sections, explain }),
            Err(problems) => Err(invalid(problems)),
        }
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

fn unpack(packed: &[u8]) -> Option<Mapping> {
    let mut unpacker = Unpacker(packed);
    let explain = unpacker.number()? == 1;
    let sections = unpacker.all(Section::unpack)?;
    unpacker
        .0
        .is_empty()
        .then_some(Mapping { sections, explain })
}

#[cfg(test)]
mod tests;
