use host_test::contract::connector::{PageRequest, Selection};
use serde_json::Value;

use crate::world::{World, small};

/// The simulator's contacts, mapped one by one, are what a read gives.
#[tokio::test]
async fn a_read_gives_what_map_record_gives() {
    let world = World::new(small()).await;
    let (plugin, tenant) = (&world.connection.plugin, &world.connection.tenant);
    let request = PageRequest {
        stream: "contacts".into(),
        selection: Selection::All,
        filter: None,
        cursor: None,
        max_entries: 100,
        max_bytes: 8 << 20,
        time_budget_ms: 10_000,
    };
    let page = plugin.read_page(tenant, &request).await.expect("a page");
    assert_eq!(page.entries.len(), 100);
    let documents: Vec<Vec<u8>> = page
        .entries
        .iter()
        .map(|entry| {
            world
                .workspace()
                .contact(&entry.key)
                .expect("a contact")
                .to_string()
                .into_bytes()
        })
        .collect();
    let mapped = plugin
        .map_record(tenant, "contacts", &documents)
        .await
        .expect("entries");
    for (read, mapped) in page.entries.iter().zip(mapped) {
        let mapped = mapped.expect("an entry");
        let json = |payload: &[u8]| serde_json::from_slice::<Value>(payload).expect("JSON");
        assert_eq!(json(&read.payload), json(&mapped.payload));
        assert_eq!(
            (&read.key, read.updated_at_ms, read.change),
            (&mapped.key, mapped.updated_at_ms, mapped.change)
        );
    }
}

#[tokio::test]
async fn a_document_that_is_no_record_fails_alone() {
    let world = World::new(small()).await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let documents: Vec<Vec<u8>> = [
        r#"{"id":"1"}"#,
        "",
        "{",
        "\u{0}",
        r#"{"name":"no id"}"#,
        &deep,
        r#"{"id":"2"}"#,
    ]
    .iter()
    .map(|document| document.as_bytes().to_vec())
    .collect();
    let mapped = world
        .connection
        .plugin
        .map_record(&world.connection.tenant, "contacts", &documents)
        .await
        .expect("results");
    let keys: Vec<Option<String>> = mapped
        .into_iter()
        .map(|result| result.ok().map(|entry| entry.key))
        .collect();
    assert_eq!(
        keys,
        [
            Some("1".to_owned()),
            None,
            None,
            None,
            None,
            None,
            Some("2".to_owned())
        ]
    );
}
