use serde_json::{Value, json};

use crate::http::{Answer, send};
use crate::process::{Running, until};
use crate::webhooks::{contact, notification, signature};
use crate::world::{CLIENT_SECRET, CONTROL, TOKEN, World};

/// What somebody asked for, and whether it is done.
mod asked;
/// Who asks the control API for what, and with what manners.
mod callers;
/// `erase`, and `status` of a platform.
mod erasing;
/// The kill test: nothing is lost and nothing repeated.
mod kills;
/// `/metrics` of a platform.
mod measured;
/// The status page.
mod page;
/// A provider that says nothing.
mod silence;
/// What is whose, where many share a server.
mod tenants;
/// What cannot be decrypted or stored, and who says nothing.
mod troubled;
/// Versions of the component, through the control API.
mod versions;
/// What nobody tells of after the start: intents, callbacks, silence.
mod waking;

/// A platform in a process of its own.
pub struct Server {
    pub process: Running,
    pub control: String,
    pub webhooks: String,
}

impl Server {
    /// Writes the platform's file, with these connections and further lines, and starts it.
    pub fn start(world: &World, lines: &str) -> Server {
        Server::write(world, lines);
        Server::again(world)
    }

    pub fn write(world: &World, lines: &str) {
        let text = format!(
            "data: data\nkey: \"${{KEY}}\"\ncontrol: {{ listen: \"127.0.0.1:0\", token: \"${{CONTROL}}\" }}\n\
             webhooks: {{ listen: \"127.0.0.1:0\" }}\n{lines}"
        );
        world.write("platform.yaml", text);
    }

    /// Starts the platform of a file that is there.
    pub fn again(world: &World) -> Server {
        let arguments = ["serve", "--config", "platform.yaml", "--time-scale", "20"];
        let process = Running::start(world.command(&arguments), b"");
        let address = |line: String| {
            let address = line.split("http://").nth(1).expect("an address");
            format!("http://{}", address.trim().trim_end_matches('/'))
        };
        Server {
            control: address(process.line("control API")),
            webhooks: address(process.line("webhooks on")),
            process,
        }
    }

    pub fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        self.ask_with(method, path, body, &format!("Bearer {CONTROL}"))
    }

    pub fn ask_with(&self, method: &str, path: &str, body: &str, authorization: &str) -> Answer {
        let headers = [("authorization", authorization)];
        let url = format!("{}{path}", self.control);
        send(method, &url, &headers, body.as_bytes())
    }

    /// A document, with the status that is expected.
    pub fn json(&self, status: u16, method: &str, path: &str, body: &str) -> Value {
        let answer = self.ask(method, path, body);
        let text = String::from_utf8(answer.body).expect("UTF-8");
        assert_eq!(answer.status, status, "{method} {path}: {text}");
        for secret in [TOKEN, CLIENT_SECRET] {
            assert!(!text.contains(secret), "{method} {path} tells a secret");
        }
        serde_json::from_str(&text).expect("a document")
    }

    pub fn connection(&self, name: &str) -> Value {
        self.json(200, "GET", &format!("/connections/{name}"), "")
    }

    /// Waits until a connection has synced once with this status.
    pub fn until_synced(&self, name: &str, status: &str) -> Value {
        let mut document = Value::Null;
        until(|| {
            document = self.connection(name);
            document["last_sync"]["status"] == status
        });
        document
    }
}

/// The database of a connection.
pub fn records(name: &str) -> String {
    format!("data/connections/{name}/records.db")
}

const STREAMS: &str = "streams: [contacts, companies]\n";

fn connect(world: &World, lines: &str) {
    world.connect(&format!(
        "config: {{ region: us, api_version: \"2.11\" }}\n{lines}"
    ));
}

/// Checks the connection file for a connection of the platform, so that its first sync begins with its streams.
fn check(world: &World, name: &str) {
    std::fs::create_dir_all(world.path(&format!("data/connections/{name}"))).unwrap();
    let output = format!("sqlite:{}", records(name));
    world.succeed(&["read", "subscription_types", "--output", &output]);
}

/// A document for the control API, with the secrets in it.
fn document(world: &World, name: &str) -> Value {
    json!({
        "name": name, "tenant": "added", "schedule": {"every": "10s"},
        "connector": "intercom", "endpoint": world.service.url,
        "credentials": {"access_token": TOKEN, "client_secret": CLIENT_SECRET},
        "config": {"region": "us", "api_version": "2.11"},
        "streams": ["contacts", "tags"],
    })
}

#[test]
fn connections_of_the_file_and_of_the_api_sync_and_say_so() {
    let world = World::new(&[]);
    connect(&world, STREAMS);
    let server = Server::start(&world, "connections: [connection.yaml]\n");
    let synced = server.until_synced("connection", "complete");
    assert_eq!(world.rows(&records("connection"), "contacts"), 260);
    assert_eq!(synced["source"], "file");
    assert_eq!(synced["workspace_id"], "simulator");
    assert_eq!(synced["streams"]["companies"]["records"], 130);
    assert_eq!(synced["webhook_path"], "/connection");
    assert!(synced["lag_ms"].is_u64() && synced["last_failure"].is_null());

    // Whoever has no token learns nothing, is counted, and waits.
    for wrong in ["Bearer wrong", "Basic d3Jvbmc6d3Jvbmc=", ""] {
        let answer = server.ask_with("GET", "/connections", "", wrong);
        assert_eq!(answer.status, 401, "{wrong}");
    }
    let status = server.json(200, "GET", "/status", "");
    assert_eq!(status["refused_attempts"], 3);
    assert_eq!(status["connections"], 1);
    let health = send("GET", &format!("{}/health", server.control), &[], b"");
    assert_eq!(health.status, 200);

    // Added, it syncs, and what it was added with is nowhere to be read: not in an answer, not in a file.
    let added = document(&world, "acme").to_string();
    let told = server.json(201, "POST", "/connections", &added);
    assert_eq!(
        (&told["tenant"], &told["source"]),
        (&json!("added"), &json!("api"))
    );
    server.until_synced("acme", "complete");
    assert_eq!(world.rows(&records("acme"), "contacts"), 260);
    server.json(409, "POST", "/connections", &added);
    server.json(200, "PUT", "/connections/acme", &added);
    server.json(
        409,
        "PUT",
        "/connections/connection",
        &added.replace("acme", "connection"),
    );
    for (wrong, part) in [
        ("{\"name\":\"x\"}".to_owned(), "connector"),
        (added.replace("acme", "../up"), "not a name"),
        (added.replace(TOKEN, "${HOME}").replace("acme", "b"), "HOME"),
        (
            added.replace("\"tags\"", "\"tags\"],\"output\":[\"x\""),
            "output",
        ),
        (
            "{\"name\":\"x\",\"file\":\"/etc/passwd\"}".to_owned(),
            "file",
        ),
        ("nonsense".to_owned(), "mapping"),
        (
            added.replace("\"intercom\"", "\"hubspot\""),
            "connector: found hubspot, expected intercom",
        ),
        (
            added.replace("\"tags\"", "\"tagz\""),
            "there is no stream `tagz` (did you mean tags?)",
        ),
    ] {
        let answer = server.ask("POST", "/connections", &wrong);
        let text = String::from_utf8(answer.body).unwrap();
        assert!(
            answer.status == 422 && text.contains(part),
            "{part}: {} {text}",
            answer.status
        );
    }
    assert_eq!(server.ask("GET", "/connections/acne", "").status, 404);
    // Without a token it is there, and says what it lacks.
    let mut tokenless = document(&world, "tokenless");
    tokenless["credentials"] = json!({});
    server.json(201, "POST", "/connections", &tokenless.to_string());
    let failed = server.until_synced("tokenless", "failed");
    let said = failed["last_sync"]["message"].as_str().unwrap();
    assert!(
        said.starts_with("it has no access token; give it"),
        "{said}"
    );
    server.json(200, "DELETE", "/connections/tokenless", "");
    // What comes to no route is told as a document as well.
    for (method, path, status) in [
        ("GET", "/connections/%ff", 400),
        ("GET", "/nothing", 404),
        ("PATCH", "/connections/acme", 405),
    ] {
        let told = server.json(status, method, path, "");
        assert!(told["error"].is_string(), "{told}");
    }

    // Paused, it does nothing; resumed, it does what it is asked.
    let paused = server.json(200, "POST", "/connections/acme/pause", "");
    assert_eq!(paused["paused"], true);
    server.json(409, "POST", "/connections/acme/sync", "");
    server.json(200, "POST", "/connections/acme/resume", "");
    server.json(400, "POST", "/connections/acme/sync", "{\"ful\":true}");
    server.json(202, "POST", "/connections/acme/sync", "{\"full\":true}");
    until(|| {
        let runs = server.json(200, "GET", "/connections/acme/runs?limit=1000", "");
        let runs = runs["runs"].as_array().cloned().unwrap_or_default();
        runs.iter().any(|run| {
            run["asked"] == true && run["streams"]["contacts"]["records"].as_u64() >= Some(260)
        })
    });

    // A server that begins again knows what was added; then it is gone, with all that it had.
    let finished = server.process.terminate();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let server = Server::again(&world);
    assert_eq!(server.connection("acme")["source"], "api");
    server.json(409, "DELETE", "/connections/connection", "");
    server.json(200, "DELETE", "/connections/acme?data=remove", "");
    server.json(404, "GET", "/connections/acme", "");
    assert!(!world.path("data/connections/acme").exists());
    assert_eq!(server.process.terminate().code, Some(0));
}

/// A connection that takes no webhooks has intents all the same, each once.
#[test]
fn triggers_are_carried_out_where_there_are_only_syncs() {
    let world = World::new(&["--conversations", "30"]);
    connect(
        &world,
        "mode: batch\nstreams: [conversations]\nintents: { output: \"jsonl:handed\" }\n\
         triggers: { open: { when: { path: state, equals: open }, action: look, read_again: false } }\n",
    );
    let dump = world.service.get("conversations?limit=100");
    let all = dump["data"].as_array().expect("conversations").iter();
    let state = |row: &Value| {
        let id = row["id"].as_str().expect("an id");
        world.service.ask(&format!("/conversations/{id}"))["state"].clone()
    };
    let open = all.filter(|row| state(row) == "open").count();
    assert!(open > 1, "{dump}");
    let server = Server::start(&world, "connections: [connection.yaml]\n");
    let lines = || world.lines("handed/intents.jsonl").len();
    until(|| lines() == open);
    server.json(
        202,
        "POST",
        "/connections/connection/sync",
        "{\"full\":true}",
    );
    let runs = |server: &Server| {
        let runs = server.json(200, "GET", "/connections/connection/runs", "");
        runs["runs"].as_array().map_or(0, Vec::len)
    };
    until(|| runs(&server) >= 2);
    assert_eq!(lines(), open);
    let door = format!("{}/connection", server.webhooks);
    let answer = send("POST", &door, &[], b"{}");
    assert_eq!(answer.status, 404);
}

#[test]
fn webhooks_come_to_a_port_that_serves_nothing_else() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    connect(
        &world,
        "mode: hybrid\nstreams: [contacts]\nwebhooks: { read_again: false }\n",
    );
    let server = Server::start(&world, "connections: [connection.yaml]\n");
    server.until_synced("connection", "complete");
    let deliver = |path: &str, id: &str, key: &str, secret: &str| {
        let body = notification(id, "contact.user.updated", &contact(key));
        let signature = signature(&body, secret);
        let headers = [("x-hub-signature", signature.as_str())];
        send(
            "POST",
            &format!("{}{path}", server.webhooks),
            &headers,
            &body,
        )
        .status
    };
    assert_eq!(deliver("/connection", "n1", "by-name", CLIENT_SECRET), 200);
    assert_eq!(deliver("/connection", "n1", "by-name", CLIENT_SECRET), 200);
    // The workspace in the body names the connection where the path does not.
    assert_eq!(deliver("/", "n2", "by-workspace", CLIENT_SECRET), 200);
    assert_eq!(
        deliver("/connection", "n3", "forged", "another secret"),
        401
    );
    assert_eq!(deliver("/nobody", "n4", "lost", CLIENT_SECRET), 404);
    until(|| world.rows(&records("connection"), "contacts") == 5);
    let queue = server.connection("connection")["queue"].clone();
    assert_eq!(queue["counts"]["accepted"], 2, "{queue}");
    assert_eq!(queue["counts"]["duplicates"], 1, "{queue}");
    // Neither door serves what the other one does.
    let token = format!("Bearer {CONTROL}");
    let headers = [("authorization", token.as_str())];
    let asked = send(
        "GET",
        &format!("{}/connections", server.webhooks),
        &headers,
        b"",
    );
    assert_eq!((asked.status, asked.body.len()), (200, 0));
    let posted = send(
        "POST",
        &format!("{}/connections/connection/pause", server.webhooks),
        &headers,
        b"",
    );
    assert_eq!(posted.status, 404);
    assert_eq!(server.process.terminate().code, Some(0));
}

#[test]
fn an_end_in_the_middle_of_a_sync_is_gone_on_from() {
    let world = World::new(&["--contacts", "1000"]);
    connect(&world, "streams: [contacts]\n");
    check(&world, "connection");
    world.service.hold(4, false);
    let server = Server::start(&world, "connections: [connection.yaml]\nshutdown: 2s\n");
    until(|| world.service.held_back() > 0);
    let running = server.connection("connection");
    assert_eq!(running["state"], "running", "{running}");
    let finished = server.process.terminate();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    world.service.release();
    let before = world.rows(&records("connection"), "contacts");
    assert!((1..1_000).contains(&before), "{before} rows");
    let asked = world.service.requests();
    let server = Server::again(&world);
    server.until_synced("connection", "complete");
    assert_eq!(world.rows(&records("connection"), "contacts"), 1_000);
    // What was there is not asked for again: 1,000 contacts are more requests than were left.
    assert!(world.service.requests() - asked < 12);
    let runs = server.json(200, "GET", "/connections/connection/runs", "");
    let statuses: Vec<&str> = runs["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["status"].as_str().unwrap())
        .collect();
    assert!(statuses.contains(&"complete"), "{statuses:?}");
    assert_eq!(server.process.terminate().code, Some(0));
}

#[test]
fn a_large_tenant_gives_way_to_a_small_one() {
    let world = World::new(&["--contacts", "6000", "--companies", "3"]);
    connect(&world, "streams: [contacts, contact_notes]\n");
    let small = format!(
        "connector: intercom\ncredentials: {{ access_token: \"${{TOKEN}}\" }}\nendpoint: {}\n\
         config: {{ region: us, api_version: \"2.11\" }}\nstreams: [tags]\nmode: batch\n",
        world.service.url
    );
    world.write("small.yaml", small);
    // One place for all; the large one has three connections that would each use it for long.
    let lines = "concurrency: { global: 1, per_tenant: 1 }\nslice: 1s\nconnections:\n\
         - { file: connection.yaml, name: large, tenant: large }\n\
         - { file: connection.yaml, name: larger, tenant: large }\n\
         - { file: connection.yaml, name: largest, tenant: large }\n\
         - { file: small.yaml, schedule: { every: 10s, jitter: 0s } }\n";
    let server = Server::start(&world, lines);
    let small = server.until_synced("small", "complete");
    for name in ["large", "larger", "largest"] {
        let large = server.connection(name);
        assert!(
            large["last_sync"].is_null(),
            "{name} was at its end before: {large} {small}"
        );
    }
    assert_eq!(server.process.terminate().code, Some(0));
}

#[test]
fn what_is_wrong_with_a_platform_is_said_before_anything_is_begun() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    Server::write(&world, "connections: [nowhere.yaml]\n");
    let command = || world.command(&["serve", "--config", "platform.yaml"]);
    let refused = crate::process::finish(command(), b"");
    assert_eq!(refused.code, Some(64), "{refused:?}");
    assert!(refused.err.contains("nowhere.yaml"), "{refused:?}");
    // All of it at once, wherever it is.
    world.write("odd.yaml", "connector: intercom\nstreems: [contacts]\n");
    let inline = "{ name: inline, connector: intercom, credentials: { acess_token: t } }";
    Server::write(
        &world,
        &format!("connections: [nowhere.yaml, odd.yaml, {inline}]\n"),
    );
    let refused = crate::process::finish(command(), b"");
    assert_eq!(refused.code, Some(64), "{refused:?}");
    for said in [
        "nowhere.yaml: No such file",
        "streems (line 2): unknown key; did you mean streams?",
        "platform.yaml: the connection inline has a problem",
        "credentials.acess_token: unknown key; did you mean access_token?",
    ] {
        assert!(refused.err.contains(said), "{said}: {}", refused.err);
    }
    Server::write(&world, "concurency: { global: 2 }\n");
    let refused = crate::process::finish(command(), b"");
    assert!(
        refused.code == Some(64) && refused.err.contains("did you mean concurrency?"),
        "{refused:?}"
    );
    // Two servers over one folder would undo each other's work.
    let server = Server::start(&world, "");
    let second = crate::process::finish(command(), b"");
    assert!(
        second.code == Some(1)
            && second.err.contains("another process serves ")
            && second.err.contains("give this one a `data` of its own"),
        "{second:?}"
    );
    // Nor can two have one address.
    let address = server.control.trim_start_matches("http://");
    world.write(
        "second.yaml",
        format!("data: second\ncontrol: {{ listen: \"{address}\", token: t }}\nwebhooks: false\n"),
    );
    let busy = crate::process::finish(world.command(&["serve", "--config", "second.yaml"]), b"");
    let said = format!("cannot listen on {address}: Address already in use");
    assert!(busy.code == Some(1) && busy.err.contains(&said), "{busy:?}");
    assert_eq!(server.process.terminate().code, Some(0));
}

/// The new key in front of the old one encrypts everything anew, so that the old one can go.
#[test]
fn keys_are_replaced_one_behind_the_other() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    let server = Server::start(&world, "");
    let added = document(&world, "added").to_string();
    server.json(201, "POST", "/connections", &added);
    server.until_synced("added", "complete");
    assert_eq!(server.process.terminate().code, Some(0));
    let path = "platform.yaml";
    let text = std::fs::read_to_string(world.path(path)).expect("a file");
    let new = "5e".repeat(32);
    let with = |keys: &str| {
        world.write(path, text.replace("\"${KEY}\"", keys));
        Server::again(&world)
    };
    let problem = || {
        let command = world.command(&["status", "--config", path, "--json"]);
        let status = crate::process::finish(command, b"");
        status.document()["connections"][0]["problem"].clone()
    };

    let server = with(&format!("\"{new}\""));
    let told = "its stored document: it was encrypted with another key; add that key behind the new one; or replace the \
                connection with PUT /connections/NAME, or remove it with DELETE";
    assert_eq!(problem(), told);
    let ended = server.process.terminate();
    assert!(
        ended.err.contains(&format!("✗ added: {told}")),
        "{}",
        ended.err
    );
    for keys in [format!("[\"{new}\", \"${{KEY}}\"]"), format!("\"{new}\"")] {
        let server = with(&keys);
        let asked = server.json(202, "POST", "/connections/added/sync", "");
        assert!(asked.is_object(), "{asked}");
        let runs = || server.json(200, "GET", "/connections/added/runs", "");
        until(|| runs()["runs"][0]["asked"] == true && runs()["runs"][0]["status"] == "complete");
        assert_eq!(problem(), Value::Null);
        assert_eq!(server.process.terminate().code, Some(0));
    }
}
