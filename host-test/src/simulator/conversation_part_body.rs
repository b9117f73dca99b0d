//! How the API renders the parts of a conversation.

use serde::Serialize;
use serde_json::{Value, json};

use super::conversation::Conversation;
use super::conversation_attribute_table::names;
use super::desk::{AttachmentBody, AuthorBody, Desk, ReferenceBody, attachments};
use super::numbering::CONVERSATION_PARTS;
use super::part::{Part, PartKind};
use super::version::ApiVersion;

/// A conversation shows this many parts, the newest ones.
pub(crate) const MOST_SHOWN: u64 = 500;

/// A part as JSON, field by field in the order of a recorded answer.
#[derive(Serialize)]
pub(crate) struct ConversationPartBody {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    part_type: &'static str,
    body: Option<String>,
    created_at: i64,
    updated_at: i64,
    notified_at: i64,
    assigned_to: Option<ReferenceBody>,
    author: AuthorBody,
    attachments: Vec<AttachmentBody>,
    external_id: Option<String>,
    redacted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    newer: Option<NewerFields>,
}

#[derive(Serialize)]
struct Metadata {}

/// What parts have from 2.13 on.
#[derive(Serialize)]
struct NewerFields {
    email_message_metadata: Option<Value>,
    state: &'static str,
    tags: [Value; 0],
    event_details: Option<Value>,
    app_package_code: Option<&'static str>,
}

/// The parts of a conversation.
#[derive(Serialize)]
pub(crate) struct ConversationPartList {
    #[serde(rename = "type")]
    kind: &'static str,
    conversation_parts: Vec<ConversationPartBody>,
    total_count: u64,
}

impl Desk<'_> {
    /// The newest parts of a conversation, oldest first, and how many there are of all.
    pub(crate) fn conversation_parts(self, conversation: &Conversation) -> ConversationPartList {
        let total_count = conversation.thread.len();
        let shown = total_count.saturating_sub(MOST_SHOWN)..total_count;
        let parts = shown.filter_map(|index| self.conversation_part(conversation, index));
        ConversationPartList {
            kind: "conversation_part.list",
            conversation_parts: parts.collect(),
            total_count,
        }
    }

    pub(crate) fn conversation_part(
        self,
        conversation: &Conversation,
        index: u64,
    ) -> Option<ConversationPartBody> {
        let part = conversation.part(&self.workspace.generator, index)?;
        let newer = self.since(ApiVersion::V2_13, || NewerFields {
            email_message_metadata: None,
            state: match part.step.kind {
                PartKind::Close => "closed",
                PartKind::Snoozed => "snoozed",
                _ => "open",
            },
            tags: [],
            event_details: event_details(&part),
            app_package_code: (part.step.kind == PartKind::CustomActionStarted)
                .then_some("simulated-app"),
        });
        Some(ConversationPartBody {
            kind: "conversation_part",
            id: CONVERSATION_PARTS.encode_part(conversation.number, index),
            part_type: part.step.kind.name(),
            body: part.body.map(|body| self.text(&body)),
            created_at: part.step.at,
            updated_at: part.updated_at,
            notified_at: part.step.at,
            assigned_to: part.assigned_to.map(ReferenceBody::from),
            author: self.author(part.step.author),
            attachments: attachments(&part.attachments),
            external_id: part.external_id,
            redacted: part.redacted,
            metadata: self.since(ApiVersion::V2_14, || Metadata {}),
            newer,
        })
    }
}

fn event_details(part: &Part) -> Option<Value> {
    match part.step.kind {
        PartKind::AttributeUpdated => Some(match &part.attribute {
            Some(change) => json!({
                "attribute": {"name": change.name},
                "value": {"name": change.value, "previous": change.previous},
            }),
            None => json!({
                "attribute": {"name": names::ISSUE_TYPE},
                "value": {"name": "Billing", "previous": null},
            }),
        }),
        PartKind::CustomActionStarted => Some(json!({"action": {"name": "Create an issue"}})),
        PartKind::CustomActionFinished => {
            Some(json!({"action": {"name": "Create an issue", "result": "success"}}))
        }
        _ => None,
    }
}
