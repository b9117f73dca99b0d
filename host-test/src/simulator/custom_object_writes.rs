//! Instances of custom objects: creating or changing them by their external id, and deleting them.

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Outcome};
use super::catalogue::CatalogueKind as Kind;
use super::contact_fields::number;
use super::custom_objects::{ATTRIBUTES, instance_of, named};
use super::errors::ApiError;
use super::people;
use super::route::Route;
use super::shelf::Item;
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::write(
        "POST",
        "/custom_object_instances/{type}",
        "custom_objects",
        upsert,
    )
    .since(ApiVersion::V2_13),
    Route::write(
        "DELETE",
        "/custom_object_instances/{type}",
        "custom_objects",
        delete_by_external_id,
    )
    .since(ApiVersion::V2_13),
    Route::write(
        "DELETE",
        "/custom_object_instances/{type}/{id}",
        "custom_objects",
        delete,
    )
    .since(ApiVersion::V2_13),
];

/// Only the attributes that are named change. What the type does not have is left out; nothing says that it is refused.
fn upsert(workspace: &Workspace, call: &Call) -> Outcome {
    let kind = named(workspace, call)?;
    let given = call.fields()?;
    let external_id = people::required_id(given, "external_id")?;
    let existing = instance_of(workspace, kind, &external_id).ok();
    let mut fields = Map::new();
    for name in ["external_created_at", "external_updated_at"] {
        let time = number(name, given.get(name).unwrap_or(&Value::Null))?;
        if existing.is_none() || time.is_some() {
            fields.insert(name.to_owned(), json!(time));
        }
    }
    let row = Kind::CustomObjects.row();
    let id = existing
        .as_ref()
        .map(|item| row.kind.id(workspace.options.seed, item.number));
    let mut attributes = match &existing {
        Some(item) => {
            let shown = row.show(workspace, item, call.view(false));
            shown["custom_attributes"].as_object().cloned()
        }
        None => {
            fields.insert("type".to_owned(), json!(kind));
            None
        }
    }
    .unwrap_or_default();
    match given.get("custom_attributes") {
        None | Some(Value::Null) => {}
        Some(Value::Object(patch)) => {
            let known = patch
                .iter()
                .filter(|(name, _)| ATTRIBUTES.contains(&name.as_str()));
            attributes.extend(known.map(|(name, value)| (name.clone(), value.clone())));
        }
        Some(_) => {
            return Err(ApiError::parameter_invalid(
                "custom_attributes must be of type object",
            ));
        }
    }
    fields.insert("custom_attributes".to_owned(), Value::Object(attributes));
    fields.insert("external_id".to_owned(), json!(external_id));
    let id = workspace.write_object(row.kind, id.as_deref(), fields, None)?;
    let item = super::catalogue_lists::found(workspace, row.kind, &id)?;
    Answer::json(&row.show(workspace, &item, call.view(false)))
}

fn delete_by_external_id(workspace: &Workspace, call: &Call) -> Outcome {
    let kind = named(workspace, call)?;
    let external_id = call
        .query("external_id")
        .ok_or_else(|| ApiError::parameter_not_found("external_id is required"))?;
    remove(workspace, kind, &instance_of(workspace, kind, external_id)?)
}

fn delete(workspace: &Workspace, call: &Call) -> Outcome {
    let kind = named(workspace, call)?;
    let item = instance_of(workspace, kind, call.parameter(1))?;
    remove(workspace, kind, &item)
}

fn remove(workspace: &Workspace, kind: &str, item: &Item) -> Outcome {
    let id = Kind::CustomObjects.id(workspace.options.seed, item.number);
    workspace.delete_catalogue_object(Kind::CustomObjects, &id)?;
    Answer::json(&json!({"id": id, "object": kind, "deleted": true}))
}
