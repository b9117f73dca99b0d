//! Conversations that a client begins, answers and changes.

use serde_json::{Value, json};

use super::Options;
use super::testing::{Bench, Reply};

async fn bench() -> Bench {
    Bench::start(Options {
        conversations: 40,
        ..Options::default()
    })
    .await
}

/// A user, and a conversation that it began.
async fn begun(bench: &Bench) -> (String, String) {
    let contact = json!({"email": "ada@example.org", "name": "Ada"});
    let contact = bench.workspace().create_contact(contact).unwrap();
    let body = json!({"from": {"type": "user", "id": contact}, "body": "Hello there"});
    let message = bench.post("/conversations", &body).await;
    assert_eq!(message.status, 200, "{}", message.body);
    let id = message.body["conversation_id"].as_str().unwrap().to_owned();
    (contact, id)
}

fn parts(conversation: &Value) -> &Vec<Value> {
    conversation["conversation_parts"]["conversation_parts"]
        .as_array()
        .unwrap()
}

fn admin(bench: &Bench) -> Value {
    bench.workspace().admins()[1]["id"].clone()
}

fn refusal(reply: &Reply) -> (u16, &str, &str) {
    (reply.status, reply.code(), reply.message())
}

#[tokio::test]
async fn a_contact_begins_a_conversation() {
    let bench = bench().await;
    let before = bench.workspace().conversation_count();
    let contact = json!({"email": "ada@example.org", "name": "Ada"});
    let contact = bench.workspace().create_contact(contact).unwrap();
    let body = json!({
        "from": {"type": "user", "id": contact},
        "body": "Hello & there",
        "created_at": 1_600_000_000,
        "attachment_urls": ["https://example.org/files/plan.pdf?x=1"],
    });
    let message = bench.post("/conversations", &body).await.body;
    assert_eq!(message["type"], "user_message");
    assert_eq!(message["message_type"], "inapp");
    assert_eq!(message["body"], "Hello & there");
    let id = message["conversation_id"].as_str().unwrap();
    let conversation = bench.get(&format!("/conversations/{id}")).await.body;
    assert_eq!(conversation["created_at"], 1_600_000_000);
    assert_eq!(conversation["state"], "open");
    assert_eq!(conversation["source"]["id"], message["id"]);
    assert_eq!(conversation["source"]["body"], "<p>Hello &amp; there</p>");
    assert_eq!(conversation["source"]["author"]["name"], "Ada");
    assert_eq!(conversation["source"]["attachments"][0]["name"], "plan.pdf");
    assert_eq!(conversation["contacts"]["contacts"][0]["id"], contact);
    assert_eq!(bench.workspace().conversation_count(), before + 1);
    assert_eq!(
        bench.get("/conversations").await.body["conversations"][0]["id"],
        id
    );
    let nobody = json!({"from": {"type": "user", "id": "123"}, "body": "Hello"});
    let refused = bench.post("/conversations", &nobody).await;
    assert_eq!(refusal(&refused), (404, "not_found", "User Not Found"));
    let silent = json!({"from": {"type": "user", "id": contact}});
    let refused = bench.post("/conversations", &silent).await;
    assert_eq!(
        refusal(&refused),
        (400, "parameter_invalid", "Body is required")
    );
}

#[tokio::test]
async fn an_answer_of_a_contact_opens_what_was_closed() {
    let bench = bench().await;
    let (contact, id) = begun(&bench).await;
    let path = |what: &str| format!("/conversations/{id}/{what}");
    let admin = admin(&bench);
    let note = json!({"message_type": "note", "type": "admin", "admin_id": admin, "body": "<html><body><b>x</b></body></html>"});
    let noted = bench.post(&path("reply"), &note).await.body;
    let last = parts(&noted).last().unwrap();
    assert_eq!(
        (&last["part_type"], &last["body"]),
        (&json!("note"), &json!("<b>x</b>"))
    );
    assert_eq!(last["author"]["id"].as_str(), admin.as_str());
    let close =
        json!({"message_type": "close", "type": "admin", "admin_id": admin, "body": "Goodbye :)"});
    let closed = bench.post(&path("parts"), &close).await.body;
    assert_eq!(
        (&closed["state"], &closed["open"]),
        (&json!("closed"), &json!(false))
    );
    // A note leaves it closed, an answer does not.
    let noted = bench.post(&path("reply"), &note).await.body;
    assert_eq!(noted["state"], "closed");
    let answer = json!({"message_type": "comment", "type": "user", "intercom_user_id": contact, "body": "Thanks again :)"});
    let opened = bench.post(&path("reply"), &answer).await.body;
    assert_eq!(
        (&opened["state"], &opened["read"]),
        (&json!("open"), &json!(false))
    );
    let last = parts(&opened).last().unwrap();
    assert_eq!(
        (&last["part_type"], &last["body"]),
        (&json!("open"), &json!("<p>Thanks again :)</p>"))
    );
    let again = bench.post("/conversations/last/reply", &answer).await.body;
    assert_eq!(again["id"], id.as_str());
    assert_eq!(parts(&again).last().unwrap()["part_type"], "comment");
    let missing = bench.post("/conversations/1/reply", &answer).await;
    assert_eq!(refusal(&missing), (404, "not_found", "Resource Not Found"));
    for wrong in [
        json!({"message_type": "note", "type": "user", "intercom_user_id": contact, "body": "x"}),
        json!({"message_type": "comment", "type": "admin", "admin_id": admin}),
        json!({"message_type": "quick_reply", "type": "admin", "admin_id": admin}),
        json!({"message_type": "comment", "type": "robot", "body": "x"}),
        json!({"message_type": "comment", "type": "user", "intercom_user_id": contact, "body": "x",
               "attachment_urls": vec!["https://example.org/x"; 11]}),
    ] {
        assert_eq!(
            bench.post(&path("reply"), &wrong).await.status,
            400,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn a_conversation_is_snoozed_opened_and_assigned() {
    let bench = bench().await;
    let (_, id) = begun(&bench).await;
    let path = format!("/conversations/{id}/parts");
    let admin = admin(&bench);
    let snooze =
        json!({"message_type": "snoozed", "admin_id": admin, "snoozed_until": 4_000_000_000_i64});
    let snoozed = bench.post(&path, &snooze).await.body;
    assert_eq!(
        (
            &snoozed["state"],
            &snoozed["open"],
            &snoozed["snoozed_until"]
        ),
        (&json!("snoozed"), &json!(true), &json!(4_000_000_000_i64))
    );
    let open = json!({"message_type": "open", "admin_id": admin});
    let opened = bench.post(&path, &open).await.body;
    assert_eq!(
        (&opened["state"], &opened["snoozed_until"]),
        (&json!("open"), &Value::Null)
    );
    let assign = |id: &Value| json!({"message_type": "assignment", "type": "admin", "admin_id": admin, "assignee_id": id});
    let assigned = bench.post(&path, &assign(&admin)).await.body;
    assert_eq!(
        assigned["admin_assignee_id"].to_string(),
        admin.as_str().unwrap()
    );
    let last = parts(&assigned).last().unwrap();
    assert_eq!(last["part_type"], "assignment");
    assert_eq!(last["assigned_to"], json!({"type": "admin", "id": admin}));
    let team = &bench.workspace().teams()[0]["id"];
    let assigned = bench.post(&path, &assign(team)).await.body;
    assert_eq!(
        assigned["team_assignee_id"].to_string(),
        team.as_str().unwrap()
    );
    let unassigned = bench.post(&path, &assign(&json!("0"))).await.body;
    assert_eq!(
        (
            &unassigned["admin_assignee_id"],
            &unassigned["team_assignee_id"]
        ),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        parts(&unassigned).last().unwrap()["assigned_to"]["type"],
        "nobody_admin"
    );
    let close = json!({"message_type": "close", "type": "admin", "admin_id": admin});
    bench.post(&path, &close).await;
    let reopened = bench.post(&path, &assign(&admin)).await.body;
    assert_eq!(reopened["state"], "open");
    assert_eq!(
        parts(&reopened).last().unwrap()["part_type"],
        "assign_and_reopen"
    );
    let rules = format!("/conversations/{id}/run_assignment_rules");
    let ruled = bench.post(&rules, &Value::Null).await.body;
    assert_eq!(
        parts(&ruled).last().unwrap()["part_type"],
        "default_assignment"
    );
    let later = bench.post_in("2.12", &rules, &Value::Null).await;
    assert_eq!(later.code(), "intercom_version_invalid");
    for (wrong, status) in [
        (json!({"message_type": "dance", "admin_id": admin}), 400),
        (json!({"message_type": "open", "admin_id": "1"}), 404),
        (json!({"message_type": "open"}), 400),
        (json!({"message_type": "snoozed", "admin_id": admin}), 400),
        (assign(&json!("7")), 404),
    ] {
        assert_eq!(bench.post(&path, &wrong).await.status, status, "{wrong}");
    }
}

#[tokio::test]
async fn what_is_written_of_a_conversation_is_read() {
    let bench = bench().await;
    let (_, id) = begun(&bench).await;
    let path = format!("/conversations/{id}");
    let patch = json!({"read": true, "title": "Refund", "custom_attributes": {"issue_type": "Bug", "order_count": 3}});
    let older = bench.put(&path, &patch).await.body;
    assert_eq!(
        (&older["read"], &older["title"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(older["custom_attributes"], patch["custom_attributes"]);
    let updates: Vec<&Value> = parts(&older)
        .iter()
        .map(|part| &part["part_type"])
        .collect();
    assert_eq!(updates, ["conversation_attribute_updated_by_admin"; 2]);
    let company = bench.workspace().company_ids().next().unwrap();
    let patch = json!({"title": "Refund", "company_id": company, "custom_attributes": {"issue_type": "Bug"}});
    let newer = bench.put_in("2.16", &path, &patch).await.body;
    assert_eq!(newer["title"], "Refund");
    assert_eq!(newer["company"]["id"], company.as_str());
    // What stays as it is leaves no part.
    assert_eq!(parts(&newer).len(), 2);
    assert_eq!(
        parts(&newer)[0]["event_details"]["attribute"]["name"],
        "issue_type"
    );
    for wrong in [
        json!({"colour": 1}),
        json!({"issue_type": "Dance"}),
        json!({"order_count": "many"}),
    ] {
        let refused = bench.put(&path, &json!({"custom_attributes": wrong})).await;
        assert_eq!(
            (refused.status, refused.code()),
            (400, "parameter_invalid"),
            "{wrong}"
        );
    }
    assert_eq!(
        bench
            .put("/conversations/1", &json!({"read": true}))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn contacts_and_tags_come_and_go() {
    let bench = bench().await;
    let (contact, id) = begun(&bench).await;
    let admin = admin(&bench);
    let other = bench.workspace().contact_ids().next().unwrap();
    let path = format!("/conversations/{id}/customers");
    let attach = json!({"admin_id": admin, "customer": {"intercom_user_id": other}});
    let attached = bench.post(&path, &attach).await.body;
    assert_eq!(attached["customers"].as_array().unwrap().len(), 2);
    let by = json!({"admin_id": admin});
    let detach = |contact: &str| format!("{path}/{contact}");
    let missing = bench.delete_with(&detach("1"), &by).await;
    assert_eq!(refusal(&missing), (404, "not_found", "User Not Found"));
    let left = bench.delete_with(&detach(&contact), &by).await.body;
    assert_eq!(left["customers"][0]["id"], other.as_str());
    let last = bench.delete_with(&detach(&other), &by).await;
    assert_eq!(
        refusal(&last),
        (
            422,
            "parameter_invalid",
            "Removing the last customer is not allowed"
        )
    );

    let tag = bench.workspace().tags()[0].clone();
    let path = format!("/conversations/{id}/tags");
    let body = json!({"id": tag["id"], "admin_id": admin});
    let applied = bench.post(&path, &body).await.body;
    assert_eq!(applied["applied_by"], json!({"type": "admin", "id": admin}));
    assert_eq!(
        (&applied["id"], &applied["name"]),
        (&tag["id"], &tag["name"])
    );
    assert_eq!(bench.post(&path, &body).await.body, applied);
    let tags = &bench.get(&format!("/conversations/{id}")).await.body["tags"]["tags"];
    assert_eq!(tags.as_array().unwrap().len(), 1);
    let of = format!("{path}/{}", tag["id"].as_str().unwrap());
    assert_eq!(bench.delete_with(&of, &by).await.body["name"], tag["name"]);
    let again = bench.delete_with(&of, &by).await;
    assert_eq!(refusal(&again), (404, "tag_not_found", "Tag not found"));
    let missing = bench.post("/conversations/1/tags", &body).await;
    assert_eq!(
        refusal(&missing),
        (404, "not_found", "Conversation not found")
    );
}

#[tokio::test]
async fn what_was_said_is_redacted_and_a_conversation_deleted() {
    let bench = bench().await;
    let (contact, id) = begun(&bench).await;
    let answer = json!({"message_type": "comment", "type": "user", "intercom_user_id": contact, "body": "secret"});
    let answered = bench
        .post(&format!("/conversations/{id}/reply"), &answer)
        .await
        .body;
    let part = &parts(&answered)[0]["id"];
    let body =
        json!({"type": "conversation_part", "conversation_id": id, "conversation_part_id": part});
    let redacted = bench.post("/conversations/redact", &body).await.body;
    assert_eq!(
        parts(&redacted)[0]["body"],
        "<p><i>This message was deleted</i></p>"
    );
    let body =
        json!({"type": "source", "conversation_id": id, "source_id": answered["source"]["id"]});
    let redacted = bench.post("/conversations/redact", &body).await.body;
    assert_eq!(redacted["source"]["redacted"], true);
    let body =
        json!({"type": "conversation_part", "conversation_id": "x", "conversation_part_id": "x"});
    let missing = bench.post("/conversations/redact", &body).await;
    assert_eq!(missing.code(), "conversation_part_or_message_not_found");

    let path = format!("/conversations/{id}");
    assert_eq!(bench.delete(&path).await.code(), "intercom_version_invalid");
    let deleted = bench
        .delete_in("2.16", &format!("{path}?retain_metrics=false"))
        .await;
    assert_eq!(
        deleted.body,
        json!({"id": id, "object": "conversation", "deleted": true})
    );
    assert_eq!(bench.get(&path).await.status, 404);
    let listed = bench.get_in("2.16", "/conversations/deleted").await.body;
    assert_eq!(listed["conversations"][0]["metrics_retained"], false);
}

#[tokio::test]
async fn a_token_may_be_good_for_reading_alone() {
    let bench = Bench::start(Options {
        denied: vec!["write_conversations".to_owned()],
        conversations: 3,
        ..Options::default()
    })
    .await;
    assert_eq!(bench.get("/conversations").await.status, 200);
    let refused = bench.post_in("2.16", "/messages", &json!({})).await;
    assert_eq!(
        refusal(&refused),
        (
            403,
            "forbidden",
            "You do not have the required scope (write_conversations) to access this resource"
        )
    );
    assert_eq!(
        bench.post("/conversations", &json!({})).await.code(),
        "token_unauthorized"
    );
}
