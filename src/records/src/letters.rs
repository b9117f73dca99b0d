//! Letters, and where words end.

use crate::blocks::Block;
use crate::prelude::*;
use crate::text::smooth;

/// Characters beyond ASCII that belong to no word which has an end: signs and punctuation, and scripts that are written without
/// blanks (Thai, Lao, Tibetan, Myanmar, Khmer, those of Chinese, Japanese and Korean). Sorted.
const ALONE: [(u32, u32); 35] = [
    (0x80, 0xa9),
    (0xab, 0xb4),
    (0xb6, 0xb9),
    (0xbb, 0xbf),
    (0xd7, 0xd7),
    (0xf7, 0xf7),
    (0x37e, 0x37e),
    (0x387, 0x387),
    (0x55a, 0x55f),
    (0x589, 0x58a),
    (0x5be, 0x5be),
    (0x5f3, 0x5f4),
    (0x60c, 0x60d),
    (0x61b, 0x61f),
    (0x66a, 0x66d),
    (0x6d4, 0x6d4),
    (0x964, 0x965),
    (0x0e00, 0x0fff),
    (0x1000, 0x109f),
    (0x1100, 0x11ff),
    (0x1780, 0x17ff),
    (0x1950, 0x19ff),
    (0x1a20, 0x1aaf),
    (0x2000, 0x2bff),
    (0x2e00, 0xa4cf),
    (0xa960, 0xa97f),
    (0xa9e0, 0xa9ff),
    (0xaa60, 0xaadf),
    (0xac00, 0xd7ff),
    (0xe000, 0xfaff),
    (0xfd3e, 0xfd3f),
    (0xfe10, 0xfe6f),
    (0xff00, 0xffff),
    (0x1_6fe0, 0x1_b2ff),
    (0x1_d000, 0x10_ffff),
];

/// A bit for each letter and digit of ASCII, and for `_`.
const ASCII: [u32; 4] = {
    let mut bits = [0; 4];
    let mut code = 0;
    while code < 128 {
        let letter = code as u8;
        if letter.is_ascii_alphanumeric() || letter == b'_' {
            bits[code / 32] |= 1 << (code % 32);
        }
        code += 1;
    }
    bits
};

/// Appends the beginning of a text that is ASCII, in the form in which texts are compared: small letters, one blank for several,
/// and nothing that cannot be seen. Gives what follows it.
#[inline(never)]
pub fn fold_ascii<'t>(text: &'t str, out: &mut String) -> &'t str {
    // SAFETY: nothing but ASCII is appended.
    let out = unsafe { out.as_mut_vec() };
    out.reserve(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let row = smooth::<false>(rest, out.last() == Some(&b' '));
        let start = out.len();
        out.extend_from_slice(rest.get(..row).unwrap_or_default());
        make_small(out.get_mut(start..).unwrap_or_default());
        at += row;
        for _ in 0..8 {
            match bytes.get(at) {
                None => return "",
                Some(0x80..) => return text.get(at..).unwrap_or_default(),
                Some(byte @ b'!'..=b'~') => out.push(byte.to_ascii_lowercase()),
                Some(b' ' | b'\t'..=b'\r') if out.last() != Some(&b' ') => out.push(b' '),
                Some(_) => {}
            }
            at += 1;
        }
    }
}

/// Makes the capital letters of ASCII small.
#[inline(always)]
fn make_small(row: &mut [u8]) {
    let (blocks, rest) = row.as_chunks_mut();
    for block in blocks {
        *block = Block::of(block).small();
    }
    rest.make_ascii_lowercase();
}

/// Whether a character is a letter or digit of a script whose words have blanks between them.
#[inline]
pub fn is_of_word(letter: char) -> bool {
    let code = u32::from(letter);
    if code < 128 {
        return ASCII[code as usize / 32] >> (code % 32) & 1 != 0;
    }
    is_of_word_beyond(code)
}

/// The same beyond ASCII.
#[inline(never)]
fn is_of_word_beyond(code: u32) -> bool {
    let at = ALONE.partition_point(|(first, _)| *first <= code);
    let before = at.checked_sub(1).and_then(|at| ALONE.get(at));
    before.is_none_or(|(_, last)| code > *last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_made_of_the_letters_of_scripts_with_words() {
        for letter in "aZ09_éßжΩאעलहअআ".chars() {
            assert!(is_of_word(letter), "{letter}");
        }
        for letter in " .-€…“退款ไทยລາວខ្មែរမြန်あア환불🎉·«؟،।".chars()
        {
            assert!(!is_of_word(letter), "{letter}");
        }
        assert!(ALONE.is_sorted());
    }
}
