use std::collections::BTreeSet;

use serde_json::json;

use crate::stored::Sink;
use crate::world::{World, keys};

#[test]
fn a_window_is_half_open_and_moves_no_position() {
    let world = World::new(&[]);
    let (from, to) = (1_735_689_600, 1_751_328_000);
    let within: BTreeSet<String> = world
        .service
        .contacts()
        .into_iter()
        .filter(|(_, at)| (from..to).contains(at))
        .map(|(id, _)| id)
        .collect();
    assert!((1..260).contains(&within.len()));
    let window = [
        "--since",
        "2025-01-01T00:00:00Z",
        "--until",
        "2025-07-01T00:00:00Z",
    ];
    let mut arguments = vec!["read", "contacts"];
    arguments.extend(window);
    assert_eq!(keys(&world.succeed(&arguments).documents()), within);
    for sink in [Sink::Files, Sink::Database] {
        let mut arguments = arguments.clone();
        arguments.extend(["--output", sink.argument()]);
        world.succeed(&arguments);
        assert_eq!(sink.rows(&world, "contacts").len(), within.len());
        let status = world.status(sink.argument());
        assert_eq!(
            status["streams"]["contacts"]["position"], "none",
            "{status}"
        );
    }
    let nothing = [
        "read",
        "contacts",
        "--since",
        "2025-01-01",
        "--until",
        "2025-01-01",
    ];
    assert_eq!(world.run(&nothing).code, Some(64));
}

#[test]
fn rows_are_read_again_by_their_keys() {
    let world = World::new(&[]);
    let output = ["--output", "sqlite:out.db"];
    let sync = ["read", "contacts", "--output", "sqlite:out.db"];
    world.succeed(&sync);
    let changed = world
        .service
        .post("mutate", &json!({ "contacts": 1, "delete": 1 }));
    let id = |what: &str| changed[what][0].as_str().expect("an id").to_owned();
    world.write(
        "keys.txt",
        format!("{}\n{}\n", id("contacts"), id("delete")),
    );
    let before = world.status("sqlite:out.db");
    let read = ["read", "contacts", "--keys", "@keys.txt"];
    let lines = world.succeed(&read).documents();
    let changes: Vec<_> = lines.iter().map(|line| line["change"].clone()).collect();
    assert_eq!(changes, ["upsert", "delete"]);
    world.succeed(&[&read[..], &output].concat());
    assert_eq!(world.rows("out.db", "contacts"), 259);
    let after = world.status("sqlite:out.db");
    for member in ["position", "ended_at_ms", "last_records"] {
        let of = |status: &serde_json::Value| status["streams"]["contacts"][member].clone();
        assert_eq!(of(&before), of(&after), "{member}");
    }
    // The change is still to come by the position.
    world.service.pass(1);
    let report = world.succeed(&[&sync[..], &["--json"]].concat()).document();
    assert_eq!(report["streams"]["contacts"]["records"], 1, "{report}");
    for wrong in [
        &["read", "contacts", "tags", "--keys", "1"][..],
        &["read", "contacts", "--keys", ","],
        &["read", "contacts", "--keys", "@nowhere"],
    ] {
        assert_eq!(world.run(wrong).code, Some(64), "{wrong:?}");
    }
}

#[test]
fn what_is_wrong_with_filters_is_said_before_anything_is_read() {
    let world = World::new(&["--contacts", "3"]);
    let before = world.service.requests();
    for wrong in [
        &["read", "contacts", "tags", "--filter", "role=user"][..],
        &[
            "read",
            "contacts",
            "--filter",
            "role=user",
            "--filter",
            "role=lead",
        ],
        &["read", "contacts", "--filter", "role"],
    ] {
        assert_eq!(world.run(wrong).code, Some(64), "{wrong:?}");
    }
    world.connect("filters: { contcts: { role: user } }\n");
    let finished = world.run(&["read", "tags"]);
    assert_eq!(finished.code, Some(64));
    assert!(
        finished.err.contains("did you mean contacts?"),
        "{finished:?}"
    );
    assert_eq!(world.service.requests(), before);
}

#[test]
fn a_filter_comes_from_the_command_line_or_from_the_connection_and_is_not_mixed() {
    let world = World::new(&[]);
    let all = world.succeed(&["read", "contacts"]).documents();
    let of = |role: &str| -> BTreeSet<String> {
        let rows = all.iter().filter(|line| line["data"]["role"] == role);
        keys(&rows.cloned().collect::<Vec<_>>())
    };
    let (users, leads) = (of("user"), of("lead"));
    assert!(!users.is_empty() && !leads.is_empty());
    let read = ["read", "contacts", "--output", "sqlite:out.db", "--filter"];
    let with = |filter: &'static str| [&read[..], &[filter]].concat();
    world.succeed(&with("role=user"));
    assert_eq!(world.rows("out.db", "contacts"), users.len());
    world.succeed(&with("role=user"));
    let finished = world.run(&with("role=lead"));
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(
        finished.err.contains("a filter on role with other values"),
        "{finished:?}"
    );
    assert_eq!(world.rows("out.db", "contacts"), users.len());
    // The connection's filter does the same, and the command line's takes its place.
    world.connect("streams: [contacts]\nfilters: { contacts: { role: lead } }\n");
    world.succeed(&["sync", "--output", "jsonl:out"]);
    assert_eq!(keys(&world.lines("out/contacts.jsonl")), leads);
    let lines = world
        .succeed(&["read", "contacts", "--filter", "role=user"])
        .documents();
    assert_eq!(keys(&lines), users);
    // What the stream has no filter for, the component names.
    let finished = world.run(&["read", "contacts", "--filter", "rol=user"]);
    assert_eq!(finished.code, Some(1));
    assert!(
        finished.err.contains("did you mean `role`?"),
        "{finished:?}"
    );
}

/// A stream that the connection's API version lacks is no failure of a sync that nobody told to read it.
#[test]
fn what_the_version_lacks_is_named_and_fails_nobody_who_did_not_ask_for_it() {
    let world = World::new(&["--contacts", "5", "--companies", "3"]);
    let finished = world.run(&["read", "macros"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(
        finished.err.contains("API version 2.11 has no macros"),
        "{finished:?}"
    );
    let finished = world.run(&["read", "tags", "macros"]);
    assert_eq!(finished.code, Some(3), "{finished:?}");
    let finished = world.run(&["sync", "--json", "--output", "jsonl:out"]);
    let report = finished.document();
    let macros = &report["streams"]["macros"];
    assert_eq!(macros["status"], "not_in_version", "{macros}");
    let message = macros["message"].as_str().expect("why");
    assert!(message.contains("2.16"), "{message}");
    let streams = report["streams"].as_object().expect("streams");
    let broken: Vec<_> = streams
        .iter()
        .filter(|(_, stream)| {
            let status = stream["status"].as_str().unwrap_or_default();
            !["complete", "not_in_version", "webhooks_only"].contains(&status)
        })
        .collect();
    assert_eq!(
        (finished.code, broken),
        (Some(0), Vec::new()),
        "{finished:?}"
    );
    assert!(
        finished.err.contains("– macros: not_in_version"),
        "{finished:?}"
    );
    let text = crate::process::finish(world.command(&["status", "--output", "jsonl:out"]), b"");
    assert!(
        text.out.contains("\n– macros: API version 2.11"),
        "{text:?}"
    );
}
