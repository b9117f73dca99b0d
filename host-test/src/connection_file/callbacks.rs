//! `callbacks`: doors at which another system tells what became of what it was given, and what is done about it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::{Content, Node};
use super::problems::{Problems, join};
use super::section::Section;
use crate::secret::Secret;

/// A door for another system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// Its path on the server; absent: `/CONNECTION/NAME`.
    pub path: Option<String>,
    /// What signs the bodies: one good secret is enough.
    pub secrets: Vec<Secret>,
    /// The header with the signature.
    pub header: String,
    /// How it is made.
    pub algorithm: Algorithm,
    /// What is the same whenever a callback is delivered again; absent: its whole body.
    pub id: Option<IdPlace>,
    /// What is done, in this order, by every rule that fits.
    pub rules: Vec<Rule>,
}

/// The hash under an HMAC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-1.
    Sha1,
}

/// Where the id of a callback is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdPlace {
    /// At a JSON pointer in the body.
    Pointer(String),
    /// In a header.
    Header(String),
}

/// What is done about some callbacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// JSON pointers, and the values of which one has to be there. All of them have to fit.
    pub when: Vec<(String, Vec<Value>)>,
    /// What is written; absent: such callbacks are for nobody.
    pub write: Option<RuleWrite>,
}

/// What is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleWrite {
    /// An action of the component.
    pub action: String,
    /// A mode of it; absent: its first one.
    pub mode: Option<String>,
    /// The fields of the row.
    pub row: Vec<(String, Part)>,
}

/// Where a part of a row comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// It stands in the rule.
    Literal(Value),
    /// It is in the body, at a JSON pointer; where there is nothing, the field is left out.
    Pointer(String),
    /// It is what a table has for a text in the body.
    Table {
        /// Where the text is.
        from: String,
        /// What becomes of it.
        map: BTreeMap<String, Value>,
        /// What becomes of every other text; absent: nobody knows.
        default: Option<Value>,
    },
    /// A text with `{/pointer}` in it; where nothing is at any of them, the field is left out.
    Text(String),
    /// The same in HTML: what is at the pointers is text, and is written so that it stays text.
    Html(String),
    /// Fields of its own.
    Fields(Vec<(String, Part)>),
    /// Several.
    List(Vec<Part>),
}

/// Reads `callbacks`.
pub(super) fn take(top: &mut Section<'_>, problems: &mut Problems) -> BTreeMap<String, Callback> {
    let Some(node) = top.take("callbacks") else {
        return BTreeMap::new();
    };
    let path = top.path("callbacks");
    let Some(section) = Section::open(&path, node, problems) else {
        return BTreeMap::new();
    };
    let doors = section.others().into_iter();
    doors
        .filter_map(|(name, node)| {
            let callback = read(&join(&path, name), node, problems)?;
            Some((name.to_owned(), callback))
        })
        .collect()
}

fn read(path: &str, node: &Node, problems: &mut Problems) -> Option<Callback> {
    let mut section = Section::open(path, node, problems)?;
    let written = section.text("path", problems);
    if let Some(written) = &written
        && !written.starts_with('/')
    {
        let path = section.path("path");
        problems.say(
            &path,
            node.line,
            "value",
            "a path begins with `/`".to_owned(),
        );
    }
    let secrets = section.secrets("secret", problems);
    if secrets.is_empty() {
        problems.say(
            &section.path("secret"),
            node.line,
            "missing",
            "callbacks are verified with a secret; add it, best as \"${VARIABLE}\"".to_owned(),
        );
    }
    let algorithms = [("sha256", Algorithm::Sha256), ("sha1", Algorithm::Sha1)];
    let callback = Callback {
        path: written,
        secrets,
        header: section
            .text("header", problems)
            .unwrap_or_else(|| "X-Signature".to_owned()),
        algorithm: section
            .choice("algorithm", &algorithms, problems)
            .unwrap_or_default(),
        id: section
            .text("id", problems)
            .map(|text| match is_pointer(&text) {
                true => IdPlace::Pointer(text),
                false => IdPlace::Header(text.strip_prefix("header:").unwrap_or(&text).to_owned()),
            }),
        rules: rules(&mut section, node, problems),
    };
    section.finish(&[], problems);
    Some(callback)
}

fn rules(section: &mut Section<'_>, node: &Node, problems: &mut Problems) -> Vec<Rule> {
    let path = section.path("rules");
    let items = match section.take("rules").map(|node| (node, &node.content)) {
        Some((_, Content::List(items))) if !items.is_empty() => items.as_slice(),
        other => {
            let line = other.map_or(node.line, |(node, _)| node.line);
            let message = "a list of rules says what is done about callbacks";
            problems.say(&path, line, "missing", message.to_owned());
            &[]
        }
    };
    let rules = items.iter().enumerate();
    rules
        .filter_map(|(index, item)| rule(&format!("{path}[{index}]"), item, problems))
        .collect()
}

fn rule(path: &str, node: &Node, problems: &mut Problems) -> Option<Rule> {
    let mut section = Section::open(path, node, problems)?;
    let mut when = Vec::new();
    let place = section.path("when");
    if let Some(node) = section.take("when")
        && let Some(conditions) = Section::open(&place, node, problems)
    {
        for (pointer, node) in conditions.others() {
            if !is_pointer(pointer) {
                let path = join(&place, pointer);
                problems.say(&path, node.line, "value", NO_POINTER.to_owned());
            }
            let values = match node.to_json() {
                Value::Array(values) => values,
                value => vec![value],
            };
            when.push((pointer.to_owned(), values));
        }
    }
    let ignored = section.truth("ignore", problems).unwrap_or(false);
    let action = section.text("action", problems);
    let mode = section.text("mode", problems);
    let row_path = section.path("row");
    let row = match section.take("row").map(|node| (node, &node.content)) {
        Some((_, Content::Map(entries))) => fields(&row_path, entries, problems),
        Some((node, _)) => {
            problems.push(node.problem(&row_path, "type", "not a row", "fields with values"));
            Vec::new()
        }
        None => Vec::new(),
    };
    section.finish(&[], problems);
    let write = match (ignored, action) {
        (true, None) => None,
        (false, Some(action)) => Some(RuleWrite { action, mode, row }),
        _ => {
            let message = "a rule names an action of `describe` and a row, or says `ignore: true`";
            problems.say(path, node.line, "missing", message.to_owned());
            return None;
        }
    };
    Some(Rule { when, write })
}

fn fields(path: &str, entries: &[(String, Node)], problems: &mut Problems) -> Vec<(String, Part)> {
    let entries = entries.iter();
    entries
        .map(|(name, node)| (name.clone(), part(&join(path, name), node, problems)))
        .collect()
}

/// `/pointer`, `{ from, map, default }`, `{ value }`, `{ text }`, `{ html }`, fields with parts, a list of parts, or what it
/// says.
fn part(path: &str, node: &Node, problems: &mut Problems) -> Part {
    match &node.content {
        Content::Text(text) if is_pointer(text) => Part::Pointer(text.clone()),
        Content::List(items) => Part::List(
            items
                .iter()
                .enumerate()
                .map(|(index, item)| part(&format!("{path}[{index}]"), item, problems))
                .collect(),
        ),
        Content::Map(entries) if node.get("from").is_some() => table(path, node, problems)
            .unwrap_or_else(|| Part::Fields(fields(path, entries, problems))),
        Content::Map(entries) => match entries.as_slice() {
            [(name, value)] if name == "value" => Part::Literal(value.to_json()),
            [(name, value)] if name == "text" || name == "html" => match value.to_json() {
                Value::String(text) if name == "html" => Part::Html(text),
                Value::String(text) => Part::Text(text),
                other => Part::Literal(other),
            },
            _ => Part::Fields(fields(path, entries, problems)),
        },
        _ => Part::Literal(node.to_json()),
    }
}

fn table(path: &str, node: &Node, problems: &mut Problems) -> Option<Part> {
    let mut section = Section::open(path, node, problems)?;
    let from = section.text("from", problems)?;
    if !is_pointer(&from) {
        let path = section.path("from");
        problems.say(&path, node.line, "value", NO_POINTER.to_owned());
    }
    let map = match section.take("map").map(|node| (node, node.to_json())) {
        Some((_, Value::Object(members))) => members.into_iter().collect(),
        other => {
            let path = section.path("map");
            let line = other.map_or(node.line, |(node, _)| node.line);
            let message = "a table of what becomes of which text, such as { solved: resolved }";
            problems.say(&path, line, "missing", message.to_owned());
            BTreeMap::new()
        }
    };
    let default = section.take("default").map(Node::to_json);
    section.finish(&[], problems);
    Some(Part::Table { from, map, default })
}

const NO_POINTER: &str = "not a JSON pointer, which begins with `/`";

fn is_pointer(text: &str) -> bool {
    text.starts_with('/')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::super::tests::{problems, read};
    use super::*;

    #[test]
    fn a_door_is_read_with_its_rules() {
        let file = read(
            r#"
connector: intercom
callbacks:
  desk:
    path: /from/desk
    secret: [one, two]
    header: X-Desk-Signature
    algorithm: sha1
    id: /event/id
    rules:
      - when: { /type: [comment, note], /public: false }
        action: conversation_parts
        mode: note
        row:
          conversation_id: /ticket/external_id
          admin_id: "814860"
          body: { text: "Desk: {/comment}" }
          html: { html: "<p>{/comment}</p>" }
          state: { from: /status, map: { solved: closed }, default: open }
          custom: { a: [/x, 1], b: { value: /literal } }
      - { when: { /type: ping }, ignore: true }
"#,
        )
        .unwrap();
        let door = &file.callbacks["desk"];
        assert_eq!(door.path.as_deref(), Some("/from/desk"));
        assert_eq!((door.secrets.len(), door.algorithm), (2, Algorithm::Sha1));
        assert_eq!(door.id, Some(IdPlace::Pointer("/event/id".to_owned())));
        let rule = &door.rules[0];
        assert_eq!(rule.when[0].1, [json!("comment"), json!("note")]);
        let write = rule.write.as_ref().unwrap();
        assert_eq!(write.mode.as_deref(), Some("note"));
        let parts: BTreeMap<&str, &Part> = write
            .row
            .iter()
            .map(|(name, part)| (name.as_str(), part))
            .collect();
        assert_eq!(
            parts["conversation_id"],
            &Part::Pointer("/ticket/external_id".to_owned())
        );
        assert_eq!(parts["admin_id"], &Part::Literal(json!("814860")));
        assert_eq!(parts["body"], &Part::Text("Desk: {/comment}".to_owned()));
        assert_eq!(parts["html"], &Part::Html("<p>{/comment}</p>".to_owned()));
        assert!(matches!(parts["state"], Part::Table { .. }));
        let Part::Fields(custom) = parts["custom"] else {
            unreachable!("it has fields");
        };
        assert!(matches!(&custom[0].1, Part::List(items) if items.len() == 2));
        assert_eq!(custom[1].1, Part::Literal(json!("/literal")));
        assert_eq!(door.rules[1].write, None);

        let plain =
            read("connector: intercom\ncallbacks: { desk: { secret: s, rules: [{ action: a }] } }");
        let door = &plain.unwrap().callbacks["desk"];
        assert_eq!(
            (door.header.as_str(), door.algorithm),
            ("X-Signature", Algorithm::Sha256)
        );
        assert_eq!((&door.path, &door.id), (&None, &None));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let found = problems(
            "connector: intercom\ncallbacks: { a: { path: x, rules: [] }, \
             b: { secret: s, algorithm: md5, rules: [{ when: { type: x } }, { action: a, row: 5 }, \
             { action: a, row: { s: { from: x } } }], odd: 1 } }\n",
        );
        let paths: Vec<&str> = found.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "callbacks.a.path",
                "callbacks.a.secret",
                "callbacks.a.rules",
                "callbacks.b.algorithm",
                "callbacks.b.rules[0].when.type",
                "callbacks.b.rules[0]",
                "callbacks.b.rules[1].row",
                "callbacks.b.rules[2].row.s.from",
                "callbacks.b.rules[2].row.s.map",
                "callbacks.b.odd",
            ]
        );
    }
}
