//! Writing contacts, new ones and existing ones, and reading them back.

use std::time::Duration;

use serde_json::{Value, json};

use super::expectation::Expectations;
use super::{Stage, same, text_at, unique_name};
use crate::commands::CommandError;
use crate::contract::connector::{Outcome, Rehearsal, Row};
use crate::progress::Silent;
use crate::runner::RetryPolicy;
use crate::writer::{WriteOptions, WriteReport, Writer, outcome_json};

/// New rows, and as many existing ones.
const EACH: usize = 10;

/// Writes contacts and compares them with what the workspace holds then.
pub(super) async fn write_back(
    stage: &Stage<'_>,
    expectations: &mut Expectations,
) -> Result<WriteReport, CommandError> {
    let documents = documents(stage);
    expectations.hold(documents.len() == 2 * EACH, || {
        format!(
            "{} contacts to write, {} expected",
            documents.len(),
            2 * EACH
        )
    });
    let rows = documents
        .iter()
        .enumerate()
        .map(|(index, document)| Row {
            key: index.to_string(),
            document: document.to_string().into_bytes(),
            attempt: 0,
            base_updated_at_ms: None,
        })
        .collect();
    let descriptor = stage.connection.plugin.descriptor();
    let action = descriptor
        .actions
        .iter()
        .find(|action| action.name == "contacts")
        .ok_or_else(|| CommandError::failed("the component has no action `contacts`"))?;
    let options = WriteOptions {
        mode: Some("upsert".to_owned()),
        batch_id: unique_name("batch"),
        rehearsal: Rehearsal::Off,
        tries: 5,
        time_budget: Duration::from_secs(60),
        retry: RetryPolicy {
            time_scale: stage.time_scale,
            ..RetryPolicy::default()
        },
    };
    let writer = Writer {
        plugin: &stage.connection.plugin,
        tenant: &stage.connection.tenant,
        action,
        options: &options,
        progress: &Silent,
    };
    let mut outcomes: Vec<Outcome> = Vec::new();
    let report = writer
        .run(rows, |settled| {
            outcomes.extend_from_slice(settled);
            Ok::<(), CommandError>(())
        })
        .await?;
    expectations.hold(report.is_complete(), || {
        let failed = outcomes
            .iter()
            .map(outcome_json)
            .find(|outcome| matches!(text_at(outcome, "status"), "failed" | "deferred"));
        format!(
            "rows were not written: {:?} {}",
            report,
            failed.unwrap_or_default()
        )
    });
    let each = EACH as u64;
    expectations.hold(
        (report.count("created"), report.count("updated")) == (each, each),
        || {
            format!(
                "{EACH} created and {EACH} updated were expected: {:?}",
                report.counts
            )
        },
    );
    for outcome in &outcomes {
        let document = outcome
            .key
            .parse()
            .ok()
            .and_then(|index: usize| documents.get(index));
        let stored = outcome
            .object_id
            .as_ref()
            .and_then(|id| stage.simulator.workspace().contact(id));
        let different = match (document, stored) {
            (Some(document), Some(stored)) => difference(document, &stored),
            _ => Some("it is not there".to_owned()),
        };
        if let Some(different) = different {
            expectations.hold(false, || {
                format!("the row {} was written: {different}", outcome.key)
            });
        }
    }
    Ok(report)
}

/// Contacts that are there, with another name, and contacts that are not.
fn documents(stage: &Stage<'_>) -> Vec<Value> {
    let workspace = stage.simulator.workspace();
    // Contacts without an id of the customer's own could be meant by their e-mail only, which several may have.
    let existing = workspace
        .contact_ids()
        .filter_map(|id| workspace.contact(&id))
        .filter(|contact| !text_at(contact, "external_id").is_empty())
        .take(EACH)
        .enumerate()
        .map(|(index, contact)| {
            json!({
                "external_id": contact["external_id"],
                "email": contact["email"],
                "name": unique_name(&format!("renamed-{index}")),
                "custom_attributes": {"seats": 1_000 + index},
            })
        });
    let new = (0..EACH).map(|index| {
        let name = unique_name(&format!("new-{index}"));
        json!({
            "external_id": name,
            "email": format!("{name}@example.com"),
            "name": format!("New {index}"),
            "role": "user",
            "custom_attributes": {"seats": index, "on_trial": true},
        })
    });
    existing.chain(new).collect()
}

/// The first field of a document that the stored contact has otherwise.
fn difference(document: &Value, stored: &Value) -> Option<String> {
    let fields = document.as_object()?;
    for (name, value) in fields {
        let differs = match value.as_object() {
            None => !same(value, &stored[name]),
            Some(inner) => inner
                .iter()
                .any(|(inner_name, value)| !same(value, &stored[name][inner_name])),
        };
        if differs {
            return Some(format!("{name} is {}, {value} was written", stored[name]));
        }
    }
    None
}
