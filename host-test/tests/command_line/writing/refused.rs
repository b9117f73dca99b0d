use serde_json::{Value, json};

use super::{lines, statuses, writes};
use crate::world::World;

#[test]
fn what_can_be_read_only_says_so() {
    let world = World::new(&[]);
    world.write("rows", "{}\n");
    let finished = world.run(&["write", "segments", "--input", "rows"]);
    assert_eq!(finished.code, Some(64), "{finished:?}");
    assert!(
        finished.err.contains("`segments` can be read only"),
        "{finished:?}"
    );
    assert_eq!(writes(&world), 0);
}

/// That somebody is gone already is what a deletion wants.
#[test]
fn what_is_gone_already_is_a_success_and_no_rejected_row() {
    let world = World::new(&[]);
    let rows: [Value; 3] = [
        json!({ "key": "email", "email": "nobody@example.org" }),
        json!({ "key": "external_id", "external_id": "nobody" }),
        json!({ "key": "id", "id": "5ba682d23d7cf92bef87bfd4" }),
    ];
    world.write("rows", lines(&rows));
    for mode in ["delete", "archive"] {
        let fixed = ["write", "contacts", "--input", "rows", "--mode", mode];
        let finished = world.succeed(&[&fixed[..], &["--rejected", "again"]].concat());
        let expected = [
            ("email", "unchanged"),
            ("external_id", "unchanged"),
            ("id", "unchanged"),
        ];
        assert_eq!(statuses(&finished.documents()), expected, "{mode}");
        assert!(!world.path("again").exists());
        // In the archive only its id finds a contact: whoever deletes by an address is told.
        assert_eq!(
            finished.err.contains("in the archive"),
            mode == "delete",
            "{finished:?}"
        );
    }
    assert_eq!(world.service.count("contacts"), 260);
}
