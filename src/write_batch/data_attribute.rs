//! Whether a row means the data attribute that was found by what it gives.

use super::choice::Known;
use super::values::Values;
use crate::contract::types::Problem;
use crate::failure::problem;
use crate::prelude::*;

/// The field that cannot be changed.
pub const DATA_TYPE: &str = "data_type";

/// What is wrong with a row for this attribute: a change of its type would be left out of the request without a word.
pub fn check(values: &Values, known: &Known) -> Option<Problem> {
    if known.id.is_empty() {
        let message = "every workspace has this attribute: it cannot be changed";
        return Some(problem("name", "built_in", message));
    }
    let wanted = match values.json("options") {
        Some(_) => "options".to_owned(),
        None => values.text(DATA_TYPE)?,
    };
    let there = known.member(DATA_TYPE)?;
    let same = wanted == there
        || matches!(
            (&*wanted, there),
            // Versions that have no type for lists of values say that they are texts.
            ("options", "string") | ("date", "datetime") | ("datetime", "date")
        );
    if same {
        return None;
    }
    Some(Problem {
        found: Some(wanted),
        expected: Some(there.to_owned()),
        ..problem(
            DATA_TYPE,
            "other_data_type",
            format!("the attribute is there as {there}, and its type cannot be changed"),
        )
    })
}
