//! Reads rows again: so that what is carried out has all of the row, and to see what became of a row that is followed.

use std::time::Duration;

use super::Carrier;
use crate::clock::now_ms;
use crate::connection_file::{Trigger, documents};
use crate::contract::connector::{Selection, StreamModes};
use crate::contract::types::{Intent, Notice};
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

/// Why an intent is not carried out with what its row is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoRecord {
    /// The row cannot be read for now.
    Unread(String),
    /// The row lacks what the mapping requires.
    LeftOut(String),
}

/// Why a row could not be asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskError {
    /// Another try may come to more.
    Passes(String),
    /// It would come to the same each time.
    Stays(String),
}

/// The kind of a notice that says why a record was left out.
const SKIPPED: &str = "skipped";

/// What a trigger makes of a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// What it wants; nothing when the row is gone, when its mapping does not want it, or when its record was left out.
    pub intents: Vec<Intent>,
    /// Why the record of a row that is there was left out: what it lacks of what the mapping requires.
    pub left_out: Option<String>,
}

impl Asked {
    /// Takes what a page has of it.
    fn add(&mut self, intents: &[Intent], notices: &[Notice], (trigger, key): (&str, &str)) {
        self.intents.extend_from_slice(intents);
        // The connection's own mapping may skip the row as well, which is nothing to a trigger.
        let behind = format!("triggers.{trigger}: ");
        let mut skipped = notices
            .iter()
            .filter(|notice| notice.kind == SKIPPED && notice.key.as_deref() == Some(key));
        let left_out = skipped.find_map(|notice| {
            let targets = notice.path.as_deref()?.strip_prefix(behind.as_str())?;
            Some(format!("{targets}: {}", notice.message))
        });
        self.left_out = left_out.or(self.left_out.take());
    }

    /// The intent of a row.
    pub fn of(&self, key: &str) -> Option<&Intent> {
        self.intents.iter().find(|intent| intent.source_key == key)
    }
}

/// What a trigger makes of a row whatever its conditions say.
pub async fn ask(
    connection: &OpenedConnection,
    (name, trigger): (&str, &Trigger),
    (stream, key): (&str, &str),
    retry: &RetryPolicy,
) -> Result<Asked, AskError> {
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
    let mut asked = Asked::default();
    let selection = Selection::Keys(vec![key.to_owned()]);
    let read = runner.look(stream, selection, None, |page| {
        asked.add(&page.intents, &page.notices, (name, key));
        Ok::<(), OutputError>(())
    });
    match read.await {
        Ok(StreamStatus::Complete) => Ok(asked),
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
    /// The record to carry out an intent with: the stored one, or what the row is now. The inner error is why there is none.
    pub(super) async fn whole_record(
        &self,
        stored: &StoredIntent,
    ) -> Result<Result<Vec<u8>, NoRecord>, QueueError> {
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
            Ok(asked) => match (asked.of(&intent.source_key), &asked.left_out) {
                (Some(now), _) => now.record.clone(),
                // What a delivery cannot hold was not required of it. Now it is known to be missing.
                (None, Some(why)) => return Ok(Err(NoRecord::LeftOut(why.clone()))),
                // The row is gone: what was known of it is what there is.
                (None, None) => intent.record.clone(),
            },
            Err(AskError::Passes(problem)) => return Ok(Err(NoRecord::Unread(problem))),
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
            Ok(asked) => {
                if let Some(why) = &asked.left_out {
                    let trigger = &row.trigger;
                    tracing::warn!(trigger, "what became of a row is not handed on: {why}");
                }
                self.intents.followed(row, asked.of(&row.key), now_ms())?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(kind: &str, key: &str, path: &str) -> Notice {
        Notice {
            kind: kind.to_owned(),
            message: "it is missing".to_owned(),
            stream: None,
            key: Some(key.to_owned()),
            path: Some(path.to_owned()),
            document: None,
        }
    }

    #[test]
    fn why_a_record_was_left_out_is_what_is_said_of_its_trigger_and_row() {
        let left_out = |notices: &[Notice]| {
            let mut asked = Asked::default();
            asked.add(&[], notices, ("t", "7"));
            // A page that says nothing takes nothing back.
            asked.add(&[], &[], ("t", "7"));
            asked.left_out
        };
        let others = [
            notice("skipped", "7", "email"),
            notice("skipped", "7", "triggers.other: email"),
            notice("skipped", "8", "triggers.t: email"),
            notice("unmapped", "7", "triggers.t: phone"),
        ];
        assert_eq!(left_out(&others), None);
        let own = [notice("skipped", "7", "triggers.t: COMPANY")];
        assert_eq!(left_out(&own).as_deref(), Some("COMPANY: it is missing"));
    }
}
