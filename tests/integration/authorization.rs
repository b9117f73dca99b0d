use host_test::call::CallError;
use host_test::connection_file::ConnectionFile;
use host_test::contract::connector::{Batch, OutcomeStatus, Rehearsal, Row};
use host_test::contract::types::FailureKind;
use host_test::opened_connection::OpenedConnection;
use host_test::report::StreamStatus;
use host_test::token_file;
use serde_json::json;

use crate::interrupted::Interrupted;
use crate::world::{World, assert_rows, plugin, recorded, small};

/// A workspace, and a connection to it whose token is in a token file.
async fn stored() -> World {
    let (simulator, exchanges) = recorded(small()).await;
    let folder = written::Folder::new();
    let path = folder.path().join("my.yaml");
    let text = format!("connector: intercom\nendpoint: {}\n", simulator.url());
    std::fs::write(&path, text).expect("a connection file");
    let file = ConnectionFile::load(&path).expect("a connection file");
    let token = simulator.workspace().grant_token();
    token_file::store(&file.token_file, &token.into()).expect("the token is stored");
    let connection = OpenedConnection::new(plugin().await, file, None).expect("a connection");
    World {
        simulator,
        connection,
        folder,
        exchanges,
    }
}

impl World {
    /// Somebody authorises the app anew while the connection is in use, and what was given out before is revoked.
    fn replace_token(&self) {
        self.workspace().revoke_token();
        let token = self.workspace().grant_token();
        token_file::store(&self.connection.file.token_file, &token.into())
            .expect("the token is stored");
    }

    /// How many requests were refused.
    fn refused(&self) -> usize {
        let requests = self.workspace().requests();
        requests
            .iter()
            .filter(|request| request.status == 401)
            .count()
    }
}

#[tokio::test]
async fn a_token_that_is_replaced_in_the_middle_of_a_sync_is_found() {
    let world = stored().await;
    let source = Interrupted::new(&world, 3, || world.replace_token());
    let streams = ["contacts", "companies", "tags"];
    let report = world.sync_from(&source, &streams).await;
    for stream in &report.streams {
        assert_eq!(stream.status, StreamStatus::Complete, "{stream:?}");
    }
    assert_rows(&world.lines("contacts"), &world.contacts(), "contacts");
    assert_rows(&world.lines("companies"), &world.companies(), "companies");
    // One request met the old token; it was sent again with the new one, and so was everything after it.
    assert_eq!(world.refused(), 1);
}

#[tokio::test]
async fn a_token_that_is_revoked_ends_the_sync_with_what_to_do() {
    let world = stored().await;
    let source = Interrupted::new(&world, 3, || world.workspace().revoke_token());
    let report = world.sync_from(&source, &["contacts", "tags"]).await;
    let StreamStatus::Unauthorized { message } = &report.streams[0].status else {
        panic!("{:?}", report.streams[0].status);
    };
    assert!(message.contains("Authorise again"), "{message}");
    let next = &report.streams[1].status;
    assert!(matches!(next, StreamStatus::NotRun { .. }), "{next:?}");
    // Tried again once, and no more.
    assert_eq!(world.refused(), 2);

    // Somebody does, and the same process goes on from where it was.
    world.replace_token();
    let report = world.sync(&["contacts", "tags"]).await;
    assert_eq!(report.streams[0].status, StreamStatus::Complete);
    assert_eq!(report.streams[1].status, StreamStatus::Complete);
    assert_rows(&world.lines("contacts"), &world.contacts(), "contacts");
    assert_eq!(world.refused(), 3);
}

#[tokio::test]
async fn a_write_goes_on_with_a_replaced_token_and_writes_once() {
    let world = stored().await;
    let before = world.workspace().contact_count();
    let batch = |id: &str| Batch {
        action: "contacts".into(),
        mode: None,
        id: id.into(),
        rows: (0..5)
            .map(|index| Row {
                key: index.to_string(),
                document: json!({ "email": format!("{id}.{index}@example.org") })
                    .to_string()
                    .into_bytes(),
                attempt: 0,
                base_updated_at_ms: None,
            })
            .collect(),
        time_budget_ms: 20_000,
        rehearsal: Rehearsal::Off,
    };
    let write = async |batch: &Batch| {
        let connection = &world.connection;
        connection
            .plugin
            .write_batch(&connection.tenant, batch)
            .await
    };
    world.replace_token();
    let outcomes = write(&batch("replaced")).await.expect("outcomes");
    for outcome in &outcomes {
        assert!(
            matches!(outcome.status, OutcomeStatus::Created),
            "{outcome:?}"
        );
    }
    assert_eq!(world.workspace().contact_count(), before + 5);
    assert!(world.refused() > 0);

    world.workspace().revoke_token();
    match write(&batch("revoked")).await {
        Err(CallError::Failure(failure)) => assert_eq!(failure.kind, FailureKind::Auth),
        Ok(outcomes) => {
            for outcome in outcomes {
                let OutcomeStatus::Failed(failure) = &outcome.status else {
                    panic!("{outcome:?}");
                };
                assert_eq!(failure.kind, FailureKind::Auth);
                assert!(!failure.maybe_applied);
            }
        }
        Err(error) => panic!("{error}"),
    }
    assert_eq!(world.workspace().contact_count(), before + 5);
}
