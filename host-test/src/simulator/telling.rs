//! Telling whoever is subscribed of a change.

use super::contact::{Contact, Role};
use super::conversation::Conversation;
use super::desk::Desk;
use super::part_topics;
use super::ticket::Ticket;
use super::topics::{self, Subject};
use super::version::ApiVersion;
use super::workspace::{State, Workspace};

impl Workspace {
    /// Tells of something under a topic, with the state as it is now. Versions that do not have the topic tell nothing.
    pub(crate) fn tell(&self, state: &State, topic: &str, subject: Subject<'_>) {
        if !self.webhooks.has_subscriber() {
            return;
        }
        let version = self.options.webhooks.version;
        let Some(topic) = topics::find(topic) else {
            tracing::error!(topic, "there is no such topic");
            return;
        };
        if version < topic.since {
            return;
        }
        let desk = Desk {
            plain: version >= ApiVersion::V2_15,
            ..Desk::new(self, state, version)
        };
        if let Some(item) = (topic.item)(desk, subject) {
            let name = match topic.old_name.filter(|_| self.options.webhooks.old_names) {
                Some(old_name) => old_name,
                None => topic.name,
            };
            let notification = self.webhooks.notification(
                name,
                item,
                self.now(),
                topic.has_id.then(|| self.next_uuid()),
            );
            self.webhooks.send(notification);
        }
    }

    /// Tells of a contact that changed, and of what became of it by that.
    pub(crate) fn tell_of_contact(&self, state: &State, before: &Contact, contact: &Contact) {
        let email = |contact: &Contact| contact.email.clone().filter(|email| !email.is_empty());
        let (old_email, new_email) = (email(before), email(contact));
        let told = [
            (true, updated_topic(contact)),
            (
                before.role == Role::Lead && contact.role == Role::User,
                "contact.lead.signed_up",
            ),
            (
                contact.role == Role::Lead && old_email.is_none() && new_email.is_some(),
                "contact.lead.added_email",
            ),
            (
                contact.role == Role::User && old_email != new_email,
                "contact.email.updated",
            ),
            (
                before.unsubscribed_from_emails && !contact.unsubscribed_from_emails,
                "contact.subscribed",
            ),
            (
                !before.unsubscribed_from_emails && contact.unsubscribed_from_emails,
                "contact.unsubscribed",
            ),
        ];
        for (_, topic) in told.into_iter().filter(|(happened, _)| *happened) {
            self.tell(state, topic, Subject::contact(contact));
        }
    }

    /// Tells of a part that was added to a conversation, and of the tickets of a conversation that it closes.
    pub(crate) fn tell_of_conversation_part(
        &self,
        state: &State,
        before: &Conversation,
        conversation: &Conversation,
        index: u64,
    ) {
        let Some(part) = conversation.part(&self.generator, index) else {
            return;
        };
        let subject = Subject {
            part: Some(index),
            ..Subject::conversation(conversation)
        };
        if let Some(topic) = part_topics::of_conversation(&part, before.state) {
            self.tell(state, topic, subject);
        }
        let closed = before.is_open() && !conversation.is_open();
        let ticket = conversation.ticket.filter(|_| closed);
        let ticket = ticket.and_then(|number| state.tickets.current().live(number));
        if let Some(ticket) = &ticket
            && self.options.webhooks.version >= ApiVersion::V2_15
        {
            let subject = Subject {
                ticket: Some(ticket),
                ..subject
            };
            self.tell(state, "ticket.closed", subject);
        }
    }

    /// Tells of a part that was added to a ticket, and of a ticket that it resolves.
    pub(crate) fn tell_of_ticket_part(
        &self,
        state: &State,
        before: &Ticket,
        ticket: &Ticket,
        index: u64,
    ) {
        let subject = Subject {
            part: Some(index),
            ..Subject::ticket(ticket)
        };
        let part = ticket.part(&self.generator, index);
        if let Some(topic) = part.as_ref().and_then(part_topics::of_ticket) {
            self.tell(state, topic, subject);
        }
        let is_state = part.is_some_and(|part| part.states.is_some());
        if is_state && before.open && !ticket.open {
            let topic = if self.options.webhooks.version >= ApiVersion::V2_15 {
                "ticket.resolved"
            } else {
                "ticket.closed"
            };
            self.tell(state, topic, subject);
        }
    }
}

/// The topic of a contact that changed.
fn updated_topic(contact: &Contact) -> &'static str {
    match contact.role {
        Role::User => "contact.user.updated",
        Role::Lead => "contact.lead.updated",
    }
}

/// The topic of a contact to which a tag was given, or from which one was taken.
pub(crate) fn tag_topic(contact: &Contact, tagged: bool) -> &'static str {
    match (contact.role, tagged) {
        (Role::User, true) => "contact.user.tag.created",
        (Role::User, false) => "contact.user.tag.deleted",
        (Role::Lead, true) => "contact.lead.tag.created",
        (Role::Lead, false) => "contact.lead.tag.deleted",
    }
}
