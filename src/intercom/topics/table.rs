//! The rows, and what they have in common.

use super::Meaning::{
    Engagement, Gone, Linked, Merged, Nothing, Ping, Redacted, Subject, Subscription, Within,
};
use super::{Meaning, Told, Topic, subjects};

const PEOPLE: &str = "Read and list users and companies";
const CONVERSATIONS: &str = "Read conversations";
const TICKETS: &str = "Read tickets";

/// What topics of one meaning tell.
const fn told(
    meaning: Meaning,
    streams: &'static [&'static str],
    permission: &'static str,
) -> Told {
    Told {
        meaning,
        streams,
        permission,
    }
}

static PING: Told = told(Ping, &[], "");

static ADMIN: Told = told(Subject(&subjects::ADMIN), &["admins"], "Read admins");
static ADMIN_GONE: Told = told(
    Gone(&subjects::ADMIN, "removed"),
    &["admins"],
    "Read admins",
);
static ACTIVITY: Told = told(
    Subject(&subjects::ACTIVITY_LOG),
    &["activity_logs"],
    "Read admin activity logs",
);

static ARTICLE: Told = told(
    Subject(&subjects::ARTICLE),
    &["articles"],
    "Read and list articles",
);
static ARTICLE_GONE: Told = Told {
    meaning: Gone(&subjects::ARTICLE, "deleted"),
    ..ARTICLE
};

static CALL: Told = told(Subject(&subjects::CALL), &["calls"], CONVERSATIONS);

static COMPANY: Told = told(Subject(&subjects::COMPANY), &["companies"], PEOPLE);
static COMPANY_GONE: Told = Told {
    meaning: Gone(&subjects::COMPANY, "deleted"),
    ..COMPANY
};
static COMPANY_LINKED: Told = company_contact(true);
static COMPANY_UNLINKED: Told = company_contact(false);

const fn company_contact(linked: bool) -> Told {
    told(
        Linked {
            subjects: &[&subjects::COMPANY, &subjects::CONTACT],
            links: &["contact_companies", "company_contacts"],
            linked,
        },
        &[
            "companies",
            "contacts",
            "contact_companies",
            "company_contacts",
        ],
        PEOPLE,
    )
}

static CONTACT: Told = told(Subject(&subjects::CONTACT), &["contacts"], PEOPLE);
static CONTACT_ARCHIVED: Told = Told {
    meaning: Gone(&subjects::CONTACT, "archived"),
    ..CONTACT
};
static CONTACT_DELETED: Told = Told {
    meaning: Gone(&subjects::CONTACT, "deleted"),
    ..CONTACT
};
static CONTACT_MERGED: Told = Told {
    meaning: Merged(&subjects::CONTACT),
    ..CONTACT
};
static SUBSCRIBED: Told = told(
    Subscription(true),
    &["contacts", "contact_subscriptions"],
    PEOPLE,
);
static UNSUBSCRIBED: Told = Told {
    meaning: Subscription(false),
    ..SUBSCRIBED
};
static TAGGED: Told = contact_tag(true);
static UNTAGGED: Told = contact_tag(false);

const fn contact_tag(linked: bool) -> Told {
    told(
        Linked {
            subjects: &[&subjects::CONTACT, &subjects::TAG],
            links: &["contact_tags"],
            linked,
        },
        &["contacts", "tags", "contact_tags"],
        PEOPLE,
    )
}

static CONVERSATION: Told = told(
    Subject(&subjects::CONVERSATION),
    &["conversations", "conversation_parts"],
    CONVERSATIONS,
);
static CONVERSATION_READ: Told = Told {
    permission: "",
    ..CONVERSATION
};
static CONVERSATION_GONE: Told = Told {
    meaning: Gone(&subjects::CONVERSATION, "deleted"),
    streams: &["conversations"],
    ..CONVERSATION
};
/// Who takes part in a conversation is in the conversation itself: there is no stream of it.
static CONVERSATION_CONTACT: Told = told(
    Linked {
        subjects: &[&subjects::CONVERSATION, &subjects::CONTACT],
        links: &[],
        linked: true,
    },
    &["conversations", "conversation_parts", "contacts"],
    CONVERSATIONS,
);
static REDACTED: Told = Told {
    meaning: Redacted(&subjects::CONVERSATION),
    ..CONVERSATION
};

static ENGAGEMENT: Told = told(
    Engagement,
    &["content_stats", "contacts", "companies"],
    "Read content data",
);

static EVENT: Told = told(Subject(&subjects::EVENT), &["events"], "Read events");

static JOB: Told = told(Subject(&subjects::JOB), &["jobs"], "Read jobs");

static TICKET: Told = told(
    Subject(&subjects::TICKET),
    &["tickets", "ticket_parts"],
    TICKETS,
);
/// From 2.15 on the item is the ticket's conversation.
static TICKET_CLOSED: Told = Told {
    meaning: Within(&subjects::TICKET, &subjects::CONVERSATION),
    streams: &[
        "tickets",
        "ticket_parts",
        "conversations",
        "conversation_parts",
    ],
    ..TICKET
};
static TICKET_CONTACT: Told = told(
    Linked {
        subjects: &[&subjects::TICKET, &subjects::CONTACT],
        links: &[],
        linked: true,
    },
    &["tickets", "ticket_parts", "contacts"],
    TICKETS,
);

static AUDIENCE: Told = told(
    Nothing("audiences are read by no stream"),
    &[],
    "Read audiences",
);
static CONNECTOR: Told = told(
    Nothing("what data connectors did is read by no stream"),
    &[],
    "Read data connectors",
);
static MESSENGER: Told = told(
    Nothing("it is about the Messenger's installation, which is no record"),
    &[],
    "",
);
static PROCEDURE: Told = told(
    Nothing("it asks a person for an answer, and holds no record"),
    &[],
    CONVERSATIONS,
);
static REQUEST: Told = told(
    Nothing("it is about a request to the API, which is no record"),
    &[],
    "Read API activity logs",
);
static SNIPPET: Told = told(
    Nothing("content snippets are read by no stream"),
    &[],
    "Read content snippets",
);
static SOURCE: Told = told(
    Nothing("sources of imported content are read by no stream"),
    &[],
    "Read content",
);

const fn row(name: &'static str, aliases: &'static [&'static str], told: &'static Told) -> Topic {
    Topic {
        name,
        aliases,
        told,
    }
}

/// All topics, sorted by name.
pub static TOPICS: &[Topic] = &[
    row("admin.activity_log_event.created", &[], &ACTIVITY),
    row("admin.added_to_workspace", &[], &ADMIN),
    row("admin.away_mode_updated", &[], &ADMIN),
    row("admin.logged_in", &[], &ADMIN),
    row("admin.logged_out", &[], &ADMIN),
    row("admin.removed_from_workspace", &[], &ADMIN_GONE),
    row("api.request.completed", &[], &REQUEST),
    row("article.created", &[], &ARTICLE),
    row("article.deleted", &[], &ARTICLE_GONE),
    row("article.published", &[], &ARTICLE),
    row("article.unpublished", &[], &ARTICLE),
    row("article.updated", &[], &ARTICLE),
    row("audience.created", &[], &AUDIENCE),
    row("audience.deleted", &[], &AUDIENCE),
    row("audience.member_added", &[], &AUDIENCE),
    row("audience.member_removed", &[], &AUDIENCE),
    row("audience.updated", &[], &AUDIENCE),
    row("call.ended", &[], &CALL),
    row("call.recording_available", &[], &CALL),
    row("call.started", &[], &CALL),
    row("call.transcription_available", &[], &CALL),
    row(
        "company.contact.attached",
        &["company.attached"],
        &COMPANY_LINKED,
    ),
    row(
        "company.contact.detached",
        &["company.detached"],
        &COMPANY_UNLINKED,
    ),
    row("company.created", &[], &COMPANY),
    row("company.deleted", &[], &COMPANY_GONE),
    row("company.updated", &[], &COMPANY),
    row("contact.archived", &["contact.archive"], &CONTACT_ARCHIVED),
    row(
        "contact.deleted",
        &["user.deleted", "lead.deleted"],
        &CONTACT_DELETED,
    ),
    row("contact.email.updated", &["user.email.updated"], &CONTACT),
    row(
        "contact.lead.added_email",
        &["contact.added_email", "lead.added_email"],
        &CONTACT,
    ),
    row(
        "contact.lead.created",
        &["contact.created", "lead.created"],
        &CONTACT,
    ),
    row(
        "contact.lead.signed_up",
        &["contact.signed_up", "lead.signed_up"],
        &CONTACT,
    ),
    row(
        "contact.lead.tag.created",
        &["contact.tag.created", "lead.tag.created"],
        &TAGGED,
    ),
    row(
        "contact.lead.tag.deleted",
        &["contact.tag.deleted", "lead.tag.deleted"],
        &UNTAGGED,
    ),
    row(
        "contact.lead.updated",
        &["contact.updated", "lead.updated"],
        &CONTACT,
    ),
    row("contact.merged", &[], &CONTACT_MERGED),
    row("contact.subscribed", &["user.subscribed"], &SUBSCRIBED),
    row("contact.unarchive", &["contact.unarchived"], &CONTACT),
    row(
        "contact.unsubscribed",
        &["user.unsubscribed"],
        &UNSUBSCRIBED,
    ),
    row("contact.unsubscribed_from_sms", &[], &UNSUBSCRIBED),
    row(
        "contact.user.created",
        &["contact.created", "user.created"],
        &CONTACT,
    ),
    row(
        "contact.user.tag.created",
        &["contact.tag.created", "user.tag.created"],
        &TAGGED,
    ),
    row(
        "contact.user.tag.deleted",
        &["contact.tag.deleted", "user.tag.deleted"],
        &UNTAGGED,
    ),
    row(
        "contact.user.updated",
        &["contact.updated", "user.updated"],
        &CONTACT,
    ),
    row("content_import_source.created", &[], &SOURCE),
    row("content_import_source.deleted", &[], &SOURCE),
    row("content_import_source.updated", &[], &SOURCE),
    row("content_snippet.created", &[], &SNIPPET),
    row("content_snippet.deleted", &[], &SNIPPET),
    row("content_snippet.updated", &[], &SNIPPET),
    row("content_stat.banner", &[], &ENGAGEMENT),
    row("content_stat.carousel", &[], &ENGAGEMENT),
    row("content_stat.chat", &[], &ENGAGEMENT),
    row("content_stat.checklist", &[], &ENGAGEMENT),
    row("content_stat.custom_bot", &[], &ENGAGEMENT),
    row("content_stat.email", &[], &ENGAGEMENT),
    row("content_stat.news_item", &[], &ENGAGEMENT),
    row("content_stat.post", &[], &ENGAGEMENT),
    row("content_stat.push", &[], &ENGAGEMENT),
    row("content_stat.series", &[], &ENGAGEMENT),
    row("content_stat.series.webhook", &[], &ENGAGEMENT),
    row("content_stat.sms", &[], &ENGAGEMENT),
    row("content_stat.survey", &[], &ENGAGEMENT),
    row("content_stat.tooltip_group", &[], &ENGAGEMENT),
    row("content_stat.tour", &[], &ENGAGEMENT),
    row(
        "conversation.admin.assigned",
        &["conversation.assigned"],
        &CONVERSATION,
    ),
    row(
        "conversation.admin.closed",
        &["conversation.closed"],
        &CONVERSATION,
    ),
    row(
        "conversation.admin.noted",
        &["conversation.noted"],
        &CONVERSATION,
    ),
    row("conversation.admin.open.assigned", &[], &CONVERSATION),
    row(
        "conversation.admin.opened",
        &["conversation.opened"],
        &CONVERSATION,
    ),
    row(
        "conversation.admin.replied",
        &["conversation.replied"],
        &CONVERSATION,
    ),
    row("conversation.admin.replied.translated", &[], &CONVERSATION),
    row(
        "conversation.admin.single.created",
        &["conversation.created"],
        &CONVERSATION,
    ),
    row(
        "conversation.admin.snoozed",
        &["conversation.snoozed"],
        &CONVERSATION,
    ),
    row(
        "conversation.admin.unsnoozed",
        &["conversation.unsnoozed"],
        &CONVERSATION,
    ),
    row("conversation.company.updated", &[], &CONVERSATION),
    row("conversation.contact.attached", &[], &CONVERSATION_CONTACT),
    row("conversation.contact.detached", &[], &CONVERSATION_CONTACT),
    row("conversation.deleted", &[], &CONVERSATION_GONE),
    row(
        "conversation.operator.replied",
        &["conversation.replied"],
        &CONVERSATION,
    ),
    row("conversation.priority.updated", &[], &CONVERSATION),
    row(
        "conversation.rating.added",
        &["conversation.rated"],
        &CONVERSATION,
    ),
    row("conversation.read", &[], &CONVERSATION_READ),
    row(
        "conversation.user.created",
        &["conversation.created"],
        &CONVERSATION,
    ),
    row(
        "conversation.user.replied",
        &["conversation.replied"],
        &CONVERSATION,
    ),
    row("conversation_part.redacted", &[], &REDACTED),
    row("conversation_part.tag.created", &[], &CONVERSATION),
    row("data_connector.execution.completed", &[], &CONNECTOR),
    row("event.created", &[], &EVENT),
    row("granular.subscribe", &[], &SUBSCRIBED),
    row("granular.unsubscribe", &[], &UNSUBSCRIBED),
    row("job.completed", &[], &JOB),
    row(
        "messenger.deployment_completed.event.created",
        &[],
        &MESSENGER,
    ),
    row("ping", &[], &PING),
    row("procedure.hitl_notification.created", &[], &PROCEDURE),
    row("ticket.admin.assigned", &[], &TICKET),
    row("ticket.admin.replied", &[], &TICKET),
    row("ticket.admin.replied.translated", &[], &TICKET),
    row("ticket.attribute.updated", &[], &TICKET),
    row("ticket.closed", &[], &TICKET_CLOSED),
    row("ticket.contact.attached", &[], &TICKET_CONTACT),
    row("ticket.contact.detached", &[], &TICKET_CONTACT),
    row("ticket.contact.replied", &[], &TICKET),
    row("ticket.created", &[], &TICKET),
    row("ticket.note.created", &[], &TICKET),
    row("ticket.rating.provided", &[], &TICKET),
    row("ticket.resolved", &[], &TICKET),
    row("ticket.state.updated", &[], &TICKET),
    row("ticket.team.assigned", &[], &TICKET),
    row("visitor.signed_up", &[], &CONTACT),
];
