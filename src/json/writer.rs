//! Writing objects and lists.

use crate::prelude::*;
use records::{quote, quoted};

/// An object that is being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    written: String,
}

impl Members {
    /// Adds a member whose value is written already.
    pub fn json(&mut self, name: &str, json: &str) -> &mut Self {
        if !self.written.is_empty() {
            self.written.push(',');
        }
        quote(&mut self.written, name);
        self.written.push(':');
        self.written.push_str(json);
        self
    }

    /// Adds a member whose value is written already, where there is one.
    pub fn some_json(&mut self, name: &str, json: Option<String>) -> &mut Self {
        match json {
            Some(json) => self.json(name, &json),
            None => self,
        }
    }

    /// Adds a text.
    pub fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.json(name, &quoted(text))
    }

    /// Adds a text, where there is one.
    pub fn some_text(&mut self, name: &str, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// Adds a number, where there is one.
    pub fn some_number(&mut self, name: &str, number: Option<i64>) -> &mut Self {
        match number {
            Some(number) => self.json(name, &number.to_string()),
            None => self,
        }
    }

    /// The object; nothing is left to be added to.
    pub fn object(&mut self) -> String {
        let mut object = core::mem::take(&mut self.written);
        object.insert(0, '{');
        object.push('}');
        object
    }
}

/// A list of values that are written already.
pub fn list(items: impl Iterator<Item = String>) -> String {
    let mut list = String::from("[");
    for (at, item) in items.enumerate() {
        if at > 0 {
            list.push(',');
        }
        list.push_str(&item);
    }
    list.push(']');
    list
}
