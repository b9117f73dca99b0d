//! Articles, collections, custom objects, attributes and teammates that a client writes.

use serde_json::{Value, json};

use super::Options;
use super::testing::{Bench, Reply};

async fn bench() -> Bench {
    Bench::start(Options::default()).await
}

fn refusal(reply: &Reply) -> (u16, &str, &str) {
    (reply.status, reply.code(), reply.message())
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

#[tokio::test]
async fn an_article_is_written_published_and_deleted() {
    let bench = bench().await;
    let author: i64 = id(&bench.workspace().admins()[1]).parse().unwrap();
    let body = json!({"title": "Thanks", "body": "All of it", "author_id": author});
    let article = bench.post("/articles", &body).await.body;
    assert_eq!(
        (&article["title"], &article["author_id"]),
        (&json!("Thanks"), &json!(author))
    );
    assert_eq!(article["body"], "<p class=\"no-margin\">All of it</p>");
    assert_eq!(
        (&article["state"], &article["url"]),
        (&json!("draft"), &Value::Null)
    );
    assert_eq!(article["statistics"]["views"], 0);
    let path = format!("/articles/{}", id(&article));
    assert_eq!(bench.get(&path).await.body, article);
    let listed = bench.get("/articles").await.body["data"][0].clone();
    assert_eq!(
        (&listed["title"], listed.get("statistics")),
        (&json!("Thanks"), None)
    );

    let collection = bench.get("/help_center/collections").await.body["data"][0].clone();
    let parent: u64 = id(&collection).parse().unwrap();
    let patch = json!({"state": "published", "parent_id": parent, "parent_type": "collection"});
    let published = bench.put(&path, &patch).await.body;
    assert_eq!(
        (&published["state"], &published["parent_ids"]),
        (&json!("published"), &json!([parent]))
    );
    assert!(published["url"].is_string());
    let newer = bench.get_in("2.16", &path).await.body;
    assert_eq!(
        (newer.get("parent_id"), &newer["title"]),
        (None, &json!("Thanks"))
    );
    // What is not written stays as it was, also for an article that no request created.
    let other = bench.get("/articles?per_page=2").await.body["data"][1].clone();
    let changed = bench
        .put(
            &format!("/articles/{}", id(&other)),
            &json!({"title": "New"}),
        )
        .await
        .body;
    assert_eq!(
        (&changed["title"], &changed["body"]),
        (&json!("New"), &other["body"])
    );

    assert_eq!(
        bench.delete(&path).await.body,
        json!({"id": id(&article), "object": "article", "deleted": true})
    );
    assert_eq!(
        refusal(&bench.get(&path).await),
        (404, "not_found", "Resource Not Found")
    );
    assert_eq!(bench.put(&path, &patch).await.status, 404);
    assert_eq!(bench.delete(&path).await.status, 404);
    let anonymous = bench.post("/articles", &json!({"title": "x"})).await;
    assert_eq!(
        refusal(&anonymous),
        (
            400,
            "parameter_not_found",
            "author_id must be in the main body or default locale translated_content object"
        )
    );
    for wrong in [
        json!({"title": "x", "author_id": 1}),
        json!({"author_id": author}),
        json!({"title": 1, "author_id": author}),
        json!({"title": "x", "author_id": author, "state": "hidden"}),
        json!({"title": "x", "author_id": author, "parent_id": 1}),
    ] {
        assert_eq!(bench.post("/articles", &wrong).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn collections_and_internal_articles_are_written_too() {
    let bench = bench().await;
    let collection = bench
        .post("/help_center/collections", &json!({"name": "Start"}))
        .await
        .body;
    assert_eq!(
        (&collection["name"], &collection["parent_id"]),
        (&json!("Start"), &Value::Null)
    );
    let path = format!("/help_center/collections/{}", id(&collection));
    let section = json!({"name": "Section", "parent_id": id(&collection)});
    let section = bench.post("/help_center/collections", &section).await.body;
    assert_eq!(section["parent_id"], collection["id"]);
    let renamed = bench.put(&path, &json!({"name": "Begin"})).await.body;
    assert_eq!(renamed["name"], "Begin");
    assert_eq!(bench.delete(&path).await.body["object"], "collection");
    let nameless = bench.post("/help_center/collections", &json!({})).await;
    assert_eq!(
        refusal(&nameless),
        (400, "parameter_not_found", "Name is a required parameter.")
    );

    let author: i64 = id(&bench.workspace().admins()[1]).parse().unwrap();
    let body = json!({"title": "Tone", "body": "Kind", "author_id": author, "owner_id": author});
    let article = bench
        .post_in("2.16", "/internal_articles", &body)
        .await
        .body;
    assert_eq!(
        (&article["title"], &article["owner_id"]),
        (&json!("Tone"), &json!(author))
    );
    let path = format!("/internal_articles/{}", id(&article));
    let changed = bench
        .put_in("2.16", &path, &json!({"body": "Kinder"}))
        .await
        .body;
    assert_eq!(
        (&changed["title"], &changed["body"]),
        (&json!("Tone"), &json!("Kinder"))
    );
    let deleted = bench.delete_in("2.16", &path).await.body;
    assert_eq!(deleted["object"], "internal_article");
    assert_eq!(
        bench.post("/internal_articles", &body).await.code(),
        "intercom_version_invalid"
    );
}

#[tokio::test]
async fn an_instance_of_a_custom_object_is_known_by_its_external_id() {
    let bench = bench().await;
    let path = "/custom_object_instances/Order";
    let count = async || {
        bench.get_in("2.16", path).await.body["total_count"]
            .as_u64()
            .unwrap()
    };
    let before = count().await;
    let body = json!({"external_id": "123", "external_created_at": 1_392_036_272, "custom_attributes": {"order_number": "A-1", "total_amount": 9.5}});
    let created = bench.post_in("2.16", path, &body).await.body;
    assert_eq!(
        (&created["type"], &created["external_id"]),
        (&json!("Order"), &json!("123"))
    );
    assert_eq!(created["custom_attributes"], body["custom_attributes"]);
    let patch = json!({"external_id": "123", "custom_attributes": {"total_amount": 10}});
    let updated = bench.post_in("2.16", path, &patch).await.body;
    assert_eq!(updated["id"], created["id"]);
    assert_eq!(
        updated["custom_attributes"],
        json!({"order_number": "A-1", "total_amount": 10})
    );
    assert_eq!(updated["external_created_at"], 1_392_036_272);
    assert_eq!(count().await, before + 1);
    let one = format!("{path}/{}", id(&created));
    assert_eq!(bench.get_in("2.13", &one).await.body, updated);
    let by_key = bench
        .get_in("2.13", &format!("{path}?external_id=123"))
        .await
        .body;
    assert_eq!(by_key, updated);

    let generated = bench.get_in("2.16", path).await.body["data"][1].clone();
    let patch =
        json!({"external_id": generated["external_id"], "custom_attributes": {"status": "gone"}});
    let changed = bench.post_in("2.16", path, &patch).await.body;
    assert_eq!(changed["id"], generated["id"]);
    assert_eq!(
        changed["custom_attributes"]["order_number"],
        generated["custom_attributes"]["order_number"]
    );
    assert_eq!(changed["custom_attributes"]["status"], "gone");

    let deleted = bench
        .delete_in("2.16", &format!("{path}?external_id=123"))
        .await
        .body;
    assert_eq!(
        deleted,
        json!({"id": created["id"], "object": "Order", "deleted": true})
    );
    assert_eq!(bench.delete_in("2.16", &one).await.status, 404);
    let other = format!("{path}/{}", id(&generated));
    assert_eq!(bench.delete_in("2.16", &other).await.status, 200);
    assert_eq!(
        bench
            .post_in("2.16", "/custom_object_instances/Nothing", &body)
            .await
            .status,
        404
    );
    assert_eq!(bench.post_in("2.16", path, &json!({})).await.status, 400);
    assert_eq!(
        bench.post(path, &body).await.code(),
        "intercom_version_invalid"
    );
}

#[tokio::test]
async fn an_attribute_is_archived_and_comes_back() {
    let bench = bench().await;
    let body = json!({"name": "Mood", "model": "contact", "data_type": "string", "options": ["good", "bad"]});
    let created = bench.post("/data_attributes", &body).await.body;
    let path = format!("/data_attributes/{}", created["id"]);
    let patch = json!({"description": "How it goes", "archived": true, "options": [{"value": "1-10"}, {"value": "11-20"}]});
    let archived = bench.put(&path, &patch).await.body;
    assert_eq!(
        (&archived["archived"], &archived["name"]),
        (&json!(true), &json!("Mood"))
    );
    assert_eq!(archived["options"], json!(["1-10", "11-20"]));
    let contact = json!({"role": "lead", "custom_attributes": {"Mood": "1-10"}});
    assert_eq!(bench.post("/contacts", &contact).await.status, 400);
    bench.put(&path, &json!({"archived": false})).await;
    assert_eq!(bench.post("/contacts", &contact).await.status, 200);
    let wrong = bench
        .put(&path, &json!({"options": {"value": "1-10"}}))
        .await;
    assert_eq!(
        refusal(&wrong),
        (400, "parameter_invalid", "Options isn't an array")
    );
    let missing = bench.put("/data_attributes/999", &json!({})).await;
    assert_eq!(
        refusal(&missing),
        (
            404,
            "field_not_found",
            "We couldn't find that data attribute to update"
        )
    );
}

#[tokio::test]
async fn a_teammate_goes_away() {
    let bench = bench().await;
    let admin = bench.workspace().admins()[0].clone();
    let path = format!("/admins/{}/away", id(&admin));
    let body =
        json!({"away_mode_enabled": true, "away_mode_reassign": true, "away_status_reason_id": 1});
    let away = bench.put(&path, &body).await.body;
    assert_eq!(
        (&away["away_mode_enabled"], &away["away_mode_reassign"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(away.get("away_status_reason_id"), None);
    assert_eq!(
        bench.get(&format!("/admins/{}", id(&admin))).await.body,
        away
    );
    let newer = bench.put_in("2.14", &path, &body).await.body;
    assert_eq!(newer["away_status_reason_id"], "1");
    let unknown =
        json!({"away_mode_enabled": true, "away_mode_reassign": true, "away_status_reason_id": 99});
    assert_eq!(
        bench.put_in("2.14", &path, &unknown).await.message(),
        "Away status reason is deleted"
    );
    let missing = bench.put("/admins/1/away", &body).await;
    assert_eq!(
        refusal(&missing),
        (404, "admin_not_found", "Admin for admin_id not found")
    );
    assert_eq!(bench.put(&path, &json!({})).await.status, 400);
}
