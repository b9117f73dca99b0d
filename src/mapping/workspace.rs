//! A mapping and a workspace: custom attributes that it asks for and the workspace lacks.

use super::document::attributes_of;
use super::path::COMPANY;
use super::rule::{Rule, Section, Source};
use super::{Mapping, invalid};
use crate::contract::types::{Failure, Notice, Problem};
use crate::failure::{nearest, problem};
use crate::intercom::streams;
use crate::prelude::*;

/// Names that every type of ticket has, though not every list of its attributes says so.
const OWN: &str = "_default_";

impl Mapping {
    /// Leaves out what this workspace lacks, and says so. `attributes` gives the names of a stream's custom attributes,
    /// where they are known.
    ///
    /// # Errors
    /// `invalid_mapping`, when a target that has to be there would be left out: no record could be given.
    pub fn fit(
        &mut self,
        attributes: &dyn Fn(&str) -> Option<Vec<String>>,
    ) -> Result<Vec<Notice>, Failure> {
        let (mut notices, mut problems) = (Vec::new(), Vec::new());
        for section in &mut self.sections {
            fit(section, attributes, &mut notices, &mut problems);
        }
        match problems.is_empty() {
            true => Ok(notices),
            false => Err(invalid(problems)),
        }
    }
}

/// The custom attributes of a workspace, as far as they are known.
pub struct Known(Vec<(String, Vec<String>)>);

impl Known {
    /// Those that paths of a stream may lead to.
    pub fn of(stream: &str, attributes: &dyn Fn(&str) -> Option<Vec<String>>) -> Self {
        let mut known = Vec::new();
        for (prefix, name) in [("", stream), (COMPANY, "companies")] {
            let field = streams::find(name).and_then(attributes_of);
            if let Some((field, names)) = field.zip(attributes(name)) {
                known.push((format!("{prefix}{field}."), names));
            }
        }
        Self(known)
    }

    /// That the workspace lacks the attribute at a path, in words; `None` when it does not.
    pub fn lacks(&self, path: &str) -> Option<String> {
        let mut all = self.0.iter();
        let (name, names) =
            all.find_map(|(prefix, names)| Some((path.strip_prefix(prefix.as_str())?, names)))?;
        let has = |known: &String| {
            name.strip_prefix(known.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if names.iter().any(has) || name.starts_with(OWN) {
            return None;
        }
        let hint = nearest(name, names.iter().map(String::as_str))
            .map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
        Some(format!(
            "the workspace has no custom attribute `{name}`{hint}"
        ))
    }
}

fn fit(
    section: &mut Section,
    attributes: &dyn Fn(&str) -> Option<Vec<String>>,
    notices: &mut Vec<Notice>,
    problems: &mut Vec<Problem>,
) {
    let known = Known::of(&section.stream, attributes);
    let lacking = |path: &str| known.lacks(path);
    let stream = section.stream.clone();
    let mut lost: Vec<String> = Vec::new();
    section.rules.retain_mut(|rule: &mut Rule| {
        let first = rule.paths().next().and_then(lacking);
        let literal = |source: &Source| matches!(source, Source::Literal(_));
        rule.from.retain(|source| match source {
            Source::Path(path) => lacking(path).is_none(),
            Source::Literal(_) => true,
        });
        let (Some(lack), true) = (first, rule.from.iter().all(literal)) else {
            return true;
        };
        notices.push(Notice {
            kind: "unmapped".to_owned(),
            message: format!("{lack}: `{}` is left out", rule.to),
            stream: Some(stream.clone()),
            key: None,
            path: Some(rule.to.clone()),
            document: None,
        });
        lost.push(rule.to.clone());
        false
    });
    for target in &section.required {
        let given = section
            .rules
            .iter()
            .any(|rule| rule.to.starts_with(target.as_str()));
        if !given && lost.iter().any(|lost| lost.starts_with(target.as_str())) {
            problems.push(problem(
                format!("{}.{stream}", super::document::ROOT),
                "unknown_field",
                format!("`{target}` has to be there, and the workspace lacks the custom attribute that it is taken from"),
            ));
        }
    }
}
