//! The custom attributes of conversations: a resource of its own from 2.16 on, data attributes before.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::conversation_attribute_table::{ATTRIBUTES, ConversationAttribute};
use super::generate::SPAN;
use super::route::Route;
use super::teammate;
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] =
    &[
        Route::new("GET", "/conversations/attributes", "data_attributes", list)
            .since(ApiVersion::V2_16),
    ];

fn shown(with_archived: bool) -> impl Iterator<Item = &'static ConversationAttribute> {
    let attributes = ATTRIBUTES.iter();
    attributes.filter(move |attribute| with_archived || !attribute.archived)
}

fn render(workspace: &Workspace, attribute: &ConversationAttribute) -> Value {
    let created_at = workspace.options.epoch.saturating_sub(SPAN);
    let mut value = json!({
        "type": "conversation_attribute",
        "id": attribute.id,
        "name": attribute.name,
        "description": attribute.description,
        "data_type": attribute.data_type,
        "required": false,
        "visible_to_team_ids": [],
        "archived": attribute.archived,
        "created_at": created_at,
        "updated_at": created_at,
        "admin_id": teammate::id(0).to_string(),
    });
    match attribute.data_type {
        "string" => value["multiline"] = json!(false),
        "list" => {
            let options = attribute.options.iter().enumerate();
            let option = |(index, label): (usize, &&str)| {
                let id = format!("a1b2c3d4-e5f6-7890-abcd-{:012x}", index + 1);
                json!({"id": id, "label": label, "archived": false})
            };
            value["options"] = options.map(option).collect();
        }
        _ => {}
    }
    value
}

fn list(workspace: &Workspace, call: &Call) -> Outcome {
    let attributes = shown(call.flag("include_archived"));
    let data: Vec<Value> = attributes
        .map(|attribute| render(workspace, attribute))
        .collect();
    Answer::json(&json!({"type": "list", "data": data}))
}

/// The attributes as versions before 2.16 list them: among the data attributes.
pub(crate) fn as_data_attributes(workspace: &Workspace, with_archived: bool) -> Vec<Value> {
    let render = |attribute: &ConversationAttribute| {
        let created_at = workspace.options.epoch.saturating_sub(SPAN);
        let mut value = json!({
            "id": attribute.id,
            "type": "data_attribute",
            "name": attribute.name,
            "full_name": format!("custom_attributes.{}", attribute.name),
            "label": attribute.name,
            "description": attribute.description,
            "data_type": match attribute.data_type {
                "list" => "string",
                "decimal" => "float",
                "datetime" => "date",
                other => other,
            },
            "api_writable": true,
            "ui_writable": true,
            "messenger_writable": false,
            "custom": true,
            "archived": attribute.archived,
            "admin_id": teammate::id(0).to_string(),
            "created_at": created_at,
            "updated_at": created_at,
            "model": "conversation",
        });
        if !attribute.options.is_empty() {
            value["options"] = json!(attribute.options);
        }
        value
    };
    shown(with_archived).map(render).collect()
}
