use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::place::MOMENTS;
use super::run::Run;
use super::workload::MIXED;
use crate::holdings::{STREAMS, WHOLE, ids, texts};
use crate::service::Service;
use crate::stored::{Before, Sink};
use crate::world::World;

/// What came, by stream: keys, each with what is done to its row.
type Came = BTreeMap<&'static str, BTreeSet<(String, String)>>;

/// The streams that give what changed since.
fn incremental() -> impl Iterator<Item = &'static str> {
    STREAMS.into_iter().filter(|name| !WHOLE.contains(name))
}

/// What an output holds before a sync.
enum Held {
    Files(Before),
    /// The number of the scan that wrote each row last, by stream and key.
    Database(BTreeMap<(&'static str, String), i64>),
}

impl Held {
    fn of(world: &World, sink: Sink) -> Held {
        match sink {
            Sink::Files => Held::Files(Before::of(world, &STREAMS)),
            Sink::Database => {
                let rows = incremental().flat_map(|stream| rows(world, stream));
                Held::Database(rows.map(|row| (row.0, row.1)).collect())
            }
        }
    }

    /// What came since. In files it came once.
    fn came_since(&self, world: &World) -> Came {
        let mut came = Came::new();
        for stream in incremental() {
            let new: Vec<(String, String)> = match self {
                Held::Files(before) => {
                    let lines = world.lines(&format!("out/{stream}.jsonl"));
                    let lines = lines[before.lines(stream)..].iter();
                    let text = |value: &Value| value.as_str().expect("a text").to_owned();
                    lines
                        .map(|line| (text(&line["key"]), text(&line["change"])))
                        .collect()
                }
                Held::Database(before) => rows(world, stream)
                    .into_iter()
                    .filter(|(row, written_by, _)| before.get(row) != Some(written_by))
                    .map(|((_, key), _, deleted)| {
                        let change = if deleted { "delete" } else { "upsert" };
                        (key, change.to_owned())
                    })
                    .collect(),
            };
            let all = new.len();
            let new: BTreeSet<(String, String)> = new.into_iter().collect();
            assert_eq!(new.len(), all, "{stream}: something came twice");
            if all > 0 {
                came.insert(stream, new);
            }
        }
        came
    }
}

/// The rows of a table: stream and key, the scan that wrote it last, and whether it is deleted.
fn rows(world: &World, stream: &'static str) -> Vec<((&'static str, String), i64, bool)> {
    let database = rusqlite::Connection::open(world.path("out.db")).expect("a database");
    let question = format!("SELECT key, written_by, deleted FROM {stream}");
    let mut statement = database.prepare(&question).expect("a table");
    let rows = statement.query_map([], |row| {
        Ok(((stream, row.get(0)?), row.get(1)?, row.get(2)?))
    });
    rows.expect("rows").map(|row| row.expect("a row")).collect()
}

/// A conversation and a ticket get a part and another conversation is deleted if wanted, an article changes and one is
/// written, a note, an event and a log entry come about. Gives what a sync has to bring.
fn change(service: &Service, delete: bool) -> Came {
    let mut came = Came::new();
    let mut comes = |stream: &'static str, keys: &[String], change: &str| {
        let keys = keys.iter().map(|key| (key.clone(), change.to_owned()));
        came.entry(stream).or_default().extend(keys);
    };
    let wanted = json!({ "delete_conversations": u64::from(delete) });
    let changed = service.post("mutate", &wanted);
    comes(
        "conversations",
        &texts(&changed["delete_conversations"]),
        "delete",
    );
    let changed = service.post("mutate", &json!({ "conversations": 1, "tickets": 1 }));
    for (stream, parts) in [
        ("conversations", "conversation_parts"),
        ("tickets", "ticket_parts"),
    ] {
        let keys = texts(&changed[stream]);
        comes(stream, &keys, "upsert");
        // All the parts of what changed come with it.
        let document = service.ask_in(MIXED.version, &format!("/{stream}/{}", keys[0]));
        comes(parts, &ids(&document[parts][parts]), "upsert");
    }
    for (kind, update) in [("articles", 1), ("activity_logs", 0)] {
        let wanted = json!({ "kind": kind, "create": 1, "update": update });
        let changed = service.post("catalogue", &wanted);
        comes(kind, &texts(&changed["create"]), "upsert");
        comes(kind, &texts(&changed["update"]), "upsert");
    }
    let contacts: Vec<String> = service.contacts().into_keys().collect();
    let note = json!({ "of": contacts[0], "link": { "note": "<p>New.</p>" }, "quiet": true });
    let event = json!({ "contact": contacts[1], "name": "returned" });
    for (stream, door, document) in [("contact_notes", "link", note), ("events", "event", event)] {
        let id = service.post(door, &document)["id"].clone();
        comes(stream, &[id.as_str().expect("an id").to_owned()], "upsert");
    }
    came
}

/// Change after change, each read by a sync that is killed a few requests further on than the one before.
fn change_and_kill(sink: Sink) {
    let run = Run::quiet(&MIXED, sink);
    let world = run.world();
    run.kill_at(&world, MIXED.page_rows, 30, MOMENTS[0]);
    run.finish(&world);
    let mut killed = true;
    for request in (1..=100).step_by(4) {
        let held = Held::of(&world, sink);
        let expected = change(&world.service, request % 5 == 0);
        world.service.pass(2);
        let moment = MOMENTS[request as usize % MOMENTS.len()];
        killed = run.kill_at(&world, MIXED.page_rows, request, moment);
        run.finish(&world);
        let came = held.came_since(&world);
        assert_eq!(came, expected, "killed at {request}");
        if !killed {
            break;
        }
    }
    assert!(!killed, "no run comes through");
}

#[test]
fn exactly_what_changed_comes_into_files_wherever_the_host_is_killed() {
    change_and_kill(Sink::Files);
}

#[test]
fn exactly_what_changed_comes_into_a_database_wherever_the_host_is_killed() {
    change_and_kill(Sink::Database);
}
