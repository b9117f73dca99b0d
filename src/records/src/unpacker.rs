//! The reader of packed values: numbers and texts one behind the other, without names.

use crate::prelude::*;

/// Reads values one behind the other. Every reading ends in `None` where the bytes are damaged.
pub struct Unpacker<'a>(pub &'a [u8]);

impl<'a> Unpacker<'a> {
    /// A number.
    #[inline(never)]
    pub fn number(&mut self) -> Option<usize> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        let mut number = usize::from(*byte & 127);
        if *byte < 128 {
            return Some(number);
        }
        for shift in [7, 14, 21] {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= usize::from(byte & 127) << shift;
            if *byte < 128 {
                return Some(number);
            }
        }
        None
    }

    /// Bytes, as they lie.
    #[inline(never)]
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        // Most are short: their length is a byte.
        let length = match self.0 {
            [length @ ..128, rest @ ..] => {
                self.0 = rest;
                usize::from(*length)
            }
            _ => self.number()?,
        };
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    /// A text, as it lies.
    #[inline(never)]
    pub fn str(&mut self) -> Option<&'a str> {
        str::from_utf8(self.bytes()?).ok()
    }

    /// A text.
    #[inline(never)]
    pub fn text(&mut self) -> Option<String> {
        self.str().map(str::to_owned)
    }

    /// Values behind their number. Each takes a byte at least, which bounds what damage can ask for.
    pub fn all<T>(&mut self, each: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        if count > self.0.len() {
            return None;
        }
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            all.push(each(self)?);
        }
        Some(all)
    }

    /// Texts behind their number.
    #[inline(never)]
    pub fn texts(&mut self) -> Option<Vec<String>> {
        self.all(Self::text)
    }

    /// A value that may be missing.
    pub fn some<T>(&mut self, each: impl Fn(&mut Self) -> Option<T>) -> Option<Option<T>> {
        Some(self.all(each)?.pop())
    }
}
