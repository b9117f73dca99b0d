//! The index of keywords, as [`records::keywords`] reads it.

use crate::prelude::*;
use records::in_order;
use records::keywords::{HEAD, SIGNS, hash};
use records::letters::is_of_word;
use records::search::parted_last;

/// What stands between a keyword and its mark.
const END: char = '\0';

/// A folded keyword with the mark that is given where it is found.
pub fn entry(word: &str, mark: u32) -> String {
    format!("{word}{END}{mark}")
}

/// Makes the index of entries.
pub fn index(entries: Vec<String>) -> Vec<u8> {
    let entries = in_order(entries);
    // So sparse that few other words of a text are looked up; of few keywords hardly any, for 256 bytes.
    let bits = (entries.len() * 32).next_power_of_two().max(2_048);
    let mask = bits as u32 - 1;
    let mut bitmap = vec![0_u32; bits / 32];
    let mut lengths = 0;
    let mut marks: Vec<u32> = Vec::new();
    let mut rows: Vec<u32> = Vec::new();
    let mut words: Vec<(&str, u32)> = Vec::new();
    let mut text = String::new();
    for (word, mark) in entries
        .iter()
        .filter_map(|entry| parted_last(entry, END as u8))
    {
        if word.is_empty() {
            continue;
        }
        if words.last().is_none_or(|last| last.0 != word) {
            // The longest one before it that it begins with.
            let mut within = words.len() as u32;
            while let Some(known) = within.checked_sub(1).and_then(|at| words.get(at as usize)) {
                if word.starts_with(known.0) {
                    break;
                }
                within = known.1;
            }
            words.push((word, within));
            rows.extend([text.len() as u32, within, marks.len() as u32]);
            text.push_str(word);
            let head = word.len().min(HEAD);
            if head < HEAD {
                lengths |= 1 << head;
            }
            if word.starts_with(|first: char| first.is_ascii() && !is_of_word(first)) {
                lengths |= SIGNS;
            }
            let bit = hash(&word.as_bytes()[..head]) & mask;
            bitmap[bit as usize / 32] |= 1 << (bit % 32);
        }
        marks.extend(mark.parse::<u32>());
    }
    let fixed = [words.len() as u32, mask, lengths];
    let last = [text.len() as u32, 0, marks.len() as u32];
    let mut bytes = Vec::new();
    for numbers in [&fixed[..], &bitmap, &rows, &last, &marks] {
        for number in numbers {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
    }
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use records::keywords::search;

    use super::*;
    use crate::triggers::question::folded;

    fn marked<'w>(words: impl Iterator<Item = &'w str>) -> Vec<String> {
        words
            .zip(0..)
            .map(|(word, mark)| entry(word, mark))
            .collect()
    }

    fn found(words: &[&str], text: &str) -> Vec<u32> {
        let folded_words: Vec<String> = words.iter().map(|word| folded(word)).collect();
        let words = marked(folded_words.iter().map(String::as_str));
        let mut marks = Vec::new();
        search(&index(words), &folded(text), &mut |mark| marks.push(mark));
        marks.sort_unstable();
        marks.dedup();
        marks
    }

    #[test]
    fn words_are_found_whole() {
        let is_in = |word: &str, text: &str| !found(&[word], text).is_empty();
        for (word, text) in [
            ("refund", "I want a REFUND!"),
            ("refund", "refund"),
            ("refund", "(ｒｅｆｕｎｄ)"),
            ("my money back", "Give me my  money\nback."),
            ("c++", "I write C++, and C"),
            ("#1", "we are #1!"),
            ("iade", "İADE istiyorum"),
            ("İPTAL", "iptal et"),
            ("remboursé", "Remboursé, s'il vous plaît"),
            ("возврат", "Хочу ВОЗВРАТ денег"),
            ("don't", "I don’t know"),
            ("vip", "我是vip客户"),
        ] {
            assert!(is_in(word, text), "{word}: {text}");
        }
        for (word, text) in [
            ("refund", "refunds"),
            ("refund", "unrefund"),
            ("refund", "refund2"),
            ("art", "Bartholomäus and the start"),
            ("über", "darüber"),
            ("c++", "vc++"),
            ("my money back", "my money backs"),
            ("iade", "iadeler"),
            ("возврат", "возвратный"),
        ] {
            assert!(!is_in(word, text), "{word}: {text}");
        }
    }

    #[test]
    fn scripts_without_words_are_searched_anywhere() {
        for (word, text) in [
            ("投诉", "我要投诉你们的服务"),
            ("退货", "请问可以退货吗？"),
            ("退款", "申请退款中"),
            ("คืนเงิน", "ฉันต้องการขอคืนเงินค่ะ"),
            ("キャンセル", "注文をｷｬﾝｾﾙしたい"),
            ("返金", "返金してください"),
            ("환불", "제품환불해주세요"),
            ("សងប្រាក់", "ខ្ញុំចង់សងប្រាក់វិញ"),
        ] {
            assert_eq!(found(&[word], text), [0], "{word}: {text}");
        }
        assert!(found(&["退款"], "退 款").is_empty());
    }

    #[test]
    fn all_keywords_at_a_place_are_found() {
        let words = [
            "a",
            "a b",
            "a b c",
            "a bc",
            "b",
            "退",
            "退款",
            "退款单",
            "a b",
        ];
        assert_eq!(found(&words, "a b c"), [0, 1, 2, 4, 8]);
        assert_eq!(found(&words, "x a bc"), [0, 3]);
        assert_eq!(found(&words, "退款单"), [5, 6, 7]);
        assert!(found(&[], "a").is_empty() && found(&words, "").is_empty());
    }

    #[test]
    fn ten_thousand_keywords_are_told_apart() {
        let words: Vec<String> = (0..10_000).map(|number| format!("word{number}")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(
            found(&words, "word7, word42 and word9999 not word10000"),
            [7, 42, 9_999]
        );
    }

    /// What a search has to find, looked for one by one.
    fn expected(words: &[String], text: &str) -> Vec<u32> {
        let is_there = |word: &str| {
            text.match_indices(word).any(|(at, _)| {
                let joined = |before: Option<char>, after: Option<char>| {
                    before.is_some_and(is_of_word) && after.is_some_and(is_of_word)
                };
                let (before, rest) = text.split_at(at);
                let after = &rest[word.len()..];
                !joined(before.chars().next_back(), word.chars().next())
                    && !joined(word.chars().next_back(), after.chars().next())
            })
        };
        let all = words.iter().zip(0..);
        let there = all.filter(|(word, _)| !word.is_empty() && is_there(word));
        there.map(|(_, mark)| mark).collect()
    }

    proptest! {
        #[test]
        fn it_finds_what_a_plain_search_finds(
            words in prop::collection::vec("[ab é退#]{0,4}", 0..30),
            text in "[ab é退.#]{0,40}",
        ) {
            // A text may hold a keyword that overlaps with itself; every place counts.
            let list = marked(words.iter().map(String::as_str));
            let mut marks = Vec::new();
            search(&index(list), &text, &mut |mark| marks.push(mark));
            marks.sort_unstable();
            marks.dedup();
            let missed: Vec<u32> =
                expected(&words, &text).into_iter().filter(|mark| !marks.contains(mark)).collect();
            prop_assert!(missed.is_empty(), "{missed:?}");
            for mark in marks {
                prop_assert!(text.contains(&words[mark as usize]));
            }
        }

        #[test]
        fn no_damage_is_a_crash(
            words in prop::collection::vec("[ab]{1,3}", 1..6),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = index(marked(words.iter().map(String::as_str)));
            for (at, byte) in damage {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(cut.index(bytes.len() + 1));
            search(&bytes, "a ab b ba aab", &mut |_| {});
        }
    }
}
