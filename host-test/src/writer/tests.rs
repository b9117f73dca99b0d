#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Mutex;

use super::sample::{action, options, rows};
use super::*;
use crate::call::HostError;
use crate::progress::Silent;
use crate::tenant::sample::{descriptor, http, options as tenant_options};

/// A component that remembers what it wrote, by batch and key, and breaks off where it has more than it can hold.
#[derive(Default)]
struct Forgetful {
    /// Rows that one call can hold.
    holds: usize,
    /// A row that no call can hold.
    huge: Option<&'static str>,
    /// A row that always fails in passing.
    fails: Option<&'static str>,
    /// The call that fails as a whole, counted from 1, and how.
    broken: Option<(usize, fn() -> CallError)>,
    /// Says stop within its first call.
    stop: Option<watch::Sender<bool>>,
    did: Mutex<Did>,
}

#[derive(Default)]
struct Did {
    written: Vec<String>,
    journal: BTreeSet<(String, String)>,
    calls: Vec<usize>,
}

fn too_much(limit: Limit) -> CallError {
    CallError::LimitReached {
        export: "write-batch",
        limit,
        allowed: 1,
        guest_log: String::new(),
    }
}

fn trapped() -> CallError {
    CallError::Trapped {
        export: "write-batch",
        message: "unreachable".to_owned(),
        guest_log: String::new(),
    }
}

impl TakesBatches for Forgetful {
    async fn write_batch(&self, _: &Tenant, batch: &Batch) -> Result<Vec<Outcome>, CallError> {
        let mut did = self.did.lock().unwrap();
        did.calls.push(batch.rows.len());
        if let Some(stop) = &self.stop {
            stop.send_replace(true);
        }
        if let Some((call, error)) = self.broken
            && did.calls.len() == call
        {
            return Err(error());
        }
        let mut outcomes = Vec::new();
        for (place, row) in batch.rows.iter().enumerate() {
            if place == self.holds || Some(row.key.as_str()) == self.huge {
                return Err(too_much(Limit::Memory));
            }
            let status = match Some(row.key.as_str()) == self.fails {
                true => OutcomeStatus::Failed(failure(FailureKind::Transient, false)),
                false => OutcomeStatus::Created,
            };
            let known = (batch.id.clone(), row.key.clone());
            if status == OutcomeStatus::Created && did.journal.insert(known) {
                did.written.push(row.key.clone());
            }
            outcomes.push(Outcome {
                key: row.key.clone(),
                ..outcome(status)
            });
        }
        Ok(outcomes)
    }
}

impl Forgetful {
    fn that_holds(holds: usize) -> Forgetful {
        Forgetful {
            holds,
            ..Forgetful::default()
        }
    }

    /// Writes so many rows in batches of eight; gives what came of them, and each outcome's key, name and doubt.
    async fn write(&self, count: usize) -> (WriteReport, Vec<(String, &'static str, bool)>) {
        let tenant = Tenant::new(&descriptor(), &http(), tenant_options()).unwrap();
        let (action, options) = (action(8), options("w"));
        let writer = Writer {
            plugin: self,
            tenant: &tenant,
            action: &action,
            options: &options,
            progress: &Silent,
        };
        let mut told = Vec::new();
        let stopped = match &self.stop {
            Some(stop) => stop.subscribe(),
            None => watch::channel(false).1,
        };
        let batches = divide(rows(0..count), &action, &options);
        let report = writer.run_batches(batches, stopped, |outcomes| {
            told.extend(outcomes.iter().map(|outcome| {
                let doubt = failure_of(outcome).is_some_and(|failure| failure.maybe_applied);
                (outcome.key.clone(), name_of(&outcome.status), doubt)
            }));
            Ok::<(), Infallible>(())
        });
        (report.await.unwrap(), told)
    }

    fn written(&self) -> Vec<String> {
        self.did.lock().unwrap().written.clone()
    }

    fn calls(&self) -> Vec<usize> {
        self.did.lock().unwrap().calls.clone()
    }
}

fn keys(rows: std::ops::Range<usize>) -> Vec<String> {
    rows.map(|row| row.to_string()).collect()
}

#[tokio::test]
async fn a_batch_that_is_too_much_for_one_call_is_given_by_halves() {
    let component = Forgetful::that_holds(3);
    let (report, told) = component.write(18).await;
    assert!(report.is_complete(), "{report:?}");
    assert_eq!((report.count("created"), report.uncertain), (18, 0));
    assert_eq!(component.written(), keys(0..18), "each row once, in order");
    let order: Vec<String> = told.into_iter().map(|(key, ..)| key).collect();
    assert_eq!(order, keys(0..18));
    assert_eq!(component.calls()[..4], [8, 4, 2, 2]);
}

#[tokio::test]
async fn a_row_that_is_too_much_alone_fails_alone_and_may_have_been_written() {
    let component = Forgetful {
        huge: Some("5"),
        ..Forgetful::that_holds(8)
    };
    let (report, told) = component.write(10).await;
    assert_eq!(report.stopped, None);
    assert_eq!((report.count("created"), report.uncertain), (9, 1));
    assert_eq!(report.untried, 0);
    let failed: Vec<_> = told.iter().filter(|one| one.1 != "created").collect();
    assert_eq!(failed, [&("5".to_owned(), "failed", true)]);
    // Also where it is the only row.
    let component = Forgetful {
        huge: Some("0"),
        ..Forgetful::that_holds(8)
    };
    let (report, _) = component.write(1).await;
    assert_eq!((report.stopped, report.uncertain), (None, 1));
}

#[tokio::test]
async fn what_earlier_calls_did_is_told_where_a_later_one_of_the_batch_fails() {
    let component = Forgetful {
        fails: Some("2"),
        broken: Some((2, || CallError::Host {
            export: "write-batch",
            error: HostError::NoInstance("full".to_owned()),
        })),
        ..Forgetful::that_holds(8)
    };
    let (report, told) = component.write(10).await;
    assert!(report.stopped.is_some(), "{report:?}");
    assert_eq!((report.count("created"), report.count("failed")), (7, 1));
    assert_eq!((report.untried, report.uncertain, told.len()), (2, 0, 8));
}

#[tokio::test]
async fn rows_of_a_call_that_broke_off_may_have_been_written() {
    let component = Forgetful {
        broken: Some((1, || CallError::Host {
            export: "write-batch",
            error: HostError::Nonsense {
                what: "all of it".to_owned(),
            },
        })),
        ..Forgetful::that_holds(8)
    };
    let (report, told) = component.write(10).await;
    assert_eq!((report.count("failed"), report.uncertain), (8, 8));
    assert_eq!((report.untried, told.len()), (2, 8));
    // The next call knows what became of them.
    let component = Forgetful {
        broken: Some((1, trapped)),
        ..Forgetful::that_holds(8)
    };
    let (report, _) = component.write(10).await;
    assert_eq!((report.count("created"), report.uncertain), (10, 0));
}

#[tokio::test]
async fn whoever_stops_it_gets_what_the_call_in_flight_did_and_no_other_begins() {
    let component = Forgetful {
        fails: Some("2"),
        stop: Some(watch::channel(false).0),
        ..Forgetful::that_holds(8)
    };
    let (report, told) = component.write(20).await;
    assert_eq!(component.calls(), [8]);
    assert_eq!(report.stopped.as_deref(), Some("interrupted"));
    assert_eq!((report.count("created"), report.count("failed")), (7, 1));
    assert_eq!((report.untried, told.len()), (12, 8));
    assert!(!report.is_complete() && report.has_success());
    // One that had nothing left to do was not interrupted.
    let component = Forgetful {
        stop: Some(watch::channel(false).0),
        ..Forgetful::that_holds(8)
    };
    assert!(component.write(8).await.0.is_complete());
}

fn failure(kind: FailureKind, maybe_applied: bool) -> Failure {
    Failure {
        kind,
        code: "c".to_owned(),
        message: "m".to_owned(),
        retry_after_ms: Some(70),
        maybe_applied,
        request_id: None,
        problems: Vec::new(),
    }
}

fn outcome(status: OutcomeStatus) -> Outcome {
    Outcome {
        key: "1".to_owned(),
        status,
        object_id: None,
        request_id: None,
        planned: Vec::new(),
    }
}

#[test]
fn only_what_is_safe_and_may_pass_is_tried_again() {
    let again = |status| is_worth_another_try(&outcome(status));
    assert!(again(OutcomeStatus::Deferred(failure(
        FailureKind::Transient,
        true
    ))));
    assert!(again(OutcomeStatus::Failed(failure(
        FailureKind::Transient,
        false
    ))));
    assert!(!again(OutcomeStatus::Failed(failure(
        FailureKind::Transient,
        true
    ))));
    assert!(!again(OutcomeStatus::Failed(failure(
        FailureKind::InvalidInput,
        false
    ))));
    assert!(!again(OutcomeStatus::Created));
}

#[test]
fn a_report_is_as_good_as_its_rows() {
    let mut report = WriteReport::default();
    report.counts.insert("created", 2);
    assert!(report.is_complete() && report.has_success());
    report.counts.insert("failed", 1);
    assert!(!report.is_complete() && report.has_success());
    report.counts.remove("created");
    assert!(!report.has_success());
}
