//! Reading a mapping as people write it: every problem at once, each with its place.

use super::condition::{self, Condition, Terms};
use super::path::{MOST_PARTS, Type, type_at, value_at};
use super::preset;
use super::rule::{Rule, Section, Source, WhichCompany};
use super::steps;
use super::targets;
use super::transform::Item;
use crate::contract::types::{Account, Problem};
use crate::failure::{problem, unknown};
use crate::intercom::fields::Kind;
use crate::intercom::streams::{self, Stream};
use crate::json::{self, Member, Object};

/// The stream of the rules that stand directly in a mapping.
const DEFAULT_STREAM: &str = "contacts";

/// Where a mapping stands in what people write.
pub const ROOT: &str = "field_mapping";

/// A place in a mapping that stands somewhere else.
pub fn moved(place: &str, path: &str) -> String {
    format!("{place}{}", path.strip_prefix(ROOT).unwrap_or(path))
}

/// The keys of a rule, and of a section.
const RULE_KEYS: &[&str] = &[
    "from", "to", "default", "required", "type", "pipeline", "when", "if", "unless",
];
const SECTION_KEYS: &[&str] = &[
    "rules",
    "required",
    "nulls",
    "attributes",
    "custom_attributes",
    "company",
    "when",
];

/// A mapping in the making.
pub struct Draft<'d> {
    /// The document whose members parameters are.
    parameters: &'d str,
    account: Option<&'d Account>,
    /// The stream of the rules that stand directly in the mapping.
    stream: &'static str,
    /// The sections, with the place of each rule.
    sections: Vec<(Section, Vec<String>)>,
    /// Whether records are to be explained instead of mapped.
    pub explain: bool,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// The field that holds the custom attributes of a stream's records.
pub fn attributes_of(stream: &Stream) -> Option<&'static str> {
    let mut fields = stream.fields.iter();
    fields
        .find(|field| field.kind == Kind::Attributes)
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
    let each = |name, member| {
        all.push((name, member));
        Ok(())
    };
    // Whether it is an object was seen before.
    json::members(Member::Object(object), each).unwrap_or_default();
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
        draft
    }

    fn new(account: Option<&'d Account>, stream: &'static str) -> Self {
        Self {
            parameters: "{}",
            account,
            stream,
            sections: Vec::new(),
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
        for (section, places) in std::mem::take(&mut self.sections) {
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
                let rule = Rule::plain(Source::Path(from.to_owned()), to.clone());
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
            match item {
                Member::Object(object) => self.rule(stream, object, None, &place),
                _ => self.wrong(
                    place,
                    "type",
                    "expected a rule: an object with `from` and `to`",
                ),
            }
        }
    }

    fn section(&mut self, stream: &'static Stream, object: &str, place: &str) {
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
            let member = match self.resolve(member) {
                Some(member) => member,
                None => continue,
            };
            match (name.as_str(), &member) {
                ("rules", Member::List(list)) => self.rules(stream, list, &place),
                ("nulls", Member::Boolean(nulls)) => self.of(stream).0.nulls = *nulls,
                ("required", Member::List(list)) => {
                    match json::parse::<Vec<String>>(list.as_bytes()) {
                        Ok(targets) => self.of(stream).0.required.extend(targets),
                        Err(_) => self.wrong(place, "type", "expected a list of targets"),
                    }
                }
                ("when", member) => {
                    let when = Condition::read(member, &place, terms(stream), &mut self.problems);
                    self.of(stream).0.when = when;
                }
                ("custom_attributes", Member::Text(policy)) if policy == "drop" => {}
                ("custom_attributes", Member::Text(policy)) if policy == "fail" => {
                    self.of(stream).0.strict = true;
                }
                ("attributes", Member::Object(names)) => self.attributes(stream, names, &place),
                ("custom_attributes", Member::Object(object)) => self.keep(stream, object, &place),
                ("company", Member::Text(which)) if which == "newest" => {
                    self.of(stream).0.company = WhichCompany::Newest;
                }
                ("company", Member::Text(which)) if which == "first" => {
                    self.of(stream).0.company = WhichCompany::First;
                }
                ("company", Member::Object(object)) => {
                    match json::member(object, "named").map(Item::of) {
                        Some(Item::Text(company)) => {
                            self.of(stream).0.company = WhichCompany::Named(company.into_owned());
                        }
                        _ => self.wrong(
                            place,
                            "value",
                            "expected `newest`, `first` or `{ named: NAME }`",
                        ),
                    }
                }
                (name, _) if SECTION_KEYS.contains(&name) => {
                    let message = match name {
                        "custom_attributes" => "expected `drop`, `fail` or `{ keep: PREFIX }`",
                        "company" => "expected `newest`, `first` or `{ named: NAME }`",
                        "nulls" => "expected true or false",
                        _ => "expected a list",
                    };
                    self.wrong(place, "value", message);
                }
                (name, _) => self.unknown(
                    place,
                    "unknown_key",
                    "key of a stream's mapping",
                    name,
                    SECTION_KEYS,
                ),
            }
        }
    }

    /// Custom attributes that no rule names go to targets with this prefix.
    fn keep(&mut self, stream: &'static Stream, object: &str, place: &str) {
        match (
            json::member(object, "keep").map(Item::of),
            attributes_of(stream),
        ) {
            (Some(Item::Text(prefix)), Some(field)) => {
                let from = Source::Path(field.to_owned());
                let rule = Rule::plain(from, format!("{prefix}*"));
                self.add(stream, rule, false, place);
            }
            (_, None) => self.wrong(
                place,
                "value",
                "records of this stream have no custom attributes",
            ),
            _ => self.wrong(
                place,
                "value",
                "expected `drop`, `fail` or `{ keep: PREFIX }`",
            ),
        }
    }

    /// Custom attributes by name go to fields of `attributes`.
    fn attributes(&mut self, stream: &'static Stream, names: &str, place: &str) {
        for (name, to) in members(names) {
            let place = format!("{place}.{name}");
            match (&to, attributes_of(stream)) {
                (Member::Text(to), Some(field)) => {
                    let to = Member::Text(format!("attributes.{to}"));
                    self.plain(stream, &format!("{field}.{name}"), &to, &place);
                }
                _ => self.wrong(place, "type", "expected the name of a field"),
            }
        }
    }

    fn rule(&mut self, stream: &'static Stream, object: &str, from: Option<&str>, place: &str) {
        let known = self.problems.len();
        let all: Object = json::parse(object.as_bytes()).unwrap_or_default();
        for (name, _) in all
            .0
            .iter()
            .filter(|(name, _)| !RULE_KEYS.contains(&&**name))
        {
            self.unknown(
                format!("{place}.{name}"),
                "unknown_key",
                "key of a rule",
                name,
                RULE_KEYS,
            );
        }
        // Presets have rules for some parameters only.
        let given = |key: &str| match all.get(key) {
            Some(Member::Text(name)) => Some(
                value_at(self.parameters, name)
                    .is_some_and(|json| !matches!(json, "null" | "false")),
            ),
            _ => None,
        };
        if given("if") == Some(false) || given("unless") == Some(true) {
            return;
        }
        let (Some(sources), Some(default)) = (
            self.sources(stream, all.get("from"), from, place),
            self.resolve(all.get("default").unwrap_or(&Member::Null)),
        ) else {
            return;
        };
        let to = match all.get("to") {
            Some(Member::Text(to)) => to.clone(),
            _ => {
                self.wrong(
                    format!("{place}.to"),
                    "missing",
                    "the rule names no target: `to`",
                );
                String::new()
            }
        };
        let kind = match all.get("type") {
            None => Type::Any,
            Some(member) => {
                let names: Vec<&str> = Type::ALL.iter().map(|(name, _)| *name).collect();
                let found = match member {
                    Member::Text(name) => name.as_str(),
                    _ => "",
                };
                match Type::ALL.iter().find(|(name, _)| *name == found) {
                    Some((_, kind)) => *kind,
                    None => {
                        self.unknown(
                            format!("{place}.type"),
                            "unknown_type",
                            "type",
                            found,
                            &names,
                        );
                        Type::Any
                    }
                }
            }
        };
        let required = match all.get("required") {
            None => false,
            Some(Member::Boolean(required)) => *required,
            Some(_) => {
                self.wrong(
                    format!("{place}.required"),
                    "type",
                    "expected true or false",
                );
                false
            }
        };
        let when = all.get("when").and_then(|member| {
            Condition::read(
                member,
                &format!("{place}.when"),
                terms(stream),
                &mut self.problems,
            )
        });
        let steps = match all.get("pipeline") {
            None => Vec::new(),
            Some(Member::List(list)) => json::parse(list.as_bytes()).unwrap_or_default(),
            Some(_) => {
                self.wrong(
                    format!("{place}.pipeline"),
                    "type",
                    "expected a list of transforms",
                );
                Vec::new()
            }
        };
        let mut pipeline = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            let place = format!("{place}.pipeline[{at}]");
            match steps::read(step, &place, &|member| self.resolve(member)) {
                Ok(Some(step)) => pipeline.push(step),
                Ok(None) => return,
                Err(problem) => self.problems.push(*problem),
            }
        }
        if self.problems.len() > known {
            return;
        }
        let (from, types): (Vec<Source>, Vec<Type>) = sources.into_iter().unzip();
        let rule = Rule {
            from,
            to,
            default: (default != Member::Null).then(|| condition::written(&default)),
            kind,
            pipeline,
            when,
        };
        match steps::check(&rule, &types, place) {
            Ok(()) => self.add(stream, rule, required, place),
            Err(problem) => self.problems.push(*problem),
        }
    }

    /// Where a rule takes its value from; `None` when that is a parameter that is not given, or a problem.
    fn sources(
        &mut self,
        stream: &'static Stream,
        member: Option<&Member>,
        from: Option<&str>,
        place: &str,
    ) -> Option<Vec<(Source, Type)>> {
        let own = from.map(|from| Member::Text(from.to_owned()));
        let place = match own {
            Some(_) => place.to_owned(),
            None => format!("{place}.from"),
        };
        let items = match (&own, member) {
            (Some(own), _) => vec![own.clone()],
            (None, Some(Member::List(list))) => json::parse(list.as_bytes()).unwrap_or_default(),
            (None, Some(member)) => vec![member.clone()],
            (None, None) => Vec::new(),
        };
        if items.is_empty() {
            self.wrong(
                place,
                "missing",
                "the rule takes its value from nowhere: `from`",
            );
            return None;
        }
        let mut sources = Vec::new();
        for item in &items {
            match item {
                Member::Text(path) => match type_at(stream, path, &place) {
                    Ok(kind) => sources.push((Source::Path(path.clone()), kind)),
                    Err(problem) => self.problems.push(*problem),
                },
                Member::Object(object) => {
                    let literal = match json::member(object, "literal") {
                        Some(literal) => literal.to_owned(),
                        None if json::member(object, "parameter").is_some() => {
                            condition::written(&self.resolve(item)?)
                        }
                        None => {
                            self.wrong(
                                &*place,
                                "type",
                                "expected a path, a list of them, or `{ literal: VALUE }`",
                            );
                            continue;
                        }
                    };
                    let kind = Type::of(&literal);
                    sources.push((Source::Literal(literal), kind));
                }
                _ => self.wrong(
                    &*place,
                    "type",
                    "expected a path, a list of them, or `{ literal: VALUE }`",
                ),
            }
        }
        Some(sources)
    }

    /// A value, or that of the parameter which it names; `None` when that is not given.
    fn resolve<'m>(&self, member: &Member<'m>) -> Option<Member<'m>>
    where
        'd: 'm,
    {
        let Member::Object(object) = member else {
            return Some(member.clone());
        };
        let object: Object = json::parse(object.as_bytes()).unwrap_or_default();
        let (name, default) = match object.0.as_slice() {
            [(key, Member::Text(name))] if key == "parameter" => (name, None),
            [(key, Member::Text(name)), (other, default)]
                if key == "parameter" && other == "default" =>
            {
                (name, Some(default.clone()))
            }
            _ => return Some(member.clone()),
        };
        if let Some(json) = value_at(self.parameters, name).filter(|json| *json != "null") {
            return json::parse(json.as_bytes()).ok();
        }
        let own = self.account.and_then(|account| match name.as_str() {
            "workspace" => Some(account.workspace_id.as_str()),
            // Where people work with the workspace.
            "app" => Some(match account.region.as_deref() {
                Some("eu") => "https://app.eu.intercom.com",
                Some("au") => "https://app.au.intercom.com",
                _ => "https://app.intercom.com",
            }),
            _ => None,
        });
        own.map(|text| Member::Text(text.to_owned())).or(default)
    }

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

    fn add(&mut self, stream: &Stream, rule: Rule, required: bool, place: &str) {
        let name = rule.to.trim_end_matches("[]").trim_end_matches('*');
        let star = rule.to.ends_with('*');
        let parts = name.split('.');
        let empty = parts.clone().any(|part| part.is_empty())
            && !(star && !name.starts_with('.') && !name.contains(".."));
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
        if !place.starts_with("preset ") {
            while let Some(at) = section
                .rules
                .iter()
                .zip(&*places)
                .position(|(known, place)| known.to == rule.to && place.starts_with("preset "))
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
