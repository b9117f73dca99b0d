//! Conversations: beginning, changing, redacting and deleting them, and making tickets of them.

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Outcome};
use super::conversation_attribute_values;
use super::conversation_changes::Told;
use super::conversations::whole;
use super::errors::ApiError;
use super::part::{Author, Part, PartKind, Step, write_attributes};
use super::people::{self, CONTACT_KEYS};
use super::route::Route;
use super::said;
use super::user_message::UserMessage;
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::write("POST", "/conversations", "conversations", create),
    Route::write("POST", "/conversations/redact", "conversations", redact),
    Route::write("PUT", "/conversations/{id}", "conversations", update),
    Route::write("DELETE", "/conversations/{id}", "conversations", delete).since(ApiVersion::V2_13),
];

/// A contact begins a conversation.
fn create(workspace: &Workspace, call: &Call) -> Outcome {
    let fields = call.fields()?;
    let from = fields.get("from").and_then(Value::as_object);
    let from = from.ok_or_else(|| ApiError::parameter_not_found("from is a required parameter"))?;
    let contact = people::contact(workspace, from, CONTACT_KEYS)?;
    let message = UserMessage {
        contact: contact.number,
        body: said::body(fields)?,
        subject: fields.get("subject").and_then(Value::as_str),
        attachments: said::attachments(fields)?,
        created_at: said::created_at(fields)?,
    };
    Answer::json(&message.begin(workspace))
}

/// What a request changes of a conversation. Every attribute that changes leaves a part that says so.
fn update(workspace: &Workspace, call: &Call) -> Outcome {
    let fields = call.fields()?;
    let read = fields.get("read").and_then(Value::as_bool);
    let title = fields.get("title").and_then(Value::as_str);
    let title = title.filter(|_| call.version >= ApiVersion::V2_13);
    let company = match people::id(fields.get("company_id")) {
        Some(id) if call.version >= ApiVersion::V2_14 => Some(workspace.company_number(&id)?),
        _ => None,
    };
    if let Some(number) = company {
        let found = workspace.read().companies.company(number);
        found.ok_or_else(ApiError::company_not_found)?;
    }
    let patch = match fields.get("custom_attributes") {
        Some(Value::Object(patch)) => conversation_attribute_values::checked(workspace, patch)?,
        None | Some(Value::Null) => Map::new(),
        _ => {
            return Err(ApiError::parameter_invalid(
                "custom_attributes must be of type object",
            ));
        }
    };
    workspace.change_conversation(call.parameter(0), |conversation, at| {
        let told = match (read, company) {
            (_, Some(_)) => Told::Topic("conversation.company.updated"),
            (Some(true), None) if !conversation.read => Told::Topic("conversation.read"),
            _ => Told::Nothing,
        };
        conversation.read = read.unwrap_or(conversation.read);
        if let Some(title) = title {
            conversation.title = Some(title.to_owned().into());
        }
        conversation.company = company.or(conversation.company);
        let step = Step {
            kind: PartKind::AttributeUpdated,
            author: Author::Operator,
            at,
        };
        for change in write_attributes(&mut conversation.custom_attributes, patch) {
            conversation.add(Part {
                attribute: Some(change),
                ..Part::said(step, None)
            })?;
        }
        Ok(((), told))
    })?;
    whole(workspace, call, call.parameter(0))
}

fn delete(workspace: &Workspace, call: &Call) -> Outcome {
    let id = call.parameter(0);
    workspace.remove_conversation(id, call.query("retain_metrics") != Some("false"))?;
    Answer::json(&json!({"id": id, "object": "conversation", "deleted": true}))
}

fn redact(workspace: &Workspace, call: &Call) -> Outcome {
    let fields = call.fields()?;
    let missing = |_| super::conversation_changes::part_not_found();
    let id = people::required_id(fields, "conversation_id")?;
    match fields.get("type").and_then(Value::as_str) {
        Some("conversation_part") => {
            let part = people::required_id(fields, "conversation_part_id")?;
            workspace
                .redact_conversation_part(&id, &part)
                .map_err(missing)?;
        }
        Some("source") => {
            let source = people::required_id(fields, "source_id")?;
            workspace.redact_source(&id, &source).map_err(missing)?;
        }
        _ => {
            return Err(ApiError::parameter_invalid(
                "type must be conversation_part or source",
            ));
        }
    }
    whole(workspace, call, &id)
}
