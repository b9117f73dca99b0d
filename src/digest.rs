//! Names made of what something is: the same for the same texts.

use crate::prelude::*;
use sha1::{Digest, Sha1};

/// The SHA-1 of texts, each behind its length so that no two lists of them are alike, in hexadecimal digits.
pub fn of(parts: &[&str]) -> String {
    let mut hash = Sha1::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    digits(&hash.finalize())
}

pub use records::hexadecimal as digits;
