//! Conversations as a client sees them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::testing::{Bench, conversation_ids, many_conversations};
use super::{Fault, FaultKind, Options};

#[tokio::test]
async fn a_walk_gives_each_conversation_once() {
    let bench = Bench::start(many_conversations()).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for page in 1..=6 {
        let path = format!("/conversations?per_page=75&starting_after={cursor}");
        let answer = bench.get(&path).await;
        assert_eq!(answer.body["type"], "conversation.list");
        assert_eq!(answer.body["total_count"], 400);
        assert_eq!(answer.body["pages"]["page"], page);
        seen.extend(conversation_ids(&answer.body));
        match answer.next() {
            Some(next) => cursor = next,
            None => assert_eq!(page, 6),
        }
    }
    let expected: BTreeSet<String> = bench.workspace().conversation_ids().collect();
    assert_eq!(seen.len(), 400);
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[tokio::test]
async fn the_newest_500_parts_are_shown_and_all_are_counted() {
    let bench = Bench::start(Options {
        largest_conversation: 700,
        ..many_conversations()
    })
    .await;
    let id = bench.workspace().conversation_ids().next().unwrap();
    let whole = bench.get(&format!("/conversations/{id}")).await.body;
    let list = &whole["conversation_parts"];
    let parts = list["conversation_parts"].as_array().unwrap();
    assert_eq!((parts.len(), &list["total_count"]), (500, &json!(700)));
    assert_eq!(whole["statistics"]["count_conversation_parts"], 700);
    assert_eq!(parts[499]["created_at"], whole["updated_at"]);
    assert!(parts.is_sorted_by_key(|part| part["created_at"].as_i64()));
    let workspace = bench.workspace();
    let hidden = workspace.conversation_part_count() - workspace.readable_conversation_part_count();
    assert_eq!(hidden, 200);
}

#[tokio::test]
async fn conversations_have_the_size_and_variety_of_real_ones() {
    let bench = Bench::start(many_conversations()).await;
    let workspace = bench.workspace();
    let all: Vec<Value> = workspace
        .conversation_ids()
        .filter_map(|id| workspace.conversation(&id))
        .collect();
    let parts: Vec<&Value> = all
        .iter()
        .flat_map(|whole| {
            whole["conversation_parts"]["conversation_parts"]
                .as_array()
                .unwrap()
        })
        .collect();
    let bytes: usize = parts.iter().map(|part| part.to_string().len()).sum();
    assert!(
        (700..1_300).contains(&(bytes / parts.len())),
        "{}",
        bytes / parts.len()
    );
    let types: BTreeSet<&str> = parts
        .iter()
        .filter_map(|part| part["part_type"].as_str())
        .collect();
    assert!(types.len() >= 10, "{types:?}");
    for pointer in [
        "/sla_applied/sla_status",
        "/statistics/first_admin_reply_at",
        "/conversation_rating/rating",
        "/ai_agent/content_sources/content_sources/0",
        "/linked_objects/data/0/category",
        "/topics/topics/0",
        "/tags/tags/0/applied_by/id",
        "/teammates/teammates/0/id",
        "/waiting_since",
        "/snoozed_until",
        "/source/url",
        "/source/attachments/0",
        "/first_contact_reply/created_at",
        "/contacts/contacts/0/external_id",
        "/title",
    ] {
        let has = |whole: &&Value| whole.pointer(pointer).is_some_and(|value| !value.is_null());
        let count = all.iter().filter(has).count();
        assert!((1..400).contains(&count), "{pointer}: {count}");
    }
    assert!(parts.iter().any(|part| part["body"].is_null()));
    assert!(parts.iter().any(|part| part["external_id"].is_string()));
    assert!(
        parts
            .iter()
            .any(|part| part["assigned_to"]["type"] == "nobody_admin")
    );
}

#[tokio::test]
async fn unassigned_and_priority_depend_on_the_version() {
    let bench = Bench::start(many_conversations()).await;
    let older = bench
        .get_in("2.11", "/conversations?per_page=150")
        .await
        .body;
    let newer = bench
        .get_in("2.16", "/conversations?per_page=150")
        .await
        .body;
    let pairs = |name: &str| -> BTreeSet<(String, String)> {
        let of = |body: &Value| -> Vec<String> {
            let entries = body["conversations"].as_array().unwrap().iter();
            entries.map(|entry| entry[name].to_string()).collect()
        };
        of(&older).into_iter().zip(of(&newer)).collect()
    };
    assert!(pairs("admin_assignee_id").contains(&("null".into(), "0".into())));
    assert!(pairs("team_assignee_id").contains(&("null".into(), "0".into())));
    let quoted = |text: &str| format!("\"{text}\"");
    for (old, new) in [
        ("not_priority", "none"),
        ("not_priority", "medium"),
        ("priority", "urgent"),
    ] {
        assert!(
            pairs("priority").contains(&(quoted(old), quoted(new))),
            "{old} {new}"
        );
    }
    let has = |body: &Value, name: &str| body["conversations"][0].get(name).is_some();
    for name in ["channel", "external_references", "company"] {
        assert!(has(&newer, name) && !has(&older, name), "{name}");
    }
    let between = bench.get_in("2.15", "/conversations").await.body;
    assert!(has(&between, "company") && !has(&between, "channel"));
    assert!(
        bench.get_in("2.13", "/conversations").await.body["conversations"][0]["statistics"]
            .get("adjusted_handling_time")
            .is_some()
    );
}

#[tokio::test]
async fn texts_are_html_or_plain() {
    let bench = Bench::start(many_conversations()).await;
    let id = bench.workspace().conversation_ids().nth(5).unwrap();
    let html = bench.get(&format!("/conversations/{id}")).await.body;
    let plain = bench
        .get(&format!("/conversations/{id}?display_as=plaintext"))
        .await
        .body;
    assert!(html["source"]["body"].as_str().unwrap().starts_with("<p>"));
    assert!(!plain["source"]["body"].as_str().unwrap().contains('<'));
}

#[tokio::test]
async fn attributes_are_a_resource_of_their_own_from_2_16_on() {
    let bench = Bench::start(many_conversations()).await;
    let older = bench.get("/data_attributes?model=conversation").await;
    assert_eq!(older.body["data"][0]["model"], "conversation");
    let refused = bench
        .get_in("2.16", "/data_attributes?model=conversation")
        .await;
    assert_eq!((refused.status, refused.code()), (422, "parameter_invalid"));
    let newer = bench.get_in("2.16", "/conversations/attributes").await.body;
    let count = |body: &Value| body["data"].as_array().unwrap().len();
    assert_eq!(count(&newer), count(&older.body));
    assert_eq!(newer["data"][0]["type"], "conversation_attribute");
    let all = bench
        .get_in("2.16", "/conversations/attributes?include_archived=true")
        .await;
    assert_eq!(count(&all.body), count(&newer) + 1);
}

#[tokio::test]
async fn a_permission_that_is_missing_is_named() {
    let bench = Bench::start(Options {
        denied: vec!["conversations".to_owned()],
        ..many_conversations()
    })
    .await;
    let older = bench.get("/conversations").await;
    assert_eq!((older.status, older.code()), (401, "token_unauthorized"));
    let newer = bench.get_in("2.16", "/conversations/1").await;
    assert_eq!((newer.status, newer.code()), (403, "forbidden"));
    assert!(
        newer.message().contains("(read_conversations)"),
        "{}",
        newer.message()
    );
    let tickets = json!({"query": {"field": "id", "operator": "=", "value": "1"}});
    assert_eq!(bench.post("/tickets/search", &tickets).await.status, 200);
}

#[tokio::test]
async fn one_conversation_can_be_disturbed() {
    let bench = Bench::start(many_conversations()).await;
    let wanted: Vec<String> = bench.workspace().conversation_ids().take(2).collect();
    let fault = Fault {
        method: Some("GET".to_owned()),
        ..Fault::new("/conversations/2*", FaultKind::Status(500))
    };
    bench.workspace().set_faults(vec![fault]);
    assert_eq!(bench.get("/conversations").await.status, 200);
    let path = |id: &str| format!("/conversations/{id}");
    assert_eq!(bench.get(&path(&wanted[0])).await.status, 500);
    assert_eq!(bench.get(&path(&wanted[1])).await.status, 200);
}
