//! What another system tells becomes what was declared: a reply, a note, a state of a conversation or of a ticket. Nothing of it
//! comes back as an intent.

use serde_json::{Value, json};

use crate::callbacks::{SECRET, signed};
use crate::process::{finish, until};
use crate::webhooks::{SERVE, listening};
use crate::world::World;

const LINES: &str = r#"config: { region: us, api_version: "2.11" }
triggers:
  told: { on: [conversation.admin.replied, conversation.admin.noted, conversation.admin.closed, conversation.admin.snoozed], action: alarm, per: change }
  moved: { on: ticket.state.updated, action: alarm, per: change }
callbacks:
  desk:
    secret: SECRET
    id: /event
    rules:
      - when: { /type: reply }
        action: conversation_parts
        mode: admin
        row: { conversation_id: /ticket/conversation, admin_id: "ADMIN", body: { text: "<p>{/comment}</p>" } }
      - when: { /type: note }
        action: conversation_parts
        mode: note
        row: { conversation_id: /ticket/conversation, admin_id: "ADMIN", body: { text: "<p>{/comment}</p>" } }
      - when: { /type: status, /status: [no, closed] }
        action: conversations
        mode: close
        row: { conversation_id: /ticket/conversation, admin_id: "ADMIN" }
      - when: { /type: status, /status: later }
        action: conversations
        mode: snooze
        row: { conversation_id: /ticket/conversation, admin_id: "ADMIN", snoozed_until: /until }
      - when: { /type: ticket }
        action: tickets
        mode: update
        row: { ticket_id: /ticket/id, ticket_state: { from: /status, map: { on: in_progress, done: resolved } } }
"#;

fn world() -> World {
    let world = World::new(&[
        "--contacts",
        "20",
        "--companies",
        "3",
        "--conversations",
        "10",
        "--tickets",
        "5",
    ]);
    let lines = LINES.replace("ADMIN", &world.teammate());
    world.connect(&lines.replace("SECRET", SECRET));
    world
}

fn ids(world: &World, stream: &str) -> Vec<String> {
    let dump = world.service.get(&format!("{stream}?limit=100"));
    let rows = dump["data"].as_array().expect("rows").iter();
    rows.map(|row| row["id"].as_str().expect("an id").to_owned())
        .collect()
}

#[test]
fn replies_notes_and_states_come_back_as_declared_and_set_nothing_off() {
    let world = world();
    let conversations = ids(&world, "conversations");
    let ticket = ids(&world, "tickets").remove(0);
    let running = world.start(&SERVE);
    let hooks = listening(&running);
    world.service.post("webhook-url", &json!({ "url": hooks }));
    let door = running.line("callbacks on ");
    let door = door.trim().trim_start_matches("callbacks on ").to_owned();
    let [open, closed, snoozed] = [0, 1, 2].map(|at| conversations[at].as_str());
    let until_at = 1_893_456_000;
    for (event, kind, conversation, rest) in [
        ("e1", "reply", open, json!({ "comment": "An answer" })),
        ("e2", "note", open, json!({ "comment": "A note" })),
        ("e3", "status", closed, json!({ "status": "no" })),
        (
            "e4",
            "status",
            snoozed,
            json!({ "status": "later", "until": until_at }),
        ),
        ("e5", "ticket", open, json!({ "status": "done" })),
    ] {
        let mut body = json!({ "event": event, "type": kind, "ticket": { "conversation": conversation, "id": ticket } });
        for (name, value) in rest.as_object().expect("members") {
            body[name.as_str()] = value.clone();
        }
        assert_eq!(signed(&door, SECRET, &body).status, 200, "{event}");
    }
    let list = |what: &str| -> Vec<Value> {
        let arguments = [what, "list", "--json", "--output", "jsonl:hooks"];
        let listed = finish(world.command(&arguments), b"").document();
        listed[what].as_array().expect("a list").clone()
    };
    until(|| {
        let callbacks = list("callbacks");
        assert!(
            callbacks.iter().all(|one| one["state"] != "dead"),
            "{callbacks:?}"
        );
        callbacks
            .iter()
            .filter(|one| one["state"] == "done")
            .count()
            == 5
    });
    assert_eq!(
        (world.said(open, "An answer"), world.said(open, "A note")),
        (1, 1)
    );
    let state = |id: &str| world.service.ask(&format!("/conversations/{id}"));
    assert_eq!(state(closed)["state"], "closed");
    let later = state(snoozed);
    assert_eq!(
        (&later["state"], &later["snoozed_until"]),
        (&json!("snoozed"), &json!(until_at))
    );
    let moved = world.service.ask(&format!("/tickets/{ticket}"));
    assert!(
        moved["ticket_state"].to_string().contains("resolved"),
        "{moved}"
    );
    // Intercom told of all five.
    let told = |stream: &str| world.lines(&format!("hooks/{stream}.jsonl")).len();
    until(|| told("conversation_parts") >= 4 && told("tickets") >= 1);
    assert_eq!(running.terminate().code, Some(0));
    assert_eq!(list("intents"), Vec::<Value>::new());
}

#[test]
fn of_a_callback_that_comes_several_times_at_once_one_is_carried_out() {
    let world = world();
    let conversation = ids(&world, "conversations").remove(0);
    let running = world.start(&SERVE);
    let door = running.line("callbacks on ");
    let door = door.trim().trim_start_matches("callbacks on ");
    let body = json!({ "event": "same", "type": "note", "comment": "Only once", "ticket": { "conversation": conversation } });
    let answers = std::thread::scope(|scope| {
        let sending: Vec<_> = (0..12)
            .map(|_| scope.spawn(|| signed(door, SECRET, &body)))
            .collect();
        let answers = sending
            .into_iter()
            .map(|one| one.join().expect("an answer"));
        answers.collect::<Vec<_>>()
    });
    assert!(answers.iter().all(|answer| answer.status == 200));
    let accepted = answers
        .iter()
        .filter(|answer| answer.body.starts_with(b"accepted"));
    assert_eq!(accepted.count(), 1);
    until(|| world.said(&conversation, "Only once") == 1);
    assert_eq!(running.terminate().code, Some(0));
    assert_eq!(world.said(&conversation, "Only once"), 1);
}

#[test]
fn what_the_component_cannot_write_is_told_before_anything_comes() {
    let world = world();
    let lines = LINES
        .replace("mode: admin", "mode: replly")
        .replace("action: tickets", "action: tikets");
    world.connect(&format!(
        "{}  close: {{ action: conversations, mode: cloze, stream: conversations }}\n",
        lines
            .replace("SECRET", SECRET)
            .replace(
                "triggers:\n",
                "triggers:\n  note: { action: conversation_parts, mode: notte }\n"
            )
            .split("callbacks:")
            .next()
            .unwrap_or_default()
    ));
    let refused = world.run(&["check"]);
    assert_eq!(refused.code, Some(64), "{refused:?}");
    for words in [
        "triggers.note.mode",
        "did you mean `note`?",
        "triggers.close.mode",
        "did you mean `close`?",
    ] {
        assert!(refused.err.contains(words), "{words}: {refused:?}");
    }
    world.connect(&lines.replace("SECRET", SECRET));
    let refused = world.run(&SERVE);
    assert_eq!(refused.code, Some(64), "{refused:?}");
    for words in [
        "callbacks.desk.rules[0].mode",
        "callbacks.desk.rules[4].action",
        "did you mean `tickets`?",
    ] {
        assert!(refused.err.contains(words), "{words}: {refused:?}");
    }
}
