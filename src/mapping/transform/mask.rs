//! Masking: what is personal inside free text is made unreadable, the rest stays.

use super::{Item, Odd, argument};
use crate::prelude::*;

/// What can be masked. `id` are numbers of people and accounts: anything of six digits or more that is nothing else, and
/// IBANs. `all` are the four of them; `whole` hides every letter and digit, `none` nothing.
pub const KINDS: &[&str] = &["all", "email", "phone", "card", "id", "whole", "none"];

/// The fewest digits of what is taken for a telephone number, and for another number of somebody; the most of a card's.
const PHONE_DIGITS: usize = 7;
const ID_DIGITS: usize = 6;
const CARD_DIGITS: usize = 19;

/// Masks what its arguments name.
pub fn mask<'a>(arguments: &[String], item: Item<'a>, _: &str) -> Result<Item<'a>, Odd> {
    let Item::Text(text) = &item else {
        return Err(Odd);
    };
    let wants = |kind: &str| {
        let mut kinds = argument(arguments, 0).split(' ');
        kinds.any(|known| known == kind || (known == "all" && kind != "whole"))
    };
    if argument(arguments, 0) == "none" {
        return Ok(item);
    }
    if wants("whole") {
        return Ok(Item::text(hidden(text)));
    }
    let mut masked = text.to_string();
    if wants("email") {
        masked = emails(&masked);
    }
    Ok(Item::text(numbers(&masked, &wants)))
}

/// A text with every letter and digit made a star, so that its form can still be seen.
pub fn hidden(text: &str) -> String {
    let hide = |character: char| if is_sign(character) { '*' } else { character };
    text.chars().map(hide).collect()
}

/// Whether a character is a letter or a digit, for which all of those beyond ASCII are taken.
fn is_sign(character: char) -> bool {
    character.is_ascii_alphanumeric() || (!character.is_ascii() && !is_separator(character))
}

/// Whether a character may stand in an e-mail address. More than the standard allows: what is masked too much harms nobody.
fn in_address(character: char) -> bool {
    !character.is_whitespace() && !"<>()[]{},;:\"'`|\\@".contains(character)
}

/// Where an address has its sign, and how long that is: in URLs it is written otherwise, and on wide keyboards.
fn at_sign(text: &str) -> Option<(usize, usize)> {
    let mut letters = text.char_indices();
    letters.find_map(|(at, letter)| match letter {
        '@' | '\u{ff20}' => Some((at, letter.len_utf8())),
        '%' if text[at..].starts_with("%40") => Some((at, 3)),
        _ => None,
    })
}

/// E-mail addresses to their host's ending.
fn emails(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, length)) = at_sign(rest) {
        let (before, after) = (&rest[..at], &rest[at + length..]);
        let local = before.trim_end_matches(in_address).len();
        let host = after.len() - after.trim_start_matches(in_address).len();
        let (kept, local) = before.split_at(local);
        let (host, left) = after.split_at(host);
        out.push_str(kept);
        if local.is_empty() || host.is_empty() {
            out.push_str(local);
            out.push_str(&rest[at..at + length]);
            out.push_str(host);
        } else {
            out.push_str("***@***");
            let ending = host.rsplit_once('.').map_or("", |(_, ending)| ending);
            if !ending.is_empty() && ending.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                out.push('.');
                out.push_str(ending);
            }
        }
        rest = left;
    }
    out.push_str(rest);
    out
}

/// Runs of digits, with what people write between them, are masked as what they are.
fn numbers(text: &str, wants: &dyn Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_mark) {
        let (before, run) = rest.split_at(start);
        out.push_str(before);
        let (run, left) = run.split_at(end_of_run(run));
        let digits: Vec<u8> = run.chars().filter_map(digit).collect();
        let count = digits.len();
        let pure = !run.contains(|character: char| character.is_ascii_alphabetic());
        // What is longer than any is several, side by side.
        let several = pure && count > CARD_DIGITS;
        let card = several || pure && (13..=CARD_DIGITS).contains(&count) && luhn(&digits);
        let phone = several || pure && (PHONE_DIGITS..=15).contains(&count);
        let iban = !pure && is_iban(run);
        let card = card && wants("card");
        let phone = phone && wants("phone");
        let id = (pure || iban) && count >= ID_DIGITS && wants("id");
        let kept = match card && !several {
            true => Some(4),
            false => (card || phone || id).then_some(2),
        };
        match kept {
            Some(kept) if !is_day(run, left) => stars(&mut out, run, kept),
            _ => out.push_str(run),
        }
        rest = left;
    }
    out.push_str(rest);
    out
}

/// Whether a run is the day of a time such as `2024-06-27T12:52:57Z`, which says when and not who.
fn is_day(run: &str, left: &str) -> bool {
    matches!(run.as_bytes(), [b'2', b'0', _, _, b'-', _, _, b'-', _, _])
        && matches!(left.as_bytes(), [b'T', _, _, b':', ..])
}

/// The value of a decimal digit: also wide ones, and those of Arabic, Persian, Devanagari and Thai.
fn digit(character: char) -> Option<u8> {
    let zero = match character {
        '0'..='9' => '0',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        '\u{966}'..='\u{96f}' => '\u{966}',
        '\u{e50}'..='\u{e59}' => '\u{e50}',
        '\u{ff10}'..='\u{ff19}' => '\u{ff10}',
        _ => return None,
    };
    Some((u32::from(character) - u32::from(zero)) as u8)
}

/// Whether a character may be a part of somebody's number. Letters beyond ASCII stand beside it.
fn is_mark(character: char) -> bool {
    character.is_ascii_alphabetic() || digit(character).is_some()
}

/// Where a run of letters and digits ends. One that begins with a digit goes on over a few separators as long as digits
/// follow; a word, over blanks as long as it may be an IBAN.
fn end_of_run(text: &str) -> usize {
    let starts_with_digit = text.chars().next().and_then(digit).is_some();
    let mut end = 0;
    for (at, character) in text.char_indices() {
        let goes_on = match character {
            character if starts_with_digit && is_separator(character) => {
                let next = text[at..].chars().take(4).find(|next| !is_separator(*next));
                next.and_then(digit).is_some()
            }
            character if starts_with_digit => digit(character).is_some(),
            ' ' => {
                let next = text[at + 1..].chars().next();
                is_iban_start(text) && matches!(next, Some('A'..='Z' | '0'..='9'))
            }
            character => is_mark(character),
        };
        if !goes_on {
            break;
        }
        end = at + character.len_utf8();
    }
    end.max(text.chars().next().map_or(0, char::len_utf8))
}

fn is_separator(character: char) -> bool {
    matches!(
        character,
        ' ' | '-' | '.' | '/' | '(' | ')' | '_' | '\u{a0}' | '\u{2000}'
            ..='\u{2015}' | '\u{202f}' | '\u{3000}'
    )
}

fn is_iban_start(text: &str) -> bool {
    matches!(text.as_bytes(), [a, b, c, d, ..]
        if a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_digit() && d.is_ascii_digit())
}

/// Letters and digits in one: what begins like an IBAN, or mixes them as numbers of passports and accounts do.
fn is_iban(run: &str) -> bool {
    is_iban_start(run) || run.chars().all(is_mark)
}

/// A run with all its letters and digits but the last few made stars.
fn stars(out: &mut String, run: &str, kept: usize) {
    let count = run.chars().filter(|character| is_mark(*character)).count();
    let mut seen = 0;
    for character in run.chars() {
        if !is_mark(character) {
            out.push(character);
            continue;
        }
        seen += 1;
        out.push(if seen + kept > count { character } else { '*' });
    }
}

/// The check that card numbers pass.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .zip(0_u32..)
        .map(|(digit, at)| {
            let value = u32::from(*digit) << (at % 2);
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}
