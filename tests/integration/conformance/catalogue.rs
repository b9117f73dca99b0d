use std::time::Duration;

use host_test::simulator::CatalogueKind as Kind;
use serde_json::{Value, json};

use crate::world::{TIME_SCALE, World, request_bytes, request_with, text};

/// Where objects are listed: the kind of the objects, the path, and a query for a page that is not the last one.
type List = (Kind, &'static str, &'static str);

const ALWAYS: &[List] = &[
    (Kind::Articles, "/articles", "?per_page=5&page=2"),
    (
        Kind::Collections,
        "/help_center/collections",
        "?per_page=5&page=2",
    ),
    (Kind::HelpCenters, "/help_center/help_centers", ""),
    (Kind::NewsItems, "/news/news_items", "?per_page=5&page=2"),
    (Kind::Newsfeeds, "/news/newsfeeds", "?per_page=1&page=2"),
];

const LATER: &[List] = &[
    (
        Kind::InternalArticles,
        "/internal_articles",
        "?per_page=5&page=2",
    ),
    (Kind::Calls, "/calls", "?per_page=5&page=2"),
    (
        Kind::CustomObjects,
        "/custom_object_instances/Order",
        "?per_page=5&page=2",
    ),
    (Kind::Macros, "/macros", "?per_page=5"),
    (Kind::Brands, "/brands", ""),
    (Kind::Emails, "/emails", ""),
];

/// Asks for everything that there is of the smaller kinds of objects, and goes through an export.
pub async fn ask_catalogue(world: &World, version: &str) {
    let get = async |target: &str, status: u16| {
        let found = request_with(world, "GET", target, version, "").await;
        assert_eq!(found, status, "{version}: {target}");
    };
    let newer = version == "2.16";
    let lists = ALWAYS.iter().chain(LATER.iter().filter(|_| newer));
    for (kind, path, query) in lists {
        get(&format!("{path}{query}"), 200).await;
        get(path, 200).await;
        for id in world.workspace().catalogue_ids(*kind).iter().take(4) {
            get(&format!("{path}/{id}"), 200).await;
        }
        get(&format!("{path}/1"), 404).await;
    }
    let feed = &world.workspace().catalogue_ids(Kind::Newsfeeds)[0];
    get(&format!("/news/newsfeeds/{feed}/items"), 200).await;
    get(
        &format!("/news/newsfeeds/{feed}/items?per_page=1&page=2"),
        200,
    )
    .await;
    get("/subscription_types", 200).await;
    let log = "/admins/activity_logs?created_at_after=0";
    get(log, 200).await;
    get(&format!("{log}&per_page=5&page=2"), 200).await;
    if newer {
        get("/away_status_reasons", 200).await;
        get("/admins/activity_log_event_types", 200).await;
        let path = "/admins/activity_logs/search";
        let body = json!({ "created_at_after": 0, "per_page": 5 }).to_string();
        let found = request_with(world, "POST", path, version, &body).await;
        assert_eq!(found, 200);
        get("/custom_object_instances/Nothing", 404).await;
    }
    export(world, version).await;
}

async fn export(world: &World, version: &str) {
    let path = "/export/content/data";
    let range = json!({ "created_at_after": 0, "created_at_before": 2_000_000_000 }).to_string();
    let post =
        async |target: &str, body: &str| request_with(world, "POST", target, version, body).await;
    let job = async || {
        assert_eq!(post(path, &range).await, 200);
        let exchange = world.exchanges.exchanges().pop().expect("an exchange");
        let job: Value = serde_json::from_str(&exchange.answer).expect("JSON");
        text(&job, "job_identifier")
    };
    let canceled = job().await;
    assert_eq!(post(path, &range).await, 429);
    assert_eq!(post(&format!("/export/cancel/{canceled}"), "").await, 200);
    let done = job().await;
    let status = format!("{path}/{done}");
    assert_eq!(request_with(world, "GET", &status, version, "").await, 200);
    world
        .workspace()
        .advance(Duration::from_secs_f64(31.0 / TIME_SCALE));
    assert_eq!(request_with(world, "GET", &status, version, "").await, 200);
    let file = format!("/download/content/data/{done}");
    assert_eq!(request_bytes(world, &file, version).await, 200);
}
