use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::super::transform::{Step, TRANSFORMS};
use super::*;
use crate::properties;

/// Steps that have an inverse, and a value for each to take.
fn invertible() -> impl Strategy<Value = (String, Json)> {
    prop_oneof![
        (Just("[]".to_owned()), "[a-z ]{0,8}".prop_map(Json::from)),
        (
            Just(r#"["trim","lower"]"#.to_owned()),
            "[ a-zA-Zé]{1,8}".prop_map(Json::from)
        ),
        (
            Just(r#"["upper","slug"]"#.to_owned()),
            "[ a-zA-Zé]{1,8}".prop_map(Json::from)
        ),
        (
            Just(r#"["iso_date"]"#.to_owned()),
            (0..4_000_000_000_i64).prop_map(Json::from)
        ),
        (
            Just(r#"[{"iso_date":"day"}]"#.to_owned()),
            (0..4_000_000_000_i64).prop_map(Json::from)
        ),
        (
            Just(r#"[{"phone":"GB"}]"#.to_owned()),
            "0[1-9][0-9]{8}".prop_map(Json::from)
        ),
        (
            Just(r#"["number"]"#.to_owned()),
            "[1-9][0-9]{0,8}".prop_map(Json::from)
        ),
        (
            Just(r#"["text","epoch"]"#.to_owned()),
            (0..4_000_000_000_i64).prop_map(|second| json!(second.to_string()))
        ),
        (
            Just(r#"[{"epoch":"day"}]"#.to_owned()),
            Just(json!("2024-06-27T12:52:57Z"))
        ),
        (
            Just(r#"["text"]"#.to_owned()),
            any::<i32>().prop_map(Json::from)
        ),
        (
            Just(r#"["trim",{"split":";"},{"join":"/"}]"#.to_owned()),
            "[a-z]{1,3}(;[a-z]{1,3}){0,3}".prop_map(Json::from)
        ),
        (
            Just(r#"["boolean"]"#.to_owned()),
            prop::sample::select(vec!["yes", "0"]).prop_map(Json::from)
        ),
        (
            Just(r#"[{"map":{"a":"x","b":"y"}},"upper"]"#.to_owned()),
            Just(json!("a"))
        ),
        (
            Just(r#"[{"join":"|"}]"#.to_owned()),
            prop::collection::vec("[a-z]{1,3}", 0..4).prop_map(Json::from)
        ),
        (
            Just(r#"[{"split":","}]"#.to_owned()),
            "[a-z,]{0,8}".prop_map(Json::from)
        ),
    ]
}

/// Steps for chains, all of which have an inverse.
const CHAINED: &[&str] = &[
    r#""trim""#,
    r#""lower""#,
    r#""upper""#,
    r#""slug""#,
    r#""iso_date""#,
    r#"{"iso_date":"day"}"#,
    r#""epoch""#,
    r#"{"epoch":"day"}"#,
    r#""number""#,
    r#""boolean""#,
    r#""text""#,
    r#"{"phone":"GB"}"#,
    r#"{"split":";"}"#,
    r#"{"split":"/"}"#,
    r#"{"split":" "}"#,
    r#"{"join":"/"}"#,
    r#"{"join":"; "}"#,
    r#"{"map":{"a":"x","7":"b","true":1}}"#,
    r#"{"map":{"a":"/","b":" ","":"c"}}"#,
];

/// Values for chains. Many hold what `split` and `join` look for, alone, at their ends, and beside spaces.
fn chained() -> impl Strategy<Value = Json> {
    prop_oneof![
        (0..4_000_000_000_i64).prop_map(Json::from),
        (0..4_000_000_000_i64).prop_map(|second| json!(second.to_string())),
        any::<bool>().prop_map(Json::from),
        prop::sample::select(vec![
            "a",
            "7",
            "true",
            "no",
            " 7.5 ",
            "a;7; b",
            "; é",
            "/a",
            "a//b",
            "",
            " ",
            "2024-06-27T12:52:57Z",
            "2024-06-27",
            "020 7946 0958",
            "+44 20 7946 0958"
        ])
        .prop_map(Json::from),
        "[ a-zA-Z;/éßµ]{1,8}".prop_map(Json::from),
        "[ a;/]{1,8}".prop_map(Json::from),
        "[+0-9. T:;/-]{1,12}".prop_map(Json::from),
        prop::collection::vec("[ a-zA-Z;/é]{0,3}", 0..4).prop_map(Json::from),
        prop::collection::vec(any::<i8>(), 0..4).prop_map(Json::from),
        prop::collection::vec(any::<bool>(), 0..4).prop_map(Json::from),
        Just(json!(["a", "", 7, true, null, ["b"], { "c": "d" }])),
        any::<f64>().prop_map(Json::from),
    ]
}

/// What [`invertible`] tries: every step that has an inverse.
const TRIED: &[&str] = &[
    "trim", "lower", "upper", "slug", "iso_date", "phone", "number", "boolean", "map", "join",
    "split", "epoch", "text",
];

#[test]
fn every_step_with_an_inverse_is_tried() {
    for row in TRANSFORMS {
        let arguments = vec![String::new(), ",".to_owned()];
        let undone = Step::new(row.name, arguments).unwrap().undone();
        let has_none = undone.is_err_and(|why| why.starts_with("what it took"));
        assert_ne!(TRIED.contains(&row.name), has_none, "{}", row.name);
    }
}

proptest! {
    /// What the inverse writes is mapped to the very same again.
    #[test]
    fn mapping_and_inverse_meet((pipeline, value) in invertible()) {
        let contacts = find("contacts").unwrap();
        // The second table takes what the first one gives, in capitals.
        prop_assume!(!pipeline.contains("map") || value == json!("a"));
        let mapping = compiled(&format!(r#"{{"contacts":[{{"from":"custom_attributes.v","to":"a.v","pipeline":{pipeline}}}]}}"#));
        let record = json!({ "custom_attributes": { "v": value } }).to_string();
        let program = program(&mapping, "contacts");
        let map = |record: &str| program.apply(&subject(record)).unwrap().unwrap().payload;
        let once = map(&record);
        match mapping.inverse(contacts).unwrap().unwrap().apply(&once) {
            Ok(back) => prop_assert_eq!(map(std::str::from_utf8(&back).unwrap()), once),
            // The capitals are none of the table's results.
            Err(failure) => prop_assert!(pipeline.contains("map"), "{}", failure.message),
        }
    }

    /// The same for chains of any steps: read the other way they are refused, or refuse the value, or give it back.
    #[test]
    fn chains_and_their_inverses_meet(
        steps in prop::collection::vec(prop::sample::select(CHAINED), 1..5),
        value in chained(),
    ) {
        let contacts = find("contacts").unwrap();
        let pipeline = steps.join(",");
        let mapping = format!(r#"{{"contacts":[{{"from":"custom_attributes.v","to":"v","pipeline":[{pipeline}]}}]}}"#);
        // Some steps do not take what others give, and some of them not that value.
        let Ok(mapping) = Mapping::compile(mapping.as_bytes(), None) else { return Ok(()) };
        let program = program(&mapping, "contacts");
        let map = |record: &str| program.apply(&subject(record)).unwrap().unwrap();
        let once = map(&json!({ "custom_attributes": { "v": value } }).to_string());
        if !once.odd.is_empty() {
            return Ok(());
        }
        match mapping.inverse(contacts) {
            Ok(inverse) => match inverse.unwrap().apply(&once.payload) {
                Ok(back) => {
                    let back = map(std::str::from_utf8(&back).unwrap());
                    prop_assert_eq!(&back.odd, &[""; 0]);
                    let nothing = |payload: &[u8]| matches!(payload, br#"{"v":[]}"# | br#"{"v":""}"# | br#"{"v":null}"#);
                    let alike = nothing(&back.payload) && nothing(&once.payload);
                    prop_assert!(alike || back.payload == once.payload, "{}", String::from_utf8_lossy(&back.payload));
                }
                Err(failure) => {
                    prop_assert_eq!(&failure.problems[0].path, "v");
                    prop_assert!(!failure.problems[0].message.is_empty());
                }
            },
            Err(failure) => prop_assert!(failure.problems[0].path.starts_with("v.pipeline["), "{:?}", failure),
        }
    }

    /// What stands in [`crate::properties::mapping`], for anything that looks like a mapping.
    #[test]
    fn any_document_is_compiled_or_refused_with_places(mapping in documents(), record in documents()) {
        properties::mapping(format!("{mapping}\0{record}").as_bytes());
    }

    /// The same for mappings, most of which are good.
    #[test]
    fn any_mapping_of_any_record_gives_an_object(mapping in mappings(), record in contacts()) {
        properties::mapping(format!("{mapping}\0{record}").as_bytes());
    }

    /// The first record of a list is read without preparing, the others by the places of their values.
    #[test]
    fn a_record_is_mapped_alike_as_the_first_and_later(mapping in mappings(), record in contacts()) {
        let mapping = Some(mapping.into_bytes());
        let connection = Connection { mapping, ..properties::connection() };
        let records = vec![record.into_bytes(); 3];
        if let Ok(mapped) = map_records(&connection, "contacts", &records) {
            prop_assert_eq!(&mapped[0], &mapped[1]);
            prop_assert_eq!(&mapped[0], &mapped[2]);
        }
    }

    #[test]
    fn any_bytes_are_compiled_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        properties::mapping(&bytes);
        let prepared = Some([&[FORMAT], bytes.as_slice()].concat());
        let _ = Mapping::of(&Connection { prepared, ..properties::connection() });
    }
}

/// Steps, each with good arguments.
const STEPS: &[&str] = &[
    r#""trim""#,
    r#""lower""#,
    r#""upper""#,
    r#"{"split_name":"last"}"#,
    r#"{"join":", "}"#,
    r#"{"join":" ","of":"name"}"#,
    r#"{"split":"e"}"#,
    r#"{"phone":"IE"}"#,
    r#""phone""#,
    r#"{"iso_date":"day"}"#,
    r#""iso_date""#,
    r#""epoch""#,
    r#""number""#,
    r#""boolean""#,
    r#""text""#,
    r#"{"map":{"user":"U","7":1}}"#,
    r#"{"map":{"a":"b"},"otherwise":null}"#,
    r#"{"find":{"id":"7"}}"#,
    r#"{"find":{"id":"7"},"value":"name"}"#,
    r#"{"pluck":"id"}"#,
    r#"{"pick":{"x":"id","y":"name"}}"#,
    r#""html_to_text""#,
    r#"{"truncate":3,"ending":"é"}"#,
    r#""slug""#,
    r#"{"hash":"s"}"#,
    r#""mask""#,
    r#"{"mask":["email","card"]}"#,
    r#""transcript""#,
];

/// Mappings of contacts: rules of good parts, which may not fit together.
fn mappings() -> impl Strategy<Value = String> {
    let from = prop::sample::select(vec![
        r#""email""#,
        r#""name""#,
        r#""phone""#,
        r#""role""#,
        r#""signed_up_at""#,
        r#""custom_attributes""#,
        r#""custom_attributes.a""#,
        r#""tags.data""#,
        r#""tags.data.0.id""#,
        r#""location""#,
        r#"["name","email"]"#,
        r#"{"literal":[1,"x"]}"#,
        r#""company.name""#,
        r#"["name",{"literal":"?"}]"#,
        r#""unsubscribed_from_emails""#,
    ]);
    let to = prop::sample::select(vec![
        "a", "b", "o.a", "o.b", "o.p.c", "l[]", "o.l[]", "x_*", "é", "d",
    ]);
    let more = prop::sample::select(vec![
        "",
        "",
        "",
        r#","required":true"#,
        r#","default":"-""#,
        r#","default":7"#,
        r#","when":{"path":"role","equals":"user"}"#,
        r#","when":{"not":{"any":[{"path":"email","present":true},{"path":"name","in":["a",7]}]}}"#,
        r#","type":"text""#,
    ]);
    let steps = prop::collection::vec(prop::sample::select(STEPS), 0..4);
    let rule = (from, to, steps, more).prop_map(|(from, to, steps, more)| {
        let steps = steps.join(",");
        format!(r#"{{"from":{from},"to":"{to}","pipeline":[{steps}]{more}}}"#)
    });
    let about = prop::sample::select(vec![
        "",
        "",
        r#""nulls":false,"#,
        r#""custom_attributes":{"keep":"k_"},"#,
        r#""custom_attributes":"fail","#,
        r#""explain":true,"#,
        r#""when":{"path":"role","present":true},"#,
    ]);
    (about, prop::collection::vec(rule, 1..4)).prop_map(|(about, rules)| {
        let rules = rules.join(",");
        match about.starts_with(r#""explain""#) {
            true => format!(r#"{{{about}"contacts":[{rules}]}}"#),
            false => format!(r#"{{"contacts":{{{about}"rules":[{rules}]}}}}"#),
        }
    })
}

/// Contacts with anything in their fields, and what the mappings above make of them.
fn contacts() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        prop::sample::select(vec![
            "user",
            "Ada Lovelace",
            "0871234567",
            " a@b.c ",
            "2024-06-27T12:52:57Z",
            "<p>é&amp;",
            "7",
            "",
            "4111111111111111"
        ])
        .prop_map(Json::from),
        Just(json!([{ "id": "7", "name": "x", "body": "<b>y" }, { "id": 8 }, 9, "t"])),
        Just(json!({ "a": 1, "b": [2], "p": { "c": "d" } })),
    ];
    let names = prop::sample::select(vec![
        "email",
        "name",
        "phone",
        "role",
        "signed_up_at",
        "custom_attributes",
        "tags",
        "location",
        "a",
        "b",
        "o",
        "l",
        "é",
        "d",
        "x_a",
        "unsubscribed_from_emails",
    ]);
    prop::collection::vec((names, value), 0..8).prop_map(|members| {
        let members = members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        let mut record: serde_json::Map<String, Json> = members.collect();
        record.insert("id".to_owned(), Json::from("1"));
        Json::Object(record).to_string()
    })
}

/// JSON made of what mappings and records are made of.
fn documents() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "contacts",
        "conversations",
        "from",
        "to",
        "pipeline",
        "when",
        "path",
        "equals",
        "in",
        "not",
        "all",
        "rules",
        "email",
        "role",
        "custom_attributes",
        "custom_attributes.a",
        "a",
        "tags",
        "tags.data",
        "data",
        "trim",
        "map",
        "join",
        "find",
        "pick",
        "pluck",
        "phone",
        "iso_date",
        "epoch",
        "mask",
        "html_to_text",
        "transcript",
        "truncate",
        "hash",
        "split",
        "parameter",
        "literal",
        "preset",
        "a[]",
        "x*",
        "nulls",
        "required",
        "default",
        "type",
        "company.name",
        "conversation_parts",
        "<p>é&amp;",
        "+44 (0)20",
        "",
    ]);
    let leaf = prop_oneof![
        word.clone().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<bool>().prop_map(Json::from),
        Just(Json::Null),
        ".{0,6}".prop_map(Json::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::vec((word.clone(), inner), 0..5).prop_map(|members| Json::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            )),
        ]
    })
    .prop_map(|json| json.to_string())
}
