//! Conditions on a record: `{ path: role, equals: lead }`, `in`, `present`, `absent`; `not`, `all`, `any` around them; a list
//! means all of them. Numbers and times also `above`, `below`, `at_least`, `at_most`.

use crate::prelude::*;
use alloc::borrow::Cow;
use core::cmp::Ordering;

use super::packed::{Packer, Unpacker};
use super::path::{COMPANY, Type, type_at};
use crate::contract::types::Problem;
use crate::failure::{problem, unknown};
use crate::intercom::streams::Stream;
use crate::json::{self, Member, Object};
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
            let message = "a trigger cannot ask for what is in a contact's company: no delivery tells it; its mapping can take it, \
                and a trigger on companies can ask for it";
            return Err(Box::new(problem(place, "path", message)));
        }
        type_at(self.stream, path, place)
    }
}

/// Whether a value is one that counts: neither absent, nor null, nor an empty text.
pub fn is_filled(json: Option<&str>) -> bool {
    json.is_some_and(|json| !matches!(json, "" | "null" | "\"\""))
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
        read(member, place, terms, problems, MOST_DEPTH)
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

fn read(
    member: &Member,
    place: &str,
    terms: Terms,
    problems: &mut Vec<Problem>,
    depth: usize,
) -> Option<Condition> {
    let mut wrong = |code: &str, message: &str| {
        problems.push(problem(place, code, message));
        None
    };
    let Some(depth) = depth.checked_sub(1) else {
        return wrong("depth", "the conditions are too deep within each other");
    };
    let several = |list: &str, place: &str, problems: &mut Vec<Problem>| {
        let items: Vec<Member> = json::parse(list.as_bytes()).unwrap_or_default();
        let count = items.len();
        let inner: Vec<Condition> = items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| read(item, &format!("{place}[{at}]"), terms, problems, depth))
            .collect();
        (inner.len() == count).then_some(inner)
    };
    let object: Object = match member {
        Member::List(list) => return several(list, place, problems).map(Condition::All),
        Member::Object(object) => json::parse(object.as_bytes()).unwrap_or_default(),
        _ => return wrong("type", "expected a condition: an object, or a list of them"),
    };
    let mut words = WORDS.to_vec();
    if terms.asks {
        words.extend(question::WORDS);
    }
    let mut names = object.0.iter().map(|(name, _)| name.as_str());
    if let Some(name) = names.find(|name| !words.contains(name)) {
        let message = "a condition has no such key";
        let place = format!("{place}.{name}");
        problems.push(unknown(place, "unknown_key", message, name, &words));
        return None;
    }
    let path = match object.get("path") {
        Some(Member::Text(path)) => {
            if let Err(problem) = terms.type_at(path, &format!("{place}.path")) {
                problems.push(*problem);
                return None;
            }
            Some(path.clone())
        }
        Some(_) => return wrong("type", "`path` is no text"),
        None => None,
    };
    let mut all = Vec::new();
    for (word, value) in &object.0 {
        let asked = match terms.asks {
            true => question::read(word, value, &object, terms.stream, place, problems),
            false => question::Read::No,
        };
        let one = match (asked, &path, word.as_str(), value) {
            (question::Read::No, _, "path", _) => continue,
            (question::Read::Taken, ..) => continue,
            (question::Read::Condition(one), ..) => one,
            (_, Some(path), "equals", value)
                if !matches!(value, Member::List(_) | Member::Object(_)) =>
            {
                Some(Condition::In(path.clone(), vec![written(value)]))
            }
            (_, Some(_), "equals", _) => {
                let message = "`equals` takes a text, a number, true, false or null";
                problems.push(problem(place, "type", message));
                None
            }
            (_, Some(path), "in", Member::List(list)) => {
                let values: Vec<Member> = json::parse(list.as_bytes()).unwrap_or_default();
                Some(Condition::In(
                    path.clone(),
                    values.iter().map(written).collect(),
                ))
            }
            (_, Some(path), "present" | "absent", Member::Boolean(truth)) => {
                let present = Condition::Present(path.clone());
                Some(match (word == "present") == *truth {
                    true => present,
                    false => Condition::Not(Box::new(present)),
                })
            }
            (_, None, "not", inner) => {
                let place = format!("{place}.not");
                let inner = read(inner, &place, terms, problems, depth);
                inner.map(|inner| Condition::Not(Box::new(inner)))
            }
            (_, None, "all", Member::List(list)) => {
                several(list, &format!("{place}.all"), problems).map(Condition::All)
            }
            (_, None, "any", Member::List(list)) => {
                several(list, &format!("{place}.any"), problems).map(Condition::Any)
            }
            (_, Some(path), word, Member::Number(number))
                if COMPARISONS.iter().any(|(name, _)| *name == word) =>
            {
                let at = COMPARISONS.iter().position(|(name, _)| *name == word);
                Some(Condition::Compared(
                    path.clone(),
                    at.unwrap_or_default(),
                    (*number).to_owned(),
                ))
            }
            (_, None, "all" | "any", _) => {
                problems.push(problem(
                    place,
                    "type",
                    format!("`{word}` takes a list of conditions"),
                ));
                None
            }
            (_, None, ..) => {
                problems.push(problem(place, "missing", "the condition names no `path`"));
                None
            }
            _ => {
                let message = "expected `equals` with a value, `in` with a list, `above`, `below`, `at_least` or `at_most` with a number, `present: true` or `absent: true`";
                problems.push(problem(place, "type", message));
                None
            }
        };
        all.push(one?);
    }
    match (all.len(), path) {
        (0, Some(_)) => {
            problems.push(problem(
                place,
                "missing",
                "the condition says nothing of its `path`",
            ));
            None
        }
        (0, None) => {
            problems.push(problem(place, "missing", "the condition is empty"));
            None
        }
        (1, _) => all.pop(),
        _ => Some(Condition::All(all)),
    }
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

/// Whether two values are the same: texts by their characters, everything else as it is written. A number in quotes is the
/// number too, since ids are written either way.
pub fn same(wanted: &str, found: &str) -> bool {
    wanted == found || plain(wanted).is_some_and(|wanted| Some(wanted) == plain(found))
}

/// A value in the form in which it is compared; `None` when it is none.
pub fn plain(json: &str) -> Option<Cow<'_, str>> {
    match json.strip_prefix('"') {
        Some(rest) => {
            let inside = rest.strip_suffix('"')?;
            match inside.contains('\\') {
                true => json::unescaped(inside).map(Cow::Owned),
                false => Some(Cow::Borrowed(inside)),
            }
        }
        None => Some(Cow::Borrowed(json)),
    }
}
