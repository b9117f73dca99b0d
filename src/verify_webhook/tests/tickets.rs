//! Tickets and their parts.

use super::samples::{contact, conversation, part, ticket, ticket_part};
use super::*;

const ID: &str = "215472629311235";

fn keys(accepted: &AcceptedDelivery, stream: &str) -> Vec<String> {
    let entries = of(accepted, stream).into_iter();
    entries.map(|entry| entry.key.clone()).collect()
}

/// A ticket's state is a text until 2.11 and an object since; its ids are texts or numbers.
#[test]
fn a_ticket_is_whole_in_every_version() {
    let object = json!({ "type": "ticket_state", "id": "1", "category": "submitted" });
    for (state, expected) in [
        (
            json!("submitted"),
            json!({ "type": "ticket_state", "category": "submitted" }),
        ),
        (object.clone(), object),
    ] {
        let mut item = ticket(&state, &[ticket_part("5"), ticket_part("6")]);
        item["team_assignee_id"] = json!(0);
        for topic in [
            "ticket.created",
            "ticket.state.updated",
            "ticket.resolved",
            "ticket.closed",
        ] {
            let accepted = accepted(topic, item.clone());
            assert_eq!(
                changes(&accepted, "tickets"),
                [(ID.to_owned(), Change::Upsert)],
                "{topic}"
            );
            assert_eq!(keys(&accepted, "ticket_parts"), ["5", "6"]);
            assert!(accepted.read_again.is_empty() && accepted.notices.is_empty());
            let given = payload(&accepted.entries[0]);
            assert_eq!(given["ticket_state"], expected);
            assert_eq!(given["ticket_id"], "66040342");
            assert_eq!(given["team_assignee_id"], json!(null));
            assert_eq!(given["ticket_parts"], json!(null));
            assert_eq!(payload(&accepted.entries[1])["ticket_id"], ID);
        }
    }
}

/// Most notifications name the part that they are about beside the ticket, which may hold it as well.
#[test]
fn a_part_beside_its_ticket_is_given_once() {
    let item = json!({ "type": "ticket_ticket_part", "ticket": ticket(&json!("submitted"), &[ticket_part("5"), ticket_part("6")]),
        "ticket_part": ticket_part("6") });
    let held = accepted("ticket.admin.replied", item.clone());
    assert_eq!(changes(&held, "tickets"), [(ID.to_owned(), Change::Upsert)]);
    assert_eq!(keys(&held, "ticket_parts"), ["5", "6"]);
    let mut item = item;
    item["ticket"]["ticket_parts"] = json!(null);
    item["ticket_part"]["id"] = json!(7);
    let beside = accepted("ticket.note.created", item.clone());
    assert_eq!(keys(&beside, "ticket_parts"), ["7"]);
    item["ticket_part"] = json!({ "part_type": "note" });
    let unreadable = accepted("ticket.note.created", item);
    assert_eq!(keys(&unreadable, "tickets"), [ID]);
    assert_eq!(
        noticed(&unreadable, "quarantined"),
        [Some("data.item.ticket_part.id")]
    );
}

/// From 2.15 on the item of `ticket.closed` is the conversation, and the ticket is in it.
#[test]
fn a_ticket_that_is_closed_comes_in_its_conversation() {
    let mut item = conversation("Hello", &[part("9", "x")]);
    item["id"] = json!(ID);
    item["ticket"] = ticket(&json!({ "category": "resolved" }), &[ticket_part("5")]);
    let accepted = accepted("ticket.closed", item);
    assert_eq!(
        changes(&accepted, "tickets"),
        [(ID.to_owned(), Change::Upsert)]
    );
    assert_eq!(keys(&accepted, "ticket_parts"), ["5"]);
    assert_eq!(
        changes(&accepted, "conversations"),
        [(ID.to_owned(), Change::Patch)]
    );
    assert_eq!(keys(&accepted, "conversation_parts"), ["9"]);
    assert_eq!(again(&accepted), [("conversations", ID)]);
}

/// Who joined a ticket comes with a ticket in a form of its own, which does no more than name it.
#[test]
fn somebody_who_joins_a_ticket_is_given_and_it_is_read_again() {
    let named = json!({ "type": "ticket", "id": 5, "url": "https://x.test", "custom_attributes": { "a": { "value": null } },
        "state": "submitted", "ticket_type": "Tickets" });
    for topic in ["ticket.contact.attached", "ticket.contact.detached"] {
        let item = json!({ "ticket": named, "contact": contact(&json!(null)) });
        let accepted = accepted(topic, item);
        assert_eq!(
            changes(&accepted, "contacts"),
            [("c1".to_owned(), Change::Upsert)]
        );
        assert!(of(&accepted, "tickets").is_empty(), "{topic}");
        assert_eq!(again(&accepted), [("tickets", "5")]);
    }
}
