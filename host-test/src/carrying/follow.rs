//! Reads rows again: so that what is carried out has all of the row, and to see what became of a row that is followed.

use std::time::Duration;

use super::Carrier;
use crate::clock::now_ms;
use crate::connection_file::{Trigger, documents};
use crate::contract::connector::{Selection, StreamModes};
use crate::contract::types::Intent;
use crate::opened_connection::OpenedConnection;
use crate::output::OutputError;
use crate::progress::Silent;
use crate::report::StreamStatus;
use crate::runner::{ConnectedSource, RetryPolicy, RunOptions, Runner, find_stream};
use crate::webhook_queue::{FollowedRow, QueueError, StoredIntent};

/// Rows that are looked at at once.
const AT_ONCE: u32 = 20;

/// The first wait after a look that failed; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// A row that failed so often is looked at when it changes again.
const MOST_TRIES: u32 = 10;

/// Why a row could not be asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskError {
    /// Another try may come to more.
    Passes(String),
    /// It would come to the same each time.
    Stays(String),
}

/// What a trigger makes of a row whatever its conditions say; nothing when the row is gone, or makes no record.
pub async fn ask(
    connection: &OpenedConnection,
    (name, trigger): (&str, &Trigger),
    (stream, key): (&str, &str),
    retry: &RetryPolicy,
) -> Result<Vec<Intent>, AskError> {
    if !connection.has_token() {
        return Err(AskError::Stays(
            "the connection has no access token".to_owned(),
        ));
    }
    let OpenedConnection { plugin, tenant, .. } = connection;
    let descriptor = plugin.descriptor();
    let stream =
        find_stream(descriptor, stream).map_err(|error| AskError::Stays(error.to_string()))?;
    if !stream.modes.contains(StreamModes::KEYS) {
        let message = format!("rows of {} cannot be read by their keys", stream.name);
        return Err(AskError::Stays(message));
    }
    let mut document = trigger.unconditional();
    document.insert("stream".to_owned(), stream.name.as_str().into());
    let tenant = tenant.with_triggers(documents([(name, document)].into_iter()));
    let source = ConnectedSource {
        plugin,
        tenant: &tenant,
    };
    let options = RunOptions {
        retry: RetryPolicy {
            tries: 2,
            ..retry.clone()
        },
        ..RunOptions::default()
    };
    let runner = Runner::new(&source, descriptor, &options, &Silent);
    let mut intents = Vec::new();
    let selection = Selection::Keys(vec![key.to_owned()]);
    let read = runner.look(stream, selection, None, |page| {
        intents.extend(page.intents.iter().cloned());
        Ok::<(), OutputError>(())
    });
    match read.await {
        Ok(StreamStatus::Complete) => Ok(intents),
        Ok(status) => {
            let message = status.message().unwrap_or_default().to_owned();
            Err(match is_for_good(&status) {
                true => AskError::Stays(message),
                false => AskError::Passes(message),
            })
        }
        Err(error) => Err(AskError::Passes(error.to_string())),
    }
}

/// Whether a reading that ended so would end so each time.
pub(super) fn is_for_good(status: &StreamStatus) -> bool {
    matches!(
        status,
        StreamStatus::NotInVersion { .. }
            | StreamStatus::NotConfigured { .. }
            | StreamStatus::Unavailable { .. }
            | StreamStatus::Denied { .. }
    ) || status
        .code()
        .is_some_and(|code| code.starts_with("invalid_") || code == "not_selectable")
}

impl Carrier<'_> {
    /// The record to carry out an intent with: the stored one, or what the row is now. The inner error is why it cannot be
    /// read for now.
    pub(super) async fn whole_record(
        &self,
        stored: &StoredIntent,
    ) -> Result<Result<Vec<u8>, String>, QueueError> {
        let intent = &stored.intent;
        let triggers = &self.connection.file.triggers;
        let trigger = triggers.get(&intent.trigger);
        // What was tried with one record is not tried again with another: it would be another row.
        let Some(trigger) = trigger.filter(|trigger| {
            trigger.read_again && !stored.is_fresh && self.connection.has_token()
        }) else {
            return Ok(Ok(intent.record.clone()));
        };
        let row = (intent.source_stream.as_str(), intent.source_key.as_str());
        let named = (intent.trigger.as_str(), trigger);
        let record = match ask(self.connection, named, row, self.retry).await {
            Ok(found) => match found
                .into_iter()
                .find(|now| now.source_key == intent.source_key)
            {
                Some(now) => now.record,
                // The row is gone: what was known of it is what there is.
                None => intent.record.clone(),
            },
            Err(AskError::Passes(problem)) => return Ok(Err(problem)),
            Err(AskError::Stays(problem)) => {
                tracing::info!(
                    trigger = intent.trigger,
                    "a row is not read again: {problem}"
                );
                intent.record.clone()
            }
        };
        self.intents.keep_record(&intent.id, &record)?;
        Ok(Ok(record))
    }

    /// Looks at the rows that are followed and changed.
    pub(super) async fn follow(&self) -> Result<(), QueueError> {
        for row in self.intents.due_follows(now_ms(), AT_ONCE)? {
            self.look_at(&row).await?;
        }
        Ok(())
    }

    async fn look_at(&self, row: &FollowedRow) -> Result<(), QueueError> {
        let Some(trigger) = self.connection.file.triggers.get(&row.trigger) else {
            return self.intents.put_off_follow(row, None);
        };
        let named = (row.trigger.as_str(), trigger);
        let place = (row.stream.as_str(), row.key.as_str());
        match ask(self.connection, named, place, self.retry).await {
            Ok(found) => {
                let now = found.iter().find(|now| now.source_key == row.key);
                self.intents.followed(row, now, now_ms())?;
                Ok(())
            }
            Err(AskError::Passes(problem)) if row.tries < MOST_TRIES => {
                tracing::warn!(trigger = row.trigger, "a row is looked at later: {problem}");
                let factor = 2_u32.saturating_pow(row.tries);
                let wait = self.retry.scaled(FIRST_WAIT.saturating_mul(factor));
                let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
                let due_at_ms = now_ms().saturating_add(wait_ms);
                self.intents.put_off_follow(row, Some(due_at_ms))
            }
            Err(AskError::Passes(problem) | AskError::Stays(problem)) => {
                tracing::warn!(trigger = row.trigger, "a row is not looked at: {problem}");
                self.intents.put_off_follow(row, None)
            }
        }
    }
}
