//! Lists that come in one answer.

use super::*;

#[test]
fn a_whole_list_gives_changes_and_proven_deletions() {
    let tag = |id: &str, name: &str| json!({ "type": "tag", "id": id, "name": name });
    let mut model = Model {
        now: NOON,
        page: 1,
        tags: vec![tag("1", "a"), tag("2", "b"), tag("3", "c")],
        ..Model::default()
    };
    let first = page(&mut model, request("tags", Selection::All, None)).unwrap();
    assert!(first.complete_snapshot);
    assert_eq!(keys(&first.entries), ["1", "2", "3"]);
    model.tags = vec![tag("1", "a"), tag("3", "C"), tag("4", "d")];
    let second = page(
        &mut model,
        request("tags", Selection::All, first.checkpoint),
    )
    .unwrap();
    assert!(!second.complete_snapshot);
    let changes: Vec<(&str, Change)> = second
        .entries
        .iter()
        .map(|entry| (entry.key.as_str(), entry.change))
        .collect();
    assert_eq!(
        changes,
        [
            ("3", Change::Upsert),
            ("4", Change::Upsert),
            ("2", Change::Delete)
        ]
    );
    let third = page(
        &mut model,
        request("tags", Selection::All, second.checkpoint),
    )
    .unwrap();
    assert!(third.entries.is_empty());
}

#[test]
fn an_item_that_cannot_be_read_is_quarantined_and_deletes_nothing() {
    let mut model = Model {
        now: NOON,
        page: 1,
        tags: vec![json!({ "id": "1" }), json!({ "id": "2" })],
        ..Model::default()
    };
    let first = page(&mut model, request("tags", Selection::All, None)).unwrap();
    model.tags = vec![json!({ "id": "1" }), json!({ "name": "no id" })];
    let second = page(
        &mut model,
        request("tags", Selection::All, first.checkpoint),
    )
    .unwrap();
    assert!(second.entries.is_empty());
    let notice = &second.notices[0];
    assert_eq!(
        (notice.kind.as_str(), notice.path.as_deref()),
        ("quarantined", Some("id"))
    );
    assert_eq!(
        notice.document.as_deref(),
        Some(&br#"{"name":"no id"}"#[..])
    );
    model.tags = vec![json!({ "id": "1" })];
    let third = page(
        &mut model,
        request("tags", Selection::All, second.checkpoint),
    )
    .unwrap();
    assert_eq!(
        third
            .entries
            .iter()
            .map(|entry| (entry.key.as_str(), entry.change))
            .collect::<Vec<_>>(),
        [("2", Change::Delete)]
    );
}
