//! What belongs together: tags, companies, kinds of messages.

use super::samples::{company, contact, former_person};
use super::*;

const UPSERT: Change = Change::Upsert;
const DELETE: Change = Change::Delete;

#[test]
fn a_tag_gives_its_link_itself_and_the_contact() {
    for (topic, change) in [
        ("contact.user.tag.created", UPSERT),
        ("contact.lead.tag.created", UPSERT),
        ("contact.tag.created", UPSERT),
        ("user.tag.created", UPSERT),
        ("contact.user.tag.deleted", DELETE),
        ("contact.lead.tag.deleted", DELETE),
        ("contact.tag.deleted", DELETE),
        ("user.tag.deleted", DELETE),
    ] {
        let item = json!({ "type": "contact_tag", "created_at": 5, "contact": contact(&json!(null)),
            "tag": { "type": "tag", "id": 17, "name": "x" } });
        let accepted = accepted(topic, item);
        assert_eq!(
            changes(&accepted, "contact_tags"),
            [("c1/17".to_owned(), change)],
            "{topic}"
        );
        let link = of(&accepted, "contact_tags")[0];
        assert_eq!(link.payload, br#"{"contact_id":"c1","tag_id":"17"}"#);
        assert_eq!(
            link.reason.as_deref(),
            (change == DELETE).then_some("detached")
        );
        assert_eq!(link.updated_at_ms, accepted.created_at_ms);
        assert_eq!(changes(&accepted, "tags"), [("17".to_owned(), UPSERT)]);
        assert_eq!(changes(&accepted, "contacts"), [("c1".to_owned(), UPSERT)]);
        // What the contact says of its tags may be older.
        assert_eq!(
            again(&accepted).contains(&("contacts", "c1")),
            change == DELETE
        );
    }
    let former = json!({ "type": "user_tag", "user": former_person(), "tag": { "type": "tag", "id": "17", "name": "x" } });
    let accepted = accepted("user.tag.created", former);
    assert_eq!(
        changes(&accepted, "contact_tags"),
        [("c1/17".to_owned(), UPSERT)]
    );
    assert_eq!(
        changes(&accepted, "contacts"),
        [("c1".to_owned(), Change::Patch)]
    );
    assert_eq!(again(&accepted), [("contacts", "c1")]);
}

#[test]
fn a_company_and_a_contact_are_linked_both_ways() {
    for (topic, change) in [
        ("company.contact.attached", UPSERT),
        ("company.contact.detached", DELETE),
    ] {
        let item = json!({ "company": company(), "contact": contact(&json!(null)) });
        let accepted = accepted(topic, item);
        assert_eq!(
            changes(&accepted, "contact_companies"),
            [("c1/k1".to_owned(), change)]
        );
        assert_eq!(
            changes(&accepted, "company_contacts"),
            [("k1/c1".to_owned(), change)]
        );
        assert_eq!(
            changes(&accepted, "companies"),
            [("k1".to_owned(), Change::Patch)]
        );
        assert!(again(&accepted).contains(&("companies", "k1")));
        assert_eq!(
            of(&accepted, "company_contacts")[0].payload,
            br#"{"company_id":"k1","contact_id":"c1"}"#
        );
    }
}

#[test]
fn half_of_a_link_does_not_lose_the_other_half() {
    let item = json!({ "contact": contact(&json!(null)), "tag": { "name": "x" } });
    let accepted = accepted("contact.user.tag.created", item);
    assert_eq!(accepted.entries.len(), 1);
    assert_eq!(
        noticed(&accepted, "quarantined"),
        [Some("data.item.tag.id")]
    );
    let refused = rejection(signed(&notification(
        "contact.user.tag.created",
        json!({ "tag": {} }),
    )));
    assert_eq!(refused.code, "malformed");
    assert!(
        refused.message.contains("`data.item.contact`"),
        "{}",
        refused.message
    );
}

/// A row says that a contact differs from what a kind of messages is by default: no to what asks for a no, yes to what asks
/// for a yes.
#[test]
fn a_subscription_is_a_row_where_it_differs_from_the_default() {
    for (topic, consent, change) in [
        ("granular.subscribe", "opt_in", UPSERT),
        ("granular.subscribe", "opt_out", DELETE),
        ("granular.unsubscribe", "opt_in", DELETE),
        ("granular.unsubscribe", "opt_out", UPSERT),
        ("contact.unsubscribed", "opt_out", UPSERT),
    ] {
        let kind = json!({ "type": "subscription", "id": 93, "state": "live", "consent_type": consent, "content_types": ["email"] });
        let item = json!({ "type": "granular", "contact": contact(&json!(null)), "subscription_types": { "type": "list", "data": [kind] }, "created_at": 5 });
        let accepted = accepted(topic, item);
        assert_eq!(
            changes(&accepted, "contact_subscriptions"),
            [("c1/93".to_owned(), change)],
            "{topic} {consent}"
        );
        assert_eq!(changes(&accepted, "contacts"), [("c1".to_owned(), UPSERT)]);
        let row = payload(of(&accepted, "contact_subscriptions")[0]);
        assert_eq!(
            (&row["contact_id"], &row["id"]),
            (&json!("c1"), &json!("93"))
        );
        if change == UPSERT {
            assert_eq!(row["content_types"], json!(["email"]));
        }
    }
    let kinds = json!({ "data": [{ "id": "1", "consent_type": "opt_maybe" }, { "consent_type": "opt_in" }, 7] });
    let item = json!({ "contact": contact(&json!(null)), "subscription_types": kinds });
    let odd = accepted("granular.subscribe", item);
    assert!(of(&odd, "contact_subscriptions").is_empty());
    assert_eq!(again(&odd), [("contacts", "c1")]);
    assert_eq!(
        noticed(&odd, "quarantined"),
        [Some("data.item.subscription_types.data.id")]
    );
}

/// Who said no to all messages comes beside an empty list, or alone.
#[test]
fn who_unsubscribed_from_everything_is_given() {
    for item in [
        json!({ "type": "contact_unsubscribe", "contact": contact(&json!(null)), "subscription_types": { "data": [] } }),
        contact(&json!(null)),
    ] {
        for topic in [
            "contact.unsubscribed",
            "user.unsubscribed",
            "contact.subscribed",
            "contact.unsubscribed_from_sms",
        ] {
            let accepted = accepted(topic, item.clone());
            assert_eq!(
                changes(&accepted, "contacts"),
                [("c1".to_owned(), UPSERT)],
                "{topic}"
            );
            assert_eq!(accepted.entries.len(), 1);
        }
    }
}
