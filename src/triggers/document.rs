//! Reading triggers as people write them: every problem at once, each with its place.

use super::Trigger;
use super::question::{DURATION, duration};
use crate::contract::types::{Account, Problem};
use crate::failure::{nearest, problem};
use crate::intercom::streams::{self, Stream};
use crate::intercom::topics::{self, TOPICS, Topic};
use crate::json::{self, Member, Object, members};
use crate::mapping::condition::{Condition, Terms};
use crate::mapping::preset::PRESETS;
use crate::mapping::{Mapping, document};

/// Where triggers stand in what people write.
const ROOT: &str = "triggers";

/// The stream of a trigger that names neither a stream nor topics.
const DEFAULT_STREAM: &str = "conversations";

/// The action whose record is the preset of its name, and that preset.
const TICKET: &str = "ticket";

/// The members of a trigger. The last three are for the host.
const KEYS: [&str; 10] = [
    "on",
    "stream",
    "when",
    "action",
    "confirm",
    "mapping",
    "per",
    "enabled",
    "read_again",
    "every",
];

/// JSON Schema of a document of triggers.
pub const SCHEMA: &str = include_str!("schema.json");

/// Reads a document.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(document: &[u8], account: Option<&Account>) -> Result<Vec<Trigger>, Vec<Problem>> {
    let mut draft = Draft {
        account,
        problems: Vec::new(),
    };
    let mut triggers: Vec<Trigger> = Vec::new();
    let none = |message: String| Err(vec![problem(ROOT, "json", message)]);
    let object = match json::parse::<Member>(document) {
        Ok(Member::Null) => return Ok(triggers),
        Ok(object @ Member::Object(_)) => object,
        Ok(_) => return none("expected a JSON object: NAME: TRIGGER".to_owned()),
        Err(reason) => return none(format!("expected a JSON object; {reason}")),
    };
    let mut names: Vec<String> = Vec::new();
    let read = members(object, |name, member| {
        let place = format!("{ROOT}.{name}");
        if name.trim().is_empty() {
            draft.wrong(ROOT, "value", "a trigger has no name");
        } else if names.contains(&name) {
            draft.wrong(&place, "duplicate", "there are two triggers of this name");
        } else {
            triggers.extend(draft.trigger(&name, &member, &place));
            names.push(name);
        }
        Ok(())
    });
    if let Err(unexpected) = read {
        draft.wrong(ROOT, "json", unexpected.to_string());
    }
    match draft.problems.is_empty() {
        true => Ok(triggers),
        false => Err(draft.problems),
    }
}

struct Draft<'d> {
    account: Option<&'d Account>,
    problems: Vec<Problem>,
}

impl Draft<'_> {
    fn wrong(&mut self, place: impl Into<String>, code: &str, message: impl Into<String>) {
        self.problems.push(problem(place, code, message));
    }

    fn unknown(&mut self, place: String, code: &str, what: &str, found: &str, known: &[&str]) {
        let hint = nearest(found, known.iter().copied())
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        self.problems.push(Problem {
            found: Some(found.chars().take(60).collect()),
            expected: Some(known.join(", ")),
            ..problem(
                place,
                code,
                format!("there is no {what} of this name{hint}"),
            )
        });
    }

    /// A trigger, if nothing is wrong with it.
    fn trigger(&mut self, name: &str, member: &Member, place: &str) -> Option<Trigger> {
        let known = self.problems.len();
        let Member::Object(object) = member else {
            self.wrong(place, "type", "expected a trigger: an object with `action`");
            return None;
        };
        let object: Object = json::parse(object.as_bytes()).unwrap_or_default();
        for (key, member) in &object.0 {
            let place = format!("{place}.{key}");
            match key.as_str() {
                "enabled" | "read_again" | "confirm" if !matches!(member, Member::Boolean(_)) => {
                    self.wrong(place, "type", "expected true or false");
                }
                "every" if duration(member).is_none() => self.wrong(place, "type", DURATION),
                key if KEYS.contains(&key) => {}
                key => self.unknown(place, "unknown_key", "key of a trigger", key, &KEYS),
            }
        }
        let action = match object.get("action") {
            Some(Member::Text(action)) if !action.is_empty() => action.clone(),
            found => {
                let code = if found.is_none() { "missing" } else { "type" };
                let message = "a trigger says what is to be done: the name of an action";
                self.wrong(format!("{place}.action"), code, message);
                String::new()
            }
        };
        let each_change = match object.get("per") {
            None => false,
            Some(Member::Text(per)) if per == "row" || per == "change" => per == "change",
            Some(_) => {
                self.wrong(
                    format!("{place}.per"),
                    "value",
                    "expected `row` or `change`",
                );
                false
            }
        };
        let topics = object
            .get("on")
            .map(|member| self.topics(member, &format!("{place}.on")));
        let stream = self.stream(object.get("stream"), topics.as_deref(), place)?;
        let when = object.get("when").and_then(|member| {
            let place = format!("{place}.when");
            let terms = Terms { stream, asks: true };
            Condition::read(member, &place, terms, &mut self.problems)
        });
        let ticket = Member::Text(TICKET.to_owned());
        let mapping = match object.get("mapping") {
            Some(mapping) => Some(mapping),
            None => (action == TICKET).then_some(&ticket),
        };
        let mapping = mapping.map_or_else(Mapping::default, |mapping| {
            self.mapping(mapping, stream, &format!("{place}.mapping"))
        });
        (self.problems.len() == known).then(|| Trigger {
            name: name.to_owned(),
            topics: topics.map(|topics| topics.iter().map(|topic| topic.name).collect()),
            stream,
            when,
            action,
            confirm: object.get("confirm") == Some(&Member::Boolean(true)),
            each_change,
            mapping,
        })
    }

    /// The topics that a name or a list of names stands for.
    fn topics(&mut self, member: &Member, place: &str) -> Vec<&'static Topic> {
        let list: Vec<Member> = match member {
            Member::List(list) => json::parse(list.as_bytes()).unwrap_or_default(),
            one => vec![one.clone()],
        };
        if list.is_empty() {
            self.wrong(
                place,
                "missing",
                "there is no topic; leave `on` out to take any change",
            );
        }
        let mut found = Vec::new();
        for (at, item) in list.iter().enumerate() {
            let place = match member {
                Member::List(_) => format!("{place}[{at}]"),
                _ => place.to_owned(),
            };
            let Member::Text(name) = item else {
                self.wrong(place, "type", "expected the name of a topic");
                continue;
            };
            let named: Vec<&Topic> = topics::named(name).collect();
            if named.is_empty() {
                let aliases = TOPICS.iter().flat_map(|topic| topic.aliases);
                let names = TOPICS.iter().map(|topic| topic.name);
                let names: Vec<&str> = names.chain(aliases.copied()).collect();
                self.unknown(place, "unknown_topic", "topic", name, &names);
            } else if named.iter().all(|topic| topic.streams.is_empty()) {
                let message = "the topic tells of no row: a trigger cannot see it";
                self.wrong(place, "topic", message);
            }
            found.extend(named);
        }
        found
    }

    /// The stream that a trigger looks at: the one that it names, else the first one of which all its topics tell.
    fn stream(
        &mut self,
        named: Option<&Member>,
        topics: Option<&[&Topic]>,
        place: &str,
    ) -> Option<&'static Stream> {
        let tell = |stream: &str| {
            let mut topics = topics.unwrap_or_default().iter();
            topics.all(|topic| topic.streams.contains(&stream))
        };
        let place = format!("{place}.stream");
        match named {
            None => {
                let first = topics.and_then(<[_]>::first);
                let streams = first.map_or(&[DEFAULT_STREAM][..], |topic| topic.streams);
                let found = streams.iter().find(|stream| tell(stream));
                if found.is_none() && !streams.is_empty() {
                    let message = "the topics tell of different streams: make a trigger for each";
                    self.wrong(place, "missing", message);
                }
                found.and_then(|name| streams::find(name))
            }
            Some(Member::Text(name)) => match streams::find(name) {
                None => {
                    let names: Vec<&str> = streams::names().collect();
                    self.unknown(place, "unknown_stream", "stream", name, &names);
                    None
                }
                Some(stream) if !tell(stream.name) => {
                    let message = "a topic of this trigger does not tell of the stream";
                    self.wrong(place, "value", message);
                    None
                }
                found => found,
            },
            Some(_) => {
                self.wrong(place, "type", "expected the name of a stream");
                None
            }
        }
    }

    /// The mapping of a trigger's record: the name of a preset, or a mapping, whose plain rules are for the trigger's stream.
    fn mapping(&mut self, member: &Member, stream: &'static Stream, place: &str) -> Mapping {
        let workspace = self.account;
        let preset;
        let member = match member {
            Member::Text(name) => {
                if !PRESETS.iter().any(|preset| preset.name == *name) {
                    let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
                    self.unknown(place.to_owned(), "unknown_preset", "preset", name, &names);
                    return Mapping::default();
                }
                preset = format!("{{\"preset\":\"{name}\"}}");
                Member::Object(&preset)
            }
            member => member.clone(),
        };
        let is_identity = matches!(&member, Member::Object(object) if {
            let preset = json::member(object, "preset");
            object.trim_matches(['{', '}', ' ']).is_empty() || preset == Some("\"identity\"")
        });
        let draft = document::Draft::read_for(&member, workspace, stream);
        match draft.finish() {
            Err(problems) => {
                let moved = problems.into_iter().map(|one| Problem {
                    path: format!("{place}{}", one.path.trim_start_matches(document::ROOT)),
                    ..one
                });
                self.problems.extend(moved);
            }
            Ok((mut sections, _)) => {
                let others: Vec<String> = sections.iter().map(|one| one.stream.clone()).collect();
                sections.retain(|section| section.stream == stream.name);
                if sections.is_empty() && !is_identity {
                    self.problems.push(Problem {
                        expected: Some(others.join(", ")),
                        ..problem(
                            place,
                            "missing",
                            format!("the mapping has no rules for {}", stream.name),
                        )
                    });
                }
                return Mapping::new(sections);
            }
        }
        Mapping::default()
    }
}
