#![allow(clippy::unwrap_used)]

use super::*;
use crate::contract::types::{Change, Entry};
use crate::output::{Commit, JsonLines, Output, ScanStart, Sqlite};
use crate::position::Position;

const ID: &str = "6500000000000000000000aa";
const OTHER: &str = "6500000000000000000000bb";

fn relations() -> Relations {
    let parents = [("notes", "contacts"), ("parts", "conversations")];
    Relations {
        parents: parents
            .iter()
            .map(|(child, parent)| ((*child).to_owned(), (*parent).to_owned()))
            .collect(),
    }
}

fn entry(stream: &str, key: &str, data: &Value) -> Entry {
    Entry {
        stream: stream.to_owned(),
        key: key.to_owned(),
        updated_at_ms: Some(1_000),
        change: Change::Upsert,
        reason: None,
        successor: None,
        payload: data.to_string().into_bytes(),
    }
}

fn fill(output: &mut dyn Output) {
    for (stream, rows) in [
        (
            "contacts",
            vec![
                (
                    ID,
                    json!({"id": ID, "email": "anna@example.com", "external_id": "7"}),
                ),
                (
                    OTHER,
                    json!({"id": OTHER, "email": "bert@example.com", "external_id": "8"}),
                ),
            ],
        ),
        (
            "notes",
            vec![
                ("n1", json!({"contact_id": ID, "body": "private"})),
                ("n2", json!({"contact_id": OTHER, "rank": "7"})),
            ],
        ),
        (
            "conversations",
            vec![
                (
                    "c1",
                    json!({"contacts": {"contacts": [{"id": ID}]}, "title": "hers"}),
                ),
                (
                    "c2",
                    json!({"contacts": {"contacts": [{"id": OTHER}]}, "rank": "7"}),
                ),
            ],
        ),
        (
            "parts",
            vec![
                (
                    "p1",
                    json!({"conversation_id": "c1", "body": "an admin's answer"}),
                ),
                (
                    "p2",
                    json!({"conversation_id": "c2", "author": {"email": "ANNA@else.where"}}),
                ),
            ],
        ),
    ] {
        output.begin(stream, ScanStart::New).unwrap();
        let entries: Vec<Entry> = rows
            .iter()
            .map(|(key, data)| entry(stream, key, data))
            .collect();
        output
            .commit(Commit {
                stream,
                entries: &entries,
                quarantined: &[],
                restarted: false,
                complete_snapshot: false,
                position: &Position::default(),
                now_ms: 5,
            })
            .unwrap();
    }
}

fn stores(output: OutputTarget) -> Stores {
    Stores {
        output,
        queue: None,
        state: None,
        folder: None,
    }
}

#[test]
fn a_record_and_all_that_names_it_leave_a_database_and_nothing_else_does() {
    for name in [ID, "anna@example.com", "Anna@Example.COM"] {
        let folder = written::Folder::new();
        let path = folder.path().join("out.db");
        let mut output = Sqlite::open(&path).unwrap();
        fill(&mut output);
        // The database stays open, as in a server.
        let stores = stores(OutputTarget::Sqlite(path.clone()));
        let erased = erase(name, "contacts", &relations(), &stores).unwrap();
        let keys = |stream| {
            output
                .live_keys(stream)
                .unwrap()
                .unwrap()
                .into_iter()
                .collect::<Vec<_>>()
        };
        assert_eq!(keys("contacts"), [OTHER]);
        // `n2` and `c2` hold a short value of hers, which says nothing.
        assert_eq!(keys("conversations"), ["c2"]);
        assert_eq!(keys("parts"), ["p2"]);
        assert_eq!(keys("notes"), ["n2"]);
        assert!(erased.total() >= 4, "{erased:?}");
        drop(output);
        let again = erase(name, "contacts", &relations(), &stores).unwrap();
        assert_eq!(again.total(), 0);
        let bytes = std::fs::read(&path).unwrap();
        for trace in ["anna@example.com", "private", ID] {
            assert!(
                memchr::memmem::find(&bytes, trace.as_bytes()).is_none(),
                "{trace} is left"
            );
        }
    }
}

#[test]
fn several_that_answer_to_a_name_are_nobody() {
    let folder = written::Folder::new();
    let path = folder.path().join("out.db");
    let mut output = Sqlite::open(&path).unwrap();
    output.begin("contacts", ScanStart::New).unwrap();
    let twice = [
        entry("contacts", "1", &json!({"email": "same@example.com"})),
        entry("contacts", "2", &json!({"email": "same@example.com"})),
    ];
    output
        .commit(Commit {
            stream: "contacts",
            entries: &twice,
            quarantined: &[],
            restarted: false,
            complete_snapshot: false,
            position: &Position::default(),
            now_ms: 5,
        })
        .unwrap();
    let error = erase(
        "same@example.com",
        "contacts",
        &relations(),
        &stores(OutputTarget::Sqlite(path)),
    );
    assert!(matches!(error, Err(ErasureError::Several(2, _))));
}

#[test]
fn lines_are_written_over_and_the_files_go_on() {
    let folder = written::Folder::new();
    let directory = folder.path().join("lines");
    let state = OutputTarget::state_in_directory(&directory);
    let mut output = JsonLines::open(&directory, &state).unwrap();
    fill(&mut output);
    let stores = stores(OutputTarget::JsonLines(directory.clone()));
    let erased = erase("anna@example.com", "contacts", &relations(), &stores).unwrap();
    assert!(erased.total() >= 3, "{erased:?}");
    let more = [entry("contacts", "later", &json!({}))];
    output
        .commit(Commit {
            stream: "contacts",
            entries: &more,
            quarantined: &[],
            restarted: false,
            complete_snapshot: false,
            position: &Position::default(),
            now_ms: 6,
        })
        .unwrap();
    drop(output);
    let output = JsonLines::open(&directory, &state).unwrap();
    let keys = output.live_keys("contacts").unwrap().unwrap();
    assert_eq!(keys.into_iter().collect::<Vec<_>>(), [OTHER, "later"]);
    let text = std::fs::read_to_string(directory.join("contacts.jsonl")).unwrap();
    assert!(!text.contains(ID) && text.contains("{\"erased\":true}"));
    for line in text.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
}

#[test]
fn a_queue_and_a_state_forget_as_well() {
    use crate::contract::state::Change as StateChange;
    use crate::contract::types::Intent;
    use crate::state_store::{SqliteState, StateLimits, StateStore as _};
    use crate::webhook_queue::{IntentSource, Intents, Queue, QueueOptions};
    let folder = written::Folder::new();
    let queue_path = folder.path().join("queue.db");
    drop(Queue::open(Some(&queue_path), QueueOptions::default()).unwrap());
    let intent = |key: &str| Intent {
        id: key.to_owned(),
        trigger: "t".to_owned(),
        source_stream: "contacts".to_owned(),
        source_key: key.to_owned(),
        action: "a".to_owned(),
        record: b"{}".to_vec(),
        confirm: false,
    };
    let intents = Intents::open(&queue_path).unwrap();
    intents
        .insert(&[intent(ID), intent(OTHER)], IntentSource::Asked, 5)
        .unwrap();
    let state_path = folder.path().join("state.db");
    let state = SqliteState::open(&state_path).unwrap();
    let limits = StateLimits {
        value: 1_000,
        total: 10_000,
        keys: 100,
    };
    let change = |key: &str, value: &str| StateChange {
        key: key.to_owned(),
        expected: None,
        value: Some(value.as_bytes().to_vec()),
        ttl_ms: None,
    };
    let both = [
        change("one", &format!("{{\"id\":\"{ID}\"}}")),
        change("two", "other"),
    ];
    state.swap_all("t", &both, limits, 5).unwrap();
    let stores = Stores {
        output: OutputTarget::Sqlite(folder.path().join("none.db")),
        queue: Some(queue_path),
        state: Some(state_path),
        folder: Some(folder.path().to_path_buf()),
    };
    let erased = erase(ID, "contacts", &relations(), &stores).unwrap();
    assert_eq!(erased.total(), 2, "{erased:?}");
    assert!(intents.find(ID).unwrap().is_none() && intents.find(OTHER).unwrap().is_some());
    assert!(state.get("t", "one", 5).unwrap().is_none());
    assert!(state.get("t", "two", 5).unwrap().is_some());
}
