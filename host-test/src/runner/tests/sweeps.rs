//! Rows that are gone.

use super::*;

fn gone(key: &str) -> Entry {
    let mut page = page(&[key], None, None).unwrap();
    let mut entry = page.entries.remove(0);
    entry.change = Change::Delete;
    entry.reason = some("not_found");
    entry
}

#[tokio::test]
async fn a_sweep_deletes_what_is_proven_gone_and_nothing_else() {
    let directory = written::Folder::new();
    let mut descriptor = descriptor(b"1", b'1');
    descriptor.streams[0].modes |= StreamModes::KEYS;
    let script = Script::new([page(&["a", "b", "c", "d"], None, Some("1c"))]);
    run(
        &script,
        &descriptor,
        &options(),
        &["contacts"],
        directory.path(),
    )
    .await;
    let sweeping = RunOptions {
        sweep: Sweep::Now,
        ..options()
    };
    // The walk misses b, c and d. b is gone, c is there after all, and of d nothing is said.
    let mut proof = page(&["c"], None, None).unwrap();
    proof.entries.push(gone("b"));
    let script = Script::new([
        page(&[], None, Some("1d")),
        page(&["a"], Some("1w"), None),
        page(&[], None, Some("1x")),
        Ok(proof),
    ]);
    let report = run(
        &script,
        &descriptor,
        &sweeping,
        &["contacts"],
        directory.path(),
    )
    .await;
    assert!(report.is_complete());
    let done = SweepReport::Done {
        held: 4,
        missed: 3,
        deleted: 1,
    };
    assert_eq!(report.streams[0].sweep, Some(done));
    let requests = script.requests();
    assert_eq!(requests[1].selection, Selection::All);
    let missed = ["b", "c", "d"].map(str::to_owned).to_vec();
    assert_eq!(requests[3].selection, Selection::Keys(missed));
    let output = open(directory.path());
    let live: Vec<String> = output
        .live_keys("contacts")
        .unwrap()
        .unwrap()
        .into_iter()
        .collect();
    assert_eq!(live, ["a", "c", "d"]);
    let stream = &output.state().streams["contacts"];
    let position = &stream.positions[&b'1'];
    assert_eq!(position.checkpoint.as_deref(), Some(&b"1d"[..]));
    assert!(stream.swept_at_ms.is_some());
}

#[tokio::test]
async fn a_walk_that_breaks_off_proves_nothing() {
    let directory = written::Folder::new();
    let mut descriptor = descriptor(b"1", b'1');
    descriptor.streams[0].modes |= StreamModes::KEYS;
    let script = Script::new([page(&["a", "b"], None, Some("1c"))]);
    run(
        &script,
        &descriptor,
        &options(),
        &["contacts"],
        directory.path(),
    )
    .await;
    let sweeping = RunOptions {
        sweep: Sweep::Now,
        ..options()
    };
    let script = Script::new([
        page(&[], None, Some("1d")),
        page(&["a"], Some("1w"), None),
        failure(FailureKind::Drift, "unknown_shape"),
        page(&[], None, None),
    ]);
    let streams = ["contacts", "tags"];
    let report = run(&script, &descriptor, &sweeping, &streams, directory.path()).await;
    assert_eq!(report.streams[0].status.code(), Some("unknown_shape"));
    assert_eq!(report.streams[0].sweep, None);
    assert!(matches!(
        report.streams[1].sweep,
        Some(SweepReport::LeftOut { .. })
    ));
    let output = open(directory.path());
    assert_eq!(output.live_keys("contacts").unwrap().unwrap().len(), 2);
    assert_eq!(output.state().streams["contacts"].swept_at_ms, None);
}

#[tokio::test]
async fn a_stream_that_was_read_whole_is_not_swept_for_a_while() {
    let directory = written::Folder::new();
    let mut descriptor = descriptor(b"1", b'1');
    descriptor.streams[0].modes |= StreamModes::KEYS;
    let weekly = RunOptions {
        sweep: Sweep::Every(std::time::Duration::from_secs(7 * 86_400)),
        ..options()
    };
    for pages in [page(&["a"], None, Some("1c")), page(&[], None, Some("1d"))] {
        let script = Script::new([pages]);
        let report = run(
            &script,
            &descriptor,
            &weekly,
            &["contacts"],
            directory.path(),
        )
        .await;
        assert_eq!(
            (report.is_complete(), &report.streams[0].sweep),
            (true, &None)
        );
    }
}
