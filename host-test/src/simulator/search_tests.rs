//! Contact search as a client sees it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::Options;
use super::testing::Bench;

#[tokio::test]
async fn a_search_in_either_order_gives_each_contact_once() {
    let bench = Bench::start(Options::default()).await;
    for (order, field) in [
        ("ascending", "updated_at"),
        ("descending", "updated_at"),
        ("ascending", "name"),
    ] {
        let (mut seen, mut cursor) = (BTreeSet::new(), Value::Null);
        for _ in 0..7 {
            let body = json!({
                "query": {"field": "created_at", "operator": ">", "value": 0},
                "sort": {"field": field, "order": order},
                "pagination": {"per_page": 150, "starting_after": cursor},
            });
            let answer = bench.post("/contacts/search", &body).await;
            assert_eq!(answer.body["total_count"], 1_000);
            for id in answer.ids() {
                assert!(seen.insert(id));
            }
            cursor = json!(answer.next());
        }
        assert_eq!(
            (seen.len(), cursor),
            (1_000, Value::Null),
            "{order} {field}"
        );
    }
}

#[tokio::test]
async fn search_compares_days_in_the_zone_of_the_workspace() {
    for zone in [
        "UTC",
        "America/Los_Angeles",
        "Pacific/Kiritimati",
        "Asia/Kathmandu",
    ] {
        let bench = Bench::start(Options {
            contacts: 3_000,
            time_zone: zone.to_owned(),
            ..Options::default()
        })
        .await;
        let at = 1_750_000_000;
        let local = |seconds: i64| {
            let zone = bench.workspace().time_zone.clone();
            jiff::Timestamp::from_second(seconds)
                .unwrap()
                .to_zoned_datetime(zone)
                .date()
        };
        let mut counts = [0, 0, 0];
        bench.workspace().for_each_contact(|contact| {
            let day = local(contact["updated_at"].as_i64().unwrap());
            match day.cmp(&local(at)) {
                std::cmp::Ordering::Less => counts[0] += 1,
                std::cmp::Ordering::Equal => counts[1] += 1,
                std::cmp::Ordering::Greater => counts[2] += 1,
            }
        });
        for (operator, count) in ["<", "=", ">"].into_iter().zip(counts) {
            let query = json!({"field": "updated_at", "operator": operator, "value": at});
            assert_eq!(
                bench.search(query).await["total_count"],
                count,
                "{zone} {operator}"
            );
        }
    }
}

#[tokio::test]
async fn search_by_other_fields() {
    let bench = Bench::start(Options::default()).await;
    let (mut leads, mut pro, mut tagged, mut any) = (0, 0, 0, None);
    bench.workspace().for_each_contact(|contact| {
        leads += u64::from(contact["role"] == "lead");
        pro += u64::from(
            contact["custom_attributes"]["plan_tier"] == "pro" && contact["role"] == "user",
        );
        let tags = contact["tags"]["data"].as_array().unwrap();
        let complete = contact["tags"]["has_more"] == false;
        tagged += u64::from(complete && tags.iter().any(|tag| tag["id"] == "105"));
        if contact["external_id"] == "user-77" || any.is_none() {
            any = Some(contact.clone());
        }
    });
    let filter = |field: &str, operator: &str, value: Value| json!({"field": field, "operator": operator, "value": value});
    let role = filter("role", "=", json!("lead"));
    assert_eq!(bench.search(role).await["total_count"], leads);
    let both = json!({"operator": "AND", "value": [
        filter("custom_attributes.plan_tier", "=", json!("pro")),
        filter("role", "!=", json!("lead")),
    ]});
    assert_eq!(bench.search(both).await["total_count"], pro);
    let found = bench.search(filter("tag_id", "=", json!("105"))).await;
    assert!(found["total_count"].as_u64().unwrap() >= tagged);
    let any = any.unwrap();
    for field in ["id", "email", "external_id"] {
        if any[field].as_str().is_some_and(|text| !text.is_empty()) {
            let found = bench.search(filter(field, "=", any[field].clone())).await;
            assert_eq!(found["data"][0]["id"], any["id"], "{field}");
            assert_eq!(found["total_count"], 1);
        }
    }
    let unknown = json!({"query": filter("custom_attributes.colour", "=", json!("x"))});
    assert_eq!(
        bench.post("/contacts/search", &unknown).await.code(),
        "invalid_field"
    );
}

#[tokio::test]
async fn writes_reach_search_after_the_lag() {
    let bench = Bench::start(Options {
        index_lag: Duration::from_secs(900),
        ..Options::default()
    })
    .await;
    let created = bench
        .post("/contacts", &json!({"email": "new@example.com"}))
        .await;
    let old = bench.workspace().contact_ids().next().unwrap();
    bench
        .put(&format!("/contacts/{old}"), &json!({"name": "Changed"}))
        .await;
    let new = json!({"field": "email", "operator": "=", "value": "new@example.com"});
    let changed = json!({"field": "name", "operator": "=", "value": "Changed"});
    assert_eq!(bench.search(new.clone()).await["total_count"], 0);
    assert_eq!(bench.search(changed.clone()).await["total_count"], 0);
    assert_eq!(bench.get("/contacts").await.body["total_count"], 1_001);
    bench.workspace().advance(Duration::from_secs(901));
    assert_eq!(bench.search(new).await["data"][0]["id"], created.body["id"]);
    assert_eq!(bench.search(changed).await["data"][0]["id"], json!(old));
}
