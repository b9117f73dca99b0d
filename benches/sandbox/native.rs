//! The core, called natively.

use std::time::Duration;

use anyhow::{anyhow, bail};
use hmac::{Hmac, KeyInit, Mac};
use intercom_connector::contract::connector::{PageRequest, Selection, WebhookDelivery};
use intercom_connector::contract::http::Response;
use intercom_connector::contract::types::{Connection, Header};
use intercom_connector::operation::{Input, Moment, Operation, Step};
use intercom_connector::read_page::ReadPage;
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

/// Verifies one webhook.
pub fn verify_webhook(body: &[u8], prepared: Option<Vec<u8>>) -> anyhow::Result<Duration> {
    let delivery = WebhookDelivery {
        headers: vec![Header {
            name: "x-hub-signature".into(),
            value: signature(body)?,
        }],
        body: body.to_vec(),
        secrets: vec![SECRET.into()],
        received_at_ms: 0,
    };
    let connection = Connection {
        prepared,
        ..connection()
    };
    let start = thread_cpu_time();
    let verdict = intercom_connector::verify_webhook::verify(&connection, &delivery);
    let taken = thread_cpu_time() - start;
    verdict.map_err(|failure| anyhow!(failure.message))?;
    Ok(taken)
}

/// The mapping that is measured.
pub const MAPPING: &str = r#"{"preset":"brevo-contact","lists":{"all_users":35,"leads":37},"country":"US","attributes":{"plan_tier":"PLAN_TIER"}}"#;

/// The measured mapping, as a check prepares it.
pub fn prepared() -> anyhow::Result<Vec<u8>> {
    let mapping = intercom_connector::mapping::Mapping::compile(MAPPING.as_bytes(), None);
    Ok(mapping
        .map_err(|failure| anyhow!(failure.message))?
        .prepare(&[]))
}

/// A mapping of conversations and a hundred triggers, as a check prepares them: four in five are for other topics or look for
/// words that are not there, and one becomes a ticket.
pub fn prepared_triggers() -> anyhow::Result<Vec<u8>> {
    let mut triggers = serde_json::Map::new();
    for number in 0..100 {
        let words: Vec<String> = (0..10)
            .map(|word| format!("keyword {number} {word}"))
            .collect();
        let trigger = match number % 5 {
            0 => serde_json::json!({ "on": "ticket.created", "action": "note" }),
            1 => {
                serde_json::json!({ "on": "conversation.closed", "action": "note", "when": { "tag": words[0] } })
            }
            2 => {
                serde_json::json!({ "action": "note", "when": { "path": "custom_attributes.tier", "equals": words[0] } })
            }
            3 => {
                serde_json::json!({ "action": "note", "when": { "all": [{ "path": "state", "equals": "open" },
                { "keywords": words }] } })
            }
            _ => serde_json::json!({ "on": "conversation.replied", "action": "note",
                "when": { "any": [{ "keywords": words }, { "author": "bot" }] } }),
        };
        triggers.insert(format!("trigger {number}"), trigger);
    }
    triggers.insert(
        "trigger 0".to_owned(),
        serde_json::json!({ "on": "conversation.replied", "action": "ticket", "when": { "keyword": "refund" } }),
    );
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
