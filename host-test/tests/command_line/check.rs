use serde_json::{Value, json};

use crate::world::{CONNECTION, World};

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
    assert!(lines.iter().all(|line| line.starts_with("✓ ")), "{lines:?}");
    assert_eq!(lines.len(), 9);
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
