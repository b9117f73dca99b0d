use serde_json::{Value, json};

use super::*;
use crate::contract::types::Change;
use crate::contract::types::{Account, Header};

const SECRET: &str = "s3cret";

fn sign(secret: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes())
        .unwrap()
        .chain_update(body);
    format!("sha1={}", hex(&mac.finalize().into_bytes()))
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

fn rejected_code(verdict: Verdict) -> String {
    match verdict {
        Verdict::Rejected(rejection) => rejection.code,
        other => panic!("{other:?}"),
    }
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
fn bad_bodies_are_rejected_without_a_panic() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_item = notification("contact.user.created", json!({ "id": "1", "x": 0 }));
    let deep_item = String::from_utf8(deep_item)
        .unwrap()
        .replace("\"x\":0", &format!("\"x\":{deep}"))
        .into_bytes();
    for body in [
        &b""[..],
        b"null",
        b"{",
        b"<html>",
        b"\xff\xfe",
        deep.as_bytes(),
        br#"{"topic":7}"#,
    ] {
        assert_eq!(
            rejected_code(signed(body)),
            "malformed",
            "{:?}",
            String::from_utf8_lossy(&body[..body.len().min(20)])
        );
    }
    // Depth within a record is no harm: it is passed through.
    assert!(matches!(signed(&deep_item), Verdict::Accepted(_)));
    let large = vec![b' '; 10 << 20];
    assert_eq!(rejected_code(signed(&large)), "too_large");
    for item in [
        json!(null),
        json!([]),
        json!({}),
        json!({ "id": null }),
        json!("x"),
    ] {
        assert_eq!(
            rejected_code(signed(&notification("contact.user.updated", item.clone()))),
            "malformed",
            "{item}"
        );
        assert_eq!(
            rejected_code(signed(&notification("contact.deleted", item.clone()))),
            "malformed",
            "{item}"
        );
    }
    let no_data = json!({ "topic": "contact.user.created", "id": "n" }).to_string();
    assert_eq!(rejected_code(signed(no_data.as_bytes())), "malformed");
    let foreign = json!({ "app_id": "w2", "topic": "ping" }).to_string();
    assert_eq!(rejected_code(signed(foreign.as_bytes())), "wrong_workspace");
}

#[test]
fn a_contact_is_what_map_record_makes_of_it() {
    let item = json!({ "type": "contact", "id": "1", "role": "user", "updated_at": "2024-03-17T01:35:25.016+00:00", "owner_id": 0 });
    let accepted = accepted("contact.user.updated", item.clone());
    let mapped =
        crate::map_record::map_records(&connection(), "contacts", &[item.to_string().into_bytes()])
            .unwrap();
    assert_eq!(accepted.entries, [mapped[0].clone().unwrap()]);
    assert_eq!(accepted.entries[0].updated_at_ms, Some(1_710_639_325_000));
    assert_eq!(
        (accepted.id.as_str(), accepted.created_at_ms),
        ("notif_1", Some(1_710_639_325_000))
    );
}

#[test]
fn what_is_gone_leaves_a_tombstone() {
    for (topic, item, reason) in [
        (
            "contact.deleted",
            json!({ "id": "7", "type": "contact", "deleted": true }),
            "deleted",
        ),
        (
            "contact.archived",
            json!({ "id": "7", "external_id": "x", "type": "contact", "archived": true }),
            "archived",
        ),
        (
            "company.deleted",
            json!({ "id": 7, "type": "company" }),
            "deleted",
        ),
    ] {
        let accepted = accepted(topic, item);
        let entry = &accepted.entries[0];
        assert_eq!(
            (entry.key.as_str(), entry.change, entry.reason.as_deref()),
            ("7", Change::Delete, Some(reason))
        );
        assert_eq!(entry.payload, br#"{"id":"7"}"#);
    }
}

#[test]
fn a_merge_names_its_successor() {
    let accepted = accepted(
        "contact.merged",
        json!({ "id": "2", "role": "user", "merged_from": { "type": "contact", "id": "1" } }),
    );
    let [survivor, gone] = &accepted.entries[..] else {
        panic!("{accepted:?}")
    };
    assert_eq!(
        (survivor.key.as_str(), survivor.change),
        ("2", Change::Upsert)
    );
    assert_eq!(
        (gone.key.as_str(), gone.change, gone.reason.as_deref()),
        ("1", Change::Delete, Some("merged"))
    );
    assert_eq!(gone.successor.as_deref(), Some("2"));
    assert_eq!(
        rejected_code(signed(&notification(
            "contact.merged",
            json!({ "id": "2" })
        ))),
        "malformed"
    );
}

#[test]
fn a_part_of_a_company_is_a_patch_and_is_read_again() {
    let accepted = accepted("company.updated", json!({ "id": "c", "name": "n" }));
    assert_eq!(accepted.entries[0].change, Change::Patch);
    assert_eq!(
        (
            accepted.read_again[0].stream.as_str(),
            accepted.read_again[0].key.as_str()
        ),
        ("companies", "c")
    );
}

#[test]
fn pings_and_unknown_topics_are_no_failures() {
    let ping = json!({ "app_id": "w1", "id": null, "topic": "ping", "data": { "item": { "type": "ping" } } }).to_string();
    assert_eq!(signed(ping.as_bytes()), Verdict::Ping(Some("w1".into())));
    match signed(&notification("galaxy.created", json!({}))) {
        Verdict::Ignored(ignored) => assert_eq!(ignored.topic, "galaxy.created"),
        other => panic!("{other:?}"),
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
