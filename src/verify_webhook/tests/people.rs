//! Contacts and companies.

use super::samples::{company, contact, former_person};
use super::*;

#[test]
fn a_contact_is_what_map_record_makes_of_it() {
    let item = contact(&json!(null));
    let accepted = accepted("contact.user.updated", item.clone());
    let document = item.to_string().into_bytes();
    let mapped = crate::map_record::map_records(&connection(), "contacts", &[document]).unwrap();
    assert_eq!(accepted.entries, [mapped[0].clone().unwrap()]);
    assert_eq!(accepted.entries[0].updated_at_ms, Some(1_710_639_325_000));
    assert_eq!(
        (accepted.id.as_str(), accepted.created_at_ms),
        ("notif_1", Some(1_710_639_325_000))
    );
    assert!(accepted.read_again.is_empty() && accepted.notices.is_empty());
}

/// Times are text until 2.12 and seconds since; a picture is an object, a text or nothing.
#[test]
fn every_version_gives_the_same_types() {
    for (avatar, expected) in [
        (json!(null), json!(null)),
        (
            json!("http://x.test/a.png"),
            json!({ "type": "avatar", "image_url": "http://x.test/a.png" }),
        ),
        (
            json!({ "type": "avatar", "image_url": null }),
            json!({ "type": "avatar", "image_url": null }),
        ),
    ] {
        for times in [true, false] {
            let mut item = contact(&avatar);
            if !times {
                item["updated_at"] = json!(1_710_639_325);
                item["created_at"] = json!(1_709_251_200);
                item["last_seen_at"] = json!(1_710_639_325);
                item["owner_id"] = json!(null);
            }
            let accepted = accepted("contact.lead.updated", item);
            let given = payload(&accepted.entries[0]);
            assert_eq!(given["avatar"], expected);
            let times = [
                &given["updated_at"],
                &given["created_at"],
                &given["last_seen_at"],
            ];
            assert_eq!(times, [1_710_639_325, 1_709_251_200, 1_710_639_325]);
            assert_eq!(given["owner_id"], json!(null));
            assert_eq!(accepted.entries[0].change, Change::Upsert);
        }
    }
}

/// What a notification is called, and the role in it, decide nothing.
#[test]
fn one_name_stands_for_users_and_leads() {
    for role in ["user", "lead"] {
        let mut item = contact(&json!(null));
        item["role"] = json!(role);
        for topic in [
            "contact.created",
            "contact.user.created",
            "contact.lead.created",
            "user.created",
        ] {
            let accepted = accepted(topic, item.clone());
            assert_eq!(
                changes(&accepted, "contacts"),
                [("c1".to_owned(), Change::Upsert)]
            );
            assert_eq!(payload(&accepted.entries[0])["role"], role);
            assert_eq!(accepted.topic, topic);
        }
    }
}

#[test]
fn what_is_gone_leaves_a_tombstone() {
    for (topic, item, stream, reason) in [
        (
            "contact.deleted",
            json!({ "id": "7", "type": "contact", "deleted": true }),
            "contacts",
            "deleted",
        ),
        (
            "user.deleted",
            json!({ "id": "7", "user_id": "x", "type": "user" }),
            "contacts",
            "deleted",
        ),
        (
            "contact.archived",
            json!({ "id": "7", "external_id": "x", "type": "contact", "archived": true }),
            "contacts",
            "archived",
        ),
        (
            "contact.archive",
            json!({ "id": "7" }),
            "contacts",
            "archived",
        ),
        (
            "company.deleted",
            json!({ "id": 7, "type": "company", "deleted": true }),
            "companies",
            "deleted",
        ),
        (
            "conversation.deleted",
            json!({ "type": "conversation", "conversation_id": "7" }),
            "conversations",
            "deleted",
        ),
        (
            "article.deleted",
            json!({ "id": "7", "type": "article", "title": "x" }),
            "articles",
            "deleted",
        ),
        (
            "admin.removed_from_workspace",
            json!({ "id": 7, "type": "admin", "name": "x" }),
            "admins",
            "removed",
        ),
    ] {
        let accepted = accepted(topic, item);
        let entry = &accepted.entries[0];
        assert_eq!(
            (
                entry.stream.as_str(),
                entry.key.as_str(),
                entry.change,
                entry.reason.as_deref()
            ),
            (stream, "7", Change::Delete, Some(reason)),
            "{topic}"
        );
        assert_eq!(entry.payload, br#"{"id":"7"}"#);
        assert_eq!(entry.updated_at_ms, accepted.created_at_ms);
        assert!(accepted.read_again.is_empty());
    }
}

#[test]
fn a_merge_names_its_successor() {
    let mut item = contact(&json!(null));
    item["merged_from"] = json!({ "type": "contact", "id": "c0" });
    let merged = accepted("contact.merged", item);
    let [survivor, gone] = &merged.entries[..] else {
        panic!("{merged:?}")
    };
    assert_eq!(
        (survivor.key.as_str(), survivor.change),
        ("c1", Change::Upsert)
    );
    assert_eq!(
        (gone.key.as_str(), gone.change, gone.reason.as_deref()),
        ("c0", Change::Delete, Some("merged"))
    );
    assert_eq!(gone.successor.as_deref(), Some("c1"));
}

/// It was not always told what went into a contact: the contact itself counts all the same.
#[test]
fn a_merge_that_names_one_side_is_not_lost() {
    let merged = accepted("contact.merged", contact(&json!(null)));
    assert_eq!(
        changes(&merged, "contacts"),
        [("c1".to_owned(), Change::Upsert)]
    );
    assert_eq!(noticed(&merged, "gap"), [Some("data.item.merged_from")]);
}

/// Webhooks give companies without their tags and segments.
#[test]
fn some_of_a_company_is_a_patch_and_is_read_again() {
    let mut item = company();
    let part = accepted("company.updated", item.clone());
    assert_eq!(
        changes(&part, "companies"),
        [("k1".to_owned(), Change::Patch)]
    );
    assert_eq!(again(&part), [("companies", "k1")]);
    assert!(part.notices.is_empty(), "{:?}", part.notices);
    item["plan"] = json!({});
    item["tags"] = json!({ "type": "tag.list", "tags": [] });
    item["segments"] = json!({ "type": "segment.list", "segments": [] });
    let whole = accepted("company.created", item);
    assert_eq!(
        changes(&whole, "companies"),
        [("k1".to_owned(), Change::Upsert)]
    );
    assert!(again(&whole).is_empty());
}

/// A sink merges a patch by its fields: one that is not told must not be there, not even as null.
#[test]
fn a_field_that_is_not_told_is_not_in_a_patch() {
    let told = json!({ "type": "company", "id": "k1", "updated_at": "2024-03-17T01:35:25Z", "name": null, "custom_attributes": {} });
    let mapping = json!({ "companies": { "name": "NAME", "size": "SIZE", "plan.name": "PLAN", "custom_attributes.tier": "TIER" } });
    for (mapping, expected) in [
        (
            None,
            json!({ "type": "company", "id": "k1", "updated_at": 1_710_639_325, "name": null, "custom_attributes": {} }),
        ),
        (
            Some(mapping.to_string().into_bytes()),
            json!({ "NAME": null }),
        ),
    ] {
        let connection = Connection {
            mapping,
            ..connection()
        };
        let body = notification("company.updated", told.clone());
        let verdict = verify(&connection, &delivery(&body, Some(sign(SECRET, &body)))).unwrap();
        let Verdict::Accepted(accepted) = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!(accepted.entries[0].change, Change::Patch);
        assert_eq!(payload(&accepted.entries[0]), expected);
    }
}

/// Some notifications still give people as API 1.x did: what both forms have in common is a patch.
#[test]
fn a_person_of_the_former_form_is_a_patch_in_todays() {
    for topic in ["visitor.signed_up", "contact.created", "user.unsubscribed"] {
        let accepted = accepted(topic, former_person());
        assert_eq!(
            changes(&accepted, "contacts"),
            [("c1".to_owned(), Change::Patch)],
            "{topic}"
        );
        assert_eq!(again(&accepted), [("contacts", "c1")]);
        assert_eq!(
            payload(&accepted.entries[0]),
            json!({
                "id": "c1", "external_id": "e1", "email": "a@b.test", "phone": null,
                "avatar": { "type": "avatar", "image_url": null }, "updated_at": 1_710_639_325,
                "last_seen_at": 1_710_639_325, "custom_attributes": {},
            })
        );
        assert!(accepted.notices.is_empty());
    }
}

/// What does no more than name a row says that it is worth reading.
#[test]
fn a_mere_name_is_read_again() {
    let accepted = accepted(
        "contact.user.updated",
        json!({ "type": "contact", "id": 9 }),
    );
    assert!(accepted.entries.is_empty());
    assert_eq!(again(&accepted), [("contacts", "9")]);
}
