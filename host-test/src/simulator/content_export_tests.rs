//! Content exports as a client sees them.

use std::io::Read;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::testing::{Bench, reply};
use super::{CatalogueOptions, Options};

async fn bench(exported_rows: u64) -> Bench {
    Bench::start(Options {
        catalogue: CatalogueOptions {
            exported_rows,
            ..CatalogueOptions::default()
        },
        ..Options::default()
    })
    .await
}

/// Starts an export of a time.
async fn start(bench: &Bench, after: i64, before: i64) -> Value {
    let range = json!({"created_at_after": after, "created_at_before": before});
    let started = bench.post("/export/content/data", &range).await;
    assert_eq!(started.status, 200, "{}", started.body);
    started.body
}

async fn status(bench: &Bench, job: &Value) -> Value {
    let id = job["job_identifier"].as_str().unwrap();
    bench.get(&format!("/export/content/data/{id}")).await.body
}

/// Downloads what a job made: HTTP status, content type and bytes.
async fn download(bench: &Bench, job: &Value, accept: &str) -> (u16, String, Vec<u8>) {
    let id = job["job_identifier"].as_str().unwrap();
    let request = bench.request(Method::GET, &format!("/download/content/data/{id}"));
    let response = request.header("accept", accept).send().await.unwrap();
    let content_type = response.headers()["content-type"].to_str().unwrap();
    let (status, content_type) = (response.status().as_u16(), content_type.to_owned());
    (
        status,
        content_type,
        response.bytes().await.unwrap().to_vec(),
    )
}

const OCTETS: &str = "application/octet-stream";

/// The text of a file.
fn unpacked(file: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// The rows of CSV: what stands in quotation marks may hold anything.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            other => field.push(other),
        }
    }
    rows
}

#[tokio::test]
async fn an_export_goes_through_its_states() {
    let bench = bench(200).await;
    let job = start(&bench, 0, i64::MAX).await;
    assert_eq!(job["status"], "pending");
    assert_eq!(job["job_identifier"].as_str().unwrap().len(), 16);
    for (seconds, expected) in [(0, "pending"), (11, "in_progress"), (20, "completed")] {
        bench.workspace().advance(Duration::from_secs(seconds));
        let job = status(&bench, &job).await;
        assert_eq!(job["status"], expected);
        let (downloaded, ..) = download(&bench, &job, OCTETS).await;
        let done = expected == "completed";
        assert_eq!(downloaded, if done { 200 } else { 404 });
        assert_eq!(job["download_url"] != "", done);
        assert_eq!(job["download_expires_at"] != "", done);
    }
    let done = status(&bench, &job).await;
    let path = format!(
        "/download/content/data/{}",
        job["job_identifier"].as_str().unwrap()
    );
    assert_eq!(
        done["download_url"],
        format!("{}{path}", bench.simulator.url())
    );
    let expires_at: i64 = done["download_expires_at"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let left = expires_at - bench.workspace().now();
    assert!((172_700..=172_800).contains(&left), "{left}");

    bench.workspace().advance(Duration::from_secs(172_801));
    let (expired, content_type, _) = download(&bench, &job, OCTETS).await;
    assert_eq!(expired, 404);
    assert!(content_type.starts_with("application/json"));
}

#[tokio::test]
async fn the_file_has_a_row_for_every_message_of_the_time() {
    let bench = bench(200).await;
    let workspace = bench.workspace();
    assert_eq!(workspace.exported_row_count(0, i64::MAX), 200);
    let mut times: Vec<i64> = Vec::new();
    let mut middle = (0, i64::MAX);
    for _ in 0..2 {
        let job = start(&bench, middle.0, middle.1).await;
        workspace.advance(Duration::from_secs(31));
        let (status, content_type, file) = download(&bench, &job, OCTETS).await;
        assert_eq!((status, content_type.as_str()), (200, OCTETS));
        let rows = rows(&unpacked(&file));
        assert_eq!(rows[0].len(), 26);
        assert_eq!(rows[0][11], "received_at");
        assert!(rows.iter().all(|row| row.len() == 26));
        let received = |row: &Vec<String>| row[11].parse::<i64>().unwrap();
        let found: Vec<i64> = rows[1..].iter().map(received).collect();
        assert_eq!(
            found.len() as u64,
            workspace.exported_row_count(middle.0, middle.1)
        );
        if times.is_empty() {
            let mut receipts: Vec<&String> = rows[1..].iter().map(|row| &row[10]).collect();
            receipts.dedup();
            assert_eq!(receipts.len(), 200);
            times = found;
            middle = (times[50], times[120]);
        } else {
            let within = |time: &i64| (middle.0..=middle.1).contains(time);
            let expected: Vec<i64> = times.iter().copied().filter(within).collect();
            assert_eq!(found, expected);
        }
    }
}

#[tokio::test]
async fn there_is_one_active_export_in_a_workspace() {
    let bench = bench(200).await;
    let first = start(&bench, 0, i64::MAX).await;
    let range = json!({"created_at_after": 0, "created_at_before": 5});
    let refused = bench.post("/export/content/data", &range).await;
    assert_eq!(
        (refused.status, refused.code()),
        (429, "rate_limit_exceeded")
    );
    assert_eq!(
        refused.message(),
        "Exceeded rate limit of 1 pending message data export jobs"
    );
    let id = first["job_identifier"].as_str().unwrap();
    let canceled = bench
        .post(&format!("/export/cancel/{id}"), &json!({}))
        .await;
    assert_eq!(canceled.body["status"], "canceled");
    let second = start(&bench, 0, 5).await;
    assert_ne!(second["job_identifier"], first["job_identifier"]);
    bench.workspace().advance(Duration::from_secs(31));
    assert_eq!(status(&bench, &first).await["status"], "canceled");
    assert_eq!(status(&bench, &second).await["status"], "no_data");

    bench.workspace().set_exports_failing(true);
    let third = start(&bench, 0, i64::MAX).await;
    bench.workspace().advance(Duration::from_secs(31));
    assert_eq!(status(&bench, &third).await["status"], "failed");
    // What came to an end is not cancelled any more.
    let id = third["job_identifier"].as_str().unwrap();
    let kept = bench
        .post(&format!("/export/cancel/{id}"), &json!({}))
        .await;
    assert_eq!(kept.body["status"], "failed");
    let (failed, ..) = download(&bench, &third, OCTETS).await;
    assert_eq!(failed, 404);
}

#[tokio::test]
async fn a_download_has_to_be_asked_for_as_bytes() {
    let bench = bench(1).await;
    let job = start(&bench, 0, i64::MAX).await;
    bench.workspace().advance(Duration::from_secs(31));
    for accept in ["application/json", "*/*"] {
        let (status, _, body) = download(&bench, &job, accept).await;
        assert_eq!(status, 406, "{accept}");
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["errors"][0]["code"], "media_type_not_acceptable");
    }
    let (status, ..) = download(&bench, &job, OCTETS).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn requests_that_are_not_valid_are_refused() {
    let bench = bench(1).await;
    for (body, code) in [
        (json!({}), "parameter_not_found"),
        (json!({"created_at_after": 0}), "parameter_not_found"),
        (
            json!({"created_at_after": "x", "created_at_before": 1}),
            "parameter_invalid",
        ),
    ] {
        let refused = bench.post("/export/content/data", &body).await;
        assert_eq!((refused.status, refused.code()), (400, code), "{body}");
    }
    for (method, path) in [
        (Method::GET, "/export/content/data/x"),
        (Method::POST, "/export/cancel/x"),
    ] {
        let missing = reply(bench.request(method, path)).await;
        assert_eq!((missing.status, missing.code()), (404, "not_found"));
    }
}

#[tokio::test]
async fn exports_need_their_permission() {
    let bench = Bench::start(Options {
        denied: vec!["content_export".to_owned()],
        ..Options::default()
    })
    .await;
    let request = bench.request(Method::POST, "/export/content/data");
    let refused = reply(request.header("intercom-version", "2.16").body("{}")).await;
    assert_eq!((refused.status, refused.code()), (403, "forbidden"));
    assert!(refused.message().contains("(export_content_data)"));
}
