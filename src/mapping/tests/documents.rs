//! What is wrong with a mapping, and what is made of it once.

use super::*;

#[test]
fn rules_of_other_streams_stand_under_their_name() {
    let mapping =
        compiled(r#"{"email":"E","companies":{"name":"N"},"tags":[{"from":"name","to":"T"}]}"#);
    for (stream, to) in [("companies", "N"), ("contacts", "E"), ("tags", "T")] {
        assert_eq!(mapping.section(stream).unwrap().rules[0].to, to);
    }
    assert_eq!(mapping.section("admins"), None);
}

#[test]
fn a_condition_that_would_always_hold_or_never_is_refused() {
    for (when, place, code) in [
        ("[]", "when", "missing"),
        (r#"{"all":[]}"#, "when.all", "missing"),
        (r#"{"not":{"any":[ ]}}"#, "when.not.any", "missing"),
        (r#"{"path":"role","in":[]}"#, "when", "type"),
    ] {
        let mapping = format!(r#"{{"contacts":[{{"from":"email","to":"E","when":{when}}}]}}"#);
        let place = format!("field_mapping.contacts[0].{place}");
        assert_eq!(problems(&mapping), [(place, code.to_owned())], "{when}");
    }
}

#[test]
fn every_problem_is_named_with_its_path() {
    let mut found = problems(
        r#"{"email..b":"X","name":3,"role":"","compnies":{"name":"N"},"phone":"Y","id":"Y","emial":"Z","email.x":"W",
        "contacts":[
            {"from":"email","to":"a","pipeline":["trim","lwer"]},
            {"from":"created_at","to":"b","pipeline":["lower"]},
            {"from":"email","to":"c","pipeline":[{"truncate":"x"},{"phone":"xx"},{"map":1},{"mask":"e"},{"encrypt":"k","secret":"s"}]},
            {"from":[],"to":"d"}, {"to":"e"}, {"from":"email"}, {"from":"email","to":"f","tipe":"text"},
            {"from":"email","to":"g","when":{"path":"rol","equals":"x"}},
            {"from":"email","to":"h","when":{"path":"role","equls":"x"}},
            {"from":"email","to":"i","type":"number"},
            {"from":"email","to":"Y.z"},
            5]}"#,
    );
    found.sort_unstable();
    let expected = [
        ("field_mapping.compnies", "unknown_stream"),
        ("field_mapping.contacts[0].pipeline[1]", "unknown_transform"),
        ("field_mapping.contacts[10]", "duplicate_target"),
        ("field_mapping.contacts[11]", "type"),
        ("field_mapping.contacts[1].pipeline[0]", "type"),
        ("field_mapping.contacts[2].pipeline[0]", "argument"),
        ("field_mapping.contacts[2].pipeline[1]", "argument"),
        ("field_mapping.contacts[2].pipeline[2]", "argument"),
        ("field_mapping.contacts[2].pipeline[3]", "argument"),
        ("field_mapping.contacts[2].pipeline[4]", "argument"),
        ("field_mapping.contacts[3].from", "missing"),
        ("field_mapping.contacts[4].from", "missing"),
        ("field_mapping.contacts[5].to", "missing"),
        ("field_mapping.contacts[6].tipe", "unknown_key"),
        ("field_mapping.contacts[7].when.path", "unknown_field"),
        ("field_mapping.contacts[8].when.equls", "unknown_key"),
        ("field_mapping.contacts[9].type", "type"),
        ("field_mapping.email..b", "path"),
        ("field_mapping.email.x", "path"),
        ("field_mapping.emial", "unknown_field"),
        ("field_mapping.id", "duplicate_target"),
        ("field_mapping.name", "type"),
        ("field_mapping.role", "target"),
    ];
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(path, code)| (path.as_str(), code.as_str()))
        .collect();
    assert_eq!(found, expected);
    for (source, meant) in [("emial", "email"), ("location.citi", "city")] {
        let mapping = format!(r#"{{"{source}":"Z"}}"#);
        let failure = Mapping::compile(mapping.as_bytes(), None).unwrap_err();
        assert!(
            failure.message.contains(&format!("did you mean `{meant}`")),
            "{}",
            failure.message
        );
    }
    for document in ["[1]", "{", "5", "", "\u{0}"] {
        assert!(
            Mapping::compile(document.as_bytes(), None).is_err(),
            "{document:?}"
        );
    }
}

#[test]
fn damaged_prepared_bytes_are_refused_and_those_of_another_version_compiled_anew() {
    let with = |prepared: &[u8]| {
        Mapping::of(&Connection {
            config: b"{}".to_vec(),
            mapping: Some(br#"{"email":"E"}"#.to_vec()),
            triggers: None,
            account: None,
            prepared: Some(prepared.to_vec()),
        })
    };
    for bytes in [&b"5"[..], b"5\x05", b"5\x02\0\x05", b"5\x03\0\x01\x01"] {
        assert_eq!(with(bytes).unwrap_err().code, "unreadable_prepared");
    }
    for bytes in [&b""[..], b"1[", b"4\x03\0\x01\x01", b"6{}"] {
        assert!(with(bytes).unwrap().section("contacts").is_some());
    }
    assert!(with(b"5\x02\0\0").unwrap().section("contacts").is_none());
}

#[test]
fn ten_thousand_rules_are_compiled_and_applied() {
    let rules: Vec<String> = (0..10_000)
        .map(|at| format!(r#""custom_attributes.a{at}":"x.A{at}""#))
        .collect();
    let mapping = compiled(&format!("{{{}}}", rules.join(",")));
    let program = program(&mapping, "contacts");
    let record = r#"{"custom_attributes":{"a9999":1,"a0":2,"b":3}}"#;
    let mapped = program.apply(&subject(record)).unwrap().unwrap();
    assert_eq!(
        String::from_utf8(mapped.payload).unwrap(),
        r#"{"x":{"A0":2,"A9999":1}}"#
    );
}
