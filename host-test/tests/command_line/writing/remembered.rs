use serde_json::json;

use super::{lines, row, statuses, writes};
use crate::world::World;

/// The journal is what one process leaves for the next.
const WRITE: [&str; 6] = [
    "write",
    "contacts",
    "--input",
    "rows",
    "--journal",
    "state.db",
];

#[test]
fn a_later_process_searches_for_nobody_whom_an_earlier_one_wrote() {
    for (config, searches) in [
        ("config: { region: us }\n", false),
        (
            "config: { region: us, write: { identities: search } }\n",
            true,
        ),
    ] {
        let world = World::new(&["--rate-limit", "1000000"]);
        world.connect(config);
        let write = |name: &str| {
            let rows: Vec<_> = (0..60).map(|index| row(index, name)).collect();
            world.write("rows", lines(&rows));
            world.succeed(&WRITE).err
        };
        let first = write("One");
        assert!(first.contains("60 created"), "{first}");
        let (requests, written) = (world.service.requests(), writes(&world));
        let second = write("Two");
        assert!(second.contains("60 updated"), "{second}");
        assert_eq!(writes(&world) - written, 60);
        assert_eq!(
            world.service.requests() - requests > 60,
            searches,
            "{config}"
        );
    }
}

#[test]
fn who_was_deleted_by_somebody_else_is_searched_for_and_created_again() {
    let world = World::new(&[]);
    world.connect("config: { region: us }\n");
    world.write("rows", lines(&[row(1, "One")]));
    let first = world.succeed(&WRITE).documents();
    assert_eq!(statuses(&first), [("row-1", "created")]);
    // Without the journal nobody who remembers hears of it.
    let gone = json!({ "key": "row-1", "id": first[0]["object_id"] });
    world.write("gone", lines(&[gone]));
    world.succeed(&["write", "contacts", "--input", "gone", "--mode", "delete"]);
    let again = world.succeed(&WRITE).documents();
    assert_eq!(statuses(&again), [("row-1", "created")]);
    assert_ne!(first[0]["object_id"], again[0]["object_id"]);
}
