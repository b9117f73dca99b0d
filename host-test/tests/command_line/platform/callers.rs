use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use serde_json::{Value, json};

use super::{Server, document};
use crate::http::{send, try_send};
use crate::process::until;
use crate::world::{CONTROL, World};

/// Whoever may add connections may not write to other places of the server with them.
#[test]
fn what_a_document_names_on_the_server_is_the_connections_own() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    let server = Server::start(&world, "");
    let with = |key: &str, value: Value| {
        let mut document = document(&world, "crm");
        document[key] = value;
        document.to_string()
    };
    let outside = world.path("outside");
    let outside = outside.to_str().expect("UTF-8");
    for (key, value, said) in [
        ("output", json!("jsonl:out"), "`output`"),
        (
            "intents",
            json!({ "output": format!("jsonl:{outside}") }),
            "`intents.output`",
        ),
        (
            "attachments",
            json!({ "copy_to": outside }),
            "`attachments.copy_to`",
        ),
        (
            "attachments",
            json!({ "copy_to": "../other/records" }),
            "`attachments.copy_to`",
        ),
        (
            "filters",
            json!({ "contatcs": { "role": "user" } }),
            "filters: there is no stream `contatcs` (did you mean contacts?)",
        ),
        (
            "callbacks",
            json!({ "desk": { "secret": "s", "rules": [{ "action": "ticketz", "row": { "name": "x" } }] } }),
            "callbacks.desk.rules[0].action: there is no action `ticketz`; did you mean `tickets`?",
        ),
        (
            "config",
            json!({ "region": "us", "api_version": "2.11", "start_date": "2024-02-31" }),
            "start_date: ",
        ),
        (
            "schedule",
            json!({ "every": "200000000000000d" }),
            "a hundred years at most",
        ),
    ] {
        let answer = server.ask("POST", "/connections", &with(key, value));
        let text = String::from_utf8(answer.body).expect("UTF-8");
        assert!(
            answer.status == 422 && text.contains(said),
            "{said}: {text}"
        );
    }
    assert!(!world.path("outside").exists());
    let own = with("attachments", json!({ "copy_to": "files" }));
    server.json(201, "POST", "/connections", &own);
    server.until_synced("crm", "complete");
    assert_eq!(server.process.terminate().code, Some(0));
}

#[test]
fn what_is_asked_behind_the_path_is_honoured_or_refused() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    let server = Server::start(&world, "");
    let crm = document(&world, "crm").to_string();
    server.json(201, "PUT", "/connections/crm", &crm);
    server.json(200, "PUT", "/connections/crm", &crm);
    for (method, path, said) in [
        ("POST", "/connections/crm/sync?full=true", "full"),
        ("GET", "/connections/crm/runs?limt=1", "limt"),
        ("GET", "/connections/crm/runs?limit=many", "limit"),
        ("GET", "/connections/crm/runs?limit=0", "1 to 1000"),
        ("GET", "/connections/crm/outcomes?limit=1001", "1 to 1000"),
        ("DELETE", "/connections/crm?data=some", "`keep` or `remove`"),
        ("DELETE", "/connections/crm?date=remove", "date"),
    ] {
        let refused = server.json(400, method, path, "");
        let text = refused["error"].as_str().unwrap_or_default();
        assert!(text.contains(said), "{path}: {refused}");
    }
    // What is gone has no version any more either.
    let runs = || server.json(200, "GET", "/components", "")["running"].clone();
    server.until_synced("crm", "complete");
    assert_eq!(runs()[0]["connections"], json!(["crm"]));
    server.json(200, "DELETE", "/connections/crm?data=keep", "");
    assert_eq!(runs()[0]["connections"], json!([]));
    assert!(world.path("data/connections/crm").exists());
    assert_eq!(server.process.terminate().code, Some(0));
}

/// What somebody asks for is done to its end, also when they hang up meanwhile; and nobody else gets in between.
#[test]
fn who_hangs_up_leaves_nothing_half_done() {
    let world = World::new(&["--contacts", "300", "--companies", "3"]);
    let server = Server::start(&world, "");
    let old = document(&world, "crm");
    let mut new = old.clone();
    new["tenant"] = json!("another");
    world.service.hold(3, false);
    server.json(201, "POST", "/connections", &old.to_string());
    until(|| world.service.held_back() > 0);

    let address = server.control.trim_start_matches("http://");
    let mut caller = TcpStream::connect(address).expect("somebody listens");
    let body = new.to_string();
    let request = format!(
        "PUT /connections/crm HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {CONTROL}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    caller.write_all(request.as_bytes()).expect("it reads");
    // The old one waits for its page, and is not there any more.
    let there = || server.ask("GET", "/connections/crm", "").status == 200;
    until(|| !there());
    for (method, path) in [("POST", "/connections"), ("PUT", "/connections/crm")] {
        let told = server.json(409, method, path, &old.to_string());
        let text = told["error"].as_str().unwrap_or_default();
        assert!(text.contains("is just being"), "{told}");
    }
    drop(caller);
    world.service.release();
    until(there);
    assert_eq!(server.connection("crm")["tenant"], "another");
    server.until_synced("crm", "complete");
    assert_eq!(server.process.terminate().code, Some(0));
}

/// Whoever guesses behind a proxy slows down nobody else behind it, when the proxy is known.
#[test]
fn who_guesses_behind_a_proxy_slows_down_nobody_else() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    Server::write(&world, "");
    let path = "platform.yaml";
    let text = std::fs::read_to_string(world.path(path)).expect("a file");
    let token = "token: \"${CONTROL}\"";
    assert!(text.contains(token));
    world.write(
        path,
        text.replace(token, &format!("{token}, trusted_proxies: 127.0.0.0/8")),
    );
    let server = Server::again(&world);
    const GUESSES: usize = 8;
    let answered = Arc::new(AtomicUsize::new(0));
    for _ in 0..GUESSES {
        let (url, answered) = (format!("{}/status", server.control), Arc::clone(&answered));
        std::thread::spawn(move || {
            let headers = [
                ("authorization", "Bearer guess"),
                ("x-forwarded-for", "192.0.2.1"),
            ];
            // The server may end meanwhile.
            if try_send("GET", &url, &headers, b"").is_ok() {
                answered.fetch_add(1, SeqCst);
            }
        });
    }
    let token = format!("Bearer {CONTROL}");
    let headers = [
        ("authorization", token.as_str()),
        ("x-forwarded-for", "198.51.100.1"),
    ];
    let url = format!("{}/status", server.control);
    until(|| {
        let answer = send("GET", &url, &headers, b"");
        let status: Value = serde_json::from_slice(&answer.body).expect("a document");
        status["refused_attempts"].as_u64() >= Some(2)
    });
    // Of one address, whoever asks last is answered last.
    assert!(answered.load(SeqCst) < GUESSES);
    assert_eq!(server.process.terminate().code, Some(0));
}
