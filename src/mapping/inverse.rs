//! The mapping read the other way: from the customer's fields to those that are written.

use crate::prelude::*;
use alloc::borrow::Cow;

use super::Mapping;
use super::apply::{Program, Subject};
use super::path::{COMPANY, Type, type_at, value_at};
use super::rule::{Rule, Section, Source};
use super::transform::{Item, Odd, Pass, Step, Undo, each};
use crate::contract::types::{Failure, Problem};
use crate::failure::{not_valid, problem};
use crate::intercom::streams::Stream;
use crate::json::{self, Member, Object};

/// Makes a stream's fields of the customer's.
#[derive(Clone, Debug)]
pub struct Inverse {
    program: Program<'static>,
    /// The mapping itself, and with it everything that it gives.
    mapping: Section,
}

impl Mapping {
    /// The inverse for a stream; `None` when its records are given as they are, and so are taken as they are.
    ///
    /// It gives values of which the mapping would make the very same again. Literals of the mapping say nothing about the
    /// record, and are left out.
    ///
    /// # Errors
    /// `no_inverse`, with every rule that has none and the step that it fails at.
    pub fn inverse(&self, stream: &'static Stream) -> Result<Option<Inverse>, Failure> {
        let Some(section) = self.section(stream.name) else {
            return Ok(None);
        };
        let mut problems = Vec::new();
        let mut rules = Vec::new();
        let mut sources: Vec<&str> = Vec::new();
        for rule in &section.rules {
            match inverted(rule, stream) {
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
                program: Program::new(stream, Cow::Owned(turned)),
                mapping: section.copied().unwrap_or_default(),
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
            places: &[],
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
        for rule in rules {
            let path = rule.paths().next().unwrap_or_default();
            let message = match value_at(record, path) {
                _ if mapped.odd.contains(&rule.to) => "the value is none that the mapping gives",
                value if !self.is_met(rule, value) => {
                    "the mapping would not give the value back when it is read again"
                }
                _ => continue,
            };
            problems.push(problem(path, "value", message));
        }
        match problems.is_empty() {
            true => Ok(mapped.payload),
            false => Err(not_valid("invalid_row", "the row", problems)),
        }
    }

    /// Whether the mapping gives a value back when what is written for it is read. A single one may come in another form than
    /// the mapping's, in capitals perhaps, if the mapping keeps what it makes of it. Of lists, and of what is made of them or
    /// into them, nobody could say whether that is another form or another value.
    fn is_met<'v>(&self, turned: &Rule, value: Option<&'v str>) -> bool {
        let target = turned.paths().next();
        let mut rules = self.mapping.rules.iter();
        let rule = rules.find(|rule| target == Some(&rule.to));
        let (Some(value), Some(rule)) = (value.map(Item::of), rule) else {
            return true;
        };
        let again = |value: &Item<'v>| run(&[&turned.pipeline, &rule.pipeline], value);
        let stays = |once: &Item<'v>| {
            let mut steps = rule.pipeline.iter().map(Step::row);
            value.kind() != Type::List
                && !steps.any(|row| [row.takes, row.gives].contains(&Type::List))
                && again(once).is_ok_and(|twice| twice == *once)
        };
        again(&value).is_ok_and(|once| match (once.is_filled(), value.is_filled()) {
            (true, true) => is_same(&once, &value) || stays(&once),
            (once, value) => once == value,
        })
    }

    /// The members that the mapping does not give: nobody could say what becomes of them.
    fn strangers(&self, object: &Object, within: &str, problems: &mut Vec<Problem>) {
        let below = |path: &str, object: &str| {
            path.strip_prefix(object)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        for (name, member) in &object.0 {
            let path = format!("{within}{name}");
            let mut targets = self.mapping.rules.iter().map(|rule| &rule.to);
            if targets.any(|target| path == *target || below(&path, target)) {
                continue;
            }
            let mut targets = self.mapping.rules.iter().map(|rule| &rule.to);
            let inner = match member {
                Member::Object(json) => json::parse::<Object>(json.as_bytes()).ok(),
                _ => None,
            };
            match inner {
                Some(inner) if targets.any(|target| below(target, &path)) => {
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

fn refused(rule: &Rule, step: &str, message: String) -> Problem {
    let place = match step {
        "" => rule.to.clone(),
        step => format!("{}.{step}", rule.to),
    };
    problem(place, "no_inverse", message)
}

/// The rule read the other way; `None` when it is about no field.
fn inverted(rule: &Rule, stream: &Stream) -> Result<Option<Rule>, Box<Problem>> {
    let no = |step: &str, message: &str| Err(Box::new(refused(rule, step, message.to_owned())));
    let source = match rule.from.as_slice() {
        [Source::Path(path)] if path.starts_with(COMPANY) && stream.name == "contacts" => {
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
    // What each step took, and what the last one gave.
    let mut types = vec![type_at(stream, source, "").unwrap_or(Type::Any)];
    for step in &rule.pipeline {
        types.extend(types.last().map(|took| step.makes_of(*took)));
    }
    let mut pipeline = Vec::new();
    for ((at, step), took) in rule.pipeline.iter().enumerate().zip(types).rev() {
        match undone(step, took) {
            Ok(steps) => pipeline.extend(steps),
            Err(why) => {
                let name = step.row().name;
                let message = format!("`{name}` has no inverse: {why}");
                return Err(Box::new(refused(rule, &format!("pipeline[{at}]"), message)));
            }
        }
    }
    if let Some(default) = &rule.default {
        let default = Item::of(default);
        if run(&[&pipeline, &rule.pipeline], &default).as_ref() != Ok(&default) {
            return no("default", "the pipeline makes something else of it");
        }
    }
    Ok(Some(Rule {
        pipeline,
        ..Rule::plain(vec![Source::Path(rule.to.clone())], source.clone())
    }))
}

/// Whether two values are the same, however lists are written.
fn is_same(one: &Item, other: &Item) -> bool {
    fn items<'i>(item: &'i Item) -> Vec<Item<'i>> {
        let mut items = Vec::new();
        if let Item::Json(list) = item {
            each(list, |json| items.push(Item::of(json)));
        }
        items
    }
    let lists = one.kind() == Type::List && other.kind() == Type::List;
    one == other || lists && items(one) == items(other)
}

/// What pipelines make of a value, one behind the other.
fn run<'a>(pipelines: &[&[Step]], value: &Item<'a>) -> Result<Item<'a>, Odd> {
    let mut steps = pipelines.iter().copied().flatten();
    steps.try_fold(value.clone(), |item, step| {
        // All values of a rule that takes one are that one.
        match step.takes_all() && item.kind() == Type::Text {
            true => Ok(item),
            false => step.run(item, &mut Pass::of("")),
        }
    })
}

/// The steps that undo one which took a value of this type.
fn undone(step: &Step, took: Type) -> Result<Vec<Step>, &'static str> {
    let row = step.row();
    let undone = step.undone()?;
    // It was applied to each item of a list, and so is what undoes it.
    if took == Type::List && row.takes != Type::List {
        return Ok(undone.into_iter().collect());
    }
    let gives = match (row.undo, &undone) {
        // Tables are from texts.
        (Undo::Table, _) => Type::Text,
        (_, Some(undone)) => undone.row().gives,
        (_, None) => row.gives,
    };
    let form = match (gives, took) {
        (gives, took) if gives.fits(took) => None,
        (Type::Number | Type::Boolean, Type::Text) => Some("text"),
        // Of other texts a number would not be the same again.
        (Type::Text, Type::Number) if row.name == "text" || row.undo == Undo::Table => {
            Some("number")
        }
        (Type::Text, Type::Boolean) if row.name == "text" || row.undo == Undo::Table => {
            Some("boolean")
        }
        // What it gives already has the form of what it took, and it makes the same of that.
        _ if row.gives.fits(took) && (row.takes.fits(took) || step.takes_all()) => {
            return Ok(Vec::new());
        }
        _ => return Err("what it gives cannot be given the form of what it took"),
    };
    let form = form.and_then(|name| Step::new(name, Vec::new()));
    Ok(undone.into_iter().chain(form).collect())
}
