use crate::http::send;
use crate::process::{Finished, until};
use crate::webhooks::{contact, listening, notification, signature};
use crate::world::{CLIENT_SECRET, World};

const CONFIG: &str = "config: { region: us, api_version: \"2.11\" }\nstreams: [contacts]\n";

/// The lines of the debug mode that begin so behind time and level.
fn lines<'a>(finished: &'a Finished, what: &str) -> Vec<&'a str> {
    let lines = finished.err.lines();
    let beginning = format!(" {what} connection=\"connection\"");
    lines
        .filter(|line| line.contains("DEBUG") && line.contains(&beginning))
        .collect()
}

/// Nothing of a person is in what was printed: no address of the workspace's contacts, no name, no token (the world looks
/// for that itself).
fn assert_nobody(finished: &Finished) {
    for word in ["@mail.example", "%40", "Ada", "Kowalczyk", "+1", "Bearer"] {
        assert!(!finished.err.contains(word), "{word}: {}", finished.err);
    }
}

#[test]
fn requests_get_a_line_each_and_bodies_are_shown_by_their_shape_only() {
    let world = World::new(&["--contacts", "20", "--companies", "3"]);
    world.connect(&format!("{CONFIG}debug: true\n"));
    let finished = world.succeed(&["sync", "--output", "jsonl:out"]);
    let requests = lines(&finished, "request");
    assert!(requests.len() >= 2, "{finished:?}");
    let list = requests
        .iter()
        .find(|line| line.contains("target=\"/contacts?per_page=150"));
    let list = list.expect("the list of contacts");
    for field in [
        "method=\"GET\"",
        "status=200",
        " ms=",
        "sent=0",
        "received=",
        "request_id=",
    ] {
        assert!(list.contains(field), "{field}: {list}");
    }
    assert!(!finished.err.contains("answer="), "{finished:?}");
    assert_nobody(&finished);

    world.connect(&format!("{CONFIG}debug: {{ bodies: masked }}\n"));
    let finished = world.succeed(&["sync", "--full", "--output", "jsonl:out"]);
    let shown = lines(&finished, "request").join("\n");
    assert!(shown.contains("\\\"email\\\":\\\"<"), "{shown}");
    assert_nobody(&finished);
}

#[test]
fn the_command_line_asks_for_it_and_without_it_nothing_is_said() {
    let world = World::new(&["--contacts", "20", "--companies", "3"]);
    world.connect(CONFIG);
    let quiet = world.succeed(&["read", "contacts", "-vv"]);
    assert_eq!(lines(&quiet, "request"), Vec::<&str>::new());
    let told = world.succeed(&["read", "contacts", "--debug", "--log", "error"]);
    assert!(lines(&told, "request").len() >= 2, "{}", told.err);
    let shaped = world.succeed(&["read", "contacts", "--debug=bodies"]);
    assert!(shaped.err.contains("answer="), "{}", shaped.err);
    assert_nobody(&told);
    assert_nobody(&shaped);
    assert_eq!(
        world.run(&["read", "contacts", "--debug=all"]).code,
        Some(64)
    );
    world.connect(&format!("{CONFIG}debug: {{ bodies: all }}\n"));
    let refused = world.run(&["check"]);
    assert_eq!(refused.code, Some(64));
    assert!(refused.err.contains("debug.bodies"), "{refused:?}");
}

#[test]
fn webhooks_get_a_line_each() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    world.connect(&format!("{CONFIG}debug: {{ bodies: masked }}\n"));
    let running = world.start(&[
        "webhook",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--output",
        "jsonl:hooks",
    ]);
    let url = listening(&running);
    let mut item = contact("c1");
    item["email"] = "ada@mail.example.net".into();
    let body = notification("n1", "contact.user.updated", &item);
    for (secret, status) in [(CLIENT_SECRET, 200), ("guess", 401)] {
        let signature = signature(&body, secret);
        let headers = [("x-hub-signature", signature.as_str())];
        assert_eq!(send("POST", &url, &headers, &body).status, status);
    }
    until(|| !world.lines("hooks/contacts.jsonl").is_empty());
    let finished = running.terminate();
    let told = lines(&finished, "webhook");
    let [accepted, rejected] = told.as_slice() else {
        panic!("two deliveries: {}", finished.err)
    };
    for field in [
        "id=\"n1\"",
        "topic=\"contact.user.updated\"",
        "verdict=\"accepted\"",
        "status=200",
        " ms=",
    ] {
        assert!(accepted.contains(field), "{field}: {accepted}");
    }
    assert!(
        accepted.contains("\\\"email\\\":\\\"<20>\\\""),
        "{accepted}"
    );
    assert!(
        rejected.contains("verdict=\"rejected\" status=401"),
        "{rejected}"
    );
    assert_nobody(&finished);
}
