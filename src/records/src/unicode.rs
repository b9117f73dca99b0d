//! Bytes that are to be a text.

use crate::blocks::{BLOCK, Block};

/// The text of UTF-8 bytes. Most of a page is of ASCII, which is looked at in blocks; what is not is left to `core`, from one
/// block of ASCII to the next: no character reaches into those.
pub fn text(bytes: &[u8]) -> Option<&str> {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    // Where what was seen and is not of ASCII begins.
    let mut open = None;
    for (place, block) in (0..).step_by(BLOCK).zip(blocks) {
        match (Block::of(block).is_ascii(), open) {
            (true, Some(from)) => {
                core::str::from_utf8(bytes.get(from..place)?).ok()?;
                open = None;
            }
            (false, None) => open = Some(place),
            _ => {}
        }
    }
    let from = open.unwrap_or(bytes.len() - rest.len());
    core::str::from_utf8(bytes.get(from..)?).ok()?;
    // SAFETY: it is made of texts, one behind the other: each part is of ASCII or was looked at.
    Some(unsafe { core::str::from_utf8_unchecked(bytes) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn piece() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            "[ -~]{0,40}".prop_map(String::into_bytes),
            "\\PC{0,12}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..3),
        ]
    }

    proptest! {
        #[test]
        fn it_is_what_the_standard_library_says(pieces in prop::collection::vec(piece(), 0..8)) {
            let bytes = pieces.concat();
            prop_assert_eq!(text(&bytes), str::from_utf8(&bytes).ok());
        }

        /// A character may be cut anywhere, and begin and end anywhere in a block.
        #[test]
        fn cut_characters_are_seen(before in "[a-z]{0,40}", cut in 0_usize..6, after in "[a-z]{0,40}") {
            let mut bytes = before.into_bytes();
            bytes.extend_from_slice("é语😀".as_bytes().get(..cut).unwrap());
            bytes.extend_from_slice(after.as_bytes());
            prop_assert_eq!(text(&bytes), str::from_utf8(&bytes).ok());
        }
    }
}
