use host_test::call::CallError;
use host_test::contract::connector::{PageRequest, Selection};
use host_test::contract::types::{Change, FailureKind};

use crate::world::{World, small};

fn request(stream: &str, selection: Selection, cursor: Option<&[u8]>) -> PageRequest {
    PageRequest {
        stream: stream.into(),
        selection,
        filter: None,
        cursor: cursor.map(<[u8]>::to_vec),
        max_entries: 150,
        max_bytes: 8 << 20,
        time_budget_ms: 10_000,
    }
}

#[tokio::test]
async fn keys_are_read_and_absence_is_proven() {
    let world = World::new(small()).await;
    let ids: Vec<String> = world.workspace().contact_ids().take(3).collect();
    world
        .workspace()
        .delete_contact(&ids[1])
        .expect("a deletion");
    let selection = Selection::Keys(ids.clone());
    let page = world
        .connection
        .plugin
        .read_page(
            &world.connection.tenant,
            &request("contacts", selection, None),
        )
        .await;
    let entries = page.expect("a page").entries;
    let found: Vec<(&String, Change)> = entries
        .iter()
        .map(|entry| (&entry.key, entry.change))
        .collect();
    assert_eq!(
        found,
        [
            (&ids[0], Change::Upsert),
            (&ids[1], Change::Delete),
            (&ids[2], Change::Upsert)
        ]
    );
}

#[tokio::test]
async fn every_stream_reads_by_key() {
    let world = World::new(small()).await;
    for stream in ["companies", "admins", "teams", "tags", "segments"] {
        let all = world
            .connection
            .plugin
            .read_page(
                &world.connection.tenant,
                &request(stream, Selection::All, None),
            )
            .await;
        let first = all.expect("a page").entries.swap_remove(0);
        let selection = Selection::Keys(vec![first.key.clone(), "999".into()]);
        let page = world
            .connection
            .plugin
            .read_page(&world.connection.tenant, &request(stream, selection, None))
            .await;
        let entries = page.expect("a page").entries;
        let found: Vec<(&str, Change)> = entries
            .iter()
            .map(|entry| (entry.key.as_str(), entry.change))
            .collect();
        assert_eq!(
            found,
            [
                (first.key.as_str(), Change::Upsert),
                ("999", Change::Delete)
            ],
            "{stream}"
        );
    }
}

#[tokio::test]
async fn bad_requests_are_named_failures() {
    let world = World::new(small()).await;
    for (request, code, hint) in [
        (
            request("contcts", Selection::All, None),
            "unknown_stream",
            "`contacts`",
        ),
        (
            request("contacts", Selection::All, Some(b"")),
            "unreadable_cursor",
            "empty",
        ),
        (
            request("contacts", Selection::All, Some(b"7{}")),
            "unreadable_cursor",
            "format",
        ),
        (
            request("contacts", Selection::All, Some(b"1\xff\xff")),
            "unreadable_cursor",
            "damaged",
        ),
    ] {
        match world
            .connection
            .plugin
            .read_page(&world.connection.tenant, &request)
            .await
        {
            Err(CallError::Failure(failure)) => {
                assert_eq!(
                    (failure.kind, failure.code.as_str()),
                    (FailureKind::InvalidInput, code)
                );
                assert!(failure.message.contains(hint), "{}", failure.message);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(world.workspace().request_count(), 0);
}
