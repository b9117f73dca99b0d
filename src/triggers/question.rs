//! What only triggers ask: keywords, tags, authors, and how long ago something was.

use crate::prelude::*;
use records::in_order;

use super::senses;
use crate::contract::types::Problem;
use crate::failure::{problem, unknown};
use crate::intercom::streams::Stream;
use crate::json::{self, Member, Object};
use crate::letters::fold;
use crate::mapping::condition::{Condition, Terms, written};
use crate::mapping::path::{Type, type_at};

/// The words of these conditions.
pub const WORDS: [&str; 6] = [
    "keyword",
    "keywords",
    "tag",
    "author",
    "waiting",
    "older_than",
];

/// Kinds of authors. A contact is a user or a lead, as Intercom calls it or did so.
const AUTHORS: [&str; 6] = ["user", "lead", "contact", "admin", "bot", "team"];

/// A condition that only triggers have.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// One of the words, folded, is in a text at one of the paths.
    Keywords {
        /// Where to look.
        paths: Vec<String>,
        /// What to look for.
        words: Vec<String>,
    },
    /// The row has a tag of one of these names, folded, or ids.
    Tag {
        /// Where the tags are.
        path: String,
        /// Names and ids.
        tags: Vec<String>,
    },
    /// Whoever wrote last is of one of these kinds, or has one of these ids or e-mail addresses.
    Author {
        /// Where the author is if there are no parts.
        path: String,
        /// Kinds, ids and addresses.
        authors: Vec<String>,
    },
    /// The time at the path is longer ago than so many seconds.
    Older(String, u32),
}

impl Question {
    /// The paths of the record that it looks at.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let (several, one) = match self {
            Self::Keywords { paths, .. } => (paths.as_slice(), None),
            Self::Tag { path, .. } | Self::Author { path, .. } | Self::Older(path, _) => {
                (&[][..], Some(path))
            }
        };
        several.iter().chain(one).map(String::as_str)
    }
}

/// What became of a member of a condition.
pub enum Read {
    /// It is none of these.
    No,
    /// It belongs to another member.
    Taken,
    /// It is one; `None` when something is wrong with it.
    Condition(Option<Condition>),
}

/// Reads a member of a trigger's condition.
pub fn read(
    word: &str,
    value: &Member,
    object: &Object,
    stream: &'static Stream,
    place: &str,
    problems: &mut Vec<Problem>,
) -> Read {
    let path = match object.get("path") {
        Some(Member::Text(path)) => Some(path.clone()),
        _ => None,
    };
    let has_keywords = object.get("keywords").or(object.get("keyword")).is_some();
    let at = || format!("{place}.{word}");
    let sense = senses::of(stream);
    let made = match (word, &path) {
        ("in", _) if has_keywords => return Read::Taken,
        ("keyword" | "keywords", _) => {
            let asked = keywords(value, object, path, stream, place, problems);
            return Read::Condition(asked.map(Condition::Asked));
        }
        ("tag" | "author" | "waiting", Some(_)) => Err(("type", "it takes no `path`")),
        ("older_than", None) => Err(("missing", "the condition names no `path`")),
        ("tag", _) if sense.tags.is_empty() => Err(("value", "rows of this stream have no tags")),
        ("author", _) if sense.author.is_empty() => {
            Err(("value", "rows of this stream have no author"))
        }
        ("waiting", _) if sense.waiting.is_empty() => Err((
            "value",
            "rows of this stream do not say since when somebody waits",
        )),
        ("tag" | "author", _) => match texts(value) {
            None => Err(("type", "expected a text, or a list of texts")),
            Some(tags) if word == "tag" => Ok(Question::Tag {
                path: sense.tags.to_owned(),
                tags: tags.iter().map(|tag| folded(tag)).collect(),
            }),
            Some(authors) => {
                let is_unknown = |one: &&String| {
                    !AUTHORS.contains(&one.as_str())
                        && !one.contains('@')
                        && !one.bytes().any(|byte| byte.is_ascii_digit())
                };
                if let Some(one) = authors.iter().find(is_unknown) {
                    let message = "there is no such kind of author";
                    problems.push(unknown(at(), "unknown_author", message, one, &AUTHORS));
                    return Read::Condition(None);
                }
                Ok(Question::Author {
                    path: sense.author.to_owned(),
                    authors,
                })
            }
        },
        ("waiting", _) => {
            let longer = match value {
                Member::Object(object) => {
                    let object: Object = json::parse(object.as_bytes()).unwrap_or_default();
                    match object.0.as_slice() {
                        [(name, value)] if name == "longer_than" => duration(value),
                        _ => None,
                    }
                }
                value => duration(value),
            };
            match longer {
                None => Err(("type", WAITING)),
                Some(seconds) => Ok(Question::Older(sense.waiting.to_owned(), seconds)),
            }
        }
        ("older_than", Some(path)) => {
            let time = type_at(stream, path, place).is_ok_and(|kind| Type::Number.fits(kind));
            match duration(value) {
                _ if !time => Err(("type", "the value at the path is no time")),
                Some(seconds) => Ok(Question::Older(path.clone(), seconds)),
                None => Err(("type", DURATION)),
            }
        }
        _ => return Read::No,
    };
    Read::Condition(match made {
        Ok(since) if word == "waiting" => {
            let open = Condition::In("state".to_owned(), vec!["\"open\"".to_owned()]);
            Some(Condition::All(vec![open, Condition::Asked(since)]))
        }
        Ok(asked) => Some(Condition::Asked(asked)),
        Err((code, message)) => {
            problems.push(problem(at(), code, message));
            None
        }
    })
}

/// Keywords, and where they are looked for.
fn keywords(
    value: &Member,
    object: &Object,
    path: Option<String>,
    stream: &'static Stream,
    place: &str,
    problems: &mut Vec<Problem>,
) -> Option<Question> {
    let known = problems.len();
    let mut wrong = |at: String, code: &str, message: &str| {
        problems.push(problem(format!("{place}.{at}"), code, message));
    };
    let mut words = Vec::new();
    let list: Vec<Member> = match value {
        Member::List(list) => json::parse(list.as_bytes()).unwrap_or_default(),
        one => vec![one.clone()],
    };
    if list.is_empty() {
        wrong("keywords".to_owned(), "missing", "there are no keywords");
    }
    for (at, item) in list.iter().enumerate() {
        let word = match item {
            Member::Text(text) => folded(text),
            Member::Number(digits) => (*digits).to_owned(),
            _ => {
                wrong(format!("keywords[{at}]"), "type", "expected a text");
                continue;
            }
        };
        match word.as_str() {
            "" => wrong(
                format!("keywords[{at}]"),
                "value",
                "there is nothing to look for",
            ),
            _ => words.push(word),
        }
    }
    let named = match (&path, object.get("in")) {
        (Some(path), None) => Some(vec![path.clone()]),
        (Some(_), Some(_)) => {
            wrong("in".to_owned(), "type", "`path` says already where to look");
            None
        }
        (None, Some(value)) => match texts(value) {
            Some(paths) => Some(paths),
            None => {
                wrong(
                    "in".to_owned(),
                    "type",
                    "expected a path, or a list of paths",
                );
                None
            }
        },
        (None, None) => {
            let own = senses::of(stream).texts;
            if own.is_empty() {
                let message = "rows of this stream have no text of their own: say with `in` which paths to look at";
                wrong("in".to_owned(), "missing", message);
            }
            Some(own.iter().map(|path| (*path).to_owned()).collect())
        }
    };
    let paths = named.unwrap_or_default();
    for path in &paths {
        let terms = Terms { stream, asks: true };
        if let Err(problem) = terms.type_at(path, &format!("{place}.in")) {
            problems.push(*problem);
        }
    }
    let paths = in_order(paths);
    (problems.len() == known).then_some(Question::Keywords { paths, words })
}

/// A text, or several; numbers are texts, since ids are written either way.
fn texts(value: &Member) -> Option<Vec<String>> {
    let list: Vec<Member> = match value {
        Member::List(list) => json::parse(list.as_bytes()).ok()?,
        one => vec![one.clone()],
    };
    let mut texts = Vec::new();
    for item in list {
        match item {
            Member::Text(text) if !text.is_empty() => texts.push(text),
            Member::Number(_) => texts.push(written(&item)),
            _ => return None,
        }
    }
    Some(texts).filter(|texts| !texts.is_empty())
}

/// A text in the form in which it is compared.
pub fn folded(text: &str) -> String {
    let mut out = String::new();
    fold(text.trim(), &mut out);
    out
}

/// What somebody waits.
const WAITING: &str =
    "expected `{ longer_than: DURATION }`: a number with s, m, h, d or w behind it";

/// What a duration is.
pub const DURATION: &str =
    "a duration is a whole number of seconds, or a number with s, m, h, d or w behind it";

/// Longer than any duration, eight years: what fits a packed number.
const MOST_SECONDS: u32 = 1 << 28;

/// The seconds of a duration: `90s`, `30m`, `2h`, `1d`, `1w`, or the number of them.
pub fn duration(value: &Member) -> Option<u32> {
    let text = match value {
        Member::Number(digits) => digits,
        Member::Text(text) => text.trim(),
        _ => return None,
    };
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    let seconds = digits.trim_end().parse::<u32>().ok()?.checked_mul(unit)?;
    Some(seconds).filter(|seconds| *seconds < MOST_SECONDS)
}
