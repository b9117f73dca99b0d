//! A mapping and a workspace: custom attributes that it asks for and the workspace lacks.

use super::document::attributes_of;
use super::path::COMPANY;
use super::rule::{Rule, Section, Source};
use super::{Mapping, invalid};
use crate::contract::types::{Failure, Notice, Problem};
use crate::failure::{nearest, problem};
use crate::intercom::streams;

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

fn fit(
    section: &mut Section,
    attributes: &dyn Fn(&str) -> Option<Vec<String>>,
    notices: &mut Vec<Notice>,
    problems: &mut Vec<Problem>,
) {
    let mut known: Vec<(String, Vec<String>)> = Vec::new();
    for (prefix, name) in [("", section.stream.as_str()), (COMPANY, "companies")] {
        let field = streams::find(name).and_then(attributes_of);
        if let Some((field, names)) = field.zip(attributes(name)) {
            known.push((format!("{prefix}{field}."), names));
        }
    }
    // The name of an attribute that the workspace lacks, and the names it has.
    let lacking = |path: &str| {
        let (rest, names) = known
            .iter()
            .find_map(|(prefix, names)| Some((path.strip_prefix(prefix.as_str())?, names)))?;
        let has = |name: &String| {
            rest.strip_prefix(name.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let lacks = !names.iter().any(has) && !rest.starts_with(OWN);
        lacks.then(|| (rest.to_owned(), names.clone()))
    };
    let stream = section.stream.clone();
    let mut lost: Vec<String> = Vec::new();
    section.rules.retain_mut(|rule: &mut Rule| {
        let first = rule.paths().next().and_then(lacking);
        let literal = |source: &Source| matches!(source, Source::Literal(_));
        rule.from.retain(|source| match source {
            Source::Path(path) => lacking(path).is_none(),
            Source::Literal(_) => true,
        });
        let (Some((name, names)), true) = (first, rule.from.iter().all(literal)) else {
            return true;
        };
        let hint = nearest(&name, names.iter().map(String::as_str))
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        notices.push(Notice {
            kind: "unmapped".to_owned(),
            message: format!(
                "the workspace has no custom attribute `{name}`: `{}` is left out{hint}",
                rule.to
            ),
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
