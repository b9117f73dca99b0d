use serde_json::{Value, json};

use crate::callbacks::Desk;
use crate::http::send;
use crate::process::until;
use crate::receiver::Receiver;
use crate::webhook_service::deliver;
use crate::webhooks::{SERVE, contact, listening, notification, serve, signature};
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
    let running = world.start(&SERVE);
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

/// The same rule for a command and for a URL.
fn both(on: &str, receiver: &Receiver) -> String {
    format!(
        "alerts:\n  - {{ on: [{on}], command: [sh, -c, 'cat >> alerts.jsonl'] }}\n  \
         - {{ on: [{on}], url: \"{}\", headers: {{ api-key: \"${{CLIENT_SECRET}}\" }} }}\n",
        receiver.url
    )
}

/// Waits until a command and a URL were told the same, in the same order, and of nothing else.
fn assert_told(world: &World, receiver: &Receiver, expected: &[(&str, &str, &str)]) {
    until(|| told(world).len() >= expected.len() && receiver.count() >= expected.len());
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, about, subject)| alert(name, about, subject))
        .collect();
    assert_eq!(told(world), expected);
    let posted = receiver.seen();
    assert!(posted.iter().all(|came| came.api_key == CLIENT_SECRET));
    let documents: Vec<Value> = posted.into_iter().map(|came| came.body).collect();
    let lines = world.lines("alerts.jsonl");
    let without_time = |documents: &[Value]| -> Vec<Value> {
        let documents = documents.iter().cloned();
        let without = documents.map(|mut document| {
            document["at"].take();
            document["since"].take();
            document
        });
        without.collect()
    };
    assert_eq!(without_time(&documents), without_time(&lines));
}

#[test]
fn what_is_not_as_it_is_known_is_told_once() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    let receiver = Receiver::start();
    world.connect(&both("drift", &receiver));
    let (running, url) = serve(&world);
    for number in 0..3 {
        let mut item = contact(&format!("c{number}"));
        item["shoe_size"] = json!("forty-three");
        let body = notification(&number.to_string(), "contact.user.updated", &item);
        assert_eq!(deliver(&url, &body).status, 200);
    }
    assert_told(
        &world,
        &receiver,
        &[("drift", "drift", "contact.user.updated")],
    );
    let alert = &world.lines("alerts.jsonl")[0];
    assert_eq!(
        (&alert["code"], &alert["count"]),
        (&json!("drift"), &json!(1))
    );
    let told = alert.to_string();
    assert!(!told.contains("forty-three"), "{told}");
    let finished = running.terminate();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(receiver.count(), 1);
}

/// What triggers want and what another system told: given up, it is told, and when the next one is done, it is over.
#[test]
fn intents_and_callbacks_that_are_given_up_are_told_and_that_it_is_over() {
    let (receiver, taker) = (Receiver::start(), Receiver::start());
    taker.answers(422, None);
    let lines = format!(
        "intents: {{ output: \"{}\" }}\n{}",
        taker.url,
        both("intent_failed, callback_failed, recovery", &receiver)
    );
    let desk = Desk::start_with(&lines, &[]);
    let world = &desk.world;
    let id = desk.conversations[0].as_str();
    let mut expected = Vec::new();
    let mut tells = |name, about, subject| {
        expected.push((name, about, subject));
        assert_told(world, &receiver, &expected);
    };
    world.says(id, "Hello?");
    tells("intent_failed", "intent_failed", "told");
    let refused = world.lines("alerts.jsonl").remove(0);
    assert!(refused["message"].to_string().contains("422"), "{refused}");
    // Once more is no news; that it works again is.
    world.says(id, "Hello??");
    until(|| taker.count() >= 2);
    taker.answers(202, None);
    world.says(id, "Hello!");
    tells("recovery", "intent_failed", "told");

    assert_eq!(desk.tell(&desk.comment("e1", "999999999")).0, 200);
    tells("callback_failed", "callback_failed", "desk");
    assert_eq!(desk.tell(&desk.comment("e2", id)).0, 200);
    tells("recovery", "callback_failed", "desk");
    // What no rule is for as well, without what was in it.
    let odd = json!({ "event": "e3", "type": "status", "status": "on_fire" });
    assert_eq!(desk.tell(&odd).0, 200);
    tells("callback_failed", "callback_failed", "desk");
    let kept = world.lines("alerts.jsonl").remove(4);
    assert_eq!(kept["code"], "callback_unmatched", "{kept}");
    let told_of = kept.to_string();
    assert!(
        told_of.contains("/status") && !told_of.contains("on_fire"),
        "{kept}"
    );
    let finished = desk.running.terminate();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!((told(&desk.world).len(), receiver.count()), (5, 5));
}
