//! How far an intent is.

use crate::contract::types::Intent;

/// How far an intent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntentState {
    /// A person has to agree first.
    Unconfirmed,
    /// It is to be done.
    Pending,
    /// Somebody is about to do it.
    Running,
    /// It was done.
    Done,
    /// It went wrong for good.
    Failed,
    /// A person did not want it.
    Dismissed,
}

/// Names as the database has them.
const STATES: &[(IntentState, &str)] = &[
    (IntentState::Unconfirmed, "unconfirmed"),
    (IntentState::Pending, "pending"),
    (IntentState::Running, "running"),
    (IntentState::Done, "done"),
    (IntentState::Failed, "failed"),
    (IntentState::Dismissed, "dismissed"),
];

impl IntentState {
    /// Its name for programs.
    pub fn name(self) -> &'static str {
        let named = STATES.iter().find(|(state, _)| *state == self);
        named.map_or("pending", |(_, name)| name)
    }

    /// The state of a name.
    pub fn of(name: &str) -> Option<IntentState> {
        let named = STATES.iter().find(|(_, known)| *known == name);
        named.map(|(state, _)| *state)
    }

    /// How an intent begins.
    pub(super) fn first(intent: &Intent) -> IntentState {
        match intent.confirm {
            true => IntentState::Unconfirmed,
            false => IntentState::Pending,
        }
    }
}
