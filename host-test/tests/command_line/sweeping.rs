use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::stored::{self, Sink};
use crate::world::World;

const SINKS: [Sink; 2] = [Sink::Files, Sink::Database];

fn ids(changed: &Value, what: &str) -> BTreeSet<String> {
    let ids = changed[what].as_array().expect("ids");
    ids.iter()
        .map(|id| id.as_str().expect("an id").to_owned())
        .collect()
}

/// The keys of the contacts that an output says are gone.
fn deleted(world: &World, sink: Sink) -> BTreeSet<String> {
    let keys = stored::deleted(world, sink, "contacts");
    keys.into_iter().collect()
}

#[test]
fn contacts_that_went_without_a_webhook_are_found_by_a_sweep() {
    let world = World::new(&[]);
    world.connect("streams: [contacts, tags]\n");
    let sync = |sink: Sink, more: &[&str]| {
        let mut arguments = vec!["sync", "--json", "--output", sink.argument()];
        arguments.extend(more);
        world.succeed(&arguments).document()
    };
    for sink in SINKS {
        sync(sink, &[]);
    }
    world.service.pass(5);
    let changed = world
        .service
        .post("mutate", &json!({ "delete": 4, "archive": 3 }));
    let gone = ids(&changed, "delete");
    for sink in SINKS {
        // A reading of changes does not see what is gone.
        sync(sink, &[]);
        assert_eq!(deleted(&world, sink), BTreeSet::new(), "{sink:?}");
        let before = world.status(sink.argument());
        let report = sync(sink, &["--sweep"]);
        let found = deleted(&world, sink);
        assert!(
            found.is_superset(&gone),
            "{sink:?}: {gone:?} are not all of {found:?}"
        );
        // What is archived counts as gone only where the API says so of its key.
        let archived = ids(&changed, "archive");
        let allowed: BTreeSet<String> = gone.union(&archived).cloned().collect();
        assert!(found.is_subset(&allowed), "{sink:?}: {found:?}");
        let swept = &report["streams"]["contacts"]["sweep"];
        assert_eq!(
            (&swept["held"], &swept["missed"]),
            (&json!(260), &json!(7)),
            "{swept}"
        );
        assert_eq!(swept["deleted"], found.len(), "{swept}");
        let after = world.status(sink.argument());
        let position = |status: &Value| status["streams"]["contacts"]["position"].clone();
        assert_eq!(position(&before), position(&after));
        assert!(after["streams"]["contacts"]["swept_at_ms"].is_number());
        // The second sweep finds nothing more.
        let again = sync(sink, &["--sweep"]);
        assert_eq!(
            again["streams"]["contacts"]["sweep"]["deleted"], 0,
            "{again}"
        );
    }
}

#[test]
fn a_connection_sweeps_by_itself_when_it_is_time() {
    let world = World::new(&["--contacts", "20", "--companies", "3"]);
    world.connect("streams: [contacts]\nsweep_every: 1h\n");
    let sync = || {
        world
            .succeed(&["sync", "--json", "--output", "sqlite:out.db"])
            .document()
    };
    // Read whole just now: nothing can be gone.
    for _ in 0..2 {
        assert_eq!(sync()["streams"]["contacts"]["sweep"], Value::Null);
    }
    let changed = world.service.post("mutate", &json!({ "delete": 1 }));
    let database = rusqlite::Connection::open(world.path("out.db")).expect("a database");
    let made_older = database.execute(
        "UPDATE _state SET value = json_set(value, '$.swept_at_ms', 5) WHERE name = 'stream/contacts'",
        [],
    );
    assert_eq!(made_older.expect("a state"), 1);
    drop(database);
    assert_eq!(sync()["streams"]["contacts"]["sweep"]["deleted"], 1);
    assert_eq!(deleted(&world, Sink::Database), ids(&changed, "delete"));
    assert_eq!(sync()["streams"]["contacts"]["sweep"], Value::Null);
}

#[test]
fn a_sweep_needs_an_output_that_has_rows() {
    let world = World::new(&[]);
    let finished = world.run(&["sync", "--sweep"]);
    assert_eq!(finished.code, Some(64), "{finished:?}");
    assert!(finished.err.contains("--output"), "{finished:?}");
}
