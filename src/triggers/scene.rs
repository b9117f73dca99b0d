//! An occasion as triggers look at it: values are picked once, and the texts are searched once for all keywords.

use super::packing::{ALL, ANY, AUTHOR, COMPARED, IN, KEYWORDS, NOT, OLDER, PRESENT, TAG};
use super::question::folded;
use super::watch::{Occasion, Watch};
use crate::intercom::timestamp;
use crate::json::Reader;
use crate::letters::fold;
use crate::mapping::apply::embed;
use crate::mapping::condition::{compares, is_filled, same};
use crate::mapping::packed::Unpacker;
use crate::mapping::path::value_at;
use crate::mapping::transform::html::plain;
use crate::mapping::transform::{Item, each};
use records::keywords::search;

/// The most conditions within each other, with those that others stand for.
const MOST_DEPTH: usize = 24;

/// The most lists and objects within each other whose texts are searched.
const MOST_WITHIN: usize = 8;

/// An occasion as triggers look at it.
pub struct Scene<'a, 'w> {
    watch: &'w Watch<'w>,
    occasion: &'w Occasion<'a>,
    values: Option<Vec<Option<&'a str>>>,
    /// The marks of the keywords that were found, for each index that was searched.
    found: Vec<Option<Vec<u32>>>,
}

impl<'a, 'w> Scene<'a, 'w> {
    pub fn new(watch: &'w Watch<'w>, occasion: &'w Occasion<'a>) -> Self {
        Self {
            watch,
            occasion,
            values: None,
            found: vec![None; watch.keywords.len()],
        }
    }

    /// Whether the condition that comes next holds; a damaged one does not.
    pub fn holds(&mut self, packed: &mut Unpacker) -> bool {
        self.judge(packed, true, MOST_DEPTH).unwrap_or(false)
    }

    /// Reads a condition to its end; judges it only where it still matters.
    fn judge(&mut self, packed: &mut Unpacker, matters: bool, depth: usize) -> Option<bool> {
        let depth = depth.checked_sub(1)?;
        let kind = packed.number()?;
        match kind {
            NOT => return Some(!self.judge(packed, matters, depth)?),
            ALL | ANY => {
                let mut holds = kind == ALL;
                for _ in 0..packed.number()? {
                    let open = holds == (kind == ALL);
                    let one = self.judge(packed, matters && open, depth)?;
                    if open {
                        holds = one;
                    }
                }
                return Some(holds);
            }
            KEYWORDS => {
                let (group, mark) = (packed.number()?, packed.number()?);
                return Some(matters && self.has_keyword(group, mark as u32));
            }
            _ => {}
        }
        let slot = packed.number()?;
        let value = match matters {
            true => self.value(slot),
            false => None,
        };
        Some(match kind {
            PRESENT => is_filled(value),
            COMPARED => {
                let (comparison, number) = (packed.number()?, packed.str()?);
                value.is_some_and(|found| compares(comparison, found, number))
            }
            OLDER => {
                let seconds = packed.number()? as i64;
                let time = value.and_then(|json| timestamp::parse(json).ok().flatten());
                time.is_some_and(|time| self.occasion.now.saturating_sub(time) > seconds)
            }
            IN | TAG | AUTHOR => {
                let speaker = match kind {
                    AUTHOR if matters => self.speaker(value),
                    _ => None,
                };
                let mut holds = false;
                for _ in 0..packed.number()? {
                    let wanted = packed.str()?;
                    holds |= matters
                        && match kind {
                            IN => same(wanted, value.unwrap_or("null")),
                            TAG => is_tagged(value.unwrap_or_default(), wanted),
                            _ => speaker.is_some_and(|author| is_author(author, wanted)),
                        };
                }
                holds
            }
            _ => return None,
        })
    }

    fn value(&mut self, slot: usize) -> Option<&'a str> {
        let (watch, occasion) = (self.watch, self.occasion);
        let values = self.values.get_or_insert_with(|| {
            let picked = watch.paths.pick(occasion.record);
            let mut values = picked.unwrap_or_else(|_| vec![None; watch.names.len()]);
            if let Some(parts) = occasion.parts {
                embed(watch.stream.embedded(), parts, &watch.names, &mut values);
            }
            values
        });
        values.get(slot).copied().flatten()
    }

    /// Whether a keyword with this mark is in the texts of an index.
    fn has_keyword(&mut self, group: usize, mark: u32) -> bool {
        let watch = self.watch;
        let Some((slots, index)) = watch.keywords.get(group) else {
            return false;
        };
        if let Some(Some(found)) = self.found.get(group) {
            return found.contains(&mark);
        }
        let embedded = watch.stream.embedded();
        let mut text = String::new();
        for slot in slots {
            let Some(value) = self.value(*slot) else {
                continue;
            };
            match !embedded.is_empty()
                && watch.names.get(*slot).is_some_and(|name| name == embedded)
            {
                true => each(list_of(value, embedded), |part| {
                    add(
                        value_at(part, "body").unwrap_or_default(),
                        &mut text,
                        MOST_WITHIN,
                    );
                }),
                false => add(value, &mut text, MOST_WITHIN),
            }
        }
        let mut found = Vec::new();
        search(index, &text, &mut |mark| {
            if !found.contains(&mark) {
                found.push(mark);
            }
        });
        let is_there = found.contains(&mark);
        self.found[group] = Some(found);
        is_there
    }

    /// Who wrote last: in the last part that says something, else who did the last thing, else the author of the row.
    fn speaker(&self, author: Option<&'a str>) -> Option<&'a str> {
        let parts = self.occasion.parts.unwrap_or_default();
        let mut last: Option<(bool, i64, &str)> = None;
        each(list_of(parts, self.watch.stream.embedded()), |part| {
            let speaks = is_filled(value_at(part, "body"));
            let at = created_at(part);
            if last.is_none_or(|(spoke, before, _)| (speaks, at) >= (spoke, before)) {
                last = Some((speaks, at, part));
            }
        });
        last.and_then(|(_, _, part)| value_at(part, "author"))
            .or(author)
    }
}

/// The id of the part that came last.
pub fn last_part<'a>(parts: &'a str, embedded: &str) -> Option<&'a str> {
    let mut last: Option<(i64, &str)> = None;
    each(list_of(parts, embedded), |part| {
        let at = created_at(part);
        if last.is_none_or(|(before, _)| at >= before) {
            last = Some((at, part));
        }
    });
    let id = value_at(last?.1, "id")?;
    Some(id.trim_matches('"'))
}

fn created_at(part: &str) -> i64 {
    let at = value_at(part, "created_at").and_then(|json| timestamp::parse(json).ok().flatten());
    at.unwrap_or_default()
}

/// The list of parts, which may stand in an object.
fn list_of<'a>(parts: &'a str, embedded: &str) -> &'a str {
    match parts.starts_with('[') {
        true => parts,
        false => value_at(parts, embedded).unwrap_or_default(),
    }
}

/// Whether a list of tags has one of this id, or of this folded name.
fn is_tagged(tags: &str, wanted: &str) -> bool {
    let mut found = false;
    each(tags, |tag| {
        let is = |name: &str| match value_at(tag, name).map(Item::of) {
            Some(Item::Text(text)) => folded(&text) == wanted,
            Some(Item::Json(json)) => json == wanted,
            None => false,
        };
        found = found || is("name") || is("id");
    });
    found
}

/// Whether an author is of a kind, or has an id or an e-mail address. Users are contacts, and were always called so by somebody.
fn is_author(author: &str, wanted: &str) -> bool {
    let is = |name: &str, kinds: &[&str]| match value_at(author, name).map(Item::of) {
        Some(Item::Text(text) | Item::Json(text)) => {
            kinds.iter().any(|kind| text.eq_ignore_ascii_case(kind))
        }
        None => false,
    };
    match wanted {
        "contact" => is("type", &["contact", "user", "lead"]),
        "user" => is("type", &["user", "contact"]),
        kind => is("type", &[kind]) || is("id", &[kind]) || is("email", &[kind]),
    }
}

/// Adds the texts of a value, folded and without markup, each on a line of its own.
fn add(json: &str, out: &mut String, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    match Item::of(json) {
        Item::Text(text) => {
            match text.contains(['<', '&']) {
                true => fold(&plain(&text), out),
                false => fold(&text, out),
            }
            out.push('\n');
        }
        Item::Json(json) if json.starts_with('[') => each(&json, |item| add(item, out, depth)),
        Item::Json(json) if json.starts_with('{') => {
            // It is JSON: it was read before.
            let _ = Reader::new(&json).object(|reader, _| {
                let place = reader.value()?;
                add(json.get(place).unwrap_or_default(), out, depth);
                Ok(())
            });
        }
        Item::Json(_) => {}
    }
}
