//! The authorization page, the exchange of codes, and revocation, over HTTP.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::Options;
use super::testing::{Bench, Reply, reply};

const FORM: &str = "application/x-www-form-urlencoded";

/// Opens the page with this query.
async fn open(bench: &Bench, query: &str) -> Reply {
    reply(bench.bare_request(Method::GET, &format!("/oauth?{query}"))).await
}

/// A part of the address to which a browser is sent.
fn part(page: &Reply, name: &str) -> String {
    let address = Url::parse(page.header("location").unwrap()).unwrap();
    assert!(
        address
            .as_str()
            .starts_with("https://app.example.com/callback?")
    );
    let mut parts = address.query_pairs();
    let found = parts.find(|(given, _)| given == name);
    found.unwrap().1.into_owned()
}

async fn code(bench: &Bench) -> String {
    let page = open(bench, "client_id=simulator-client-id&state=s").await;
    part(&page, "code")
}

fn fields(code: &str) -> Value {
    json!({
        "code": code,
        "client_id": "simulator-client-id",
        "client_secret": "simulator-client-secret",
    })
}

async fn exchange(bench: &Bench, fields: &Value) -> Reply {
    let request = bench.bare_request(Method::POST, "/auth/eagle/token");
    reply(request.body(fields.to_string())).await
}

/// The status of a request with this token.
async fn status(bench: &Bench, token: &str) -> u16 {
    let request = bench.bare_request(Method::GET, "/me");
    reply(request.header("authorization", format!("Bearer {token}")))
        .await
        .status
}

#[tokio::test]
async fn the_page_sends_back_a_code_and_the_state() {
    let bench = Bench::start(Options::default()).await;
    let state = "a%20b%26c%3Dd";
    for redirect in ["", "&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback"] {
        let query = format!("client_id=simulator-client-id&state={state}{redirect}");
        let page = open(&bench, &query).await;
        assert_eq!(page.status, 302);
        assert_eq!(part(&page, "state"), "a b&c=d");
        assert!(part(&page, "code").ends_with('='));
    }
    for wrong in [
        "state=s",
        "client_id=another&state=s",
        "client_id=simulator-client-id&redirect_uri=https%3A%2F%2Fevil.example%2F",
        "client_id=simulator-client-id&redirect_uri=",
    ] {
        let page = open(&bench, wrong).await;
        assert_eq!(
            (page.status, page.header("location")),
            (400, None),
            "{wrong}"
        );
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8")
        );
    }
    // The page is no part of the API.
    assert_eq!(bench.workspace().request_count(), 0);
    let posted = reply(bench.bare_request(Method::POST, "/oauth")).await;
    assert_eq!(posted.status, 401);
}

#[tokio::test]
async fn a_code_is_exchanged_once() {
    let bench = Bench::start(Options::default()).await;
    let code = code(&bench).await;
    let answer = exchange(&bench, &fields(&code)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["token"], answer.body["access_token"]);
    let token = answer.body["token"].as_str().unwrap();
    assert_eq!(status(&bench, token).await, 200);
    assert_eq!(status(&bench, &code).await, 401);
    // The one that the workspace began with is as good as before.
    assert_eq!(status(&bench, "simulator-token").await, 200);

    let again = exchange(&bench, &fields(&code)).await;
    assert_eq!(
        (again.status, again.code(), again.message()),
        (401, "unauthorized", "Unauthorized Code")
    );
    assert_eq!(again.body["type"], "error.list");
    let totals = bench.workspace().log.totals();
    assert_eq!(totals["POST /auth/eagle/token"], 2);
}

#[tokio::test]
async fn a_form_is_taken_too() {
    let bench = Bench::start(Options::default()).await;
    let code = code(&bench).await;
    let form: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("code", code.as_str()),
            ("client_id", "simulator-client-id"),
            ("client_secret", "simulator-client-secret"),
        ])
        .finish();
    let request = bench.bare_request(Method::POST, "/auth/eagle/token");
    let answer = reply(request.header("content-type", FORM).body(form)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    // Elsewhere a form is no body.
    let request = bench.request(Method::POST, "/contacts");
    let refused = reply(
        request
            .header("content-type", FORM)
            .body("email=a%40b.example"),
    )
    .await;
    assert_eq!((refused.status, refused.code()), (400, "bad_request"));
}

#[tokio::test]
async fn what_is_wrong_gives_no_token_and_uses_no_code_up() {
    let bench = Bench::start(Options::default()).await;
    let code = code(&bench).await;
    for (name, value, expected) in [
        ("client_id", json!("another"), (401, "unauthorized")),
        ("client_secret", json!("another"), (401, "unauthorized")),
        ("code", json!("another"), (401, "unauthorized")),
        ("code", json!(""), (400, "parameter_not_found")),
        ("client_secret", json!(null), (400, "parameter_not_found")),
        ("client_id", json!(7), (400, "parameter_not_found")),
    ] {
        let mut wrong = fields(&code);
        wrong[name] = value;
        let answer = exchange(&bench, &wrong).await;
        assert_eq!((answer.status, answer.code()), expected, "{wrong}");
        assert_eq!(answer.body["token"], Value::Null);
    }
    assert_eq!(exchange(&bench, &json!([])).await.status, 400);
    assert_eq!(exchange(&bench, &fields(&code)).await.status, 200);
}

#[tokio::test]
async fn a_code_expires() {
    let bench = Bench::start(Options::default()).await;
    let (early, late) = (code(&bench).await, code(&bench).await);
    bench.workspace().advance(Duration::from_secs(4 * 60));
    assert_eq!(exchange(&bench, &fields(&early)).await.status, 200);
    bench.workspace().advance(Duration::from_secs(60));
    let answer = exchange(&bench, &fields(&late)).await;
    assert_eq!(answer.message(), "Unauthorized Code");
}

#[tokio::test]
async fn revoking_ends_every_token_of_before() {
    let bench = Bench::start(Options::default()).await;
    let before = bench.workspace().grant_token();
    assert_eq!(status(&bench, &before).await, 200);
    let revoke = bench.bare_request(Method::POST, "/_simulator/token");
    let revoked = reply(revoke.body(json!({"revoked": true}).to_string())).await;
    assert_eq!(revoked.status, 200);
    let request = bench.bare_request(Method::GET, "/me");
    let answer = reply(request.header("authorization", format!("Bearer {before}"))).await;
    assert_eq!(
        (answer.status, answer.code(), answer.message()),
        (401, "unauthorized", "Access Token Invalid")
    );
    assert_eq!(answer.body["type"], "error.list");
    assert_eq!(status(&bench, "simulator-token").await, 401);

    let after = exchange(&bench, &fields(&code(&bench).await)).await;
    let after = after.body["token"].as_str().unwrap();
    assert_eq!(status(&bench, after).await, 200);
    bench.workspace().restore_token();
    assert_eq!(status(&bench, "simulator-token").await, 200);
    assert_eq!(status(&bench, &before).await, 401);
}

#[tokio::test]
async fn faults_reach_the_exchange() {
    let fault = "POST /auth/eagle/token kind=foreign-body".parse().unwrap();
    let bench = Bench::start(Options {
        faults: vec![fault],
        ..Options::default()
    })
    .await;
    let answer = exchange(&bench, &fields(&code(&bench).await)).await;
    assert_eq!((answer.status, answer.body), (200, json!({})));
}
