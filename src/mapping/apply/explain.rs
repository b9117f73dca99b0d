//! What each rule does with a record, for people.

use super::taking::{default, taken, value};
use super::{Program, Subject};
use crate::json::{self, Members, quoted};
use crate::mapping::rule::Source;
use crate::mapping::transform::{Item, Odd, Pass, hidden};
use crate::prelude::*;

impl Program<'_> {
    /// Says for each rule what it took and what each step made of it, with every letter and digit hidden.
    ///
    /// # Errors
    /// As [`Program::apply`].
    pub fn explain(&self, subject: &Subject) -> Result<Vec<u8>, json::Invalid> {
        let found = self.found(subject)?;
        let get = |path: &str| found.get(path);
        let rules = self
            .section
            .rules
            .iter()
            .zip(&self.rules)
            .map(|(rule, (_, slots))| {
                let from: Vec<String> = rule
                    .from
                    .iter()
                    .map(|source| match source {
                        Source::Path(path) => quoted(path),
                        Source::Literal(_) => "\"a literal\"".to_owned(),
                    })
                    .collect();
                let mut told = Members::default();
                told.text("to", &rule.to)
                    .json("from", &json::list(from.into_iter()));
                if rule.when.as_ref().is_some_and(|when| !when.holds(&get)) {
                    return told.text("skipped", "its condition does not hold").object();
                }
                let took = taken(rule, slots, &found);
                let mut steps = Vec::new();
                let mut item = took.clone().map(Ok);
                for step in &rule.pipeline {
                    let Some(Ok(value)) = item.clone() else { break };
                    let mut pass = Pass::of(subject.key);
                    let made = step.run(value, &mut pass);
                    let mut told = Members::default();
                    told.text("step", step.row().name)
                        .text("gave", &shown(&made));
                    if pass.odd && made.is_ok() {
                        told.text("left_out", ODD);
                    }
                    steps.push(told.object());
                    item = Some(made);
                }
                let gave = match value(rule, slots, &found, subject, &mut Pass::of(subject.key)) {
                    Err(Odd) => default(rule, subject).map(Ok).or(Some(Err(Odd))),
                    Ok(item) => item.map(Ok),
                };
                let gave = gave.map_or_else(|| "nothing".to_owned(), |gave| shown(&gave));
                let took = took.map_or_else(|| "nothing".to_owned(), |item| shown(&Ok(item)));
                told.text("took", &took)
                    .json("steps", &json::list(steps.into_iter()))
                    .text("gave", &gave)
                    .object()
            });
        Ok(Members::default()
            .json("rules", &json::list(rules))
            .object()
            .into_bytes())
    }
}

/// What is said of a value, or of a part of one.
const ODD: &str = "a value that it does not take";

/// A value for people, hidden.
fn shown(item: &Result<Item, Odd>) -> String {
    match item {
        Ok(item) => match item.written() {
            json if matches!(&*json, "null" | "true" | "false") => json.into_owned(),
            json => hidden(&json),
        },
        Err(Odd) => ODD.to_owned(),
    }
}
