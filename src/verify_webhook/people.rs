//! People in the form of API 1.x, in which some notifications still give them.

use crate::json::{Members, Outline};
use crate::prelude::*;

/// What that form has in common with today's contacts: its names, and today's.
const FIELDS: &[(&str, &str)] = &[
    ("id", "id"),
    ("user_id", "external_id"),
    ("email", "email"),
    ("phone", "phone"),
    ("name", "name"),
    ("avatar", "avatar"),
    ("owner_id", "owner_id"),
    ("has_hard_bounced", "has_hard_bounced"),
    ("marked_email_as_spam", "marked_email_as_spam"),
    ("unsubscribed_from_emails", "unsubscribed_from_emails"),
    ("created_at", "created_at"),
    ("updated_at", "updated_at"),
    ("signed_up_at", "signed_up_at"),
    ("last_request_at", "last_seen_at"),
    ("custom_attributes", "custom_attributes"),
    ("utm_campaign", "utm_campaign"),
    ("utm_content", "utm_content"),
    ("utm_medium", "utm_medium"),
    ("utm_source", "utm_source"),
    ("utm_term", "utm_term"),
    ("referrer", "referrer"),
];

/// A person's fields under today's names; nothing when it is not in the former form.
pub fn of_today(person: &Outline) -> Option<String> {
    if !person.has("user_id") {
        return None;
    }
    let fields = FIELDS.iter().filter_map(|(former, today)| {
        let value = person.get(former)?;
        Some((today, value))
    });
    let mut written = Members::default();
    for (name, value) in fields {
        written.json(name, value);
    }
    Some(written.object())
}
