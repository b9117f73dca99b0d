//! The loops over records: JSON is read in one pass, checked against declared fields, and only what differs is rewritten.
//!
//! A package of its own, because these loops are compiled for speed and the rest of the component for size.

#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod blocks;
mod bytes;
mod field;
pub mod html;
pub mod keywords;
pub mod letters;
mod normalize;
mod order;
mod outline;
#[cfg(test)]
mod paths;
mod places;
pub mod prelude;
mod reader;
pub mod search;
mod text;
pub mod timestamp;
mod unicode;
mod unpacker;

pub use field::{Field, Kind};
pub use normalize::{Normalized, Place, Shape};
pub use order::in_order;
pub use outline::Outline;
pub use places::{Routes, value_at, values_at};
pub use reader::{Invalid, Name, Reader};
pub use text::{add, hexadecimal, in_one_row, is_written_plainly, quote, quoted, unescaped};
pub use unicode::text;
pub use unpacker::Unpacker;
