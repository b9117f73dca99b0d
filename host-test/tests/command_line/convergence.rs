/// A storm of changes over the API.
mod storm;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::process::{finish, until};
use crate::service::Service;
use crate::stored::Rows;
use crate::webhooks::{SERVE, listening};
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
fn truth(world: &World, stream: &str, version: &str) -> Rows {
    let dump = world.service.get(&format!(
        "documents/{stream}?limit=100000&version={version}"
    ));
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
fn compare(world: &World, version: &str) -> BTreeSet<String> {
    let mut left = BTreeSet::new();
    for stream in STREAMS {
        let (found, expected) = (rows(world, stream), truth(world, stream, version));
        let missing: Vec<_> = expected
            .keys()
            .filter(|key| !found.contains_key(*key))
            .collect();
        assert!(missing.is_empty(), "{stream}: {missing:?} are missing");
        for (key, document) in &expected {
            let mut document = document.clone();
            let mut row = found[key].clone();
            let fields = row.as_object_mut().expect("an object");
            if stream == "conversations" {
                // A whole company is in a conversation from 2.15 on, which does not count as changed when that does.
                fields.remove("company");
                document
                    .as_object_mut()
                    .expect("an object")
                    .remove("company");
            }
            for name in FROM_WEBHOOKS {
                if document.get(name).is_none() {
                    fields.remove(name);
                }
            }
            let different: Vec<String> = row
                .as_object()
                .into_iter()
                .chain(document.as_object())
                .flat_map(|fields| fields.keys())
                // Lists leave out what rows read one by one have as null.
                .filter(|name| row[name.as_str()] != document[name.as_str()])
                .map(|name| {
                    let (stored, there) = (&row[name.as_str()], &document[name.as_str()]);
                    format!("{name} is {stored} instead of {there}")
                })
                .collect();
            assert!(different.is_empty(), "{stream} {key}: {different:#?}");
        }
        let beyond = found.into_keys().filter(|key| !expected.contains_key(key));
        left.extend(beyond);
    }
    left
}

/// Waits until the output has everything that was taken, and everything that is to be read again for it.
fn drain(world: &World) {
    until(|| {
        let queue = &world.status(OUTPUT)["queue"];
        ["waiting", "rows_to_read_again"]
            .iter()
            .all(|count| queue[*count] == 0)
    });
}

#[test]
fn webhooks_that_get_lost_come_twice_and_come_late_leave_no_trace_after_a_sync_and_a_sweep() {
    for version in ["2.11", "2.16"] {
        let world = disturbed(&["--webhook-version", version]);
        world.connect(&format!(
            "mode: hybrid\nsync_every: 15m\nstreams: [{}]\nconfig: {{ region: us, api_version: \"{version}\" }}\n",
            STREAMS.join(", ")
        ));
        // A quarter of an hour is a second and a half then.
        let mut arguments = SERVE.to_vec();
        arguments[5] = OUTPUT;
        arguments.extend(["--time-scale", "600"]);
        let running = world.start(&arguments);
        let url = listening(&running);
        world.service.post("webhook-url", &json!({ "url": url }));
        let mut storm = Storm::over(&world.service);
        for _ in 0..8 {
            storm.rage(50);
            std::thread::sleep(Duration::from_millis(400));
        }
        let fates = settle(&world.service);
        assert!(fates.iter().all(|met| *met >= 5), "{fates:?}");
        drain(&world);

        // What is scheduled makes good everything but what went without a word: one sync that began after all that.
        running.forget_lines();
        for _ in 0..2 {
            running.line("✓ connection: synced");
        }
        let left = compare(&world, version);
        assert!(left.is_subset(storm.gone()), "{left:?} never went");
        let finished = running.terminate();
        assert_eq!(finished.code, Some(0), "{finished:?}");
        let counted =
            " 0 ignored, 0 rejected, 0 refused, 0 failed, 0 pings, 0 too old, 0 throttled";
        assert!(finished.err.contains(counted), "{finished:?}");
        world.succeed(&["sync", "--sweep", "--output", OUTPUT]);
        assert_eq!(compare(&world, version), BTreeSet::new());
        assert!(storm.gone().len() > 20, "{:?}", storm.gone());
    }
}
