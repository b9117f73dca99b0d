use std::collections::BTreeMap;
use std::time::Duration;

use host_test::simulator::Fault;
use serde_json::{Value, json};

use crate::http::{Answer, send};
use crate::process::{Running, documents, until};
use crate::stored::Sink;
use crate::webhooks::{contact, listening, made_at, notification, serve_into, signature};
use crate::world::{CLIENT_SECRET, CONNECTION, World};

/// Lines of a connection besides its settings of webhooks.
const CONFIG: &str = "config: { region: us, api_version: \"2.11\" }\n";

fn deliver_with(url: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let signature = signature(body, CLIENT_SECRET);
    let mut headers = headers.to_vec();
    headers.push(("x-hub-signature", signature.as_str()));
    send("POST", url, &headers, body)
}

pub fn deliver(url: &str, body: &[u8]) -> Answer {
    deliver_with(url, &[], body)
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// A notification of a workspace that this contact changed at a second.
pub fn changed(workspace: &str, id: &str, key: &str, second: i64, name: &str) -> Vec<u8> {
    json!({
        "type": "notification_event", "app_id": workspace, "id": id, "topic": "contact.user.updated",
        "created_at": made_at(),
        "data": { "type": "notification_event_data", "item": {
            "type": "contact", "id": key, "name": name, "updated_at": second,
            "role": "user", "workspace_id": workspace, "location": {},
        } },
    })
    .to_string()
    .into_bytes()
}

/// Writes another connection: to another workspace, without a token.
fn write_connection(world: &World, name: &str, secret: &str, lines: &str) {
    let text = format!(
        "connector: intercom\ncredentials: {{ client_secret: \"{secret}\" }}\n\
         endpoint: {}\n{CONFIG}{lines}",
        world.service.url
    );
    world.write(name, text);
}

fn serve_both(world: &World, output: &str) -> (Running, String) {
    let running = world.start(&[
        "webhook",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--output",
        output,
        "--connection",
        "other.yaml",
    ]);
    let url = listening(&running);
    (running, url)
}

#[test]
fn one_address_serves_several_connections_each_into_its_own_output() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    // The second connection's workspace is known to it from a check that is stored; here it is not, and its secret tells.
    write_connection(&world, "other.yaml", "of-another-app", "");
    let (running, url) = serve_both(&world, "jsonl:out");
    let own = changed("simulator", "n1", "c1", made_at(), "Own");
    assert_eq!(deliver(&url, &own).status, 200);
    let foreign = changed("elsewhere", "n2", "c2", made_at(), "Foreign");
    let signed = signature(&foreign, "of-another-app");
    let headers = [("x-hub-signature", signed.as_str())];
    assert_eq!(send("POST", &url, &headers, &foreign).status, 200);
    // The path decides before the body does, and the component still looks at the body.
    let named = deliver(&format!("{url}connection"), &foreign);
    assert_eq!(
        (named.status, text(&named).contains("wrong_workspace")),
        (401, true)
    );
    let nobody = deliver(&url, b"{\"topic\":\"ping\"}");
    assert_eq!(
        (nobody.status, text(&nobody).contains("/app_id")),
        (400, true)
    );
    let finished = running.terminate();
    assert!(finished.err.contains("2 accepted"), "{finished:?}");
    for (lines, key) in [("out/connection", "c1"), ("out/other", "c2")] {
        let lines = world.lines(&format!("{lines}/contacts.jsonl"));
        assert_eq!((lines.len(), &lines[0]["key"]), (1, &json!(key)));
    }

    // Two files of the same name would be one path.
    std::fs::create_dir(world.path("deep")).unwrap();
    write_connection(&world, "deep/other.yaml", "of-another-app", "");
    let same = [
        "webhook",
        "serve",
        "--connection",
        "other.yaml",
        "--connection",
        "deep/other.yaml",
    ];
    let refused = world.run(&same);
    assert_eq!(
        (refused.code, refused.err.contains("another name")),
        (Some(64), true)
    );
}

/// Customers of one app have one secret: it does not say whose a delivery is, so nobody has it before that is known.
#[test]
fn what_a_shared_secret_signed_is_for_nobody_whose_workspace_is_not_known() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    write_connection(&world, "other.yaml", "${CLIENT_SECRET}", "");
    let (running, url) = serve_both(&world, "jsonl:out");
    let foreign = changed("elsewhere", "n1", "c1", made_at(), "Foreign");
    for url in [url.clone(), format!("{url}other")] {
        let answer = deliver(&url, &foreign);
        let said = text(&answer).contains("is not known yet");
        assert_eq!((answer.status, said), (503, true), "{answer:?}");
    }
    let own = changed("simulator", "n2", "c2", made_at(), "Own");
    assert_eq!(deliver(&url, &own).status, 200);
    let finished = running.terminate();
    assert!(finished.err.contains("1 accepted"), "{finished:?}");
    assert_eq!(world.lines("out/other/contacts.jsonl").len(), 0);
}

#[test]
fn a_workspace_that_nobody_is_connected_to_is_not_found() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    let (running, url) = serve_into(&world, "jsonl:out");
    let answer = deliver(
        &url,
        &changed("elsewhere", "n1", "c1", made_at(), "Foreign"),
    );
    assert_eq!(answer.status, 404);
    assert!(text(&answer).contains("no connection here"), "{answer:?}");
    let finished = running.terminate();
    assert!(finished.err.contains("1 refused"), "{finished:?}");
}

#[test]
fn a_connection_that_is_gone_is_told_to_the_sender() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    let (running, url) = serve_into(&world, "jsonl:out");
    let status = |number: usize| {
        let body = changed("simulator", &number.to_string(), "c1", made_at(), "x");
        deliver(&url, &body).status
    };
    assert_eq!(status(0), 200);
    let before = std::fs::read(world.path(CONNECTION)).unwrap();
    world.connect(&format!("enabled: false\n{CONFIG}"));
    until(|| status(1) == 410);
    // Half of a file is not the end of a connection, and neither is it the end of that end.
    world.write(CONNECTION, "connector: [");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(status(2), 410);
    world.write(CONNECTION, &before);
    until(|| status(3) == 200);
    std::fs::remove_file(world.path(CONNECTION)).unwrap();
    until(|| status(4) == 410);
    assert_eq!(running.terminate().code, Some(0));
}

#[test]
fn only_allowed_addresses_and_the_word_of_trusted_proxies_count() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    let body = changed("simulator", "n1", "c1", made_at(), "x");
    world.connect(&format!(
        "webhooks: {{ allow_from: [intercom, 192.0.2.0/24] }}\n{CONFIG}"
    ));
    let (running, url) = serve_into(&world, "jsonl:out");
    let forged = [("x-forwarded-for", "192.0.2.1")];
    assert_eq!(deliver(&url, &body).status, 403);
    assert_eq!(deliver_with(&url, &forged, &body).status, 403);
    running.terminate();

    world.connect(&format!(
        "webhooks: {{ allow_from: [intercom, 192.0.2.0/24], trusted_proxies: 127.0.0.1 }}\n{CONFIG}"
    ));
    let (running, url) = serve_into(&world, "jsonl:out");
    for (told, status) in [
        ("192.0.2.1", 200),
        // One of those that Intercom publishes for the region.
        ("203.0.113.1, 34.231.68.152", 200),
        ("192.0.2.1, 203.0.113.1", 403),
    ] {
        let answer = deliver_with(&url, &[("x-forwarded-for", told)], &body);
        assert_eq!(answer.status, status, "{told}");
    }
    running.terminate();

    world.connect(&format!("webhooks: {{ allow_from: zendesk }}\n{CONFIG}"));
    let refused = world.run(&["webhook", "serve", "--output", "jsonl:out"]);
    assert_eq!(refused.code, Some(64));
    assert!(
        refused.err.contains("zendesk") && refused.err.contains("intercom"),
        "{refused:?}"
    );
}

#[test]
fn what_is_too_old_is_refused_and_what_has_no_time_is_not() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    world.connect(&format!("webhooks: {{ replay_window: 2h }}\n{CONFIG}"));
    let (running, url) = serve_into(&world, "jsonl:out");
    let made = |at: Value, id: &str| {
        let mut body: Value =
            serde_json::from_slice(&notification(id, "contact.user.updated", &contact(id)))
                .unwrap();
        body["created_at"] = at;
        body.to_string().into_bytes()
    };
    for (at, id, status) in [
        (json!(made_at() - 3 * 3_600), "old", 400),
        (json!(made_at() - 3_600), "young", 200),
        (Value::Null, "timeless", 200),
    ] {
        let answer = deliver(&url, &made(at, id));
        assert_eq!(answer.status, status, "{id}: {}", text(&answer));
        assert_eq!(text(&answer).contains("replay_window"), status == 400);
    }
    let finished = running.terminate();
    assert!(finished.err.contains("1 too old"), "{finished:?}");
    assert_eq!(world.lines("out/contacts.jsonl").len(), 2);
}

/// The database is locked by somebody: deliveries are taken until the queue is full, and all of them arrive.
#[test]
fn a_full_queue_sends_away_and_what_was_taken_arrives() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    world.connect(&format!("webhooks: {{ queue_limit: 5 }}\n{CONFIG}"));
    let (running, url) = serve_into(&world, "sqlite:out.db");
    let database = rusqlite::Connection::open(world.path("out.db")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut taken = 0;
    let mut number = 0;
    until(|| {
        number += 1;
        let body = changed(
            "simulator",
            &number.to_string(),
            &format!("k{number}"),
            made_at(),
            "x",
        );
        let answer = deliver(&url, &body);
        if answer.status == 200 {
            taken += 1;
            return false;
        }
        assert_eq!(answer.status, 429);
        let wait = answer
            .header("retry-after")
            .and_then(|text| text.parse::<u32>().ok());
        assert!(wait.is_some_and(|seconds| seconds > 0), "{answer:?}");
        true
    });
    let status = world.status("sqlite:out.db");
    assert_eq!(status["queue"]["waiting"], json!(taken));
    assert!(
        status["queue"]["oldest_age_ms"].as_i64() >= Some(0),
        "{status}"
    );
    database.execute_batch("ROLLBACK").unwrap();
    let finished = running.terminate();
    assert!(finished.err.contains("1 throttled"), "{finished:?}");
    assert!(finished.err.contains("0 still queued"), "{finished:?}");
    assert_eq!((taken, world.rows("out.db", "contacts")), (5, 5));
    assert_eq!(world.status("sqlite:out.db")["queue"]["waiting"], json!(0));
}

#[test]
fn what_is_late_does_not_overwrite_whatever_the_output() {
    for sink in [Sink::Files, Sink::Database] {
        let world = World::new(&["--contacts", "3", "--companies", "3"]);
        let (running, url) = serve_into(&world, sink.argument());
        for (id, second, name) in [("1", 0, "new"), ("2", -60, "old"), ("3", 0, "newest")] {
            let body = changed("simulator", id, "c1", made_at() + second, name);
            assert_eq!(deliver(&url, &body).status, 200);
        }
        let finished = running.terminate();
        assert!(finished.err.contains("1 stale"), "{finished:?}");
        assert_eq!(sink.rows(&world, "contacts")["c1"]["name"], "newest");
        let status = world.status(sink.argument());
        assert_eq!(status["queue"]["counts"]["stale"], json!(1));
    }
}

/// Of a company a webhook tells a part: the rest is read, also when that takes several tries and a restart.
#[test]
fn rows_are_read_again_in_the_background() {
    for sink in [Sink::Files, Sink::Database] {
        let world = World::new(&["--contacts", "3", "--companies", "3", "--time-scale", "60"]);
        let dump = world.service.get("companies?limit=1");
        let key = dump["data"][0]["id"].as_str().expect("an id").to_owned();
        let item =
            json!({ "type": "company", "id": key, "name": "Patched", "custom_attributes": {} });
        let fault: Result<Fault, _> = "GET /companies* first=1 times=1000 kind=status-500".parse();
        world
            .service
            .post("faults", &json!([fault.expect("a fault")]));
        let output = sink.argument();
        let serve = |scale: &'static str| {
            let mut arguments = crate::webhooks::SERVE.to_vec();
            arguments[5] = output;
            arguments.extend(["--time-scale", scale]);
            let running = world.start(&arguments);
            let url = listening(&running);
            (running, url)
        };
        let (running, url) = serve("1");
        assert_eq!(
            deliver(&url, &notification("1", "company.updated", &item)).status,
            200
        );
        let again = |count: u64| {
            until(|| world.status(output)["queue"]["rows_to_read_again"] == json!(count));
        };
        again(1);
        running.terminate();
        again(1);
        world.service.post("faults", &json!([]));
        let (running, _) = serve("60");
        again(0);
        let finished = running.terminate();
        assert!(finished.err.contains("1 rows read again"), "{finished:?}");
        let row = &sink.rows(&world, "companies")[&key];
        assert_eq!(row["id"], json!(key));
        assert!(
            row["created_at"].is_i64() && row["name"] != "Patched",
            "{row}"
        );
    }
}

/// A hybrid connection is read at the start, and every so often, while webhooks come into the same output.
#[test]
fn a_hybrid_connection_is_read_and_told_into_one_output() {
    for sink in [Sink::Files, Sink::Database] {
        let world = World::new(&[
            "--contacts",
            "260",
            "--companies",
            "3",
            "--time-scale",
            "60",
        ]);
        world.connect(&format!(
            "mode: hybrid\nsync_every: 15m\nstreams: [contacts, companies, admins, teams, tags, segments]\n{CONFIG}"
        ));
        let mut arguments = crate::webhooks::SERVE.to_vec();
        arguments[5] = sink.argument();
        // A quarter of an hour is a second and a half then.
        arguments.extend(["--time-scale", "600", "--workers", "3"]);
        let running = world.start(&arguments);
        let url = listening(&running);
        world.service.post("webhook-url", &json!({ "url": url }));
        for _ in 0..5 {
            world
                .service
                .post("mutate", &json!({ "contacts": 10, "companies": 1 }));
            std::thread::sleep(Duration::from_millis(100));
        }
        world.service.post("webhook-url", &json!({ "url": null }));
        running.line("✓ connection: synced");
        // Nobody tells of these.
        world.service.pass(5);
        world.service.post("mutate", &json!({ "contacts": 10 }));
        until(|| last_changes(&world, sink) == world.service.contacts());
        let output = sink.argument();
        until(|| world.status(output)["queue"]["rows_to_read_again"] == json!(0));
        assert_eq!(running.terminate().code, Some(0));
        if sink == Sink::Database {
            let database = rusqlite::Connection::open(world.path("out.db")).unwrap();
            let question = "SELECT count(*) FROM companies WHERE partial <> 0";
            let partial: i64 = database.query_row(question, [], |row| row.get(0)).unwrap();
            assert_eq!((partial, world.rows("out.db", "companies")), (0, 3));
        }
    }
}

/// The second of the last change of each contact: what its last line says, or its row.
fn last_changes(world: &World, sink: Sink) -> BTreeMap<String, i64> {
    let change = |key: &Value, data: &Value| {
        let second = data["updated_at"].as_i64().expect("a second");
        (key.as_str().expect("a key").to_owned(), second)
    };
    match sink {
        Sink::Database => {
            let rows = sink.rows(world, "contacts").into_iter();
            rows.map(|(key, data)| change(&json!(key), &data)).collect()
        }
        Sink::Files => {
            let text = std::fs::read_to_string(world.path("out/contacts.jsonl"));
            // The last line may be on its way.
            let lines = text.unwrap_or_default();
            let whole = lines.rsplit_once('\n').map_or("", |(whole, _)| whole);
            let lines = documents(whole).into_iter();
            lines
                .map(|line| change(&line["key"], &line["data"]))
                .collect()
        }
    }
}

#[test]
fn realtime_and_batch_do_one_thing_only() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    world.connect(&format!("mode: batch\n{CONFIG}"));
    let refused = world.run(&["webhook", "serve", "--output", "jsonl:out"]);
    assert_eq!(
        (refused.code, refused.err.contains("`mode`")),
        (Some(64), true)
    );
    world.connect(&format!("mode: realtime\nsync_every: 15m\n{CONFIG}"));
    let refused = world.run(&["webhook", "serve", "--output", "jsonl:out"]);
    assert_eq!(
        (refused.code, refused.err.contains("sync_every")),
        (Some(64), true)
    );
    world.connect(&format!("mode: realtime\n{CONFIG}"));
    let requests = world.service.requests();
    let (running, url) = serve_into(&world, "jsonl:out");
    assert_eq!(
        deliver(&url, &changed("simulator", "1", "c1", made_at(), "x")).status,
        200
    );
    running.terminate();
    // The check, and nothing that reads rows into the output.
    assert!(world.service.requests() > requests);
    assert_eq!(world.lines("out/contacts.jsonl").len(), 1);
}
