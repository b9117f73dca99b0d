//! Long texts, packed by the build script (`build.rs`).

use crate::prelude::*;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

/// All of them, one behind the other.
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/texts"));

/// The most bytes that they may have.
const MOST_BYTES: usize = 1 << 20;

/// A text that is given out or compiled, and seldom: its place among the others.
#[derive(Clone, Copy, Debug)]
pub struct PackedText {
    start: usize,
    end: usize,
}

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// All texts, unpacked.
#[derive(Debug)]
pub struct Texts(Vec<u8>);

impl Texts {
    /// Unpacks them.
    pub fn unpacked() -> Self {
        Self(decompress_to_vec_with_limit(PACKED, MOST_BYTES).unwrap_or_default())
    }

    /// One of them, as it was written.
    pub fn get(&self, text: PackedText) -> &[u8] {
        self.0.get(text.start..text.end).unwrap_or_default()
    }
}

impl PackedText {
    /// The text as it was written.
    pub fn text(self) -> String {
        String::from_utf8(Texts::unpacked().get(self).to_vec()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_what_its_file_holds() {
        let file = include_str!("mapping/presets/ticket.json");
        assert_eq!(TICKET.text(), file);
        assert_eq!(
            IDENTITY.text(),
            include_str!("mapping/presets/identity.json")
        );
        assert!(PACKED.len() * 3 < Texts::unpacked().0.len());
        let triggers = include_str!("triggers/schema.json");
        assert!(CONFIG.text().contains(triggers));
    }
}
