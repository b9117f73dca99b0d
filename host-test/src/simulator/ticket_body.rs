//! How the API renders a ticket.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::conversation_part_body::MOST_SHOWN;
use super::desk::{AttachmentBody, AuthorBody, Desk, ReferenceBody, attachments, linked_objects};
use super::identifiers::{self, Kind};
use super::numbering::{CONVERSATIONS, TICKET_PARTS};
use super::part::{Author, PartKind};
use super::teammate;
use super::teams;
use super::ticket::Ticket;
use super::ticket_tables::{STATES, TITLE, TicketState};
use super::ticket_types;
use super::version::ApiVersion;

/// A ticket as JSON, field by field in the order of a recorded answer.
#[derive(Serialize)]
pub(crate) struct TicketBody<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    ticket_id: String,
    ticket_attributes: &'a Map<String, Value>,
    ticket_state: Value,
    ticket_type: Value,
    contacts: Value,
    admin_assignee_id: Value,
    team_assignee_id: Value,
    company_id: Option<String>,
    created_at: i64,
    updated_at: i64,
    ticket_parts: TicketPartList,
    open: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    snoozed_until: Option<i64>,
    linked_objects: Value,
    category: &'static str,
    is_shared: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket_state_internal_label: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket_state_external_label: Option<&'static str>,
    /// Nothing in versions that do not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_ticket_state_id: Option<Option<String>>,
}

#[derive(Serialize)]
struct TicketPartList {
    #[serde(rename = "type")]
    kind: &'static str,
    ticket_parts: Vec<TicketPartBody>,
    total_count: u64,
}

/// A part as JSON. What does not belong to its kind is absent.
#[derive(Serialize)]
pub(crate) struct TicketPartBody {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    part_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket_state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_ticket_state: Option<&'static str>,
    created_at: i64,
    updated_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    assigned_to: Option<ReferenceBody>,
    author: AuthorBody,
    attachments: Vec<AttachmentBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    redacted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_package_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_attribute_data: Option<Value>,
}

impl<'a> Desk<'a> {
    /// A ticket with its parts, as lists show it too.
    pub(crate) fn ticket(self, ticket: &'a Ticket) -> TicketBody<'a> {
        let state = state(ticket.state);
        let kind = self.state.ticket_kinds.get(ticket.kind);
        let has_objects = self.version >= ApiVersion::V2_12;
        let label = |label: &'static str| (!has_objects).then_some(label);
        let seed = self.workspace.options.seed;
        let company = |number| identifiers::encode(seed, Kind::Company, number);
        TicketBody {
            kind: "ticket",
            id: ticket.id(),
            ticket_id: (ticket.number + 1).to_string(),
            ticket_attributes: &ticket.attributes,
            ticket_state: if has_objects {
                ticket_types::state(state)
            } else {
                json!(state.category)
            },
            ticket_type: json!(kind.map(|kind| ticket_types::kind(self.workspace, kind))),
            contacts: self.contacts(&ticket.contacts),
            admin_assignee_id: self.assignee_id(ticket.admin_assignee.map(teammate::id)),
            team_assignee_id: self.assignee_id(ticket.team_assignee.map(teams::number)),
            company_id: ticket.company.map(company),
            created_at: ticket.created_at,
            updated_at: ticket.updated_at,
            ticket_parts: self.ticket_parts(ticket),
            open: ticket.open,
            snoozed_until: ticket.snoozed_until,
            linked_objects: linked_objects(&self.linked_conversations(ticket)),
            category: ticket.category,
            is_shared: ticket.is_shared,
            ticket_state_internal_label: label(state.internal_label),
            ticket_state_external_label: label(state.external_label),
            previous_ticket_state_id: self.since(ApiVersion::V2_16, || {
                ticket
                    .previous_state
                    .map(|number| self::state(number).id.to_string())
            }),
        }
    }

    /// An assignee as tickets have it: text before 2.16; zero is nobody.
    fn assignee_id(self, id: Option<impl Into<i128>>) -> Value {
        let id = id.map_or(0, Into::into);
        match i64::try_from(id) {
            Ok(id) if self.version >= ApiVersion::V2_16 => json!(id),
            _ => json!(id.to_string()),
        }
    }

    fn linked_conversations(
        self,
        ticket: &Ticket,
    ) -> Vec<(&'static str, String, Option<&'static str>)> {
        let conversations = self.state.conversations.current();
        let linked = ticket
            .conversation
            .filter(|number| conversations.is_live(*number));
        let linked = linked.map(|number| ("conversation", CONVERSATIONS.encode(number), None));
        linked.into_iter().collect()
    }

    fn ticket_parts(self, ticket: &Ticket) -> TicketPartList {
        let total_count = ticket.thread.len();
        let shown = total_count.saturating_sub(MOST_SHOWN)..total_count;
        let parts = shown.filter_map(|index| self.ticket_part(ticket, index));
        TicketPartList {
            kind: "ticket_part.list",
            ticket_parts: parts.collect(),
            total_count,
        }
    }

    pub(crate) fn ticket_part(self, ticket: &Ticket, index: u64) -> Option<TicketPartBody> {
        let part = ticket.part(&self.workspace.generator, index)?;
        let mut author = self.author(part.step.author);
        if matches!(part.step.author, Author::Contact(_)) {
            author.kind = "user";
        }
        // Parts of tickets do not say what comes from the AI agent.
        (author.from_ai_agent, author.is_ai_answer) = (None, None);
        let updates_attribute = part.step.kind == PartKind::TicketAttributeUpdated;
        let updated_attribute = updates_attribute.then(|| {
            let (name, label) = match &part.attribute {
                Some(change) => (change.name.as_str(), Some(&change.value)),
                None => (TITLE, ticket.attributes.get(TITLE)),
            };
            let kind = self.state.ticket_kinds.get(ticket.kind);
            let attributes = kind.map_or(&[][..], |kind| &kind.attributes);
            let attribute = attributes.iter().find(|attribute| attribute.name == name);
            json!({
                "attribute": {
                    "type": "attribute",
                    "id": attribute.map(|attribute| attribute.id.to_string()),
                    "label": name,
                },
                "value": {"type": "value", "id": null, "label": label.map(as_label)},
            })
        });
        let state_name = |number| state(number).category;
        Some(TicketPartBody {
            kind: "ticket_part",
            id: TICKET_PARTS.encode_part(ticket.number, index),
            part_type: part.step.kind.name(),
            body: part.body.map(|body| self.text(&body)),
            ticket_state: part.states.map(|(_, after)| state_name(after)),
            previous_ticket_state: part.states.map(|(before, _)| state_name(before)),
            created_at: part.step.at,
            updated_at: part.updated_at,
            assigned_to: part.assigned_to.map(ReferenceBody::from),
            author,
            attachments: attachments(&part.attachments),
            external_id: part.external_id,
            redacted: part.redacted,
            app_package_code: self
                .since(ApiVersion::V2_13, || index == 0)
                .and_then(|by_api| by_api.then_some("simulated-app")),
            updated_attribute_data: updated_attribute.filter(|_| self.version >= ApiVersion::V2_14),
        })
    }
}

/// What a value is called: texts, and lists of them, as they are.
fn as_label(value: &Value) -> Value {
    match value {
        Value::String(_) | Value::Array(_) | Value::Null => value.clone(),
        other => other.to_string().into(),
    }
}

fn state(number: usize) -> &'static TicketState {
    STATES.get(number).unwrap_or(&STATES[0])
}
