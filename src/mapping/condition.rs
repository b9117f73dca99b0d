//! Conditions on a record: `{ path: role, equals: lead }`, `in`, `present`, `absent`; `not`, `all`, `any` around them; a list
//! means all of them.

use super::packed::{Packer, Unpacker};
use super::path::Type;
use crate::contract::types::Problem;
use crate::failure::{nearest, problem};
use crate::json::{self, Member, Object};

/// The most conditions within each other.
const MOST_DEPTH: usize = 8;

/// What a condition may say, beside its path.
const WORDS: [&str; 8] = [
    "path", "equals", "in", "present", "absent", "not", "all", "any",
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
}

/// Judges a path at a place of the document.
pub type Check<'c> = dyn Fn(&str, &str) -> Result<Type, Box<Problem>> + 'c;

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
        }
    }

    /// Calls back with every path in it.
    pub fn paths<'a>(&'a self, each: &mut dyn FnMut(&'a str)) {
        match self {
            Self::In(path, _) | Self::Present(path) => each(path),
            Self::Not(inner) => inner.paths(each),
            Self::All(inner) | Self::Any(inner) => inner.iter().for_each(|one| one.paths(each)),
        }
    }

    /// Reads a condition. `check` judges a path at a place of the document.
    pub fn read(
        member: &Member,
        place: &str,
        check: &Check,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        read(member, place, check, problems, MOST_DEPTH)
    }

    /// Packs it.
    pub fn pack(&self, packer: &mut Packer) {
        match self {
            Self::In(path, wanted) => {
                packer.number(0);
                packer.text(path);
                packer.all(wanted, |packer, text| packer.text(text));
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
        0 => Condition::In(unpacker.text()?, unpacker.all(|unpacker| unpacker.text())?),
        1 => Condition::Present(unpacker.text()?),
        2 => Condition::Not(Box::new(unpack(unpacker, depth)?)),
        3 => Condition::All(unpacker.all(|unpacker| unpack(unpacker, depth))?),
        4 => Condition::Any(unpacker.all(|unpacker| unpack(unpacker, depth))?),
        _ => return None,
    })
}

fn read(
    member: &Member,
    place: &str,
    check: &Check,
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
            .filter_map(|(at, item)| read(item, &format!("{place}[{at}]"), check, problems, depth))
            .collect();
        (inner.len() == count).then_some(inner)
    };
    let object: Object = match member {
        Member::List(list) => return several(list, place, problems).map(Condition::All),
        Member::Object(object) => json::parse(object.as_bytes()).unwrap_or_default(),
        _ => return wrong("type", "expected a condition: an object, or a list of them"),
    };
    if let Some((name, _)) = object.0.iter().find(|(name, _)| !WORDS.contains(&&**name)) {
        let hint = nearest(name, WORDS)
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        problems.push(Problem {
            expected: Some(WORDS.join(", ")),
            ..problem(
                format!("{place}.{name}"),
                "unknown_key",
                format!("a condition has no such key{hint}"),
            )
        });
        return None;
    }
    let path = match object.get("path") {
        Some(Member::Text(path)) => {
            if let Err(problem) = check(path, &format!("{place}.path")) {
                problems.push(*problem);
                return None;
            }
            Some(path.clone())
        }
        Some(_) => return wrong("type", "`path` is no text"),
        None => None,
    };
    let told: Vec<&(String, Member)> = object.0.iter().filter(|one| one.0 != "path").collect();
    match (path, told.as_slice()) {
        (Some(path), [(word, value)]) => match (word.as_str(), value) {
            ("equals", Member::List(_) | Member::Object(_)) => wrong(
                "type",
                "`equals` takes a text, a number, true, false or null",
            ),
            ("equals", value) => Some(Condition::In(path, vec![written(value)])),
            ("in", Member::List(list)) => {
                let values: Vec<Member> = json::parse(list.as_bytes()).unwrap_or_default();
                Some(Condition::In(path, values.iter().map(written).collect()))
            }
            ("present", Member::Boolean(true)) | ("absent", Member::Boolean(false)) => {
                Some(Condition::Present(path))
            }
            ("present", Member::Boolean(false)) | ("absent", Member::Boolean(true)) => {
                Some(Condition::Not(Box::new(Condition::Present(path))))
            }
            _ => wrong(
                "type",
                "expected `equals` with a value, `in` with a list, `present: true` or `absent: true`",
            ),
        },
        (None, [(word, value)]) => match (word.as_str(), value) {
            ("not", inner) => read(inner, &format!("{place}.not"), check, problems, depth)
                .map(|inner| Condition::Not(Box::new(inner))),
            ("all", Member::List(list)) => {
                several(list, &format!("{place}.all"), problems).map(Condition::All)
            }
            ("any", Member::List(list)) => {
                several(list, &format!("{place}.any"), problems).map(Condition::Any)
            }
            _ => wrong("missing", "the condition names no `path`"),
        },
        _ => wrong("type", "a condition says one thing about one `path`"),
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
    if wanted == found {
        return true;
    }
    let plain = |json: &str| match json.strip_prefix('"') {
        Some(_) => json::unescaped(json.get(1..json.len() - 1).unwrap_or_default()),
        None => Some(json.to_owned()),
    };
    plain(wanted).is_some_and(|wanted| Some(wanted) == plain(found))
}
