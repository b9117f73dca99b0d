use serde_json::{Value, json};

use crate::process::{Finished, Running, finish, until};
use crate::receiver::{CONTENT, Receiver};
use crate::webhooks::{serve, serve_into};
use crate::world::World;

const OUT: &str = "jsonl:hooks";

const CONFIG: &str = "config: { region: us, api_version: \"2.11\" }\nstreams: [conversations]\n";

/// A trigger that asks a person, one that does not, and two that are only called.
const TRIGGERS: &str = r#"triggers:
  refund: { on: conversation.user.replied, when: { keyword: refund }, action: ticket, confirm: true }
  alarm: { on: conversation.user.replied, when: { keyword: outage }, action: alarm, per: change }
  escalate: { action: escalation, enabled: false }
  note:
    enabled: false
    action: conversation_parts
    mode: note
    stream: conversations
    mapping:
      - { from: id, to: conversation_id }
      - { from: { literal: "ADMIN" }, to: admin_id }
      - { from: { literal: "<p>Escalated by a button</p>" }, to: body }
"#;

/// A world with these triggers, and the ids of its conversations.
fn world() -> (World, Vec<String>) {
    let (world, ids) = World::with_conversations();
    let triggers = TRIGGERS.replace("ADMIN", &world.teammate());
    world.connect(&format!("{CONFIG}{triggers}"));
    (world, ids)
}

fn listed(world: &World, arguments: &[&str]) -> Vec<Value> {
    let mut all = vec!["intents", "list", "--json", "--output", OUT];
    all.extend(arguments);
    let list = finish(world.command(&all), b"");
    match list.code {
        Some(0) => list.document()["intents"]
            .as_array()
            .expect("a list")
            .clone(),
        // There is no queue yet.
        _ => Vec::new(),
    }
}

fn run(world: &World, arguments: &[&str]) -> Finished {
    let all: Vec<&str> = arguments
        .iter()
        .chain(&["--output", OUT])
        .copied()
        .collect();
    world.run(&all)
}

fn subscribed(world: &World) -> Running {
    let (running, url) = serve(world);
    world.service.post("webhook-url", &json!({ "url": url }));
    running
}

fn lines(world: &World) -> Vec<Value> {
    world.lines("hooks/intents.jsonl")
}

#[test]
fn a_person_decides_and_what_is_said_later_belongs_to_the_same_ticket() {
    let (world, ids) = world();
    // Everything is delivered twice.
    let doubled = json!({ "lost": 0, "doubled": 100, "reordered": 0 });
    world.service.post("webhook-disturbance", &doubled);
    let running = subscribed(&world);
    world.says(&ids[0], "I want a refund, please");
    world.says(&ids[1], "Refund me");
    world.says(&ids[2], "Thank you");
    until(|| listed(&world, &[]).len() == 2);
    let wanted = listed(&world, &["--status", "unconfirmed", "--trigger", "refund"]);
    let of = |key: &str| -> String {
        let intent = wanted.iter().find(|intent| intent["key"] == key);
        intent.expect("its intent")["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (first, second) = (of(&ids[0]), of(&ids[1]));
    let rejected = run(&world, &["intents", "reject", &second]);
    assert_eq!(
        (rejected.code, rejected.out.contains("rejected")),
        (Some(0), true)
    );
    assert_eq!(run(&world, &["intents", "confirm", &second]).code, Some(1));
    assert_eq!(
        run(&world, &["intents", "confirm", "nothing"]).code,
        Some(64)
    );
    let confirmed = run(&world, &["intents", "confirm", &first[..12], "--json"]);
    assert_eq!(confirmed.document()["intents"][0]["state"], "pending");
    until(|| lines(&world).len() == 1);
    let line = lines(&world).remove(0);
    assert_eq!(
        (&line["id"], &line["action"]),
        (&json!(first), &json!("ticket"))
    );
    assert_eq!(
        (&line["key"], &line["follow_up"]),
        (&json!(ids[0]), &json!(false))
    );
    assert_eq!(line["record"]["external_id"], json!(ids[0]));
    assert!(
        line["record"].to_string().contains("I want a refund"),
        "{line}"
    );

    // What is said later goes into the same ticket, by itself; where a person said no, nothing does.
    world.says(&ids[1], "Still waiting");
    world.says(&ids[0], "It is the blue one");
    until(|| lines(&world).len() == 2);
    let line = lines(&world).remove(1);
    assert_eq!(
        (&line["key"], &line["follow_up"]),
        (&json!(ids[0]), &json!(true))
    );
    assert!(
        line["record"].to_string().contains("the blue one"),
        "{line}"
    );
    let finished = running.terminate();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(lines(&world).len(), 2);
    let text = run(&world, &["intents", "list"]);
    assert!(
        text.out.contains("dismissed") && text.out.contains("done"),
        "{text:?}"
    );
}

#[test]
fn a_trigger_is_switched_while_webhooks_are_taken() {
    let (world, ids) = world();
    let running = subscribed(&world);
    world.says(&ids[0], "An outage!");
    until(|| lines(&world).len() == 1);
    assert_eq!(run(&world, &["triggers", "disable", "alarm"]).code, Some(0));
    let wrong = run(&world, &["triggers", "disable", "alarn"]);
    assert_eq!(
        (wrong.code, wrong.err.contains("did you mean alarm")),
        (Some(64), true)
    );
    world.says(&ids[0], "Another outage");
    let parts = || world.lines("hooks/conversation_parts.jsonl").len();
    until(|| parts() == 2);
    let list = run(&world, &["triggers", "list", "--json"]).document();
    let alarm = &list["triggers"][0];
    assert_eq!(
        (&alarm["name"], &alarm["enabled"]),
        (&json!("alarm"), &json!(false))
    );
    assert_eq!(listed(&world, &[]).len(), 1);
    let enabled = run(&world, &["triggers", "enable", "alarm"]);
    assert!(enabled.out.contains("alarm: enabled"), "{enabled:?}");
    world.says(&ids[0], "A third outage");
    until(|| lines(&world).len() == 2);
    running.terminate();
    let text = run(&world, &["triggers", "list"]).out;
    assert!(
        text.contains("enabled (switched)") && text.contains("conversation.user.replied"),
        "{text}"
    );
}

#[test]
fn an_intent_is_made_by_call_and_carried_out_once() {
    let (world, ids) = world();
    let create = ["intents", "create", "escalate", &ids[3]];
    let made = run(&world, &create);
    assert_eq!(
        (made.code, made.out.contains("made, pending")),
        (Some(0), true),
        "{made:?}"
    );
    let again = run(&world, &create);
    assert!(again.out.contains("is there already"), "{again:?}");
    assert_eq!(
        run(&world, &["intents", "create", "escalade", &ids[3]]).code,
        Some(64)
    );
    let nobody = run(&world, &["intents", "create", "escalate", "999999999"]);
    assert_eq!(
        (nobody.code, nobody.err.contains("no such row")),
        (Some(1), true),
        "{nobody:?}"
    );
    let nowhere = world.run(&create);
    assert_eq!(
        (nowhere.code, nowhere.err.contains("--output")),
        (Some(64), true)
    );

    let carried = run(&world, &["intents", "run", "--json"]);
    assert_eq!(
        (carried.code, &carried.document()["done"]),
        (Some(0), &json!(1)),
        "{carried:?}"
    );
    let nothing = run(&world, &["intents", "run"]);
    assert!(nothing.out.contains("0 done"), "{nothing:?}");
    assert_eq!(lines(&world).len(), 1);
    assert_eq!(lines(&world)[0]["record"]["id"], json!(ids[3]));
    assert_eq!(run(&world, &create).code, Some(0));
    assert_eq!(listed(&world, &["--status", "done"]).len(), 1);
}

/// Files are copied before an intent is handed on, and the copy is named in their place; what cannot be copied says why and
/// holds up nothing.
#[test]
fn files_that_an_intent_names_are_looked_for_before_it_is_handed_on() {
    let (world, ids) = World::with_conversations();
    let receiver = Receiver::start();
    world.connect(&format!(
        "{CONFIG}attachments: {{ copy_to: files, max_bytes: 1000, types: [application/*], timeout: 1s }}\n\
         intents: {{ output: \"{}\" }}\n\
         triggers: {{ refund: {{ on: conversation.user.replied, when: {{ keyword: refund }}, action: ticket, \
         read_again: false }} }}\n",
        receiver.url
    ));
    world.says(&ids[4], "A refund, see there");
    // Its files are where the simulated ones are not: on this machine.
    let names = [
        "plan.pdf",
        "large.pdf",
        "page.html",
        "never.pdf",
        "lost.pdf",
    ];
    let files = names.map(|name| {
        json!({ "type": "upload", "name": name, "url": receiver.file(name),
                "content_type": "application/pdf", "filesize": 16, "width": null, "height": null })
    });
    let mut item = world.service.ask(&format!("/conversations/{}", ids[4]));
    let parts = item["conversation_parts"]["conversation_parts"].as_array_mut();
    let mut part = parts.and_then(Vec::pop).expect("a part");
    part["attachments"] = json!(files);
    item["conversation_parts"] = json!({
        "type": "conversation_part.list", "conversation_parts": [part], "total_count": 1,
    });
    let (running, url) = serve(&world);
    world.service.post("webhook-url", &json!({ "url": url }));
    let told = json!({ "topic": "conversation.user.replied", "item": item });
    let delivery = world.service.post("webhook", &told);
    assert_eq!(delivery["status"], 200, "{delivery}");
    until(|| receiver.count() == 1);
    assert_eq!(running.terminate().code, Some(0));

    let came = receiver.came().remove(0);
    let id = listed(&world, &[]).remove(0)["id"].clone();
    assert_eq!((&json!(came.key), &came.body["key"]), (&id, &json!(ids[4])));
    let files = came.body["record"]["attachments"]
        .as_array()
        .expect("files");
    let of = |name: &str| {
        let found = files.iter().find(|file| file["name"] == name);
        found.unwrap_or_else(|| panic!("{name} is not in {files:?}"))
    };
    let plan = of("plan.pdf");
    assert_eq!(plan["error"], Value::Null, "{plan}");
    let copy = plan["url"]
        .as_str()
        .and_then(|url| url.strip_prefix("file://"));
    let copy = std::path::Path::new(copy.expect("the copy's place"));
    assert!(
        copy.starts_with(std::fs::canonicalize(world.path("files")).unwrap()),
        "{plan}"
    );
    assert_eq!(std::fs::read_to_string(copy).unwrap(), CONTENT);
    for (name, why) in [
        ("large.pdf", "it has more than 1000 bytes"),
        ("page.html", "text/html is not among attachments.types"),
        ("never.pdf", "it took too long"),
        ("lost.pdf", "the answer was 404 Not Found"),
    ] {
        let file = of(name);
        assert_eq!(file["error"], format!("not copied: {why}"));
        assert_eq!(file["url"], receiver.file(name));
    }
    assert_eq!(std::fs::read_dir(world.path("files")).unwrap().count(), 1);
}

/// Wherever the process dies between what is stored and what is done, it is done, and once.
#[test]
fn a_death_on_the_way_does_nothing_twice() {
    let (world, ids) = world();
    let mut deaths = 0;
    for (number, id) in (1..=12).zip(&ids) {
        assert_eq!(
            run(&world, &["intents", "create", "note", id]).code,
            Some(0)
        );
        world.service.hold(number, true);
        let mut running = world.start(&["intents", "run", "--output", OUT]);
        let held = world.until_held_back(&mut running);
        if held {
            deaths += 1;
            running.kill();
        }
        world.service.release();
        // What was sent and not answered is looked for before it is sent again, when it has to be visible.
        world.service.pass(120);
        until(|| {
            let finished = run(
                &world,
                &["intents", "run", "--time-scale", "1000", "--json"],
            );
            assert!(finished.out.contains("\"failed\":0"), "{finished:?}");
            listed(&world, &["--status", "done"]).len() == usize::try_from(number).unwrap()
        });
        assert_eq!(
            world.said(id, "Escalated by a button"),
            1,
            "killed at request {number}"
        );
        if !held {
            break;
        }
    }
    assert!(deaths >= 2, "{deaths}");
}

#[test]
fn an_intent_that_was_stored_outlives_the_process() {
    let (world, ids) = world();
    for (number, id) in (1..).zip(&ids[..3]) {
        let running = subscribed(&world);
        world.says(id, "An outage");
        until(|| listed(&world, &[]).len() == number);
        running.kill();
    }
    world.service.post("webhook-url", &json!({ "url": null }));
    let (running, _) = serve_into(&world, OUT);
    until(|| listed(&world, &["--status", "done"]).len() == 3);
    running.terminate();
    let keys: Vec<Value> = lines(&world)
        .iter()
        .map(|line| line["key"].clone())
        .collect();
    let mut found: Vec<String> = keys
        .iter()
        .map(|key| key.as_str().unwrap().to_owned())
        .collect();
    found.sort();
    let mut expected = ids[..3].to_vec();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn what_cannot_be_done_says_why_and_can_be_taken_up_again() {
    let (world, ids) = world();
    let lines = |mode: &str| {
        world.connect(&format!(
            "{CONFIG}direction: {mode}\ntriggers: {{ close: {{ enabled: false, action: conversations, mode: close, stream: conversations, \
             mapping: [{{ from: id, to: conversation_id }}, {{ from: {{ literal: nobody }}, to: admin_id }}] }} }}\n"
        ));
    };
    lines("read");
    assert_eq!(
        run(&world, &["intents", "create", "close", &ids[0]]).code,
        Some(0)
    );
    let failed = run(&world, &["intents", "run"]);
    assert_eq!(
        (failed.code, failed.out.contains("1 failed")),
        (Some(1), true),
        "{failed:?}"
    );
    let stored = listed(&world, &["--status", "failed"]).remove(0);
    assert!(
        stored["problem"].as_str().unwrap().contains("direction"),
        "{stored}"
    );
    lines("both");
    let id = stored["id"].as_str().unwrap();
    assert_eq!(run(&world, &["intents", "retry", id]).code, Some(0));
    assert_eq!(run(&world, &["intents", "run"]).code, Some(1));
    let stored = listed(&world, &["--status", "failed"]).remove(0);
    assert!(
        stored["problem"]
            .as_str()
            .unwrap()
            .contains("admin_not_found"),
        "{stored}"
    );
    let text = run(&world, &["intents", "list"]);
    assert!(text.out.contains('✗'), "{text:?}");
}

#[test]
fn silence_sets_a_trigger_off() {
    let (world, ids) = world();
    world.connect(&format!(
        "{CONFIG}triggers: {{ slow: {{ when: {{ waiting: 4h }}, action: alarm, every: 1h }} }}\n"
    ));
    world.says(&ids[0], "Anybody there?");
    world.service.pass(5 * 3_600);
    let looked = run(&world, &["triggers", "run", "--json"]);
    assert_eq!(looked.code, Some(0), "{looked:?}");
    let document = looked.document();
    let new = document["looked"][0]["intents"].as_u64().unwrap();
    assert!(new > 0, "{document}");
    let keys: Vec<Value> = listed(&world, &[])
        .iter()
        .map(|intent| intent["key"].clone())
        .collect();
    assert!(keys.contains(&json!(ids[0])), "{keys:?}");
    // The same silence sets it off once.
    let again = run(&world, &["triggers", "run", "--json"]).document();
    assert_eq!(again["looked"][0]["intents"], 0);

    // Whoever serves looks by himself, at the start and on schedule.
    let arguments = [
        "webhook",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--output",
        OUT,
        "--time-scale",
        "36000",
    ];
    let running = world.start(&arguments);
    until(|| lines(&world).len() as u64 == new);
    world.says(&ids[1], "And here?");
    world.service.pass(5 * 3_600);
    until(|| {
        lines(&world)
            .iter()
            .any(|line| line["key"] == json!(ids[1]))
    });
    let finished = running.terminate();
    assert_eq!(finished.code, Some(0), "{finished:?}");
}

#[test]
fn intents_of_a_reading_are_stored_with_it() {
    let (world, ids) = world();
    world.connect(&format!(
        "{CONFIG}triggers: {{ all: {{ stream: conversations, when: {{ author: user }}, action: alarm, confirm: true }} }}\n"
    ));
    world.says(&ids[0], "Hello");
    assert_eq!(run(&world, &["sync"]).code, Some(0));
    let count = listed(&world, &[]).len();
    assert!(count > 0);
    assert_eq!(run(&world, &["sync", "--full"]).code, Some(0));
    assert_eq!(listed(&world, &[]).len(), count);
    // Without an output there is no place for them, and that is said.
    let read = world.run(&["read", "conversations"]);
    assert!(read.err.contains("kept nowhere"), "{read:?}");
}

#[test]
fn what_a_lost_webhook_told_is_found_by_the_next_sync() {
    let (world, ids) = world();
    let trigger = "{ when: { keywords: [dreimalgeld] }, action: ticket }";
    world.connect(&format!("{CONFIG}triggers: {{ refund: {trigger} }}\n"));
    // What was said before is not looked for: that would be a request for each conversation that there ever was.
    world.says(&ids[1], "Dreimalgeld, long ago");
    let first = run(&world, &["sync"]);
    assert_eq!(
        (first.code, first.err.contains("(refund)")),
        (Some(0), true),
        "{first:?}"
    );
    world.says(&ids[0], "Dreimalgeld, please");
    world.says(&ids[2], "Thank you");
    for _ in 0..2 {
        assert_eq!(run(&world, &["sync"]).code, Some(0));
        let found = listed(&world, &[]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0]["key"], json!(ids[0]));
    }
    // Told by webhook it is the same.
    let running = subscribed(&world);
    until(|| lines(&world).len() == 1);
    world.says(&ids[0], "Dreimalgeld!");
    until(|| lines(&world).len() == 2);
    let told = lines(&world);
    assert_eq!(
        (&told[1]["key"], &told[1]["follow_up"]),
        (&json!(ids[0]), &json!(true))
    );
    let finished = running.terminate();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let wanted = listed(&world, &["--trigger", "refund"]);
    let keys: Vec<&Value> = wanted.iter().map(|intent| &intent["key"]).collect();
    assert_eq!(keys, [&json!(ids[0]), &json!(ids[0])]);
}
