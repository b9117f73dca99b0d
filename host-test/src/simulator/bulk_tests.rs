//! Contacts and companies that a client writes in bulk.

use std::time::Duration;

use serde_json::{Value, json};

use super::Options;
use super::testing::{Bench, Reply};

const PREVIEW: &str = "Preview";

fn refusal(reply: &Reply) -> (u16, &str, &str) {
    (reply.status, reply.code(), reply.message())
}

/// The job of an accepted request, once it is done.
async fn done(bench: &Bench, accepted: &Reply) -> Value {
    assert_eq!(accepted.status, 202, "{}", accepted.body);
    assert_eq!(accepted.body["state"], "running");
    assert_eq!(accepted.body["completed_at"], Value::Null);
    bench.workspace().advance(Duration::from_secs(6));
    let url = accepted.body["url"].as_str().unwrap();
    let path = url.strip_prefix(&bench.simulator.url()).unwrap();
    bench.get_in(PREVIEW, path).await.body
}

#[tokio::test]
async fn contacts_are_created_updated_and_deleted() {
    let bench = Bench::start(Options::default()).await;
    let before = bench.workspace().contact_count();
    let tag = bench.workspace().tags()[0]["id"].clone();
    let body = json!({"contacts": [
        {"external_id": "a", "email": "a@example.org", "role": "user", "language_override": "fr",
         "companies": [{"company_id": "6", "name": "Blue Sun"}], "tags": {"add": [{"id": tag}, {"id": "999"}]}},
        {"external_id": "b", "email": "b@example.org", "role": "user"},
        {"external_id": "a", "role": "user"},
    ]});
    let accepted = bench.post_in(PREVIEW, "/contacts/bulk", &body).await;
    assert_eq!(accepted.body["type"], "contacts.bulk.job");
    assert_eq!(bench.workspace().contact_count(), before);
    let job = done(&bench, &accepted).await;
    // The third one is there already.
    assert_eq!(job["state"], "completed_with_errors");
    assert_eq!(job["tasks"][0]["item_count"], 3);
    assert_eq!(bench.workspace().contact_count(), before + 2);
    let one = bench
        .get_in("2.16", "/contacts/find_by_external_id/a")
        .await
        .body;
    assert_eq!(one["language_override"], "fr");
    assert_eq!(
        (
            &one["companies"]["total_count"],
            &one["tags"]["data"][0]["id"]
        ),
        (&json!(1), &tag)
    );

    let id = one["id"].as_str().unwrap();
    let patch = json!({"contacts": [{"id": id, "name": "Ada", "companies": [{"company_id": "6", "remove": true}], "tags": {"remove": [{"id": tag}]}}]});
    let accepted = bench.put_in(PREVIEW, "/contacts/bulk", &patch).await;
    assert_eq!(done(&bench, &accepted).await["state"], "completed");
    let changed = bench.workspace().contact(id).unwrap();
    assert_eq!(changed["name"], "Ada");
    assert_eq!(
        (
            &changed["companies"]["total_count"],
            &changed["tags"]["total_count"]
        ),
        (&json!(0), &json!(0))
    );

    let gone = json!({"contacts": [{"id": id}, {"id": "1"}]});
    let accepted = bench.post_in(PREVIEW, "/contacts/bulk/delete", &gone).await;
    assert_eq!(
        done(&bench, &accepted).await["state"],
        "completed_with_errors"
    );
    assert_eq!(bench.workspace().contact(id), None);
}

#[tokio::test]
async fn companies_are_matched_by_their_key() {
    let bench = Bench::start(Options::default()).await;
    let existing = bench.workspace().company_ids().next().unwrap();
    let key = bench.workspace().company(&existing).unwrap()["company_id"].clone();
    let body = json!({"companies": [{"company_id": key, "name": "Renamed"}, {"company_id": "new", "plan": "Pro"}]});
    let accepted = bench.post_in(PREVIEW, "/companies/bulk", &body).await;
    assert_eq!(accepted.body["type"], "companies.bulk.job");
    assert_eq!(done(&bench, &accepted).await["state"], "completed");
    assert_eq!(
        bench.workspace().company(&existing).unwrap()["name"],
        "Renamed"
    );
    let patch = json!({"companies": [{"id": existing, "name": "Again"}]});
    let accepted = bench.put_in(PREVIEW, "/companies/bulk", &patch).await;
    assert_eq!(done(&bench, &accepted).await["state"], "completed");
    assert_eq!(
        bench.workspace().company(&existing).unwrap()["name"],
        "Again"
    );
    let gone = json!({"companies": [{"id": existing}]});
    let accepted = bench
        .post_in(PREVIEW, "/companies/bulk/delete", &gone)
        .await;
    done(&bench, &accepted).await;
    assert_eq!(bench.workspace().company(&existing), None);
}

#[tokio::test]
async fn tasks_join_a_job_until_it_is_done() {
    let bench = Bench::start(Options::default()).await;
    let body = json!({"contacts": [{"external_id": "a"}]});
    let first = bench.post_in(PREVIEW, "/contacts/bulk", &body).await;
    let more = json!({"contacts": [{"external_id": "b"}], "job": {"id": first.body["id"]}});
    let joined = bench.post_in(PREVIEW, "/contacts/bulk", &more).await;
    assert_eq!(joined.body["id"], first.body["id"]);
    assert_eq!(joined.body["tasks"].as_array().unwrap().len(), 2);
    assert_eq!(done(&bench, &first).await["state"], "completed");
    let closed = bench.post_in(PREVIEW, "/contacts/bulk", &more).await;
    assert_eq!(
        refusal(&closed),
        (
            403,
            "forbidden",
            "job job_v2_1 is closed for new task updates"
        )
    );
    let unknown = json!({"contacts": [], "job": {"id": "job_v2_9"}});
    let unknown = bench.post_in(PREVIEW, "/contacts/bulk", &unknown).await;
    assert_eq!(
        refusal(&unknown),
        (404, "job_not_found", "job job_v2_9 not found")
    );
    let other = bench.get_in(PREVIEW, "/companies/bulk/job_v2_1").await;
    assert_eq!(other.status, 404);
}

#[tokio::test]
async fn what_is_no_list_of_at_most_a_hundred_objects_is_refused() {
    let bench = Bench::start(Options::default()).await;
    for (path, body, expected) in [
        (
            "/contacts/bulk",
            json!({}),
            (422, "field_not_found", "contacts field must be supplied"),
        ),
        (
            "/contacts/bulk",
            json!({"contacts": 1}),
            (422, "type_mismatch", "contacts must be an array"),
        ),
        (
            "/contacts/bulk",
            json!({"contacts": [1]}),
            (422, "type_mismatch", "each contact must be an object"),
        ),
        (
            "/contacts/bulk",
            json!({"contacts": vec![json!({}); 101]}),
            (
                422,
                "parameter_invalid",
                "maximum number of contacts per request is 100",
            ),
        ),
        (
            "/companies/bulk/delete",
            json!({"companies": [{}]}),
            (422, "field_not_found", "companies must be identified by id"),
        ),
    ] {
        let refused = bench.post_in(PREVIEW, path, &body).await;
        assert_eq!(refusal(&refused), expected);
    }
    let older = bench
        .post_in("2.16", "/contacts/bulk", &json!({"contacts": []}))
        .await;
    assert_eq!(older.code(), "intercom_version_invalid");
}
