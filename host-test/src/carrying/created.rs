//! Intents by call: for a button, or for another system.

use super::follow::{AskError, ask};
use crate::clock::now_ms;
use crate::connection_file::{ConnectionFile, Trigger};
use crate::contract::connector::Descriptor;
use crate::contract::types::Intent;
use crate::nearest::nearest;
use crate::opened_connection::OpenedConnection;
use crate::runner::RetryPolicy;
use crate::webhook_queue::{IntentSource, IntentState, Intents, QueueError};

/// Why there is no intent.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The connection has no such trigger.
    #[error("there is no trigger `{name}`{}; known are {known}", near.as_ref().map(|near| format!(" (did you mean {near}?)")).unwrap_or_default())]
    UnknownTrigger {
        /// The name.
        name: String,
        /// The trigger that was probably meant.
        near: Option<String>,
        /// All triggers.
        known: String,
    },
    /// The trigger makes nothing of the row.
    #[error(
        "the trigger `{trigger}` makes nothing of {stream} {key}: {}",
        left_out.as_deref().unwrap_or("there is no such row, or its mapping does not want it")
    )]
    Nothing {
        /// The trigger.
        trigger: String,
        /// The stream.
        stream: String,
        /// The row's key.
        key: String,
        /// Why its record was left out, where the row is there.
        left_out: Option<String>,
    },
    /// The row cannot be read.
    #[error("{stream} {key} cannot be read: {reason}")]
    Unreadable {
        /// The stream.
        stream: String,
        /// The row's key.
        key: String,
        /// Why.
        reason: String,
    },
    /// The intents cannot be stored.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// The trigger of a name.
pub fn find_trigger<'a>(
    connection: &'a ConnectionFile,
    name: &str,
) -> Result<&'a Trigger, CreateError> {
    connection.triggers.get(name).ok_or_else(|| {
        let names = || connection.triggers.iter().map(|(name, _)| name);
        let known: Vec<&str> = names().collect();
        CreateError::UnknownTrigger {
            name: name.to_owned(),
            near: nearest(name, names()).map(str::to_owned),
            known: match known.is_empty() {
                true => "none: the connection has no `triggers`".to_owned(),
                false => known.join(", "),
            },
        }
    })
}

/// What triggers are about that do not say it, in the words of the command line.
const CONVERSATIONS: &str = "conversations";

/// The stream of the rows that set off a trigger: the one that it names, else that of the topic on which it is.
pub fn stream_of<'a>(descriptor: &'a Descriptor, trigger: &'a Trigger) -> &'a str {
    let of_topic = |wanted: &str| {
        let mut topics = descriptor.topics.iter();
        let topic = topics.find(|topic| {
            topic.name == wanted || topic.aliases.iter().any(|alias| alias == wanted)
        })?;
        topic.streams.first().map(String::as_str)
    };
    let on = trigger.document.get("on");
    let first = on.and_then(|on| on.as_str().or_else(|| on.as_array()?.first()?.as_str()));
    let named = trigger.stream().or_else(|| of_topic(first?));
    named.unwrap_or(CONVERSATIONS)
}

/// Makes the intent of a trigger for a row, whatever the trigger's conditions say. Gives each with its state, and whether it
/// is new.
pub async fn create(
    connection: &OpenedConnection,
    intents: &Intents,
    (name, key): (&str, &str),
    retry: &RetryPolicy,
) -> Result<Vec<(Intent, IntentState, bool)>, CreateError> {
    let trigger = find_trigger(&connection.file, name)?;
    let descriptor = connection.plugin.descriptor();
    let stream = stream_of(descriptor, trigger);
    let asked = ask(connection, (name, trigger), (stream, key), retry).await;
    let asked = asked.map_err(|(AskError::Passes(reason) | AskError::Stays(reason))| {
        CreateError::Unreadable {
            stream: stream.to_owned(),
            key: key.to_owned(),
            reason,
        }
    })?;
    if asked.intents.is_empty() {
        return Err(CreateError::Nothing {
            trigger: name.to_owned(),
            stream: stream.to_owned(),
            key: key.to_owned(),
            left_out: asked.left_out,
        });
    }
    let mut made = Vec::with_capacity(asked.intents.len());
    for intent in asked.intents {
        let new =
            intents.insert(std::slice::from_ref(&intent), IntentSource::Asked, now_ms())? == 1;
        if new {
            // It was read just now.
            intents.keep_record(&intent.id, &intent.record)?;
        }
        let stored = intents.find(&intent.id)?;
        // One that is not there any more was over, and was forgotten in time.
        let state = stored.map_or(IntentState::Done, |stored| stored.state);
        made.push((intent, state, new));
    }
    Ok(made)
}
