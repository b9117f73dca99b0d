//! Writing the customer's fields.

use crate::json;
use crate::mapping::rule::held;
use crate::mapping::transform::{Item, each};
use crate::prelude::*;

/// Writes the result. Rules come with the targets of one object side by side, so that an object is opened and closed once.
pub struct Writer<'t> {
    out: String,
    /// The objects that are open, as dotted paths.
    open: Vec<&'t str>,
    /// The list that is open.
    list: Option<&'t str>,
    /// The last target written.
    last: &'t str,
    /// Targets that were written with a value that counts.
    filled: Vec<&'t str>,
}

impl<'t> Writer<'t> {
    /// A writer of an object of about this many bytes, and of this many targets at most.
    pub fn new(capacity: usize, targets: usize) -> Self {
        let mut out = String::with_capacity(capacity);
        out.push('{');
        Self {
            out,
            open: Vec::new(),
            list: None,
            last: "",
            filled: Vec::with_capacity(targets),
        }
    }

    /// Whether the target has a value already, and takes no further one.
    pub fn is_written(&self, target: &str) -> bool {
        self.last == target && !target.ends_with("[]")
    }

    /// Whether a target, or one within it, has a value that counts.
    pub fn has(&self, target: &str) -> bool {
        let within = |one: &str| {
            one.strip_prefix(target)
                .is_some_and(|rest| matches!(rest, "" | "[]") || rest.starts_with('.'))
        };
        self.filled.iter().any(|one| within(one))
    }

    fn comma(&mut self) {
        if !self.out.ends_with(['{', '[']) {
            self.out.push(',');
        }
    }

    /// Closes what does not hold the target, and opens what does; gives the target's own name.
    fn enter(&mut self, target: &'t str) -> &'t str {
        if self.list.is_some_and(|list| list != target) {
            self.out.push(']');
            self.list = None;
        }
        let holds = |open: &str| {
            target
                .strip_prefix(open)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        while self.open.last().is_some_and(|open| !holds(open)) {
            self.out.push('}');
            self.open.pop();
        }
        let mut at = self.open.last().map_or(0, |open| open.len() + 1);
        while let Some(length) = target.get(at..).and_then(|rest| rest.find('.')) {
            self.name(&target[at..at + length]);
            self.out.push('{');
            self.open.push(&target[..at + length]);
            at += length + 1;
        }
        &target[at..]
    }

    fn name(&mut self, name: &str) {
        self.comma();
        json::quote(&mut self.out, name);
        self.out.push(':');
    }

    fn value(&mut self, item: &Item) {
        match item {
            Item::Text(text) => json::quote(&mut self.out, text),
            Item::Json(json) => self.out.push_str(json),
        }
    }

    /// Gives a target a value.
    pub fn put(&mut self, target: &'t str, item: &Item) {
        match target.strip_suffix("[]") {
            None => {
                let name = self.enter(target);
                self.name(name);
                self.value(item);
            }
            Some(_) if !item.is_filled() => return,
            Some(_) => {
                if self.list != Some(target) {
                    let name = self.enter(target);
                    self.name(held(name));
                    self.out.push('[');
                    self.list = Some(target);
                }
                match item {
                    Item::Json(list) if list.starts_with('[') => each(list, |json| {
                        self.comma();
                        self.out.push_str(json);
                    }),
                    item => {
                        self.comma();
                        self.value(item);
                    }
                }
            }
        }
        self.last = target;
        if item.is_filled() {
            self.filled.push(target);
        }
    }

    /// Gives the target of a member of an object its value.
    pub fn put_member(&mut self, star: &'t str, member: &str, json: &str) {
        let prefix = self.enter(star);
        self.name(&[prefix, member].concat());
        self.out.push_str(json);
    }

    /// The object.
    pub fn end(mut self) -> Vec<u8> {
        if self.list.is_some() {
            self.out.push(']');
        }
        for _ in 0..=self.open.len() {
            self.out.push('}');
        }
        self.out.into_bytes()
    }
}
