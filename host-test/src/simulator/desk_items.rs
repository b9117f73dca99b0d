//! The items of notifications about conversations and tickets.

use serde_json::{Value, json};

use super::conversation::Conversation;
use super::desk::Desk;
use super::moment;
use super::person_items;
use super::tags;
use super::ticket::Ticket;
use super::topics::Subject;

/// A conversation with the part that is told of, or with none.
pub(crate) fn conversation(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let conversation = subject.conversation?;
    let mut item = serde_json::to_value(desk.conversation(conversation)).ok()?;
    let part = subject
        .part
        .and_then(|index| desk.conversation_part(conversation, index));
    item["conversation_parts"] = json!({
        "type": "conversation_part.list",
        "total_count": usize::from(part.is_some()),
        "conversation_parts": part.into_iter().collect::<Vec<_>>(),
    });
    // Unlike all other times, those of the statistics are texts here.
    for (name, value) in item["statistics"].as_object_mut().into_iter().flatten() {
        if let Some(seconds) = value.as_i64().filter(|_| name.ends_with("_at")) {
            *value = json!(moment::zulu(seconds));
        }
    }
    // And the teammates have another name.
    let writers = item["teammates"]["teammates"].take();
    item["teammates"] = json!({
        "type": "admin.list",
        "admins": writers.as_array().cloned().unwrap_or_default(),
    });
    if let Some(id) = subject.tag {
        let tag = tags::tag(id, desk.state.tags.get(&id)?);
        item["tags_added"] = json!({"type": "tag.list", "tags": [tag]});
    }
    Some(item)
}

pub(crate) fn conversation_deleted(_: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let id = subject.conversation?.id();
    Some(json!({"type": "conversation", "conversation_id": id}))
}

/// A conversation as Intercom keeps it, which is not how it answers, and a contact. There is no type.
pub(crate) fn contact_of_conversation(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let conversation = subject.conversation?;
    let at = |seconds: i64| moment::zulu(seconds);
    Some(json!({
        "conversation": {
            "parts": [],
            "options": {"expand_for_notification": true},
            "model": {
                "id": number(&conversation.id()),
                "created_at": at(conversation.created_at),
                "updated_at": at(conversation.updated_at),
                "message_type": "conversation",
                "read": conversation.read,
                "deleted": false,
                "dismissed": false,
                "delivery_state": "delivered",
            },
        },
        "contact": person_items::contact(desk, subject)?,
    }))
}

pub(crate) fn ticket(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    serde_json::to_value(desk.ticket(subject.ticket?)).ok()
}

/// A ticket, and the part of it that is told of.
pub(crate) fn ticket_part(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let part = desk.ticket_part(subject.ticket?, subject.part?)?;
    Some(json!({
        "type": "ticket_ticket_part",
        "ticket": ticket(desk, subject)?,
        "ticket_part": part,
    }))
}

/// A ticket in a short form that nothing else has, and a contact. There is no type.
pub(crate) fn contact_of_ticket(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let ticket: &Ticket = subject.ticket?;
    let whole = serde_json::to_value(desk.ticket(ticket)).ok()?;
    let attributes = ticket.attributes.iter().map(|(name, value)| {
        let value = json!({"value": value, "type": "string"});
        (name.clone(), value)
    });
    let id = ticket.id();
    let app = &desk.workspace.options.workspace_id;
    Some(json!({
        "ticket": {
            "type": "ticket",
            "id": number(&id),
            "url": format!("https://app.intercom.com/a/apps/{app}/conversations/{id}"),
            "custom_attributes": attributes.collect::<Value>(),
            "state": ticket.state_category(),
            "ticket_type": whole["ticket_type"]["name"],
            "ticket_type_description": whole["ticket_type"]["description"],
            "ticket_type_emoji": whole["ticket_type"]["icon"],
        },
        "contact": person_items::contact(desk, subject)?,
    }))
}

/// The conversation that ended, with its ticket in it; of a ticket without one, what the ticket has of a conversation.
pub(crate) fn ended_conversation_of_ticket(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let ticket = ticket(desk, subject)?;
    let conversation: Option<&Conversation> = subject.conversation;
    let mut item = match conversation {
        Some(_) => self::conversation(desk, subject)?,
        None => json!({
            "type": "conversation",
            "id": ticket["id"],
            "created_at": ticket["created_at"],
            "updated_at": ticket["updated_at"],
            "contacts": ticket["contacts"],
            "open": false,
            "state": "closed",
            "read": true,
        }),
    };
    item["ticket"] = ticket;
    Some(item)
}

/// An id as the number that it is.
fn number(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| json!(id), |id| json!(id))
}
