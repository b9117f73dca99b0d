//! The items of notifications about content, calls, subscriptions, jobs, and about nothing at all.

use serde_json::{Value, json};

use super::catalogue_table::View;
use super::desk::Desk;
use super::moment;
use super::person_items;
use super::subscriptions::render;
use super::topics::Subject;

/// An object of the catalogue as its own operation shows it.
fn object(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let (kind, item) = subject.object?;
    let view = View {
        version: desk.version,
        listed: false,
    };
    Some(kind.row().show(desk.workspace, item, view))
}

/// An article: its times are texts, whatever the version.
pub(crate) fn article(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let mut item = object(desk, subject)?;
    for name in ["created_at", "updated_at"] {
        item[name] = json!(item[name].as_i64().map(moment::zulu));
    }
    Some(item)
}

/// An entry of the log of what teammates did; unlike in the log, it has a type.
pub(crate) fn activity(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let mut item = object(desk, subject)?;
    item["type"] = json!("admin_activity_log_event");
    Some(item)
}

pub(crate) fn call(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    object(desk, subject)
}

/// A call that just began: how it ends is not known yet.
pub(crate) fn call_under_way(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let mut item = object(desk, subject)?;
    item["state"] = json!("started");
    item["updated_at"] = item["created_at"].clone();
    for name in [
        "ended_at",
        "ended_reason",
        "recording_url",
        "transcription_url",
    ] {
        item[name] = Value::Null;
    }
    Some(item)
}

/// That somebody agreed to be written to, or no longer: who, and about what.
pub(crate) fn subscriptions(
    desk: Desk<'_>,
    subject: Subject<'_>,
    kind: &'static str,
) -> Option<Value> {
    let types = subject
        .subscription
        .and_then(|id| render(desk.workspace, desk.state, desk.version, id));
    Some(json!({
        "type": kind,
        "contact": person_items::contact(desk, subject)?,
        "subscription_types": {"type": "list", "data": types.into_iter().collect::<Vec<_>>()},
        "created_at": desk.workspace.now(),
    }))
}

/// What somebody did with a message that was sent to many: the facts say which message, and what.
pub(crate) fn content_stat(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let facts = subject.facts?;
    let content = facts["content"].as_str()?;
    let now = desk.workspace.now();
    let in_series = content.starts_with("series");
    let mut item = json!({
        "type": format!("content_stat.{content}"),
        "created_at": moment::zulu(now),
        "content_stat": {
            "id": facts["id"],
            "content_type": content,
            "content_id": facts["content_id"],
            "stat_type": facts["stat"],
            "ruleset_id": 29,
            "content_title": "Welcome",
            "ruleset_version_id": -1,
            "receipt_id": facts["id"],
            "tags": {"type": "list", "has_more": false, "data": [], "total_count": 0},
            "series_id": in_series.then_some(1),
            "series_title": in_series.then_some("Onboarding"),
            "node_id": in_series.then_some(3),
        },
        "contact": person_items::contact(desk, subject)?,
    });
    if subject.company.is_some() {
        item["company"] = person_items::company(desk, subject)?;
    }
    Some(item)
}

/// A job that came to its end: the facts say which, and what it made.
pub(crate) fn job(desk: Desk<'_>, subject: Subject<'_>) -> Option<Value> {
    let facts = subject.facts?;
    let base = &desk.workspace.url;
    let id = facts["id"].as_str()?;
    let resource = facts["resource_id"].as_str();
    Some(json!({
        "type": "job",
        "id": id,
        "url": format!("{base}/jobs/status/{id}"),
        "status": if resource.is_some() { "success" } else { "failed" },
        "resource_type": "ticket",
        "resource_id": resource,
        "resource_url": resource.map(|id| format!("{base}/tickets/{id}")),
    }))
}

pub(crate) fn ping(_: Desk<'_>, _: Subject<'_>) -> Option<Value> {
    Some(json!({"type": "ping", "message": "This is a ping notification test message."}))
}
