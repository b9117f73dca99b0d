//! Letters: their case and their width. The standard library's tables of all there are would be a
//! twentieth of the component; these are ranges.

use crate::prelude::*;
use records::letters::fold_ascii;

/// Ranges of capital letters with what lies between each and its small letter; where that is one, the two take turns. The
/// alphabets of Europe, and Vietnamese. Sorted.
const CAPITALS: [(char, char, u32); 31] = [
    ('A', 'Z', 32),
    ('À', 'Ö', 32),
    ('Ø', 'Þ', 32),
    ('Ā', 'Į', 1),
    ('Ĳ', 'Ķ', 1),
    ('Ĺ', 'Ň', 1),
    ('Ŋ', 'Ŷ', 1),
    ('Ź', 'Ž', 1),
    ('Ơ', 'Ơ', 1),
    ('Ư', 'Ư', 1),
    ('Ǎ', 'Ǜ', 1),
    ('Ǟ', 'Ǯ', 1),
    ('Ǹ', 'Ȟ', 1),
    ('Ȣ', 'Ȳ', 1),
    ('Ά', 'Ά', 38),
    ('Έ', 'Ί', 37),
    ('Ό', 'Ό', 64),
    ('Ύ', 'Ώ', 63),
    ('Α', 'Ρ', 32),
    ('Σ', 'Ϋ', 32),
    ('Ѐ', 'Џ', 80),
    ('А', 'Я', 32),
    ('Ѡ', 'Ҁ', 1),
    ('Ҋ', 'Ҿ', 1),
    ('Ӂ', 'Ӎ', 1),
    ('Ӑ', 'Ԯ', 1),
    ('Ա', 'Ֆ', 48),
    ('Ḁ', 'Ẕ', 1),
    ('Ạ', 'Ỿ', 1),
    ('Ⓐ', 'Ⓩ', 26),
    ('Ａ', 'Ｚ', 32),
];

/// The small letter of a capital one; any other character as it is.
pub fn lower_of(letter: char) -> char {
    let at = CAPITALS.partition_point(|(first, ..)| *first <= letter);
    let range = at.checked_sub(1).and_then(|at| CAPITALS.get(at));
    let range = range.filter(|(first, last, between)| {
        let place = u32::from(letter) - u32::from(*first);
        letter <= *last && (*between > 1 || place.is_multiple_of(2))
    });
    let small = range.and_then(|(_, _, between)| char::from_u32(u32::from(letter) + between));
    small.unwrap_or(letter)
}

/// The capital letter of a small one; any other character as it is.
pub fn upper_of(letter: char) -> char {
    CAPITALS
        .iter()
        .find_map(|(_, _, between)| {
            let capital = char::from_u32(u32::from(letter).checked_sub(*between)?)?;
            (capital != letter && lower_of(capital) == letter).then_some(capital)
        })
        .unwrap_or(letter)
}

/// Half-width signs from U+FF61 on, in their full width.
const WIDE: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";

/// Appends a text in the form in which texts are compared: without case, width, and what cannot be seen; blanks are one blank.
/// The four letters i of Turkish are one, as their case is not told apart by everybody who writes it.
pub fn fold(text: &str, out: &mut String) {
    let mut rest = text;
    loop {
        let mut others = fold_ascii(rest, out).chars();
        let Some(other) = others.next() else {
            return;
        };
        fold_other(other, out);
        rest = others.as_str();
    }
}

/// Folds what is not of ASCII.
fn fold_other(letter: char, out: &mut String) {
    let one = match letter {
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{fe0e}' | '\u{fe0f}' | '\u{feff}' => {
            return;
        }
        // What is left of a dotted capital that somebody else made small.
        '\u{307}' if out.ends_with('i') => return,
        _ if letter.is_whitespace() && out.ends_with(' ') => return,
        _ if letter.is_whitespace() => ' ',
        'İ' | 'ı' => 'i',
        'ß' | 'ẞ' => {
            out.push('s');
            's'
        }
        'ς' => 'σ',
        'Ÿ' => 'ÿ',
        '‘' | '’' | 'ʼ' => '\'',
        '！'..='～' => {
            let narrow = u32::from(letter) - (u32::from('！') - u32::from('!'));
            char::from(narrow as u8).to_ascii_lowercase()
        }
        '｡'..='ﾝ' => {
            let place = (u32::from(letter) - u32::from('｡')) as usize;
            WIDE.chars().nth(place).unwrap_or(letter)
        }
        'ﾞ' | 'ﾟ' => return voice(out, letter),
        letter => lower_of(letter),
    };
    out.push(one);
}

/// Puts the mark of a half-width sign onto the sign before it.
fn voice(out: &mut String, mark: char) {
    let voiced = match (out.chars().next_back(), mark) {
        (Some('ウ'), 'ﾞ') => Some('ヴ'),
        (Some(sign @ ('カ'..='ト' | 'ハ'..='ホ')), 'ﾞ') => {
            char::from_u32(u32::from(sign) + 1)
        }
        (Some(sign @ 'ハ'..='ホ'), 'ﾟ') => char::from_u32(u32::from(sign) + 2),
        _ => None,
    };
    match voiced {
        Some(voiced) => {
            out.pop();
            out.push(voiced);
        }
        None => out.push(mark),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut out = String::new();
        fold(text, &mut out);
        out
    }

    #[test]
    fn case_and_width_make_no_difference() {
        for (one, other) in [
            ("REFUND", "refund"),
            ("ＲＥＦＵＮＤ　１２３", "refund 123"),
            ("Straße STRASSE", "strasse straße"),
            ("ΌΧΙ ΣΟΦΌΣ", "όχι σοφός"),
            ("ВОЗВРАТ ЁЖ", "возврат ёж"),
            ("HOÀN TIỀN Ư Ơ", "hoàn tiền ư ơ"),
            ("ՎԵՐԱԴԱՐՁ", "վերադարձ"),
            ("ｷｬﾝｾﾙ ﾊﾟｽﾎﾟｰﾄ ｶﾞｽ ｳﾞ", "キャンセル パスポート ガス ヴ"),
            ("don’t\u{a0}\n do\u{ad}it", "don't doit"),
            ("İADE", "iade"),
            ("i\u{307}ade", "iade"),
            ("IŞIK ışık", "işik işik"),
            ("ÇALIŞMIYOR", "çalışmıyor"),
        ] {
            assert_eq!(folded(one), folded(other), "{one}");
        }
        assert_ne!(folded("café"), folded("cafe"));
        assert_eq!(folded("退款 คืนเงิน 환불"), "退款 คืนเงิน 환불");
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for code in (0..0x3_0000).filter_map(char::from_u32) {
            let once = folded(&code.to_string());
            assert_eq!(folded(&once), once, "{code:?}");
        }
    }

    #[test]
    fn signs_that_cannot_be_seen_are_left_out() {
        assert_eq!(folded("a\u{0}b\u{7f}\tc\u{1f} \r\n D"), "ab c d");
        assert_eq!(folded("a \u{a0} b\u{2003}\tc"), "a b c");
        assert!(CAPITALS.is_sorted());
    }

    #[test]
    fn every_small_letter_has_the_standard_librarys_capital() {
        for letter in (0..0x1_0000).filter_map(char::from_u32) {
            let lower = lower_of(letter);
            if lower != letter {
                assert_eq!(letter.to_lowercase().collect::<String>(), lower.to_string());
                assert_eq!(upper_of(lower), letter);
            }
        }
    }
}
