//! Masking: what is personal inside free text is made unreadable, the rest stays.

use super::{Item, Odd, Pass, argument};
use crate::prelude::*;

/// What can be masked. `id` are numbers of people and accounts: anything of six digits or more that is nothing else, and
/// IBANs. `all` are the four of them; `whole` hides every letter and digit, `none` nothing.
pub const KINDS: &[&str] = &["all", "email", "phone", "card", "id", "whole", "none"];

/// The fewest digits of what is taken for a telephone number, and for another number of somebody; those of most cards, and
/// the most of any.
const PHONE_DIGITS: usize = 7;
const ID_DIGITS: usize = 6;
const MOST_CARDS_DIGITS: usize = 16;
const CARD_DIGITS: usize = 19;

/// The fewest digits behind a word that are a number of their own, and not the word's.
const FIRST_DIGITS: usize = 4;

/// Characters after which a line may end before its end.
const LONG_LINE: usize = 4_096;

/// Masks what its arguments name.
pub fn mask<'a>(arguments: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
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
    // What is masked goes over no end of a line, and one place for a line's characters does for all of them. A long line ends
    // behind a word as well.
    let mut out = String::with_capacity(text.len());
    let (mut line, mut masked) = (Vec::new(), Vec::new());
    for character in text.chars().chain(['\n']) {
        let behind_word = character == ' ' && line.last().is_some_and(char::is_ascii_lowercase);
        line.push(character);
        if character == '\n' || line.len() > LONG_LINE && behind_word {
            masked.clear();
            match wants("email") {
                true => emails(&line, &mut masked),
                false => masked.extend_from_slice(&line),
            }
            numbers(&masked, &mut out, &wants);
            line.clear();
        }
    }
    out.pop();
    Ok(Item::text(out))
}

/// A text with every letter and digit made a star, so that its form can still be seen.
pub fn hidden(text: &str) -> String {
    let hide = |character: char| if is_sign(character) { '*' } else { character };
    text.chars().map(hide).collect()
}

/// Whether a character is a letter or a digit, for which all of those beyond ASCII are taken.
fn is_sign(character: char) -> bool {
    character.is_ascii_alphanumeric() || (!character.is_ascii() && !is_separator(&character))
}

/// Whether a character may stand in an e-mail address. More than the standard allows: what is masked too much harms nobody.
fn in_address(character: &char) -> bool {
    !matches!(
        character,
        '\0'..=' ' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' | ':' | '`' | '|' | '\\' | '@'
            | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' | '\u{ff20}'
    )
}

/// E-mail addresses to their host's ending. Their sign is another one on wide keyboards and in URLs.
fn emails(line: &[char], out: &mut Vec<char>) {
    let mut rest = line;
    while let [first, behind @ ..] = rest {
        let host = match rest {
            ['@' | '\u{ff20}', host @ ..] | ['%', '4', '0', host @ ..] => host,
            _ => &[],
        };
        let length = host.iter().take_while(|letter| in_address(letter)).count();
        let local = out.iter().rev().take_while(|letter| in_address(letter));
        let kept = match length {
            0 => out.len(),
            _ => out.len() - local.count(),
        };
        if kept == out.len() {
            out.push(*first);
            rest = behind;
            continue;
        }
        let (host, left) = host.split_at(length);
        out.truncate(kept);
        out.extend_from_slice(&['*', '*', '*', '@', '*', '*', '*']);
        let dot = host.iter().rposition(|letter| *letter == '.');
        let ending = dot.and_then(|dot| host.get(dot..)).unwrap_or_default();
        if ending.iter().skip(1).all(char::is_ascii_alphabetic) && ending.len() > 1 {
            out.extend_from_slice(ending);
        }
        rest = left;
    }
}

/// Runs of digits, with what people write between them, are masked as what they are.
fn numbers(line: &[char], out: &mut String, wants: &dyn Fn(&str) -> bool) {
    let mut rest = line;
    while let [first, behind @ ..] = rest {
        if !is_mark(first) {
            out.push(*first);
            rest = behind;
            continue;
        }
        let (end, pure) = end_of_run(rest);
        let (run, left) = rest.split_at(end);
        let digits: Vec<u8> = run.iter().filter_map(digit).collect();
        let count = digits.len();
        // What is longer than most cards, and none, is several numbers side by side: a card and its code, two telephones.
        let several = pure && count > MOST_CARDS_DIGITS;
        let card = pure && (13..=CARD_DIGITS).contains(&count) && luhn(&digits);
        let phone = pure && count >= PHONE_DIGITS;
        let id = (pure || is_iban(run)) && count >= ID_DIGITS;
        let kept = match card && wants("card") {
            true => Some(4),
            false => {
                let wanted =
                    phone && wants("phone") || id && wants("id") || several && wants("card");
                wanted.then_some(2)
            }
        };
        let kept = kept.filter(|_| !is_day(run, left)).unwrap_or(usize::MAX);
        let mut marks = run.iter().filter(|character| is_mark(character)).count();
        for character in run {
            let mark = is_mark(character);
            out.push(if mark && marks > kept {
                '*'
            } else {
                *character
            });
            marks -= usize::from(mark);
        }
        rest = left;
    }
}

/// Whether a run is the day of a time such as `2024-06-27T12:52:57Z`, which says when and not who.
fn is_day(run: &[char], left: &[char]) -> bool {
    matches!(run, ['2', '0', _, _, '-', _, _, '-', _, _]) && matches!(left, ['T', _, _, ':', ..])
}

/// The digits zero that are known: Europe's, Arabic's and Persian's, those of nine scripts of India, Thai, Lao, Myanmar and
/// Khmer, and wide ones.
const ZEROS: [u16; 17] = [
    0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50,
    0xed0, 0x1040, 0x17e0, 0xff10,
];

/// The value of a decimal digit.
#[inline(never)]
pub(super) fn digit(character: &char) -> Option<u8> {
    let code = u32::from(*character);
    // Most characters are no such, and most of ASCII.
    let zeros = if code < 0x80 { &ZEROS[..1] } else { &ZEROS };
    let mut values = zeros.iter().map(|zero| code.wrapping_sub(u32::from(*zero)));
    values.find(|value| *value < 10).map(|value| value as u8)
}

/// Whether a character may be a part of somebody's number. Letters beyond ASCII stand beside it.
fn is_mark(character: &char) -> bool {
    character.is_ascii_alphabetic() || digit(character).is_some()
}

/// Where a run of letters and digits ends, and whether it is a number, which a word may stand right before. A number goes on
/// over a few separators as long as digits follow; a word, over blanks as long as it may be an IBAN.
fn end_of_run(line: &[char]) -> (usize, bool) {
    let iban = is_iban_start(line);
    let mut at = 0;
    while line.get(at).is_some_and(char::is_ascii_alphabetic) {
        at += 1;
    }
    let first = line.get(at..at + FIRST_DIGITS).unwrap_or(&['x']);
    let number = !iban && (at == 0 || first.iter().all(|first| digit(first).is_some()));
    while let Some(character) = line.get(at) {
        let behind = line.get(at + 1..).unwrap_or_default();
        let goes_on = match number {
            true if is_separator(character) => {
                let next = behind.iter().take(3).find(|next| !is_separator(next));
                next.and_then(digit).is_some()
            }
            true => digit(character).is_some(),
            false if iban && *character == ' ' => matches!(behind, ['A'..='Z' | '0'..='9', ..]),
            false => is_mark(character),
        };
        if !goes_on {
            break;
        }
        at += 1;
    }
    (at, number)
}

/// What people write between the digits of a number, wide as well, and what cannot be seen.
#[inline(never)]
pub(super) fn is_separator(character: &char) -> bool {
    matches!(
        character,
        '\t' | ' ' | '(' | ')' | '-'..='/' | '_' | '\u{a0}' | '\u{ad}' | '\u{b7}' | '\u{2000}'..='\u{206f}' | '\u{2212}'
            | '\u{3000}' | '\u{30fc}' | '\u{ff08}'..='\u{ff0f}'
    )
}

fn is_iban_start(run: &[char]) -> bool {
    matches!(run, ['A'..='Z', 'A'..='Z', '0'..='9', '0'..='9', ..])
}

/// Letters and digits in one: what begins like an IBAN, or mixes them as numbers of passports and accounts do.
fn is_iban(run: &[char]) -> bool {
    is_iban_start(run) || run.iter().all(is_mark)
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
