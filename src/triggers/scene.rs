//! An occasion as triggers look at it: values are picked once, and the texts are searched once for all keywords.

use crate::prelude::*;
use records::html;
use records::keywords::search;
use records::{Routes, value_at, values_at};

use super::packing::{ALL, AUTHOR, COMPARED, IN, KEYWORDS, NOT, OLDER, PRESENT, QUESTIONS, TAG};
use super::parts::{Part, parts_of};
use super::question::folded;
use super::watch::{Occasion, Watch};
use crate::intercom::timestamp;
use crate::json::Reader;
use crate::letters::fold;
use crate::mapping::apply::embedded;
use crate::mapping::condition::{compares, is_filled, plain};
use crate::mapping::packed::Unpacker;

use crate::mapping::transform::{Item, each};

/// The bytes that say where a question ends.
const END: usize = 4;

/// The most conditions within each other, with those that others stand for.
const MOST_DEPTH: usize = 24;

/// The most lists and objects within each other whose texts are searched.
const MOST_WITHIN: usize = 8;

/// An occasion as triggers look at it. What was found out once is not looked for again.
pub struct Scene<'a, 'w> {
    watch: &'w Watch<'w>,
    occasion: &'w Occasion<'a>,
    values: Option<Vec<Option<&'a str>>>,
    /// The answers to the questions, as far as they were asked.
    answers: Vec<Option<bool>>,
    /// Whether keywords were looked for in the texts at a path.
    searched: Vec<bool>,
    parts: Option<Vec<Part<'a>>>,
    /// What tags the row has: names, folded, and ids.
    tags: Option<Vec<String>>,
    /// The kind, the id and the address of who wrote last.
    speaker: Option<[Option<Item<'a>>; 3]>,
}

impl<'a, 'w> Scene<'a, 'w> {
    pub fn new(watch: &'w Watch<'w>, occasion: &'w Occasion<'a>) -> Self {
        Self {
            watch,
            occasion,
            values: None,
            answers: vec![None; watch.ends.len() / END],
            searched: vec![false; watch.names.len()],
            parts: None,
            tags: None,
            speaker: None,
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
        if let Some(question) = kind.checked_sub(QUESTIONS) {
            return match matters {
                true => self.answer(question),
                false => Some(false),
            };
        }
        if kind == NOT {
            return Some(!self.judge(packed, matters, depth)?);
        }
        let mut holds = kind == ALL;
        for _ in 0..packed.number()? {
            let open = matters && holds == (kind == ALL);
            let one = self.judge(packed, open, depth)?;
            if open {
                holds = one;
            }
        }
        Some(holds)
    }

    /// The answer to a question.
    fn answer(&mut self, question: usize) -> Option<bool> {
        if let Some(known) = self.answers.get(question)? {
            return Some(*known);
        }
        let answer = self.ask(question)?;
        self.answers[question] = Some(answer);
        Some(answer)
    }

    fn ask(&mut self, question: usize) -> Option<bool> {
        let mut packed = question_of(self.watch, question)?;
        let (kind, slot) = (packed.number()?, packed.number()?);
        if kind == KEYWORDS {
            // As many paths follow.
            for _ in 0..slot {
                self.search(packed.number()?);
                if self.answers.get(question) == Some(&Some(true)) {
                    return Some(true);
                }
            }
            return Some(false);
        }
        let value = self.value(slot);
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
            IN => {
                let found = plain(value.unwrap_or("null"));
                any(&mut packed, |wanted| found.as_deref() == Some(wanted))?
            }
            // Rows of a stream have their tags, and their author, at one path.
            TAG => {
                let tags = self.tags.get_or_insert_with(|| tags(value));
                any(&mut packed, |wanted| tags.iter().any(|tag| tag == wanted))?
            }
            AUTHOR => {
                if self.speaker.is_none() {
                    let parts = self.parts();
                    self.speaker = Some(speaker(parts, value));
                }
                let speaker = self.speaker.as_ref()?;
                any(&mut packed, |wanted| is_author(speaker, wanted))?
            }
            _ => return None,
        })
    }

    fn value(&mut self, slot: usize) -> Option<&'a str> {
        let (watch, occasion) = (self.watch, self.occasion);
        let values = self.values.get_or_insert_with(|| {
            let mut values = match occasion.places {
                // It is JSON: it was made here.
                [] => values_at(&watch.names, occasion.record).unwrap_or_default(),
                places => Routes::new(&watch.names, watch.stream.fields).values(
                    &watch.names,
                    occasion.record,
                    places,
                ),
            };
            if let Some(parts) = occasion.parts {
                for (name, value) in watch.names.iter().zip(&mut values) {
                    *value = embedded(watch.embedded, parts, name).unwrap_or(*value);
                }
            }
            values
        });
        values.get(slot).copied().flatten()
    }

    /// The rows of another stream that hang on the row.
    fn parts(&mut self) -> &[Part<'a>] {
        let (watch, occasion) = (self.watch, self.occasion);
        self.parts.get_or_insert_with(|| {
            let parts = occasion.parts.unwrap_or_default();
            parts_of(parts, watch.embedded)
        })
    }

    /// Looks for all keywords in the texts at a path: those that are there answer the questions that look there.
    fn search(&mut self, slot: usize) {
        let (watch, value) = (self.watch, self.value(slot));
        let Some(searched @ false) = self.searched.get_mut(slot) else {
            return;
        };
        *searched = true;
        let Some(value) = value else {
            return;
        };
        let mut text = String::new();
        match !watch.embedded.is_empty() && watch.names.get(slot) == Some(&watch.embedded) {
            true => {
                for part in self.parts() {
                    add(part.body.unwrap_or_default(), &mut text, MOST_WITHIN);
                }
            }
            false => add(value, &mut text, MOST_WITHIN),
        }
        let answers = &mut self.answers;
        search(watch.keywords, &text, &mut |question| {
            let question = question as usize;
            if let Some(answer) = answers.get_mut(question)
                && looks_at(watch, question, slot) == Some(true)
            {
                *answer = Some(true);
            }
        });
    }
}

/// A question, as it lies.
fn question_of<'p>(watch: &Watch<'p>, question: usize) -> Option<Unpacker<'p>> {
    let end = |question: usize| {
        let bytes = watch.ends.get(question * END..)?.first_chunk()?;
        Some(u32::from_le_bytes(*bytes) as usize)
    };
    let start = question.checked_sub(1).map_or(Some(0), end)?;
    Some(Unpacker(watch.questions.get(start..end(question)?)?))
}

/// Whether a question for keywords looks at a path.
fn looks_at(watch: &Watch, question: usize, slot: usize) -> Option<bool> {
    let mut packed = question_of(watch, question)?;
    packed.number()?;
    for _ in 0..packed.number()? {
        if packed.number()? == slot {
            return Some(true);
        }
    }
    Some(false)
}

/// Whether one of the texts that come next is wanted.
fn any(packed: &mut Unpacker, mut is_wanted: impl FnMut(&str) -> bool) -> Option<bool> {
    for _ in 0..packed.number()? {
        if is_wanted(packed.str()?) {
            return Some(true);
        }
    }
    Some(false)
}

/// Who wrote last: in the last part that says something, else who did the last thing, else the author of the row.
fn speaker<'a>(parts: &[Part<'a>], author: Option<&'a str>) -> [Option<Item<'a>>; 3] {
    let last = parts
        .iter()
        .max_by_key(|part| (is_filled(part.body), part.at));
    let author = last.and_then(|part| part.author).or(author);
    let values = values_at(&["email", "id", "type"], author.unwrap_or("null"));
    let [email, id, kind] = values
        .as_deref()
        .ok()
        .and_then(|all| all.as_array().copied())
        .unwrap_or_default();
    [kind, id, email].map(|value| value.map(Item::of))
}

/// The folded names of tags, and their ids.
fn tags(value: Option<&str>) -> Vec<String> {
    let mut tags = Vec::new();
    each(value.unwrap_or_default(), |tag| {
        for name in ["name", "id"] {
            tags.extend(value_at(tag, name).map(|json| match Item::of(json) {
                Item::Text(text) => folded(&text),
                Item::Json(json) => json.into_owned(),
            }));
        }
    });
    tags
}

/// Whether an author is of a kind, or has an id or an e-mail address. Users are contacts, and were always called so by somebody.
fn is_author(author: &[Option<Item>; 3], wanted: &str) -> bool {
    let is = |at: &Option<Item>, kind: &str| match at {
        Some(Item::Text(text) | Item::Json(text)) => text.eq_ignore_ascii_case(kind),
        None => false,
    };
    let kinds: &[&str] = match wanted {
        "contact" => &["contact", "user", "lead"],
        "user" => &["user", "contact"],
        _ => return author.iter().any(|at| is(at, wanted)),
    };
    kinds.iter().any(|kind| is(&author[0], kind))
}

/// Adds the texts of a value, folded and without markup, each on a line of its own.
fn add(json: &str, out: &mut String, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    match Item::of(json) {
        Item::Text(text) => {
            match text.contains(['<', '&']) {
                true => fold(&html::plain(&text), out),
                false => fold(&text, out),
            }
            out.push('\n');
        }
        Item::Json(json) if json.starts_with('[') => each(&json, |item| add(item, out, depth)),
        Item::Json(json) if json.starts_with('{') => {
            // It is JSON: it was read before.
            let _ = Reader::new(&json).object(&mut |reader, _| {
                let place = reader.value()?;
                add(json.get(place).unwrap_or_default(), out, depth);
                Ok(())
            });
        }
        Item::Json(_) => {}
    }
}
