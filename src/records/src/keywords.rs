//! Many keywords looked for in one text, with an index that is used as it lies: nothing is built before a search.
//!
//! The index is numbers of four bytes, lowest first: how many keywords there are; a mask; which lengths below
//! [`HEAD`] occur; a bitmap of the hashes of the keywords' first bytes; for each keyword where it begins, one more than the
//! number of the longest other one that it begins with, and where its marks begin; the marks; the keywords. They are
//! sorted. So of all keywords that stand at a place of a text, the last one that is not behind the text is one, or begins
//! with all of them.

use crate::letters::is_of_word;
use crate::order::in_order;

/// The bytes that a keyword is told apart by before it is looked up.
const HEAD: usize = 4;

/// Numbers before the bitmap.
const FIXED: usize = 3;

/// Makes the index of folded keywords, each with the mark that is given where it is found.
pub fn index(words: Vec<(&str, u32)>) -> Vec<u8> {
    let mut words = in_order(words);
    words.retain(|(word, _)| !word.is_empty());
    words.dedup();
    let bits = (words.len() * 8).next_power_of_two().max(32);
    let mask = bits as u32 - 1;
    let mut bitmap = vec![0_u32; bits / 32];
    let mut lengths = 0;
    let mut marks = Vec::new();
    // Where the keyword begins, what it begins with, where its marks begin.
    let mut rows: Vec<(&str, usize, usize, usize)> = Vec::new();
    let mut at = 0;
    for (word, mark) in words {
        if rows.last().is_none_or(|row| row.0 != word) {
            let mut within = rows.len();
            while let Some(row) = within.checked_sub(1).and_then(|last| rows.get(last)) {
                if word.starts_with(row.0) {
                    break;
                }
                within = row.2;
            }
            rows.push((word, at, within, marks.len()));
            at += word.len();
            let head = word.len().min(HEAD);
            if head < HEAD {
                lengths |= 1 << head;
            }
            let bit = hash(&word.as_bytes()[..head]) & mask;
            bitmap[bit as usize / 32] |= 1 << (bit % 32);
        }
        marks.push(mark);
    }
    let mut numbers = vec![rows.len() as u32, mask, lengths];
    numbers.extend(bitmap);
    for (_, at, within, marks) in &rows {
        numbers.extend([*at as u32, *within as u32, *marks as u32]);
    }
    numbers.extend([at as u32, 0, marks.len() as u32]);
    numbers.extend(marks);
    let mut bytes: Vec<u8> = numbers.iter().flat_map(|one| one.to_le_bytes()).collect();
    rows.iter().for_each(|row| bytes.extend(row.0.as_bytes()));
    bytes
}

/// Calls back with the mark of each keyword of an index that is in a folded text: as whole words where its script has words.
/// Of a damaged index something else may be found.
pub fn search(index: &[u8], text: &str, mut found: impl FnMut(u32)) {
    let Some(index) = Index::of(index) else {
        return;
    };
    let bytes = text.as_bytes();
    let mut in_word = false;
    for (at, letter) in text.char_indices() {
        let of_word = is_of_word(letter);
        let begins = !(in_word && of_word);
        in_word = of_word;
        if !begins || !index.may_begin(&bytes[at..]) {
            continue;
        }
        let rest = &text[at..];
        let mut candidate = index.last_up_to(rest.as_bytes());
        while let Some(row) = candidate.checked_sub(1) {
            let Some((word, within)) = index.row(row) else {
                return;
            };
            if ends(rest, word) {
                index.marks(row, &mut found);
            }
            // What it begins with is before it; of a damaged index nothing is.
            if within >= candidate {
                return;
            }
            candidate = within;
        }
    }
}

/// Whether a text begins with a keyword, and does not go on with the word that it ends with.
fn ends(text: &str, word: &[u8]) -> bool {
    if !text.as_bytes().starts_with(word) {
        return false;
    }
    let Some((word, rest)) = text.split_at_checked(word.len()) else {
        return false;
    };
    let of_word = |letter: Option<char>| letter.is_some_and(is_of_word);
    !(of_word(word.chars().next_back()) && of_word(rest.chars().next()))
}

fn hash(head: &[u8]) -> u32 {
    let hash = head.iter().fold(head.len() as u32, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    hash ^ (hash >> 15)
}

/// An index as it lies.
struct Index<'i> {
    bytes: &'i [u8],
    count: usize,
    mask: u32,
    lengths: u32,
    /// The places of the rows, of the marks, and of the keywords, in bytes.
    rows: usize,
    marks: usize,
    words: usize,
}

impl<'i> Index<'i> {
    fn of(bytes: &'i [u8]) -> Option<Self> {
        let count = number(bytes, 0)? as usize;
        let mask = number(bytes, 4)?;
        let rows = (FIXED + (mask as usize / 32).checked_add(1)?).checked_mul(4)?;
        let marks = count.checked_add(1)?.checked_mul(12)?.checked_add(rows)?;
        let most = number(bytes, marks.checked_sub(4)?)? as usize;
        Some(Self {
            bytes,
            count,
            mask,
            lengths: number(bytes, 8)?,
            rows,
            marks,
            words: most.checked_mul(4)?.checked_add(marks)?,
        })
    }

    /// Whether a keyword may begin like this.
    #[inline]
    fn may_begin(&self, text: &[u8]) -> bool {
        let is_head = |length: usize| {
            let Some(head) = text.get(..length) else {
                return false;
            };
            let bit = hash(head) & self.mask;
            let bits = number(self.bytes, (FIXED + bit as usize / 32) * 4);
            bits.unwrap_or_default() & (1 << (bit % 32)) != 0
        };
        is_head(HEAD)
            || (self.lengths != 0
                && (1..HEAD).any(|length| self.lengths & (1 << length) != 0 && is_head(length)))
    }

    /// One more than the number of the last keyword that is not behind a text; none when all are.
    fn last_up_to(&self, text: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.row(middle) {
                Some((word, _)) if word <= text => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }

    /// A keyword, and one more than the number of the one that it begins with.
    fn row(&self, row: usize) -> Option<(&'i [u8], usize)> {
        let at = self.rows + row * 12;
        let (start, end) = (number(self.bytes, at)?, number(self.bytes, at + 12)?);
        let place = self.words + start as usize..self.words + end as usize;
        Some((self.bytes.get(place)?, number(self.bytes, at + 4)? as usize))
    }

    fn marks(&self, row: usize, found: &mut impl FnMut(u32)) {
        let at = self.rows + row * 12 + 8;
        let (Some(start), Some(end)) = (number(self.bytes, at), number(self.bytes, at + 12)) else {
            return;
        };
        for mark in start..end {
            if let Some(mark) = number(self.bytes, self.marks + mark as usize * 4) {
                found(mark);
            }
        }
    }
}

#[inline]
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    bytes.try_into().ok().map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::letters::fold;

    fn folded(text: &str) -> String {
        let mut out = String::new();
        fold(text, &mut out);
        out
    }

    fn found(words: &[&str], text: &str) -> Vec<u32> {
        let folded_words: Vec<String> = words.iter().map(|word| folded(word)).collect();
        let words = folded_words.iter().map(String::as_str).zip(0..).collect();
        let mut marks = Vec::new();
        search(&index(words), &folded(text), |mark| marks.push(mark));
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
                let ends = ends(&text[at..], word.as_bytes());
                let before = text[..at].chars().next_back();
                let joined =
                    before.is_some_and(is_of_word) && word.chars().next().is_some_and(is_of_word);
                ends && !joined
            })
        };
        let all = words.iter().zip(0..);
        let there = all.filter(|(word, _)| !word.is_empty() && is_there(word));
        there.map(|(_, mark)| mark).collect()
    }

    proptest! {
        #[test]
        fn it_finds_what_a_plain_search_finds(
            words in prop::collection::vec("[ab é退]{0,4}", 0..30),
            text in "[ab é退.]{0,40}",
        ) {
            // A text may hold a keyword that overlaps with itself; every place counts.
            let list = words.iter().map(String::as_str).zip(0..).collect();
            let mut marks = Vec::new();
            search(&index(list), &text, |mark| marks.push(mark));
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
            let mut bytes = index(words.iter().map(String::as_str).zip(0..).collect());
            for (at, byte) in damage {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(cut.index(bytes.len() + 1));
            search(&bytes, "a ab b ba aab", |_| {});
        }
    }
}
