//! Who belongs to the workspace, and who is away: the generated teammates, and what became of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::errors::ApiError;
use super::generator::Generator;
use super::teammate::{email, id, name};
use super::teams;
use super::topics::Subject;
use super::workspace::{State, Workspace};

/// What was changed of the teammates, by their indexes.
#[derive(Debug, Default)]
pub(crate) struct Teammates {
    added: u64,
    removed: BTreeSet<u64>,
    away: BTreeMap<u64, Away>,
}

/// Whether a teammate is away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Away {
    pub(crate) enabled: bool,
    /// Whether new conversations go to others meanwhile.
    pub(crate) reassign: bool,
    pub(crate) reason: Option<String>,
}

impl Teammates {
    /// The indexes of those who belong to the workspace.
    pub(crate) fn indexes(&self, generator: &Generator) -> impl Iterator<Item = u64> + '_ {
        let end = generator.admins.saturating_add(self.added);
        (0..end).filter(|index| !self.removed.contains(index))
    }

    /// The index of the teammate with this id.
    ///
    /// # Errors
    /// 404 when nobody has it.
    pub(crate) fn find(&self, generator: &Generator, wanted: &str) -> Result<u64, ApiError> {
        let wanted: Option<i64> = wanted.parse().ok();
        let mut indexes = self.indexes(generator);
        indexes
            .find(|index| Some(id(*index)) == wanted)
            .ok_or_else(|| ApiError::new(404, "admin_not_found", "Admin not found"))
    }

    /// Whether a teammate is away; of the generated ones every fourth is.
    fn away(&self, index: u64) -> Away {
        let generated = || Away {
            enabled: index % 4 == 3,
            ..Away::default()
        };
        self.away.get(&index).cloned().unwrap_or_else(generated)
    }

    /// Why a teammate is away; an empty text when that is not known.
    pub(crate) fn reason(&self, index: u64) -> String {
        self.away(index).reason.unwrap_or_default()
    }
}

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
        let index = self.generator.admins.saturating_add(state.teammates.added);
        state.teammates.added += 1;
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
        state.teammates.removed.insert(index);
        self.tell_of_admin(&state, "admin.removed_from_workspace", index);
        Ok(())
    }

    /// Lets a teammate go away, or come back.
    pub(crate) fn set_away(&self, id: &str, away: Away) -> Result<u64, ApiError> {
        let mut state = self.write();
        let index = state.teammates.find(&self.generator, id)?;
        if state.teammates.away(index) != away {
            state.teammates.away.insert(index, away);
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
