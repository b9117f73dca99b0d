//! Companies and the small lists as a client sees them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::Options;
use super::testing::Bench;

#[tokio::test]
async fn a_scroll_gives_each_company_once() {
    let bench = Bench::start(Options {
        companies: 250,
        ..Options::default()
    })
    .await;
    let first = bench.get("/companies/scroll").await;
    assert_eq!(
        (&first.body["pages"], &first.body["total_count"]),
        (&Value::Null, &Value::Null)
    );
    let parameter = first.body["scroll_param"].as_str().unwrap();
    let mut seen = first.ids();
    let second_scroll = bench.get("/companies/scroll").await;
    assert_eq!(
        (second_scroll.status, second_scroll.code()),
        (400, "scroll_exists")
    );
    let path = format!("/companies/scroll?scroll_param={parameter}");
    for size in [100, 50, 0] {
        let page = bench.get(&path).await;
        assert_eq!((page.status, page.ids().len()), (200, size));
        seen.extend(page.ids());
    }
    let gone = bench.get(&path).await;
    assert_eq!(
        (gone.status, gone.code(), gone.message()),
        (404, "not_found", "scroll parameter not found")
    );
    let expected: BTreeSet<String> = bench.workspace().company_ids().collect();
    assert_eq!(seen.len(), 250);
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[tokio::test]
async fn a_scroll_expires_or_dies_of_an_error() {
    let bench = Bench::start(Options {
        faults: vec!["/companies/scroll first=3 kind=status-500".parse().unwrap()],
        ..Options::default()
    })
    .await;
    let first = bench.get("/companies/scroll").await;
    bench.workspace().advance(Duration::from_secs(61));
    let path = |parameter: &Value| {
        format!(
            "/companies/scroll?scroll_param={}",
            parameter.as_str().unwrap()
        )
    };
    assert_eq!(
        bench.get(&path(&first.body["scroll_param"])).await.status,
        404
    );
    let failed = bench.get("/companies/scroll").await;
    assert!(
        failed.status == 500
            && failed
                .message()
                .contains("Please restart the scroll operation")
    );
    let fresh = bench.get("/companies/scroll").await;
    assert_eq!(fresh.status, 200);
}

#[tokio::test]
async fn pages_by_number() {
    let bench = Bench::start(Options {
        contacts: 0,
        companies: 20_000,
        ..Options::default()
    })
    .await;
    let first = bench.get("/companies").await;
    assert_eq!(
        (first.ids().len(), &first.body["total_count"]),
        (15, &json!(20_000))
    );
    let next = first.body["pages"]["next"].as_str().unwrap();
    let next = bench
        .get(next.strip_prefix(&bench.simulator.url()).unwrap())
        .await;
    assert_eq!((next.status, &next.body["pages"]["page"]), (200, &json!(2)));
    assert!(next.ids().iter().all(|id| !first.ids().contains(id)));
    assert_eq!(
        bench
            .get("/companies?page=200&per_page=50")
            .await
            .ids()
            .len(),
        50
    );
    let beyond = bench.get("/companies?page=201&per_page=50").await;
    assert_eq!((beyond.status, beyond.code()), (400, "bad_request"));
    assert_eq!(
        beyond.message(),
        "page limit reached, please use scroll API"
    );
    let across = bench.get("/companies?page=167&per_page=60").await;
    assert_eq!(across.status, 400, "no row beyond the limit is given");
    let listed = bench
        .post("/companies/list", &json!({"per_page": 5, "page": 2}))
        .await;
    assert_eq!(listed.ids().len(), 5);
    assert_eq!(
        bench
            .get("/companies?page=99999999999999999999999")
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_company_is_invisible_until_it_has_a_contact() {
    let bench = Bench::start(Options::default()).await;
    let body = json!({"company_id": "new", "name": "New", "size": 7, "custom_attributes": {"onboarded": true}});
    let created = bench.post("/companies", &body).await.body;
    assert_eq!(
        (&created["size"], &created["plan"], created.get("website")),
        (&json!(7), &json!({}), None)
    );
    let again = bench
        .post("/companies", &json!({"company_id": "new", "plan": "pro"}))
        .await
        .body;
    assert_eq!(
        (&again["id"], &again["name"]),
        (&created["id"], &json!("New"))
    );
    assert_eq!(bench.get("/companies").await.body["total_count"], 100);
    assert_eq!(
        bench.get("/companies?company_id=new").await.body["id"],
        created["id"]
    );

    let contact = bench.workspace().contact_ids().next().unwrap();
    let attached = bench
        .post(
            &format!("/contacts/{contact}/companies"),
            &json!({"id": created["id"]}),
        )
        .await;
    assert_eq!(attached.body["user_count"], 1);
    assert_eq!(bench.get("/companies").await.body["total_count"], 101);
    let id = created["id"].as_str().unwrap();
    let members = bench.get(&format!("/companies/{id}/contacts")).await;
    assert_eq!(members.ids(), std::slice::from_ref(&contact));
    bench
        .delete(&format!("/contacts/{contact}/companies/{id}"))
        .await;
    assert_eq!(bench.get("/companies").await.body["total_count"], 100);

    assert_eq!(
        bench.delete(&format!("/companies/{id}")).await.body["object"],
        "company"
    );
    let gone = bench.get(&format!("/companies/{id}")).await;
    assert_eq!((gone.status, gone.code()), (404, "company_not_found"));
    assert_eq!(bench.get("/companies?company_id=new").await.status, 404);
    assert_eq!(
        bench
            .post("/companies", &json!({"name": "no key"}))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn members_of_a_generated_company_are_those_it_counts() {
    let bench = Bench::start(Options::default()).await;
    for id in bench.workspace().company_ids().skip(5).take(12) {
        let members = bench.get(&format!("/companies/{id}/contacts")).await;
        let company = bench.workspace().company(&id).unwrap();
        assert_eq!(members.body["total_count"], company["user_count"]);
    }
}

#[tokio::test]
async fn small_lists() {
    let bench = Bench::start(Options::default()).await;
    for (path, list, one, missing) in [
        ("/admins", "admins", "/admins/991267390", "admin_not_found"),
        ("/teams", "teams", "/teams/5017690", "team_not_found"),
        ("/tags", "data", "/tags/101", "not_found"),
    ] {
        let answer = bench.get(path).await;
        assert!(!answer.body[list].as_array().unwrap().is_empty(), "{path}");
        let found = bench.get(one).await;
        assert_eq!(answer.body[list][0], found.body, "{path}");
        assert_eq!(bench.get(&format!("{path}/7")).await.code(), missing);
    }
    let counted = bench.get("/segments?include_count=true").await.body["segments"][0].clone();
    assert_eq!(counted["count"], 500);
    let one = bench
        .get(&format!("/segments/{}", counted["id"].as_str().unwrap()))
        .await;
    assert!(one.body.get("count").is_none());
    let members =
        json!({"query": {"field": "segment_id", "operator": "=", "value": counted["id"]}});
    assert_eq!(
        bench.post("/contacts/search", &members).await.body["total_count"],
        500
    );
}

#[tokio::test]
async fn tags_are_created_renamed_and_applied() {
    let bench = Bench::start(Options::default()).await;
    let contact = bench.workspace().contact_ids().next().unwrap();
    let tag = bench
        .post("/tags", &json!({"name": "VIP", "users": [{"id": contact}]}))
        .await
        .body;
    let tags = bench.get(&format!("/contacts/{contact}/tags")).await;
    assert!(tags.ids().contains(&tag["id"].as_str().unwrap().to_owned()));
    let renamed = bench
        .post("/tags", &json!({"name": "Very VIP", "id": tag["id"]}))
        .await
        .body;
    assert_eq!(
        (&renamed["id"], &renamed["name"]),
        (&tag["id"], &json!("Very VIP"))
    );
    let unknown = bench
        .post("/tags", &json!({"name": "VIP", "companies": [{"id": "x"}]}))
        .await;
    assert_eq!((unknown.status, unknown.code()), (404, "company_not_found"));
    assert_eq!(
        bench.post("/tags", &json!({"name": 5})).await.message(),
        "invalid tag parameters"
    );
}

#[tokio::test]
async fn data_attributes_decide_what_can_be_written() {
    let bench = Bench::start(Options::default()).await;
    let contact = bench.workspace().contact_ids().next().unwrap();
    let write = json!({"custom_attributes": {"colour": "red"}});
    assert_eq!(
        bench
            .put(&format!("/contacts/{contact}"), &write)
            .await
            .status,
        400
    );
    let attribute = json!({"name": "colour", "model": "contact", "data_type": "string"});
    assert_eq!(
        bench.post("/data_attributes", &attribute).await.body["custom"],
        true
    );
    assert_eq!(
        bench
            .put(&format!("/contacts/{contact}"), &write)
            .await
            .status,
        200
    );
    assert!(
        bench
            .post("/data_attributes", &attribute)
            .await
            .message()
            .starts_with("You already have 'colour'")
    );
    for (field, value) in [
        ("model", "ticket"),
        ("data_type", "colour"),
        ("name", "a*b"),
    ] {
        let mut wrong = attribute.clone();
        wrong[field] = json!(value);
        assert_eq!(
            bench.post("/data_attributes", &wrong).await.status,
            400,
            "{field}"
        );
    }
    let count = |body: Value| body["data"].as_array().unwrap().len();
    let active = count(bench.get("/data_attributes?model=contact").await.body);
    let all = count(
        bench
            .get("/data_attributes?model=contact&include_archived=true")
            .await
            .body,
    );
    assert_eq!(all, active + 1);
}
