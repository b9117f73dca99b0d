//! Every mode of every action, once against the simulator in the oldest, the newest and the rolling version of the API. What is said
//! is recorded, and judged by Intercom's own OpenAPI files when the world is dropped.

use std::collections::BTreeSet;

use host_test::contract::connector::{Batch, Outcome, OutcomeStatus, Rehearsal, Row};
use host_test::simulator::{CatalogueKind, CatalogueOptions, Options};
use intercom_connector::intercom::actions;
use intercom_connector::intercom::versions::minor;
use serde_json::{Value, json};

use crate::world::{World, small, text};

/// Somebody who writes a row in one mode after the other.
struct Writer {
    world: World,
    version: &'static str,
    written: BTreeSet<(&'static str, &'static str)>,
}

impl Writer {
    async fn new(version: &'static str) -> Writer {
        let options = Options {
            contacts: 20,
            companies: 10,
            conversations: 5,
            tickets: 20,
            catalogue: CatalogueOptions {
                custom_object_types: vec!["Order".to_owned()],
                ..CatalogueOptions::default()
            },
            ..small()
        };
        let config = format!("{{ api_version: \"{version}\", custom_object_types: [ Order ] }}");
        Writer {
            world: World::configured(options, &config).await,
            version,
            written: BTreeSet::new(),
        }
    }

    /// Writes a row, where the version has the mode; gives the object's id. It has to be written.
    async fn write(&mut self, action: &str, mode: &str, row: Value) -> String {
        let known = actions::find(action).expect("an action");
        let known_mode = known.modes.iter().find(|one| one.name == mode);
        let known_mode = known_mode.expect("a mode");
        if known_mode.since > minor(self.version) {
            return String::new();
        }
        self.written.insert((known.name, known_mode.name));
        let batch = Batch {
            action: action.to_owned(),
            mode: Some(mode.to_owned()),
            id: format!("{action} {mode} {row}"),
            rows: vec![Row {
                key: "row".to_owned(),
                document: row.to_string().into_bytes(),
                attempt: 0,
                base_updated_at_ms: None,
            }],
            time_budget_ms: 20_000,
            rehearsal: Rehearsal::Off,
        };
        let connection = &self.world.connection;
        let outcomes = connection.plugin.write_batch(&connection.tenant, &batch);
        let outcome: Outcome = outcomes.await.expect("outcomes").remove(0);
        assert!(
            matches!(
                outcome.status,
                OutcomeStatus::Created | OutcomeStatus::Updated | OutcomeStatus::Deleted
            ),
            "{}: {action} {mode} {row}: {outcome:?}",
            self.version
        );
        outcome.object_id.unwrap_or_default()
    }

    fn catalogue(&self, kind: CatalogueKind) -> String {
        let ids = self.world.workspace().catalogue_ids(kind);
        ids.into_iter().next().expect("one of the catalogue")
    }
}

/// Two objects in one.
fn with(one: &Value, other: Value) -> Value {
    let mut all = one.clone();
    for (name, value) in other.as_object().expect("an object") {
        all[name] = value.clone();
    }
    all
}

async fn people(writer: &mut Writer, admin: &str) {
    let ada = json!({ "external_id": "ada" });
    let full = json!({ "role": "user", "email": "ada@example.org", "name": "Ada" });
    writer.write("contacts", "insert", with(&ada, full)).await;
    for name in ["A", "B"] {
        writer
            .write("contacts", "upsert", with(&ada, json!({ "name": name })))
            .await;
    }
    let id = writer
        .write("contacts", "update", with(&ada, json!({ "phone": null })))
        .await;
    let company = with(&ada, json!({ "company_id": "acme" }));
    let acme = json!({ "company_id": "acme" });
    writer
        .write(
            "companies",
            "upsert",
            with(&acme, json!({ "name": "Acme", "size": 3 })),
        )
        .await;
    writer
        .write("contact_companies", "attach", company.clone())
        .await;
    writer
        .write("companies", "update", with(&acme, json!({ "plan": "Pro" })))
        .await;
    let note = json!({ "body": "Hello", "admin_id": admin });
    writer
        .write("contact_notes", "create", with(&ada, note.clone()))
        .await;
    writer
        .write("company_notes", "create", with(&acme, note))
        .await;
    for mode in ["add", "remove"] {
        let tag = json!({ "tag_name": "brand new" });
        writer
            .write("contact_tags", mode, with(&ada, tag.clone()))
            .await;
        writer.write("company_tags", mode, with(&acme, tag)).await;
    }
    let subscription =
        json!({ "subscription_id": writer.catalogue(CatalogueKind::SubscriptionTypes) });
    for mode in ["opt_in", "opt_out", "remove"] {
        writer
            .write(
                "contact_subscriptions",
                mode,
                with(&ada, subscription.clone()),
            )
            .await;
    }
    let event =
        json!({ "event_name": "paid", "created_at": 1_700_000_000, "metadata": { "plan": "pro" } });
    writer.write("events", "submit", with(&ada, event)).await;
    writer.write("contact_companies", "detach", company).await;
    writer.write("companies", "delete", acme).await;

    writer.write("contacts", "archive", ada.clone()).await;
    writer
        .write("contacts", "unarchive", json!({ "id": id }))
        .await;
    let lead = json!({ "role": "lead", "email": "ada@example.org" });
    let lead = writer.write("contacts", "insert", lead).await;
    let merge = json!({ "from_id": lead, "into_external_id": "ada" });
    writer.write("contacts", "merge", merge).await;
    let lead = json!({ "role": "lead", "email": "bob@example.org" });
    let bob = writer.write("contacts", "insert", lead).await;
    let user = json!({ "id": bob, "role": "user", "external_id": "bob" });
    writer.write("contacts", "convert", user).await;
    let block = json!({ "external_id": "bob" });
    writer.write("contacts", "block", block).await;
    writer.write("contacts", "delete", ada).await;
}

async fn conversations(writer: &mut Writer, admin: &str) {
    let from = json!({ "external_id": "eve" });
    let eve = json!({ "external_id": "eve", "email": "eve@example.org" });
    writer.write("contacts", "upsert", eve).await;
    let message = json!({ "from_admin_id": admin, "body": "Hello" });
    writer
        .write("messages", "send", with(&from, message.clone()))
        .await;
    writer
        .write("conversations", "create_by_admin", with(&from, message))
        .await;
    let begun = with(&from, json!({ "body": "Help!" }));
    let id = writer.write("conversations", "create", begun).await;
    let here = json!({ "conversation_id": id });
    let by = with(&here, json!({ "admin_id": admin }));
    let said = json!({ "body": "Of course" });
    writer
        .write("conversation_parts", "admin", with(&by, said.clone()))
        .await;
    writer
        .write("conversation_parts", "note", with(&by, said.clone()))
        .await;
    let answer = with(&with(&here, from.clone()), said);
    let part = writer.write("conversation_parts", "contact", answer).await;
    let until = json!({ "snoozed_until": 4_000_000_000_i64 });
    writer
        .write("conversations", "snooze", with(&by, until))
        .await;
    writer.write("conversations", "open", by.clone()).await;
    let assignee = json!({ "assignee_id": admin, "body": "Yours" });
    writer
        .write("conversations", "assign", with(&by, assignee))
        .await;
    writer.write("conversations", "unassign", by.clone()).await;
    writer.write("conversations", "close", by.clone()).await;
    writer
        .write(
            "conversations",
            "update",
            with(&here, json!({ "read": true })),
        )
        .await;
    let tag = with(&by, json!({ "tag_name": "urgent" }));
    let other = json!({ "external_id": "guest", "email": "guest@example.org" });
    writer.write("contacts", "upsert", other).await;
    let guest = with(&by, json!({ "external_id": "guest" }));
    for (adding, removing) in [
        ("conversation_tags", &tag),
        ("conversation_contacts", &guest),
    ] {
        let modes = match adding {
            "conversation_tags" => ["add", "remove"],
            _ => ["attach", "detach"],
        };
        for mode in modes {
            writer.write(adding, mode, removing.clone()).await;
        }
    }
    let redacted = with(&here, json!({ "part_id": part }));
    writer.write("conversations", "redact", redacted).await;
    let kind = json!({ "ticket_type": ticket_type(writer), "ticket_attributes": { "_default_title_": "Broken" } });
    writer
        .write("conversations", "convert", with(&here, kind))
        .await;
    writer.write("conversations", "delete", here).await;
}

/// The name of a type of tickets that customers may have.
fn ticket_type(writer: &Writer) -> String {
    let workspace = writer.world.workspace();
    let tickets = workspace
        .ticket_ids()
        .filter_map(|id| workspace.ticket(&id));
    let mut types = tickets.map(|ticket| ticket["ticket_type"].clone());
    let customer = types.find(|kind| kind["category"] == "Customer");
    text(&customer.expect("a ticket of a customer"), "name")
}

async fn tickets(writer: &mut Writer, admin: &str) {
    let from = json!({ "external_id": "eve" });
    let titled = json!({ "ticket_type": ticket_type(writer), "ticket_attributes": { "_default_title_": "Slow" } });
    let new = with(&from, titled);
    let id = writer.write("tickets", "create", new.clone()).await;
    writer.write("tickets", "enqueue", new).await;
    let here = json!({ "ticket_id": id });
    let state = with(&here, json!({ "ticket_state": "resolved" }));
    writer.write("tickets", "update", state).await;
    if minor(writer.version) >= 14 {
        let alone = with(&here, json!({ "company_id": null }));
        writer.write("tickets", "update", alone).await;
    }
    let assigned = with(&here, json!({ "admin_id": admin, "assignee_id": admin }));
    writer.write("tickets", "assign", assigned).await;
    let by = with(&here, json!({ "admin_id": admin }));
    let said = json!({ "body": "On it" });
    writer
        .write("ticket_parts", "admin", with(&by, said.clone()))
        .await;
    writer
        .write("ticket_parts", "note", with(&by, said.clone()))
        .await;
    let answer = with(&with(&here, from), said);
    writer.write("ticket_parts", "contact", answer).await;
    let tag = with(&by, json!({ "tag_name": "urgent" }));
    for mode in ["add", "remove"] {
        writer.write("ticket_tags", mode, tag.clone()).await;
    }
    writer.write("tickets", "delete", here).await;
}

async fn content(writer: &mut Writer, admin: &str) {
    for (action, new) in [
        (
            "articles",
            json!({ "title": "Thanks", "author_id": admin, "body": "All" }),
        ),
        ("collections", json!({ "name": "Start" })),
    ] {
        let id = writer.write(action, "create", new).await;
        let change = json!({ "id": id, "description": "New" });
        writer.write(action, "update", change).await;
        writer.write(action, "delete", json!({ "id": id })).await;
    }
}

async fn settings(writer: &mut Writer, admin: &str) {
    let attribute = json!({ "name": "Shoe size", "model": "contact" });
    let described = with(&attribute, json!({ "data_type": "integer" }));
    writer.write("data_attributes", "create", described).await;
    let other = json!({ "name": "Range", "model": "company", "options": ["small", "large"] });
    writer.write("data_attributes", "upsert", other).await;
    let change = with(&attribute, json!({ "description": "European" }));
    writer.write("data_attributes", "update", change).await;
    writer.write("data_attributes", "archive", attribute).await;
    let order = json!({ "type": "Order", "external_id": "7" });
    writer
        .write("custom_object_instances", "upsert", order.clone())
        .await;
    writer
        .write("custom_object_instances", "delete", order)
        .await;
    let away = json!({ "admin_id": admin, "away_mode_enabled": true, "away_mode_reassign": false });
    writer.write("admins", "away", away).await;
}

/// A world in which a row was written in each mode that a version has.
pub async fn written(version: &'static str) -> World {
    let mut writer = Writer::new(version).await;
    let admin = text(&writer.world.workspace().admins()[0], "id");
    people(&mut writer, &admin).await;
    conversations(&mut writer, &admin).await;
    tickets(&mut writer, &admin).await;
    content(&mut writer, &admin).await;
    settings(&mut writer, &admin).await;
    let all: BTreeSet<(&str, &str)> = actions::all()
        .flat_map(|action| action.modes.iter().map(move |mode| (action, mode)))
        .filter(|(_, mode)| mode.since <= minor(version))
        .map(|(action, mode)| (action.name, mode.name))
        .collect();
    let lacking: Vec<_> = all.difference(&writer.written).collect();
    assert!(lacking.is_empty(), "{version}: {lacking:?}");
    writer.world
}

#[tokio::test]
async fn every_mode_of_every_action_is_written_in_the_oldest_and_in_the_newest_versions() {
    for version in ["2.11", "2.16", "Preview"] {
        written(version).await;
    }
}
