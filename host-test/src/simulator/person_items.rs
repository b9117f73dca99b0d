//! The items of notifications about people: contacts, companies, teammates, and what they did.

use serde_json::{Value, json};

use super::company::Company;
use super::contact::Contact;
use super::contact_body::Rendering;
use super::desk::Desk;
use super::moment::{Moment, TimeStyle};
use super::tags;
use super::teammate_changes;
use super::topics::Subject;

/// A contact as notifications show it.
pub(crate) fn whole_contact(desk: Desk<'_>, contact: &Contact) -> Option<Value> {
    let body = contact.body(Rendering {
        times: TimeStyle::of_notification(desk.version),
        ..desk.workspace.rendering(desk.version)
    });
    serde_json::to_value(body).ok()
}

pub(crate) fn contact(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    whole_contact(desk, subject.contact?)
}

pub(crate) fn contact_archived(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let contact = subject.contact?;
    let id = contact.id(desk.workspace.options.seed);
    Some(json!({
        "id": id, "external_id": contact.external_id, "type": "contact", "archived": true,
    }))
}

pub(crate) fn contact_deleted(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let id = subject.contact?.id(desk.workspace.options.seed);
    Some(json!({"id": id, "type": "contact", "deleted": true}))
}

/// The contact that is left, and which one went into it.
pub(crate) fn contact_merged(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let mut item = contact(desk, subject)?;
    let id = subject.merged?.id(desk.workspace.options.seed);
    item["merged_from"] = json!({"type": "contact", "id": id});
    Some(item)
}

pub(crate) fn contact_tag(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let id = subject.tag?;
    Some(json!({
        "type": "contact_tag",
        "created_at": desk.workspace.now(),
        "tag": tags::tag(id, desk.state.tags.get(&id)?),
        "contact": contact(desk, subject)?,
    }))
}

/// A company as notifications show it: its times are texts, its tags are ids, and its segments are left out.
fn whole_company(desk: Desk<'_>, company: &Company) -> Option<Value> {
    let mut item = desk.workspace.company_value(desk.state, company)?;
    let fields = item.as_object_mut()?;
    fields.remove("tags");
    fields.remove("segments");
    fields.insert("tag_ids".to_owned(), json!(company.tags));
    for name in [
        "created_at",
        "updated_at",
        "last_request_at",
        "remote_created_at",
    ] {
        if let Some(time) = fields.get_mut(name) {
            *time = json!(time.as_i64().map(text));
        }
    }
    if company.plan.is_none() {
        fields.insert("plan".to_owned(), Value::Null);
    }
    Some(item)
}

/// A time as text, whatever the version.
fn text(seconds: i64) -> Moment {
    TimeStyle::NotificationText.moment(seconds)
}

pub(crate) fn company(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    whole_company(desk, subject.company?)
}

pub(crate) fn company_deleted(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let id = subject.company?.id(desk.workspace.options.seed);
    Some(json!({"id": id, "type": "company", "deleted": true}))
}

/// Both of them, and no type.
pub(crate) fn company_of_contact(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    Some(json!({"company": company(desk, subject)?, "contact": contact(desk, subject)?}))
}

/// A teammate, with more of it than the API answers; the id is a number.
pub(crate) fn admin(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let index = subject.admin?;
    let mut item = teammate_changes::admin(desk.workspace, desk.state, index);
    item["id"] = json!(super::teammate::id(index));
    item["job_title"] = Value::Null;
    item["away_status_reason"] = json!(desk.state.teammates.reason(index));
    item["avatar"] = json!({
        "type": "avatar",
        "image_url": "https://static.simulator.example/avatars/admin-128.png",
    });
    Some(item)
}

pub(crate) fn event(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let contact = subject.contact?;
    let id = contact.id(desk.workspace.options.seed);
    serde_json::to_value(subject.event?.body(contact, &id)).ok()
}

/// Who was a visitor, in the form that users had in versions 1.x.
pub(crate) fn visitor(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let contact = subject.contact?;
    let options = &desk.workspace.options;
    let empty = |kind: &str, name: &str| {
        let mut list = json!({"type": kind});
        list[name] = json!([]);
        list
    };
    Some(json!({
        "type": "user",
        "id": contact.id(options.seed),
        "user_id": contact.external_id,
        "anonymous": false,
        "email": contact.email,
        "phone": contact.phone,
        "name": contact.name,
        "pseudonym": "Pink Lightbulb",
        "avatar": {"type": "avatar", "image_url": contact.avatar},
        "app_id": options.workspace_id,
        "companies": empty("company.list", "companies"),
        "location_data": {"type": "location_data"},
        "last_request_at": null,
        "created_at": text(contact.created_at),
        "remote_created_at": text(contact.created_at),
        "signed_up_at": contact.signed_up_at.map(text),
        "updated_at": text(contact.updated_at),
        "session_count": 1,
        "social_profiles": empty("social_profile.list", "social_profiles"),
        "owner_id": contact.owner_id,
        "unsubscribed_from_emails": contact.unsubscribed_from_emails,
        "marked_email_as_spam": contact.marked_email_as_spam,
        "has_hard_bounced": contact.has_hard_bounced,
        "tags": empty("tag.list", "tags"),
        "segments": empty("segment.list", "segments"),
        "custom_attributes": contact.custom_attributes,
    }))
}
