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

/// Nothing lists the attributes of custom objects: what the answer lacks was not taken.
#[test]
fn what_a_custom_object_does_not_take_is_named() {
    let world = World::new(&["--custom-object-types", "Order"]);
    world.connect("config: { api_version: \"2.16\", custom_object_types: [Order] }\n");
    let order = |key: &str, attributes: Value| json!({ "key": key, "type": "Order", "external_id": key, "custom_attributes": attributes });
    let rows = [
        order("good", json!({ "order_number": "1" })),
        order("bad", json!({ "order_number": "2", "colour": "red" })),
    ];
    world.write("rows", lines(&rows));
    let finished = world.run(&["write", "custom_object_instances", "--input", "rows"]);
    assert_eq!(finished.code, Some(3), "{finished:?}");
    let outcomes = finished.documents();
    assert_eq!(
        statuses(&outcomes),
        [("good", "created"), ("bad", "failed")]
    );
    let problem = &outcomes[1]["failure"]["problems"][0];
    assert_eq!(problem["path"], "custom_attributes.colour");
    // The table beside the outcomes says how many rows ended in which way.
    for line in ["outcome  code", "created", "failed   missing_attribute"] {
        assert!(finished.err.contains(line), "{line}: {}", finished.err);
    }
    let write = ["write", "custom_object_instances", "--input", "rows"];
    let finished = world.run(&[&write[..], &["--json"]].concat());
    let told: Value = serde_json::from_str(&finished.err).expect("a document");
    assert_eq!(
        (&told["rows"], &told["outcomes"]["failed"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(
        told["codes"],
        json!({ "failed": { "missing_attribute": 1 } })
    );
    // Where there is no place for rejected rows, nothing is written.
    for place in ["nowhere/again", "."] {
        let finished = world.run(&[&write[..], &["--rejected", place]].concat());
        assert_eq!(finished.code, Some(64), "{finished:?}");
        assert_eq!(finished.out, "");
    }
}

/// Cells of a table that are empty name nobody, and a name of a field is no attribute's.
#[test]
fn empty_ids_are_nobodys_and_fields_are_no_attributes() {
    let world = World::new(&[]);
    let rows = [
        json!({ "key": "a", "external_id": "", "email": " Ä@Example.org ", "name": "A" }),
        json!({ "key": "b", "external_id": " ", "email": "b@example.org", "name": "B" }),
        json!({ "key": "again", "external_id": "", "email": "ä@example.ORG", "phone": "1" }),
        json!({ "key": "c", "email": "c@example.org", "custom_attributes": { "phone": "1" } }),
    ];
    world.write("rows", lines(&rows));
    let finished = world.run(&["write", "contacts", "--input", "rows"]);
    let outcomes = finished.documents();
    assert_eq!(
        statuses(&outcomes),
        [
            ("a", "created"),
            ("b", "created"),
            ("again", "updated"),
            ("c", "failed")
        ]
    );
    assert_ne!(outcomes[0]["object_id"], outcomes[1]["object_id"]);
    assert_eq!(outcomes[0]["object_id"], outcomes[2]["object_id"]);
    let problem = &outcomes[3]["failure"]["problems"][0];
    assert_eq!(problem["code"], "reserved_name");
    assert_eq!(world.service.count("contacts"), 262);
}
