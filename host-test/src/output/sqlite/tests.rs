#![allow(clippy::unwrap_used, clippy::panic)]

mod beside;
mod order;

use serde_json::{Value, json};

use super::*;
use crate::contract::types::{Change, Entry};
use crate::output::json_lines::tests::{deliver, entry, page, position};
use crate::position::LastWebhook;

type Row = (String, bool, Option<String>, Value);

fn open(directory: &written::Folder) -> Sqlite {
    Sqlite::open(&directory.path().join("out.db")).unwrap()
}

/// Every row as (key, deleted, reason, data), by key.
fn rows(output: &Sqlite, stream: &str) -> Vec<Row> {
    let sql = format!("SELECT key, deleted, reason, data FROM \"{stream}\" ORDER BY key");
    let mut statement = output.connection.prepare(&sql).unwrap();
    let found = statement
        .query_map([], |row| {
            let data: String = row.get(3)?;
            let data = serde_json::from_str(&data).unwrap();
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, data))
        })
        .unwrap();
    found.map(Result::unwrap).collect()
}

fn keys(output: &Sqlite, stream: &str) -> Vec<String> {
    rows(output, stream).into_iter().map(|row| row.0).collect()
}

fn undo_rows(output: &Sqlite) -> i64 {
    output
        .connection
        .query_row("SELECT count(*) FROM _undo", [], |row| row.get(0))
        .unwrap()
}

fn scan(output: &mut Sqlite, stream: &str, entries: &[Entry]) {
    output.begin(stream, ScanStart::New).unwrap();
    let end = position(None, Some("1c"));
    output.commit(page(stream, entries, &end)).unwrap();
}

#[test]
fn upsert_patch_and_delete_do_what_they_say() {
    let directory = written::Folder::new();
    let mut output = open(&directory);
    let mut patch = entry("contacts", "1", r#"{"name":"B","tags":{"x":1}}"#);
    patch.change = Change::Patch;
    let mut fresh_patch = entry("contacts", "2", r#"{"name":"C"}"#);
    fresh_patch.change = Change::Patch;
    let mut gone = entry("contacts", "3", r#"{"id":"3"}"#);
    gone.change = Change::Delete;
    gone.reason = Some("merged".to_owned());
    gone.successor = Some("1".to_owned());
    let entries = [
        entry("contacts", "1", r#"{"id":"1","name":"A","tags":{"y":2}}"#),
        entry("contacts", "3", r#"{"id":"3","name":"Z"}"#),
        patch,
        fresh_patch,
        gone,
    ];
    scan(&mut output, "contacts", &entries);
    let merged = Some("merged".to_owned());
    assert_eq!(
        rows(&output, "contacts"),
        [
            (
                "1".to_owned(),
                false,
                None,
                json!({"id": "1", "name": "B", "tags": {"x": 1}})
            ),
            ("2".to_owned(), false, None, json!({"name": "C"})),
            ("3".to_owned(), true, merged, json!({"id": "3"})),
        ]
    );
}

#[test]
fn records_and_position_are_stored_together_or_not_at_all() {
    let directory = written::Folder::new();
    let mut output = open(&directory);
    scan(&mut output, "contacts", &[entry("contacts", "1", "{}")]);
    let mut broken = entry("contacts", "1", "not json");
    broken.change = Change::Patch;
    output.begin("contacts", ScanStart::New).unwrap();
    let entries = [entry("contacts", "2", "{}"), broken];
    let later = position(None, Some("1later"));
    let error = output
        .commit(page("contacts", &entries, &later))
        .unwrap_err();
    assert!(matches!(error, OutputError::NotJson { .. }), "{error}");
    drop(output);
    let output = open(&directory);
    assert_eq!(keys(&output, "contacts"), ["1"]);
    let stored = &output.state().streams["contacts"].positions[&b'1'];
    assert_eq!(stored.checkpoint.as_deref(), Some(&b"1c"[..]));
}

#[test]
fn a_restarted_scan_gives_back_the_rows_that_it_changed() {
    let directory = written::Folder::new();
    let mut output = open(&directory);
    let before = [
        entry("companies", "a", r#"{"v":1}"#),
        entry("companies", "b", r#"{"v":1}"#),
    ];
    scan(&mut output, "companies", &before);
    output.begin("companies", ScanStart::New).unwrap();
    let first = [
        entry("companies", "a", r#"{"v":2}"#),
        entry("companies", "a", r#"{"v":3}"#),
        entry("companies", "c", r#"{"v":2}"#),
    ];
    let middle = position(Some("1n"), Some("1c"));
    output.commit(page("companies", &first, &middle)).unwrap();
    drop(output);
    let mut output = open(&directory);
    output
        .begin("companies", ScanStart::Resumed { same_scan: true })
        .unwrap();
    let after = position(Some("1m"), Some("1c"));
    let mut restarted = page("companies", &[], &after);
    restarted.restarted = true;
    output.commit(restarted).unwrap();
    assert_eq!(
        rows(&output, "companies"),
        [
            ("a".to_owned(), false, None, json!({"v": 1})),
            ("b".to_owned(), false, None, json!({"v": 1})),
        ]
    );
    assert_eq!(undo_rows(&output), 0);
}

#[test]
fn nothing_is_kept_to_take_back_after_the_end_of_a_scan() {
    let directory = written::Folder::new();
    let mut output = open(&directory);
    scan(&mut output, "tags", &[entry("tags", "1", "{}")]);
    output.begin("tags", ScanStart::New).unwrap();
    let again = [entry("tags", "1", "{}")];
    let middle = position(Some("1n"), None);
    output.commit(page("tags", &again, &middle)).unwrap();
    assert_eq!(undo_rows(&output), 1);
    let end = position(None, Some("1c"));
    output.commit(page("tags", &[], &end)).unwrap();
    assert_eq!(undo_rows(&output), 0);
}

#[test]
fn a_complete_snapshot_deletes_what_it_did_not_give() {
    let directory = written::Folder::new();
    let mut output = open(&directory);
    let before = [entry("tags", "1", "{}"), entry("tags", "2", "{}")];
    scan(&mut output, "tags", &before);
    output.begin("tags", ScanStart::New).unwrap();
    let hook = [entry("tags", "3", "{}")];
    deliver(&mut output, "hook", &hook);
    let kept = [entry("tags", "2", "{}")];
    let end = position(None, None);
    let mut last = page("tags", &kept, &end);
    last.complete_snapshot = true;
    output.commit(last).unwrap();
    let found: Vec<(String, bool, Option<String>)> = rows(&output, "tags")
        .into_iter()
        .map(|row| (row.0, row.1, row.2))
        .collect();
    assert_eq!(
        found,
        [
            ("1".to_owned(), true, Some("absent".to_owned())),
            ("2".to_owned(), false, None),
            ("3".to_owned(), false, None),
        ]
    );
}

#[test]
fn a_delivery_is_stored_once_and_late_ones_do_not_overwrite() {
    let directory = written::Folder::new();
    let mut output = open(&directory);
    let row = [entry("contacts", "1", r#"{"v":"new"}"#)];
    scan(&mut output, "contacts", &row);
    let mut late = entry("contacts", "1", r#"{"v":"old"}"#);
    late.updated_at_ms = Some(999);
    assert!(deliver(&mut output, "a", &[late.clone()]));
    assert!(!deliver(&mut output, "a", &[late]));
    assert_eq!(rows(&output, "contacts")[0].3, json!({"v": "new"}));
    let mut later = entry("contacts", "1", r#"{"v":"newest"}"#);
    later.updated_at_ms = Some(1_001);
    assert!(deliver(&mut output, "b", &[later]));
    assert_eq!(rows(&output, "contacts")[0].3, json!({"v": "newest"}));
}

#[test]
fn a_restart_leaves_rows_that_a_webhook_wrote() {
    let directory = written::Folder::new();
    let mut output = open(&directory);
    let row = [entry("companies", "a", r#"{"v":"old"}"#)];
    scan(&mut output, "companies", &row);
    output.begin("companies", ScanStart::New).unwrap();
    let walked = [entry("companies", "a", r#"{"v":"walked"}"#)];
    let middle = position(Some("1n"), None);
    output.commit(page("companies", &walked, &middle)).unwrap();
    let hook = [entry("companies", "a", r#"{"v":"hook"}"#)];
    deliver(&mut output, "hook", &hook);
    let after = position(Some("1m"), None);
    let mut restarted = page("companies", &[], &after);
    restarted.restarted = true;
    output.commit(restarted).unwrap();
    assert_eq!(rows(&output, "companies")[0].3, json!({"v": "hook"}));
}

#[test]
fn anew_empties_the_table_and_the_positions() {
    let directory = written::Folder::new();
    let mut output = open(&directory);
    scan(&mut output, "tags", &[entry("tags", "1", "{}")]);
    output.begin("tags", ScanStart::Anew).unwrap();
    assert!(keys(&output, "tags").is_empty());
    assert!(output.state().streams["tags"].positions.is_empty());
}

#[test]
fn what_a_check_found_is_remembered_with_its_workspace() {
    let directory = written::Folder::new();
    let mut output = open(&directory);
    let checked = Checked {
        fingerprint: "f".to_owned(),
        workspace_id: "w".to_owned(),
        prepared: vec![1, 2, 255],
        ..Checked::default()
    };
    output.keep_checked(Some(checked.clone())).unwrap();
    drop(output);
    let mut output = open(&directory);
    assert_eq!(output.state().checked.as_ref(), Some(&checked));
    output.keep_checked(None).unwrap();
    drop(output);
    let output = open(&directory);
    assert_eq!(output.state().checked, None);
    assert_eq!(output.state().workspace_id.as_deref(), Some("w"));
}

#[test]
fn names_of_the_hosts_own_tables_are_no_streams() {
    let directory = written::Folder::new();
    let mut output = open(&directory);
    assert!(output.begin("_state", ScanStart::New).is_err());
    assert!(output.begin("odd\"name", ScanStart::New).is_ok());
}

#[test]
fn a_database_of_a_later_version_is_refused() {
    let directory = written::Folder::new();
    let path = directory.path().join("out.db");
    rusqlite::Connection::open(&path)
        .and_then(|connection| connection.pragma_update(None, "user_version", 99))
        .unwrap();
    assert!(matches!(
        Sqlite::open(&path),
        Err(OutputError::DatabaseLayout { found: 99, .. })
    ));
}

#[test]
fn the_last_webhooks_are_remembered_and_a_delivery_waits_for_the_disk() {
    let directory = written::Folder::new();
    let mut output = open(&directory);
    let waits = |output: &Sqlite| -> i64 {
        let asked = output
            .connection
            .pragma_query_value(None, "synchronous", |row| row.get(0));
        asked.unwrap()
    };
    assert!(deliver(&mut output, "d", &[]));
    assert_eq!(waits(&output), 2);
    scan(&mut output, "tags", &[]);
    assert_eq!(waits(&output), 1);
    assert!(!deliver(&mut output, "d", &[]));
    drop(output);
    let expected = LastWebhook {
        ping_at_ms: None,
        delivery_at_ms: Some(1),
        topic: Some("topic".to_owned()),
    };
    assert_eq!(open(&directory).state().webhooks, Some(expected));
}

/// The tables as version 0.1.0 made them.
#[test]
fn a_database_of_an_older_version_is_taken_over() {
    let directory = written::Folder::new();
    rusqlite::Connection::open(directory.path().join("out.db"))
        .and_then(|connection| {
            connection.execute_batch(
                "CREATE TABLE _state (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;
                 CREATE TABLE _undo (scan INTEGER NOT NULL, stream TEXT NOT NULL, key TEXT NOT NULL, updated_at_ms INTEGER,
                    deleted INTEGER NOT NULL, reason TEXT, successor TEXT, data TEXT NOT NULL, written_by INTEGER NOT NULL,
                    PRIMARY KEY (scan, stream, key));
                 CREATE TABLE _deliveries (id TEXT PRIMARY KEY NOT NULL, received_at_ms INTEGER NOT NULL) WITHOUT ROWID;
                 INSERT INTO _deliveries VALUES ('old', 1);
                 INSERT INTO _state VALUES ('counter', '3');
                 PRAGMA user_version = 1;",
            )
        })
        .unwrap();
    let mut output = open(&directory);
    assert_eq!(output.state().webhooks, None);
    assert!(!deliver(&mut output, "old", &[]));
    assert!(output.state().webhooks.is_some());
}
