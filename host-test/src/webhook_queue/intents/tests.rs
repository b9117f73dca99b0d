#![allow(clippy::unwrap_used)]

use written::Folder;

use super::*;
use crate::contract::types::{Change, Entry};
use crate::webhook_queue::{CallbackState, NewCallback};

const NOW: i64 = 1_700_000_000_000;

fn open() -> (Folder, Intents) {
    let directory = written::Folder::new();
    let intents = Intents::open(&directory.path().join("queue")).unwrap();
    (directory, intents)
}

fn intent(id: &str, stream: &str, key: &str) -> Intent {
    Intent {
        id: id.to_owned(),
        trigger: "t".to_owned(),
        source_stream: stream.to_owned(),
        source_key: key.to_owned(),
        action: "a".to_owned(),
        record: b"{}".to_vec(),
        confirm: false,
    }
}

fn entry(stream: &str, key: &str, at_ms: i64) -> Entry {
    Entry {
        stream: stream.to_owned(),
        key: key.to_owned(),
        updated_at_ms: Some(at_ms),
        change: Change::Upsert,
        reason: None,
        successor: None,
        payload: b"{}".to_vec(),
    }
}

/// How many intents of a delivery that tells of a part of conversation 7 are stored.
fn deliver(intents: &Intents, id: &str, part: &str, at_ms: i64) -> usize {
    let entries = [
        entry("conversations", "7", at_ms),
        entry("parts", part, at_ms),
    ];
    let source = IntentSource::Delivery(&entries, Some(at_ms));
    intents
        .insert(&[intent(id, "conversations", "7")], source, NOW)
        .unwrap()
}

fn read(intents: &Intents, id: &str, at_ms: i64) -> usize {
    let entries = [
        entry("conversations", "6", at_ms),
        entry("conversations", "7", at_ms),
    ];
    let source = IntentSource::Page(&entries);
    intents
        .insert(&[intent(id, "conversations", "7")], source, NOW)
        .unwrap()
}

fn due(intents: &Intents) -> Vec<String> {
    let due = intents.due(NOW, 10).unwrap().into_iter();
    due.map(|stored| stored.intent.id).collect()
}

#[test]
fn a_trigger_that_is_switched_off_makes_nothing_but_what_is_asked_for() {
    let (_directory, intents) = open();
    let file = |on| [("t", on, false)];
    intents.declare(file(true)).unwrap();
    assert_eq!(deliver(&intents, "1", "p1", NOW), 1);
    intents.switch("t", false).unwrap();
    assert_eq!(deliver(&intents, "2", "p2", NOW), 0);
    // Whoever asks for one by name wants it: a trigger may be there for that alone.
    let asked = intents.insert(&[intent("3", "x", "1")], IntentSource::Asked, NOW);
    assert_eq!(asked.unwrap(), 1);
    assert_eq!(due(&intents), ["1", "3"]);
    // What was switched stays, whatever the file says.
    intents.declare(file(true)).unwrap();
    assert!(!intents.switches().unwrap()["t"].is_on());
    intents.switch("t", true).unwrap();
    intents.declare(file(false)).unwrap();
    assert_eq!(deliver(&intents, "4", "p4", NOW), 1);
    assert_eq!(due(&intents), ["1", "3", "4"]);
    intents.declare([]).unwrap();
    assert_eq!(intents.switches().unwrap()["t"].by_file, None);
}

#[test]
fn an_echo_is_told_from_an_answer_in_the_same_second() {
    let (_directory, intents) = open();
    let row = br#"{"conversation_id":"7","admin_id":5,"body":"x"}"#;
    let number = intents.begin_write("b", row, NOW).unwrap();
    assert_eq!(
        intents.end_write(number, Some("p1"), NOW + 400, 0).unwrap(),
        0
    );
    assert_eq!(deliver(&intents, "echo", "p1", NOW), 0);
    assert_eq!(deliver(&intents, "answer", "p2", NOW), 1);
    // A row that is read shows its last change only.
    assert_eq!(read(&intents, "read", NOW), 0);
    assert_eq!(read(&intents, "later", NOW + 3_000), 1);
    // The object that came of it may change later.
    assert_eq!(deliver(&intents, "redacted", "p1", NOW + 60_000), 1);
}

#[test]
fn what_comes_while_a_write_is_under_way_is_held_until_it_is_over() {
    let (_directory, intents) = open();
    let row = br#"{"conversation_id":"7"}"#;
    let number = intents.begin_write("b", row, NOW).unwrap();
    assert_eq!(deliver(&intents, "echo", "p1", NOW + 90_000), 1);
    assert_eq!(deliver(&intents, "answer", "p2", NOW + 90_000), 1);
    assert_eq!(due(&intents), [""; 0]);
    // The process dies, and the write is made again.
    assert_eq!(intents.begin_write("b", row, NOW + 5).unwrap(), number);
    // The provider's clock is ahead by ninety seconds.
    let ended = intents.end_write(number, Some("p1"), NOW + 500, 90_000);
    assert_eq!(ended.unwrap(), 1);
    assert_eq!(due(&intents), ["answer"]);
    assert!(intents.find("echo").unwrap().is_none());
    // It used up no id: the same trigger fires for a change of somebody else.
    assert_eq!(deliver(&intents, "echo", "p3", NOW + 200_000), 1);

    // Of a write that came to nothing nothing is an echo.
    let number = intents.begin_write("c", row, NOW).unwrap();
    assert_eq!(read(&intents, "held", NOW + 700_000), 1);
    assert_eq!(intents.end_write(number, None, NOW + 1, 0).unwrap(), 0);
    assert_eq!(due(&intents), ["answer", "echo", "held"]);
}

#[test]
fn a_write_that_never_ends_holds_nothing_for_ever() {
    let (_directory, intents) = open();
    intents
        .begin_write("b", br#"{"id":"7"}"#, NOW - 700_000)
        .unwrap();
    assert_eq!(deliver(&intents, "1", "p1", NOW), 1);
    assert_eq!(due(&intents), ["1"]);
}

#[test]
fn an_intent_is_tried_until_it_is_over() {
    let (_directory, intents) = open();
    assert_eq!(deliver(&intents, "1", "p1", NOW), 1);
    let claim = || {
        let (from, to) = (IntentState::Pending, IntentState::Running);
        assert!(intents.set_state("1", from, to, NOW).unwrap());
    };
    claim();
    let later = Tried::Later {
        due_at_ms: NOW + 5,
        problem: "not now".to_owned(),
    };
    intents.tried("1", &later, NOW).unwrap();
    assert_eq!(due(&intents), [""; 0]);
    let stored = intents.due(NOW + 5, 1).unwrap().remove(0);
    assert_eq!(
        (stored.tries, stored.problem.as_deref()),
        (1, Some("not now"))
    );
    claim();
    // The process dies: whoever starts next takes it up, and knows that it may have been done.
    assert_eq!(intents.take_up(NOW).unwrap(), 1);
    assert_eq!(intents.find("1").unwrap().unwrap().tries, 2);
    intents.keep_record("1", b"{\"a\":1}").unwrap();
    claim();
    let failed = Tried::Failed {
        problem: "never".to_owned(),
    };
    intents.tried("1", &failed, NOW).unwrap();
    assert!(intents.try_again("1", NOW).unwrap() && !intents.try_again("1", NOW).unwrap());
    let stored = intents.find("1").unwrap().unwrap();
    assert_eq!(
        (stored.state, stored.tries, stored.is_fresh),
        (IntentState::Pending, 0, true)
    );
    claim();
    intents.tried("1", &Tried::Done, NOW).unwrap();
    let count = intents.count().unwrap();
    assert_eq!(count[&("t".to_owned(), "done".to_owned())], 1);
}

#[test]
fn a_callback_is_taken_once_and_its_body_goes_with_it() {
    let (_directory, intents) = open();
    let callback = |id: &str, unmatched: Option<&str>| NewCallback {
        name: "desk".to_owned(),
        id: id.to_owned(),
        body: b"{}".to_vec(),
        unmatched: unmatched.map(str::to_owned),
    };
    assert!(intents.take_callback(&callback("1", None), NOW).unwrap());
    assert!(!intents.take_callback(&callback("1", None), NOW).unwrap());
    assert!(
        intents
            .take_callback(&callback("2", Some("no rule")), NOW)
            .unwrap()
    );
    let due = intents.due_callbacks(NOW, 10).unwrap();
    assert_eq!((due.len(), due[0].id.as_str()), (1, "1"));
    let number = due[0].number;
    let pending = CallbackState::Pending;
    intents
        .set_callback(number, pending, NOW + 9, Some("later"))
        .unwrap();
    assert!(intents.due_callbacks(NOW, 10).unwrap().is_empty());
    let due = intents.due_callbacks(NOW + 9, 10).unwrap();
    assert_eq!(
        (due[0].tries, due[0].body.as_slice()),
        (1, b"{}".as_slice())
    );
    intents
        .set_callback(number, CallbackState::Done, 0, None)
        .unwrap();
    let done = intents.find_callback(number).unwrap().unwrap();
    assert_eq!((done.state, done.body.len()), (CallbackState::Done, 0));
    let kept = intents
        .list_callbacks(Some(CallbackState::Unmatched), 10)
        .unwrap();
    assert_eq!(kept[0].problem.as_deref(), Some("no rule"));
    for state in [CallbackState::Dead, CallbackState::Dismissed] {
        assert_eq!(CallbackState::of(state.name()), Some(state));
    }
}

/// A database that the version before made.
#[test]
fn what_was_stored_before_stays() {
    let directory = written::Folder::new();
    let path = directory.path().join("queue");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(
        "CREATE TABLE intents (id TEXT PRIMARY KEY NOT NULL, trigger TEXT NOT NULL, source_stream TEXT NOT NULL,
            source_key TEXT NOT NULL, action TEXT NOT NULL, record BLOB NOT NULL, confirm INTEGER NOT NULL,
            state TEXT NOT NULL, created_at_ms INTEGER NOT NULL, changed_at_ms INTEGER NOT NULL);
         INSERT INTO intents VALUES ('1', 't', 's', 'k', 'a', x'7b7d', 0, 'pending', 1, 1);
         PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(old);
    let intents = Intents::open(&path).unwrap();
    assert_eq!(due(&intents), ["1"]);
    assert_eq!(deliver(&intents, "2", "p", NOW), 1);
}

#[test]
fn what_becomes_of_a_row_is_handed_on_once() {
    let (_directory, intents) = open();
    intents
        .declare([("t", true, true), ("off", false, false)])
        .unwrap();
    assert_eq!(deliver(&intents, "1", "p1", NOW), 1);
    let later = |part: &str, at_ms| {
        let entries = [
            entry("conversations", "7", at_ms),
            entry("parts", part, at_ms),
        ];
        let source = IntentSource::Delivery(&entries, Some(at_ms));
        // What set it off may be said again, and other triggers may be off.
        let other = Intent {
            trigger: "off".to_owned(),
            ..intent("other", "conversations", "7")
        };
        let again = [intent("1", "conversations", "7"), other];
        assert_eq!(intents.insert(&again, source, NOW).unwrap(), 0);
        intents.due_follows(NOW, 10).unwrap()
    };
    let record = |record: &str| Intent {
        record: record.as_bytes().to_vec(),
        confirm: true,
        ..intent("x", "conversations", "7")
    };
    // The delivery that set it off is no news, nor is an older state.
    assert!(intents.due_follows(NOW, 10).unwrap().is_empty());
    assert!(later("p0", NOW - 5_000).is_empty());
    let rows = later("p2", NOW);
    assert_eq!((rows.len(), rows[0].key.as_str()), (1, "7"));
    // What is still to be done will be read when it is.
    assert!(
        !intents
            .followed(&rows[0], Some(&record("{\"a\":2}")), NOW)
            .unwrap()
    );
    assert!(intents.due_follows(NOW, 10).unwrap().is_empty());
    let (pending, done) = (IntentState::Pending, IntentState::Done);
    assert!(intents.set_state("1", pending, done, NOW).unwrap());

    let row = later("p3", NOW + 1_000).remove(0);
    assert!(!intents.followed(&row, Some(&record("{}")), NOW).unwrap());
    assert!(
        intents
            .followed(&row, Some(&record("{\"a\":3}")), NOW)
            .unwrap()
    );
    assert!(
        !intents
            .followed(&row, Some(&record("{\"a\":3}")), NOW)
            .unwrap()
    );
    let stored = intents.due(NOW, 10).unwrap().remove(0);
    assert!(stored.follows && stored.is_fresh && stored.intent.record == b"{\"a\":3}");

    // What this host wrote into it is not handed back.
    let number = intents
        .begin_write("b", br#"{"conversation_id":"7"}"#, NOW)
        .unwrap();
    assert!(later("p4", NOW + 2_000).is_empty());
    intents
        .end_write(number, Some("p4"), NOW + 3_000, 0)
        .unwrap();
    assert!(intents.due_follows(NOW + 9_000, 10).unwrap().is_empty());
    assert_eq!(later("p5", NOW + 2_000).len(), 1);
    intents.put_off_follow(&row, Some(NOW + 5)).unwrap();
    assert!(intents.due_follows(NOW, 10).unwrap().is_empty());
    assert_eq!(intents.due_follows(NOW + 5, 10).unwrap()[0].tries, 1);
}
