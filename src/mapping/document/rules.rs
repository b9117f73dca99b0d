//! One rule: its sources, its target, and what is between them.

use super::{Draft, terms};
use crate::intercom::streams::Stream;
use crate::json::{self, Member, Object};
use crate::mapping::condition::{self, Condition};
use crate::mapping::path::{Type, type_at};
use crate::mapping::rule::{Rule, Source};
use crate::mapping::steps;
use crate::prelude::*;

/// The keys of a rule.
const RULE_KEYS: &[&str] = &[
    "from", "to", "default", "required", "type", "pipeline", "when", "if", "unless",
];

impl Draft<'_> {
    pub(super) fn rule(
        &mut self,
        stream: &'static Stream,
        object: &str,
        from: Option<&str>,
        place: &str,
    ) {
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
        let given = |key: &str| self.is_given(all.get(key));
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
            other => {
                let message = match other {
                    None => "the rule names no target: `to`",
                    Some(_) => "expected the name of a field",
                };
                self.wrong(format!("{place}.to"), "missing", message);
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
}
