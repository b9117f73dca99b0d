#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::*;
use crate::contract::types::{Change, Entry};
use crate::webhook_queue::{QueueOptions, Received};

/// A change of a row.
fn entry(key: &str, payload: &str) -> Entry {
    Entry {
        stream: "contacts".to_owned(),
        key: key.to_owned(),
        updated_at_ms: None,
        change: Change::Upsert,
        reason: None,
        successor: None,
        payload: payload.as_bytes().to_vec(),
    }
}

/// A delivery that changes these rows.
pub(super) fn delivery(number: i64, keys: &[String]) -> QueuedDelivery {
    QueuedDelivery {
        number,
        id: number.to_string(),
        topic: "topic".to_owned(),
        received_at_ms: number,
        entries: keys.iter().map(|key| entry(key, "{}")).collect(),
        bytes: 0,
    }
}

/// Waits for each delivery as for somebody far away, and remembers in which order they came for each row.
#[derive(Default)]
struct FarAway {
    wait: Duration,
    came: Mutex<BTreeMap<String, Vec<i64>>>,
}

impl Sink for FarAway {
    fn deliver(&self, deliveries: &[Delivery<'_>]) -> Result<Vec<Delivered>, OutputError> {
        for delivery in deliveries {
            std::thread::sleep(self.wait);
            let mut came = self.came.lock().unwrap();
            for entry in delivery.entries {
                let of_row = came.entry(entry.key.clone()).or_default();
                of_row.push(delivery.id.parse().unwrap());
            }
        }
        let told = Delivered {
            new: true,
            ..Delivered::default()
        };
        Ok(vec![told; deliveries.len()])
    }
}

/// Fills a queue with deliveries of one or two rows each.
async fn filled(count: i64) -> (Queue, BTreeMap<String, Vec<i64>>) {
    let queue = Queue::open(None, QueueOptions::default()).unwrap();
    let mut expected: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for number in 0..count {
        let mut keys = vec![(number % 40).to_string()];
        if number % 8 == 0 {
            keys.push(((number + 40) % 80).to_string());
        }
        for key in &keys {
            expected.entry(key.clone()).or_default().push(number);
        }
        let received = Received {
            id: number.to_string(),
            entries: keys.iter().map(|key| entry(key, "{}")).collect(),
            ..Received::default()
        };
        queue.take(received).await.unwrap();
    }
    (queue, expected)
}

async fn time_to_drain(workers: usize) -> Duration {
    let (queue, expected) = filled(160).await;
    let sink = Arc::new(FarAway {
        wait: Duration::from_millis(2),
        ..FarAway::default()
    });
    let started = Instant::now();
    let workers = Workers::start(queue.clone(), Arc::clone(&sink) as Arc<dyn Sink>, workers);
    workers.finish(Duration::from_secs(60));
    let took = started.elapsed();
    assert_eq!(*sink.came.lock().unwrap(), expected);
    assert_eq!(queue.waiting(), 0);
    took
}

#[tokio::test]
async fn several_workers_are_quicker_where_the_output_waits_and_rows_keep_their_order() {
    let one = time_to_drain(1).await;
    let eight = time_to_drain(8).await;
    assert!(one >= Duration::from_millis(320), "{one:?}");
    assert!(eight * 3 < one, "{eight:?} and not much less than {one:?}");
}

/// Fails so many times, and never takes payloads that are no JSON.
struct Moody {
    failures: Mutex<u32>,
    stored: Mutex<Vec<String>>,
}

impl Sink for Moody {
    fn deliver(&self, deliveries: &[Delivery<'_>]) -> Result<Vec<Delivered>, OutputError> {
        let mut failures = self.failures.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            return Err(OutputError::Closed);
        }
        for entry in deliveries.iter().flat_map(|delivery| delivery.entries) {
            if entry.payload == b"7" {
                return Err(OutputError::BadStreamName {
                    name: "odd".to_owned(),
                });
            }
        }
        let ids = deliveries.iter().map(|delivery| delivery.id.to_owned());
        self.stored.lock().unwrap().extend(ids);
        Ok(vec![Delivered::default(); deliveries.len()])
    }
}

#[tokio::test]
async fn a_failing_output_is_tried_again_and_what_is_of_no_use_holds_up_nothing() {
    let directory = written::Folder::new();
    let path = directory.path().join("queue");
    let queue = Queue::open(Some(&path), QueueOptions::default()).unwrap();
    for (id, payload) in [("a", "{}"), ("b", "7"), ("c", "{}")] {
        let received = Received {
            id: id.to_owned(),
            entries: vec![entry("1", payload)],
            ..Received::default()
        };
        queue.take(received).await.unwrap();
    }
    let sink = Arc::new(Moody {
        failures: Mutex::new(2),
        stored: Mutex::default(),
    });
    let workers = Workers::start(queue.clone(), Arc::clone(&sink) as Arc<dyn Sink>, 2);
    workers.finish(Duration::from_secs(60));
    assert_eq!(*sink.stored.lock().unwrap(), ["a", "c"]);
    assert_eq!((queue.waiting(), queue.counts().failed), (0, 1));
    drop(queue);
    let status = crate::webhook_queue::QueueStatus::read(&path)
        .unwrap()
        .unwrap();
    assert_eq!((status.waiting, status.unusable), (0, 1));
    assert_eq!(status.tally.all.failed, 1);
}
