//! Teammates.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::errors::ApiError;
use super::route::Route;
use super::teammate::{email, exists, id, name};
use super::teams;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/admins", "admins", list),
    Route::new("GET", "/admins/{id}", "admins", read),
];

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

impl Workspace {
    /// The teammates, as the API renders them.
    pub fn admins(&self) -> Vec<Value> {
        (0..self.generator.admins)
            .map(|index| admin(self, index))
            .collect()
    }
}

fn list(workspace: &Workspace, _: &Call) -> Outcome {
    Answer::json(&json!({"type": "admin.list", "admins": workspace.admins()}))
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
