//! The notifications about conversations and tickets: which topic, and what is in them.

use serde_json::json;

use super::contact_changes::Notice;
use super::conversation::Conversation;
use super::desk::Desk;
use super::moment::TimeStyle;
use super::part::{Author, Part, PartKind};
use super::ticket::Ticket;
use super::version::ApiVersion;
use super::workspace::{State, Workspace};

/// The topic of a new part of a conversation; nothing for what nobody is told of.
fn conversation_topic(part: &Part) -> Option<&'static str> {
    let from_contact = matches!(part.step.author, Author::Contact(_));
    Some(match part.step.kind {
        PartKind::Note => "conversation.admin.noted",
        PartKind::Close => "conversation.admin.closed",
        PartKind::Snoozed => "conversation.admin.snoozed",
        PartKind::AssignAndReopen => "conversation.admin.open.assigned",
        kind if kind.assigns() => "conversation.admin.assigned",
        kind if kind.replies() && from_contact => "conversation.user.replied",
        PartKind::Open => "conversation.admin.opened",
        kind if kind.replies() => "conversation.admin.replied",
        _ => return None,
    })
}

/// The topic of a new part of a ticket; nothing for what nobody is told of.
fn ticket_topic(part: &Part) -> Option<&'static str> {
    let from_contact = matches!(part.step.author, Author::Contact(_));
    Some(match part.step.kind {
        PartKind::Note => "ticket.note.created",
        PartKind::TicketStateUpdated => "ticket.state.updated",
        PartKind::TicketAttributeUpdated => "ticket.attribute.updated",
        kind if kind.assigns() => "ticket.admin.assigned",
        kind if kind.replies() && from_contact => "ticket.contact.replied",
        kind if kind.replies() => "ticket.admin.replied",
        _ => return None,
    })
}

impl Workspace {
    /// The desk that writes notifications; none when there is nobody to notify.
    fn notifying<'a>(&'a self, state: &'a State) -> Option<Desk<'a>> {
        let told = self.webhooks.has_subscriber();
        told.then(|| Desk::new(self, state, ApiVersion::DEFAULT))
    }

    /// What is told of a part that was added to a conversation: the conversation, with this part alone.
    pub(crate) fn conversation_notice(
        &self,
        state: &State,
        conversation: &Conversation,
        index: u64,
    ) -> Notice {
        let desk = self.notifying(state)?;
        let topic = conversation_topic(&conversation.part(&self.generator, index)?)?;
        let part = desk.conversation_part(conversation, index)?;
        let mut item = serde_json::to_value(desk.conversation(conversation)).ok()?;
        item["conversation_parts"] = json!({
            "type": "conversation_part.list",
            "conversation_parts": [part],
            "total_count": 1,
        });
        // Unlike all other times, those of the statistics are texts here.
        for (name, value) in item["statistics"].as_object_mut().into_iter().flatten() {
            if let Some(seconds) = value.as_i64().filter(|_| name.ends_with("_at")) {
                *value = json!(TimeStyle::NotificationText.moment(seconds));
            }
        }
        Some((topic, item))
    }

    /// What is told of a conversation that began: all of it.
    pub(crate) fn conversation_begun_notice(
        &self,
        state: &State,
        conversation: &Conversation,
    ) -> Notice {
        let topic = match conversation.source.author {
            Author::Contact(_) => "conversation.user.created",
            _ => "conversation.admin.single.created",
        };
        let body = self.notifying(state)?.whole_conversation(conversation);
        Some((topic, serde_json::to_value(body).ok()?))
    }

    /// What is told of a part of a conversation that was redacted: the part.
    pub(crate) fn redaction_notice(
        &self,
        state: &State,
        conversation: &Conversation,
        index: u64,
    ) -> Notice {
        let part = self
            .notifying(state)?
            .conversation_part(conversation, index)?;
        Some((
            "conversation_part.redacted",
            serde_json::to_value(part).ok()?,
        ))
    }

    /// What is told of a conversation that was deleted: its id.
    pub(crate) fn conversation_deletion_notice(&self, conversation: &Conversation) -> Notice {
        let item = || json!({"type": "conversation", "conversation_id": conversation.id()});
        let told = self.webhooks.has_subscriber();
        told.then(|| ("conversation.deleted", item()))
    }

    /// What is told of a ticket that was created: all of it.
    pub(crate) fn ticket_created_notice(&self, state: &State, ticket: &Ticket) -> Notice {
        let body = self.notifying(state)?;
        Some((
            "ticket.created",
            serde_json::to_value(body.ticket(ticket)).ok()?,
        ))
    }

    /// What is told of a part that was added to a ticket: both.
    pub(crate) fn ticket_notice(&self, state: &State, ticket: &Ticket, index: u64) -> Notice {
        let desk = self.notifying(state)?;
        let topic = ticket_topic(&ticket.part(&self.generator, index)?)?;
        let part = desk.ticket_part(ticket, index)?;
        let item = json!({"type": "ticket_ticket_part", "ticket": desk.ticket(ticket), "ticket_part": part});
        Some((topic, item))
    }
}
