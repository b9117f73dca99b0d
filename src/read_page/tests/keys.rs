//! Rows that are read by their keys.

use super::*;

#[test]
fn keys_give_rows_and_proven_deletions() {
    let mut model = Model {
        now: NOON,
        page: 1,
        ..Model::default()
    };
    model.change(1, 0);
    let wanted = Selection::Keys(vec!["1".into(), "9".into(), "a/../b".into()]);
    let found = page(&mut model, request("contacts", wanted, None)).unwrap();
    let changes: Vec<(&str, Change)> = found
        .entries
        .iter()
        .map(|entry| (entry.key.as_str(), entry.change))
        .collect();
    assert_eq!(
        changes,
        [
            ("1", Change::Upsert),
            ("9", Change::Delete),
            ("a/../b", Change::Delete)
        ]
    );
    assert_eq!(found.next, None);
}

#[test]
fn a_merged_contact_names_its_successor() {
    let mut model = Model {
        now: NOON,
        page: 1,
        ..Model::default()
    };
    model.instead = vec![Ok(Response {
        status: 410,
        headers: vec![Header {
            name: "Link".into(),
            value: "</contacts/667d>; rel=\"canonical\"".into(),
        }],
        body: Vec::new(),
    })];
    let found = page(
        &mut model,
        request("contacts", Selection::Keys(vec!["1".into()]), None),
    )
    .unwrap();
    assert_eq!(
        (
            found.entries[0].reason.as_deref(),
            found.entries[0].successor.as_deref()
        ),
        (Some("merged"), Some("667d"))
    );
}

#[test]
fn keys_that_were_not_answered_are_left_to_the_next_page() {
    let mut model = Model {
        now: NOON,
        page: 1,
        ..Model::default()
    };
    (1..4).for_each(|id| model.change(id, 0));
    let ok = model.ok(&json!({ "id": "1" }));
    let busy = Ok(Response {
        status: 429,
        headers: Vec::new(),
        body: Vec::new(),
    });
    model.instead = vec![ok, busy.clone(), model.ok(&json!({ "id": "3" }))];
    let wanted = || Selection::Keys(vec!["1".into(), "2".into(), "3".into()]);
    let first = page(&mut model, request("contacts", wanted(), None)).unwrap();
    assert_eq!(keys(&first.entries), ["1"]);
    let rest = page(
        &mut model,
        request("contacts", wanted(), first.next.clone()),
    )
    .unwrap();
    assert_eq!((keys(&rest.entries), rest.next), (vec!["2", "3"], None));
    model.instead = vec![busy];
    assert_eq!(
        page(&mut model, request("contacts", wanted(), first.next))
            .unwrap_err()
            .kind,
        FailureKind::RateLimited
    );
}
