//! A validating pull reader: goes through JSON once, checks its grammar, and gives slices of it. The loops over records
//! run here, so it looks at several bytes of a text at a time and builds nothing. Its smallest steps are always inlined: the
//! rest of the component is compiled for size, and would call each of them.
//!
//! It accepts exactly the texts that serde_json accepts when it skips a value: a property test compares them.

mod containers;

use crate::blocks::{BLOCK, Block};
use crate::bytes::{leading_digits, plain, same};
use crate::prelude::*;
use containers::Containers;
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
            match Block::of(block).first_mark() {
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

#[cfg(test)]
mod tests;
