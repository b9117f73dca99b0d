//! Kinds of tickets that a client makes.

use serde_json::{Value, json};

use super::Options;
use super::testing::Bench;

async fn bench() -> Bench {
    Bench::start(Options {
        tickets: 20,
        conversations: 40,
        ..Options::default()
    })
    .await
}

/// A request for a ticket about a bug.
fn draft(bench: &Bench) -> Value {
    let contact = bench.workspace().contact_ids().next().unwrap();
    json!({
        "ticket_type_id": 67,
        "contacts": [{"id": contact}],
        "ticket_attributes": {"_default_title_": "example", "Severity": "2", "Affected users": 4},
    })
}

#[tokio::test]
async fn kinds_of_tickets_and_their_attributes_are_created_and_changed() {
    let bench = bench().await;
    let body = json!({"name": "Customer Issue", "description": "Template", "category": "Customer"});
    let kind = bench.post("/ticket_types", &body).await.body;
    assert_eq!(
        (&kind["type"], &kind["name"]),
        (&json!("ticket_type"), &body["name"])
    );
    assert_eq!(
        kind["ticket_type_attributes"]["data"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let path = format!("/ticket_types/{}", kind["id"].as_str().unwrap());
    assert_eq!(bench.get(&path).await.body, kind);
    let list = json!({"name": "Size", "description": "How large", "data_type": "list", "list_items": "small, large", "required_to_create": true});
    let attribute = bench.post(&format!("{path}/attributes"), &list).await.body;
    assert_eq!(
        attribute["input_options"]["list_items"][1],
        json!({"id": "2", "name": "large"})
    );
    assert_eq!(
        attribute["ticket_type_id"].to_string(),
        kind["id"].as_str().unwrap()
    );
    let mut ticket = draft(&bench);
    ticket["ticket_type_id"] = kind["id"].clone();
    ticket["ticket_attributes"] = json!({"_default_title_": "x"});
    assert_eq!(bench.post("/tickets", &ticket).await.status, 400);
    ticket["ticket_attributes"]["Size"] = json!("1");
    let created = bench.post("/tickets", &ticket).await.body;
    assert_eq!(created["ticket_attributes"]["Size"], "small");
    assert_eq!(created["ticket_type"]["id"], kind["id"]);
    let field = format!("ticket_attribute.{}", attribute["id"].as_str().unwrap());
    let query = json!({"query": {"field": field, "operator": "=", "value": "small"}});
    assert_eq!(
        bench.post("/tickets/search", &query).await.body["total_count"],
        1
    );

    let of = format!("{path}/attributes/{}", attribute["id"].as_str().unwrap());
    let changed = bench
        .put(&of, &json!({"required_to_create": false, "archived": true}))
        .await
        .body;
    assert_eq!(
        (&changed["archived"], &changed["name"]),
        (&json!(true), &json!("Size"))
    );
    let changed = bench
        .put(&path, &json!({"name": "Other", "archived": true}))
        .await
        .body;
    assert_eq!(
        (&changed["name"], &changed["archived"]),
        (&json!("Other"), &json!(true))
    );
    for (path, body) in [
        ("/ticket_types".to_owned(), json!({"category": "Customer"})),
        (
            "/ticket_types".to_owned(),
            json!({"name": "x", "category": "Other"}),
        ),
        (
            format!("{path}/attributes"),
            json!({"name": "x", "description": "x", "data_type": "colour"}),
        ),
        (
            format!("{path}/attributes"),
            json!({"name": "x", "description": "x", "data_type": "list"}),
        ),
    ] {
        assert_eq!(bench.post(&path, &body).await.status, 400, "{body}");
    }
    assert_eq!(bench.put("/ticket_types/1", &json!({})).await.status, 404);
    assert_eq!(
        bench
            .put(&format!("{path}/attributes/1"), &json!({}))
            .await
            .status,
        404
    );
}
