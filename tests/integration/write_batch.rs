use host_test::contract::connector::{Batch, Outcome, OutcomeStatus, Rehearsal, Row};
use host_test::contract::types::FailureKind;
use host_test::simulator::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::world::{World, small, text};

fn batch(id: &str, documents: &[Value]) -> Batch {
    let row = |(index, document): (usize, &Value)| Row {
        key: index.to_string(),
        document: document.to_string().into_bytes(),
        attempt: 0,
        base_updated_at_ms: None,
    };
    Batch {
        action: "contacts".into(),
        mode: Some("upsert".into()),
        id: id.into(),
        rows: documents.iter().enumerate().map(row).collect(),
        time_budget_ms: 20_000,
        rehearsal: Rehearsal::Off,
    }
}

async fn write(world: &World, batch: Batch) -> Vec<Outcome> {
    world
        .connection
        .plugin
        .write_batch(&world.connection.tenant, &batch)
        .await
        .expect("outcomes")
}

fn count(outcomes: &[Outcome], wanted: fn(&OutcomeStatus) -> bool) -> usize {
    outcomes
        .iter()
        .filter(|outcome| wanted(&outcome.status))
        .count()
}

fn created(status: &OutcomeStatus) -> bool {
    matches!(status, OutcomeStatus::Created)
}

fn updated(status: &OutcomeStatus) -> bool {
    matches!(status, OutcomeStatus::Updated)
}

#[tokio::test]
async fn contacts_are_written_and_read_back_equal() {
    let world = World::new(small()).await;
    let mut rows: Vec<Value> = (0..30)
        .map(|index| json!({ "external_id": format!("new-{index}"), "email": format!("new-{index}@example.org"), "name": format!("New {index}") }))
        .collect();
    let mut known = Vec::new();
    world.workspace().for_each_contact(|contact| {
        if contact["role"] == "user" && contact["external_id"].is_string() && known.len() < 20 {
            known.push(contact.clone());
        }
    });
    rows.extend(
        known
            .iter()
            .map(|contact| json!({ "external_id": contact["external_id"], "name": "Renamed" })),
    );
    let outcomes = write(&world, batch("b1", &rows)).await;
    assert_eq!(
        (count(&outcomes, created), count(&outcomes, updated)),
        (30, 20),
        "{outcomes:?}"
    );
    for (row, outcome) in rows.iter().zip(&outcomes) {
        let id = outcome.object_id.as_deref().expect("an id");
        let contact = world.workspace().contact(id).expect("a contact");
        for (name, value) in row.as_object().expect("an object") {
            assert_eq!(contact[name], *value, "{name} of {id}");
        }
    }
    // The same batch again writes nothing.
    let requests = world.workspace().request_count();
    let again = write(&world, batch("b1", &rows)).await;
    assert_eq!(format!("{again:?}"), format!("{outcomes:?}"));
    assert_eq!(world.workspace().request_count(), requests);
}

#[tokio::test]
async fn conflicts_end_in_the_contact_that_is_there() {
    let lag = std::time::Duration::from_secs(600);
    let world = World::new(host_test::simulator::Options {
        index_lag: lag,
        ..small()
    })
    .await;
    let late = world
        .workspace()
        .create_contact(json!({ "role": "user", "email": "late@example.org" }))
        .expect("a contact");
    let old = world
        .workspace()
        .create_contact(json!({ "role": "user", "external_id": "old" }))
        .expect("a contact");
    world.workspace().archive_contact(&old).expect("archived");
    let rows = [
        json!({ "email": "LATE@example.org", "name": "Late" }),
        json!({ "external_id": "old", "name": "Old" }),
    ];
    let outcomes = write(&world, batch("b", &rows)).await;
    assert_eq!(count(&outcomes, updated), 2, "{outcomes:?}");
    for (id, name) in [(&late, "Late"), (&old, "Old")] {
        assert_eq!(
            text(&world.workspace().contact(id).expect("a contact"), "name"),
            name
        );
    }
}

#[tokio::test]
async fn faults_are_told_row_by_row_and_a_second_try_writes_each_row_once() {
    let world = World::new(small()).await;
    let before = world.workspace().contact_count();
    let fault = |first, kind| Fault {
        first,
        times: 1,
        method: Some("POST".into()),
        ..Fault::new("/contacts", kind)
    };
    // Requests of this path: two searches, then creations.
    world.workspace().set_faults(vec![
        fault(4, FaultKind::RateLimited { reset: true }),
        fault(6, FaultKind::Status(500)),
        fault(8, FaultKind::ResetAfterWork),
        fault(10, FaultKind::EmptyBody),
    ]);
    let rows: Vec<Value> = (0..20)
        .map(|index| json!({ "external_id": format!("row-{index}") }))
        .collect();
    let first = write(&world, batch("b", &rows)).await;
    assert!(count(&first, created) < 20, "{first:?}");
    assert!(
        first.iter().all(|outcome| match &outcome.status {
            OutcomeStatus::Created => true,
            OutcomeStatus::Failed(failure) | OutcomeStatus::Deferred(failure) => {
                matches!(
                    failure.kind,
                    FailureKind::Transient | FailureKind::RateLimited
                )
            }
            _ => false,
        }),
        "{first:?}"
    );
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let second = write(&world, batch("b", &rows)).await;
    assert_eq!(
        count(&second, created) + count(&second, updated),
        20,
        "{second:?}"
    );
    assert_eq!(world.workspace().contact_count(), before + 20);
}

#[tokio::test]
async fn one_bad_row_costs_no_other() {
    let world = World::new(small()).await;
    let rows = [
        json!({ "email": "good@example.org" }),
        json!({ "email": "bad", "signed_up_at": 1_719_492_777_000_i64 }),
        json!({ "email": "attribute@example.org", "custom_attributes": { "no_such_attribute": 1 } }),
    ];
    let outcomes = write(&world, batch("b", &rows)).await;
    assert!(created(&outcomes[0].status));
    let failure = |index: usize| match &outcomes[index].status {
        OutcomeStatus::Failed(failure) => failure,
        other => panic!("{other:?}"),
    };
    let paths: Vec<&str> = failure(1)
        .problems
        .iter()
        .map(|problem| problem.path.as_str())
        .collect();
    assert_eq!(paths, ["email", "signed_up_at"]);
    assert_eq!(failure(2).kind, FailureKind::InvalidInput);
    assert!(failure(2).problems[0].message.contains("no_such_attribute"));
    assert_eq!(
        failure(2).problems[0].path,
        "custom_attributes.no_such_attribute"
    );
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let world = World::new(small()).await;
    let before = world.workspace().contact_count();
    let rows = [json!({ "email": "new@example.org" })];
    let outcomes = write(
        &world,
        Batch {
            rehearsal: Rehearsal::ReadsOnly,
            ..batch("b", &rows)
        },
    )
    .await;
    assert!(matches!(&outcomes[0].status, OutcomeStatus::Skipped(_)));
    assert_eq!(outcomes[0].planned[0].target, "/contacts");
    assert_eq!(world.workspace().contact_count(), before);
}
