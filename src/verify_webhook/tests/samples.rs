//! Items in the forms in which they come.

use serde_json::{Value, json};

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
