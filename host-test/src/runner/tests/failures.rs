//! What is tried again, what is given up, and what a failure stops.

use super::*;

#[tokio::test]
async fn what_passes_is_tried_again_with_the_same_position() {
    let directory = written::Folder::new();
    let script = Script::new([
        page(&["a"], Some("1n"), None),
        failure(FailureKind::Transient, "timeout"),
        failure(FailureKind::RateLimited, "rate_limit_exceeded"),
        page(&["b"], None, Some("1c")),
    ]);
    let descriptor = descriptor(b"1", b'1');
    let report = run(
        &script,
        &descriptor,
        &options(),
        &["contacts"],
        directory.path(),
    )
    .await;
    assert!(report.is_complete());
    assert_eq!(report.stream("contacts").unwrap().retries, 2);
    assert_eq!(cursors(&script), [None, some("1n"), some("1n"), some("1n")]);
}

#[tokio::test]
async fn tries_are_bounded_and_the_others_go_on() {
    let directory = written::Folder::new();
    let mut few = options();
    few.retry.tries = 2;
    let script = Script::new([
        failure(FailureKind::Transient, "timeout"),
        failure(FailureKind::Transient, "timeout"),
        failure(FailureKind::Transient, "timeout"),
        page(&[], None, Some("1c")),
    ]);
    let descriptor = descriptor(b"1", b'1');
    let report = run(
        &script,
        &descriptor,
        &few,
        &["contacts", "tags"],
        directory.path(),
    )
    .await;
    assert_eq!(
        report.stream("contacts").unwrap().status.code(),
        Some("timeout")
    );
    assert_eq!(
        report.stream("tags").unwrap().status,
        StreamStatus::Complete
    );
    assert!(!report.is_complete() && !report.is_failed());
}

#[tokio::test]
async fn a_defect_is_given_two_more_chances() {
    let trap = || {
        Err(CallError::Trapped {
            export: "read-page",
            message: "unreachable".to_owned(),
            guest_log: String::new(),
        })
    };
    let directory = written::Folder::new();
    let script = Script::new([trap(), trap(), trap()]);
    let descriptor = descriptor(b"1", b'1');
    let report = run(
        &script,
        &descriptor,
        &options(),
        &["contacts"],
        directory.path(),
    )
    .await;
    assert_eq!(
        report.stream("contacts").unwrap().status.code(),
        Some("trapped")
    );
    assert_eq!(script.requests().len(), 3);
}

#[tokio::test]
async fn a_page_that_took_too_long_is_asked_for_in_smaller_parts() {
    let directory = written::Folder::new();
    let script = Script::new([
        Err(CallError::TimedOut {
            export: "read-page",
            allowed: std::time::Duration::from_secs(1),
            guest_log: String::new(),
        }),
        page(&["a"], None, Some("1c")),
    ]);
    let descriptor = descriptor(b"1", b'1');
    run(
        &script,
        &descriptor,
        &options(),
        &["contacts"],
        directory.path(),
    )
    .await;
    let sizes: Vec<u32> = script
        .requests()
        .iter()
        .map(|request| request.max_entries)
        .collect();
    assert_eq!(sizes, [150, 75]);
}

#[tokio::test]
async fn a_refused_credential_stops_everything() {
    let directory = written::Folder::new();
    let script = Script::new([failure(FailureKind::Auth, "unauthorized")]);
    let descriptor = descriptor(b"1", b'1');
    let report = run(
        &script,
        &descriptor,
        &options(),
        &["contacts", "tags"],
        directory.path(),
    )
    .await;
    assert_eq!(report.streams[0].status.name(), "unauthorized");
    assert_eq!(report.streams[1].status.name(), "not_run");
    assert_eq!(script.requests().len(), 1);
}

#[tokio::test]
async fn a_missing_permission_is_a_status_and_the_others_go_on() {
    let directory = written::Folder::new();
    let script = Script::new([
        failure(FailureKind::Permission, "forbidden"),
        page(&["a"], None, Some("1c")),
    ]);
    let descriptor = descriptor(b"1", b'1');
    let report = run(
        &script,
        &descriptor,
        &options(),
        &["tags", "contacts"],
        directory.path(),
    )
    .await;
    assert_eq!(report.streams[0].status.name(), "denied");
    assert_eq!(report.streams[1].status.name(), "complete");
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_a_status_with_the_nearest_name() {
    let directory = written::Folder::new();
    let mut script = Script::new([]);
    script.api_version = some("2.9");
    let descriptor = descriptor(b"1", b'1');
    let report = run(
        &script,
        &descriptor,
        &options(),
        &["contatcs", "tags"],
        directory.path(),
    )
    .await;
    assert_eq!(report.streams[0].status.name(), "unavailable");
    assert_eq!(report.streams[1].status.name(), "not_in_version");
    let message = report.streams[0].status.message().unwrap();
    assert!(message.contains("did you mean contacts?"), "{message}");
    let message = report.streams[1].status.message().unwrap();
    assert!(message.contains("2.9"), "{message}");
}

#[tokio::test]
async fn a_component_that_is_stuck_is_given_up() {
    let directory = written::Folder::new();
    let script = Script::new((0..200).map(|_| page(&[], Some("1n"), None)));
    let descriptor = descriptor(b"1", b'1');
    let report = run(
        &script,
        &descriptor,
        &options(),
        &["contacts"],
        directory.path(),
    )
    .await;
    assert_eq!(report.streams[0].status.code(), Some("no_progress"));
}

#[tokio::test]
async fn a_wait_that_a_page_asks_for_is_made() {
    let directory = written::Folder::new();
    let mut waiting = page(&["a"], Some("1n"), None).unwrap();
    waiting.retry_after_ms = Some(100_000);
    let script = Script::new([Ok(waiting), page(&["b"], None, Some("1c"))]);
    let descriptor = descriptor(b"1", b'1');
    let started = std::time::Instant::now();
    run(
        &script,
        &descriptor,
        &options(),
        &["contacts"],
        directory.path(),
    )
    .await;
    // 100 seconds, ten thousand times as fast.
    assert!(started.elapsed() >= std::time::Duration::from_millis(10));
}
