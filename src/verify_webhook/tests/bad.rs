//! Bad input: a clear verdict each.

use super::samples::contact;
use super::*;

#[test]
fn bodies_that_are_no_notification_are_malformed() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let whole = notification("contact.user.updated", contact(&json!(null)));
    let utf16: Vec<u8> = "{\"topic\":\"ping\"}"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (name, body, reason) in [
        ("empty", &b""[..], "byte 0 of 0"),
        ("null", b"null", "no object with a `topic`"),
        ("cut", &whole[..whole.len() - 9], "it is not JSON"),
        ("half", &whole[..whole.len() / 2], "it is not JSON"),
        ("html", b"<html>", "it is not JSON"),
        ("form", b"topic=ping&id=1", "it is not JSON"),
        ("utf-16", &utf16, "it is not JSON"),
        ("utf-16 with its mark", b"\xff\xfe{\0", "it is not UTF-8"),
        (
            "utf-8 with a mark",
            b"\xef\xbb\xbf{\"topic\":\"ping\"}",
            "it is not JSON (byte 0",
        ),
        (
            "latin-1",
            b"{\"topic\":\"ping\",\"x\":\"\xfc\"}",
            "it is not UTF-8",
        ),
        ("deep", deep.as_bytes(), "no object with a `topic`"),
        (
            "a list",
            b"[{\"topic\":\"ping\"}]",
            "no object with a `topic`",
        ),
        (
            "a number for a topic",
            br#"{"topic":7}"#,
            "no object with a `topic`",
        ),
        (
            "two",
            b"{\"topic\":\"ping\"}{\"topic\":\"ping\"}",
            "it is not JSON",
        ),
    ] {
        let refused = rejection(signed(body));
        assert_eq!(refused.code, "malformed", "{name}");
        assert!(
            refused.message.contains(reason),
            "{name}: {}",
            refused.message
        );
    }
    let large = vec![b' '; 10 << 20];
    assert_eq!(rejected_code(signed(&large)), "too_large");
    let foreign = json!({ "app_id": "w2", "topic": "ping" }).to_string();
    assert_eq!(rejected_code(signed(foreign.as_bytes())), "wrong_workspace");
}

#[test]
fn items_that_say_nothing_are_malformed_and_name_the_place() {
    for item in [
        json!(null),
        json!([]),
        json!({}),
        json!({ "id": null }),
        json!({ "id": "" }),
        json!({ "id": {} }),
        json!("x"),
        json!(7),
    ] {
        for topic in [
            "contact.user.updated",
            "contact.deleted",
            "contact.merged",
            "conversation.admin.closed",
            "ticket.created",
            "event.created",
            "job.completed",
            "admin.logged_in",
        ] {
            let refused = rejection(signed(&notification(topic, item.clone())));
            assert_eq!(refused.code, "malformed");
            assert!(
                refused.message.contains("`data.item"),
                "{item}: {}",
                refused.message
            );
        }
    }
    let no_data = json!({ "topic": "contact.user.created", "id": "n" }).to_string();
    assert_eq!(rejected_code(signed(no_data.as_bytes())), "malformed");
}

/// Depth within a record is no harm: it is passed through.
#[test]
fn depth_is_passed_through() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let mut item = contact(&json!(null));
    item["custom_attributes"] = json!("DEEP");
    let body = String::from_utf8(notification("contact.user.updated", item)).unwrap();
    let body = body.replace("\"DEEP\"", &deep);
    match signed(body.as_bytes()) {
        Verdict::Accepted(accepted) => {
            assert!(String::from_utf8_lossy(&accepted.entries[0].payload).contains(&deep));
        }
        other => panic!("{other:?}"),
    }
}

/// Of several members of one name the last one counts, in every place.
#[test]
fn the_last_of_several_members_counts() {
    let body = br#"{"topic":"galaxy","topic":"contact.deleted","id":"a","id":"b","data":{"item":{"id":"0"}},
        "data":{"item":7,"item":{"id":"1","id":"2"}},"created_at":1,"created_at":2}"#;
    match signed(body) {
        Verdict::Accepted(accepted) => {
            assert_eq!(
                (&*accepted.id, &*accepted.topic, accepted.created_at_ms),
                ("b", "contact.deleted", Some(2_000))
            );
            assert_eq!(
                changes(&accepted, "contacts"),
                [("2".to_owned(), Change::Delete)]
            );
        }
        other => panic!("{other:?}"),
    }
}

/// What is delivered again is known by the same id, whatever the envelope says of the attempt.
#[test]
fn a_replay_has_the_same_id_and_says_the_same() {
    let body = |attempt: u32| {
        json!({ "id": "notif_1", "topic": "contact.deleted", "created_at": 5, "delivery_attempts": attempt,
            "data": { "item": { "id": "1" } } })
        .to_string()
    };
    let (first, second) = (signed(body(1).as_bytes()), signed(body(2).as_bytes()));
    assert_eq!(first, second);
    assert!(matches!(first, Verdict::Accepted(accepted) if accepted.id == "notif_1"));
}

/// The envelope of the documents' examples leaves out much of what is sent.
#[test]
fn envelopes_may_be_sparse() {
    for body in [
        json!({ "topic": "contact.deleted", "data": { "item": { "id": "1" } } }),
        json!({ "type": "notification_event", "topic": "contact.deleted", "id": null, "app_id": null, "self": null, "created_at": "2024-03-17T01:35:25Z",
            "data": { "type": null, "item": { "id": "1" } } }),
    ] {
        match signed(body.to_string().as_bytes()) {
            Verdict::Accepted(accepted) => assert!(accepted.id.starts_with("sha1:")),
            other => panic!("{other:?}"),
        }
    }
}
