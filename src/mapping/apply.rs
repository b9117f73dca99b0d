//! A mapping at work: from a canonical record to the customer's fields, in one pass over the record.

mod explain;
mod taking;
mod writer;

use crate::prelude::*;
use alloc::borrow::Cow;
use core::cell::OnceCell;

use records::{Place, Routes, values_at};

use super::document::attributes_of;
use super::path::{COMPANY, value_at};
use super::rule::{Rule, Section, Source};
use super::transform::{Odd, Pass};
use crate::intercom::streams::Stream;
use crate::json;
use taking::{default, members, value};
use writer::{Form, Target, Writer};

/// A section made ready for records.
#[derive(Clone, Debug)]
pub struct Program<'m> {
    section: Cow<'m, Section>,
    /// Where the paths lead, if a record comes with the places of its values.
    routes: OnceCell<Routes>,
    /// The stream whose records they are.
    stream: &'static Stream,
    /// The paths' texts, sorted, in the order of their slots.
    names: Vec<Cow<'m, str>>,
    /// For each rule its target, and the slots of its paths; of literals none.
    rules: Vec<(Target, Vec<Option<usize>>)>,
    /// The field that holds custom attributes, and those that rules name.
    attributes: Option<(&'static str, Vec<String>)>,
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
    /// Where in it the values of the stream's fields are, in their order; empty when that is not known.
    pub places: &'a [Place],
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
    names: &'p [Cow<'p, str>],
    values: Vec<Option<&'a str>>,
}

impl<'a> Found<'a, '_> {
    fn get(&self, path: &str) -> Option<&'a str> {
        // There are few, and most differ in their length.
        let is_it = |name: &Cow<str>| name.len() == path.len() && *name == path;
        let slot = self.names.iter().position(is_it);
        self.values.get(slot?).copied().flatten()
    }
}

impl<'m> Program<'m> {
    /// Makes a section of a stream ready.
    pub fn new(stream: &'static Stream, section: Cow<'m, Section>) -> Self {
        let mut wanted: Vec<Cow<str>> = Vec::new();
        let field = attributes_of(stream);
        let mut want = |path: Cow<'m, str>| {
            if let Err(at) = wanted.binary_search(&path) {
                wanted.insert(at, path);
            }
        };
        match &section {
            Cow::Borrowed(section) => section.paths(&mut |path| want(Cow::Borrowed(path))),
            Cow::Owned(section) => section.paths(&mut |path| want(Cow::Owned(path.to_owned()))),
        }
        if section.strict {
            field
                .into_iter()
                .for_each(|field| want(Cow::Borrowed(field)));
        }
        // There are few, and most differ in their length.
        let slot = |path: &str| wanted.iter().position(|known| known == path);
        let rules = section.rules.iter().map(|rule| {
            let sources = rule.from.iter();
            let sources = sources.map(|source| match source {
                Source::Path(path) => slot(path),
                Source::Literal(_) => None,
            });
            sources.collect()
        });
        let targets = Target::all(section.rules.iter().map(|rule| &*rule.to));
        let stars = targets.iter().any(|target| target.form == Form::Members);
        let rules = targets.into_iter().zip(rules).collect();
        let named = |field: &str| {
            let names = wanted
                .iter()
                .filter_map(|path| path.strip_prefix(field)?.strip_prefix('.'));
            // They are sorted as the paths are.
            names.map(str::to_owned).collect()
        };
        Self {
            routes: OnceCell::new(),
            stream,
            attributes: field
                .filter(|_| stars || section.strict)
                .map(|field| (field, named(field))),
            section,
            rules,
            names: wanted,
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
        let mut writer = Writer::new(subject.record.len() / 4, self.section.rules.len());
        for (rule, (target, slots)) in self.section.rules.iter().zip(&self.rules) {
            // Most rules of a preset find nothing in most records.
            if !self.gives(rule, slots, &found)
                || writer.is_written(&rule.to, target)
                || rule.when.as_ref().is_some_and(|when| !when.holds(&get))
            {
                continue;
            }
            if target.form == Form::Members {
                self.spread(rule, target, slots, &found, &mut writer);
                continue;
            }
            let mut pass = Pass::of(subject.key);
            let value = value(rule, slots, &found, subject, &mut pass);
            let value = value.unwrap_or_else(|Odd| {
                pass.odd = true;
                default(rule, subject)
            });
            if pass.odd {
                mapped.odd.push(rule.to.clone());
            }
            match value {
                Some(value) if self.section.nulls || value.is_filled() => {
                    writer.put(&rule.to, target, &value)
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

    /// Whether there is anything that a rule could give.
    fn gives(&self, rule: &Rule, slots: &[Option<usize>], found: &Found) -> bool {
        rule.default.is_some()
            || slots.iter().any(|slot| match slot {
                Some(slot) => match found.values.get(*slot) {
                    Some(Some(value)) => self.section.nulls || *value != "null",
                    _ => false,
                },
                // A literal.
                None => true,
            })
    }

    fn found<'a>(&self, subject: &Subject<'a>) -> Result<Found<'a, '_>, json::Invalid> {
        let names: Vec<&str> = self.names.iter().map(|name| &**name).collect();
        let mut values = match subject.places {
            [] => values_at(&names, subject.record)?,
            places => {
                let routes = || Routes::new(&names, self.stream.fields);
                let routes = self.routes.get_or_init(routes);
                routes.values(&names, subject.record, places)
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
            let field = self.stream.embedded();
            for (name, value) in self.names.iter().zip(&mut values) {
                *value = embedded(field, parts, name).unwrap_or(*value);
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
        rule: &'t Rule,
        target: &Target,
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
        let prefix = rule.to.get(..rule.to.len() - 1).unwrap_or_default();
        // Two values of one name are none: what a rule names is the rule's.
        let is_target = |member: &str| {
            self.section.rules.iter().any(|other| {
                let own = other.to.strip_prefix(prefix).map(str::as_bytes);
                let behind = own.and_then(|own| own.strip_prefix(member.as_bytes()));
                behind.is_some_and(|behind| matches!(behind, [] | [b'.' | b'[', ..]))
            })
        };
        members(object.unwrap_or_default(), |name, value| {
            let known = named.is_some_and(|(_, names)| names.binary_search(&name).is_ok());
            if !known && (self.section.nulls || value != "null") && !is_target(&name) {
                writer.put_member(&rule.to, target, &name, value);
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
}

/// What a path leads to that goes into the rows of another stream, which a record embeds in a field and which are given beside
/// it; `None` when it does not go there.
pub fn embedded<'a>(field: &str, parts: &'a str, path: &str) -> Option<Option<&'a str>> {
    match path.strip_prefix(field)? {
        "" => Some(Some(parts)),
        rest => rest.strip_prefix('.').map(|path| value_at(parts, path)),
    }
}
