//! Conditions on a record: `{ path: role, equals: lead }`, `in`, `present`, `absent`; `not`, `all`, `any` around them; a list
//! means all of them. Numbers and times also `above`, `below`, `at_least`, `at_most`.

use crate::prelude::*;
use alloc::borrow::Cow;
use core::cmp::Ordering;
use records::is_written_plainly;

use super::path::{COMPANY, Type, type_at};
use crate::contract::types::Problem;
use crate::failure::{problem, unknown};
use crate::intercom::streams::Stream;
use crate::json::{self, Member, Object};
use crate::mapping::packed::{Packer, Unpacker};
use crate::triggers::question::{self, Question};

/// The most conditions within each other.
const MOST_DEPTH: usize = 8;

/// What a condition may say, beside its path.
const WORDS: [&str; 12] = [
    "path", "equals", "in", "present", "absent", "not", "all", "any", "above", "below", "at_least",
    "at_most",
];

/// Comparisons of numbers by their names, with the orders of the value to the number beside the name that they take.
const COMPARISONS: [(&str, &[Ordering]); 4] = [
    ("above", &[Ordering::Greater]),
    ("below", &[Ordering::Less]),
    ("at_least", &[Ordering::Greater, Ordering::Equal]),
    ("at_most", &[Ordering::Less, Ordering::Equal]),
];

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The value at the path is one of these, as JSON.
    In(String, Vec<String>),
    /// There is a value at the path, and it is neither null nor an empty text.
    Present(String),
    /// It does not hold.
    Not(Box<Self>),
    /// All of them hold.
    All(Vec<Self>),
    /// One of them holds.
    Any(Vec<Self>),
    /// The number at the path compares like this (a place in the table of comparisons) to another.
    Compared(String, usize, String),
    /// What only triggers ask.
    Asked(Question),
}

/// What a condition may speak of.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The stream that has the paths.
    pub stream: &'static Stream,
    /// Whether it is a trigger's.
    pub asks: bool,
}

impl Terms {
    /// The type at a path that a condition may name.
    ///
    /// # Errors
    /// What is wrong with the path, at this place of the document.
    pub fn type_at(self, path: &str, place: &str) -> Result<Type, Box<Problem>> {
        if self.asks && path.starts_with(COMPANY) && self.stream.name == "contacts" {
            let message = format!(
                "a trigger cannot look at `{path}`, which is in a contact's company: no delivery tells it; its mapping can take it, \
                and a trigger of the stream companies can look at it"
            );
            return Err(Box::new(problem(place, "path", message)));
        }
        type_at(self.stream, path, place)
    }
}

/// Whether a value is one that counts: neither absent, nor null, nor an empty text.
pub fn is_filled(json: Option<&str>) -> bool {
    // Most values are longer than what does not count.
    json.is_some_and(|json| json.len() > 4 || !matches!(json, "" | "null" | "\"\""))
}

impl Condition {
    /// Whether it holds for a record, whose value at a path the function gives.
    pub fn holds<'a>(&self, value: &dyn Fn(&str) -> Option<&'a str>) -> bool {
        match self {
            Self::In(path, wanted) => {
                let found = value(path).unwrap_or("null");
                wanted.iter().any(|wanted| same(wanted, found))
            }
            Self::Present(path) => is_filled(value(path)),
            Self::Not(inner) => !inner.holds(value),
            Self::All(inner) => inner.iter().all(|one| one.holds(value)),
            Self::Any(inner) => inner.iter().any(|one| one.holds(value)),
            Self::Compared(path, comparison, number) => {
                value(path).is_some_and(|found| compares(*comparison, found, number))
            }
            // Mappings cannot say it.
            Self::Asked(_) => false,
        }
    }

    /// Calls back with every path in it.
    pub fn paths<'a>(&'a self, each: &mut dyn FnMut(&'a str)) {
        match self {
            Self::In(path, _) | Self::Present(path) | Self::Compared(path, ..) => each(path),
            Self::Asked(question) => question.paths().for_each(each),
            Self::Not(inner) => inner.paths(each),
            Self::All(inner) | Self::Any(inner) => inner.iter().for_each(|one| one.paths(each)),
        }
    }

    /// Reads a condition at a place of its document; `None` when something is wrong with it.
    pub fn read(
        member: &Member,
        place: &str,
        terms: Terms,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        Reading { terms, problems }.read(member, place, MOST_DEPTH)
    }

    /// Packs it.
    pub fn pack(&self, packer: &mut Packer) {
        match self {
            Self::In(path, wanted) => {
                packer.number(0);
                packer.text(path);
                packer.texts(wanted);
            }
            Self::Present(path) => {
                packer.number(1);
                packer.text(path);
            }
            Self::Not(inner) => {
                packer.number(2);
                inner.pack(packer);
            }
            Self::All(inner) => {
                packer.number(3);
                packer.all(inner, |packer, one| one.pack(packer));
            }
            Self::Any(inner) => {
                packer.number(4);
                packer.all(inner, |packer, one| one.pack(packer));
            }
            Self::Compared(path, comparison, number) => {
                packer.number(5);
                packer.text(path);
                packer.number(*comparison);
                packer.text(number);
            }
            // One of none: it never holds.
            Self::Asked(_) => Self::Any(Vec::new()).pack(packer),
        }
    }

    /// Reads what [`Condition::pack`] wrote.
    pub fn unpack(unpacker: &mut Unpacker) -> Option<Self> {
        unpack(unpacker, MOST_DEPTH)
    }
}

fn unpack(unpacker: &mut Unpacker, depth: usize) -> Option<Condition> {
    let depth = depth.checked_sub(1)?;
    Some(match unpacker.number()? {
        0 => Condition::In(unpacker.text()?, unpacker.texts()?),
        1 => Condition::Present(unpacker.text()?),
        2 => Condition::Not(Box::new(unpack(unpacker, depth)?)),
        3 => Condition::All(unpacker.all(|unpacker| unpack(unpacker, depth))?),
        4 => Condition::Any(unpacker.all(|unpacker| unpack(unpacker, depth))?),
        5 => Condition::Compared(unpacker.text()?, unpacker.number()?, unpacker.text()?),
        _ => return None,
    })
}

/// Whether a number compares to another as it should. Numbers may be in quotes.
pub fn compares(comparison: usize, found: &str, wanted: &str) -> bool {
    let orders = COMPARISONS
        .get(comparison)
        .map_or(&[][..], |(_, orders)| orders);
    let both = millionths(found).zip(millionths(wanted));
    both.is_some_and(|(found, wanted)| orders.contains(&found.cmp(&wanted)))
}

/// A number in millionths; `None` when it is none, or too large.
fn millionths(json: &str) -> Option<i64> {
    let json = json.trim_matches('"');
    let digits = json.strip_prefix('-').unwrap_or(json);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut number: i64 = whole.parse().ok()?;
    let mut fraction = fraction.bytes();
    for _ in 0..6 {
        let digit = char::from(fraction.next().unwrap_or(b'0')).to_digit(10)?;
        number = number.checked_mul(10)?.checked_add(digit.into())?;
    }
    Some(if digits.len() < json.len() {
        -number
    } else {
        number
    })
}

/// A document of conditions that is being read.
struct Reading<'p> {
    terms: Terms,
    problems: &'p mut Vec<Problem>,
}

impl Reading<'_> {
    /// Says what is wrong at a place.
    #[inline(never)]
    fn wrong<T>(&mut self, place: &str, code: &str, message: &str) -> Option<T> {
        self.problems.push(problem(place, code, message));
        None
    }

    /// Conditions that stand in a list; `None` when something is wrong with one of them.
    fn several(&mut self, list: &str, place: &str, depth: usize) -> Option<Vec<Condition>> {
        let items: Vec<Member> = json::parse(list.as_bytes()).unwrap_or_default();
        if items.is_empty() {
            return self.wrong(place, "missing", "the list holds no condition");
        }
        let mut all = Vec::new();
        for (at, item) in items.iter().enumerate() {
            all.extend(self.read(item, &format!("{place}[{at}]"), depth));
        }
        (all.len() == items.len()).then_some(all)
    }

    fn read(&mut self, member: &Member, place: &str, depth: usize) -> Option<Condition> {
        let Some(depth) = depth.checked_sub(1) else {
            return self.wrong(
                place,
                "depth",
                "the conditions are too deep within each other",
            );
        };
        let object: Object = match member {
            Member::List(list) => return self.several(list, place, depth).map(Condition::All),
            Member::Object(object) => json::parse(object.as_bytes()).unwrap_or_default(),
            _ => {
                let message = "expected a condition: an object, or a list of them";
                return self.wrong(place, "type", message);
            }
        };
        let path = self.path(&object, place)?;
        let mut all = Vec::new();
        for (word, value) in &object.0 {
            let asked = match self.terms.asks {
                true => question::read(
                    word,
                    value,
                    &object,
                    self.terms.stream,
                    place,
                    self.problems,
                ),
                false => question::Read::No,
            };
            let one = match (asked, &path) {
                (question::Read::Condition(one), _) => one,
                (question::Read::No, _) if word != "path" => match &path {
                    Some(path) => self.of_value(path, word, value, place),
                    None => self.of_conditions(word, value, place, depth),
                },
                _ => continue,
            };
            all.push(one?);
        }
        match (all.len(), path) {
            (0, Some(_)) => {
                self.wrong(place, "missing", "the condition says nothing of its `path`")
            }
            (0, None) => self.wrong(place, "missing", "the condition is empty"),
            (1, _) => all.pop(),
            _ => Some(Condition::All(all)),
        }
    }

    /// The path of which a condition speaks, where it speaks of one; `None` when something is wrong with it or a key.
    fn path(&mut self, object: &Object, place: &str) -> Option<Option<String>> {
        let mut words = WORDS.to_vec();
        if self.terms.asks {
            words.extend(question::WORDS);
        }
        let mut names = object.0.iter().map(|(name, _)| name.as_str());
        if let Some(name) = names.find(|name| !words.contains(name)) {
            let message = "a condition has no such key";
            let place = format!("{place}.{name}");
            let problem = unknown(place, "unknown_key", message, name, &words);
            self.problems.push(problem);
            return None;
        }
        match object.get("path") {
            Some(Member::Text(path)) => match self.terms.type_at(path, &format!("{place}.path")) {
                Ok(_) => Some(Some(path.clone())),
                Err(problem) => {
                    self.problems.push(*problem);
                    None
                }
            },
            Some(_) => self.wrong(place, "type", "`path` is no text"),
            None => Some(None),
        }
    }

    /// What a word says of the value at a path.
    fn of_value(
        &mut self,
        path: &str,
        word: &str,
        value: &Member,
        place: &str,
    ) -> Option<Condition> {
        let path = path.to_owned();
        Some(match (word, value) {
            ("equals", Member::List(_) | Member::Object(_)) => {
                let message = "`equals` takes a text, a number, true, false or null";
                return self.wrong(place, "type", message);
            }
            ("equals", value) => Condition::In(path, vec![written(value)]),
            // One of none would never hold.
            ("in", Member::List(list)) if *list != "[]" => {
                let values: Vec<Member> = json::parse(list.as_bytes()).unwrap_or_default();
                Condition::In(path, values.iter().map(written).collect())
            }
            ("present" | "absent", Member::Boolean(truth)) => {
                let present = Condition::Present(path);
                match (word == "present") == *truth {
                    true => present,
                    false => Condition::Not(Box::new(present)),
                }
            }
            (word, Member::Number(number)) if comparison(word).is_some() => Condition::Compared(
                path,
                comparison(word).unwrap_or_default(),
                (*number).to_owned(),
            ),
            _ => {
                let message = "expected `equals` with a value, `in` with a list of values, `above`, `below`, `at_least` or `at_most` with a number, `present: true` or `absent: true`";
                return self.wrong(place, "type", message);
            }
        })
    }

    /// What a word makes of other conditions.
    fn of_conditions(
        &mut self,
        word: &str,
        value: &Member,
        place: &str,
        depth: usize,
    ) -> Option<Condition> {
        let within = format!("{place}.{word}");
        match (word, value) {
            ("not", inner) => {
                let inner = self.read(inner, &within, depth)?;
                Some(Condition::Not(Box::new(inner)))
            }
            ("all", Member::List(list)) => self.several(list, &within, depth).map(Condition::All),
            ("any", Member::List(list)) => self.several(list, &within, depth).map(Condition::Any),
            ("all" | "any", _) => {
                let message = format!("`{word}` takes a list of conditions");
                self.wrong(place, "type", &message)
            }
            _ => self.wrong(place, "missing", "the condition names no `path`"),
        }
    }
}

/// The place of a comparison in their table.
fn comparison(word: &str) -> Option<usize> {
    COMPARISONS.iter().position(|(name, _)| *name == word)
}

/// A value as it is written.
pub fn written(member: &Member) -> String {
    match member {
        Member::Null => "null".to_owned(),
        Member::Boolean(truth) => truth.to_string(),
        Member::Text(text) => json::quoted(text),
        Member::Number(json) | Member::List(json) | Member::Object(json) => (*json).to_owned(),
    }
}

/// Whether two values are the same: texts by their characters, everything else as it is written, but that 1.0 is 1. A number
/// in quotes is the number too, since ids are written either way.
pub fn same(wanted: &str, found: &str) -> bool {
    let is_found = |wanted: Cow<str>| {
        has_more_zeros(&wanted, found)
            || has_more_zeros(found, &wanted)
            || Some(wanted) == plain(found)
    };
    wanted == found || plain(wanted).is_some_and(is_found)
}

/// Whether the second one is the first one with zeros at the end of its fraction, which say nothing.
fn has_more_zeros(number: &str, longer: &str) -> bool {
    let zeros = longer.strip_prefix(number).unwrap_or_default();
    (zeros.starts_with('.') || !zeros.is_empty() && number.contains('.'))
        && zeros.bytes().all(|byte| matches!(byte, b'0' | b'.'))
}

/// A value in the form in which it is compared; `None` when it is none.
pub fn plain(json: &str) -> Option<Cow<'_, str>> {
    let inside = match json.as_bytes() {
        [b'"', .., b'"'] => json.get(1..json.len() - 1)?,
        [b'"', ..] => return None,
        _ => return Some(Cow::Borrowed(json)),
    };
    match is_written_plainly(inside) {
        true => Some(Cow::Borrowed(inside)),
        false => json::unescaped(inside).map(Cow::Owned),
    }
}
