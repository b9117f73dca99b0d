//! `status --config`: a platform's connections.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::{CommandError, print_json, print_line};
use super::to_text;
use crate::command_line::{Exit, Global};
use crate::dates;
use crate::nearest::nearest;
use crate::platform::PlatformConfig;
use crate::platform::seen::Seen;
use crate::report::{duration, table};

/// Shows all connections, or one with its streams.
pub(super) fn run(
    global: &Global,
    config: &Path,
    connection: Option<&str>,
) -> Result<Exit, CommandError> {
    let config = PlatformConfig::load(config).map_err(CommandError::usage)?;
    let seen = Seen::open(config).map_err(CommandError::failed)?;
    let names = seen.names().map_err(CommandError::failed)?;
    if let Some(name) = connection {
        check_name(&names, name)?;
        let found = seen.connection(name).map_err(CommandError::failed)?;
        if global.json {
            print_json(&found.document)?;
        } else {
            print_line(&rows(std::slice::from_ref(&found.document)))?;
            if let Some(state) = &found.state {
                print_line(&to_text(state))?;
            }
        }
        return Ok(Exit::Success);
    }
    let documents = names.iter().map(|name| seen.remembered(name));
    let documents: Vec<Value> = documents
        .collect::<Result<_, _>>()
        .map_err(CommandError::failed)?;
    if global.json {
        print_json(&json!({"connections": documents}))?;
    } else {
        print_line(&rows(&documents))?;
    }
    Ok(Exit::Success)
}

/// An error when there is no connection of that name.
pub(in crate::commands) fn check_name(names: &[String], name: &str) -> Result<(), CommandError> {
    if names.iter().any(|known| known == name) {
        return Ok(());
    }
    let near = nearest(name, names.iter().map(String::as_str));
    let meant = near.map(|near| format!(" (did you mean {near}?)"));
    Err(CommandError::usage(format!(
        "there is no connection {name}{}; known are: {}",
        meant.unwrap_or_default(),
        names.join(", ")
    )))
}

fn rows(documents: &[Value]) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = documents.iter().map(|document| {
        let last = &document["last_sync"];
        let ended = last["ended_at_ms"].as_i64();
        let lag = document["lag_ms"].as_u64();
        let failure = &document["last_failure"];
        [
            text(&document["name"]),
            text(&document["state"]),
            text(&last["status"]),
            ended.map_or_else(String::new, |at| {
                dates::display(at, &jiff::tz::TimeZone::UTC)
            }),
            last["records"]
                .as_u64()
                .map_or_else(String::new, |count| count.to_string()),
            lag.map_or_else(String::new, |ms| duration(Duration::from_millis(ms))),
            match document["problem"].as_str() {
                Some(problem) => problem.to_owned(),
                None => text(&failure["message"]),
            },
        ]
    });
    let header = [
        "connection",
        "state",
        "last sync",
        "ended",
        "records",
        "lag",
        "last failure",
    ];
    table(header, rows, usize::MAX)
}
