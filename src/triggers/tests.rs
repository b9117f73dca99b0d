//! Triggers as people write them, and what happens to rows.

mod documents;
mod occasions;
mod properties;

use serde_json::{Value as Json, json};

use super::*;
use crate::contract::types::Intent;
use crate::intercom::streams::find;

/// When everything happens.
const NOW: i64 = 1_700_000_000;

fn packed(document: &Json) -> Triggers<'static> {
    let triggers = compile(document.to_string().as_bytes(), None);
    let triggers = triggers.unwrap_or_else(|failure| panic!("{}", failure.message));
    Triggers {
        packed: Cow::Owned(pack(&triggers)),
    }
}

/// A conversation in which a contact writes.
fn conversation() -> Json {
    json!({ "type": "conversation", "id": "7", "updated_at": NOW - 60, "title": null, "state": "open", "open": true,
        "waiting_since": NOW - 1_800, "priority": "priority",
        "source": { "subject": "", "body": "<p>My <b>re</b>fund &amp; more</p>",
            "author": { "type": "user", "id": "c1", "name": "Ada", "email": "Ada@Example.com" } },
        "tags": { "tags": [{ "id": "12", "name": "VIP Kunde" }] },
        "conversation_rating": { "rating": 2, "remark": "slow" },
        "custom_attributes": { "sentiment": "negative", "score": "4.5", "seen_at": NOW - 7_200 } })
}

/// Its parts: an answer, and a closing without a word.
fn parts() -> Json {
    json!({ "type": "conversation_part.list", "conversation_parts": [
        { "id": "p1", "part_type": "comment", "body": "<p>Wir haben nichts gefunden</p>", "created_at": NOW - 100,
            "author": { "type": "admin", "id": "5", "email": "anna@work.example" } },
        { "id": 22, "part_type": "close", "body": null, "created_at": NOW - 60, "author": { "type": "bot", "id": "9" } }] })
}

fn look(
    triggers: &Triggers,
    stream: &str,
    record: &Json,
    parts: Option<&Json>,
    topic: Option<&str>,
) -> Vec<Intent> {
    let parts = parts.map(Json::to_string);
    let Some(watch) = triggers.of_stream(find(stream).unwrap()) else {
        return Vec::new();
    };
    let occasion = Occasion {
        key: record["id"].as_str().unwrap(),
        record: &record.to_string(),
        places: &[],
        parts: parts.as_deref(),
        companies: &[],
        updated_at: record["updated_at"].as_i64(),
        topic,
        gone: false,
        now: NOW,
    };
    let (intents, notices) = watch.look(&occasion);
    assert_eq!(notices, []);
    intents
}

/// Whether a condition holds for the conversation and its parts.
fn holds(when: Json) -> bool {
    holds_for(when, "conversations", &conversation(), Some(&parts()))
}

fn holds_for(when: Json, stream: &str, record: &Json, parts: Option<&Json>) -> bool {
    let document = json!({ "t": { "action": "a", "stream": stream, "when": when } });
    !look(&packed(&document), stream, record, parts, None).is_empty()
}

#[test]
fn conditions_on_fields_hold() {
    for (when, expected) in [
        (json!({ "path": "state", "equals": "open" }), true),
        (
            json!({ "path": "state", "in": ["closed", "snoozed"] }),
            false,
        ),
        (
            json!({ "path": "custom_attributes.sentiment", "equals": "negative" }),
            true,
        ),
        (json!({ "path": "priority", "equals": "priority" }), true),
        (
            json!({ "path": "conversation_rating.rating", "at_most": 2 }),
            true,
        ),
        (
            json!({ "path": "conversation_rating.rating", "below": 2 }),
            false,
        ),
        (
            json!({ "path": "conversation_rating.rating", "at_least": 1, "below": 3 }),
            true,
        ),
        (
            json!({ "path": "conversation_rating.rating", "above": 1.5 }),
            true,
        ),
        (
            json!({ "path": "custom_attributes.score", "above": 4.25 }),
            true,
        ),
        (
            json!({ "path": "custom_attributes.score", "above": 4.75 }),
            false,
        ),
        (json!({ "path": "title", "at_least": 0 }), false),
        (json!({ "path": "title", "absent": true }), true),
        (
            json!({ "path": "conversation_rating.remark", "present": true }),
            true,
        ),
        (
            json!({ "path": "conversation_parts.conversation_parts.0.id", "equals": "p1" }),
            true,
        ),
        (
            json!({ "not": { "path": "state", "equals": "open" } }),
            false,
        ),
        (
            json!({ "any": [{ "path": "state", "equals": "x" }, { "tag": "12" }] }),
            true,
        ),
        (
            json!({ "all": [{ "path": "state", "equals": "x" }, { "tag": "12" }] }),
            false,
        ),
        (
            json!([{ "path": "open", "equals": true }, { "tag": "12" }]),
            true,
        ),
        (
            json!({ "tag": "12", "not": { "tag": "13" }, "author": "admin" }),
            true,
        ),
        (
            json!({ "tag": "12", "any": [{ "tag": "13" }, { "author": "lead" }] }),
            false,
        ),
    ] {
        assert_eq!(holds(when.clone()), expected, "{when}");
    }
}

#[test]
fn keywords_are_looked_for_in_what_was_written() {
    for (when, expected) in [
        (json!({ "keyword": "refund" }), true),
        (json!({ "keywords": ["x", "MY REFUND"] }), true),
        (json!({ "keywords": ["fund"] }), false),
        (json!({ "keywords": ["refund & more"] }), true),
        (json!({ "keywords": ["gefunden"] }), true),
        (
            json!({ "keywords": ["gefunden"], "in": ["source.body", "title"] }),
            false,
        ),
        (
            json!({ "keywords": ["gefunden"], "in": "conversation_parts" }),
            true,
        ),
        (
            json!({ "path": "conversation_rating.remark", "keywords": "Slow" }),
            true,
        ),
        (
            json!({ "keywords": ["negative"], "in": "custom_attributes" }),
            true,
        ),
        (json!({ "keywords": [404, "refund"] }), true),
        // Names, ids and addresses are no text.
        (
            json!({ "keywords": ["ada", "anna@work.example", "comment"] }),
            false,
        ),
        (json!({ "not": { "keywords": ["refund"] } }), false),
    ] {
        assert_eq!(holds(when.clone()), expected, "{when}");
    }
    for (keyword, body) in [
        ("投诉", "<p>我要投诉！</p>"),
        ("退货", "请问怎么退货呢"),
        ("退款", "<div>申请退款</div>"),
        ("คืนเงิน", "<p>ขอคืนเงินค่ะ</p>"),
        ("iptal", "Siparişimi İPTAL edin"),
        ("İADE", "iade istiyorum"),
        ("ﾘﾌｧﾝﾄﾞ", "リファンド希望"),
    ] {
        let mut record = conversation();
        record["source"]["body"] = json!(body);
        assert!(
            holds_for(
                json!({ "keyword": keyword }),
                "conversations",
                &record,
                None
            ),
            "{keyword}"
        );
    }
    let part = json!({ "id": "1", "body": "<p>Refund</p>", "author": { "type": "user" } });
    assert!(holds_for(
        json!({ "keyword": "refund", "author": "contact" }),
        "conversation_parts",
        &part,
        None
    ));
    let ticket = json!({ "id": "1", "ticket_attributes": { "_default_title_": "Refund" } });
    assert!(holds_for(
        json!({ "keyword": "refund" }),
        "tickets",
        &ticket,
        None
    ));
}

#[test]
fn tags_are_known_by_name_and_id() {
    for (tag, expected) in [
        (json!("vip kunde"), true),
        (json!(12), true),
        (json!(["x", "12"]), true),
        (json!("vip"), false),
        (json!("1"), false),
    ] {
        assert_eq!(holds(json!({ "tag": tag })), expected, "{tag}");
    }
    let contact = json!({ "id": "1", "tags": { "data": [{ "id": "3", "type": "tag" }] } });
    assert!(holds_for(json!({ "tag": "3" }), "contacts", &contact, None));
}

#[test]
fn the_author_is_who_wrote_last() {
    let by = |author: &str, parts: Option<&Json>| {
        holds_for(
            json!({ "author": author }),
            "conversations",
            &conversation(),
            parts,
        )
    };
    // The closing says nothing.
    assert!(by("admin", Some(&parts())) && by("5", Some(&parts())));
    assert!(by("Anna@Work.example", Some(&parts())) && !by("bot", Some(&parts())));
    let closing = json!([parts()["conversation_parts"][1]]);
    assert!(by("bot", Some(&closing)) && !by("user", Some(&closing)));
    assert!(by("user", None) && by("contact", None) && !by("lead", None));
    // Loops: what a bot or a teammate wrote does not set it off.
    let not_ours = json!({ "not": { "author": ["bot", "admin"] } });
    assert!(!holds(not_ours.clone()));
    assert!(holds_for(not_ours, "conversations", &conversation(), None));
}

#[test]
fn waiting_is_measured_against_now() {
    for (when, expected) in [
        (json!({ "waiting": { "longer_than": "29m" } }), true),
        (json!({ "waiting": { "longer_than": "30m" } }), false),
        (json!({ "waiting": "1700s" }), true),
        (json!({ "waiting": 1_799 }), true),
        (
            json!({ "path": "custom_attributes.seen_at", "older_than": "1h" }),
            true,
        ),
        (
            json!({ "path": "custom_attributes.seen_at", "older_than": "1d" }),
            false,
        ),
        (
            json!({ "path": "snoozed_until", "older_than": "1h" }),
            false,
        ),
    ] {
        assert_eq!(holds(when.clone()), expected, "{when}");
    }
    let mut closed = conversation();
    closed["state"] = json!("closed");
    assert!(!holds_for(
        json!({ "waiting": "1m" }),
        "conversations",
        &closed,
        None
    ));
    let mut answered = conversation();
    answered["waiting_since"] = json!(null);
    assert!(!holds_for(
        json!({ "waiting": "1m" }),
        "conversations",
        &answered,
        None
    ));
}

#[test]
fn many_keywords_are_told_apart() {
    let words: Vec<String> = (0..10_000).map(|number| format!("wort {number}")).collect();
    let mut document = json!({ "all": { "action": "a", "when": { "keywords": words } } });
    for number in 0..100 {
        document[format!("t{number}")] =
            json!({ "action": "a", "when": { "keywords": [format!("wort {number}"), "sonst"] } });
    }
    let mut record = conversation();
    record["source"]["body"] = json!("Das ist WORT 42 und Wort 7, nicht wort10000");
    let names: Vec<String> = look(&packed(&document), "conversations", &record, None, None)
        .into_iter()
        .map(|intent| intent.trigger)
        .collect();
    assert_eq!(names.len(), 3);
    assert!(
        ["all", "t42", "t7"]
            .iter()
            .all(|name| names.contains(&(*name).to_owned()))
    );
}
