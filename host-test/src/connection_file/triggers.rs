//! `triggers`: what makes intents, for the component to judge, and what the host itself does about each of them.

mod parts;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::document::{Content, Node};
use super::problems::{Problems, join};
use super::section::Section;
use super::span;

/// Members of a condition that ask how long ago something was: time alone can make them true, so nobody tells of it.
const OF_TIME: &[&str] = &["waiting", "older_than"];

/// The action whose object lives on in another system: what changes later belongs there as well.
const TICKET: &str = "ticket";

/// How often triggers that wait are looked at when they do not say.
const EVERY: Duration = Duration::from_secs(5 * 60);

/// The shortest such span: each look reads a part of a stream.
const SHORTEST: Duration = Duration::from_secs(10);

/// The triggers of a connection, by their names. `Debug` shows no value: there may be secrets among them.
#[derive(Clone, Default, PartialEq)]
pub struct Triggers {
    all: BTreeMap<String, Trigger>,
    /// Whether the environment gave a part of them, which is then a secret: what is compiled of them is not stored.
    pub from_environment: bool,
}

/// One trigger.
#[derive(Clone, PartialEq)]
pub struct Trigger {
    /// It, as the component takes it.
    pub document: Map<String, Value>,
    /// Whether it is on when nobody switched it.
    pub enabled: bool,
    /// Whether the row that set it off is read again before the intent is carried out, so that its record is whole.
    pub read_again: bool,
    /// Whether later changes of a row that set it off are handed on as well.
    pub follow: bool,
    /// How often it is looked at, where time alone can set it off.
    pub every: Duration,
    /// The rows among which it is looked for then.
    pub filter: Option<Map<String, Value>>,
    /// The mode of the action; absent: its first one.
    pub mode: Option<String>,
}

impl Trigger {
    /// The stream of the rows that set it off, where it names one.
    pub fn stream(&self) -> Option<&str> {
        self.document.get("stream").and_then(Value::as_str)
    }

    /// What it wants done.
    pub fn action(&self) -> &str {
        let action = self.document.get("action").and_then(Value::as_str);
        action.unwrap_or_default()
    }

    /// Whether time alone can set it off.
    pub fn waits(&self) -> bool {
        self.document.get("when").is_some_and(asks_how_long)
    }

    /// Whether a row that is read can set it off: no reading sees a topic, and time needs none.
    pub fn is_for_readings(&self) -> bool {
        !self.document.contains_key("on") || self.waits()
    }

    /// Whether its conditions look at the rows that a field embeds.
    pub fn looks_at(&self, field: &str) -> bool {
        let condition = self.document.get("when");
        condition.is_some_and(|condition| parts::look_at(condition, field))
    }

    /// Whether a row that is read sets it off, by what is in it alone.
    pub fn is_for_rows_alone(&self) -> bool {
        self.is_for_readings() && !self.waits()
    }

    /// It without its conditions: whatever row it is asked about sets it off.
    pub fn unconditional(&self) -> Map<String, Value> {
        let mut document = self.document.clone();
        document.retain(|name, _| name != "on" && name != "when");
        document
    }
}

fn asks_how_long(condition: &Value) -> bool {
    match condition {
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| OF_TIME.contains(&name.as_str()) || asks_how_long(value)),
        Value::Array(items) => items.iter().any(asks_how_long),
        _ => false,
    }
}

impl std::fmt::Debug for Triggers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.all.keys()).finish()
    }
}

impl Triggers {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The trigger of a name.
    pub fn get(&self, name: &str) -> Option<&Trigger> {
        self.all.get(name)
    }

    /// All of them with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Trigger)> {
        self.all
            .iter()
            .map(|(name, trigger)| (name.as_str(), trigger))
    }

    /// All of them as the component takes them; `None` where there are none.
    pub fn document(&self) -> Option<Vec<u8>> {
        let all = self.iter();
        documents(all.map(|(name, trigger)| (name, trigger.document.clone())))
    }
}

/// Triggers as the component takes them; `None` where there are none.
pub fn documents<'a>(
    triggers: impl Iterator<Item = (&'a str, Map<String, Value>)>,
) -> Option<Vec<u8>> {
    let all: Map<String, Value> = triggers
        .map(|(name, document)| (name.to_owned(), Value::Object(document)))
        .collect();
    (!all.is_empty()).then(|| Value::Object(all).to_string().into_bytes())
}

/// Reads `triggers`.
pub(super) fn take(top: &mut Section<'_>, problems: &mut Problems) -> Triggers {
    let Some(node) = top.take("triggers") else {
        return Triggers::default();
    };
    let path = top.path("triggers");
    let Some(section) = Section::open(&path, node, problems) else {
        return Triggers::default();
    };
    let all = section
        .others()
        .into_iter()
        .filter_map(|(name, node)| {
            let trigger = read(&join(&path, name), node, problems)?;
            Some((name.to_owned(), trigger))
        })
        .collect();
    Triggers {
        all,
        from_environment: node.is_from_environment(),
    }
}

fn read(path: &str, node: &Node, problems: &mut Problems) -> Option<Trigger> {
    if matches!(node.content, Content::Null) {
        problems.push(node.problem(path, "type", "not a trigger", "on, when, action and so on"));
    }
    let mut section = Section::open(path, node, problems)?;
    let enabled = section.truth("enabled", problems).unwrap_or(true);
    let read_again = section.truth("read_again", problems).unwrap_or(true);
    let follow = section.truth("follow", problems);
    let every = span::read(&mut section, "every", SHORTEST, problems).unwrap_or(EVERY);
    let mode = section.text("mode", problems);
    let filter = match section.take("filter").map(|node| (node, node.to_json())) {
        None => Some(Map::from_iter([("state".to_owned(), "open".into())])),
        Some((_, Value::Object(fields))) => Some(fields).filter(|fields| !fields.is_empty()),
        Some((node, _)) => {
            let path = section.path("filter");
            problems.push(node.problem(
                &path,
                "type",
                "no filter",
                "fields with values, such as { state: open }",
            ));
            None
        }
    };
    let document = section.others().into_iter();
    let document: Map<String, Value> = document
        .map(|(name, node)| (name.to_owned(), node.to_json_behind(name)))
        .collect();
    if !document.get("action").is_some_and(Value::is_string) {
        problems.say(
            &section.path("action"),
            node.line,
            "missing",
            "a trigger names an action, as `describe` lists them, or one that your sink knows"
                .to_owned(),
        );
    }
    let is_ticket = document.get("action").and_then(Value::as_str) == Some(TICKET);
    Some(Trigger {
        enabled,
        read_again,
        follow: follow.unwrap_or(is_ticket),
        document,
        every,
        filter,
        mode,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::super::tests::{problems, read};
    use super::*;

    const TRIGGERS: &str = "triggers: { bug: { on: conversation.user.replied, when: { keywords: [bug] }, action: ticket, \
                            enabled: false, read_again: false, mode: create }, \
                            slow: { stream: conversations, when: { any: [{ older_than: 4h }] }, action: alarm, every: 1h, filter: {} } }";

    #[test]
    fn the_component_gets_what_is_not_the_hosts() {
        for text in [
            format!("{{ connector: intercom, {TRIGGERS} }}"),
            format!("connectors: {{ intercom: {{ {TRIGGERS} }} }}"),
        ] {
            let triggers = super::super::tests::read(&text).unwrap().triggers;
            let document: Value = serde_json::from_slice(&triggers.document().unwrap()).unwrap();
            assert_eq!(
                document,
                json!({
                    "bug": {"on": "conversation.user.replied", "when": {"keywords": ["bug"]}, "action": "ticket"},
                    "slow": {"stream": "conversations", "when": {"any": [{"older_than": "4h"}]}, "action": "alarm"},
                })
            );
            let (bug, slow) = (triggers.get("bug").unwrap(), triggers.get("slow").unwrap());
            assert!(!bug.enabled && !bug.read_again && !bug.waits() && bug.follow && !slow.follow);
            assert_eq!(bug.mode.as_deref(), Some("create"));
            assert_eq!(
                bug.filter.as_ref().map(|filter| json!(filter)),
                Some(json!({"state": "open"}))
            );
            assert_eq!(json!(bug.unconditional()), json!({"action": "ticket"}));
            assert!(slow.enabled && slow.read_again && slow.waits());
            assert_eq!(slow.every, Duration::from_secs(3_600));
            assert_eq!(
                (slow.filter.is_none(), slow.stream()),
                (true, Some("conversations"))
            );
        }
        let none = read("connector: intercom").unwrap().triggers;
        assert!(none.is_empty() && none.document().is_none());
    }

    #[test]
    fn what_is_no_trigger_is_named_with_its_place() {
        let found = problems(
            "connector: intercom\ntriggers: { a: ticket, b: { on: x }, c: { yes: y, enabled: 5, every: 1s, filter: 7 }, d: }\n",
        );
        let paths: Vec<&str> = found.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "triggers.a",
                "triggers.b.action",
                "triggers.c.enabled",
                "triggers.c.every",
                "triggers.c.filter",
                "triggers.c.action",
                "triggers.d",
            ]
        );
        let list = problems("connector: intercom\ntriggers: [a]\n");
        assert_eq!(list[0].path, "triggers");
    }
}
