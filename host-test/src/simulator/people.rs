//! Whom a request names: teammates, teams and contacts, by whatever key it has for them.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::contact::{Contact, Role};
use super::errors::ApiError;
use super::identifiers::{self, Kind};
use super::part::Assignee;
use super::teams;
use super::workspace::{State, Workspace};

/// An id as text; requests have ids as text and as numbers.
pub(crate) fn id(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// The id that a field has to hold.
///
/// # Errors
/// 400 when it holds none.
pub(crate) fn required_id(fields: &Map<String, Value>, name: &str) -> Result<String, ApiError> {
    id(fields.get(name))
        .ok_or_else(|| ApiError::parameter_not_found(format!("{name} is a required parameter")))
}

/// The index of the teammate with this id.
pub(crate) fn teammate(workspace: &Workspace, id: &str) -> Option<u64> {
    let state = workspace.read();
    state.teammates.find(&workspace.generator, id).ok()
}

/// The index of the teammate who does what a request asks for.
///
/// # Errors
/// 400 when `admin_id` names nobody, 404 when it names somebody who is no teammate.
pub(crate) fn admin(workspace: &Workspace, fields: &Map<String, Value>) -> Result<u64, ApiError> {
    let id = required_id(fields, "admin_id")?;
    teammate(workspace, &id).ok_or_else(|| ApiError::new(404, "admin_not_found", "Admin not found"))
}

/// The teammate or the team with this id; `"0"` is nobody.
pub(crate) fn assignee(workspace: &Workspace, id: &str) -> Option<Assignee> {
    if id == "0" {
        return Some(Assignee::Nobody);
    }
    teammate(workspace, id)
        .map(Assignee::Admin)
        .or_else(|| teams::index(workspace, id).map(Assignee::Team))
}

/// A key of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// Its id here.
    Id,
    /// The workspace's own id for it.
    ExternalId,
    /// Its address: that of a user comes before that of a lead.
    Email,
}

/// The names of the keys where contacts are users.
pub(crate) const USER_KEYS: &[(&str, Key)] = &[
    ("intercom_user_id", Key::Id),
    ("user_id", Key::ExternalId),
    ("email", Key::Email),
];

/// The names of the keys where contacts are contacts.
pub(crate) const CONTACT_KEYS: &[(&str, Key)] = &[
    ("id", Key::Id),
    ("external_id", Key::ExternalId),
    ("user_id", Key::ExternalId),
    ("email", Key::Email),
];

/// The contact that can be read with this key.
pub(crate) fn contact_with(
    workspace: &Workspace,
    state: &State,
    key: Key,
    value: &str,
) -> Option<Arc<Contact>> {
    let view = state.contacts.current();
    let live = |contact: &Arc<Contact>| view.is_live(contact.number);
    match key {
        Key::Id => {
            let number = identifiers::decode(workspace.options.seed, Kind::Contact, value)?;
            view.live(number)
        }
        Key::ExternalId => {
            let found = state.contacts.with_external_id(value);
            found.into_iter().find(live)
        }
        Key::Email => {
            let found = state.contacts.with_email(value).into_iter();
            found
                .filter(live)
                .min_by_key(|contact| contact.role == Role::Lead)
        }
    }
}

/// The contact that fields name by one of these keys, the first that is there.
///
/// # Errors
/// 400 when they name none, 404 when it cannot be read.
pub(crate) fn contact(
    workspace: &Workspace,
    fields: &Map<String, Value>,
    keys: &[(&str, Key)],
) -> Result<Arc<Contact>, ApiError> {
    let mut given = keys.iter();
    let given = given.find_map(|(name, key)| Some((*key, id(fields.get(*name))?)));
    let (key, value) = given.ok_or_else(|| {
        let names: Vec<&str> = keys.iter().map(|(name, _)| *name).collect();
        ApiError::parameter_not_found(format!("one of {} is required", names.join(", ")))
    })?;
    contact_with(workspace, &workspace.read(), key, &value).ok_or_else(ApiError::contact_not_found)
}
