//! `check`: whether a connection works, and what to do where it does not.

use serde_json::{Value, json};

use super::{CommandError, load_connection, print_json, print_line};
use crate::call::CallError;
use crate::command_line::{CheckArguments, Exit, Global};
use crate::contract::connector::{CheckReport, Readability};
use crate::contract::types::FailureKind;
use crate::opened_connection::{OpenedConnection, load_component};
use crate::runner::find_stream;

/// One thing that was looked at.
struct Finding {
    what: String,
    verdict: Verdict,
    message: String,
    remedy: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    /// Not good, and nobody asked for it.
    Aside,
    Bad,
}

/// Checks a connection.
pub(super) async fn run(global: &Global, arguments: &CheckArguments) -> Result<Exit, CommandError> {
    let file = load_connection(global, &arguments.connection)?;
    let plugin = load_component(global.component.as_deref()).await?;
    let connection = OpenedConnection::new(plugin, file, None)?;
    tell(global, &connection).await
}

/// Checks an opened connection and says what was found.
pub(super) async fn tell(
    global: &Global,
    connection: &OpenedConnection,
) -> Result<Exit, CommandError> {
    let mut findings = Vec::new();
    let mut account = Value::Null;
    if !connection.has_token() {
        findings.push(Finding {
            what: "API".to_owned(),
            verdict: Verdict::Bad,
            message: "there is no access token".to_owned(),
            remedy: Some(format!(
                "add credentials.access_token, best as \"${{VARIABLE}}\", or {}",
                authorise(connection)
            )),
        });
    } else {
        match connection.check().await {
            Ok(report) => {
                account = json!({
                    "workspace_id": report.account.workspace_id,
                    "name": report.account.name,
                    "region": report.account.region,
                    "time_zone": report.account.time_zone,
                    "api_version": report.account.api_version,
                });
                found(connection, &report, &mut findings);
            }
            Err(error) => findings.push(refused(connection, &error)),
        }
    }
    findings.push(webhooks(connection));
    let good = findings
        .iter()
        .all(|finding| finding.verdict != Verdict::Bad);
    if global.json {
        print_json(&json!({"ok": good, "account": account, "findings": to_json(&findings)}))?;
    } else {
        for finding in &findings {
            print_line(&to_text(finding))?;
        }
    }
    Ok(if good {
        Exit::Success
    } else {
        Exit::CheckFailed
    })
}

fn found(connection: &OpenedConnection, report: &CheckReport, findings: &mut Vec<Finding>) {
    let account = &report.account;
    let or_unknown = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    findings.push(good(
        "API",
        format!(
            "workspace {} ({}), API version {}",
            or_unknown(&account.name),
            account.workspace_id,
            or_unknown(&account.api_version)
        ),
    ));
    findings.push(good(
        "region",
        format!(
            "{}, time zone {}",
            or_unknown(&account.region),
            or_unknown(&account.time_zone)
        ),
    ));
    let wanted = &connection.file.streams;
    for name in wanted {
        if let Err(unknown) = find_stream(connection.plugin.descriptor(), name) {
            findings.push(Finding {
                what: name.clone(),
                verdict: Verdict::Bad,
                message: unknown.to_string(),
                remedy: Some("take it out of the connection, or write it as above".to_owned()),
            });
        }
    }
    for status in &report.streams {
        let asked_for = wanted.is_empty() || wanted.contains(&status.name);
        let bad = if asked_for {
            Verdict::Bad
        } else {
            Verdict::Aside
        };
        let finding = |verdict, message: String, remedy: Option<String>| Finding {
            what: status.name.clone(),
            verdict,
            message,
            remedy,
        };
        findings.push(match &status.readability {
            Readability::Readable => finding(Verdict::Good, "readable".to_owned(), None),
            Readability::Denied(failure) => {
                let stream = find_stream(connection.plugin.descriptor(), &status.name).ok();
                let permission = stream.and_then(|stream| stream.permission.clone());
                let remedy = permission.map(|permission| {
                    format!("give the app the permission `{permission}` and authorise it again")
                });
                finding(bad, failure.message.clone(), remedy)
            }
            Readability::NotInVersion(why) => {
                // Nobody can want every stream of every version.
                let verdict = match wanted.is_empty() {
                    true => Verdict::Aside,
                    false => bad,
                };
                finding(
                    verdict,
                    why.clone(),
                    Some("choose another config.api_version, or leave the stream out".to_owned()),
                )
            }
            Readability::Unknown(failure) => finding(
                bad,
                format!("could not be found out: {}", failure.message),
                Some("check again later".to_owned()),
            ),
        });
    }
    for notice in &report.notices {
        findings.push(Finding {
            what: notice.stream.clone().unwrap_or_else(|| notice.kind.clone()),
            verdict: Verdict::Aside,
            message: notice.message.clone(),
            remedy: None,
        });
    }
}

fn refused(connection: &OpenedConnection, error: &CallError) -> Finding {
    let report = || "report this with the message above".to_owned();
    let region = "check that config.region is the workspace's";
    let remedy = match error {
        CallError::Failure(failure) => match failure.kind {
            FailureKind::Auth if connection.file.access_token.is_some() => {
                format!("put a valid access token into the connection; {region}")
            }
            FailureKind::Auth => format!("{}; {region}", authorise(connection)),
            FailureKind::InvalidInput => "mend the configuration as said above".to_owned(),
            FailureKind::Permission => {
                "give the app the permission and authorise it again".to_owned()
            }
            FailureKind::Transient | FailureKind::RateLimited => {
                "check the network and `endpoint`, and try again later".to_owned()
            }
            _ => report(),
        },
        _ => report(),
    };
    Finding {
        what: "API".to_owned(),
        verdict: Verdict::Bad,
        message: error.to_string(),
        remedy: Some(remedy),
    }
}

fn authorise(connection: &OpenedConnection) -> String {
    format!(
        "authorise with `host-test auth --connection {}`",
        connection.file.path.display()
    )
}

fn webhooks(connection: &OpenedConnection) -> Finding {
    match connection.file.client_secrets.len() {
        0 => Finding {
            what: "webhooks".to_owned(),
            verdict: Verdict::Aside,
            message: "cannot be verified: there is no client secret".to_owned(),
            remedy: Some("add credentials.client_secret to take webhooks".to_owned()),
        },
        1 => good("webhooks", "can be verified".to_owned()),
        count => good("webhooks", format!("can be verified with {count} secrets")),
    }
}

fn good(what: &str, message: String) -> Finding {
    Finding {
        what: what.to_owned(),
        verdict: Verdict::Good,
        message,
        remedy: None,
    }
}

fn to_text(finding: &Finding) -> String {
    let mark = match finding.verdict {
        Verdict::Good => '✓',
        Verdict::Aside => '–',
        Verdict::Bad => '✗',
    };
    let mut text = format!("{mark} {}: {}", finding.what, finding.message);
    if let Some(remedy) = &finding.remedy {
        text.push_str("\n    → ");
        text.push_str(remedy);
    }
    text
}

fn to_json(findings: &[Finding]) -> Vec<Value> {
    findings
        .iter()
        .map(|finding| {
            json!({
                "what": finding.what,
                "ok": finding.verdict != Verdict::Bad,
                "good": finding.verdict == Verdict::Good,
                "message": finding.message,
                "remedy": finding.remedy,
            })
        })
        .collect()
}
