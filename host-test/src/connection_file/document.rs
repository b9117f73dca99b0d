//! The file as a tree of values that know their place.
//!
//! The parser is serde-saphyr: YAML 1.2 in safe Rust on an actively maintained event parser, with budgets for depth,
//! aliases and size, source positions, and duplicate keys handed to us instead of ending the reading. The forks of
//! the discontinued serde_yaml wrap a translated C library and offer neither budgets nor positions.

use std::fmt;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::{Budget, DuplicateKeyPolicy, Options, Spanned};

use super::problems::{ConnectionFileError, Problem, Problems, join, shorten};

/// How deep lists and mappings may be nested. A connection needs five levels.
const MAX_DEPTH: usize = 32;

/// Keys of mappings and triggers that take a truth value.
const TRUTHS: &[&str] = &[
    "absent",
    "confirm",
    "nulls",
    "present",
    "required",
    "split_names",
];

/// Keys of triggers behind which there are words: `007` is one, and not the number 7.
const WORDS: &[&str] = &["keyword", "keywords"];

/// How many keys and values any file may have, those that aliases repeat included.
const MAX_NODES: usize = 50_000;

/// Bytes of a longer file for each of them: a platform may have ten thousand connections in one file, and aliases make no more
/// of it.
const NODE_BYTES: usize = 4;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) content: Content,
    /// Counted from 1.
    pub(crate) line: u64,
    /// The file's own text of the value, for a number: `2.10` where the value is 2.1.
    pub(crate) written: Option<String>,
    /// Whether the environment gave (a part of) the value: it is then not shown.
    pub(crate) from_environment: bool,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    /// A text whose variables are not set: already reported, so nothing more is said about it.
    Unresolved,
}

/// Parses the text of a file whose top is a mapping. Duplicate keys are reported, and the first of them stays.
pub(crate) fn parse(
    path: &Path,
    text: &str,
    problems: &mut Problems,
) -> Result<Node, ConnectionFileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut options = Options::default();
    options.duplicate_keys = DuplicateKeyPolicy::PassThrough;
    // `no`, `on` and `n` are texts, as in YAML 1.2: a country, a keyword, a state. Behind a key that takes a truth value they
    // are one (see `truth`).
    options.strict_booleans = true;
    // Error messages would quote the lines around them, and with them a token that somebody wrote there.
    options.with_snippet = false;
    let mut budget = Budget::default();
    budget.max_depth = MAX_DEPTH;
    budget.max_nodes = MAX_NODES.max(text.len() / NODE_BYTES);
    budget.max_events = budget.max_nodes * 4;
    options.budget = Some(budget);
    let raw: Option<Raw> = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let location = error.location();
        ConnectionFileError::Syntax {
            path: path.to_path_buf(),
            line: location.map_or(0, |location| location.line()),
            column: location.map_or(0, |location| location.column()),
            message: explain(&error.to_string()),
        }
    })?;
    let root = raw.map(|raw| raw.into_node(text, "", problems));
    match root {
        None => Err(ConnectionFileError::Empty {
            path: path.to_path_buf(),
        }),
        Some(node) => match node.content {
            Content::Null => Err(ConnectionFileError::Empty {
                path: path.to_path_buf(),
            }),
            Content::Map(_) => Ok(node),
            _ => Err(ConnectionFileError::Invalid {
                path: path.to_path_buf(),
                problems: vec![node.problem("", "type", "the file should be a mapping", "keys")],
            }),
        },
    }
}

/// The parser's first line, with what it means where it is not plain.
fn explain(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    if line.contains("depth") || line.contains("Depth") {
        format!("nested deeper than {MAX_DEPTH} levels, which no connection needs ({line})")
    } else if line.contains("budget") {
        format!("more keys and values than any file of its length needs ({line})")
    } else {
        line.to_owned()
    }
}

impl Node {
    /// Whether the environment gave any of it.
    pub(crate) fn is_from_environment(&self) -> bool {
        self.from_environment
            || match &self.content {
                Content::List(items) => items.iter().any(Node::is_from_environment),
                Content::Map(entries) => entries.iter().any(|(_, node)| node.is_from_environment()),
                _ => false,
            }
    }

    /// The value of a key, when this is a mapping that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        match &self.content {
            Content::Map(entries) => entries
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// What it is, for a message. A text is shown only when it did not come from the environment.
    pub(crate) fn describe(&self) -> String {
        match &self.content {
            Content::Null => "nothing".to_owned(),
            Content::Bool(value) => format!("the truth value {value}"),
            Content::Number(number) => match &self.written {
                Some(written) => format!("the number {written}"),
                None => format!("the number {number}"),
            },
            Content::Text(_) if self.from_environment => "a text from the environment".to_owned(),
            Content::Text(text) => format!("the text {}", shorten(text)),
            Content::List(items) => format!("a list of {}", items.len()),
            Content::Map(_) => "a mapping".to_owned(),
            Content::Unresolved => "an unset variable".to_owned(),
        }
    }

    /// A problem with this value.
    pub(crate) fn problem(
        &self,
        path: &str,
        code: &'static str,
        message: &str,
        expected: &str,
    ) -> Problem {
        Problem {
            path: path.to_owned(),
            line: self.line,
            code,
            message: message.to_owned(),
            found: Some(self.describe()),
            expected: Some(expected.to_owned()),
        }
    }

    /// The truth value that this is, also in the words that YAML 1.1 took for one, and where the environment gave it.
    pub(crate) fn truth(&self) -> Option<bool> {
        match &self.content {
            Content::Bool(value) => Some(*value),
            Content::Text(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" => Some(true),
                "false" | "no" | "off" | "n" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// The word that this is, or the words, as they are written.
    fn to_words(&self) -> Value {
        match (&self.content, &self.written) {
            (Content::Number(number), Some(written)) if number.to_string() != *written => {
                Value::String(written.clone())
            }
            (Content::Bool(truth), _) => Value::String(truth.to_string()),
            (Content::List(items), _) => items.iter().map(Node::to_words).collect(),
            _ => self.to_json(),
        }
    }

    /// The value of a key as JSON, for what the component judges.
    pub(crate) fn to_json_behind(&self, key: &str) -> Value {
        if WORDS.contains(&key) {
            return self.to_words();
        }
        let truth = self.truth().filter(|_| TRUTHS.contains(&key));
        truth.map_or_else(|| self.to_json(), Value::Bool)
    }

    /// The value as JSON, for what the component judges.
    pub(crate) fn to_json(&self) -> Value {
        match &self.content {
            Content::Null | Content::Unresolved => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(number) => Value::Number(number.clone()),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Content::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, node)| (key.clone(), node.to_json_behind(key)))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

/// What serde gives, before places and duplicates are looked at.
struct Raw {
    content: RawContent,
    line: u64,
    bytes: Option<(usize, usize)>,
}

enum RawContent {
    Null,
    Bool(bool),
    Number(Number),
    /// A number that JSON cannot hold: infinity, not-a-number, more than 64 bits.
    Unrepresentable(String),
    Text(String),
    List(Vec<Raw>),
    Map(Vec<(Key, Raw)>),
}

impl Raw {
    fn into_node(self, text: &str, path: &str, problems: &mut Problems) -> Node {
        let line = self.line;
        let mut written = None;
        let content = match self.content {
            RawContent::Null => Content::Null,
            RawContent::Bool(value) => Content::Bool(value),
            RawContent::Number(number) => {
                written = self
                    .bytes
                    .and_then(|(start, end)| text.get(start..end))
                    .map(|slice| slice.trim().to_owned())
                    .filter(|slice| !slice.is_empty());
                Content::Number(number)
            }
            RawContent::Unrepresentable(number) => {
                problems.say(
                    path,
                    line,
                    "type",
                    format!("the number {number} cannot be kept; write it in quotes"),
                );
                Content::Unresolved
            }
            RawContent::Text(value) => Content::Text(value),
            RawContent::List(items) => Content::List(
                items
                    .into_iter()
                    .enumerate()
                    .map(|(index, item)| {
                        item.into_node(text, &format!("{path}[{index}]"), problems)
                    })
                    .collect(),
            ),
            RawContent::Map(entries) => {
                let mut kept: Vec<(String, Node)> = Vec::with_capacity(entries.len());
                for (key, raw) in entries {
                    let key = key.written(text);
                    let path = join(path, &key);
                    let node = raw.into_node(text, &path, problems);
                    match kept.iter().find(|(name, _)| *name == key) {
                        Some((_, first)) => problems.say(
                            &path,
                            node.line,
                            "duplicate_key",
                            format!(
                                "the key is given twice, first on line {}; keep one",
                                first.line
                            ),
                        ),
                        None => kept.push((key, node)),
                    }
                }
                Content::Map(kept)
            }
        };
        Node {
            content,
            line,
            written,
            from_environment: false,
        }
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        let spanned = Spanned::<RawContent>::deserialize(deserializer)?;
        let bytes = range(spanned.referenced.span());
        Ok(Raw {
            line: spanned.referenced.line(),
            bytes,
            content: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for RawContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawContent, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = RawContent;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<RawContent, E> {
        Ok(RawContent::Null)
    }

    fn visit_none<E>(self) -> Result<RawContent, E> {
        Ok(RawContent::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<RawContent, D::Error> {
        RawContent::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<RawContent, E> {
        Ok(RawContent::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<RawContent, E> {
        Ok(RawContent::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<RawContent, E> {
        Ok(RawContent::Number(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<RawContent, E> {
        Ok(RawContent::Unrepresentable(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<RawContent, E> {
        Ok(RawContent::Unrepresentable(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<RawContent, E> {
        Ok(match Number::from_f64(value) {
            Some(number) => RawContent::Number(number),
            None => RawContent::Unrepresentable(value.to_string()),
        })
    }

    fn visit_str<E>(self, value: &str) -> Result<RawContent, E> {
        Ok(RawContent::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<RawContent, E> {
        Ok(RawContent::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<RawContent, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(RawContent::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawContent, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry()? {
            entries.push((key, value));
        }
        Ok(RawContent::Map(entries))
    }
}

/// A key as text, whatever YAML takes it for: `35:` and `on:` are keys as well.
struct Key {
    text: String,
    /// Where it stands, for what YAML takes for a truth value: `on`, `yes` and `true` are different keys.
    bytes: Option<(usize, usize)>,
}

impl Key {
    fn written(self, text: &str) -> String {
        let written = self.bytes.and_then(|(start, end)| text.get(start..end));
        written.map_or(self.text, |written| written.trim().to_owned())
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        let spanned = Spanned::<RawContent>::deserialize(deserializer)?;
        let span = spanned.referenced.span();
        let mut bytes = None;
        let text = match spanned.value {
            RawContent::Text(text) | RawContent::Unrepresentable(text) => text,
            RawContent::Number(number) => number.to_string(),
            RawContent::Bool(value) => {
                bytes = range(span);
                value.to_string()
            }
            RawContent::Null => "null".to_owned(),
            RawContent::List(_) | RawContent::Map(_) => {
                return Err(serde::de::Error::custom(
                    "a key of a mapping should be text, not a list or a mapping",
                ));
            }
        };
        Ok(Key { text, bytes })
    }
}

/// The bytes of a span.
fn range(span: serde_saphyr::Span) -> Option<(usize, usize)> {
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let length = usize::try_from(span.byte_len()?).ok()?;
    Some((start, start.checked_add(length)?))
}
