//! The compiled form: numbers and texts one behind the other, without names.

use crate::prelude::*;
pub use records::Unpacker;

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
