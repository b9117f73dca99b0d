//! Conversations and their parts.

use super::samples::{contact, conversation, former_person, part};
use super::*;

#[test]
fn a_conversation_is_whole_and_its_parts_are_rows() {
    for topic in [
        "conversation.admin.replied",
        "conversation.user.replied",
        "conversation.created",
        "conversation.closed",
        "conversation.rating.added",
        "conversation.snoozed",
        "conversation.read",
    ] {
        let item = conversation("<p>Hello</p>", &[part("7", "<p>x</p>")]);
        let accepted = accepted(topic, item);
        assert_eq!(
            changes(&accepted, "conversations"),
            [("42".to_owned(), Change::Upsert)],
            "{topic}"
        );
        assert_eq!(
            changes(&accepted, "conversation_parts"),
            [("7".to_owned(), Change::Upsert)]
        );
        assert!(accepted.read_again.is_empty() && accepted.notices.is_empty());
        let given = payload(&accepted.entries[0]);
        // As reads give it: the times are seconds, nobody is null, and the parts are rows of their own.
        assert_eq!(given["statistics"]["last_close_at"], 1_710_639_325);
        assert_eq!(given["team_assignee_id"], json!(null));
        assert_eq!(given["admin_assignee_id"], "9608799");
        assert_eq!(given["conversation_parts"], json!(null));
        let part = payload(&accepted.entries[1]);
        assert_eq!(part["conversation_id"], "42");
        assert_eq!(accepted.entries[1].reason, None);
    }
}

/// From 2.15 on webhooks give texts without their HTML, and reads give it: such a text must not replace the other for good.
#[test]
fn a_conversation_that_lost_its_html_is_a_patch() {
    let item = conversation("Hello", &[part("7", "x")]);
    let plain = accepted("conversation.user.replied", item);
    assert_eq!(
        changes(&plain, "conversations"),
        [("42".to_owned(), Change::Patch)]
    );
    assert_eq!(
        changes(&plain, "conversation_parts"),
        [("7".to_owned(), Change::Upsert)]
    );
    assert_eq!(again(&plain), [("conversations", "42")]);
    // Written as Intercom writes it.
    let body = notification(
        "conversation.user.replied",
        conversation("<p>Hello</p>", &[]),
    );
    let body = String::from_utf8(body)
        .unwrap()
        .replace("<p>", "\\u003cp\\u003e");
    match signed(body.as_bytes()) {
        Verdict::Accepted(accepted) => assert!(accepted.read_again.is_empty()),
        other => panic!("{other:?}"),
    }
    // Nothing was said: nothing was lost.
    for text in ["", "<div>x</div>"] {
        let accepted = accepted("conversation.user.created", conversation(text, &[]));
        assert!(accepted.read_again.is_empty());
    }
}

#[test]
fn a_redacted_part_says_so() {
    let mut redacted = part("7", "<p><i>This message was deleted</i></p>");
    redacted["redacted"] = json!(true);
    let accepted = accepted(
        "conversation_part.redacted",
        conversation("<p>x</p>", &[redacted]),
    );
    let rows = of(&accepted, "conversation_parts");
    assert_eq!(
        (rows[0].change, rows[0].reason.as_deref()),
        (Change::Upsert, Some("redacted"))
    );
    assert_eq!(payload(rows[0])["redacted"], true);
    assert_eq!(of(&accepted, "conversations")[0].reason, None);
}

/// A part may come without its conversation.
#[test]
fn a_part_alone_names_its_conversation() {
    let mut alone = part("7", "<p>x</p>");
    alone["conversation_id"] = json!(42);
    let accepted = accepted("conversation_part.tag.created", alone.clone());
    assert_eq!(
        changes(&accepted, "conversation_parts"),
        [("7".to_owned(), Change::Upsert)]
    );
    assert_eq!(again(&accepted), [("conversations", "42")]);
    let beside = json!({ "conversation": conversation("<p>x</p>", &[]), "conversation_part": part("7", "<p>x</p>") });
    let accepted = super::accepted("conversation_part.tag.created", beside);
    assert_eq!(
        changes(&accepted, "conversation_parts"),
        [("7".to_owned(), Change::Upsert)]
    );
    alone.as_object_mut().unwrap().remove("conversation_id");
    let refused = rejection(signed(&notification("conversation_part.redacted", alone)));
    assert!(
        refused.message.contains("`data.item.conversation_id`"),
        "{}",
        refused.message
    );
}

#[test]
fn an_unreadable_part_does_not_lose_the_rest() {
    let odd = json!({ "type": "conversation_part", "body": "who am I" });
    let item = conversation(
        "<p>x</p>",
        &[part("7", "<p>x</p>"), odd.clone(), part("8", "<p>y</p>")],
    );
    let accepted = accepted("conversation.admin.replied", item);
    let keys: Vec<String> = of(&accepted, "conversation_parts")
        .iter()
        .map(|entry| entry.key.clone())
        .collect();
    assert_eq!(keys, ["7", "8"]);
    assert_eq!(changes(&accepted, "conversations").len(), 1);
    let [notice] = &accepted.notices[..] else {
        panic!("{:?}", accepted.notices)
    };
    assert_eq!(notice.kind, "quarantined");
    assert_eq!(notice.stream.as_deref(), Some("conversation_parts"));
    assert_eq!(
        notice.path.as_deref(),
        Some("data.item.conversation_parts.id")
    );
    let held: Value = serde_json::from_slice(notice.document.as_ref().unwrap()).unwrap();
    assert_eq!(held, odd);
    assert!(!notice.message.contains("who"));
}

/// Who joined a conversation comes with a conversation in a form of its own, which does no more than name it.
#[test]
fn somebody_who_joins_a_conversation_is_given_and_it_is_read_again() {
    let inside = json!({ "parts": [{ "id": 1, "body": "" }], "options": {}, "model": { "id": 42, "user_id": "c1" } });
    for topic in [
        "conversation.contact.attached",
        "conversation.contact.detached",
    ] {
        let item = json!({ "conversation": inside, "contact": contact(&json!(null)) });
        let accepted = accepted(topic, item);
        assert_eq!(
            changes(&accepted, "contacts"),
            [("c1".to_owned(), Change::Upsert)]
        );
        assert!(of(&accepted, "conversations").is_empty());
        assert_eq!(again(&accepted), [("conversations", "42")]);
        assert!(accepted.notices.is_empty());
    }
    let item = json!({ "conversation": conversation("<p>x</p>", &[part("7", "x")]), "contact": contact(&json!(null)) });
    let whole = accepted("conversation.contact.attached", item);
    assert_eq!(
        changes(&whole, "conversations"),
        [("42".to_owned(), Change::Upsert)]
    );
    assert_eq!(changes(&whole, "conversation_parts").len(), 1);
}

/// API 1.x gave conversations in another form: it names the row, and its parts are parts.
#[test]
fn a_conversation_of_the_former_form_is_read_again() {
    let item = json!({ "type": "conversation", "id": "42", "user": former_person(), "assignee": { "type": "nobody_admin", "id": null },
        "conversation_message": { "body": "<p>x</p>" }, "open": true,
        "conversation_parts": { "conversation_parts": [part("7", "<p>x</p>")] } });
    let accepted = accepted("conversation.user.replied", item);
    assert!(of(&accepted, "conversations").len() <= 1);
    assert!(
        of(&accepted, "conversations")
            .iter()
            .all(|entry| entry.change == Change::Patch)
    );
    assert_eq!(
        changes(&accepted, "conversation_parts"),
        [("7".to_owned(), Change::Upsert)]
    );
    assert_eq!(again(&accepted), [("conversations", "42")]);
}
