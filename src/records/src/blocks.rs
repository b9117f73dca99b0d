//! Several bytes of a text at once: sixteen where the target has the instructions (`simd128`), else eight.
//!
//! What is asked of a block is answered by a mark for each byte, the lowest for the first: [`STEP`] bits from one to the next.

#[cfg(target_feature = "simd128")]
use core::arch::wasm32::{
    u8x16_bitmask, u8x16_eq, u8x16_ge, u8x16_lt, u8x16_splat, u8x16_sub, v128, v128_and, v128_load,
    v128_or, v128_store,
};

/// The bytes of a block.
#[cfg(target_feature = "simd128")]
pub const BLOCK: usize = 16;
#[cfg(not(target_feature = "simd128"))]
pub const BLOCK: usize = 8;

/// The bits from one byte's mark to the next; the mark is the highest of them.
#[cfg(target_feature = "simd128")]
pub const STEP: usize = 1;
#[cfg(not(target_feature = "simd128"))]
pub const STEP: usize = 8;

/// A block of a text.
#[derive(Clone, Copy)]
pub struct Block(
    #[cfg(target_feature = "simd128")] v128,
    #[cfg(not(target_feature = "simd128"))] u64,
);

#[cfg(target_feature = "simd128")]
impl Block {
    #[inline(always)]
    pub fn of(bytes: &[u8; BLOCK]) -> Self {
        // SAFETY: the block has the sixteen bytes that are loaded; they need no alignment.
        Self(unsafe { v128_load(bytes.as_ptr().cast()) })
    }

    /// Which bytes are this one.
    #[inline(always)]
    pub fn equal(self, byte: u8) -> u64 {
        u8x16_bitmask(u8x16_eq(self.0, u8x16_splat(byte))).into()
    }

    /// Which are control characters, or beyond ASCII.
    #[inline(always)]
    pub fn unprintable(self) -> u64 {
        // As far from the first one that can be seen as the last one is, or less.
        u8x16_bitmask(u8x16_ge(
            u8x16_sub(self.0, u8x16_splat(b' ')),
            u8x16_splat(0x7f - b' '),
        ))
        .into()
    }

    /// Which are letters, digits and `_` of ASCII.
    #[inline(always)]
    pub fn of_words(self) -> u64 {
        let within = |bytes, first, count| {
            u8x16_lt(u8x16_sub(bytes, u8x16_splat(first)), u8x16_splat(count))
        };
        let small = v128_or(self.0, u8x16_splat(0x20));
        let letters = v128_or(within(small, b'a', 26), within(self.0, b'0', 10));
        u8x16_bitmask(v128_or(letters, u8x16_eq(self.0, u8x16_splat(b'_')))).into()
    }

    /// The block with small letters of ASCII for its capitals.
    #[inline(always)]
    pub fn small(self) -> [u8; BLOCK] {
        let capitals = u8x16_lt(u8x16_sub(self.0, u8x16_splat(b'A')), u8x16_splat(26));
        let mut bytes = [0; BLOCK];
        let small = v128_or(self.0, v128_and(capitals, u8x16_splat(0x20)));
        // SAFETY: the block has room for the sixteen bytes that are stored; they need no alignment.
        unsafe { v128_store(bytes.as_mut_ptr().cast(), small) };
        bytes
    }

    /// Which are of ASCII and no letters, digits or `_`.
    #[inline(always)]
    pub fn signs(self) -> u64 {
        u64::from(!u8x16_bitmask(self.0)) & !self.of_words()
    }

    /// Whether all are of ASCII.
    #[inline(always)]
    pub fn is_ascii(self) -> bool {
        u8x16_bitmask(self.0) == 0
    }

    /// Which begin a character beyond ASCII.
    #[inline(always)]
    pub fn beyond(self) -> u64 {
        u8x16_bitmask(u8x16_ge(self.0, u8x16_splat(0xc0))).into()
    }

    /// The first byte that a text may not hold as it is: a control character, a quote, a backslash.
    #[inline(always)]
    pub fn first_mark(self) -> Option<usize> {
        let control = u8x16_lt(self.0, u8x16_splat(0x20));
        let quote = u8x16_eq(self.0, u8x16_splat(b'"'));
        let backslash = u8x16_eq(self.0, u8x16_splat(b'\\'));
        let marks = u8x16_bitmask(v128_or(control, v128_or(quote, backslash)));
        (marks != 0).then(|| marks.trailing_zeros() as usize)
    }
}

#[cfg(not(target_feature = "simd128"))]
const ONES: u64 = u64::MAX / 255;
#[cfg(not(target_feature = "simd128"))]
const HIGH: u64 = ONES << 7;

#[cfg(not(target_feature = "simd128"))]
impl Block {
    #[inline(always)]
    pub fn of(bytes: &[u8; BLOCK]) -> Self {
        Self(u64::from_le_bytes(*bytes))
    }

    /// Whether all are of ASCII.
    #[inline(always)]
    pub fn is_ascii(self) -> bool {
        self.0 & HIGH == 0
    }

    /// Which bytes are this one.
    #[inline(always)]
    pub fn equal(self, byte: u8) -> u64 {
        let word = self.0 ^ (ONES * u64::from(byte));
        !(((word & !HIGH) + !HIGH) | word | !HIGH)
    }

    /// Which are at least this one, both taken as of ASCII.
    #[inline(always)]
    fn at_least(self, byte: u8) -> u64 {
        ((self.0 & !HIGH) + ONES * u64::from(0x80 - byte)) & HIGH
    }

    /// Which are control characters, or beyond ASCII.
    #[inline(always)]
    pub fn unprintable(self) -> u64 {
        (!self.at_least(b' ') | self.at_least(0x7f) | self.0) & HIGH
    }

    /// Which are letters, digits and `_` of ASCII.
    #[inline(always)]
    pub fn of_words(self) -> u64 {
        let small = Self(self.0 | (ONES * 0x20));
        let letters = small.at_least(b'a') & !small.at_least(b'z' + 1);
        let digits = self.at_least(b'0') & !self.at_least(b'9' + 1);
        (letters | digits | self.equal(b'_')) & !self.0
    }

    /// The block with small letters of ASCII for its capitals.
    #[inline(always)]
    pub fn small(self) -> [u8; BLOCK] {
        let capitals = self.at_least(b'A') & !self.at_least(b'Z' + 1) & !self.0;
        (self.0 | capitals >> 2).to_le_bytes()
    }

    /// Which are of ASCII and no letters, digits or `_`.
    #[inline(always)]
    pub fn signs(self) -> u64 {
        !self.0 & HIGH & !self.of_words()
    }

    /// Which begin a character beyond ASCII.
    #[inline(always)]
    pub fn beyond(self) -> u64 {
        self.0 & self.0 << 1 & HIGH
    }

    /// The first byte that a text may not hold as it is: a control character, a quote, a backslash.
    #[inline(always)]
    pub fn first_mark(self) -> Option<usize> {
        // The lowest high bit of the result marks the first byte that is less than `n`; those above it may be wrong.
        let less = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & HIGH;
        let quote = less(self.0 ^ (ONES * u64::from(b'"')), 1);
        let backslash = less(self.0 ^ (ONES * u64::from(b'\\')), 1);
        let marks = less(self.0, 0x20) | quote | backslash;
        (marks != 0).then(|| marks.trailing_zeros() as usize / STEP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_marked_for_what_it_is() {
        for byte in 0..=u8::MAX {
            for at in 0..BLOCK {
                let mut bytes = [b'~'; BLOCK];
                bytes[at] = byte;
                let block = Block::of(&bytes);
                let marked = |marks: u64| marks >> (at * STEP + STEP - 1) & 1 != 0;
                let of_word = byte.is_ascii_alphanumeric() || byte == b'_';
                assert_eq!(marked(block.of_words()), of_word, "{byte}");
                assert_eq!(marked(block.signs()), byte.is_ascii() && !of_word, "{byte}");
                assert_eq!(
                    marked(block.unprintable()),
                    !matches!(byte, b' '..=b'~'),
                    "{byte}"
                );
                assert_eq!(marked(block.beyond()), byte >= 0xc0, "{byte}");
                assert_eq!(marked(block.equal(b' ')), byte == b' ', "{byte}");
                assert_eq!(
                    block.small(),
                    bytes.map(|byte| byte.to_ascii_lowercase()),
                    "{byte}"
                );
                let others = [
                    block.of_words(),
                    block.unprintable(),
                    block.beyond(),
                    block.equal(b' '),
                ];
                for marks in others {
                    assert!(marks.count_ones() <= 1, "{byte}");
                }
            }
        }
    }
}
