use std::path::Path;
use std::time::Duration;

use host_test::connection_file::ConnectionFile;
use host_test::contract::connector::{Outcome, Rehearsal, Row};
use host_test::metrics;
use host_test::opened_connection::OpenedConnection;
use host_test::progress::Silent;
use host_test::runner::RetryPolicy;
use host_test::simulator::Options;
use host_test::writer::{WriteOptions, Writer};

use crate::world::{plugin, recorded, small};

/// A connection whose metrics are its own, though all tests share a process.
async fn named(name: &str, url: &str) -> OpenedConnection {
    let text = format!(
        "connector: intercom\ncredentials: {{ access_token: simulator-token }}\n\
         config: {{ region: us, api_version: \"2.11\" }}\nendpoint: {url}\n"
    );
    let path = format!("{name}.yaml");
    let file = ConnectionFile::parse(Path::new(&path), &text, &|_| None);
    let file = file.expect("a connection file");
    OpenedConnection::new(plugin().await, file, None).expect("a connection")
}

fn told(line: &str) -> bool {
    metrics::render().lines().any(|known| known == line)
}

#[tokio::test]
async fn rows_are_counted_by_their_final_outcome_and_rehearsals_are_not() {
    let options = Options {
        contacts: 3,
        companies: 3,
        ..small()
    };
    let (simulator, _exchanges) = recorded(options).await;
    let connection = named("observed-writes", &simulator.url()).await;
    let descriptor = connection.plugin.descriptor();
    let mut actions = descriptor.actions.iter();
    let action = actions.find(|action| action.name == "contacts");
    let rows: Vec<Row> = [
        r#"{"external_id":"o-1","email":"o1@example.com"}"#,
        r#"{"emial":"x"}"#,
    ]
    .iter()
    .enumerate()
    .map(|(number, document)| Row {
        key: number.to_string(),
        document: document.as_bytes().to_vec(),
        attempt: 0,
        base_updated_at_ms: None,
    })
    .collect();
    for rehearsal in [Rehearsal::Offline, Rehearsal::Off] {
        let options = WriteOptions {
            mode: None,
            batch_id: "observed".to_owned(),
            rehearsal,
            tries: 2,
            time_budget: Duration::from_secs(60),
            retry: RetryPolicy::default(),
        };
        let writer = Writer {
            plugin: &connection.plugin,
            tenant: &connection.tenant,
            action: action.expect("the action contacts"),
            options: &options,
            progress: &Silent,
        };
        let report = writer.run(rows.clone(), |_: &[Outcome]| Ok::<(), ()>(()));
        report.await.expect("nobody breaks off");
    }
    let written = |outcome: &str| {
        format!(
            "connector_rows_written_total{{connection=\"observed-writes\",action=\"contacts\",outcome=\"{outcome}\"}} 1"
        )
    };
    assert!(
        told(&written("created")) && told(&written("failed")),
        "{}",
        metrics::render()
    );
    let calls = "connector_calls_total{connection=\"observed-writes\",call=\"write-batch\"} 2";
    assert!(told(calls), "{}", metrics::render());
}
