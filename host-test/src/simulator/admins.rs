//! Teammates.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::route::Route;
use super::teammate_changes::admin;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/admins", "admins", list),
    Route::new("GET", "/admins/{id}", "admins", read),
];

impl Workspace {
    /// The teammates, as the API renders them.
    pub fn admins(&self) -> Vec<Value> {
        let state = self.read();
        let indexes = state.teammates.indexes(&self.generator);
        indexes.map(|index| admin(self, &state, index)).collect()
    }
}

fn list(workspace: &Workspace, _: &Call) -> Outcome {
    Answer::json(&json!({"type": "admin.list", "admins": workspace.admins()}))
}

fn read(workspace: &Workspace, call: &Call) -> Outcome {
    let state = workspace.read();
    let index = state
        .teammates
        .find(&workspace.generator, call.parameter(0))?;
    Answer::json(&admin(workspace, &state, index))
}
