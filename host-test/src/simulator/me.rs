//! `GET /me`: whose token it is, and in which workspace.

use serde_json::json;

use super::call::{Answer, Call, Outcome};
use super::generate::SPAN;
use super::route::Route;
use super::teammate;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[Route::new("GET", "/me", "", me)];

fn me(workspace: &Workspace, _: &Call) -> Outcome {
    let options = &workspace.options;
    Answer::json(&json!({
        "type": "admin",
        "id": teammate::id(0).to_string(),
        "email": teammate::email(0),
        "name": teammate::name(0),
        "email_verified": true,
        "app": {
            "type": "app",
            "id_code": options.workspace_id,
            "name": "Simulated workspace",
            "created_at": options.epoch.saturating_sub(2 * SPAN),
            "secure": false,
            "identity_verification": false,
            "timezone": options.time_zone,
            "region": options.region,
        },
        "avatar": {"type": "avatar", "image_url": "https://static.simulator.example/admins/0.png"},
        "has_inbox_seat": true,
    }))
}
