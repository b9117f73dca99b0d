//! Documents, good and bad.

use super::*;

fn problems(document: &Json) -> Vec<(String, String)> {
    let failure = compile(document.to_string().as_bytes(), None).unwrap_err();
    assert_eq!(failure.code, "invalid_triggers");
    let problems = failure.problems.into_iter();
    problems.map(|one| (one.path, one.code)).collect()
}

fn expect(document: Json, expected: &[(&str, &str)]) {
    let found = problems(&document);
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(path, code)| (&**path, &**code))
        .collect();
    assert_eq!(found, expected, "{document}");
}

#[test]
fn a_trigger_says_what_is_to_be_done() {
    let document = json!({ "refund": { "on": "conversation.created", "action": "ticket", "confirm": true, "per": "change",
        "when": { "keyword": "refund" }, "enabled": false, "read_again": true, "every": "5m" } });
    let triggers = compile(document.to_string().as_bytes(), None).unwrap();
    let [trigger] = triggers.as_slice() else {
        panic!()
    };
    assert_eq!(trigger.stream.name, "conversations");
    assert_eq!(
        trigger
            .topics
            .iter()
            .flatten()
            .map(|topic| topic.name)
            .collect::<Vec<_>>(),
        [
            "conversation.admin.single.created",
            "conversation.user.created"
        ]
    );
    assert!(trigger.confirm && trigger.each_change);
    assert!(trigger.mapping.section("conversations").is_some());
    for nothing in [json!({}), json!(null)] {
        assert_eq!(compile(nothing.to_string().as_bytes(), None).unwrap(), []);
    }
    assert!(pack(&[]).is_empty());
}

#[test]
fn the_stream_is_that_of_the_topics() {
    for (on, stream) in [
        (json!("ticket.created"), "tickets"),
        (json!(["user.created", "contact.deleted"]), "contacts"),
        (json!("contact.user.tag.created"), "contacts"),
        (json!("company.contact.attached"), "companies"),
        (
            json!(["conversation.closed", "ticket.closed"]),
            "conversations",
        ),
        (json!("call.ended"), "calls"),
    ] {
        let document = json!({ "t": { "on": on, "action": "a" } });
        let triggers = compile(document.to_string().as_bytes(), None).unwrap();
        assert_eq!(triggers[0].stream.name, stream, "{document}");
    }
    let document = json!({ "t": { "on": "ticket.closed", "stream": "tickets", "action": "a" } });
    assert_eq!(
        compile(document.to_string().as_bytes(), None).unwrap()[0]
            .stream
            .name,
        "tickets"
    );
}

#[test]
fn every_problem_is_reported_at_once_with_its_place() {
    expect(
        json!({
            "a": { "acton": "x" },
            "b": 5,
            "c": { "action": "x", "on": ["conversation.user.create", "ping", 7], "per": "day", "confirm": "yes", "every": "soon" },
            "d": { "action": "x", "on": ["ticket.created", "contact.user.created"] },
            "e": { "action": "x", "stream": "convesations" },
            "f": { "action": "x", "on": "ticket.created", "stream": "contacts" },
            "g": { "action": "x", "on": [] },
        }),
        &[
            ("triggers.a.acton", "unknown_key"),
            ("triggers.a.action", "missing"),
            ("triggers.b", "type"),
            ("triggers.c.confirm", "type"),
            ("triggers.c.every", "type"),
            ("triggers.c.per", "type"),
            ("triggers.c.on[0]", "unknown_topic"),
            ("triggers.c.on[1]", "topic"),
            ("triggers.c.on[2]", "type"),
            ("triggers.d.stream", "missing"),
            ("triggers.e.stream", "unknown_stream"),
            ("triggers.f.stream", "value"),
            ("triggers.g.on", "missing"),
        ],
    );
    expect(json!([1]), &[("triggers", "json")]);
    expect(json!({ "": { "action": "a" } }), &[("triggers.", "value")]);
    assert!(compile(b"{\"a\":", None).is_err());
    let twice = compile(br#"{"a":{"action":"x"},"a":{"action":"y"}}"#, None).unwrap_err();
    assert_eq!(twice.problems[0].code, "duplicate");
}

#[test]
fn conditions_are_checked_against_the_stream() {
    let when = |when: Json| json!({ "t": { "action": "x", "when": when } });
    for (document, place, code) in [
        (
            when(json!({ "path": "stat", "equals": "open" })),
            "triggers.t.when.path",
            "unknown_field",
        ),
        (
            when(json!({ "keywords": ["a"], "in": ["source.bod"] })),
            "triggers.t.when.in",
            "unknown_field",
        ),
        (
            when(json!({ "keywords": ["a", "", {}] })),
            "triggers.t.when.keywords[1]",
            "value",
        ),
        (
            when(json!({ "keywords": [] })),
            "triggers.t.when.keywords",
            "missing",
        ),
        (
            when(json!({ "keywrods": ["a"] })),
            "triggers.t.when.keywrods",
            "unknown_key",
        ),
        (
            when(json!({ "any": [{ "author": "cutsomer" }] })),
            "triggers.t.when.any[0].author",
            "unknown_author",
        ),
        (
            when(json!({ "not": { "all": [] } })),
            "triggers.t.when.not.all",
            "missing",
        ),
        (when(json!([])), "triggers.t.when", "missing"),
        (
            when(json!({ "not": { "tag": [] } })),
            "triggers.t.when.not.tag",
            "type",
        ),
        (
            when(json!({ "waiting": { "longer": "3m" } })),
            "triggers.t.when.waiting",
            "type",
        ),
        (
            when(json!({ "waiting": "3 fortnights" })),
            "triggers.t.when.waiting",
            "type",
        ),
        (
            when(json!({ "path": "state", "older_than": "3m" })),
            "triggers.t.when.older_than",
            "type",
        ),
        (
            when(json!({ "path": "state", "above": "a" })),
            "triggers.t.when",
            "type",
        ),
        (
            when(json!({ "path": "state", "tag": "a" })),
            "triggers.t.when.tag",
            "type",
        ),
        (
            when(json!({ "path": "state" })),
            "triggers.t.when",
            "missing",
        ),
        (when(json!({})), "triggers.t.when", "missing"),
        (when(json!(true)), "triggers.t.when", "type"),
        (
            json!({ "t": { "action": "x", "stream": "contacts", "when": { "keyword": "a" } } }),
            "triggers.t.when.in",
            "missing",
        ),
        (
            json!({ "t": { "action": "x", "stream": "contacts",
                "when": { "keyword": "a", "in": ["name", "company.name"] } } }),
            "triggers.t.when.in",
            "path",
        ),
        (
            json!({ "t": { "action": "x", "stream": "contacts", "when": { "path": "company.name", "equals": "a" } } }),
            "triggers.t.when.path",
            "path",
        ),
        (
            json!({ "t": { "action": "x", "stream": "tickets", "when": { "waiting": "1h" } } }),
            "triggers.t.when.waiting",
            "value",
        ),
    ] {
        let found = problems(&document);
        assert_eq!((&*found[0].0, &*found[0].1), (place, code), "{document}");
    }
    let mut deep = json!({ "tag": "a" });
    for _ in 0..30 {
        deep = json!({ "not": deep });
    }
    assert_eq!(problems(&when(deep))[0].1, "depth");
    let failure = compile(
        when(json!({ "author": "cutsomer" })).to_string().as_bytes(),
        None,
    );
    let problem = failure.unwrap_err().problems.remove(0);
    assert_eq!(
        problem.expected.as_deref(),
        Some("user, lead, contact, admin, bot, team")
    );
    let failure = compile(when(json!({ "path": "stat" })).to_string().as_bytes(), None);
    assert!(
        failure.unwrap_err().problems[0]
            .message
            .contains("did you mean `state`")
    );
    let document = json!({ "t": { "action": "x", "stream": "contacts", "when": { "keyword": "a", "in": "company.plan.name" } } });
    let failure = compile(document.to_string().as_bytes(), None).unwrap_err();
    let message = &failure.problems[0].message;
    assert!(message.contains("`company.plan.name`") && message.contains("its mapping can take it"));
}

#[test]
fn mappings_are_checked_with_their_place() {
    let with = |stream: &str, mapping: Json| json!({ "t": { "action": "x", "stream": stream, "mapping": mapping } });
    for (document, place, code) in [
        (
            with("conversations", json!("tickt")),
            "triggers.t.mapping.preset",
            "unknown_preset",
        ),
        (
            with("contacts", json!("ticket")),
            "triggers.t.mapping",
            "missing",
        ),
        (
            with("conversations", json!([{ "from": "stat", "to": "a" }])),
            "triggers.t.mapping[0].from",
            "unknown_field",
        ),
        (
            with("conversations", json!({ "stat": "a" })),
            "triggers.t.mapping.stat",
            "unknown_field",
        ),
        (
            with(
                "conversations",
                json!({ "preset": "ticket", "asignees": {} }),
            ),
            "triggers.t.mapping.asignees",
            "unknown_key",
        ),
        (
            with("conversations", json!(7)),
            "triggers.t.mapping",
            "type",
        ),
        (
            json!({ "t": { "action": "ticket", "stream": "contacts" } }),
            "triggers.t.mapping",
            "missing",
        ),
    ] {
        let found = problems(&document);
        assert_eq!((&*found[0].0, &*found[0].1), (place, code), "{document}");
    }
    for mapping in [
        json!("identity"),
        json!({ "preset": "identity" }),
        json!({}),
        json!({ "state": "STATE" }),
        json!([{ "from": "state", "to": "a" }]),
        json!({ "rules": [{ "from": "state", "to": "a" }] }),
        json!({ "conversations": { "state": "a" }, "contacts": [{ "from": "email", "to": "b" }] }),
        json!({ "preset": "ticket", "teams": { "5": "billing" } }),
    ] {
        let document = with("conversations", mapping.clone()).to_string();
        assert!(compile(document.as_bytes(), None).is_ok(), "{mapping}");
    }
}

#[test]
fn what_the_workspace_lacks_is_said() {
    let document = json!({ "t": { "action": "x", "when": { "path": "custom_attributes.sentimnt", "equals": "bad" },
        "mapping": [{ "from": "custom_attributes.nothing", "to": "n" }, { "from": "id", "to": "id" }] } });
    let mut triggers = compile(document.to_string().as_bytes(), None).unwrap();
    let attributes =
        |stream: &str| (stream == "conversations").then(|| vec!["sentiment".to_owned()]);
    let notices = fit(&mut triggers, &attributes).unwrap();
    let paths: Vec<&str> = notices
        .iter()
        .filter_map(|notice| notice.path.as_deref())
        .collect();
    assert_eq!(paths, ["triggers.t.mapping: n", "triggers.t.when"]);
    assert!(notices[1].message.contains("did you mean `sentiment`"));
    let required = json!({ "t": { "action": "x",
        "mapping": [{ "from": "custom_attributes.nothing", "to": "n", "required": true }] } });
    let mut triggers = compile(required.to_string().as_bytes(), None).unwrap();
    let failure = fit(&mut triggers, &attributes).unwrap_err();
    assert_eq!(failure.problems[0].path, "triggers.t.mapping.conversations");
}
