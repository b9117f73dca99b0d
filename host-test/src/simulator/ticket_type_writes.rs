//! Kinds of tickets and their attributes: creating and changing them.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::call::{Answer, Call, Outcome};
use super::errors::ApiError;
use super::route::Route;
use super::ticket_kind::{TicketAttribute, TicketKind};
use super::ticket_tables::{CATEGORIES, DESCRIPTION, FIRST_KIND_ID, TITLE};
use super::ticket_types::{attribute, number, render};
use super::workspace::{State, Workspace};

pub(crate) const ROUTES: &[Route] = &[
    Route::write("POST", "/ticket_types", "tickets", create),
    Route::write("PUT", "/ticket_types/{id}", "tickets", update),
    Route::write(
        "POST",
        "/ticket_types/{id}/attributes",
        "tickets",
        create_attribute,
    ),
    Route::write(
        "PUT",
        "/ticket_types/{id}/attributes/{attribute_id}",
        "tickets",
        update_attribute,
    ),
];

/// Ids of attributes that are created count up from here.
const FIRST_CREATED_ATTRIBUTE: u64 = 10_001;

const DATA_TYPES: &[&str] = &[
    "string", "list", "integer", "decimal", "boolean", "datetime", "files",
];

/// The id of the next attribute that is created.
fn next_attribute_id(state: &State) -> u64 {
    let kinds = state.ticket_kinds.iter();
    let ids = kinds.flat_map(|kind| kind.attributes.iter().map(|attribute| attribute.id));
    ids.max()
        .map_or(0, |greatest| greatest + 1)
        .max(FIRST_CREATED_ATTRIBUTE)
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let text = fields.get(name).and_then(Value::as_str);
    text.filter(|text| !text.is_empty())
}

fn required<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a str, ApiError> {
    text(fields, name)
        .ok_or_else(|| ApiError::parameter_not_found(format!("{name} is a required parameter")))
}

/// Writes the fields of a request into a kind.
fn apply(kind: &mut TicketKind, fields: &Map<String, Value>) -> Result<(), ApiError> {
    for (name, place) in [
        ("name", &mut kind.name),
        ("description", &mut kind.description),
        ("icon", &mut kind.icon),
    ] {
        if let Some(text) = fields.get(name).and_then(Value::as_str) {
            *place = Cow::Owned(text.to_owned());
        }
    }
    for (name, place) in [
        ("archived", &mut kind.archived),
        ("is_internal", &mut kind.is_internal),
    ] {
        *place = fields.get(name).and_then(Value::as_bool).unwrap_or(*place);
    }
    if let Some(category) = text(fields, "category") {
        let known = CATEGORIES.iter().find(|(known, _)| *known == category);
        let (known, _) = known.ok_or_else(|| {
            ApiError::parameter_invalid("category must be Customer, Back-office or Tracker")
        })?;
        kind.category = known;
    }
    Ok(())
}

/// A new kind has the two attributes that every kind has.
fn create(workspace: &Workspace, call: &Call) -> Outcome {
    let fields = call.fields()?;
    required(fields, "name")?;
    let now = workspace.now();
    let mut state = workspace.write();
    let first = next_attribute_id(&state);
    let mut kind = TicketKind {
        id: FIRST_KIND_ID + state.ticket_kinds.len() as u64,
        name: Cow::Borrowed(""),
        description: Cow::Borrowed(""),
        icon: Cow::Borrowed("🎟️"),
        category: "Customer",
        is_internal: false,
        archived: false,
        created_at: now,
        updated_at: now,
        attributes: vec![
            TicketAttribute::plain(first, TITLE, "string", now),
            TicketAttribute {
                multiline: true,
                ..TicketAttribute::plain(first + 1, DESCRIPTION, "string", now)
            },
        ],
    };
    apply(&mut kind, fields)?;
    let answer = Answer::json(&render(workspace, call, &kind));
    state.ticket_kinds.push(kind);
    answer
}

fn update(workspace: &Workspace, call: &Call) -> Outcome {
    let mut state = workspace.write();
    let number = number(&state, call.parameter(0))?;
    let mut kind = state.ticket_kinds[number].clone();
    apply(&mut kind, call.fields()?)?;
    kind.updated_at = workspace.now();
    let answer = Answer::json(&render(workspace, call, &kind));
    state.ticket_kinds[number] = kind;
    answer
}

/// Writes the fields of a request into an attribute; its type stays.
fn apply_to_attribute(
    attribute: &mut TicketAttribute,
    fields: &Map<String, Value>,
) -> Result<(), ApiError> {
    for (name, place) in [
        ("name", &mut attribute.name),
        ("description", &mut attribute.description),
    ] {
        if let Some(text) = fields.get(name).and_then(Value::as_str) {
            *place = Cow::Owned(text.to_owned());
        }
    }
    for (name, place) in [
        ("required_to_create", &mut attribute.required_to_create),
        (
            "required_to_create_for_contacts",
            &mut attribute.required_to_create_for_contacts,
        ),
        ("visible_on_create", &mut attribute.visible_on_create),
        ("visible_to_contacts", &mut attribute.visible_to_contacts),
        ("multiline", &mut attribute.multiline),
        ("allow_multiple_values", &mut attribute.allows_several),
        ("archived", &mut attribute.archived),
    ] {
        *place = fields.get(name).and_then(Value::as_bool).unwrap_or(*place);
    }
    if attribute.data_type == "list"
        && let Some(items) = text(fields, "list_items")
    {
        let items = items.split(',').map(str::trim);
        attribute.items = items
            .filter(|item| !item.is_empty())
            .map(|item| Cow::Owned(item.to_owned()))
            .collect();
    }
    if attribute.data_type == "list" && attribute.items.is_empty() {
        return Err(ApiError::parameter_invalid(
            "list_items must be the items of the list, separated by commas",
        ));
    }
    Ok(())
}

fn create_attribute(workspace: &Workspace, call: &Call) -> Outcome {
    let fields = call.fields()?;
    let name = required(fields, "name")?;
    required(fields, "description")?;
    let data_type = required(fields, "data_type")?;
    let data_type = DATA_TYPES.iter().find(|known| **known == data_type);
    let data_type =
        data_type.ok_or_else(|| ApiError::parameter_invalid("Data Type isn't an option"))?;
    let now = workspace.now();
    let mut state = workspace.write();
    let number = number(&state, call.parameter(0))?;
    if state.ticket_kinds[number].attribute(name).is_some() {
        return Err(ApiError::parameter_invalid(format!(
            "The ticket type has an attribute '{name}' already"
        )));
    }
    let id = next_attribute_id(&state);
    let mut created = TicketAttribute::plain(id, name.to_owned(), data_type, now);
    apply_to_attribute(&mut created, fields)?;
    let kind = &mut state.ticket_kinds[number];
    kind.attributes.push(created);
    kind.updated_at = now;
    answer(workspace, kind, id)
}

fn update_attribute(workspace: &Workspace, call: &Call) -> Outcome {
    let now = workspace.now();
    let mut state = workspace.write();
    let number = number(&state, call.parameter(0))?;
    let kind = &mut state.ticket_kinds[number];
    let mut attributes = kind.attributes.iter_mut();
    let found = attributes.find(|attribute| attribute.id.to_string() == call.parameter(1));
    let found = found.ok_or_else(ApiError::resource_not_found)?;
    let mut changed = found.clone();
    apply_to_attribute(&mut changed, call.fields()?)?;
    changed.updated_at = now;
    let id = changed.id;
    *found = changed;
    kind.updated_at = now;
    answer(workspace, kind, id)
}

fn answer(workspace: &Workspace, kind: &TicketKind, id: u64) -> Outcome {
    let mut attributes = kind.attributes.iter().enumerate();
    let found = attributes.find(|(_, attribute)| attribute.id == id);
    let (order, found) = found.ok_or_else(ApiError::resource_not_found)?;
    let mut answer = attribute(workspace, kind, order, found);
    // By itself an attribute has no field for what its type has not.
    if answer["input_options"].is_null()
        && let Some(fields) = answer.as_object_mut()
    {
        fields.remove("input_options");
    }
    Answer::json(&answer)
}
