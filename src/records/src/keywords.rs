//! Many keywords looked for in one text, with an index that is used as it lies: nothing is built before a search.
//!
//! The index is numbers of four bytes, lowest first: how many keywords there are; a mask; which lengths below
//! [`HEAD`] occur, and [whether](SIGNS) a keyword begins with a sign; a bitmap of the [hashes](hash) of the keywords' first bytes; for each keyword where it begins, one more
//! than the number of the longest other one that it begins with, and where its marks begin (and such a row behind the last
//! one); the marks; the keywords. They are sorted. So of all keywords that stand at a place of a text, the last one that is
//! not behind the text is one, or begins with all of them.

use crate::blocks::{BLOCK, Block, STEP};
use crate::letters::is_of_word;

/// The bytes that a keyword is told apart by before it is looked up.
pub const HEAD: usize = 4;

/// The bit, beside those of the lengths, for keywords that begin with what is of ASCII and neither a letter nor a digit.
pub const SIGNS: u32 = 1;

/// Numbers before the bitmap.
const FIXED: usize = 3;

/// Bytes of a row.
const ROW: usize = 12;

/// Calls back with the mark of each keyword of an index that is in a folded text: as whole words where its script has words.
/// Of a damaged index something else may be found.
#[inline(never)]
pub fn search(index: &[u8], text: &str, found: &mut dyn FnMut(u32)) {
    let Some(index) = Index::of(index) else {
        return;
    };
    let bytes = text.as_bytes();
    let (mut at, mut within) = (0, 0);
    while at < bytes.len() {
        let mut last = [0; BLOCK];
        let rest = bytes.get(at..).unwrap_or_default();
        let block = rest.first_chunk().unwrap_or_else(|| {
            for (byte, known) in last.iter_mut().zip(rest) {
                *byte = *known;
            }
            &last
        });
        let block = Block::of(block);
        let letters = block.of_words();
        // Letters beyond ASCII are told apart where a keyword is looked up.
        let mut places = letters & !(letters << STEP | within) | block.beyond();
        if index.lengths & SIGNS != 0 {
            places |= block.signs();
        }
        within = letters >> (BLOCK * STEP - 1) << (STEP - 1);
        while places != 0 {
            let place = at + places.trailing_zeros() as usize / STEP;
            places &= places - 1;
            if index.may_begin(bytes.get(place..).unwrap_or_default()) {
                index.look_up(text, place, found);
            }
        }
        at += BLOCK;
    }
}

/// The number that the first bytes of a keyword have in the bitmap, before it is masked.
pub fn hash(head: &[u8]) -> u32 {
    let mut bytes = [0; HEAD];
    for (byte, known) in bytes.iter_mut().zip(head) {
        *byte = *known;
    }
    mixed(u32::from_le_bytes(bytes))
}

#[inline(always)]
fn mixed(head: u32) -> u32 {
    let mixed = head.wrapping_mul(0x9e37_79b1);
    mixed ^ (mixed >> 15)
}

/// Whether a text begins with a keyword, and does not go on with the word that it ends with.
fn begins_with(text: &str, word: &[u8]) -> bool {
    if !text.as_bytes().starts_with(word) {
        return false;
    }
    let Some((word, rest)) = text.split_at_checked(word.len()) else {
        return false;
    };
    !is_joined(word, rest)
}

/// Whether two texts side by side meet within a word.
fn is_joined(before: &str, after: &str) -> bool {
    let of_word = |letter: Option<char>| letter.is_some_and(is_of_word);
    of_word(before.chars().next_back()) && of_word(after.chars().next())
}

/// An index as it lies.
struct Index<'i> {
    bytes: &'i [u8],
    count: usize,
    bitmap: &'i [u8],
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
        let rows = (FIXED + mask as usize / 32 + 1) * 4;
        let marks = count.checked_add(1)?.checked_mul(ROW)?.checked_add(rows)?;
        let most = number(bytes, marks.checked_sub(4)?)? as usize;
        Some(Self {
            bytes,
            count,
            bitmap: bytes.get(FIXED * 4..rows)?,
            mask,
            lengths: number(bytes, 8)?,
            rows,
            marks,
            words: most.checked_mul(4)?.checked_add(marks)?,
        })
    }

    /// Whether a keyword may begin like this.
    #[inline(always)]
    fn may_begin(&self, text: &[u8]) -> bool {
        let head = match text.first_chunk() {
            Some(head) => u32::from_le_bytes(*head),
            None => text
                .iter()
                .rev()
                .fold(0, |head, byte| head << 8 | u32::from(*byte)),
        };
        let is_head = |head: u32| {
            let bit = mixed(head) & self.mask;
            let bits = self.bitmap.get(bit as usize / 8);
            bits.is_some_and(|bits| bits & (1 << (bit % 8)) != 0)
        };
        let is_short = |length: usize| {
            self.lengths & (1 << length) != 0 && is_head(head & ((1 << (8 * length)) - 1))
        };
        is_head(head) || (self.lengths > SIGNS && (1..HEAD).any(is_short))
    }

    /// Calls back with the marks of all keywords that begin at a place of a text.
    #[inline(never)]
    fn look_up(&self, text: &str, place: usize, found: &mut dyn FnMut(u32)) -> Option<()> {
        let (before, text) = text.split_at_checked(place)?;
        if is_joined(before, text) {
            return None;
        }
        let (mut last, mut high) = (0, self.count);
        while last < high {
            let middle = last + (high - last) / 2;
            match self.row(middle)?.0 <= text.as_bytes() {
                true => last = middle + 1,
                false => high = middle,
            }
        }
        while let Some(row) = last.checked_sub(1) {
            let (word, within) = self.row(row)?;
            if begins_with(text, word) {
                let at = self.rows + row * ROW + 8;
                for mark in number(self.bytes, at)?..number(self.bytes, at + ROW)? {
                    found(number(self.bytes, self.marks + mark as usize * 4)?);
                }
            }
            // What it begins with is before it; of a damaged index nothing is.
            last = Some(within).filter(|within| *within < last)?;
        }
        Some(())
    }

    /// A keyword, and one more than the number of the one that it begins with.
    fn row(&self, row: usize) -> Option<(&'i [u8], usize)> {
        let at = self.rows + row * ROW;
        let (start, end) = (number(self.bytes, at)?, number(self.bytes, at + ROW)?);
        let place = self.words + start as usize..self.words + end as usize;
        Some((self.bytes.get(place)?, number(self.bytes, at + 4)? as usize))
    }
}

#[inline]
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    bytes.try_into().ok().map(u32::from_le_bytes)
}
