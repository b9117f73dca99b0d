//! How the API renders the smaller things in a conversation.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::conversation::{AiAgent, Conversation, Rating};
use super::desk::{Desk, ReferenceBody, attachments};
use super::generator::Generator;
use super::message_text;
use super::numbering::SOURCES;
use super::part::{Author, REDACTED};
use super::version::ApiVersion;

/// What the AI agent answers from: type, title, locale.
const CONTENT_SOURCES: &[(&str, &str, &str)] = &[
    ("article", "Exporting your data", "en"),
    ("article", "Daten exportieren", "de"),
    ("external_content", "API reference", "en"),
    ("content_snippet", "Refunds within 30 days", "en"),
    ("file", "price-list.pdf", "en"),
    ("workflow_connector_action", "Look up an order", "en"),
];

/// Resolutions that have another name from 2.15 on.
const RESOLUTIONS_FROM_2_15: &[(&str, &str)] = &[
    ("routed_to_team", "escalated"),
    ("abandoned", "negative_feedback"),
];

impl Desk<'_> {
    /// The message that a conversation begins with.
    pub(crate) fn source(self, conversation: &Conversation) -> Value {
        let source = &conversation.source;
        let mut author = self.author(source.author);
        // Only parts say what comes from the AI agent.
        (author.from_ai_agent, author.is_ai_answer) = (None, None);
        let (body, files) = if source.redacted {
            (REDACTED, &[][..])
        } else {
            (source.body.as_str(), source.attachments.as_slice())
        };
        let subject = if self.plain {
            message_text::plain(&source.subject)
        } else {
            source.subject.clone().into_owned()
        };
        let mut value = json!({
            "type": source.channel,
            "id": SOURCES.encode(conversation.number),
            "delivered_as": source.delivered_as,
            "subject": subject,
            "body": self.text(body),
            "author": author,
            "attachments": attachments(files),
            "url": source.url,
            "redacted": source.redacted,
        });
        if self.version >= ApiVersion::V2_16 && source.channel == "email" {
            let team = "support@simulator.example";
            value["recipients"] = json!([{"type": "to", "email": team, "drop_reason": null}]);
            value["reply_to"] = json!([{"email": author.email, "name": author.name}]);
            value["email_message_metadata"] = json!({
                "message_id": format!("<{}@mail.simulator.example>", conversation.number),
                "subject": source.subject,
                "email_address_headers": [{"type": "to", "email_address": team, "name": null}],
            });
        }
        value
    }
}

/// What the contact thinks of a conversation; all null while it was only asked.
pub(crate) fn rating(desk: Desk<'_>, conversation: &Conversation, rating: &Rating) -> Value {
    let mut value = match (rating.rating, conversation.contacts.first()) {
        (Some(stars), Some(contact)) => json!({
            "rating": stars,
            "remark": rating.remark,
            "created_at": rating.created_at,
            "contact": desk.contact(*contact),
            "teammate": ReferenceBody::admin(rating.admin),
        }),
        _ => {
            json!({"rating": null, "remark": null, "created_at": null, "contact": null, "teammate": null})
        }
    };
    if desk.version >= ApiVersion::V2_14 {
        value["updated_at"] = value["created_at"].clone();
    }
    value
}

/// The teammates who wrote a part; nothing when none did.
pub(crate) fn teammates(conversation: &Conversation, generator: &Generator) -> Option<Value> {
    let writers: BTreeSet<u64> = conversation
        .steps(generator)
        .filter_map(|step| match step.author {
            Author::Admin(index) => Some(index),
            _ => None,
        })
        .collect();
    let teammates: Vec<ReferenceBody> = writers.into_iter().map(ReferenceBody::admin).collect();
    (!teammates.is_empty()).then(|| json!({"type": "admin.list", "teammates": teammates}))
}

/// The topics of a conversation; an empty object when it has none.
pub(crate) fn topics(conversation: &Conversation) -> Value {
    let topics: Vec<Value> = conversation
        .topics
        .iter()
        .zip(12_u64..)
        .map(|(name, id)| json!({"type": "topic", "id": id.to_string(), "name": name}))
        .collect();
    if topics.is_empty() {
        return json!({});
    }
    json!({"type": "topic.list", "topics": topics, "total_count": topics.len()})
}

/// Where a conversation began and goes on.
pub(crate) fn channel(conversation: &Conversation) -> Value {
    let channel = match conversation.source.channel {
        "conversation" => "messenger",
        other => other,
    };
    json!({"initial": channel, "current": channel})
}

/// What the AI agent did.
pub(crate) fn ai_agent(desk: Desk<'_>, agent: &AiAgent) -> Value {
    let resolution = agent.resolution_state.map(|state| {
        let renamed = RESOLUTIONS_FROM_2_15
            .iter()
            .find(|(older, _)| *older == state && desk.version >= ApiVersion::V2_15);
        renamed.map_or(state, |(_, newer)| newer)
    });
    let (first, count) = agent.sources;
    let sources: Vec<Value> = (first..first + count)
        .filter_map(|index| {
            let index = usize::try_from(index).ok()? % CONTENT_SOURCES.len();
            let (kind, title, locale) = CONTENT_SOURCES.get(index)?;
            let url = format!("https://app.simulator.example/content/{index}");
            Some(json!({"content_type": kind, "url": url, "title": title, "locale": locale}))
        })
        .collect();
    let mut value = json!({
        "source_type": agent.source_type,
        "source_title": agent.source_title,
        "last_answer_type": agent.last_answer_type,
        "resolution_state": resolution,
        "rating": agent.rating,
        "rating_remark": agent.rating_remark,
        "content_sources": {
            "type": "content_source.list",
            "total_count": sources.len(),
            "content_sources": sources,
        },
    });
    if desk.version >= ApiVersion::V2_14 {
        let rated_at = agent.rating.map(|_| agent.at);
        value["created_at"] = json!(rated_at);
        value["updated_at"] = json!(rated_at);
    }
    value
}
