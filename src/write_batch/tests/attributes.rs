//! Attributes that are not there: of conversations, tickets and instances of custom objects.

use super::workspace::{Workspace, of};
use super::*;

fn workspace(version: &str, policy: &str) -> Workspace {
    Workspace {
        config: json!({ "api_version": version, "write": { "missing_attribute": policy } }),
        attributes: vec![json!({ "name": "topic", "data_type": "list" })],
        ..Workspace::new()
    }
}

/// The first message of a row that failed.
fn message(outcome: &Outcome) -> &str {
    match &outcome.status {
        OutcomeStatus::Failed(failure) => &failure.message,
        status => panic!("{status:?}"),
    }
}

/// The paths that were written to.
fn written(workspace: &Workspace) -> Vec<&str> {
    let requests = workspace.requests.iter();
    let writes =
        requests.filter(|(method, target)| *method != Method::Get && !target.ends_with("/search"));
    writes.map(|(_, target)| target.as_str()).collect()
}

#[test]
fn attributes_of_conversations_are_asked_for_where_the_version_has_them() {
    for (version, list) in [
        (
            "2.11",
            "/data_attributes?model=conversation&include_archived=true",
        ),
        (
            "2.15",
            "/data_attributes?model=conversation&include_archived=true",
        ),
        ("2.16", "/conversations/attributes?include_archived=true"),
    ] {
        let mut workspace = workspace(version, "fail");
        let id = workspace.conversation();
        let rows = [
            json!({ "conversation_id": id, "custom_attributes": { "topic": "Bug" } }),
            json!({ "conversation_id": id, "custom_attributes": { "topik": "Bug" } }),
        ];
        let outcomes = workspace.write(of("conversations", "update", "b", &rows));
        assert_eq!(
            words(&outcomes),
            ["updated", "failed invalid_row"],
            "{version}"
        );
        assert!(message(&outcomes[1]).contains("did you mean `topic`"));
        assert_eq!(workspace.requests[0], (Method::Get, list.to_owned()));
    }
}

#[test]
fn an_attribute_of_conversations_is_created_where_that_can_be_done_and_else_it_is_said() {
    let row = |id: &str| json!({ "conversation_id": id, "custom_attributes": { "weight": 1.5, "topic": "Bug" } });
    let mut newest = workspace("2.16", "create");
    let id = newest.conversation();
    let outcomes = newest.write(of("conversations", "update", "b", &[row(&id)]));
    assert_eq!(words(&outcomes), ["updated"]);
    assert_eq!(newest.attributes[1]["data_type"], "decimal");
    assert_eq!(newest.conversations[0]["custom_attributes"]["weight"], 1.5);

    let mut older = workspace("2.15", "create");
    let id = older.conversation();
    let outcomes = older.write(of("conversations", "update", "b", &[row(&id)]));
    assert_eq!(words(&outcomes), ["failed invalid_row"]);
    let said = message(&outcomes[0]);
    assert!(
        said.contains("`weight`, and the API lets nobody create one"),
        "{said}"
    );
    assert!(said.contains("2.16") && said.contains("settings"), "{said}");
    assert!(written(&older).is_empty());

    for version in ["2.15", "2.16"] {
        let mut workspace = workspace(version, "drop");
        let id = workspace.conversation();
        let outcomes = workspace.write(of("conversations", "update", "b", &[row(&id)]));
        assert_eq!(words(&outcomes), ["updated"]);
        let left = &workspace.conversations[0]["custom_attributes"];
        assert_eq!(*left, json!({ "topic": "Bug" }), "{version}");
    }
}

#[test]
fn what_a_type_of_tickets_lacks_is_created_left_out_or_a_failure() {
    let contact = json!({ "external_id": "1", "role": "user" });
    for (policy, expected) in [
        ("fail", "failed invalid_row"),
        ("drop", "created"),
        ("create", "created"),
    ] {
        let mut workspace = workspace("2.11", policy);
        workspace.contact(contact.clone());
        let row = json!({ "external_id": "1", "ticket_type": "bug",
            "ticket_attributes": { "_default_title_": "T", "Weight": 2 } });
        let batch = of("tickets", "create", "b", std::slice::from_ref(&row));
        assert_eq!(words(&workspace.write(batch)), [expected], "{policy}");
        let paths: &[&str] = match policy {
            "fail" => &[],
            "drop" => &["/tickets"],
            _ => &["/ticket_types/5/attributes", "/tickets"],
        };
        assert_eq!(written(&workspace), paths, "{policy}");
    }
}

/// A ticket that is changed is asked which type it has: what it can hold, and the items of its lists, are known by that.
#[test]
fn a_ticket_that_is_changed_is_held_against_its_type() {
    let mut workspace = workspace("2.11", "create");
    let items = json!([{ "id": "11", "label": "High" }, { "id": "12", "label": "Low" }]);
    workspace
        .ticket_attributes
        .push(json!({ "name": "Severity", "data_type": "list",
        "required_to_create": true, "input_options": { "list_options": items } }));
    workspace
        .tickets
        .push(json!({ "id": "9", "updated_at": 1 }));
    let row = |attributes: Value| json!({ "ticket_id": "9", "ticket_attributes": attributes });
    let rows = [
        row(json!({ "Severity": "High" })),
        row(json!({ "Severity": "Middle" })),
        json!({ "ticket_id": "9", "open": true }),
        json!({ "ticket_id": "10", "ticket_attributes": { "Severity": "High" } }),
    ];
    let outcomes = workspace.write(of("tickets", "update", "b", &rows));
    assert_eq!(
        words(&outcomes),
        [
            "updated",
            "failed invalid_row",
            "updated",
            "failed ticket_not_found"
        ]
    );
    assert!(message(&outcomes[1]).contains("High, Low"));
    let gets = workspace
        .requests
        .iter()
        .filter(|(method, _)| *method == Method::Get);
    assert_eq!(gets.count(), 2, "each ticket is asked for once");
    workspace.write(of(
        "tickets",
        "update",
        "c",
        &[row(json!({ "Severity": "12", "New": true }))],
    ));
    assert_eq!(
        workspace.tickets[0]["ticket_attributes"],
        json!({ "Severity": "12", "New": true })
    );
    assert_eq!(workspace.ticket_attributes[2]["data_type"], "boolean");
}

/// Nothing lists what instances of custom objects can hold: the answer says what was taken.
#[test]
fn what_an_instance_did_not_take_is_told() {
    let row = json!({ "type": "Order", "external_id": "1", "custom_attributes": { "total": "5", "weight": "1" } });
    for (policy, expected) in [
        ("fail", "failed missing_attribute"),
        ("create", "failed missing_attribute"),
        ("drop", "updated"),
    ] {
        let mut workspace = workspace("2.16", policy);
        workspace.instance_attributes = vec!["total"];
        let batch = of(
            "custom_object_instances",
            "upsert",
            "b",
            std::slice::from_ref(&row),
        );
        let outcomes = workspace.write(batch);
        assert_eq!(words(&outcomes), [expected], "{policy}");
        if let OutcomeStatus::Failed(failure) = &outcomes[0].status {
            assert_eq!(failure.problems[0].path, "custom_attributes.weight");
            assert_eq!(failure.problems.len(), 1);
        }
        assert_eq!(outcomes[0].object_id.as_deref(), Some("17"));
    }
}

/// The instances that a contact or a conversation refers to are a list of their ids, under an attribute that lists of
/// attributes need not have.
#[test]
fn references_to_custom_objects_are_written() {
    let mut workspace = workspace("2.16", "create");
    let id = workspace.conversation();
    let rows = [
        json!({ "conversation_id": id, "custom_attributes": { "order": ["21", "22"] } }),
        json!({ "conversation_id": id, "custom_attributes": { "order": [["21"]] } }),
    ];
    let outcomes = workspace.write(of("conversations", "update", "b", &rows));
    assert_eq!(words(&outcomes), ["updated", "failed invalid_row"]);
    assert_eq!(
        workspace.conversations[0]["custom_attributes"],
        json!({ "order": ["21", "22"] })
    );
}
