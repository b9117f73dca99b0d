#![allow(clippy::unwrap_used, clippy::panic)]

mod held;

use std::fs::OpenOptions;

use super::*;
use crate::contract::types::Change;
use crate::position::{LastWebhook, Position};

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
        quarantined: &[],
        restarted: false,
        complete_snapshot: false,
        position,
        now_ms: 5,
    }
}

/// Delivers a webhook at an hour that does not matter.
pub(in crate::output) fn deliver(output: &mut dyn Output, id: &str, entries: &[Entry]) -> bool {
    let delivery = Delivery {
        id,
        topic: "topic",
        entries,
        now_ms: 1,
    };
    output.deliver(&[delivery]).unwrap()[0].new
}

fn open_again(output: JsonLines, directory: &Path) -> JsonLines {
    drop(output);
    open(directory)
}

pub(super) fn keys_of(lines: &[String]) -> Vec<String> {
    let key = |line: &String| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["key"].as_str().unwrap().to_owned()
    };
    lines.iter().map(key).collect()
}

pub(super) fn open(directory: &Path) -> JsonLines {
    JsonLines::open(directory, &directory.join(".state.json")).unwrap()
}

pub(super) fn lines(directory: &Path, stream: &str) -> Vec<String> {
    fs::read_to_string(directory.join(format!("{stream}.jsonl")))
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn what_was_not_committed_is_cut_off_at_the_next_start() {
    let directory = written::Folder::new();
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
    let directory = written::Folder::new();
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
    let directory = written::Folder::new();
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
    let directory = written::Folder::new();
    let mut output = open(directory.path());
    output.begin("companies", ScanStart::New).unwrap();
    let scanned = [entry("companies", "a", "{}")];
    output
        .commit(page("companies", &scanned, &position(Some("1n"), None)))
        .unwrap();
    deliver(&mut output, "d1", &[entry("companies", "hook", "{}")]);
    let more = [entry("companies", "b", "{}")];
    output
        .commit(page("companies", &more, &position(Some("1m"), None)))
        .unwrap();
    deliver(&mut output, "d2", &[entry("companies", "late", "{}")]);
    let again = [entry("companies", "a", "{}")];
    let end = position(None, Some("1d"));
    let mut restarted = page("companies", &again, &end);
    restarted.restarted = true;
    output.commit(restarted).unwrap();
    let found = lines(directory.path(), "companies");
    assert_eq!(keys_of(&found), ["hook", "late", "a"]);
}

/// Two streams may write into the same file; each takes back its own.
#[test]
fn what_others_scan_moves_with_the_file_and_can_be_taken_back_as_well() {
    let directory = written::Folder::new();
    let mut output = open(directory.path());
    let row = |key: &str| [entry("parts", key, "{}")];
    let next = position(Some("1n"), None);
    for stream in ["one", "two"] {
        output.begin(stream, ScanStart::New).unwrap();
    }
    for (stream, key) in [("one", "a"), ("two", "b"), ("one", "c"), ("two", "d")] {
        output.commit(page(stream, &row(key), &next)).unwrap();
    }
    for (stream, left) in [("one", vec!["b", "d", "x"]), ("two", vec!["x", "x"])] {
        output = open_again(output, directory.path());
        let again = row("x");
        let mut restarted = page(stream, &again, &next);
        restarted.restarted = true;
        output.commit(restarted).unwrap();
        assert_eq!(keys_of(&lines(directory.path(), "parts")), left, "{stream}");
    }
}

#[test]
fn a_delivery_is_stored_once_over_restarts() {
    let directory = written::Folder::new();
    let mut output = open(directory.path());
    let hook = [entry("contacts", "1", "{}")];
    assert!(deliver(&mut output, "id", &hook));
    assert!(!deliver(&mut output, "id", &hook));
    output = open_again(output, directory.path());
    assert!(!deliver(&mut output, "id", &hook));
    assert_eq!(lines(directory.path(), "contacts").len(), 1);
}

#[test]
fn anew_empties_the_stream_and_leaves_the_others() {
    let directory = written::Folder::new();
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
    let directory = written::Folder::new();
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
    let directory = written::Folder::new();
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
    let directory = written::Folder::new();
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
    let directory = written::Folder::new();
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
    let directory = written::Folder::new();
    let elsewhere = directory.path().join("elsewhere.json");
    let _first = open(directory.path());
    assert!(JsonLines::open(directory.path(), &elsewhere).is_err());
}

#[test]
fn a_stream_name_cannot_leave_the_directory() {
    let directory = written::Folder::new();
    let error = open(directory.path())
        .begin("../x", ScanStart::New)
        .unwrap_err();
    assert!(matches!(error, OutputError::BadStreamName { .. }));
}

#[test]
fn ids_are_forgotten_after_a_day_and_leave_the_file() {
    const DAY_MS: i64 = 24 * 3_600 * 1_000;
    let directory = written::Folder::new();
    let mut output = open(directory.path());
    let deliver_at = |output: &mut JsonLines, number: i64, now_ms| {
        // Long ones, so that few of them are worth removing.
        let id = format!("{number}{}", "x".repeat(200_000));
        let delivery = Delivery {
            id: &id,
            topic: "topic",
            entries: &[],
            now_ms,
        };
        output.deliver(&[delivery]).unwrap()[0].new
    };
    for number in 0..8 {
        assert!(deliver_at(&mut output, number, number));
    }
    assert!(!deliver_at(&mut output, 0, DAY_MS));
    // The first six are older than a day and more than half of the file.
    assert!(deliver_at(&mut output, 8, DAY_MS + 6));
    for _ in 0..2 {
        assert_eq!(lines(directory.path(), receipts::FILE).len(), 3);
        for known in 6..=8 {
            assert!(!deliver_at(&mut output, known, DAY_MS + 6));
        }
        output = open_again(output, directory.path());
    }
    assert!(deliver_at(&mut output, 0, DAY_MS + 6));
}

#[test]
fn deliveries_that_an_older_version_stored_are_known() {
    let directory = written::Folder::new();
    let text = r#"{"layout":1,"state":{"streams":{},"deliveries":["old-1","old-2"]}}"#;
    fs::write(directory.path().join(".state.json"), text).unwrap();
    let mut output = open(directory.path());
    for _ in 0..2 {
        assert!(!deliver(&mut output, "old-1", &[]));
        assert!(!deliver(&mut output, "old-2", &[]));
        assert!(output.state().deliveries.is_empty());
        output = open_again(output, directory.path());
    }
    assert!(deliver(&mut output, "new", &[]));
}

#[test]
fn the_last_webhooks_are_remembered() {
    let directory = written::Folder::new();
    let mut output = open(directory.path());
    assert_eq!(output.state().webhooks, None);
    deliver(&mut output, "d", &[]);
    output = open_again(output, directory.path());
    let expected = LastWebhook {
        ping_at_ms: None,
        delivery_at_ms: Some(1),
        topic: Some("topic".to_owned()),
    };
    assert_eq!(output.state().webhooks, Some(expected));
}
