#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;

use super::*;
use crate::http_client::HttpOptions;
use crate::metrics;

const NO_WAIT: [Duration; 2] = [Duration::ZERO; 2];

fn start(name: &str, rule: AlertRule) -> Alerts {
    let http = HttpClient::new(HttpOptions::default()).unwrap();
    Alerts::start_with(vec![rule], &metrics::connection(name), &http, &NO_WAIT)
}

fn rule(target: AlertTarget) -> AlertRule {
    let on = BTreeSet::from([AlertKind::Failure, AlertKind::Recovery]);
    AlertRule::new(on, target)
}

fn shell(script: &str, argument: &Path) -> AlertTarget {
    let words = ["sh", "-c", script, &argument.display().to_string()].map(Into::into);
    AlertTarget::Command(words.into())
}

fn bad(alerts: &Alerts) {
    let event = Event::bad(
        AlertKind::Failure,
        "contacts",
        "timeout",
        "no answer in time",
    );
    alerts.event(event);
}

fn counted(line: &str) -> bool {
    metrics::render().lines().any(|known| known == line)
}

#[tokio::test]
async fn a_command_gets_alert_and_recovery_in_their_order() {
    let folder = written::Folder::new();
    let file = folder.path().join("alerts.jsonl");
    let script = r#"cat >> "$0"; echo "$ALERT $ALERT_ABOUT $ALERT_CONNECTION $ALERT_SUBJECT $ALERT_MESSAGE" >> "$0.env""#;
    let alerts = start("alerts-command", rule(shell(script, &file)));
    bad(&alerts);
    bad(&alerts);
    alerts.event(Event::good(AlertKind::Failure, "contacts"));
    alerts.finish().await;
    let text = std::fs::read_to_string(&file).unwrap();
    let names: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["alert"].clone())
        .collect();
    assert_eq!(names, ["failure", "recovery"]);
    let environment = std::fs::read_to_string(folder.path().join("alerts.jsonl.env")).unwrap();
    assert_eq!(
        environment,
        "failure failure alerts-command contacts no answer in time\n\
         recovery failure alerts-command contacts no answer in time\n"
    );
    assert!(counted(
        r#"connector_alerts_total{connection="alerts-command",alert="recovery",outcome="done"} 1"#
    ));
}

#[tokio::test]
async fn a_command_that_fails_is_run_again_and_one_that_hangs_is_ended() {
    let folder = written::Folder::new();
    let file = folder.path().join("tries");
    let failing = start(
        "alerts-failing",
        rule(shell(r#"echo x >> "$0"; exit 3"#, &file)),
    );
    bad(&failing);
    failing.finish().await;
    let tries = std::fs::read_to_string(&file).unwrap();
    assert_eq!(tries.lines().count(), 3);
    let failed =
        r#"connector_alerts_total{connection="alerts-failing",alert="failure",outcome="failed"} 1"#;
    assert!(counted(failed));
    let hanging = AlertRule {
        timeout: Duration::from_millis(50),
        ..rule(AlertTarget::Command(
            ["sleep", "600"].map(Into::into).into(),
        ))
    };
    let hanging = start("alerts-hanging", hanging);
    bad(&hanging);
    hanging.finish().await;
    assert!(counted(&failed.replace("failing", "hanging")));
    let missing = AlertTarget::Command(vec!["/there/is/no/such/program".into()]);
    let missing = start("alerts-missing", rule(missing));
    bad(&missing);
    missing.finish().await;
    assert!(counted(&failed.replace("failing", "missing")));
}

/// What was posted, and how many of the first posts are refused.
type Posted = Arc<Mutex<(Vec<(HeaderMap, Value)>, usize)>>;

async fn take(Shared(posted): Shared<Posted>, headers: HeaderMap, body: String) -> StatusCode {
    let mut posted = posted.lock().unwrap();
    if posted.1 > 0 {
        posted.1 -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    posted
        .0
        .push((headers, serde_json::from_str(&body).unwrap()));
    StatusCode::NO_CONTENT
}

#[tokio::test]
async fn a_url_is_posted_to_until_it_takes_the_alert() {
    let posted: Posted = Arc::new(Mutex::new((Vec::new(), 2)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?key=secret", listener.local_addr().unwrap());
    let router = Router::new().route("/hook", post(take));
    let router = router.with_state(Arc::clone(&posted));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let target = AlertTarget::Url {
        url: url.into(),
        headers: vec![("x-key".to_owned(), "k".into())],
    };
    let alerts = start("alerts-url", rule(target));
    bad(&alerts);
    alerts.finish().await;
    let posted = posted.lock().unwrap();
    let [(headers, document)] = posted.0.as_slice() else {
        unreachable!("one alert is posted")
    };
    assert_eq!(headers["x-key"], "k");
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(
        (&document["alert"], &document["code"]),
        (&"failure".into(), &"timeout".into())
    );
}

#[tokio::test]
async fn calls_that_fail_are_noticed_by_themselves() {
    let folder = written::Folder::new();
    let file = folder.path().join("alerts.jsonl");
    let rate = AlertRule {
        on: BTreeSet::from([AlertKind::FailureRate]),
        window: Duration::from_secs(1),
        ..rule(shell(r#"cat >> "$0""#, &file))
    };
    let metrics = metrics::connection("alerts-rate");
    let _alerts = start("alerts-rate", rate);
    let failure = crate::call::CallError::TimedOut {
        export: "read-page",
        allowed: Duration::ZERO,
        guest_log: String::new(),
    };
    for _ in 0..6_000 {
        for failure in [None, Some(&failure)] {
            metrics.call("read-page", Duration::from_millis(1), failure);
        }
        if std::fs::read_to_string(&file).is_ok_and(|text| text.ends_with('\n')) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(r#""alert":"failure_rate""#), "{text}");
    assert!(text.contains("50 %"), "{text}");
}

#[test]
fn without_rules_nothing_happens() {
    let alerts = Alerts::default();
    bad(&alerts);
    alerts.webhook();
    assert!(alerts.shared.is_none());
}
