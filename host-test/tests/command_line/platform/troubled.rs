use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Server, connect, document};
use crate::http::send;
use crate::process::{Finished, finish, until};
use crate::webhooks::{contact, notification, signature};
use crate::world::{CLIENT_SECRET, World};

fn text(server: &Server, path: &str) -> String {
    let answer = server.ask("GET", path, "");
    assert_eq!(answer.status, 200, "{path}");
    String::from_utf8(answer.body).unwrap()
}

/// A connection whose credentials nobody can decrypt is there, says why and what to do, and can be given new ones.
#[test]
fn what_cannot_be_decrypted_is_shown_and_replaced() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    let server = Server::start(&world, "retention: { history: 1h }\n");
    let added = document(&world, "added").to_string();
    server.json(201, "POST", "/connections", &added);
    server.until_synced("added", "complete");
    assert_eq!(server.process.terminate().code, Some(0));
    let path = "platform.yaml";
    let file = std::fs::read_to_string(world.path(path)).unwrap();
    for key in [&format!("key: \"{}\"", "5e".repeat(32)), ""] {
        world.write(path, file.replace("key: \"${KEY}\"", key));
        let server = Server::again(&world);
        let why = match key.is_empty() {
            false => "it was encrypted with another key; add that key behind the new one",
            true => "there is no key to encrypt with; set `key` or `key_file`",
        };
        let shown = server.connection("added");
        let problem = shown["problem"].as_str().unwrap();
        assert!(
            problem.contains(why) && problem.contains("PUT /connections/NAME"),
            "{problem}"
        );
        assert_eq!(shown["streams"]["contacts"]["records"], 3, "{shown}");
        assert_eq!(shown["source"], "api");
        assert_eq!(server.json(200, "GET", "/status", "")["problems"], 1);
        for page in ["/", "/pages/added"] {
            let page = text(&server, page);
            assert!(page.contains("failing") && page.contains(why), "{page}");
        }
        // What is asked of it ends with the reason, in its history as well.
        server.json(202, "POST", "/connections/added/sync", "");
        let failed = server.until_synced("added", "failed");
        let message = failed["last_sync"]["message"].as_str().unwrap();
        assert!(message.contains(why), "{message}");
        // Its webhooks come again.
        let body = notification("n1", "contact.user.updated", &contact("c1"));
        let signature = signature(&body, CLIENT_SECRET);
        let headers = [("x-hub-signature", signature.as_str())];
        let url = format!("{}/added", server.webhooks);
        assert_eq!(send("POST", &url, &headers, &body).status, 503);
        if !key.is_empty() {
            let replaced = server.json(200, "PUT", "/connections/added", &added);
            assert_eq!(replaced["problem"], Value::Null);
            server.until_synced("added", "complete");
            assert_eq!(send("POST", &url, &headers, &body).status, 200);
            assert!(!text(&server, "/").contains("cannot go on"));
        }
        assert_eq!(server.process.terminate().code, Some(0));
    }
    // It goes without a key as well.
    let server = Server::again(&world);
    server.json(200, "DELETE", "/connections/added?data=remove", "");
    server.json(404, "GET", "/connections/added", "");
    assert_eq!(server.process.terminate().code, Some(0));
}

/// When the history cannot be written, as when the disk is full, the server says so, and goes on when it can.
#[test]
fn what_is_not_stored_is_said() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    connect(&world, "streams: [contacts]\n");
    let server = Server::start(
        &world,
        "schedule: { every: 10s }\nconnections: [connection.yaml]\n",
    );
    server.until_synced("connection", "complete");
    let database = rusqlite::Connection::open(world.path("data/platform.db")).unwrap();
    for (at, told) in [
        (
            "UPDATE OF status ON runs WHEN NEW.ended_at_ms IS NOT NULL AND NEW.status <> 'cut_off'",
            "its history is not stored",
        ),
        ("INSERT ON runs", "no run is begun"),
    ] {
        let full = format!(
            "CREATE TRIGGER full BEFORE {at} BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
        );
        database.execute_batch(&full).unwrap();
        let mut problem = String::new();
        until(|| {
            let shown = server.connection("connection");
            problem = shown["problem"].as_str().unwrap_or_default().to_owned();
            problem.contains(told)
        });
        assert!(problem.contains("disk is full"), "{problem}");
        assert!(text(&server, "/").contains("database or disk is full"));
        database.execute_batch("DROP TRIGGER full").unwrap();
        until(|| server.connection("connection")["problem"].is_null());
    }
    // No run is left that never ends.
    let runs = server.json(200, "GET", "/connections/connection/runs?limit=1000", "");
    let runs = runs["runs"].as_array().unwrap().clone();
    let open = runs
        .iter()
        .skip(1)
        .filter(|run| run["ended_at_ms"].is_null());
    assert_eq!(open.count(), 0, "{runs:?}");
    assert!(
        runs.iter()
            .any(|run| run["message"] == "its end could not be stored")
    );
    assert_eq!(server.process.terminate().code, Some(0));
}

/// Who connects to the control API and says nothing, or only a part of a request, is cut off, and does not hold up the end.
#[test]
fn nobody_holds_up_the_end_by_saying_nothing() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    let server = Server::start(&world, "shutdown: 60s\n");
    let silent = |said: &str| {
        let address = server.control.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(said.as_bytes()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        stream
    };
    // While the server runs.
    let mut slow = silent("GET /status HTTP/1.1\r\nhost: a\r\n");
    let mut heard = Vec::new();
    // It may be told so, or just cut off.
    let _ = slow.read_to_end(&mut heard);
    assert!(heard.is_empty() || heard.starts_with(b"HTTP/1.1 408"));
    // And when it ends.
    let open = [silent(""), silent("GET /status HTTP/1.1\r\nhost: a\r\n")];
    assert_eq!(server.json(200, "GET", "/status", "")["connections"], 0);
    let began = Instant::now();
    let ended = server.process.terminate();
    drop(open);
    assert_eq!(ended.code, Some(0));
    assert!(
        ended.err.contains("ended; 0 deliveries wait"),
        "{}",
        ended.err
    );
    let took = began.elapsed();
    assert!(took < Duration::from_secs(9), "{took:?}");
}

/// What is counted of a connection goes with it: names that come and go must not pile up.
#[test]
fn a_connection_that_is_removed_is_measured_no_more() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    let server = Server::start(&world, "");
    let series = || {
        let answer = send("GET", &format!("{}/metrics", server.control), &[], b"");
        let page = String::from_utf8(answer.body).unwrap();
        page.lines()
            .filter(|line| line.contains("\"added\""))
            .count()
    };
    let added = document(&world, "added").to_string();
    server.json(201, "POST", "/connections", &added);
    server.until_synced("added", "complete");
    assert!(series() > 10);
    server.json(200, "DELETE", "/connections/added", "");
    until(|| series() == 0);
    assert_eq!(server.process.terminate().code, Some(0));
    // Its folder was kept, and so is reached when somebody is to be erased.
    let contact = world.service.contacts().into_iter().next().unwrap().0;
    let erased: Finished = finish(
        world.command(&["erase", &contact, "--config", "platform.yaml", "--json"]),
        b"",
    );
    assert_eq!(erased.code, Some(0), "{erased:?}");
    assert_eq!(erased.document()["removed"][0]["what"], "contacts");
}

/// A clock that was years ahead when a connection synced last puts its next sync off by no more than the span between two.
#[test]
fn a_clock_that_was_wrong_puts_nothing_off() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    connect(&world, "streams: [contacts]\n");
    let lines = "schedule: { every: 10s }\nconnections: [connection.yaml]\n";
    let server = Server::start(&world, lines);
    server.until_synced("connection", "complete");
    assert_eq!(server.process.terminate().code, Some(0));
    let database = rusqlite::Connection::open(world.path("data/platform.db")).unwrap();
    let later =
        "UPDATE connections SET began_at_ms = 4102444800000, complete_at_ms = 4102444800000";
    assert_eq!(database.execute(later, []).unwrap(), 1);
    let newest = "SELECT max(number) FROM runs";
    let newest = || {
        database
            .query_row(newest, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let before = newest();
    let server = Server::again(&world);
    until(|| newest() > before + 1);
    let shown = server.connection("connection");
    let next = shown["next_sync_ms"].as_i64();
    assert!(next.is_none_or(|next| next < 4_000_000_000_000), "{shown}");
    assert!(shown["lag_ms"].as_i64().unwrap() < 60_000, "{shown}");
    assert_eq!(server.process.terminate().code, Some(0));
}

/// What is old goes at the start and then from time to time, also of a connection that is not in the platform's file any more.
#[test]
fn what_is_old_goes_while_the_server_runs() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    connect(&world, "streams: [contacts]\n");
    let retention = "retention: { history: 1h }\n";
    let lines = format!("{retention}connections: [connection.yaml]\n");
    let server = Server::start(&world, &lines);
    server.until_synced("connection", "complete");
    assert_eq!(server.process.terminate().code, Some(0));
    let database = rusqlite::Connection::open(world.path("data/platform.db")).unwrap();
    let runs = || {
        let question = "SELECT count(*) FROM runs";
        database
            .query_row(question, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    for lines in [&lines, retention] {
        let old =
            "INSERT INTO runs (connection, asked, due_at_ms, began_at_ms, ended_at_ms, status)
                   VALUES ('connection', 0, 1, 1, 2, 'complete')";
        database.execute(old, []).unwrap();
        let before = runs();
        let server = Server::start(&world, lines);
        let is_gone = "SELECT count(*) = 0 FROM runs WHERE began_at_ms = 1";
        until(|| database.query_row(is_gone, [], |row| row.get(0)).unwrap());
        assert!(runs() >= before - 1);
        assert_eq!(server.process.terminate().code, Some(0));
    }
}

/// Somebody to whom entries are posted and who takes none holds up neither a removal nor the end.
#[test]
fn who_takes_nothing_holds_up_nothing() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let output = format!("http:http://{}/in", silent.local_addr().unwrap());
    let server = Server::start(&world, "shutdown: 60s\n");
    let mut added = document(&world, "removed");
    added["output"] = Value::from(output);
    let add = |added: &Value| {
        server.json(201, "POST", "/connections", &added.to_string());
        // It connects, and hears nothing.
        drop(silent.accept().unwrap());
        let kept = silent.accept().unwrap();
        assert_eq!(
            server.connection(added["name"].as_str().unwrap())["state"],
            "running"
        );
        kept
    };
    let _first = add(&added);
    let began = Instant::now();
    server.json(200, "DELETE", "/connections/removed?data=remove", "");
    added["name"] = Value::from("ended");
    let _second = add(&added);
    assert_eq!(server.process.terminate().code, Some(0));
    let took = began.elapsed();
    assert!(took < Duration::from_secs(25), "{took:?}");
}
