//! The table of topics: the names under which things are told, and how the item of each is made.

use serde_json::Value;

use super::catalogue::CatalogueKind;
use super::company::Company;
use super::contact::Contact;
use super::conversation::Conversation;
use super::desk::Desk;
use super::event::Event;
use super::shelf::Item;
use super::ticket::Ticket;
use super::version::ApiVersion;
use super::{content_items, desk_items, person_items};

/// What a notification is about. A topic takes of it what its item needs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Subject<'a> {
    pub(crate) contact: Option<&'a Contact>,
    /// The contact that went into the other one.
    pub(crate) merged: Option<&'a Contact>,
    pub(crate) company: Option<&'a Company>,
    pub(crate) conversation: Option<&'a Conversation>,
    pub(crate) ticket: Option<&'a Ticket>,
    /// The index of a part of the conversation or the ticket.
    pub(crate) part: Option<u64>,
    /// Id of a tag.
    pub(crate) tag: Option<u64>,
    /// Id of a type of subscriptions.
    pub(crate) subscription: Option<u64>,
    pub(crate) event: Option<&'a Event>,
    /// The index of a teammate.
    pub(crate) admin: Option<u64>,
    pub(crate) object: Option<(CatalogueKind, &'a Item)>,
    /// What is known of something that is kept nowhere.
    pub(crate) facts: Option<&'a Value>,
}

impl<'a> Subject<'a> {
    pub(crate) fn contact(contact: &'a Contact) -> Subject<'a> {
        Subject {
            contact: Some(contact),
            ..Subject::default()
        }
    }

    pub(crate) fn company(company: &'a Company) -> Subject<'a> {
        Subject {
            company: Some(company),
            ..Subject::default()
        }
    }

    pub(crate) fn conversation(conversation: &'a Conversation) -> Subject<'a> {
        Subject {
            conversation: Some(conversation),
            ..Subject::default()
        }
    }

    pub(crate) fn ticket(ticket: &'a Ticket) -> Subject<'a> {
        Subject {
            ticket: Some(ticket),
            ..Subject::default()
        }
    }
}

/// A topic: a row of the table.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) name: &'static str,
    /// Its name in versions 1.x, where that was another.
    pub(crate) old_name: Option<&'static str>,
    /// The first version that has it.
    pub(crate) since: ApiVersion,
    /// Whether its notifications have an id.
    pub(crate) has_id: bool,
    /// Its item; nothing when the subject is not what it tells of.
    pub(crate) item: fn(Desk<'_>, Subject<'_>) -> Option<Value>,
}

const fn topic(name: &'static str, item: fn(Desk<'_>, Subject<'_>) -> Option<Value>) -> Topic {
    Topic {
        name,
        old_name: None,
        since: ApiVersion::FIRST,
        has_id: true,
        item,
    }
}

impl Topic {
    const fn once(self, old_name: &'static str) -> Topic {
        Topic {
            old_name: Some(old_name),
            ..self
        }
    }

    const fn since(self, since: ApiVersion) -> Topic {
        Topic { since, ..self }
    }

    const fn without_id(self) -> Topic {
        Topic {
            has_id: false,
            ..self
        }
    }
}

use content_items::{
    activity, article, call, call_under_way, content_stat, job, ping, subscriptions,
};
use desk_items::{
    contact_of_conversation, contact_of_ticket, conversation, conversation_deleted,
    ended_conversation_of_ticket, ticket, ticket_part,
};
use person_items::{
    admin, company, company_deleted, company_of_contact, contact, contact_archived,
    contact_deleted, contact_merged, contact_tag, event, visitor,
};

/// Every topic.
pub(crate) const TOPICS: &[Topic] = &[
    topic("admin.added_to_workspace", admin),
    topic("admin.removed_from_workspace", admin),
    topic("admin.away_mode_updated", admin),
    topic("admin.logged_in", admin),
    topic("admin.logged_out", admin),
    topic("admin.activity_log_event.created", activity),
    topic("article.created", article),
    topic("article.updated", article),
    topic("article.published", article),
    topic("article.unpublished", article),
    topic("article.deleted", article),
    topic("call.started", call_under_way).since(ApiVersion::V2_14),
    topic("call.ended", call).since(ApiVersion::V2_14),
    topic("call.transcription_available", call).since(ApiVersion::V2_14),
    topic("call.recording_available", call).since(ApiVersion::V2_14),
    topic("company.created", company),
    topic("company.updated", company),
    topic("company.deleted", company_deleted),
    topic("company.contact.attached", company_of_contact),
    topic("company.contact.detached", company_of_contact),
    topic("contact.user.created", contact).once("user.created"),
    topic("contact.user.updated", contact),
    topic("contact.lead.created", contact).once("contact.created"),
    topic("contact.lead.updated", contact),
    topic("contact.lead.signed_up", contact).once("contact.signed_up"),
    topic("contact.lead.added_email", contact).once("contact.added_email"),
    topic("contact.email.updated", contact).once("user.email.updated"),
    topic("contact.archived", contact_archived).once("contact.archive"),
    topic("contact.unarchive", contact),
    topic("contact.deleted", contact_deleted).once("user.deleted"),
    topic("contact.merged", contact_merged),
    topic("contact.subscribed", |desk, subject| {
        subscriptions(desk, subject, "contact_subscribe")
    }),
    topic("contact.unsubscribed", |desk, subject| {
        subscriptions(desk, subject, "contact_unsubscribe")
    })
    .once("user.unsubscribed"),
    topic("contact.user.tag.created", contact_tag).once("user.tag.created"),
    topic("contact.user.tag.deleted", contact_tag).once("user.tag.deleted"),
    topic("contact.lead.tag.created", contact_tag).once("contact.tag.created"),
    topic("contact.lead.tag.deleted", contact_tag).once("contact.tag.deleted"),
    topic("conversation.user.created", conversation),
    topic("conversation.user.replied", conversation),
    topic("conversation.admin.single.created", conversation),
    topic("conversation.admin.replied", conversation),
    topic("conversation.admin.noted", conversation),
    topic("conversation.admin.assigned", conversation),
    topic("conversation.admin.open.assigned", conversation),
    topic("conversation.admin.opened", conversation),
    topic("conversation.admin.closed", conversation),
    topic("conversation.admin.snoozed", conversation),
    topic("conversation.admin.unsnoozed", conversation),
    topic("conversation.operator.replied", conversation).since(ApiVersion::V2_14),
    topic("conversation.priority.updated", conversation),
    topic("conversation.rating.added", conversation),
    topic("conversation.company.updated", conversation).since(ApiVersion::V2_15),
    topic("conversation.read", conversation).without_id(),
    topic("conversation.deleted", conversation_deleted),
    topic("conversation.contact.attached", contact_of_conversation),
    topic("conversation.contact.detached", contact_of_conversation),
    topic("conversation_part.redacted", conversation),
    topic("conversation_part.tag.created", conversation),
    topic("content_stat.banner", content_stat),
    topic("content_stat.carousel", content_stat),
    topic("content_stat.chat", content_stat),
    topic("content_stat.checklist", content_stat),
    topic("content_stat.custom_bot", content_stat),
    topic("content_stat.email", content_stat),
    topic("content_stat.news_item", content_stat),
    topic("content_stat.post", content_stat),
    topic("content_stat.push", content_stat),
    topic("content_stat.series", content_stat),
    topic("content_stat.series.webhook", content_stat),
    topic("content_stat.sms", content_stat),
    topic("content_stat.survey", content_stat),
    topic("content_stat.tooltip_group", content_stat),
    topic("content_stat.tour", content_stat),
    topic("event.created", event),
    topic("granular.subscribe", |desk, subject| {
        subscriptions(desk, subject, "granular_subscribe")
    }),
    topic("granular.unsubscribe", |desk, subject| {
        subscriptions(desk, subject, "granular_unsubscribe")
    }),
    topic("job.completed", job).since(ApiVersion::V2_14),
    topic("ticket.created", ticket),
    topic("ticket.state.updated", ticket_part),
    topic("ticket.note.created", ticket_part),
    topic("ticket.admin.assigned", ticket_part),
    topic("ticket.team.assigned", ticket_part),
    topic("ticket.contact.attached", contact_of_ticket),
    topic("ticket.contact.detached", contact_of_ticket),
    topic("ticket.attribute.updated", ticket_part),
    topic("ticket.admin.replied", ticket_part),
    topic("ticket.contact.replied", ticket_part),
    topic("ticket.rating.provided", ticket),
    // It is told of a state before 2.15, and of the end of a conversation from then on.
    topic("ticket.closed", |desk, subject| {
        if desk.version >= ApiVersion::V2_15 {
            ended_conversation_of_ticket(desk, subject)
        } else {
            ticket(desk, subject)
        }
    }),
    topic("ticket.resolved", ticket).since(ApiVersion::V2_15),
    topic("visitor.signed_up", visitor),
    topic("ping", ping).without_id(),
];

/// The topic with this name.
pub(crate) fn find(name: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.name == name)
}

/// The topics that notifications have in a version of the API; none for what is no version.
pub fn webhook_topics(version: &str) -> impl Iterator<Item = &'static str> + use<> {
    let version = ApiVersion::parse(version);
    let topics = TOPICS.iter();
    topics
        .filter(move |topic| version.is_some_and(|version| version >= topic.since))
        .map(|topic| topic.name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_name_means_two_topics() {
        let names = TOPICS.iter().map(|topic| topic.name);
        let names: Vec<_> = names
            .chain(TOPICS.iter().filter_map(|topic| topic.old_name))
            .collect();
        let different: BTreeSet<_> = names.iter().collect();
        assert_eq!(different.len(), names.len());
    }
}
