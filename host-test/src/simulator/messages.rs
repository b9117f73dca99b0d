//! Messages to contacts, of which only an answer makes conversations unless they are to be ones at once; and messages of
//! contacts, which are.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Outcome};
use super::conversation::{Conversation, Source};
use super::errors::ApiError;
use super::message_text;
use super::numbering::SOURCES;
use super::part::Author;
use super::people::{self, CONTACT_KEYS};
use super::route::Route;
use super::said;
use super::teammate;
use super::user_message::UserMessage;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[Route::write("POST", "/messages", "conversations", send)];

/// The lists of recipients.
const RECIPIENTS: &[&str] = &["to", "cc", "bcc"];

fn send(workspace: &Workspace, call: &Call) -> Outcome {
    let fields = call.fields()?;
    let from = fields.get("from").and_then(Value::as_object);
    let from = from.ok_or_else(|| ApiError::parameter_not_found("from is a required parameter"))?;
    if from.get("type").and_then(Value::as_str) == Some("admin") {
        return send_from_admin(workspace, fields, from);
    }
    let message = UserMessage {
        contact: people::contact(workspace, from, CONTACT_KEYS)?.number,
        body: said::body(fields)?,
        subject: None,
        attachments: said::attachments(fields)?,
        created_at: said::created_at(fields)?,
    };
    Answer::json(&message.begin(workspace))
}

fn send_from_admin(
    workspace: &Workspace,
    fields: &Map<String, Value>,
    from: &Map<String, Value>,
) -> Outcome {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let by_email = match text("message_type") {
        Some("email") => true,
        None | Some("inapp" | "in_app" | "conversation") => false,
        _ => {
            return Err(ApiError::parameter_invalid(
                "message_type must be in_app or email",
            ));
        }
    };
    let body = said::body(fields)?;
    let subject = text("subject").filter(|subject| !subject.is_empty());
    if by_email && subject.is_none() {
        return Err(ApiError::new(
            422,
            "parameter_not_found",
            "No subject supplied for email message",
        ));
    }
    let admin = people::required_id(from, "id")?;
    let admin = people::teammate(workspace, &admin)
        .ok_or_else(|| ApiError::new(404, "admin_not_found", "Admin not found"))?;
    let contacts = recipients(workspace, fields)?;
    let created_at = said::created_at(fields)?.unwrap_or_else(|| workspace.now());
    let source = Source {
        channel: if by_email { "email" } else { "conversation" },
        delivered_as: "admin_initiated",
        subject: Cow::Owned(subject.unwrap_or_default().to_owned()),
        body: message_text::html_of(body),
        author: Author::Admin(admin),
        attachments: Vec::new(),
        url: None,
        redacted: false,
    };
    let at_once = fields.get("create_conversation_without_contact_reply") == Some(&json!(true));
    let mut answer = json!({
        "type": "admin_message",
        "created_at": created_at,
        "subject": subject.unwrap_or_default(),
        "body": body,
        "message_type": if by_email { "email" } else { "inapp" },
        "owner": teammate::author(admin),
    });
    for contact in contacts {
        let number = workspace.write().conversations.next_number();
        let conversation = Conversation {
            created_at,
            admin_assignee: Some(admin),
            read: true,
            ..Conversation::begun(number, source.clone(), contact, workspace.now())
        };
        if answer["id"].is_null() {
            answer["id"] = json!(SOURCES.encode(number));
        }
        if !at_once {
            let mut state = workspace.write();
            state.unanswered.insert(contact, conversation);
            continue;
        }
        if answer["conversation_id"].is_null() {
            answer["conversation_id"] = json!(conversation.id());
        }
        workspace.insert_conversation(conversation);
    }
    Answer::json(&answer)
}

/// Numbers of the contacts that a message goes to. Search has to know them: a message that follows too soon on the contact
/// finds nobody.
fn recipients(
    workspace: &Workspace,
    fields: &Map<String, Value>,
) -> Result<BTreeSet<u64>, ApiError> {
    let mut numbers = BTreeSet::new();
    for name in RECIPIENTS {
        let given = match fields.get(*name) {
            None | Some(Value::Null) => continue,
            Some(Value::Array(several)) => several.as_slice(),
            Some(one) => std::slice::from_ref(one),
        };
        for recipient in given {
            let recipient = recipient.as_object().ok_or_else(|| {
                ApiError::parameter_invalid(format!("{name} must name a user or a lead"))
            })?;
            let contact = people::contact(workspace, recipient, CONTACT_KEYS)?;
            let indexed = workspace.read_indexed();
            if !indexed.contacts.indexed().is_live(contact.number) {
                return Err(ApiError::contact_not_found());
            }
            numbers.insert(contact.number);
        }
    }
    if numbers.is_empty() {
        return Err(ApiError::parameter_not_found("to is a required parameter"));
    }
    Ok(numbers)
}
