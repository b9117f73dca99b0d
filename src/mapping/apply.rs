//! A mapping at work: from a canonical record to the customer's fields, in one pass over the record.

use std::cell::{Cell, OnceCell};

use records::{Paths, in_order, values_at};

use super::condition::is_filled;
use super::document::attributes_of;
use super::path::{COMPANY, value_at};
use super::rule::{Rule, Section, Source};
use super::transform::{Item, Odd, each, hidden};
use crate::intercom::streams::Stream;
use crate::json::{self, Members, Reader, quoted};

/// A section made ready for records.
#[derive(Clone, Debug)]
pub struct Program {
    section: Section,
    /// Whether a record was looked at.
    used: Cell<bool>,
    /// The paths, made ready for the second record: a single one is read without.
    paths: OnceCell<Paths>,
    /// The paths' texts, sorted, in the order of their slots.
    names: Vec<String>,
    /// For each rule the slots of its paths; of literals none.
    slots: Vec<Vec<Option<usize>>>,
    /// The field that holds custom attributes, and those that rules name.
    attributes: Option<(&'static str, Vec<String>)>,
    /// The field that holds rows of another stream.
    embedded: &'static str,
}

/// What became of a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapped {
    /// The customer's fields.
    pub payload: Vec<u8>,
    /// Targets that were left out because their value is not what the rule takes.
    pub odd: Vec<String>,
    /// Targets that have to be there and are not.
    pub missing: Vec<String>,
    /// Custom attributes that no rule names, where that is not allowed.
    pub unmapped: Vec<String>,
}

/// A record and what it is mapped with.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The canonical record.
    pub record: &'a str,
    /// Its key.
    pub key: &'a str,
    /// The canonical record of the contact's company, where it was read.
    pub company: Option<&'a str>,
    /// The rows of another stream that the record embeds, where they are given beside it.
    pub parts: Option<&'a str>,
    /// Whether the record is whole. Of a part only what it holds is mapped: no default, nothing that has to be there.
    pub whole: bool,
}

/// The values of a record at a program's paths.
struct Found<'a, 'p> {
    names: &'p [String],
    values: Vec<Option<&'a str>>,
}

impl<'a> Found<'a, '_> {
    fn get(&self, path: &str) -> Option<&'a str> {
        let slot = self.names.binary_search_by(|name| name.as_str().cmp(path));
        self.values.get(slot.ok()?).copied().flatten()
    }
}

impl Program {
    /// Makes a section of a stream ready.
    pub fn new(stream: &Stream, section: Section) -> Self {
        let mut wanted = Vec::new();
        let field = attributes_of(stream);
        section.paths(&mut |path| wanted.push(path.to_owned()));
        if section.strict {
            wanted.extend(field.map(str::to_owned));
        }
        let mut wanted = in_order(wanted);
        wanted.dedup();
        let slot = |path: &String| wanted.binary_search(path).ok();
        let slots = section.rules.iter().map(|rule| {
            let sources = rule.from.iter();
            let sources = sources.map(|source| match source {
                Source::Path(path) => slot(path),
                Source::Literal(_) => None,
            });
            sources.collect()
        });
        let slots = slots.collect();
        let stars = section.rules.iter().any(|rule| rule.to.ends_with('*'));
        let named = |field: &str| {
            let names = wanted
                .iter()
                .filter_map(|path| path.strip_prefix(field)?.strip_prefix('.'));
            // They are sorted as the paths are.
            names.map(str::to_owned).collect()
        };
        Self {
            used: Cell::new(false),
            paths: OnceCell::new(),
            attributes: field
                .filter(|_| stars || section.strict)
                .map(|field| (field, named(field))),
            section,
            slots,
            names: wanted,
            embedded: stream.embedded(),
        }
    }

    /// The section.
    pub fn section(&self) -> &Section {
        &self.section
    }

    /// Maps a record; `None` when the mapping does not want it at all.
    ///
    /// # Errors
    /// When the record is no JSON; canonical records are.
    pub fn apply(&self, subject: &Subject) -> Result<Option<Mapped>, json::Invalid> {
        let found = self.found(subject)?;
        let get = |path: &str| found.get(path);
        if let Some(when) = &self.section.when
            && subject.whole
            && !when.holds(&get)
        {
            return Ok(None);
        }
        let mut mapped = Mapped::default();
        let mut writer = Writer::new(subject.record.len() / 4);
        for (rule, slots) in self.section.rules.iter().zip(&self.slots) {
            if writer.is_written(&rule.to)
                || rule.when.as_ref().is_some_and(|when| !when.holds(&get))
            {
                continue;
            }
            if let Some(star) = rule.to.strip_suffix('*') {
                self.spread(star, rule, slots, &found, &mut writer);
                continue;
            }
            let value = value(rule, slots, &found, subject);
            let value = value.unwrap_or_else(|Odd| {
                mapped.odd.push(rule.to.clone());
                default(rule, subject)
            });
            match value {
                Some(value) if self.section.nulls || !value.is_null() => {
                    writer.put(&rule.to, &value)
                }
                _ => {}
            }
        }
        if subject.whole {
            let missing = self.section.required.iter();
            mapped.missing = missing
                .filter(|target| !writer.has(target))
                .cloned()
                .collect();
            mapped.unmapped = self.unmapped(&found);
        }
        mapped.payload = writer.end();
        Ok(Some(mapped))
    }

    fn found<'a>(&self, subject: &Subject<'a>) -> Result<Found<'a, '_>, json::Invalid> {
        let names = || self.names.iter().map(String::as_str);
        let mut values = match self.used.replace(true) {
            false => values_at(&names().collect::<Vec<_>>(), subject.record)?,
            true => {
                let paths = self.paths.get_or_init(|| Paths::new(names()));
                paths.pick(subject.record)?
            }
        };
        if let Some(company) = subject.company {
            for (name, value) in self.names.iter().zip(&mut values) {
                if let Some(path) = name.strip_prefix(COMPANY) {
                    *value = value_at(company, path);
                }
            }
        }
        if let Some(parts) = subject.parts {
            for (name, value) in self.names.iter().zip(&mut values) {
                *value = embedded(self.embedded, parts, name).unwrap_or(*value);
            }
        }
        Ok(Found {
            names: &self.names,
            values,
        })
    }

    /// Puts each member of an object to its own target. Of custom attributes, those that no other rule names.
    fn spread<'t>(
        &self,
        star: &'t str,
        rule: &Rule,
        slots: &[Option<usize>],
        found: &Found,
        writer: &mut Writer<'t>,
    ) {
        let object = slots
            .first()
            .copied()
            .flatten()
            .and_then(|slot| found.values.get(slot).copied()?);
        let field = rule.paths().next();
        let named = self
            .attributes
            .as_ref()
            .filter(|(name, _)| Some(*name) == field);
        members(object.unwrap_or_default(), |name, value| {
            let known = named.is_some_and(|(_, names)| names.binary_search(&name).is_ok());
            if !known && (self.section.nulls || value != "null") {
                writer.put_member(star, &name, value);
            }
        });
    }

    fn unmapped(&self, found: &Found) -> Vec<String> {
        let mut unmapped = Vec::new();
        if let Some((field, names)) = self.attributes.as_ref().filter(|_| self.section.strict) {
            members(found.get(field).unwrap_or_default(), |name, value| {
                if value != "null" && names.binary_search(&name).is_err() {
                    unmapped.push(format!("{field}.{name}"));
                }
            });
        }
        unmapped
    }

    /// Says for each rule what it took and what each step made of it, with every letter and digit hidden.
    ///
    /// # Errors
    /// As [`Program::apply`].
    pub fn explain(&self, subject: &Subject) -> Result<Vec<u8>, json::Invalid> {
        let found = self.found(subject)?;
        let get = |path: &str| found.get(path);
        let rules = self
            .section
            .rules
            .iter()
            .zip(&self.slots)
            .map(|(rule, slots)| {
                let from: Vec<String> = rule
                    .from
                    .iter()
                    .map(|source| match source {
                        Source::Path(path) => quoted(path),
                        Source::Literal(_) => "\"a literal\"".to_owned(),
                    })
                    .collect();
                let told = Members::default()
                    .text("to", &rule.to)
                    .json("from", &json::list(from.into_iter()));
                if rule.when.as_ref().is_some_and(|when| !when.holds(&get)) {
                    return told.text("skipped", "its condition does not hold").object();
                }
                let took = taken(rule, slots, &found);
                let mut steps = Vec::new();
                let mut item = took.clone().map(Ok);
                for step in &rule.pipeline {
                    let Some(Ok(value)) = item.clone() else { break };
                    let made = step.run(value, subject.key);
                    steps.push(
                        Members::default()
                            .text("step", step.row().name)
                            .text("gave", &shown(&made))
                            .object(),
                    );
                    item = Some(made);
                }
                let gave = value(rule, slots, &found, subject);
                let gave = match gave {
                    Ok(Some(item)) => shown(&Ok(item)),
                    Ok(None) => "nothing".to_owned(),
                    Err(odd) => shown(&Err(odd)),
                };
                let took = took.map_or_else(|| "nothing".to_owned(), |item| shown(&Ok(item)));
                told.text("took", &took)
                    .json("steps", &json::list(steps.into_iter()))
                    .text("gave", &gave)
                    .object()
            });
        Ok(Members::default()
            .json("rules", &json::list(rules))
            .object()
            .into_bytes())
    }
}

/// What a path leads to that goes into the rows of another stream, which a record embeds in a field and which are given beside
/// it; `None` when it does not go there.
pub fn embedded<'a>(field: &str, parts: &'a str, path: &str) -> Option<Option<&'a str>> {
    match path.strip_prefix(field)? {
        "" => Some(Some(parts)),
        rest => rest.strip_prefix('.').map(|path| value_at(parts, path)),
    }
}

/// A value for people, hidden.
fn shown(item: &Result<Item, Odd>) -> String {
    match item {
        Ok(item) => match item.written() {
            json if matches!(&*json, "null" | "true" | "false") => json.into_owned(),
            json => hidden(&json),
        },
        Err(Odd) => "a value that it does not take".to_owned(),
    }
}

/// The value that a rule begins with: the first that counts, else the first that is there; or all of them as a list.
fn taken<'a>(rule: &'a Rule, slots: &[Option<usize>], found: &Found<'a, '_>) -> Option<Item<'a>> {
    let values = rule
        .from
        .iter()
        .zip(slots)
        .filter_map(|(source, slot)| match source {
            Source::Literal(json) => Some(json.as_str()),
            Source::Path(_) => slot.and_then(|slot| found.values.get(slot).copied()?),
        });
    if rule.pipeline.first().is_some_and(|step| step.takes_all()) {
        let mut all: Vec<String> = Vec::new();
        for value in values {
            match value.starts_with('[') {
                true => each(value, |item| all.push(item.to_owned())),
                false => all.push(value.to_owned()),
            }
        }
        return (!all.is_empty()).then(|| Item::json(json::list(all.into_iter())));
    }
    let mut first = None;
    for value in values {
        if is_filled(Some(value)) {
            return Some(Item::of(value));
        }
        first = first.or(Some(value));
    }
    first.map(Item::of)
}

fn default<'a>(rule: &'a Rule, subject: &Subject) -> Option<Item<'a>> {
    let default = rule.default.as_deref().filter(|_| subject.whole);
    default.map(Item::of)
}

/// What a rule gives.
fn value<'a>(
    rule: &'a Rule,
    slots: &[Option<usize>],
    found: &Found<'a, '_>,
    subject: &Subject<'a>,
) -> Result<Option<Item<'a>>, Odd> {
    // A literal says nothing about a part of a record.
    let told = subject.whole
        || slots
            .iter()
            .flatten()
            .any(|slot| found.values.get(*slot).is_some_and(Option::is_some));
    let Some(mut item) = taken(rule, slots, found).filter(|_| told) else {
        return Ok(default(rule, subject));
    };
    for step in &rule.pipeline {
        item = step.run(item, subject.key)?;
    }
    if !rule.kind.fits(item.kind()) {
        return Err(Odd);
    }
    if !item.is_filled()
        && let Some(default) = default(rule, subject)
    {
        return Ok(Some(default));
    }
    Ok(Some(item))
}

/// Calls back with each member of an object, as it is written.
fn members<'a>(object: &'a str, mut each: impl FnMut(String, &'a str)) {
    let read = Reader::new(object).object(|reader, name| {
        let value = object.get(reader.value()?).unwrap_or_default();
        each(
            if name.escaped {
                name.unescaped()
            } else {
                name.text.to_owned()
            },
            value,
        );
        Ok(())
    });
    // Anything else has no members.
    read.unwrap_or_default();
}

/// Writes the result. Rules come with the targets of one object side by side, so that an object is opened and closed once.
struct Writer<'t> {
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
    fn new(capacity: usize) -> Self {
        let mut out = String::with_capacity(capacity);
        out.push('{');
        Self {
            out,
            open: Vec::new(),
            list: None,
            last: "",
            filled: Vec::new(),
        }
    }

    /// Whether the target has a value already, and takes no further one.
    fn is_written(&self, target: &str) -> bool {
        self.last == target && !target.ends_with("[]")
    }

    /// Whether a target, or one within it, has a value that counts.
    fn has(&self, target: &str) -> bool {
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

    fn put(&mut self, target: &'t str, item: &Item) {
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
                    self.name(name.trim_end_matches("[]"));
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

    fn put_member(&mut self, star: &'t str, member: &str, json: &str) {
        let prefix = self.enter(star);
        self.name(&[prefix, member].concat());
        self.out.push_str(json);
    }

    fn end(mut self) -> Vec<u8> {
        if self.list.is_some() {
            self.out.push(']');
        }
        for _ in 0..=self.open.len() {
            self.out.push('}');
        }
        self.out.into_bytes()
    }
}
