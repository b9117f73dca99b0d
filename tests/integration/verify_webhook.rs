mod every_topic;

use host_test::contract::connector::{Verdict, WebhookDelivery};
use host_test::contract::types::Header;
use host_test::output::{JsonLines, OutputTarget};
use host_test::secret::Secret;
use host_test::simulator::WebhookDelivery as Delivery;
use host_test::webhook_listener::{Recipient, RecipientOptions, WebhookListener};
use host_test::webhook_queue::QueueOptions;
use host_test::webhook_service::WebhookService;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::world::{World, small, text};

/// Delivers through `deliver` to the host's listener, and gives its counts.
async fn listening<F: AsyncFnOnce(&World)>(
    world: &World,
    deliver: F,
) -> host_test::webhook_listener::WebhookCounts {
    let folder = world.folder.path();
    let output =
        JsonLines::open(folder, &OutputTarget::state_in_directory(folder)).expect("an output");
    let options = QueueOptions::default();
    let window = options.remember;
    let service =
        WebhookService::start(Box::new(output), None, options, window, 1).expect("a queue");
    let listener = WebhookListener::new(vec![Recipient::new(RecipientOptions {
        name: "test".to_owned(),
        plugin: world.connection.plugin.clone(),
        tenant: world.connection.tenant.clone(),
        workspace: None,
        secrets: vec![
            Secret::new("an-older-secret"),
            Secret::new("simulator-client-secret"),
        ],
        file: None,
        queue: service.queue().clone(),
        replay_window: window,
        allow_from: None,
        trusted_proxies: Vec::new(),
        log_each: false,
    })]);
    let socket = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/hooks", socket.local_addr().expect("an address"));
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(listener.clone().serve(socket, async {
        let _ = stopped.await;
    }));
    world.workspace().set_webhook_url(Some(url));
    deliver(world).await;
    world.workspace().set_webhook_url(None);
    stop.send(()).expect("the listener runs");
    server
        .await
        .expect("the listener ends")
        .expect("without an error");
    tokio::task::spawn_blocking(|| service.finish())
        .await
        .expect("the queue is drained");
    listener.counts()
}

#[tokio::test]
async fn deliveries_become_entries() {
    let world = World::new(small()).await;
    let ids: Vec<String> = world.workspace().contact_ids().take(3).collect();
    let counts = listening(&world, async |world| {
        let workspace = world.workspace();
        let taken = async |topic: &str, item: serde_json::Value| {
            let delivery: Delivery = workspace.deliver_webhook(topic, &item).await;
            assert_eq!(delivery.status, Some(200), "{topic}");
        };
        let contact = workspace.contact(&ids[0]).expect("a contact");
        taken("contact.user.updated", contact.clone()).await;
        taken(
            "contact.deleted",
            json!({ "id": ids[1], "type": "contact", "deleted": true }),
        )
        .await;
        let mut survivor = contact;
        survivor["merged_from"] = json!({ "type": "contact", "id": ids[2] });
        taken("contact.merged", survivor).await;
        taken(
            "company.updated",
            json!({ "type": "company", "id": "c1", "name": "Acme", "custom_attributes": {} }),
        )
        .await;
        taken("ping", json!({ "type": "ping", "message": "x" })).await;
        taken("galaxy.created", json!({})).await;
    })
    .await;
    assert_eq!(
        (
            counts.accepted,
            counts.pings,
            counts.ignored,
            counts.rejected
        ),
        (4, 1, 1, 0)
    );
    let contacts: Vec<(String, String)> = world
        .lines("contacts")
        .iter()
        .map(|line| (text(line, "key"), text(line, "change")))
        .collect();
    let expected = [(0, "upsert"), (1, "delete"), (0, "upsert"), (2, "delete")];
    assert_eq!(
        contacts,
        expected.map(|(index, change)| (ids[index].clone(), change.to_owned()))
    );
    // A webhook's times are text; an entry's are seconds, as a read gives them.
    let stored = &world.lines("contacts")[0]["data"];
    assert_eq!(
        stored["updated_at"],
        world.workspace().contact(&ids[0]).expect("a contact")["updated_at"]
    );
    assert_eq!(text(&world.lines("companies")[0], "change"), "patch");
}

#[tokio::test]
async fn bad_deliveries_are_refused_without_a_trap() {
    let world = World::new(small()).await;
    let (plugin, tenant) = (&world.connection.plugin, &world.connection.tenant);
    let large = vec![b'x'; 10 << 20];
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes();
    let signature = |value: &str| {
        vec![Header {
            name: "X-Hub-Signature".into(),
            value: value.into(),
        }]
    };
    for (headers, body, code) in [
        (Vec::new(), b"{}".to_vec(), "unsigned"),
        (signature("sha1=00"), b"{}".to_vec(), "bad_signature"),
        (
            signature(&format!("SHA1={}", "A".repeat(40))),
            b"{}".to_vec(),
            "bad_signature",
        ),
        (
            signature(&format!("sha1={}", "0".repeat(40))),
            Vec::new(),
            "bad_signature",
        ),
        (
            signature(&format!("sha1={}", "0".repeat(40))),
            large,
            "too_large",
        ),
        (
            signature(&format!("sha1={}", "0".repeat(40))),
            deep,
            "bad_signature",
        ),
    ] {
        let delivery = WebhookDelivery {
            headers,
            body,
            secrets: vec!["secret".into()],
            received_at_ms: 0,
        };
        match plugin.verify_webhook(tenant, &delivery).await {
            Ok(Verdict::Rejected(rejection)) => assert_eq!(rejection.code, code),
            other => panic!("{code}: {other:?}"),
        }
    }
}
