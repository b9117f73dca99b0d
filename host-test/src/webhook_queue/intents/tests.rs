#![allow(clippy::unwrap_used)]

use written::Folder;

use super::*;
use crate::contract::types::{Change, Entry};
use crate::webhook_queue::{About, CallbackState, NewCallback};

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

/// It is done.
fn finish(intents: &Intents, id: &str) {
    let (from, to) = (IntentState::Pending, IntentState::Done);
    assert!(intents.set_state(id, from, to, NOW).unwrap());
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
    finish(&intents, "1");
    // What was switched stays, whatever the file says.
    intents.declare(file(true)).unwrap();
    assert!(!intents.switches().unwrap()["t"].is_on());
    intents.switch("t", true).unwrap();
    intents.declare(file(false)).unwrap();
    assert_eq!(deliver(&intents, "4", "p4", NOW), 1);
    assert_eq!(due(&intents), ["3", "4"]);
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
    finish(&intents, "answer");
    assert!(intents.find("echo").unwrap().is_none());
    // It used up no id: the same trigger fires for a change of somebody else.
    assert_eq!(deliver(&intents, "echo", "p3", NOW + 200_000), 1);

    // Of a write that came to nothing nothing is an echo.
    finish(&intents, "echo");
    let number = intents.begin_write("c", row, NOW + 300_000).unwrap();
    assert_eq!(read(&intents, "held", NOW + 300_001), 1);
    assert_eq!(due(&intents), [""; 0]);
    let ended = intents.undo_write(number, true, NOW + 300_002);
    assert_eq!(ended.unwrap(), 0);
    assert_eq!(due(&intents), ["held"]);
}

#[test]
fn what_happens_between_two_tries_of_a_write_is_no_echo() {
    let (_directory, intents) = open();
    let row = br#"{"conversation_id":"7"}"#;
    let number = intents.begin_write("b", row, NOW).unwrap();
    // Nobody knows whether this try was applied.
    intents.leave_write(number, NOW + 100, 0).unwrap();
    assert_eq!(read(&intents, "between", NOW + 10_000), 1);
    assert_eq!(due(&intents), ["between"]);
    finish(&intents, "between");
    assert_eq!(read(&intents, "during", NOW), 1);
    assert_eq!(due(&intents), [""; 0]);
    let again = intents.begin_write("b", row, NOW + 20_000).unwrap();
    assert_eq!(again, number);
    // While it is under way nobody can tell.
    assert_eq!(read(&intents, "before", NOW + 19_000), 1);
    assert_eq!(due(&intents), [""; 0]);
    // This one was not.
    assert_eq!(intents.undo_write(number, false, NOW + 20_100).unwrap(), 0);
    assert_eq!(due(&intents), [""; 0]);
    intents.begin_write("b", row, NOW + 40_000).unwrap();
    let ended = intents.end_write(number, None, NOW + 40_100, 0);
    assert_eq!(ended.unwrap(), 1);
    assert_eq!(due(&intents), ["before"]);
    finish(&intents, "before");
    assert_eq!(read(&intents, "refused", NOW + 20_000), 1);
    assert_eq!(read(&intents, "last", NOW + 40_000), 0);

    // Of what was never applied nothing is held on.
    let number = intents.begin_write("c", br#"{"id":"6"}"#, NOW).unwrap();
    let entries = [entry("conversations", "6", NOW)];
    let wanted = [intent("other", "conversations", "6")];
    let source = IntentSource::Page(&entries);
    assert_eq!(intents.insert(&wanted, source, NOW).unwrap(), 1);
    assert_eq!(due(&intents), ["refused"]);
    assert_eq!(intents.undo_write(number, false, NOW + 1).unwrap(), 0);
    assert_eq!(due(&intents), ["other", "refused"]);
}

#[test]
fn what_a_person_says_is_no_echo_of_a_write_to_the_same_object() {
    let (_directory, intents) = open();
    let said = |id: &str, author: &str, part: &str, said_at_ms: i64, at_ms: i64| {
        let author = serde_json::json!({
            "author": { "type": author }, "created_at": said_at_ms / 1_000 });
        let part = Entry {
            payload: author.to_string().into_bytes(),
            ..entry("parts", part, at_ms)
        };
        let entries = [entry("conversations", "7", at_ms), part];
        let source = IntentSource::Delivery(&entries, Some(at_ms));
        let wanted = [intent(id, "conversations", "7")];
        intents.insert(&wanted, source, NOW).unwrap()
    };
    let row = br#"{"conversation_id":"7"}"#;
    let number = intents.begin_write("b", row, NOW).unwrap();
    assert_eq!(said("customer", "user", "p1", NOW, NOW), 1);
    assert_eq!(said("state", "bot", "p2", NOW, NOW), 1);
    assert_eq!(due(&intents), [""; 0]);
    // An update: what came of it is the object itself.
    let ended = intents.end_write(number, Some("7"), NOW + 500, 0);
    assert_eq!(ended.unwrap(), 1);
    assert_eq!(due(&intents), ["customer"]);
    assert_eq!(said("lead", "lead", "p3", NOW, NOW), 1);
    assert_eq!(said("teammate", "admin", "p4", NOW, NOW), 0);
    // The last thing that was said before the write comes with what the write did.
    assert_eq!(said("before", "user", "p0", NOW - 60_000, NOW), 0);
    // What this host said in a person's name.
    let number = intents.begin_write("c", row, NOW + 9_000).unwrap();
    intents
        .end_write(number, Some("p9"), NOW + 9_500, 0)
        .unwrap();
    assert_eq!(said("own", "user", "p9", NOW + 9_000, NOW + 9_000), 0);
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
fn what_is_put_off_is_not_overtaken_by_later_news_of_the_same_row() {
    let (_directory, intents) = open();
    let other = |id: &str, trigger: &str, key: &str| Intent {
        trigger: trigger.to_owned(),
        ..intent(id, "conversations", key)
    };
    let wanted = [
        other("z", "t", "7"),
        other("a", "t", "7"),
        other("b", "t", "8"),
        other("c", "u", "7"),
    ];
    assert_eq!(
        intents.insert(&wanted, IntentSource::Asked, NOW).unwrap(),
        4
    );
    assert_eq!(due(&intents), ["b", "c", "z"]);
    let claim = |id: &str| {
        let (from, to) = (IntentState::Pending, IntentState::Running);
        assert!(intents.set_state(id, from, to, NOW).unwrap());
    };
    claim("z");
    assert_eq!(due(&intents), ["b", "c"]);
    let later = Tried::Later {
        due_at_ms: NOW + 5,
        problem: "not now".to_owned(),
    };
    intents.tried("z", &later, NOW).unwrap();
    assert_eq!(due(&intents), ["b", "c"]);
    let in_time = intents.due(NOW + 5, 10).unwrap().into_iter();
    let in_time: Vec<String> = in_time.map(|stored| stored.intent.id).collect();
    assert_eq!(in_time, ["b", "c", "z"]);
    // What is given up holds up nothing, and neither does what a person has not agreed to.
    claim("z");
    let failed = Tried::Failed {
        problem: "never".to_owned(),
    };
    intents.tried("z", &failed, NOW).unwrap();
    assert_eq!(due(&intents), ["a", "b", "c"]);
    let unconfirmed = Intent {
        confirm: true,
        ..other("d", "t", "9")
    };
    let wanted = [unconfirmed, other("e", "t", "9")];
    intents.insert(&wanted, IntentSource::Asked, NOW).unwrap();
    assert_eq!(due(&intents), ["a", "b", "c", "e"]);
}

#[test]
fn a_callback_that_is_put_off_is_not_overtaken_by_others_about_the_same() {
    let (_directory, intents) = open();
    for id in ["1", "2", "3"] {
        let callback = NewCallback {
            name: "desk".to_owned(),
            id: id.to_owned(),
            body: b"{}".to_vec(),
            unmatched: None,
        };
        assert!(intents.take_callback(&callback, NOW).unwrap());
    }
    let new = intents.new_callbacks(10).unwrap();
    let about = |name: &str| About::Objects(vec![name.to_owned()]);
    let said = new.iter().zip([about("7"), about("7"), about("8")]);
    let said: Vec<(i64, About)> = said.map(|(new, about)| (new.number, about)).collect();
    intents.set_about(&said).unwrap();
    assert!(intents.new_callbacks(10).unwrap().is_empty());
    let due = |now_ms: i64| -> Vec<String> {
        let due = intents.due_callbacks(now_ms, 10).unwrap().into_iter();
        due.map(|stored| stored.id).collect()
    };
    assert_eq!(due(NOW), ["1", "3"]);
    let pending = CallbackState::Pending;
    intents
        .set_callback(new[0].number, pending, NOW + 9, Some("later"))
        .unwrap();
    assert_eq!(due(NOW), ["3"]);
    assert_eq!(due(NOW + 9), ["1", "3"]);
    // What is given up holds up nothing. Who tries it once more looks at it anew.
    intents
        .set_callback(new[0].number, CallbackState::Dead, 0, Some("never"))
        .unwrap();
    assert_eq!(due(NOW), ["2", "3"]);
    intents
        .set_callback(new[0].number, pending, 0, None)
        .unwrap();
    assert_eq!(intents.new_callbacks(10).unwrap()[0].id, "1");
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

/// What the tables of layout 3 did not have yet.
#[test]
fn callbacks_and_own_writes_that_were_stored_before_are_good() {
    let directory = written::Folder::new();
    let path = directory.path().join("queue");
    drop(Intents::open(&path).unwrap());
    let old = Connection::open(&path).unwrap();
    old.execute_batch(
        "ALTER TABLE callbacks DROP COLUMN objects;
         DROP TABLE own_tries;
         INSERT INTO callbacks (name, id, received_at_ms, body, state) VALUES ('desk', '1', 1, x'7b7d', 'pending');
         INSERT INTO own_writes (number, batch, from_ms, until_ms) VALUES (1, 'b', 1700000000000, 1700000000400);
         PRAGMA user_version = 3;",
    )
    .unwrap();
    let made = crate::webhook_queue::key_hash("p1");
    old.execute(
        "INSERT INTO own_rows (row, number, made) VALUES (?1, 1, 1)",
        [made],
    )
    .unwrap();
    drop(old);
    let intents = Intents::open(&path).unwrap();
    assert_eq!(intents.new_callbacks(9).unwrap().len(), 1);
    assert_eq!(intents.due_callbacks(NOW, 9).unwrap().len(), 1);
    assert_eq!(deliver(&intents, "echo", "p1", NOW), 0);
    assert_eq!(deliver(&intents, "answer", "p2", NOW), 1);
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
    // What somebody else said is not forgotten over what this host wrote after it.
    assert_eq!(later("p4", NOW + 2_000).len(), 1);
    intents.put_off_follow(&row, Some(NOW + 5)).unwrap();
    assert!(intents.due_follows(NOW, 10).unwrap().is_empty());
    assert_eq!(intents.due_follows(NOW + 5, 10).unwrap()[0].tries, 1);
}
