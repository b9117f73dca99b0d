use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use serde_json::{Value, json};

use crate::http::try_send;
use crate::process::{Finished, finish, until};
use crate::stored::{STREAMS, Sink, assert_exact, workspace};
use crate::webhooks::{made_at, serve_into, signature};
use crate::world::{CLIENT_SECRET, World};

const DELIVERIES: usize = 90;

const SINKS: [Sink; 2] = [Sink::Files, Sink::Database];

/// A notification about a contact of its own, as it is sent for the n-th time. Every third has no id.
fn notification(number: usize, attempt: usize) -> Vec<u8> {
    let id = (!number.is_multiple_of(3)).then(|| format!("notif_{number}"));
    let item = json!({
        "type": "contact", "id": format!("c{number}"), "name": format!("Contact {number}"),
        "updated_at": 1_700_000_000 + number, "role": "user", "workspace_id": "simulator", "location": {},
    });
    json!({
        "type": "notification_event", "app_id": "simulator", "id": id, "topic": "contact.user.updated",
        "created_at": made_at(), "delivery_attempts": attempt,
        "delivery_status": if attempt > 1 { "retry" } else { "pending" },
        "data": { "type": "notification_event_data", "item": item },
    })
    .to_string()
    .into_bytes()
}

/// Whether it was taken. Anything but 200, and no answer at all, is no.
fn deliver(url: &str, number: usize, attempt: usize) -> bool {
    let body = notification(number, attempt);
    let signature = signature(&body, CLIENT_SECRET);
    let headers = [("x-hub-signature", signature.as_str())];
    try_send("POST", url, &headers, &body).is_ok_and(|answer| answer.status == 200)
}

/// What the provider still has to send: numbers and attempts.
type Outbox = Mutex<VecDeque<(usize, usize)>>;

/// Sends, several at a time, until nothing is left or `stop` is set. Every fifth is sent twice in any case.
fn send_all(url: &str, outbox: &Outbox, taken: &AtomicUsize, stop: &AtomicBool) {
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while !stop.load(SeqCst) {
                    let Some((number, attempt)) = outbox.lock().unwrap().pop_front() else {
                        return;
                    };
                    let twice = number.is_multiple_of(5) && attempt == 1;
                    if deliver(url, number, attempt) && !twice {
                        taken.fetch_add(1, SeqCst);
                    } else {
                        outbox.lock().unwrap().push_back((number, attempt + 1));
                    }
                }
            });
        }
    });
}

/// How many times each contact was stored.
fn stored(world: &World, sink: Sink) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    match sink {
        Sink::Files => {
            for line in world.lines("out/contacts.jsonl") {
                let key = line["key"].as_str().expect("a key").to_owned();
                *counts.entry(key).or_default() += 1;
            }
        }
        Sink::Database => {
            // Each delivery that wrote has a number of its own.
            let database = rusqlite::Connection::open(world.path("out.db")).unwrap();
            let question = "SELECT value FROM _state WHERE name = 'counter'";
            let writes: String = database
                .query_row(question, [], |row| row.get(0))
                .expect("a number");
            assert_eq!(writes, DELIVERIES.to_string());
            let keys = sink.rows(world, "contacts").into_keys();
            counts.extend(keys.map(|key| (key, 1)));
        }
    }
    counts
}

/// The server dies while deliveries come in, again and again, each time at another point; the provider sends again what was
/// not answered.
fn every_entry_is_stored_once(sink: Sink) {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    let outbox: Outbox = Mutex::new((0..DELIVERIES).map(|number| (number, 1)).collect());
    let is_empty = || outbox.lock().unwrap().is_empty();
    let mut kills = 0;
    while !is_empty() {
        assert!(kills < 1_000, "nothing is taken");
        let (running, url) = serve_into(&world, sink.argument());
        let (taken, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| send_all(&url, &outbox, &taken, &stop));
            until(|| taken.load(SeqCst) > kills % 4 || is_empty());
            std::thread::sleep(Duration::from_micros(kills as u64 * 7_919 % 50 * 100));
            let killed = running.kill();
            stop.store(true, SeqCst);
            assert_eq!(killed.code, None, "{killed:?}");
        });
        kills += 1;
    }
    assert!(kills >= 5, "{kills}");
    // The provider is not sure of any of them.
    let (running, url) = serve_into(&world, sink.argument());
    for number in 0..DELIVERIES {
        assert!(deliver(&url, number, 9), "{number}");
    }
    let finished = running.terminate();
    let known = format!("0 accepted, {DELIVERIES} known");
    assert!(finished.err.contains(&known), "{finished:?}");
    let expected: BTreeMap<String, usize> = (0..DELIVERIES)
        .map(|number| (format!("c{number}"), 1))
        .collect();
    assert_eq!(stored(&world, sink), expected);
}

#[test]
fn files_have_every_entry_once_wherever_the_server_dies() {
    every_entry_is_stored_once(Sink::Files);
}

#[test]
fn a_database_has_every_entry_once_wherever_the_server_dies() {
    every_entry_is_stored_once(Sink::Database);
}

fn assert_refused(finished: &Finished) {
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let told = "another process is at work with";
    assert!(finished.err.contains(told), "{finished:?}");
}

/// Whoever comes second is told, and the first one goes on undisturbed.
#[test]
fn an_output_is_written_by_one_process_at_a_time() {
    for sink in SINKS {
        let world = World::new(&["--contacts", "40", "--companies", "3"]);
        let output = sink.argument();
        let read = |more: &[&'static str]| -> Vec<&str> {
            let all = [&["read", "contacts", "--output", output], more];
            all.concat()
        };
        let (running, url) = serve_into(&world, output);
        assert!(deliver(&url, 1, 1));
        assert_refused(&world.run(&read(&[])));
        if sink == Sink::Files {
            // Another state does not make the directory free.
            assert_refused(&world.run(&read(&["--state", "elsewhere.json"])));
        }
        // A look at it is free.
        let status = world.status(output);
        assert_eq!(status["webhooks"]["topic"], "contact.user.updated");
        assert!(deliver(&url, 2, 1));
        assert_eq!(running.terminate().code, Some(0));

        // The other way round, in the middle of the pages.
        world.service.hold(3, false);
        let mut reading = world.start(&read(&["--page-rows", "10"]));
        assert!(world.until_held_back(&mut reading));
        let mut serve = crate::webhooks::SERVE;
        serve[5] = output;
        assert_refused(&world.run(&serve));
        world.service.release();
        let finished = reading.end();
        assert_eq!(finished.code, Some(0), "{finished:?}");

        let rows = sink.rows(&world, "contacts");
        let expected = workspace(&world.service, "contacts");
        assert_eq!(rows.len(), expected.len() + 2);
        assert!(expected.keys().all(|key| rows.contains_key(key)));
    }
}

/// A walk through the companies is cut off, a webhook changes the same file, and the walk starts over: what it gave before
/// goes, what the webhook brought stays.
#[test]
fn a_webhook_in_the_middle_of_a_walk_stays_when_the_walk_starts_over() {
    for sink in SINKS {
        let world = World::new(&[
            "--contacts",
            "3",
            "--companies",
            "250",
            "--time-scale",
            "60",
        ]);
        // What a patch left out would come by another line.
        world.connect(
            "config: { region: us, api_version: \"2.11\" }\nwebhooks: { read_again: false }\n",
        );
        let output = sink.argument();
        let mut sync = vec!["read"];
        sync.extend(STREAMS);
        sync.extend(["--time-scale", "60", "--output", output]);
        world.succeed(&["read", "contacts", "--output", output]);
        // One search for contacts, and the scroll's third page is the answer that nobody reads.
        world.service.hold(4, true);
        let mut reading = world.start(&sync);
        assert!(world.until_held_back(&mut reading));
        reading.kill();
        world.service.release();

        let (running, url) = serve_into(&world, output);
        world.service.post("webhook-url", &json!({ "url": url }));
        let mutated = world.service.post("mutate", &json!({ "companies": 1 }));
        let changed = mutated["companies"][0].as_str().expect("a company");
        until(|| {
            let told = world.service.get("deliveries");
            let deliveries = told["deliveries"].as_array().expect("a list");
            deliveries.iter().any(|one| one["delivered"] == true)
        });
        world.service.post("webhook-url", &json!({ "url": null }));
        running.terminate();
        if sink == Sink::Files {
            let lines = world.lines("out/companies.jsonl");
            assert_eq!(lines.len(), 201);
            assert_eq!(lines[200]["key"], changed);
        }

        world.succeed(&sync);
        assert_exact(&world, sink);
        if sink == Sink::Files {
            // The webhook's own line, then one for each company.
            let lines = world.lines("out/companies.jsonl");
            let of_changed = lines.iter().filter(|line| line["key"] == changed);
            assert_eq!((lines.len(), of_changed.count()), (251, 2));
            assert_eq!(lines[0]["key"], changed);
        }
    }
}

/// When the last genuine webhooks came is stored with both outputs and shown.
#[test]
fn the_last_ping_and_the_last_delivery_are_shown() {
    for sink in SINKS {
        let world = World::new(&["--contacts", "3", "--companies", "3"]);
        let output = sink.argument();
        let (running, url) = serve_into(&world, output);
        let webhooks = || world.status(output)["webhooks"].clone();
        assert_eq!(webhooks(), Value::Null);
        world.service.post("webhook-url", &json!({ "url": url }));
        let send = |topic: &str, item: &Value| {
            let notification = json!({ "topic": topic, "item": item });
            let told = world.service.post("webhook", &notification);
            assert_eq!(told["status"], 200, "{told}");
        };
        send("ping", &json!({ "type": "ping", "message": "m" }));
        let first = webhooks();
        assert!(first["ping_at_ms"].as_i64() > Some(1_700_000_000_000));
        assert_eq!(first["delivery_at_ms"], Value::Null);
        // What means nothing here is genuine all the same; what is forged is not.
        send("galaxy.created", &json!({}));
        assert_eq!(try_send("POST", &url, &[], b"{}").unwrap().status, 401);
        let second = webhooks();
        assert_eq!(second["topic"], "galaxy.created");
        assert_eq!(second["ping_at_ms"], first["ping_at_ms"]);
        assert!(deliver(&url, 1, 1));
        running.terminate();
        let third = webhooks();
        assert_eq!(third["topic"], "contact.user.updated");
        assert!(third["delivery_at_ms"].as_i64() >= second["delivery_at_ms"].as_i64());
        let text = finish(world.command(&["status", "--output", output]), b"").out;
        assert!(text.contains("webhooks: last ping 2"), "{text}");
        assert!(text.contains("(contact.user.updated)"), "{text}");
    }
}
