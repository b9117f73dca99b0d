use host_test::simulator::CatalogueKind;
use serde_json::{Value, json};

use super::desk_writes::{conversations, kinds_of_tickets, messages, tickets};
use crate::world::{World, request_with, text};

/// Somebody who writes, in one version of the API.
pub struct Writer<'a> {
    pub world: &'a World,
    version: &'a str,
    /// Id of a teammate.
    pub admin: String,
}

impl Writer<'_> {
    /// Sends a request, holds that its answer has this status, and gives its body.
    pub async fn send(&self, method: &str, target: &str, body: Value, status: u16) -> Value {
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

    pub async fn post(&self, target: &str, body: Value) -> Value {
        self.send("POST", target, body, 200).await
    }

    pub async fn put(&self, target: &str, body: Value) -> Value {
        self.send("PUT", target, body, 200).await
    }

    pub async fn delete(&self, target: &str, body: Value) -> Value {
        self.send("DELETE", target, body, 200).await
    }

    pub fn is_newest(&self) -> bool {
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
    if writer.is_newest() {
        let path = "/conversations/attributes";
        let weight = json!({ "name": "Weight", "data_type": "decimal" });
        writer.post(path, weight.clone()).await;
        writer.send("POST", path, weight, 422).await;
        let unknown = json!({ "name": "Height", "data_type": "list", "options": [{ "label": "1" }, { "label": "2" }] });
        writer.post(path, unknown).await;
        let mut ids = writer.world.workspace().conversation_ids();
        let conversation = ids.next().expect("a conversation");
        let path = format!("/conversations/{conversation}");
        let weighed = json!({ "custom_attributes": { "Weight": 1.5, "Height": "2" } });
        writer.put(&path, weighed).await;
    }
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
