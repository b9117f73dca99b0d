/// A storm of changes over the API.
mod storm;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::process::{finish, until};
use crate::service::Service;
use crate::stored::Rows;
use crate::webhooks::serve_into;
use crate::world::{CONNECTION, World};
use storm::Storm;

const STREAMS: [&str; 4] = ["contacts", "companies", "conversations", "tickets"];
const OUTPUT: &str = "sqlite:out.db";

/// What only webhooks say of a contact.
const FROM_WEBHOOKS: [&str; 2] = ["sms_consent", "unsubscribed_from_sms"];

/// A workspace of which one notification in twenty is lost, one comes twice, and one late.
fn disturbed(more: &[&str]) -> World {
    let mut arguments = vec![
        "--time-scale",
        "60",
        "--conversations",
        "60",
        "--tickets",
        "40",
        "--webhook-lost",
        "5",
        "--webhook-doubled",
        "5",
        "--webhook-reordered",
        "5",
    ];
    arguments.extend(more);
    World::new(&arguments)
}

/// Waits until nothing is on its way any more; gives how often each fate was met.
fn settle(service: &Service) -> [usize; 3] {
    until(|| service.get("webhooks")["pending"] == 0);
    let told = service.get("deliveries");
    let deliveries = told["deliveries"].as_array().expect("a list");
    ["lost", "doubled", "reordered"].map(|fate| {
        let met = deliveries
            .iter()
            .filter(|delivery| delivery["fate"] == fate);
        met.count()
    })
}

/// What a stream has to be, made of the workspace's own documents as a reading makes its rows of them.
fn truth(world: &World, stream: &str) -> Rows {
    let dump = world
        .service
        .get(&format!("documents/{stream}?limit=100000"));
    let documents = dump["data"].as_array().expect("documents").iter();
    let lines: Vec<String> = documents.map(Value::to_string).collect();
    let command = world.command(&["map", stream, "--connection", CONNECTION]);
    let mapped = finish(command, lines.join("\n").as_bytes());
    assert_eq!(mapped.code, Some(0), "{mapped:?}");
    let entries = mapped.documents().into_iter();
    entries
        .map(|entry| {
            let key = entry["key"].as_str().expect("a key").to_owned();
            (key, entry["data"].clone())
        })
        .collect()
}

/// The rows of a table that are not deleted. The table's own key says that none is there twice.
fn rows(world: &World, stream: &str) -> Rows {
    let database = rusqlite::Connection::open(world.path("out.db")).expect("a database");
    let question = format!("SELECT key, data FROM {stream} WHERE NOT deleted");
    let mut statement = database.prepare(&question).expect("a table");
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    });
    rows.expect("rows")
        .map(|row| {
            let (key, text) = row.expect("a row");
            (key, serde_json::from_str(&text).expect("a document"))
        })
        .collect()
}

/// Compares every stream: no row is missing and none is stale. Gives the rows that should not be there any more.
fn compare(world: &World) -> BTreeSet<String> {
    let mut left = BTreeSet::new();
    for stream in STREAMS {
        let (found, expected) = (rows(world, stream), truth(world, stream));
        let missing: Vec<_> = expected
            .keys()
            .filter(|key| !found.contains_key(*key))
            .collect();
        assert!(missing.is_empty(), "{stream}: {missing:?} are missing");
        for (key, document) in &expected {
            let mut row = found[key].clone();
            let fields = row.as_object_mut().expect("an object");
            for name in FROM_WEBHOOKS {
                if document.get(name).is_none() {
                    fields.remove(name);
                }
            }
            assert_eq!(&row, document, "{stream} {key} is stale");
        }
        let beyond = found.into_keys().filter(|key| !expected.contains_key(key));
        left.extend(beyond);
    }
    left
}

#[test]
fn webhooks_that_get_lost_come_twice_and_come_late_leave_no_trace_after_a_sync_and_a_sweep() {
    let world = disturbed(&[]);
    world.connect(&format!(
        "mode: hybrid\nstreams: [{}]\n",
        STREAMS.join(", ")
    ));
    world.succeed(&["sync", "--output", OUTPUT]);
    assert_eq!(compare(&world), BTreeSet::new());
    // What changes now is later than what was read.
    world.service.pass(5);

    let (running, url) = serve_into(&world, OUTPUT);
    world.service.post("webhook-url", &json!({ "url": url }));
    let mut storm = Storm::over(&world.service);
    storm.rage(400);
    let fates = settle(&world.service);
    assert!(fates.iter().all(|met| *met >= 5), "{fates:?}");
    let all = world.service.get("deliveries");
    for one in all["deliveries"].as_array().unwrap() {
        if one["attempts"] != 1 || one["status"] != 200 {
            eprintln!("DEBUG {one}");
        }
    }
    let finished = running.terminate();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(
        finished.err.contains(" 0 rejected, 0 refused, 0 failed"),
        "{finished:?}"
    );

    // What is scheduled makes good everything but what went without a word.
    world.succeed(&["sync", "--output", OUTPUT]);
    let left = compare(&world);
    assert!(left.is_subset(storm.gone()), "{left:?} never went");
    world.succeed(&["sync", "--sweep", "--output", OUTPUT]);
    assert_eq!(compare(&world), BTreeSet::new());
    // And everything that is there came out of the storm, not out of nothing.
    assert!(storm.gone().len() > 20, "{:?}", storm.gone());
}
