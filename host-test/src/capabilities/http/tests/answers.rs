//! What comes back, whole and broken.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;

/// `{"type":"list","data":[]}`, compressed by gzip.
const GZIPPED: [u8; 45] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 86, 42, 169, 44, 72, 85, 178, 82, 202, 201, 44, 46, 81,
    210, 81, 74, 73, 44, 73, 84, 178, 138, 142, 173, 5, 0, 232, 29, 198, 244, 25, 0, 0, 0,
];

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let provider = Provider::start(|_| {
        answer(
            302,
            &[("Location", "/elsewhere"), ("Set-Cookie", "a=1")],
            b"",
        )
    });
    let tenant = tenant(&provider);
    let mut context = context(&tenant, LONG);
    for _ in 0..2 {
        let response = context.send(get("/")).await.unwrap();
        assert_eq!(response.status, 302);
        assert!(
            response
                .headers
                .iter()
                .all(|header| header.name != "set-cookie")
        );
    }
    let requests = provider.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].header("cookie"), None);
}

#[tokio::test]
async fn a_coded_body_is_decoded_or_malformed() {
    let provider = Provider::start(|request| {
        let whole: &[u8] = &GZIPPED;
        let body = if request.line.contains("broken") {
            &whole[..30]
        } else {
            whole
        };
        answer(200, &[("Content-Encoding", "gzip")], body)
    });
    let tenant = tenant(&provider);
    let mut context = context(&tenant, LONG);
    let response = context.send(get("/")).await.unwrap();
    assert_eq!(response.body, b"{\"type\":\"list\",\"data\":[]}");
    let broken = failed(context.send(get("/broken?secret-query")).await);
    assert_eq!(broken, (ErrorKind::Malformed, true));
}

#[tokio::test]
async fn a_body_beyond_the_cap_is_an_error() {
    let provider = Provider::start(|request| {
        if request.line.contains("chunked") {
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            return Reaction::Bytes([&head[..], &b"14\r\n01234567890123456789\r\n"[..]].concat());
        }
        if request.line.contains("gzip") {
            return answer(200, &[("Content-Encoding", "gzip")], &GZIPPED);
        }
        answer(200, &[], &[b'x'; 20])
    });
    let limits = CallLimits {
        response_body: 19,
        ..CallLimits::default()
    };
    let tenant = tenant_with(&provider, limits, 100);
    let mut context = context(&tenant, LONG);
    for target in ["/", "/chunked", "/gzip"] {
        let found = failed(context.send(get(target)).await);
        assert_eq!(found, (ErrorKind::TooLarge, true), "{target}");
    }
}

#[tokio::test]
async fn the_answers_of_one_host_call_share_the_cap() {
    let provider = Provider::start(|_| answer(200, &[], b"0123456789"));
    let limits = CallLimits {
        response_body: 25,
        ..CallLimits::default()
    };
    let tenant = tenant_with(&provider, limits, 100);
    let mut context = context(&tenant, LONG);
    let answers = context
        .send_all(vec![get("/"), get("/"), get("/")], 1)
        .await;
    let good = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(good, 2);
    assert_eq!(
        failed(answers.into_iter().nth(2).unwrap()),
        (ErrorKind::TooLarge, true)
    );
    // The next host call has an allowance of its own.
    assert!(context.send(get("/")).await.is_ok());
}

#[tokio::test]
async fn broken_answers_are_told_apart() {
    let provider = Provider::start(|request| {
        let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n0123456789".to_vec();
        if request.line.contains("cut") {
            Reaction::Bytes(cut)
        } else if request.line.contains("reset") {
            Reaction::Reset
        } else if request.line.contains("close") {
            Reaction::Bytes(Vec::new())
        } else {
            Reaction::Bytes(b"this is no HTTP\r\n\r\n".to_vec())
        }
    });
    let tenant = tenant(&provider);
    let mut context = context(&tenant, LONG);
    for (target, kind) in [
        ("/cut?secret-query", ErrorKind::ConnectionLost),
        ("/reset?secret-query", ErrorKind::ConnectionLost),
        ("/close?secret-query", ErrorKind::ConnectionLost),
        ("/garbage?secret-query", ErrorKind::Malformed),
    ] {
        assert_eq!(
            failed(context.send(get(target)).await),
            (kind, true),
            "{target}"
        );
        let found = failed(context.send(post(target, b"{}")).await);
        assert_eq!(found, (kind, true), "POST {target}");
    }
    // Nothing was repeated.
    assert_eq!(provider.requests().len(), 8);
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let provider = Provider::start(|_| answer(200, &[], b""));
    let tenant = tenant(&provider);
    provider.stop();
    let mut context = context(&tenant, LONG);
    let lost = failed(context.send(post("/?secret-query", b"{}")).await);
    assert_eq!(lost, (ErrorKind::Unreachable, false));
    assert_eq!(tenant.usage().requests, 0);
}
