//! What holds for any document and any row.

use proptest::prelude::*;

use super::*;

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
                        key: "1", record: &row, parts: Some(&parts), companies: &[], updated_at: None, topic, gone: false,
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
