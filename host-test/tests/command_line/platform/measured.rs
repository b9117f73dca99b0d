use serde_json::json;

use super::Server;
use crate::exposition::Exposition;
use crate::http::send;
use crate::process::until;
use crate::world::World;

#[test]
fn a_platform_is_measured_under_the_names_of_its_connections() {
    let world = World::new(&["--contacts", "5", "--companies", "3"]);
    let server = Server::start(&world, "");
    let document = json!({
        "connector": "intercom", "endpoint": world.service.url, "streams": ["tags"], "mode": "batch",
        "credentials": { "access_token": crate::world::TOKEN },
        "config": { "region": "us", "api_version": "2.11" },
    });
    let added = json!({ "name": "crm", "connection": document });
    server.json(201, "POST", "/connections", &added.to_string());
    server.json(202, "POST", "/connections/crm/sync", "");
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
    assert!(seen.sum("connector_records_total", &[own]) >= 1.0);
    assert!(seen.sum("connector_http_requests_total", &[own, r#"status="200""#]) >= 1.0);
    assert_eq!(server.process.terminate().code, Some(0));
}
