//! Messages that a client sends.

use std::time::Duration;

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

fn admin(bench: &Bench) -> Value {
    bench.workspace().admins()[1]["id"].clone()
}

fn refusal(reply: &Reply) -> (u16, &str, &str) {
    (reply.status, reply.code(), reply.message())
}

#[tokio::test]
async fn a_message_of_a_teammate_is_a_conversation_once_it_is_answered() {
    let bench = bench().await;
    let workspace = bench.workspace();
    let contact = workspace
        .create_contact(json!({"external_id": "70"}))
        .unwrap();
    let before = workspace.conversation_count();
    let admin = admin(&bench);
    let message = |more: Value| {
        let mut body = json!({"from": {"type": "admin", "id": admin}, "to": {"type": "user", "user_id": "70"}, "message_type": "inapp", "body": "heyy"});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let sent = bench.post("/messages", &message(json!({}))).await.body;
    assert_eq!(
        (&sent["type"], &sent["owner"]["id"]),
        (&json!("admin_message"), &admin)
    );
    assert!(sent.get("conversation_id").is_none());
    assert_eq!(workspace.conversation_count(), before);
    let answer =
        json!({"message_type": "comment", "type": "user", "user_id": "70", "body": "Yes?"});
    let answered = bench.post("/conversations/last/reply", &answer).await.body;
    assert_eq!(answered["source"]["delivered_as"], "admin_initiated");
    assert_eq!(answered["source"]["id"], sent["id"]);
    assert_eq!(answered["contacts"]["contacts"][0]["id"], contact);
    assert_eq!(workspace.conversation_count(), before + 1);

    let at_once = json!({"create_conversation_without_contact_reply": true});
    let sent = bench.post("/messages", &message(at_once)).await.body;
    assert!(sent["conversation_id"].is_string());
    assert_eq!(workspace.conversation_count(), before + 2);
    let own = json!({"from": {"type": "user", "user_id": "70"}, "body": "heyy"});
    assert_eq!(
        bench.post("/messages", &own).await.body["type"],
        "user_message"
    );
    for (more, expected) in [
        (
            json!({"body": null}),
            (400, "parameter_invalid", "Body is required"),
        ),
        (
            json!({"message_type": "email"}),
            (
                422,
                "parameter_not_found",
                "No subject supplied for email message",
            ),
        ),
        (
            json!({"to": {"type": "user", "id": "1"}}),
            (404, "not_found", "User Not Found"),
        ),
    ] {
        let refused = bench.post("/messages", &message(more)).await;
        assert_eq!(refusal(&refused), expected);
    }
}

#[tokio::test]
async fn a_message_finds_nobody_whom_search_does_not_know_yet() {
    let bench = Bench::start(Options {
        index_lag: Duration::from_secs(60),
        ..Options::default()
    })
    .await;
    bench
        .workspace()
        .create_contact(json!({"external_id": "70"}))
        .unwrap();
    let body = json!({"from": {"type": "admin", "id": admin(&bench)}, "to": {"type": "user", "user_id": "70"}, "message_type": "inapp", "body": "heyy"});
    assert_eq!(bench.post("/messages", &body).await.status, 404);
    bench.workspace().advance(Duration::from_secs(61));
    assert_eq!(bench.post("/messages", &body).await.status, 200);
}
