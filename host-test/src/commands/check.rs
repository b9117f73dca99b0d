//! `check`: whether a connection works, and what to do where it does not.

mod finding;
mod topics;
mod webhooks;

use serde_json::{Value, json};

use self::finding::{Finding, Verdict};
use super::status::stored_state;
use super::{CommandError, load_connection, print_json, print_line};
use crate::call::CallError;
use crate::command_line::{CheckArguments, Exit, Global};
use crate::contract::connector::{CheckReport, Readability};
use crate::contract::types::FailureKind;
use crate::guest_text::clean;
use crate::opened_connection::{OpenedConnection, load_component};
use crate::position::State;
use crate::runner::find_stream;

/// The longest name that is shown.
const SHOWN_BYTES: usize = 200;

/// The code of a stream that cannot be read because only webhooks tell of it.
const WEBHOOKS_ONLY: &str = "webhooks_only";

/// The code of a stream that the workspace has not, which no permission would change.
const NOT_AVAILABLE: &str = "not_available";

/// Checks a connection.
pub(super) async fn run(global: &Global, arguments: &CheckArguments) -> Result<Exit, CommandError> {
    let file = load_connection(global, &arguments.connection)?;
    let state = match (&arguments.output.output, &arguments.output.state) {
        (None, None) => None,
        // Before the first run there is nothing to be found.
        _ => Some(stored_state(&arguments.output)?.unwrap_or_default()),
    };
    let plugin = load_component(global.component.as_deref()).await?;
    let connection = OpenedConnection::new(plugin, file, None)?;
    tell(global, &connection, state.as_ref()).await
}

/// Checks an opened connection and says what was found. `state` is what is stored of earlier runs, where it is known.
pub(super) async fn tell(
    global: &Global,
    connection: &OpenedConnection,
    state: Option<&State>,
) -> Result<Exit, CommandError> {
    let mut findings = Vec::new();
    let mut account = Value::Null;
    let mut denied = Vec::new();
    if !connection.has_token() {
        findings.push(Finding::bad(
            "API",
            "there is no access token",
            format!(
                "add credentials.access_token, best as \"${{VARIABLE}}\", or {}",
                authorise(connection)
            ),
        ));
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
                denied = topics::denied(connection.plugin.descriptor(), &report);
            }
            Err(error) => findings.push(refused(connection, &error)),
        }
    }
    let topics = topics::wanted(&connection.file, connection.plugin.descriptor());
    findings.extend(topics::topics(&connection.file, &topics, &denied));
    findings.push(webhooks::webhooks(
        &connection.file,
        connection.plugin.descriptor(),
        state,
    ));
    let good = findings
        .iter()
        .all(|finding| finding.verdict != Verdict::Bad);
    if global.json {
        let findings: Vec<Value> = findings.iter().map(Finding::to_json).collect();
        let topics = topics::to_json(&topics, &denied);
        print_json(
            &json!({"ok": good, "account": account, "findings": findings, "webhook_topics": topics}),
        )?;
    } else {
        for finding in &findings {
            print_line(&finding.to_string())?;
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
    let or_unknown = |text: &Option<String>| match text {
        // Whoever names a workspace writes to no terminal.
        Some(text) => clean(text, SHOWN_BYTES),
        None => "unknown".to_owned(),
    };
    findings.push(Finding::good(
        "API",
        format!(
            "workspace {} ({})",
            or_unknown(&account.name),
            clean(&account.workspace_id, SHOWN_BYTES),
        ),
    ));
    let pinned = connection
        .file
        .config
        .get("api_version")
        .and_then(Value::as_str)
        .unwrap_or(&connection.plugin.descriptor().default_api_version);
    findings.push(version(pinned, account.api_version.as_deref()));
    findings.push(Finding::good(
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
            findings.push(Finding::bad(
                name,
                unknown.to_string(),
                "take it out of the connection, or write it as above",
            ));
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
            Readability::Denied(failure) if failure.code == NOT_AVAILABLE => finding(
                bad,
                failure.message.clone(),
                Some("leave the stream out, or have the feature switched on".to_owned()),
            ),
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
                    match find_stream(connection.plugin.descriptor(), &status.name) {
                        Ok(stream) => format!(
                            "API version {why} lacks it; it is in {}",
                            stream.api_versions.join(", ")
                        ),
                        Err(_) => format!("API version {why} lacks it"),
                    },
                    Some("choose another config.api_version, or leave the stream out".to_owned()),
                )
            }
            Readability::Unknown(failure) if failure.code == WEBHOOKS_ONLY => {
                finding(Verdict::Aside, failure.message.clone(), None)
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
                "check the network, and `endpoint` and `proxy` where they are set, and try again later".to_owned()
            }
            _ => report(),
        },
        _ => report(),
    };
    Finding::bad("API", error.to_string(), remedy)
}

/// The version in which the provider answers, against the one that the connection pins.
fn version(pinned: &str, in_force: Option<&str>) -> Finding {
    const WHAT: &str = "API version";
    match in_force {
        Some(in_force) if in_force == pinned => Finding::good(WHAT, format!("{pinned}, as pinned")),
        Some(in_force) => Finding::bad(
            WHAT,
            format!("{in_force} is in force, and the connection pins {pinned}"),
            format!(
                "set config.api_version to \"{in_force}\", or find out what changes the version on the way: a proxy at \
                 `endpoint`, or the app's settings"
            ),
        ),
        None => Finding::good(
            WHAT,
            format!("{pinned} is pinned; the provider does not say which one is in force"),
        ),
    }
}

fn authorise(connection: &OpenedConnection) -> String {
    format!(
        "authorise with `host-test auth --connection {}`",
        connection.file.path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_is_not_the_pinned_one_is_bad() {
        assert_eq!(version("2.11", Some("2.11")).verdict, Verdict::Good);
        assert_eq!(version("2.11", None).verdict, Verdict::Good);
        let bad = version("2.11", Some("2.9"));
        assert_eq!(bad.verdict, Verdict::Bad);
        assert!(
            bad.message.contains("2.9 is in force") && bad.message.contains("pins 2.11"),
            "{bad}"
        );
    }
}
