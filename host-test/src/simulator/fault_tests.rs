//! Each kind of fault as a client meets it.

use std::time::{Duration, Instant};

use reqwest::Method;

use super::testing::Bench;
use super::{Fault, Hold, Options};

async fn with_fault(fault: &str) -> Bench {
    Bench::start(Options {
        faults: vec![fault.parse::<Fault>().unwrap()],
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn faults_that_answer() {
    for (kind, status, body) in [
        ("status-500", 500, "server_error"),
        ("status-503", 503, "service_unavailable"),
        ("not-found", 404, "not_found"),
        ("bad-gateway-html", 502, "<html>"),
        ("foreign-body", 200, "{}"),
        ("invalid-json", 200, "{\""),
        ("empty-body", 200, ""),
        ("scroll-expired", 404, "scroll parameter not found"),
    ] {
        let bench = with_fault(&format!("GET /me first=2 kind={kind}")).await;
        assert_eq!(bench.get("/me").await.body["type"], "admin");
        let response = bench.request(Method::GET, "/me").send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{kind}");
        let text = response.text().await.unwrap();
        assert!(text.contains(body), "{kind}: {text}");
        if status == 200 && kind != "foreign-body" {
            assert!(
                serde_json::from_str::<serde_json::Value>(&text).is_err(),
                "{kind}"
            );
        }
        assert_eq!(bench.get("/me").await.body["type"], "admin");
    }
}

#[tokio::test]
async fn an_injected_rate_limit_may_come_without_headers() {
    let bench = with_fault("/me kind=rate-limited").await;
    let answer = bench.get("/me").await;
    let reset: i64 = answer.header("x-ratelimit-reset").unwrap().parse().unwrap();
    assert_eq!(answer.status, 429);
    assert!((0..=3).contains(&(reset - bench.workspace().now())));
    let bench = with_fault("/me kind=rate-limited-bare").await;
    let answer = bench.get("/me").await;
    assert_eq!(
        (answer.status, answer.header("x-ratelimit-reset")),
        (429, None)
    );
}

#[tokio::test]
async fn connections_break() {
    let bench = with_fault("/me kind=reset").await;
    let error = bench.request(Method::GET, "/me").send().await.unwrap_err();
    assert!(format!("{error:?}").contains("reset"), "{error:?}");
    assert_eq!(bench.get("/me").await.status, 200);
    assert_eq!(bench.workspace().requests()[0].status, 0);

    let bench = with_fault("/contacts kind=cut-body").await;
    let response = bench
        .request(Method::GET, "/contacts")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert!(response.content_length().unwrap() > 1_000);
    assert!(response.bytes().await.is_err());
    assert_eq!(bench.get("/contacts").await.ids().len(), 10);
}

#[tokio::test]
async fn half_of_the_body_arrives() {
    use tokio::io::Interest;
    let bench = with_fault("/me kind=cut-body").await;
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", bench.simulator.port()))
        .await
        .unwrap();
    let request = "GET /me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer simulator-token\r\n\r\n";
    stream.writable().await.unwrap();
    assert_eq!(stream.try_write(request.as_bytes()).unwrap(), request.len());
    let mut bytes = Vec::new();
    for _ in 0..1_000 {
        stream.ready(Interest::READABLE).await.unwrap();
        let mut buffer = [0; 4_096];
        match stream.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => bytes.extend(&buffer[..count]),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
        }
    }
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let promised = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    assert_eq!(body.len(), promised.parse::<usize>().unwrap() / 2);
}

#[tokio::test]
async fn a_reset_may_hide_that_the_work_was_done() {
    for (kind, created) in [("reset", 0), ("reset-after-work", 1)] {
        let bench = with_fault(&format!("POST /contacts kind={kind}")).await;
        let request = bench
            .request(Method::POST, "/contacts")
            .body(r#"{"role":"lead"}"#);
        assert!(request.send().await.is_err());
        assert_eq!(bench.workspace().contact_count(), 1_000 + created, "{kind}");
    }
}

#[tokio::test]
async fn slow_answers_and_changes_behind_a_page() {
    let bench = with_fault("/me kind=slow-120ms").await;
    let start = Instant::now();
    assert_eq!(bench.get("/me").await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(120));

    let bench = with_fault("/contacts kind=mutate-5").await;
    let before = bench.workspace().now();
    let first = bench.get("/contacts").await;
    assert!(first.body["data"][0]["updated_at"].as_i64() < Some(before));
    let changed = bench.get("/contacts").await;
    assert!(changed.body["data"][4]["updated_at"].as_i64() >= Some(before));
    assert!(changed.body["data"][5]["updated_at"].as_i64() < Some(before));
}

/// Waits, at most for a minute, until so many requests are held back.
async fn held_back(bench: &Bench, count: u64) {
    for _ in 0..60_000 {
        if bench.workspace().held_back() == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("{count} requests should be held back");
}

#[tokio::test]
async fn from_a_request_on_nothing_is_answered() {
    for (applied, done) in [(false, 0), (true, 1)] {
        let bench = Bench::start(Options::default()).await;
        bench.workspace().set_hold(Some(Hold {
            request: 2,
            applied,
        }));
        assert_eq!(bench.get("/me").await.status, 200);
        let create = || {
            bench
                .request(Method::POST, "/contacts")
                .body(r#"{"role":"lead"}"#)
        };
        let (second, third) = (tokio::spawn(create().send()), tokio::spawn(create().send()));
        held_back(&bench, 2).await;
        // The control door stays open, and what was not to be applied was not.
        assert_eq!(bench.workspace().contact_count(), 1_000 + done);
        let door = bench.get("/_simulator/hold").await;
        assert_eq!(door.body, serde_json::json!({"held_back": 2}));
        // A client that goes away takes its request with it, unless that was applied.
        second.abort();
        third.abort();
        held_back(&bench, 0).await;
        bench.workspace().set_hold(None);
        assert_eq!(bench.get("/me").await.status, 200);
        assert_eq!(bench.workspace().contact_count(), 1_000 + done);
    }
}

#[tokio::test]
async fn a_release_lets_everything_go_on() {
    let bench = Bench::start(Options::default()).await;
    let hold = serde_json::json!({"request": 1, "applied": true});
    assert_eq!(bench.post("/_simulator/hold", &hold).await.status, 200);
    let held = tokio::spawn(bench.request(Method::GET, "/me").send());
    held_back(&bench, 1).await;
    let released = bench
        .post("/_simulator/release", &serde_json::json!({}))
        .await;
    assert_eq!(released.status, 200);
    assert_eq!(held.await.unwrap().unwrap().status().as_u16(), 200);
}
