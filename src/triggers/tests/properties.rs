//! What holds for any document and any row.

use proptest::prelude::*;

use super::*;
use crate::intercom::normalize::Normalizer;

/// JSON made of what triggers and rows are made of.
fn documents() -> impl Strategy<Value = Json> {
    let word = || {
        prop::sample::select(vec![
            "t",
            "on",
            "stream",
            "when",
            "action",
            "mapping",
            "per",
            "all",
            "any",
            "not",
            "keyword",
            "keywords",
            "in",
            "path",
            "equals",
            "above",
            "tag",
            "author",
            "waiting",
            "older_than",
            "longer_than",
            "present",
            "preset",
            "ticket",
            "conversations",
            "contacts",
            "conversation.created",
            "source.body",
            "conversation_parts",
            "state",
            "id",
            "row",
            "change",
            "user",
            "30m",
            "",
            "退款",
            "İ",
            "custom_attributes.a",
        ])
    };
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Json::from),
        (-3i64..2_000_000_000).prop_map(Json::from),
        word().prop_map(Json::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((word(), inner), 0..5).prop_map(|members| {
                Json::Object(
                    members
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

/// A document that is nearly one of triggers.
fn triggers() -> impl Strategy<Value = Json> {
    (documents(), documents(), documents()).prop_map(|(when, mapping, on)| {
        let mut trigger = json!({ "action": "a" });
        for (name, value) in [("when", when), ("mapping", mapping), ("on", on)] {
            if !value.is_null() {
                trigger[name] = value;
            }
        }
        json!({ "t": trigger, "u": { "action": "ticket" } })
    })
}

/// Conditions, of which many are alike.
fn conditions() -> impl Strategy<Value = Json> {
    let leaf = prop::sample::select(vec![
        json!({ "path": "state", "equals": "open" }),
        json!({ "path": "state", "in": ["closed", "snoozed"] }),
        json!({ "path": "custom_attributes.a", "equals": 1 }),
        json!({ "path": "custom_attributes.a", "absent": true }),
        json!({ "path": "conversation_parts.conversation_parts.0.id", "equals": "1" }),
        json!({ "path": "conversation_rating.rating", "at_most": 2 }),
        json!({ "keywords": ["a b", "退"] }),
        json!({ "keywords": ["refund", "b"] }),
        json!({ "keywords": ["refund", "b"], "in": ["title"] }),
        json!({ "tag": ["VIP", "1"] }),
        json!({ "author": "user" }),
        json!({ "author": ["bot", "7"] }),
        json!({ "waiting": "1m" }),
    ]);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| json!({ "not": one })),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|all| json!({ "all": all })),
            prop::collection::vec(inner, 1..4).prop_map(|any| json!({ "any": any })),
        ]
    })
}

/// Several good triggers on one stream.
fn several() -> impl Strategy<Value = Vec<Json>> {
    let on = prop::sample::select(vec![
        json!(null),
        json!("conversation.user.replied"),
        json!("conversation.replied"),
        json!(["conversation.deleted", "conversation.admin.closed"]),
        json!("conversation.admin.*"),
    ]);
    let mapping = prop::sample::select(vec![
        json!(null),
        json!([{ "from": "state", "to": "S" }]),
        json!([{ "from": "id", "to": "ID" }]),
    ]);
    let one = (
        on,
        mapping,
        prop::option::of(conditions()),
        any::<[bool; 2]>(),
    );
    let one = one.prop_map(|(on, mapping, when, [each_change, confirm])| {
        let per = if each_change { "change" } else { "row" };
        let mut trigger =
            json!({ "action": "a", "stream": "conversations", "per": per, "confirm": confirm });
        for (name, value) in [("on", on), ("mapping", mapping), ("when", json!(when))] {
            if !value.is_null() {
                trigger[name] = value;
            }
        }
        trigger
    });
    prop::collection::vec(one, 1..8)
}

/// A conversation, and what hangs on it.
fn rows() -> impl Strategy<Value = (Json, Option<Json>)> {
    let texts = || {
        prop::sample::select(vec![
            "",
            "A  <b>B</b>",
            "退款 refund",
            "<p>b</p>refunds",
            "x",
        ])
    };
    let state = prop::sample::select(vec![
        json!("open"),
        json!("closed"),
        json!("sn\u{6f}ozed"),
        json!(null),
    ]);
    let attribute = prop::sample::select(vec![json!(1), json!("1"), json!(null), json!("x")]);
    let tags = prop::sample::select(vec![
        json!([]),
        json!([{ "id": 1 }]),
        json!([{ "id": "2", "name": "vip" }]),
    ]);
    let author = || prop::sample::select(vec!["user", "lead", "bot", "admin"]);
    let part = (texts(), author(), 0..3i64).prop_map(|(body, author, at)| {
        json!({ "id": at, "body": body, "created_at": at, "author": { "type": author, "id": "7" } })
    });
    let parts = prop::option::of(prop::collection::vec(part, 0..3).prop_map(Json::from));
    let record = (texts(), texts(), state, attribute, tags, author(), 0..4i64).prop_map(
        |(title, body, state, attribute, tags, author, rating)| {
            json!({ "id": "7", "updated_at": NOW, "title": title, "state": state, "waiting_since": NOW - 100,
                "source": { "body": body, "author": { "type": author } }, "tags": { "tags": tags },
                "conversation_rating": { "rating": rating }, "custom_attributes": { "a": attribute } })
        },
    );
    (record, parts)
}

proptest! {
    #[test]
    fn triggers_together_do_what_each_does_alone(triggers in several(), (record, parts) in rows()) {
        let stream = find("conversations").unwrap();
        let read = Normalizer::new(stream).with_places().text(&record.to_string()).unwrap();
        let record = read.payload;
        let parts = parts.map(|parts| parts.to_string());
        let named: Vec<(String, &Json)> =
            triggers.iter().enumerate().map(|(at, one)| (format!("t{at}"), one)).collect();
        let all: Json = named.iter().map(|(name, one)| (name.clone(), (*one).clone())).collect();
        let together = packed(&all);
        for (topic, gone) in [
            (None, false),
            (Some("conversation.user.replied"), false),
            (Some("conversation.admin.closed"), false),
            (Some("conversation.deleted"), true),
        ] {
            let occasion = Occasion {
                key: "7", record: &record, places: &read.places, parts: parts.as_deref(), companies: &[], updated_at: Some(NOW), topic, gone,
                now: NOW,
            };
            let (found, _) = together.of_stream(stream).unwrap().look(&occasion);
            let mut expected = Vec::new();
            // Whether it is known where the values are makes no difference.
            let occasion = Occasion { places: &[], ..occasion };
            for (name, one) in &named {
                let alone = packed(&json!({ name: one }));
                expected.extend(alone.of_stream(stream).unwrap().look(&occasion).0);
            }
            prop_assert_eq!(found, expected, "{:?}", topic);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn no_document_and_no_row_is_a_crash(
        document in prop_oneof![documents(), triggers()],
        row in documents(),
        parts in documents(),
        bytes in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let _ = compile(&bytes, None);
        let compiled = compile(document.to_string().as_bytes(), None);
        if let Err(failure) = &compiled {
            prop_assert!(!failure.problems.is_empty());
        }
        let packed = pack(&compiled.unwrap_or_default());
        let mut damaged = packed.clone();
        for (at, byte) in bytes.chunks_exact(2).map(|pair| (usize::from(pair[0]), pair[1])) {
            if let Some(place) = damaged.get_mut(at) {
                *place = byte;
            }
        }
        for packed in [packed, damaged, bytes] {
            let triggers = Triggers { packed: Cow::Owned(packed) };
            for stream in ["conversations", "contacts"] {
                let Some(watch) = triggers.of_stream(find(stream).unwrap()) else { continue };
                let (row, parts) = (row.to_string(), parts.to_string());
                for topic in [None, Some("conversation.user.created")] {
                    let occasion = Occasion {
                        key: "1", record: &row, places: &[], parts: Some(&parts), companies: &[], updated_at: None, topic, gone: false,
                        now: NOW,
                    };
                    let once = watch.look(&occasion);
                    prop_assert_eq!(&once, &watch.look(&occasion));
                    for intent in once.0 {
                        prop_assert!(serde_json::from_slice::<Json>(&intent.record).is_ok());
                    }
                }
            }
        }
    }
}
