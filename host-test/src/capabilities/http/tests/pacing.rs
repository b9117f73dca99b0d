//! How many requests, and when.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Arc, Barrier};

use super::*;
use crate::rate_budget::RateCap;
use crate::simulator::{Options, Simulator};
use crate::tenant::RateRules;

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

    let mut brief = context(&tenant, Duration::from_millis(300));
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
    let mut context = context(&tenant, Duration::from_millis(1_500));
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

#[tokio::test]
async fn a_connections_own_cap_is_kept_and_its_deadline_too() {
    let provider = Provider::start(|_| answer(200, &[], b""));
    let mut descriptor = descriptor();
    descriptor.rate_policy.default_limit = 1_000;
    let cap = RateCap {
        targets: vec!["POST */search".parse().unwrap()],
        most: 2,
        window: Duration::from_millis(300),
    };
    let options = TenantOptions {
        endpoint_override: Some(provider.url()),
        rate: RateRules {
            caps: vec![cap],
            ..RateRules::default()
        },
        ..options()
    };
    let tenant = Tenant::new(&descriptor, &http(), options).unwrap();
    let mut patient = context(&tenant, LONG);
    let search = || post("/contacts/search?page=1", b"{}");
    let started = Instant::now();
    let mut requests: Vec<Request> = (0..5).map(|_| search()).collect();
    requests.extend((0..5).map(|_| get("/contacts")));
    let answers = patient.send_all(requests, 10).await;
    assert!(answers.iter().all(Result::is_ok));
    // Two, two and one: what is no search waits for none of them.
    assert!(started.elapsed() >= Duration::from_millis(600));
    assert_eq!(tenant.usage().rate_limited_waits, 3);

    let mut brief = context(&tenant, Duration::from_millis(100));
    let answers = brief.send_all(vec![search(), search()], 2).await;
    let limited = answers.into_iter().filter_map(Result::err);
    for error in limited {
        assert_eq!(
            (error.kind, error.request_sent),
            (ErrorKind::RateLimited, false)
        );
        assert!(error.retry_after_ms.unwrap() <= 301);
    }
}

#[tokio::test]
async fn details_are_asked_for_with_many_in_flight() {
    let simulator = Simulator::start(Options {
        contacts: 1,
        latency: Duration::from_millis(100),
        access_token: TOKEN.to_owned(),
        ..Options::default()
    })
    .await
    .unwrap();
    let mut descriptor = descriptor();
    descriptor.rate_policy.default_limit = 1_666;
    let options = TenantOptions {
        endpoint_override: Some(simulator.url().to_owned()),
        ..options()
    };
    let tenant = Tenant::new(&descriptor, &http(), options).unwrap();
    let mut context = context(&tenant, LONG);
    let id = simulator.workspace().contact_ids().next().unwrap();
    let requests = (0..600).map(|_| get(&format!("/contacts/{id}"))).collect();
    let started = Instant::now();
    let answers = context.send_all(requests, 25).await;
    let took = started.elapsed();
    assert!(
        answers
            .iter()
            .all(|answer| answer.as_ref().is_ok_and(|answer| answer.status == 200))
    );
    // More at once would be faster, one after the other a minute; in between is what the machine is busy with.
    assert!(
        took >= Duration::from_millis(2_400) && took <= Duration::from_secs(20),
        "{took:?}"
    );
}

#[tokio::test]
async fn never_more_is_in_flight_than_the_budget_allows() {
    let provider = Provider::start(|_| {
        std::thread::sleep(Duration::from_millis(20));
        answer(
            200,
            &[
                ("X-RateLimit-Limit", "1000"),
                ("X-RateLimit-Remaining", "7"),
            ],
            b"",
        )
    });
    let tenant = tenant_with(&provider, CallLimits::default(), 3);
    let mut context = context(&tenant, LONG);
    let requests = (0..20).map(|_| get("/")).collect();
    assert!(
        context
            .send_all(requests, 25)
            .await
            .iter()
            .all(Result::is_ok)
    );
    assert!((3..=7).contains(&provider.peak()), "{}", provider.peak());
}
