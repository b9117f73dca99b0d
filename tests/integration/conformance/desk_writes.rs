use std::time::Duration;

use serde_json::{Value, json};

use super::writes::Writer;
use crate::world::{TIME_SCALE, text};

pub async fn conversations(writer: &Writer<'_>, contact: &str) {
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

pub async fn messages(writer: &Writer<'_>, contact: &str) {
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

pub async fn tickets(writer: &Writer<'_>, contact: &str) {
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

pub async fn kinds_of_tickets(writer: &Writer<'_>) {
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
