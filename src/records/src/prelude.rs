//! What the standard library's prelude holds beyond `core`'s. The component links `core` and `alloc` only: the rest of the
//! standard library is there to tell people of panics, which is a twentieth of the component and reaches nobody.

pub use alloc::borrow::ToOwned;
pub use alloc::boxed::Box;
pub use alloc::string::{String, ToString};
pub use alloc::vec::Vec;
pub use alloc::{format, vec};
