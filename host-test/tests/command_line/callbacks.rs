use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::http::{Answer, send};
use crate::metrics::{measured, scrape};
use crate::process::{Finished, Running, finish, until};
use crate::webhooks::{SERVE, listening};
use crate::world::{CONNECTION, World};

pub const SECRET: &str = "the-other-systems-secret";

const OUT: &str = "jsonl:hooks";

/// What becomes of a ticket of the other system, and a trigger that every reply and note sets off.
const LINES: &str = r#"config: { region: us, api_version: "2.11" }
triggers:
  told: { on: [conversation.admin.noted, conversation.admin.closed, conversation.user.replied], action: alarm, per: change }
callbacks:
  desk:
    secret: SECRET
    id: /event
    rules:
      - when: { /type: comment }
        action: conversation_parts
        mode: note
        row: { conversation_id: /ticket/conversation, admin_id: "ADMIN", body: { text: "<p>Desk: {/comment}</p>" } }
      - when: { /type: status, /status: solved }
        action: conversations
        mode: close
        row: { conversation_id: /ticket/conversation, admin_id: "ADMIN" }
      - { when: { /type: ping }, ignore: true }
"#;

pub struct Desk {
    pub world: World,
    pub running: Running,
    url: String,
    pub conversations: Vec<String>,
}

impl Desk {
    fn start(arguments: &[&str]) -> Desk {
        Desk::start_with("", arguments)
    }

    /// The same with further lines of the connection's file.
    pub fn start_with(lines: &str, arguments: &[&str]) -> Desk {
        let (world, conversations) = Desk::prepare(lines);
        let mut all = SERVE.to_vec();
        all.extend(arguments);
        let running = world.start(&all);
        let hooks = listening(&running);
        world.service.post("webhook-url", &json!({ "url": hooks }));
        Desk::behind(world, running, conversations)
    }

    /// What takes callbacks and no webhooks.
    fn without_webhooks(lines: &str) -> Desk {
        let (world, conversations) = Desk::prepare(lines);
        let running = world.start(&SERVE);
        Desk::behind(world, running, conversations)
    }

    fn behind(world: World, running: Running, conversations: Vec<String>) -> Desk {
        let line = running.line("callbacks on ");
        let url = line.trim().trim_start_matches("callbacks on ").to_owned();
        Desk {
            world,
            running,
            url,
            conversations,
        }
    }

    /// A world with these callbacks, and the ids of its conversations.
    pub fn prepare(lines: &str) -> (World, Vec<String>) {
        let (world, conversations) = World::with_conversations();
        let own = LINES.replace("ADMIN", &world.teammate());
        world.connect(&format!("{}{lines}", own.replace("SECRET", SECRET)));
        (world, conversations)
    }

    fn signed(&self, secret: &str, body: &Value) -> Answer {
        signed(&self.url, secret, body)
    }

    pub fn tell(&self, body: &Value) -> (u16, String) {
        let answer = self.signed(SECRET, body);
        (
            answer.status,
            String::from_utf8_lossy(&answer.body).into_owned(),
        )
    }

    pub fn comment(&self, event: &str, conversation: &str) -> Value {
        comment(event, conversation)
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        let all: Vec<&str> = arguments
            .iter()
            .chain(&["--output", OUT])
            .copied()
            .collect();
        finish(self.world.command(&all), b"")
    }

    fn callbacks(&self, state: &str) -> Vec<Value> {
        let list = self.run(&["callbacks", "list", "--json", "--status", state]);
        list.document()["callbacks"]
            .as_array()
            .expect("a list")
            .clone()
    }

    /// How often something is said in a conversation.
    fn said(&self, conversation: &str, text: &str) -> usize {
        self.world.said(conversation, text)
    }

    fn lines(&self) -> Vec<Value> {
        self.world.lines("hooks/intents.jsonl")
    }

    fn parts(&self) -> usize {
        self.world.lines("hooks/conversation_parts.jsonl").len()
    }
}

/// The other system tells of a comment on the ticket of a conversation.
pub fn comment(event: &str, conversation: &str) -> Value {
    json!({ "event": event, "type": "comment", "comment": format!("we know ({event})"),
            "ticket": { "conversation": conversation } })
}

/// Tells a door something, signed with a secret.
pub fn signed(url: &str, secret: &str, body: &Value) -> Answer {
    let body = body.to_string().into_bytes();
    let mut code = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key will do");
    code.update(&body);
    let digits: Vec<String> = code
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let signature = format!("sha256={}", digits.concat());
    send("POST", url, &[("x-signature", &signature)], &body)
}

#[test]
fn a_callback_becomes_a_note_once_and_only_when_it_is_genuine() {
    let desk = Desk::start(&[]);
    let id = desk.conversations[0].as_str();
    let comment = desk.comment("e1", id);
    assert_eq!(desk.signed("guess", &comment).status, 401);
    assert_eq!(send("POST", &desk.url, &[], b"{}").status, 401);
    assert_eq!(desk.tell(&json!({ "type": "comment" })).0, 400);
    assert_eq!(desk.tell(&comment), (200, "accepted e1".to_owned()));
    assert_eq!(desk.tell(&comment), (200, "known e1".to_owned()));
    until(|| desk.callbacks("done").len() == 1);
    assert_eq!(desk.tell(&comment), (200, "known e1".to_owned()));
    let solved = json!({ "event": "e2", "type": "status", "status": "solved", "ticket": { "conversation": id } });
    assert_eq!(desk.tell(&solved).0, 200);
    let ping = json!({ "event": "e3", "type": "ping" });
    assert_eq!(desk.tell(&ping).1, "accepted e3");
    // A state that nobody declared is kept, and whoever told it hears so.
    let odd = json!({ "event": "e4", "type": "status", "status": "on_fire", "ticket": { "conversation": id } });
    let (status, text) = desk.tell(&odd);
    assert_eq!(status, 200);
    assert!(
        text.contains("kept e4") && text.contains("`on_fire`"),
        "{text}"
    );
    until(|| desk.callbacks("done").len() == 3);
    assert_eq!(desk.said(id, "we know (e1)"), 1);
    let state = desk.world.service.ask(&format!("/conversations/{id}"));
    assert_eq!(state["state"], "closed");
    let kept = desk.callbacks("unmatched");
    assert_eq!(
        (kept.len(), &kept[0]["body"]["status"]),
        (1, &json!("on_fire"))
    );
    let number = kept[0]["number"].to_string();
    assert_eq!(desk.run(&["callbacks", "dismiss", &number]).code, Some(0));
    assert!(desk.callbacks("unmatched").is_empty());
    let finished = desk.running.terminate();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(!finished.err.contains(SECRET) && !finished.err.contains("we know"));
}

#[test]
fn what_this_host_wrote_sets_nothing_off_and_an_answer_to_it_does() {
    let desk = Desk::start(&[]);
    let id = desk.conversations[0].as_str();
    assert_eq!(desk.tell(&desk.comment("e1", id)).0, 200);
    let solved = json!({ "event": "e2", "type": "status", "status": "solved", "ticket": { "conversation": id } });
    assert_eq!(desk.tell(&solved).0, 200);
    until(|| desk.callbacks("done").len() == 2);
    // Intercom told of both.
    until(|| desk.parts() == 2);
    desk.world.says(id, "Thanks");
    let note = json!({ "part_type": "note", "body": "<p>A teammate's</p>" });
    let change = json!({ "change": "conversation_part", "conversation": id, "part": note });
    desk.world.service.post("desk", &change);
    until(|| desk.lines().len() == 2 && desk.parts() == 4);
    let list = desk.run(&["intents", "list", "--json"]).document();
    assert_eq!(list["intents"].as_array().map(Vec::len), Some(2), "{list}");
    desk.running.terminate();
}

#[test]
fn what_fails_is_tried_again_and_given_up_aloud() {
    let desk = Desk::start(&["--time-scale", "100"]);
    let id = desk.conversations[0].as_str();
    let path = format!("/conversations/{id}/reply");
    desk.world.service.post(
        "faults",
        &json!([{ "method": "POST", "path": path, "first": 1, "times": 2, "kind": "status-503" }]),
    );
    assert_eq!(desk.tell(&desk.comment("e1", id)).0, 200);
    until(|| desk.callbacks("done").len() == 1);
    assert_eq!(desk.said(id, "we know (e1)"), 1);
    assert_eq!(desk.tell(&desk.comment("e2", "999999999")).0, 200);
    until(|| desk.callbacks("dead").len() == 1);
    let dead = desk.callbacks("dead").remove(0);
    assert!(
        dead["problem"]
            .as_str()
            .is_some_and(|problem| !problem.is_empty()),
        "{dead}"
    );
    assert_eq!(dead["body"]["event"], "e2");
    let number = dead["number"].to_string();
    let again = desk.run(&["callbacks", "retry", &number, "--json"]);
    assert_eq!(again.document()["callbacks"][0]["state"], "pending");
    until(|| desk.callbacks("dead").len() == 1);
    let finished = desk.running.terminate();
    let told = finished
        .err
        .lines()
        .find(|line| line.contains("callback_dead"));
    // Under the name that people know, which is the one of metrics as well.
    assert!(
        told.is_some_and(|line| line.contains("connection=\"connection\"")),
        "{finished:?}"
    );
}

/// A retry puts nothing over what came later.
#[test]
fn what_is_tried_again_is_not_overtaken_by_what_came_later() {
    let desk = Desk::start(&["--time-scale", "50"]);
    let [id, other] = [0, 1].map(|at| desk.conversations[at].as_str());
    let path = format!("/conversations/{id}/reply");
    desk.world.service.post(
        "faults",
        &json!([{ "method": "POST", "path": path, "first": 1, "times": 2, "kind": "status-503" }]),
    );
    for (event, conversation) in [("e1", id), ("e2", id), ("e3", other), ("e4", id)] {
        assert_eq!(desk.tell(&desk.comment(event, conversation)).0, 200);
    }
    until(|| desk.callbacks("done").len() == 4);
    let conversation = desk.world.service.ask(&format!("/conversations/{id}"));
    let parts = &conversation["conversation_parts"]["conversation_parts"];
    let bodies = parts.as_array().expect("parts").iter();
    let bodies: Vec<&str> = bodies.filter_map(|part| part["body"].as_str()).collect();
    let place = |event: &str| {
        let text = format!("we know ({event})");
        let mut bodies = bodies.iter();
        bodies.position(|body| body.contains(&text)).expect(event)
    };
    assert!(
        place("e1") < place("e2") && place("e2") < place("e4"),
        "{bodies:?}"
    );
    assert_eq!(desk.said(other, "we know (e3)"), 1);
    desk.running.terminate();
}

/// The process dies while the write is under way.
#[test]
fn a_death_on_the_way_back_does_nothing_twice() {
    let desk = Desk::start(&[]);
    let id = desk.conversations[0].clone();
    desk.world.service.hold(2, true);
    assert_eq!(desk.tell(&desk.comment("e1", &id)).0, 200);
    until(|| desk.world.service.held_back() > 0 || desk.callbacks("done").len() == 1);
    let Desk { world, running, .. } = desk;
    running.kill();
    world.service.release();
    world.service.post("webhook-url", &json!({ "url": null }));
    world.service.pass(120);
    let all = ["callbacks", "run", "--time-scale", "1000", "--output", OUT];
    let done = || {
        world.run(&all);
        let list = finish(
            world.command(&[
                "callbacks",
                "list",
                "--json",
                "--status",
                "done",
                "--output",
                OUT,
            ]),
            b"",
        );
        list.document()["callbacks"].as_array().map(Vec::len) == Some(1)
    };
    until(done);
    assert_eq!(world.said(&id, "we know (e1)"), 1);
}

/// Another system's callbacks need none of the provider's webhooks.
#[test]
fn callbacks_are_taken_where_no_webhooks_are() {
    for mode in ["mode: batch\n", "direction: write\n"] {
        let desk = Desk::without_webhooks(mode);
        let id = desk.conversations[0].as_str();
        assert_eq!(desk.signed("guess", &desk.comment("e1", id)).status, 401);
        assert_eq!(desk.tell(&desk.comment("e1", id)).0, 200);
        until(|| desk.callbacks("done").len() == 1);
        assert_eq!(desk.said(id, "we know (e1)"), 1);
        // What is no door takes nothing.
        let (server, _) = desk.url.split_once("/connection").expect("its path");
        for path in ["/", "/connection", "/connection/other"] {
            let answer = signed(&format!("{server}{path}"), SECRET, &json!({}));
            assert_eq!(answer.status, 404, "{path}");
        }
        // The connection is switched off.
        let text = std::fs::read_to_string(desk.world.path(CONNECTION)).expect("a file");
        desk.world
            .write(CONNECTION, format!("{text}enabled: false\n"));
        until(|| desk.tell(&desk.comment("e2", id)).0 == 410);
        let finished = desk.running.terminate();
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert!(!finished.err.contains("webhooks on"), "{finished:?}");
    }
}

#[test]
fn intents_and_callbacks_are_measured() {
    let desk = Desk::start(&["--metrics", "127.0.0.1:0"]);
    let metrics = measured(&desk.running);
    let conversation = &desk.conversations[0];
    desk.world.says(conversation, "Hello");
    assert_eq!(desk.tell(&desk.comment("m1", conversation)).0, 200);
    let own = r#"connection="connection""#;
    let done = r#"outcome="done""#;
    let alarm = [own, r#"action="alarm""#, done];
    until(|| scrape(&metrics).sum("connector_intents_total", &alarm) >= 1.0);
    until(|| scrape(&metrics).sum("connector_callbacks_total", &[own, done]) >= 1.0);
    let seen = scrape(&metrics);
    assert_eq!(
        seen.sum("connector_callback_delay_seconds_count", &[own]),
        1.0
    );
    assert!(seen.sum("connector_callback_delay_seconds_sum", &[own]) > 0.0);
    // What no rule is for is counted at the door.
    assert_eq!(desk.tell(&json!({ "event": "m2", "type": "odd" })).0, 200);
    let unmatched = [own, r#"outcome="unmatched""#];
    until(|| scrape(&metrics).sum("connector_callbacks_total", &unmatched) == 1.0);
    assert_eq!(desk.running.terminate().code, Some(0));
}
