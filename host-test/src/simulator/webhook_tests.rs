//! Notifications as a receiver sees them.

use std::time::Duration;

use serde_json::{Value, json};

use super::notification::signature;
use super::testing::{Bench, Receiver};
use super::{NewPart, Options};

async fn subscribed(receiver: &Receiver) -> Bench {
    Bench::start(Options {
        time_scale: 600.0,
        webhook_url: Some(receiver.url.clone()),
        ..Options::default()
    })
    .await
}

/// Waits until so many deliveries came to an end.
async fn delivered(bench: &Bench, count: usize) {
    for _ in 0..500 {
        if bench.workspace().webhook_deliveries().len() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?}", bench.workspace().webhook_deliveries());
}

#[tokio::test]
async fn changes_are_notified_and_signed() {
    let receiver = Receiver::start(200, &[]).await;
    let bench = subscribed(&receiver).await;
    let created = bench
        .post(
            "/contacts",
            &json!({"email": "n@example.com", "external_id": "n"}),
        )
        .await;
    let id = created.body["id"].as_str().unwrap();
    bench
        .put(&format!("/contacts/{id}"), &json!({"name": "N"}))
        .await;
    bench.workspace().archive_contact(id).unwrap();
    bench.workspace().unarchive_contact(id).unwrap();
    bench.workspace().delete_contact(id).unwrap();
    let company = bench.workspace().company_ids().next().unwrap();
    bench
        .workspace()
        .touch_company(&company, json!({}))
        .unwrap();
    delivered(&bench, 6).await;
    let bodies = receiver.bodies();
    let item = |topic: &str| {
        let body = bodies.iter().find(|body| body["topic"] == topic);
        body.unwrap_or_else(|| panic!("{topic}"))["data"]["item"].clone()
    };
    let iso = item("contact.user.created")["created_at"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(iso.len() == 29 && iso.ends_with("+00:00"), "{iso}");
    assert_eq!(item("contact.user.updated")["name"], "N");
    assert_eq!(
        item("contact.archived"),
        json!({"id": id, "external_id": "n", "type": "contact", "archived": true})
    );
    assert_eq!(item("contact.unarchive")["id"], id);
    assert_eq!(
        item("contact.deleted"),
        json!({"id": id, "type": "contact", "deleted": true})
    );
    assert_eq!(item("company.updated")["id"], json!(company));
    for received in receiver.received.lock().unwrap().iter() {
        assert_eq!(
            received.signature,
            signature("simulator-client-secret", &received.body)
        );
    }
    assert!(
        bodies
            .iter()
            .all(|body| body["app_id"] == "simulator" && body["delivery_attempts"] == 1)
    );
}

#[tokio::test]
async fn a_merge_names_both() {
    let receiver = Receiver::start(200, &[]).await;
    let bench = subscribed(&receiver).await;
    let ids: Vec<String> = bench.workspace().contact_ids().take(2).collect();
    bench.workspace().merge(&ids[0], &ids[1]).unwrap();
    delivered(&bench, 1).await;
    let body = &receiver.bodies()[0];
    assert_eq!(body["topic"], "contact.merged");
    assert_eq!(body["data"]["item"]["id"], json!(ids[1]));
    assert_eq!(
        body["data"]["item"]["merged_from"],
        json!({"type": "contact", "id": ids[0]})
    );
}

#[tokio::test]
async fn a_failed_delivery_is_tried_once_more() {
    let receiver = Receiver::start(200, &[500, 503]).await;
    let bench = subscribed(&receiver).await;
    let delivery = bench
        .workspace()
        .deliver_webhook("contact.deleted", &json!({"id": "1"}))
        .await;
    assert_eq!(
        (delivery.attempts, delivery.status, delivery.delivered),
        (2, Some(503), false)
    );
    let bodies = receiver.bodies();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0]["id"], bodies[1]["id"]);
    assert_eq!(
        (
            &bodies[1]["delivery_status"],
            &bodies[1]["delivery_attempts"]
        ),
        (&json!("retry"), &json!(2))
    );
    let ping = bench
        .workspace()
        .deliver_webhook("ping", &json!({"type": "ping"}))
        .await;
    assert!(ping.delivered && receiver.bodies()[2]["id"] == Value::Null);
}

#[tokio::test]
async fn gone_ends_the_subscription() {
    let receiver = Receiver::start(200, &[410]).await;
    let bench = subscribed(&receiver).await;
    for attempts in [1, 0] {
        let delivery = bench.workspace().deliver_webhook("ping", &json!({})).await;
        assert_eq!((delivery.attempts, delivery.delivered), (attempts, false));
    }
    assert_eq!(receiver.bodies().len(), 1);
}

#[tokio::test]
async fn a_url_that_fails_its_validation_gets_nothing() {
    let receiver = Receiver::start(404, &[]).await;
    let bench = subscribed(&receiver).await;
    let delivery = bench.workspace().deliver_webhook("ping", &json!({})).await;
    assert_eq!((delivery.attempts, receiver.bodies().len()), (0, 0));
    bench.workspace().set_webhook_url(None);
    assert!(
        !bench
            .workspace()
            .deliver_webhook("ping", &json!({}))
            .await
            .delivered
    );
}

#[tokio::test]
async fn a_url_at_which_nobody_listens_yet_is_asked_again() {
    // A place that is taken, and refuses connections until somebody listens there.
    let place = tokio::net::TcpSocket::new_v4().unwrap();
    place.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = place.local_addr().unwrap();
    let bench = Bench::start(Options {
        webhook_url: Some(format!("http://{address}/hook")),
        ..Options::default()
    })
    .await;
    let ping = json!({});
    let told = bench.workspace().deliver_webhook("ping", &ping);
    let started = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Receiver::on(place.listen(8).unwrap(), 200, &[])
    };
    let (delivery, receiver) = tokio::join!(told, started);
    assert!(delivery.delivered && delivery.attempts == 1);
    assert_eq!(receiver.bodies().len(), 1);
}

#[tokio::test]
async fn changes_of_conversations_and_tickets_are_notified() {
    let receiver = Receiver::start(200, &[]).await;
    let bench = subscribed(&receiver).await;
    let workspace = bench.workspace();
    let conversation = workspace.conversation_ids().nth(1).unwrap();
    let part = workspace
        .add_conversation_part(&conversation, &NewPart::comment("<p>Hello</p>"))
        .unwrap();
    workspace.close_conversation(&conversation).unwrap();
    workspace
        .redact_conversation_part(&conversation, &part)
        .unwrap();
    workspace.delete_conversation(&conversation).unwrap();
    let ticket = workspace.ticket_ids().next().unwrap();
    workspace.resolve_ticket(&ticket).unwrap();
    delivered(&bench, 6).await;
    let bodies = receiver.bodies();
    let item = |topic: &str| {
        let body = bodies.iter().find(|body| body["topic"] == topic);
        body.unwrap_or_else(|| panic!("{topic}"))["data"]["item"].clone()
    };
    let replied = item("conversation.admin.replied");
    let list = &replied["conversation_parts"];
    assert_eq!(
        (&list["total_count"], &list["conversation_parts"][0]["id"]),
        (&json!(1), &json!(part))
    );
    assert!(replied["statistics"]["last_admin_reply_at"].is_string());
    assert!(replied["updated_at"].is_i64());
    let closed = item("conversation.admin.closed");
    assert_eq!(
        closed["conversation_parts"]["conversation_parts"][0]["part_type"],
        "close"
    );
    let redacted = item("conversation_part.redacted");
    let redacted = &redacted["conversation_parts"]["conversation_parts"][0];
    assert_eq!(
        (&redacted["id"], &redacted["redacted"]),
        (&json!(part), &json!(true))
    );
    let deleted = item("conversation.deleted");
    assert_eq!(
        deleted,
        json!({"type": "conversation", "conversation_id": conversation})
    );
    let resolved = item("ticket.state.updated");
    assert_eq!(resolved["ticket"]["id"], ticket.as_str());
    assert_eq!(resolved["ticket_part"]["ticket_state"], "resolved");
    assert_eq!(item("ticket.closed")["id"], ticket.as_str());
}
