//! Triggers and a workspace: custom attributes that they ask for and the workspace lacks.

use super::Trigger;
use crate::contract::types::{Failure, Notice};
use crate::failure::not_valid;
use crate::mapping::document;
use crate::mapping::workspace::Known;
use crate::prelude::*;

/// Leaves out of the triggers' mappings what this workspace lacks, and says so; says as well which conditions can never hold.
/// `attributes` gives the names of a stream's custom attributes, where they are known.
///
/// # Errors
/// `invalid_triggers`, when a target that has to be there would be left out: no record could be given.
pub fn fit(
    triggers: &mut [Trigger],
    attributes: &dyn Fn(&str) -> Option<Vec<String>>,
) -> Result<Vec<Notice>, Failure> {
    let (mut notices, mut problems) = (Vec::new(), Vec::new());
    for trigger in triggers {
        let place = format!("triggers.{}", trigger.name);
        match trigger.mapping.fit(attributes) {
            Ok(told) => notices.extend(told.into_iter().map(|notice| Notice {
                path: notice.path.map(|path| format!("{place}.mapping: {path}")),
                ..notice
            })),
            Err(failure) => problems.extend(failure.problems.into_iter().map(|mut one| {
                one.path = document::moved(&format!("{place}.mapping"), &one.path);
                one
            })),
        }
        let known = Known::of(trigger.stream.name, attributes);
        let mut lacking: Vec<String> = Vec::new();
        if let Some(when) = &trigger.when {
            when.paths(&mut |path| {
                if let Some(lack) = known.lacks(path)
                    && !lacking.contains(&lack)
                {
                    lacking.push(lack);
                }
            });
        }
        notices.extend(lacking.into_iter().map(|lack| Notice {
            kind: "unmapped".to_owned(),
            message: format!("{lack}: the condition on it does not hold"),
            stream: Some(trigger.stream.name.to_owned()),
            key: None,
            path: Some(format!("{place}.when")),
            document: None,
        }));
    }
    match problems.is_empty() {
        true => Ok(notices),
        false => Err(not_valid(
            "invalid_triggers",
            "the section `triggers`",
            problems,
        )),
    }
}
