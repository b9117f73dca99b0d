//! Events, calls, teammates, articles, jobs, and what people did with messages.

use super::samples::{activity_log, admin, article, call, event, item, job};
use super::*;

#[test]
fn an_event_hangs_on_its_contact() {
    let accepted = accepted("event.created", event());
    let entry = &accepted.entries[0];
    assert_eq!(
        (entry.stream.as_str(), entry.key.as_str(), entry.change),
        ("events", "e1", Change::Upsert)
    );
    assert_eq!(payload(entry)["contact_id"], "c1");
    assert_eq!(entry.updated_at_ms, Some(1_710_639_325_000));
}

#[test]
fn calls_jobs_and_activity_are_whole() {
    for (topic, item, stream, key) in [
        ("call.started", call(), "calls", "123"),
        ("call.transcription_available", call(), "calls", "123"),
        ("job.completed", job(), "jobs", "j1"),
        (
            "admin.activity_log_event.created",
            activity_log(),
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

/// Webhooks give teammates without their teams' priorities, and articles without their translations.
#[test]
fn some_of_a_teammate_or_an_article_is_a_patch() {
    for (topic, item, stream) in [
        ("admin.away_mode_updated", admin(), "admins"),
        ("admin.added_to_workspace", admin(), "admins"),
        ("admin.logged_in", admin(), "admins"),
        ("article.published", article(), "articles"),
        ("article.created", article(), "articles"),
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
fn what_a_contact_did_with_a_message_is_a_row_of_its_own() {
    let mut item = item("content_stat.survey").unwrap();
    item["content_stat"]["answers"] = json!([{ "question_id": "1", "response": "x" }]);
    let told = accepted("content_stat.survey", item.clone());
    assert_eq!(
        changes(&told, "content_stats"),
        [("series/receipt/1".to_owned(), Change::Upsert)]
    );
    let entry = of(&told, "content_stats")[0];
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
        changes(&told, "contacts"),
        [("c1".to_owned(), Change::Upsert)]
    );
    assert!(told.notices.is_empty(), "{:?}", told.notices);
    let members = item.as_object_mut().unwrap();
    members.remove("contact");
    members.remove("company");
    assert_eq!(
        accepted("content_stat.series", item.clone()).entries.len(),
        1
    );
    for stat in [json!({}), json!(null), json!({ "id": 1 })] {
        item["content_stat"] = stat;
        let refused = rejection(signed(&notification("content_stat.series", item.clone())));
        let named = refused.message.contains("`data.item.content_stat");
        assert!(refused.code == "malformed" && named, "{}", refused.message);
    }
}

/// Values of another type than declared are left and named; so are fields that nobody declared.
#[test]
fn drift_is_named() {
    let mut item = call();
    item["created_at"] = json!("someday");
    item["new_field"] = json!(1);
    let accepted = accepted("call.ended", item);
    assert_eq!(
        noticed(&accepted, "drift"),
        [Some("created_at"), Some("new_field")]
    );
    assert_eq!(payload(&accepted.entries[0])["created_at"], "someday");
}
