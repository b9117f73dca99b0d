use std::collections::BTreeSet;

use serde_json::Value;

use crate::world::plugin;

/// Everything that the component may reach. Each name is there because it is used: the linker drops the others.
const IMPORTS: &[&str] = &[
    "integration:connector/http@0.1.0",
    "integration:connector/log@0.1.0",
    "integration:connector/state@0.1.0",
    "integration:connector/types@0.1.0",
    "wasi:clocks/monotonic-clock@0.2",
    "wasi:clocks/wall-clock@0.2",
];

const SIZE_BUDGET: usize = 600 * 1000;

#[tokio::test]
async fn the_component_imports_exactly_what_it_needs() {
    let plugin = plugin().await;
    let found: BTreeSet<String> = plugin
        .imports()
        .iter()
        // WASI's patch versions are compatible, and its crate's business.
        .map(|name| {
            if name.starts_with("wasi:") {
                name.rsplit_once('.').expect("a version").0.to_owned()
            } else {
                name.clone()
            }
        })
        .collect();
    assert_eq!(
        found.iter().map(String::as_str).collect::<Vec<_>>(),
        IMPORTS
    );
}

#[tokio::test]
async fn the_component_keeps_its_size() {
    let size = plugin().await.size();
    assert!(
        size <= SIZE_BUDGET,
        "{size} bytes, {SIZE_BUDGET} are allowed"
    );
}

/// Loading has described it once already, in a host that denies everything.
#[tokio::test]
async fn the_description_is_whole_and_always_the_same() {
    let plugin = plugin().await;
    let descriptor = plugin.descriptor();
    let again = plugin.describe().await.expect("a description");
    assert_eq!(format!("{descriptor:?}"), format!("{again:?}"));
    assert_eq!(descriptor.name, "intercom");
    let streams: Vec<&str> = descriptor
        .streams
        .iter()
        .map(|stream| stream.name.as_str())
        .collect();
    assert_eq!(
        streams,
        [
            "contacts",
            "companies",
            "conversations",
            "conversation_parts",
            "tickets",
            "ticket_parts",
            "ticket_types",
            "ticket_states",
            "calls",
            "admins",
            "teams",
            "tags",
            "segments",
            "activity_logs",
            "contact_attributes",
            "company_attributes",
            "conversation_attributes",
            "contact_tags",
            "contact_companies",
            "contact_segments",
            "contact_subscriptions",
            "contact_notes",
            "company_notes",
            "company_segments",
            "company_contacts",
            "events",
            "event_summaries",
            "subscription_types",
            "away_status_reasons",
            "brands",
            "emails",
            "articles",
            "internal_articles",
            "collections",
            "help_centers",
            "newsfeeds",
            "news_items",
            "macros",
            "custom_object_instances",
            "content_export",
            "content_stats",
            "jobs",
        ]
    );
    assert_eq!(
        (
            descriptor.default_api_version.as_str(),
            descriptor.api_versions.last().map(String::as_str)
        ),
        ("2.11", Some("Preview"))
    );
    let exclusive: Vec<&str> = descriptor
        .streams
        .iter()
        .filter(|stream| stream.exclusive)
        .map(|stream| stream.name.as_str())
        .collect();
    assert_eq!(
        exclusive,
        [
            "companies",
            "company_notes",
            "company_segments",
            "company_contacts",
            "content_export"
        ]
    );
    let hosts: BTreeSet<&str> = descriptor
        .endpoints
        .iter()
        .flat_map(|endpoint| &endpoint.regions)
        .map(|region| region.base_url.as_str())
        .collect();
    let known = [
        "https://api.au.intercom.io",
        "https://api.eu.intercom.io",
        "https://api.intercom.io",
    ];
    assert_eq!(hosts, BTreeSet::from(known));
    for schema in descriptor
        .streams
        .iter()
        .map(|stream| &stream.schema)
        .chain([&descriptor.config_schema])
    {
        let schema: Value = serde_json::from_slice(schema).expect("a schema is JSON");
        assert!(schema["properties"].is_object());
    }
}
