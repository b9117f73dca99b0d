//! How many requests, and when.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Arc, Barrier};

use super::*;

#[tokio::test]
async fn a_request_ends_with_its_own_time_or_with_the_calls() {
    let provider = Provider::start(|_| Reaction::Hang);
    let tenant = tenant(&provider);
    let mut patient = context(&tenant, LONG);
    let hurried = Request {
        timeout_ms: Some(250),
        ..post("/", b"{}")
    };
    assert_eq!(
        failed(patient.send(hurried).await),
        (ErrorKind::Timeout, true)
    );
    // Zero is the shortest time, not none.
    let zero = Request {
        timeout_ms: Some(0),
        ..get("/")
    };
    assert_eq!(failed(patient.send(zero).await).0, ErrorKind::Timeout);

    let mut brief = context(&tenant, Duration::from_millis(30));
    assert_eq!(
        failed(brief.send(get("/")).await),
        (ErrorKind::Deadline, true)
    );
    let before = provider.requests().len();
    assert_eq!(
        failed(brief.send(get("/")).await),
        (ErrorKind::Deadline, false)
    );
    assert_eq!(provider.requests().len(), before);
}

#[tokio::test]
async fn send_all_keeps_the_order_and_its_limit() {
    const IN_FLIGHT: usize = 3;
    // Nobody is answered before three are there, and never are more.
    let together = Arc::new(Barrier::new(IN_FLIGHT));
    let provider = Provider::start(move |request| {
        together.wait();
        let number = request.line.split(['/', ' ']).nth(2).unwrap().to_owned();
        answer(200, &[], number.as_bytes())
    });
    let tenant = tenant(&provider);
    let mut context = context(&tenant, LONG);
    let requests = (0..9).map(|number| get(&format!("/{number}"))).collect();
    let answers = context.send_all(requests, IN_FLIGHT as u32).await;
    let bodies: Vec<String> = answers
        .into_iter()
        .map(|a| String::from_utf8(a.unwrap().body).unwrap())
        .collect();
    assert_eq!(bodies, ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
    assert_eq!(provider.peak(), IN_FLIGHT);
    assert!(context.send_all(Vec::new(), 5).await.is_empty());
}

#[tokio::test]
async fn the_host_may_allow_fewer_in_flight() {
    let provider = Provider::start(|_| answer(200, &[], b""));
    let limits = CallLimits {
        requests_in_flight: 1,
        ..CallLimits::default()
    };
    let tenant = tenant_with(&provider, limits, 100);
    let mut context = context(&tenant, LONG);
    for wanted in [0, 50] {
        let answers = context
            .send_all((0..5).map(|_| get("/")).collect(), wanted)
            .await;
        assert!(answers.iter().all(Result::is_ok));
    }
    assert_eq!(provider.peak(), 1);
}

#[tokio::test]
async fn send_all_ends_at_the_deadline_with_what_there_is() {
    let provider = Provider::start(|request| {
        if request.line.contains("fast") {
            answer(200, &[], b"")
        } else {
            Reaction::Hang
        }
    });
    let tenant = tenant(&provider);
    let mut context = context(&tenant, Duration::from_millis(500));
    let requests = ["/fast", "/slow", "/slow", "/never", "/never"]
        .map(get)
        .to_vec();
    let answers = context.send_all(requests, 2).await;
    assert!(answers[0].is_ok());
    let rest: Vec<_> = answers.into_iter().skip(1).map(failed).collect();
    let (sent, unsent) = ((ErrorKind::Deadline, true), (ErrorKind::Deadline, false));
    assert_eq!(rest, [sent, sent, unsent, unsent]);
    assert_eq!(provider.requests().len(), 3);
}

#[tokio::test]
async fn after_a_refusal_nothing_is_sent_before_its_time() {
    for (headers, at_least, at_most) in [
        (vec![("Retry-After", "60")], 50_000, 60_001),
        (
            vec![
                ("X-RateLimit-Reset", "1700000030"),
                ("Date", "Tue, 14 Nov 2023 22:13:20 GMT"),
            ],
            20_000,
            30_001,
        ),
        (Vec::new(), 500, 1_501),
    ] {
        let named = headers.clone();
        let provider = Provider::start(move |_| answer(429, &named, b""));
        let tenant = tenant(&provider);
        let mut context = context(&tenant, Duration::from_millis(400));
        assert_eq!(context.send(get("/")).await.unwrap().status, 429);
        let error = context.send(get("/")).await.unwrap_err();
        assert_eq!(
            (error.kind, error.request_sent),
            (ErrorKind::RateLimited, false)
        );
        let wait = error.retry_after_ms.unwrap();
        assert!((at_least..=at_most).contains(&wait), "{headers:?}: {wait}");
        assert_eq!(provider.requests().len(), 1);
        assert_eq!(tenant.usage().rate_limited_waits, 1);
    }
}

#[tokio::test]
async fn a_spent_budget_is_waited_for_within_the_deadline_only() {
    let provider = Provider::start(|_| answer(200, &[], b""));
    let tenant = tenant_with(&provider, CallLimits::default(), 2);
    let mut context = context(&tenant, LONG);
    let answers = context
        .send_all((0..3).map(|_| get("/")).collect(), 3)
        .await;
    let kinds: Vec<_> = answers
        .into_iter()
        .map(|a| a.map(|a| a.status).map_err(|e| e.kind))
        .collect();
    assert_eq!(kinds, [Ok(200), Ok(200), Err(ErrorKind::RateLimited)]);
    assert_eq!(provider.requests().len(), 2);
}
