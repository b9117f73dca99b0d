//! Triggers that time alone sets off: nobody tells of silence, so somebody has to look.

use std::collections::BTreeMap;

use super::created::stream_of;
use crate::clock::now_ms;
use crate::connection_file::{Trigger, documents};
use crate::contract::connector::Selection;
use crate::opened_connection::OpenedConnection;
use crate::output::OutputError;
use crate::progress::Silent;
use crate::report::StreamStatus;
use crate::runner::{ConnectedSource, Filter, RetryPolicy, RunOptions, Runner, find_stream};
use crate::webhook_queue::{IntentSource, Intents, QueueError};

/// A look at the rows of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// The triggers that were looked at together.
    pub triggers: Vec<String>,
    /// The stream.
    pub stream: String,
    /// Rows that were read.
    pub rows: u64,
    /// Intents that are new.
    pub intents: u64,
    /// Why not all of it was read; absent: it was.
    pub problem: Option<String>,
}

/// Looks at these triggers, those of the same rows together. Those that are switched off are left out.
pub async fn look_at_waiting(
    connection: &OpenedConnection,
    intents: &Intents,
    triggers: &[(&str, &Trigger)],
    retry: &RetryPolicy,
) -> Result<Vec<Looked>, QueueError> {
    let switches = intents.switches()?;
    let is_on = |name: &str, trigger: &Trigger| {
        let switch = switches.get(name);
        switch.map_or(trigger.enabled, |switch| switch.is_on())
    };
    let mut groups: BTreeMap<(String, String), Vec<(&str, &Trigger)>> = BTreeMap::new();
    for (name, trigger) in triggers {
        if is_on(name, trigger) {
            let descriptor = connection.plugin.descriptor();
            let stream = stream_of(descriptor, trigger).to_owned();
            let filter = trigger.filter.clone().and_then(Filter::new);
            let filter = filter.map(|filter| filter.to_document());
            let filter = String::from_utf8(filter.unwrap_or_default()).unwrap_or_default();
            groups
                .entry((stream, filter))
                .or_default()
                .push((name, trigger));
        }
    }
    let mut looked = Vec::with_capacity(groups.len());
    for ((stream, _), group) in groups {
        looked.push(look(connection, intents, stream, &group, retry).await);
    }
    Ok(looked)
}

async fn look(
    connection: &OpenedConnection,
    intents: &Intents,
    stream: String,
    group: &[(&str, &Trigger)],
    retry: &RetryPolicy,
) -> Looked {
    let mut looked = Looked {
        triggers: group.iter().map(|(name, _)| (*name).to_owned()).collect(),
        rows: 0,
        intents: 0,
        problem: None,
        stream,
    };
    let OpenedConnection { plugin, tenant, .. } = connection;
    let descriptor = plugin.descriptor();
    let found = match find_stream(descriptor, &looked.stream) {
        Ok(found) => found,
        Err(error) => {
            looked.problem = Some(error.to_string());
            return looked;
        }
    };
    let all = group.iter();
    let tenant = tenant.with_triggers(documents(
        all.map(|(name, trigger)| (*name, trigger.document.clone())),
    ));
    let source = ConnectedSource {
        plugin,
        tenant: &tenant,
    };
    let options = RunOptions {
        retry: retry.clone(),
        ..RunOptions::default()
    };
    let runner = Runner::new(&source, descriptor, &options, &Silent);
    let filter = group
        .first()
        .and_then(|(_, trigger)| trigger.filter.clone());
    let filter = filter.and_then(Filter::new);
    let read = runner.look(found, Selection::All, filter.as_ref(), |page| {
        looked.rows += page.entries.len() as u64;
        // Silence is nobody's change, not even when this host wrote last.
        let new = intents.insert(&page.intents, IntentSource::Asked, now_ms());
        looked.intents += new.map_err(OutputError::Intents)? as u64;
        Ok(())
    });
    looked.problem = match read.await {
        Ok(StreamStatus::Complete) => None,
        Ok(status) => Some(status.message().unwrap_or_default().to_owned()),
        Err(error) => Some(error.to_string()),
    };
    looked
}
