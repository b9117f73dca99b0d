//! Choices, and what is refused before it is sent.

use super::workspace::{Workspace, of};
use super::*;

fn shared() -> (Workspace, Vec<String>) {
    let mut workspace = Workspace::new();
    let ids = [("user", 5), ("user", 7), ("lead", 9)].map(|(role, updated_at)| {
        workspace.contact(json!({ "email": "same@x.y", "role": role, "updated_at": updated_at }))
    });
    (workspace, ids.to_vec())
}

#[test]
fn of_several_contacts_the_policy_chooses() {
    for (policy, expected) in [("newest", 1), ("oldest", 0)] {
        let (mut workspace, ids) = shared();
        workspace.config = json!({ "write": { "several": policy } });
        let outcomes = workspace.write(of(
            "contacts",
            "update",
            "b",
            &[json!({ "email": "Same@x.y", "name": "N" })],
        ));
        assert_eq!(
            outcomes[0].object_id.as_ref(),
            Some(&ids[expected]),
            "{policy}"
        );
    }
    let (mut workspace, _) = shared();
    workspace.config = json!({ "write": { "several": "fail" } });
    let outcomes = workspace.write(of(
        "contacts",
        "update",
        "b",
        &[json!({ "email": "same@x.y" })],
    ));
    assert_eq!(words(&outcomes), ["failed several_match"]);
    let (mut workspace, ids) = shared();
    workspace.config = json!({ "write": { "several": "all" } });
    let delete = of("contacts", "delete", "b", &[json!({ "email": "same@x.y" })]);
    let rehearsed = Batch {
        rehearsal: Rehearsal::ReadsOnly,
        ..delete.clone()
    };
    assert_eq!(workspace.write(rehearsed)[0].planned.len(), 3);
    let outcomes = workspace.write(delete);
    assert_eq!(
        format!("{:?}", outcomes[0].status),
        "OutcomeStatus::Deleted"
    );
    assert!(ids.iter().all(|id| workspace.gone.contains_key(id)));
    assert!(workspace.contacts.is_empty());
}

/// Whoever deletes for the sake of the law has to learn that somebody is left.
#[test]
fn who_deletes_one_of_several_is_told_that_others_stay() {
    for policy in ["newest", "oldest"] {
        let (mut workspace, _) = shared();
        workspace.config = json!({ "write": { "several": policy } });
        let rows = [json!({ "email": "same@x.y" })];
        let outcomes = workspace.write(of("contacts", "delete", "b", &rows));
        assert_eq!(outcomes[0].status, OutcomeStatus::Deleted);
        assert_eq!(workspace.notices.len(), 1);
        assert!(workspace.notices[0].contains("others, which stay"));
        workspace.contacts.truncate(1);
        workspace.write(of("contacts", "delete", "c", &rows));
        assert!(workspace.notices.is_empty());
        workspace.write(of("contacts", "delete", "d", &rows));
        assert!(workspace.notices[0].contains("just written"));
    }
}

#[test]
fn what_is_gone_already_is_a_success_for_a_deletion_and_a_failure_for_a_change() {
    let mut workspace = Workspace::new();
    let id = workspace.contact(json!({ "external_id": "1" }));
    let rows = [
        json!({ "id": id }),
        json!({ "external_id": "2" }),
        json!({ "email": "b@x.y" }),
    ];
    let outcomes = workspace.write(of("contacts", "delete", "b", &rows));
    assert_eq!(outcomes[0].status, OutcomeStatus::Deleted);
    for outcome in &outcomes[1..] {
        assert_eq!(outcome.status, OutcomeStatus::Unchanged);
    }
    let again = workspace.write(of("contacts", "delete", "again", &rows[..1]));
    assert_eq!(again[0].status, OutcomeStatus::Unchanged);
    let outcomes = workspace.write(of(
        "contacts",
        "update",
        "b",
        &[
            json!({ "id": id, "name": "N" }),
            json!({ "email": "b@x.y" }),
        ],
    ));
    assert_eq!(
        words(&outcomes),
        ["failed not_found", "failed contact_not_found"]
    );
    let outcomes = workspace.write(of(
        "contacts",
        "upsert",
        "c",
        &[json!({ "id": id, "name": "N" })],
    ));
    assert_eq!(words(&outcomes), ["failed not_found"]);
    let outcomes = workspace.write(of(
        "contacts",
        "upsert",
        "d",
        &[json!({ "id": id, "external_id": "9" })],
    ));
    assert_eq!(words(&outcomes), ["created"]);
}

#[test]
fn a_contact_that_was_merged_is_the_one_that_it_was_merged_into() {
    let mut workspace = Workspace::new();
    let into = workspace.contact(json!({ "external_id": "1" }));
    workspace.gone.insert("old".into(), Some(into.clone()));
    let outcomes = workspace.write(of(
        "contacts",
        "update",
        "b",
        &[json!({ "id": "old", "name": "N" })],
    ));
    assert_eq!(
        (words(&outcomes), outcomes[0].object_id.as_ref()),
        (vec!["updated".to_owned()], Some(&into))
    );
    let mut guarded = of(
        "contacts",
        "update",
        "c",
        &[json!({ "id": "old", "name": "M" })],
    );
    guarded.rows[0].base_updated_at_ms = Some(5_000);
    assert_eq!(words(&workspace.write(guarded)), ["updated"]);
}

#[test]
fn a_change_upstream_is_kept_overwritten_or_a_failure() {
    for (policy, expected) in [
        ("fail", "failed changed_upstream"),
        (
            "upstream",
            "skipped the contact was changed in Intercom since this copy of it was read",
        ),
        ("last_writer", "updated"),
    ] {
        let mut workspace = Workspace::new();
        let id = workspace.contact(json!({ "external_id": "1", "updated_at": 200 }));
        workspace.config = json!({ "write": { "conflict": policy } });
        let mut batch = of(
            "contacts",
            "update",
            "b",
            &[json!({ "id": id, "name": "A" })],
        );
        batch.rows[0].base_updated_at_ms = Some(199_000);
        assert_eq!(words(&workspace.write(batch)), [expected]);
    }
}

/// What a request names by its own key is looked at before, where it matters when it changed.
#[test]
fn a_change_upstream_is_seen_also_where_the_key_is_sent() {
    let mut workspace = Workspace {
        config: json!({ "api_version": "2.13", "write": { "conflict": "fail" } }),
        companies: vec![json!({ "id": "5", "company_id": "acme", "updated_at": 200 })],
        instance_attributes: vec!["n"],
        ..Workspace::new()
    };
    let order = json!({ "id": "17", "external_id": "o/1", "updated_at": 200 });
    workspace
        .instances
        .insert("Order?external_id=o%2F1".into(), order);
    for (action, known, new) in [
        (
            "companies",
            json!({ "company_id": "acme", "name": "A" }),
            json!({ "company_id": "other", "name": "B" }),
        ),
        (
            "custom_object_instances",
            json!({ "type": "Order", "external_id": "o/1", "custom_attributes": { "n": "1" } }),
            json!({ "type": "Order", "external_id": "o/2", "custom_attributes": { "n": "1" } }),
        ),
    ] {
        let mut write = |row: &Value, id, base| {
            let mut batch = of(action, "upsert", id, std::slice::from_ref(row));
            batch.rows[0].base_updated_at_ms = base;
            words(&workspace.write(batch)).remove(0)
        };
        assert_eq!(write(&known, "a", Some(199_000)), "failed changed_upstream");
        for (row, id, base) in [
            (&known, "b", Some(200_000)),
            (&known, "c", None),
            (&new, "d", Some(1)),
        ] {
            let word = write(row, id, base);
            assert!(word == "updated" || word == "created", "{action}: {word}");
        }
    }
    // The key itself is sent.
    assert_eq!(workspace.companies.len(), 2);
    assert_eq!(workspace.companies[1]["company_id"], "other");
}

#[test]
fn attributes_of_one_name_and_two_models_are_two() {
    let mut workspace = Workspace::new();
    let rows = ["contact", "company"]
        .map(|model| json!({ "name": "Plan", "model": model, "description": model }));
    let outcomes = workspace.write(of("data_attributes", "upsert", "b", &rows));
    assert_eq!(words(&outcomes), ["created", "created"]);
    let models = workspace.attributes.iter().map(|one| &one["model"]);
    assert_eq!(models.collect::<Vec<_>>(), ["contact", "company"]);
}

#[test]
fn a_tag_that_is_found_is_sent_as_it_is_written_there() {
    let mut workspace = Workspace {
        tags: vec![json!({ "id": "3", "name": "Silver" })],
        companies: vec![
            json!({ "id": "5", "company_id": "acme" }),
            json!({ "id": "6", "company_id": "other" }),
        ],
        ..Workspace::new()
    };
    let row = |company: &str, tag: &str| json!({ "company_id": company, "tag_name": tag });
    for (mode, rows) in [
        ("remove", vec![row("acme", "silver")]),
        ("add", vec![row("acme", " SILVER ")]),
        ("add", vec![row("acme", "Gold "), row("other", "gold")]),
    ] {
        for outcome in workspace.write(of("company_tags", mode, "b", &rows)) {
            assert!(outcome.object_id.is_some(), "{mode}: {outcome:?}");
        }
    }
    let names = workspace.tags.iter().map(|tag| &tag["name"]);
    assert_eq!(names.collect::<Vec<_>>(), ["Silver", "Gold"]);
}

#[test]
fn an_attribute_of_numbers_takes_fractions_once_a_row_has_one() {
    for numbers in [
        [json!(1), json!(2.5), json!(3)],
        [json!(2.5), json!(1), json!(3.5)],
    ] {
        let mut workspace = Workspace {
            config: json!({ "write": { "missing_attribute": "create" } }),
            ..Workspace::new()
        };
        let row = |(id, number): (usize, &Value)| json!({ "external_id": id.to_string(), "custom_attributes": { "n": number, "whole": 1 } });
        let rows: Vec<Value> = numbers.iter().enumerate().map(row).collect();
        let outcomes = workspace.write(of("contacts", "upsert", "b", &rows));
        assert_eq!(words(&outcomes), ["created"; 3]);
        let types = workspace.attributes.iter().map(|one| &one["data_type"]);
        assert_eq!(types.collect::<Vec<_>>(), ["float", "integer"]);
    }
}

#[test]
fn a_state_is_found_by_its_own_label_first_and_not_in_the_archive() {
    let state = |id: &str, internal: &str, external: &str, archived: bool| json!({ "id": id, "internal_label": internal, "external_label": external, "category": "in_progress", "archived": archived });
    let mut workspace = Workspace {
        config: json!({ "api_version": "2.16" }),
        ticket_states: vec![
            state("1", "Done", "Waiting", true),
            state("2", "Triage", "Waiting", false),
            state("3", "Waiting", "in_progress", false),
            state("4", "In_progress", "Done", false),
        ],
        tickets: vec![json!({ "id": "9" })],
        ..Workspace::new()
    };
    for (name, expected) in [
        ("waiting", "3"),
        ("Done", "4"),
        ("in_progress", "4"),
        ("Triage", "2"),
    ] {
        let row = json!({ "ticket_id": "9", "ticket_state": name });
        let outcomes = workspace.write(of("tickets", "update", name, &[row]));
        assert_eq!(words(&outcomes), ["updated"], "{name}");
        assert_eq!(workspace.tickets[0]["ticket_state_id"], expected, "{name}");
    }
    workspace.ticket_states.truncate(2);
    let row = json!({ "ticket_id": "9", "ticket_state": "in_progress" });
    workspace.write(of("tickets", "update", "by category", &[row]));
    assert_eq!(workspace.tickets[0]["ticket_state_id"], "2");
    // A ticket is taken from its company.
    let row = json!({ "ticket_id": "9", "company_id": null });
    workspace.tickets[0]["company_id"] = "5".into();
    let outcomes = workspace.write(of("tickets", "update", "nobody", &[row]));
    assert_eq!(words(&outcomes), ["updated"]);
    assert_eq!(workspace.tickets[0]["company_id"], Value::Null);
}

#[test]
fn one_unknown_attribute_costs_the_row_itself_or_nothing() {
    let row = json!({ "external_id": "1", "custom_attributes": { "plan": "pro", "sets": 3 } });
    let run = |policy: &str| {
        let mut workspace = Workspace::new();
        workspace.attributes =
            vec![json!({ "name": "plan", "data_type": "string", "custom": true })];
        workspace.config = json!({ "write": { "missing_attribute": policy } });
        let outcomes = workspace.write(of("contacts", "upsert", "b", std::slice::from_ref(&row)));
        (words(&outcomes), workspace)
    };
    let (outcomes, workspace) = run("fail");
    assert_eq!(
        (outcomes, workspace.writes()),
        (vec!["failed invalid_row".to_owned()], 0)
    );
    let (outcomes, workspace) = run("drop");
    assert_eq!(outcomes, ["created"]);
    assert_eq!(
        workspace.contacts[0]["custom_attributes"],
        json!({ "plan": "pro" })
    );
    let (outcomes, mut workspace) = run("create");
    assert_eq!(outcomes, ["created"]);
    assert_eq!(workspace.contacts[0]["custom_attributes"]["sets"], 3);
    assert_eq!(workspace.attributes[1]["data_type"], "integer");
    // The list is remembered, and asked for again when it lacks what a row gives.
    let asked = |workspace: &Workspace| {
        workspace
            .requests
            .iter()
            .filter(|(method, target)| {
                *method == Method::Get && target.starts_with("/data_attributes")
            })
            .count()
    };
    workspace.write(of(
        "contacts",
        "upsert",
        "c",
        &[json!({ "external_id": "1", "custom_attributes": { "plan": "x" } })],
    ));
    assert_eq!(asked(&workspace), 1);
    workspace.write(of(
        "contacts",
        "upsert",
        "d",
        &[json!({ "external_id": "1", "custom_attributes": { "sets": 4 } })],
    ));
    assert_eq!(asked(&workspace), 2);
}

#[test]
fn tags_and_companies_that_are_missing_are_made_once_where_the_policy_says_so() {
    let mut workspace = Workspace::new();
    for id in 0..3 {
        workspace.contact(json!({ "external_id": id.to_string() }));
    }
    // A name is one name, however it is written.
    let rows: Vec<Value> = ["vip", " VIP ", "Vip"]
        .iter()
        .zip(0..)
        .map(|(name, id)| json!({ "external_id": id.to_string(), "tag_name": name }))
        .collect();
    let outcomes = workspace.write(of("contact_tags", "add", "b", &rows));
    assert_eq!(words(&outcomes), ["updated"; 3]);
    assert_eq!((workspace.tags.len(), workspace.links.len()), (1, 3));
    // One search, one list, one tag made, three links.
    assert_eq!(workspace.requests.len(), 6);
    let company = json!({ "external_id": "0", "company_id": "acme" });
    let outcomes = workspace.write(of(
        "contact_companies",
        "attach",
        "b",
        std::slice::from_ref(&company),
    ));
    assert_eq!(
        (words(&outcomes), workspace.companies.len()),
        (vec!["updated".to_owned()], 1)
    );
    let mut strict = Workspace {
        config: json!({ "write": { "missing_object": "fail" } }),
        ..Workspace::new()
    };
    strict.contact(json!({ "external_id": "0" }));
    let outcomes = strict.write(of("contact_companies", "attach", "b", &[company]));
    assert_eq!(
        (words(&outcomes), strict.writes()),
        (vec!["failed company_not_found".to_owned()], 0)
    );
    let outcomes = strict.write(of(
        "contact_tags",
        "remove",
        "b",
        &[json!({ "external_id": "0", "tag_name": "vip" })],
    ));
    assert_eq!(
        format!("{:?}", outcomes[0].status),
        "OutcomeStatus::Unchanged"
    );
    // A rehearsal shows what would be made, and the row's own request.
    let rehearsed = Batch {
        rehearsal: Rehearsal::Offline,
        ..of(
            "contact_tags",
            "add",
            "b",
            &[json!({ "email": "a@x.y", "tag_name": "new" })],
        )
    };
    let planned: Vec<String> = workspace.write(rehearsed)[0]
        .planned
        .iter()
        .map(|one| one.target.clone())
        .collect();
    assert_eq!(planned, ["/tags", "/contacts/{contact}/tags"]);
}

#[test]
fn an_event_waits_for_its_contact() {
    let mut workspace = Workspace::new();
    let row = json!({ "external_id": "1", "event_name": "paid", "created_at": 1_700_000_000, "metadata": { "plan": "pro" } });
    let batch = of(
        "events",
        "submit",
        "b",
        &[
            row,
            json!({ "email": "b@x.y", "event_name": "paid", "created_at": 1 }),
        ],
    );
    let outcomes = workspace.write(batch.clone());
    assert_eq!(
        words(&outcomes),
        ["deferred not_found", "deferred contact_not_found"]
    );
    let OutcomeStatus::Deferred(failure) = &outcomes[0].status else {
        panic!()
    };
    assert_eq!(failure.retry_after_ms, Some(60_000));
    workspace.contact(json!({ "external_id": "1" }));
    workspace.contact(json!({ "email": "b@x.y" }));
    assert_eq!(words(&workspace.write(batch)), ["created", "created"]);
    assert_eq!(workspace.events.len(), 2);
    let late = of(
        "events",
        "submit",
        "c",
        &[json!({ "external_id": "1", "event_name": "paid", "created_at": 1_700_000_000_000_i64 })],
    );
    let OutcomeStatus::Failed(failure) = &workspace.write(late)[0].status.clone() else {
        panic!()
    };
    assert!(
        failure.message.contains("it is 1700000000"),
        "{}",
        failure.message
    );
    for fine in [
        1_760_000_000_123_i64,
        1_760_000_000_123_456,
        1_760_000_000_123_456_789,
    ] {
        let said = super::super::validate::in_seconds(fine);
        assert!(said.ends_with("it is 1760000000"), "{said}");
    }
    assert!(super::super::validate::in_seconds(i64::MIN).contains("finer"));
}

#[test]
fn what_is_refused_for_all_alike_is_not_tried_for_every_row() {
    for (status, code, kind) in [
        (401, "unauthorized", FailureKind::Auth),
        (403, "api_plan_restricted", FailureKind::Permission),
        (429, "rate_limit_exceeded", FailureKind::RateLimited),
    ] {
        let mut workspace = Workspace {
            refuses: Some((status, code)),
            ..Workspace::new()
        };
        let rows: Vec<Value> = (0..300)
            .map(|id| json!({ "external_id": id.to_string() }))
            .collect();
        let outcomes = workspace.write(of("contacts", "upsert", "b", &rows));
        assert_eq!((outcomes.len(), workspace.writes()), (300, 20), "{code}");
        for outcome in outcomes {
            let (OutcomeStatus::Failed(failure) | OutcomeStatus::Deferred(failure)) =
                outcome.status
            else {
                panic!()
            };
            assert_eq!(failure.kind, kind);
        }
    }
}

/// Search finds nobody in the archive; who is found there by it was archived just now, or is not.
#[test]
fn who_is_to_come_out_of_the_archive_is_looked_for_and_told_how_to_be_found() {
    let mut model = Model::default();
    model
        .archived
        .insert("7".to_owned(), json!({ "id": "7", "external_id": "seven" }));
    let unarchive = |id: &str, row: Value| Batch {
        mode: Some("unarchive".into()),
        ..batch(id, &[row])
    };
    let by_key = json!({ "external_id": "seven" });
    let outcomes = model.write(unarchive("a", by_key.clone())).unwrap();
    assert_eq!(words(&outcomes), ["failed contact_not_found"]);
    let OutcomeStatus::Failed(failure) = &outcomes[0].status else {
        panic!("it fails");
    };
    assert!(
        failure.message.contains("`id` only, or by an upsert"),
        "{}",
        failure.message
    );
    assert_eq!(model.writes(), 0);
    let by_id = model.write(unarchive("b", json!({ "id": "7" }))).unwrap();
    assert_eq!(words(&by_id), ["updated"]);
    // The index lags, the other way round: it is asked to come out all the same.
    let contact = model.contacts["7"].clone();
    model.archived.insert("7".to_owned(), contact);
    let found = model.write(unarchive("c", by_key)).unwrap();
    assert_eq!(words(&found), ["updated"]);
    assert!(model.archived.is_empty());
}

#[test]
fn what_can_only_be_read_is_refused_by_name() {
    let mut workspace = Workspace::new();
    for (action, code) in [
        ("segments", "read_only"),
        ("contact_segments", "read_only"),
        ("segmants", "unknown_action"),
    ] {
        let refused = workspace.run(of(action, "upsert", "b", &[]), None).unwrap();
        assert_eq!(refused.unwrap_err().code, code);
    }
    let blocked = workspace
        .run(of("contacts", "block", "b", &[]), None)
        .unwrap()
        .unwrap_err();
    assert_eq!(blocked.problems[0].code, "not_in_version");
}

/// What comes later would be overwritten by it.
#[test]
fn a_row_that_is_put_off_keeps_those_behind_it_about_the_same_object() {
    let mut workspace = Workspace::new();
    let ada = workspace.contact(json!({ "external_id": "a", "name": "first" }));
    let rows = [
        json!({ "id": ada, "name": "second" }),
        json!({ "id": ada, "name": "third" }),
        json!({ "external_id": "b", "name": "Bob" }),
    ];
    workspace.loses = 1;
    let outcomes = workspace.write(of("contacts", "upsert", "b", &rows));
    assert_eq!(
        words(&outcomes),
        ["deferred server_error", "deferred earlier_row", "created"]
    );
    assert_eq!(workspace.contacts[0]["name"], "second");
    let outcomes = workspace.write(of("contacts", "upsert", "b", &rows));
    assert_eq!(words(&outcomes)[..2], ["updated", "updated"]);
    assert_eq!(workspace.contacts[0]["name"], "third");
}
