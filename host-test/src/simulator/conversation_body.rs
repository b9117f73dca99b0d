//! How the API renders a conversation.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::conversation::{Conversation, ConversationState};
use super::conversation_details;
use super::conversation_part_body::ConversationPartList;
use super::conversation_statistics::Statistics;
use super::desk::{Desk, linked_objects};
use super::desk_tags;
use super::numbering::TICKETS;
use super::teammate;
use super::teams;
use super::version::ApiVersion;

/// A conversation as JSON, field by field in the order of a recorded answer.
#[derive(Serialize)]
pub(crate) struct ConversationBody<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    created_at: i64,
    updated_at: i64,
    waiting_since: Option<i64>,
    snoozed_until: Option<i64>,
    source: Value,
    contacts: Value,
    first_contact_reply: Option<Value>,
    admin_assignee_id: Option<i64>,
    team_assignee_id: Option<u64>,
    open: bool,
    state: &'static str,
    read: bool,
    tags: Value,
    priority: &'static str,
    sla_applied: Option<Value>,
    statistics: Option<Statistics>,
    conversation_rating: Option<Value>,
    teammates: Option<Value>,
    title: Option<&'a str>,
    custom_attributes: &'a Map<String, Value>,
    topics: Value,
    ticket: Option<Value>,
    linked_objects: Value,
    ai_agent: Option<Value>,
    ai_agent_participated: bool,
    /// Nothing in versions that have no companies here.
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<Option<Value>>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    newest: Option<NewestFields>,
    /// Nothing in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_parts: Option<ConversationPartList>,
}

/// What conversations have from 2.16 on.
#[derive(Serialize)]
struct NewestFields {
    sales_agent_participated: bool,
    channel: Value,
    external_references: [Value; 0],
}

impl<'a> Desk<'a> {
    /// A conversation as lists show it: without its parts.
    pub(crate) fn conversation(self, conversation: &'a Conversation) -> ConversationBody<'a> {
        let generator = &self.workspace.generator;
        let is_newest = self.version >= ApiVersion::V2_16;
        let unassigned = |id: Option<i64>| if is_newest { id.or(Some(0)) } else { id };
        let first_contact_reply = conversation.first_contact_reply_at(generator);
        ConversationBody {
            kind: "conversation",
            id: conversation.id(),
            created_at: conversation.created_at,
            updated_at: conversation.updated_at,
            waiting_since: conversation.waiting_since,
            snoozed_until: conversation.snoozed_until,
            source: self.source(conversation),
            contacts: self.contacts(&conversation.contacts),
            first_contact_reply: first_contact_reply.map(|at| {
                json!({"created_at": at, "type": "conversation", "url": conversation.source.url})
            }),
            admin_assignee_id: unassigned(conversation.admin_assignee.map(teammate::id)),
            team_assignee_id: match conversation.team_assignee.map(teams::number) {
                None if is_newest => Some(0),
                team => team,
            },
            open: conversation.state != ConversationState::Closed,
            state: conversation.state.name(),
            read: conversation.read,
            tags: self.conversation_tags(conversation),
            priority: conversation.priorities()[usize::from(!is_newest)],
            sla_applied: conversation.sla.map(|(name, status)| {
                json!({"type": "conversation_sla_summary", "sla_name": name, "sla_status": status})
            }),
            statistics: conversation.statistics_in(self.version, generator),
            conversation_rating: conversation
                .rating
                .as_ref()
                .map(|rating| conversation_details::rating(self, conversation, rating)),
            teammates: conversation_details::teammates(conversation, generator),
            title: conversation.title.as_deref(),
            custom_attributes: &conversation.custom_attributes,
            topics: conversation_details::topics(conversation),
            ticket: None,
            linked_objects: linked_objects(&self.linked_tickets(conversation)),
            ai_agent: conversation
                .ai_agent
                .as_ref()
                .map(|agent| conversation_details::ai_agent(self, agent)),
            ai_agent_participated: conversation.ai_agent.is_some(),
            company: self.since(ApiVersion::V2_15, || self.company_of(conversation)),
            newest: self.since(ApiVersion::V2_16, || NewestFields {
                sales_agent_participated: false,
                channel: conversation_details::channel(conversation),
                external_references: [],
            }),
            conversation_parts: None,
        }
    }

    /// A conversation with its parts.
    pub(crate) fn whole_conversation(self, conversation: &'a Conversation) -> ConversationBody<'a> {
        ConversationBody {
            conversation_parts: Some(self.conversation_parts(conversation)),
            ..self.conversation(conversation)
        }
    }

    fn conversation_tags(self, conversation: &Conversation) -> Value {
        let applied = conversation.tags.iter().filter_map(|applied| {
            // A tag that was deleted is gone from everything.
            let name = self.state.tags.get(&applied.id)?;
            Some(desk_tags::applied(*applied, name))
        });
        let applied: Vec<Value> = applied.collect();
        json!({"type": "tag.list", "tags": applied})
    }

    fn linked_tickets(
        self,
        conversation: &Conversation,
    ) -> Vec<(&'static str, String, Option<&'static str>)> {
        let ticket = conversation.ticket.and_then(|number| {
            let ticket = self.state.tickets.current().live(number)?;
            Some(("ticket", TICKETS.encode(number), Some(ticket.category)))
        });
        ticket.into_iter().collect()
    }

    fn company_of(self, conversation: &Conversation) -> Option<Value> {
        let company = match conversation.company {
            Some(company) => company,
            None => self.first_company_of(*conversation.contacts.first()?)?,
        };
        let company = self.state.companies.company(company)?;
        self.workspace.company_value(self.state, &company)
    }
}
