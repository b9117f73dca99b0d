//! Windows, keys and filters.

use super::*;

#[tokio::test]
async fn what_is_read_beside_the_position_leaves_it_alone() {
    let directory = written::Folder::new();
    let mut descriptor = descriptor(b"1", b'1');
    descriptor.streams[0].modes |= StreamModes::KEYS;
    // A scan that was cut off: its place must survive what is read beside it.
    let script = Script::new([
        page(&["a"], Some("1n"), None),
        failure(FailureKind::Drift, "unknown_shape"),
    ]);
    run(
        &script,
        &descriptor,
        &options(),
        &["contacts"],
        directory.path(),
    )
    .await;
    let before = open(directory.path()).state().streams["contacts"].clone();
    let window = Extent::Window {
        since_ms: Some(5),
        until_ms: 9,
    };
    let keys = Extent::Keys(vec!["x".to_owned(), "y".to_owned()]);
    let selections = [
        Selection::Window(TimeWindow {
            since_ms: Some(5),
            until_ms: Some(9),
        }),
        Selection::Keys(vec!["x".to_owned(), "y".to_owned()]),
    ];
    for (extent, selection) in [window, keys].into_iter().zip(selections) {
        let aside = RunOptions {
            extent,
            ..options()
        };
        let script = Script::new([
            page(&["x"], Some("1p"), None),
            page(&["y"], None, Some("1z")),
        ]);
        let report = run(
            &script,
            &descriptor,
            &aside,
            &["contacts"],
            directory.path(),
        )
        .await;
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(cursors(&script), [None, some("1p")]);
        assert!(
            script
                .requests()
                .iter()
                .all(|request| request.selection == selection)
        );
    }
    let after = open(directory.path()).state().streams["contacts"].clone();
    assert_eq!(after.positions, before.positions);
    assert_eq!(after.last, before.last);
    assert_eq!((line_count(directory.path()), after.records), (5, 5));
    // And the scan goes on where it was; when it starts over, what was read beside it stays.
    let mut restarted = page(&["a", "b"], None, Some("1c")).unwrap();
    restarted.restarted = true;
    let script = Script::new([Ok(restarted)]);
    run(
        &script,
        &descriptor,
        &options(),
        &["contacts"],
        directory.path(),
    )
    .await;
    assert_eq!(cursors(&script), [some("1n")]);
    assert_eq!(line_count(directory.path()), 6);
}

#[tokio::test]
async fn a_stream_without_that_selection_says_so() {
    let directory = written::Folder::new();
    let descriptor = descriptor(b"1", b'1');
    let window = Extent::Window {
        since_ms: None,
        until_ms: 9,
    };
    for extent in [window, Extent::Keys(vec!["x".to_owned()])] {
        let aside = RunOptions {
            extent,
            ..options()
        };
        let script = Script::new([]);
        let report = run(&script, &descriptor, &aside, &["tags"], directory.path()).await;
        assert_eq!(report.streams[0].status.code(), Some("not_selectable"));
    }
}

#[tokio::test]
async fn filters_are_handed_over_and_never_mixed() {
    let directory = written::Folder::new();
    let descriptor = descriptor(b"1", b'1');
    let filtered = |value: Option<&str>| {
        let fields = value.map(|value| serde_json::json!({ "role": value }));
        let fields = fields.and_then(|fields| fields.as_object().cloned());
        let filter = fields.and_then(Filter::new);
        RunOptions {
            filters: filter
                .map(|filter| ("contacts".to_owned(), filter))
                .into_iter()
                .collect(),
            ..options()
        }
    };
    let mut first = page(&["a"], None, Some("1c")).unwrap();
    first.complete_snapshot = true;
    let script = Script::new([Ok(first), page(&[], None, None)]);
    let streams = ["contacts", "tags"];
    run(
        &script,
        &descriptor,
        &filtered(Some("user")),
        &streams,
        directory.path(),
    )
    .await;
    let filters: Vec<Option<Vec<u8>>> = script
        .requests()
        .into_iter()
        .map(|request| request.filter)
        .collect();
    assert_eq!(filters, [Some(br#"{"role":"user"}"#.to_vec()), None]);
    // The same goes on.
    let script = Script::new([page(&["b"], None, Some("1d"))]);
    run(
        &script,
        &descriptor,
        &filtered(Some("user")),
        &["contacts"],
        directory.path(),
    )
    .await;
    assert_eq!(cursors(&script), [some("1c")]);
    // Another, or none, does not.
    for (other, part) in [
        (Some("lead"), "with other values"),
        (None, "now with no filter"),
    ] {
        let script = Script::new([]);
        let report = run(
            &script,
            &descriptor,
            &filtered(other),
            &["contacts"],
            directory.path(),
        )
        .await;
        let status = &report.streams[0].status;
        assert_eq!(status.code(), Some("other_filter"));
        let message = status.message().unwrap();
        assert!(
            message.contains(part) && message.contains("--full"),
            "{message}"
        );
        assert!(
            !message.contains("user") && !message.contains("lead"),
            "{message}"
        );
    }
    let script = Script::new([page(&["c"], None, Some("1e"))]);
    let anew = RunOptions {
        full: true,
        ..filtered(Some("lead"))
    };
    let report = run(&script, &descriptor, &anew, &["contacts"], directory.path()).await;
    assert!(report.is_complete());
    assert_eq!(line_count(directory.path()), 1);
}
