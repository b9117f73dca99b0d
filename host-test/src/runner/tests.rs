#![allow(clippy::unwrap_used, clippy::panic)]

mod beside;
mod notices;
mod sweeps;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::*;
use crate::call::CallError;
use crate::contract::connector::{
    Formats, Page, PageRequest, RatePolicy, Selection, StreamModes, TimeWindow,
};
use crate::contract::types::{Change, Entry, Failure, FailureKind, Notice, Problem};
use crate::output::JsonLines;
use crate::position::{Position, StoredSelection};
use crate::progress::Silent;
use crate::report::SweepReport;
use crate::tenant::Usage;

/// Gives prepared answers and keeps the requests.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Result<Page, CallError>>>,
    requests: Mutex<Vec<PageRequest>>,
    api_version: Option<String>,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = Result<Page, CallError>>) -> Script {
        Script {
            answers: Mutex::new(answers.into_iter().collect()),
            ..Script::default()
        }
    }

    fn requests(&self) -> Vec<PageRequest> {
        let requests = self.requests.lock();
        requests.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl PageSource for Script {
    async fn read_page(&self, request: &PageRequest) -> Result<Page, CallError> {
        let lock = self.requests.lock();
        lock.unwrap_or_else(PoisonError::into_inner)
            .push(request.clone());
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers
            .pop_front()
            .unwrap_or_else(|| panic!("the script is at its end: {request:?}"))
    }

    fn usage(&self) -> Usage {
        Usage {
            requests: self.requests().len() as u64,
            ..Usage::default()
        }
    }

    fn workspace_id(&self) -> Option<String> {
        Some("w".to_owned())
    }

    fn api_version(&self) -> Option<String> {
        self.api_version.clone()
    }
}

pub(super) fn stream(name: &str, modes: StreamModes) -> StreamDescriptor {
    StreamDescriptor {
        name: name.to_owned(),
        key: vec!["id".to_owned()],
        cursor_field: None,
        modes,
        parent: None,
        exclusive: name == "companies",
        schema_version: 1,
        schema: b"{}".to_vec(),
        permission: None,
        api_versions: vec!["2.11".to_owned()],
    }
}

fn descriptor(reads: &[u8], writes: u8) -> Descriptor {
    let formats = Formats {
        reads: reads.to_vec(),
        writes,
    };
    Descriptor {
        name: "test".to_owned(),
        version: "1.0.0".to_owned(),
        cursor_formats: formats.clone(),
        state_formats: formats.clone(),
        prepared_formats: formats,
        api_versions: vec!["2.11".to_owned()],
        default_api_version: "2.11".to_owned(),
        auth_methods: Vec::new(),
        config_schema: b"{}".to_vec(),
        endpoints: Vec::new(),
        rate_policy: RatePolicy {
            scope: "app".to_owned(),
            limit_header: None,
            remaining_header: None,
            reset_header: None,
            window_ms: 1,
            default_limit: 1,
        },
        streams: vec![
            stream("contacts", StreamModes::FULL | StreamModes::INCREMENTAL),
            stream("companies", StreamModes::FULL | StreamModes::INCREMENTAL),
            stream("tags", StreamModes::FULL),
        ],
        mapping_presets: Vec::new(),
        actions: Vec::new(),
        webhooks: None,
        topics: Vec::new(),
    }
}

fn page(keys: &[&str], next: Option<&str>, checkpoint: Option<&str>) -> Result<Page, CallError> {
    Ok(Page {
        entries: keys
            .iter()
            .map(|key| Entry {
                stream: "contacts".to_owned(),
                key: (*key).to_owned(),
                updated_at_ms: None,
                change: Change::Upsert,
                reason: None,
                successor: None,
                payload: b"{}".to_vec(),
            })
            .collect(),
        intents: Vec::new(),
        next: next.map(|text| text.as_bytes().to_vec()),
        checkpoint: checkpoint.map(|text| text.as_bytes().to_vec()),
        restarted: false,
        retry_after_ms: None,
        notices: Vec::new(),
        complete_snapshot: false,
    })
}

fn failure(kind: FailureKind, code: &str) -> Result<Page, CallError> {
    Err(CallError::Failure(Failure {
        kind,
        code: code.to_owned(),
        message: "it says".to_owned(),
        retry_after_ms: None,
        maybe_applied: false,
        request_id: None,
        problems: Vec::new(),
    }))
}

fn options() -> RunOptions {
    RunOptions {
        retry: RetryPolicy {
            time_scale: 10_000.0,
            ..RetryPolicy::default()
        },
        ..RunOptions::default()
    }
}

fn open(directory: &Path) -> JsonLines {
    JsonLines::open(directory, &directory.join(".state.json")).unwrap()
}

async fn run(
    script: &Script,
    descriptor: &Descriptor,
    options: &RunOptions,
    streams: &[&str],
    directory: &Path,
) -> RunReport {
    let mut output = JsonLines::open(directory, &directory.join(".state.json")).unwrap();
    let streams: Vec<String> = streams.iter().map(|name| (*name).to_owned()).collect();
    Runner::new(script, descriptor, options, &Silent)
        .run(&streams, &mut output)
        .await
        .unwrap()
}

fn line_count(directory: &Path) -> usize {
    std::fs::read_to_string(directory.join("contacts.jsonl"))
        .unwrap_or_default()
        .lines()
        .count()
}

fn cursors(script: &Script) -> Vec<Option<String>> {
    script
        .requests()
        .into_iter()
        .map(|request| {
            request
                .cursor
                .map(|cursor| String::from_utf8(cursor).unwrap())
        })
        .collect()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn pages_follow_each_other_and_the_next_run_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let descriptor = descriptor(b"1", b'1');
    let script = Script::new([
        page(&["a", "b"], Some("1n"), None),
        page(&["c"], None, Some("1c")),
    ]);
    let report = run(
        &script,
        &descriptor,
        &options(),
        &["contacts"],
        directory.path(),
    )
    .await;
    assert!(report.is_complete());
    let contacts = report.stream("contacts").unwrap();
    assert_eq!(
        (contacts.records, contacts.pages, contacts.requests),
        (3, 2, 2)
    );
    assert_eq!(cursors(&script), [None, some("1n")]);
    let script = Script::new([page(&["d"], None, Some("1d"))]);
    run(
        &script,
        &descriptor,
        &options(),
        &["contacts"],
        directory.path(),
    )
    .await;
    assert_eq!(cursors(&script), [some("1c")]);
    assert_eq!(line_count(directory.path()), 4);
}

#[tokio::test]
async fn a_scan_that_was_cut_off_is_resumed_with_its_own_selection() {
    let directory = tempfile::tempdir().unwrap();
    let descriptor = descriptor(b"1", b'1');
    let mut since = options();
    since.since_ms = Some(77);
    let script = Script::new([
        page(&["a"], Some("1n"), None),
        failure(FailureKind::Drift, "unknown_shape"),
    ]);
    let report = run(
        &script,
        &descriptor,
        &since,
        &["contacts"],
        directory.path(),
    )
    .await;
    assert_eq!(
        report.stream("contacts").unwrap().status.code(),
        Some("unknown_shape")
    );
    let script = Script::new([page(&["b"], None, Some("1c"))]);
    run(
        &script,
        &descriptor,
        &options(),
        &["contacts"],
        directory.path(),
    )
    .await;
    let window = Selection::Window(TimeWindow {
        since_ms: Some(77),
        until_ms: None,
    });
    assert_eq!(script.requests()[0].selection, window);
    assert_eq!(cursors(&script), [some("1n")]);
    assert_eq!(line_count(directory.path()), 2);
}

#[tokio::test]
async fn a_start_date_is_for_streams_that_know_when_rows_changed() {
    let directory = tempfile::tempdir().unwrap();
    let mut since = options();
    since.since_ms = Some(77);
    let script = Script::new([page(&[], None, None), page(&[], None, None)]);
    let descriptor = descriptor(b"1", b'1');
    run(
        &script,
        &descriptor,
        &since,
        &["contacts", "tags"],
        directory.path(),
    )
    .await;
    let selections: Vec<Selection> = script
        .requests()
        .into_iter()
        .map(|request| request.selection)
        .collect();
    assert!(matches!(selections[0], Selection::Window(_)));
    assert!(matches!(selections[1], Selection::All));
}

#[tokio::test]
async fn full_begins_anew() {
    let directory = tempfile::tempdir().unwrap();
    let descriptor = descriptor(b"1", b'1');
    let script = Script::new([page(&["a"], None, Some("1c"))]);
    run(
        &script,
        &descriptor,
        &options(),
        &["contacts"],
        directory.path(),
    )
    .await;
    let script = Script::new([page(&["a", "b"], None, Some("1c"))]);
    let mut full = options();
    full.full = true;
    run(&script, &descriptor, &full, &["contacts"], directory.path()).await;
    assert_eq!(cursors(&script), [None]);
    assert_eq!(line_count(directory.path()), 2);
}

#[tokio::test]
async fn what_passes_is_tried_again_with_the_same_position() {
    let directory = tempfile::tempdir().unwrap();
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
    let directory = tempfile::tempdir().unwrap();
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
    let directory = tempfile::tempdir().unwrap();
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
    let directory = tempfile::tempdir().unwrap();
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
    let directory = tempfile::tempdir().unwrap();
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
    let directory = tempfile::tempdir().unwrap();
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
    let directory = tempfile::tempdir().unwrap();
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
async fn an_unreadable_cursor_never_starts_over_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let old = descriptor(b"1", b'1');
    let script = Script::new([page(&["a"], None, Some("1c"))]);
    run(&script, &old, &options(), &["contacts"], directory.path()).await;

    let script = Script::new([failure(FailureKind::InvalidInput, "unreadable_cursor")]);
    let report = run(&script, &old, &options(), &["contacts"], directory.path()).await;
    let status = &report.streams[0].status;
    assert_eq!(status.code(), Some("unreadable_cursor"));
    assert!(status.message().unwrap().contains("--full"));
    assert_eq!(script.requests().len(), 1);

    let script = Script::new([]);
    let newer = descriptor(b"2", b'2');
    let report = run(&script, &newer, &options(), &["contacts"], directory.path()).await;
    let status = &report.streams[0].status;
    assert_eq!(status.code(), Some("unreadable_cursor"));
    assert!(status.message().unwrap().contains("--full"));
    assert_eq!(line_count(directory.path()), 1);
}

#[tokio::test]
async fn an_older_version_goes_on_from_its_own_position() {
    let directory = tempfile::tempdir().unwrap();
    let old = descriptor(b"1", b'1');
    let newer = descriptor(b"12", b'2');
    let script = Script::new([page(&["a"], None, Some("1a"))]);
    run(&script, &old, &options(), &["contacts"], directory.path()).await;
    let script = Script::new([page(&["b"], None, Some("2b"))]);
    run(&script, &newer, &options(), &["contacts"], directory.path()).await;
    assert_eq!(cursors(&script), [some("1a")]);
    let script = Script::new([page(&["b"], None, Some("1b"))]);
    run(&script, &old, &options(), &["contacts"], directory.path()).await;
    assert_eq!(cursors(&script), [some("1a")]);
    let script = Script::new([page(&[], None, Some("2c"))]);
    run(&script, &newer, &options(), &["contacts"], directory.path()).await;
    assert_eq!(cursors(&script), [some("1b")]);
}

#[tokio::test]
async fn a_restarted_walk_counts_and_stores_its_rows_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut restarted = page(&["a", "b"], None, Some("1c")).unwrap();
    restarted.restarted = true;
    let script = Script::new([page(&["a"], Some("1n"), None), Ok(restarted)]);
    let descriptor = descriptor(b"1", b'1');
    let report = run(
        &script,
        &descriptor,
        &options(),
        &["contacts"],
        directory.path(),
    )
    .await;
    let contacts = report.stream("contacts").unwrap();
    assert_eq!((contacts.records, contacts.restarts), (2, 1));
    assert_eq!(line_count(directory.path()), 2);
}

#[tokio::test]
async fn a_component_that_is_stuck_is_given_up() {
    let directory = tempfile::tempdir().unwrap();
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
    let directory = tempfile::tempdir().unwrap();
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

#[tokio::test]
async fn the_last_run_is_remembered() {
    let directory = tempfile::tempdir().unwrap();
    let script = Script::new([failure(FailureKind::Bug, "panic")]);
    let descriptor = descriptor(b"1", b'1');
    run(
        &script,
        &descriptor,
        &options(),
        &["contacts"],
        directory.path(),
    )
    .await;
    let output = JsonLines::open(directory.path(), &directory.path().join(".state.json")).unwrap();
    let last = output.state().streams["contacts"].last.clone().unwrap();
    assert_eq!((last.status.as_str(), last.records), ("failed", 0));
    let stored: Option<&Position> = output.state().streams["contacts"].positions.get(&b'1');
    assert_eq!(
        stored.map(|position| position.selection),
        None::<StoredSelection>
    );
}
