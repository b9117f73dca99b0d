use serde_json::json;

use crate::exposition::Exposition;
use crate::http::send;
use crate::process::{Running, until};
use crate::webhooks::{contact, listening, notification, signature};
use crate::world::{CLIENT_SECRET, World};

/// Where metrics are served, once they are.
pub fn measured(running: &Running) -> String {
    let line = running.line("metrics on ");
    line.trim().trim_start_matches("metrics on ").to_owned()
}

pub fn scrape(url: &str) -> Exposition {
    let answer = send("GET", url, &[], b"");
    assert_eq!(answer.status, 200);
    let kind = answer.header("content-type");
    assert_eq!(kind, Some("text/plain; version=0.0.4; charset=utf-8"));
    Exposition::parse(&String::from_utf8(answer.body).expect("UTF-8"))
}

#[test]
fn what_a_server_does_is_measured() {
    let world = World::new(&["--contacts", "30", "--companies", "3"]);
    world.connect(
        "config: { region: us, api_version: \"2.11\" }\nstreams: [contacts, tags]\nmode: hybrid\n",
    );
    // The check asks for tags first; the reading that follows gets an answer that is none.
    let faults = json!([{ "path": "/tags", "kind": "status-500", "first": 2 }]);
    world.service.post("faults", &faults);
    let running = world.start(&[
        "webhook",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--output",
        "jsonl:hooks",
        "--metrics",
        "127.0.0.1:0",
        "--time-scale",
        "100",
    ]);
    let url = listening(&running);
    let metrics = measured(&running);

    let body = notification("n1", "contact.user.updated", &contact("c1"));
    let genuine = signature(&body, CLIENT_SECRET);
    for (signature, status) in [
        (&genuine, 200),
        (&genuine, 200),
        (&signature(&body, "guess"), 401),
    ] {
        let headers = [("x-hub-signature", signature.as_str())];
        assert_eq!(send("POST", &url, &headers, &body).status, status);
    }
    let ended = [r#"stream="tags""#, r#"status="complete""#];
    until(|| scrape(&metrics).sum("connector_stream_runs_total", &ended) >= 1.0);
    until(|| scrape(&metrics).sum("connector_webhooks_waiting", &[]) == 0.0);

    let seen = scrape(&metrics);
    let own = r#"connection="connection""#;
    let at_least = |least: f64, name: &str, labels: &[&str]| {
        let labels: Vec<&str> = labels.iter().chain(&[own]).copied().collect();
        let sum = seen.sum(name, &labels);
        assert!(sum >= least, "{name} {labels:?}: {sum}");
    };
    at_least(2.0, "connector_calls_total", &[r#"call="read-page""#]);
    at_least(3.0, "connector_calls_total", &[r#"call="verify-webhook""#]);
    at_least(1.0, "connector_calls_total", &[r#"call="authenticate""#]);
    at_least(
        1.0,
        "connector_call_failures_total",
        &[r#"call="read-page""#, r#"kind="transient""#],
    );
    at_least(
        3.0,
        "connector_call_duration_seconds_count",
        &[r#"call="verify-webhook""#],
    );
    at_least(5.0, "connector_instances_total", &[]);
    at_least(2.0, "connector_http_requests_total", &[r#"status="200""#]);
    at_least(1.0, "connector_http_requests_total", &[r#"status="500""#]);
    at_least(3.0, "connector_http_request_duration_seconds_count", &[]);
    at_least(1_000.0, "connector_http_received_bytes_total", &[]);
    at_least(30.0, "connector_records_total", &[r#"stream="contacts""#]);
    at_least(1.0, "connector_pages_total", &[r#"stream="tags""#]);
    at_least(1.0, "connector_rate_budget_remaining", &[]);
    at_least(1.0, "connector_rate_budget_limit", &[]);
    at_least(1.0, "connector_guest_memory_peak_bytes", &[]);
    at_least(1e-6, "connector_guest_seconds_total", &[]);
    at_least(1e9, "connector_last_webhook_timestamp_seconds", &[]);
    for (outcome, count) in [
        ("accepted", 1.0),
        ("duplicate", 1.0),
        ("rejected", 1.0),
        ("failed", 0.0),
    ] {
        let outcome = format!("outcome=\"{outcome}\"");
        assert_eq!(
            seen.sum("connector_webhooks_total", &[own, &outcome]),
            count,
            "{outcome}"
        );
    }
    // It is behind by the time since it was read, and that grows.
    let lag =
        |seen: &Exposition| seen.sum("connector_stream_lag_seconds", &[own, r#"stream="tags""#]);
    let before = lag(&seen);
    assert!((0.0..120.0).contains(&before), "{before}");
    until(|| lag(&scrape(&metrics)) > before);
    assert!(seen.sum("process_resident_memory_bytes", &[]) > 1e6);
    assert!(seen.sum("process_cpu_seconds_total", &[]) > 0.0);
    assert!(seen.sum("process_start_time_seconds", &[]) > 1e9);
    assert_eq!(seen.sum("connector_instances_running", &[]), 0.0);
    assert_eq!(seen.sum("connector_instances_limit", &[]), 64.0);
    assert_eq!(
        seen.sum("connector_component_info", &[r#"name="intercom""#]),
        1.0
    );
    // Labels are the connection's name and words of the contract.
    let shown = [
        "connection=",
        "call=",
        "kind=",
        "status=",
        "stream=",
        "outcome=",
        "le=",
        "name=",
        "version=",
    ];
    for labels in seen.labels().filter(|labels| !labels.is_empty()) {
        for label in labels.split("\",") {
            assert!(shown.iter().any(|name| label.starts_with(name)), "{labels}");
            assert!(!label.contains('@') && !label.contains("c1"), "{labels}");
        }
    }
    let open = send(
        "GET",
        &metrics,
        &[("accept", "application/openmetrics-text")],
        b"",
    );
    assert!(open.body.ends_with(b"# EOF\n"));
    let elsewhere = metrics.replace("/metrics", "/other");
    assert_eq!(send("GET", &elsewhere, &[], b"").status, 404);
    assert_eq!(running.terminate().code, Some(0));
}

#[test]
fn an_address_for_metrics_that_is_none_is_refused() {
    let world = World::new(&[]);
    let refused = world.run(&["webhook", "serve", "--metrics", "nowhere"]);
    assert_eq!(refused.code, Some(64), "{refused:?}");
    assert!(refused.err.contains("ADDRESS:PORT"), "{refused:?}");
}
