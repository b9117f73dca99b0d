use std::time::Duration;

use super::*;
use crate::contract::types::Notice;
use crate::http_client::{HttpClient, HttpOptions};
use crate::position::{LastRun, State};

/// The samples of a connection, without it.
fn samples(name: &str) -> Vec<String> {
    let label = format!("connection=\"{name}\"");
    let told = render();
    let lines = told.lines().filter(|line| line.contains(&label));
    lines.map(|line| line.replace(&label, "")).collect()
}

fn assert_told(name: &str, expected: &[&str]) {
    let told = samples(name);
    for line in expected {
        assert!(told.iter().any(|known| known == line), "{line}: {told:#?}");
    }
}

#[test]
fn everything_that_is_told_of_a_connection_is_counted_under_its_name() {
    let metrics = connection("counted");
    metrics.rows_written("contacts", "created", 3);
    metrics.intent("tickets", "created");
    metrics.intent("tickets", "failed");
    metrics.intent("tickets", "failed");
    metrics.callback("done", Duration::from_secs(2));
    metrics.callback("failed", Duration::from_secs(9));
    metrics.rate_limited();
    metrics.not_sent("unreachable");
    metrics.request(&RequestEnd {
        status: None,
        failure: Some("timeout"),
        sent: 7,
        received: 0,
        duration: Duration::from_secs(1),
    });
    let notice = |kind: &str| Notice {
        kind: kind.to_owned(),
        message: "m".to_owned(),
        stream: None,
        key: None,
        path: None,
        document: None,
    };
    metrics.notices(&[notice("drift"), notice("drift"), notice("ada@example.com")]);
    assert_told(
        "counted",
        &[
            r#"connector_rows_written_total{,action="contacts",outcome="created"} 3"#,
            r#"connector_intents_total{,action="tickets",outcome="created"} 1"#,
            r#"connector_intents_total{,action="tickets",outcome="failed"} 2"#,
            r#"connector_callbacks_total{,outcome="done"} 1"#,
            r#"connector_callbacks_total{,outcome="failed"} 1"#,
            r#"connector_callback_delay_seconds_count{} 1"#,
            r#"connector_callback_delay_seconds_bucket{,le="1"} 0"#,
            r#"connector_callback_delay_seconds_bucket{,le="5"} 1"#,
            r#"connector_rate_waits_total{} 1"#,
            r#"connector_http_requests_total{,status="none"} 1"#,
            r#"connector_http_request_failures_total{,kind="unreachable"} 1"#,
            r#"connector_http_request_failures_total{,kind="timeout"} 1"#,
            r#"connector_http_sent_bytes_total{} 7"#,
            r#"connector_notices_total{,kind="drift"} 2"#,
            r#"connector_notices_total{,kind="other"} 1"#,
        ],
    );
}

/// Whoever chooses a name writes into a label, and nowhere else.
#[test]
fn a_name_stays_within_its_quotes() {
    let name = "a\"b\\c\nconnector_calls_total{connection=\"forged\"} 1";
    let written = r#"a\"b\\c\nconnector_calls_total{connection=\"forged\"} 1"#;
    let metrics = connection(name);
    metrics.rows_written(name, "created", 3);
    metrics.callback("done", Duration::from_secs(2));
    let page = render();
    let forged: Vec<&str> = page
        .lines()
        .filter(|line| line.contains("forged"))
        .collect();
    let label = format!("{{connection=\"{written}\"");
    for line in &forged {
        assert_eq!(line.matches(&label).count(), 1, "{line}");
        assert!(line.starts_with("connector_"), "{line}");
    }
    let rows =
        format!("connector_rows_written_total{label},action=\"{written}\",outcome=\"created\"}} 3");
    assert!(forged.contains(&rows.as_str()), "{forged:#?}");
    // The last bucket holds everything.
    let bucket = format!("connector_callback_delay_seconds_bucket{label},le=\"+Inf\"}} 1");
    assert!(forged.contains(&bucket.as_str()), "{forged:#?}");
}

#[test]
fn a_connection_that_is_opened_again_goes_on_with_its_series() {
    connection("again").instance();
    connection("again").instance();
    assert_told("again", &["connector_instances_total{} 2"]);
}

#[test]
fn names_without_end_make_no_series_without_end() {
    let metrics = connection("flooded");
    for number in 0..2_000 {
        metrics.rows_written(&format!("action-{number}"), "created", 1);
    }
    let told = samples("flooded");
    assert!(told.len() < 400, "{}", told.len());
    let other = r#"connector_rows_written_total{,action="other",outcome="created"} 1744"#;
    assert_told("flooded", &[other]);
}

#[test]
fn how_far_behind_a_stream_is_is_known_from_what_is_stored() {
    let metrics = connection("behind");
    let mut state = State::default();
    let run = |status: &str| LastRun {
        status: status.to_owned(),
        ended_at_ms: crate::clock::now_ms() - 60_000,
        ..LastRun::default()
    };
    state.stream_mut("contacts").last = Some(run("complete"));
    state.stream_mut("tags").last = Some(run("failed"));
    metrics.remember(&state, &[]);
    let lag = |stream: &str| {
        let label = format!("connector_stream_lag_seconds{{,stream=\"{stream}\"}} ");
        let told = samples("behind");
        let value = told.iter().find_map(|line| line.strip_prefix(&label));
        value.and_then(|value| value.parse::<f64>().ok())
    };
    assert!(lag("contacts").is_some_and(|lag| (60.0..70.0).contains(&lag)));
    assert_eq!(lag("tags"), None);
    metrics.stream_ended("contacts", "complete", Some(crate::clock::now_ms()));
    // What this process read is newer than what is stored.
    metrics.remember(&state, &[]);
    assert!(lag("contacts").is_some_and(|lag| lag < 10.0));
    forget("behind");
    assert_eq!(lag("contacts"), None);
}

#[tokio::test]
async fn the_route_can_be_mounted_anywhere() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let Ok(listener) = listener else {
        unreachable!("loopback is there")
    };
    let url = listener
        .local_addr()
        .map(|address| format!("http://{address}/metrics"));
    let other = axum::Router::new().route("/status", axum::routing::get(|| async { "fine" }));
    let serving = axum::serve(listener, other.merge(router::<()>()));
    tokio::spawn(async move { serving.await });
    let http = HttpClient::new(HttpOptions::default());
    let (Ok(http), Ok(Ok(url))) = (http, url.map(|url| url.parse())) else {
        unreachable!("a client and a URL")
    };
    let answer = http.client_for(&url).get(url.clone()).send().await;
    let status = answer.map(|answer| answer.status().as_u16());
    assert!(matches!(status, Ok(200)), "{status:?}");
}
