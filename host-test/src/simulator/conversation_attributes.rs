//! The custom attributes of conversations: a resource of its own from 2.16 on, data attributes before.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::conversation_attribute_table::ConversationAttribute;
use super::errors::ApiError;
use super::generate::SPAN;
use super::route::Route;
use super::teammate;
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/conversations/attributes", "data_attributes", list)
        .since(ApiVersion::V2_16),
    Route::write(
        "POST",
        "/conversations/attributes",
        "data_attributes",
        create,
    )
    .since(ApiVersion::V2_16),
];

const TYPES: &[&str] = &[
    "string",
    "integer",
    "list",
    "decimal",
    "boolean",
    "datetime",
    "relationship",
    "files",
];

fn shown(workspace: &Workspace, with_archived: bool) -> Vec<ConversationAttribute> {
    let mut attributes = workspace.read().conversation_attributes.clone();
    attributes.retain(|attribute| with_archived || !attribute.archived);
    attributes
}

fn create(workspace: &Workspace, call: &Call) -> Outcome {
    let invalid = |message: String| ApiError::new(422, "parameter_invalid", message);
    let fields = call.fields()?;
    let text = |name: &str| {
        let text = fields.get(name).and_then(Value::as_str);
        text.filter(|text| !text.is_empty())
    };
    let name = text("name").ok_or_else(|| invalid("name is required".to_owned()))?;
    let wanted = text("data_type").unwrap_or_default();
    let known = TYPES.iter().find(|known| **known == wanted);
    let data_type = known.ok_or_else(|| {
        let all = TYPES.join(", ");
        invalid(format!(
            "data_type '{wanted}' is not valid. Allowed types: {all}"
        ))
    })?;
    let labels = fields.get("options").and_then(Value::as_array);
    let labels = labels.into_iter().flatten();
    let options = labels.filter_map(|option| option["label"].as_str());
    let now = workspace.now();
    let mut state = workspace.write();
    let all = &mut state.conversation_attributes;
    if all.iter().any(|known| known.name == name) {
        return Err(invalid(format!("'{name}' is taken already")));
    }
    let attribute = ConversationAttribute {
        id: all.last().map_or(1, |last| last.id + 1),
        name: Cow::Owned(name.to_owned()),
        description: Cow::Owned(text("description").unwrap_or_default().to_owned()),
        data_type,
        options: options.map(|label| Cow::Owned(label.to_owned())).collect(),
        archived: false,
        created_at: Some(now),
    };
    all.push(attribute.clone());
    drop(state);
    Answer::json(&render(workspace, &attribute))
}

fn created(workspace: &Workspace, attribute: &ConversationAttribute) -> i64 {
    let first = workspace.options.epoch.saturating_sub(SPAN);
    attribute.created_at.unwrap_or(first)
}

fn render(workspace: &Workspace, attribute: &ConversationAttribute) -> Value {
    let created_at = created(workspace, attribute);
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
            let option = |(index, label): (usize, &Cow<str>)| {
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
    let attributes = shown(workspace, call.flag("include_archived"));
    let data: Vec<Value> = attributes
        .iter()
        .map(|attribute| render(workspace, attribute))
        .collect();
    Answer::json(&json!({"type": "list", "data": data}))
}

/// The attributes as versions before 2.16 list them: among the data attributes.
pub(crate) fn as_data_attributes(workspace: &Workspace, with_archived: bool) -> Vec<Value> {
    let render = |attribute: &ConversationAttribute| {
        let created_at = created(workspace, attribute);
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
    let attributes = shown(workspace, with_archived);
    attributes.iter().map(render).collect()
}
