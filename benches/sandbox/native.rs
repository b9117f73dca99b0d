//! The core, called natively.

use std::time::Duration;

use anyhow::{anyhow, bail};
use hmac::{Hmac, KeyInit, Mac};
use intercom_connector::contract::connector::{PageRequest, Selection, Verdict, WebhookDelivery};
use intercom_connector::contract::http::Response;
use intercom_connector::contract::types::{Connection, Header};
use intercom_connector::operation::{Input, Moment, Operation, Step};
use intercom_connector::read_page::ReadPage;
use serde_json::json;
use sha1::Sha1;

use super::clock::thread_cpu_time;

/// The secret that signs the webhooks.
pub const SECRET: &str = "client-secret";

fn connection() -> Connection {
    Connection {
        config: b"{}".to_vec(),
        mapping: None,
        triggers: None,
        account: None,
        prepared: None,
    }
}

/// Parses a page into a tree of values, as most connectors do.
pub fn tree(page: &[u8]) -> anyhow::Result<Duration> {
    let start = thread_cpu_time();
    let tree: serde_json::Value = serde_json::from_slice(page)?;
    let taken = thread_cpu_time() - start;
    assert!(tree["data"].is_array());
    Ok(taken)
}

/// Reads one page that the server answers with this body.
pub fn read_page(body: &[u8]) -> anyhow::Result<Duration> {
    let answer = Ok(Response {
        status: 200,
        headers: vec![Header {
            name: "date".into(),
            value: "Thu, 27 Jun 2024 12:52:57 GMT".into(),
        }],
        body: body.to_vec(),
    });
    let request = PageRequest {
        stream: "contacts".into(),
        selection: Selection::All,
        filter: None,
        cursor: None,
        max_entries: 150,
        max_bytes: 8 << 20,
        time_budget_ms: 60_000,
    };
    let connection = connection();
    let start = thread_cpu_time();
    let mut operation = ReadPage::new(connection, request);
    let Step::Send(..) = operation.step(Moment::default(), Input::Start) else {
        bail!("nothing was sent")
    };
    let Step::Done(page) = operation.step(Moment::default(), Input::Answers(vec![answer])) else {
        bail!("not done")
    };
    let page = page.map_err(|failure| anyhow!(failure.message))?;
    let taken = thread_cpu_time() - start;
    assert_eq!(page.entries.len(), 150);
    Ok(taken)
}

/// The signature of a body.
pub fn signature(body: &[u8]) -> anyhow::Result<String> {
    let mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes())?
        .chain_update(body)
        .finalize()
        .into_bytes();
    Ok(format!(
        "sha1={}",
        mac.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    ))
}

/// When webhooks are received, in milliseconds: an hour after the measured ones were sent.
pub const RECEIVED_AT_MS: i64 = 1_719_496_434_000;

/// Verifies one webhook; so many triggers fire.
pub fn verify_webhook(
    body: &[u8],
    prepared: Option<Vec<u8>>,
    fire: usize,
) -> anyhow::Result<Duration> {
    let delivery = WebhookDelivery {
        headers: vec![Header {
            name: "x-hub-signature".into(),
            value: signature(body)?,
        }],
        body: body.to_vec(),
        secrets: vec![SECRET.into()],
        received_at_ms: RECEIVED_AT_MS,
    };
    let connection = Connection {
        prepared,
        ..connection()
    };
    let start = thread_cpu_time();
    let verdict = intercom_connector::verify_webhook::verify(&connection, &delivery);
    let taken = thread_cpu_time() - start;
    match verdict.map_err(|failure| anyhow!(failure.message))? {
        Verdict::Accepted(accepted) => assert_eq!(accepted.intents.len(), fire),
        _ => bail!("the webhook is not accepted"),
    }
    Ok(taken)
}

/// What triggers look for.
const WORDS: [&str; 10] = [
    "cancel my plan",
    "charged twice",
    "iade",
    "I would like",
    "lawyer",
    "money back",
    "order number",
    "remboursement",
    "what became of",
    "返品",
];

/// The mapping that is measured.
pub const MAPPING: &str = r#"{"preset":"brevo-contact","lists":{"all_users":35,"leads":37},"country":"US","attributes":{"plan_tier":"PLAN_TIER"}}"#;

/// The measured mapping, as a check prepares it.
pub fn prepared() -> anyhow::Result<Vec<u8>> {
    let mapping = intercom_connector::mapping::Mapping::compile(MAPPING.as_bytes(), None);
    Ok(mapping
        .map_err(|failure| anyhow!(failure.message))?
        .prepare(&[]))
}

/// A mapping of conversations and a hundred triggers, as a check prepares them. Seventy may fire for the measured reply: fifty
/// name its topic, twenty none. Forty look for ten words each. Four fire, one of them for a ticket.
pub fn prepared_triggers() -> anyhow::Result<Vec<u8>> {
    let mut triggers = serde_json::Map::new();
    for number in 0..100 {
        let words: Vec<String> = WORDS
            .iter()
            .map(|word| format!("{word} {number}"))
            .collect();
        let trigger = match number % 10 {
            0 => json!({ "on": "ticket.created", "action": "note", "when": { "keywords": words } }),
            1 => {
                json!({ "on": "conversation.admin.closed", "action": "note", "when": { "tag": words[0] } })
            }
            2 => json!({ "on": "contact.user.updated", "action": "tag",
                "when": { "path": "custom_attributes.tier", "equals": words[0] } }),
            3 => {
                json!({ "action": "note", "when": { "path": "custom_attributes.tier", "equals": words[0] } })
            }
            4 => {
                json!({ "action": "note", "when": [{ "path": "state", "equals": "open" }, { "keywords": words }] })
            }
            5 => json!({ "on": "conversation.user.replied", "action": "note",
                "when": { "any": [{ "keywords": words }, { "author": "bot" }] } }),
            6 => json!({ "on": "conversation.replied", "action": "assign", "per": "change",
                "when": [{ "keywords": words }, { "not": { "tag": "vip" } }] }),
            7 => json!({ "on": "conversation.user.replied", "action": "alarm",
                "when": [{ "path": "priority", "equals": "priority" }, { "waiting": format!("{number}m") }] }),
            8 => {
                json!({ "on": ["conversation.user.replied", "conversation.user.created"], "action": "escalate",
                "when": { "keywords": words, "in": ["source.body", "title"] } })
            }
            _ => json!({ "on": "conversation.user.replied", "action": "note",
                "when": { "all": [{ "author": "user" }, { "path": "conversation_rating.rating", "at_most": 2 },
                    { "path": "custom_attributes.seats", "above": number }] } }),
        };
        triggers.insert(format!("trigger {number}"), trigger);
    }
    for (number, trigger) in [
        (
            5,
            json!({ "on": "conversation.user.replied", "action": "ticket", "when": { "keyword": "refund" } }),
        ),
        (
            15,
            json!({ "on": "conversation.user.replied", "action": "note", "per": "change",
            "when": [{ "keywords": ["order", "退款"] }, { "author": "contact" }],
            "mapping": [{ "from": "id", "to": "ID" }, { "from": "source.author.email", "to": "EMAIL" }] }),
        ),
        (
            3,
            json!({ "action": "note", "when": { "path": "custom_attributes.tier", "equals": "gold" },
            "mapping": [{ "from": "id", "to": "ID" }] }),
        ),
        (
            7,
            json!({ "on": "conversation.user.replied", "action": "conversations", "confirm": true, "when": { "waiting": "30m" },
            "mapping": [{ "from": "id", "to": "ID" }] }),
        ),
    ] {
        triggers.insert(format!("trigger {number}"), trigger);
    }
    prepared_with(triggers)
}

/// The topics of the plain triggers, with the streams of their rows. The measured reply comes under the first.
const TOPICS: [(&str, bool); 10] = [
    ("conversation.user.replied", true),
    ("conversation.user.created", true),
    ("conversation.admin.closed", true),
    ("conversation.admin.assigned", true),
    ("conversation.admin.replied", true),
    ("conversation.priority.updated", true),
    ("contact.user.created", false),
    ("contact.user.updated", false),
    ("contact.lead.created", false),
    ("company.updated", false),
];

/// A mapping of conversations and a hundred triggers as customers have them, ten on each of ten topics. The one that fires
/// has a mapping of four fields.
pub fn prepared_plain_triggers() -> anyhow::Result<Vec<u8>> {
    let mut triggers = serde_json::Map::new();
    for (topic, of_conversations) in TOPICS {
        let conditions = match of_conversations {
            true => [
                json!({ "keywords": ["cancel my plan", "close my account", "iptal"] }),
                json!({ "keywords": ["charged twice", "double charge", "wrong invoice", "退款"] }),
                json!({ "keywords": ["lawyer", "legal action", "avocat"], "in": "conversation_parts" }),
                json!([{ "keywords": ["money back", "refund"] }, { "author": "user" }]),
                json!({ "tag": "vip" }),
                json!({ "all": [{ "tag": ["bug", "incident"] }, { "author": "admin" }] }),
                json!({ "path": "priority", "equals": "priority" }),
                json!({ "waiting": "2h" }),
                json!({ "all": [{ "path": "custom_attributes.tier", "equals": "gold" }, { "not": { "author": "user" } }] }),
                json!({ "path": "conversation_rating.rating", "at_most": 2 }),
            ],
            false => [
                json!({ "tag": "vip" }),
                json!({ "tag": ["churned", "lost"] }),
                json!({ "path": "custom_attributes.plan_tier", "equals": "enterprise" }),
                json!({ "path": "custom_attributes.plan_tier", "in": ["pro", "team"] }),
                json!({ "path": "custom_attributes.seats", "above": 50 }),
                json!({ "path": "custom_attributes.seats", "below": 2 }),
                json!({ "path": "custom_attributes.renewal", "present": true }),
                json!({ "path": "name", "absent": true }),
                json!({ "all": [{ "tag": "trial" }, { "path": "custom_attributes.seats", "above": 10 }] }),
                json!({ "not": { "tag": "customer" } }),
            ],
        };
        for (number, when) in conditions.into_iter().enumerate() {
            let mut trigger = json!({ "on": topic, "action": "note", "when": when });
            if of_conversations && number == 3 {
                trigger["mapping"] = json!({ "id": "ID", "source.author.email": "EMAIL", "state": "STATE",
                    "custom_attributes.tier": "TIER" });
            }
            triggers.insert(format!("{topic} {number}"), trigger);
        }
    }
    prepared_with(triggers)
}

/// A mapping of conversations, and triggers, as a check prepares them.
fn prepared_with(triggers: serde_json::Map<String, serde_json::Value>) -> anyhow::Result<Vec<u8>> {
    let document = serde_json::Value::from(triggers).to_string();
    let compiled = intercom_connector::triggers::compile(document.as_bytes(), None);
    let compiled = compiled.map_err(|failure| anyhow!(failure.message))?;
    let mapping =
        br#"{"conversations":{"id":"ID","state":"STATE","source.body":"BODY","created_at":"AT"}}"#;
    let mapping = intercom_connector::mapping::Mapping::compile(mapping, None);
    Ok(mapping
        .map_err(|failure| anyhow!(failure.message))?
        .prepare(&intercom_connector::triggers::pack(&compiled)))
}

/// Maps documents, with a mapping that was prepared or without one.
pub fn map_records(documents: &[Vec<u8>], prepared: Option<Vec<u8>>) -> anyhow::Result<Duration> {
    let connection = Connection {
        prepared,
        ..connection()
    };
    let start = thread_cpu_time();
    let mapped = intercom_connector::map_record::map_records(&connection, "contacts", documents);
    let taken = thread_cpu_time() - start;
    assert!(
        mapped
            .map_err(|failure| anyhow!(failure.message))?
            .iter()
            .all(Result::is_ok)
    );
    Ok(taken)
}
