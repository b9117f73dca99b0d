//! Which contact a row is, and what becomes of it.

use super::*;

#[test]
fn contacts_are_created_or_updated_by_external_id_then_email() {
    let mut model = Model::default();
    model.add("a", json!({ "external_id": "1", "email": "one@x.y" }));
    model.add(
        "b",
        json!({ "external_id": null, "email": "Two@x.y", "role": "lead", "updated_at": 9 }),
    );
    model.add(
        "c",
        json!({ "external_id": null, "email": "two@x.y", "role": "user", "updated_at": 5 }),
    );
    let rows = [
        json!({ "external_id": "1", "name": "One" }),
        json!({ "email": " TWO@x.y ", "name": "Two" }),
        json!({ "external_id": "3", "email": "three@x.y", "custom_attributes": { "price": 1.10 } }),
    ];
    let outcomes = model.write(batch("b1", &rows)).unwrap();
    assert_eq!(words(&outcomes), ["updated", "updated", "created"]);
    assert_eq!(
        outcomes
            .iter()
            .map(|outcome| outcome.object_id.as_deref())
            .collect::<Vec<_>>(),
        [Some("a"), Some("c"), Some("new3")]
    );
    assert_eq!(model.contacts["a"]["name"], "One");
    assert_eq!(model.contacts["c"]["name"], "Two");
    // One search answered for all three rows, and one list for their attributes.
    assert_eq!((model.requests.len(), model.writes()), (5, 3));
}

#[test]
fn of_several_contacts_the_declared_one_is_written() {
    let mut model = Model::default();
    for (id, role, updated_at) in [
        ("a", "user", 5),
        ("b", "user", 7),
        ("c", "user", 6),
        ("d", "lead", 9),
    ] {
        model.add(
            id,
            json!({ "email": "same@x.y", "role": role, "updated_at": updated_at }),
        );
    }
    let outcomes = model
        .write(batch("b1", &[json!({ "email": "same@x.y", "name": "N" })]))
        .unwrap();
    assert_eq!(outcomes[0].object_id.as_deref(), Some("b"));
    assert_eq!(model.contacts.len(), 4);
}

#[test]
fn a_conflict_becomes_an_update_and_an_archived_contact_comes_back() {
    let mut model = Model::default();
    model.add("late", json!({ "email": "late@x.y" }));
    model.unindexed.push("late".into());
    model
        .archived
        .insert("old".into(), json!({ "id": "old", "email": "old@x.y" }));
    let outcomes = model
        .write(batch(
            "b",
            &[
                json!({ "email": "late@x.y", "name": "L" }),
                json!({ "email": "old@x.y", "name": "O" }),
            ],
        ))
        .unwrap();
    assert_eq!(words(&outcomes), ["updated", "updated"]);
    assert_eq!(
        (
            &model.contacts["late"]["name"],
            &model.contacts["old"]["name"]
        ),
        (&json!("L"), &json!("O"))
    );
}

#[test]
fn a_contact_that_is_gone_is_created() {
    let mut model = Model::default();
    model.add("a", json!({ "email": "a@x.y" }));
    // The search still finds the contact; the update answers that it is gone, and then it can be created.
    model.instead = vec![
        error(404, "not_found", "User Not Found"),
        respond(200, &json!({ "id": "fresh" })),
    ];
    let outcomes = model
        .write(batch("b", &[json!({ "email": "a@x.y" })]))
        .unwrap();
    assert_eq!(
        (words(&outcomes), outcomes[0].object_id.as_deref()),
        (vec!["created".to_owned()], Some("fresh"))
    );
}

#[test]
fn rows_of_one_identity_are_written_one_after_the_other_in_order() {
    let mut model = Model::default();
    let rows = [
        json!({ "external_id": "1", "name": "first" }),
        json!({ "external_id": "1", "email": "a@x.y", "name": "second" }),
        json!({ "email": "a@x.y", "name": "third" }),
        json!({ "external_id": "2", "name": "other" }),
    ];
    let outcomes = model.write(batch("b", &rows)).unwrap();
    assert_eq!(
        words(&outcomes),
        ["created", "updated", "updated", "created"]
    );
    assert_eq!(model.contacts.len(), 2);
    assert_eq!(model.contacts["new0"]["name"], "third");
}

#[test]
fn an_upstream_change_is_not_overwritten() {
    let mut model = Model::default();
    model.add("a", json!({ "external_id": "1", "updated_at": 200 }));
    let mut batch = batch("b", &[json!({ "external_id": "1" })]);
    batch.rows[0].base_updated_at_ms = Some(199_999);
    assert_eq!(
        words(&model.write(batch.clone()).unwrap()),
        ["failed changed_upstream"]
    );
    batch.rows[0].base_updated_at_ms = Some(200_000);
    assert_eq!(words(&model.write(batch).unwrap()), ["updated"]);
}
