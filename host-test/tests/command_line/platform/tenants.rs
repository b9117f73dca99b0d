use serde_json::{Value, json};

use super::{Server, document};
use crate::callbacks::{SECRET, signed};
use crate::http::send;
use crate::process::until;
use crate::webhook_service::changed;
use crate::webhooks::{made_at, signature};
use crate::world::{CLIENT_SECRET, World};

/// A connection that takes webhooks only, with these credentials, at an address.
fn realtime(world: &World, name: &str, token: &str, secret: &str, endpoint: &str) -> Value {
    let mut connection = document(world, name);
    connection["mode"] = json!("realtime");
    connection["streams"] = json!(["contacts"]);
    connection["webhooks"] = json!({"read_again": false});
    connection["credentials"] = json!({"access_token": token, "client_secret": secret});
    connection["endpoint"] = json!(endpoint);
    connection
}

fn deliver(server: &Server, path: &str, workspace: &str, key: &str) -> u16 {
    let body = changed(workspace, &format!("n-{key}"), key, made_at(), "A contact");
    let signature = signature(&body, CLIENT_SECRET);
    let headers = [("x-hub-signature", signature.as_str())];
    send(
        "POST",
        &format!("{}{path}", server.webhooks),
        &headers,
        &body,
    )
    .status
}

fn accepted(server: &Server, name: &str) -> u64 {
    let counts = &server.connection(name)["queue"]["counts"];
    counts["accepted"].as_u64().unwrap_or(0)
}

/// All customers of an app have one secret. What is of one workspace comes to the connections of that workspace, however many
/// others there are whose workspace nobody could find out, and to no other connection.
#[test]
fn a_delivery_comes_to_all_connections_of_its_workspace_and_to_no_other() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    let server = Server::start(&world, "");
    let add = |connection: &Value| {
        server.json(201, "POST", "/connections", &connection.to_string());
    };
    let url = &world.service.url;
    add(&realtime(
        &world,
        "mistyped",
        "mistyped",
        CLIENT_SECRET,
        url,
    ));
    for number in 1..=9 {
        let (name, secret) = (format!("a{number}"), format!("of-a{number}"));
        add(&realtime(&world, &name, "t", &secret, "http://127.0.0.1:9"));
    }
    // Nobody can say whose it is: it comes again, and nobody has it.
    assert_eq!(deliver(&server, "/", "elsewhere", "foreign"), 503);

    // Two of one workspace, of which nothing was asked yet, behind so many that cannot be found.
    for name in ["y", "z"] {
        add(&realtime(
            &world,
            name,
            crate::world::TOKEN,
            CLIENT_SECRET,
            url,
        ));
    }
    for name in ["y", "z"] {
        until(|| server.connection(name)["workspace_id"] == "simulator");
    }
    assert_eq!(deliver(&server, "/", "simulator", "own"), 200);
    for name in ["y", "z"] {
        until(|| accepted(&server, name) == 1);
    }
    // Neither at its own address is it clear whose a delivery is that others could have signed as well.
    assert_eq!(deliver(&server, "/mistyped", "elsewhere", "foreign"), 503);
    assert_eq!(deliver(&server, "/y", "elsewhere", "foreign"), 401);
    assert_eq!(accepted(&server, "mistyped"), 0);
    assert_eq!((accepted(&server, "y"), accepted(&server, "z")), (1, 1));

    // When all are known, what is for nobody is for nobody.
    for name in (1..=9)
        .map(|number| format!("a{number}"))
        .chain(["mistyped".to_owned()])
    {
        server.json(200, "DELETE", &format!("/connections/{name}"), "");
    }
    assert_eq!(deliver(&server, "/", "elsewhere", "foreign"), 404);
    assert_eq!(server.process.terminate().code, Some(0));
}

/// What is known of a connection's workspace holds also while its provider cannot be asked.
#[test]
fn a_workspace_that_was_found_once_is_known_while_nobody_answers() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    let server = Server::start(&world, "");
    let mut one = realtime(
        &world,
        "one",
        crate::world::TOKEN,
        CLIENT_SECRET,
        &world.service.url,
    );
    server.json(201, "POST", "/connections", &one.to_string());
    until(|| server.connection("one")["workspace_id"] == "simulator");
    one["endpoint"] = json!("http://127.0.0.1:9");
    server.json(200, "PUT", "/connections/one", &one.to_string());
    until(|| server.connection("one")["problem"].is_string());
    for path in ["/", "/one"] {
        assert_eq!(
            deliver(&server, path, "simulator", &path.replace('/', "k")),
            200,
            "{path}"
        );
    }
    assert_eq!(deliver(&server, "/one", "elsewhere", "foreign"), 401);
    assert_eq!(deliver(&server, "/", "elsewhere", "foreign"), 404);
    assert_eq!(server.process.terminate().code, Some(0));
}

/// A callback's path is never another connection's, and what cannot be read now is sent again.
#[test]
fn the_doors_of_a_connection_are_its_own() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    let server = Server::start(&world, "");
    let with_path = |name: &str, path: Option<&str>| {
        let mut connection = document(&world, name);
        let rules = json!([{"when": {"/type": "ping"}, "ignore": true}]);
        let mut desk = json!({"secret": SECRET, "id": "/event", "rules": rules});
        if let Some(path) = path {
            desk["path"] = json!(path);
        }
        connection["callbacks"] = json!({"desk": desk});
        connection.to_string()
    };
    server.json(201, "POST", "/connections", &with_path("victim", None));
    for (path, why) in [
        ("/victim/desk", "it is a door of the connection victim"),
        (
            "/victim/other",
            "what is below /victim is of the connection victim",
        ),
        ("/victim", "it is the address of the connection victim"),
        ("/", "webhooks of all connections come there"),
    ] {
        let refused = server.json(409, "POST", "/connections", &with_path("thief", Some(path)));
        let said = refused["error"].as_str().unwrap();
        assert!(
            said.contains("callbacks.desk.path") && said.contains(why),
            "{path}: {said}"
        );
    }
    server.json(
        201,
        "POST",
        "/connections",
        &with_path("other", Some("/hooks/desk")),
    );
    let tell = |server: &Server, path: &str, event: &str| {
        let url = format!("{}{path}", server.webhooks);
        signed(&url, SECRET, &json!({"event": event, "type": "ping"})).status
    };
    assert_eq!(tell(&server, "/victim/desk", "e1"), 200);
    assert_eq!(tell(&server, "/hooks/desk", "e1"), 200);
    assert_eq!(tell(&server, "/victim/none", "e1"), 404);
    assert_eq!(server.process.terminate().code, Some(0));

    // Who sends callbacks is not told that there is no door, and what was wrong is over with the key that is back.
    let file = std::fs::read_to_string(world.path("platform.yaml")).unwrap();
    world.write(
        "platform.yaml",
        file.replace("\"${KEY}\"", &format!("\"{}\"", "5e".repeat(32))),
    );
    let server = Server::again(&world);
    assert_eq!(tell(&server, "/victim/desk", "e2"), 503);
    assert_eq!(tell(&server, "/nobody/desk", "e2"), 404);
    assert!(server.connection("victim")["problem"].is_string());
    server.json(200, "POST", "/connections/victim/pause", "");
    assert_eq!(server.process.terminate().code, Some(0));
    world.write("platform.yaml", file);
    let server = Server::again(&world);
    assert_eq!(server.connection("victim")["problem"], Value::Null);
    assert_eq!(tell(&server, "/victim/desk", "e2"), 200);
    assert_eq!(server.process.terminate().code, Some(0));
}
