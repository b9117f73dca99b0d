#![allow(clippy::unwrap_used)]

use super::*;
use crate::clock::now_ms;
use crate::contract::state::Change;
use crate::contract::types::Intent;
use crate::output::{self, Commit, Output, QuarantinedRow, ScanStart};
use crate::position::Position;
use crate::state_store::{SqliteState, StateLimits, StateStore as _};
use crate::webhook_queue::{
    CallbackState, IntentSource, IntentState, NewCallback, Queue, QueueOptions, Received,
    WriteOutcome,
};

const HOUR: i64 = 3_600_000;

/// Each store is kept for another time, so that none is taken for another.
fn retention() -> Retention {
    let hours = |hours: u64| Duration::from_secs(hours * 3_600);
    Retention {
        queue: hours(1),
        intents: hours(2),
        outcomes: hours(3),
        rejected: hours(4),
        quarantined: hours(5),
        history: hours(6),
    }
}

/// A connection's folder, in which nothing is yet, and a clock that is moved by hand.
struct House {
    _data: written::Folder,
    folder: Folder,
    target: OutputTarget,
}

impl House {
    fn new() -> House {
        let data = written::Folder::new();
        let folder = Folder::of(data.path(), "acme");
        folder.make().unwrap();
        let target = OutputTarget::Sqlite(folder.path().join("records.db"));
        House {
            _data: data,
            folder,
            target,
        }
    }

    /// How much is forgotten when it is so late.
    fn forget(&self, now_ms: i64) -> usize {
        forget(&self.folder, &self.target, &retention(), now_ms).unwrap()
    }

    /// Whether a text is anywhere in the files.
    fn holds(&self, text: &str) -> bool {
        !written::holding(self.folder.path(), text.as_bytes()).is_empty()
    }

    /// Kept until the span of its store is over, then in no file any more.
    fn is_kept_for(&self, span: i64, since_ms: i64, trace: &str) {
        assert!(self.holds(trace), "{trace} is not there");
        assert_eq!(self.forget(since_ms + span), 0, "{trace} goes too early");
        assert!(self.holds(trace));
        assert_eq!(self.forget(since_ms + span + 1), 1, "{trace} stays");
        assert!(!self.holds(trace), "{trace} is left in a file");
        assert_eq!(self.forget(since_ms + 100 * span), 0, "{trace}, again");
    }
}

fn intent(id: &str) -> Intent {
    Intent {
        id: id.to_owned(),
        trigger: "t".to_owned(),
        source_stream: "contacts".to_owned(),
        source_key: "k".to_owned(),
        action: "a".to_owned(),
        record: format!("{{\"told\":\"record of {id}\"}}").into_bytes(),
        confirm: false,
    }
}

#[test]
fn deliveries_that_no_output_takes_are_forgotten_and_those_that_wait_are_not() {
    let house = House::new();
    let options = QueueOptions {
        keep: Duration::MAX,
        ..QueueOptions::default()
    };
    let queue = Queue::open(Some(&house.folder.queue()), options).unwrap();
    drop(queue);
    let at = 1_000_000;
    let connection = Connection::open(house.folder.queue()).unwrap();
    for (id, problem) in [("bad", Some("no output takes it")), ("good", None)] {
        connection
            .execute(
                "INSERT INTO waiting (id, topic, received_at_ms, entries, problem) VALUES (?1, 't', ?2, ?3, ?4)",
                rusqlite::params![id, at, format!("entries of {id}").into_bytes(), problem],
            )
            .unwrap();
    }
    house.is_kept_for(HOUR, at, "entries of bad");
    assert!(house.holds("entries of good"));
}

#[tokio::test]
async fn a_queue_leaves_to_the_platform_what_the_platform_keeps() {
    let house = House::new();
    let remember = Duration::from_secs(60);
    for (keep, left) in [(Duration::MAX, 1), (remember, 0)] {
        let options = QueueOptions {
            remember,
            keep,
            ..QueueOptions::default()
        };
        let queue = Queue::open(Some(&house.folder.queue()), options).unwrap();
        let connection = Connection::open(house.folder.queue()).unwrap();
        connection
            .execute(
                "INSERT OR REPLACE INTO waiting (number, id, topic, received_at_ms, entries, problem)
                 VALUES (7, 'old', 't', 5, x'', 'no output takes it')",
                [],
            )
            .unwrap();
        // It cleans up with the next delivery.
        let delivery = Received {
            id: format!("new-{left}"),
            topic: "t".to_owned(),
            received_at_ms: now_ms(),
            ..Received::default()
        };
        queue.take(delivery).await.unwrap();
        drop(queue);
        let question = "SELECT count(*) FROM waiting WHERE number = 7";
        let found: i64 = connection
            .query_row(question, [], |row| row.get(0))
            .unwrap();
        assert_eq!(found, left);
    }
}

#[test]
fn callbacks_that_were_given_up_lose_what_they_said_and_are_still_known() {
    for (state, span) in [
        (CallbackState::Dead, Some(4 * HOUR)),
        (CallbackState::Unmatched, Some(4 * HOUR)),
        (CallbackState::Pending, None),
    ] {
        let house = House::new();
        let intents = Intents::open(&house.folder.queue()).unwrap();
        let callback = NewCallback {
            name: "desk".to_owned(),
            id: "c1".to_owned(),
            body: b"{\"told\":\"by the desk\"}".to_vec(),
            unmatched: None,
        };
        assert!(intents.take_callback(&callback, HOUR).unwrap());
        let number = intents.list_callbacks(None, 1).unwrap()[0].number;
        intents.set_callback(number, state, 0, Some("why")).unwrap();
        match span {
            Some(span) => house.is_kept_for(span, HOUR, "by the desk"),
            None => assert_eq!(house.forget(1_000 * HOUR), 0),
        }
        assert!(!intents.take_callback(&callback, 2_000 * HOUR).unwrap());
    }
}

#[test]
fn intents_that_are_over_are_forgotten_and_not_made_once_more() {
    let house = House::new();
    let intents = Intents::open(&house.folder.queue()).unwrap();
    let both = [intent("done"), intent("open")];
    intents.insert(&both, IntentSource::Asked, HOUR).unwrap();
    for (from, to) in [
        (IntentState::Pending, IntentState::Running),
        (IntentState::Running, IntentState::Done),
    ] {
        assert!(intents.set_state("done", from, to, 2 * HOUR).unwrap());
    }
    house.is_kept_for(2 * HOUR, 2 * HOUR, "record of done");
    assert!(intents.find("open").unwrap().is_some());
    assert!(intents.find("done").unwrap().is_none());
    let again = intents.insert(&both, IntentSource::Asked, 100 * HOUR);
    assert_eq!(again.unwrap(), 0);
}

#[test]
fn outcomes_are_forgotten() {
    let house = House::new();
    let intents = Intents::open(&house.folder.queue()).unwrap();
    let outcome = WriteOutcome {
        at_ms: HOUR,
        cause: "i1".to_owned(),
        action: "tickets".to_owned(),
        status: "created".to_owned(),
        object_id: Some("object 4711".to_owned()),
        ..WriteOutcome::default()
    };
    intents.keep_outcome(&outcome).unwrap();
    // The same write, made again.
    intents.keep_outcome(&outcome).unwrap();
    let kept = || WriteOutcome::last(&house.folder.queue(), 9).unwrap();
    assert_eq!(kept(), [outcome]);
    house.is_kept_for(3 * HOUR, HOUR, "object 4711");
    assert_eq!(kept(), []);
}

#[test]
fn files_of_rejected_rows_are_forgotten() {
    let house = House::new();
    let path = house.folder.path().join("rejected-contacts.jsonl");
    std::fs::write(&path, "{\"told\":\"a rejected row\"}\n").unwrap();
    let written = std::fs::metadata(&path).unwrap().modified().unwrap();
    let written = written.duration_since(std::time::UNIX_EPOCH).unwrap();
    let written_ms = i64::try_from(written.as_millis()).unwrap();
    house.is_kept_for(4 * HOUR, written_ms, "a rejected row");
}

#[test]
fn rows_that_are_held_are_forgotten_in_a_database_and_in_files() {
    for lines in [false, true] {
        let mut house = House::new();
        if lines {
            house.target = OutputTarget::JsonLines(house.folder.path().join("records"));
        }
        let mut output = open(&house);
        output.begin("contacts", ScanStart::New).unwrap();
        let row = QuarantinedRow::new(
            "contacts",
            Some("k1".to_owned()),
            None,
            "no record".to_owned(),
            b"{\"told\":\"a held row\"}",
        );
        output
            .commit(Commit {
                stream: "contacts",
                entries: &[],
                quarantined: std::slice::from_ref(&row),
                restarted: false,
                complete_snapshot: false,
                position: &Position::default(),
                now_ms: HOUR,
            })
            .unwrap();
        house.is_kept_for(5 * HOUR, HOUR, "a held row");
        drop(output);
        // Whoever opens the output next finds nothing of it, and nothing wrong.
        assert_eq!(open(&house).quarantined("contacts").unwrap().len(), 0);
    }
}

fn open(house: &House) -> Box<dyn Output> {
    match &house.target {
        OutputTarget::JsonLines(directory) => {
            let state = OutputTarget::state_in_directory(directory);
            Box::new(output::JsonLines::open(directory, &state).unwrap())
        }
        OutputTarget::Sqlite(path) => Box::new(output::Sqlite::open(path).unwrap()),
        other => panic!("{other:?} is not opened here"),
    }
}

#[test]
fn what_the_component_keeps_for_a_time_is_gone_after_it_also_where_nothing_is_written_any_more() {
    let house = House::new();
    let state = SqliteState::open(&house.folder.state()).unwrap();
    let limits = StateLimits {
        value: 1_000,
        total: 10_000,
        keys: 10,
    };
    let change = |key: &str, ttl_ms| Change {
        key: key.to_owned(),
        expected: None,
        value: Some(format!("value of {key}").into_bytes()),
        ttl_ms,
    };
    let both = [
        change("short", Some(HOUR.unsigned_abs())),
        change("long", None),
    ];
    state.swap_all("acme", &both, limits, HOUR).unwrap();
    house.is_kept_for(HOUR - 1, HOUR, "value of short");
    assert!(state.get("acme", "long", 100 * HOUR).unwrap().is_some());
    // What is counted is what is there: there is room for nine more.
    let more: Vec<Change> = (0..9)
        .map(|number| change(&format!("n{number}"), None))
        .collect();
    state.swap_all("acme", &more, limits, 3 * HOUR).unwrap();
}

#[test]
fn a_folder_in_which_nothing_is_has_nothing_to_forget() {
    let house = House::new();
    assert_eq!(house.forget(i64::MAX), 0);
}
