//! Writing the customer's fields.

use crate::json;
use crate::mapping::rule::held;
use crate::mapping::transform::{Item, each};
use crate::prelude::*;
use records::{add, is_written_plainly};

/// What a target is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A value.
    Value,
    /// The items of a list; it ends with `[]`.
    Items,
    /// The members of an object; it ends with `*`.
    Members,
}

/// What is known of a target's name before a record is there.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub form: Form,
    /// Where its own name begins, behind the object that holds it.
    own: usize,
    /// Whether its own name is written as it is.
    is_plain: bool,
    /// A number for the object that holds it. Targets of one object stand side by side.
    holder: usize,
}

impl Target {
    /// Looks at the names of targets.
    pub fn all<'t>(names: impl Iterator<Item = &'t str>) -> Vec<Self> {
        let (mut before, mut holder) = ("", 0);
        let all = names.map(|name| {
            let target = Self::of(name);
            let held_by = name.get(..target.own).unwrap_or_default();
            if held_by != before {
                (before, holder) = (held_by, holder + 1);
            }
            Self { holder, ..target }
        });
        all.collect()
    }

    fn of(name: &str) -> Self {
        let form = match name.as_bytes() {
            [.., b'[', b']'] => Form::Items,
            [.., b'*'] => Form::Members,
            _ => Form::Value,
        };
        let dot = name.bytes().rposition(|byte| byte == b'.');
        let own = dot.map_or(0, |dot| dot + 1);
        Self {
            form,
            own,
            is_plain: is_written_plainly(&name[own..]),
            holder: 0,
        }
    }
}

/// Writes the result. Rules come with the targets of one object side by side, so that an object is opened and closed once.
pub struct Writer<'t> {
    out: String,
    /// The objects that are open, as dotted paths.
    open: Vec<&'t str>,
    /// The number of the object to which the next target goes.
    holder: usize,
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
            holder: 0,
            list: None,
            last: "",
            filled: Vec::with_capacity(targets),
        }
    }

    /// Whether the target has a value already, and takes no further one.
    pub fn is_written(&self, name: &str, target: &Target) -> bool {
        target.form != Form::Items && self.last == name
    }

    /// Whether a target, or one within it, has a value that counts.
    pub fn has(&self, target: &str) -> bool {
        let within = |one: &str| {
            one.strip_prefix(target)
                .is_some_and(|rest| matches!(rest, "" | "[]") || rest.starts_with('.'))
        };
        self.filled.iter().any(|one| within(one))
    }

    /// Whether nothing stands yet in what is open.
    fn is_first(&self) -> bool {
        matches!(self.out.as_bytes().last(), Some(b'{' | b'['))
    }

    fn comma(&mut self) {
        if !self.is_first() {
            self.out.push(',');
        }
    }

    /// Closes what does not hold the target, and opens what does; gives the target's own name.
    fn enter(&mut self, name: &'t str, target: &Target) -> &'t str {
        if self.list.is_some_and(|list| list != name) {
            self.out.push(']');
            self.list = None;
        }
        let (holder, own) = name.split_at(target.own);
        if self.holder != target.holder {
            self.holder = target.holder;
            self.turn(holder);
        }
        own
    }

    /// Closes the objects that do not hold what comes, and opens those that do; the last of them is named with a dot behind it.
    #[cold]
    fn turn(&mut self, holder: &'t str) {
        let holds = |open: &str| {
            let behind = holder.strip_prefix(open);
            behind.is_some_and(|rest| rest.starts_with('.'))
        };
        while self.open.last().is_some_and(|open| !holds(open)) {
            self.out.push('}');
            self.open.pop();
        }
        let mut at = self.open.last().map_or(0, |open| open.len() + 1);
        for (end, byte) in holder.bytes().enumerate().skip(at) {
            if byte == b'.' {
                self.name(&holder[at..end]);
                self.out.push('{');
                self.open.push(&holder[..end]);
                at = end + 1;
            }
        }
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
    pub fn put(&mut self, name: &'t str, target: &Target, item: &Item) {
        if target.form != Form::Items {
            let own = self.enter(name, target);
            match target.is_plain {
                true => {
                    let quote = if self.is_first() { "\"" } else { ",\"" };
                    add(&mut self.out, &[quote, own, "\":"]);
                }
                false => self.name(own),
            }
            self.value(item);
        } else if !item.is_filled() {
            return;
        } else {
            if self.list != Some(name) {
                let own = self.enter(name, target);
                self.name(held(own));
                self.out.push('[');
                self.list = Some(name);
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
        self.last = name;
        if item.is_filled() {
            self.filled.push(name);
        }
    }

    /// Gives the target of a member of an object its value.
    pub fn put_member(&mut self, name: &'t str, target: &Target, member: &str, json: &str) {
        let own = self.enter(name, target);
        let prefix = own.get(..own.len() - 1).unwrap_or_default();
        self.name(&[prefix, member].joined(""));
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
