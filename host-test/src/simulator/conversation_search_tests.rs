//! Searching conversations, as a client does.

use serde_json::{Value, json};

use super::Options;
use super::testing::{Bench, many_conversations, search_conversations};

#[tokio::test]
async fn a_search_gives_each_conversation_once_in_either_order() {
    let bench = Bench::start(many_conversations()).await;
    let all = json!({"field": "updated_at", "operator": ">", "value": 0});
    let up = search_conversations(&bench, all.clone(), "ascending", 150).await;
    let mut down = search_conversations(&bench, all, "descending", 33).await;
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
    let open = search_conversations(&bench, open, "ascending", 40).await;
    let expected: Vec<&Value> = up.iter().filter(|item| item["open"] == true).collect();
    assert_eq!(open.iter().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn search_is_exact_to_the_second() {
    let bench = Bench::start(many_conversations()).await;
    let first = bench.get("/conversations?per_page=150").await.body;
    let pivot = first["conversations"][70]["updated_at"].as_i64().unwrap();
    let all = json!({"field": "updated_at", "operator": ">", "value": 0});
    let all = search_conversations(&bench, all, "ascending", 150).await;
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
        let found = search_conversations(&bench, query, "descending", 150).await;
        assert_eq!(found.len(), expected, "{operator}");
    }
    let query = json!({"field": "updated_at", "operator": "IN", "value": [pivot, 5]});
    let found = search_conversations(&bench, query, "descending", 150).await;
    assert_eq!(found.len(), count(&|time| time == pivot));
    let query = json!({"operator": "AND", "value": [
        {"field": "updated_at", "operator": ">", "value": pivot},
        {"operator": "OR", "value": [
            {"field": "state", "operator": "=", "value": "snoozed"},
            {"field": "statistics.count_conversation_parts", "operator": ">=", "value": 8},
        ]},
    ]});
    let found = search_conversations(&bench, query, "descending", 150).await;
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
    let bench = Bench::start(many_conversations()).await;
    let id = bench.workspace().conversation_ids().nth(7).unwrap();
    let query = json!({"field": "id", "operator": "=", "value": id});
    let found = search_conversations(&bench, query, "descending", 20).await;
    assert_eq!(found[0]["id"], id);
    assert_eq!(found.len(), 1);
    let body = json!({"query": {"field": "colour", "operator": "=", "value": "x"}});
    let refused = bench.post("/conversations/search", &body).await;
    assert_eq!((refused.status, refused.code()), (400, "invalid_field"));
    let refused = bench.post("/conversations/search", &json!({})).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn a_write_reaches_search_when_the_index_does() {
    let bench = Bench::start(Options {
        index_lag: std::time::Duration::from_secs(60),
        ..many_conversations()
    })
    .await;
    let workspace = bench.workspace();
    let id = workspace.conversation_ids().next().unwrap();
    let now = workspace.now() - 1;
    workspace.close_conversation(&id).unwrap();
    let query = json!({"field": "updated_at", "operator": ">", "value": now});
    assert_eq!(
        search_conversations(&bench, query.clone(), "ascending", 20)
            .await
            .len(),
        0
    );
    workspace.advance(std::time::Duration::from_secs(61));
    assert_eq!(
        search_conversations(&bench, query, "ascending", 20)
            .await
            .len(),
        1
    );
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
