//! Teams.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::errors::ApiError;
use super::route::Route;
use super::teammate;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/teams", "teams", list),
    Route::new("GET", "/teams/{id}", "teams", read),
];

const FIRST_TEAM_ID: u64 = 5_017_690;

/// The id of team `index`, as a number.
pub(crate) fn number(index: u64) -> u64 {
    FIRST_TEAM_ID.saturating_add(index)
}

/// The id of team `index`.
pub(crate) fn id(index: u64) -> String {
    number(index).to_string()
}

pub(crate) fn name(index: u64) -> String {
    format!("Team {}", index + 1)
}

/// Teammate `admin` is in every team whose index leaves the same remainder, or one less.
fn is_member(team: u64, admin: u64, teams: u64) -> bool {
    admin % teams == team || (admin + 1) % teams == team
}

fn team(workspace: &Workspace, index: u64) -> Value {
    let teams = u64::from(workspace.options.teams);
    let members = (0..workspace.generator.admins).filter(|admin| is_member(index, *admin, teams));
    json!({
        "type": "team",
        "id": id(index),
        "name": name(index),
        "admin_ids": members.map(teammate::id).collect::<Vec<_>>(),
    })
}

/// The index of the team with this id.
pub(crate) fn index(workspace: &Workspace, id: &str) -> Option<u64> {
    let index = id.parse::<u64>().ok()?.checked_sub(FIRST_TEAM_ID)?;
    (index < u64::from(workspace.options.teams)).then_some(index)
}

/// Ids of the teams a teammate is in.
pub(crate) fn of_admin(workspace: &Workspace, admin: u64) -> Vec<u64> {
    let teams = u64::from(workspace.options.teams);
    (0..teams)
        .filter(|team| is_member(*team, admin, teams))
        .map(|team| FIRST_TEAM_ID + team)
        .collect()
}

impl Workspace {
    /// The teams, as the API renders them.
    pub fn teams(&self) -> Vec<Value> {
        (0..u64::from(self.options.teams))
            .map(|index| team(self, index))
            .collect()
    }
}

fn list(workspace: &Workspace, _: &Call) -> Outcome {
    Answer::json(&json!({"type": "team.list", "teams": workspace.teams()}))
}

fn read(workspace: &Workspace, call: &Call) -> Outcome {
    let index = index(workspace, call.parameter(0));
    let index = index.ok_or_else(|| ApiError::new(404, "team_not_found", "Team not found"))?;
    Answer::json(&team(workspace, index))
}
