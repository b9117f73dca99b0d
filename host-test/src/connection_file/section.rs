//! One mapping of the file, read key by key; what nobody asked for is unknown.

use std::collections::BTreeSet;

use super::document::{Content, Node};
use super::problems::{Problem, Problems, join};
use crate::secret::Secret;

/// A mapping being read.
pub(crate) struct Section<'a> {
    path: String,
    node: &'a Node,
    /// Every key that was asked for: the known ones.
    known: BTreeSet<&'static str>,
    /// Keys whose names are not known beforehand, and that were read all the same.
    claimed: BTreeSet<&'a str>,
}

impl<'a> Section<'a> {
    /// Reads `node` as a mapping; anything else is a problem.
    pub(crate) fn open(path: &str, node: &'a Node, problems: &mut Problems) -> Option<Section<'a>> {
        match node.content {
            Content::Map(_) => Some(Section {
                path: path.to_owned(),
                node,
                known: BTreeSet::new(),
                claimed: BTreeSet::new(),
            }),
            Content::Null | Content::Unresolved => None,
            _ => {
                problems.push(node.problem(path, "type", "not a mapping", "keys with values"));
                None
            }
        }
    }

    /// The path of a key.
    pub(crate) fn path(&self, key: &str) -> String {
        join(&self.path, key)
    }

    /// The value of a key; a key without a value counts as absent.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<&'a Node> {
        self.known.insert(key);
        self.node
            .get(key)
            .filter(|node| !matches!(node.content, Content::Null | Content::Unresolved))
    }

    /// A text that is not empty.
    pub(crate) fn text(&mut self, key: &'static str, problems: &mut Problems) -> Option<String> {
        let node = self.take(key)?;
        let path = self.path(key);
        match &node.content {
            Content::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Content::Text(_) => {
                problems.say(&path, node.line, "missing", "the text is empty".to_owned());
                None
            }
            _ => {
                problems.push(node.problem(&path, "type", "not a text", "a text"));
                None
            }
        }
    }

    /// A text that is never shown, not even when it is of the wrong type.
    pub(crate) fn secret(&mut self, key: &'static str, problems: &mut Problems) -> Option<Secret> {
        let node = self.take(key)?;
        let path = self.path(key);
        secret(node, &path, problems)
    }

    /// One secret or a list of them.
    pub(crate) fn secrets(&mut self, key: &'static str, problems: &mut Problems) -> Vec<Secret> {
        let Some(node) = self.take(key) else {
            return Vec::new();
        };
        let path = self.path(key);
        match &node.content {
            Content::List(items) => items
                .iter()
                .enumerate()
                .filter_map(|(index, item)| secret(item, &format!("{path}[{index}]"), problems))
                .collect(),
            _ => secret(node, &path, problems).into_iter().collect(),
        }
    }

    /// A truth value.
    pub(crate) fn truth(&mut self, key: &'static str, problems: &mut Problems) -> Option<bool> {
        let node = self.take(key)?;
        let truth = node.truth();
        if truth.is_none() {
            let path = self.path(key);
            problems.push(node.problem(&path, "type", "not a truth value", "true or false"));
        }
        truth
    }

    /// One of a closed set of words.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
        problems: &mut Problems,
    ) -> Option<T> {
        let text = self.text(key, problems)?;
        let found = choices.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let node = self.take(key)?;
            let path = self.path(key);
            let message = match crate::nearest::nearest(&text, names.iter().copied()) {
                Some(near) => format!("not one of its values; did you mean {near}?"),
                None => "not one of its values".to_owned(),
            };
            problems.push(node.problem(&path, "value", &message, &names.join(", ")));
        }
        found.map(|(_, value)| *value)
    }

    /// Says that a key was read whose name is not known beforehand.
    pub(crate) fn claim(&mut self, key: &'a str) {
        self.claimed.insert(key);
    }

    /// The keys that nobody has asked for yet, with their values.
    pub(crate) fn others(&self) -> Vec<(&'a str, &'a Node)> {
        match &self.node.content {
            Content::Map(entries) => entries
                .iter()
                .filter(|(key, _)| {
                    !self.known.contains(key.as_str()) && !self.claimed.contains(key.as_str())
                })
                .map(|(key, node)| (key.as_str(), node))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Ends the reading: every key that nobody asked for is a problem. `elsewhere` gives the place of keys that
    /// people put here and that belong somewhere else.
    pub(crate) fn finish(self, elsewhere: &[(&str, &str)], problems: &mut Problems) {
        for (key, node) in self.others() {
            let message = if let Some((_, place)) = elsewhere.iter().find(|(name, _)| *name == key)
            {
                format!("unknown key here; it belongs at {place}")
            } else {
                match crate::nearest::nearest(key, self.known.iter().copied()) {
                    Some(near) => format!("unknown key; did you mean {near}?"),
                    None => "unknown key".to_owned(),
                }
            };
            problems.push(Problem {
                path: self.path(key),
                line: node.line,
                code: "unknown_key",
                message,
                found: None,
                expected: Some(self.known.iter().copied().collect::<Vec<_>>().join(", ")),
            });
        }
    }
}

/// A value as a whole number between two others, both included.
pub(crate) fn count(
    node: &Node,
    path: &str,
    least: u32,
    most: u32,
    problems: &mut Problems,
) -> Option<u32> {
    let found = match &node.content {
        Content::Number(number) => number.as_u64().and_then(|number| number.try_into().ok()),
        Content::Unresolved => return None,
        _ => None,
    };
    let found = found.filter(|number: &u32| (least..=most).contains(number));
    if found.is_none() {
        let expected = format!("a whole number from {least} to {most}");
        problems.push(node.problem(path, "value", "not such a number", &expected));
    }
    found
}

fn secret(node: &Node, path: &str, problems: &mut Problems) -> Option<Secret> {
    match &node.content {
        Content::Text(text) if !text.trim().is_empty() => Some(Secret::new(text.trim().to_owned())),
        Content::Unresolved => None,
        Content::Text(_) => {
            problems.say(path, node.line, "missing", "the text is empty".to_owned());
            None
        }
        _ => {
            problems.say(
                path,
                node.line,
                "type",
                "not a text; write it in quotes, best as \"${VARIABLE}\"".to_owned(),
            );
            None
        }
    }
}
