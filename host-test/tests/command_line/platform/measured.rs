use serde_json::json;

use super::{Server, document};
use crate::exposition::Exposition;
use crate::http::send;
use crate::process::until;
use crate::world::World;

#[test]
fn a_platform_is_measured_under_the_names_of_its_connections() {
    let world = World::new(&["--contacts", "5", "--companies", "3"]);
    let server = Server::start(&world, "");
    server.json(
        201,
        "POST",
        "/connections",
        &document(&world, "crm").to_string(),
    );
    // Nobody needs the control token for it.
    let scrape = || {
        let answer = send("GET", &format!("{}/metrics", server.control), &[], b"");
        assert_eq!(answer.status, 200);
        Exposition::parse(&String::from_utf8(answer.body).expect("UTF-8"))
    };
    let own = r#"connection="crm""#;
    let ended = [own, r#"stream="tags""#, r#"status="complete""#];
    until(|| scrape().sum("connector_stream_runs_total", &ended) >= 1.0);
    let seen = scrape();
    assert!(seen.sum("connector_records_total", &[own]) >= 6.0);
    let answered = seen.sum("connector_http_requests_total", &[own, r#"status="200""#]);
    assert!(answered >= 1.0);
    assert_eq!(
        server.ask_with("GET", "/status", "", "Bearer wrong").status,
        401
    );
    assert_eq!(scrape().sum("connector_control_refusals_total", &[]), 1.0);
    assert_eq!(server.process.terminate().code, Some(0));
}

#[test]
fn the_platforms_alerts_are_for_connections_without_any() {
    let world = World::new(&["--contacts", "5", "--companies", "3"]);
    let faults = json!([{ "path": "/tags", "kind": "status-403", "first": 1, "times": 1_000 }]);
    world.service.post("faults", &faults);
    let alerts = "alerts: [ { on: failure, command: [sh, -c, 'cat >> alerts.jsonl'] } ]\n";
    let server = Server::start(&world, alerts);
    let added = document(&world, "crm").to_string();
    server.json(201, "POST", "/connections", &added);
    until(|| !world.lines("alerts.jsonl").is_empty());
    let told = &world.lines("alerts.jsonl")[0];
    assert_eq!(told["connection"], "crm");
    assert_eq!(
        (&told["alert"], &told["subject"]),
        (&json!("failure"), &json!("tags"))
    );
    assert_eq!(server.process.terminate().code, Some(0));
    assert_eq!(world.lines("alerts.jsonl").len(), 1, "it is told once");
}

#[test]
fn whoever_may_add_connections_may_not_run_programs() {
    let world = World::new(&["--contacts", "5", "--companies", "3"]);
    let server = Server::start(&world, "");
    let mut document = document(&world, "crm");
    document["alerts"] = json!([{ "on": "failure", "command": ["touch", "made"] }]);
    let refused = server.ask("POST", "/connections", &document.to_string());
    let text = String::from_utf8(refused.body).expect("UTF-8");
    assert!(
        refused.status == 422 && text.contains("alerts.command"),
        "{text}"
    );
    document["alerts"] = json!([{ "on": "failure", "url": "http://127.0.0.1:9/" }]);
    server.json(201, "POST", "/connections", &document.to_string());
    assert_eq!(server.process.terminate().code, Some(0));
}

/// How far a connection is behind is told from the start on, also of one that does nothing, and no longer of what it reads no more.
#[test]
fn whoever_does_nothing_after_the_start_is_seen_to_be_behind() {
    let world = World::new(&["--contacts", "5", "--companies", "3"]);
    let server = Server::start(&world, "");
    let mut added = document(&world, "crm");
    added["schedule"] = json!({"every": "1000h"});
    server.json(201, "POST", "/connections", &added.to_string());
    server.until_synced("crm", "complete");
    server.json(200, "POST", "/connections/crm/pause", "");
    assert_eq!(server.process.terminate().code, Some(0));
    let server = Server::again(&world);
    let lags = || {
        let answer = send("GET", &format!("{}/metrics", server.control), &[], b"");
        let page = String::from_utf8(answer.body).expect("UTF-8");
        let lags = page.lines().filter(|line| {
            line.starts_with("connector_stream_lag_seconds{") && line.contains("\"crm\"")
        });
        lags.count()
    };
    until(|| lags() == 2);
    added["streams"] = json!(["contacts"]);
    server.json(200, "PUT", "/connections/crm", &added.to_string());
    until(|| lags() == 1);
    server.json(200, "DELETE", "/connections/crm", "");
    assert_eq!(lags(), 0);
    assert_eq!(server.process.terminate().code, Some(0));
}
