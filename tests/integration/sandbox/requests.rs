use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use host_test::call::CallError;
use host_test::limits::CallLimits;
use serde_json::json;

use super::{Neighbour, page};
use crate::hostile::{self, Made};

/// The failure of a page that does this.
async fn refusal(made: Made<'_>) -> (String, String, u64) {
    let plugin = hostile::plugin().await;
    let config = made.config.to_owned();
    let tenant = made.tenant(&plugin);
    match page(&plugin, &tenant).await {
        Err(CallError::Failure(failure)) => {
            (failure.code, failure.message, tenant.usage().requests)
        }
        other => panic!("{config}: {other:?}"),
    }
}

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

#[tokio::test(flavor = "multi_thread")]
async fn a_request_cannot_leave_its_endpoint() {
    let url = hostile::server(ANSWER.to_vec(), Vec::new(), 0).await;
    for target in [
        "https://evil.example/",
        "//evil.example/",
        "evil.example",
        "@evil.example/",
        "/../secrets",
        "/a/%2e%2E/b",
        "/a\\b",
        "/a\r\nhost: evil.example",
        "/a b",
        "/a#b",
        "",
    ] {
        let config = json!({"do": "send", "target": target}).to_string();
        let (code, message, requests) = refusal(Made {
            config: &config,
            endpoint: Some(url.clone()),
            ..Made::default()
        })
        .await;
        assert_eq!(code, "ErrorKind::Refused", "{target}: {message}");
        assert!(message.contains("target"), "{target}: {message}");
        assert!(!message.contains("evil"), "{target}: {message}");
        assert_eq!(requests, 0, "{target}");
    }
    let (code, message, _) = refusal(Made {
        config: r#"{"do":"send","endpoint":"metadata"}"#,
        endpoint: Some(url.clone()),
        ..Made::default()
    })
    .await;
    assert_eq!(code, "ErrorKind::Refused");
    assert!(message.contains("there are: api"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_of_the_host_and_floods_of_headers_are_refused() {
    let url = hostile::server(ANSWER.to_vec(), Vec::new(), 0).await;
    let many = "x".repeat(40_000);
    for (name, value, headers, said) in [
        (
            "Authorization",
            "Bearer mine",
            1,
            "the header `authorization` is the host's",
        ),
        ("Host", "evil.example", 1, "the header `host` is the host's"),
        (
            "Content-Length",
            "5",
            1,
            "the header `content-length` is the host's",
        ),
        ("Transfer-Encoding", "chunked", 1, "is the host's"),
        ("Cookie", "a=b", 1, "is the host's"),
        (
            "x",
            "a\r\nhost: evil.example",
            1,
            "characters that cannot be sent",
        ),
        ("a\r\nb", "x", 1, "no valid name"),
        ("x", "1", 65, "65 headers, 64 are allowed"),
        ("x", "1", 100_000, "100000 headers, 64 are allowed"),
        ("x", many.as_str(), 1, "32768 are allowed"),
    ] {
        let config = json!({"do": "send", "target": "/", "header": name, "value": value, "headers": headers});
        let (code, message, requests) = refusal(Made {
            config: &config.to_string(),
            endpoint: Some(url.clone()),
            ..Made::default()
        })
        .await;
        assert_eq!(code, "ErrorKind::Refused", "{name}: {message}");
        assert!(message.contains(said), "{name}: {message}");
        assert_eq!(requests, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_makes_so_many_requests_and_no_more() {
    let url = hostile::server(ANSWER.to_vec(), Vec::new(), 0).await;
    for (config, sent) in [
        (r#"{"do":"send_many","n":50,"target":"/"}"#, 10),
        (r#"{"do":"send_all","n":50,"target":"/"}"#, 10),
    ] {
        let limits = CallLimits {
            requests: 10,
            ..CallLimits::default()
        };
        let (code, message, requests) = refusal(Made {
            config,
            limits,
            endpoint: Some(url.clone()),
            ..Made::default()
        })
        .await;
        assert_eq!((code.as_str(), requests), ("ErrorKind::Refused", sent));
        assert!(message.contains("has made the 10 requests"), "{message}");
    }
    let limits = CallLimits {
        request_body: 1_000,
        ..CallLimits::default()
    };
    let (code, message, _) = refusal(Made {
        config: r#"{"do":"send","target":"/","body":1001}"#,
        limits,
        endpoint: Some(url),
        ..Made::default()
    })
    .await;
    assert_eq!(code, "ErrorKind::Refused");
    assert!(
        message.contains("1001 bytes, 1000 are allowed"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_bombs_end_at_the_limit() {
    let plugin = hostile::plugin().await;
    let neighbour = Neighbour::move_in(&plugin);
    let chunk = vec![b'x'; 1 << 20];
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..200 {
        packed.write_all(&chunk).expect("memory");
    }
    let packed = packed.finish().expect("memory");
    let gzip = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        packed.len()
    );
    assert!(packed.len() < 2_000_000, "it is small on the wire");
    let many: String = (0..1_000)
        .map(|number| format!("x-{number}: y\r\n"))
        .collect();
    let large = format!("x-large: {}\r\n", "y".repeat(1 << 20));
    let head = |headers: &str| format!("HTTP/1.1 200 OK\r\n{headers}content-length: 2\r\n\r\n{{}}");
    let cases = [
        // It says how long it is, it does not, it is packed.
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n".to_owned(),
            chunk.clone(),
            1_000,
            "ErrorKind::TooLarge",
        ),
        (
            "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_owned(),
            chunk,
            1_000,
            "ErrorKind::TooLarge",
        ),
        (gzip, packed, 1, "ErrorKind::TooLarge"),
        (head(&many), Vec::new(), 0, "ErrorKind::Malformed"),
        (head(&large), Vec::new(), 0, "ErrorKind::Malformed"),
    ];
    for (head, body, times, expected) in cases {
        let beginning: String = head.chars().take(60).collect();
        let url = hostile::server(head.into_bytes(), body, times).await;
        let (code, message, _) = refusal(Made {
            config: r#"{"do":"send","target":"/"}"#,
            endpoint: Some(url),
            ..Made::default()
        })
        .await;
        assert_eq!(code, expected, "{beginning}: {message}");
        neighbour.is_well().await;
    }
    // Many answers that are small: together they are too many for a call.
    let body = vec![b'x'; 100_000];
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n".to_vec();
    let url = hostile::server(head, body, 1).await;
    let limits = CallLimits {
        call_response_bytes: 1_000_000,
        ..CallLimits::default()
    };
    let (code, _, requests) = refusal(Made {
        config: r#"{"do":"send_many","n":50,"target":"/"}"#,
        limits,
        endpoint: Some(url),
        ..Made::default()
    })
    .await;
    assert_eq!((code.as_str(), requests), ("ErrorKind::TooLarge", 11));
    neighbour.move_out().await;
}
