//! The compiled form of triggers: packed values that are judged as they lie.
//!
//! For each stream its name and what its triggers have in common: the paths that they look at (sorted: a number stands for each),
//! the topics that they name (likewise), the keywords (one index, whose marks are the numbers of questions), and the questions,
//! each once, behind a table of where each ends. Then the triggers, those with the same topics together; then the mappings, each
//! once. Of a trigger first what decides whether it fires, then what it wants.

use super::Trigger;
use super::keywords;
use super::question::Question;
use crate::intercom::streams::STREAMS;
use crate::intercom::topics::Topic;
use crate::mapping::condition::{Condition, plain};
use crate::mapping::packed::Packer;
use crate::prelude::*;
use core::slice;

/// Bits of triggers with the same topics: whether they name any, and whether they ask how long ago something was, which no
/// delivery tells.
pub const ON_TOPICS: usize = 1;
pub const WAITS: usize = 2;

/// Bits of a trigger.
pub const CONFIRM: usize = 1;
pub const EACH_CHANGE: usize = 2;
/// The same as for all with its topics.
pub const OF_TOPIC: usize = 4;

/// What a condition is made of; a number from [`QUESTIONS`] on is a question's.
pub const NOT: usize = 0;
pub const ALL: usize = 1;
pub const ANY: usize = 2;
pub const QUESTIONS: usize = 3;

/// Kinds of questions.
pub const IN: usize = 0;
pub const PRESENT: usize = 1;
pub const COMPARED: usize = 2;
pub const KEYWORDS: usize = 3;
pub const TAG: usize = 4;
pub const AUTHOR: usize = 5;
pub const OLDER: usize = 6;

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

/// What the triggers of one stream have in common.
#[derive(Default)]
struct Shared<'t> {
    paths: Vec<&'t str>,
    topics: Vec<&'static str>,
    questions: Vec<&'t Condition>,
    packed: Vec<Vec<u8>>,
    /// The entries of the index of keywords.
    keywords: Vec<String>,
}

/// Triggers with the same topics: whether they wait, the topics, and each trigger packed.
type Group<'t> = (bool, Option<&'t [&'static Topic]>, Vec<Vec<u8>>);

fn stream(triggers: &[&Trigger], mappings: &mut Vec<Vec<u8>>) -> Vec<u8> {
    let mut shared = Shared::default();
    for when in triggers.iter().filter_map(|trigger| trigger.when.as_ref()) {
        when.paths(&mut |path| {
            if let Err(at) = shared.paths.binary_search(&path) {
                shared.paths.insert(at, path);
            }
        });
    }
    let mut groups: Vec<Group> = Vec::new();
    for (order, trigger) in triggers.iter().enumerate() {
        let waits = trigger.when.as_ref().is_some_and(waits);
        let topics = trigger.topics.as_deref();
        let known = groups
            .iter()
            .position(|group| group.0 == waits && group.1 == topics);
        let group = known.unwrap_or_else(|| {
            groups.push((waits, topics, Vec::new()));
            groups.len() - 1
        });
        let packed = one(order, trigger, &mut shared, mappings);
        groups[group].2.push(packed);
    }
    let mut behind = Packer::default();
    for (waits, topics, triggers) in groups {
        let mut group = Packer::default();
        group.number(usize::from(topics.is_some()) * ON_TOPICS + usize::from(waits) * WAITS);
        group.all(&shared.named(topics), |packer, topic| packer.number(*topic));
        for trigger in triggers {
            group.bytes(&trigger);
        }
        behind.bytes(&group.0);
    }
    shared.pack(&behind.0)
}

impl<'t> Shared<'t> {
    /// All of it, and what stands behind it.
    fn pack(&self, behind: &[u8]) -> Vec<u8> {
        let mut packer = Packer::default();
        for texts in [&self.paths, &self.topics] {
            packer.all(texts, |packer, text| packer.text(text));
        }
        packer.bytes(&keywords::index(self.keywords.clone()));
        let (mut ends, mut all) = (Vec::new(), Vec::new());
        for question in &self.packed {
            all.extend_from_slice(question);
            ends.extend((all.len() as u32).to_le_bytes());
        }
        packer.bytes(&ends);
        packer.bytes(&all);
        packer.0.extend_from_slice(behind);
        packer.0
    }

    /// The numbers of topics. A name under which a delivery comes stands for all topics that have it.
    fn named(&mut self, topics: Option<&[&'static Topic]>) -> Vec<usize> {
        let topics = topics.unwrap_or_default().iter();
        let names = topics.flat_map(|topic| [topic.name].into_iter().chain(topic.aliases.to_vec()));
        let mut numbers = Vec::new();
        for name in names {
            let known = self.topics.iter().position(|known| *known == name);
            let number = known.unwrap_or_else(|| {
                self.topics.push(name);
                self.topics.len() - 1
            });
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        numbers
    }

    fn slot(&self, path: &str) -> usize {
        self.paths.binary_search(&path).unwrap_or_default()
    }

    /// The number of a question.
    fn question(&mut self, asked: &'t Condition) -> usize {
        let known = self.questions.iter().position(|known| *known == asked);
        known.unwrap_or_else(|| {
            let number = self.questions.len();
            let packed = self.packed(asked, number);
            self.questions.push(asked);
            self.packed.push(packed);
            number
        })
    }

    fn packed(&mut self, asked: &'t Condition, number: usize) -> Vec<u8> {
        let mut packer = Packer::default();
        let mut begin = |kind, path: &str| {
            packer.number(kind);
            packer.number(self.slot(path));
        };
        match asked {
            Condition::In(path, wanted) => {
                begin(IN, path);
                packer.all(wanted, |packer, one| {
                    packer.text(&plain(one).unwrap_or_default());
                });
            }
            Condition::Compared(path, comparison, limit) => {
                begin(COMPARED, path);
                packer.number(*comparison);
                packer.text(limit);
            }
            Condition::Present(path) => begin(PRESENT, path),
            Condition::Asked(Question::Tag { path, tags }) => {
                begin(TAG, path);
                packer.texts(tags);
            }
            Condition::Asked(Question::Author { path, authors }) => {
                begin(AUTHOR, path);
                packer.texts(authors);
            }
            Condition::Asked(Question::Older(path, seconds)) => {
                begin(OLDER, path);
                packer.number(*seconds as usize);
            }
            Condition::Asked(Question::Keywords { paths, words }) => {
                let entries = words
                    .iter()
                    .map(|word| keywords::entry(word, number as u32));
                self.keywords.extend(entries);
                packer.number(KEYWORDS);
                packer.all(paths, |packer, path| packer.number(self.slot(path)));
            }
            // These are no questions.
            Condition::Not(_) | Condition::All(_) | Condition::Any(_) => {}
        }
        packer.0
    }

    fn condition(&mut self, when: &'t Condition, packer: &mut Packer) {
        match when {
            Condition::Not(inner) => {
                packer.number(NOT);
                self.condition(inner, packer);
            }
            Condition::All(inner) => self.several(ALL, inner, packer),
            Condition::Any(inner) => self.several(ANY, inner, packer),
            asked => packer.number(QUESTIONS + self.question(asked)),
        }
    }

    /// What costs least comes first: the rest is not asked once the answer is clear.
    fn several(&mut self, kind: usize, inner: &'t [Condition], packer: &mut Packer) {
        packer.number(kind);
        packer.number(inner.len());
        for wanted in 0..=MOST_COST {
            for one in inner.iter().filter(|one| cost(one) == wanted) {
                self.condition(one, packer);
            }
        }
    }
}

fn one<'t>(
    order: usize,
    trigger: &'t Trigger,
    shared: &mut Shared<'t>,
    mappings: &mut Vec<Vec<u8>>,
) -> Vec<u8> {
    let mut packer = Packer::default();
    match &trigger.when {
        Some(when) => shared.condition(when, &mut packer),
        None => shared.several(ALL, &[], &mut packer),
    }
    packer.number(order);
    packer.number(
        usize::from(trigger.confirm) * CONFIRM
            + usize::from(trigger.each_change) * EACH_CHANGE
            + usize::from(trigger.topics.is_some()) * OF_TOPIC,
    );
    packer.text(&trigger.name);
    packer.text(&trigger.action);
    let section = trigger.mapping.section(trigger.stream.name);
    let mapping = section.map(|section| trigger.mapping.packed(slice::from_ref(section)));
    packer.number(mapping.map_or(0, |mapping| {
        let known = mappings.iter().position(|known| *known == mapping);
        known.unwrap_or_else(|| {
            mappings.push(mapping);
            mappings.len() - 1
        }) + 1
    }));
    packer.0
}

/// What a condition costs at most.
const MOST_COST: usize = 2;

/// What a condition costs, beside others: a look at a field, at a list, or at all texts.
fn cost(when: &Condition) -> usize {
    match when {
        Condition::Asked(Question::Keywords { .. }) => MOST_COST,
        Condition::Asked(Question::Tag { .. } | Question::Author { .. }) => 1,
        Condition::Not(inner) => cost(inner),
        Condition::All(inner) | Condition::Any(inner) => {
            inner.iter().map(cost).max().unwrap_or_default()
        }
        _ => 0,
    }
}

fn waits(when: &Condition) -> bool {
    match when {
        Condition::Asked(Question::Older(..)) => true,
        Condition::Not(inner) => waits(inner),
        Condition::All(inner) | Condition::Any(inner) => inner.iter().any(waits),
        _ => false,
    }
}
