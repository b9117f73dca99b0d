use serde_json::json;

use super::{lines, row, statuses, writes};
use crate::world::World;

const SKIPPING: &str =
    "config: { region: us, api_version: \"2.11\", write: { unchanged: skip } }\n";

#[test]
fn the_same_file_again_makes_no_request_at_all() {
    let world = World::new(&["--rate-limit", "1000000"]);
    world.connect(SKIPPING);
    let mut rows: Vec<_> = (0..600).map(|index| row(index, "One")).collect();
    world.write("rows", lines(&rows));
    let arguments = [
        "write",
        "contacts",
        "--input",
        "rows",
        "--journal",
        "state.db",
    ];
    let first = world.succeed(&arguments);
    assert!(first.err.contains("600 created"), "{}", first.err);
    let before = world.service.requests();
    let second = world.succeed(&arguments);
    assert!(second.err.contains("600 unchanged"), "{}", second.err);
    assert_eq!(world.service.requests(), before);
    let ids = |documents: Vec<serde_json::Value>| -> Vec<String> {
        let id = |one: serde_json::Value| one["object_id"].as_str().unwrap().to_owned();
        documents.into_iter().map(id).collect()
    };
    assert_eq!(ids(first.documents()), ids(second.documents()));

    // Only what says something else is written.
    rows[17] = row(17, "Another");
    world.write("rows", lines(&rows));
    let before = writes(&world);
    let third = world.succeed(&arguments);
    assert!(
        third.err.contains("599 unchanged, 1 updated"),
        "{}",
        third.err
    );
    assert_eq!(writes(&world), before + 1);
}

#[test]
fn what_was_deleted_is_created_again() {
    let world = World::new(&[]);
    world.connect(SKIPPING);
    world.write("rows", lines(&[row(1, "One")]));
    world.write(
        "gone",
        lines(&[json!({ "key": "row-1", "external_id": "from-the-shell-1" })]),
    );
    let write = ["write", "contacts", "--journal", "state.db", "--input"];
    let upsert = || world.succeed(&[&write[..], &["rows"]].concat()).documents();
    assert_eq!(statuses(&upsert()), [("row-1", "created")]);
    assert_eq!(statuses(&upsert()), [("row-1", "unchanged")]);
    let delete = || {
        let arguments = [&write[..], &["gone", "--mode", "delete"]].concat();
        world.succeed(&arguments).documents()
    };
    assert_eq!(statuses(&delete()), [("row-1", "deleted")]);
    assert_eq!(statuses(&delete()), [("row-1", "unchanged")]);
    assert_eq!(statuses(&upsert()), [("row-1", "created")]);
}
