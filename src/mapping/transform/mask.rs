//! Masking: what is personal inside free text is made unreadable, the rest stays.

use super::{Item, Odd, argument};
use crate::prelude::*;

/// What can be masked. `id` are numbers of people and accounts: anything of six digits or more that is nothing else, and
/// IBANs. `all` are the four of them; `whole` hides every letter and digit, `none` nothing.
pub const KINDS: &[&str] = &["all", "email", "phone", "card", "id", "whole", "none"];

/// The fewest digits of what is taken for a telephone number, and for another number of somebody.
const PHONE_DIGITS: usize = 7;
const ID_DIGITS: usize = 6;

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

/// E-mail addresses to their first letter and their host's ending.
fn emails(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('@') {
        let local = before.trim_end_matches(in_address).len();
        let host = after.len() - after.trim_start_matches(in_address).len();
        let (kept, local) = before.split_at(local);
        let (host, left) = after.split_at(host);
        out.push_str(kept);
        if local.is_empty() || host.is_empty() {
            out.push_str(local);
            out.push('@');
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
    while let Some(start) = rest.find(is_sign) {
        let (before, run) = rest.split_at(start);
        out.push_str(before);
        let (run, left) = run.split_at(end_of_run(run));
        let digits: Vec<u8> = run.bytes().filter(u8::is_ascii_digit).collect();
        let count = digits.len();
        let pure =
            !run.contains(|character: char| is_sign(character) && !character.is_ascii_digit());
        let card = pure && (13..=19).contains(&count) && luhn(&digits);
        let phone = pure && (PHONE_DIGITS..=15).contains(&count);
        let iban = !pure && is_iban(run);
        let card = card && wants("card");
        let phone = phone && wants("phone");
        let id = (pure || iban) && count >= ID_DIGITS && wants("id");
        let kept = match card {
            true => Some(4),
            false => (phone || id).then_some(2),
        };
        match kept {
            Some(kept) => stars(&mut out, run, kept),
            None => out.push_str(run),
        }
        rest = left;
    }
    out.push_str(rest);
    out
}

/// Where a run of letters and digits ends. One that begins with a digit goes on over single separators as long as digits
/// follow; a word, over blanks as long as it may be an IBAN.
fn end_of_run(text: &str) -> usize {
    let starts_with_digit = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_digit());
    let mut end = 0;
    for (at, character) in text.char_indices() {
        let next = |skip: usize| text[at..].chars().nth(skip).unwrap_or(' ');
        let goes_on = match character {
            character if starts_with_digit => {
                character.is_ascii_digit()
                    || (is_separator(character) && next(1).is_ascii_digit())
                    || (is_separator(character)
                        && is_separator(next(1))
                        && next(2).is_ascii_digit())
            }
            ' ' => is_iban_start(text) && matches!(next(1), 'A'..='Z' | '0'..='9'),
            character => is_sign(character),
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
        ' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}' | '\u{2010}'..='\u{2015}'
    )
}

fn is_iban_start(text: &str) -> bool {
    matches!(text.as_bytes(), [a, b, c, d, ..]
        if a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_digit() && d.is_ascii_digit())
}

/// Letters and digits in one: what begins like an IBAN, or mixes them as numbers of passports and accounts do.
fn is_iban(run: &str) -> bool {
    is_iban_start(run) || run.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A run with all its letters and digits but the last few made stars.
fn stars(out: &mut String, run: &str, kept: usize) {
    let count = run.chars().filter(|character| is_sign(*character)).count();
    let mut seen = 0;
    for character in run.chars() {
        if !is_sign(character) {
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
            let value = u32::from(digit - b'0') << (at % 2);
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}
