//! Where a run begins, and what it leaves behind for the next one.

use super::*;

#[tokio::test]
async fn pages_follow_each_other_and_the_next_run_goes_on() {
    let directory = written::Folder::new();
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
    let directory = written::Folder::new();
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
    let directory = written::Folder::new();
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
    let directory = written::Folder::new();
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
async fn an_unreadable_cursor_never_starts_over_by_itself() {
    let directory = written::Folder::new();
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
    let directory = written::Folder::new();
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
    let directory = written::Folder::new();
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
async fn the_last_run_is_remembered() {
    let directory = written::Folder::new();
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
