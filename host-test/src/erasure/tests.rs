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
        state: Vec::new(),
        folder: None,
        lines: Vec::new(),
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
    // What hangs on her conversation goes with it; another contact's stays.
    let parts = std::fs::read_to_string(directory.join("parts.jsonl")).unwrap();
    assert!(!parts.contains("an admin's answer") && parts.contains("ANNA@else.where"));
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
        state: vec![state_path],
        folder: Some(folder.path().to_path_buf()),
        lines: Vec::new(),
    };
    let erased = erase(ID, "contacts", &relations(), &stores).unwrap();
    assert_eq!(erased.total(), 2, "{erased:?}");
    assert!(intents.find(ID).unwrap().is_none() && intents.find(OTHER).unwrap().is_some());
    assert!(state.get("t", "one", 5).unwrap().is_none());
    assert!(state.get("t", "two", 5).unwrap().is_some());
}

/// What is planted of somebody in every store.
fn plant(folder: &Path, key: &str, email: &str) {
    use crate::webhook_queue::{
        IntentSource, Intents, NewCallback, Queue, QueueOptions, WriteOutcome,
    };
    let queue = folder.join("queue.db");
    drop(Queue::open(Some(&queue), QueueOptions::default()).unwrap());
    let intents = Intents::open(&queue).unwrap();
    let conversation = format!("conversation-{key}");
    let intent = crate::contract::types::Intent {
        id: format!("intent of {}", &key[20..]),
        trigger: "t".to_owned(),
        source_stream: "conversations".to_owned(),
        source_key: conversation.clone(),
        action: "a".to_owned(),
        record: json!({"body": format!("call me: {email}")})
            .to_string()
            .into_bytes(),
        confirm: false,
    };
    intents
        .insert(std::slice::from_ref(&intent), IntentSource::Asked, 5)
        .unwrap();
    let callback = NewCallback {
        name: "desk".to_owned(),
        id: format!("callback of {}", &key[20..]),
        body: json!({"ticket": {"external_id": conversation}})
            .to_string()
            .into_bytes(),
        unmatched: None,
    };
    assert!(intents.take_callback(&callback, 5).unwrap());
    let outcome = WriteOutcome {
        cause: intent.id.clone(),
        action: "contacts".to_owned(),
        status: "failed".to_owned(),
        object_id: Some(key.to_owned()),
        problem: Some(format!("row.email: {email} is taken")),
        ..WriteOutcome::default()
    };
    intents.keep_outcome(&outcome).unwrap();
    let row = json!({"email": email}).to_string();
    let write = intents.begin_write(&intent.id, row.as_bytes(), 5).unwrap();
    intents.end_write(write, Some(key), 6, 0).unwrap();
    let copy = folder.join(format!("copy-{key}.pdf"));
    std::fs::write(&copy, format!("signed by {email}")).unwrap();
    let places = [copy.display().to_string()];
    intents
        .keep_copies("conversations", &conversation, &places)
        .unwrap();
    let connection = rusqlite::Connection::open(&queue).unwrap();
    let lines = |keys: &[&str]| -> Vec<u8> {
        let lines = keys.iter().map(|key| {
            format!(
                "{}\n",
                json!({"stream": "contacts", "key": key, "data": {}})
            )
        });
        lines.collect::<String>().into_bytes()
    };
    for (number, problem) in [(1, None), (2, Some("no output takes it"))] {
        connection
            .execute(
                "INSERT INTO waiting (id, topic, received_at_ms, entries, problem) VALUES (?1, 't', 5, ?2, ?3)",
                rusqlite::params![format!("{number} of {}", &key[20..]), lines(&[key, "neighbour"]), problem],
            )
            .unwrap();
    }
    for (table, columns) in [
        (
            "again",
            "(stream, key, after, due_at_ms) VALUES ('contacts', ?1, 0, 0)",
        ),
        (
            "followed",
            "(trigger, stream, key) VALUES ('t', 'contacts', ?1)",
        ),
    ] {
        connection
            .execute(&format!("INSERT INTO {table} {columns}"), [key])
            .unwrap();
    }
    let hash = crate::webhook_queue::row_hash("contacts", key);
    connection
        .execute("INSERT INTO row_times VALUES (?1, 1, 0, 0)", [hash])
        .unwrap();
    for (file, line) in [
        (
            "rejected.jsonl",
            json!({"row": {"email": email.to_uppercase()}}),
        ),
        (
            "queue.intents.jsonl",
            json!({"id": "i", "stream": "conversations", "key": conversation, "record": {}}),
        ),
    ] {
        use std::io::Write as _;
        let path = folder.join(file);
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        writeln!(file, "{line}").unwrap();
    }
}

fn one(output: &mut dyn Output, entries: &[Entry], held: &[crate::output::QuarantinedRow]) {
    let stream = &entries[0].stream;
    output.begin(stream, ScanStart::New).unwrap();
    output
        .commit(Commit {
            stream,
            entries,
            quarantined: held,
            restarted: false,
            complete_snapshot: false,
            position: &Position::default(),
            now_ms: 5,
        })
        .unwrap();
}

#[test]
fn nothing_in_any_store_names_somebody_who_was_erased_and_all_else_is_there() {
    use crate::output::QuarantinedRow;
    let people = [
        (ID, "anna@example.com", "old-anna@example.com"),
        (OTHER, "bert@example.com", "old-bert@example.com"),
    ];
    for lines in [false, true] {
        let folder = written::Folder::new();
        let target = match lines {
            true => OutputTarget::JsonLines(folder.path().join("records")),
            false => OutputTarget::Sqlite(folder.path().join("records.db")),
        };
        let mut output: Box<dyn Output> = match &target {
            OutputTarget::JsonLines(directory) => {
                let state = OutputTarget::state_in_directory(directory);
                Box::new(JsonLines::open(directory, &state).unwrap())
            }
            _ => Box::new(Sqlite::open(&folder.path().join("records.db")).unwrap()),
        };
        for (key, email, before) in people {
            plant(folder.path(), key, email);
            let held = QuarantinedRow::new(
                "contacts",
                None,
                None,
                "why".to_owned(),
                json!({"email": email}).to_string().as_bytes(),
            );
            // What was replaced is in the file as well, until it is written anew.
            one(
                &mut *output,
                &[entry("contacts", key, &json!({"email": before}))],
                &[],
            );
            one(
                &mut *output,
                &[entry(
                    "contacts",
                    key,
                    &json!({"email": email, "external_id": "77"}),
                )],
                &[held],
            );
            let conversation = format!("conversation-{key}");
            one(
                &mut *output,
                &[entry(
                    "conversations",
                    &conversation,
                    &json!({"body": format!("<a href=\"mailto:{email}\">")}),
                )],
                &[],
            );
            let part = json!({"conversation_id": conversation, "body": format!("the answer to {}", &key[20..])});
            one(
                &mut *output,
                &[entry("parts", &format!("part-{}", &key[20..]), &part)],
                &[],
            );
        }
        let stores = Stores {
            output: target,
            queue: Some(folder.path().join("queue.db")),
            state: Vec::new(),
            folder: Some(folder.path().to_path_buf()),
            lines: Vec::new(),
        };
        let others = |erased: &str| {
            let traces = [
                OTHER,
                "bert@example.com",
                "BERT@EXAMPLE.COM",
                "the answer to 00bb",
                "neighbour",
            ];
            let traces = traces.map(|trace| {
                let holding = written::holding(folder.path(), trace.as_bytes());
                (trace, holding.len())
            });
            assert!(
                traces.iter().all(|(_, files)| *files > 0),
                "{erased}: {traces:?}"
            );
            traces
        };
        let before = others("before");
        let erased = erase("anna@example.com", "contacts", &relations(), &stores).unwrap();
        drop(output);
        erase("anna@example.com", "contacts", &relations(), &stores).unwrap();
        let mut traces = vec![
            ID,
            "anna@example.com",
            "ANNA@EXAMPLE.COM",
            "the answer to 00aa",
        ];
        if lines {
            // Only files of lines hold what somebody was called earlier, and so tell it.
            traces.push("old-anna@example.com");
        }
        for trace in traces {
            let left = written::holding(folder.path(), trace.as_bytes());
            assert!(left.is_empty(), "{trace} is in {left:?}: {erased:?}");
        }
        assert_eq!(others("after"), before);
        let connection = rusqlite::Connection::open(folder.path().join("queue.db")).unwrap();
        for (table, rows) in [
            ("intents", 1),
            ("callbacks", 1),
            ("outcomes", 1),
            ("again", 1),
            ("followed", 1),
            ("copies", 1),
            // Hers that waits is emptied of her, the other is gone.
            ("waiting", 3),
            ("row_times", 1),
            // Of each write: what it named, and what came of it.
            ("own_rows", 2),
        ] {
            let question = format!("SELECT count(*) FROM {table}");
            let left: i64 = connection
                .query_row(&question, [], |row| row.get(0))
                .unwrap();
            assert_eq!(left, rows, "{table}");
        }
    }
}

/// What the provider deleted is in the parts of the file that are not used any more.
#[test]
fn what_was_deleted_before_leaves_the_file_as_well() {
    let folder = written::Folder::new();
    let path = folder.path().join("out.db");
    let mut output = Sqlite::open(&path).unwrap();
    one(
        &mut output,
        &[entry(
            "contacts",
            "k1",
            &json!({"email": "Anna@Example.com", "note": "n".repeat(3_000)}),
        )],
        &[],
    );
    let gone = Entry {
        change: Change::Delete,
        ..entry("contacts", "k1", &json!({}))
    };
    one(&mut output, &[gone], &[]);
    drop(output);
    let left = || written::holding(folder.path(), b"Anna@Example.com");
    assert!(!left().is_empty(), "this test shows nothing");
    erase(
        "anna@example.com",
        "contacts",
        &relations(),
        &stores(OutputTarget::Sqlite(path)),
    )
    .unwrap();
    assert!(left().is_empty(), "{:?}", left());
}

#[test]
fn other_records_that_name_somebody_stay_and_are_told() {
    let folder = written::Folder::new();
    let path = folder.path().join("out.db");
    let mut output = Sqlite::open(&path).unwrap();
    let both = [
        entry("contacts", ID, &json!({"email": "anna@example.com"})),
        entry(
            "contacts",
            OTHER,
            &json!({"email": "bert@example.com", "referred_by": "anna@example.com"}),
        ),
    ];
    one(&mut output, &both, &[]);
    drop(output);
    let erased = erase(
        ID,
        "contacts",
        &relations(),
        &stores(OutputTarget::Sqlite(path)),
    )
    .unwrap();
    assert_eq!(erased.total(), 1);
    assert!(
        erased.beyond[0].starts_with("1 other records of contacts"),
        "{erased:?}"
    );
}
