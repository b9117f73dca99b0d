#![allow(clippy::unwrap_used)]

use std::cell::Cell;

use written::Folder;

use super::*;
use crate::contract::types::Change;
use crate::webhook_queue::{IntentSource, IntentState, Intents};

const NOW: i64 = 1_700_000_000_000;

/// A conversation that was handed on, and is followed.
struct Followed {
    folder: Folder,
    intents: Intents,
    now_ms: Cell<i64>,
}

impl Followed {
    fn new() -> Followed {
        let folder = Folder::new();
        let intents = Intents::open(&folder.path().join("queue")).unwrap();
        intents.declare([("t", true, true)]).unwrap();
        let now_ms = Cell::new(NOW);
        let followed = Followed {
            folder,
            intents,
            now_ms,
        };
        followed.deliver("first", NOW, &[record("{}")]);
        followed.hand_on();
        followed
    }

    /// What a new process finds.
    fn reopened(self) -> Followed {
        let intents = Intents::open(&self.folder.path().join("queue")).unwrap();
        Followed { intents, ..self }
    }

    /// A delivery tells of a part of it.
    fn deliver(&self, part: &str, at_ms: i64, wanted: &[Intent]) {
        let entry = |stream: &str, key: &str| Entry {
            stream: stream.to_owned(),
            key: key.to_owned(),
            updated_at_ms: Some(at_ms),
            change: Change::Upsert,
            reason: None,
            successor: None,
            payload: b"{}".to_vec(),
        };
        let entries = [entry("conversations", "7"), entry("parts", part)];
        let source = IntentSource::Delivery(&entries, Some(at_ms));
        self.intents.insert(wanted, source, NOW).unwrap();
    }

    /// This host writes into it; gives the number of the write, which is not over.
    fn begin(&self, batch: &str) -> i64 {
        let row = br#"{"conversation_id":"7"}"#;
        self.intents.begin_write(batch, row, NOW).unwrap()
    }

    fn end(&self, number: i64, made: &str) {
        let ended = self.intents.end_write(number, Some(made), NOW + 400, 0);
        ended.unwrap();
    }

    /// What is to be looked at, whenever a write that holds it up is asked about again.
    fn due(&self) -> Vec<FollowedRow> {
        let later = self.now_ms.get() + 60_000;
        self.now_ms.set(later);
        self.intents.due_follows(later, 10).unwrap()
    }

    /// It is looked at, and is this; whether that is to be handed on.
    fn is_now(&self, text: &str) -> bool {
        let row = self.due().remove(0);
        let now = record(text);
        self.intents.followed(&row, Some(&now), NOW).unwrap()
    }

    /// Hands on what is due; gives the records in the order in which they are.
    fn hand_on(&self) -> Vec<String> {
        let mut records = Vec::new();
        while let Some(due) = self.intents.due(NOW, 10).unwrap().first() {
            records.push(String::from_utf8(due.intent.record.clone()).unwrap());
            self.set(&due.intent.id, IntentState::Pending, IntentState::Done);
        }
        records
    }

    fn set(&self, id: &str, from: IntentState, to: IntentState) {
        assert!(self.intents.set_state(id, from, to, NOW).unwrap());
    }
}

fn record(text: &str) -> Intent {
    Intent {
        id: "0".to_owned(),
        trigger: "t".to_owned(),
        source_stream: "conversations".to_owned(),
        source_key: "7".to_owned(),
        action: "ticket".to_owned(),
        record: text.as_bytes().to_vec(),
        confirm: false,
    }
}

#[test]
fn an_echo_takes_nothing_back_of_what_somebody_else_said() {
    let followed = Followed::new();
    let number = followed.begin("b");
    followed.end(number, "note");
    followed.deliver("reply", NOW, &[]);
    followed.deliver("note", NOW, &[]);
    assert_eq!(followed.due().len(), 1);
    assert!(followed.is_now("reply"));
    // The same the other way round, although the echo tells of a later time.
    followed.deliver("note", NOW + 1_000, &[]);
    assert!(followed.due().is_empty());
    followed.deliver("reply", NOW, &[]);
    assert_eq!(followed.due().len(), 1);
}

#[test]
fn one_of_several_that_wait_for_a_write_is_enough() {
    let followed = Followed::new();
    let number = followed.begin("b");
    followed.deliver("reply", NOW, &[]);
    followed.deliver("note", NOW, &[]);
    assert!(followed.due().is_empty());
    let followed = followed.reopened();
    followed.end(number, "note");
    assert_eq!(followed.due().len(), 1);

    // Where all are echoes nothing is left of them.
    let followed = Followed::new();
    let number = followed.begin("b");
    followed.deliver("note", NOW, &[]);
    followed.deliver("note", NOW + 1_000, &[]);
    followed.end(number, "note");
    assert!(followed.due().is_empty() && !followed.intents.has_work().unwrap());
}

#[test]
fn what_is_said_during_a_look_is_looked_at_next() {
    let followed = Followed::new();
    followed.deliver("reply", NOW, &[]);
    let row = followed.due().remove(0);
    followed.deliver("another reply", NOW, &[]);
    let seen = record("reply");
    assert!(followed.intents.followed(&row, Some(&seen), NOW).unwrap());
    assert!(followed.is_now("another reply"));
    assert!(followed.due().is_empty());

    // An echo that comes during it is nothing to look at, also when that is known later.
    followed.deliver("a third reply", NOW, &[]);
    let row = followed.due().remove(0);
    let number = followed.begin("b");
    followed.deliver("note", NOW, &[]);
    followed.intents.put_off_follow(&row, None).unwrap();
    assert!(followed.due().is_empty() && followed.intents.has_work().unwrap());
    followed.end(number, "note");
    assert!(followed.due().is_empty());
    followed.hand_on();
    assert!(!followed.intents.has_work().unwrap());
}

#[test]
fn a_row_that_becomes_what_it_was_is_handed_on_again() {
    let mut followed = Followed::new();
    for state in ["closed", "open", "closed", "open", "closed"] {
        followed.deliver(state, NOW, &[]);
        assert!(followed.is_now(state), "{state}");
        // Whoever looks again, or starts anew before it is handed on, adds nothing.
        followed = followed.reopened();
        followed.deliver(state, NOW, &[]);
        assert!(!followed.is_now(state), "{state}");
        assert_eq!(followed.hand_on(), [state]);
        followed.deliver(state, NOW, &[]);
        assert!(!followed.is_now(state), "{state}");
        assert!(followed.hand_on().is_empty());
    }
}

#[test]
fn what_became_of_a_row_waits_for_what_it_was_before() {
    let followed = Followed::new();
    for state in ["closed", "open", "closed"] {
        followed.deliver(state, NOW, &[]);
        assert!(followed.is_now(state));
    }
    let first = followed.intents.due(NOW, 10).unwrap().remove(0).intent.id;
    followed.set(&first, IntentState::Pending, IntentState::Running);
    assert!(followed.intents.due(NOW, 10).unwrap().is_empty());
    // Somebody cannot take it for now, or the process ends before it is known.
    assert_eq!(followed.intents.take_up(NOW).unwrap(), 1);
    assert_eq!(followed.intents.due(NOW, 10).unwrap().len(), 1);
    assert_eq!(followed.hand_on(), ["closed", "open", "closed"]);
}

/// What the version before stored.
#[test]
fn changes_that_were_stored_before_are_looked_at() {
    let followed = Followed::new();
    let store = |trace: Option<&str>| {
        let stored = followed.intents.transact(|transaction| {
            let text = "UPDATE followed SET due_at_ms = ?1, trace = ?2";
            transaction.execute(text, params![NOW, trace])
        });
        assert_eq!(stored.unwrap(), 1);
    };
    store(None);
    assert_eq!(followed.due().len(), 1);
    let number = followed.begin("b");
    followed.end(number, "note");
    let entries = [Entry {
        stream: "parts".to_owned(),
        key: "note".to_owned(),
        updated_at_ms: Some(NOW),
        change: Change::Upsert,
        reason: None,
        successor: None,
        payload: Vec::new(),
    }];
    store(Some(&Trace::of_delivery(&entries, None).to_text()));
    assert!(followed.due().is_empty());
}
