#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::contract::types::Change;
use crate::position::Position;

/// An entry that writes a row.
pub(in crate::output) fn entry(stream: &str, key: &str, payload: &str) -> Entry {
    Entry {
        stream: stream.to_owned(),
        key: key.to_owned(),
        updated_at_ms: Some(1_000),
        change: Change::Upsert,
        reason: None,
        successor: None,
        payload: payload.as_bytes().to_vec(),
    }
}

/// A position in the middle of a scan (`next`) or at its end.
pub(in crate::output) fn position(next: Option<&str>, checkpoint: Option<&str>) -> Position {
    Position {
        next: next.map(|text| text.as_bytes().to_vec()),
        checkpoint: checkpoint.map(|text| text.as_bytes().to_vec()),
        format: b'1',
        ..Position::default()
    }
}

/// Commits a page of a stream.
pub(in crate::output) fn page<'a>(
    stream: &'a str,
    entries: &'a [Entry],
    position: &'a Position,
) -> Commit<'a> {
    Commit {
        stream,
        entries,
        restarted: false,
        complete_snapshot: false,
        position,
        now_ms: 5,
    }
}

fn open(directory: &Path) -> JsonLines {
    JsonLines::open(directory, &directory.join(".state.json")).unwrap()
}

fn lines(directory: &Path, stream: &str) -> Vec<String> {
    fs::read_to_string(directory.join(format!("{stream}.jsonl")))
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn what_was_not_committed_is_cut_off_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let mut output = open(directory.path());
    output.begin("contacts", ScanStart::New).unwrap();
    let first = [entry("contacts", "1", "{}")];
    output
        .commit(page("contacts", &first, &position(Some("1n"), None)))
        .unwrap();
    drop(output);
    let path = directory.path().join("contacts.jsonl");
    let committed = fs::read(&path).unwrap();
    let mut torn = committed.clone();
    torn.extend_from_slice(b"{\"stream\":\"conta");
    fs::write(&path, torn).unwrap();

    let output = open(directory.path());
    assert_eq!(fs::read(&path).unwrap(), committed);
    let stored = &output.state().streams["contacts"].positions[&b'1'];
    assert_eq!(stored.next.as_deref(), Some(&b"1n"[..]));
}

#[test]
fn a_crash_before_the_first_commit_leaves_a_directory_that_opens() {
    let directory = tempfile::tempdir().unwrap();
    let mut output = open(directory.path());
    output.begin("contacts", ScanStart::New).unwrap();
    drop(output);
    fs::write(directory.path().join("contacts.jsonl"), "torn").unwrap();
    let mut output = open(directory.path());
    output.begin("contacts", ScanStart::New).unwrap();
    assert!(lines(directory.path(), "contacts").is_empty());
}

#[test]
fn a_restarted_scan_takes_back_its_own_lines_only() {
    let directory = tempfile::tempdir().unwrap();
    let mut output = open(directory.path());
    output.begin("companies", ScanStart::New).unwrap();
    let old = [entry("companies", "old", "{}")];
    output
        .commit(page("companies", &old, &position(None, Some("1c"))))
        .unwrap();

    output.begin("companies", ScanStart::New).unwrap();
    let lost = [entry("companies", "a", "{}"), entry("companies", "b", "{}")];
    output
        .commit(page("companies", &lost, &position(Some("1n"), Some("1c"))))
        .unwrap();
    drop(output);
    let mut output = open(directory.path());
    output
        .begin("companies", ScanStart::Resumed { same_scan: true })
        .unwrap();
    let again = [entry("companies", "c", "{}")];
    let end = position(None, Some("1d"));
    let mut restarted = page("companies", &again, &end);
    restarted.restarted = true;
    output.commit(restarted).unwrap();
    let found = lines(directory.path(), "companies");
    assert_eq!(found.len(), 2);
    assert!(found[0].contains("\"old\"") && found[1].contains("\"c\""));
}

#[test]
fn a_restart_never_takes_what_others_wrote_behind_the_scan() {
    let directory = tempfile::tempdir().unwrap();
    let mut output = open(directory.path());
    output.begin("companies", ScanStart::New).unwrap();
    let scanned = [entry("companies", "a", "{}")];
    output
        .commit(page("companies", &scanned, &position(Some("1n"), None)))
        .unwrap();
    assert!(
        output
            .deliver("d1", &[entry("companies", "hook", "{}")], 1)
            .unwrap()
    );
    let again = [entry("companies", "a", "{}")];
    let end = position(None, Some("1d"));
    let mut restarted = page("companies", &again, &end);
    restarted.restarted = true;
    output.commit(restarted).unwrap();
    let keys = lines(directory.path(), "companies");
    assert_eq!(keys.iter().filter(|line| line.contains("hook")).count(), 1);
    assert_eq!(keys.len(), 3, "a repeat, and no loss");
}

#[test]
fn a_delivery_is_stored_once_over_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let mut output = open(directory.path());
    let hook = [entry("contacts", "1", "{}")];
    assert!(output.deliver("id", &hook, 1).unwrap());
    assert!(!output.deliver("id", &hook, 2).unwrap());
    drop(output);
    assert!(!open(directory.path()).deliver("id", &hook, 3).unwrap());
    assert_eq!(lines(directory.path(), "contacts").len(), 1);
}

#[test]
fn anew_empties_the_stream_and_leaves_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let mut output = open(directory.path());
    for stream in ["tags", "teams"] {
        output.begin(stream, ScanStart::New).unwrap();
        let row = [entry(stream, "1", "{}")];
        output
            .commit(page(stream, &row, &position(None, Some("1c"))))
            .unwrap();
    }
    output.begin("tags", ScanStart::Anew).unwrap();
    assert!(lines(directory.path(), "tags").is_empty());
    assert!(output.state().streams["tags"].positions.is_empty());
    assert_eq!(lines(directory.path(), "teams").len(), 1);
}

#[test]
fn entries_of_other_streams_go_into_their_own_files() {
    let directory = tempfile::tempdir().unwrap();
    let mut output = open(directory.path());
    output.begin("conversations", ScanStart::New).unwrap();
    let mixed = [
        entry("conversations", "1", "{}"),
        entry("conversation_parts", "1/2", "{}"),
    ];
    output
        .commit(page("conversations", &mixed, &position(None, Some("1c"))))
        .unwrap();
    assert_eq!(lines(directory.path(), "conversations").len(), 1);
    assert_eq!(lines(directory.path(), "conversation_parts").len(), 1);
}

#[test]
fn lines_of_others_are_neither_cut_nor_mixed_in() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("tags.jsonl"), "mine\n").unwrap();
    let mut output = open(directory.path());
    let error = output.begin("tags", ScanStart::New).unwrap_err();
    assert!(
        matches!(error, OutputError::UnknownContent { found: 5, .. }),
        "{error}"
    );
    assert_eq!(lines(directory.path(), "tags"), ["mine"]);
}

#[test]
fn after_a_power_cut_the_directory_goes_back_to_what_the_disk_had() {
    let directory = tempfile::tempdir().unwrap();
    let mut output = open(directory.path());
    output.begin("contacts", ScanStart::New).unwrap();
    let first = [entry("contacts", "1", "{}")];
    output
        .commit(page("contacts", &first, &position(Some("1a"), None)))
        .unwrap();
    output.sync().unwrap();
    let length = fs::metadata(directory.path().join("contacts.jsonl"))
        .unwrap()
        .len();
    let second = [entry("contacts", "2", "{}")];
    output.synced_at = Instant::now();
    output
        .commit(page("contacts", &second, &position(Some("1b"), None)))
        .unwrap();
    drop(output);
    // The state file got to the disk, the lines that it speaks of did not.
    OpenOptions::new()
        .write(true)
        .open(directory.path().join("contacts.jsonl"))
        .and_then(|file| file.set_len(length + 3))
        .unwrap();
    let output = open(directory.path());
    assert_eq!(lines(directory.path(), "contacts").len(), 1);
    let stored = &output.state().streams["contacts"].positions[&b'1'];
    assert_eq!(stored.next.as_deref(), Some(&b"1a"[..]));
}

#[test]
fn lines_that_went_missing_are_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let mut output = open(directory.path());
    output.begin("tags", ScanStart::New).unwrap();
    let row = [entry("tags", "1", "{}")];
    output
        .commit(page("tags", &row, &position(None, None)))
        .unwrap();
    output.ended("tags", LastRun::default()).unwrap();
    drop(output);
    fs::write(directory.path().join("tags.jsonl"), "").unwrap();
    let error = open(directory.path())
        .begin("tags", ScanStart::New)
        .unwrap_err();
    assert!(matches!(error, OutputError::LostContent { .. }), "{error}");
}

#[test]
fn a_directory_belongs_to_one_process() {
    let directory = tempfile::tempdir().unwrap();
    let elsewhere = directory.path().join("elsewhere.json");
    let _first = open(directory.path());
    assert!(JsonLines::open(directory.path(), &elsewhere).is_err());
}

#[test]
fn a_stream_name_cannot_leave_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let error = open(directory.path())
        .begin("../x", ScanStart::New)
        .unwrap_err();
    assert!(matches!(error, OutputError::BadStreamName { .. }));
}
