/// The same rows, or some of them, given once more.
mod again;
/// Whoever is killed while writing writes each row exactly once in the end.
mod kills;
/// Rows in the customer's own form.
mod mapped;
/// What is not written, and what needs no writing.
mod refused;
mod remembered;
/// Whoever tells a write to end.
mod signals;
/// What goes wrong: retries, dead letters, and when nothing is tried any more.
mod trouble;
/// Contacts that change on both sides.
mod two_ways;
/// Rows that say what was written last.
mod unchanged;

use serde_json::{Value, json};

use crate::world::World;

fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

fn row(index: usize, name: &str) -> Value {
    json!({
        "key": format!("row-{index}"),
        "external_id": format!("from-the-shell-{index}"),
        "email": format!("from.the.shell.{index}@example.org"),
        "name": name,
    })
}

fn statuses(outcomes: &[Value]) -> Vec<(&str, &str)> {
    outcomes
        .iter()
        .map(|outcome| {
            (
                outcome["key"].as_str().expect("a key"),
                outcome["status"].as_str().expect("a status"),
            )
        })
        .collect()
}

/// Requests that change something.
fn writes(world: &World) -> usize {
    let log = world.service.get("requests");
    let requests = log["requests"].as_array().expect("requests");
    let write =
        |request: &&Value| request["method"] != "GET" && request["path"] != "/contacts/search";
    requests.iter().filter(write).count()
}

#[test]
fn every_row_has_its_outcome_and_the_exit_code_says_how_it_went() {
    let world = World::new(&[]);
    world.write("rows", lines(&[row(1, "One"), row(2, "Two")]));
    let finished = world.succeed(&["write", "contacts", "--input", "rows"]);
    let outcomes = finished.documents();
    assert_eq!(
        statuses(&outcomes),
        [("row-1", "created"), ("row-2", "created")]
    );
    assert!(finished.err.contains("2 created"), "{finished:?}");

    let bad = json!({ "key": "bad", "email": "no address", "signed_up_at": 1_719_492_777_000_i64 });
    world.write(
        "rows",
        lines(&[row(1, "Another"), bad.clone(), row(3, "Three")]),
    );
    let finished = world.run(&["write", "contacts", "--input", "rows", "--json"]);
    assert_eq!(finished.code, Some(3), "{finished:?}");
    let again = finished.documents();
    let mut found = statuses(&again);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("bad", "failed"),
            ("row-1", "updated"),
            ("row-3", "created")
        ]
    );
    let failed = again
        .iter()
        .find(|outcome| outcome["key"] == "bad")
        .unwrap();
    let paths: Vec<&str> = failed["failure"]["problems"]
        .as_array()
        .expect("problems")
        .iter()
        .filter_map(|problem| problem["path"].as_str())
        .collect();
    assert_eq!(paths, ["email", "signed_up_at"]);
    let updated = again
        .iter()
        .find(|outcome| outcome["key"] == "row-1")
        .unwrap();
    assert_eq!(updated["object_id"], outcomes[0]["object_id"]);
    // Nothing at all was written: a failure.
    world.write("rows", lines(&[bad]));
    let finished = world.run(&["write", "contacts", "--input", "rows"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert_eq!(world.service.count("contacts"), 263);
}

#[test]
fn a_batch_that_is_given_again_writes_nothing_twice() {
    let world = World::new(&[]);
    let input = lines(&[row(1, "One"), row(2, "Two")]);
    let arguments = [
        "write",
        "contacts",
        "--input",
        "-",
        "--batch-id",
        "monday",
        "--journal",
        "journal.db",
    ];
    let first = world.run_with(&arguments, input.as_bytes());
    assert_eq!(first.code, Some(0), "{first:?}");
    let before = writes(&world);
    let second = world.run_with(&arguments, input.as_bytes());
    assert_eq!(second.code, Some(0), "{second:?}");
    assert_eq!(first.documents(), second.documents());
    assert_eq!(
        (writes(&world), world.service.count("contacts")),
        (before, 262)
    );
}

#[test]
fn a_dry_run_says_what_would_be_written_and_writes_nothing() {
    let world = World::new(&[]);
    world.write("rows", lines(&[row(1, "One")]));
    let finished = world.succeed(&["write", "contacts", "--input", "rows", "--dry-run"]);
    let outcomes = finished.documents();
    assert_eq!(statuses(&outcomes), [("row-1", "skipped")]);
    let planned = outcomes[0]["planned"].as_array().expect("requests");
    assert_eq!(planned.len(), 1, "{outcomes:?}");
    assert_eq!((writes(&world), world.service.count("contacts")), (0, 260));
}

#[test]
fn nothing_is_written_of_a_file_with_a_broken_line() {
    let world = World::new(&[]);
    world.write(
        "rows",
        format!("{}{{\n[1]\n{}", row(1, "One"), row(1, "One")),
    );
    let finished = world.run(&["write", "contacts", "--input", "rows"]);
    assert_eq!(finished.code, Some(64), "{finished:?}");
    world.write(
        "rows",
        format!("{}\n{{\n[1]\n{}\n", row(1, "One"), row(1, "One")),
    );
    let finished = world.run(&["write", "contacts", "--input", "rows"]);
    assert_eq!(finished.code, Some(64), "{finished:?}");
    for place in ["line 2", "line 3", "line 4"] {
        assert!(finished.err.contains(place), "{place}: {finished:?}");
    }
    assert_eq!(writes(&world), 0);
    let finished = world.run(&["write", "contcts", "--input", "rows"]);
    assert_eq!(finished.code, Some(64));
}

#[test]
fn rejected_rows_are_put_right_and_given_again() {
    let world = World::new(&[]);
    let bad = json!({ "key": "bad", "email": "no address" });
    world.write("rows", lines(&[row(1, "One"), bad]));
    let arguments = [
        "write",
        "contacts",
        "--input",
        "rows",
        "--rejected",
        "again",
    ];
    assert_eq!(world.run(&arguments).code, Some(3));
    let again = std::fs::read_to_string(world.path("again")).expect("a file");
    assert!(
        again.contains("\"bad\"") && !again.contains("row-1"),
        "{again}"
    );
    world.write("again", again.replace("no address", "good@example.org"));
    let arguments = [
        "write",
        "contacts",
        "--input",
        "again",
        "--rejected",
        "again",
    ];
    let finished = world.succeed(&arguments);
    assert_eq!(statuses(&finished.documents()), [("bad", "created")]);
    assert!(!world.path("again").exists());
}

#[test]
fn offline_nothing_is_sent_and_both_branches_are_shown() {
    let world = World::new(&[]);
    let before = world.service.get("requests")["requests"]
        .as_array()
        .expect("requests")
        .len();
    world.write("rows", lines(&[row(1, "One")]));
    let finished = world.succeed(&["write", "contacts", "--input", "rows", "--offline"]);
    let planned = &finished.documents()[0]["planned"];
    assert_eq!(planned[0]["target"], "/contacts");
    assert_eq!(planned[1]["target"], "/contacts/{contact}");
    let after = world.service.get("requests")["requests"]
        .as_array()
        .expect("requests")
        .len();
    assert_eq!(before, after);
}
