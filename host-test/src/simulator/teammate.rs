//! Who the teammates are: a function of their index.

use serde_json::{Value, json};

use super::generate::{FIRST_NAMES, LAST_NAMES};
use super::generator::FIRST_ADMIN_ID;

/// The id of teammate `index`.
pub(crate) fn id(index: u64) -> i64 {
    FIRST_ADMIN_ID.saturating_add_unsigned(index)
}

pub(crate) fn name(index: u64) -> String {
    let at = index as usize;
    let (first, _) = FIRST_NAMES
        .get(at % FIRST_NAMES.len())
        .copied()
        .unwrap_or_default();
    let (last, _) = LAST_NAMES
        .get(at % LAST_NAMES.len())
        .copied()
        .unwrap_or_default();
    format!("{first} {last}")
}

pub(crate) fn email(index: u64) -> String {
    format!("admin{index}@simulator.example")
}

/// A teammate as notes and messages show who wrote them.
pub(crate) fn author(index: u64) -> Value {
    json!({
        "type": "admin",
        "id": id(index).to_string(),
        "name": name(index),
        "email": email(index),
        "away_mode_enabled": false,
        "away_mode_reassign": false,
    })
}
