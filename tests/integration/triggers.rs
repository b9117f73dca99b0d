use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use host_test::connection_file::ConnectionFile;
use host_test::contract::connector::{PageRequest, Selection, Verdict, WebhookDelivery};
use host_test::contract::types::{Header, Intent};
use host_test::opened_connection::OpenedConnection;
use host_test::simulator::Simulator;
use serde_json::{Value, json};
use sha1::Sha1;

use crate::world::{World, plugin, small};

/// A connection with triggers.
async fn connect(simulator: &Simulator, triggers: &Value) -> OpenedConnection {
    let text = format!(
        "connector: intercom\ncredentials: {{ access_token: simulator-token, client_secret: simulator-client-secret }}\n\
         config: {{ region: us, api_version: \"2.11\" }}\nendpoint: {}\ntriggers: {triggers}\n",
        simulator.url()
    );
    let file =
        ConnectionFile::parse(Path::new("test.yaml"), &text, &|_| None).expect("a connection file");
    OpenedConnection::new(plugin().await, file, None).expect("a connection")
}

/// What a delivery of a conversation gives.
async fn delivered(connection: &OpenedConnection, workspace: &str, item: &Value) -> Vec<Intent> {
    let body = json!({ "type": "notification_event", "app_id": workspace, "id": "n1", "topic": "conversation.user.replied",
        "created_at": 1, "data": { "item": item } })
    .to_string();
    let mac = Hmac::<Sha1>::new_from_slice(b"simulator-client-secret").expect("a key");
    let digest = mac.chain_update(&body).finalize().into_bytes();
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let delivery = WebhookDelivery {
        headers: vec![Header {
            name: "X-Hub-Signature".into(),
            value: format!("sha1={digits}"),
        }],
        body: body.into_bytes(),
        secrets: vec!["simulator-client-secret".into()],
        received_at_ms: 1_000,
    };
    let verdict = connection
        .plugin
        .verify_webhook(&connection.tenant, &delivery);
    match verdict.await.expect("a verdict") {
        Verdict::Accepted(accepted) => accepted.intents,
        other => panic!("{other:?}"),
    }
}

/// What a read of a conversation gives.
async fn read(connection: &OpenedConnection, key: &str) -> Vec<Intent> {
    let request = PageRequest {
        stream: "conversations".into(),
        selection: Selection::Keys(vec![key.to_owned()]),
        filter: None,
        cursor: None,
        max_entries: 10,
        max_bytes: 8 << 20,
        time_budget_ms: 10_000,
    };
    let page = connection.plugin.read_page(&connection.tenant, &request);
    page.await.expect("a page").intents
}

/// Webhooks, redelivered ones, and reads give the same intents for the same rows.
#[tokio::test]
async fn the_same_is_wanted_however_it_is_told() {
    let options = small();
    let workspace = options.workspace_id.clone();
    let world = World::new(options).await;
    let words: Vec<String> = (0..10_000)
        .map(|number| format!("keyword {number}"))
        .collect();
    let connection = connect(
        &world.simulator,
        &json!({
            "any": { "action": "ticket", "when": { "path": "state", "in": ["open", "closed", "snoozed"] } },
            "words": { "action": "note", "when": { "keywords": words } },
            "reply": { "action": "note", "on": "conversation.replied", "confirm": true },
        }),
    )
    .await;
    let id = world.workspace().conversation_ids().next().expect("one");
    let item = world.workspace().conversation(&id).expect("a conversation");
    let told = delivered(&connection, &workspace, &item).await;
    let names: Vec<&str> = told.iter().map(|intent| &*intent.trigger).collect();
    assert_eq!(names, ["any", "reply"]);
    assert!(told[1].confirm && !told[0].confirm);
    assert_eq!(delivered(&connection, &workspace, &item).await, told);
    let read = read(&connection, &id).await;
    assert_eq!(read.len(), 1, "no read sees a topic");
    assert_eq!(
        (&read[0].id, &read[0].trigger),
        (&told[0].id, &told[0].trigger)
    );
    let ticket: Value = serde_json::from_slice(&read[0].record).expect("JSON");
    assert_eq!(ticket["external_id"], id);
    assert!(ticket["description"].is_string(), "{ticket}");
}

/// Every problem is named with its place, and nothing runs.
#[tokio::test]
async fn wrong_triggers_are_refused_with_their_places() {
    let world = World::new(small()).await;
    let connection = connect(
        &world.simulator,
        &json!({ "a": { "action": "x", "when": { "path": "stat", "equals": 1 } }, "b": { "action": "x", "on": "contact.creatd" } }),
    )
    .await;
    let request = PageRequest {
        stream: "conversations".into(),
        selection: Selection::All,
        filter: None,
        cursor: None,
        max_entries: 10,
        max_bytes: 8 << 20,
        time_budget_ms: 10_000,
    };
    let page = connection.plugin.read_page(&connection.tenant, &request);
    let failure = format!("{:?}", page.await.expect_err("a failure"));
    for place in [
        "triggers.a.when.path",
        "triggers.b.on",
        "did you mean `state`",
    ] {
        assert!(failure.contains(place), "{failure}");
    }
}
