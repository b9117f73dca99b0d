//! Events that a client submits.

use serde_json::{Value, json};

use super::Options;
use super::testing::Bench;

async fn bench() -> Bench {
    Bench::start(Options {
        events_per_contact: 0,
        ..Options::default()
    })
    .await
}

async fn events(bench: &Bench, contact: &str, query: &str) -> Value {
    let path = format!("/events?type=user&intercom_user_id={contact}{query}");
    bench.get(&path).await.body["events"].clone()
}

#[tokio::test]
async fn an_event_is_accepted_twice_and_there_once() {
    let bench = bench().await;
    let user = json!({"email": "ada@example.org", "external_id": "70"});
    let user = bench.workspace().create_contact(user).unwrap();
    let now = bench.workspace().now();
    let event = json!({"event_name": "ordered", "created_at": now, "user_id": "70", "metadata": {"price": {"amount": 5, "currency": "eur"}}});
    for _ in 0..2 {
        let accepted = bench.post("/events", &event).await;
        assert_eq!((accepted.status, accepted.body), (202, Value::Null));
    }
    for name in ["id", "email"] {
        let key = if name == "id" {
            &user
        } else {
            "ada@example.org"
        };
        let event = json!({"event_name": "ordered", "created_at": now, name: key});
        assert_eq!(bench.post("/events", &event).await.status, 202);
    }
    let listed = events(&bench, &user, "").await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["metadata"], event["metadata"]);
    let later = json!({"event_name": "ordered", "created_at": now + 1, "user_id": "70"});
    bench.post("/events", &later).await;
    assert_eq!(events(&bench, &user, "").await.as_array().unwrap().len(), 2);
    let summary = events(&bench, &user, "&summary=true").await;
    assert_eq!(
        (&summary[0]["name"], &summary[0]["count"]),
        (&json!("ordered"), &json!(2))
    );
    for (wrong, status) in [
        (
            json!({"event_name": "x", "created_at": now, "user_id": "nobody"}),
            404,
        ),
        (json!({"event_name": "x", "created_at": now}), 400),
        (json!({"event_name": "x", "user_id": "70"}), 400),
        (json!({"created_at": now, "user_id": "70"}), 400),
        (
            json!({"event_name": "x", "created_at": "soon", "user_id": "70"}),
            400,
        ),
        (
            json!({"event_name": "x", "created_at": now, "user_id": "70", "metadata": 1}),
            400,
        ),
    ] {
        assert_eq!(
            bench.post("/events", &wrong).await.status,
            status,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn a_lead_is_named_by_its_id() {
    let bench = bench().await;
    let lead = json!({"role": "lead", "email": "lead@example.org"});
    let lead = bench.workspace().create_contact(lead).unwrap();
    let event = |key: &str, value: &str| json!({"event_name": "seen", "created_at": 1_767_225_600, key: value});
    let refused = bench
        .post("/events", &event("email", "lead@example.org"))
        .await;
    assert_eq!((refused.status, refused.message()), (404, "User Not Found"));
    assert_eq!(bench.post("/events", &event("id", &lead)).await.status, 202);
}

#[tokio::test]
async fn ten_keys_and_a_hundred_and_twenty_names_are_kept() {
    let bench = bench().await;
    let contact = bench.workspace().contact_ids().next().unwrap();
    let now = bench.workspace().now();
    let metadata: Value = (0..12)
        .map(|key| (format!("key{key:02}"), json!(key)))
        .collect();
    let event = |name: &str| json!({"event_name": name, "created_at": now, "id": contact, "metadata": metadata});
    assert_eq!(bench.post("/events", &event("many")).await.status, 202);
    let listed = events(&bench, &contact, "").await;
    assert_eq!(listed[0]["metadata"].as_object().unwrap().len(), 10);
    let mut refused = Vec::new();
    for number in 0..120 {
        let name = format!("name {number}");
        let answer = bench.post("/events", &event(&name)).await;
        if answer.status != 202 {
            refused.push((number, answer.code().to_owned()));
        }
    }
    // Five names are generated, and one came before.
    assert_eq!(refused.len(), 6);
    assert_eq!(refused[0], (114, "custom_data_limit_reached".to_owned()));
    assert_eq!(bench.post("/events", &event("many")).await.status, 202);
}

#[tokio::test]
async fn sums_are_submitted_too() {
    let bench = bench().await;
    let user = bench
        .workspace()
        .create_contact(json!({"external_id": "70"}))
        .unwrap();
    let sums = json!({"user_id": "70", "event_summaries": {"event_name": "seen", "count": 7, "first": 1_600_000_000, "last": 1_700_000_000}});
    assert_eq!(bench.post("/events/summaries", &sums).await.status, 200);
    let event =
        json!({"event_name": "seen", "created_at": bench.workspace().now(), "user_id": "70"});
    bench.post("/events", &event).await;
    let summary = events(&bench, &user, "&summary=true").await;
    assert_eq!(summary[0]["count"], 8);
    assert_eq!(summary[0]["first"], "2020-09-13T12:26:40.000+00:00");
    for wrong in [
        json!({"user_id": "70"}),
        json!({"user_id": "70", "event_summaries": {"event_name": "x"}}),
    ] {
        assert_eq!(bench.post("/events/summaries", &wrong).await.status, 400);
    }
}
