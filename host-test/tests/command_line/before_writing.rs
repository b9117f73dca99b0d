//! What somebody changed before this host wrote to the same row, where only syncs tell of changes.

use serde_json::Value;

use crate::callbacks::{SECRET, comment, signed};
use crate::http::send;
use crate::process::{finish, until};
use crate::webhooks::SERVE;
use crate::world::{TOKEN, World};

const LINES: &str = r#"config: { region: us, api_version: "2.11" }
mode: batch
streams: [conversations]
triggers:
  won: { stream: conversations, when: { path: custom_attributes.issue_type, equals: Billing }, action: celebrate }
  moved: { stream: conversations, when: { path: custom_attributes.issue_type, equals: Billing }, action: alarm, per: change }
callbacks:
  desk:
    secret: SECRET
    id: /event
    rules:
      - action: conversation_parts
        mode: note
        row: { conversation_id: /ticket/conversation, admin_id: "ADMIN", body: { text: "<p>{/comment}</p>" } }
"#;

/// Trigger and row of every intent.
fn wanted(world: &World) -> Vec<(String, String)> {
    let arguments = ["intents", "list", "--json", "--output", "jsonl:hooks"];
    let listed = finish(world.command(&arguments), b"").document();
    let intents = listed["intents"].as_array().expect("a list").iter();
    let text = |intent: &Value, name: &str| intent[name].as_str().expect("a text").to_owned();
    let mut wanted: Vec<(String, String)> = intents
        .map(|intent| (text(intent, "trigger"), text(intent, "key")))
        .collect();
    wanted.sort();
    wanted
}

#[test]
fn what_somebody_changed_before_an_own_write_sets_off_what_it_should_once() {
    let (world, conversations) = World::with_conversations();
    let lines = LINES.replace("ADMIN", &world.teammate());
    world.connect(&lines.replace("SECRET", SECRET));
    let sync = ["sync", "--output", "jsonl:hooks"];
    world.succeed(&sync);
    // Some are as the triggers want them from the beginning.
    let before = wanted(&world);
    let mut won = conversations;
    won.retain(|id| before.iter().all(|(_, row)| row != id));
    won.truncate(2);
    won.sort();
    let new = || -> Vec<(String, String)> {
        let mut wanted = wanted(&world);
        wanted.retain(|one| !before.contains(one));
        wanted
    };
    for id in &won {
        let authorization = format!("Bearer {TOKEN}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
            ("intercom-version", "2.11"),
        ];
        let url = format!("{}/conversations/{id}", world.service.url);
        let answer = send(
            "PUT",
            &url,
            &headers,
            br#"{"custom_attributes":{"issue_type":"Billing"}}"#,
        );
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let tell = |event: &str| {
        let running = world.start(&SERVE);
        let door = running.line("callbacks on ");
        let door = door.trim().trim_start_matches("callbacks on ");
        let answer = signed(door, SECRET, &comment(event, &won[0]));
        assert_eq!(answer.status, 200, "{answer:?}");
        until(|| world.said(&won[0], event) == 1);
        let done = [
            "callbacks",
            "list",
            "--status",
            "done",
            "--json",
            "--output",
            "jsonl:hooks",
        ];
        until(|| finish(world.command(&done), b"").out.contains(event));
        assert_eq!(running.terminate().code, Some(0));
        world.succeed(&sync);
    };
    tell("e1");
    let of = |trigger: &str| -> Vec<(String, String)> {
        won.iter()
            .map(|id| (trigger.to_owned(), id.clone()))
            .collect()
    };
    let expected = [of("moved"), of("won")].concat();
    assert_eq!(new(), expected);
    // The note itself sets nothing off, and neither does the next one.
    tell("e2");
    assert_eq!(new(), expected);
}
