//! Every topic of the descriptor, delivered to the component in the sandbox.

#[path = "../../samples/webhook_items.rs"]
mod items;

use std::collections::BTreeSet;

use hmac::{Hmac, KeyInit, Mac};
use host_test::contract::connector::{AcceptedDelivery, TopicDescriptor, Verdict, WebhookDelivery};
use host_test::contract::types::{Change, Header};
use serde_json::{Value, json};
use sha1::Sha1;

use crate::world::{World, small};

const SECRET: &str = "client-secret";

/// What becomes of an item under a name.
async fn deliver(world: &World, topic: &str, item: &Value) -> Verdict {
    let body = json!({
        "type": "notification_event", "data": { "type": "notification_event_data", "item": item }, "links": {},
        "id": "notif_1", "topic": topic, "delivery_status": "pending", "delivery_attempts": 1, "delivered_at": 0,
        "first_sent_at": 1_710_639_326, "created_at": 1_710_639_325, "self": null,
    });
    let body = body.to_string().into_bytes();
    let mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes())
        .expect("a key")
        .chain_update(&body)
        .finalize();
    let digits: Vec<String> = mac
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let delivery = WebhookDelivery {
        headers: vec![Header {
            name: "x-hub-signature".to_owned(),
            value: format!("sha1={}", digits.concat()),
        }],
        body,
        secrets: vec![SECRET.to_owned()],
        received_at_ms: 0,
    };
    let connection = &world.connection;
    let verdict = connection
        .plugin
        .verify_webhook(&connection.tenant, &delivery);
    verdict.await.expect("a verdict")
}

/// That a delivery says something of exactly the streams that its topic declares, in rows of their declared types.
fn assert_tells(world: &World, topic: &TopicDescriptor, accepted: &AcceptedDelivery) {
    let context = &topic.name;
    let told: BTreeSet<&str> = accepted.entries.iter().map(|one| &*one.stream).collect();
    let declared: BTreeSet<&str> = topic.streams.iter().map(|name| &**name).collect();
    assert_eq!(told, declared, "{context}");
    for entry in &accepted.entries {
        let payload: Value = serde_json::from_slice(&entry.payload).expect("JSON");
        let streams = &world.connection.plugin.descriptor().streams;
        let stream = streams.iter().find(|stream| stream.name == entry.stream);
        let schema = &stream.expect("the stream").schema;
        let schema: Value = serde_json::from_slice(schema).expect("a schema");
        let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
        if entry.change == Change::Upsert {
            let errors: Vec<String> = validator
                .iter_errors(&payload)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{context}: {errors:?}");
        }
        if entry.change == Change::Patch {
            let mut again = accepted.read_again.iter();
            let again = again.any(|row| row.stream == entry.stream && row.key == entry.key);
            assert!(again, "{context}: a patch of {}", entry.stream);
        }
    }
    assert!(
        accepted.notices.is_empty(),
        "{context}: {:?}",
        accepted.notices
    );
}

/// A topic without a sample fails, and so does one whose sample says nothing of a stream that it declares.
#[tokio::test]
async fn every_topic_tells_of_its_streams_under_all_its_names() {
    let world = World::new(small()).await;
    let topics = world.connection.plugin.descriptor().topics.clone();
    let mut pinged = 0;
    let mut ignored = 0;
    for topic in &topics {
        let item =
            items::item(&topic.name).unwrap_or_else(|| panic!("no sample of {}", topic.name));
        let verdict = deliver(&world, &topic.name, &item).await;
        match &verdict {
            Verdict::Accepted(accepted) => assert_tells(&world, topic, accepted),
            Verdict::Ping(_) => pinged += 1,
            Verdict::Ignored(why) => {
                assert!(topic.streams.is_empty(), "{}: {}", topic.name, why.reason);
                ignored += 1;
            }
            Verdict::Rejected(why) => panic!("{}: {}", topic.name, why.message),
        }
        for alias in &topic.aliases {
            let other = deliver(&world, alias, &item).await;
            match (&verdict, other) {
                (Verdict::Accepted(one), Verdict::Accepted(other)) => {
                    assert_eq!(one.entries, other.entries, "{alias}");
                    assert_eq!(other.topic, *alias);
                }
                (_, other) => panic!("{alias}: {other:?}"),
            }
        }
    }
    let silent = topics.iter().filter(|topic| topic.streams.is_empty());
    assert_eq!((pinged, pinged + ignored), (1, silent.count()));
    assert_eq!(items::item("galaxy.created"), None);
}
