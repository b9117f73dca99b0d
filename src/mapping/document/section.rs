//! What is said about all records of a stream.

use super::parameters::PRESET;
use super::{Draft, attributes_of, members, terms};
use crate::intercom::streams::Stream;
use crate::json::{self, Member};
use crate::mapping::condition::Condition;
use crate::mapping::path::MOST_PARTS;
use crate::mapping::rule::{Rule, Section, Source, WhichCompany, held};
use crate::mapping::transform::Item;
use crate::prelude::*;
use records::search::find;

/// Where custom attributes go that have a place of their own.
const ATTRIBUTES: &str = "attributes.";

/// The keys of a section, and what stands behind each.
const SECTION_KEYS: [(&str, &str); 7] = [
    ("rules", "expected a list of rules"),
    ("required", "expected a list of targets"),
    ("nulls", "expected true or false"),
    ("attributes", "expected an object: NAME: FIELD"),
    (
        "custom_attributes",
        "expected `drop`, `fail` or `{ keep: PREFIX }`",
    ),
    ("company", "expected `newest`, `first` or `{ named: NAME }`"),
    ("when", "expected a condition"),
];

impl Draft<'_> {
    pub(super) fn section(&mut self, stream: &'static Stream, object: &str, place: &str) {
        let all = members(object);
        let full = |(name, member): &(String, Member)| {
            name == "rules" && matches!(member, Member::List(_))
        };
        if !all.iter().any(full) {
            for (from, to) in &all {
                self.plain(stream, from, to, &format!("{place}.{from}"));
            }
            return;
        }
        for (name, member) in &all {
            let place = format!("{place}.{name}");
            let (Some(member), problems) = (self.resolve(member), self.problems.len()) else {
                continue;
            };
            let known = SECTION_KEYS.iter().find(|(known, _)| known == name);
            let Some((name, expected)) = known else {
                let names = SECTION_KEYS.map(|(name, _)| name);
                self.unknown(
                    place,
                    "unknown_key",
                    "key of a stream's mapping",
                    name,
                    &names,
                );
                continue;
            };
            if self.said(stream, name, &member, &place).is_none() {
                self.wrong(place, "value", *expected);
            }
            self.blame(problems);
        }
    }

    /// Takes what is said of a stream's records; `None` when it says nothing.
    fn said(
        &mut self,
        stream: &'static Stream,
        name: &str,
        member: &Member,
        place: &str,
    ) -> Option<()> {
        match (name, member) {
            ("rules", Member::List(list)) => self.rules(stream, list, place),
            ("nulls", Member::Boolean(nulls)) => self.of(stream).0.nulls = *nulls,
            ("required", Member::List(list)) => {
                let targets = json::parse::<Vec<String>>(list.as_bytes()).ok()?;
                self.of(stream).0.required.extend(targets);
            }
            ("when", member) => {
                let when = Condition::read(member, place, terms(stream), &mut self.problems);
                self.of(stream).0.when = when;
            }
            ("custom_attributes", Member::Text(policy)) if policy == "drop" => {}
            ("custom_attributes", Member::Text(policy)) if policy == "fail" => {
                self.of(stream).0.strict = true;
            }
            ("custom_attributes", Member::Object(object)) => {
                // Those that no rule names go to targets with this prefix; a preset has a place for them.
                let Item::Text(prefix) = Item::of(json::member(object, "keep")?) else {
                    return None;
                };
                let within = match place.starts_with(PRESET) {
                    true => ATTRIBUTES,
                    false => "",
                };
                match attributes_of(stream) {
                    Some(field) => {
                        let from = Source::Path(field.to_owned());
                        let prefix = prefix.strip_prefix(within).unwrap_or(&prefix);
                        let rule = Rule::plain(vec![from], [within, prefix, "*"].joined(""));
                        self.add(stream, rule, false, place);
                    }
                    None => {
                        let message = "records of this stream have no custom attributes";
                        self.wrong(place, "value", message);
                    }
                }
            }
            ("attributes", Member::Object(names)) => self.attributes(stream, names, place),
            ("company", member) => {
                self.of(stream).0.company = match member {
                    Member::Text(which) if which == "newest" => WhichCompany::Newest,
                    Member::Text(which) if which == "first" => WhichCompany::First,
                    Member::Object(object) => match Item::of(json::member(object, "named")?) {
                        Item::Text(company) => WhichCompany::Named(company.into_owned()),
                        Item::Json(_) => return None,
                    },
                    _ => return None,
                };
            }
            _ => return None,
        }
        Some(())
    }

    /// Custom attributes by name go to fields of `attributes`.
    fn attributes(&mut self, stream: &'static Stream, names: &str, place: &str) {
        for (name, to) in members(names) {
            let place = format!("{place}.{name}");
            match (&to, attributes_of(stream)) {
                (Member::Text(to), Some(field)) => {
                    let to = Member::Text([ATTRIBUTES, to].joined(""));
                    self.plain(stream, &format!("{field}.{name}"), &to, &place);
                }
                _ => self.wrong(place, "type", "expected the name of a field"),
            }
        }
    }

    /// The section of a stream, which is made where there is none yet.
    fn of(&mut self, stream: &Stream) -> &mut (Section, Vec<String>) {
        let at = self
            .sections
            .iter()
            .position(|(section, _)| section.stream == stream.name);
        let at = at.unwrap_or_else(|| {
            let section = Section {
                stream: stream.name.to_owned(),
                nulls: true,
                ..Section::default()
            };
            self.sections.push((section, Vec::new()));
            self.sections.len() - 1
        });
        &mut self.sections[at]
    }

    /// Adds a rule, if its target is one.
    pub(super) fn add(&mut self, stream: &Stream, rule: Rule, required: bool, place: &str) {
        let name = held(&rule.to).trim_end_matches('*');
        let star = rule.to.ends_with('*');
        let parts = name.split('.');
        let empty = parts.clone().any(|part| part.is_empty())
            && !(star && !name.starts_with('.') && find(name, "..").is_none());
        if empty || name.contains(['*', '[', ']']) || parts.count() > MOST_PARTS {
            let message = match name {
                "" => "the target has no name".to_owned(),
                _ => format!("the target is no dotted path of at most {MOST_PARTS} names"),
            };
            return self.wrong(place, "target", message);
        }
        let required = required.then(|| name.to_owned());
        let (section, places) = self.of(stream);
        // A rule of one's own takes the place of the preset's.
        if !place.starts_with(PRESET) {
            while let Some(at) = section
                .rules
                .iter()
                .zip(&*places)
                .position(|(known, place)| known.to == rule.to && place.starts_with(PRESET))
            {
                section.rules.remove(at);
                places.remove(at);
            }
        }
        section.required.extend(required);
        section.rules.push(rule);
        places.push(place.to_owned());
    }
}
