#![allow(clippy::unwrap_used)]

use super::scripted::{Came, Scripted};
use super::*;

/// A receiver that answers with these statuses, and how to reach it.
fn receiver(statuses: &[u16], tries: usize) -> (Receiver, Scripted) {
    let scripted = Scripted::start(statuses);
    let options = ReceiverOptions {
        headers: HeaderMap::from_iter([header("api-key", "tell-nobody-the-key").unwrap()]),
        retry: RetryPolicy {
            tries,
            time_scale: 10_000.0,
            ..RetryPolicy::default()
        },
        ..ReceiverOptions::default()
    };
    let url = address(&scripted.url).unwrap();
    (Receiver::new(url, options).unwrap(), scripted)
}

#[tokio::test]
async fn what_passes_is_tried_again_with_the_same_key() {
    let (receiver, scripted) = receiver(&[503, 429, 500, 409, 201], 8);
    let answer = receiver.post(Bytes::from_static(b"{}"), "k").await.unwrap();
    assert_eq!((answer.status, answer.is_partial()), (201, false));
    assert_eq!(answer.body, br#"{"code":"as_told"}"#);
    let expected = Came {
        key: "k".to_owned(),
        api_key: "tell-nobody-the-key".to_owned(),
        body: b"{}".to_vec(),
    };
    assert_eq!(scripted.came(), vec![expected; 5]);
}

#[tokio::test]
async fn there_is_an_end_to_trying() {
    let (receiver, scripted) = receiver(&[429], 3);
    let error = receiver.post(Bytes::new(), "k").await.unwrap_err();
    assert!(error.passes() && !error.is_of_the_document());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
    assert_eq!(scripted.came().len(), 4);
    let text = error.to_string();
    assert!(
        text.ends_with("did not take it: 429 Too Many Requests (as_told), in 4 tries"),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test]
async fn what_is_refused_is_not_sent_again() {
    for (status, of_the_document) in [
        (400, true),
        (422, true),
        (401, false),
        (404, false),
        (302, false),
    ] {
        let (receiver, scripted) = receiver(&[status], 3);
        let error = receiver.post(Bytes::new(), "k").await.unwrap_err();
        assert_eq!(error.status(), Some(status));
        assert!(!error.passes());
        assert_eq!(error.is_of_the_document(), of_the_document, "{error}");
        assert_eq!(scripted.came().len(), 1);
    }
}

#[tokio::test]
async fn nobody_at_home_passes() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let options = ReceiverOptions {
        retry: RetryPolicy {
            tries: 1,
            time_scale: 10_000.0,
            ..RetryPolicy::default()
        },
        ..ReceiverOptions::default()
    };
    let receiver = Receiver::new(address(&url).unwrap(), options).unwrap();
    let error = receiver.post(Bytes::new(), "k").await.unwrap_err();
    assert!(error.passes());
    let text = error.to_string();
    assert!(
        text.contains("no connection") && text.ends_with("in 2 tries"),
        "{text}"
    );
}

#[test]
fn addresses_are_https_or_on_this_machine() {
    for good in [
        "https://api.example.com/v3/contacts/import?x=1",
        "http://127.0.0.1:1/x",
    ] {
        assert!(address(good).is_ok(), "{good}");
    }
    for bad in [
        "http://api.example.com",
        "https://a:b@example.com",
        "ftp://example.com",
        "example.com",
    ] {
        let error = address(bad).unwrap_err();
        assert!(!error.contains("a:b"), "{error}");
    }
}

#[test]
fn headers_of_others_are_taken_and_not_shown() {
    let (name, value) = header("Api-Key", "tell-nobody").unwrap();
    assert_eq!(name.as_str(), "api-key");
    assert!(!format!("{value:?}").contains("nobody"));
    for (name, value) in [
        ("content-length", "1"),
        ("idempotency-key", "k"),
        ("a b", "x"),
        ("a", "x\ny"),
    ] {
        assert!(header(name, value).is_none(), "{name}");
    }
}

#[test]
fn keys_tell_parts_apart() {
    let key = |parts: &[&str]| idempotency_key(parts.iter().map(|part| part.as_bytes()));
    assert_eq!(key(&["a", "bc"]), key(&["a", "bc"]));
    assert_ne!(key(&["a", "bc"]), key(&["ab", "c"]));
    assert_eq!(key(&[]).len(), 32);
}
