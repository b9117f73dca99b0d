//! Writing objects and lists.

use crate::prelude::*;
use records::quote;

/// An object that is being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    written: String,
}

impl Members {
    /// Adds a member whose value is written already.
    pub fn json(mut self, name: &str, json: &str) -> Self {
        if !self.written.is_empty() {
            self.written.push(',');
        }
        quote(&mut self.written, name);
        self.written.push(':');
        self.written.push_str(json);
        self
    }

    /// Adds a member whose value is written already, where there is one.
    pub fn some_json(self, name: &str, json: Option<String>) -> Self {
        match json {
            Some(json) => self.json(name, &json),
            None => self,
        }
    }

    /// Adds a text.
    pub fn text(self, name: &str, text: &str) -> Self {
        let mut json = String::new();
        quote(&mut json, text);
        self.json(name, &json)
    }

    /// Adds a text, where there is one.
    pub fn some_text(self, name: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// Adds a number, where there is one.
    pub fn some_number(self, name: &str, number: Option<i64>) -> Self {
        match number {
            Some(number) => self.json(name, &number.to_string()),
            None => self,
        }
    }

    /// The object.
    pub fn object(self) -> String {
        format!("{{{}}}", self.written)
    }
}

/// A list of values that are written already.
pub fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}
