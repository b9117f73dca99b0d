//! The kinds of the catalogue as a client sees them.

use reqwest::Method;
use serde_json::{Value, json};

use super::testing::{Bench, Reply, reply};
use super::{CatalogueChange, CatalogueKind as Kind, CatalogueOptions, Fault, Options};

/// The kinds that are listed by page number: path, default page.
const NUMBERED: &[(Kind, &str, usize)] = &[
    (Kind::Articles, "/articles", 25),
    (Kind::InternalArticles, "/internal_articles", 25),
    (Kind::Collections, "/help_center/collections", 20),
    (Kind::NewsItems, "/news/news_items", 10),
    (Kind::Newsfeeds, "/news/newsfeeds", 10),
    (Kind::Calls, "/calls", 25),
    (Kind::CustomObjects, "/custom_object_instances/Order", 20),
];

/// The kinds that are listed whole.
const WHOLE: &[(Kind, &str)] = &[
    (Kind::HelpCenters, "/help_center/help_centers"),
    (Kind::Brands, "/brands"),
    (Kind::Emails, "/emails"),
    (Kind::AwayStatusReasons, "/away_status_reasons"),
    (Kind::SubscriptionTypes, "/subscription_types"),
];

async fn get_in(bench: &Bench, version: &str, path: &str) -> Reply {
    let request = bench.request(Method::GET, path);
    reply(request.header("intercom-version", version)).await
}

async fn get(bench: &Bench, path: &str) -> Reply {
    let answer = get_in(bench, "2.16", path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer
}

/// The path of the next page of a list by page number.
fn next(bench: &Bench, page: &Reply) -> Option<String> {
    let url = page.body["pages"]["next"].as_str()?;
    let path = url.strip_prefix(&bench.simulator.url());
    Some(path.unwrap_or_else(|| panic!("{url}")).to_owned())
}

/// Every page of a list, by the addresses that the pages give.
async fn walk(bench: &Bench, path: &str) -> Vec<Reply> {
    let mut pages = vec![get(bench, path).await];
    while let Some(path) = next(bench, pages.last().unwrap()) {
        assert!(pages.len() < 100, "{path}");
        pages.push(get(bench, &path).await);
    }
    pages
}

fn ids(pages: &[Reply]) -> Vec<String> {
    pages.iter().flat_map(Reply::ids).collect()
}

#[tokio::test]
async fn a_walk_by_page_number_gives_each_object_once() {
    let bench = Bench::start(Options::default()).await;
    for (kind, path, page) in NUMBERED {
        let expected = bench.workspace().catalogue_ids(*kind);
        assert_eq!(
            bench.workspace().catalogue_count(*kind),
            expected.len() as u64
        );
        let pages = walk(&bench, path).await;
        assert_eq!(pages.len(), expected.len().div_ceil(*page), "{path}");
        assert_eq!(ids(&pages), expected, "{path}");
        for page in &pages {
            assert_eq!(page.body["total_count"], expected.len(), "{path}");
        }
        let beyond = get(&bench, &format!("{path}?page=1000")).await;
        assert_eq!(beyond.body["data"], json!([]));
        let small = walk(&bench, &format!("{path}?per_page=7")).await;
        assert_eq!(ids(&small), expected, "{path}");
    }
    let calls = get(&bench, "/calls?per_page=100").await;
    assert_eq!(calls.ids().len(), 25);
}

#[tokio::test]
async fn every_object_can_be_read_by_its_id() {
    let bench = Bench::start(Options::default()).await;
    let numbered = NUMBERED.iter().map(|(kind, path, _)| (*kind, *path));
    let single = |(kind, _): &(Kind, &str)| {
        !matches!(kind, Kind::AwayStatusReasons | Kind::SubscriptionTypes)
    };
    let whole = WHOLE.iter().copied().filter(single);
    for (kind, path) in numbered.chain(whole).chain([(Kind::Macros, "/macros")]) {
        let objects = bench.workspace().catalogue_objects(kind);
        assert!(!objects.is_empty(), "{path}");
        for object in objects {
            let id = object["id"].as_str().unwrap();
            assert_eq!(get(&bench, &format!("{path}/{id}")).await.body, object);
        }
        let missing = get_in(&bench, "2.16", &format!("{path}/1")).await;
        assert_eq!((missing.status, missing.code()), (404, "not_found"));
    }
}

#[tokio::test]
async fn whole_lists_are_in_the_order_of_their_ids() {
    let bench = Bench::start(Options::default()).await;
    for (kind, path) in WHOLE {
        let listed = get(&bench, path).await;
        let mut expected = bench.workspace().catalogue_ids(*kind);
        expected.sort_by_key(|id| id.parse::<u64>().unwrap());
        assert_eq!(listed.ids(), expected, "{path}");
        assert!(listed.body.get("pages").is_none());
        let (gone, changed) = (&expected[0], &expected[1]);
        let before = listed.body["data"][1].clone();
        let workspace = bench.workspace();
        workspace.delete_catalogue_object(*kind, gone).unwrap();
        workspace.touch_catalogue_object(*kind, changed).unwrap();
        let after = get(&bench, path).await;
        assert_eq!(after.ids(), expected[1..], "{path}");
        assert_ne!(after.body["data"][0], before, "{path}");
    }
}

#[tokio::test]
async fn articles_have_the_shape_of_the_version() {
    let bench = Bench::start(Options::default()).await;
    let older = get_in(&bench, "2.11", "/articles").await.body;
    let newer = get_in(&bench, "2.16", "/articles").await.body;
    let pairs = older["data"].as_array().unwrap().iter();
    let mut with_parent = 0;
    for (older, newer) in pairs.zip(newer["data"].as_array().unwrap()) {
        let first = newer["parent_ids"].get(0).cloned().unwrap_or_default();
        with_parent += usize::from(!first.is_null());
        assert_eq!(older["parent_id"], first);
        assert_eq!(older["parent_type"] == "collection", !first.is_null());
        assert!(newer.get("parent_id").is_none() && newer.get("parent_type").is_none());
        assert!(older.get("statistics").is_none() && newer.get("statistics").is_none());
        assert!(older.get("tags").is_none() && newer["tags"]["tags"].is_array());
    }
    assert!((1..25).contains(&with_parent));
    let path = format!("/articles/{}", older["data"][0]["id"].as_str().unwrap());
    for version in ["2.11", "2.16"] {
        let article = get_in(&bench, version, &path).await.body;
        assert_eq!(article["statistics"]["type"], "article_statistics");
    }
}

#[tokio::test]
async fn a_deletion_between_two_pages_moves_the_others_up() {
    let bench = Bench::start(Options::default()).await;
    for (kind, path, _) in NUMBERED
        .iter()
        .filter(|(kind, ..)| *kind != Kind::Newsfeeds)
    {
        let all = bench.workspace().catalogue_ids(*kind);
        let first = get(&bench, &format!("{path}?per_page=10")).await;
        let gone = &first.ids()[0];
        let workspace = bench.workspace();
        workspace.delete_catalogue_object(*kind, gone).unwrap();
        assert!(workspace.delete_catalogue_object(*kind, gone).is_err());
        let second = get(&bench, &next(&bench, &first).unwrap()).await;
        // The eleventh is on the first page now, and is missed.
        assert_eq!(second.ids()[0], all[11], "{path}");
        assert_eq!(second.body["total_count"], all.len() - 1);
        assert_eq!(ids(&walk(&bench, path).await), all[1..]);
        let read = get_in(&bench, "2.16", &format!("{path}/{gone}")).await;
        assert_eq!(read.status, 404);
    }
}

#[tokio::test]
async fn what_changes_or_is_created_comes_first() {
    let bench = Bench::start(Options::default()).await;
    for (kind, path, _) in NUMBERED {
        let workspace = bench.workspace();
        let oldest = workspace.catalogue_ids(*kind).pop().unwrap();
        let before = get(&bench, &format!("{path}/{oldest}")).await.body;
        workspace.touch_catalogue_object(*kind, &oldest).unwrap();
        let listed = get(&bench, path).await;
        assert_eq!(listed.ids()[0], oldest, "{path}");
        let after = get(&bench, &format!("{path}/{oldest}")).await.body;
        assert!(after["updated_at"].as_i64() > before["updated_at"].as_i64());
        assert_eq!(after["created_at"], before["created_at"], "{path}");
        workspace.advance(std::time::Duration::from_secs(1));
        let created = workspace.create_catalogue_object(*kind);
        assert_eq!(get(&bench, path).await.ids()[..2], [created, oldest]);
    }
}

#[tokio::test]
async fn operations_are_there_from_their_version_on() {
    let bench = Bench::start(Options::default()).await;
    let log = "/admins/activity_logs?created_at_after=0";
    for (path, before, since) in [
        ("/internal_articles", "2.12", "2.13"),
        ("/internal_articles/7039", "2.12", "2.13"),
        ("/custom_object_instances/Order/22", "2.12", "2.13"),
        ("/calls", "2.13", "2.14"),
        ("/calls/123", "2.13", "2.14"),
        ("/away_status_reasons", "2.13", "2.14"),
        ("/brands", "2.14", "2.15"),
        ("/brands/3", "2.14", "2.15"),
        ("/emails", "2.14", "2.15"),
        ("/emails/10", "2.14", "2.15"),
        ("/macros", "2.15", "2.16"),
        ("/macros/456", "2.15", "2.16"),
        ("/admins/activity_log_event_types", "2.15", "2.16"),
    ] {
        let refused = get_in(&bench, before, path).await;
        assert_eq!(
            (refused.status, refused.code(), refused.message()),
            (
                400,
                "intercom_version_invalid",
                "Requested resource is not available in current API version."
            ),
            "{path}"
        );
        assert_eq!(get_in(&bench, since, path).await.status, 200, "{path}");
    }
    for path in ["/articles", "/news/newsfeeds", "/subscription_types", log] {
        assert_eq!(get_in(&bench, "2.11", path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_token_without_the_permission_is_refused() {
    for (denied, path, scope) in [
        ("articles", "/articles", "read_articles_scope"),
        (
            "collections",
            "/help_center/collections",
            "read_articles_scope",
        ),
        ("news_items", "/news/news_items", "read_write_news"),
        ("calls", "/calls", "read_conversations"),
        ("macros", "/macros", "read_conversations"),
        (
            "custom_objects",
            "/custom_object_instances/Order",
            "read_write_custom_object_instances",
        ),
        (
            "activity_logs",
            "/admins/activity_logs?created_at_after=0",
            "read_admin_activity_logs",
        ),
    ] {
        let bench = Bench::start(Options {
            denied: vec![denied.to_owned()],
            ..Options::default()
        })
        .await;
        let refused = get_in(&bench, "2.16", path).await;
        assert_eq!((refused.status, refused.code()), (403, "forbidden"));
        let expected =
            format!("You do not have the required scope ({scope}) to access this resource");
        assert_eq!(refused.message(), expected);
        assert_eq!(get_in(&bench, "2.16", "/admins").await.status, 200);
    }
    let denied = vec!["articles".to_owned()];
    let bench = Bench::start(Options {
        denied,
        ..Options::default()
    })
    .await;
    let refused = bench.get("/articles").await;
    assert_eq!(
        (refused.status, refused.code()),
        (401, "token_unauthorized")
    );
}

#[tokio::test]
async fn news_may_be_switched_off() {
    let bench = Bench::start(Options::default()).await;
    let off: Fault = "/news/* times=1000 kind=not-found".parse().unwrap();
    bench.workspace().set_faults(vec![off]);
    for path in ["/news/news_items", "/news/newsfeeds"] {
        let answer = bench.get(path).await;
        assert_eq!((answer.status, answer.code()), (404, "not_found"));
    }
    assert_eq!(bench.get("/articles").await.status, 200);
}

#[tokio::test]
async fn a_feed_shows_the_live_items_that_are_assigned_to_it() {
    let bench = Bench::start(Options::default()).await;
    let items = bench.workspace().catalogue_objects(Kind::NewsItems);
    let mut shown = 0;
    for feed in bench.workspace().catalogue_ids(Kind::Newsfeeds) {
        let feed_id: u64 = feed.parse().unwrap();
        let path = format!("/news/newsfeeds/{feed}/items?per_page=4");
        let assigned = items.iter().filter(|item| {
            let assignments = item["newsfeed_assignments"].as_array().unwrap();
            assignments
                .iter()
                .any(|assignment| assignment["newsfeed_id"] == json!(feed_id))
        });
        let expected: Vec<&str> = assigned.filter_map(|item| item["id"].as_str()).collect();
        assert_eq!(ids(&walk(&bench, &path).await), expected);
        shown += expected.len();
    }
    let live = items.iter().filter(|item| item["state"] == "live").count();
    assert!(shown == live && live < items.len());
    assert_eq!(bench.get("/news/newsfeeds/1/items").await.status, 404);
}

#[tokio::test]
async fn macros_are_walked_by_cursor_and_by_time() {
    let bench = Bench::start(Options::default()).await;
    let expected = bench.workspace().catalogue_ids(Kind::Macros);
    let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = get(
            &bench,
            &format!("/macros?per_page=25&starting_after={cursor}"),
        )
        .await;
        assert!(page.body.get("total_count").is_none());
        seen.extend(page.ids());
        pages += 1;
        assert!(pages <= 3);
        // Base64 has signs that mean something else in a query.
        match page.next() {
            Some(next) => cursor = next.replace('+', "%2B"),
            None => break,
        }
    }
    assert_eq!((seen, pages), (expected.clone(), 3));

    let tenth = get(&bench, &format!("/macros/{}", expected[9])).await.body;
    let time = tenth["updated_at"].as_str().unwrap();
    let seconds = time.parse::<jiff::Timestamp>().unwrap().as_second();
    assert!(time.ends_with(".000Z"), "{time}");
    let since = get(&bench, &format!("/macros?updated_since={}", seconds - 1)).await;
    assert!(since.ids().contains(&expected[9]));
    let after = get(&bench, &format!("/macros?updated_since={seconds}")).await;
    assert!(!after.ids().is_empty() && !after.ids().contains(&expected[9]));
    for (query, message) in [
        ("updated_since=soon", "Invalid updated_since timestamp"),
        ("starting_after=x", "Invalid starting_after param"),
        ("starting_after=WzEsIDJd", "Invalid starting_after param"),
        ("per_page=0", "per_page"),
    ] {
        let refused = get_in(&bench, "2.16", &format!("/macros?{query}")).await;
        assert_eq!(refused.status, 400, "{query}");
        assert!(refused.message().starts_with(message), "{query}");
    }
}

fn times(pages: &[Reply]) -> Vec<i64> {
    let entries = pages
        .iter()
        .flat_map(|page| page.body["activity_logs"].as_array().unwrap());
    entries
        .map(|entry| entry["created_at"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn activity_is_logged_newest_first_within_a_time() {
    let bench = Bench::start(Options::default()).await;
    let path = "/admins/activity_logs";
    assert_eq!(bench.get(path).await.code(), "parameter_not_found");
    let refused = bench.get(&format!("{path}?created_at_after=x")).await;
    assert_eq!((refused.status, refused.code()), (400, "parameter_invalid"));

    let pages = walk(&bench, &format!("{path}?created_at_after=0")).await;
    let all = times(&pages);
    assert_eq!((pages.len(), all.len()), (3, 60));
    assert!(all.is_sorted_by(|one, next| one >= next));
    let (after, before) = (all[45], all[5]);
    let within = format!("{path}?created_at_after={after}&created_at_before={before}&per_page=15");
    let expected: Vec<i64> = all
        .iter()
        .copied()
        .filter(|time| (after..=before).contains(time))
        .collect();
    assert!(expected.len() >= 41);
    assert_eq!(times(&walk(&bench, &within).await), expected);

    let created = bench
        .workspace()
        .create_catalogue_object(Kind::ActivityLogs);
    let newest = get(&bench, &format!("{path}?created_at_after={}", all[0] + 1)).await;
    assert_eq!(newest.body["activity_logs"][0]["id"], json!(created));
    assert_eq!(times(&[newest]).len(), 1);
}

#[tokio::test]
async fn activity_is_searched_by_type() {
    let bench = Bench::start(Options::default()).await;
    let types = get(&bench, "/admins/activity_log_event_types").await.body;
    let mut found = 0;
    for wanted in types["event_types"].as_array().unwrap() {
        let body = json!({"created_at_after": 0, "event_types": [wanted], "per_page": 60});
        let request = bench.request(Method::POST, "/admins/activity_logs/search");
        let request = request.header("intercom-version", "2.16");
        let answer = reply(request.body(body.to_string())).await;
        let entries = answer.body["activity_logs"].as_array().unwrap();
        assert!(
            entries
                .iter()
                .all(|entry| entry["activity_type"] == *wanted)
        );
        found += entries.len();
    }
    assert_eq!(found, 60);
}

#[tokio::test]
async fn custom_objects_are_of_a_type() {
    let catalogue = CatalogueOptions {
        custom_objects: 61,
        custom_object_types: vec!["Order".to_owned(), "Delivery".to_owned()],
        ..CatalogueOptions::default()
    };
    let bench = Bench::start(Options {
        catalogue,
        contacts: 10,
        conversations: 7,
        ..Options::default()
    })
    .await;
    let list = "/custom_object_instances";
    let orders = walk(&bench, &format!("{list}/Order?per_page=150")).await;
    let deliveries = walk(&bench, &format!("{list}/Delivery")).await;
    assert_eq!((ids(&orders).len(), ids(&deliveries).len()), (31, 30));
    assert_eq!(deliveries.len(), 2);
    let order = orders[0].body["data"][0].clone();
    assert_eq!(order["type"], "Order");
    let (id, external) = (&order["id"], order["external_id"].as_str().unwrap());
    for path in [
        format!("{list}/Order?external_id={external}"),
        format!("{list}/Order/{external}"),
        format!("{list}/Order/{}", id.as_str().unwrap()),
    ] {
        assert_eq!(get(&bench, &path).await.body, order, "{path}");
    }
    for path in [
        format!("{list}/Delivery/{}", id.as_str().unwrap()),
        format!("{list}/Delivery/{external}"),
        format!("{list}/Nothing"),
        format!("{list}/Order/order_99999"),
    ] {
        assert_eq!(get_in(&bench, "2.16", &path).await.status, 404, "{path}");
    }
    // Before 2.16 only one at a time.
    let older = get_in(&bench, "2.15", &format!("{list}/Order")).await;
    assert_eq!((older.status, older.code()), (400, "parameter_not_found"));
    let one = get_in(
        &bench,
        "2.13",
        &format!("{list}/Order?external_id={external}"),
    )
    .await;
    assert_eq!(one.body, order);

    let workspace = bench.workspace();
    let owners: [(&str, Vec<String>); 2] = [
        ("references_contact_id", workspace.contact_ids().collect()),
        (
            "references_conversation_id",
            workspace.conversation_ids().collect(),
        ),
    ];
    let mut expected = ids(&orders);
    expected.sort();
    for (name, owners) in owners {
        let mut owned = Vec::new();
        for owner in owners {
            let path = format!("{list}/Order?{name}={owner}&per_page=2");
            owned.extend(ids(&walk(&bench, &path).await));
        }
        owned.sort();
        assert_eq!(owned, expected, "{name}");
        let none = get(&bench, &format!("{list}/Order?{name}=x")).await;
        assert_eq!(none.body["total_count"], 0, "{name}");
    }
}

#[tokio::test]
async fn calls_are_of_contacts_and_conversations_that_there_are() {
    let bench = Bench::start(Options::default()).await;
    let workspace = bench.workspace();
    let calls = workspace.catalogue_objects(Kind::Calls);
    for call in &calls {
        let (contact, conversation) = (&call["contact_id"], &call["conversation_id"]);
        assert!(workspace.contact(contact.as_str().unwrap()).is_some());
        assert!(
            workspace
                .conversation(conversation.as_str().unwrap())
                .is_some()
        );
    }
    let answered = |call: &&Value| call["ended_reason"] == "answered";
    let count = calls.iter().filter(answered).count();
    assert!((1..calls.len()).contains(&count));
    for call in calls.iter().filter(answered) {
        assert!(call["answered_at"].as_i64() <= call["ended_at"].as_i64());
    }
}

#[tokio::test]
async fn the_control_door_changes_the_catalogue() {
    let bench = Bench::start(Options::default()).await;
    let kind = Kind::Articles;
    let change = json!({"kind": "articles", "create": 2, "update": 3, "delete": 4});
    let changed = bench.post("/_simulator/catalogue", &change).await.body;
    let listed = |name: &str| -> Vec<String> {
        let ids: &Value = &changed[name];
        serde_json::from_value(ids.clone()).unwrap()
    };
    assert_eq!((listed("create").len(), listed("update").len()), (2, 3));
    let left = bench.workspace().catalogue_ids(kind);
    assert!(listed("delete").iter().all(|id| !left.contains(id)));
    let state = bench.get("/_simulator/state").await.body;
    assert_eq!(state["catalogue"]["articles"], 58);
    assert_eq!(state["catalogue"]["brands"], 2);
    let unknown = bench
        .post("/_simulator/catalogue", &json!({"kind": "books"}))
        .await;
    assert_eq!(unknown.status, 400);
    let all = CatalogueChange {
        kind,
        create: 0,
        update: 0,
        delete: 100,
    };
    assert_eq!(bench.workspace().change_catalogue(all).delete.len(), 58);
    assert_eq!(bench.workspace().catalogue_count(kind), 0);
    assert_eq!(bench.get("/articles").await.body["data"], json!([]));
}

#[tokio::test]
async fn the_same_options_give_the_same_objects() {
    let (one, other) = (
        Bench::start(Options::default()).await,
        Bench::start(Options::default()).await,
    );
    for kind in Kind::all().filter(|kind| *kind != Kind::Calls) {
        let objects = one.workspace().catalogue_objects(kind);
        assert_eq!(objects, other.workspace().catalogue_objects(kind));
    }
}

#[tokio::test]
async fn archived_attributes_are_listed_when_they_are_asked_for() {
    let bench = Bench::start(Options::default()).await;
    let archived = |answer: &Reply| {
        let attributes = answer.body["data"].as_array().unwrap();
        attributes
            .iter()
            .filter(|attribute| attribute["archived"] == true)
            .count()
    };
    let all = bench.get("/data_attributes?include_archived=true").await;
    let live = bench.get("/data_attributes?include_archived=false").await;
    assert_eq!((archived(&all), archived(&live)), (1, 0));
    let count = |answer: &Reply| answer.body["data"].as_array().unwrap().len();
    assert_eq!(count(&all), count(&live) + 1);
    let conversations = get_in(&bench, "2.16", "/data_attributes?model=conversation").await;
    assert_eq!(
        (conversations.status, conversations.code()),
        (422, "parameter_invalid")
    );
}
