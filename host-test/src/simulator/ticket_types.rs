//! The kinds of tickets and their states.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::errors::ApiError;
use super::route::Route;
use super::ticket_kind::{TicketAttribute, TicketKind};
use super::ticket_tables::{STATES, TicketState};
use super::version::ApiVersion;
use super::workspace::{State, Workspace};

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
    let attributes = kind.attributes.iter().enumerate();
    let attributes: Vec<Value> = attributes
        .map(|(order, attribute)| self::attribute(workspace, kind, order, attribute))
        .collect();
    json!({
        "type": "ticket_type",
        "id": kind.id.to_string(),
        "name": kind.name,
        "description": kind.description,
        "icon": kind.icon,
        "workspace_id": workspace.options.workspace_id,
        "archived": kind.archived,
        "created_at": kind.created_at,
        "updated_at": kind.updated_at,
        "is_internal": kind.is_internal,
        "ticket_type_attributes": {"type": "list", "data": attributes},
        "category": kind.category,
    })
}

/// An attribute of a kind.
pub(crate) fn attribute(
    workspace: &Workspace,
    kind: &TicketKind,
    order: usize,
    attribute: &TicketAttribute,
) -> Value {
    let input_options = match attribute.data_type {
        "list" => {
            let items = attribute.items.iter().zip(1_u64..);
            let items: Vec<Value> = items
                .map(|(label, id)| json!({"id": id.to_string(), "name": label}))
                .collect();
            let mut options = json!({"list_items": items});
            if attribute.allows_several {
                options["allow_multiple_values"] = json!(true);
            }
            options
        }
        "string" => json!({"multiline": attribute.multiline}),
        _ => Value::Null,
    };
    json!({
        "type": "ticket_type_attribute",
        "id": attribute.id.to_string(),
        "workspace_id": workspace.options.workspace_id,
        "name": attribute.name,
        "description": attribute.description,
        "data_type": attribute.data_type,
        "input_options": input_options,
        "order": order,
        "required_to_create": attribute.required_to_create,
        "required_to_create_for_contacts": attribute.required_to_create_for_contacts,
        "visible_on_create": attribute.visible_on_create,
        "visible_to_contacts": attribute.visible_to_contacts,
        "default": attribute.is_default(),
        "ticket_type_id": kind.id,
        "archived": attribute.archived,
        "created_at": attribute.created_at,
        "updated_at": attribute.updated_at,
    })
}

/// A kind by itself: from 2.12 on with its states.
pub(crate) fn render(workspace: &Workspace, call: &Call, ticket_kind: &TicketKind) -> Value {
    let mut value = kind(workspace, ticket_kind);
    if call.version >= ApiVersion::V2_12 {
        let states: Vec<Value> = STATES.iter().map(state).collect();
        value["ticket_states"] = json!({"type": "list", "data": states});
    }
    value
}

/// The number of the kind with this id.
///
/// # Errors
/// 404 when there is none.
pub(crate) fn number(state: &State, id: &str) -> Result<usize, ApiError> {
    let mut kinds = state.ticket_kinds.iter();
    kinds
        .position(|kind| kind.id.to_string() == id)
        .ok_or_else(ApiError::resource_not_found)
}

fn list(workspace: &Workspace, call: &Call) -> Outcome {
    let state = workspace.read();
    let kinds = state.ticket_kinds.iter();
    let kinds: Vec<Value> = kinds.map(|kind| render(workspace, call, kind)).collect();
    Answer::json(&json!({"type": "list", "data": kinds}))
}

fn read(workspace: &Workspace, call: &Call) -> Outcome {
    let state = workspace.read();
    let number = number(&state, call.parameter(0))?;
    Answer::json(&render(workspace, call, &state.ticket_kinds[number]))
}

fn states(workspace: &Workspace, _: &Call) -> Outcome {
    let state_of_workspace = workspace.read();
    let kinds: Vec<Value> = state_of_workspace
        .ticket_kinds
        .iter()
        .map(|kind| {
            json!({
                "type": "ticket_type",
                "id": kind.id.to_string(),
                "name": kind.name,
                "description": kind.description,
                "icon": kind.icon,
                "archived": kind.archived,
                "is_internal": kind.is_internal,
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
