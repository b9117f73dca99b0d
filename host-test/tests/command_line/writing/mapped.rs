use serde_json::{Value, json};

use super::{lines, statuses, writes};
use crate::world::World;

const MAPPING: &str = "contacts:\n\
    - { from: external_id, to: EXT_ID }\n\
    - { from: email, to: EMAIL, pipeline: [trim, lower] }\n\
    - { from: name, to: person.FULLNAME }\n\
    - { from: signed_up_at, to: person.SIGNUP, pipeline: [iso_date] }\n\
    - { from: custom_attributes.plan_tier, to: PLAN, pipeline: [{ map: { enterprise: 1, pro: 2 } }] }\n\
    - { from: { literal: intercom }, to: SOURCE }\n";

fn mapped(index: usize, plan: u8) -> Value {
    json!({
        "EXT_ID": format!("mapped-{index}"),
        "EMAIL": format!("mapped.{index}@example.org"),
        "person": { "FULLNAME": format!("Number {index}"), "SIGNUP": "2024-06-27T12:52:57Z" },
        "PLAN": plan,
        "SOURCE": "intercom",
    })
}

#[test]
fn rows_in_the_form_of_the_mapping_are_read_back_as_they_were_written() {
    let world = World::new(&[]);
    world.write("mapping.yaml", MAPPING);
    let rows: Vec<Value> = (0..5)
        .map(|index| mapped(index, 1 + u8::from(index % 2 == 0)))
        .collect();
    world.write("rows", lines(&rows));
    let write = [
        "write",
        "contacts",
        "--input",
        "rows",
        "--mapping",
        "mapping.yaml",
    ];
    let written = world.succeed(&write);
    assert!(
        statuses(&written.documents())
            .iter()
            .all(|(_, status)| *status == "created")
    );
    let read = world
        .succeed(&["read", "contacts", "--mapping", "mapping.yaml"])
        .documents();
    for row in &rows {
        let found: Vec<&Value> = read
            .iter()
            .map(|entry| &entry["data"])
            .filter(|data| data["EXT_ID"] == row["EXT_ID"])
            .collect();
        assert_eq!(found, [row]);
    }
    // The connection's own mapping serves as well; and without being asked for it changes nothing.
    world.connect("config: { region: us, api_version: \"2.11\" }\nmapping: { external_id: EXT_ID, name: NAME }\n");
    world.write(
        "rows",
        lines(&[json!({ "EXT_ID": "mapped-1", "NAME": "Renamed" })]),
    );
    let renamed = world.succeed(&["write", "contacts", "--input", "rows", "--mapped"]);
    assert_eq!(statuses(&renamed.documents()), [("1", "updated")]);
    world.write(
        "rows",
        lines(&[json!({ "external_id": "mapped-2", "name": "As it is" })]),
    );
    let plain = world.succeed(&["write", "contacts", "--input", "rows"]);
    assert_eq!(statuses(&plain.documents()), [("1", "updated")]);
}

#[test]
fn what_is_wrong_with_a_row_is_said_in_the_customers_words() {
    let world = World::new(&[]);
    world.write("mapping.yaml", MAPPING);
    let mut odd = mapped(1, 3);
    odd["FULNAME"] = json!("x");
    odd["person"]["AGE"] = json!(7);
    world.write("rows", lines(&[mapped(0, 1), odd]));
    let finished = world.run(&[
        "write",
        "contacts",
        "--input",
        "rows",
        "--mapping",
        "mapping.yaml",
    ]);
    assert_eq!(finished.code, Some(3), "{finished:?}");
    let outcomes = finished.documents();
    assert_eq!(statuses(&outcomes), [("1", "created"), ("2", "failed")]);
    let problems = outcomes[1]["failure"]["problems"].as_array().unwrap();
    let paths: Vec<&str> = problems
        .iter()
        .map(|one| one["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["FULNAME", "person.AGE", "PLAN"]);
}

#[test]
fn a_mapping_that_cannot_be_read_the_other_way_is_refused_before_anything_is_sent() {
    let world = World::new(&[]);
    world.write(
        "mapping.yaml",
        "contacts:\n  - { from: email, to: E, pipeline: [trim, { hash: salt }] }\n  - { from: [name, email], to: WHO }\n",
    );
    world.write("rows", lines(&[json!({ "E": "x" })]));
    for offline in [&[][..], &["--offline"]] {
        let arguments = [
            "write",
            "contacts",
            "--input",
            "rows",
            "--mapping",
            "mapping.yaml",
        ];
        let finished = world.run(&[&arguments, offline].concat());
        assert_eq!(finished.code, Some(1), "{finished:?}");
        for words in ["E.pipeline[1]", "`hash` has no inverse", "WHO.from"] {
            assert!(finished.err.contains(words), "{finished:?}");
        }
    }
    assert_eq!(writes(&world), 0);
    let finished = world.run(&["write", "contacts", "--input", "rows", "--mapped"]);
    assert_eq!(finished.code, Some(64));
    assert!(
        finished.err.contains("no mapping to read the other way"),
        "{finished:?}"
    );
}
