//! Letters: their case, their width, and where words end. The standard library's tables of all there are would be a
//! twentieth of the component; these are ranges.

/// Ranges of capital letters with what lies between each and its small letter; where that is one, the two take turns. The
/// alphabets of Europe, and Vietnamese.
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
    ('А', 'Я', 32),
    ('Ѐ', 'Џ', 80),
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
    let mut ranges = CAPITALS.iter();
    let range = ranges.find(|(first, last, between)| {
        let place = u32::from(letter).wrapping_sub(u32::from(*first));
        (*first..=*last).contains(&letter) && (*between > 1 || place.is_multiple_of(2))
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
    out.reserve(text.len());
    for letter in text.chars() {
        match letter {
            'a'..='z' | '0'..='9' => out.push(letter),
            'A'..='Z' => out.push(letter.to_ascii_lowercase()),
            _ if letter.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            '\0'..='\x7f' => out.push(letter),
            'İ' | 'ı' => out.push('i'),
            // What is left of a dotted capital that somebody else made small.
            '\u{307}' if out.ends_with('i') => {}
            'ß' | 'ẞ' => out.push_str("ss"),
            'ς' => out.push('σ'),
            'Ÿ' => out.push('ÿ'),
            '‘' | '’' | 'ʼ' => out.push('\''),
            '\u{ad}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'
            | '\u{fe0e}'
            | '\u{fe0f}'
            | '\u{feff}' => {}
            '！'..='～' => {
                let narrow = u32::from(letter) - (u32::from('！') - u32::from('!'));
                out.extend(char::from_u32(narrow).map(|narrow| narrow.to_ascii_lowercase()));
            }
            '｡'..='ﾝ' => {
                let place = (u32::from(letter) - u32::from('｡')) as usize;
                // All of them take three bytes.
                out.push_str(WIDE.get(place * 3..place * 3 + 3).unwrap_or_default());
            }
            'ﾞ' | 'ﾟ' => voice(out, letter),
            letter => out.push(lower_of(letter)),
        }
    }
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

/// Whether a character is a letter or digit of a script whose words have blanks between them.
#[inline]
pub fn is_of_word(letter: char) -> bool {
    if letter.is_ascii() {
        return letter.is_ascii_alphanumeric() || letter == '_';
    }
    let code = u32::from(letter);
    let at = ALONE.partition_point(|(first, _)| *first <= code);
    let before = at.checked_sub(1).and_then(|at| ALONE.get(at));
    before.is_none_or(|(_, last)| code > *last)
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
    fn every_small_letter_has_the_standard_librarys_capital() {
        for letter in (0..0x1_0000).filter_map(char::from_u32) {
            let lower = lower_of(letter);
            if lower != letter {
                assert_eq!(letter.to_lowercase().collect::<String>(), lower.to_string());
                assert_eq!(upper_of(lower), letter);
            }
        }
    }

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
