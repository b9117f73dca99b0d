//! Lists of companies and what hangs on them as a client sees them.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::Options;
use super::testing::{Bench, reply};

#[tokio::test]
async fn notes_about_companies_come_with_later_versions() {
    let bench = Bench::start(Options::default()).await;
    let id = bench.workspace().company_ids().next().unwrap();
    let path = format!("/companies/{id}/notes");
    let too_early = bench.get_in("2.14", &path).await;
    assert_eq!(
        (too_early.status, too_early.code()),
        (400, "intercom_version_invalid")
    );
    let before = bench.walk("2.15", &path).await.len();
    let add = |version: &'static str| {
        let request = bench.request(Method::POST, &path);
        let request = request.header("intercom-version", version);
        reply(request.body(json!({"body": "Hello", "admin_id": "991267390"}).to_string()))
    };
    assert_eq!(add("2.15").await.status, 400);
    let added = add("2.16").await;
    assert_eq!(added.body["company"], json!({"type": "company", "id": id}));
    assert_eq!(added.body["body"], "<p>Hello</p>");
    let notes = bench.walk("2.16", &path).await;
    assert_eq!((notes.len(), &notes[0]), (before + 1, &added.body));
    let one = format!("/notes/{}", added.body["id"].as_str().unwrap());
    assert_eq!(bench.get(&one).await.body, added.body);
}

#[tokio::test]
async fn companies_are_listed_by_segment_and_by_last_request() {
    let bench = Bench::start(Options::default()).await;
    let segment = bench.workspace().segments()[0]["id"].clone();
    let segment = segment.as_str().unwrap();
    let filtered = bench
        .walk("2.11", &format!("/companies?segment_id={segment}"))
        .await;
    assert!(filtered.len() > 5);
    for company in &filtered {
        let of_company = format!("/companies/{}/segments", company["id"].as_str().unwrap());
        assert!(
            bench
                .get(&of_company)
                .await
                .ids()
                .contains(&segment.to_owned())
        );
        assert_eq!(company["segments"]["segments"][0]["type"], "segment");
    }
    assert_eq!(bench.get("/companies?segment_id=x").await.status, 404);

    let all = bench.walk("2.11", "/companies?per_page=60").await;
    assert_eq!(all.len(), 100);
    let times: Vec<i64> = all
        .iter()
        .map(|company| company["last_request_at"].as_i64().unwrap_or(0))
        .collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older));
    assert!(times[0] > 0 && times[99] == 0);
}

#[tokio::test]
async fn a_company_that_is_in_use_comes_to_the_front_while_pages_are_walked() {
    let bench = Bench::start(Options::default()).await;
    let page = |number: u32| format!("/companies?per_page=10&page={number}");
    let first = bench.get(&page(1)).await.ids();
    let later: Vec<String> = bench.workspace().company_ids().skip(55).take(2).collect();
    for id in &later {
        bench.workspace().advance(Duration::from_secs(1));
        let before = bench.workspace().company(id).unwrap();
        bench.workspace().request_from_company(id).unwrap();
        let after = bench.workspace().company(id).unwrap();
        assert_eq!(after["updated_at"], before["updated_at"]);
    }
    let body = json!({"company": later[0]});
    bench.workspace().advance(Duration::from_secs(1));
    let door = bench.post("/_simulator/company-request", &body).await;
    assert_eq!(door.status, 200, "{}", door.body);
    // What was at the end of the first page is at the beginning of the second, and the two were missed.
    assert_eq!(bench.get(&page(2)).await.ids()[..2], first[8..]);
    assert_eq!(bench.get(&page(1)).await.ids()[..2], later);
    let all = bench.walk("2.11", "/companies?per_page=60").await;
    assert_eq!(all.len() as u64, bench.workspace().company_count());
    bench.workspace().delete_company(&later[0]).unwrap();
    assert_eq!(bench.get(&page(1)).await.ids()[0], later[1]);
    let body = json!({"company": later[0]});
    let gone = bench.post("/_simulator/company-request", &body).await;
    assert_eq!(gone.status, 400);
}

#[tokio::test]
async fn a_scroll_can_be_refused_for_good_while_pages_go_on() {
    let bench = Bench::start(Options {
        faults: vec![
            "GET /companies/scroll every=1 kind=scroll-exists"
                .parse()
                .unwrap(),
        ],
        ..Options::default()
    })
    .await;
    for _ in 0..3 {
        let refused = bench.get("/companies/scroll").await;
        assert_eq!((refused.status, refused.code()), (400, "scroll_exists"));
        bench.workspace().advance(Duration::from_secs(120));
    }
    let all = bench.walk("2.11", "/companies?per_page=60").await;
    assert_eq!(all.len() as u64, bench.workspace().company_count());
}
