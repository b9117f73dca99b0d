//! Rows that Intercom's jobs write together, in the Preview version, against the simulator.

use std::time::Duration;

use host_test::contract::connector::{Batch, OutcomeStatus, Rehearsal, Row};
use host_test::progress::Silent;
use host_test::runner::RetryPolicy;
use host_test::simulator::{Fault, FaultKind, Options};
use host_test::writer::{WriteOptions, Writer, name_of};
use serde_json::{Value, json};

use crate::world::{TIME_SCALE, World, small};

async fn world(options: Options) -> World {
    World::configured(options, "{ api_version: Preview }").await
}

fn rows(documents: &[Value]) -> Vec<Row> {
    let row = |(index, document): (usize, &Value)| Row {
        key: index.to_string(),
        document: document.to_string().into_bytes(),
        attempt: 0,
        base_updated_at_ms: None,
    };
    documents.iter().enumerate().map(row).collect()
}

/// Writes rows to their end; gives the names of their outcomes.
async fn write(world: &World, action: &str, tries: u32, documents: &[Value]) -> Vec<String> {
    let actions = &world.connection.plugin.descriptor().actions;
    let action = actions.iter().find(|one| one.name == action);
    let options = WriteOptions {
        mode: None,
        batch_id: "b".to_owned(),
        rehearsal: Rehearsal::Off,
        tries,
        time_budget: Duration::from_secs(20),
        retry: RetryPolicy {
            time_scale: TIME_SCALE,
            ..RetryPolicy::default()
        },
    };
    let writer = Writer {
        plugin: &world.connection.plugin,
        tenant: &world.connection.tenant,
        action: action.expect("an action"),
        options: &options,
        progress: &Silent,
    };
    let mut names = Vec::new();
    let report = writer.run(rows(documents), |outcomes| {
        names.extend(outcomes.iter().map(|one| match &one.status {
            OutcomeStatus::Deferred(failure) | OutcomeStatus::Failed(failure) => {
                failure.code.clone()
            }
            status => name_of(status).to_owned(),
        }));
        Ok::<(), std::convert::Infallible>(())
    });
    report.await.expect("nothing ends it");
    names
}

fn users(count: usize) -> Vec<Value> {
    let user = |index| json!({ "external_id": format!("u{index}"), "role": "user", "email": format!("u{index}@example.org") });
    (0..count).map(user).collect()
}

fn count(names: &[String], wanted: &str) -> usize {
    names.iter().filter(|name| *name == wanted).count()
}

/// The jobs that were started.
fn started(world: &World) -> usize {
    let log = world.workspace().requests();
    log.iter()
        .filter(|request| request.method != "GET" && request.path.contains("/bulk"))
        .count()
}

#[tokio::test]
async fn contacts_and_companies_are_written_in_jobs() {
    let world = world(small()).await;
    let before = world.workspace().contact_count();
    let names = write(&world, "contacts", 8, &users(250)).await;
    assert_eq!(count(&names, "created"), 250, "{names:?}");
    assert_eq!(world.workspace().contact_count(), before + 250);
    assert_eq!(started(&world), 3);
    let companies: Vec<Value> = (0..3)
        .map(|index| json!({ "company_id": format!("c{index}"), "name": "C" }))
        .collect();
    let names = write(&world, "companies", 8, &companies).await;
    assert_eq!(count(&names, "updated"), 3, "{names:?}");
    assert_eq!(started(&world), 4);
}

/// Two rows of a job are refused: somebody has the address of the one, and the other one's owner is nobody. Searches do
/// not find anybody yet.
#[tokio::test]
async fn rows_that_a_job_refuses_have_their_own_outcome() {
    let options = Options {
        index_lag: Duration::from_secs(600),
        ..small()
    };
    let world = world(options).await;
    let other = json!({ "role": "user", "external_id": "other", "email": "u1@example.org" });
    let other = world.workspace().create_contact(other).expect("a contact");
    let before = world.workspace().contact_count();
    let mut documents = users(4);
    documents[2]["owner_id"] = "999999".into();
    let names = write(&world, "contacts", 8, &documents).await;
    let written = count(&names, "created") + count(&names, "updated");
    assert_eq!(written, 3, "{names:?}");
    assert!(
        !matches!(names[2].as_str(), "created" | "updated"),
        "{names:?}"
    );
    assert_eq!(world.workspace().contact_count(), before + 2, "{names:?}");
    let other = world.workspace().contact(&other).expect("a contact");
    assert_eq!(other["external_id"], "u1");
    assert_eq!(started(&world), 1);
}

/// The answer that names the job is lost: nothing is started twice, and every row is there once.
#[tokio::test]
async fn a_job_whose_id_is_lost_is_not_started_again() {
    let world = world(small()).await;
    let before = world.workspace().contact_count();
    let fault = Fault::new("/contacts/bulk", FaultKind::ResetAfterWork);
    world.workspace().set_faults(vec![fault]);
    let names = write(&world, "contacts", 8, &users(20)).await;
    let written = count(&names, "created") + count(&names, "updated");
    assert_eq!(written, 20, "{names:?}");
    assert_eq!(world.workspace().contact_count(), before + 20);
    assert_eq!(started(&world), 1);
}

#[tokio::test]
async fn a_job_that_does_not_end_is_named() {
    let options = Options {
        time_scale: 0.001,
        ..small()
    };
    let world = world(options).await;
    let names = write(&world, "contacts", 3, &users(20)).await;
    assert_eq!(count(&names, "job_running"), 20, "{names:?}");
    assert_eq!(started(&world), 1);
    // The same batch again asks after the same job.
    let batch = Batch {
        action: "contacts".to_owned(),
        mode: None,
        // The write's first batch.
        id: "b.0".to_owned(),
        rows: rows(&users(20)),
        time_budget_ms: 20_000,
        rehearsal: Rehearsal::Off,
    };
    let connection = &world.connection;
    let outcomes = connection.plugin.write_batch(&connection.tenant, &batch);
    for outcome in outcomes.await.expect("outcomes") {
        match outcome.status {
            OutcomeStatus::Deferred(failure) => {
                assert!(failure.message.contains("job_v2_1"), "{failure:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(started(&world), 1);
}
