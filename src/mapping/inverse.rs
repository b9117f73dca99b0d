//! The mapping read the other way: from the customer's fields to those that are written.

use super::Mapping;
use super::apply::{Program, Subject};
use super::path::COMPANY;
use super::rule::{Rule, Section, Source};
use super::transform::Item;
use crate::contract::types::{Failure, Problem};
use crate::failure::{not_valid, problem};
use crate::intercom::streams::Stream;
use crate::json::{self, Member, Object};

/// Makes a stream's fields of the customer's.
#[derive(Clone, Debug)]
pub struct Inverse {
    program: Program,
    /// Everything that the mapping gives.
    targets: Vec<String>,
}

impl Mapping {
    /// The inverse for a stream; `None` when its records are given as they are, and so are taken as they are.
    ///
    /// It gives values of which the mapping would make the very same again. Literals of the mapping say nothing about the
    /// record, and are left out.
    ///
    /// # Errors
    /// `no_inverse`, with every rule that has none and the step that it fails at.
    pub fn inverse(&self, stream: &Stream) -> Result<Option<Inverse>, Failure> {
        let Some(section) = self.section(stream.name) else {
            return Ok(None);
        };
        let mut problems = Vec::new();
        let mut rules = Vec::new();
        let mut sources: Vec<&str> = Vec::new();
        for rule in &section.rules {
            match inverted(rule, &stream_prefix(section)) {
                Ok(Some(turned)) => {
                    let source = rule.paths().next().unwrap_or_default();
                    if sources.contains(&source) {
                        let message =
                            format!("`{source}` has several targets: which one counts is not said");
                        problems.push(refused(rule, "", message));
                    } else {
                        sources.push(source);
                        rules.push(turned);
                    }
                }
                Ok(None) => {}
                Err(problem) => problems.push(*problem),
            }
        }
        let places: Vec<String> = rules.iter().map(|rule| rule.to.clone()).collect();
        let turned = Section {
            stream: section.stream.clone(),
            rules,
            nulls: true,
            ..Section::default()
        };
        let turned = super::targets::arrange(turned, &places, &mut problems);
        match problems.is_empty() {
            true => Ok(Some(Inverse {
                program: Program::new(stream, turned),
                targets: section.rules.iter().map(|rule| rule.to.clone()).collect(),
            })),
            false => Err(not_valid(
                "no_inverse",
                "the mapping read the other way",
                problems,
            )),
        }
    }
}

impl Inverse {
    /// The fields to write of a document with the customer's fields. What it does not hold is not written.
    ///
    /// # Errors
    /// `invalid_row`, with every problem: it is no JSON object, a member is none that the mapping gives, or a value is none;
    /// the paths are the customer's.
    pub fn apply(&self, document: &[u8]) -> Result<Vec<u8>, Failure> {
        let unreadable =
            |message| not_valid("invalid_row", "the row", vec![problem("", "json", message)]);
        let object = json::parse::<Object>(document)
            .map_err(|reason| unreadable(format!("expected a JSON object; {reason}")))?;
        let record = str::from_utf8(document).unwrap_or_default();
        let mut problems = Vec::new();
        self.strangers(&object, "", &mut problems);
        let subject = Subject {
            record,
            key: "",
            company: None,
            parts: None,
            whole: false,
        };
        let mapped = self
            .program
            .apply(&subject)
            .map_err(|_| unreadable("expected a JSON object".to_owned()))?;
        let mapped = mapped.unwrap_or_default();
        let rules = &self.program.section().rules;
        for rule in rules.iter().filter(|rule| mapped.odd.contains(&rule.to)) {
            let path = rule.paths().next().unwrap_or_default();
            problems.push(problem(
                path,
                "value",
                "the value is none that the mapping gives",
            ));
        }
        match problems.is_empty() {
            true => Ok(mapped.payload),
            false => Err(not_valid("invalid_row", "the row", problems)),
        }
    }

    /// The members that the mapping does not give: nobody could say what becomes of them.
    fn strangers(&self, object: &Object, within: &str, problems: &mut Vec<Problem>) {
        let below = |path: &str, object: &str| {
            path.strip_prefix(object)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        for (name, member) in &object.0 {
            let path = format!("{within}{name}");
            let mut targets = self.targets.iter();
            if targets.any(|target| path == *target || below(&path, target)) {
                continue;
            }
            let inner = match member {
                Member::Object(json) => json::parse::<Object>(json.as_bytes()).ok(),
                _ => None,
            };
            match inner {
                Some(inner) if self.targets.iter().any(|target| below(target, &path)) => {
                    self.strangers(&inner, &format!("{path}."), problems);
                }
                _ => problems.push(problem(
                    path,
                    "unknown_field",
                    "the mapping gives no such field",
                )),
            }
        }
    }
}

fn stream_prefix(section: &Section) -> String {
    match section.stream.as_str() {
        "contacts" => COMPANY.to_owned(),
        _ => "\0".to_owned(),
    }
}

fn refused(rule: &Rule, step: &str, message: String) -> Problem {
    let place = match step {
        "" => rule.to.clone(),
        step => format!("{}.{step}", rule.to),
    };
    problem(place, "no_inverse", message)
}

/// The rule read the other way; `None` when it is about no field.
fn inverted(rule: &Rule, company: &str) -> Result<Option<Rule>, Box<Problem>> {
    let no = |step: &str, message: &str| Err(Box::new(refused(rule, step, message.to_owned())));
    let source = match rule.from.as_slice() {
        [Source::Path(path)] if path.starts_with(company) => {
            return no("from", "it belongs to the company, which is another object");
        }
        [Source::Path(path)] => path,
        sources
            if sources
                .iter()
                .all(|source| matches!(source, Source::Literal(_))) =>
        {
            return Ok(None);
        }
        _ => {
            return no(
                "from",
                "it takes one of several values, and does not say which",
            );
        }
    };
    if rule.when.is_some() {
        return no(
            "when",
            "its condition is about the record, which is not there yet",
        );
    }
    if rule.to.ends_with(['*', ']']) {
        return no(
            "to",
            "a target that several rules share cannot be taken apart again",
        );
    }
    let mut pipeline = Vec::new();
    for (at, step) in rule.pipeline.iter().enumerate().rev() {
        match step.undone() {
            Ok(undone) => pipeline.extend(undone),
            Err(why) => {
                let name = step.row().name;
                let message = format!("`{name}` has no inverse: {why}");
                return Err(Box::new(refused(rule, &format!("pipeline[{at}]"), message)));
            }
        }
    }
    if let Some(default) = &rule.default {
        let steps = || pipeline.iter().chain(&rule.pipeline);
        let again = steps().try_fold(Item::of(default), |item, step| step.run(item, ""));
        if again != Ok(Item::of(default)) {
            return no("default", "the pipeline makes something else of it");
        }
    }
    Ok(Some(Rule {
        pipeline,
        ..Rule::plain(Source::Path(rule.to.clone()), source.clone())
    }))
}
