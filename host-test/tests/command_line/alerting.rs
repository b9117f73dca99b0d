use serde_json::{Value, json};

use crate::http::send;
use crate::process::until;
use crate::webhooks::{contact, listening, notification, signature};
use crate::world::{CLIENT_SECRET, World};

/// A rule that appends what it is told to a file of the folder.
fn connect(world: &World, rule: &str) {
    world.connect(&format!(
        "config: {{ region: us, api_version: \"2.11\" }}\nstreams: [tags]\n\
         alerts: [ {{ {rule}, command: [sh, -c, 'cat >> alerts.jsonl'] }} ]\n"
    ));
}

/// Name, what it is about, and subject of what was told.
fn told(world: &World) -> Vec<(Value, Value, Value)> {
    let alerts = world.lines("alerts.jsonl").into_iter();
    alerts
        .map(|alert| {
            (
                alert["alert"].clone(),
                alert["about"].clone(),
                alert["subject"].clone(),
            )
        })
        .collect()
}

fn alert(name: &str, about: &str, subject: &str) -> (Value, Value, Value) {
    (json!(name), json!(about), json!(subject))
}

#[test]
fn a_failure_is_told_once_until_it_is_over_whatever_process_sees_it() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    connect(&world, "on: [failure, recovery]");
    let sync = [
        "sync",
        "--output",
        "jsonl:out",
        "--tries",
        "0",
        "--time-scale",
        "1000",
    ];
    world.succeed(&sync);
    assert_eq!(told(&world), []);
    let faults = json!([{ "path": "/tags", "kind": "status-500", "first": 1, "times": 1_000 }]);
    world.service.post("faults", &faults);
    for _ in 0..2 {
        assert_eq!(world.run(&sync).code, Some(1));
        assert_eq!(told(&world), [alert("failure", "failure", "tags")]);
    }
    world.service.post("faults", &json!([]));
    for _ in 0..2 {
        world.succeed(&sync);
        let both = [
            alert("failure", "failure", "tags"),
            alert("recovery", "failure", "tags"),
        ];
        assert_eq!(told(&world), both);
    }
}

#[test]
fn a_connection_that_is_refused_is_told() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    connect(&world, "on: failure");
    let faults = json!([{ "path": "/me", "kind": "status-401", "first": 1, "times": 1_000 }]);
    world.service.post("faults", &faults);
    assert_eq!(world.run(&["sync", "--output", "jsonl:out"]).code, Some(1));
    assert_eq!(told(&world), [alert("failure", "failure", "check")]);
}

#[test]
fn webhooks_that_stay_away_are_told_and_that_they_come_again() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    connect(&world, "on: [webhook_silence, recovery], silence: 1s");
    let running = world.start(&[
        "webhook",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--output",
        "jsonl:hooks",
    ]);
    let url = listening(&running);
    until(|| !told(&world).is_empty());
    let body = notification("n1", "contact.user.updated", &contact("c1"));
    let signature = signature(&body, CLIENT_SECRET);
    let headers = [("x-hub-signature", signature.as_str())];
    assert_eq!(send("POST", &url, &headers, &body).status, 200);
    until(|| told(&world).len() >= 2);
    assert_eq!(running.terminate().code, Some(0));
    let silence = [
        alert("webhook_silence", "webhook_silence", ""),
        alert("recovery", "webhook_silence", ""),
    ];
    assert_eq!(told(&world)[..2], silence);
}
