//! Whether the component can do what triggers and callbacks want written: told before anything comes, not with the first that
//! does.

use super::OpenError;
use crate::connection_file::{ConnectionFile, RuleWrite};
use crate::contract::connector::{ActionDescriptor, Descriptor};
use crate::nearest::nearest;

/// Refuses a file in which something is asked for that the component does not have.
pub(super) fn check(file: &ConnectionFile, descriptor: &Descriptor) -> Result<(), OpenError> {
    let problems = problems(file, descriptor);
    match problems.is_empty() {
        true => Ok(()),
        false => Err(OpenError::UnknownWrites {
            path: file.path.clone(),
            problems,
        }),
    }
}

/// Compares actions and modes with what the component has. A trigger's action that it does not have is for somebody else.
pub(crate) fn problems(file: &ConnectionFile, descriptor: &Descriptor) -> Vec<String> {
    let actions = &descriptor.actions;
    let mut problems = Vec::new();
    for (name, trigger) in file.triggers.iter() {
        let action = actions.iter().find(|known| known.name == trigger.action());
        if let (Some(action), Some(mode)) = (action, &trigger.mode) {
            problems.extend(no_mode(&format!("triggers.{name}"), action, mode));
        }
    }
    for (name, callback) in &file.callbacks {
        for (index, rule) in callback.rules.iter().enumerate() {
            let place = format!("callbacks.{name}.rules[{index}]");
            let Some(RuleWrite { action, mode, .. }) = &rule.write else {
                continue;
            };
            match actions.iter().find(|known| known.name == *action) {
                None => {
                    let names: Vec<&str> = actions.iter().map(|known| &*known.name).collect();
                    problems.push(wrong(&format!("{place}.action"), "action", action, &names));
                }
                Some(action) => {
                    let mode = mode.iter();
                    problems.extend(mode.filter_map(|mode| no_mode(&place, action, mode)));
                }
            }
        }
    }
    problems
}

fn no_mode(place: &str, action: &ActionDescriptor, mode: &str) -> Option<String> {
    let names: Vec<&str> = action.modes.iter().map(String::as_str).collect();
    let what = format!("mode of {}", action.name);
    (!names.contains(&mode)).then(|| wrong(&format!("{place}.mode"), &what, mode, &names))
}

fn wrong(place: &str, what: &str, found: &str, known: &[&str]) -> String {
    let near = nearest(found, known.iter().copied());
    let near = near.map_or_else(
        || ".".to_owned(),
        |near| format!("; did you mean `{near}`?"),
    );
    format!(
        "{place}: there is no {what} `{found}`{near} Known are {}.",
        known.join(", ")
    )
}
