//! The compiled form: numbers and texts one behind the other, without names.

use crate::prelude::*;
use records::packed;

/// Writes values one behind the other.
#[derive(Default)]
pub struct Packer(pub Vec<u8>);

impl Packer {
    /// A number, in groups of seven bits.
    pub fn number(&mut self, mut number: usize) {
        while number > 127 {
            self.0.push((number & 127) as u8 | 128);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// A text, behind its length.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Bytes, behind their length.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    /// Values behind their number.
    pub fn all<T>(&mut self, values: &[T], each: impl Fn(&mut Self, &T)) {
        self.number(values.len());
        for value in values {
            each(self, value);
        }
    }

    /// Texts behind their number.
    pub fn texts(&mut self, texts: &[String]) {
        self.all(texts, |packer, text| packer.text(text));
    }

    /// A value that may be missing: none or one.
    pub fn some<T>(&mut self, value: Option<&T>, each: impl Fn(&mut Self, &T)) {
        self.all(value.as_slice(), |packer, value| each(packer, value));
    }
}

/// Reads what [`Packer`] wrote. Every reading ends in `None` where the bytes are damaged.
pub struct Unpacker<'a>(pub &'a [u8]);

impl<'a> Unpacker<'a> {
    /// A number.
    #[inline(always)]
    pub fn number(&mut self) -> Option<usize> {
        packed::take_number(&mut self.0)
    }

    /// Bytes, as they lie.
    #[inline(always)]
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        packed::take_bytes(&mut self.0)
    }

    /// A text, as it lies.
    #[inline(always)]
    pub fn str(&mut self) -> Option<&'a str> {
        packed::take_text(&mut self.0)
    }

    /// A text.
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
    pub fn texts(&mut self) -> Option<Vec<String>> {
        self.all(Self::text)
    }

    /// A value that may be missing.
    pub fn some<T>(&mut self, each: impl Fn(&mut Self) -> Option<T>) -> Option<Option<T>> {
        Some(self.all(each)?.pop())
    }
}
