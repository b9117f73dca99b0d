//! Texts within texts. The standard library's search is made for long ones, and 4 kB of the component.

use crate::prelude::*;

/// Where a text, which is not empty, begins in another for the first time.
pub fn find(text: &str, wanted: &str) -> Option<usize> {
    let mut windows = text.as_bytes().windows(wanted.len().max(1));
    windows.position(|window| window == wanted.as_bytes())
}

/// What stands before a text in another, and what stands behind it.
pub fn parted<'a>(text: &'a str, wanted: &str) -> Option<(&'a str, &'a str)> {
    let at = find(text, wanted)?;
    Some((text.get(..at)?, text.get(at + wanted.len()..)?))
}

/// What stands before the last byte of this kind, which is of ASCII, and what stands behind it.
pub fn parted_last(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = text.bytes().rposition(|byte| byte == mark)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// How many characters a text has.
pub fn characters(text: &str) -> usize {
    let begins = |byte: &u8| *byte & 0xc0 != 0x80;
    text.as_bytes().iter().filter(|byte| begins(byte)).count()
}

/// The text with another one wherever one stands.
pub fn replaced(text: &str, wanted: &str, other: &str) -> String {
    let mut out = String::with_capacity(text.len() + other.len());
    let mut rest = text;
    while let Some((before, behind)) = parted(rest, wanted) {
        out.push_str(before);
        out.push_str(other);
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_what_the_standard_library_does(text in "[abé]{0,12}", wanted in "[abé]{1,3}", other in "[abé]{0,2}") {
            prop_assert_eq!(find(&text, &wanted), text.find(&wanted));
            prop_assert_eq!(parted(&text, &wanted), text.split_once(&wanted));
            prop_assert_eq!(parted_last(&text, b'a'), text.rsplit_once('a'));
            prop_assert_eq!(characters(&text), text.chars().count());
            prop_assert_eq!(replaced(&text, &wanted, &other), text.replace(&wanted, &other));
        }
    }
}
