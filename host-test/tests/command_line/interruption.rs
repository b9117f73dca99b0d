use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::world::{World, keys};

/// Ends a read at once as soon as so many requests were answered since its start.
fn end_after(world: &World, requests: u64, arguments: &[&str]) {
    let before = world.service.requests();
    let running = world.start(arguments);
    let end = Instant::now() + Duration::from_secs(60);
    while world.service.requests() < before + requests {
        assert!(Instant::now() < end, "the read does not go on");
        std::thread::sleep(Duration::from_millis(1));
    }
    let finished = running.kill();
    assert_eq!(finished.code, None, "it was over already: {finished:?}");
}

/// Small pages, and answers slow enough to be met in the middle.
fn world() -> World {
    World::new(&["--latency", "15ms"])
}

fn arguments(output: &str) -> Vec<&str> {
    vec![
        "read",
        "contacts",
        "companies",
        "--page-rows",
        "20",
        // A scroll that a dead process left open expires within a second.
        "--time-scale",
        "60",
        "--output",
        output,
    ]
}

#[test]
fn files_are_complete_and_without_doubles_after_crashes() {
    let world = world();
    let arguments = arguments("jsonl:out");
    for requests in [12, 6, 3] {
        end_after(&world, requests, &arguments);
    }
    let before = world.service.requests();
    world.succeed(&arguments);
    let contacts = world.lines("out/contacts.jsonl");
    let there: BTreeSet<String> = world.service.contacts().into_keys().collect();
    assert_eq!(contacts.len(), there.len());
    assert_eq!(keys(&contacts), there);
    let companies = world.lines("out/companies.jsonl");
    assert_eq!(companies.len(), world.service.count("companies"));
    assert_eq!(keys(&companies).len(), companies.len());
    // It went on where the last one had been: the pages before were not asked for again.
    let requests = world.service.requests() - before;
    assert!(requests < 22, "{requests}");
}

#[test]
fn a_database_is_complete_after_crashes() {
    let world = world();
    let arguments = arguments("sqlite:out.db");
    for requests in [12, 6, 3] {
        end_after(&world, requests, &arguments);
    }
    world.succeed(&arguments);
    for stream in ["contacts", "companies"] {
        let there = world.service.count(stream);
        assert_eq!(world.rows("out.db", stream), there, "{stream}");
    }
}

/// What lies behind the committed length of a file belongs to a process that died before its commit.
#[test]
fn half_a_line_at_the_end_of_a_file_is_cut_off() {
    let world = world();
    let arguments = arguments("jsonl:out");
    end_after(&world, 12, &arguments);
    let path = world.path("out/contacts.jsonl");
    let mut text = std::fs::read(&path).expect("the first pages");
    text.extend_from_slice(b"{\"stream\":\"contacts\",\"key\":\"half");
    std::fs::write(&path, text).expect("half a line");
    world.succeed(&arguments);
    let contacts: Vec<Value> = world.lines("out/contacts.jsonl");
    assert_eq!(contacts.len(), world.service.count("contacts"));
    assert_eq!(keys(&contacts).len(), contacts.len());
}
