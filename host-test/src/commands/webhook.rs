//! `webhook verify` and `webhook serve`.

mod place;
mod schedule;
mod serve;
mod served;

use std::path::Path;

use serde_json::{Value, json};

pub(super) use self::place::Place;
pub(super) use self::serve::serve;
use super::intents::intent_json;
use super::{CommandError, load_connection, print_json, read_bytes};
use crate::clock::now_ms;
use crate::command_line::{Exit, Global, VerifyArguments};
use crate::connection_file::ConnectionFile;
use crate::contract::connector::{Verdict, WebhookDelivery};
use crate::contract::types::Header;
use crate::opened_connection::{OpenedConnection, load_component};
use crate::output::encode_entries;

/// Verifies one delivery from files.
pub(super) async fn verify(
    global: &Global,
    arguments: &VerifyArguments,
) -> Result<Exit, CommandError> {
    let file = load_connection(global, &arguments.connection)?;
    require_secret(&file)?;
    let mut headers = arguments.headers.clone();
    if let Some(path) = &arguments.headers_file {
        headers.extend(read_headers(path)?);
    }
    let body = read_bytes(&arguments.body)?;
    let plugin = load_component(global.component.as_deref()).await?;
    let connection = OpenedConnection::new(plugin, file, None)?;
    let delivery = WebhookDelivery {
        headers: headers
            .into_iter()
            .map(|(name, value)| Header { name, value })
            .collect(),
        body,
        secrets: connection
            .file
            .client_secrets
            .iter()
            .map(|secret| secret.expose().to_owned())
            .collect(),
        received_at_ms: now_ms(),
    };
    let verdict = connection
        .plugin
        .verify_webhook(&connection.tenant, &delivery)
        .await?;
    print_json(&verdict_json(&verdict))?;
    Ok(match verdict {
        Verdict::Rejected(_) => Exit::Failure,
        _ => Exit::Success,
    })
}

fn require_secret(file: &ConnectionFile) -> Result<(), CommandError> {
    if file.client_secrets.is_empty() {
        return Err(CommandError::usage(format!(
            "{}: webhooks are verified with the client secret; add it, best as \"${{VARIABLE}}\"",
            file.path.display()
        )));
    }
    Ok(())
}

fn read_headers(path: &Path) -> Result<Vec<(String, String)>, CommandError> {
    let text = String::from_utf8_lossy(&read_bytes(path)?).into_owned();
    text.lines()
        .zip(1..)
        .filter(|(line, _)| !line.trim().is_empty())
        .map(|(line, number)| match line.split_once(':') {
            Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
            None => Err(CommandError::usage(format!(
                "{}: line {number} is not `Name: value`",
                path.display()
            ))),
        })
        .collect()
}

fn verdict_json(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Accepted(accepted) => {
            let mut lines = Vec::new();
            encode_entries(&accepted.entries, &mut lines);
            let entries: Vec<Value> = lines
                .split(|byte| *byte == b'\n')
                .filter_map(|line| serde_json::from_slice(line).ok())
                .collect();
            let again: Vec<Value> = accepted
                .read_again
                .iter()
                .map(|row| json!({"stream": row.stream, "key": row.key}))
                .collect();
            json!({
                "verdict": "accepted",
                "id": accepted.id,
                "topic": accepted.topic,
                "created_at_ms": accepted.created_at_ms,
                "entries": entries,
                "intents": accepted.intents.iter().map(intent_json).collect::<Vec<_>>(),
                "read_again": again,
            })
        }
        Verdict::Ping(workspace) => json!({"verdict": "ping", "workspace_id": workspace}),
        Verdict::Ignored(ignored) => json!({
            "verdict": "ignored",
            "id": ignored.id,
            "topic": ignored.topic,
            "reason": ignored.reason,
        }),
        Verdict::Rejected(rejection) => json!({
            "verdict": "rejected",
            "code": rejection.code,
            "message": rejection.message,
        }),
    }
}
