//! Where a run begins, and what it leaves behind for the next one.

use super::*;

#[tokio::test]
async fn pages_follow_each_other_and_the_next_run_goes_on() {
    let place = Place::new();
    let script = Script::new([
        page(&["a", "b"], Some("1n"), None),
        page(&["c"], None, Some("1c")),
    ]);
    let report = place.contacts(&script).await;
    assert!(report.is_complete());
    let contacts = report.stream("contacts").unwrap();
    assert_eq!(
        (contacts.records, contacts.pages, contacts.requests),
        (3, 2, 2)
    );
    assert_eq!(cursors(&script), [None, some("1n")]);
    let script = Script::new([page(&["d"], None, Some("1d"))]);
    place.contacts(&script).await;
    assert_eq!(cursors(&script), [some("1c")]);
    assert_eq!(place.lines(), 4);
}

#[tokio::test]
async fn a_scan_that_was_cut_off_is_resumed_with_its_own_selection() {
    let place = Place::new();
    let mut since = options();
    since.since_ms = Some(77);
    let script = Script::new([
        page(&["a"], Some("1n"), None),
        failure(FailureKind::Drift, "unknown_shape"),
    ]);
    let report = place.run(&script, &since, &["contacts"]).await;
    assert_eq!(
        report.stream("contacts").unwrap().status.code(),
        Some("unknown_shape")
    );
    let script = Script::new([page(&["b"], None, Some("1c"))]);
    place.contacts(&script).await;
    let window = Selection::Window(TimeWindow {
        since_ms: Some(77),
        until_ms: None,
    });
    assert_eq!(script.requests()[0].selection, window);
    assert_eq!(cursors(&script), [some("1n")]);
    assert_eq!(place.lines(), 2);
}

#[tokio::test]
async fn a_start_date_is_for_streams_that_know_when_rows_changed() {
    let place = Place::new();
    let mut since = options();
    since.since_ms = Some(77);
    let script = Script::new([page(&[], None, None), page(&[], None, None)]);
    place.run(&script, &since, &["contacts", "tags"]).await;
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
    let place = Place::new();
    let script = Script::new([page(&["a"], None, Some("1c"))]);
    place.contacts(&script).await;
    let script = Script::new([page(&["a", "b"], None, Some("1c"))]);
    let mut full = options();
    full.full = true;
    place.run(&script, &full, &["contacts"]).await;
    assert_eq!(cursors(&script), [None]);
    assert_eq!(place.lines(), 2);
}

#[tokio::test]
async fn an_unreadable_cursor_never_starts_over_by_itself() {
    let mut place = Place::new();
    let script = Script::new([page(&["a"], None, Some("1c"))]);
    place.contacts(&script).await;

    let script = Script::new([failure(FailureKind::InvalidInput, "unreadable_cursor")]);
    let report = place.contacts(&script).await;
    let status = &report.streams[0].status;
    assert_eq!(status.code(), Some("unreadable_cursor"));
    assert!(status.message().unwrap().contains("--full"));
    assert_eq!(script.requests().len(), 1);

    let script = Script::new([]);
    place.descriptor = descriptor(b"2", b'2');
    let report = place.contacts(&script).await;
    let status = &report.streams[0].status;
    assert_eq!(status.code(), Some("unreadable_cursor"));
    assert!(status.message().unwrap().contains("--full"));
    assert_eq!(place.lines(), 1);
}

#[tokio::test]
async fn an_older_version_goes_on_from_its_own_position() {
    let mut place = Place::new();
    let old = descriptor(b"1", b'1');
    let newer = descriptor(b"12", b'2');
    let script = Script::new([page(&["a"], None, Some("1a"))]);
    place.descriptor = old.clone();
    place.contacts(&script).await;
    let script = Script::new([page(&["b"], None, Some("2b"))]);
    place.descriptor = newer.clone();
    place.contacts(&script).await;
    assert_eq!(cursors(&script), [some("1a")]);
    let script = Script::new([page(&["b"], None, Some("1b"))]);
    place.descriptor = old.clone();
    place.contacts(&script).await;
    assert_eq!(cursors(&script), [some("1a")]);
    let script = Script::new([page(&[], None, Some("2c"))]);
    place.descriptor = newer.clone();
    place.contacts(&script).await;
    assert_eq!(cursors(&script), [some("1b")]);
}

#[tokio::test]
async fn a_restarted_walk_counts_and_stores_its_rows_once() {
    let place = Place::new();
    let mut restarted = page(&["a", "b"], None, Some("1c")).unwrap();
    restarted.restarted = true;
    let script = Script::new([page(&["a"], Some("1n"), None), Ok(restarted)]);
    let report = place.contacts(&script).await;
    let contacts = report.stream("contacts").unwrap();
    assert_eq!((contacts.records, contacts.restarts), (2, 1));
    assert_eq!(place.lines(), 2);
}

#[tokio::test]
async fn the_last_run_is_remembered() {
    let place = Place::new();
    let script = Script::new([failure(FailureKind::Bug, "panic")]);
    place.contacts(&script).await;
    let output = place.output();
    let last = output.state().streams["contacts"].last.clone().unwrap();
    assert_eq!((last.status.as_str(), last.records), ("failed", 0));
    let stored: Option<&Position> = output.state().streams["contacts"].positions.get(&b'1');
    assert_eq!(
        stored.map(|position| position.selection),
        None::<StoredSelection>
    );
}
