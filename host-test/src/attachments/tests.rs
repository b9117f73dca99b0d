#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use bytes::Bytes;
use serde_json::json;

use super::*;
use crate::connection_file::CopyTo;

/// What was uploaded: path, credential, type, content.
type Uploads = Arc<Mutex<Vec<(String, String, String, Bytes)>>>;

/// Serves files, well and badly; takes uploads.
async fn server() -> (String, Uploads) {
    let uploads = Uploads::default();
    let kept = Arc::clone(&uploads);
    let typed = |kind: &'static str, body: &'static str| ([(CONTENT_TYPE, kind)], body);
    let to = |place: &'static str| (StatusCode::FOUND, [(LOCATION, place)]).into_response();
    let router = Router::new()
        .route(
            "/a.pdf",
            get(move || async move { typed("application/pdf; x=y", "content") }),
        )
        .route(
            "/page",
            get(move || async move { typed("text/html", "<p>") }),
        )
        .route("/large", get(async || "x".repeat(2_000)))
        .route(
            "/endless",
            get(async || {
                Body::from_stream(stream::repeat("xxxxxxxx").map(Ok::<_, std::io::Error>))
            }),
        )
        .route("/never", get(std::future::pending::<Response>))
        .route("/there", get(move || async move { to("/a.pdf") }))
        .route("/round", get(move || async move { to("/round") }))
        .route(
            "/inside",
            get(move || async move { to("https://10.0.0.1/a.pdf") }),
        )
        .route(
            "/plain",
            get(move || async move { to("http://example.com/a.pdf") }),
        )
        .route(
            "/metadata",
            get(move || async move { to("http://169.254.169.254/a.pdf") }),
        )
        .route(
            "/put/{name}",
            put(async move |uri: Uri, headers: HeaderMap, body: Bytes| {
                let text = |name: &str| {
                    let value = headers.get(name).and_then(|value| value.to_str().ok());
                    value.unwrap_or_default().to_owned()
                };
                let upload = (
                    uri.path().to_owned(),
                    text("authorization"),
                    text("content-type"),
                    body,
                );
                kept.lock().unwrap().push(upload);
            }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (base, uploads)
}

fn settings(copy_to: CopyTo) -> AttachmentSettings {
    AttachmentSettings {
        copy_to: Some(copy_to),
        max_bytes: 1_000,
        timeout: Duration::from_millis(1_500),
        ..AttachmentSettings::default()
    }
}

fn attachments(settings: &AttachmentSettings) -> Attachments {
    Attachments::new(settings, true).unwrap().unwrap()
}

#[tokio::test]
async fn files_are_copied_into_a_directory_wherever_a_record_names_them() {
    let (base, _) = server().await;
    let directory = written::Folder::new();
    let copies = attachments(&settings(CopyTo::Directory(directory.path().join("deep"))));
    let record = json!({
        "title": "t",
        "attachments": [
            {"url": format!("{base}/a.pdf?signature=secret"), "name": "the file.pdf", "size": 7},
            {"name": "no url"},
        ],
        "parts": [{"attachments": [{"url": format!("{base}/there"), "name": ""}]}],
    });
    let copied = copies.copy(record.clone()).await;
    let url = copied["attachments"][0]["url"].as_str().unwrap();
    let path = Url::parse(url).unwrap().to_file_path().unwrap();
    assert!(
        path.starts_with(directory.path()) && url.ends_with("-the-file.pdf"),
        "{url}"
    );
    assert_eq!(std::fs::read(path).unwrap(), b"content");
    assert_eq!(copied["attachments"][0]["size"], 7);
    assert_eq!(copied["attachments"][1], record["attachments"][1]);
    let other = copied["parts"][0]["attachments"][0]["url"]
        .as_str()
        .unwrap();
    assert!(
        other.starts_with("file:///") && other.ends_with("-a.pdf"),
        "{other}"
    );
    // A copy is not copied, and the same file is the same copy.
    assert_eq!(copies.copy(copied.clone()).await, copied);
    assert_eq!(copies.copy(record).await, copied);
}

#[tokio::test]
async fn files_are_copied_to_a_url() {
    let (base, uploads) = server().await;
    let mut settings = settings(CopyTo::Url(format!("{base}/put/").parse().unwrap()));
    settings
        .headers
        .insert("authorization", "Bearer tell-nobody".parse().unwrap());
    settings.public_url = Some("https://files.example.com/".parse().unwrap());
    let record = json!({"attachments": [{"url": format!("{base}/a.pdf"), "name": "a.pdf"}]});
    let copied = attachments(&settings).copy(record).await;
    let url = copied["attachments"][0]["url"].as_str().unwrap();
    let name = url.strip_prefix("https://files.example.com/").unwrap();
    let uploads = uploads.lock().unwrap();
    let expected = (
        format!("/put/{name}"),
        "Bearer tell-nobody".to_owned(),
        "application/pdf".to_owned(),
        Bytes::from_static(b"content"),
    );
    assert_eq!(*uploads, [expected]);
}

#[tokio::test]
async fn what_cannot_be_copied_is_named_and_holds_up_nothing() {
    let (base, _) = server().await;
    let directory = written::Folder::new();
    let mut settings = settings(CopyTo::Directory(directory.path().to_path_buf()));
    settings.types = vec!["application/*".to_owned(), "text/plain".to_owned()];
    let copies = attachments(&settings);
    let at = |path: &str| format!("{base}{path}");
    for (url, words) in [
        (at("/missing"), "the answer was 404 Not Found"),
        (at("/page"), "text/html is not among attachments.types"),
        (at("/large"), "it has more than 1000 bytes"),
        (at("/endless"), "it has more than 1000 bytes"),
        (at("/round"), "more than 5 redirects"),
        (at("/inside"), "it is in a private network"),
        (at("/plain"), "only https is taken"),
        (at("/metadata"), "only https is taken"),
        ("https://127.0.0.1:1/x".to_owned(), "no answer"),
        (
            "https://[::ffff:10.0.0.1]/x".to_owned(),
            "it is in a private network",
        ),
        ("http://example.com/x".to_owned(), "only https is taken"),
        ("file:///etc/passwd".to_owned(), "only https is taken"),
        ("nonsense".to_owned(), "its URL is none"),
    ] {
        let record =
            json!({"attachments": [{"url": url, "name": "x"}, {"url": at("/a.pdf"), "name": "y"}]});
        let copied = copies.copy(record).await;
        let failed = &copied["attachments"][0];
        assert_eq!(failed["url"], url);
        let error = failed["error"].as_str().unwrap_or_default();
        assert!(
            error.starts_with("not copied: ") && error.contains(words),
            "{url}: {error}"
        );
        assert!(!error.contains(&base), "{error}");
        assert!(copied["attachments"][1]["error"].is_null(), "{copied}");
    }
}

#[tokio::test]
async fn a_size_that_nobody_announced_is_counted() {
    let (base, _) = server().await;
    let directory = written::Folder::new();
    let copies = attachments(&settings(CopyTo::Directory(directory.path().to_path_buf())));
    let record = json!({"attachments": [{"url": format!("{base}/endless")}]});
    let copied = copies.copy(record).await;
    assert_eq!(
        copied["attachments"][0]["error"],
        "not copied: it has more than 1000 bytes"
    );
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn what_never_answers_is_given_up() {
    let (base, _) = server().await;
    let directory = written::Folder::new();
    let mut settings = settings(CopyTo::Directory(directory.path().to_path_buf()));
    settings.timeout = Duration::from_millis(50);
    let never = json!({"url": format!("{base}/never")});
    let record = json!({"attachments": vec![never; 40]});
    let copied = attachments(&settings).copy(record).await;
    for attachment in copied["attachments"].as_array().unwrap() {
        assert_eq!(attachment["error"], "not copied: it took too long");
    }
}

#[tokio::test]
async fn this_machine_is_not_asked_where_the_provider_is_elsewhere() {
    let (base, _) = server().await;
    let directory = written::Folder::new();
    let settings = settings(CopyTo::Directory(directory.path().to_path_buf()));
    let copies = Attachments::new(&settings, false).unwrap().unwrap();
    for url in [
        format!("{base}/a.pdf"),
        "https://localhost/a.pdf".to_owned(),
    ] {
        let copied = copies.copy(json!({"attachments": [{"url": url}]})).await;
        assert!(copied["attachments"][0]["error"].is_string(), "{copied}");
    }
    assert!(
        Attachments::new(&AttachmentSettings::default(), true)
            .unwrap()
            .is_none()
    );
}
