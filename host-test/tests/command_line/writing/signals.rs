use serde_json::{Value, json};

use super::{lines, row, statuses};
use crate::process::Running;
use crate::world::World;

/// More rows than a batch has, and a write of them that waits for the answer to one of the first batch.
fn world_and_a_write() -> (World, Running) {
    let world = World::new(&["--rate-limit", "1000000"]);
    let rows: Vec<Value> = (0..600).map(|index| row(index, "One")).collect();
    world.write("rows", lines(&rows));
    // Of another time.
    world.write("again", lines(&[row(9_000, "Old")]));
    world.service.hold(40, true);
    let mut running = world.start(&[
        "write",
        "contacts",
        "--input",
        "rows",
        "--rejected",
        "again",
    ]);
    assert!(world.until_held_back(&mut running));
    (world, running)
}

#[test]
fn who_is_told_to_end_settles_what_is_in_flight_and_begins_nothing() {
    let (world, running) = world_and_a_write();
    running.ask_to_end();
    running.line("ending:");
    world.service.release();
    let finished = running.end();
    assert_eq!(finished.code, Some(3), "{finished:?}");
    let outcomes = finished.documents();
    let written = outcomes.len();
    assert!((1..600).contains(&written), "{written}");
    assert!(
        statuses(&outcomes)
            .iter()
            .all(|(_, status)| *status == "created")
    );
    assert_eq!(world.service.count("contacts"), 260 + written);
    assert!(
        finished.err.contains("stopped: interrupted"),
        "{finished:?}"
    );
    let again = world.lines("again");
    assert_eq!(again.len(), 600 - written);
    for row in &again {
        let why = json!({ "code": "not_tried", "message": "interrupted" });
        assert_eq!((&row["status"], &row["failure"]), (&json!("untried"), &why));
    }
    let rest = world.succeed(&[
        "write",
        "contacts",
        "--input",
        "again",
        "--rejected",
        "again",
    ]);
    assert_eq!(rest.documents().len(), again.len());
    assert_eq!(world.service.count("contacts"), 860);
}

#[test]
fn who_is_told_twice_ends_at_once() {
    let (world, running) = world_and_a_write();
    running.ask_to_end();
    running.line("ending:");
    // What is in flight is never answered.
    let finished = running.terminate();
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.err.contains("ended at once"), "{finished:?}");
    assert_eq!(world.lines("again").len(), 1);
}
