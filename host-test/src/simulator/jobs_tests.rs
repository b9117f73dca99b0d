//! Work that a client leaves to be done later.

use std::time::Duration;

use serde_json::{Value, json};

use super::Options;
use super::testing::{Bench, Reply};

async fn bench() -> Bench {
    Bench::start(Options {
        tickets: 20,
        conversations: 40,
        ..Options::default()
    })
    .await
}

fn refusal(reply: &Reply) -> (u16, &str, &str) {
    (reply.status, reply.code(), reply.message())
}

/// A request for a ticket about a bug.
fn draft(bench: &Bench) -> Value {
    let contact = bench.workspace().contact_ids().next().unwrap();
    json!({
        "ticket_type_id": 67,
        "contacts": [{"id": contact}],
        "ticket_attributes": {"_default_title_": "example", "Severity": "2", "Affected users": 4},
    })
}

#[tokio::test]
async fn a_ticket_in_the_queue_is_there_when_its_job_is_done() {
    let bench = bench().await;
    let before = bench.workspace().ticket_count();
    let incomplete = json!({"ticket_type_id": 67, "contacts": draft(&bench)["contacts"], "ticket_attributes": {}});
    let refused = bench.post_in("2.14", "/tickets/enqueue", &incomplete).await;
    assert_eq!(
        refusal(&refused),
        (
            400,
            "parameter_invalid",
            "Missing required ticket attributes"
        )
    );
    let job = bench
        .post_in("2.14", "/tickets/enqueue", &draft(&bench))
        .await
        .body;
    assert_eq!(
        (&job["type"], &job["status"]),
        (&json!("job"), &json!("pending"))
    );
    assert_eq!(
        (&job["resource_type"], &job["resource_id"]),
        (&json!("ticket"), &Value::Null)
    );
    let path = format!("/jobs/status/{}", job["id"].as_str().unwrap());
    assert_eq!(bench.get_in("2.14", &path).await.body, job);
    assert_eq!(bench.workspace().ticket_count(), before);
    bench.workspace().advance(Duration::from_secs(6));
    let job = bench.get_in("2.14", &path).await.body;
    assert_eq!(job["status"], "success");
    assert!(
        bench
            .workspace()
            .ticket(job["resource_id"].as_str().unwrap())
            .is_some()
    );
    assert_eq!(bench.workspace().ticket_count(), before + 1);
    let missing = bench.get_in("2.14", "/jobs/status/99").await;
    assert_eq!(refusal(&missing), (404, "job_not_found", "Job Not Found"));
    assert_eq!(bench.get(&path).await.code(), "intercom_version_invalid");
}
