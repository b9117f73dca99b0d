//! Contacts as a client sees them.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::Options;
use super::cursor::{Cursor, SortValue};
use super::testing::{Bench, reply};

#[tokio::test]
async fn a_walk_gives_each_contact_once() {
    let bench = Bench::start(Options::default()).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for page in 1..=7 {
        let path = format!("/contacts?per_page=150&starting_after={cursor}");
        let answer = bench.get(&path).await;
        assert_eq!(answer.body["total_count"], 1_000);
        assert_eq!(answer.body["pages"]["page"], page);
        assert_eq!(answer.body["pages"]["total_pages"], 7);
        seen.extend(answer.ids());
        match answer.next() {
            Some(next) => cursor = next,
            None => assert_eq!(page, 7),
        }
    }
    let expected: BTreeSet<String> = bench.workspace().contact_ids().collect();
    assert_eq!(seen.len(), 1_000);
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[tokio::test]
async fn a_page_deep_in_a_million_contacts() {
    let bench = Bench::start(Options {
        contacts: 1_000_000,
        ..Options::default()
    })
    .await;
    let generator = &bench.workspace().generator;
    let number = 500_000;
    let cursor = Cursor {
        sort: SortValue::Number(generator.updated_at(number) * 1_000),
        id: generator.contact(number).id(generator.seed),
        page: 3_334,
    };
    let answer = bench
        .get(&format!(
            "/contacts?per_page=3&starting_after={}",
            cursor.encode()
        ))
        .await;
    let expected: Vec<String> = [499_999, 499_998, 499_997]
        .map(|number| generator.contact(number).id(generator.seed))
        .to_vec();
    assert_eq!(answer.ids(), expected);
    assert_eq!(answer.body["total_count"], 1_000_000);
    let query =
        json!({"field": "updated_at", "operator": ">", "value": generator.updated_at(number)});
    let found = bench.search(query).await;
    let total = found["total_count"].as_u64().unwrap();
    assert!((490_000..500_000).contains(&total), "{total}");
}

#[tokio::test]
async fn a_contact_that_changes_moves_in_front_of_the_walk() {
    let bench = Bench::start(Options::default()).await;
    let first = bench.get("/contacts?per_page=150").await;
    let unseen = bench.workspace().contact_ids().next().unwrap();
    assert!(!first.ids().contains(&unseen));
    bench.workspace().touch_contact(&unseen, json!({})).unwrap();
    let mut cursor = first.next();
    for _ in 0..7 {
        let Some(next) = cursor else { break };
        let page = bench
            .get(&format!("/contacts?per_page=150&starting_after={next}"))
            .await;
        assert!(!page.ids().contains(&unseen));
        cursor = page.next();
    }
    assert_eq!(bench.get("/contacts").await.ids()[0], unseen);
}

#[tokio::test]
async fn paging_parameters_are_checked() {
    let bench = Bench::start(Options::default()).await;
    let answer = bench.get("/contacts").await;
    assert_eq!(
        (answer.ids().len(), &answer.body["pages"]["per_page"]),
        (10, &json!(10))
    );
    assert_eq!(bench.get("/contacts?per_page=1000").await.ids().len(), 150);
    for query in [
        "per_page=0",
        "per_page=x",
        "per_page=99999999999999999999",
        "starting_after=x",
        "starting_after=WzFd",
    ] {
        assert_eq!(
            bench.get(&format!("/contacts?{query}")).await.status,
            400,
            "{query}"
        );
    }
}

#[tokio::test]
async fn duplicates_are_refused_with_the_id_of_the_other() {
    let bench = Bench::start(Options::default()).await;
    let first = bench
        .post(
            "/contacts",
            &json!({"email": "a@example.com", "external_id": "x"}),
        )
        .await;
    let id = first.body["id"].as_str().unwrap();
    for body in [
        json!({"email": "A@example.com"}),
        json!({"external_id": "x", "role": "lead"}),
    ] {
        let again = bench.post("/contacts", &body).await;
        assert_eq!((again.status, again.code()), (409, "conflict"));
        assert_eq!(
            again.message(),
            format!("A contact matching those details already exists with id={id}")
        );
    }
    let lead = bench
        .post(
            "/contacts",
            &json!({"email": "a@example.com", "role": "lead"}),
        )
        .await;
    assert_eq!(lead.status, 200);
    let archived = bench
        .post(&format!("/contacts/{id}/archive"), &json!({}))
        .await;
    assert_eq!(
        archived.body,
        json!({"id": id, "external_id": "x", "type": "contact", "archived": true})
    );
    let again = bench
        .post("/contacts", &json!({"email": "a@example.com"}))
        .await;
    assert_eq!(
        again.message(),
        format!("An archived contact matching those details already exists with id={id}")
    );
    assert_eq!(bench.get(&format!("/contacts/{id}")).await.status, 404);
    assert_eq!(
        bench
            .post(&format!("/contacts/{id}/unarchive"), &json!({}))
            .await
            .body["archived"],
        false
    );
    assert_eq!(bench.get(&format!("/contacts/{id}")).await.status, 200);
    assert_eq!(
        bench.delete(&format!("/contacts/{id}")).await.body["deleted"],
        true
    );
    assert_eq!(
        bench
            .post("/contacts", &json!({"email": "a@example.com"}))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn fields_that_are_not_valid_are_refused() {
    let bench = Bench::start(Options::default()).await;
    for (body, message) in [
        (json!({}), "needs an email"),
        (
            json!({"role": "lead", "owner_id": 7}),
            "The owner specified is not a member of the workspace",
        ),
        (
            json!({"role": "lead", "custom_attributes": {"x": 1}}),
            "Custom attribute 'x' does not exist",
        ),
        (
            json!({"role": "lead", "custom_attributes": {"seats": "many"}}),
            "must be of type integer",
        ),
        (json!({"role": "admin"}), "role"),
        (json!({"email": {}}), "email"),
        (
            json!({"email": "e@example.com", "signed_up_at": "soon"}),
            "signed_up_at",
        ),
        (json!([]), "JSON object"),
    ] {
        let answer = bench.post("/contacts", &body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.message().contains(message), "{}", answer.message());
    }
    let created = bench.post("/contacts", &json!({"role": "lead"})).await;
    assert_eq!(
        (created.status, &created.body["external_id"]),
        (200, &Value::Null)
    );
}

#[tokio::test]
async fn only_the_rolling_version_writes_the_language() {
    let bench = Bench::start(Options::default()).await;
    let body = json!({"role": "lead", "language_override": "fr"});
    for (version, written) in [("2.16", Value::Null), ("Preview", json!("fr"))] {
        let request = bench.request(Method::POST, "/contacts");
        let request = request.header("intercom-version", version);
        let created = reply(request.body(body.to_string())).await.body;
        assert_eq!(created["language_override"], written, "{version}");
        let id = created["id"].as_str().unwrap().to_owned();
        let request = bench.request(Method::PUT, &format!("/contacts/{id}"));
        let request = request.header("intercom-version", version);
        let updated = reply(request.body(body.to_string())).await.body;
        assert_eq!(updated["language_override"], written, "{version}");
    }
}

#[tokio::test]
async fn custom_attributes_are_merged() {
    let bench = Bench::start(Options::default()).await;
    let id = bench.workspace().contact_ids().next().unwrap();
    let before = bench.workspace().contact(&id).unwrap();
    let patch =
        json!({"custom_attributes": {"seats": "12", "Remark": null}, "owner_id": 991_267_391});
    let after = bench.put(&format!("/contacts/{id}"), &patch).await.body;
    assert_eq!(after["custom_attributes"]["seats"], 12);
    assert_eq!(after["custom_attributes"]["Remark"], Value::Null);
    assert_eq!(
        after["custom_attributes"]["plan_tier"],
        before["custom_attributes"]["plan_tier"]
    );
    assert_eq!(after["owner_id"], 991_267_391);
    assert!(after["updated_at"].as_i64() > before["updated_at"].as_i64());
    let newer = bench
        .request(Method::GET, &format!("/contacts/{id}"))
        .header("intercom-version", "2.16");
    assert_eq!(reply(newer).await.body["owner_id"], "991267391");
}

#[tokio::test]
async fn a_merged_contact_is_gone_or_points_to_the_other() {
    let bench = Bench::start(Options::default()).await;
    let lead = bench
        .post(
            "/contacts",
            &json!({"role": "lead", "email": "m@example.com"}),
        )
        .await;
    let user = bench
        .post("/contacts", &json!({"email": "m@example.com"}))
        .await;
    let (from, into) = (
        lead.body["id"].as_str().unwrap(),
        user.body["id"].as_str().unwrap(),
    );
    let wrong = bench
        .post("/contacts/merge", &json!({"from": into, "into": from}))
        .await;
    assert_eq!(wrong.status, 400);
    let merged = bench
        .post("/contacts/merge", &json!({"from": from, "into": into}))
        .await;
    assert_eq!(merged.body["id"], into);
    assert_eq!(bench.get(&format!("/contacts/{from}")).await.status, 404);
    let newer = bench
        .request(Method::GET, &format!("/contacts/{from}"))
        .header("intercom-version", "2.16");
    let newer = reply(newer).await;
    assert_eq!((newer.status, newer.code()), (410, "contact_merged"));
    assert_eq!(
        newer.header("link"),
        Some(&*format!("</contacts/{into}>; rel=\"canonical\""))
    );
    let found = bench
        .search(json!({"field": "email", "operator": "=", "value": "m@example.com"}))
        .await;
    assert_eq!(found["total_count"], 1);
}

#[tokio::test]
async fn longer_lists_are_behind_their_urls() {
    let bench = Bench::start(Options::default()).await;
    let mut long = None;
    bench.workspace().for_each_contact(|contact| {
        if contact["tags"]["has_more"] == true {
            long = Some(contact.clone());
        }
    });
    let long = long.unwrap();
    assert_eq!(long["tags"]["data"].as_array().unwrap().len(), 10);
    let all = bench.get(long["tags"]["url"].as_str().unwrap()).await;
    assert_eq!(
        json!(all.body["data"].as_array().unwrap().len()),
        long["tags"]["total_count"]
    );
}
