/// A storm of changes over the API.
mod storm;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::kill_matrix;
use crate::process::{Running, finish, until};
use crate::service::Service;
use crate::stored::{Rows, Sink};
use crate::webhooks::{SERVE, listening};
use crate::world::{CONNECTION, World};
use storm::Storm;

const STREAMS: [&str; 4] = ["contacts", "companies", "conversations", "tickets"];
/// What no output can be expected to hold as it is in the workspace, and why. All else is compared.
const NOT_COMPARED: [(&str, &str, &str); 6] = [
    ("contacts", "/sms_consent", NOTIFIED),
    ("contacts", "/unsubscribed_from_sms", NOTIFIED),
    ("conversations", "/source/author/name", NOT_DATED),
    ("conversations", "/source/author/email", NOT_DATED),
    ("conversations", "/source/reply_to", NOT_DATED),
    ("conversations", "/company", NOT_DATED),
];

/// No answer of the API has it. What notifications say of it is in the output until the row is read again.
const NOTIFIED: &str = "only notifications have it";

/// When the person or the company changes, whose copy this is, the row does not count as changed and nobody is told. The
/// stream of the person or the company itself has the change.
const NOT_DATED: &str = "a copy of another row";

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

/// A row without what is not compared.
fn comparable(stream: &str, row: &Value) -> Value {
    let mut row = row.clone();
    for (_, pointer, why) in NOT_COMPARED.iter().filter(|(of, ..)| *of == stream) {
        let Some(value) = row.pointer_mut(pointer) else {
            continue;
        };
        // The simulator's contacts never said yes or no.
        let told = *why != NOTIFIED || matches!(value, Value::Null | Value::Bool(false));
        assert!(told, "{stream}{pointer} is {value}");
        value.take();
    }
    row
}

/// Compares every stream: no row is missing and none is stale. Gives the rows that should not be there any more.
fn compare(world: &World, sink: Sink, version: &str) -> BTreeSet<String> {
    let mut left = BTreeSet::new();
    for stream in STREAMS {
        let found = sink.rows_left(world, stream);
        let expected = truth(world, stream, version);
        let missing: Vec<_> = expected
            .keys()
            .filter(|key| !found.contains_key(*key))
            .collect();
        assert!(missing.is_empty(), "{stream}: {missing:?} are missing");
        for (key, document) in &expected {
            let document = comparable(stream, document);
            let row = comparable(stream, &found[key]);
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
fn drain(world: &World, sink: Sink) {
    until(|| {
        let queue = &world.status(sink.argument())["queue"];
        ["waiting", "rows_to_read_again"]
            .iter()
            .all(|count| queue[*count] == 0)
    });
}

/// A hybrid connection to what is compared, in a version.
fn connect(world: &World, version: &str) {
    world.connect(&format!(
        "mode: hybrid\nsync_every: 15m\nstreams: [{}]\nconfig: {{ region: us, api_version: \"{version}\" }}\n",
        STREAMS.join(", ")
    ));
}

/// Serves it and has the workspace tell it of changes. A quarter of an hour is a second and a half.
fn serve(world: &World, sink: Sink, more: &[&str]) -> Running {
    let mut arguments = SERVE.to_vec();
    arguments[5] = sink.argument();
    arguments.extend(["--time-scale", "600"]);
    arguments.extend(more);
    let running = world.start(&arguments);
    let url = listening(&running);
    world.service.post("webhook-url", &json!({ "url": url }));
    running
}

/// What is scheduled makes good everything but what went without a word: one sync that began after all that, and a sweep.
fn assert_converges(world: &World, sink: Sink, version: &str, running: Running, storm: &Storm) {
    drain(world, sink);
    running.forget_lines();
    for _ in 0..2 {
        running.line("✓ connection: synced");
    }
    let left = compare(world, sink, version);
    assert!(left.is_subset(storm.gone()), "{left:?} never went");
    let finished = running.terminate();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let counted = " 0 ignored, 0 rejected, 0 refused, 0 failed, 0 pings, 0 too old, 0 throttled";
    assert!(finished.err.contains(counted), "{finished:?}");
    world.succeed(&["sync", "--sweep", "--output", sink.argument()]);
    assert_eq!(compare(world, sink, version), BTreeSet::new());
}

#[test]
fn webhooks_that_get_lost_come_twice_and_come_late_leave_no_trace_after_a_sync_and_a_sweep() {
    for (sink, version) in [
        (Sink::Database, "2.11"),
        (Sink::Database, "2.16"),
        (Sink::Files, "2.16"),
    ] {
        let world = disturbed(&["--webhook-version", version]);
        connect(&world, version);
        let running = serve(&world, sink, &[]);
        let mut storm = Storm::over(&world.service);
        for _ in 0..8 {
            storm.rage(50);
            std::thread::sleep(Duration::from_millis(400));
        }
        let fates = settle(&world.service);
        assert!(fates.iter().all(|met| *met >= 5), "{fates:?}");
        assert_converges(&world, sink, version, running, &storm);
        assert!(storm.gone().len() > 20, "{:?}", storm.gone());
    }
}

/// The server is killed in the middle of everything, again and again: while it takes webhooks with several workers, syncs,
/// and reads rows again. Six times of each kind, or sixty with `KILL_MATRIX=full`.
#[test]
fn a_hybrid_connection_that_is_killed_in_the_middle_of_everything_converges() {
    let kills: u64 = if kill_matrix::is_full() { 60 } else { 6 };
    for (sink, version) in [(Sink::Files, "2.11"), (Sink::Database, "2.16")] {
        let world = disturbed(&["--webhook-version", version]);
        connect(&world, version);
        let workers = ["--workers", "4"];
        let mut storm = Storm::over(&world.service);
        for kill in 0..kills {
            let running = serve(&world, sink, &workers);
            std::thread::scope(|scope| {
                scope.spawn(|| storm.rage(60));
                // From within the first sync until after the second.
                std::thread::sleep(Duration::from_millis(20 + kill * 7_919 % 2_300));
                let killed = running.kill();
                assert_eq!(killed.code, None, "{killed:?}");
            });
        }
        world.service.post("webhook-url", &json!({ "url": null }));
        let running = serve(&world, sink, &workers);
        storm.rage(60);
        settle(&world.service);
        assert_converges(&world, sink, version, running, &storm);
        assert!(storm.gone().len() > 10, "{:?}", storm.gone());
    }
}
