use serde_json::{Value, json};

use super::{Server, connect, document, records};
use crate::process::until;
use crate::world::World;

fn last_run(server: &Server, name: &str) -> Value {
    let runs = server.json(200, "GET", &format!("/connections/{name}/runs"), "");
    runs["runs"][0].clone()
}

/// Everything is read anew that somebody was told would be, also when the server ends meanwhile, before or during the run.
#[test]
fn a_sync_of_everything_that_was_promised_outlives_the_server() {
    let world = World::new(&["--contacts", "400"]);
    connect(&world, "mode: batch\nstreams: [contacts, companies]\n");
    let lines = "schedule: { every: 100h }\nshutdown: 2s\nconnections: [connection.yaml]\n";
    let server = Server::start(&world, lines);
    server.until_synced("connection", "complete");
    assert_eq!(world.rows(&records("connection"), "contacts"), 400);
    let full = |server: &Server| {
        server.json(
            202,
            "POST",
            "/connections/connection/sync",
            "{\"full\":true}",
        )
    };
    // The second page waits when the server ends.
    world.service.hold(2, false);
    full(&server);
    until(|| world.service.held_back() > 0);
    assert_eq!(server.process.terminate().code, Some(0));
    world.service.release();
    let server = Server::again(&world);
    let mut run = Value::Null;
    until(|| {
        run = last_run(&server, "connection");
        run["status"] == "complete"
    });
    // What had begun went on, and what had not is read from its beginning.
    assert!(
        run["streams"]["companies"]["records"].as_u64() >= Some(130),
        "{run}"
    );
    let contacts = run["streams"]["contacts"]["records"].as_u64().unwrap();
    assert!(contacts > 100, "{run}");

    // It is over: the next one reads what changed.
    server.json(202, "POST", "/connections/connection/sync", "");
    let number = run["number"].clone();
    until(|| {
        run = last_run(&server, "connection");
        run["number"] != number && run["status"] == "complete"
    });
    assert!(
        run["streams"]["contacts"]["records"].as_u64() < Some(100),
        "{run}"
    );
    assert_eq!(server.process.terminate().code, Some(0));
}

/// A check that failed for a while is not told of after a sync that needed it has gone well.
#[test]
fn a_problem_ends_with_the_sync_that_does_not_have_it() {
    let world = World::new(&["--contacts", "5", "--companies", "3"]);
    let faults = json!([{ "path": "/me", "kind": "status-500", "first": 1, "times": 1 }]);
    world.service.post("faults", &faults);
    let mut added = document(&world, "added");
    added["schedule"] = json!({"every": "1000h"});
    let server = Server::start(&world, "");
    server.json(201, "POST", "/connections", &added.to_string());
    server.until_synced("added", "complete");
    until(|| server.connection("added")["problem"].is_null());
    assert_eq!(server.connection("added")["workspace_id"], "simulator");
    assert_eq!(server.process.terminate().code, Some(0));
}

/// Whoever puts other credentials in place sees at once whether they are good.
#[test]
fn a_connection_that_is_replaced_is_tried_at_once() {
    let world = World::new(&["--contacts", "5", "--companies", "3"]);
    let server = Server::start(&world, "");
    let mut added = document(&world, "added");
    added["schedule"] = json!({"every": "1000h"});
    let good = added["credentials"].clone();
    added["credentials"]["access_token"] = json!("mistyped");
    server.json(201, "POST", "/connections", &added.to_string());
    server.until_synced("added", "failed");
    added["credentials"] = good;
    server.json(200, "PUT", "/connections/added", &added.to_string());
    server.until_synced("added", "complete");
    assert_eq!(server.process.terminate().code, Some(0));
}
