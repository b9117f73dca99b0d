//! The form of a batch: its action, its mode, its rows as a whole.

use crate::config::Config;
use crate::contract::connector::{Batch, Row};
use crate::contract::types::{Failure, Problem};
use crate::failure::{invalid_input, nearest, not_valid, problem};
use crate::intercom::actions::{self, Action, Mode};
use crate::intercom::versions::minor;
use crate::prelude::*;

/// The action of a batch.
///
/// # Errors
/// When there is none of its name, or it can be read only.
pub fn known_action(batch: &Batch) -> Result<&'static Action, Failure> {
    let names = || actions::all().map(|action| action.name);
    actions::find(&batch.action).ok_or_else(|| {
        let all = names().collect::<Vec<_>>().joined(", ");
        let (code, message) = match actions::is_read_only(&batch.action) {
            true => (
                "read_only",
                format!(
                    "`{}` can be read only: Intercom lets nobody write it",
                    batch.action
                ),
            ),
            false => {
                let hint = nearest(&batch.action, names())
                    .map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
                (
                    "unknown_action",
                    format!("there is no action of this name.{hint} There are: {all}."),
                )
            }
        };
        let place = Problem {
            expected: Some(all),
            ..problem("action", code, "no such action")
        };
        invalid_input(code, message, vec![place])
    })
}

/// The mode of a batch, whose form is good.
///
/// # Errors
/// `invalid_batch`, with every problem.
pub fn known_mode(
    action: &'static Action,
    batch: &Batch,
    config: &Config,
) -> Result<&'static Mode, Failure> {
    let mut problems = Vec::new();
    let names = || action.modes.iter().map(|mode| mode.name);
    let mode = match &batch.mode {
        None => action.modes.first(),
        Some(name) => action.modes.iter().find(|mode| mode.name == name),
    };
    match mode {
        None => {
            let all = names().collect::<Vec<_>>().joined(", ");
            let wanted = batch.mode.as_deref().unwrap_or_default();
            let hint = nearest(wanted, names())
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            problems.push(Problem {
                found: Some(wanted.chars().take(40).collect()),
                expected: Some(all.clone()),
                ..problem(
                    "mode",
                    "unknown_mode",
                    format!("`{}` has no such mode{hint}; it has: {all}", action.name),
                )
            });
        }
        Some(mode) if mode.since > minor(config.api_version) => problems.push(Problem {
            expected: Some(format!("2.{}", mode.since)),
            ..problem(
                "mode",
                "not_in_version",
                format!(
                    "Intercom has `{}` of `{}` from API version 2.{} on; the connection has {}",
                    mode.name, action.name, mode.since, config.api_version
                ),
            )
        }),
        Some(_) => {}
    }
    if batch.rows.len() > action.batch_limit as usize {
        problems.push(problem(
            "rows",
            "too_many_rows",
            format!(
                "{} rows; `{}` takes {} in a batch",
                batch.rows.len(),
                action.name,
                action.batch_limit
            ),
        ));
    }
    if batch.id.is_empty() {
        problems.push(problem(
            "id",
            "missing",
            "a batch needs an id, so that giving it again writes nothing twice",
        ));
    }
    let twice = |(index, row): (usize, &Row)| {
        let before = batch.rows.get(..index).unwrap_or_default();
        before.iter().any(|other| other.key == row.key)
    };
    if batch.rows.iter().enumerate().any(twice) {
        problems.push(problem(
            "rows",
            "duplicate_key",
            "two rows have the same key",
        ));
    }
    match mode.filter(|_| problems.is_empty()) {
        Some(mode) => Ok(mode),
        None => Err(not_valid("invalid_batch", "the batch", problems)),
    }
}
