use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{lines, row, statuses, writes};
use crate::process::{finish, program};
use crate::world::World;

const FAST: [&str; 2] = ["--time-scale", "1000"];

#[test]
fn an_event_whose_contact_is_not_there_is_tried_again_and_becomes_a_dead_letter() {
    let world = World::new(&[]);
    let event = json!({
        "key": "paid", "external_id": "from-the-shell-1", "event_name": "paid", "created_at": 1_700_000_000,
    });
    world.write("events", lines(&[event]));
    let arguments = |input: &'static str| {
        let fixed = ["write", "events", "--input", input, "--tries", "2"];
        [&fixed[..], &["--dead-letters", "dead"], &FAST].concat()
    };
    let finished = world.run(&arguments("events"));
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert_eq!(statuses(&finished.documents()), [("paid", "deferred")]);
    assert_eq!(writes(&world), 3, "the first try and two more");
    let dead = world.lines("dead");
    assert_eq!(dead[0]["status"], "deferred");
    assert_eq!(dead[0]["document"]["event_name"], "paid");
    // The contact is there now: the dead letters are the input of another write.
    world.write("rows", lines(&[row(1, "One")]));
    world.succeed(&["write", "contacts", "--input", "rows"]);
    let finished = world.succeed(&arguments("dead"));
    assert_eq!(statuses(&finished.documents()), [("paid", "created")]);
    assert!(!world.path("dead").exists());
}

#[test]
fn events_that_wait_for_their_contact_stop_nothing_behind_them() {
    let world = World::new(&["--rate-limit", "1000000"]);
    let described = finish(program(Path::new("."), ["describe", "--json"]), b"");
    let limit = described.document()["actions"]
        .as_array()
        .and_then(|actions| actions.iter().find(|one| one["name"] == "events"))
        .and_then(|events| events["batch_limit"].as_u64())
        .expect("a limit");
    world.write("rows", lines(&[row(1, "One")]));
    world.succeed(&["write", "contacts", "--input", "rows"]);
    let event = |key: &str, who: &str| {
        json!({
            "key": key, "external_id": who, "event_name": "paid", "created_at": 1_700_000_000,
        })
    };
    // A whole batch of them, and one behind it.
    let mut events: Vec<Value> = (0..limit)
        .map(|index| event(&format!("none-{index}"), &format!("nobody-{index}")))
        .collect();
    events.push(event("there", "from-the-shell-1"));
    world.write("events", lines(&events));
    let write = ["write", "events", "--input", "events", "--tries", "1"];
    let finished = world.run(&[&write[..], &FAST].concat());
    assert_eq!(finished.code, Some(3), "{finished:?}");
    let outcomes = finished.documents();
    assert_eq!(outcomes.len(), events.len());
    let there = outcomes.iter().find(|one| one["key"] == "there");
    assert_eq!(there.expect("an outcome")["status"], "created");
    let log = world.service.get("requests");
    let requests = log["requests"].as_array().expect("requests").iter();
    let mut submitted = requests.filter(|one| one["method"] == "POST" && one["path"] == "/events");
    let place = submitted.position(|one| one["status"] == 202);
    let limit = usize::try_from(limit).expect("a number of rows");
    assert_eq!(
        place,
        Some(limit),
        "it is submitted before any other is tried again"
    );
    assert_eq!(submitted.count(), limit, "all others are tried again");
}

/// Minutes in which nothing happens are told before they pass; a dry run does not wait, since nothing is written meanwhile.
#[test]
fn whoever_waits_says_so_and_a_dry_run_does_not_wait() {
    let world = World::new(&[]);
    let event =
        json!({ "email": "nobody@example.org", "event_name": "paid", "created_at": 1_700_000_000 });
    world.write("events", lines(&[event]));
    let write = ["write", "events", "--input", "events"];
    let running = world.start(&write);
    running.line("… events: 1 not written yet, tried again in");
    assert_eq!(running.kill().code, None);
    let began = Instant::now();
    let finished = world.run(&[&write[..], &["--dry-run"]].concat());
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert_eq!(statuses(&finished.documents()), [("1", "deferred")]);
    assert!(began.elapsed() < Duration::from_secs(50), "{finished:?}");
}

#[test]
fn rows_that_are_put_off_again_and_again_are_written_once_each() {
    let world = World::new(&["--rate-limit", "1000000", "--time-scale", "1000"]);
    let faults: Vec<Value> = ["POST", "PUT"]
        .iter()
        .flat_map(|method| {
            let fault = |every: u64, kind: &str| {
                let path = if *method == "PUT" { "/contacts/*" } else { "/contacts" };
                json!({ "method": method, "path": path, "first": 7, "every": every, "times": 1, "kind": kind })
            };
            [fault(20, "rate-limited"), fault(50, "status-500"), fault(60, "reset-after-work")]
        })
        .collect();
    world.service.post("faults", &json!(faults));
    let rows: Vec<Value> = (0..1_000).map(|index| row(index, "One")).collect();
    world.write("rows", lines(&rows));
    let arguments = [
        &["write", "contacts", "--input", "rows", "--tries", "3"],
        &FAST[..],
    ]
    .concat();
    let finished = world.succeed(&arguments);
    let outcomes = finished.documents();
    assert_eq!(outcomes.len(), 1_000);
    let ids: BTreeSet<&str> = outcomes
        .iter()
        .filter_map(|one| one["object_id"].as_str())
        .collect();
    assert_eq!(ids.len(), 1_000);
    assert_eq!(world.service.count("contacts"), 1_260);
    // A refusal costs its own request and no other: who is known to be there, or not, is not looked for again.
    let requests = world.service.requests();
    assert!(requests < 1_350, "{requests}");
}

/// Nothing shows whether a message was sent: whoever has the row in hand is told.
#[test]
fn what_may_have_been_written_all_the_same_is_counted() {
    let world = World::new(&[]);
    let fault =
        json!({ "method": "POST", "path": "/messages", "first": 2, "kind": "reset-after-work" });
    world.service.post("faults", &json!([fault]));
    world.write("people", lines(&[row(1, "One")]));
    world.succeed(&["write", "contacts", "--input", "people"]);
    let admin = &world.service.ask("/admins")["admins"][0]["id"];
    let message = |key: &str| json!({ "key": key, "external_id": "from-the-shell-1", "from_admin_id": admin, "body": key });
    world.write("rows", lines(&["a", "b", "c"].map(message)));
    let write = [
        "write",
        "messages",
        "--input",
        "rows",
        "--rejected",
        "again",
    ];
    let finished = world.run(&write);
    assert_eq!(finished.code, Some(3), "{finished:?}");
    assert!(
        finished.err.contains("1 of them may have been written"),
        "{finished:?}"
    );
    assert_eq!(world.lines("again")[0]["failure"]["maybe_applied"], true);
    let finished = world.run(&["write", "messages", "--input", "rows", "--json"]);
    let told: Value = serde_json::from_str(&finished.err).expect("a document");
    assert_eq!((&told["ok"], &told["uncertain"]), (&json!(true), &json!(0)));
}

#[test]
fn when_every_row_fails_alike_the_rest_is_not_tried() {
    let world = World::new(&["--rate-limit", "1000000"]);
    let fault = json!({ "path": "/contacts", "method": "POST", "every": 1, "times": 1, "kind": "status-503" });
    world.service.post("faults", &json!([fault]));
    let rows: Vec<Value> = (0..1_200).map(|index| row(index, "One")).collect();
    world.write("rows", lines(&rows));
    let fixed = ["write", "contacts", "--input", "rows", "--tries", "1"];
    let arguments = [&fixed[..], &["--dead-letters", "dead", "--json"], &FAST].concat();
    let finished = world.run(&arguments);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let told: Value = serde_json::from_str(finished.err.trim()).expect("a document");
    let stopped = told["stopped"].as_str().expect("a reason");
    assert!(stopped.contains("every row fails alike"), "{stopped}");
    // Twenty rows find it out, twice; then nothing is sent.
    assert_eq!(writes(&world), 40);
    assert_eq!(world.lines("dead").len(), 1_200);
    world.service.post("faults", &json!([]));
    let arguments = [
        "write",
        "contacts",
        "--input",
        "dead",
        "--dead-letters",
        "dead",
    ];
    let finished = world.succeed(&arguments);
    assert!(finished.err.contains("1200 created"), "{}", finished.err);
    assert!(!world.path("dead").exists());
}
