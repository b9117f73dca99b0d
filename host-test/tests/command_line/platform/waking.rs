use serde_json::{Value, json};

use super::{Server, document};
use crate::callbacks::{Desk, SECRET, comment, signed};
use crate::http::send;
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

/// Commands reach the queue of a platform's connection by its name, whether a server runs or not and wherever it is described.
#[test]
fn triggers_and_intents_of_a_platform_are_reached_by_name() {
    let (world, ids) = World::with_conversations();
    let id = ids[0].as_str();
    world.connect(&format!(
        "{CONFIG}intents: {{ output: \"jsonl:handed\" }}\n\
         triggers: {{ refund: {{ on: conversation.user.replied, when: {{ keyword: refund }}, action: alarm }} }}\n"
    ));
    let other = "- connection.yaml\n- { name: other, connector: intercom, credentials: { access_token: t } }\n";
    let server = Server::start(&world, &format!("connections:\n{other}"));
    let run = |arguments: &[&str]| {
        let place = ["--config", "platform.yaml", "--json"];
        let all: Vec<&str> = arguments.iter().chain(&place).copied().collect();
        finish(world.command(&all), b"")
    };
    let named = |arguments: &[&str]| {
        let name = ["--connection", "connection"];
        run(&[arguments, &name].concat())
    };
    let listed = named(&["triggers", "list"]);
    assert_eq!(listed.document()["triggers"][0]["name"], "refund");
    assert_eq!(listed.document()["triggers"][0]["enabled"], true);

    // A switch is seen by the server.
    let off = named(&["triggers", "disable", "refund"]);
    assert_eq!(off.code, Some(0), "{off:?}");
    let url = format!("{}/connection", server.webhooks);
    world.service.post("webhook-url", &json!({ "url": url }));
    world.says(id, "A refund, please");
    let accepted = || server.connection("connection")["queue"]["counts"]["accepted"].clone();
    until(|| accepted().as_u64().is_some_and(|count| count > 0));
    world.service.post("webhook-url", &json!({ "url": null }));
    let none = named(&["intents", "list"]);
    assert_eq!(none.document()["intents"], json!([]));

    // What somebody makes by hand is carried out by the server, which lets nobody else do it meanwhile.
    let made = named(&["intents", "create", "refund", id]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert_eq!(made.document()["intents"][0]["new"], true);
    until(|| world.lines("handed/intents.jsonl").len() == 1);
    assert_eq!(server.process.terminate().code, Some(0));

    let made = named(&["intents", "create", "refund", ids[1].as_str()]);
    assert_eq!(made.document()["intents"][0]["state"], "pending");
    let ran = named(&["intents", "run"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.document()["done"], 1);
    assert_eq!(world.lines("handed/intents.jsonl").len(), 2);
    assert_eq!(named(&["triggers", "run"]).code, Some(0));
    assert_eq!(named(&["callbacks", "run"]).code, Some(0));

    // What does not say whose queue it is.
    for (arguments, said) in [
        (
            &["triggers", "list"][..],
            "--connection NAME: connection, other",
        ),
        (
            &["triggers", "list", "--connection", "conection"],
            "did you mean connection?",
        ),
        (
            &[
                "intents",
                "run",
                "--connection",
                "other",
                "--output",
                "jsonl:x",
            ],
            "cannot be used with",
        ),
    ] {
        let wrong = run(arguments);
        assert_eq!(wrong.code, Some(64), "{wrong:?}");
        assert!(wrong.err.contains(said), "{}", wrong.err);
    }
    let missing = finish(world.command(&["triggers", "list"]), b"");
    assert_eq!(missing.code, Some(64));
    assert!(missing.err.contains("--connection"), "{}", missing.err);
}

/// One that was added is encrypted: whoever has the key reaches it, and nobody else.
#[test]
fn an_added_connection_is_reached_with_the_key() {
    let (world, ids) = World::with_conversations();
    let server = Server::start(&world, "");
    let mut added = document(&world, "added");
    added["triggers"] = json!({"refund": {"on": "conversation.user.replied", "action": "alarm"}});
    server.json(201, "POST", "/connections", &added.to_string());
    assert_eq!(server.process.terminate().code, Some(0));
    let create = [
        "intents",
        "create",
        "refund",
        ids[0].as_str(),
        "--config",
        "platform.yaml",
    ];
    let made = finish(world.command(&create), b"");
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.out.contains("made, pending"), "{}", made.out);
    let mut command = world.command(&create);
    command.env("KEY", "0".repeat(64));
    let refused = finish(command, b"");
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused
            .err
            .contains("the stored document of added: it was encrypted with another key"),
        "{}",
        refused.err
    );
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
    // What became of it is kept and counted, without what was in it.
    let outcomes = || {
        let path = "/connections/connection/outcomes";
        server.json(200, "GET", path, "")["outcomes"].clone()
    };
    until(|| outcomes()[0]["status"] == "created");
    let kept = outcomes();
    assert_eq!(kept[0]["action"], "conversation_parts");
    assert_eq!(kept[0]["cause"], "callback:desk:e1:0");
    assert!(kept[0]["object_id"].is_string() && kept[0]["problem"].is_null());
    assert!(kept.as_array().unwrap().len() == 1 && !kept.to_string().contains("we know"));
    let metrics = send("GET", &format!("{}/metrics", server.control), &[], b"");
    let metrics = String::from_utf8(metrics.body).expect("UTF-8");
    let written = "connector_rows_written_total{connection=\"connection\",action=\"conversation_parts\",outcome=\"created\"} 1";
    assert!(metrics.contains(written), "{metrics}");
    server.json(400, "GET", "/connections/connection/outcomes?limit=0", "");
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
