//! What is sent, and what is not.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;

#[tokio::test]
async fn the_host_adds_what_is_its_own() {
    let provider = Provider::start(|_| answer(200, &[("X-Request-Id", "r1")], b"{}"));
    let tenant = tenant(&provider);
    let mut context = context(&tenant, LONG);
    let response = context
        .send(post("/contacts?x=1", b"{\"a\":1}"))
        .await
        .unwrap();
    assert_eq!(
        (response.status, response.body.as_slice()),
        (200, &b"{}"[..])
    );
    assert!(
        response
            .headers
            .iter()
            .any(|h| h.name == "x-request-id" && h.value == "r1")
    );

    let seen = provider.requests().remove(0);
    assert_eq!(seen.line, "POST /contacts?x=1 HTTP/1.1");
    assert_eq!(seen.body, b"{\"a\":1}");
    assert_eq!(
        seen.header("authorization"),
        Some(format!("Bearer {TOKEN}").as_str())
    );
    assert_eq!(seen.header("accept-encoding"), Some("gzip"));
    assert_eq!(seen.header("content-length"), Some("7"));
    assert_eq!(seen.header("transfer-encoding"), None);
    assert!(
        seen.header("user-agent")
            .unwrap()
            .starts_with("intercom-connector-host/")
    );

    let usage = tenant.usage();
    assert_eq!(
        (usage.requests, usage.bytes_sent, usage.bytes_received),
        (1, 7, 2)
    );
    assert_eq!(usage.requests_by_status.get(&200), Some(&1));
}

#[tokio::test]
async fn a_request_that_breaks_the_contract_is_not_sent() {
    let provider = Provider::start(|_| answer(200, &[], b""));
    let limits = CallLimits {
        request_body: 3,
        ..CallLimits::default()
    };
    let tenant = tenant_with(&provider, limits, 100);
    let mut context = context(&tenant, LONG);
    let unknown = Request {
        endpoint: "elsewhere".into(),
        ..get("/")
    };
    let header = crate::contract::types::Header {
        name: "host".into(),
        value: "x".into(),
    };
    let forbidden = Request {
        headers: vec![header],
        ..get("/")
    };
    for request in [
        unknown,
        forbidden,
        get("https://evil.example/"),
        post("/", b"1234"),
    ] {
        assert_eq!(
            failed(context.send(request).await),
            (ErrorKind::Refused, false)
        );
    }
    context.tenant = None;
    assert_eq!(
        failed(context.send(get("/")).await),
        (ErrorKind::Refused, false)
    );
    let all = context.send_all(vec![get("/"), get("/")], 2).await;
    assert_eq!(
        all.into_iter().map(failed).collect::<Vec<_>>(),
        [(ErrorKind::Refused, false); 2]
    );
    assert_eq!(provider.requests().len(), 0);
}

#[tokio::test]
async fn a_request_never_shows_the_credential() {
    let provider = Provider::start(|_| answer(200, &[], b""));
    let tenant = tenant(&provider);
    let outgoing = outgoing::outgoing(&tenant.shared, post("/", b"{}")).unwrap();
    let (request, mark) = outgoing.with(&tenant.shared.credential.current());
    let shown = format!("{request:?}");
    assert!(
        shown.contains("authorization") && !shown.contains(TOKEN),
        "{shown}"
    );
    assert!(!mark.unwrap().is_begun());
}
