use serde_json::{Value, json};
use written::holding;

use super::{Server, connect, records};
use crate::http::send;
use crate::process::{Finished, finish, until};
use crate::webhooks::{notification, signature};
use crate::world::{CLIENT_SECRET, World};

fn run(world: &World, arguments: &[&str]) -> Finished {
    finish(world.command(arguments), b"")
}

#[test]
fn a_contact_leaves_everything_while_the_server_runs() {
    let world = World::new(&["--contacts", "12", "--companies", "3"]);
    connect(
        &world,
        "mode: hybrid\nstreams: [contacts, contact_notes, conversations, conversation_parts]\nwebhooks: { read_again: false }\n",
    );
    world.write(
        "lines.yaml",
        std::fs::read(world.path("connection.yaml")).unwrap(),
    );
    let lines = "schedule: { every: 1h }\nconnections: [connection.yaml, { file: lines.yaml, output: jsonl }]\n";
    let server = Server::start(&world, lines);
    for name in ["connection", "lines"] {
        server.until_synced(name, "complete");
        // Somebody of whom only webhooks told: the provider will not bring this one back.
        let person = json!({
            "type": "contact", "id": "gone-for-good-1", "email": "anna@erased.example", "external_id": "ext-erased-1",
            "name": "Anna", "updated_at": "2024-01-02T03:04:05.000+00:00", "role": "user",
            "workspace_id": "simulator", "location": {},
        });
        let body = notification("n1", "contact.user.updated", &person);
        let signature = signature(&body, CLIENT_SECRET);
        let headers = [("x-hub-signature", signature.as_str())];
        let url = format!("{}/{name}", server.webhooks);
        assert_eq!(send("POST", &url, &headers, &body).status, 200);
        until(|| server.connection(name)["queue"]["waiting"] == 0);
    }
    assert!(!holding(&world.path("data"), b"anna@erased.example").is_empty());
    let whole = world.rows(&records("connection"), "contacts");
    let erase = [
        "erase",
        "Anna@erased.example",
        "--config",
        "platform.yaml",
        "--json",
    ];
    let erased = run(&world, &erase);
    assert_eq!(erased.code, Some(0), "{erased:?}");
    let document = erased.document();
    // A row of the database, a line, and what is remembered of when that row changed.
    assert_eq!(document["total"], 3, "{document}");
    assert!(
        document["beyond"].to_string().contains("next sync"),
        "{document}"
    );
    assert_eq!(world.rows(&records("connection"), "contacts"), whole - 1);
    let again = run(&world, &erase);
    assert_eq!(again.document()["total"], 0);
    // The server goes on with what is there, and nothing of it is left when the server has closed its files.
    server.json(202, "POST", "/connections/lines/sync", "");
    until(|| server.json(200, "GET", "/connections/lines/runs", "")["runs"][0]["asked"] == true);
    server.until_synced("lines", "complete");
    assert_eq!(server.process.terminate().code, Some(0));
    for trace in ["anna@erased.example", "ext-erased-1", "gone-for-good-1"] {
        let left = holding(&world.path("data"), trace.as_bytes());
        assert!(left.is_empty(), "{trace} is in {left:?}");
    }

    // One of the workspace's own contacts goes with all that hangs on it.
    let (id, _) = world.service.contacts().into_iter().next().unwrap();
    let erase = [
        "erase",
        &id,
        "--config",
        "platform.yaml",
        "--connection",
        "connection",
    ];
    let erased = run(&world, &erase);
    assert_eq!(erased.code, Some(0), "{erased:?}");
    assert!(
        erased.out.contains("× contacts in") && erased.out.contains("× conversations in"),
        "{erased:?}"
    );
    let folder = world.path("data/connections/connection");
    let database = rusqlite::Connection::open(folder.join("records.db")).unwrap();
    for stream in ["contacts", "contact_notes", "conversations"] {
        let question = format!("SELECT count(*) FROM {stream} WHERE instr(data, ?1) > 0");
        let left: i64 = database
            .query_row(&question, [&id], |row| row.get(0))
            .unwrap();
        assert_eq!(left, 0, "{stream}");
    }
    for (wrong, part) in [
        (vec!["erase", "x"], "--config platform.yaml"),
        (
            vec![
                "erase",
                "x",
                "--config",
                "platform.yaml",
                "--connection",
                "conection",
            ],
            "did you mean connection?",
        ),
    ] {
        let refused = run(&world, &wrong);
        assert!(
            refused.code == Some(64) && refused.err.contains(part),
            "{refused:?}"
        );
    }
}

#[test]
fn the_status_of_a_platform_is_read_while_it_runs() {
    let world = World::new(&["--contacts", "12", "--companies", "3"]);
    connect(&world, "streams: [contacts]\n");
    let server = Server::start(&world, "connections: [connection.yaml]\n");
    server.until_synced("connection", "complete");
    let status = ["status", "--config", "platform.yaml"];
    let told = run(&world, &[&status[..], &["--json"]].concat()).document();
    let connection = &told["connections"][0];
    assert_eq!(connection["name"], "connection");
    assert_eq!(connection["last_sync"]["status"], "complete");
    assert!(connection["lag_ms"].is_u64(), "{connection}");
    let text = run(&world, &status);
    assert!(
        text.code == Some(0) && text.out.contains("connection") && text.out.contains("complete"),
        "{text:?}"
    );
    let one = run(
        &world,
        &[&status[..], &["--connection", "connection"]].concat(),
    );
    assert!(
        one.out.contains("contacts") && one.out.contains("goes on from a checkpoint"),
        "{one:?}"
    );
    let one: Value = run(
        &world,
        &[&status[..], &["--connection", "connection", "--json"]].concat(),
    )
    .document();
    assert_eq!(one["streams"]["contacts"]["records"], 12);
    assert_eq!(server.process.terminate().code, Some(0));
    // And afterwards.
    assert_eq!(run(&world, &status).code, Some(0));
}

/// Without a platform: the output, what is beside it, and files that somebody names.
#[test]
fn files_that_are_named_are_erased_as_well() {
    let world = World::new(&["--contacts", "5", "--companies", "3"]);
    connect(&world, "streams: [contacts]\ndirection: both\n");
    world.succeed(&["sync", "--output", "sqlite:out.db"]);
    let rows = "{\"key\":\"a\",\"email\":\"anna@erased.example\"}\n{\"key\":\"b\",\"emial\":\"anna@erased.example\"}\n";
    world.write("rows.jsonl", rows);
    let write = [
        "write",
        "contacts",
        "--input",
        "rows.jsonl",
        "--rejected",
        "again.jsonl",
        "--journal",
        "journal.db",
        "--batch-id",
        "b1",
    ];
    let written = world.run(&write);
    let id = written.documents()[0]["object_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    world.succeed(&["sync", "--output", "sqlite:out.db"]);
    let erase = run(
        &world,
        &[
            "erase",
            "anna@erased.example",
            "--output",
            "sqlite:out.db",
            "--also",
            "journal.db",
            "--also",
            "again.jsonl",
            "--also",
            "rows.jsonl",
            "--json",
        ],
    );
    assert_eq!(erase.code, Some(0), "{erase:?}");
    // Of the journal: the row's outcome, and the identity that is remembered for the next one.
    let removed = erase.document()["removed"].clone();
    let expected = [
        ("out.db", 1),
        ("journal.db", 2),
        ("again.jsonl", 1),
        ("rows.jsonl", 2),
    ];
    for (place, count) in expected {
        let of_place = |part: &&Value| part["place"] == place;
        let found = removed.as_array().unwrap().iter().find(of_place);
        assert_eq!(found.unwrap()["count"], count, "{place}: {removed}");
    }
    for file in ["out.db", "journal.db", "again.jsonl", "rows.jsonl"] {
        let left = std::fs::read(world.path(file)).unwrap();
        for trace in ["anna@erased.example", &id] {
            let found = left
                .windows(trace.len())
                .any(|part| part == trace.as_bytes());
            assert!(!found, "{trace} is in {file}");
        }
    }
    let refused = run(
        &world,
        &[
            "erase",
            "x",
            "--output",
            "sqlite:out.db",
            "--also",
            "nowhere.db",
        ],
    );
    assert!(
        refused.code == Some(64) && refused.err.contains("nowhere.db"),
        "{refused:?}"
    );
}
