use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::http::send;
use crate::process::{finish, until};
use crate::receiver::{Came, Receiver};
use crate::webhooks::{contact, listening, notification, signature};
use crate::world::{CLIENT_SECRET, World, keys};

fn entries(came: &[Came]) -> Vec<Value> {
    let entries = came
        .iter()
        .flat_map(|came| came.body["entries"].as_array().unwrap());
    entries.cloned().collect()
}

const HEADERS: &str = "config: { region: us, api_version: \"2.11\" }\n\
                       http_output: { headers: { api-key: \"${CLIENT_SECRET}\" }, tries: 2 }\n";

#[test]
fn a_killed_read_posts_the_same_batch_with_the_same_key() {
    let world = World::new(&[]);
    world.connect(HEADERS);
    let receiver = Receiver::start();
    let read: Vec<&str> = "read contacts --page-rows 50 --state state.json --output"
        .split(' ')
        .chain([receiver.output.as_str()])
        .collect();
    receiver.answers(202, Some(2));
    let running = world.start(&read);
    until(|| receiver.count() == 3);
    // It has the batch, and nobody knows.
    assert_eq!(running.kill().code, None);
    let before = receiver.came();
    assert_eq!(before[0].api_key, CLIENT_SECRET);

    receiver.answers(202, None);
    let finished = world.succeed(&read);
    assert!(finished.out.is_empty() || finished.err.contains("written to http://127.0.0.1"));
    let after = receiver.came();
    assert_eq!(after[0], before[2]);
    let all: Vec<Came> = before.iter().chain(&after[1..]).cloned().collect();
    let posted: BTreeSet<&str> = all.iter().map(|came| came.key.as_str()).collect();
    assert_eq!(posted.len(), all.len(), "each batch has a key of its own");
    let rows = entries(&all);
    assert_eq!((rows.len(), keys(&rows).len()), (260, 260));

    // The next read begins where this one ended.
    world.succeed(&read);
    assert_eq!(receiver.count(), 0);
}

#[test]
fn what_is_not_taken_leaves_the_position_where_it_was() {
    let world = World::new(&[]);
    world.connect(HEADERS);
    let receiver = Receiver::start();
    let sync = |status: u16| {
        receiver.answers(status, None);
        let output = receiver.output.as_str();
        let arguments = [
            "--time-scale",
            "1000",
            "read",
            "contacts",
            "--state",
            "s",
            "--output",
            output,
        ];
        world.run(&arguments)
    };
    let unavailable = sync(503);
    assert_eq!(unavailable.code, Some(1));
    assert!(
        unavailable
            .err
            .contains("503 Service Unavailable, in 3 tries"),
        "{unavailable:?}"
    );
    assert_eq!(receiver.came().len(), 3);
    let refused = sync(422);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("refused it: 422"), "{refused:?}");
    assert_eq!(receiver.came().len(), 1);
    let status = finish(world.command(&["status", "--json", "--state", "s"]), b"").document();
    let contacts = &status["streams"]["contacts"];
    assert_eq!(contacts["status"], "not_taken");
    assert!(contacts["message"].as_str().unwrap().contains("422"));
    assert_eq!(sync(202).code, Some(0));
    assert_eq!(keys(&entries(&receiver.came())).len(), 260);
}

#[test]
fn contacts_are_posted_as_an_import_takes_them() {
    let world = World::new(&[]);
    let receiver = Receiver::start();
    world.connect(&format!(
        "{HEADERS}mapping: {{ preset: brevo-contact, lists: {{ all_users: 35, leads: 37 }}, country: IE }}\n"
    ));
    world.succeed(&["read", "contacts", "--output", &receiver.output]);
    let came = receiver.came();
    let mut contacts = 0;
    for Came { body, .. } in &came {
        let lists = &body["listIds"];
        assert!(*lists == json!([35]) || *lists == json!([37]), "{lists}");
        assert_eq!(body["updateExistingContacts"], true);
        for contact in body["jsonBody"].as_array().unwrap() {
            let role = if *lists == json!([35]) {
                "user"
            } else {
                "lead"
            };
            assert_eq!(contact["attributes"]["ROLE"], role);
            assert!(contact["email"].is_string() && contact["listIds"].is_null());
            contacts += 1;
        }
    }
    assert!(contacts > 200, "{contacts}");
    // A tag is no contact.
    let refused = world.run(&["read", "tags", "--output", &receiver.output]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("http_output.form"), "{refused:?}");
}

#[test]
fn webhooks_are_posted_until_they_are_taken() {
    let world = World::new(&[]);
    let receiver = Receiver::start();
    world.connect(&format!("{HEADERS}webhooks: {{ read_again: false }}\n"));
    receiver.answers(500, None);
    let serve = [
        "webhook",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--state",
        "s",
        "--output",
        &receiver.output,
    ];
    let running = world.start(&serve);
    let url = listening(&running);
    let body = notification("n1", "contact.user.created", &contact("42"));
    let signed = signature(&body, CLIENT_SECRET);
    assert_eq!(
        send("POST", &url, &[("X-Hub-Signature", &signed)], &body).status,
        200
    );
    until(|| receiver.count() >= 2);
    receiver.answers(202, None);
    let failed = receiver.came();
    until(|| receiver.count() >= 1);
    let taken = receiver.came();
    assert!(failed.iter().all(|came| came == &taken[0]), "{failed:?}");
    assert_eq!(entries(&taken)[0]["key"], "42");
    assert_eq!(running.terminate().code, Some(0));
    assert_eq!(receiver.count(), 0, "what was taken is not sent again");
}

#[test]
fn urls_that_nothing_can_be_posted_to_are_refused() {
    let world = World::new(&[]);
    for (output, word) in [
        ("http:http://example.com/in", "plain http"),
        ("http:https://user:tell@example.com/in", "password"),
        ("http:example", "no URL"),
    ] {
        let refused = world.run(&["read", "tags", "--output", output]);
        assert_eq!(refused.code, Some(64), "{output}");
        assert!(refused.err.contains(word), "{refused:?}");
    }
}
