//! Teammates.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::errors::ApiError;
use super::generate::{FIRST_NAMES, LAST_NAMES};
use super::generator::FIRST_ADMIN_ID;
use super::router::Route;
use super::teams;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/admins", "admins", list),
    Route::new("GET", "/admins/{id}", "admins", read),
];

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

/// Whether a teammate has this id.
pub(crate) fn exists(workspace: &Workspace, wanted: i64) -> bool {
    (id(0)..id(workspace.generator.admins)).contains(&wanted)
}

/// The teammate that notes and tags of the simulator come from.
pub(crate) fn author() -> Value {
    json!({
        "type": "admin",
        "id": id(0).to_string(),
        "name": name(0),
        "email": email(0),
        "away_mode_enabled": false,
        "away_mode_reassign": false,
    })
}

fn admin(workspace: &Workspace, index: u64) -> Value {
    json!({
        "type": "admin",
        "email": email(index),
        "id": id(index).to_string(),
        "name": name(index),
        "away_mode_enabled": index % 4 == 3,
        "away_mode_reassign": false,
        "has_inbox_seat": index % 3 != 2,
        "team_ids": teams::of_admin(workspace, index),
    })
}

pub(crate) fn all(workspace: &Workspace) -> Vec<Value> {
    (0..workspace.generator.admins)
        .map(|index| admin(workspace, index))
        .collect()
}

fn list(workspace: &Workspace, _: &Call) -> Outcome {
    Answer::json(&json!({"type": "admin.list", "admins": all(workspace)}))
}

fn read(workspace: &Workspace, call: &Call) -> Outcome {
    let wanted = call
        .parameter(0)
        .parse()
        .ok()
        .filter(|wanted| exists(workspace, *wanted));
    let wanted = wanted.ok_or_else(|| ApiError::new(404, "admin_not_found", "Admin not found"))?;
    Answer::json(&admin(workspace, wanted.abs_diff(id(0))))
}
