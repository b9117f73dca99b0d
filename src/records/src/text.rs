//! Texts and their escapes.

use crate::blocks::{BLOCK, Block, STEP};
use crate::bytes::plain;
use crate::prelude::*;

/// A text in quotes, escaped.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote(&mut out, text);
    out
}

/// Whether a text is written in JSON as it is.
pub fn is_written_plainly(text: &str) -> bool {
    plain(text.as_bytes(), 0) == text.len()
}

/// Appends texts, one behind the other. Most are names and marks: those that are short are copied in two steps which overlap,
/// since in the sandbox each longer copy is a call of the host's.
#[inline(never)]
pub fn add(out: &mut String, texts: &[&str]) {
    // SAFETY: whole texts are appended.
    let bytes = unsafe { out.as_mut_vec() };
    bytes.reserve(texts.iter().map(|text| text.len()).sum());
    for text in texts {
        let text = text.as_bytes();
        match text.len() {
            0..4 => text.iter().for_each(|byte| bytes.push(*byte)),
            4..8 => overlapping::<4>(bytes, text),
            8..16 => overlapping::<8>(bytes, text),
            16..33 => overlapping::<16>(bytes, text),
            _ => bytes.extend_from_slice(text),
        }
    }
}

/// Texts, one behind the other. The standard library's way is made for long lists, and a kilobyte for each kind of text.
pub trait Joined {
    /// The texts as one, with this between each two.
    fn joined(&self, between: &str) -> String;
}

impl<T: AsRef<str>> Joined for [T] {
    fn joined(&self, between: &str) -> String {
        let mut all = String::new();
        let mut before = "";
        for text in self {
            add(&mut all, &[before, text.as_ref()]);
            before = between;
        }
        all
    }
}

/// Appends a text that is as long as this, or up to twice as long.
#[inline(always)]
fn overlapping<const SIZE: usize>(bytes: &mut Vec<u8>, text: &[u8]) {
    let end = bytes.len() + text.len();
    if let (Some(first), Some(last)) = (text.first_chunk::<SIZE>(), text.last_chunk::<SIZE>()) {
        bytes.extend_from_slice(first);
        bytes.truncate(end - SIZE);
        bytes.extend_from_slice(last);
    }
}

/// Appends a text in quotes, escaped.
#[inline(never)]
pub fn quote(out: &mut String, text: &str) {
    if is_written_plainly(text) {
        return add(out, &["\"", text, "\""]);
    }
    let bytes = text.as_bytes();
    out.reserve(text.len() + 2);
    let mut before = "\"";
    let mut done = 0;
    loop {
        let at = done + plain(bytes, done);
        let row = text.get(done..at).unwrap_or_default();
        let Some(byte) = bytes.get(at) else {
            return add(out, &[before, row, "\""]);
        };
        let digits = digits_of(*byte);
        let (escape, [high, low]) = match byte {
            b'"' => ("\\\"", [""; 2]),
            b'\\' => ("\\\\", [""; 2]),
            b'\n' => ("\\n", [""; 2]),
            b'\r' => ("\\r", [""; 2]),
            b'\t' => ("\\t", [""; 2]),
            _ => ("\\u00", digits),
        };
        add(out, &[before, row, escape, high, low]);
        before = "";
        done = at + 1;
    }
}

/// The hexadecimal digits.
const HEXADECIMAL: &str = "0123456789abcdef";

/// The hexadecimal digits of a byte.
fn digits_of(byte: u8) -> [&'static str; 2] {
    let digit = |digit: u8| HEXADECIMAL.get(digit.into()..usize::from(digit) + 1);
    [byte >> 4, byte & 15].map(|one| digit(one).unwrap_or_default())
}

/// Bytes in hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for digit in digits_of(*byte) {
            text.push_str(digit);
        }
    }
    text
}

/// How many bytes a text begins with, as far as blocks of them go, that are printable and of ASCII, and no two of which are
/// blanks side by side; nor is the first one a blank behind another. None that begins markup is among them either, where that
/// matters.
#[inline(always)]
pub(crate) fn smooth<const MARKUP: bool>(text: &[u8], mut is_blank: bool) -> usize {
    let mut done = 0;
    while let Some(Ok(block)) = text.get(done..done + BLOCK).map(TryInto::try_into) {
        let block = Block::of(block);
        let blanks = block.equal(b' ');
        let doubled = blanks & (blanks << STEP | u64::from(is_blank) << (STEP - 1));
        let mut odd = doubled | block.unprintable();
        if MARKUP {
            odd |= block.equal(b'<') | block.equal(b'&');
        }
        if odd != 0 {
            return done + odd.trailing_zeros() as usize / STEP;
        }
        is_blank = blanks >> (BLOCK * STEP - 1) != 0;
        done += BLOCK;
    }
    done
}

/// The length of the longest beginning of a text that is words with one blank between each two, and no markup.
#[inline(never)]
pub fn in_one_row(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut is_blank) = (0, true);
    loop {
        at += smooth::<true>(bytes.get(at..).unwrap_or_default(), is_blank);
        is_blank = at.checked_sub(1).is_none_or(|at| bytes[at] == b' ');
        for _ in 0..8 {
            match bytes.get(at) {
                Some(b' ') if !is_blank => is_blank = true,
                Some(b' ' | b'\n' | b'\r' | b'\t' | b'\x0c' | b'<' | b'&') | None => {
                    return at - usize::from(is_blank && at > 0);
                }
                Some(_) => is_blank = false,
            }
            at += 1;
        }
    }
}

/// The characters of a text as it is written between its quotes; `None` when its escapes make none.
pub fn unescaped(written: &str) -> Option<String> {
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    loop {
        let (row, escape) = rest.split_at_checked(plain(rest.as_bytes(), 0))?;
        add(&mut text, &[row]);
        let mut letters = escape.chars();
        let Some(mut letter) = letters.next() else {
            return Some(text);
        };
        rest = letters.as_str();
        // Anything else is no escape, and stands for itself.
        if letter == '\\' {
            let mut letters = rest.chars();
            letter = letters.next()?;
            rest = letters.as_str();
            letter = match letter {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'u' => {
                    let (character, behind) = character(rest)?;
                    rest = behind;
                    character
                }
                other => other,
            };
        }
        text.push(letter);
    }
}

/// The character of the digits after `\u`, with the second half of a pair where it takes one, and what follows.
fn character(written: &str) -> Option<(char, &str)> {
    let (first, rest) = unit(written)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, rest));
    }
    let (second, rest) = unit(rest.strip_prefix("\\u")?)?;
    if !(0xd800..0xdc00).contains(&first) || !(0xdc00..0xe000).contains(&second) {
        return None;
    }
    let character = char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))?;
    Some((character, rest))
}

#[inline(never)]
fn unit(written: &str) -> Option<(u32, &str)> {
    let (digits, rest) = written.split_at_checked(4)?;
    let mut digits = digits.chars();
    let unit = digits.try_fold(0, |unit, digit| Some(unit * 16 + digit.to_digit(16)?));
    Some((unit?, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Texts in which escapes meet, whole and halved.
    fn escapes() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "a", "é", "\\n", "\\\"", "\\\\", "\\/", "\\b", "\\u00e9", "\\ud83d", "\\ude00",
            "\\u0000",
        ]);
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    #[test]
    fn words_stand_in_one_row_up_to_the_first_other_blank() {
        for (text, length) in [
            ("", 0),
            (" a", 0),
            ("a", 1),
            ("a b c", 5),
            ("a b ", 3),
            ("a b  c", 3),
            ("a\nb", 1),
            ("a &amp; b", 1),
            ("twelve, thirteen<br>", 16),
            ("é\u{a0}ü\t", 6),
        ] {
            assert_eq!(in_one_row(text), length, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn texts_are_added_whole(texts in prop::collection::vec(".{0,40}", 0..8)) {
            let mut out = "x".to_owned();
            add(&mut out, &texts.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert_eq!(out, format!("x{}", texts.concat()));
        }

        #[test]
        fn texts_are_written_and_read_as_serde_json_does(text in ".{0,40}|[\\x00-\\x7f]{0,40}") {
            let written = quoted(&text);
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text.clone());
            prop_assert_eq!(unescaped(&written[1..written.len() - 1]), Some(text));
        }

        #[test]
        fn escapes_are_read_as_serde_json_does(written in escapes()) {
            let expected = serde_json::from_str::<String>(&format!("\"{written}\""));
            prop_assert_eq!(unescaped(&written), expected.ok());
        }
    }
}
