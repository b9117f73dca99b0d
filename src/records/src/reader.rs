//! A validating pull reader: goes through JSON once, checks its grammar, and gives slices of it. The loops over records
//! run here, so it looks at several bytes of a text at a time and builds nothing. Its smallest steps are always inlined: the
//! rest of the component is compiled for size, and would call each of them.
//!
//! It accepts exactly the texts that serde_json accepts when it skips a value: a property test compares them.

use crate::prelude::*;
use core::ops::Range;

/// The text is no JSON, or ends too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The byte at which it shows.
    pub at: usize,
}

/// The name of a member, as it is written between its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// The text, escapes and all.
    pub text: &'a str,
    /// Whether there are escapes in it.
    pub escaped: bool,
}

impl Name<'_> {
    /// Whether this is the name, escaped or not.
    pub fn is(&self, name: &str) -> bool {
        if self.escaped {
            return self.unescaped() == name;
        }
        same(self.text.as_bytes(), name.as_bytes())
    }

    /// The name without escapes; empty when they make no text.
    #[cold]
    pub fn unescaped(&self) -> String {
        crate::unescaped(self.text).unwrap_or_default()
    }
}

/// A place in a text. See the module's documentation.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader before the first value of a text.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The whole text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Where the reader stands in the text.
    pub fn place(&self) -> usize {
        self.at
    }

    /// The first byte of the value that comes next.
    ///
    /// # Errors
    /// When nothing comes.
    #[inline(always)]
    pub fn peek(&mut self) -> Result<u8, Invalid> {
        match self.byte() {
            Some(byte) if byte > b' ' => Ok(byte),
            _ => self.peek_behind_blanks(),
        }
    }

    fn peek_behind_blanks(&mut self) -> Result<u8, Invalid> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                Some(byte) => return Ok(byte),
                None => return self.invalid(),
            }
        }
    }

    /// Skips the value that comes next; gives its place.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn value(&mut self) -> Result<Range<usize>, Invalid> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'{' | b'[' => self.container()?,
            _ => self.scalar(first)?,
        }
        Ok(start..self.at)
    }

    /// Goes through the object that comes next. For each member, `each` has to take the value.
    ///
    /// # Errors
    /// When it is no JSON or no object, or `each` says so.
    pub fn object(
        &mut self,
        each: &mut dyn FnMut(&mut Self, Name<'a>) -> Result<(), Invalid>,
    ) -> Result<(), Invalid> {
        let mut more = self.open(b'{', b'}')?;
        while more {
            let name = self.name()?;
            each(self, name)?;
            more = !self.is_last(b'}')?;
        }
        Ok(())
    }

    /// Goes through the list that comes next. For each item, `each` has to take the value.
    ///
    /// # Errors
    /// When it is no JSON or no list, or `each` says so.
    pub fn list(
        &mut self,
        each: &mut dyn FnMut(&mut Self) -> Result<(), Invalid>,
    ) -> Result<(), Invalid> {
        let mut more = self.open(b'[', b']')?;
        while more {
            each(self)?;
            more = !self.is_last(b']')?;
        }
        Ok(())
    }

    /// Takes the beginning of a container; says whether anything is in it.
    ///
    /// # Errors
    /// When something else comes.
    #[inline]
    pub fn open(&mut self, open: u8, close: u8) -> Result<bool, Invalid> {
        self.take(open)?;
        let empty = self.peek()? == close;
        self.at += usize::from(empty);
        Ok(!empty)
    }

    /// Takes exactly this text, if it comes next: a name that is expected, with its quotes and its colon.
    #[inline(always)]
    pub fn take_expected(&mut self, expected: &str) -> bool {
        let bytes = self.text.as_bytes().get(self.at..self.at + expected.len());
        let found = bytes.is_some_and(|bytes| same(bytes, expected.as_bytes()));
        self.at += if found { expected.len() } else { 0 };
        found
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// When something other than blanks follows.
    pub fn end(mut self) -> Result<(), Invalid> {
        match self.peek() {
            Ok(_) => self.invalid(),
            Err(_) => Ok(()),
        }
    }

    fn invalid<T>(&self) -> Result<T, Invalid> {
        Err(Invalid { at: self.at })
    }

    #[inline(always)]
    fn take(&mut self, byte: u8) -> Result<(), Invalid> {
        if self.peek()? == byte {
            self.at += 1;
            Ok(())
        } else {
            self.invalid()
        }
    }

    /// Takes a comma, or the end of the container; says whether it was the end.
    ///
    /// # Errors
    /// When something else comes.
    #[inline(always)]
    pub fn is_last(&mut self, close: u8) -> Result<bool, Invalid> {
        let byte = self.peek()?;
        if byte != b',' && byte != close {
            return self.invalid();
        }
        self.at += 1;
        Ok(byte == close)
    }

    /// Takes a member's name and the colon.
    ///
    /// # Errors
    /// When something else comes.
    #[inline]
    pub fn name(&mut self) -> Result<Name<'a>, Invalid> {
        self.take(b'"')?;
        let start = self.at;
        let escaped = self.string()?;
        let text = self.text.get(start..self.at - 1).unwrap_or_default();
        self.take(b':')?;
        Ok(Name { text, escaped })
    }

    #[inline(always)]
    fn skip_name(&mut self) -> Result<(), Invalid> {
        self.take(b'"')?;
        self.string()?;
        self.take(b':')
    }

    /// Skips a container without a call for each level of it: depth costs a bit of memory, never the stack.
    fn container(&mut self) -> Result<(), Invalid> {
        let mut open = Containers::default();
        loop {
            match self.peek()? {
                b'{' => {
                    if self.open(b'{', b'}')? {
                        open.push(true);
                        self.skip_name()?;
                        continue;
                    }
                }
                b'[' => {
                    if self.open(b'[', b']')? {
                        open.push(false);
                        continue;
                    }
                }
                first => self.scalar(first)?,
            }
            // A value is over, and with it every container whose last one it was.
            loop {
                match open.last() {
                    Some(true) if !self.is_last(b'}')? => {
                        self.skip_name()?;
                        break;
                    }
                    Some(false) if !self.is_last(b']')? => break,
                    Some(_) => open.pop(),
                    None => return Ok(()),
                }
            }
        }
    }

    /// Skips a value that holds no others and begins with this byte, which [`Reader::peek`] gave.
    ///
    /// # Errors
    /// When it is no JSON.
    #[inline(always)]
    pub fn scalar(&mut self, first: u8) -> Result<(), Invalid> {
        if first == b'"' {
            self.at += 1;
            return self.string().map(drop);
        }
        let word = match first {
            b'n' => "null",
            b't' => "true",
            b'f' => "false",
            _ => return self.number(),
        };
        match self.take_expected(word) {
            true => Ok(()),
            false => self.invalid(),
        }
    }

    fn number(&mut self) -> Result<(), Invalid> {
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// Takes one digit or more.
    fn digits(&mut self) -> Result<(), Invalid> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        match leading_digits(rest) {
            0 => self.invalid(),
            count => {
                self.at += count;
                Ok(())
            }
        }
    }

    #[inline(always)]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Takes the rest of a text and its closing quote; says whether there were escapes. Most texts end within a block: they
    /// need no loop, at each turn of which the sandbox looks at the clock.
    #[inline(always)]
    fn string(&mut self) -> Result<bool, Invalid> {
        let block = self.text.as_bytes().get(self.at..self.at + BLOCK);
        if let Some(Ok(block)) = block.map(TryInto::try_into) {
            match first_mark(block) {
                Some(mark) if block.get(mark) == Some(&b'"') => {
                    self.at += mark + 1;
                    return Ok(false);
                }
                Some(mark) => self.at += mark,
                None => self.at += BLOCK,
            }
        }
        self.long_string()
    }

    /// The same for any text.
    #[inline(never)]
    fn long_string(&mut self) -> Result<bool, Invalid> {
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        loop {
            self.at += plain(bytes, self.at);
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return self.invalid(),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Invalid> {
        self.at += 1;
        match self.byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                let digits = self.text.as_bytes().get(self.at + 1..self.at + 5);
                if digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    self.at += 5;
                    Ok(())
                } else {
                    self.invalid()
                }
            }
            _ => self.invalid(),
        }
    }
}

/// How many digits a text begins with: eight at a time, since a time has ten.
#[inline(always)]
pub(crate) fn leading_digits(text: &[u8]) -> usize {
    let mut here = 0;
    while let Some(Ok(block)) = text.get(here..here + 8).map(TryInto::try_into) {
        if !are_digits(u64::from_le_bytes(block)) {
            break;
        }
        here += 8;
    }
    while text.get(here).is_some_and(u8::is_ascii_digit) {
        here += 1;
    }
    here
}

/// Whether eight bytes are digits: the upper half of each is 3, also after 6 is added to it.
#[inline(always)]
fn are_digits(block: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const UPPER: u64 = ONES * 0xf0;
    block & UPPER | (block.wrapping_add(ONES * 6) & UPPER) >> 4 == ONES * 0x33
}

/// Whether two texts are the same. Its first and its last bytes are compared in one step each, and may overlap: no loop for
/// the names of fields. In the sandbox, a call that compares byte by byte is what takes the time.
#[inline(always)]
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    match left.len() {
        0 => true,
        1..4 => {
            left[0] == right[0]
                && left.last() == right.last()
                && left[left.len() / 2] == right[right.len() / 2]
        }
        4..8 => ends_match::<4>(left, right),
        8..17 => ends_match::<8>(left, right),
        _ => {
            let (left_blocks, _) = left.as_chunks::<8>();
            let (right_blocks, _) = right.as_chunks::<8>();
            let mut at = 0;
            while let (Some(left), Some(right)) = (left_blocks.get(at), right_blocks.get(at)) {
                if u64::from_le_bytes(*left) != u64::from_le_bytes(*right) {
                    return false;
                }
                at += 1;
            }
            ends_match::<8>(left, right)
        }
    }
}

/// Whether the first and the last bytes of two texts are the same.
#[inline(always)]
fn ends_match<const SIZE: usize>(left: &[u8], right: &[u8]) -> bool {
    let first = (left.first_chunk::<SIZE>(), right.first_chunk::<SIZE>());
    let last = (left.last_chunk::<SIZE>(), right.last_chunk::<SIZE>());
    first.0 == first.1 && last.0 == last.1
}

/// The number of bytes from `at` on that a text may hold as they are: up to a quote, a backslash, a control character or
/// the end.
#[inline(always)]
pub(crate) fn plain(bytes: &[u8], at: usize) -> usize {
    let mut here = at;
    while let Some(Ok(block)) = bytes.get(here..here + BLOCK).map(TryInto::try_into) {
        match first_mark(block) {
            Some(mark) => return here + mark - at,
            None => here += BLOCK,
        }
    }
    here - at + plain_rest(bytes.get(here..).unwrap_or_default())
}

/// The same for the last bytes of a document, which are less than a block.
#[cold]
fn plain_rest(bytes: &[u8]) -> usize {
    let plain = bytes
        .iter()
        .take_while(|byte| **byte >= 0x20 && !matches!(byte, b'"' | b'\\'));
    plain.count()
}

/// Bytes that [`first_mark`] looks at in one step.
const BLOCK: usize = if cfg!(target_feature = "simd128") {
    16
} else {
    8
};

/// The first byte of a block that a text may not hold as it is.
#[cfg(target_feature = "simd128")]
#[inline(always)]
fn first_mark(block: &[u8; BLOCK]) -> Option<usize> {
    use core::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, v128_load, v128_or};
    // SAFETY: the block has the sixteen bytes that are loaded; they need no alignment.
    let bytes = unsafe { v128_load(block.as_ptr().cast()) };
    let control = u8x16_lt(bytes, u8x16_splat(0x20));
    let quote = u8x16_eq(bytes, u8x16_splat(b'"'));
    let backslash = u8x16_eq(bytes, u8x16_splat(b'\\'));
    let marks = u8x16_bitmask(v128_or(control, v128_or(quote, backslash)));
    (marks != 0).then(|| marks.trailing_zeros() as usize)
}

/// The first byte of a block that a text may not hold as it is.
#[cfg(not(target_feature = "simd128"))]
#[inline(always)]
fn first_mark(block: &[u8; BLOCK]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // The lowest high bit of the result marks the first byte that is less than `n`; those above it may be wrong.
    let less = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & HIGH;
    let word = u64::from_le_bytes(*block);
    let quote = less(word ^ (ONES * u64::from(b'"')), 1);
    let backslash = less(word ^ (ONES * u64::from(b'\\')), 1);
    let marks = less(word, 0x20) | quote | backslash;
    (marks != 0).then(|| (marks.trailing_zeros() / 8) as usize)
}

/// The containers that are open: for each, whether it is an object. A bit each, sixty-four at a time.
#[derive(Default)]
struct Containers {
    depth: usize,
    newest: u64,
    older: Vec<u64>,
}

impl Containers {
    #[inline(always)]
    fn push(&mut self, object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.older.push(self.newest);
        }
        self.newest = self.newest << 1 | u64::from(object);
        self.depth += 1;
    }

    #[inline(always)]
    fn last(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.newest & 1 == 1)
    }

    #[inline(always)]
    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.newest >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.newest = self.older.pop().unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests;
