mod bad;
mod conversations;
mod links;
mod people;
mod same;
#[path = "../../tests/samples/webhook_items.rs"]
mod samples;
mod tickets;
mod triggers;
mod workspace;

use serde_json::{Value, json};

use super::*;
use crate::contract::types::{Account, Change, Entry, Header};

const SECRET: &str = "s3cret";

fn sign(secret: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes())
        .unwrap()
        .chain_update(body);
    let digits = mac.finalize().into_bytes();
    let digits: Vec<String> = digits.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha1={}", digits.concat())
}

fn connection() -> Connection {
    let account = Account {
        workspace_id: "w1".into(),
        name: None,
        region: None,
        time_zone: None,
        api_version: None,
    };
    Connection {
        config: b"{}".to_vec(),
        mapping: None,
        triggers: None,
        account: Some(account),
        prepared: None,
    }
}

fn delivery(body: &[u8], signature: Option<String>) -> WebhookDelivery {
    WebhookDelivery {
        headers: signature
            .into_iter()
            .map(|value| Header {
                name: "X-Hub-Signature".into(),
                value,
            })
            .collect(),
        body: body.to_vec(),
        secrets: vec!["old".into(), SECRET.into()],
        received_at_ms: 0,
    }
}

fn notification(topic: &str, item: Value) -> Vec<u8> {
    let body = json!({
        "type": "notification_event", "app_id": "w1", "id": "notif_1", "topic": topic, "created_at": 1_710_639_325,
        "data": { "type": "notification_event_data", "item": item },
    });
    body.to_string().into_bytes()
}

fn signed(body: &[u8]) -> Verdict {
    verify(&connection(), &delivery(body, Some(sign(SECRET, body)))).unwrap()
}

fn accepted(topic: &str, item: Value) -> AcceptedDelivery {
    match signed(&notification(topic, item)) {
        Verdict::Accepted(accepted) => accepted,
        other => panic!("{other:?}"),
    }
}

/// What the payload of an entry holds.
fn payload(entry: &Entry) -> Value {
    serde_json::from_slice(&entry.payload).unwrap()
}

/// The entries of a stream.
fn of<'a>(accepted: &'a AcceptedDelivery, stream: &str) -> Vec<&'a Entry> {
    let entries = accepted.entries.iter();
    entries.filter(|entry| entry.stream == stream).collect()
}

/// The keys of a stream's entries and what becomes of them.
fn changes(accepted: &AcceptedDelivery, stream: &str) -> Vec<(String, Change)> {
    let entries = of(accepted, stream).into_iter();
    entries
        .map(|entry| (entry.key.clone(), entry.change))
        .collect()
}

/// The rows that are worth reading again.
fn again(accepted: &AcceptedDelivery) -> Vec<(&str, &str)> {
    let rows = accepted.read_again.iter();
    rows.map(|row| (&*row.stream, &*row.key)).collect()
}

/// The notices of a kind, by their place.
fn noticed<'a>(accepted: &'a AcceptedDelivery, kind: &str) -> Vec<Option<&'a str>> {
    let notices = accepted.notices.iter().filter(|one| one.kind == kind);
    notices.map(|notice| notice.path.as_deref()).collect()
}

fn rejection(verdict: Verdict) -> Rejection {
    match verdict {
        Verdict::Rejected(rejection) => rejection,
        other => panic!("{other:?}"),
    }
}

fn rejected_code(verdict: Verdict) -> String {
    rejection(verdict).code
}

#[test]
fn every_secret_that_is_good_now_is_accepted_in_either_case() {
    let body = notification(
        "contact.user.created",
        json!({ "type": "contact", "id": "1" }),
    );
    for secret in ["old", SECRET] {
        for signature in [
            sign(secret, &body),
            format!("sha1={}", sign(secret, &body)[5..].to_uppercase()),
        ] {
            let verdict = verify(&connection(), &delivery(&body, Some(signature))).unwrap();
            assert!(matches!(verdict, Verdict::Accepted(_)), "{verdict:?}");
        }
    }
}

#[test]
fn topics_that_the_connection_does_not_name_are_ignored() {
    let connection = Connection {
        config: br#"{"webhooks":{"topics":["contact.user.created","ticket.*"]}}"#.to_vec(),
        ..connection()
    };
    let take = |topic: &str| {
        let body = notification(topic, json!({ "type": "contact", "id": "1" }));
        verify(&connection, &delivery(&body, Some(sign(SECRET, &body)))).unwrap()
    };
    // Whatever name a delivery gives: the topic counts for which it stands.
    for topic in ["contact.user.created", "contact.created", "ticket.closed"] {
        assert!(!matches!(take(topic), Verdict::Ignored(_)), "{topic}");
    }
    for topic in ["contact.lead.created", "contact.deleted", "user.deleted"] {
        let Verdict::Ignored(ignored) = take(topic) else {
            panic!("{topic} is taken");
        };
        assert!(ignored.reason.contains("webhooks.topics"), "{ignored:?}");
        assert_eq!((&*ignored.id, &*ignored.topic), ("notif_1", topic));
    }
    assert!(matches!(take("ping"), Verdict::Ping(_)));
    let Verdict::Ignored(ignored) = take("galaxy.created") else {
        panic!("an unknown topic is taken");
    };
    assert!(ignored.reason.contains("does not know"), "{ignored:?}");
}

#[test]
fn what_is_not_genuine_is_rejected() {
    let body = notification("contact.user.created", json!({ "id": "1" }));
    let good = sign(SECRET, &body);
    for (signature, code) in [
        (None, "unsigned"),
        (Some(sign("wrong", &body)), "bad_signature"),
        (Some(sign("", &body)), "bad_signature"),
        (Some(good[..20].to_owned()), "bad_signature"),
        (Some(good[5..].to_owned()), "bad_signature"),
        (Some(good.replace("sha1=", "sha256=")), "bad_signature"),
        (Some("sha1=".to_owned() + &"ü".repeat(20)), "bad_signature"),
        (Some(String::new()), "bad_signature"),
    ] {
        assert_eq!(
            rejected_code(verify(&connection(), &delivery(&body, signature.clone())).unwrap()),
            code,
            "{signature:?}"
        );
    }
    let mut tampered = body.clone();
    tampered[10] ^= 1;
    assert_eq!(
        rejected_code(verify(&connection(), &delivery(&tampered, Some(good))).unwrap()),
        "bad_signature"
    );
    let mut without_secrets = delivery(&body, Some(sign("", &body)));
    without_secrets.secrets = vec![String::new()];
    assert_eq!(
        rejected_code(verify(&connection(), &without_secrets).unwrap()),
        "bad_signature"
    );
}

#[test]
fn pings_and_unknown_topics_are_no_failures() {
    let ping = json!({ "app_id": "w1", "id": null, "topic": "ping", "data": { "item": { "type": "ping" } } }).to_string();
    assert_eq!(signed(ping.as_bytes()), Verdict::Ping(Some("w1".into())));
    for (topic, reason) in [
        ("galaxy.created", "does not know the topic"),
        ("audience.created", "audiences are read by no stream"),
        ("api.request.completed", "no record"),
    ] {
        match signed(&notification(topic, json!({ "id": "1" }))) {
            Verdict::Ignored(ignored) => {
                assert_eq!(
                    (ignored.topic.as_str(), ignored.id.as_str()),
                    (topic, "notif_1")
                );
                assert!(ignored.reason.contains(reason), "{}", ignored.reason);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn without_an_id_the_content_identifies_the_delivery() {
    let body = |name: &str, topic: &str, created_at: i64, attempt: u32| {
        json!({
            "id": null, "topic": topic, "created_at": created_at, "data": { "item": { "id": "1", "name": name } },
            "delivery_attempts": attempt, "delivery_status": if attempt > 1 { "retry" } else { "pending" },
        })
        .to_string()
    };
    let id = |body: String| match signed(body.as_bytes()) {
        Verdict::Accepted(accepted) => accepted.id,
        other => panic!("{other:?}"),
    };
    let first = id(body("a", "contact.user.created", 5, 1));
    // Sent again, it says so in its envelope.
    assert_eq!(first, id(body("a", "contact.user.created", 5, 2)));
    for other in [
        body("b", "contact.user.created", 5, 1),
        body("a", "contact.user.updated", 5, 1),
        body("a", "contact.user.created", 6, 1),
    ] {
        assert_ne!(first, id(other));
    }
}
