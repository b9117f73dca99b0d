//! Tickets as a client sees them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::testing::Bench;
use super::{NewPart, Options};

async fn bench(tickets: u64) -> Bench {
    Bench::start(Options {
        tickets,
        conversations: 100,
        ..Options::default()
    })
    .await
}

async fn walk(bench: &Bench, query: Value, per_page: usize) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), Value::Null);
    for _ in 0..100 {
        let body = json!({
            "query": query,
            "sort": {"field": "updated_at", "order": "ascending"},
            "pagination": {"per_page": per_page, "starting_after": cursor},
        });
        let page = bench.post("/tickets/search", &body).await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert_eq!(page.body["type"], "ticket.list");
        found.extend(page.body["tickets"].as_array().unwrap().clone());
        cursor = page.body["pages"]["next"]["starting_after"].clone();
        if cursor.is_null() {
            assert_eq!(page.body["total_count"], found.len());
            return found;
        }
    }
    panic!("the search does not end");
}

#[tokio::test]
async fn a_search_gives_each_ticket_once_with_its_parts() {
    let bench = bench(130).await;
    let all = json!({"field": "created_at", "operator": ">", "value": 0});
    let found = walk(&bench, all, 20).await;
    assert!(found.is_sorted_by_key(|ticket| ticket["updated_at"].as_i64()));
    let ids: BTreeSet<String> = found
        .iter()
        .map(|ticket| ticket["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, bench.workspace().ticket_ids().collect());
    let parts = found.iter().map(|ticket| {
        let list = &ticket["ticket_parts"];
        let parts = list["ticket_parts"].as_array().unwrap();
        assert_eq!(list["total_count"], parts.len());
        assert!(parts.is_sorted_by_key(|part| part["created_at"].as_i64()));
        assert_eq!(parts.last().unwrap()["created_at"], ticket["updated_at"]);
        parts.len() as u64
    });
    assert_eq!(parts.sum::<u64>(), bench.workspace().ticket_part_count());
    // An item of a search is the ticket as it is read.
    let one = found[7]["id"].as_str().unwrap();
    assert_eq!(bench.get(&format!("/tickets/{one}")).await.body, found[7]);
}

#[tokio::test]
async fn search_is_exact_to_the_second_and_knows_categories_and_attributes() {
    let bench = bench(130).await;
    let all = json!({"field": "updated_at", "operator": ">", "value": 0});
    let all = walk(&bench, all, 150).await;
    let pivot = all[60]["updated_at"].as_i64().unwrap();
    let newer = all
        .iter()
        .filter(|ticket| ticket["updated_at"].as_i64() > Some(pivot));
    let query = json!({"field": "updated_at", "operator": ">", "value": pivot});
    assert_eq!(walk(&bench, query, 150).await.len(), newer.count());
    let same = all.iter().filter(|ticket| ticket["updated_at"] == pivot);
    let query = json!({"field": "updated_at", "operator": "=", "value": pivot});
    assert_eq!(walk(&bench, query, 150).await.len(), same.count());
    for (searched, category) in [
        ("request", "Customer"),
        ("task", "Back-office"),
        ("tracker", "Tracker"),
    ] {
        let query = json!({"field": "category", "operator": "=", "value": searched});
        let found = walk(&bench, query, 150).await;
        let expected = all.iter().filter(|ticket| ticket["category"] == category);
        assert_eq!(found.len(), expected.count());
        assert!(!found.is_empty());
    }
    let types = bench.get("/ticket_types").await.body;
    let attribute = types["data"][0]["ticket_type_attributes"]["data"][2].clone();
    let field = format!("ticket_attribute.{}", attribute["id"].as_str().unwrap());
    let query = json!({"field": field, "operator": "=", "value": "Low"});
    let found = walk(&bench, query, 150).await;
    assert!(!found.is_empty());
    assert!(
        found
            .iter()
            .all(|ticket| ticket["ticket_attributes"]["Severity"] == "Low")
    );
}

#[tokio::test]
async fn states_and_assignees_depend_on_the_version() {
    let bench = bench(60).await;
    let (mut unassigned, mut assigned) = (false, false);
    for id in bench.workspace().ticket_ids() {
        let path = format!("/tickets/{id}");
        let older = bench.get_in("2.11", &path).await.body;
        let between = bench.get_in("2.12", &path).await.body;
        let newer = bench.get_in("2.16", &path).await.body;
        let state = older["ticket_state"].as_str().unwrap();
        assert!(older["ticket_state_internal_label"].is_string());
        assert!(older["ticket_state_external_label"].is_string());
        for version in [&between, &newer] {
            assert_eq!(version["ticket_state"]["category"], state);
            assert!(version.get("ticket_state_internal_label").is_none());
        }
        let assignee = older["admin_assignee_id"].as_str().unwrap();
        assert_eq!(between["admin_assignee_id"], assignee);
        assert_eq!(newer["admin_assignee_id"].to_string(), assignee);
        unassigned |= assignee == "0";
        assigned |= assignee != "0";
        assert!(newer.get("previous_ticket_state_id").is_some());
        let last = &older["ticket_parts"]["ticket_parts"];
        let last = last.as_array().unwrap().iter().rev();
        let last = last.filter_map(|part| part["ticket_state"].as_str()).next();
        assert_eq!(last, Some(state));
    }
    assert!(unassigned && assigned);
}

#[tokio::test]
async fn a_ticket_and_its_conversation_know_each_other() {
    let bench = bench(60).await;
    let workspace = bench.workspace();
    let mut linked = 0;
    for id in workspace.ticket_ids() {
        let ticket = workspace.ticket(&id).unwrap();
        let Some(conversation) = ticket["linked_objects"]["data"][0]["id"].as_str() else {
            continue;
        };
        let conversation = workspace.conversation(conversation).unwrap();
        assert_eq!(conversation["linked_objects"]["data"][0]["id"], id.as_str());
        assert_eq!(
            conversation["contacts"]["contacts"][0],
            ticket["contacts"]["contacts"][0]
        );
        linked += 1;
    }
    assert_eq!(linked, 10);
}

#[tokio::test]
async fn types_have_attributes_and_from_2_12_on_states() {
    let bench = bench(10).await;
    let older = bench.get("/ticket_types").await.body;
    let kind = &older["data"][0];
    assert_eq!(
        (&older["type"], &kind["type"]),
        (&json!("list"), &json!("ticket_type"))
    );
    assert_eq!(
        kind["ticket_type_attributes"]["data"][0]["name"],
        "_default_title_"
    );
    assert!(kind.get("ticket_states").is_none());
    let path = format!("/ticket_types/{}", kind["id"].as_str().unwrap());
    assert_eq!(&bench.get(&path).await.body, kind);
    assert_eq!(bench.get("/ticket_types/1").await.status, 404);
    let newer = bench.get_in("2.12", "/ticket_types").await.body;
    assert_eq!(
        newer["data"][0]["ticket_states"]["data"][0]["category"],
        "submitted"
    );
    assert_eq!(
        bench.get("/ticket_states").await.code(),
        "intercom_version_invalid"
    );
    let states = bench.get_in("2.12", "/ticket_states").await.body;
    assert_eq!(states["data"][4]["category"], "resolved");
}

#[tokio::test]
async fn changes_of_tickets_are_seen() {
    let bench = bench(30).await;
    let workspace = bench.workspace();
    let open = workspace
        .ticket_ids()
        .find(|id| workspace.ticket(id).unwrap()["open"] == true);
    let id = open.unwrap();
    let before = workspace.ticket(&id).unwrap();
    let part = workspace
        .add_ticket_part(&id, &NewPart::comment("<p>Done</p>"))
        .unwrap();
    workspace.resolve_ticket(&id).unwrap();
    workspace.redact_ticket_part(&id, &part).unwrap();
    let after = workspace.ticket(&id).unwrap();
    assert_eq!(
        (&after["ticket_state"], &after["open"]),
        (&json!("resolved"), &json!(false))
    );
    assert!(after["updated_at"].as_i64() > before["updated_at"].as_i64());
    let parts = after["ticket_parts"]["ticket_parts"].as_array().unwrap();
    let redacted = parts.iter().find(|each| each["id"] == part).unwrap();
    assert_eq!(redacted["redacted"], true);
    assert_eq!(
        parts.last().unwrap()["previous_ticket_state"],
        before["ticket_state"]
    );
    let count = workspace.ticket_part_count();
    workspace.delete_ticket(&id).unwrap();
    assert_eq!(workspace.ticket_part_count(), count - parts.len() as u64);
    let gone = bench.get(&format!("/tickets/{id}")).await;
    assert_eq!((gone.status, gone.code()), (404, "ticket_not_found"));
    assert_eq!(workspace.ticket_count(), 29);
}

#[tokio::test]
async fn the_control_door_changes_conversations_and_tickets() {
    let bench = bench(30).await;
    let workspace = bench.workspace();
    let conversation = workspace.conversation_ids().next().unwrap();
    let change = async |change: Value| bench.post("/_simulator/desk", &change).await;
    let part = change(json!({
        "change": "conversation_part",
        "conversation": conversation,
        "part": {"part_type": "note", "body": "<p>Call back</p>"},
    }))
    .await;
    let part = part.body["id"].as_str().unwrap().to_owned();
    let redacted = change(json!({
        "change": "redact_conversation_part", "conversation": conversation, "part": part,
    }));
    assert_eq!(redacted.await.status, 200);
    let closed = change(json!({"change": "close_conversation", "conversation": conversation}));
    assert_eq!(closed.await.status, 200);
    assert_eq!(
        workspace.conversation(&conversation).unwrap()["state"],
        "closed"
    );
    let deleted = change(json!({"change": "delete_conversation", "conversation": conversation}));
    assert_eq!(deleted.await.status, 200);
    assert_eq!(workspace.conversation(&conversation), None);
    let again = change(json!({"change": "delete_conversation", "conversation": conversation}));
    assert_eq!(again.await.status, 400);

    let ticket = workspace.ticket_ids().next().unwrap();
    let added = change(json!({"change": "ticket_part", "ticket": ticket, "part": {"body": "x"}}));
    let part = added.await.body["id"].as_str().unwrap().to_owned();
    let redacted = change(json!({"change": "redact_ticket_part", "ticket": ticket, "part": part}));
    assert_eq!(redacted.await.status, 200);
    let resolved = change(json!({"change": "resolve_ticket", "ticket": ticket}));
    assert_eq!(resolved.await.status, 200);
    let deleted = change(json!({"change": "delete_ticket", "ticket": ticket}));
    assert_eq!(deleted.await.status, 200);
    assert_eq!(workspace.ticket(&ticket), None);

    let wanted =
        json!({"conversations": 4, "delete_conversations": 1, "tickets": 2, "delete_tickets": 1});
    let mutated = bench.post("/_simulator/mutate", &wanted).await.body;
    for (name, count) in [
        ("conversations", 4),
        ("delete_conversations", 1),
        ("tickets", 2),
        ("delete_tickets", 1),
    ] {
        assert_eq!(mutated[name].as_array().unwrap().len(), count, "{name}");
    }
    let state = bench.get("/_simulator/state").await.body;
    assert_eq!(
        (&state["conversations"], &state["tickets"]),
        (&json!(98), &json!(28))
    );
}

#[tokio::test]
async fn the_control_door_dumps_conversations_and_tickets() {
    let bench = bench(30).await;
    let workspace = bench.workspace();
    for (name, rows, parts) in [
        ("conversations", 100, workspace.conversation_part_count()),
        ("tickets", 30, workspace.ticket_part_count()),
    ] {
        let (mut dumped, mut counted, mut after) = (0, 0, String::new());
        for _ in 0..10 {
            let path = format!("/_simulator/{name}?limit=40&after={after}");
            let page = bench.get(&path).await.body;
            let data = page["data"].as_array().unwrap();
            dumped += data.len();
            counted += data
                .iter()
                .filter_map(|row| row["parts"].as_u64())
                .sum::<u64>();
            let Some(next) = page["next"].as_str() else {
                break;
            };
            after = next.to_owned();
        }
        assert_eq!((dumped, counted), (rows, parts), "{name}");
    }
    let wrong = bench.get("/_simulator/tickets?after=x").await;
    assert_eq!(wrong.status, 400);
}
