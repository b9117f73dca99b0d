//! Rows that are no records, in a file of their own that is committed with the others.

use super::*;
use crate::output::{Addition, QuarantinedRow};

fn held(key: Option<&str>, document: &str) -> QuarantinedRow {
    let reason = "no record".to_owned();
    let key = key.map(str::to_owned);
    QuarantinedRow::new("contacts", key, None, reason, document.as_bytes())
}

fn documents(output: &JsonLines) -> Vec<String> {
    let rows = output.quarantined("contacts").unwrap();
    rows.iter()
        .map(|row| row.document.get().to_owned())
        .collect()
}

#[test]
fn a_held_row_goes_with_the_walk_that_held_it() {
    let directory = written::Folder::new();
    let mut output = open(directory.path());
    let (middle, end) = (position(Some("1n"), None), position(None, Some("1c")));
    output.begin("contacts", ScanStart::New).unwrap();
    let rows = [held(Some("a"), "[\n1]"), held(None, "2")];
    let first = Commit {
        quarantined: &rows,
        ..page("contacts", &[], &middle)
    };
    output.commit(first).unwrap();
    let mut output = open_again(output, directory.path());
    assert_eq!(documents(&output), ["[ 1]", "2"]);
    assert_eq!(lines(directory.path(), "quarantine").len(), 2);
    // The same row once more needs no line.
    let again = ScanStart::Resumed { same_scan: true };
    output.begin("contacts", again).unwrap();
    output.commit(first).unwrap();
    assert_eq!(lines(directory.path(), "quarantine").len(), 2);
    let restarted = Commit {
        restarted: true,
        quarantined: &rows[1..],
        ..page("contacts", &[], &middle)
    };
    output.commit(restarted).unwrap();
    assert_eq!(documents(&output), ["2"]);
    let restarted = Commit {
        restarted: true,
        quarantined: &[],
        ..page("contacts", &[], &end)
    };
    output.commit(restarted).unwrap();
    assert_eq!(documents(&output), [""; 0]);
    assert_eq!(lines(directory.path(), "quarantine").len(), 0);
}

#[test]
fn a_row_that_comes_is_let_go_and_the_file_says_so() {
    let directory = written::Folder::new();
    let mut output = open(directory.path());
    let rows = [held(Some("a"), "1"), held(Some("b"), "2")];
    let addition = Addition {
        stream: "contacts",
        entries: &[],
        quarantined: &rows,
        now_ms: 5,
    };
    output.add(addition).unwrap();
    let come = [entry("contacts", "a", "{}")];
    let come = Addition {
        entries: &come,
        quarantined: &[],
        ..addition
    };
    output.add(come).unwrap();
    let mut output = open_again(output, directory.path());
    assert_eq!(documents(&output), ["2"]);
    assert_eq!(output.state().streams["contacts"].quarantined, 1);
    let live = output.live_keys("contacts").unwrap().unwrap();
    assert_eq!(live.into_iter().collect::<Vec<_>>(), ["a"]);
    // What is begun anew holds nothing of what was.
    output.begin("contacts", ScanStart::Anew).unwrap();
    let output = open_again(output, directory.path());
    assert_eq!(documents(&output), [""; 0]);
    assert_eq!(output.live_keys("contacts").unwrap().unwrap().len(), 0);
}
