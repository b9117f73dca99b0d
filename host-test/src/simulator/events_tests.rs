//! Events as a client sees them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Options;
use super::testing::{Bench, Reply, reply};
use reqwest::Method;

/// A contact with more events than a page, and how many of them can be listed.
fn busiest(bench: &Bench) -> (String, usize) {
    let counted = bench.workspace().contact_ids().map(|id| {
        let events = bench.workspace().events(&id).unwrap().len();
        (id, events)
    });
    counted.max_by_key(|(_, events)| *events).unwrap()
}

/// The path of an address in an answer.
fn path(bench: &Bench, address: &Value) -> Option<String> {
    let path = address.as_str()?.strip_prefix(&bench.simulator.url());
    Some(path.unwrap().to_owned())
}

fn events(page: &Reply) -> Vec<Value> {
    page.body["events"].as_array().unwrap().clone()
}

#[tokio::test]
async fn pages_lead_to_every_event_of_the_last_ninety_days() {
    let bench = Bench::start(Options::default()).await;
    let (id, count) = busiest(&bench);
    assert!(count > 30, "{count}");
    let mut next = Some(format!(
        "/events?type=user&intercom_user_id={id}&per_page=7"
    ));
    let mut seen = Vec::new();
    while let Some(path_of_page) = next {
        let page = bench.get(&path_of_page).await;
        assert_eq!(page.status, 200, "{}", page.body);
        seen.extend(events(&page));
        next = path(&bench, &page.body["pages"]["next"]);
    }
    assert_eq!(seen, bench.workspace().events(&id).unwrap());
    assert_eq!(seen.len(), count);
    let times: Vec<i64> = seen
        .iter()
        .map(|event| event["created_at"].as_i64().unwrap())
        .collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older));

    let before = bench.workspace().link_counts().contact_events;
    bench.workspace().advance(Duration::from_secs(60 * 86_400));
    let left = bench.workspace().events(&id).unwrap().len();
    assert!(left < count && left > 0, "{left}");
    assert!(bench.workspace().link_counts().contact_events < before);
}

#[tokio::test]
async fn a_full_page_has_a_next_one_that_may_be_empty() {
    let bench = Bench::start(Options::default()).await;
    let (id, count) = busiest(&bench);
    let all = format!("/events?type=user&intercom_user_id={id}&per_page={count}");
    let page = bench.get(&all).await;
    assert_eq!(events(&page).len(), count);
    let next = path(&bench, &page.body["pages"]["next"]).unwrap();
    let empty = bench.get(&next).await;
    assert_eq!(
        (events(&empty).len(), &empty.body["pages"]),
        (0, &json!({}))
    );
}

#[tokio::test]
async fn what_came_since_is_behind_the_other_address() {
    let bench = Bench::start(Options::default()).await;
    let (id, _) = busiest(&bench);
    let first = bench
        .get(&format!("/events?type=user&intercom_user_id={id}"))
        .await;
    assert_eq!(events(&first).len(), 15);
    let since = path(&bench, &first.body["pages"]["since"]).unwrap();
    assert_eq!(events(&bench.get(&since).await), Vec::<Value>::new());
    let before = bench.workspace().contact(&id).unwrap();
    let added = bench.workspace().add_event(
        &id,
        "asked-for-help",
        None,
        Map::from_iter([("topic".to_owned(), json!("prices"))]),
        false,
    );
    let newer = bench.get(&since).await;
    let [event] = &events(&newer)[..] else {
        panic!("{}", newer.body);
    };
    assert_eq!(event["id"], added.unwrap());
    assert_eq!(
        (&event["type"], &event["event_name"], &event["metadata"]),
        (
            &json!("event"),
            &json!("asked-for-help"),
            &json!({"topic": "prices"})
        )
    );
    assert_eq!(bench.workspace().contact(&id).unwrap(), before);
    bench
        .workspace()
        .add_event(&id, "left", None, Map::new(), true)
        .unwrap();
    let after = bench.workspace().contact(&id).unwrap();
    assert!(after["updated_at"].as_i64() > before["updated_at"].as_i64());
}

#[tokio::test]
async fn a_contact_is_named_in_three_ways() {
    let bench = Bench::start(Options::default()).await;
    let body = json!({"email": "busy+one@example.com", "external_id": "busy/1"});
    let id = bench.workspace().create_contact(&body).unwrap();
    let lead = json!({"email": "busy+one@example.com", "role": "lead"});
    let lead = bench.workspace().create_contact(&lead).unwrap();
    for contact in [&id, &lead] {
        bench
            .workspace()
            .add_event(contact, "a", Some(1_767_225_000), Map::new(), false)
            .unwrap();
    }
    for (parameter, expected) in [
        (format!("intercom_user_id={id}"), &id),
        ("user_id=busy/1".to_owned(), &id),
        ("email=busy%2Bone@example.com".to_owned(), &id),
        (format!("intercom_user_id={lead}"), &lead),
    ] {
        let found = bench.get(&format!("/events?type=user&{parameter}")).await;
        assert_eq!(
            &events(&found)[0]["intercom_user_id"],
            expected,
            "{parameter}"
        );
    }
    for (parameters, status) in [
        ("type=user&user_id=nobody", 404),
        ("type=user&email=nobody@example.com", 404),
        ("type=user&intercom_user_id=667d60b08a68186f43bafdbf", 404),
        ("type=user", 400),
        ("user_id=busy/1", 400),
        ("type=user&user_id=busy/1&before=yesterday", 400),
    ] {
        let refused = bench.get(&format!("/events?{parameters}")).await;
        assert_eq!(refused.status, status, "{parameters}: {}", refused.body);
    }
    bench.workspace().archive_contact(&id).unwrap();
    let archived = bench.get("/events?type=user&user_id=busy/1").await;
    assert_eq!(
        (archived.status, archived.message()),
        (404, "User Not Found")
    );
}

#[tokio::test]
async fn a_summary_counts_and_older_versions_call_the_list_one() {
    let bench = Bench::start(Options::default()).await;
    let (id, _) = busiest(&bench);
    let target = format!("/events?type=user&intercom_user_id={id}");
    let summary = bench.get(&format!("{target}&summary=true")).await;
    assert_eq!(summary.body["type"], "event.summary");
    assert_eq!(summary.body["intercom_user_id"], json!(id));
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for event in events(&summary) {
        let name = event["name"].as_str().unwrap().to_owned();
        counted.insert(name, event["count"].as_u64().unwrap());
        assert!(event["first"].as_str() <= event["last"].as_str());
    }
    let listed = bench.workspace().events(&id).unwrap().len() as u64;
    assert!(counted.len() > 1 && counted.values().sum::<u64>() > listed);

    let older = bench.get(&target).await;
    assert_eq!(older.body["type"], "event.summary");
    assert_eq!(older.body["intercom_user_id"], json!(id));
    let newer = bench.request(Method::GET, &target);
    let newer = reply(newer.header("intercom-version", "2.16")).await;
    assert_eq!(newer.body["type"], "event.list");
    assert_eq!(newer.body.get("intercom_user_id"), None);
    assert_eq!(events(&newer), events(&older));
}

#[tokio::test]
async fn events_want_a_permission_of_their_own() {
    let bench = Bench::start(Options {
        denied: vec!["events".to_owned()],
        ..Options::default()
    })
    .await;
    let id = bench.workspace().contact_ids().next().unwrap();
    let target = format!("/events?type=user&intercom_user_id={id}");
    let refused = bench.get(&target).await;
    assert_eq!(
        (refused.status, refused.code()),
        (401, "token_unauthorized")
    );
    let newer = bench.request(Method::GET, &target);
    let newer = reply(newer.header("intercom-version", "2.16")).await;
    assert_eq!((newer.status, newer.code()), (403, "forbidden"));
    assert!(
        newer.message().contains("(read_events)"),
        "{}",
        newer.message()
    );
}

#[tokio::test]
async fn another_process_adds_events() {
    let bench = Bench::start(Options {
        events_per_contact: 0,
        ..Options::default()
    })
    .await;
    assert_eq!(bench.workspace().link_counts().contact_events, 0);
    let id = bench.workspace().contact_ids().next().unwrap();
    let event = json!({"contact": id, "name": "a", "metadata": {"b": 1}, "touch": true});
    let added = bench.post("/_simulator/event", &event).await;
    assert_eq!(added.status, 200, "{}", added.body);
    let listed = bench.workspace().events(&id).unwrap();
    assert_eq!((listed.len(), &listed[0]["id"]), (1, &added.body["id"]));
    let unknown = json!({"contact": "x", "name": "a"});
    assert_eq!(bench.post("/_simulator/event", &unknown).await.status, 400);
}
