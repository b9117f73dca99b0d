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
