//! Conversations as a client sees them.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::testing::{Bench, Reply, reply};
use super::{Fault, FaultKind, NewPart, Options};

fn many() -> Options {
    Options {
        conversations: 400,
        ..Options::default()
    }
}

async fn get_in(bench: &Bench, version: &str, path: &str) -> Reply {
    let request = bench.request(Method::GET, path);
    reply(request.header("intercom-version", version)).await
}

fn ids(body: &Value) -> Vec<String> {
    let entries = body["conversations"].as_array().unwrap().iter();
    entries
        .map(|entry| entry["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Walks a search to its end; `next` of each page goes into the next request.
async fn walk_search(bench: &Bench, query: Value, order: &str, per_page: usize) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), Value::Null);
    for _ in 0..200 {
        let body = json!({
            "query": query,
            "sort": {"field": "updated_at", "order": order},
            "pagination": {"per_page": per_page, "starting_after": cursor},
        });
        let page = bench.post("/conversations/search", &body).await;
        assert_eq!(page.status, 200, "{}", page.body);
        found.extend(page.body["conversations"].as_array().unwrap().clone());
        cursor = page.body["pages"]["next"]["starting_after"].clone();
        if cursor.is_null() {
            assert_eq!(page.body["total_count"], found.len());
            return found;
        }
    }
    panic!("the search does not end");
}

#[tokio::test]
async fn a_walk_gives_each_conversation_once() {
    let bench = Bench::start(many()).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for page in 1..=6 {
        let path = format!("/conversations?per_page=75&starting_after={cursor}");
        let answer = bench.get(&path).await;
        assert_eq!(answer.body["type"], "conversation.list");
        assert_eq!(answer.body["total_count"], 400);
        assert_eq!(answer.body["pages"]["page"], page);
        seen.extend(ids(&answer.body));
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
async fn a_search_gives_each_conversation_once_in_either_order() {
    let bench = Bench::start(many()).await;
    let all = json!({"field": "updated_at", "operator": ">", "value": 0});
    let up = walk_search(&bench, all.clone(), "ascending", 150).await;
    let mut down = walk_search(&bench, all, "descending", 33).await;
    down.reverse();
    assert_eq!(up, down);
    assert_eq!(up.len(), 400);
    assert!(up.is_sorted_by_key(|item| item["updated_at"].as_i64()));
    assert!(
        up.iter()
            .all(|item| item.get("conversation_parts").is_none())
    );
    // Another field goes another way through the simulator.
    let open = json!({"field": "open", "operator": "=", "value": true});
    let open = walk_search(&bench, open, "ascending", 40).await;
    let expected: Vec<&Value> = up.iter().filter(|item| item["open"] == true).collect();
    assert_eq!(open.iter().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn search_is_exact_to_the_second() {
    let bench = Bench::start(many()).await;
    let first = bench.get("/conversations?per_page=150").await.body;
    let pivot = first["conversations"][70]["updated_at"].as_i64().unwrap();
    let all = json!({"field": "updated_at", "operator": ">", "value": 0});
    let all = walk_search(&bench, all, "ascending", 150).await;
    let count = |wanted: &dyn Fn(i64) -> bool| {
        let times = all.iter().filter_map(|item| item["updated_at"].as_i64());
        times.filter(|time| wanted(*time)).count()
    };
    for (operator, expected) in [
        (">", count(&|time| time > pivot)),
        (">=", count(&|time| time >= pivot)),
        ("<", count(&|time| time < pivot)),
        ("<=", count(&|time| time <= pivot)),
        ("=", count(&|time| time == pivot)),
        ("!=", count(&|time| time != pivot)),
    ] {
        let query =
            json!({"field": "updated_at", "operator": operator, "value": pivot.to_string()});
        let found = walk_search(&bench, query, "descending", 150).await;
        assert_eq!(found.len(), expected, "{operator}");
    }
    let query = json!({"field": "updated_at", "operator": "IN", "value": [pivot, 5]});
    let found = walk_search(&bench, query, "descending", 150).await;
    assert_eq!(found.len(), count(&|time| time == pivot));
    let query = json!({"operator": "AND", "value": [
        {"field": "updated_at", "operator": ">", "value": pivot},
        {"operator": "OR", "value": [
            {"field": "state", "operator": "=", "value": "snoozed"},
            {"field": "statistics.count_conversation_parts", "operator": ">=", "value": 8},
        ]},
    ]});
    let found = walk_search(&bench, query, "descending", 150).await;
    let expected = all.iter().filter(|item| {
        item["updated_at"].as_i64() > Some(pivot)
            && (item["state"] == "snoozed"
                || item["statistics"]["count_conversation_parts"].as_i64() >= Some(8))
    });
    assert_eq!(found.len(), expected.count());
    assert!(!found.is_empty());
}

#[tokio::test]
async fn a_search_by_id_or_by_what_does_not_exist() {
    let bench = Bench::start(many()).await;
    let id = bench.workspace().conversation_ids().nth(7).unwrap();
    let query = json!({"field": "id", "operator": "=", "value": id});
    let found = walk_search(&bench, query, "descending", 20).await;
    assert_eq!(found[0]["id"], id);
    assert_eq!(found.len(), 1);
    let body = json!({"query": {"field": "colour", "operator": "=", "value": "x"}});
    let refused = bench.post("/conversations/search", &body).await;
    assert_eq!((refused.status, refused.code()), (400, "invalid_field"));
    let refused = bench.post("/conversations/search", &json!({})).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn the_newest_500_parts_are_shown_and_all_are_counted() {
    let bench = Bench::start(Options {
        largest_conversation: 700,
        ..many()
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
async fn counts_are_those_of_what_is_read() {
    let bench = Bench::start(many()).await;
    let workspace = bench.workspace();
    workspace.mutate(super::Mutation {
        conversations: 5,
        delete_conversations: 3,
        ..super::Mutation::default()
    });
    let (mut parts, mut part_ids) = (0, BTreeSet::new());
    for id in workspace.conversation_ids() {
        let whole = workspace.conversation(&id).unwrap();
        let list = whole["conversation_parts"]["conversation_parts"]
            .as_array()
            .unwrap();
        parts += list.len() as u64;
        part_ids.extend(
            list.iter()
                .map(|part| part["id"].as_str().unwrap().to_owned()),
        );
    }
    assert_eq!(workspace.conversation_count(), 397);
    assert_eq!(workspace.conversation_part_count(), parts);
    assert_eq!(part_ids.len() as u64, parts);
}

#[tokio::test]
async fn conversations_have_the_size_and_variety_of_real_ones() {
    let bench = Bench::start(many()).await;
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
    let bench = Bench::start(many()).await;
    let older = get_in(&bench, "2.11", "/conversations?per_page=150")
        .await
        .body;
    let newer = get_in(&bench, "2.16", "/conversations?per_page=150")
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
    let between = get_in(&bench, "2.15", "/conversations").await.body;
    assert!(has(&between, "company") && !has(&between, "channel"));
    assert!(
        get_in(&bench, "2.13", "/conversations").await.body["conversations"][0]["statistics"]
            .get("adjusted_handling_time")
            .is_some()
    );
}

#[tokio::test]
async fn texts_are_html_or_plain() {
    let bench = Bench::start(many()).await;
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
async fn a_new_part_moves_the_conversation_to_the_front() {
    let bench = Bench::start(many()).await;
    let workspace = bench.workspace();
    let id = workspace.conversation_ids().next().unwrap();
    let before = workspace.conversation(&id).unwrap();
    let part = NewPart {
        from_contact: true,
        ..NewPart::comment("<p>Hello?</p>")
    };
    let part = workspace.add_conversation_part(&id, &part).unwrap();
    let after = workspace.conversation(&id).unwrap();
    let parts = after["conversation_parts"]["conversation_parts"]
        .as_array()
        .unwrap();
    assert_eq!(parts.last().unwrap()["id"], part);
    assert_eq!(parts.last().unwrap()["body"], "<p>Hello?</p>");
    assert_eq!(
        (&after["state"], &after["read"]),
        (&json!("open"), &json!(false))
    );
    assert!(after["updated_at"].as_i64() > before["updated_at"].as_i64());
    assert_eq!(ids(&bench.get("/conversations").await.body)[0], id);

    workspace.close_conversation(&id).unwrap();
    let closed = workspace.conversation(&id).unwrap();
    assert_eq!(
        (&closed["state"], &closed["open"]),
        (&json!("closed"), &json!(false))
    );
    workspace.redact_conversation_part(&id, &part).unwrap();
    let redacted = workspace.conversation(&id).unwrap();
    let parts = redacted["conversation_parts"]["conversation_parts"]
        .as_array()
        .unwrap();
    let redacted = parts.iter().find(|each| each["id"] == part).unwrap();
    assert_eq!(redacted["redacted"], true);
    assert_eq!(redacted["body"], "<p><i>This message was deleted</i></p>");
    assert_eq!(
        workspace
            .redact_conversation_part(&id, "1")
            .unwrap_err()
            .status,
        404
    );
    let unknown = NewPart::of_type("dance");
    assert_eq!(
        workspace
            .add_conversation_part(&id, &unknown)
            .unwrap_err()
            .status,
        400
    );
}

#[tokio::test]
async fn a_deleted_conversation_is_gone_and_listed_from_2_16_on() {
    let bench = Bench::start(many()).await;
    let workspace = bench.workspace();
    let gone: Vec<String> = workspace.conversation_ids().take(3).collect();
    for id in &gone {
        workspace.delete_conversation(id).unwrap();
    }
    let missing = bench.get(&format!("/conversations/{}", gone[0])).await;
    assert_eq!((missing.status, missing.code()), (404, "not_found"));
    let found = walk_search(
        &bench,
        json!({"field": "id", "operator": "IN", "value": gone}),
        "ascending",
        20,
    )
    .await;
    assert_eq!(found, Vec::<Value>::new());
    let refused = get_in(&bench, "2.11", "/conversations/deleted").await;
    assert_eq!(
        (refused.status, refused.code()),
        (400, "intercom_version_invalid")
    );
    let first = get_in(&bench, "2.16", "/conversations/deleted?per_page=2")
        .await
        .body;
    assert_eq!(
        (&first["type"], &first["total_count"]),
        (&json!("conversations.list"), &json!(3))
    );
    let url = first["pages"]["next"].as_str().unwrap();
    let second = get_in(
        &bench,
        "2.16",
        url.strip_prefix(&bench.simulator.url()).unwrap(),
    )
    .await
    .body;
    let mut listed = ids(&first);
    listed.extend(ids(&second));
    listed.sort();
    assert_eq!(listed, gone);
    assert_eq!(second["pages"]["next"], Value::Null);
}

#[tokio::test]
async fn attributes_are_a_resource_of_their_own_from_2_16_on() {
    let bench = Bench::start(many()).await;
    let older = bench.get("/data_attributes?model=conversation").await;
    assert_eq!(older.body["data"][0]["model"], "conversation");
    let refused = get_in(&bench, "2.16", "/data_attributes?model=conversation").await;
    assert_eq!((refused.status, refused.code()), (422, "parameter_invalid"));
    let newer = get_in(&bench, "2.16", "/conversations/attributes")
        .await
        .body;
    let count = |body: &Value| body["data"].as_array().unwrap().len();
    assert_eq!(count(&newer), count(&older.body));
    assert_eq!(newer["data"][0]["type"], "conversation_attribute");
    let all = get_in(
        &bench,
        "2.16",
        "/conversations/attributes?include_archived=true",
    )
    .await;
    assert_eq!(count(&all.body), count(&newer) + 1);
}

#[tokio::test]
async fn a_permission_that_is_missing_is_named() {
    let bench = Bench::start(Options {
        denied: vec!["conversations".to_owned()],
        ..many()
    })
    .await;
    let older = bench.get("/conversations").await;
    assert_eq!((older.status, older.code()), (401, "token_unauthorized"));
    let newer = get_in(&bench, "2.16", "/conversations/1").await;
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
    let bench = Bench::start(many()).await;
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

#[tokio::test]
async fn a_write_reaches_search_when_the_index_does() {
    let bench = Bench::start(Options {
        index_lag: std::time::Duration::from_secs(60),
        ..many()
    })
    .await;
    let workspace = bench.workspace();
    let id = workspace.conversation_ids().next().unwrap();
    let now = workspace.now() - 1;
    workspace.close_conversation(&id).unwrap();
    let query = json!({"field": "updated_at", "operator": ">", "value": now});
    assert_eq!(
        walk_search(&bench, query.clone(), "ascending", 20)
            .await
            .len(),
        0
    );
    workspace.advance(std::time::Duration::from_secs(61));
    assert_eq!(walk_search(&bench, query, "ascending", 20).await.len(), 1);
}

#[tokio::test]
async fn a_million_conversations_need_no_memory() {
    let bench = Bench::start(Options {
        conversations: 1_000_000,
        tickets: 100_000,
        ..Options::default()
    })
    .await;
    let workspace = bench.workspace();
    let value = workspace.generator.epoch - 86_400;
    let body = json!({"query": {"field": "updated_at", "operator": ">", "value": value}});
    let found = bench.post("/conversations/search", &body).await.body;
    let total = found["total_count"].as_u64().unwrap();
    assert!((1_300..1_450).contains(&total), "{total}");
    assert_eq!(workspace.conversation_count(), 1_000_000);
    let parts = workspace.conversation_part_count();
    assert!((4_800_000..5_600_000).contains(&parts), "{parts}");
}
