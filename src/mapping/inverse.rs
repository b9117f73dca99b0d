//! The mapping read the other way: from the customer's fields to those that are written.

use super::Mapping;
use super::apply::{Program, Subject};
use super::path::{COMPANY, Type};
use super::rule::{Rule, Section, Source};
use super::transform::Item;
use crate::contract::types::{Failure, Problem};
use crate::failure::{invalid_input, not_valid, problem};
use crate::intercom::streams::Stream;

/// Makes a stream's fields of the customer's.
#[derive(Clone, Debug)]
pub struct Inverse(Program);

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
            true => Ok(Some(Inverse(Program::new(stream, turned)))),
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
    /// `invalid_row`: it is no JSON object, or a value is not one that the mapping gives; the paths are the customer's.
    pub fn apply(&self, document: &[u8]) -> Result<Vec<u8>, Failure> {
        let invalid = |path: &str, message: &str| {
            invalid_input(
                "invalid_row",
                format!("the row cannot be read by the mapping: {message}"),
                vec![problem(path, "invalid_row", message)],
            )
        };
        let record = str::from_utf8(document).map_err(|_| invalid("", "it is not UTF-8"))?;
        if Type::of(record.trim_start()) != Type::Object {
            return Err(invalid("", "it is no JSON object"));
        }
        let subject = Subject {
            record,
            key: "",
            company: None,
            parts: None,
            whole: false,
        };
        let mapped = self
            .0
            .apply(&subject)
            .map_err(|_| invalid("", "it is no JSON object"))?;
        let mapped = mapped.unwrap_or_default();
        match mapped.odd.first() {
            None => Ok(mapped.payload),
            Some(target) => {
                let rules = self.0.section().rules.iter();
                let mut rules = rules.filter(|rule| rule.to == *target);
                let path = rules
                    .next()
                    .and_then(|rule| rule.paths().next())
                    .unwrap_or_default();
                Err(invalid(path, "the value is none that the mapping gives"))
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
