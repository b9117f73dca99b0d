//! Tags: reading, creating, renaming and deleting them, and tagging contacts and companies in bulk.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::errors::ApiError;
use super::identifiers::{self, Kind};
use super::links::Stamp;
use super::route::Route;
use super::version::ApiVersion;
use super::workspace::{State, Workspace};

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/tags", "tags", list),
    Route::write("POST", "/tags", "tags", write),
    Route::new("GET", "/tags/{id}", "tags", read),
    Route::write("DELETE", "/tags/{id}", "tags", delete),
];

pub(crate) fn tag(id: u64, name: &str) -> Value {
    json!({"type": "tag", "id": id.to_string(), "name": name})
}

impl Workspace {
    /// The tags, as the API renders them.
    pub fn tags(&self) -> Vec<Value> {
        let state = self.read();
        let tags = state.tags.iter();
        tags.map(|(id, name)| tag(*id, name)).collect()
    }
}

/// Finds a tag by the id in a path or a body.
///
/// # Errors
/// 404 when there is none.
pub(crate) fn find(state: &State, id: &str) -> Result<(u64, String), ApiError> {
    let id = id.parse().map_err(|_| ApiError::resource_not_found())?;
    let name = state
        .tags
        .get(&id)
        .ok_or_else(ApiError::resource_not_found)?;
    Ok((id, name.clone()))
}

fn list(workspace: &Workspace, _: &Call) -> Outcome {
    Answer::json(&json!({"type": "list", "data": workspace.tags()}))
}

fn read(workspace: &Workspace, call: &Call) -> Outcome {
    let (id, name) = find(&workspace.read(), call.parameter(0))?;
    Answer::json(&tag(id, &name))
}

fn delete(workspace: &Workspace, call: &Call) -> Outcome {
    let mut state = workspace.write();
    let (id, _) = find(&state, call.parameter(0))?;
    state.tags.remove(&id);
    state.contacts.forget_tag(id);
    Ok(Answer::empty())
}

fn write(workspace: &Workspace, call: &Call) -> Outcome {
    let invalid = || ApiError::parameter_invalid("invalid tag parameters");
    let fields = call.fields()?;
    let name = fields
        .get("name")
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty());
    let name = name.ok_or_else(invalid)?;
    let id = match fields.get("id") {
        None | Some(Value::Null) => workspace.tag_named(name),
        Some(id) => {
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            workspace.rename_tag(&id, name)?;
            find(&workspace.read(), &id)?.0
        }
    };
    for (key, kind) in [("users", Kind::Contact), ("companies", Kind::Company)] {
        let Some(members) = fields.get(key) else {
            continue;
        };
        for member in members.as_array().ok_or_else(invalid)? {
            let untag =
                [member.get("untag"), fields.get("untag")].contains(&Some(&Value::Bool(true)));
            let done = tag_member(workspace, kind, id, member, !untag);
            // Later versions pass over what is not there.
            if call.version < ApiVersion::V2_16 {
                done?;
            }
        }
    }
    Answer::json(&tag(id, name))
}

fn tag_member(
    workspace: &Workspace,
    kind: Kind,
    tag: u64,
    member: &Value,
    tagged: bool,
) -> Result<(), ApiError> {
    let id = member.get("id").and_then(Value::as_str);
    let number = id.and_then(|id| identifiers::decode(workspace.options.seed, kind, id));
    if kind == Kind::Contact {
        let number = number.ok_or_else(ApiError::contact_not_found)?;
        return workspace.tag_contact(number, tag, tagged, Stamp::Now);
    }
    let company_id = member.get("company_id").and_then(Value::as_str);
    let by_key = || {
        Some(
            workspace
                .read()
                .companies
                .with_company_id(company_id?)?
                .number,
        )
    };
    let number = number
        .or_else(by_key)
        .ok_or_else(ApiError::company_not_found)?;
    workspace.tag_company(number, tag, tagged, Stamp::Now)
}

impl Workspace {
    /// Renames a tag.
    ///
    /// # Errors
    /// 404 when there is none with this id.
    pub fn rename_tag(&self, id: &str, name: &str) -> Result<(), ApiError> {
        let mut state = self.write();
        let (id, _) = find(&state, id)?;
        state.tags.insert(id, name.to_owned());
        Ok(())
    }

    /// The id of the tag with this name, which is created if there is none.
    pub fn tag_named(&self, name: &str) -> u64 {
        let mut state = self.write();
        let existing = state.tags.iter().find(|(_, existing)| *existing == name);
        if let Some((id, _)) = existing {
            return *id;
        }
        let id = state
            .tags
            .last_key_value()
            .map_or(super::generator::FIRST_TAG_ID, |(id, _)| id + 1);
        state.tags.insert(id, name.to_owned());
        id
    }
}
