//! The fields of Intercom's objects: one table each, from which normalisation and the JSON Schemas are read.

use records::fields;

pub use records::{Field, Kind};

/// A reference to another object, as Intercom embeds it.
const REFERENCE: &[Field] = fields! { "type": Kind::Text, "id": Kind::Text };

mod content;
mod conversations;
mod people;
mod tickets;
mod workspace;

pub use content::*;
pub use conversations::*;
pub use people::*;
pub use tickets::*;
pub use workspace::*;
