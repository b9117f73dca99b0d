//! Conversations that change while a client reads them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::testing::{Bench, conversation_ids, many_conversations, search_conversations};
use super::{Mutation, NewPart};

#[tokio::test]
async fn counts_are_those_of_what_is_read() {
    let bench = Bench::start(many_conversations()).await;
    let workspace = bench.workspace();
    workspace.mutate(Mutation {
        conversations: 5,
        delete_conversations: 3,
        ..Mutation::default()
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
async fn a_new_part_moves_the_conversation_to_the_front() {
    let bench = Bench::start(many_conversations()).await;
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
    assert_eq!(
        conversation_ids(&bench.get("/conversations").await.body)[0],
        id
    );

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
    let bench = Bench::start(many_conversations()).await;
    let workspace = bench.workspace();
    let gone: Vec<String> = workspace.conversation_ids().take(3).collect();
    for id in &gone {
        workspace.delete_conversation(id).unwrap();
    }
    let missing = bench.get(&format!("/conversations/{}", gone[0])).await;
    assert_eq!((missing.status, missing.code()), (404, "not_found"));
    let found = search_conversations(
        &bench,
        json!({"field": "id", "operator": "IN", "value": gone}),
        "ascending",
        20,
    )
    .await;
    assert_eq!(found, Vec::<Value>::new());
    let refused = bench.get_in("2.11", "/conversations/deleted").await;
    assert_eq!(
        (refused.status, refused.code()),
        (400, "intercom_version_invalid")
    );
    let first = bench
        .get_in("2.16", "/conversations/deleted?per_page=2")
        .await
        .body;
    assert_eq!(
        (&first["type"], &first["total_count"]),
        (&json!("conversations.list"), &json!(3))
    );
    let url = first["pages"]["next"].as_str().unwrap();
    let second = bench
        .get_in("2.16", url.strip_prefix(&bench.simulator.url()).unwrap())
        .await
        .body;
    let mut listed = conversation_ids(&first);
    listed.extend(conversation_ids(&second));
    listed.sort();
    assert_eq!(listed, gone);
    assert_eq!(second["pages"]["next"], Value::Null);
}
