//! The actions beside contacts, each against the simulator and in the oldest and the newest API version.

use host_test::contract::connector::{Batch, Outcome, OutcomeStatus, Rehearsal, Row};
use host_test::simulator::{Fault, FaultKind, Options};
use serde_json::{Value, json};

use crate::world::{World, small, text};

async fn run(world: &World, action: &str, mode: &str, id: &str, rows: &[Value]) -> Vec<Outcome> {
    let row = |(index, document): (usize, &Value)| Row {
        key: index.to_string(),
        document: document.to_string().into_bytes(),
        attempt: 0,
        base_updated_at_ms: None,
    };
    let batch = Batch {
        action: action.into(),
        mode: Some(mode.into()),
        id: id.into(),
        rows: rows.iter().enumerate().map(row).collect(),
        time_budget_ms: 20_000,
        rehearsal: Rehearsal::Off,
    };
    let plugin = &world.connection.plugin;
    let outcomes = plugin.write_batch(&world.connection.tenant, &batch).await;
    outcomes.expect("outcomes")
}

/// One row, which has to be written; gives the object's id.
async fn one(world: &World, action: &str, mode: &str, row: Value) -> String {
    let id = format!("{action} {mode} {row}");
    let outcome = run(world, action, mode, &id, std::slice::from_ref(&row))
        .await
        .remove(0);
    let written = matches!(
        outcome.status,
        OutcomeStatus::Created | OutcomeStatus::Updated | OutcomeStatus::Deleted
    );
    assert!(written, "{action} {mode} {row}: {outcome:?}");
    outcome.object_id.unwrap_or_default()
}

async fn world(version: &str) -> World {
    let options = Options {
        contacts: 20,
        companies: 10,
        conversations: 5,
        tickets: 5,
        ..small()
    };
    World::configured(options, &format!("{{ api_version: \"{version}\" }}")).await
}

fn body_of(part: &Value) -> String {
    text(part, "body")
}

#[tokio::test]
async fn what_hangs_on_contacts_and_companies_is_written() {
    for version in ["2.11", "2.16"] {
        let world = world(version).await;
        let admin = text(&world.workspace().admins()[0], "id");
        let contact = one(
            &world,
            "contacts",
            "insert",
            json!({ "role": "user", "external_id": "x", "email": "x@example.org" }),
        )
        .await;
        let by_key = || json!({ "external_id": "x" });
        let with = |more: Value| {
            let mut row = by_key();
            for (name, value) in more.as_object().expect("an object") {
                row[name] = value.clone();
            }
            row
        };
        one(
            &world,
            "contact_notes",
            "create",
            with(json!({ "body": "Hello", "admin_id": admin })),
        )
        .await;
        let tag = with(json!({ "tag_name": "brand new" }));
        one(&world, "contact_tags", "add", tag.clone()).await;
        one(&world, "contact_tags", "remove", tag).await;
        // A company that nobody belongs to is not visible, and can be belonged to all the same.
        let acme = json!({ "company_id": "acme", "name": "Acme", "monthly_spend": 12 });
        for status in [OutcomeStatus::Created, OutcomeStatus::Updated] {
            let id = format!("{status:?}");
            let rows = [acme.clone()];
            let outcomes = run(&world, "companies", "upsert", &id, &rows).await;
            assert_eq!(outcomes[0].status, status);
            world.pass(1);
        }
        let company = with(json!({ "company_id": "acme" }));
        let attached = one(&world, "contact_companies", "attach", company.clone()).await;
        one(
            &world,
            "companies",
            "update",
            json!({ "id": attached, "name": "Acme & Co" }),
        )
        .await;
        assert_eq!(
            text(
                &world.workspace().company(&attached).expect("a company"),
                "name"
            ),
            "Acme & Co"
        );
        one(
            &world,
            "company_tags",
            "add",
            json!({ "id": attached, "tag_name": "key account" }),
        )
        .await;
        one(
            &world,
            "company_tags",
            "remove",
            json!({ "company_id": "acme", "tag_name": "key account" }),
        )
        .await;
        if version == "2.16" {
            one(
                &world,
                "company_notes",
                "create",
                json!({ "company_id": "acme", "body": "Big", "admin_id": admin }),
            )
            .await;
        }
        one(&world, "contact_companies", "detach", company).await;
        one(&world, "companies", "delete", json!({ "id": attached })).await;
        one(
            &world,
            "contacts",
            "archive",
            json!({ "email": "X@example.org" }),
        )
        .await;
        one(&world, "contacts", "unarchive", json!({ "id": contact })).await;
        let lead = one(
            &world,
            "contacts",
            "insert",
            json!({ "role": "lead", "email": "x@example.org" }),
        )
        .await;
        one(
            &world,
            "contacts",
            "merge",
            json!({ "from_id": lead, "into_external_id": "x" }),
        )
        .await;
        assert!(world.workspace().contact(&lead).is_none());
        one(&world, "contacts", "delete", by_key()).await;
        let again = run(&world, "contacts", "delete", "again", &[by_key()]).await;
        assert_eq!(again[0].status, OutcomeStatus::Unchanged);
        let by_id = json!({ "id": contact });
        let again = run(&world, "contacts", "delete", "by id", &[by_id]).await;
        assert_eq!(again[0].status, OutcomeStatus::Unchanged);
    }
}

/// Writes say of a contact that was merged into another one only that it is not there; reading it says where it went.
#[tokio::test]
async fn what_is_written_to_a_merged_contact_goes_where_it_went() {
    let world = world("2.16").await;
    let workspace = world.workspace();
    let admin = text(&workspace.admins()[0], "id");
    let make = |fields: Value| workspace.create_contact(fields).expect("a contact");
    let lead = make(json!({ "role": "lead", "email": "x@example.org" }));
    let user = make(json!({ "role": "user", "email": "x@example.org" }));
    workspace.merge(&lead, &user).expect("merged");
    one(
        &world,
        "contacts",
        "upsert",
        json!({ "id": lead, "name": "Merged" }),
    )
    .await;
    let contact = workspace.contact(&user).expect("a contact");
    assert_eq!(contact["name"], "Merged");
    let note = json!({ "contact_id": lead, "body": "Hello", "admin_id": admin });
    one(&world, "contact_notes", "create", note).await;
    let event = json!({ "contact_id": lead, "event_name": "e", "created_at": workspace.now() });
    one(&world, "events", "submit", event).await;
    let nobody = json!({ "id": "5ba682d23d7cf92bef87bfd4", "name": "N" });
    let outcome = run(&world, "contacts", "upsert", "nobody", &[nobody]).await;
    assert!(
        matches!(&outcome[0].status, OutcomeStatus::Failed(failure) if failure.code == "not_found"),
        "{outcome:?}"
    );
}

/// A search finds nobody in the archive: what names somebody there otherwise deletes nobody.
#[tokio::test]
async fn a_contact_in_the_archive_is_deleted_by_its_id_and_by_nothing_else() {
    let world = world("2.11").await;
    let workspace = world.workspace();
    let somebody = json!({ "external_id": "x", "email": "x@example.org" });
    let id = workspace.create_contact(somebody).expect("a contact");
    workspace.archive_contact(&id).expect("archived");
    let rows = [
        json!({ "external_id": "x" }),
        json!({ "email": "x@example.org" }),
    ];
    for outcome in run(&world, "contacts", "delete", "b", &rows).await {
        assert_eq!(outcome.status, OutcomeStatus::Unchanged);
    }
    workspace.unarchive_contact(&id).expect("it is still there");
    workspace.archive_contact(&id).expect("archived");
    one(&world, "contacts", "delete", json!({ "id": id })).await;
    assert!(workspace.unarchive_contact(&id).is_err());
}

#[tokio::test]
async fn conversations_and_tickets_are_written() {
    for version in ["2.11", "2.16"] {
        let world = world(version).await;
        let workspace = world.workspace();
        let admin = text(&workspace.admins()[0], "id");
        let user = json!({ "role": "user", "external_id": "x", "email": "x@example.org" });
        one(&world, "contacts", "insert", user).await;
        let begun = json!({ "external_id": "x", "body": "Help!" });
        let id = one(&world, "conversations", "create", begun).await;
        let say = |more: Value| {
            let mut row = json!({ "conversation_id": id, "admin_id": admin });
            for (name, value) in more.as_object().expect("an object") {
                row[name] = value.clone();
            }
            row
        };
        one(
            &world,
            "conversation_parts",
            "admin",
            say(json!({ "body": "Of course" })),
        )
        .await;
        one(
            &world,
            "conversation_parts",
            "note",
            say(json!({ "body": "A note" })),
        )
        .await;
        let answer = json!({ "conversation_id": id, "email": "x@example.org", "body": "Thanks" });
        one(&world, "conversation_parts", "contact", answer).await;
        one(
            &world,
            "conversations",
            "snooze",
            say(json!({ "snoozed_until": 1_900_000_000 })),
        )
        .await;
        one(&world, "conversations", "open", say(json!({}))).await;
        one(
            &world,
            "conversations",
            "assign",
            say(json!({ "assignee_id": admin })),
        )
        .await;
        one(&world, "conversations", "unassign", say(json!({}))).await;
        one(
            &world,
            "conversations",
            "close",
            say(json!({ "body": "Done" })),
        )
        .await;
        one(
            &world,
            "conversations",
            "update",
            json!({ "conversation_id": id, "read": true }),
        )
        .await;
        one(
            &world,
            "conversation_tags",
            "add",
            say(json!({ "tag_name": "urgent" })),
        )
        .await;
        one(
            &world,
            "conversation_tags",
            "remove",
            say(json!({ "tag_name": "urgent" })),
        )
        .await;
        let conversation = workspace.conversation(&id).expect("a conversation");
        let parts = conversation["conversation_parts"]["conversation_parts"]
            .as_array()
            .expect("parts");
        for said in ["Of course", "A note", "Thanks", "Done"] {
            let count = parts
                .iter()
                .filter(|part| body_of(part).contains(said))
                .count();
            assert_eq!(count, 1, "{said}: {parts:#?}");
        }

        let kind = "Bug report";
        let refused = json!({ "external_id": "x", "ticket_type": kind, "ticket_attributes": { "no such": 1 } });
        let failed = run(&world, "tickets", "create", "refused", &[refused]).await;
        assert!(
            matches!(&failed[0].status, OutcomeStatus::Failed(_)),
            "{failed:?}"
        );
        let types = workspace
            .ticket(&workspace.ticket_ids().next().expect("an id"))
            .expect("a ticket");
        let kind = text(&types["ticket_type"], "id");
        let row = json!({ "external_id": "x", "ticket_type_id": kind, "ticket_attributes": { "_default_title_": "Broken" } });
        let ticket = one(&world, "tickets", "create", row).await;
        let state = json!({ "ticket_id": ticket, "ticket_state": "resolved" });
        one(&world, "tickets", "update", state).await;
        let reply = json!({ "ticket_id": ticket, "admin_id": admin, "body": "On it" });
        one(&world, "ticket_parts", "note", reply).await;
        let tag = json!({ "ticket_id": ticket, "admin_id": admin, "tag_name": "urgent" });
        one(&world, "ticket_tags", "add", tag.clone()).await;
        one(&world, "ticket_tags", "remove", tag).await;
    }
}

#[tokio::test]
async fn a_note_whose_answer_was_lost_is_there_once() {
    let world = world("2.11").await;
    let contact = world.workspace().contact_ids().next().expect("a contact");
    let admin = text(&world.workspace().admins()[0], "id");
    let path = format!("/contacts/{contact}/notes");
    for kind in [
        FaultKind::ResetAfterWork,
        FaultKind::Reset,
        FaultKind::CutBody,
        FaultKind::Status(500),
    ] {
        let context = format!("{kind:?}");
        let rows: Vec<Value> = (0..3)
            .map(|index| json!({ "contact_id": contact, "admin_id": admin, "body": format!("{context} {}", index % 2) }))
            .collect();
        let fault = Fault {
            times: 1,
            method: Some("POST".into()),
            ..Fault::new(path.as_str(), kind)
        };
        world.workspace().set_faults(vec![fault]);
        let before = notes(&world, &contact).await;
        let first = run(&world, "contact_notes", "create", &context, &rows).await;
        let code = |outcome: &Outcome| match &outcome.status {
            OutcomeStatus::Deferred(failure) => failure.code.clone(),
            _ => String::new(),
        };
        // Those behind it are about the same contact, and keep their order.
        let codes: Vec<String> = first.iter().map(code).collect();
        assert!(!codes[0].is_empty(), "{context}: {first:?}");
        assert_eq!(codes[1..], ["earlier_row", "earlier_row"], "{context}");
        let second = run(&world, "contact_notes", "create", &context, &rows).await;
        let created = |outcome: &Outcome| outcome.status == OutcomeStatus::Created;
        assert!(second.iter().all(created), "{context}: {second:?}");
        assert_eq!(notes(&world, &contact).await, before + 3, "{context}");
        let mut ids: Vec<&Option<String>> = second.iter().map(|one| &one.object_id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 3, "{context}");
    }
}

/// The notes of a contact, as a sync reads them.
async fn notes(world: &World, contact: &str) -> usize {
    let _ = std::fs::remove_dir_all(world.folder.path());
    world.sync(&["contact_notes"]).await;
    let lines = world.lines("contact_notes");
    let of = |line: &&Value| text(&line["data"], "contact_id") == contact;
    let mut ids: Vec<String> = lines
        .iter()
        .filter(of)
        .map(|line| text(line, "key"))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids.len()
}

#[tokio::test]
async fn events_and_messages_are_sent() {
    let world = world("2.11").await;
    let admin = text(&world.workspace().admins()[0], "id");
    let late = json!({ "external_id": "late", "event_name": "paid", "created_at": 1_700_000_000, "metadata": { "plan": "pro" } });
    let first = run(&world, "events", "submit", "b", std::slice::from_ref(&late)).await;
    assert!(
        matches!(&first[0].status, OutcomeStatus::Deferred(_)),
        "{first:?}"
    );
    let user = json!({ "role": "user", "external_id": "late", "email": "late@example.org" });
    one(&world, "contacts", "insert", user).await;
    let second = run(&world, "events", "submit", "b", &[late]).await;
    assert_eq!(second[0].status, OutcomeStatus::Created);
    let message =
        |admin: &str| json!({ "external_id": "late", "from_admin_id": admin, "body": "Hello" });
    one(&world, "messages", "send", message(&admin)).await;
    // Waiting brings no teammate.
    let nobody = run(&world, "messages", "send", "b", &[message("1")]).await;
    let OutcomeStatus::Failed(failure) = &nobody[0].status else {
        panic!("{nobody:?}");
    };
    assert_eq!(failure.code, "admin_not_found");
}

/// The thousandth company is the last one that a contact can have, and the failure says so.
#[tokio::test]
async fn a_contact_that_has_all_the_companies_it_can_have_is_told() {
    let options = Options {
        contacts: 5,
        companies: 1_002,
        ..small()
    };
    let world = World::configured(options, "{ api_version: \"2.11\" }").await;
    let workspace = world.workspace();
    let contact = json!({ "role": "user", "external_id": "many" });
    let contact = workspace.create_contact(contact).expect("a contact");
    let companies: Vec<String> = workspace.company_ids().collect();
    for company in &companies[..999] {
        workspace.attach_company(&contact, company).expect("room");
    }
    let row = |company: &String| json!({ "external_id": "many", "intercom_company_id": company });
    let rows: Vec<Value> = companies[998..1_001].iter().map(row).collect();
    let outcomes = run(&world, "contact_companies", "attach", "b", &rows).await;
    assert_eq!(
        outcomes[0].status,
        OutcomeStatus::Updated,
        "one of them again"
    );
    assert_eq!(outcomes[1].status, OutcomeStatus::Updated, "the thousandth");
    let OutcomeStatus::Failed(failure) = &outcomes[2].status else {
        panic!("{outcomes:?}");
    };
    assert_eq!(failure.code, "contact_company_limit_exceeded");
    let said = &failure.problems[0].message;
    assert!(
        said.contains("maximum of 1000 company associations"),
        "{said}"
    );
}

#[tokio::test]
async fn attributes_that_are_missing_are_created_where_they_can_be() {
    for version in ["2.11", "2.16"] {
        let options = Options {
            contacts: 5,
            conversations: 2,
            tickets: 2,
            ..small()
        };
        let config =
            format!("{{ api_version: \"{version}\", write: {{ missing_attribute: create }} }}");
        let world = World::configured(options, &config).await;
        let conversation = world.workspace().conversation_ids().next().expect("one");
        let row = json!({ "conversation_id": conversation, "custom_attributes": { "order_count": 2, "weight": 1.5 } });
        let outcomes = run(&world, "conversations", "update", "b", &[row]).await;
        match &outcomes[0].status {
            OutcomeStatus::Failed(failure) if version == "2.11" => {
                assert_eq!(failure.problems[0].path, "custom_attributes.weight");
                assert!(failure.message.contains("version 2.16"), "{failure:?}");
            }
            status => {
                assert_eq!((version, status), ("2.16", &OutcomeStatus::Updated));
                let written = world.workspace().conversation(&conversation).expect("one");
                assert_eq!(written["custom_attributes"]["weight"], 1.5);
            }
        }
        let known = world.workspace().ticket_ids().next().expect("a ticket");
        let known = world.workspace().ticket(&known).expect("a ticket");
        let kind = &known["ticket_type"];
        let contact = json!({ "role": "user", "external_id": "t" });
        world
            .workspace()
            .create_contact(contact)
            .expect("a contact");
        let row = json!({ "external_id": "t", "ticket_type_id": text(kind, "id"),
            "ticket_attributes": { "_default_title_": "T", "Colour": "red" } });
        let ticket = one(&world, "tickets", "create", row).await;
        let change =
            json!({ "ticket_id": ticket, "ticket_attributes": { "Colour": "blue", "Weight": 3 } });
        one(&world, "tickets", "update", change).await;
        let held = &world.workspace().ticket(&ticket).expect("a ticket")["ticket_attributes"];
        assert_eq!(
            (&held["Colour"], &held["Weight"]),
            (&json!("blue"), &json!(3))
        );
    }
}
