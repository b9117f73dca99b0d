//! Tickets that a client creates, answers and changes, and kinds of tickets.

use serde_json::{Value, json};

use super::Options;
use super::testing::{Bench, Reply};

async fn bench() -> Bench {
    Bench::start(Options {
        tickets: 20,
        conversations: 40,
        ..Options::default()
    })
    .await
}

fn refusal(reply: &Reply) -> (u16, &str, &str) {
    (reply.status, reply.code(), reply.message())
}

fn admin(bench: &Bench) -> Value {
    bench.workspace().admins()[1]["id"].clone()
}

fn parts(ticket: &Value) -> &Vec<Value> {
    ticket["ticket_parts"]["ticket_parts"].as_array().unwrap()
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

async fn created(bench: &Bench) -> Value {
    let created = bench.post("/tickets", &draft(bench)).await;
    assert_eq!(created.status, 200, "{}", created.body);
    created.body
}

#[tokio::test]
async fn a_ticket_is_created() {
    let bench = bench().await;
    let before = bench.workspace().ticket_count();
    let ticket = created(&bench).await;
    assert_eq!(ticket["ticket_state"], "submitted");
    assert_eq!(ticket["ticket_attributes"]["Severity"], "Medium");
    assert_eq!(
        (&ticket["open"], &ticket["admin_assignee_id"]),
        (&json!(true), &json!("0"))
    );
    assert_eq!(
        parts(&ticket)[0]["part_type"],
        "ticket_state_updated_by_admin"
    );
    assert_eq!(bench.workspace().ticket_count(), before + 1);
    let id = ticket["id"].as_str().unwrap();
    assert_eq!(bench.get(&format!("/tickets/{id}")).await.body, ticket);
    let query = json!({"query": {"field": "id", "operator": "=", "value": id}});
    assert_eq!(
        bench.post("/tickets/search", &query).await.body["tickets"][0],
        ticket
    );

    let mut by_email = draft(&bench);
    by_email["contacts"] = json!([{"email": "new@example.org"}]);
    by_email["created_at"] = json!(1_600_000_000);
    let ticket = bench.post_in("2.16", "/tickets", &by_email).await.body;
    assert_eq!(ticket["created_at"], 1_600_000_000);
    assert_eq!(ticket["ticket_state"]["category"], "submitted");
    assert_eq!(ticket["admin_assignee_id"], 0);
    let lead = ticket["contacts"]["contacts"][0]["id"].as_str().unwrap();
    assert_eq!(bench.workspace().contact(lead).unwrap()["role"], "lead");

    for (name, value, status) in [
        ("ticket_type_id", json!("1"), 404),
        ("ticket_type_id", json!("70"), 400),
        ("ticket_type_id", Value::Null, 400),
        ("contacts", json!([]), 400),
        ("contacts", json!([{"id": "1"}]), 404),
        ("ticket_attributes", json!({}), 400),
        (
            "ticket_attributes",
            json!({"_default_title_": "x", "colour": "x"}),
            400,
        ),
        (
            "ticket_attributes",
            json!({"_default_title_": "x", "Severity": "Low"}),
            400,
        ),
        ("ticket_attributes", json!({"_default_title_": 1}), 400),
    ] {
        let mut body = draft(&bench);
        body[name] = value;
        assert_eq!(bench.post("/tickets", &body).await.status, status, "{body}");
    }
}

#[tokio::test]
async fn a_ticket_changes_as_its_version_says() {
    let bench = bench().await;
    let ticket = created(&bench).await;
    let path = format!("/tickets/{}", ticket["id"].as_str().unwrap());
    let admin = admin(&bench);
    let patch = json!({
        "ticket_attributes": {"_default_title_": "other"},
        "state": "in_progress",
        "assignment": {"admin_id": admin, "assignee_id": admin},
        "open": true,
        "snoozed_until": 4_000_000_000_i64,
    });
    let older = bench.put(&path, &patch).await.body;
    assert_eq!(older["ticket_state"], "in_progress");
    assert_eq!(
        (&older["admin_assignee_id"], &older["snoozed_until"]),
        (&admin, &json!(4_000_000_000_i64))
    );
    let kinds: Vec<&Value> = parts(&older)
        .iter()
        .skip(1)
        .map(|part| &part["part_type"])
        .collect();
    assert_eq!(
        kinds,
        [
            "ticket_attribute_updated_by_admin",
            "ticket_state_updated_by_admin",
            "assignment",
            "snoozed"
        ]
    );
    assert_eq!(parts(&older)[1]["author"]["id"], admin);

    let patch = json!({"ticket_state_id": 8325, "admin_id": admin, "assignee_id": "0", "state": "nonsense"});
    let newer = bench.put_in("2.14", &path, &patch).await.body;
    assert_eq!(newer["ticket_state"]["category"], "resolved");
    assert_eq!(
        (&newer["open"], &newer["admin_assignee_id"]),
        (&json!(false), &json!("0"))
    );
    assert_eq!(newer.get("snoozed_until"), None);
    let reopened = bench
        .put_in("2.16", &path, &json!({"open": true, "is_shared": false}))
        .await
        .body;
    assert_eq!(
        (&reopened["open"], &reopened["is_shared"]),
        (&json!(true), &json!(false))
    );

    let wrong = bench
        .put_in("2.12", &path, &json!({"ticket_state_id": 0}))
        .await;
    assert_eq!(
        refusal(&wrong),
        (
            400,
            "ticket_state_id_invalid",
            "Ticket state id is not valid or is not associated with the ticket type"
        )
    );
    for assignment in [
        json!({"admin_id": "123"}),
        json!({"admin_id": admin, "assignee_id": "456"}),
    ] {
        let wrong = bench.put(&path, &json!({"assignment": assignment})).await;
        assert_eq!(
            refusal(&wrong),
            (404, "assignee_not_found", "Assignee not found")
        );
    }
    assert_eq!(
        bench
            .put(&path, &json!({"state": "submitted"}))
            .await
            .status,
        400
    );
    assert_eq!(
        bench.put("/tickets/1", &json!({})).await.code(),
        "ticket_not_found"
    );
}

#[tokio::test]
async fn a_ticket_is_answered_tagged_and_deleted() {
    let bench = bench().await;
    let ticket = created(&bench).await;
    let path = format!("/tickets/{}", ticket["id"].as_str().unwrap());
    let admin = admin(&bench);
    let contact = &ticket["contacts"]["contacts"][0]["id"];
    let answer = json!({"message_type": "comment", "type": "user", "intercom_user_id": contact, "body": "Thanks again :)"});
    let part = bench.post(&format!("{path}/reply"), &answer).await.body;
    assert_eq!(
        (&part["type"], &part["part_type"]),
        (&json!("ticket_part"), &json!("comment"))
    );
    assert_eq!(
        (&part["author"]["type"], &part["body"]),
        (&json!("user"), &json!("<p>Thanks again :)</p>"))
    );
    let quick = json!({"message_type": "quick_reply", "type": "admin", "admin_id": admin, "reply_options": [{"text": "Yes", "uuid": "1"}]});
    let part = bench.post(&format!("{path}/reply"), &quick).await.body;
    assert_eq!(part["part_type"], "quick_reply");
    assert_eq!(parts(&bench.get(&path).await.body).last(), Some(&part));
    let mut internal = draft(&bench);
    internal["ticket_type_id"] = json!("68");
    internal["ticket_attributes"] = json!({"_default_title_": "x"});
    let internal = bench.post("/tickets", &internal).await.body;
    let internal = format!("/tickets/{}/reply", internal["id"].as_str().unwrap());
    assert_eq!(
        refusal(&bench.post(&internal, &answer).await),
        (
            400,
            "parameter_mismatch",
            "User replies are not allowed on Backoffice tickets"
        )
    );
    let missing = bench.post("/tickets/1/reply", &answer).await;
    assert_eq!(refusal(&missing), (404, "not_found", "Resource Not Found"));

    let tag = bench.workspace().tags()[0]["id"].clone();
    let body = json!({"id": tag, "admin_id": admin});
    let applied = bench.post(&format!("{path}/tags"), &body).await.body;
    assert_eq!(applied["applied_by"]["id"], admin);
    let of = format!("{path}/tags/{}", tag.as_str().unwrap());
    assert_eq!(
        bench
            .delete_with(&of, &json!({"admin_id": admin}))
            .await
            .status,
        200
    );
    assert_eq!(
        bench
            .delete_with(&of, &json!({"admin_id": admin}))
            .await
            .code(),
        "tag_not_found"
    );
    assert_eq!(
        bench.post("/tickets/1/tags", &body).await.code(),
        "ticket_not_found"
    );

    assert_eq!(bench.delete(&path).await.code(), "intercom_version_invalid");
    let deleted = bench.delete_in("2.13", &path).await.body;
    assert_eq!(
        deleted,
        json!({"id": ticket["id"], "object": "ticket", "deleted": true})
    );
    assert_eq!(bench.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_conversation_becomes_a_ticket_once() {
    let bench = bench().await;
    let workspace = bench.workspace();
    let id = workspace
        .conversation_ids()
        .find(|id| workspace.conversation(id).unwrap()["linked_objects"]["total_count"] == 0)
        .unwrap();
    let path = format!("/conversations/{id}/convert");
    let back_office = bench.post(&path, &json!({"ticket_type_id": "68"})).await;
    assert_eq!(
        refusal(&back_office),
        (
            400,
            "parameter_invalid",
            "Ticket type is not a customer ticket type"
        )
    );
    let body = json!({"ticket_type_id": "67", "attributes": {"_default_title_": "From a chat"}});
    let ticket = bench.post(&path, &body).await.body;
    assert_eq!(ticket["type"], "ticket");
    assert_eq!(ticket["linked_objects"]["data"][0]["id"], id.as_str());
    let conversation = workspace.conversation(&id).unwrap();
    assert_eq!(
        conversation["linked_objects"]["data"][0]["id"],
        ticket["id"]
    );
    assert_eq!(bench.post(&path, &body).await.status, 400);
    assert_eq!(
        bench.post("/conversations/1/convert", &body).await.status,
        404
    );
}
