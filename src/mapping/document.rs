//! Reading a mapping as people write it: every problem at once, each with its place.

mod parameters;
mod rules;
mod section;

use super::condition::Terms;
use super::path::type_at;
use super::preset;
use super::rule::{Rule, Section, Source};
use super::targets;
use crate::contract::types::{Account, Problem};
use crate::failure::{problem, unknown};
use crate::intercom::fields::Kind;
use crate::intercom::streams::{self, Stream};
use crate::json::{self, Member};
use crate::prelude::*;
use core::cell::RefCell;

/// The stream of the rules that stand directly in a mapping.
const DEFAULT_STREAM: &str = "contacts";

/// Where a mapping stands in what people write.
pub const ROOT: &str = "field_mapping";

/// A place in a mapping that stands somewhere else.
pub fn moved(place: &str, path: &str) -> String {
    format!("{place}{}", path.strip_prefix(ROOT).unwrap_or(path))
}

/// A mapping in the making.
pub struct Draft<'d> {
    /// The document whose members parameters are.
    parameters: &'d str,
    account: Option<&'d Account>,
    /// The stream of the rules that stand directly in the mapping.
    stream: &'static str,
    /// The sections, with the place of each rule.
    sections: Vec<(Section, Vec<String>)>,
    /// The parameter that was taken last.
    taken: RefCell<String>,
    /// Whether records are to be explained instead of mapped.
    pub explain: bool,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// The field that holds the custom attributes of a stream's records.
pub fn attributes_of(stream: &Stream) -> Option<&'static str> {
    let mut fields = stream.fields.iter();
    fields
        .find(|field| matches!(field.kind, Kind::Attributes))
        .map(|field| field.name())
}

/// What conditions of a mapping may speak of.
fn terms(stream: &'static Stream) -> Terms {
    Terms {
        stream,
        asks: false,
    }
}

/// The members of an object, in order.
fn members<'a>(object: &'a str) -> Vec<(String, Member<'a>)> {
    let mut all = Vec::new();
    let mut each = |name, member| {
        all.push((name, member));
        Ok(())
    };
    // Whether it is an object was seen before.
    json::members(Member::Object(object), &mut each).unwrap_or_default();
    all
}

impl<'d> Draft<'d> {
    /// Reads a document.
    pub fn read(document: &'d [u8], account: Option<&'d Account>) -> Self {
        let mut draft = Self::new(account, DEFAULT_STREAM);
        match json::parse::<Member>(document) {
            Ok(Member::Object(object)) => {
                draft.parameters = object;
                draft.document(object);
            }
            Ok(Member::Null) => {}
            Ok(_) => draft.wrong(ROOT, "json", "expected a JSON object"),
            Err(reason) => draft.wrong(ROOT, "json", format!("expected a JSON object; {reason}")),
        }
        draft
    }

    /// Reads a mapping for one stream: as a document, or as the rules of that stream.
    pub fn read_for(
        member: &Member<'d>,
        account: Option<&'d Account>,
        stream: &'static Stream,
    ) -> Self {
        let mut draft = Self::new(account, stream.name);
        match member {
            Member::List(list) => draft.rules(stream, list, ROOT),
            Member::Object(object)
                if json::member(object, "rules").is_some_and(|rules| rules.starts_with('[')) =>
            {
                draft.section(stream, object, ROOT);
            }
            Member::Object(object) => {
                draft.parameters = object;
                draft.document(object);
            }
            _ => draft.wrong(
                ROOT,
                "type",
                "expected the name of a preset, a mapping, or a list of rules",
            ),
        }
        let chooses = |(section, _): &(Section, _)| section.chooses_by_joined();
        if draft.sections.iter().any(chooses) {
            let message = "no delivery holds it: a trigger's mapping cannot choose records by it";
            draft.wrong(format!("{ROOT}.when"), "path", message);
        }
        draft
    }

    fn new(account: Option<&'d Account>, stream: &'static str) -> Self {
        Self {
            parameters: "{}",
            account,
            stream,
            sections: Vec::new(),
            taken: RefCell::default(),
            explain: false,
            problems: Vec::new(),
        }
    }

    /// The sections, if nothing is wrong.
    ///
    /// # Errors
    /// Everything that is.
    pub fn finish(mut self) -> Result<(Vec<Section>, bool), Vec<Problem>> {
        let mut sections = Vec::new();
        for (section, places) in core::mem::take(&mut self.sections) {
            if !section.rules.is_empty() {
                sections.push(targets::arrange(section, &places, &mut self.problems));
            }
        }
        match self.problems.is_empty() {
            true => Ok((sections, self.explain)),
            false => Err(self.problems),
        }
    }

    fn wrong(&mut self, place: impl Into<String>, code: &str, message: impl Into<String>) {
        self.problems.push(problem(place, code, message));
    }

    fn unknown(&mut self, place: String, code: &str, what: &str, found: &str, known: &[&str]) {
        let message = format!("there is no {what} of this name");
        self.problems
            .push(unknown(place, code, &message, found, known));
    }

    fn document(&mut self, object: &'d str) {
        let all = members(object);
        let preset = all.iter().find_map(|(name, member)| match member {
            Member::Text(text) if name == "preset" => Some(text),
            _ => None,
        });
        if let Some(name) = preset {
            let Some(preset) = preset::find(name) else {
                let known: Vec<&str> = preset::PRESETS.iter().map(|preset| preset.name).collect();
                return self.unknown(
                    format!("{ROOT}.preset"),
                    "unknown_preset",
                    "preset",
                    name,
                    &known,
                );
            };
            for (name, member) in members(&preset.mapping.text()) {
                self.member(&name, &member, &format!("preset {name}"));
            }
            let parameters = preset.parameters;
            for (name, member) in &all {
                let place = format!("{ROOT}.{name}");
                let section = matches!(member, Member::Object(_) | Member::List(_));
                match name.as_str() {
                    "preset" => {}
                    "explain" => self.explain = *member == Member::Boolean(true),
                    "lists" if parameters.contains(&"lists") => self.lists(member, &place),
                    name if parameters.contains(&name) => {}
                    name if section && streams::find(name).is_some() => {
                        self.member(name, member, &place)
                    }
                    name => self.unknown(
                        place,
                        "unknown_key",
                        "parameter of the preset",
                        name,
                        parameters,
                    ),
                }
            }
            return;
        }
        for (name, member) in &all {
            match (name.as_str(), member) {
                ("explain", Member::Boolean(explain)) => self.explain = *explain,
                (name, member) => self.member(name, member, &format!("{ROOT}.{name}")),
            }
        }
    }

    fn member(&mut self, name: &str, member: &Member, place: &str) {
        match (member, streams::find(name)) {
            (Member::Object(object), Some(stream)) => self.section(stream, object, place),
            (Member::List(list), Some(stream)) => self.rules(stream, list, place),
            (Member::Object(object), None) if json::member(object, "to").is_none() => {
                let names: Vec<&str> = streams::names().collect();
                self.unknown(place.to_owned(), "unknown_stream", "stream", name, &names);
            }
            (member, _) => {
                if let Some(stream) = streams::find(self.stream) {
                    self.plain(stream, name, member, place);
                }
            }
        }
    }

    /// A rule whose name is its source, and whose value is its target or the rest of it.
    fn plain(&mut self, stream: &'static Stream, from: &str, member: &Member, place: &str) {
        match member {
            Member::Text(to) => {
                let rule = Rule::plain(vec![Source::Path(from.to_owned())], to.clone());
                match type_at(stream, from, place) {
                    Ok(_) => self.add(stream, rule, false, place),
                    Err(problem) => self.problems.push(*problem),
                }
            }
            Member::Object(object) => self.rule(stream, object, Some(from), place),
            _ => self.problems.push(Problem {
                expected: Some("text, or an object with `to`".to_owned()),
                ..problem(place, "type", "the target is not the name of a field")
            }),
        }
    }

    fn rules(&mut self, stream: &'static Stream, list: &str, place: &str) {
        let items: Vec<Member> = json::parse(list.as_bytes()).unwrap_or_default();
        for (at, item) in items.iter().enumerate() {
            let place = format!("{place}[{at}]");
            let known = self.problems.len();
            match item {
                Member::Object(object) => self.rule(stream, object, None, &place),
                _ => self.wrong(
                    place,
                    "type",
                    "expected a rule: an object with `from` and `to`",
                ),
            }
            self.blame(known);
        }
    }
}
