//! Intents out of deliveries.

use super::samples::{contact, conversation, part};
use super::*;
use crate::contract::types::Intent;
use crate::mapping::Mapping;
use crate::triggers;

/// What becomes of a delivery, with triggers that are compiled in the call, and with prepared ones alike.
fn told(document: &Value, topic: &str, item: Value) -> AcceptedDelivery {
    let document = document.to_string().into_bytes();
    let compiled = triggers::compile(&document, connection().account.as_ref()).unwrap();
    let anew = Connection {
        triggers: Some(document),
        ..connection()
    };
    let prepared = Connection {
        prepared: Some(Mapping::default().prepare(&triggers::pack(&compiled))),
        ..anew.clone()
    };
    let older = Connection {
        prepared: Some(b"2\0\0".to_vec()),
        ..anew.clone()
    };
    let body = notification(topic, item);
    let delivery = delivery(&body, Some(sign(SECRET, &body)));
    let verdict = verify(&anew, &delivery).unwrap();
    for connection in [&anew, &prepared, &older] {
        assert_eq!(
            verify(connection, &delivery).unwrap(),
            verdict,
            "redelivered"
        );
    }
    match verdict {
        Verdict::Accepted(accepted) => accepted,
        other => panic!("{other:?}"),
    }
}

fn names(intents: &[Intent]) -> Vec<&str> {
    intents.iter().map(|intent| &*intent.trigger).collect()
}

fn record(intent: &Intent) -> Value {
    serde_json::from_slice(&intent.record).unwrap()
}

fn refunds() -> Value {
    json!({
        "refund": { "on": "conversation.replied", "action": "ticket", "when": { "keyword": "refund" } },
        "closed": { "on": "conversation.closed", "action": "x" },
        "part": { "stream": "conversation_parts", "action": "note", "when": { "keyword": "refund" } },
        "contact": { "on": ["user.created", "lead.created"], "action": "welcome" },
        "gone": { "on": ["user.deleted"], "action": "forget" },
    })
}

#[test]
fn what_is_written_in_a_part_sets_off_triggers_on_its_conversation() {
    let item = conversation("<p>Hello</p>", &[part("7", "<p>A REFUND, please</p>")]);
    let plain = accepted("conversation.user.replied", item.clone());
    let accepted = told(&refunds(), "conversation.user.replied", item);
    assert_eq!(accepted.entries, plain.entries, "triggers change no entry");
    assert_eq!(names(&accepted.intents), ["refund", "part"]);
    let intent = &accepted.intents[0];
    assert_eq!(
        (&*intent.source_stream, &*intent.source_key, &*intent.action),
        ("conversations", "42", "ticket")
    );
    let ticket = record(intent);
    assert_eq!(ticket["external_id"], "42");
    assert!(
        ticket["description"]
            .as_str()
            .unwrap()
            .contains("A REFUND, please"),
        "{ticket}"
    );
    assert_eq!(accepted.intents[1].source_key, "7");
}

#[test]
fn a_part_beside_its_conversation_or_without_it_counts_alike() {
    let said = part("7", "<p>refund</p>");
    let beside =
        json!({ "conversation": conversation("<p>Hello</p>", &[]), "conversation_part": said });
    let accepted = told(&refunds(), "conversation.user.replied", beside);
    assert_eq!(names(&accepted.intents), ["refund", "part"]);
    let mut bare = said;
    bare["conversation_id"] = json!("42");
    let accepted = told(&refunds(), "conversation.user.replied", bare);
    assert_eq!(names(&accepted.intents), ["refund", "part"]);
    assert_eq!(accepted.intents[0].source_key, "42");
}

#[test]
fn former_names_of_topics_are_todays() {
    for topic in [
        "conversation.user.replied",
        "conversation.admin.replied",
        "conversation.replied",
    ] {
        let item = conversation("<p>refund</p>", &[]);
        assert_eq!(
            names(&told(&refunds(), topic, item).intents),
            ["refund"],
            "{topic}"
        );
    }
    for topic in [
        "user.created",
        "contact.user.created",
        "contact.created",
        "contact.lead.created",
    ] {
        assert_eq!(
            names(&told(&refunds(), topic, contact(&json!(null))).intents),
            ["contact"],
            "{topic}"
        );
    }
    let item = json!({ "id": "c9", "type": "contact", "deleted": true });
    let accepted = told(&refunds(), "contact.deleted", item);
    assert_eq!(names(&accepted.intents), ["gone"]);
    assert_eq!(record(&accepted.intents[0]), json!({ "id": "c9" }));
    assert!(
        told(
            &refunds(),
            "conversation.read",
            conversation("<p>x</p>", &[])
        )
        .intents
        .is_empty()
    );
}

#[test]
fn waiting_is_measured_against_the_time_of_receipt() {
    let mut item = conversation("<p>x</p>", &[]);
    item["state"] = json!("open");
    item["waiting_since"] = json!(1_000);
    let document =
        json!({ "slow": { "action": "ping", "when": { "waiting": { "longer_than": "30m" } } } });
    let connection = Connection {
        triggers: Some(document.to_string().into_bytes()),
        ..connection()
    };
    let body = notification("conversation.read", item);
    let intents = |received_at_ms| {
        let delivery = WebhookDelivery {
            received_at_ms,
            ..delivery(&body, Some(sign(SECRET, &body)))
        };
        match verify(&connection, &delivery).unwrap() {
            Verdict::Accepted(accepted) => accepted.intents.len(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((intents(2_800_000), intents(2_801_000)), (0, 1));
}

#[test]
fn wrong_triggers_are_a_failure_of_the_connection() {
    let connection = Connection {
        triggers: Some(br#"{"a":{}}"#.to_vec()),
        ..connection()
    };
    let body = notification("conversation.read", conversation("<p>x</p>", &[]));
    let failure = verify(&connection, &delivery(&body, Some(sign(SECRET, &body)))).unwrap_err();
    assert_eq!(
        (&*failure.code, &*failure.problems[0].path),
        ("invalid_triggers", "triggers.a.action")
    );
}

#[test]
fn what_a_mapping_takes_of_a_company_waits_until_the_contact_is_read_again() {
    let mapping = json!([
        { "from": "email", "to": "mail", "required": true },
        { "from": "company.name", "to": "company", "required": true },
        { "from": "role", "to": "kind", "default": "?" },
    ]);
    let trigger = json!({ "on": "contact.user.created", "action": "welcome", "mapping": mapping });
    let accepted = told(
        &json!({ "new": trigger }),
        "contact.user.created",
        contact(&Value::Null),
    );
    let contact = contact(&Value::Null);
    assert_eq!(
        record(&accepted.intents[0]),
        json!({ "mail": contact["email"], "kind": contact["role"] })
    );
    // Conditions cannot wait.
    let company = json!({ "path": "company.name", "equals": "Acme" });
    for (document, place) in [
        (
            json!({ "a": { "stream": "contacts", "action": "x", "when": company } }),
            "triggers.a.when.path",
        ),
        (
            json!({ "a": { "stream": "contacts", "action": "x",
                "mapping": { "when": company, "rules": [{ "from": "email", "to": "mail" }] } } }),
            "triggers.a.mapping.when",
        ),
    ] {
        let failure = triggers::compile(document.to_string().as_bytes(), None).unwrap_err();
        assert_eq!(failure.problems[0].path, place, "{failure:?}");
        assert_eq!(failure.problems[0].code, "path");
    }
}
