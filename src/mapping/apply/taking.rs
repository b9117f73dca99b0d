//! From a rule's paths to its value.

use super::{Found, Subject};
use crate::json::{self, Reader};
use crate::mapping::condition::is_filled;
use crate::mapping::rule::{Rule, Source};
use crate::mapping::transform::{Item, Odd, Pass, each};
use crate::prelude::*;

/// The value that a rule begins with: the first that counts, else the first that is there; or all of them as a list.
pub fn taken<'a>(
    rule: &'a Rule,
    slots: &[Option<usize>],
    found: &Found<'a, '_>,
) -> Option<Item<'a>> {
    let values = rule
        .from
        .iter()
        .zip(slots)
        .filter_map(|(source, slot)| match source {
            Source::Literal(json) => Some(json.as_str()),
            Source::Path(_) => slot.and_then(|slot| found.values.get(slot).copied()?),
        });
    if rule.pipeline.first().is_some_and(|step| step.takes_all()) {
        // A list that is empty is told as well: of a part of a record, that it became so.
        let mut values = values.peekable();
        values.peek()?;
        let mut all: Vec<String> = Vec::new();
        for value in values {
            match value.starts_with('[') {
                true => each(value, |item| all.push(item.to_owned())),
                false => all.push(value.to_owned()),
            }
        }
        return Some(Item::json(json::list(all.into_iter())));
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

/// What a rule gives where there is no value; of a part nothing is said that is not there.
pub fn default<'a>(rule: &'a Rule, subject: &Subject) -> Option<Item<'a>> {
    let default = rule.default.as_deref().filter(|_| subject.whole);
    default.map(Item::of)
}

/// What a rule gives.
pub fn value<'a>(
    rule: &'a Rule,
    slots: &[Option<usize>],
    found: &Found<'a, '_>,
    subject: &Subject<'a>,
    pass: &mut Pass,
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
        item = step.run(item, pass)?;
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
pub fn members<'a>(object: &'a str, mut each: impl FnMut(String, &'a str)) {
    let read = Reader::new(object).object(&mut |reader, name| {
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
