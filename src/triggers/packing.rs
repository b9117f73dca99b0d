//! The compiled form of triggers: packed values that are judged as they lie.
//!
//! For each stream its name, the paths that its triggers look at (sorted: a number stands for each), the keywords (an index for
//! all that are looked for at the same paths) and the triggers; then the mappings, each once. Of a trigger first what decides
//! whether it fires, then what it wants.

use super::Trigger;
use super::keywords;
use super::question::Question;
use crate::intercom::streams::STREAMS;
use crate::mapping::condition::Condition;
use crate::mapping::packed::Packer;

/// Bits of a trigger.
pub const CONFIRM: usize = 1;
pub const EACH_CHANGE: usize = 2;
pub const ON_TOPICS: usize = 4;
/// It asks how long ago something was, which no delivery tells.
pub const WAITS: usize = 8;

/// Kinds of conditions.
pub const IN: usize = 0;
pub const PRESENT: usize = 1;
pub const NOT: usize = 2;
pub const ALL: usize = 3;
pub const ANY: usize = 4;
pub const COMPARED: usize = 5;
pub const KEYWORDS: usize = 6;
pub const TAG: usize = 7;
pub const AUTHOR: usize = 8;
pub const OLDER: usize = 9;

/// Packs triggers.
pub fn pack(triggers: &[Trigger]) -> Vec<u8> {
    let mut packer = Packer::default();
    if triggers.is_empty() {
        return packer.0;
    }
    let mut mappings: Vec<Vec<u8>> = Vec::new();
    let mut streams = Packer::default();
    for known in STREAMS {
        let own = triggers.iter().filter(|one| one.stream == known);
        let own: Vec<&Trigger> = own.collect();
        if !own.is_empty() {
            streams.text(known.name);
            streams.bytes(&stream(&own, &mut mappings));
        }
    }
    packer.bytes(&streams.0);
    for mapping in &mappings {
        packer.bytes(mapping);
    }
    packer.0
}

/// What the conditions of one stream have in common.
#[derive(Default)]
struct Shared<'t> {
    paths: Vec<&'t str>,
    /// Paths, the entries of the keywords that are looked for there, and how many marks they have.
    keywords: Vec<(&'t [String], Vec<String>, u32)>,
}

fn stream(triggers: &[&Trigger], mappings: &mut Vec<Vec<u8>>) -> Vec<u8> {
    let mut shared = Shared::default();
    for when in triggers.iter().filter_map(|trigger| trigger.when.as_ref()) {
        when.paths(&mut |path| {
            if let Err(at) = shared.paths.binary_search(&path) {
                shared.paths.insert(at, path);
            }
        });
    }
    let mut packed = Packer::default();
    for trigger in triggers {
        packed.bytes(&one(trigger, &mut shared, mappings));
    }
    let mut packer = Packer::default();
    packer.all(&shared.paths, |packer, path| packer.text(path));
    packer.all(&shared.keywords, |packer, (paths, words, _)| {
        packer.all(paths, |packer, path| {
            packer.number(slot(&shared.paths, path))
        });
        packer.bytes(&keywords::index(words.clone()));
    });
    packer.0.extend(packed.0);
    packer.0
}

fn one<'t>(trigger: &'t Trigger, shared: &mut Shared<'t>, mappings: &mut Vec<Vec<u8>>) -> Vec<u8> {
    let mut packer = Packer::default();
    let waits = trigger.when.as_ref().is_some_and(waits);
    packer.number(
        usize::from(trigger.confirm) * CONFIRM
            + usize::from(trigger.each_change) * EACH_CHANGE
            + usize::from(trigger.topics.is_some()) * ON_TOPICS
            + usize::from(waits) * WAITS,
    );
    // A name under which a delivery comes stands for all topics that have it.
    let mut names: Vec<String> = Vec::new();
    for topic in trigger.topics.iter().flatten() {
        names.push(topic.name.to_owned());
        names.extend(topic.aliases.iter().map(|alias| (*alias).to_owned()));
    }
    packer.texts(&names);
    match &trigger.when {
        Some(when) => condition(when, shared, &mut packer),
        None => several(ALL, &[], shared, &mut packer),
    }
    packer.text(&trigger.name);
    packer.text(&trigger.action);
    let mapping = trigger
        .mapping
        .section(trigger.stream.name)
        .map(|_| trigger.mapping.pack());
    packer.number(mapping.map_or(0, |mapping| {
        let known = mappings.iter().position(|known| *known == mapping);
        known.unwrap_or_else(|| {
            mappings.push(mapping);
            mappings.len() - 1
        }) + 1
    }));
    packer.0
}

fn waits(when: &Condition) -> bool {
    match when {
        Condition::Asked(Question::Older(..)) => true,
        Condition::Not(inner) => waits(inner),
        Condition::All(inner) | Condition::Any(inner) => inner.iter().any(waits),
        _ => false,
    }
}

fn slot(paths: &[&str], path: &str) -> usize {
    paths.binary_search(&path).unwrap_or_default()
}

fn several<'t>(kind: usize, inner: &'t [Condition], shared: &mut Shared<'t>, packer: &mut Packer) {
    packer.number(kind);
    packer.number(inner.len());
    for one in inner {
        condition(one, shared, packer);
    }
}

fn texts(packer: &mut Packer, kind: usize, slot: usize, texts: &[String]) {
    packer.number(kind);
    packer.number(slot);
    packer.texts(texts);
}

fn condition<'t>(when: &'t Condition, shared: &mut Shared<'t>, packer: &mut Packer) {
    match when {
        Condition::In(path, wanted) => texts(packer, IN, slot(&shared.paths, path), wanted),
        Condition::Present(path) => {
            packer.number(PRESENT);
            packer.number(slot(&shared.paths, path));
        }
        Condition::Not(inner) => {
            packer.number(NOT);
            condition(inner, shared, packer);
        }
        Condition::All(inner) => several(ALL, inner, shared, packer),
        Condition::Any(inner) => several(ANY, inner, shared, packer),
        Condition::Compared(path, comparison, number) => {
            packer.number(COMPARED);
            packer.number(slot(&shared.paths, path));
            packer.number(*comparison);
            packer.text(number);
        }
        Condition::Asked(Question::Tag { path, tags }) => {
            texts(packer, TAG, slot(&shared.paths, path), tags);
        }
        Condition::Asked(Question::Author { path, authors }) => {
            texts(packer, AUTHOR, slot(&shared.paths, path), authors);
        }
        Condition::Asked(Question::Older(path, seconds)) => {
            packer.number(OLDER);
            packer.number(slot(&shared.paths, path));
            packer.number(*seconds as usize);
        }
        Condition::Asked(Question::Keywords { paths, words }) => {
            let known = shared.keywords.iter().position(|one| one.0 == paths);
            let group = known.unwrap_or_else(|| {
                shared.keywords.push((paths, Vec::new(), 0));
                shared.keywords.len() - 1
            });
            let (_, all, marks) = &mut shared.keywords[group];
            all.extend(words.iter().map(|word| keywords::entry(word, *marks)));
            packer.number(KEYWORDS);
            packer.number(group);
            packer.number(*marks as usize);
            *marks += 1;
        }
    }
}
