use std::path::Path;

use host_test::call::CallError;
use host_test::connection_file::ConnectionFile;
use host_test::contract::connector::Readability;
use host_test::contract::types::{Failure, FailureKind};
use host_test::opened_connection::OpenedConnection;
use host_test::report::StreamStatus;
use host_test::simulator::Options;
use serde_json::Value;

use crate::world::{World, assert_rows, connect, plugin, small};

async fn refusal(connection: &OpenedConnection) -> Failure {
    match connection.check().await {
        Err(CallError::Failure(failure)) => failure,
        other => panic!("a failure was expected: {other:?}"),
    }
}

#[tokio::test]
async fn a_good_connection_is_described() {
    let world = World::new(Options {
        time_zone: "Pacific/Kiritimati".into(),
        ..small()
    })
    .await;
    let report = world.connection.check().await.expect("the check succeeds");
    assert_eq!(
        report.account.time_zone.as_deref(),
        Some("Pacific/Kiritimati")
    );
    assert_eq!(
        (
            report.account.region.as_deref(),
            report.account.api_version.as_deref()
        ),
        (Some("us"), Some("2.11"))
    );
    assert!(!report.account.workspace_id.is_empty());
    let mut lacking = Vec::new();
    for stream in &report.streams {
        match &stream.readability {
            Readability::Readable => {}
            Readability::NotInVersion(version) if version == "2.11" => lacking.push(&*stream.name),
            Readability::Unknown(failure) if failure.code == "webhooks_only" => {
                assert_eq!(stream.name, "content_stats");
            }
            other => panic!("{}: {other:?}", stream.name),
        }
    }
    assert_eq!(
        lacking,
        [
            "ticket_states",
            "calls",
            "company_notes",
            "away_status_reasons",
            "brands",
            "emails",
            "internal_articles",
            "macros",
            "custom_object_instances",
            "jobs",
        ]
    );
    // The workspace's own attributes are in the schema.
    let contacts: Value = serde_json::from_slice(&report.streams[0].schema).expect("a schema");
    assert!(
        contacts["properties"]["custom_attributes"]["properties"]["plan_tier"].is_object(),
        "{contacts}"
    );
}

#[tokio::test]
async fn every_request_names_the_version() {
    let world = World::configured(small(), "{ api_version: \"2.14\" }").await;
    let report = world.connection.check().await.expect("the check succeeds");
    assert_eq!(report.account.api_version.as_deref(), Some("2.14"));
}

#[tokio::test]
async fn a_wrong_or_revoked_token_says_to_authorise_again() {
    let world = World::new(small()).await;
    let wrong = connect(&world.simulator, "{}", "another-token").await;
    world.workspace().revoke_token();
    for connection in [&wrong, &world.connection] {
        let failure = refusal(connection).await;
        assert_eq!(failure.kind, FailureKind::Auth);
        assert!(
            failure.message.contains("Authorise again"),
            "{}",
            failure.message
        );
        assert!(failure.request_id.is_some());
        assert!(
            !format!("{failure:?}").contains("token\"")
                && !format!("{failure:?}").contains("another-token")
        );
    }
    let report = world.sync(&["contacts", "tags"]).await;
    assert!(matches!(
        report.streams[0].status,
        StreamStatus::Unauthorized { .. }
    ));
    assert!(matches!(
        report.streams[1].status,
        StreamStatus::NotRun { .. }
    ));
}

#[tokio::test]
async fn a_wrong_region_names_the_right_one() {
    let world = World::new(Options {
        region: "EU".into(),
        ..small()
    })
    .await;
    let failure = refusal(&world.connection).await;
    assert_eq!(
        (failure.kind, failure.code.as_str()),
        (FailureKind::InvalidInput, "wrong_region")
    );
    assert!(
        failure.message.contains("region: eu"),
        "{}",
        failure.message
    );
    assert_eq!(failure.problems[0].path, "config.region");
}

#[tokio::test]
async fn a_missing_permission_concerns_its_stream_only() {
    let world = World::new(Options {
        denied: vec!["companies".into()],
        ..small()
    })
    .await;
    let report = world.connection.check().await.expect("the check succeeds");
    let mut denied = Vec::new();
    for stream in &report.streams {
        match &stream.readability {
            Readability::Denied(failure) => {
                assert_eq!(failure.kind, FailureKind::Permission);
                assert!(
                    failure
                        .message
                        .contains("Read and list users and companies"),
                    "{}",
                    failure.message
                );
                denied.push(stream.name.as_str());
            }
            Readability::Readable | Readability::NotInVersion(_) => {}
            Readability::Unknown(failure) => assert_eq!(failure.code, "webhooks_only"),
        }
    }
    // With the companies goes what hangs on them.
    assert_eq!(
        denied,
        ["companies", "company_segments", "company_contacts"]
    );
    let report = world.sync(&["companies", "contacts", "tags"]).await;
    assert!(
        matches!(report.streams[0].status, StreamStatus::Denied { .. }),
        "{:?}",
        report.streams[0].status
    );
    assert_eq!(report.streams[1].status, StreamStatus::Complete);
    assert_eq!(report.streams[2].status, StreamStatus::Complete);
    assert_rows(&world.lines("contacts"), &world.contacts(), "contacts");
}

#[tokio::test]
async fn every_problem_of_the_configuration_is_reported_at_once() {
    let world = World::new(small()).await;
    let text = "connector: intercom\ncredentials: { access_token: t }\nconfig: { api_version: \"9.9\", start: 2024-01-01 }\n\
                field_mapping: { email: E, name: E }\n";
    let text = format!("{text}endpoint: {}\n", world.simulator.url());
    let file = ConnectionFile::parse(Path::new("test.yaml"), &text, &|_| None)
        .expect("the host can read the file");
    let connection = OpenedConnection::new(plugin().await, file, None).expect("a connection");
    let failure = refusal(&connection).await;
    let mut paths: Vec<&str> = failure
        .problems
        .iter()
        .map(|problem| problem.path.as_str())
        .collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        ["config.api_version", "config.start", "field_mapping.name"]
    );
    assert_eq!(world.workspace().request_count(), 0);
}
