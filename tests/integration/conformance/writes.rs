use std::time::Duration;

use host_test::simulator::CatalogueKind;
use serde_json::{Value, json};

use crate::world::{TIME_SCALE, World, request_with, text};

/// Somebody who writes, in one version of the API.
struct Writer<'a> {
    world: &'a World,
    version: &'a str,
    admin: String,
}

impl Writer<'_> {
    /// Sends a request, holds that its answer has this status, and gives its body.
    async fn send(&self, method: &str, target: &str, body: Value, status: u16) -> Value {
        let sent = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let found = request_with(self.world, method, target, self.version, &sent).await;
        let exchange = self.world.exchanges.exchanges().pop().expect("an exchange");
        assert_eq!(
            found, status,
            "{}: {method} {target} {body}: {}",
            self.version, exchange.answer
        );
        serde_json::from_str(&exchange.answer).unwrap_or_default()
    }

    async fn post(&self, target: &str, body: Value) -> Value {
        self.send("POST", target, body, 200).await
    }

    async fn put(&self, target: &str, body: Value) -> Value {
        self.send("PUT", target, body, 200).await
    }

    async fn delete(&self, target: &str, body: Value) -> Value {
        self.send("DELETE", target, body, 200).await
    }

    fn is_newest(&self) -> bool {
        self.version == "2.16"
    }
}

/// Writes everything that a client can write besides contacts and companies, and some of what is refused.
pub async fn write_everything(world: &World, version: &str) {
    let admin = text(&world.workspace().admins()[0], "id");
    let writer = Writer {
        world,
        version,
        admin,
    };
    let ada = json!({ "role": "user", "email": "ada.writes@example.org", "external_id": "ada" });
    let contact = world.workspace().create_contact(ada).expect("a contact");
    events(&writer, &contact).await;
    conversations(&writer, &contact).await;
    messages(&writer, &contact).await;
    tickets(&writer, &contact).await;
    kinds_of_tickets(&writer).await;
    content(&writer).await;
    settings(&writer).await;
    if writer.is_newest() {
        custom_objects(&writer).await;
        let found = "/contacts/find_by_external_id/ada";
        writer.send("GET", found, Value::Null, 200).await;
        writer
            .post(&format!("/contacts/{contact}/block"), Value::Null)
            .await;
    }
}

async fn events(writer: &Writer<'_>, contact: &str) {
    let event = json!({
        "event_name": "ordered",
        "created_at": writer.world.workspace().now(),
        "id": contact,
        "metadata": { "order": "7", "price": { "amount": 1999, "currency": "usd" } },
    });
    for _ in 0..2 {
        writer.send("POST", "/events", event.clone(), 202).await;
    }
    let mut unknown = event.clone();
    unknown["id"] = json!("nobody");
    writer.send("POST", "/events", unknown, 404).await;
    let sums = json!({
        "user_id": "ada",
        "event_summaries": { "event_name": "ordered", "count": 3, "first": 1_600_000_000, "last": 1_700_000_000 },
    });
    writer.post("/events/summaries", sums).await;
    let target = format!("/events?type=user&intercom_user_id={contact}");
    writer.send("GET", &target, Value::Null, 200).await;
}

async fn conversations(writer: &Writer<'_>, contact: &str) {
    let admin = &writer.admin;
    let body = json!({ "from": { "type": "user", "id": contact }, "body": "Hello", "created_at": 1_700_000_000 });
    let message = writer.post("/conversations", body).await;
    let id = text(&message, "conversation_id");
    let of = |what: &str| format!("/conversations/{id}{what}");
    let nobody =
        json!({ "from": { "type": "user", "id": "0123456789abcdef01234567" }, "body": "Hello" });
    writer.send("POST", "/conversations", nobody, 404).await;
    let reply = json!({
        "message_type": "comment", "type": "user", "intercom_user_id": contact, "body": "Hello?",
        "attachment_urls": ["https://example.org/plan.pdf"],
    });
    writer.post(&of("/reply"), reply.clone()).await;
    writer.post("/conversations/last/reply", reply).await;
    for kind in ["note", "comment"] {
        let reply = json!({ "message_type": kind, "type": "admin", "admin_id": admin, "body": "<b>Yes</b>" });
        writer.post(&of("/reply"), reply).await;
    }
    let reply = json!({ "message_type": "note", "type": "admin", "admin_id": admin, "body": "x" });
    writer
        .send("POST", "/conversations/1/reply", reply, 404)
        .await;
    for act in [
        json!({ "message_type": "close", "type": "admin", "admin_id": admin, "body": "Goodbye" }),
        json!({ "message_type": "open", "admin_id": admin }),
        json!({ "message_type": "snoozed", "admin_id": admin, "snoozed_until": 4_000_000_000_i64 }),
        json!({ "message_type": "assignment", "type": "admin", "admin_id": admin, "assignee_id": admin }),
        json!({ "message_type": "assignment", "type": "admin", "admin_id": admin, "assignee_id": "0" }),
    ] {
        writer.post(&of("/parts"), act).await;
    }
    if !writer.is_newest() {
        writer.post(&of("/run_assignment_rules"), Value::Null).await;
    }
    let patch = json!({ "read": true, "custom_attributes": { "issue_type": "Bug" } });
    let changed = writer.put(&of(""), patch).await;
    if writer.is_newest() {
        writer.put(&of(""), json!({ "title": "Refund" })).await;
    }

    let other = writer
        .world
        .workspace()
        .contact_ids()
        .nth(1)
        .expect("a contact");
    let customer = json!({ "admin_id": admin, "customer": { "intercom_user_id": other } });
    writer.post(&of("/customers"), customer).await;
    let by = json!({ "admin_id": admin });
    writer
        .delete(&of(&format!("/customers/{other}")), by.clone())
        .await;
    let last = of(&format!("/customers/{contact}"));
    writer.send("DELETE", &last, by.clone(), 422).await;

    let tag = text(&writer.world.workspace().tags()[0], "id");
    let body = json!({ "id": tag, "admin_id": admin });
    writer.post(&of("/tags"), body.clone()).await;
    writer
        .send("POST", "/conversations/1/tags", body, 404)
        .await;
    let tagged = of(&format!("/tags/{tag}"));
    writer.delete(&tagged, by.clone()).await;
    writer.send("DELETE", &tagged, by, 404).await;

    let part = &changed["conversation_parts"]["conversation_parts"][0]["id"];
    for redaction in [
        json!({ "type": "conversation_part", "conversation_id": id, "conversation_part_id": part }),
        json!({ "type": "source", "conversation_id": id, "source_id": changed["source"]["id"] }),
    ] {
        writer.post("/conversations/redact", redaction).await;
    }
    let nothing = json!({ "type": "source", "conversation_id": id, "source_id": "1" });
    writer
        .send("POST", "/conversations/redact", nothing, 404)
        .await;
    let convert = json!({ "ticket_type_id": "67", "attributes": { "_default_title_": "Refund" } });
    writer.post(&of("/convert"), convert).await;
    let convert = json!({ "ticket_type_id": "68" });
    writer.send("POST", &of("/convert"), convert, 400).await;
    if writer.is_newest() {
        writer.delete(&of(""), Value::Null).await;
    }
}

async fn messages(writer: &Writer<'_>, contact: &str) {
    let admin: i64 = writer.admin.parse().expect("a number");
    let message = |kind: &str| {
        json!({
            "message_type": kind,
            "from": { "type": "admin", "id": admin },
            "to": { "type": "user", "id": contact },
            "subject": "Hello",
            "body": "Hello",
        })
    };
    writer.post("/messages", message("in_app")).await;
    let mut at_once = message("email");
    at_once["create_conversation_without_contact_reply"] = json!(true);
    writer.post("/messages", at_once).await;
    let mut nameless = message("email");
    nameless["subject"] = json!("");
    writer.send("POST", "/messages", nameless, 422).await;
    let mut silent = message("email");
    silent["body"] = json!("");
    writer.send("POST", "/messages", silent, 400).await;
}

async fn tickets(writer: &Writer<'_>, contact: &str) {
    let admin = &writer.admin;
    let draft = json!({
        "ticket_type_id": "67",
        "contacts": [{ "id": contact }],
        "ticket_attributes": { "_default_title_": "Refund", "Severity": "2", "Reproduced": true },
    });
    let ticket = writer.post("/tickets", draft.clone()).await;
    let of = |what: &str| format!("/tickets/{}{what}", text(&ticket, "id"));
    let reply = json!({ "message_type": "comment", "type": "user", "intercom_user_id": contact, "body": "Hello?" });
    writer.post(&of("/reply"), reply.clone()).await;
    writer.send("POST", "/tickets/1/reply", reply, 404).await;
    let quick = json!({
        "message_type": "quick_reply", "type": "admin", "admin_id": admin,
        "reply_options": [{ "text": "Yes", "uuid": "0df48b85-9a93-4c66-a167-753eff0baaec" }],
    });
    writer.post(&of("/reply"), quick).await;
    let attributes = json!({ "_default_title_": "Refund, please" });
    let patch = if writer.is_newest() {
        json!({
            "ticket_attributes": attributes, "ticket_state_id": "8322", "open": true, "is_shared": true,
            "snoozed_until": 4_000_000_000_i64, "assignee_id": admin,
        })
    } else {
        json!({
            "ticket_attributes": attributes, "state": "in_progress", "open": true, "is_shared": true,
            "snoozed_until": 4_000_000_000_i64, "assignment": { "admin_id": admin, "assignee_id": admin },
        })
    };
    writer.put(&of(""), patch).await;
    let nobody = if writer.is_newest() {
        json!({ "assignee_id": "1" })
    } else {
        json!({ "assignment": { "admin_id": admin, "assignee_id": "1" } })
    };
    writer.send("PUT", &of(""), nobody, 404).await;
    let tag = text(&writer.world.workspace().tags()[0], "id");
    let body = json!({ "id": tag, "admin_id": admin });
    writer.post(&of("/tags"), body.clone()).await;
    writer.send("POST", "/tickets/1/tags", body, 404).await;
    let by = json!({ "admin_id": admin });
    let tagged = of(&format!("/tags/{tag}"));
    writer.delete(&tagged, by.clone()).await;
    writer.send("DELETE", &tagged, by, 404).await;
    if !writer.is_newest() {
        return;
    }
    let no_state = json!({ "ticket_state_id": "0" });
    writer.send("PUT", &of(""), no_state, 400).await;
    writer.delete(&of(""), Value::Null).await;
    let job = writer.post("/tickets/enqueue", draft).await;
    let status = format!("/jobs/status/{}", text(&job, "id"));
    writer.send("GET", &status, Value::Null, 200).await;
    let workspace = writer.world.workspace();
    workspace.advance(Duration::from_secs_f64(6.0 / TIME_SCALE));
    let done = writer.send("GET", &status, Value::Null, 200).await;
    assert_eq!(done["status"], "success");
    writer
        .send("GET", "/jobs/status/999", Value::Null, 404)
        .await;
}

async fn kinds_of_tickets(writer: &Writer<'_>) {
    let body = json!({ "name": "Order", "description": "About an order", "category": "Customer", "icon": "🎁" });
    let kind = writer.post("/ticket_types", body).await;
    let path = format!("/ticket_types/{}", text(&kind, "id"));
    for data_type in [
        "string", "list", "integer", "decimal", "boolean", "datetime", "files",
    ] {
        let mut body = json!({ "name": data_type, "description": "x", "data_type": data_type });
        if data_type == "list" {
            body["list_items"] = json!("small, large");
        }
        let attribute = writer.post(&format!("{path}/attributes"), body).await;
        let of = format!("{path}/attributes/{}", text(&attribute, "id"));
        writer.put(&of, json!({ "description": "y" })).await;
    }
    writer.put(&path, json!({ "name": "Orders" })).await;
}

async fn content(writer: &Writer<'_>) {
    let author: i64 = writer.admin.parse().expect("a number");
    let body =
        json!({ "title": "Thanks", "body": "All", "author_id": author, "state": "published" });
    let article = writer.post("/articles", body).await;
    let path = format!("/articles/{}", text(&article, "id"));
    writer.put(&path, json!({ "state": "draft" })).await;
    writer.send("GET", &path, Value::Null, 200).await;
    writer.delete(&path, Value::Null).await;
    writer
        .send("PUT", &path, json!({ "title": "x" }), 404)
        .await;
    writer.send("DELETE", &path, Value::Null, 404).await;
    let path = "/help_center/collections";
    let collection = writer.post(path, json!({ "name": "Start" })).await;
    let path = format!("{path}/{}", text(&collection, "id"));
    writer.put(&path, json!({ "description": "All" })).await;
    writer.delete(&path, Value::Null).await;
    if writer.is_newest() {
        let body = json!({ "title": "Tone", "author_id": author, "owner_id": author });
        let article = writer.post("/internal_articles", body).await;
        let path = format!("/internal_articles/{}", text(&article, "id"));
        writer.put(&path, json!({ "body": "Kind" })).await;
        writer.delete(&path, Value::Null).await;
    }
}

async fn settings(writer: &Writer<'_>) {
    let options = if writer.is_newest() {
        json!({ "data_type": "options", "options": [{ "value": "1-10" }, { "value": "11-20" }] })
    } else {
        json!({ "data_type": "string", "options": ["1-10", "11-20"] })
    };
    let mut body = json!({ "name": "Range", "model": "contact" });
    for (name, value) in options.as_object().expect("an object") {
        body[name] = value.clone();
    }
    let attribute = writer.post("/data_attributes", body).await;
    let patch = json!({ "archived": true, "options": [{ "value": "1-10" }, { "value": "11-20" }] });
    writer
        .put(
            &format!("/data_attributes/{}", attribute["id"]),
            patch.clone(),
        )
        .await;
    writer.send("PUT", "/data_attributes/999", patch, 404).await;
    let away = json!({ "away_mode_enabled": true, "away_mode_reassign": false });
    writer
        .put(&format!("/admins/{}/away", writer.admin), away.clone())
        .await;
    writer.send("PUT", "/admins/1/away", away, 404).await;
}

async fn custom_objects(writer: &Writer<'_>) {
    let path = "/custom_object_instances/Order";
    let body = json!({ "external_id": "o-1", "external_created_at": 1_700_000_000, "custom_attributes": { "order_number": "1" } });
    writer.post(path, body).await;
    writer
        .delete(&format!("{path}?external_id=o-1"), Value::Null)
        .await;
    let kind = CatalogueKind::CustomObjects;
    let objects = writer.world.workspace().catalogue_objects(kind);
    let order = objects.iter().find(|object| object["type"] == "Order");
    let id = text(order.expect("an order"), "id");
    writer.delete(&format!("{path}/{id}"), Value::Null).await;
}
