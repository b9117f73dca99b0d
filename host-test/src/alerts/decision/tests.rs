use std::collections::BTreeMap;
use std::time::Duration;

use super::super::rule::AlertTarget;
use super::*;

fn rule(on: &[AlertKind]) -> AlertRule {
    let on = on.iter().copied().collect();
    AlertRule::new(on, AlertTarget::Command(vec!["true".into()]))
}

fn decision(rules: Vec<AlertRule>) -> Decision {
    Decision::new("crm", rules)
}

/// Name, subject and count of what is told.
fn told(raised: &[Raised]) -> Vec<(&'static str, &str, u32)> {
    let raised = raised.iter().map(|raised| &raised.alert);
    raised
        .map(|alert| (alert.name(), alert.subject.as_str(), alert.count))
        .collect()
}

fn bad(subject: &str) -> Event<'_> {
    Event::bad(AlertKind::Failure, subject, "timeout", "no answer in time")
}

fn good(subject: &str) -> Event<'_> {
    Event::good(AlertKind::Failure, subject)
}

#[test]
fn a_failure_is_told_once_and_its_end_as_well() {
    let mut decision = decision(vec![rule(&[AlertKind::Failure, AlertKind::Recovery])]);
    assert_eq!(told(&decision.event(1, &good("contacts"))), []);
    let first = decision.event(2, &bad("contacts"));
    assert_eq!(told(&first), [("failure", "contacts", 1)]);
    assert_eq!(told(&decision.event(3, &bad("contacts"))), []);
    // Another stream is another matter.
    let other = decision.event(4, &bad("tags"));
    assert_eq!(told(&other), [("failure", "tags", 1)]);
    let over = decision.event(5, &good("contacts"));
    assert_eq!(told(&over), [("recovery", "contacts", 2)]);
    assert_eq!((over[0].alert.since_ms, over[0].alert.at_ms), (2, 5));
    assert_eq!(told(&decision.event(6, &good("contacts"))), []);
    let again = decision.event(7, &bad("contacts"));
    assert_eq!(told(&again), [("failure", "contacts", 1)]);
}

#[test]
fn so_many_failures_in_a_row_are_needed() {
    let patient = AlertRule {
        after: 3,
        ..rule(&[AlertKind::Failure, AlertKind::Recovery])
    };
    let mut decision = decision(vec![patient]);
    for event in [bad("a"), bad("a"), good("a"), bad("a"), bad("a")] {
        assert_eq!(told(&decision.event(1, &event)), []);
    }
    assert_eq!(told(&decision.event(2, &bad("a"))), [("failure", "a", 3)]);
    assert_eq!(told(&decision.event(3, &good("a"))), [("recovery", "a", 3)]);
}

#[test]
fn each_rule_tells_what_it_is_for() {
    let rules = [
        &[AlertKind::Recovery][..],
        &[AlertKind::Drift],
        &[AlertKind::CallbackFailed, AlertKind::IntentFailed],
    ];
    let mut decision = decision(rules.map(rule).into());
    let mut at = |event: &Event<'_>| {
        let raised = decision.event(1, event);
        let raised = raised
            .iter()
            .map(|raised| (raised.rule, raised.alert.name()));
        raised.collect::<Vec<_>>()
    };
    assert_eq!(at(&bad("a")), []);
    assert_eq!(at(&good("a")), [(0, "recovery")]);
    let drift = Event::bad(AlertKind::Drift, "a", "drift", "a new field");
    assert_eq!(at(&drift), [(1, "drift")]);
    assert_eq!(at(&drift), [], "the first drift is told");
    let callback = Event::bad(AlertKind::CallbackFailed, "a", "status", "500");
    assert_eq!(at(&callback), [(2, "callback_failed")]);
    let intent = Event::bad(AlertKind::IntentFailed, "a", "invalid_row", "no");
    assert_eq!(at(&intent), [(2, "intent_failed")]);
    assert_eq!(at(&Event::good(AlertKind::IntentFailed, "a")), []);
}

#[test]
fn what_earlier_processes_told_is_not_told_again() {
    let both = [AlertKind::Failure, AlertKind::Recovery, AlertKind::Drift];
    let mut decision = decision(vec![rule(&both)]);
    let last = |status: &str, drift| LastRun {
        status: status.to_owned(),
        message: Some("m".to_owned()),
        notices: BTreeMap::from_iter((drift > 0).then(|| (DRIFT.to_owned(), drift))),
        ..LastRun::default()
    };
    let (failed, fine, absent) = (
        last("failed", 0),
        last("complete", 1),
        last("not_in_version", 0),
    );
    let streams = [("a", &failed), ("b", &fine), ("c", &absent)];
    decision.remember(1, streams.into_iter());
    assert_eq!(told(&decision.event(2, &bad("a"))), []);
    let drift = Event::bad(AlertKind::Drift, "b", DRIFT, "a new field");
    assert_eq!(told(&decision.event(2, &drift)), []);
    assert_eq!(told(&decision.event(3, &good("a"))), [("recovery", "a", 2)]);
    assert_eq!(told(&decision.event(3, &good("c"))), []);
    // Only once: what is stored later comes from this process.
    decision.remember(4, streams.into_iter());
    assert_eq!(told(&decision.event(5, &bad("a"))), [("failure", "a", 1)]);
}

#[test]
fn too_many_failed_calls_within_the_window_are_told() {
    let rate = AlertRule {
        threshold: 0.5,
        window: Duration::from_secs(60),
        ..rule(&[AlertKind::FailureRate, AlertKind::Recovery])
    };
    let mut decision = decision(vec![rate]);
    let second = 1_000;
    let steps: [(i64, u64, u64, &[&str]); 9] = [
        (0, 100, 90, &[]),
        // Failures of before are none of the window's; few calls are no rate.
        (10, 105, 95, &[]),
        (20, 120, 95, &[]),
        (30, 140, 115, &["failure_rate"]),
        (40, 160, 135, &[]),
        (90, 161, 136, &[]),
        (100, 161, 136, &[]),
        (110, 180, 136, &["recovery"]),
        (120, 200, 136, &[]),
    ];
    for (at, calls, failures, expected) in steps {
        let raised = decision.tick(at * second, calls, failures);
        let names: Vec<&str> = raised.iter().map(|raised| raised.alert.name()).collect();
        assert_eq!(names, expected, "at {at}");
    }
    assert!(decision.samples.len() <= 5, "old samples are dropped");
}

#[test]
fn a_silence_is_told_where_webhooks_are_expected() {
    let silent = AlertRule {
        silence: Duration::from_secs(60),
        ..rule(&[AlertKind::WebhookSilence, AlertKind::Recovery])
    };
    let mut decision = decision(vec![silent]);
    assert_eq!(
        told(&decision.tick(1_000_000, 0, 0)),
        [],
        "none are taken here"
    );
    decision.expect_webhooks(1_000_000);
    assert_eq!(told(&decision.tick(1_059_000, 0, 0)), []);
    let silence = decision.tick(1_060_000, 0, 0);
    assert_eq!(told(&silence), [("webhook_silence", "", 1)]);
    assert_eq!(told(&decision.tick(1_070_000, 0, 0)), []);
    let over = decision.webhook(1_080_000);
    assert_eq!(told(&over), [("recovery", "", 1)]);
    assert_eq!(over[0].alert.to_json()["about"], "webhook_silence");
    assert_eq!(told(&decision.tick(1_139_000, 0, 0)), []);
    assert_eq!(
        told(&decision.tick(1_140_000, 0, 0)),
        [("webhook_silence", "", 1)]
    );
}

#[test]
fn an_alert_is_a_document() {
    let mut decision = decision(vec![rule(&[AlertKind::Failure])]);
    let long = "ä".repeat(MESSAGE_BYTES);
    let event = Event::bad(AlertKind::Failure, "contacts", "timeout", &long);
    let raised = decision.event(1_767_225_600_000, &event);
    let mut document = raised[0].alert.to_json();
    let message = document["message"].take();
    assert!(
        message
            .as_str()
            .is_some_and(|text| text.len() <= MESSAGE_BYTES)
    );
    assert_eq!(
        document,
        json!({
            "alert": "failure", "about": "failure", "connection": "crm", "subject": "contacts", "code": "timeout",
            "message": null, "count": 1, "since": "2026-01-01T00:00:00Z", "at": "2026-01-01T00:00:00Z",
        })
    );
}
