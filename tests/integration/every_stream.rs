//! Every stream of the descriptor, read through the sandbox to its last row, in versions that differ.

use std::collections::{BTreeMap, BTreeSet};

use host_test::report::{RunReport, StreamStatus};
use host_test::simulator::{CatalogueKind, CatalogueOptions, Mutation, Options};
use serde_json::Value;

use crate::world::{World, small, text};

fn options() -> Options {
    Options {
        contacts: 120,
        companies: 60,
        conversations: 40,
        conversation_parts: 6,
        largest_conversation: 520,
        tickets: 30,
        notes_per_contact: 1,
        events_per_contact: 2,
        catalogue: CatalogueOptions {
            custom_object_types: vec!["Order".to_owned(), "Car / Van".to_owned()],
            ..CatalogueOptions::default()
        },
        ..small()
    }
}

async fn world(version: &str) -> World {
    let config = format!(
        "{{ api_version: \"{version}\", custom_object_types: [ \"Order\", \"Car / Van\" ] }}"
    );
    World::configured(options(), &config).await
}

fn names(world: &World) -> Vec<&str> {
    let streams = &world.connection.plugin.descriptor().streams;
    streams.iter().map(|stream| stream.name.as_str()).collect()
}

/// How many rows there are of each stream, by what the workspace says of itself.
fn expected(world: &World) -> BTreeMap<&'static str, u64> {
    let workspace = world.workspace();
    let links = workspace.link_counts();
    let catalogue = |kind| workspace.catalogue_count(kind);
    let attributes = |model| workspace.data_attributes(model).len() as u64;
    BTreeMap::from([
        ("contacts", workspace.contact_count()),
        ("companies", workspace.company_count()),
        ("conversations", workspace.conversation_count()),
        (
            "conversation_parts",
            workspace.readable_conversation_part_count(),
        ),
        ("tickets", workspace.ticket_count()),
        ("ticket_parts", workspace.ticket_part_count()),
        ("calls", catalogue(CatalogueKind::Calls)),
        ("activity_logs", catalogue(CatalogueKind::ActivityLogs)),
        // One of them is archived, and listed as such.
        ("contact_attributes", attributes("contact") + 1),
        ("company_attributes", attributes("company")),
        ("contact_tags", links.contact_tags as u64),
        ("contact_companies", links.contact_companies as u64),
        ("contact_segments", links.contact_segments as u64),
        ("contact_subscriptions", links.contact_subscriptions as u64),
        ("contact_notes", links.contact_notes as u64),
        ("company_notes", links.company_notes as u64),
        ("company_segments", links.company_segments as u64),
        ("events", links.contact_events as u64),
        (
            "subscription_types",
            catalogue(CatalogueKind::SubscriptionTypes),
        ),
        (
            "away_status_reasons",
            catalogue(CatalogueKind::AwayStatusReasons),
        ),
        ("brands", catalogue(CatalogueKind::Brands)),
        ("emails", catalogue(CatalogueKind::Emails)),
        ("articles", catalogue(CatalogueKind::Articles)),
        (
            "internal_articles",
            catalogue(CatalogueKind::InternalArticles),
        ),
        ("collections", catalogue(CatalogueKind::Collections)),
        ("help_centers", catalogue(CatalogueKind::HelpCenters)),
        ("newsfeeds", catalogue(CatalogueKind::Newsfeeds)),
        ("news_items", catalogue(CatalogueKind::NewsItems)),
        ("macros", catalogue(CatalogueKind::Macros)),
        (
            "custom_object_instances",
            catalogue(CatalogueKind::CustomObjects),
        ),
        (
            "content_export",
            workspace.exported_row_count(0, i64::MAX / 2),
        ),
    ])
}

/// The streams that were read, without those that the version lacks.
fn read(report: &RunReport) -> BTreeSet<String> {
    let mut read = BTreeSet::new();
    for stream in &report.streams {
        match &stream.status {
            StreamStatus::Complete => {
                read.insert(stream.stream.clone());
            }
            StreamStatus::NotInVersion { message } => {
                assert!(message.contains("2.16"), "{message}");
            }
            StreamStatus::WebhooksOnly { .. } => {
                assert!(["content_stats", "jobs"].contains(&&*stream.stream));
            }
            other => panic!("{}: {other:?}", stream.stream),
        }
    }
    read
}

#[tokio::test]
async fn every_stream_is_read_to_its_last_row_in_every_version() {
    for (version, lacking) in [("2.11", 11), ("2.14", 7), ("2.16", 2)] {
        let world = world(version).await;
        let names = names(&world);
        let report = world.sync(&names).await;
        let read = read(&report);
        assert_eq!(names.len() - read.len(), lacking, "{version}: {read:?}");
        let expected = expected(&world);
        let mut wrong = Vec::new();
        for name in &read {
            let lines = world.lines(name);
            let keys: BTreeSet<String> = lines.iter().map(|line| text(line, "key")).collect();
            if keys.len() != lines.len() {
                wrong.push(format!(
                    "{name}: {} lines, {} keys",
                    lines.len(),
                    keys.len()
                ));
            }
            match expected.get(name.as_str()) {
                Some(count) if *count != keys.len() as u64 => {
                    wrong.push(format!("{name}: {} rows, {count} are there", keys.len()));
                }
                Some(_) => {}
                None if keys.is_empty() => wrong.push(format!("{name}: no rows")),
                None => {}
            }
        }
        assert!(wrong.is_empty(), "{version}: {wrong:#?}");
        let drift: Vec<String> = report
            .streams
            .iter()
            .flat_map(|stream| stream.notices.lines())
            .filter(|line| line.contains("drift"))
            .collect();
        assert!(drift.is_empty(), "{version}: {drift:#?}");
    }
}

/// What is declared is what is given: every value has the declared type in every version.
#[tokio::test]
async fn records_have_their_declared_types_in_every_version() {
    for version in ["2.11", "2.14", "2.16"] {
        let world = world(version).await;
        let names = names(&world);
        world.sync(&names).await;
        for stream in &world.connection.plugin.descriptor().streams {
            let schema: Value = serde_json::from_slice(&stream.schema).expect("a schema");
            let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
            for line in world.lines(&stream.name) {
                let errors: Vec<String> = validator
                    .iter_errors(&line["data"])
                    .map(|error| format!("{}: {error}", error.instance_path()))
                    .collect();
                assert!(errors.is_empty(), "{version} {}: {errors:?}", stream.name);
            }
        }
    }
}

#[tokio::test]
async fn a_second_sync_brings_what_changed_of_conversations_and_tickets_with_all_their_parts() {
    let world = world("2.16").await;
    let streams = [
        "conversations",
        "conversation_parts",
        "tickets",
        "ticket_parts",
    ];
    world.sync(&streams).await;
    let before = streams.map(|stream| world.lines(stream).len());
    world.pass(5);
    let changed = world.workspace().mutate(Mutation {
        conversations: 3,
        tickets: 2,
        ..Mutation::default()
    });
    world.pass(1);
    let requests = world.workspace().request_count();
    world.sync(&streams).await;
    let new = |index: usize| world.lines(streams[index]).split_off(before[index]);
    let keys = |lines: &[Value]| -> BTreeSet<String> {
        lines.iter().map(|line| text(line, "key")).collect()
    };
    assert_eq!(
        keys(&new(0)),
        changed.conversations.iter().cloned().collect()
    );
    assert_eq!(keys(&new(2)), changed.tickets.iter().cloned().collect());
    let parts: usize = changed
        .conversations
        .iter()
        .map(|id| {
            let conversation = world.workspace().conversation(id).expect("it is there");
            conversation["conversation_parts"]["conversation_parts"]
                .as_array()
                .expect("parts")
                .len()
        })
        .sum();
    assert_eq!(new(1).len(), parts);
    // Two searches, or four where a page is full, and one request for each conversation that changed.
    let asked = world.workspace().request_count() - requests;
    assert!(asked <= 4 + 3 + 2, "{asked} requests");
}
