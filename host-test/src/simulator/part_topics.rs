//! Under which topic a new part is told.

use super::conversation::ConversationState;
use super::part::{Assignee, Author, Part, PartKind};

/// Who a part has to be from.
#[derive(Clone, Copy)]
enum From {
    Anybody,
    Contact,
    /// The AI agent, or Intercom itself.
    Bot,
}

impl From {
    fn is(self, author: Author) -> bool {
        match self {
            From::Anybody => true,
            From::Contact => matches!(author, Author::Contact(_)),
            From::Bot => matches!(author, Author::Operator | Author::AiAgent),
        }
    }
}

/// Of a conversation: the first row that fits says which topic. What no row fits nobody is told of.
const OF_CONVERSATIONS: &[(PartKind, From, &str)] = &[
    (PartKind::Note, From::Anybody, "conversation.admin.noted"),
    (PartKind::Close, From::Anybody, "conversation.admin.closed"),
    (
        PartKind::Snoozed,
        From::Anybody,
        "conversation.admin.snoozed",
    ),
    (
        PartKind::AssignAndReopen,
        From::Anybody,
        "conversation.admin.open.assigned",
    ),
    (
        PartKind::Assignment,
        From::Anybody,
        "conversation.admin.assigned",
    ),
    (
        PartKind::DefaultAssignment,
        From::Anybody,
        "conversation.admin.assigned",
    ),
    (PartKind::Open, From::Contact, "conversation.user.replied"),
    (PartKind::Open, From::Anybody, "conversation.admin.opened"),
    (
        PartKind::Comment,
        From::Contact,
        "conversation.user.replied",
    ),
    (
        PartKind::QuickReply,
        From::Contact,
        "conversation.user.replied",
    ),
    (
        PartKind::Comment,
        From::Bot,
        "conversation.operator.replied",
    ),
    (
        PartKind::QuickReply,
        From::Bot,
        "conversation.operator.replied",
    ),
    (
        PartKind::Comment,
        From::Anybody,
        "conversation.admin.replied",
    ),
    (
        PartKind::QuickReply,
        From::Anybody,
        "conversation.admin.replied",
    ),
];

/// Of a ticket, likewise.
const OF_TICKETS: &[(PartKind, From, &str)] = &[
    (PartKind::Note, From::Anybody, "ticket.note.created"),
    (
        PartKind::TicketStateUpdated,
        From::Anybody,
        "ticket.state.updated",
    ),
    (
        PartKind::TicketAttributeUpdated,
        From::Anybody,
        "ticket.attribute.updated",
    ),
    (
        PartKind::AssignAndReopen,
        From::Anybody,
        "ticket.admin.assigned",
    ),
    (PartKind::Assignment, From::Anybody, "ticket.admin.assigned"),
    (
        PartKind::DefaultAssignment,
        From::Anybody,
        "ticket.admin.assigned",
    ),
    (PartKind::Open, From::Contact, "ticket.contact.replied"),
    (PartKind::Open, From::Anybody, "ticket.admin.replied"),
    (PartKind::Comment, From::Contact, "ticket.contact.replied"),
    (PartKind::Comment, From::Anybody, "ticket.admin.replied"),
    (
        PartKind::QuickReply,
        From::Contact,
        "ticket.contact.replied",
    ),
    (PartKind::QuickReply, From::Anybody, "ticket.admin.replied"),
];

fn first(rows: &[(PartKind, From, &'static str)], part: &Part) -> Option<&'static str> {
    let mut rows = rows.iter();
    let fitting = rows.find(|(kind, from, _)| *kind == part.step.kind && from.is(part.step.author));
    fitting.map(|(_, _, topic)| *topic)
}

/// The topic of a new part of a conversation that was in this state before.
pub(crate) fn of_conversation(part: &Part, before: ConversationState) -> Option<&'static str> {
    match first(OF_CONVERSATIONS, part) {
        Some("conversation.admin.opened") if before == ConversationState::Snoozed => {
            Some("conversation.admin.unsnoozed")
        }
        topic => topic,
    }
}

/// The topic of a new part of a ticket.
pub(crate) fn of_ticket(part: &Part) -> Option<&'static str> {
    match (first(OF_TICKETS, part), part.assigned_to) {
        (Some("ticket.admin.assigned"), Some(Assignee::Team(_))) => Some("ticket.team.assigned"),
        (topic, _) => topic,
    }
}
