//! Rows that say what was written last.

use super::*;

fn model() -> Model {
    Model {
        config: json!({ "write": { "unchanged": "skip" } }),
        ..Model::default()
    }
}

fn ada(name: &str) -> Value {
    json!({ "external_id": "ada", "email": "ada@x.y", "name": name })
}

/// Writes a batch; gives its outcomes and how many requests it made.
fn write(model: &mut Model, id: &str, rows: &[Value]) -> (Vec<String>, usize) {
    let before = model.requests.len();
    let outcomes = model.write(batch(id, rows)).unwrap();
    (words(&outcomes), model.requests.len() - before)
}

#[test]
fn a_row_that_says_what_was_written_last_is_not_written_again() {
    let mut model = model();
    model.add("old", json!({ "external_id": "bob" }));
    let rows = [ada("Ada"), json!({ "external_id": "bob", "name": "Bob" })];
    let first = model.write(batch("1", &rows)).unwrap();
    assert_eq!(words(&first), ["created", "updated"]);
    let before = model.requests.len();
    let second = model.write(batch("2", &rows)).unwrap();
    assert!(
        second
            .iter()
            .all(|row| row.status == OutcomeStatus::Unchanged)
    );
    let ids = |outcomes: &[Outcome]| -> Vec<Option<String>> {
        outcomes.iter().map(|row| row.object_id.clone()).collect()
    };
    assert_eq!(ids(&first), ids(&second));
    assert_eq!(model.requests.len(), before);
    let third = [ada("Ada Lovelace"), rows[1].clone()];
    assert_eq!(
        write(&mut model, "3", &third).0,
        ["updated", "OutcomeStatus::Unchanged"]
    );
    assert_eq!(write(&mut model, "4", &rows).0[0], "updated");
}

#[test]
fn no_name_of_a_row_is_in_a_state_key() {
    let mut model = model();
    write(&mut model, "1", &[ada("Ada")]);
    assert!(
        model
            .state
            .keys()
            .any(|key| key.starts_with("written/contacts/"))
    );
    assert!(model.state.keys().all(|key| !key.contains("ada")));
}

#[test]
fn whoever_names_the_object_otherwise_changes_what_was_written_last() {
    let mut model = model();
    write(&mut model, "1", &[ada("Ada")]);
    let (id, _) = model.contacts.iter().next().unwrap();
    let by_id = json!({ "id": id, "name": "Countess" });
    assert_eq!(
        write(&mut model, "2", std::slice::from_ref(&by_id)).0,
        ["updated"]
    );
    assert_eq!(write(&mut model, "3", &[ada("Ada")]).0, ["updated"]);
    // In one batch, the row that comes last is what the contact holds in the end.
    let by_email = json!({ "email": "ada@x.y", "name": "Countess" });
    let rows = [by_email, json!({ "external_id": "ada", "name": "Ada" })];
    write(&mut model, "4", &rows[1..]);
    assert_eq!(write(&mut model, "5", &rows).0, ["updated", "updated"]);
    assert_eq!(model.contacts.values().next().unwrap()["name"], "Ada");
    // The same, where both rows give the same name.
    write(&mut model, "6", &[ada("Ada"), ada("Countess")]);
    assert_eq!(
        write(&mut model, "7", &[ada("Ada"), ada("Countess")]).0,
        ["updated", "updated"]
    );
}

#[test]
fn a_copy_that_is_newer_than_what_was_written_is_written() {
    let mut model = model();
    model.config = json!({ "write": { "unchanged": "skip", "conflict": "last_writer" } });
    let at = |model: &mut Model, id: &str, base: i64| {
        let mut batch = batch(id, &[ada("Ada")]);
        batch.rows[0].base_updated_at_ms = Some(base);
        words(&model.write(batch).unwrap()).remove(0)
    };
    assert_eq!(at(&mut model, "1", 0), "created");
    assert_eq!(at(&mut model, "2", 999), "OutcomeStatus::Unchanged");
    assert_eq!(at(&mut model, "3", 1_000), "updated");
}

#[test]
fn what_was_deleted_or_failed_is_forgotten_and_so_is_everything_after_a_week() {
    let mut model = model();
    write(&mut model, "1", &[ada("Ada")]);
    model.instead = vec![error(500, "server_error", "No")];
    write(&mut model, "2", &[ada("Countess")]);
    assert_eq!(write(&mut model, "3", &[ada("Ada")]).0, ["updated"]);
    model.unix_ms = 8 * 24 * 3_600 * 1_000;
    assert_eq!(write(&mut model, "4", &[ada("Ada")]).0, ["updated"]);
    let (id, _) = model.contacts.pop_first().unwrap();
    model.instead = vec![respond(200, &json!({ "id": id, "deleted": true }))];
    let mut delete = batch("5", &[json!({ "id": id })]);
    delete.mode = Some("delete".into());
    assert_eq!(
        words(&model.write(delete).unwrap()),
        ["OutcomeStatus::Deleted"]
    );
    assert_eq!(write(&mut model, "6", &[ada("Ada")]).0, ["created"]);
}

#[test]
fn without_the_choice_every_row_is_written() {
    let mut model = Model::default();
    write(&mut model, "1", &[ada("Ada")]);
    assert_eq!(write(&mut model, "2", &[ada("Ada")]).0, ["updated"]);
}

#[test]
fn a_change_that_says_nothing_but_whom_it_is_for_is_not_sent() {
    let mut workspace = Workspace::new();
    let contact = workspace.contact(json!({ "external_id": "a", "email": "a@x.y" }));
    let ticket = json!({ "ticket_id": "9" });
    for (action, mode, row, id) in [
        ("contacts", "update", json!({ "id": contact }), &*contact),
        (
            "contacts",
            "update",
            json!({ "id": "no such one" }),
            "no such one",
        ),
        ("contacts", "upsert", json!({ "id": contact }), &*contact),
        ("companies", "update", json!({ "id": "5" }), "5"),
        (
            "conversations",
            "update",
            json!({ "conversation_id": "7" }),
            "7",
        ),
        ("tickets", "update", ticket.clone(), "9"),
        ("articles", "update", json!({ "id": "3" }), "3"),
    ] {
        let rehearsed = workspace.write(Batch {
            rehearsal: Rehearsal::ReadsOnly,
            ..of(action, mode, "b", std::slice::from_ref(&row))
        });
        let outcomes = workspace.write(of(action, mode, "b", &[row]));
        for outcomes in [rehearsed, outcomes] {
            assert_eq!(
                words(&outcomes),
                ["OutcomeStatus::Unchanged"],
                "{action} {mode}"
            );
            assert_eq!(
                outcomes[0].object_id.as_deref(),
                Some(id),
                "{action} {mode}"
            );
        }
    }
    assert_eq!(workspace.writes(), 0);
}

/// What was left out of a row is written once there is a place for it.
#[test]
fn a_row_of_which_something_was_left_out_is_not_remembered_as_whole() {
    let mut workspace = Workspace {
        config: json!({ "write": { "unchanged": "skip", "missing_attribute": "drop" } }),
        ..Workspace::new()
    };
    let row = json!({ "external_id": "a", "name": "A", "custom_attributes": { "plan": "pro" } });
    let write = |workspace: &mut Workspace, id| {
        let batch = of("contacts", "upsert", id, std::slice::from_ref(&row));
        words(&workspace.write(batch)).remove(0)
    };
    assert_eq!(write(&mut workspace, "1"), "created");
    assert_eq!(write(&mut workspace, "2"), "updated");
    workspace
        .attributes
        .push(json!({ "name": "plan", "data_type": "string", "custom": true }));
    assert_eq!(write(&mut workspace, "3"), "updated");
    assert_eq!(workspace.contacts[0]["custom_attributes"]["plan"], "pro");
    assert_eq!(write(&mut workspace, "4"), "OutcomeStatus::Unchanged");
    // Of custom objects the answer says what was left out.
    workspace.config["api_version"] = "2.13".into();
    let order = json!({ "type": "Order", "external_id": "1", "custom_attributes": { "n": "1" } });
    let mut order = |id| {
        let action = "custom_object_instances";
        let batch = of(action, "upsert", id, std::slice::from_ref(&order));
        words(&workspace.write(batch)).remove(0)
    };
    assert_eq!([order("5"), order("6")], ["updated", "updated"]);
}

/// One of them may have been changed alone since.
#[test]
fn a_row_that_goes_to_several_contacts_is_always_written() {
    let mut workspace = Workspace {
        config: json!({ "write": { "unchanged": "skip", "several": "all" } }),
        ..Workspace::new()
    };
    let ids = [(); 2].map(|()| workspace.contact(json!({ "email": "a@x.y" })));
    let all = json!({ "email": "a@x.y", "name": "All" });
    let mut write = |id: &str, row: &Value| {
        let batch = of("contacts", "update", id, std::slice::from_ref(row));
        words(&workspace.write(batch)).remove(0)
    };
    assert_eq!(write("1", &all), "updated");
    for (id, batch) in ids.iter().zip(["2", "4"]) {
        let one = json!({ "id": id, "name": "One" });
        assert_eq!(write(batch, &one), "updated");
        assert_eq!(write(&format!("{batch} again"), &all), "updated");
    }
}

/// The request that changes an attribute takes no type: a row that gives another one would have it left out.
#[test]
fn an_attribute_that_is_there_with_another_type_fails_the_row() {
    let mut workspace = Workspace::new();
    workspace.attributes = vec![
        json!({ "id": 7, "name": "Plan", "data_type": "string", "custom": true }),
        json!({ "id": 8, "name": "Born", "data_type": "date", "custom": true }),
        json!({ "name": "email", "data_type": "string", "custom": false }),
    ];
    let upserted = |workspace: &mut Workspace, document: Value| {
        let mut document = document;
        document["model"] = "contact".into();
        workspace.write(of("data_attributes", "upsert", "b", &[document]))
    };
    let unchanged = [
        json!({ "name": "Plan" }),
        json!({ "name": "plan", "data_type": "string" }),
        json!({ "id": 7, "data_type": "string" }),
        json!({ "name": "Born", "data_type": "datetime" }),
    ];
    for document in unchanged {
        let outcomes = upserted(&mut workspace, document.clone());
        assert_eq!(words(&outcomes), ["OutcomeStatus::Unchanged"], "{document}");
    }
    let refused = [
        (
            json!({ "name": "Plan", "data_type": "integer" }),
            "data_type: it is string in Intercom",
        ),
        (
            json!({ "id": "7", "data_type": "float" }),
            "data_type: it is string in Intercom",
        ),
        (
            json!({ "name": "Born", "data_type": "boolean", "description": "When" }),
            "data_type: it is date in Intercom",
        ),
        (
            json!({ "name": "Born", "options": ["a", "b"] }),
            "data_type: it is date in Intercom",
        ),
        (
            json!({ "name": "email", "description": "Ours" }),
            "name: it is an attribute of every workspace",
        ),
        (
            json!({ "id": "9", "name": "Plan 9", "data_type": "float" }),
            "no data attribute",
        ),
    ];
    for (document, said) in refused {
        let outcomes = upserted(&mut workspace, document.clone());
        let OutcomeStatus::Failed(failure) = &outcomes[0].status else {
            panic!("{document}: {outcomes:?}");
        };
        assert!(
            failure.message.contains(said),
            "{document}: {}",
            failure.message
        );
    }
    assert_eq!(workspace.writes(), 0);
    let described =
        json!({ "name": "Plan", "data_type": "string", "description": "What they pay for" });
    assert_eq!(words(&upserted(&mut workspace, described)), ["updated"]);
}

/// Whoever is remembered by the only thing that the row says may be gone: no change would show it.
#[test]
fn a_row_that_says_nothing_but_a_name_searches() {
    let mut workspace = Workspace::new();
    let row = [json!({ "external_id": "a" })];
    for (batch, end) in [("b", "created"), ("c", "updated"), ("d", "created")] {
        assert_eq!(
            words(&workspace.write(of("contacts", "upsert", batch, &row))),
            [end]
        );
        if batch == "c" {
            workspace.contacts.clear();
        }
    }
}
