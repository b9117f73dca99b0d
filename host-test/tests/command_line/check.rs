use serde_json::{Value, json};

use crate::http::send;
use crate::webhooks::{notification, serve, signature};
use crate::world::{CLIENT_SECRET, CONNECTION, World};

fn finding<'a>(report: &'a Value, what: &str) -> &'a Value {
    let findings = report["findings"].as_array().expect("findings");
    let found = findings.iter().find(|finding| finding["what"] == what);
    found.unwrap_or_else(|| panic!("nothing about {what}: {report}"))
}

#[test]
fn a_good_connection_is_good_in_every_part() {
    let world = World::new(&[]);
    let finished = world.succeed(&["check"]);
    let lines: Vec<&str> = finished.out.lines().collect();
    let (parts, webhooks) = lines.split_at(lines.len() - 2);
    let lacking = "lacks it; it is in";
    let of_other_versions = |line: &&&str| {
        line.contains(lacking)
            || line.contains("api_version, or leave")
            || line.contains("only webhooks tell")
            || line.contains("leave the stream out")
    };
    let good: Vec<&&str> = parts
        .iter()
        .filter(|line| !of_other_versions(line))
        .collect();
    assert!(good.iter().all(|line| line.starts_with("✓ ")), "{lines:?}");
    assert_eq!(*good[1], "✓ API version: 2.11, as pinned");
    assert!(
        parts
            .iter()
            .any(|line| line.starts_with("– macros") && line.contains(lacking))
    );
    // What arrives, only a delivery can show.
    assert!(webhooks[0].starts_with("– webhooks: can be verified"));
    assert!(
        webhooks[1].contains("settings of your app") && webhooks[1].contains("`describe` lists")
    );
    assert_eq!(webhooks.len(), 2);
    let report = world.succeed(&["check", "--json"]).document();
    assert_eq!(report["ok"], true);
    assert_eq!(report["account"]["workspace_id"], "simulator");
    assert_eq!(report["account"]["time_zone"], "America/Los_Angeles");
}

#[test]
fn a_refused_token_fails_the_check_with_a_remedy() {
    let world = World::new(&[]);
    world.service.post("token", &json!({ "revoked": true }));
    let finished = world.run(&["check"]);
    assert_eq!(finished.code, Some(2));
    assert!(finished.out.contains("✗ API"), "{finished:?}");
    assert!(finished.out.contains("Authorise again"), "{finished:?}");
    assert!(finished.out.contains('→'), "{finished:?}");
    // Reading says the same, and writes nothing.
    let finished = world.run(&["read", "contacts", "--output", "jsonl:out"]);
    assert_eq!(finished.code, Some(1));
    assert!(finished.err.contains("Authorise again"), "{finished:?}");
    assert!(world.lines("out/contacts.jsonl").is_empty());
}

#[test]
fn another_region_is_named() {
    let world = World::new(&["--region", "EU"]);
    let finished = world.run(&["check", "--json"]);
    assert_eq!(finished.code, Some(2));
    let report = finished.document();
    assert_eq!(report["ok"], false);
    let message = finding(&report, "API")["message"].to_string();
    assert!(message.contains("region: eu"), "{message}");
}

#[test]
fn a_stream_without_permission_concerns_no_other() {
    let world = World::new(&["--denied", "companies"]);
    let finished = world.run(&["check", "--json"]);
    assert_eq!(finished.code, Some(2));
    let report = finished.document();
    let denied = finding(&report, "companies");
    assert_eq!(denied["ok"], false);
    assert!(
        denied["remedy"]
            .as_str()
            .is_some_and(|remedy| remedy.contains("Read and list users and companies")),
        "{denied}"
    );
    assert_eq!(finding(&report, "contacts")["ok"], true);

    let read = [
        "read",
        "companies",
        "contacts",
        "tags",
        "--output",
        "jsonl:out",
    ];
    let finished = world.run(&read);
    assert_eq!(finished.code, Some(3), "{finished:?}");
    assert!(world.lines("out/companies.jsonl").is_empty());
    for stream in ["contacts", "tags"] {
        let read = world.lines(&format!("out/{stream}.jsonl"));
        assert_eq!(read.len(), world.service.count(stream), "{stream}");
    }
}

#[test]
fn what_the_workspace_has_not_is_no_matter_of_permissions() {
    let world = World::new(&["--fault", "/tags kind=status-404"]);
    let finished = world.run(&["check", "--json"]);
    let report = finished.document();
    let tags = finding(&report, "tags");
    assert_eq!(tags["ok"], false);
    let remedy = tags["remedy"].as_str().unwrap_or_default();
    assert!(remedy.contains("leave the stream out"), "{tags}");
    assert!(!remedy.contains("permission"), "{tags}");
}

#[test]
fn nobody_at_the_other_end_is_said() {
    let world = World::new(&[]);
    // A port that was free a moment ago; nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port")
        .port();
    let text = format!(
        "connector: intercom\ncredentials: {{ access_token: \"${{TOKEN}}\" }}\nendpoint: http://127.0.0.1:{port}\n"
    );
    world.write(CONNECTION, text);
    let finished = world.run(&["check"]);
    assert_eq!(finished.code, Some(2));
    assert!(finished.out.contains("network"), "{finished:?}");
}

#[test]
fn webhooks_are_good_once_one_was_verified() {
    let world = World::new(&[]);
    let check = ["check", "--output", "jsonl:hooks"];
    // Nothing has come, and a connection that reads now and then can do without.
    let before = world.succeed(&check);
    assert!(
        before.out.contains("– webhooks: no ping and no delivery"),
        "{before:?}"
    );
    world.connect("mode: realtime\n");
    let before = world.run(&check);
    assert_eq!(before.code, Some(2));
    assert!(
        before.out.contains("✗ webhooks") && before.out.contains("settings of your app"),
        "{before:?}"
    );

    let (running, url) = serve(&world);
    let ping = json!({ "type": "notification_event", "topic": "ping", "app_id": "simulator" });
    let ping = ping.to_string().into_bytes();
    deliver(&url, &ping);
    let after = world.succeed(&check);
    assert!(
        after.out.contains("✓ webhooks: verified: last ping "),
        "{after:?}"
    );
    let item = json!({ "type": "contact", "id": "c1" });
    deliver(&url, &notification("n1", "contact.deleted", &item));
    running.terminate();
    let after = world.succeed(&check);
    assert!(
        after.out.contains("✓ webhooks: verified: last delivery "),
        "{after:?}"
    );
    assert!(after.out.contains("(contact.deleted)"), "{after:?}");

    // Nothing came for days: whoever looks is told.
    let queue = rusqlite::Connection::open(world.path("hooks/.webhooks.db")).expect("a queue");
    let tally: String = queue
        .query_row("SELECT value FROM state WHERE name = 'tally'", [], |row| {
            row.get(0)
        })
        .expect("a tally");
    let mut tally: Value = serde_json::from_str(&tally).expect("JSON");
    for name in ["ping_at_ms", "delivery_at_ms"] {
        let heard = &mut tally["last"][name];
        *heard = json!(heard.as_i64().expect("a time") - 3 * 86_400_000);
    }
    queue
        .execute("UPDATE state SET value = ?1", [tally.to_string()])
        .expect("an older tally");
    drop(queue);
    let silent = world.succeed(&check);
    assert!(
        silent.out.contains("– webhooks: nothing came for 3 days")
            && silent.out.contains("suspended"),
        "{silent:?}"
    );
    assert_eq!(world.status("jsonl:hooks")["webhooks"]["silent_days"], 3);
}

/// The app has to subscribe to what the connection takes, under the names of today.
#[test]
fn the_topics_to_subscribe_to_are_listed_and_those_without_permission_named() {
    let world = World::new(&["--denied", "companies"]);
    world.connect(
        "streams: [tags]\nwebhooks: { topics: [contact.tag.created, \"company.d*\", ticket.closed] }\n",
    );
    let report = world.succeed(&["check", "--json"]).document();
    let listed = report["webhook_topics"].as_array().expect("topics");
    let told: Vec<(&str, bool)> = listed
        .iter()
        .map(|topic| {
            let permitted = topic["permitted"].as_bool();
            (
                topic["name"].as_str().expect("a name"),
                permitted.expect("a truth"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("company.contact.detached", false),
            ("company.deleted", false),
            ("contact.lead.tag.created", false),
            ("contact.user.tag.created", false),
            ("ticket.closed", true),
        ]
    );
    let text = world.succeed(&["check"]).out;
    let found: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("webhook topics"))
        .collect();
    assert!(
        found[0].starts_with("✓") && found[0].contains("contact.user.tag.created, ticket.closed"),
        "{text}"
    );
    assert!(
        found[1].contains("`Read and list users and companies`: company.contact.detached"),
        "{text}"
    );

    // Without a choice those of the streams are to be subscribed to.
    world.connect("streams: [tags]\n");
    let text = world.succeed(&["check"]).out;
    assert!(
        text.contains("4 tell of the connection's streams")
            && text.contains("contact.lead.tag.deleted"),
        "{text}"
    );
    world.connect("streams: [tags]\nwebhooks: { topics: [contact.tag.craeted] }\n");
    let refused = world.run(&["check"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused.out.contains("did you mean `contact.tag.created`"),
        "{refused:?}"
    );
}

/// Delivers a body that is genuine.
fn deliver(url: &str, body: &[u8]) {
    let signature = signature(body, CLIENT_SECRET);
    let headers = [("x-hub-signature", signature.as_str())];
    assert_eq!(send("POST", url, &headers, body).status, 200);
}
