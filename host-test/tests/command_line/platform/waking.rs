use serde_json::{Value, json};

use super::Server;
use crate::callbacks::{Desk, SECRET, comment, signed};
use crate::process::{finish, until};
use crate::receiver::Receiver;
use crate::world::{CONNECTION, World};

const CONFIG: &str = "config: { region: us, api_version: \"2.11\" }\nmode: realtime\n";

const CONNECTIONS: &str = "connections: [connection.yaml]\n";

/// Nobody syncs and nobody tells of anything after the start: what was wanted before is done all the same.
#[test]
fn intents_that_an_earlier_process_left_are_carried_out_at_the_start() {
    let (world, ids) = World::with_conversations();
    let id = ids[0].as_str();
    let receiver = Receiver::start();
    world.connect(&format!(
        "{CONFIG}intents: {{ output: \"{}\" }}\n\
         triggers: {{ alarm: {{ on: conversation.user.replied, when: {{ keyword: outage }}, action: alarm }} }}\n",
        receiver.url
    ));
    receiver.answers(503, None);
    let server = Server::start(&world, CONNECTIONS);
    let url = format!("{}/connection", server.webhooks);
    world.service.post("webhook-url", &json!({ "url": url }));
    world.says(id, "An outage");
    until(|| receiver.count() > 0);
    world.service.post("webhook-url", &json!({ "url": null }));
    assert_eq!(server.process.terminate().code, Some(0));
    let key = receiver.came().remove(0).key;

    receiver.answers(202, None);
    let server = Server::again(&world);
    until(|| receiver.count() > 0);
    let came = receiver.came().remove(0);
    assert_eq!((came.key, &came.body["key"]), (key, &json!(id)));
    assert_eq!(server.process.terminate().code, Some(0));
    assert_eq!(receiver.count(), 0);
}

/// Silence sends no webhook: it is looked for from the start.
#[test]
fn silence_is_noticed_from_the_start_on() {
    let (world, ids) = World::with_conversations();
    let id = ids[0].as_str();
    world.connect(&format!(
        "{CONFIG}intents: {{ output: \"jsonl:handed\" }}\n\
         triggers: {{ slow: {{ when: {{ waiting: 4h }}, action: alarm, every: 1h }} }}\n"
    ));
    world.says(id, "Anybody there?");
    world.service.pass(5 * 3_600);
    let server = Server::start(&world, CONNECTIONS);
    until(|| {
        let lines = world.lines("handed/intents.jsonl");
        lines.iter().any(|line| line["key"] == json!(id))
    });
    assert_eq!(server.process.terminate().code, Some(0));
}

/// Nothing is open any more when somebody agrees, and nothing is told: it is seen all the same.
#[test]
fn a_person_decides_about_intents_of_a_platform_that_runs() {
    let (world, ids) = World::with_conversations();
    let id = ids[0].as_str();
    world.connect(&format!(
        "{CONFIG}intents: {{ output: \"jsonl:handed\" }}\n\
         triggers: {{ refund: {{ on: conversation.user.replied, when: {{ keyword: refund }}, action: ticket, confirm: true }} }}\n"
    ));
    let server = Server::start(&world, CONNECTIONS);
    let url = format!("{}/connection", server.webhooks);
    world.service.post("webhook-url", &json!({ "url": url }));
    world.says(id, "A refund, please");
    let intents = |arguments: &[&str]| {
        let place = ["--config", "platform.yaml", "--json"];
        let all: Vec<&str> = ["intents"]
            .iter()
            .chain(arguments)
            .chain(&place)
            .copied()
            .collect();
        finish(world.command(&all), b"")
    };
    let listed = || -> Vec<Value> {
        let list = intents(&["list", "--connection", "connection"]);
        match list.code {
            Some(0) => list.document()["intents"]
                .as_array()
                .cloned()
                .unwrap_or_default(),
            // There is no queue yet.
            _ => Vec::new(),
        }
    };
    until(|| listed().len() == 1);
    assert_eq!(listed()[0]["state"], "unconfirmed");
    // A server that begins again has no reason to open the connection.
    assert_eq!(server.process.terminate().code, Some(0));
    let server = Server::again(&world);
    let confirmed = intents(&["confirm", listed()[0]["id"].as_str().expect("an id")]);
    assert_eq!(confirmed.code, Some(0), "{confirmed:?}");
    until(|| world.lines("handed/intents.jsonl").len() == 1);
    let wrong = intents(&["list", "--connection", "conection"]);
    assert_eq!(wrong.code, Some(64));
    assert!(wrong.err.contains("connection"), "{wrong:?}");
    assert_eq!(server.process.terminate().code, Some(0));
}

/// A connection that takes no webhooks has its doors for other systems, and what was told at one outlives the process.
#[test]
fn callbacks_come_to_a_connection_that_takes_no_webhooks() {
    let (world, conversations) = Desk::prepare("direction: write\n");
    let id = conversations[0].as_str();
    let server = Server::start(&world, CONNECTIONS);
    let tell = |server: &Server, secret: &str, path: &str, event: &str| {
        let url = format!("{}{path}", server.webhooks);
        signed(&url, secret, &comment(event, id)).status
    };
    assert_eq!(tell(&server, "guess", "/connection/desk", "e1"), 401);
    for path in ["/connection", "/connection/other", "/other/desk"] {
        assert_eq!(tell(&server, SECRET, path, "e1"), 404, "{path}");
    }
    assert_eq!(tell(&server, SECRET, "/connection/desk", "e1"), 200);
    until(|| world.said(id, "we know (e1)") == 1);
    let paths = server.connection("connection")["callback_paths"].clone();
    assert_eq!(paths, json!(["/connection/desk"]));

    // The write is refused until the process is gone.
    let path = format!("/conversations/{id}/reply");
    let fault = json!([{ "method": "POST", "path": path, "first": 1, "times": 1_000, "kind": "status-503" }]);
    world.service.post("faults", &fault);
    assert_eq!(tell(&server, SECRET, "/connection/desk", "e2"), 200);
    server.process.kill();
    world.service.post("faults", &json!([]));
    let text = std::fs::read_to_string(world.path(CONNECTION)).expect("a file");
    let moved = text.replace("    id: /event", "    path: /in/desk\n    id: /event");
    world.write(CONNECTION, moved);
    let server = Server::again(&world);
    until(|| world.said(id, "we know (e2)") == 1);
    assert_eq!(tell(&server, SECRET, "/in/desk", "e2"), 200);
    assert_eq!(tell(&server, SECRET, "/connection/desk", "e2"), 404);
    assert_eq!(server.process.terminate().code, Some(0));
    assert_eq!(world.said(id, "we know (e2)"), 1);
}
