//! Reading triggers as people write them: every problem at once, each with its place.

use super::Trigger;
use super::question::{DURATION, duration};
use crate::contract::types::{Account, Problem};
use crate::failure::{problem, unknown};
use crate::intercom::streams::{self, Stream};
use crate::intercom::topics::{self, TOPICS, Topic, chooses};
use crate::json::{self, Member, Object, members};
use crate::mapping::condition::{Condition, Terms};
use crate::mapping::{Mapping, document};
use crate::prelude::*;

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

/// Reads a document.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(document: &[u8], account: Option<&Account>) -> Result<Vec<Trigger>, Vec<Problem>> {
    let mut draft = Draft {
        account,
        place: ROOT.to_owned(),
        problems: Vec::new(),
    };
    let mut triggers: Vec<Trigger> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let parsed = json::parse::<Member>(document).and_then(|member| {
        let mut each = |name: String, member: Member| {
            draft.place = format!("{ROOT}.{name}");
            if name.trim().is_empty() {
                draft.wrong("", "value", "a trigger has no name");
            } else if names.contains(&name) {
                draft.wrong("", "duplicate", "there are two triggers of this name");
            } else {
                triggers.extend(draft.trigger(&name, &member));
                names.push(name);
            }
            Ok(())
        };
        match member {
            Member::Null => Ok(()),
            member => members(member, &mut each).map_err(|unexpected| unexpected.to_string()),
        }
    });
    if let Err(reason) = parsed {
        let message = format!("expected a JSON object, NAME: TRIGGER; {reason}");
        draft.problems.push(problem(ROOT, "json", message));
    }
    match draft.problems.is_empty() {
        true => Ok(triggers),
        false => Err(draft.problems),
    }
}

struct Draft<'d> {
    account: Option<&'d Account>,
    /// The place of the trigger that is being read.
    place: String,
    problems: Vec<Problem>,
}

impl Draft<'_> {
    fn at(&self, within: &str) -> String {
        format!("{}{within}", self.place)
    }

    fn wrong(&mut self, within: &str, code: &str, message: &str) {
        self.problems.push(problem(self.at(within), code, message));
    }

    fn unknown(&mut self, within: &str, what: &str, found: &str, known: &[&str]) {
        let message = format!("there is no {what} of this name");
        let code = format!("unknown_{what}");
        self.problems
            .push(unknown(self.at(within), &code, &message, found, known));
    }

    /// A trigger, if nothing is wrong with it.
    fn trigger(&mut self, name: &str, member: &Member) -> Option<Trigger> {
        let known = self.problems.len();
        let Member::Object(object) = member else {
            self.wrong("", "type", "expected a trigger: an object with `action`");
            return None;
        };
        let object: Object = json::parse(object.as_bytes()).unwrap_or_default();
        let (mut action, mut confirm, mut each_change) = ("", false, false);
        for (key, member) in &object.0 {
            let good = match (key.as_str(), member) {
                ("action", Member::Text(name)) if !name.is_empty() => {
                    action = name;
                    continue;
                }
                ("action", _) => "expected the name of an action",
                ("confirm", Member::Boolean(truth)) => {
                    confirm = *truth;
                    continue;
                }
                ("enabled" | "read_again", Member::Boolean(_)) => continue,
                ("enabled" | "read_again" | "confirm", _) => "expected true or false",
                ("per", Member::Text(per)) if per == "row" || per == "change" => {
                    each_change = per == "change";
                    continue;
                }
                ("per", _) => "expected `row` or `change`",
                ("every", member) if duration(member).is_none() => DURATION,
                (key, _) if KEYS.contains(&key) => continue,
                (key, _) => {
                    self.unknown(&format!(".{key}"), "key", key, &KEYS);
                    continue;
                }
            };
            self.wrong(&format!(".{key}"), "type", good);
        }
        if object.get("action").is_none() {
            let message = "a trigger says what is to be done: the name of an action";
            self.wrong(".action", "missing", message);
        }
        let topics = object.get("on").map(|member| self.topics(member));
        let stream = self.stream(object.get("stream"), topics.as_deref())?;
        let when = object.get("when").and_then(|member| {
            let place = self.at(".when");
            let terms = Terms { stream, asks: true };
            Condition::read(member, &place, terms, &mut self.problems)
        });
        let ticket = Member::Text(TICKET.to_owned());
        let ticket = (action == TICKET).then_some(&ticket);
        let mapping = match object.get("mapping").or(ticket) {
            Some(mapping) => self.mapping(mapping, stream),
            None => Mapping::default(),
        };
        (self.problems.len() == known).then(|| Trigger {
            name: name.to_owned(),
            topics,
            stream,
            when,
            action: action.to_owned(),
            confirm,
            each_change,
            mapping,
        })
    }

    /// The topics that a name or a list of names stands for; with `*` at the end all that begin so.
    fn topics(&mut self, member: &Member) -> Vec<&'static Topic> {
        let list: Vec<Member> = match member {
            Member::List(list) => json::parse(list.as_bytes()).unwrap_or_default(),
            one => vec![one.clone()],
        };
        if list.is_empty() {
            let message = "there is no topic; leave `on` out to take any change";
            self.wrong(".on", "missing", message);
        }
        let mut found = Vec::new();
        for (at, item) in list.iter().enumerate() {
            let within = match member {
                Member::List(_) => format!(".on[{at}]"),
                _ => ".on".to_owned(),
            };
            let Member::Text(name) = item else {
                self.wrong(&within, "type", "expected the name of a topic");
                continue;
            };
            let known = found.len();
            let mut is_named = false;
            for topic in TOPICS.iter().filter(|topic| chooses(name, topic)) {
                is_named = true;
                if !topic.told.streams.is_empty() {
                    found.push(topic);
                }
            }
            if !is_named {
                self.unknown(&within, "topic", name, &topics::names());
            } else if found.len() == known {
                let message = "the topic tells of no row: a trigger cannot see it";
                self.wrong(&within, "topic", message);
            }
        }
        found
    }

    /// The stream that a trigger looks at: the one that it names, else the first one of which all its topics tell.
    fn stream(
        &mut self,
        named: Option<&Member>,
        topics: Option<&[&Topic]>,
    ) -> Option<&'static Stream> {
        let topics = topics.unwrap_or_default();
        let tell = |stream: &str| {
            topics
                .iter()
                .all(|topic| topic.told.streams.contains(&stream))
        };
        let first = topics
            .first()
            .map_or(&[DEFAULT_STREAM][..], |topic| topic.told.streams);
        let (code, message) = match named {
            None => match first.iter().find(|stream| tell(stream)) {
                Some(stream) => return streams::find(stream),
                None => (
                    "missing",
                    "the topics tell of different streams: make a trigger for each",
                ),
            },
            Some(Member::Text(name)) => match streams::find(name) {
                Some(stream) if tell(stream.name) => return Some(stream),
                Some(_) => (
                    "value",
                    "a topic of this trigger does not tell of the stream",
                ),
                None => {
                    let names: Vec<&str> = streams::names().collect();
                    self.unknown(".stream", "stream", name, &names);
                    return None;
                }
            },
            Some(_) => ("type", "expected the name of a stream"),
        };
        self.wrong(".stream", code, message);
        None
    }

    /// The mapping of a trigger's record: the name of a preset, or a mapping, whose plain rules are for the trigger's stream.
    fn mapping(&mut self, member: &Member, stream: &'static Stream) -> Mapping {
        let preset = match member {
            Member::Text(name) => json::Members::default().text("preset", name).object(),
            _ => String::new(),
        };
        let member = match preset.is_empty() {
            true => member.clone(),
            false => Member::Object(&preset),
        };
        let place = self.at(".mapping");
        match document::Draft::read_for(&member, self.account, stream).finish() {
            Err(problems) => {
                for mut problem in problems {
                    problem.path = document::moved(&place, &problem.path);
                    self.problems.push(problem);
                }
                Mapping::default()
            }
            Ok((mut sections, _)) => {
                let all: Vec<String> = sections.iter().map(|one| one.stream.clone()).collect();
                sections.retain(|section| section.stream == stream.name);
                if sections.is_empty() && !all.is_empty() {
                    let message = format!("the mapping has no rules for {}", stream.name);
                    self.problems.push(Problem {
                        expected: Some(all.joined(", ")),
                        ..problem(place, "missing", message)
                    });
                }
                Mapping::new(sections)
            }
        }
    }
}
