#![allow(clippy::unwrap_used)]

use super::*;
use crate::contract::types::Change;
use crate::output::{Addition, Delivery, JsonLines, Output, OutputTarget};

const DAY_MS: i64 = 86_400_000;

fn entry(key: &str, updated_at_ms: impl Into<Option<i64>>, change: Change) -> Entry {
    Entry {
        stream: "contacts".to_owned(),
        key: key.to_owned(),
        updated_at_ms: updated_at_ms.into(),
        change,
        reason: None,
        successor: None,
        payload: format!(r#"{{"id":"{key}"}}"#).into_bytes(),
    }
}

fn received(id: &str, received_at_ms: i64) -> Received {
    Received {
        id: id.to_owned(),
        topic: "topic".to_owned(),
        received_at_ms,
        created_at_ms: Some(5_000),
        entries: vec![
            entry("a", 1_000, Change::Upsert),
            entry("b", None, Change::Delete),
        ],
        ..Received::default()
    }
}

fn row(key: &str) -> RowReference {
    RowReference {
        stream: "companies".to_owned(),
        key: key.to_owned(),
    }
}

fn intent(id: &str, confirm: bool) -> Intent {
    Intent {
        id: id.to_owned(),
        trigger: "t".to_owned(),
        source_stream: "contacts".to_owned(),
        source_key: "a".to_owned(),
        action: "act".to_owned(),
        record: b"{}".to_vec(),
        confirm,
    }
}

fn open(directory: &written::Folder) -> Queue {
    let options = QueueOptions {
        reads_again: true,
        most_waiting: 3,
        ..QueueOptions::default()
    };
    Queue::open(Some(&directory.path().join("queue")), options).unwrap()
}

/// The output has everything.
async fn drain(queue: &Queue) {
    let queue = queue.clone();
    let drained = tokio::task::spawn_blocking(move || {
        let mut done = Done::default();
        for delivery in queue.next(0, 100, 100_000).unwrap() {
            done.stored(&delivery);
        }
        queue.done(done).unwrap();
    });
    drained.await.unwrap();
}

#[tokio::test]
async fn a_delivery_is_taken_once_and_waits_until_it_is_done() {
    let directory = written::Folder::new();
    let queue = open(&directory);
    let now_ms = crate::clock::now_ms();
    assert_eq!(queue.take(received("d", now_ms)).await.unwrap(), Taken::New);
    assert_eq!(
        queue.take(received("d", now_ms)).await.unwrap(),
        Taken::Known
    );
    drop(queue);

    let queue = open(&directory);
    assert_eq!(
        queue.take(received("d", now_ms)).await.unwrap(),
        Taken::Known
    );
    let waiting = queue.next(0, 10, 1_000).unwrap();
    assert_eq!((waiting.len(), waiting[0].id.as_str()), (1, "d"));
    // A deletion without a time has the notification's.
    let mut expected = received("d", 0).entries;
    expected[1].updated_at_ms = Some(5_000);
    assert_eq!(waiting[0].entries, expected);
    assert_eq!(queue.next(waiting[0].number, 10, 1_000).unwrap(), []);

    let done = |delivery: &QueuedDelivery| {
        let mut done = Done::default();
        done.stored(delivery);
        done
    };
    let finished = done(&waiting[0]);
    let queue = tokio::task::spawn_blocking(move || {
        queue.done(finished).unwrap();
        queue
    });
    let queue = queue.await.unwrap();
    assert_eq!(
        (queue.next(0, 10, 1_000).unwrap().len(), queue.waiting()),
        (0, 0)
    );
    // A number is never given again.
    queue.take(received("e", now_ms)).await.unwrap();
    let next = queue.next(waiting[0].number, 10, 1_000).unwrap();
    assert_eq!(next[0].id, "e");
    assert_eq!(
        queue.take(received("d", now_ms)).await.unwrap(),
        Taken::Known
    );
}

#[tokio::test]
async fn ids_are_forgotten_in_time_but_not_while_they_wait() {
    let directory = written::Folder::new();
    let queue = open(&directory);
    let now_ms = crate::clock::now_ms();
    for (id, age) in [("old", 8), ("waiting", 8), ("young", 6)] {
        queue
            .take(received(id, now_ms - age * DAY_MS))
            .await
            .unwrap();
    }
    let waiting = queue.next(0, 10, 1_000).unwrap();
    tokio::task::spawn_blocking(move || {
        let mut done = Done::default();
        done.stored(&waiting[0]);
        done.stored(&waiting[2]);
        queue.done(done).unwrap();
    })
    .await
    .unwrap();
    // It is done when a queue is opened, with its first transaction.
    let queue = open(&directory);
    queue.ping(now_ms).await.unwrap();
    for (id, taken) in [
        ("old", Taken::New),
        ("waiting", Taken::Known),
        ("young", Taken::Known),
    ] {
        assert_eq!(
            queue.take(received(id, now_ms)).await.unwrap(),
            taken,
            "{id}"
        );
    }
}

#[tokio::test]
async fn a_queue_is_full_at_its_limit_and_says_what_it_holds() {
    let directory = written::Folder::new();
    let queue = open(&directory);
    for number in 0..3_u8 {
        assert!(!queue.is_full());
        let mut delivery = received(&number.to_string(), 1_000 + i64::from(number));
        delivery.intents = vec![intent("i", false)];
        delivery.read_again = vec![row("c")];
        queue.take(delivery).await.unwrap();
    }
    assert!(queue.is_full());
    queue.ignore("other".to_owned(), 7_000).await.unwrap();
    queue.count(|counts| counts.rejected += 1);
    let status = QueueStatus::read(queue.path()).unwrap().unwrap();
    assert_eq!((status.waiting, status.oldest_at_ms), (3, Some(1_000)));
    // Each once, however many deliveries asked for it.
    assert_eq!((status.rows_again, status.intents), (1, 1));
    assert_eq!(status.tally.last.topic.as_deref(), Some("other"));
    let path = queue.path().to_path_buf();
    drop(queue);
    let all = QueueStatus::read(&path).unwrap().unwrap().tally.all;
    assert_eq!((all.accepted, all.ignored, all.rejected), (3, 1, 1));
    assert_eq!(
        QueueStatus::read(&directory.path().join("none")).unwrap(),
        None
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_that_come_together_share_a_transaction() {
    let directory = written::Folder::new();
    let queue = Queue::open(
        Some(&directory.path().join("queue")),
        QueueOptions::default(),
    );
    let queue = queue.unwrap();
    let before = queue.transaction();
    let taking = (0..400).map(|number| {
        let queue = queue.clone();
        tokio::spawn(async move { queue.take(received(&number.to_string(), 1)).await })
    });
    for taken in futures::future::join_all(taking).await {
        assert_eq!(taken.unwrap().unwrap(), Taken::New);
    }
    let transactions = queue.transaction() - before;
    assert!(transactions < 200, "{transactions} for 400 deliveries");
}

#[tokio::test]
async fn rows_are_read_again_when_they_are_due_and_once_more_when_asked_meanwhile() {
    let directory = written::Folder::new();
    let queue = open(&directory);
    let ask = async |id: &str, keys: &[&str]| {
        let mut delivery = received(id, 1_000);
        delivery.read_again = keys.iter().map(|key| row(key)).collect();
        queue.take(delivery).await.unwrap();
    };
    ask("1", &["a", "b"]).await;
    // What was told comes first.
    assert_eq!(queue.rows_again(1_000, 10).unwrap(), []);
    drain(&queue).await;
    assert_eq!(queue.rows_again(999, 10).unwrap(), []);
    let rows = queue.rows_again(1_000, 10).unwrap();
    assert_eq!(rows.len(), 2);
    ask("2", &["b"]).await;
    drain(&queue).await;
    queue
        .rows_read(rows, |counts, rows| counts.read_again += rows)
        .await
        .unwrap();
    let rows = queue.rows_again(1_000, 10).unwrap();
    assert_eq!((rows.len(), rows[0].key.as_str()), (1, "b"));
    queue.rows_put_off(rows, 60_000).await.unwrap();
    assert_eq!(queue.rows_again(59_999, 10).unwrap(), []);
    drop(queue);
    let queue = open(&directory);
    let rows = queue.rows_again(60_000, 10).unwrap();
    assert_eq!((rows.len(), rows[0].tries), (1, 1));
    queue
        .rows_read(rows, |counts, rows| counts.failed += rows)
        .await
        .unwrap();
    assert_eq!(queue.rows_again(i64::MAX, 10).unwrap(), []);
    let all = queue.tally().all;
    assert_eq!((all.read_again, all.failed), (2, 1));
}

#[test]
fn intents_go_from_state_to_state() {
    let directory = written::Folder::new();
    let intents = Intents::open(&directory.path().join("queue")).unwrap();
    let wanted = [intent("1", false), intent("2", true)];
    assert_eq!(intents.insert(&wanted, IntentSource::Asked, 10).unwrap(), 2);
    assert_eq!(intents.insert(&wanted, IntentSource::Asked, 11).unwrap(), 0);
    let pending = intents.list(Some(IntentState::Pending), 10).unwrap();
    assert_eq!((pending.len(), pending[0].intent.id.as_str()), (1, "1"));
    let (from, to) = (IntentState::Unconfirmed, IntentState::Pending);
    assert!(intents.set_state("2", from, to, 20).unwrap());
    // Somebody else was quicker.
    assert!(!intents.set_state("2", from, to, 21).unwrap());
    let found = intents.find("2").unwrap().unwrap();
    assert_eq!(
        (found.state, found.created_at_ms, found.changed_at_ms),
        (to, 10, 20)
    );
    assert!(found.intent.confirm && found.intent.record == b"{}");
    assert_eq!(intents.list(None, 1).unwrap().len(), 1);
    assert!(intents.find("3").unwrap().is_none());
    for state in [IntentState::Dismissed, IntentState::Running] {
        assert_eq!(IntentState::of(state.name()), Some(state));
    }
}

/// Lines that were written while there was no queue are looked through before the first delivery.
#[tokio::test]
async fn what_is_older_than_a_line_that_nobody_remembers_gets_no_line() {
    let directory = written::Folder::new();
    // Long before any window.
    let at = |second: i64| second * 1_000;
    let lines = || {
        let state = OutputTarget::state_in_directory(directory.path());
        JsonLines::open(directory.path(), &state).unwrap()
    };
    let read = |output: &mut dyn Output, entries: &[Entry]| {
        let page = Addition {
            stream: "contacts",
            entries,
            quarantined: &[],
            now_ms: 0,
        };
        output.add(page).unwrap();
    };
    let upsert = |key: &str, second: i64| entry(key, at(second), Change::Upsert);
    read(
        &mut lines(),
        &[
            upsert("a", 10),
            upsert("b", 10),
            entry("b", at(20), Change::Delete),
        ],
    );

    let queue = open(&directory);
    let window = Duration::from_secs(3_600);
    let mut output = OrderedOutput::before(Box::new(lines()), &queue, window).unwrap();
    let mut number = 0;
    let mut stale = |output: &mut dyn Output, entry: Entry| {
        number += 1;
        let delivery = Delivery {
            id: &number.to_string(),
            topic: "topic",
            entries: &[entry],
            now_ms: crate::clock::now_ms(),
        };
        output.deliver(&[delivery]).unwrap().remove(0).stale
    };
    assert_eq!(stale(output.as_mut(), upsert("a", 9)), 1);
    assert_eq!(stale(output.as_mut(), upsert("b", 19)), 1);
    assert_eq!(stale(output.as_mut(), upsert("b", 21)), 0);
    assert_eq!(stale(output.as_mut(), upsert("c", 1)), 0);
    // A reading beside it, of rows that changed as long ago.
    read(output.as_mut(), &[upsert("d", 10), upsert("a", 11)]);
    assert_eq!(stale(output.as_mut(), upsert("d", 9)), 1);
    assert_eq!(stale(output.as_mut(), upsert("a", 10)), 1);
    let text = std::fs::read_to_string(directory.path().join("contacts.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 7);
}

/// Lines do not know what they hold of a row; the queue does, over restarts and for readings too.
#[tokio::test]
async fn what_is_older_than_a_line_gets_no_line() {
    let directory = written::Folder::new();
    let now_ms = crate::clock::now_ms() / 1_000 * 1_000;
    let keys = || -> Vec<String> {
        let text = std::fs::read_to_string(directory.path().join("contacts.jsonl"));
        let text = text.unwrap_or_default();
        let lines = text.lines().map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            format!(
                "{} {}",
                line["key"].as_str().unwrap(),
                line["change"].as_str().unwrap()
            )
        });
        lines.collect()
    };
    let start = || {
        let queue = open(&directory);
        let state = OutputTarget::state_in_directory(directory.path());
        let lines = JsonLines::open(directory.path(), &state).unwrap();
        let window = Duration::from_secs(3_600);
        let output = OrderedOutput::before(Box::new(lines), &queue, window).unwrap();
        (queue, output)
    };
    let deliver = |output: &mut dyn Output, id: &str, entries: &[Entry]| {
        let delivery = Delivery {
            id,
            topic: "topic",
            entries,
            now_ms,
        };
        output.deliver(&[delivery]).unwrap().remove(0)
    };
    let (queue, mut output) = start();
    let upsert = |key: &str, at: i64| entry(key, at, Change::Upsert);
    let told = deliver(
        output.as_mut(),
        "1",
        &[upsert("a", now_ms), upsert("b", now_ms)],
    );
    assert_eq!((told.new, told.stale), (true, 0));
    let told = deliver(
        output.as_mut(),
        "2",
        &[upsert("a", now_ms - 1), upsert("b", now_ms + 999)],
    );
    assert_eq!((told.new, told.stale), (true, 1));
    let told = deliver(
        output.as_mut(),
        "3",
        &[entry("a", now_ms + 2_000, Change::Delete)],
    );
    assert_eq!(told.stale, 0);
    drop((queue, output));

    let (queue, mut output) = start();
    // Of the same second as the end: only the provider knows.
    let told = deliver(output.as_mut(), "4", &[upsert("a", now_ms + 2_500)]);
    assert_eq!(told.unclear, [("contacts".to_owned(), "a".to_owned())]);
    let rows = [upsert("b", now_ms - 1_000), upsert("c", now_ms)];
    let page = Addition {
        stream: "contacts",
        entries: &rows,
        quarantined: &[],
        now_ms,
    };
    output.add(page).unwrap();
    assert_eq!(queue.counts().stale, 1);
    // What a reading gave is known to deliveries.
    assert_eq!(
        deliver(output.as_mut(), "5", &[upsert("c", now_ms - 5_000)]).stale,
        1
    );
    assert_eq!(
        deliver(output.as_mut(), "6", &[upsert("a", now_ms + 3_000)]).stale,
        0
    );
    assert!(!deliver(output.as_mut(), "6", &[upsert("a", now_ms + 3_000)]).new);
    assert_eq!(
        keys(),
        [
            "a upsert", "b upsert", "b upsert", "a delete", "c upsert", "a upsert"
        ]
    );
}
