//! Long texts, packed by the build script (`build.rs`).

use crate::prelude::*;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

/// The most bytes that a text may have.
const MOST_BYTES: usize = 1 << 20;

/// A text that is given out or compiled, and seldom.
#[derive(Clone, Copy, Debug)]
pub struct PackedText(pub &'static [u8]);

impl PackedText {
    /// The text as it was written.
    pub fn text(self) -> String {
        let bytes = decompress_to_vec_with_limit(self.0, MOST_BYTES).unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    }
}

/// The text of a file in `src` that the build script packs.
macro_rules! packed_text {
    ($path:literal) => {
        $crate::packed_text::PackedText(include_bytes!(concat!(env!("OUT_DIR"), "/", $path)))
    };
}

pub(crate) use packed_text;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_what_its_file_holds() {
        const SCHEMA: PackedText = packed_text!("triggers/schema.json");
        let file = include_str!("triggers/schema.json");
        assert_eq!(SCHEMA.text(), file);
        assert!(SCHEMA.0.len() * 2 < file.len());
    }
}
