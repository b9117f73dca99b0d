//! Contacts that a client blocks, converts and finds by the workspace's own id.

use serde_json::{Value, json};

use super::Options;
use super::testing::Bench;

async fn bench() -> Bench {
    Bench::start(Options {
        conversations: 40,
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn a_blocked_contact_is_gone_with_its_conversations_and_its_email() {
    let bench = bench().await;
    let workspace = bench.workspace();
    let contact = workspace
        .create_contact(json!({"email": "spam@example.org", "external_id": "7"}))
        .unwrap();
    let body = json!({"from": {"type": "user", "id": contact}, "body": "Buy"});
    let message = bench.post("/conversations", &body).await.body;
    let path = format!("/contacts/{contact}/block");
    assert_eq!(
        bench.post(&path, &Value::Null).await.code(),
        "intercom_version_invalid"
    );
    let blocked = bench.post_in("2.13", &path, &Value::Null).await.body;
    assert_eq!(
        blocked,
        json!({"type": "contact", "id": contact, "external_id": "7", "blocked": true})
    );
    let conversation = workspace.conversation(message["conversation_id"].as_str().unwrap());
    assert_eq!(conversation.unwrap()["state"], "closed");
    assert_eq!(bench.get(&format!("/contacts/{contact}")).await.status, 404);
    let unarchived = bench
        .post(&format!("/contacts/{contact}/unarchive"), &Value::Null)
        .await;
    assert_eq!(unarchived.status, 404);
    let again = bench
        .post("/contacts", &json!({"email": "spam@example.org"}))
        .await;
    assert_eq!((again.status, again.code()), (409, "not_restorable"));
    assert_eq!(bench.post_in("2.13", &path, &Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_lead_becomes_a_user_with_a_key() {
    let bench = bench().await;
    let lead = bench
        .workspace()
        .create_contact(json!({"role": "lead"}))
        .unwrap();
    let path = format!("/contacts/{lead}");
    let refused = bench.put(&path, &json!({"role": "user"})).await;
    assert_eq!(
        (refused.status, refused.code()),
        (400, "parameter_not_found")
    );
    let user = bench
        .put(&path, &json!({"role": "user", "external_id": "70"}))
        .await
        .body;
    assert_eq!(
        (&user["role"], &user["external_id"]),
        (&json!("user"), &json!("70"))
    );
    let taken = bench.post("/contacts", &json!({"external_id": "70"})).await;
    assert_eq!(taken.status, 409);
}

#[tokio::test]
async fn a_user_is_found_by_external_id_and_a_lead_is_not() {
    let bench = bench().await;
    let workspace = bench.workspace();
    let user = workspace
        .create_contact(json!({"external_id": "70"}))
        .unwrap();
    workspace
        .create_contact(json!({"role": "lead", "external_id": "71"}))
        .unwrap();
    let found = bench
        .get_in("2.13", "/contacts/find_by_external_id/70")
        .await
        .body;
    assert_eq!(found["id"], user.as_str());
    let missing = bench
        .get_in("2.13", "/contacts/find_by_external_id/71")
        .await;
    assert_eq!((missing.status, missing.message()), (404, "User Not Found"));
    let other = workspace
        .create_contact(json!({"external_id": "72"}))
        .unwrap();
    workspace.merge(&user, &other).unwrap();
    let gone = bench
        .get_in("2.16", "/contacts/find_by_external_id/70")
        .await;
    assert_eq!((gone.status, gone.code()), (410, "contact_merged"));
    assert_eq!(
        gone.header("link"),
        Some(format!("</contacts/{other}>; rel=\"canonical\"").as_str())
    );
}

#[tokio::test]
async fn a_note_is_of_the_teammate_who_wrote_it() {
    let bench = bench().await;
    let contact = bench.workspace().contact_ids().next().unwrap();
    let admin = bench.workspace().admins()[1].clone();
    let path = format!("/contacts/{contact}/notes");
    let note = bench
        .post(&path, &json!({"body": "Hello", "admin_id": admin["id"]}))
        .await
        .body;
    assert_eq!(
        (&note["author"]["id"], &note["author"]["name"]),
        (&admin["id"], &admin["name"])
    );
    assert_eq!(note["body"], "<p>Hello</p>");
    let refused = bench
        .post(&path, &json!({"body": "Hello", "admin_id": "1"}))
        .await;
    assert_eq!(refused.status, 404);
}
