//! Teammates.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::catalogue::CatalogueKind;
use super::catalogue_lists::found;
use super::errors::ApiError;
use super::people;
use super::route::Route;
use super::teammate_changes::admin;
use super::teammates::Away;
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/admins", "admins", list),
    Route::new("GET", "/admins/{id}", "admins", read),
    Route::write("PUT", "/admins/{id}/away", "admins", go_away),
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

/// From 2.14 on with the reason, which has to be one of the workspace's.
fn go_away(workspace: &Workspace, call: &Call) -> Outcome {
    let fields = call.fields()?;
    let flag = |name: &str| {
        let flag = fields.get(name).and_then(Value::as_bool);
        flag.ok_or_else(|| ApiError::parameter_not_found(format!("{name} is a required parameter")))
    };
    let (enabled, reassign) = (flag("away_mode_enabled")?, flag("away_mode_reassign")?);
    let reason = people::id(fields.get("away_status_reason_id"));
    let reason = reason.filter(|_| call.version >= ApiVersion::V2_14);
    if let Some(reason) = &reason {
        found(workspace, CatalogueKind::AwayStatusReasons, reason)
            .map_err(|_| ApiError::parameter_invalid("Away status reason is deleted"))?;
    }
    let away = Away {
        enabled,
        reassign,
        reason: reason.clone(),
    };
    let missing = |_| ApiError::new(404, "admin_not_found", "Admin for admin_id not found");
    let index = workspace
        .set_away(call.parameter(0), away)
        .map_err(missing)?;
    let mut answer = admin(workspace, &workspace.read(), index);
    if let Some(reason) = reason {
        answer["away_status_reason_id"] = json!(reason);
    }
    Answer::json(&answer)
}
