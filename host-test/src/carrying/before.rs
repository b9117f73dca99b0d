//! Looks at an object before this host writes to it.
//!
//! A row that is read shows its last change only. Once this host has written to it that is its own, and what somebody else
//! changed since the last reading would be taken for a part of it, and set nothing off. So what a reading would find now is
//! found before.

use std::collections::BTreeSet;

use serde_json::Value;

use super::created::stream_of;
use super::follow::is_for_good;
use super::target::target_keys;
use crate::clock::now_ms;
use crate::connection_file::Mode;
use crate::contract::connector::{Selection, StreamModes};
use crate::contract::types::{Change, Entry, Intent};
use crate::opened_connection::OpenedConnection;
use crate::output::OutputError;
use crate::progress::Silent;
use crate::report::StreamStatus;
use crate::runner::{ConnectedSource, RetryPolicy, RunOptions, Runner, find_stream};
use crate::sync_plan::SyncPlan;
use crate::webhook_queue::{IntentSource, Intents, QueueError};

/// How far the provider's clock may lie behind this host's, and a search behind a change.
const OVERLAP_MS: i64 = 15 * 60 * 1_000;

/// Keeps what triggers want for the object of a row that is about to be written, where syncs read it. The inner error is why
/// it cannot be looked at for now.
pub(super) async fn look_before(
    connection: &OpenedConnection,
    intents: &Intents,
    form: (&str, Option<&str>),
    document: &[u8],
    retry: &RetryPolicy,
) -> Result<Result<(), String>, QueueError> {
    let OpenedConnection { plugin, tenant, .. } = connection;
    let descriptor = plugin.descriptor();
    let retry = RetryPolicy {
        tries: 2,
        ..retry.clone()
    };
    let streams = streams(connection, intents)?;
    let Value::Object(row) = serde_json::from_slice(document).unwrap_or_default() else {
        return Ok(Ok(()));
    };
    let keys = target_keys(&descriptor.actions, form, &row);
    if streams.is_empty() || keys.is_empty() {
        return Ok(Ok(()));
    }
    // What no sync can read sets nothing off.
    let Ok(plan) = SyncPlan::of(connection, false, retry.clone()) else {
        return Ok(Ok(()));
    };
    let options = RunOptions {
        retry,
        ..RunOptions::default()
    };
    let source = ConnectedSource { plugin, tenant };
    let runner = Runner::new(&source, descriptor, &options, &Silent);
    for name in plan
        .streams
        .iter()
        .filter(|name| streams.contains(name.as_str()))
    {
        let Ok(stream) = find_stream(descriptor, name) else {
            continue;
        };
        if !stream.modes.contains(StreamModes::KEYS) {
            continue;
        }
        let since_ms = match intents.read_until(name)? {
            Some(until_ms) => Some(until_ms.saturating_sub(OVERLAP_MS)).max(plan.options.since_ms),
            None if !syncs_by_itself(connection) => continue,
            None => plan.options.since_ms,
        };
        let filter = plan.options.filters.get(name);
        let read = runner.look(stream, Selection::Keys(keys.clone()), filter, |page| {
            let (entries, wanted) = unread(&page.entries, &page.intents, since_ms);
            intents
                .insert(&wanted, IntentSource::Page(&entries), now_ms())
                .map(drop)
                .map_err(OutputError::Intents)
        });
        match read.await {
            Ok(status @ StreamStatus::Failed { .. }) if !is_for_good(&status) => {
                return Ok(Err(status.message().unwrap_or_default().to_owned()));
            }
            Ok(_) => {}
            Err(OutputError::Intents(error)) => return Err(error),
            Err(error) => return Ok(Err(error.to_string())),
        }
    }
    Ok(Ok(()))
}

/// The streams of which a reading sets triggers off. Those that name a topic are for deliveries, each of which tells of one
/// change; those that wait for time are looked at in time.
fn streams<'a>(
    connection: &'a OpenedConnection,
    intents: &Intents,
) -> Result<BTreeSet<&'a str>, QueueError> {
    let OpenedConnection { plugin, file, .. } = connection;
    let mut read = file.triggers.iter();
    let syncs = file.direction.reads() && file.mode != Mode::Realtime;
    if !syncs || !read.any(|(_, trigger)| trigger.is_for_rows_alone()) {
        return Ok(BTreeSet::new());
    }
    let switches = intents.switches()?;
    let on = file.triggers.iter().filter(|(name, trigger)| {
        let switch = switches.get(*name);
        trigger.is_for_rows_alone() && switch.map_or(trigger.enabled, |switch| switch.is_on())
    });
    Ok(on
        .map(|(_, trigger)| stream_of(plugin.descriptor(), trigger))
        .collect())
}

/// Whether syncs come without anybody asking for them. Where none ever was, a stored row may be as old as the workspace, and
/// nobody wants it to set anything off because this host writes to it.
fn syncs_by_itself(connection: &OpenedConnection) -> bool {
    connection.file.mode == Mode::Batch || connection.file.sync_every.is_some()
}

/// What changed among rows from a time on, and what is wanted for it.
fn unread(
    entries: &[Entry],
    intents: &[Intent],
    since_ms: Option<i64>,
) -> (Vec<Entry>, Vec<Intent>) {
    let found = entries.iter().filter(|entry| {
        let is_late_enough = match (entry.updated_at_ms, since_ms) {
            (Some(at_ms), Some(since_ms)) => at_ms >= since_ms,
            _ => true,
        };
        // What is not there is no row of this stream.
        entry.change != Change::Delete && is_late_enough
    });
    let found: Vec<Entry> = found.cloned().collect();
    let wanted = intents.iter().filter(|intent| {
        let mut rows = found.iter();
        rows.any(|row| row.stream == intent.source_stream && row.key == intent.source_key)
    });
    let wanted = wanted.cloned().collect();
    (found, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_and_what_is_not_there_sets_nothing_off() {
        let entry = |key: &str, updated_at_ms: Option<i64>, change: Change| Entry {
            stream: "tickets".to_owned(),
            key: key.to_owned(),
            updated_at_ms,
            change,
            reason: None,
            successor: None,
            payload: Vec::new(),
        };
        let intent = |key: &str| Intent {
            id: key.to_owned(),
            trigger: "t".to_owned(),
            source_stream: "tickets".to_owned(),
            source_key: key.to_owned(),
            action: "a".to_owned(),
            record: Vec::new(),
            confirm: false,
        };
        let entries = [
            entry("old", Some(4), Change::Upsert),
            entry("new", Some(5), Change::Upsert),
            entry("undated", None, Change::Upsert),
            entry("gone", Some(6), Change::Delete),
        ];
        let wanted = entries.iter().map(|entry| intent(&entry.key));
        let wanted: Vec<Intent> = wanted.collect();
        let left = |since_ms: Option<i64>| -> Vec<String> {
            let (found, wanted) = unread(&entries, &wanted, since_ms);
            assert_eq!(found.len(), wanted.len());
            wanted.into_iter().map(|intent| intent.id).collect()
        };
        assert_eq!(left(Some(5)), ["new", "undated"]);
        assert_eq!(left(None), ["old", "new", "undated"]);
    }
}
