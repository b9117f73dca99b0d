//! Items of notifications, in the forms in which they come.

use serde_json::{Value, json};

/// An item of a topic, as Intercom sends it; it says something of every stream that the topic can tell of.
pub fn item(topic: &str) -> Option<Value> {
    let person = contact(&json!(null));
    let talk = || conversation("<p>Hello</p>", &[part("7", "<p>x</p>")]);
    let with_part = || json!({ "type": "ticket_ticket_part", "ticket": ticket(&json!("submitted"), &[ticket_part("5")]), "ticket_part": ticket_part("5") });
    Some(match topic {
        "admin.activity_log_event.created" => activity_log(),
        "admin.added_to_workspace"
        | "admin.away_mode_updated"
        | "admin.logged_in"
        | "admin.logged_out"
        | "admin.removed_from_workspace" => admin(),
        "article.created"
        | "article.updated"
        | "article.published"
        | "article.unpublished"
        | "article.deleted" => article(),
        "call.started"
        | "call.ended"
        | "call.transcription_available"
        | "call.recording_available" => call(),
        "company.created" | "company.updated" => company(),
        "company.deleted" => json!({ "id": "k1", "type": "company", "deleted": true }),
        "company.contact.attached" | "company.contact.detached" => {
            json!({ "company": company(), "contact": person })
        }
        "contact.user.created"
        | "contact.user.updated"
        | "contact.lead.created"
        | "contact.lead.updated"
        | "contact.lead.signed_up"
        | "contact.lead.added_email"
        | "contact.email.updated"
        | "contact.unarchive" => person,
        "contact.archived" => {
            json!({ "id": "c1", "external_id": "e1", "type": "contact", "archived": true })
        }
        "contact.deleted" => json!({ "id": "c1", "type": "contact", "deleted": true }),
        "contact.merged" => {
            let mut merged = person;
            merged["merged_from"] = json!({ "type": "contact", "id": "c0" });
            merged
        }
        "contact.user.tag.created"
        | "contact.user.tag.deleted"
        | "contact.lead.tag.created"
        | "contact.lead.tag.deleted" => {
            json!({ "type": "contact_tag", "created_at": 1_710_639_325, "contact": person, "tag": tag() })
        }
        "contact.subscribed"
        | "contact.unsubscribed"
        | "contact.unsubscribed_from_sms"
        | "granular.subscribe"
        | "granular.unsubscribe" => {
            let types = json!({ "type": "list", "data": [subscription("opt_in"), subscription("opt_out")] });
            json!({ "type": topic.replace('.', "_"), "contact": person, "subscription_types": types, "created_at": 1_710_639_325 })
        }
        "content_stat.banner"
        | "content_stat.carousel"
        | "content_stat.chat"
        | "content_stat.checklist"
        | "content_stat.custom_bot"
        | "content_stat.email"
        | "content_stat.news_item"
        | "content_stat.post"
        | "content_stat.push"
        | "content_stat.series"
        | "content_stat.series.webhook"
        | "content_stat.sms"
        | "content_stat.survey"
        | "content_stat.tooltip_group"
        | "content_stat.tour" => {
            json!({ "type": topic, "created_at": "2024-03-17T01:35:25.000Z", "content_stat": stat(), "contact": person, "company": company() })
        }
        "conversation.admin.assigned"
        | "conversation.admin.closed"
        | "conversation.admin.noted"
        | "conversation.admin.open.assigned"
        | "conversation.admin.opened"
        | "conversation.admin.replied"
        | "conversation.admin.replied.translated"
        | "conversation.admin.single.created"
        | "conversation.admin.snoozed"
        | "conversation.admin.unsnoozed"
        | "conversation.company.updated"
        | "conversation.operator.replied"
        | "conversation.priority.updated"
        | "conversation.rating.added"
        | "conversation.read"
        | "conversation.user.created"
        | "conversation.user.replied"
        | "conversation_part.redacted"
        | "conversation_part.tag.created" => talk(),
        "conversation.deleted" => json!({ "type": "conversation", "conversation_id": "42" }),
        "conversation.contact.attached" | "conversation.contact.detached" => {
            json!({ "conversation": talk(), "contact": person })
        }
        "event.created" => event(),
        "job.completed" => job(),
        "ping" => json!({ "type": "ping", "message": "something something interzen" }),
        "ticket.created"
        | "ticket.state.updated"
        | "ticket.resolved"
        | "ticket.rating.provided" => ticket(
            &json!({ "type": "ticket_state", "id": "1", "category": "submitted" }),
            &[ticket_part("5")],
        ),
        "ticket.note.created"
        | "ticket.admin.assigned"
        | "ticket.team.assigned"
        | "ticket.attribute.updated"
        | "ticket.admin.replied"
        | "ticket.admin.replied.translated"
        | "ticket.contact.replied" => with_part(),
        "ticket.closed" => {
            let mut closed = talk();
            closed["ticket"] = ticket(&json!({ "category": "resolved" }), &[ticket_part("5")]);
            closed
        }
        "ticket.contact.attached" | "ticket.contact.detached" => {
            json!({ "ticket": ticket(&json!("submitted"), &[ticket_part("5")]), "contact": person })
        }
        "visitor.signed_up" => former_person(),
        "api.request.completed" => {
            json!({ "type": topic, "request_id": "r", "request": { "method": "GET", "path": "/admins" } })
        }
        "audience.created" | "audience.updated" | "audience.deleted" => {
            json!({ "type": "audience", "id": "123", "name": "VIP" })
        }
        "audience.member_added" | "audience.member_removed" => {
            json!({ "type": "audience_membership", "audience_id": "123", "content": { "type": "article_content", "id": "456" } })
        }
        "content_import_source.created"
        | "content_import_source.updated"
        | "content_import_source.deleted" => {
            json!({ "type": "content_import_source", "id": 33, "status": "active" })
        }
        "content_snippet.created" | "content_snippet.updated" | "content_snippet.deleted" => {
            json!({ "type": "content_snippet", "id": "1" })
        }
        "data_connector.execution.completed" => {
            json!({ "type": "data_connector.execution", "id": "1", "success": true })
        }
        "messenger.deployment_completed.event.created" => json!({ "type": "messenger" }),
        "procedure.hitl_notification.created" => {
            json!({ "type": "procedure.hitl_notification", "conversation_id": "42" })
        }
        _ => return None,
    })
}

/// A contact as webhooks give it until 2.12: its times are text. `avatar` is whatever it is.
pub fn contact(avatar: &Value) -> Value {
    json!({
        "type": "contact", "id": "c1", "workspace_id": "w1", "external_id": "e1", "role": "user", "email": "a@b.test",
        "phone": null, "name": "Ada", "avatar": avatar, "owner_id": 0, "social_profiles": { "type": "list", "data": [] },
        "unsubscribed_from_emails": false, "created_at": "2024-03-01T00:00:00.000+00:00",
        "updated_at": "2024-03-17T01:35:25.016+00:00", "signed_up_at": null, "last_seen_at": "1710639325",
        "location": { "type": "location", "country": null }, "custom_attributes": { "plan_tier": "pro" },
        "tags": { "type": "list", "data": [], "total_count": 0, "has_more": false }, "sms_consent": false,
    })
}

/// A person as API 1.x gave it.
pub fn former_person() -> Value {
    json!({
        "type": "user", "id": "c1", "user_id": "e1", "anonymous": false, "email": "a@b.test", "phone": null,
        "pseudonym": "x", "avatar": { "type": "avatar", "image_url": null }, "app_id": "w1",
        "companies": { "type": "company.list", "companies": [] }, "location_data": { "country_name": "Ireland" },
        "last_request_at": "2024-03-17T01:35:25.016+00:00", "updated_at": "2024-03-17T01:35:25.000Z",
        "tags": { "type": "tag.list", "tags": [] }, "custom_attributes": {}, "do_not_track": null,
    })
}

/// A company as webhooks give it.
pub fn company() -> Value {
    json!({
        "type": "company", "id": "k1", "company_id": "own", "app_id": "w1", "name": "Acme", "plan_id": null,
        "remote_created_at": null, "created_at": "2024-03-01T00:00:00.000+00:00",
        "updated_at": "2024-03-17T01:35:25.091+00:00", "monthly_spend": 0, "user_count": 1, "tag_ids": [],
        "custom_attributes": {},
    })
}

/// A part of a conversation.
pub fn part(id: &str, body: &str) -> Value {
    json!({
        "type": "conversation_part", "id": id, "part_type": "comment", "body": body, "created_at": 1_710_639_000,
        "updated_at": 1_710_639_325, "notified_at": 1_710_639_000, "assigned_to": null,
        "author": { "id": 9_608_799, "type": "admin", "name": "Bo", "email": "bo@b.test" }, "attachments": [],
        "external_id": null, "redacted": false,
    })
}

/// A conversation as webhooks give it, with these parts. From 2.15 on its texts are without HTML.
pub fn conversation(text: &str, parts: &[Value]) -> Value {
    json!({
        "type": "conversation", "id": 42, "created_at": 1_710_639_000, "updated_at": 1_710_639_325,
        "waiting_since": "", "snoozed_until": null,
        "source": { "type": "conversation", "id": "1", "delivered_as": "customer_initiated", "subject": "", "body": text,
            "author": { "type": "user", "id": "c1", "name": null, "email": "" }, "attachments": [], "redacted": false },
        "contacts": { "type": "contact.list", "contacts": [{ "type": "contact", "id": "c1" }] },
        "admin_assignee_id": 9_608_799, "team_assignee_id": 0, "open": true, "state": "open", "read": true,
        "tags": { "type": "tag.list", "tags": [] }, "priority": "not_priority",
        "statistics": { "type": "conversation_statistics", "time_to_assignment": 211,
            "last_close_at": "2024-03-17T01:35:25.000Z", "last_closed_by_id": 9_608_799, "count_conversation_parts": 19 },
        "teammates": { "type": "admin.list", "admins": [] }, "title": "", "custom_attributes": {}, "ticket": null,
        "conversation_parts": { "type": "conversation_part.list", "conversation_parts": parts, "total_count": parts.len() },
    })
}

/// A part of a ticket. What is null in it is left out, as in reads.
pub fn ticket_part(id: &str) -> Value {
    json!({
        "type": "ticket_part", "id": id, "part_type": "assignment", "created_at": 1_710_639_000,
        "updated_at": 1_710_639_000, "assigned_to": { "type": "nobody_admin", "id": null },
        "author": { "id": 9_608_799, "type": "admin", "name": "Bo", "email": "bo@b.test" }, "attachments": [],
        "redacted": false,
    })
}

/// A ticket with these parts; its state is a text until 2.11, an object since.
pub fn ticket(state: &Value, parts: &[Value]) -> Value {
    json!({
        "type": "ticket", "id": "215472629311235", "ticket_id": 66_040_342, "ticket_attributes": { "Platforms": null },
        "ticket_state": state, "ticket_type": { "type": "ticket_type", "id": "1", "name": "Tickets" },
        "contacts": { "type": "contact.list", "contacts": [{ "type": "contact", "id": "c1" }] },
        "admin_assignee_id": "9608799", "team_assignee_id": "0", "created_at": 1_710_639_000, "updated_at": 1_710_639_325,
        "ticket_parts": { "type": "ticket_part.list", "ticket_parts": parts, "total_count": parts.len() }, "open": true,
        "category": "Customer", "is_shared": true, "channel": "messenger",
    })
}

/// A tag.
pub fn tag() -> Value {
    json!({ "type": "tag", "id": 17, "name": "x" })
}

/// A kind of messages, to which people say yes or no.
pub fn subscription(consent: &str) -> Value {
    json!({
        "type": "subscription", "id": if consent == "opt_in" { 93 } else { 95 }, "state": "live", "consent_type": consent,
        "default_translation": { "name": "News", "description": "x", "locale": "en" }, "translations": [], "content_types": ["email"],
    })
}

/// A teammate as webhooks give it: without the priorities of its teams.
pub fn admin() -> Value {
    json!({
        "type": "admin", "id": 7, "name": "Bo", "email": "bo@b.test", "job_title": null, "away_mode_enabled": true,
        "away_mode_reassign": false, "away_status_reason": "lunch", "has_inbox_seat": true, "team_ids": [1],
        "avatar": { "type": "avatar", "image_url": "https://x.test/a.png" },
    })
}

/// Something that a teammate did.
pub fn activity_log() -> Value {
    json!({
        "type": "admin_activity_log_event", "id": "l1", "metadata": { "enabled": false }, "created_at": 1_710_639_325,
        "performed_by": { "type": "admin", "id": "7", "email": "bo@b.test", "ip": "192.0.2.1" },
        "activity_type": "ai_inbox_translation_setting_change", "activity_description": "x",
    })
}

/// An article as webhooks give it: without translations.
pub fn article() -> Value {
    json!({
        "id": "7", "type": "article", "workspace_id": "w1", "parent_id": null, "parent_type": null, "parent_ids": [],
        "statistics": { "type": "article_statistics", "views": 0 }, "tags": { "type": "tag.list", "tags": [] },
        "content_id": "17887959", "title": "x", "description": "", "body": "<p>x</p>", "body_markdown": null,
        "author_id": 7, "state": "published", "created_at": "2024-03-17T01:35:25.000Z",
        "updated_at": "2024-03-17T01:35:25.000Z", "url": null,
    })
}

/// A phone call.
pub fn call() -> Value {
    json!({
        "type": "call", "id": 123, "conversation_id": "42", "admin_id": "7", "contact_id": "c1", "state": "completed",
        "initiated_at": 1_710_639_000, "answered_at": 1_710_639_005, "ended_at": "2024-03-17T01:35:25Z",
        "created_at": "2024-03-17T01:30:00Z", "updated_at": 1_710_639_325, "recording_url": null,
        "transcription_url": null, "call_type": "phone", "direction": "outbound", "ended_reason": "answered",
        "phone": "+15551234567",
    })
}

/// Something that a contact did.
pub fn event() -> Value {
    json!({
        "type": "event", "event_name": "ordered", "id": "e1", "intercom_user_id": "c1", "user_id": "x",
        "email": "a@b.test", "metadata": { "order": 7 }, "created_at": 1_710_639_325,
    })
}

/// Something that Intercom did in the background.
pub fn job() -> Value {
    json!({
        "type": "job", "id": "j1", "url": "https://api.intercom.test/jobs/status/j1", "status": "success",
        "resource_type": "ticket", "resource_id": 5, "resource_url": "https://api.intercom.test/tickets/5",
    })
}

/// What became of a message.
pub fn stat() -> Value {
    json!({
        "id": 1, "content_type": "series", "content_id": 1, "stat_type": "receipt", "ruleset_id": 29,
        "content_title": "Untitled", "ruleset_version_id": -1, "receipt_id": 1,
        "tags": { "type": "list", "has_more": false, "data": [], "total_count": 0 }, "series_id": 1,
        "series_title": null, "node_id": 3,
    })
}
