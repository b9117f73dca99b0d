//! The kinds of tickets and their states.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::errors::ApiError;
use super::generate::SPAN;
use super::route::Route;
use super::ticket_tables::{
    Attribute, DESCRIPTION, KINDS, SEVERITIES, STATES, TITLE, TicketKind, TicketState, attribute_id,
};
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/ticket_types", "tickets", list),
    Route::new("GET", "/ticket_types/{id}", "tickets", read),
    Route::new("GET", "/ticket_states", "tickets", states).since(ApiVersion::V2_12),
];

/// A state.
pub(crate) fn state(state: &TicketState) -> Value {
    json!({
        "type": "ticket_state",
        "id": state.id.to_string(),
        "category": state.category,
        "internal_label": state.internal_label,
        "external_label": state.external_label,
    })
}

/// A kind as a ticket has it, with its attributes.
pub(crate) fn kind(workspace: &Workspace, kind: &TicketKind) -> Value {
    let created_at = workspace.options.epoch.saturating_sub(SPAN);
    let attributes = kind.attributes.iter().enumerate();
    let attributes: Vec<Value> = attributes
        .map(|(index, attribute)| render_attribute(workspace, kind, index, attribute))
        .collect();
    json!({
        "type": "ticket_type",
        "id": kind.id.to_string(),
        "name": kind.name,
        "description": kind.description,
        "icon": kind.icon,
        "workspace_id": workspace.options.workspace_id,
        "archived": kind.archived,
        "created_at": created_at,
        "updated_at": created_at,
        "is_internal": false,
        "ticket_type_attributes": {"type": "list", "data": attributes},
        "category": kind.category,
    })
}

fn render_attribute(
    workspace: &Workspace,
    kind: &TicketKind,
    index: usize,
    (name, data_type): &Attribute,
) -> Value {
    let created_at = workspace.options.epoch.saturating_sub(SPAN);
    let is_default = matches!(*name, TITLE | DESCRIPTION);
    let input_options = match *data_type {
        "list" => {
            let items = SEVERITIES.iter().zip(1..);
            let item = |(label, id): (&&str, u64)| json!({"id": id.to_string(), "name": label});
            json!({"list_items": items.map(item).collect::<Vec<Value>>()})
        }
        "string" => json!({"multiline": *name == DESCRIPTION}),
        _ => Value::Null,
    };
    json!({
        "type": "ticket_type_attribute",
        "id": attribute_id(kind, index).to_string(),
        "workspace_id": workspace.options.workspace_id,
        "name": name,
        "description": "",
        "data_type": data_type,
        "input_options": input_options,
        "order": index,
        "required_to_create": *name == TITLE,
        "required_to_create_for_contacts": false,
        "visible_on_create": true,
        "visible_to_contacts": is_default,
        "default": is_default,
        "ticket_type_id": kind.id,
        "archived": false,
        "created_at": created_at,
        "updated_at": created_at,
    })
}

/// A kind by itself: from 2.12 on with its states.
fn render(workspace: &Workspace, call: &Call, ticket_kind: &TicketKind) -> Value {
    let mut value = kind(workspace, ticket_kind);
    if call.version >= ApiVersion::V2_12 {
        let states: Vec<Value> = STATES.iter().map(state).collect();
        value["ticket_states"] = json!({"type": "list", "data": states});
    }
    value
}

fn list(workspace: &Workspace, call: &Call) -> Outcome {
    let kinds = KINDS.iter().map(|kind| render(workspace, call, kind));
    let kinds: Vec<Value> = kinds.collect();
    Answer::json(&json!({"type": "list", "data": kinds}))
}

fn read(workspace: &Workspace, call: &Call) -> Outcome {
    let mut kinds = KINDS.iter();
    let kind = kinds.find(|kind| kind.id.to_string() == call.parameter(0));
    let kind = kind.ok_or_else(ApiError::resource_not_found)?;
    Answer::json(&render(workspace, call, kind))
}

fn states(_: &Workspace, _: &Call) -> Outcome {
    let kinds: Vec<Value> = KINDS
        .iter()
        .map(|kind| {
            json!({
                "type": "ticket_type",
                "id": kind.id.to_string(),
                "name": kind.name,
                "description": kind.description,
                "icon": kind.icon,
                "archived": kind.archived,
                "is_internal": false,
                "category": kind.category,
            })
        })
        .collect();
    let states: Vec<Value> = STATES
        .iter()
        .map(|each| {
            let mut value = state(each);
            value["ticket_types"] = json!({"type": "list", "data": kinds});
            value["archived"] = json!(false);
            value
        })
        .collect();
    Answer::json(&json!({"type": "list", "data": states}))
}
