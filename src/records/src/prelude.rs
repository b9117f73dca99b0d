//! What the standard library's prelude holds beyond `core`'s. The component links `core` and `alloc` only: all that it would
//! use of the rest is what tells people of panics, a fiftieth of the component.

pub use crate::text::Joined;
pub use alloc::borrow::ToOwned;
pub use alloc::boxed::Box;
pub use alloc::string::{String, ToString};
pub use alloc::vec::Vec;
pub use alloc::{format, vec};
