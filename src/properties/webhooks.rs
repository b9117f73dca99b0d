//! What holds for every delivery.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::{assert_entry, connection};
use crate::contract::connector::{AcceptedDelivery, Verdict, WebhookDelivery};
use crate::contract::types::{Change, Header};
use crate::intercom::topics::{self, TOPICS};
use crate::verify_webhook::{SIGNATURE_HEADER, verify};

const SECRET: &str = "secret";

/// The signature of a body.
fn sign(body: &[u8]) -> String {
    let Ok(mac) = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()) else {
        return String::new();
    };
    let digest = mac.chain_update(body).finalize().into_bytes();
    let digits: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha1={}", digits.concat())
}

/// What becomes of a body that was signed, with this secret or that.
fn verdict(body: &[u8], secret: &str) -> Verdict {
    let delivery = WebhookDelivery {
        headers: vec![Header {
            name: SIGNATURE_HEADER.to_owned(),
            value: sign(body),
        }],
        body: body.to_vec(),
        secrets: vec![secret.to_owned()],
        received_at_ms: 0,
    };
    verify(&connection(), &delivery)
        .unwrap_or_else(|failure| panic!("a body is no failure: {failure:?}"))
}

/// Any body: forged, it says nothing; signed, it has one verdict, and what it says is of its topic.
pub fn webhook_body(body: &[u8]) {
    match verdict(body, "another secret") {
        Verdict::Rejected(rejection) => {
            assert!(["bad_signature", "too_large"].contains(&&*rejection.code));
        }
        other => panic!("a forged body is taken: {other:?}"),
    }
    let first = verdict(body, SECRET);
    assert_eq!(first, verdict(body, SECRET), "verifying is pure");
    match first {
        Verdict::Accepted(accepted) => assert_accepted(&accepted),
        Verdict::Ignored(ignored) => assert!(!ignored.id.is_empty() && !ignored.reason.is_empty()),
        Verdict::Ping(_) => {}
        Verdict::Rejected(rejection) => {
            assert!(["malformed", "too_large"].contains(&&*rejection.code));
            assert!(!rejection.message.is_empty());
        }
    }
}

/// Any item in an envelope of any topic: the first byte chooses it.
pub fn webhook_item(input: &[u8]) {
    let Some((choice, item)) = input.split_first() else {
        return;
    };
    let topic = TOPICS[usize::from(*choice) % TOPICS.len()].name;
    let head = format!(r#"{{"topic":"{topic}","id":"n","created_at":1,"data":{{"item":"#);
    webhook_body(&[head.as_bytes(), item, b"}}"].concat());
}

fn assert_accepted(accepted: &AcceptedDelivery) {
    let topic = topics::find(&accepted.topic);
    let topic = topic.unwrap_or_else(|| panic!("{} is accepted", accepted.topic));
    assert!(!accepted.id.is_empty() && accepted.intents.is_empty());
    assert!(
        !accepted.entries.is_empty() || !accepted.read_again.is_empty(),
        "an accepted delivery says nothing"
    );
    for row in &accepted.read_again {
        assert!(topic.told.streams.contains(&&*row.stream) && !row.key.is_empty());
    }
    for entry in &accepted.entries {
        assert!(
            topic.told.streams.contains(&&*entry.stream),
            "{}",
            entry.stream
        );
        assert_entry(entry);
        let mut again = accepted.read_again.iter();
        let again = again.any(|row| row.stream == entry.stream && row.key == entry.key);
        match entry.change {
            Change::Patch => assert!(again, "a patch is not read again"),
            Change::Delete => assert!(entry.reason.is_some(), "nothing says why a row is gone"),
            Change::Upsert => {}
        }
    }
    for notice in &accepted.notices {
        let held = notice.kind != "quarantined" || notice.document.is_some();
        assert!(held && notice.stream.is_some(), "{notice:?}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// Items of every shape, which are then damaged.
    fn items() -> Vec<(&'static str, Value)> {
        let contact = json!({ "type": "contact", "id": "c1", "role": "user", "workspace_id": "w", "location": {},
            "updated_at": "2024-03-17T01:35:25.016+00:00", "owner_id": 0, "avatar": "http://x.test/a.png" });
        let part =
            json!({ "type": "conversation_part", "id": "p1", "part_type": "comment", "body": "x" });
        let conversation = json!({ "type": "conversation", "id": 7, "source": { "body": "<p>x</p>" }, "contacts": {},
            "state": "open", "custom_attributes": {}, "statistics": { "last_close_at": "2024-03-17T01:35:25.000Z" },
            "conversation_parts": { "conversation_parts": [part], "total_count": 1 } });
        let ticket = json!({ "type": "ticket", "id": "t1", "ticket_attributes": {}, "ticket_state": "submitted", "ticket_type": {},
            "ticket_parts": { "ticket_parts": [{ "id": "1" }, { "id": 2 }] } });
        let mut merged = contact.clone();
        merged["merged_from"] = json!({ "type": "contact", "id": "c0" });
        let stat = json!({ "type": "content_stat.series", "created_at": "2022-10-11T15:01:07.000Z", "contact": contact,
            "content_stat": { "id": 1, "content_type": "series", "stat_type": "receipt" } });
        vec![
            ("contact.created", contact.clone()),
            ("contact.merged", merged),
            ("contact.deleted", json!({ "id": "c1", "deleted": true })),
            (
                "visitor.signed_up",
                json!({ "id": "c1", "user_id": "u1", "tags": {} }),
            ),
            (
                "contact.user.tag.created",
                json!({ "tag": { "id": "1", "name": "x" }, "contact": contact }),
            ),
            (
                "company.contact.detached",
                json!({ "company": { "id": "1", "custom_attributes": {} }, "contact": contact }),
            ),
            (
                "granular.subscribe",
                json!({ "contact": contact, "subscription_types": { "data": [{ "id": 1, "consent_type": "opt_in" }] } }),
            ),
            ("conversation_part.redacted", conversation.clone()),
            (
                "conversation.contact.attached",
                json!({ "conversation": { "model": { "id": 5 } }, "contact": contact }),
            ),
            (
                "conversation.deleted",
                json!({ "type": "conversation", "conversation_id": "5" }),
            ),
            (
                "ticket.admin.replied",
                json!({ "ticket": ticket, "ticket_part": { "id": "3" } }),
            ),
            (
                "ticket.closed",
                json!({ "id": "t1", "source": {}, "ticket": ticket }),
            ),
            ("content_stat.series", stat),
            (
                "event.created",
                json!({ "type": "event", "id": "e", "event_name": "x", "created_at": 1, "intercom_user_id": "c1" }),
            ),
        ]
    }

    /// Replaces the value at a place in a document, counted in its own order.
    fn replace(document: &mut Value, place: &mut usize, value: &Value) {
        if *place == 0 {
            *document = value.clone();
        }
        *place = place.wrapping_sub(1);
        match document {
            Value::Object(members) => {
                members
                    .values_mut()
                    .for_each(|member| replace(member, place, value));
            }
            Value::Array(items) => items
                .iter_mut()
                .for_each(|item| replace(item, place, value)),
            _ => {}
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        prop::sample::select(vec![
            json!(null),
            json!(0),
            json!(-1),
            json!(1e300),
            json!(""),
            json!("x"),
            json!("\u{0}/%"),
            json!([]),
            json!([[{}]]),
            json!({}),
            json!({ "id": "y" }),
            json!(true),
            json!([7]),
        ])
    }

    fn body(topic: &str, item: &Value) -> String {
        json!({ "type": "notification_event", "app_id": "w", "id": null, "topic": topic, "created_at": 5,
            "data": { "item": item } }).to_string()
    }

    #[test]
    fn what_is_damaged_below_is_whole() {
        for (topic, item) in items() {
            let body = body(topic, &item);
            assert!(
                matches!(verdict(body.as_bytes(), SECRET), Verdict::Accepted(_)),
                "{topic}"
            );
            webhook_body(body.as_bytes());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_are_a_crash(body in prop::collection::vec(any::<u8>(), 0..300)) {
            webhook_body(&body);
            webhook_item(&body);
        }

        #[test]
        fn no_damage_to_bytes_is_a_crash(
            which in any::<prop::sample::Index>(),
            damage in prop::collection::vec((any::<prop::sample::Index>(), 0u8..5, any::<u8>()), 1..6),
        ) {
            let items = items();
            let (topic, item) = which.get(&items);
            let mut body = body(topic, item).into_bytes();
            for (place, kind, byte) in damage {
                if body.is_empty() { break; }
                let at = place.index(body.len());
                match kind {
                    0 => body[at] = byte,
                    1 => drop(body.remove(at)),
                    2 => body.insert(at, byte),
                    3 => body.truncate(at),
                    _ => body.extend_from_within(at..),
                }
            }
            webhook_body(&body);
        }

        #[test]
        fn no_other_value_in_any_place_is_a_crash(
            which in any::<prop::sample::Index>(),
            damage in prop::collection::vec((0usize..40, values()), 1..4),
            topic in any::<prop::sample::Index>(),
            same in any::<bool>(),
        ) {
            let items = items();
            let (own, mut item) = which.get(&items).clone();
            for (place, value) in damage {
                replace(&mut item, &mut place.clone(), &value);
            }
            let topic = if same { own } else { topic.get(TOPICS).name };
            webhook_body(body(topic, &item).as_bytes());
        }
    }
}
