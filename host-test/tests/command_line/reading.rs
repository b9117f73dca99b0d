use std::collections::BTreeSet;
use std::io::Read as _;

use serde_json::{Value, json};

use crate::stored::STREAMS;
use crate::world::{CONNECTION, World, keys};

#[test]
fn standard_output_is_lines_of_documents_with_the_declared_members() {
    let world = World::new(&[]);
    let finished = world.succeed(&["read", "contacts", "tags", "-vvv"]);
    let lines = finished.documents();
    let members = |line: &Value| -> Vec<String> {
        let members = line.as_object().expect("an object");
        members.keys().cloned().collect()
    };
    for line in &lines {
        let expected: &[&str] = match line["stream"].as_str() {
            Some("contacts") => &["change", "data", "key", "stream", "updated_at_ms"],
            // Tags do not say when they changed.
            Some("tags") => &["change", "data", "key", "stream"],
            other => panic!("{other:?} was not asked for"),
        };
        let mut found = members(line);
        found.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(line["change"], "upsert");
        assert_eq!(line["data"]["id"], line["key"]);
    }
    // The members come in the order that is documented.
    assert!(
        finished
            .out
            .starts_with("{\"stream\":\"contacts\",\"key\":\"")
    );
    let contacts: BTreeSet<String> = world.service.contacts().into_keys().collect();
    let of = |stream: &str| -> Vec<Value> {
        let own = lines.iter().filter(|line| line["stream"] == stream);
        own.cloned().collect()
    };
    assert_eq!(keys(&of("contacts")), contacts);
    assert_eq!(of("contacts").len(), contacts.len());
    assert_eq!(of("tags").len(), world.service.count("tags"));
}

#[test]
fn files_and_database_hold_what_the_workspace_holds() {
    let world = World::new(&[]);
    let all = |output| {
        let mut arguments = vec!["read"];
        arguments.extend(STREAMS);
        arguments.extend(["--json", "--output", output]);
        arguments
    };
    let report = world.succeed(&all("jsonl:out")).document();
    world.succeed(&all("sqlite:out.db"));
    for stream in STREAMS {
        let there = world.service.count(stream);
        assert_eq!(
            world.lines(&format!("out/{stream}.jsonl")).len(),
            there,
            "{stream}"
        );
        assert_eq!(world.rows("out.db", stream), there, "{stream}");
        assert_eq!(report["streams"][stream]["records"], there, "{stream}");
    }
    assert_eq!(report["ok"], true);
    // What the processes said is on record, and is judged when the world ends.
    let said = world.service.exchanges.exchanges().len() as u64;
    assert_eq!(said, world.service.requests());
}

#[test]
fn a_second_run_brings_what_changed_and_nothing_else() {
    let world = World::new(&[]);
    for output in ["jsonl:out", "sqlite:out.db"] {
        world.succeed(&["read", "contacts", "companies", "tags", "--output", output]);
    }
    let before = world.lines("out/contacts.jsonl").len();
    world.service.pass(5);
    let wanted = json!({ "contacts": 7, "create": 2, "companies": 3, "tags": 1 });
    let changed = world.service.post("mutate", &wanted);
    let ids = |what: &str| -> BTreeSet<String> {
        let ids = changed[what].as_array().expect("ids");
        ids.iter()
            .map(|id| id.as_str().unwrap().to_owned())
            .collect()
    };
    world.service.pass(5);
    let again = |output| {
        let arguments = [
            "read",
            "contacts",
            "companies",
            "tags",
            "--json",
            "--output",
            output,
        ];
        world.succeed(&arguments).document()
    };
    for output in ["jsonl:out", "sqlite:out.db"] {
        let report = again(output);
        for (stream, count) in [("contacts", 9), ("companies", 3), ("tags", 1)] {
            assert_eq!(
                report["streams"][stream]["records"], count,
                "{output} {stream}"
            );
        }
    }
    let new = world.lines("out/contacts.jsonl").split_off(before);
    let contacts: BTreeSet<String> = ids("contacts").union(&ids("create")).cloned().collect();
    assert_eq!(keys(&new), contacts);
    assert_eq!(
        world.rows("out.db", "contacts"),
        world.service.count("contacts")
    );
    assert_eq!(again("jsonl:out")["total"]["records"], 0);
    let status = world.command(&["status", "--json", "--output", "jsonl:out"]);
    let status = crate::process::finish(status, b"");
    assert_eq!(status.code, Some(0), "{status:?}");
    let status = status.document();
    assert_eq!(status["connected"], true);
    assert!(status["last_sync_ms"].as_i64() > Some(1_700_000_000_000));
    assert_eq!(status["streams"]["contacts"]["status"], "complete");
    // 260 contacts, 7 that changed, and 2 that are new.
    assert_eq!(status["streams"]["contacts"]["records"], 269);
    let status = world.command(&["status", "--output", "sqlite:out.db"]);
    let status = crate::process::finish(status, b"");
    assert!(
        status.out.starts_with("connected: workspace") && status.out.contains("\nlast sync: 2"),
        "{status:?}"
    );
}

#[test]
fn the_state_file_of_standard_output_keeps_the_position() {
    let world = World::new(&[]);
    let arguments = ["read", "contacts", "--state", "state.json"];
    assert_eq!(world.succeed(&arguments).documents().len(), 260);
    assert_eq!(world.succeed(&arguments).documents().len(), 0);
    // Without one, every run begins anew.
    assert_eq!(world.succeed(&["read", "contacts"]).documents().len(), 260);
}

/// Nothing was stored yet that would know the workspace, so everything begins with a check.
#[test]
fn what_begins_while_the_service_has_no_time_is_begun_again() {
    let world = World::new(&["--fault", "/me kind=status-503 times=2"]);
    let finished = world.run(&["read", "tags"]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(!finished.documents().is_empty());
    assert_eq!(
        finished.err.matches("checking again").count(),
        2,
        "{finished:?}"
    );
    // Who is refused is not asked again.
    let world = World::new(&["--fault", "/me kind=status-403 times=9"]);
    let finished = world.run(&["read", "tags"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(!finished.err.contains("checking again"), "{finished:?}");
}

#[test]
fn what_the_workspace_lacks_of_a_mapping_is_told_by_the_run_itself() {
    let world = World::new(&[]);
    world.connect("field_mapping: { email: EMAIL, custom_attributes.nowhere: NOWHERE }\n");
    let finished = world.succeed(&["read", "contacts"]);
    assert!(finished.err.contains("`nowhere`"), "{finished:?}");
    assert!(finished.documents()[0]["data"].get("NOWHERE").is_none());
}

#[test]
fn a_start_date_can_be_written_in_three_ways() {
    let world = World::new(&[]);
    // Midnight in the workspace's time zone, America/Los_Angeles.
    let midnight = 1_751_353_200;
    let expected: BTreeSet<String> = world
        .service
        .contacts()
        .into_iter()
        .filter(|(_, updated_at)| *updated_at >= midnight)
        .map(|(id, _)| id)
        .collect();
    assert!((1..260).contains(&expected.len()));
    for since in [
        "2025-07-01",
        "07/01/2025",
        "2025-07-01T00:00:00-07:00",
        "2025-07-01T07:00:00Z",
    ] {
        let read = world.succeed(&["read", "contacts", "--since", since]);
        assert_eq!(keys(&read.documents()), expected, "{since}");
    }
    // The connection's own start date does the same.
    world.connect("config: { region: us, start_date: 2025-07-01 }\n");
    assert_eq!(
        keys(&world.succeed(&["read", "contacts"]).documents()),
        expected
    );
    for (wrong, reason) in [
        ("yesterday", "YYYY-MM-DD"),
        ("2025-02-30", "calendar"),
        ("31/12/2025", "calendar"),
    ] {
        let finished = world.run(&["read", "contacts", "--since", wrong]);
        assert_eq!(finished.code, Some(64), "{wrong}");
        assert!(finished.err.contains(reason), "{wrong}: {finished:?}");
    }
}

#[test]
fn a_full_reading_takes_the_place_of_the_one_before() {
    let world = World::new(&[]);
    let arguments = ["read", "contacts", "tags", "--output", "jsonl:out"];
    world.succeed(&arguments);
    world.service.post("mutate", &json!({ "delete": 10 }));
    let full: Vec<&str> = arguments.iter().chain(&["--full"]).copied().collect();
    world.succeed(&full);
    let lines = world.lines("out/contacts.jsonl");
    let there: BTreeSet<String> = world.service.contacts().into_keys().collect();
    assert_eq!((lines.len(), keys(&lines)), (250, there));
}

#[test]
fn a_mapping_on_the_command_line_rules() {
    let world = World::new(&[]);
    world.connect("field_mapping: { email: NOT_THIS }\n");
    world.write(
        "mapping.yaml",
        "email: EMAIL\nname: FULLNAME\ncustom_attributes.plan_tier: PLAN_TIER\ntags: { name: LABEL }\n",
    );
    let arguments = ["read", "contacts", "tags", "--mapping", "mapping.yaml"];
    let lines = world.succeed(&arguments).documents();
    let known: BTreeSet<&str> = BTreeSet::from(["EMAIL", "FULLNAME", "PLAN_TIER"]);
    let mut found: BTreeSet<String> = BTreeSet::new();
    for line in &lines {
        let data = line["data"].as_object().expect("an object");
        if line["stream"] == "tags" {
            assert_eq!(data.keys().collect::<Vec<_>>(), ["LABEL"]);
        } else {
            found.extend(data.keys().cloned());
        }
    }
    assert_eq!(
        found.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        known
    );
}

#[test]
fn an_unknown_stream_is_named_with_the_one_that_was_meant() {
    let world = World::new(&[]);
    let before = world.service.requests();
    let finished = world.run(&["read", "contcts", "compnies", "tags"]);
    assert_eq!(finished.code, Some(64));
    assert!(
        finished.err.contains("did you mean contacts?"),
        "{finished:?}"
    );
    assert!(
        finished.err.contains("did you mean companies?"),
        "{finished:?}"
    );
    assert_eq!(
        (world.service.requests(), finished.out.as_str()),
        (before, "")
    );
}

/// `host-test read … | head -1` is no failure.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let world = World::new(&["--contacts", "2000"]);
    let arguments = ["read", "contacts", "--connection", CONNECTION];
    let mut child = world
        .command(&arguments)
        .spawn()
        .expect("the program starts");
    let mut out = child.stdout.take().expect("its output");
    let mut first = [0; 10];
    out.read_exact(&mut first).expect("a beginning");
    drop(out);
    let finished = child.wait_with_output().expect("its end");
    let told = String::from_utf8_lossy(&finished.stderr).into_owned();
    assert_eq!(finished.status.code(), Some(0), "{told}");
    assert!(!told.contains("panic"), "{told}");
}
