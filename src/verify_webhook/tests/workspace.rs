//! Events, calls, teammates, articles, jobs, and what people did with messages.

use super::samples::{company, contact};
use super::*;

#[test]
fn an_event_hangs_on_its_contact() {
    let item = json!({ "type": "event", "id": "e1", "event_name": "ordered", "created_at": 1_710_639_325, "user_id": "x",
        "intercom_user_id": "c1", "email": "a@b.test", "metadata": {} });
    let accepted = accepted("event.created", item);
    let entry = &accepted.entries[0];
    assert_eq!(
        (entry.stream.as_str(), entry.key.as_str(), entry.change),
        ("events", "e1", Change::Upsert)
    );
    assert_eq!(payload(entry)["contact_id"], "c1");
    assert_eq!(entry.updated_at_ms, Some(1_710_639_325_000));
}

#[test]
fn a_call_is_whole() {
    let item = json!({ "type": "call", "id": 123, "conversation_id": "42", "admin_id": 7, "contact_id": "c1", "state": "completed",
        "created_at": "2024-03-17T01:35:25Z", "updated_at": 1_710_639_325, "direction": "outbound" });
    for topic in [
        "call.started",
        "call.ended",
        "call.transcription_available",
        "call.recording_available",
    ] {
        let accepted = accepted(topic, item.clone());
        assert_eq!(
            changes(&accepted, "calls"),
            [("123".to_owned(), Change::Upsert)]
        );
        assert_eq!(payload(&accepted.entries[0])["created_at"], 1_710_639_325);
    }
}

/// Webhooks give teammates without their teams' priorities, and articles without their translations.
#[test]
fn some_of_a_teammate_or_an_article_is_a_patch() {
    let admin = json!({ "type": "admin", "id": 7, "name": "Bo", "email": "bo@b.test", "away_mode_enabled": true,
        "away_status_reason": "lunch", "has_inbox_seat": true, "team_ids": [1] });
    let article = json!({ "type": "article", "id": "7", "workspace_id": "w1", "content_id": "5", "title": "x", "body": "", "state": "draft",
        "author_id": 7, "created_at": "2024-03-17T01:35:25.000Z", "updated_at": "2024-03-17T01:35:25.000Z" });
    for (topic, item, stream) in [
        ("admin.away_mode_updated", admin.clone(), "admins"),
        ("admin.added_to_workspace", admin.clone(), "admins"),
        ("admin.logged_in", admin, "admins"),
        ("article.published", article.clone(), "articles"),
        ("article.created", article, "articles"),
    ] {
        let accepted = accepted(topic, item);
        assert_eq!(
            changes(&accepted, stream),
            [("7".to_owned(), Change::Patch)],
            "{topic}"
        );
        assert_eq!(again(&accepted), [(stream, "7")]);
        assert!(accepted.notices.is_empty(), "{:?}", accepted.notices);
    }
}

#[test]
fn jobs_and_activity_are_rows() {
    let job = json!({ "type": "job", "id": "j1", "status": "success", "resource_type": "ticket", "resource_id": 5 });
    let log = json!({ "type": "admin_activity_log_event", "id": "l1", "activity_type": "x", "created_at": 1_710_639_325,
        "performed_by": { "type": "admin", "id": 7, "email": "bo@b.test", "ip": "192.0.2.1" }, "metadata": {} });
    for (topic, item, stream, key) in [
        ("job.completed", job, "jobs", "j1"),
        (
            "admin.activity_log_event.created",
            log,
            "activity_logs",
            "l1",
        ),
    ] {
        let accepted = accepted(topic, item);
        assert_eq!(
            changes(&accepted, stream),
            [(key.to_owned(), Change::Upsert)]
        );
        assert!(accepted.read_again.is_empty() && accepted.notices.is_empty());
    }
}

#[test]
fn what_a_contact_did_with_a_message_is_a_row_of_its_own() {
    let stat = json!({ "id": 1, "content_type": "series", "content_id": 1, "stat_type": "receipt", "ruleset_id": 29,
        "content_title": "Untitled", "ruleset_version_id": -1, "receipt_id": 1, "series_title": null, "node_id": 3,
        "answers": [{ "question_id": "1" }] });
    let item = json!({ "type": "content_stat.series", "created_at": "2024-03-17T01:35:25.000Z", "content_stat": stat,
        "contact": contact(&json!(null)), "company": company() });
    let accepted = accepted("content_stat.series", item.clone());
    assert_eq!(
        changes(&accepted, "content_stats"),
        [("series/receipt/1".to_owned(), Change::Upsert)]
    );
    let entry = of(&accepted, "content_stats")[0];
    let row = payload(entry);
    assert_eq!(
        (&row["contact_id"], &row["company_id"], &row["created_at"]),
        (&json!("c1"), &json!("k1"), &json!(1_710_639_325))
    );
    assert_eq!(
        (&row["content_id"], &row["ruleset_version_id"]),
        (&json!("1"), &json!("-1"))
    );
    assert_eq!(entry.updated_at_ms, Some(1_710_639_325_000));
    assert_eq!(
        changes(&accepted, "contacts"),
        [("c1".to_owned(), Change::Upsert)]
    );
    assert!(accepted.notices.is_empty(), "{:?}", accepted.notices);
    let mut item = item;
    item.as_object_mut().unwrap().remove("contact");
    item.as_object_mut().unwrap().remove("company");
    let alone = super::accepted("content_stat.series", item.clone());
    assert_eq!(alone.entries.len(), 1);
    item["content_stat"] = json!({});
    let refused = rejection(signed(&notification("content_stat.series", item)));
    assert!(
        refused.message.contains("`data.item.content_stat"),
        "{}",
        refused.message
    );
}
