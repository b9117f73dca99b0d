//! What is said about streams, and rows that are no records.

use super::*;

fn notice(kind: &str, path: Option<&str>, document: Option<&str>) -> Notice {
    Notice {
        kind: kind.to_owned(),
        message: format!("{kind} was found"),
        stream: None,
        key: None,
        path: path.map(str::to_owned),
        document: document.map(|text| text.as_bytes().to_vec()),
    }
}

#[tokio::test]
async fn a_stream_that_the_version_lacks_is_missing_only_to_those_who_named_it() {
    let directory = written::Folder::new();
    let descriptor = descriptor(b"1", b'1');
    for (asked_by_name, whole) in [(false, true), (true, false)] {
        let mut script = Script::new([]);
        script.api_version = some("2.9");
        let options = RunOptions {
            asked_by_name,
            ..options()
        };
        let report = run(&script, &descriptor, &options, &["tags"], directory.path()).await;
        assert_eq!(report.streams[0].status.name(), "not_in_version");
        assert_eq!(report.is_complete(), whole);
    }
    // The component finds it out where the host does not know the version.
    let script = Script::new([failure(FailureKind::InvalidInput, "not_in_version")]);
    let report = run(
        &script,
        &descriptor,
        &options(),
        &["tags"],
        directory.path(),
    )
    .await;
    assert_eq!(report.streams[0].status.name(), "not_in_version");
}

#[tokio::test]
async fn a_drift_is_told_once_however_many_pages_have_it() {
    let directory = written::Folder::new();
    let with_drift = |next: Option<&str>| {
        let mut page = page(&["a"], next, Some("1c")).unwrap();
        page.notices = vec![
            notice("drift", Some("tags[3].id"), None),
            notice("drift", Some("phone"), None),
        ];
        Ok(page)
    };
    let script = Script::new([
        with_drift(Some("1a")),
        with_drift(Some("1b")),
        with_drift(None),
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
    let contacts = report.stream("contacts").unwrap();
    assert_eq!(
        (
            contacts.notices.count("drift"),
            contacts.notices.lines().count()
        ),
        (6, 2)
    );
    assert!(report.is_complete());
    let stored = open(directory.path());
    let last = stored.state().streams["contacts"].last.clone().unwrap();
    assert_eq!(last.notices.get("drift"), Some(&6));
}

#[tokio::test]
async fn a_row_that_is_no_record_is_held_until_it_comes_as_one() {
    let directory = written::Folder::new();
    let mut descriptor = descriptor(b"1", b'1');
    descriptor.streams[0].modes |= StreamModes::KEYS;
    let mut odd = page(&["a"], None, Some("1c")).unwrap();
    odd.complete_snapshot = true;
    odd.notices = vec![
        notice(
            "quarantined",
            Some("data[1].name"),
            Some(r#"{"id":"b","name":[]}"#),
        ),
        notice("quarantined", Some("data[2]"), Some("7")),
    ];
    let script = Script::new([Ok(odd)]);
    let report = run(
        &script,
        &descriptor,
        &options(),
        &["contacts"],
        directory.path(),
    )
    .await;
    assert!(!report.is_complete() && !report.is_failed());
    let contacts = report.stream("contacts").unwrap();
    assert_eq!(
        (contacts.quarantined(), contacts.notices.lines().count()),
        (2, 2)
    );
    assert!(
        contacts.remarks[0].contains("quarantine.jsonl"),
        "{:?}",
        contacts.remarks
    );
    assert_eq!(
        open(directory.path()).state().streams["contacts"].quarantined,
        2
    );

    let again = RunOptions {
        extent: Extent::Quarantined,
        ..options()
    };
    let script = Script::new([page(&["b"], None, None)]);
    let report = run(
        &script,
        &descriptor,
        &again,
        &["contacts"],
        directory.path(),
    )
    .await;
    assert!(report.is_complete());
    assert_eq!(
        script.requests()[0].selection,
        Selection::Keys(vec!["b".to_owned()])
    );
    assert!(
        report.streams[0].remarks[0].starts_with("1 of the rows"),
        "{report:?}"
    );
    let output = open(directory.path());
    let held = output.quarantined("contacts").unwrap();
    assert_eq!((held.len(), held[0].document.get()), (1, "7"));
    assert_eq!(output.state().streams["contacts"].quarantined, 1);
    assert_eq!(line_count(directory.path()), 2);
}

#[tokio::test]
async fn a_stream_that_needs_more_configuration_is_missing_only_to_those_who_named_it() {
    let directory = written::Folder::new();
    let descriptor = descriptor(b"1", b'1');
    let lacking = |path: &str| {
        let problem = Problem {
            path: path.to_owned(),
            code: "missing".to_owned(),
            message: "name the types".to_owned(),
            found: None,
            expected: None,
        };
        let Err(CallError::Failure(failure)) = failure(FailureKind::InvalidInput, "missing") else {
            unreachable!("a failure was made");
        };
        let problems = vec![problem];
        Err(CallError::Failure(Failure {
            problems,
            ..failure
        }))
    };
    for (path, asked_by_name, status, whole) in [
        ("config.types", false, "not_configured", true),
        ("config.types", true, "not_configured", false),
        ("filter.role", false, "failed", false),
    ] {
        let script = Script::new([lacking(path)]);
        let options = RunOptions {
            asked_by_name,
            ..options()
        };
        let report = run(&script, &descriptor, &options, &["tags"], directory.path()).await;
        assert_eq!(
            (report.streams[0].status.name(), report.is_complete()),
            (status, whole)
        );
    }
}

/// A stream of which only webhooks tell is not asked for, and not missing: nothing could have been read.
#[tokio::test]
async fn a_stream_that_cannot_be_read_is_not_missing() {
    let directory = written::Folder::new();
    let mut descriptor = descriptor(b"1", b'1');
    descriptor.streams[0].modes = StreamModes::KEYS;
    for asked_by_name in [false, true] {
        let script = Script::new([page(&["a"], None, Some("1c"))]);
        let options = RunOptions {
            asked_by_name,
            ..options()
        };
        let names = ["contacts", "tags"];
        let report = run(&script, &descriptor, &options, &names, directory.path()).await;
        assert_eq!(report.streams[0].status.name(), "webhooks_only");
        assert_eq!(report.streams[1].status.name(), "complete");
        assert!(report.is_complete());
    }
}
