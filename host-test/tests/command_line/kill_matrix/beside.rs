use serde_json::{Value, json};

use super::SINKS;
use super::place::MOMENTS;
use super::run::{Run, kill_at};
use super::workload::MIXED;
use crate::holdings::{STREAMS, ids, texts};
use crate::stored::{Sink, deleted};
use crate::world::World;

/// The stored positions of all streams, as they lie in the output.
fn positions(world: &World, sink: Sink) -> Value {
    let streams = match sink {
        Sink::Files => {
            let state = std::fs::read(world.path("out/.state.json")).expect("a state");
            let state: Value = serde_json::from_slice(&state).expect("a document");
            state["state"]["streams"].clone()
        }
        Sink::Database => {
            let database = rusqlite::Connection::open(world.path("out.db")).expect("a database");
            let question = "SELECT json_group_object(substr(name, 8), json(value)) FROM _state
                WHERE name LIKE 'stream/%'";
            let streams = database.query_row(question, [], |row| row.get::<_, String>(0));
            serde_json::from_str(&streams.expect("a state")).expect("a document")
        }
    };
    let positions = STREAMS.map(|stream| {
        let stored = &streams[stream]["positions"];
        let none = stored.as_object().is_none_or(|formats| formats.is_empty());
        let stored = if none { Value::Null } else { stored.clone() };
        (stream.to_owned(), stored)
    });
    Value::Object(positions.into_iter().collect())
}

/// The cursors of one stream, without the times and numbers of their writing.
fn cursors(positions: &Value, stream: &str) -> Vec<[Value; 2]> {
    let formats = positions[stream]
        .as_object()
        .unwrap_or_else(|| panic!("{stream}: {positions}"))
        .values();
    let cursors = formats.map(|position| ["next", "checkpoint"].map(|name| position[name].clone()));
    cursors.collect()
}

/// Runs a command again and again, killed at a later request each time, until it comes through; the first `skip` requests
/// are left alone.
fn kill_everywhere(world: &World, arguments: &[&str], skip: u64, mut look: impl FnMut(u64)) {
    for request in skip + 1..=100 {
        let moment = MOMENTS[request as usize % MOMENTS.len()];
        let killed = kill_at(world, arguments, request, moment, || {});
        look(request);
        if !killed {
            return;
        }
    }
    panic!("no run comes through");
}

#[test]
fn a_window_or_a_list_of_keys_that_is_killed_leaves_the_positions_as_they_were() {
    for sink in SINKS {
        let run = Run::quiet(&MIXED, sink);
        let world = run.world();
        // A sync that stands in the middle of a stream is left alone as well.
        run.kill_at(&world, MIXED.page_rows, 14, MOMENTS[0]);
        let before = positions(&world, sink);
        let read = |stream: &str| before[stream].is_object();
        assert!(read("contacts") && !read("content_export"), "{before}");
        let keys = ids(&world.service.get("conversations")["data"]).join(",");
        let window = ["--since", "2024-06-01", "--until", "2026-02-01"];
        let selections: [(&str, &[&str]); 8] = [
            ("conversations", &["--keys", &keys]),
            ("conversations", &window),
            ("conversation_parts", &window),
            ("tickets", &window),
            ("articles", &window),
            ("contact_notes", &window),
            ("companies", &window),
            ("activity_logs", &window),
        ];
        for (stream, selection) in selections {
            let mut arguments = vec!["read", stream, "--page-rows", "5", "--time-scale", "60"];
            arguments.extend(["--output", sink.argument()]);
            arguments.extend(selection);
            kill_everywhere(&world, &arguments, 0, |request| {
                let after = positions(&world, sink);
                assert_eq!(
                    after, before,
                    "{sink:?} {stream} {selection:?} at {request}"
                );
            });
        }
        run.finish(&world);
        // What was read twice is there twice in files: once by the window, once by the sync.
        if sink == Sink::Database {
            (MIXED.assert_exact)(&world, sink, None);
        }
    }
}

#[test]
fn a_sweep_that_is_killed_leaves_the_position_as_it_was_and_deletes_what_is_gone_in_the_end() {
    let stream = "articles";
    for sink in SINKS {
        let run = Run::quiet(&MIXED, sink);
        let world = run.world();
        run.finish(&world);
        world.service.pass(2);
        run.finish(&world);
        let before = positions(&world, sink);
        let wanted = json!({ "kind": stream, "delete": 2 });
        let changed = world.service.post("catalogue", &wanted);
        run.connect(&world, &[stream]);
        let mut arguments = vec!["sync", "--page-rows", "5", "--time-scale", "60"];
        arguments.extend(["--output", sink.argument()]);
        // Requests of a sync without a sweep, which moves the position as it reads.
        let asked = world.service.requests();
        world.succeed(&arguments);
        let skip = world.service.requests() - asked;
        assert_eq!(deleted(&world, sink, stream), [""; 0]);
        arguments.push("--sweep");
        kill_everywhere(&world, &arguments, skip, |request| {
            let after = positions(&world, sink);
            let expected = cursors(&before, stream);
            assert_eq!(cursors(&after, stream), expected, "{sink:?} at {request}");
        });
        let mut gone = texts(&changed["delete"]);
        gone.sort();
        assert_eq!(deleted(&world, sink, stream), gone, "{sink:?}");
        // A sync after it brings nothing.
        arguments.pop();
        arguments.push("--json");
        let report = world.succeed(&arguments).document();
        assert_eq!(report["streams"][stream]["records"], 0, "{report}");
    }
}
