//! Texts and their escapes.

/// A text in quotes, escaped.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote(&mut out, text);
    out
}

/// Appends a text in quotes, escaped.
pub fn quote(out: &mut String, text: &str) {
    out.push('"');
    let mut done = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'\n' => 'n',
            b'\r' => 'r',
            b'\t' => 't',
            0..0x20 => 'u',
            _ => continue,
        };
        out.push_str(text.get(done..at).unwrap_or_default());
        out.push('\\');
        out.push(short);
        if short == 'u' {
            out.push_str("00");
            for digit in [byte >> 4, byte & 15] {
                out.extend(char::from_digit(digit.into(), 16));
            }
        }
        done = at + 1;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out.push('"');
}

/// The characters of a text as it is written between its quotes; `None` when its escapes make none.
pub fn unescaped(written: &str) -> Option<String> {
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let (letter, after) = escape.split_at_checked(1)?;
        rest = after;
        text.push(match letter {
            "n" => '\n',
            "r" => '\r',
            "t" => '\t',
            "b" => '\u{8}',
            "f" => '\u{c}',
            "u" => {
                let (character, after) = character(after)?;
                rest = after;
                character
            }
            _ => letter.chars().next()?,
        });
    }
    text.push_str(rest);
    Some(text)
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

fn unit(written: &str) -> Option<(u32, &str)> {
    let (digits, rest) = written.split_at_checked(4)?;
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
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

    proptest! {
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
