//! `status`: what is stored about earlier runs. Nothing is asked of the provider, and no lock is taken.

mod platform;

use std::time::Duration;

use serde_json::{Map, Value, json};

pub(super) use self::platform::check_name;
use super::webhook::Place;
use super::{CommandError, print_json, print_line, start_logging};
use crate::clock::now_ms;
use crate::command_line::{Exit, Global, OutputArguments, StatusArguments};
use crate::dates;
use crate::output::{OutputTarget, Sqlite};
use crate::position::{Checked, LastWebhook, State, StateFile, StreamState};
use crate::report::{duration, table};
use crate::webhook_queue::QueueStatus;

/// Shows what is stored.
pub(super) fn run(global: &Global, arguments: &StatusArguments) -> Result<Exit, CommandError> {
    start_logging(global, None)?;
    if let Some(config) = &arguments.config {
        return platform::run(global, config, arguments.connection.as_deref());
    }
    let state = stored_state(&arguments.output)?;
    let Some(state) = state else {
        return Err(CommandError::failed(
            "there is no state: nothing has been read yet",
        ));
    };
    let queue = queue_of(&arguments.output)?;
    if global.json {
        let mut document = to_json(&state);
        document["queue"] = json!(queue.as_ref().map(queue_json));
        print_json(&document)?;
    } else {
        let mut text = to_text(&state);
        if let Some(queue) = &queue {
            text.push_str(&queue_text(queue));
        }
        print_line(&text)?;
    }
    Ok(Exit::Success)
}

/// What is stored in an output and in its queue; `None` where nothing was stored yet.
pub(super) fn stored_state(output: &OutputArguments) -> Result<Option<State>, CommandError> {
    let state = state_of(output)?;
    let Some(queue) = queue_of(output)? else {
        return Ok(state);
    };
    let mut state = state.unwrap_or_default();
    // The output hears of a webhook when it gets it, and of some never.
    let heard = state.webhooks.take();
    let last = queue.tally.last;
    state.webhooks = (last != LastWebhook::default()).then_some(last).or(heard);
    Ok(Some(state))
}

/// What the queue of an output holds; `None` where there is none.
fn queue_of(output: &OutputArguments) -> Result<Option<QueueStatus>, CommandError> {
    let Some(path) = Place::of(output, None)?.queue() else {
        return Ok(None);
    };
    QueueStatus::read(&path).map_err(CommandError::failed)
}

fn state_of(output: &OutputArguments) -> Result<Option<State>, CommandError> {
    match (&output.state, output.output.clone().unwrap_or_default()) {
        (None, OutputTarget::Sqlite(path)) => Sqlite::read_state(&path).map_err(Into::into),
        (
            Some(path),
            OutputTarget::Standard | OutputTarget::JsonLines(_) | OutputTarget::Http(_),
        ) => read(path),
        (None, OutputTarget::JsonLines(directory)) => {
            read(&OutputTarget::state_in_directory(&directory))
        }
        (Some(_), OutputTarget::Sqlite(_)) => {
            Err(crate::output::OutputError::StateInDatabase.into())
        }
        (None, OutputTarget::Standard | OutputTarget::Http(_)) => Err(CommandError::usage(
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
                    "stale": stream.stale,
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
            "silent_days": webhooks.silent_days(now_ms()).unwrap_or(0),
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
        if stream.stale > 0 {
            text.push_str(&format!(
                "\n– {name}: {} entries were left out because something newer was there",
                stream.stale
            ));
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
    let silent = webhooks.silent_days(now_ms());
    format!(
        "webhooks: last ping {}, last delivery {}{}{}\n",
        at(webhooks.ping_at_ms),
        at(webhooks.delivery_at_ms),
        topic.map_or_else(String::new, |topic| format!(" ({topic})")),
        silent.map_or_else(String::new, |days| format!(
            "; nothing for {days} days: `check` says what to look at"
        ))
    )
}

/// How long the delivery waits that waits longest, in milliseconds.
fn oldest_age_ms(queue: &QueueStatus) -> Option<i64> {
    let oldest = queue.oldest_at_ms?;
    Some(now_ms().saturating_sub(oldest).max(0))
}

fn queue_json(queue: &QueueStatus) -> Value {
    json!({
        "waiting": queue.waiting,
        "oldest_age_ms": oldest_age_ms(queue),
        "unusable": queue.unusable,
        "rows_to_read_again": queue.rows_again,
        "intents": queue.intents,
        "counts": queue.tally.all,
    })
}

fn queue_text(queue: &QueueStatus) -> String {
    let age = oldest_age_ms(queue).and_then(|ms| u64::try_from(ms).ok());
    let age = age.map(|ms| format!(", the oldest for {}", duration(Duration::from_millis(ms))));
    let mut text = format!(
        "\nqueue: {} deliveries wait{}, {} rows to read again, {} intents\nwebhooks in all: {}",
        queue.waiting,
        age.unwrap_or_default(),
        queue.rows_again,
        queue.intents,
        queue.tally.all.line()
    );
    if queue.unusable > 0 {
        text.push_str(&format!(
            "\n✗ {} deliveries could not be used; their problems are in the queue's table `waiting`",
            queue.unusable
        ));
    }
    text
}
