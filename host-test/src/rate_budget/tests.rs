#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::UNIX_EPOCH;

use http::HeaderMap;

use super::*;

fn policy() -> RatePolicy {
    RatePolicy {
        scope: "workspace".into(),
        limit_header: Some("X-RateLimit-Limit".into()),
        remaining_header: Some("X-RateLimit-Remaining".into()),
        reset_header: Some("X-RateLimit-Reset".into()),
        window_ms: 10_000,
        default_limit: 3,
    }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn granted(budget: &mut RateBudget, now: Instant) -> Ticket {
    match budget.start(now, Reserve::default()) {
        Admission::Granted(ticket) => ticket,
        waiting @ Admission::Wait { .. } => panic!("{waiting:?}"),
    }
}

fn waits(budget: &mut RateBudget, now: Instant) -> Duration {
    match budget.start(now, Reserve::default()) {
        Admission::Wait { until, .. } => until - now,
        granted @ Admission::Granted(_) => panic!("{granted:?}"),
    }
}

fn says(limit: u32, remaining: u32, reset_at: i64, reset_in: u64) -> RateHeaders {
    RateHeaders {
        limit: Some(limit),
        remaining: Some(remaining),
        reset: Some(Reset {
            at: reset_at,
            wait: seconds(reset_in),
        }),
        retry_after: None,
    }
}

fn ok(headers: RateHeaders) -> Ending {
    Ending::Answered {
        refused: false,
        headers,
    }
}

fn refused(headers: RateHeaders) -> Ending {
    Ending::Answered {
        refused: true,
        headers,
    }
}

#[test]
fn the_default_counts_until_an_answer_says_another() {
    let (mut budget, now) = (RateBudget::new(&policy()), Instant::now());
    let first = granted(&mut budget, now);
    granted(&mut budget, now);
    granted(&mut budget, now);
    assert_eq!(waits(&mut budget, now + seconds(1)), seconds(9));
    budget.finish(first, now, ok(says(100, 99, 50, 5)), 0.0);
    // 99 are left on the provider's side, two of them are in flight.
    for _ in 0..97 {
        granted(&mut budget, now);
    }
    assert_eq!(waits(&mut budget, now), seconds(5));
    assert_eq!(budget.limit(), 100);
}

#[test]
fn a_new_window_is_full() {
    let (mut budget, now) = (RateBudget::new(&policy()), Instant::now());
    let ticket = granted(&mut budget, now);
    budget.finish(ticket, now, ok(says(2, 0, 50, 5)), 0.0);
    assert_eq!(waits(&mut budget, now), seconds(5));
    granted(&mut budget, now + seconds(5));
    granted(&mut budget, now + seconds(5));
    waits(&mut budget, now + seconds(5));
}

#[test]
fn overtaken_answers_do_not_raise_the_rest() {
    let (mut budget, now) = (RateBudget::new(&policy()), Instant::now());
    let (one, two) = (granted(&mut budget, now), granted(&mut budget, now));
    budget.finish(two, now, ok(says(100, 1, 50, 5)), 0.0);
    budget.finish(one, now + seconds(1), ok(says(100, 2, 50, 5)), 0.0);
    granted(&mut budget, now + seconds(1));
    // The end of the window is the earliest that was named: both name one that is late by their own age.
    assert_eq!(waits(&mut budget, now + seconds(1)), seconds(4));
}

#[test]
fn an_answer_of_the_last_window_says_nothing_about_this_one() {
    let (mut budget, now) = (RateBudget::new(&policy()), Instant::now());
    let (late, early) = (granted(&mut budget, now), granted(&mut budget, now));
    budget.finish(early, now, ok(says(100, 90, 60, 10)), 0.0);
    budget.finish(late, now, ok(says(100, 0, 50, 0)), 0.0);
    granted(&mut budget, now);
    let old = granted(&mut budget, now);
    budget.finish(old, now, ok(says(100, 0, 55, 3)), 0.0);
    granted(&mut budget, now);
}

#[test]
fn after_a_refusal_nobody_sends_before_the_time_it_names() {
    let cases = [
        // Retry-After rules, then the reset, then the wait grows by itself.
        (Some(7), Some(3), 7),
        (None, Some(3), 3),
        (Some(0), Some(3), 3),
        (None, None, 1),
        (None, Some(0), 1),
        // Longer than the longest; beyond belief.
        (Some(600), None, 120),
        (None, Some(1_700_000_000), 1),
    ];
    for (retry_after, reset, expected) in cases {
        let (mut budget, now) = (RateBudget::new(&policy()), Instant::now());
        let ticket = granted(&mut budget, now);
        let headers = RateHeaders {
            retry_after: retry_after.map(seconds),
            reset: reset.map(|wait| Reset {
                at: 50,
                wait: seconds(wait),
            }),
            ..RateHeaders::default()
        };
        budget.finish(ticket, now, refused(headers), 0.0);
        assert_eq!(
            waits(&mut budget, now),
            seconds(expected),
            "{retry_after:?} {reset:?}"
        );
        let almost = now + seconds(expected) - Duration::from_millis(1);
        assert_eq!(waits(&mut budget, almost), Duration::from_millis(1));
        granted(&mut budget, now + seconds(expected));
    }
}

#[test]
fn refusals_without_a_time_back_off_and_are_tried_one_at_a_time() {
    let (mut budget, mut now) = (RateBudget::new(&policy()), Instant::now());
    for expected in [1, 2, 4, 8, 16, 32, 40, 40] {
        let ticket = granted(&mut budget, now);
        budget.finish(ticket, now, refused(RateHeaders::default()), 0.0);
        assert_eq!(waits(&mut budget, now), seconds(expected));
        now += seconds(expected);
    }
    let probe = granted(&mut budget, now);
    waits(&mut budget, now);
    budget.finish(probe, now, ok(RateHeaders::default()), 0.0);
    granted(&mut budget, now);
    granted(&mut budget, now);
    assert_eq!(backoff(99, 1.0), seconds(60));
    assert_eq!(backoff(1, 1.0), Duration::from_millis(1_500));
}

#[test]
fn a_reserve_is_left_to_others() {
    let (mut budget, now) = (RateBudget::new(&policy()), Instant::now());
    let reserve = Reserve::Percent(20);
    let first = granted(&mut budget, now);
    budget.finish(first, now, ok(says(100, 24, 50, 5)), 0.0);
    let mut go = || matches!(budget.start(now, reserve), Admission::Granted(_));
    assert_eq!((0..10).filter(|_| go()).count(), 4);
    // Whoever leaves nothing has the rest.
    let mut go = || matches!(budget.start(now, Reserve::default()), Admission::Granted(_));
    assert_eq!((0..100).filter(|_| go()).count(), 20);
    // What others use of the budget is theirs; the wait is for the next window.
    assert_eq!(waits(&mut budget, now), seconds(5));
}

#[test]
fn a_budget_for_another_key_knows_the_same_and_has_nothing_in_flight() {
    let (mut budget, now) = (RateBudget::new(&policy()), Instant::now());
    let first = granted(&mut budget, now);
    granted(&mut budget, now);
    budget.finish(first, now, refused(says(100, 0, 50, 5)), 0.0);
    let mut other = budget.learned();
    assert_eq!((other.in_flight(), other.limit()), (0, 100));
    assert_eq!(waits(&mut other, now), seconds(5));
}

#[test]
fn requests_that_were_in_flight_together_are_one_refusal() {
    let (mut budget, now) = (RateBudget::new(&policy()), Instant::now());
    let tickets = [
        granted(&mut budget, now),
        granted(&mut budget, now),
        granted(&mut budget, now),
    ];
    for ticket in tickets {
        let at = now + Duration::from_millis(1);
        budget.finish(ticket, at, refused(RateHeaders::default()), 0.0);
    }
    assert_eq!(
        waits(&mut budget, now + Duration::from_millis(1)),
        seconds(1)
    );
}

#[test]
fn a_request_that_was_not_sent_costs_nothing_and_a_lost_one_does() {
    let (mut budget, now) = (RateBudget::new(&policy()), Instant::now());
    for _ in 0..5 {
        let ticket = granted(&mut budget, now);
        budget.finish(ticket, now, Ending::NotSent, 0.0);
    }
    for _ in 0..3 {
        let ticket = granted(&mut budget, now);
        budget.finish(ticket, now, Ending::Lost, 0.0);
    }
    waits(&mut budget, now);
    assert_eq!(budget.in_flight(), 0);
}

#[test]
fn headers_are_read_by_the_providers_clock() {
    let local = UNIX_EPOCH + seconds(2_000_000_000);
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-ratelimit-limit", "166"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "1700000008"),
        ("date", "Tue, 14 Nov 2023 22:13:20 GMT"),
        ("retry-after", "2"),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    let read = RateHeaders::read(&policy(), &headers, local);
    assert_eq!(read.limit, Some(166));
    assert_eq!(read.remaining, Some(0));
    assert_eq!(
        read.reset,
        Some(Reset {
            at: 1_700_000_008,
            wait: seconds(8)
        })
    );
    assert_eq!(read.retry_after, Some(seconds(2)));

    headers.insert(
        "retry-after",
        "Tue, 14 Nov 2023 22:13:25 GMT".parse().unwrap(),
    );
    assert_eq!(
        RateHeaders::read(&policy(), &headers, local).retry_after,
        Some(seconds(5))
    );
    headers.remove("date");
    let behind = UNIX_EPOCH + seconds(1_700_000_006);
    assert_eq!(
        RateHeaders::read(&policy(), &headers, behind)
            .reset
            .unwrap()
            .wait,
        seconds(2)
    );
    assert_eq!(
        RateHeaders::read(&policy(), &headers, local)
            .reset
            .unwrap()
            .wait,
        seconds(0)
    );

    for garbage in ["", "soon", "-5", "NaN"] {
        headers.insert("retry-after", garbage.parse().unwrap());
        headers.insert("x-ratelimit-remaining", garbage.parse().unwrap());
        let read = RateHeaders::read(&policy(), &headers, local);
        assert_eq!(
            (read.retry_after, read.remaining),
            (None, None),
            "{garbage}"
        );
    }
}

#[tokio::test]
async fn a_bucket_waits_for_room_within_the_deadline() {
    let policy = RatePolicy {
        default_limit: 1,
        window_ms: 60_000,
        ..policy()
    };
    let bucket = std::sync::Arc::new(RateBucket::new(&policy));
    let soon = Instant::now() + seconds(30);
    let (permit, waited) = bucket.acquire(Reserve::default(), soon).await.unwrap();
    assert!(!waited);
    let waiting = tokio::spawn({
        let bucket = std::sync::Arc::clone(&bucket);
        async move {
            bucket
                .acquire(Reserve::default(), soon)
                .await
                .map(|(_, waited)| waited)
        }
    });
    tokio::task::yield_now().await;
    permit.not_sent();
    assert_eq!(waiting.await.unwrap(), Ok(true));
    // The second permit was dropped without an answer: it counts, and the window ends after the deadline.
    let spent = bucket
        .acquire(Reserve::default(), soon)
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(spent.retry_after > seconds(50), "{spent:?}");
}
