//! What every request goes through: token, version, rate limit, control door.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::Options;
use super::testing::{Bench, reply};

#[tokio::test]
async fn every_answer_has_the_headers() {
    let bench = Bench::start(Options::default()).await;
    for path in ["/me", "/nowhere"] {
        let answer = bench.get(path).await;
        assert_eq!(
            answer.header("content-type"),
            Some("application/json; charset=utf-8")
        );
        assert_eq!(answer.header("intercom-version"), Some("2.11"));
        for name in [
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "x-request-id",
            "date",
        ] {
            assert!(answer.header(name).is_some(), "{path} {name}");
        }
    }
    let missing = bench.get("/nowhere").await;
    assert_eq!((missing.status, missing.code()), (404, "not_found"));
    assert_eq!(
        missing.body["request_id"].as_str(),
        missing.header("x-request-id")
    );
}

#[tokio::test]
async fn a_token_is_needed() {
    let bench = Bench::start(Options::default()).await;
    let wrong = bench
        .bare_request(Method::GET, "/me")
        .header("authorization", "Bearer other");
    for request in [bench.bare_request(Method::GET, "/me"), wrong] {
        let answer = reply(request).await;
        assert_eq!(
            (answer.status, answer.code(), answer.message()),
            (401, "unauthorized", "Access Token Invalid")
        );
    }
    bench.workspace().revoke_token();
    assert_eq!(bench.get("/me").await.status, 401);
    bench.workspace().restore_token();
    assert_eq!(
        bench.get("/me").await.body["app"]["timezone"],
        "America/Los_Angeles"
    );
}

#[tokio::test]
async fn versions_and_media_types_are_checked() {
    let bench = Bench::start(Options::default()).await;
    let ask = |name: &'static str, value: &'static str| {
        reply(bench.request(Method::GET, "/me").header(name, value))
    };
    assert_eq!(
        ask("intercom-version", "2.16")
            .await
            .header("intercom-version"),
        Some("2.16")
    );
    assert_eq!(
        ask("intercom-version", "9.9").await.code(),
        "intercom_version_invalid"
    );
    assert_eq!(ask("accept", "text/html, */*;q=0.1").await.status, 200);
    let refused = ask("accept", "text/html").await;
    assert_eq!(
        (refused.status, refused.code()),
        (406, "media_type_not_acceptable")
    );
}

#[tokio::test]
async fn a_missing_permission_is_worded_by_version() {
    let bench = Bench::start(Options {
        denied: vec!["contacts".to_owned()],
        ..Options::default()
    })
    .await;
    let older = bench.get("/contacts").await;
    assert_eq!((older.status, older.code()), (401, "token_unauthorized"));
    let newer = reply(
        bench
            .request(Method::GET, "/contacts")
            .header("intercom-version", "2.16"),
    )
    .await;
    assert_eq!((newer.status, newer.code()), (403, "forbidden"));
    assert!(newer.message().contains("(read_write_users)"));
    assert_eq!(bench.get("/companies").await.status, 200);
}

#[tokio::test]
async fn requests_over_the_limit_are_refused_until_the_window_ends() {
    let bench = Bench::start(Options {
        rate_limit: 2,
        ..Options::default()
    })
    .await;
    let mut refused = None;
    for _ in 0..5 {
        let answer = bench.get("/me").await;
        if answer.status == 429 {
            refused = Some(answer);
        }
    }
    // Five requests cannot fit into two windows of two.
    let refused = refused.unwrap();
    assert_eq!(
        (refused.code(), refused.message()),
        (
            "rate_limit_exceeded",
            "Exceeded rate limit of 2 in 10_seconds"
        )
    );
    assert_eq!(
        (
            refused.header("x-ratelimit-remaining"),
            refused.header("retry-after")
        ),
        (Some("0"), None)
    );
    bench.workspace().advance(Duration::from_secs(10));
    assert_eq!(bench.get("/me").await.status, 200);
}

#[tokio::test]
async fn no_body_does_harm() {
    let bench = Bench::start(Options::default()).await;
    let id = bench.workspace().contact_ids().next().unwrap();
    let deep = "[".repeat(100_000);
    for body in [
        "",
        "{",
        "null",
        "[]",
        "\"x\"",
        "1e999",
        "{\"per_page\":-1,\"page\":1e300}",
        &deep,
        "\u{0}",
    ] {
        for path in [
            "/contacts",
            "/contacts/search",
            "/contacts/merge",
            "/companies",
            "/companies/list",
            "/tags",
            "/data_attributes",
            &format!("/contacts/{id}/tags"),
            &format!("/contacts/{id}/notes"),
            &format!("/contacts/{id}/companies"),
        ] {
            let answer = reply(bench.request(Method::POST, path).body(body.to_owned())).await;
            assert!(answer.status < 500, "{path} {body}");
        }
    }
}

#[tokio::test]
async fn the_control_door_is_not_the_api() {
    let bench = Bench::start(Options {
        rate_limit: 0,
        ..Options::default()
    })
    .await;
    let open = |method, path: &str, body: serde_json::Value| {
        reply(
            bench
                .bare_request(method, &format!("/_simulator/{path}"))
                .body(body.to_string()),
        )
    };
    assert_eq!(bench.get("/me").await.status, 429);
    let state = open(Method::GET, "state", json!(null)).await.body;
    assert_eq!(
        (&state["contacts"], &state["requests"]),
        (&json!(1_000), &json!(1))
    );
    let wanted =
        json!({"contacts": 2, "companies": 1, "tags": 1, "create": 3, "delete": 1, "archive": 1});
    let changed = open(Method::POST, "mutate", wanted).await.body;
    assert_eq!(
        (
            changed["contacts"].as_array().unwrap().len(),
            bench.workspace().contact_count()
        ),
        (2, 1_001)
    );
    let deleted = changed["delete"][0].as_str().unwrap();
    assert_eq!(bench.workspace().contact(deleted), None);
    let dump = open(Method::GET, "contacts?limit=600", json!(null))
        .await
        .body;
    let after = dump["next"].as_str().unwrap();
    let rest = open(
        Method::GET,
        &format!("contacts?limit=600&after={after}"),
        json!(null),
    )
    .await;
    assert_eq!((rest.ids().len(), &rest.body["next"]), (401, &json!(null)));
    let faults = json!([{"path": "/me", "kind": "not-found", "times": 9}]);
    assert_eq!(open(Method::POST, "faults", faults).await.body["faults"], 1);
    assert_eq!(bench.get("/me").await.status, 404);
    assert_eq!(
        open(Method::POST, "faults", json!([{"path": "/me"}]))
            .await
            .status,
        400
    );
    assert_eq!(open(Method::GET, "nothing", json!(null)).await.status, 404);
    assert_eq!(bench.workspace().requests().len(), 2);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_answers() {
    let mut bodies = Vec::new();
    for seed in [3, 3, 4] {
        let bench = Bench::start(Options {
            seed,
            ..Options::default()
        })
        .await;
        bodies.push((
            bench.get("/contacts").await.body,
            bench.get("/companies/list").await.body,
        ));
    }
    assert_eq!(bodies[0].0, bodies[1].0);
    assert_ne!(bodies[0].0, bodies[2].0);
}

#[tokio::test]
async fn a_dropped_simulator_is_gone() {
    let bench = Bench::start(Options::default()).await;
    assert_eq!(bench.get("/me").await.status, 200);
    let Bench { simulator, .. } = bench;
    let url = simulator.url();
    let workspace = simulator.workspace().clone();
    simulator.shutdown().await;
    let port: u16 = url.rsplit(':').next().unwrap().parse().unwrap();
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    assert_eq!(workspace.contact_count(), 1_000);
    let unknown_zone = Options {
        time_zone: "Mars/Olympus".to_owned(),
        ..Options::default()
    };
    assert!(super::Simulator::start(unknown_zone).await.is_err());
}

#[tokio::test]
async fn exchanges_are_recorded_before_they_are_answered() {
    let folder = written::Folder::new();
    let path = folder.path().join("exchanges.jsonl");
    let bench = Bench::start(Options {
        record: Some(path.clone()),
        faults: vec!["/tags kind=empty-body".parse().unwrap()],
        ..Options::default()
    })
    .await;
    let recorded = || -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(&path).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let search = json!({"query": {"field": "role", "operator": "=", "value": "lead"}});
    let request = bench.request(Method::POST, "/contacts/search?x=1");
    let request = request
        .header("intercom-version", "2.16")
        .header("content-type", "application/json")
        .body(search.to_string());
    let answer = reply(request).await;
    let first = recorded().remove(0);
    let answered = first["answer"].as_str().unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(answered).unwrap(),
        answer.body
    );
    let mut expected = json!({
        "method": "POST", "target": "/contacts/search?x=1", "version": "2.16", "content_type": "application/json",
        "body": search.to_string(), "status": 200, "garbled": false,
    });
    expected["answer"] = answered.into();
    assert_eq!(first, expected);
    assert!(
        !std::fs::read_to_string(&path)
            .unwrap()
            .contains("simulator-token")
    );

    bench.get("/tags").await;
    // The control door is no part of the API, and codes and tokens are nobody's business.
    let exchange = json!({"code": "c", "client_id": "i", "client_secret": "s"});
    let request = bench.bare_request(Method::POST, "/auth/eagle/token");
    reply(request.body(exchange.to_string())).await;
    reply(bench.bare_request(Method::GET, "/_simulator/state")).await;
    let recorded = recorded();
    assert_eq!(recorded.len(), 2);
    assert_eq!(
        (
            &recorded[1]["garbled"],
            &recorded[1]["answer"],
            &recorded[1]["version"]
        ),
        (&json!(true), &json!(""), &json!(null))
    );
}

#[tokio::test]
async fn a_recording_that_cannot_be_opened_is_named() {
    let path = std::path::PathBuf::from("/no/such/folder/exchanges.jsonl");
    let options = Options {
        record: Some(path),
        ..Options::default()
    };
    let error = super::Simulator::start(options).await.unwrap_err();
    assert!(error.to_string().contains("/no/such/folder"), "{error}");
}
