//! `status`: what is stored about earlier runs. Nothing is asked of the provider, and no lock is taken.

use serde_json::{Map, Value, json};

use super::{CommandError, print_json, print_line, start_logging};
use crate::command_line::{Exit, Global, OutputArguments, StatusArguments};
use crate::dates;
use crate::output::{OutputTarget, Sqlite};
use crate::position::{Checked, LastWebhook, State, StateFile, StreamState};
use crate::report::table;

/// Shows what is stored.
pub(super) fn run(global: &Global, arguments: &StatusArguments) -> Result<Exit, CommandError> {
    start_logging(global, None)?;
    let state = stored_state(&arguments.output)?;
    let Some(state) = state else {
        return Err(CommandError::failed(
            "there is no state: nothing has been read yet",
        ));
    };
    if global.json {
        print_json(&to_json(&state))?;
    } else {
        print_line(&to_text(&state))?;
    }
    Ok(Exit::Success)
}

/// What is stored in an output; `None` where nothing was stored yet.
pub(super) fn stored_state(output: &OutputArguments) -> Result<Option<State>, CommandError> {
    match (&output.state, output.output.clone().unwrap_or_default()) {
        (None, OutputTarget::Sqlite(path)) => Sqlite::read_state(&path).map_err(Into::into),
        (Some(path), OutputTarget::Standard | OutputTarget::JsonLines(_)) => read(path),
        (None, OutputTarget::JsonLines(directory)) => {
            read(&OutputTarget::state_in_directory(&directory))
        }
        (Some(_), OutputTarget::Sqlite(_)) => {
            Err(crate::output::OutputError::StateInDatabase.into())
        }
        (None, OutputTarget::Standard) => Err(CommandError::usage(
            "say where the state is: --output jsonl:DIRECTORY, --output sqlite:FILE or --state FILE",
        )),
    }
}

fn read(path: &std::path::Path) -> Result<Option<State>, CommandError> {
    StateFile::read(path).map_err(CommandError::failed)
}

fn position_of(stream: &StreamState) -> &'static str {
    let newest = stream
        .positions
        .values()
        .max_by_key(|position| position.sequence);
    match newest {
        None => "none",
        Some(position) if position.next.is_some() => "in the middle of a scan",
        Some(position) if position.checkpoint.is_some() => "goes on from a checkpoint",
        Some(_) => "is read whole each time",
    }
}

fn to_json(state: &State) -> Value {
    let streams: Map<String, Value> = state
        .streams
        .iter()
        .map(|(name, stream)| {
            let formats: Vec<u8> = stream.positions.keys().copied().collect();
            let last = stream.last.as_ref();
            (
                name.clone(),
                json!({
                    "status": last.map(|last| last.status.clone()),
                    "message": last.and_then(|last| last.message.clone()),
                    "ended_at_ms": last.map(|last| last.ended_at_ms),
                    "last_records": last.map(|last| last.records),
                    "records": stream.records,
                    "position": position_of(stream),
                    "cursor_formats": formats,
                    "notices": last.map(|last| last.notices.clone()),
                    "quarantined": stream.quarantined,
                    "swept_at_ms": stream.swept_at_ms,
                }),
            )
        })
        .collect();
    let checked = state.checked.as_ref();
    json!({
        "connected": checked.is_some(),
        "last_sync_ms": last_sync(state),
        "workspace_id": state.workspace_id,
        "workspace": checked.and_then(|checked| checked.name.clone()),
        "time_zone": checked.and_then(|checked| checked.time_zone.clone()),
        "checked_at_ms": checked.map(|checked| checked.checked_at_ms),
        "webhooks": state.webhooks.as_ref().map(|webhooks| json!({
            "ping_at_ms": webhooks.ping_at_ms,
            "delivery_at_ms": webhooks.delivery_at_ms,
            "topic": webhooks.topic,
        })),
        "streams": streams,
    })
}

/// When the run that ended last did so, in milliseconds since 1970.
fn last_sync(state: &State) -> Option<i64> {
    let runs = state
        .streams
        .values()
        .filter_map(|stream| stream.last.as_ref());
    runs.map(|last| last.ended_at_ms).max()
}

/// What is known of the connection as a whole, a line each.
fn about(state: &State, zone: &jiff::tz::TimeZone) -> String {
    let mut lines = String::new();
    let name = |checked: &Checked| match &checked.name {
        Some(name) => format!(" {name}"),
        None => String::new(),
    };
    match (&state.checked, &state.workspace_id) {
        (Some(checked), id) => lines.push_str(&format!(
            "connected: workspace{} ({}), checked {}\n",
            name(checked),
            id.as_deref().unwrap_or("unknown"),
            dates::display(checked.checked_at_ms, zone)
        )),
        (None, Some(id)) => lines.push_str(&format!("not connected: workspace {id}\n")),
        (None, None) => lines.push_str("not connected\n"),
    }
    match last_sync(state) {
        Some(at) => lines.push_str(&format!("last sync: {}\n", dates::display(at, zone))),
        None => lines.push_str("last sync: none\n"),
    }
    if let Some(webhooks) = &state.webhooks {
        lines.push_str(&webhooks_text(webhooks, zone));
    }
    lines
}

fn to_text(state: &State) -> String {
    let checked = state.checked.as_ref();
    let zone_name = checked.and_then(|checked| checked.time_zone.as_deref());
    let zone = dates::time_zone(zone_name).unwrap_or(jiff::tz::TimeZone::UTC);
    let rows = state.streams.iter().map(|(name, stream)| {
        let last = stream.last.as_ref();
        [
            name.clone(),
            last.map_or_else(|| "cut off".to_owned(), |last| last.status.clone()),
            last.map_or_else(String::new, |last| dates::display(last.ended_at_ms, &zone)),
            last.map_or_else(String::new, |last| last.records.to_string()),
            stream.records.to_string(),
            position_of(stream).to_owned(),
        ]
    });
    let header = [
        "stream",
        "last run",
        "ended",
        "its records",
        "all records",
        "position",
    ];
    let mut text = about(state, &zone);
    text.push_str(&table(header, rows, usize::MAX));
    for (name, stream) in &state.streams {
        if let Some(last) = &stream.last
            && let Some(message) = &last.message
        {
            let mark = match last.status.as_str() {
                "not_in_version" | "not_configured" => "–",
                _ => "✗",
            };
            text.push_str(&format!("\n{mark} {name}: {message}"));
        }
        let notices = stream.last.iter().flat_map(|last| &last.notices);
        for (kind, count) in notices {
            text.push_str(&format!("\n! {name}: {count} × {kind} in the last run"));
        }
        if stream.quarantined > 0 {
            text.push_str(&format!(
                "\n! {name}: {} rows are held because they are no records; `read {name} --quarantined` reads them again",
                stream.quarantined
            ));
        }
    }
    text
}

fn webhooks_text(webhooks: &LastWebhook, zone: &jiff::tz::TimeZone) -> String {
    let at = |ms: Option<i64>| ms.map_or_else(|| "never".to_owned(), |ms| dates::display(ms, zone));
    let topic = webhooks.topic.as_ref();
    format!(
        "webhooks: last ping {}, last delivery {}{}\n",
        at(webhooks.ping_at_ms),
        at(webhooks.delivery_at_ms),
        topic.map_or_else(String::new, |topic| format!(" ({topic})"))
    )
}
