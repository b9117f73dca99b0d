//! Changes of the teammates, and how the API renders one.

use serde_json::{Value, json};

use super::errors::ApiError;
use super::teammate::{email, id, name};
use super::teammates::Away;
use super::teams;
use super::topics::Subject;
use super::workspace::{State, Workspace};

/// A teammate as the API renders it.
pub(crate) fn admin(workspace: &Workspace, state: &State, index: u64) -> Value {
    let away = state.teammates.away(index);
    // Whoever came later is in no team.
    let is_generated = index < workspace.generator.admins;
    let teams = is_generated.then(|| teams::of_admin(workspace, index));
    json!({
        "type": "admin",
        "email": email(index),
        "id": id(index).to_string(),
        "name": name(index),
        "away_mode_enabled": away.enabled,
        "away_mode_reassign": away.reassign,
        "has_inbox_seat": index % 3 != 2,
        "team_ids": teams.unwrap_or_default(),
    })
}

impl Workspace {
    /// Adds a teammate to the workspace; gives the id.
    pub fn add_admin(&self) -> String {
        let mut state = self.write();
        let index = state.teammates.add(&self.generator);
        self.tell_of_admin(&state, "admin.added_to_workspace", index);
        id(index).to_string()
    }

    /// Removes a teammate from the workspace.
    ///
    /// # Errors
    /// 404 when nobody has this id.
    pub fn remove_admin(&self, id: &str) -> Result<(), ApiError> {
        let mut state = self.write();
        let index = state.teammates.find(&self.generator, id)?;
        state.teammates.remove(index);
        self.tell_of_admin(&state, "admin.removed_from_workspace", index);
        Ok(())
    }

    /// Lets a teammate go away, or come back.
    pub(crate) fn set_away(&self, id: &str, away: Away) -> Result<u64, ApiError> {
        let mut state = self.write();
        let index = state.teammates.find(&self.generator, id)?;
        if state.teammates.set_away(index, away) {
            self.tell_of_admin(&state, "admin.away_mode_updated", index);
        }
        Ok(index)
    }

    /// Tells that a teammate came or went, of which the API shows nothing.
    pub(crate) fn tell_of_session(&self, id: &str, topic: &str) -> Result<(), ApiError> {
        let state = self.read();
        let index = state.teammates.find(&self.generator, id)?;
        self.tell_of_admin(&state, topic, index);
        Ok(())
    }

    fn tell_of_admin(&self, state: &State, topic: &str, index: u64) {
        let subject = Subject {
            admin: Some(index),
            ..Subject::default()
        };
        self.tell(state, topic, subject);
    }
}
