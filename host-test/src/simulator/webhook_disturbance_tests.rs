//! What becomes of notifications on their way, and of receivers that do not take them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::testing::{Bench, Receiver};
use super::{DeliveryDisturbance, DeliveryFate, Options, WebhookOptions};

async fn subscribed(receiver: &Receiver, disturbance: DeliveryDisturbance) -> Bench {
    let bench = Bench::start(Options {
        time_scale: 60.0,
        webhook_url: Some(receiver.url.clone()),
        webhooks: WebhookOptions {
            disturbance,
            ..WebhookOptions::default()
        },
        ..Options::default()
    });
    bench.await
}

async fn settled(bench: &Bench) {
    for _ in 0..1_000 {
        if bench.workspace().pending_webhooks() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} are pending", bench.workspace().pending_webhooks());
}

/// How often each of so many changes was told of, in the order in which that was received first.
async fn told(disturbance: DeliveryDisturbance, changes: usize) -> (Vec<u64>, Bench) {
    let receiver = Receiver::start(200, &[]).await;
    let bench = subscribed(&receiver, disturbance).await;
    let contact = bench.workspace().contact_ids().next().unwrap();
    for number in 0..changes {
        let patch = json!({"custom_attributes": {"seats": number}});
        bench.workspace().touch_contact(&contact, patch).unwrap();
        // One after the other, so that only what is held back is out of its order.
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    settled(&bench).await;
    let seats = receiver.bodies().into_iter();
    let seats = seats.map(|body| {
        body["data"]["item"]["custom_attributes"]["seats"]
            .as_u64()
            .unwrap()
    });
    (seats.collect(), bench)
}

#[tokio::test]
async fn some_are_lost_some_come_twice_and_some_late_the_same_ones_each_time() {
    let disturbance = DeliveryDisturbance {
        lost: 10,
        doubled: 10,
        reordered: 10,
    };
    let (seats, bench) = told(disturbance, 200).await;
    let mut counts: BTreeMap<u64, usize> = (0..200).map(|number| (number, 0)).collect();
    for seat in &seats {
        *counts.entry(*seat).or_default() += 1;
    }
    let fates: Vec<DeliveryFate> = (0..200).map(|number| disturbance.fate(1, number)).collect();
    for (fate, (number, count)) in fates.iter().zip(&counts) {
        let expected = match fate {
            DeliveryFate::Lost => 0,
            DeliveryFate::Doubled => 2,
            DeliveryFate::Sent | DeliveryFate::Reordered => 1,
        };
        assert_eq!(*count, expected, "{number}: {fate:?}");
    }
    for kind in [
        DeliveryFate::Lost,
        DeliveryFate::Doubled,
        DeliveryFate::Reordered,
    ] {
        assert!(fates.contains(&kind), "{kind:?}");
    }
    // What was held back came after later ones.
    let place = |number: u64| seats.iter().position(|seat| *seat == number).unwrap();
    let last = seats.len() - 1;
    for (number, fate) in (0..190).zip(&fates) {
        if *fate == DeliveryFate::Reordered {
            let later =
                (number + 1..200).filter(|later| fates[*later as usize] == DeliveryFate::Sent);
            let passed = later.filter(|later| place(*later) < place(number)).count();
            assert!(
                passed >= 2 || place(number) + 8 > last,
                "{number} was passed by {passed}"
            );
        }
    }
    // Both copies of a doubled notification have its id.
    let deliveries = bench.workspace().webhook_deliveries();
    let doubled: Vec<_> = deliveries
        .iter()
        .filter(|delivery| delivery.fate == DeliveryFate::Doubled)
        .collect();
    let mut ids: BTreeMap<_, usize> = BTreeMap::new();
    for delivery in &doubled {
        *ids.entry(delivery.id.clone().unwrap()).or_default() += 1;
    }
    assert!(ids.values().all(|count| *count == 2) && !ids.is_empty());
    let lost = deliveries
        .iter()
        .filter(|delivery| delivery.fate == DeliveryFate::Lost);
    assert!(lost.clone().count() > 0);
    assert!(
        lost.clone()
            .all(|delivery| delivery.attempts == 0 && !delivery.delivered)
    );
}

#[tokio::test]
async fn a_test_can_change_what_becomes_of_them() {
    let (seats, bench) = told(DeliveryDisturbance::default(), 20).await;
    assert_eq!(seats.len(), 20);
    bench.workspace().disturb_webhooks(DeliveryDisturbance {
        lost: 100,
        ..DeliveryDisturbance::default()
    });
    let contact = bench.workspace().contact_ids().next().unwrap();
    bench
        .workspace()
        .touch_contact(&contact, json!({}))
        .unwrap();
    settled(&bench).await;
    let last = bench.workspace().webhook_deliveries().pop().unwrap();
    assert_eq!((last.fate, last.attempts), (DeliveryFate::Lost, 0));
    // What a test delivers itself is not lost.
    let delivery = bench.workspace().deliver_webhook("ping", &json!({})).await;
    assert!(delivery.delivered);
}

#[tokio::test]
async fn a_receiver_to_which_it_is_too_much_gets_everything_later() {
    let receiver = Receiver::start(200, &[429, 429]).await;
    let bench = subscribed(&receiver, DeliveryDisturbance::default()).await;
    let before = tokio::time::Instant::now();
    let delivery = bench.workspace().deliver_webhook("ping", &json!({})).await;
    // A minute and two minutes, sixty times faster.
    assert!(
        before.elapsed() >= Duration::from_millis(2_900),
        "{:?}",
        before.elapsed()
    );
    assert_eq!((delivery.attempts, delivery.delivered), (3, true));
    let attempts: Vec<_> = receiver
        .bodies()
        .iter()
        .map(|body| body["delivery_attempts"].clone())
        .collect();
    assert_eq!(attempts, [1, 2, 3]);
}

#[tokio::test]
async fn a_receiver_that_only_fails_gets_nothing_for_a_while() {
    let statuses = [500; 1_100];
    let receiver = Receiver::start(200, &statuses).await;
    let bench = subscribed(&receiver, DeliveryDisturbance::default()).await;
    let contact = bench.workspace().contact_ids().next().unwrap();
    for _ in 0..600 {
        bench
            .workspace()
            .touch_contact(&contact, json!({}))
            .unwrap();
    }
    settled(&bench).await;
    let dropped = bench.workspace().webhook_deliveries();
    let attempts: u32 = dropped.iter().map(|delivery| delivery.attempts).sum();
    assert_eq!(attempts as usize, receiver.bodies().len());
    // So many errors are borne, and what was under way when it was one more.
    assert!((1_001..=1_016).contains(&attempts), "{attempts}");
    assert!(dropped.iter().any(|delivery| delivery.attempts == 1));
}

#[tokio::test]
async fn a_receiver_that_fails_for_a_week_is_suspended() {
    let receiver = Receiver::start(200, &[500; 200]).await;
    let bench = Bench::start(Options {
        // A week is three seconds.
        time_scale: 201_600.0,
        webhook_url: Some(receiver.url.clone()),
        ..Options::default()
    });
    let bench = bench.await;
    let standing = || bench.workspace().webhooks.summary()["subscription"].clone();
    let contact = bench.workspace().contact_ids().next().unwrap();
    let mut changes = 0;
    while standing() != "suspended" {
        bench
            .workspace()
            .touch_contact(&contact, json!({}))
            .unwrap();
        settled(&bench).await;
        changes += 1;
        assert!(changes < 100, "{}", standing());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(changes > 20, "{changes}");
    // It would be taken now, and nobody tries.
    let tried = receiver.bodies().len();
    let delivery = bench.workspace().deliver_webhook("ping", &json!({})).await;
    assert_eq!((delivery.attempts, receiver.bodies().len()), (0, tried));
    bench
        .workspace()
        .set_webhook_url(Some(receiver.url.clone()));
    let delivery = bench.workspace().deliver_webhook("ping", &json!({})).await;
    assert_eq!(delivery.attempts, 2, "somebody saved it anew");
}
