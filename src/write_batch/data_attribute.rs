//! Whether a row can change the data attribute that was found by what it gives.

use super::choice::Known;
use super::values::Values;
use crate::contract::types::Problem;
use crate::failure::problem;
use crate::prelude::*;

/// The field that no request changes.
pub const DATA_TYPE: &str = "data_type";

/// What is wrong with a row for this attribute: a change of its type would be left out of the request without a word.
pub fn check(values: &Values, known: &Known) -> Option<Problem> {
    // Versions differ in whether lists of values have a type of their own, and times as well.
    let kind = |name| match name {
        "options" => "string",
        "datetime" => "date",
        name => name,
    };
    let (path, there) = match known.id.is_empty() {
        true => ("name", "an attribute of every workspace"),
        false => (DATA_TYPE, known.member(DATA_TYPE)?),
    };
    let wanted = match values.json("options") {
        Some(_) => Some("string".to_owned()),
        None => values.text(DATA_TYPE),
    };
    let same = match &wanted {
        Some(wanted) => kind(wanted) == kind(there),
        None => path == DATA_TYPE,
    };
    (!same).then(|| {
        let message = ["it is ", there, " in Intercom, and cannot be changed"].joined("");
        problem(path, "unchangeable", message)
    })
}
