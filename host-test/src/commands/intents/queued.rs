//! A connection with its queue, for commands beside `webhook serve`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::status::{check_name, stored_state};
use super::super::webhook::Place;
use super::super::{CommandError, load_connection, start_logging};
use crate::carrying::{self, IntentSink, lines_beside};
use crate::command_line::{ConnectedArguments, Global, OutputArguments, QueueArguments};
use crate::opened_connection::{OpenedConnection, load_component};
use crate::platform::PlatformConfig;
use crate::platform::seen::Seen;
use crate::position::{LockError, StateLock};
use crate::runner::RetryPolicy;
use crate::state_store::SqliteState;
use crate::webhook_queue::Intents;

/// Where the queue of an output is.
pub(in crate::commands) fn queue_path(output: &OutputArguments) -> Result<PathBuf, CommandError> {
    Place::of(output, None)?.queue().ok_or_else(|| {
        CommandError::usage(
            "say where the queue is, as for `webhook serve`: --output jsonl:DIRECTORY, --output sqlite:FILE or --state FILE; or --config \
             PLATFORM",
        )
    })
}

/// Where the queue of a platform's connection is.
fn platform_queue(config: &Path, name: Option<&str>) -> Result<PathBuf, CommandError> {
    let config = PlatformConfig::load(config).map_err(CommandError::usage)?;
    let seen = Seen::open(config).map_err(CommandError::failed)?;
    let names = seen.names().map_err(CommandError::failed)?;
    let name = match (name, names.as_slice()) {
        (Some(name), _) => {
            check_name(&names, name)?;
            name
        }
        (None, [only]) => only,
        (None, _) => {
            return Err(CommandError::usage(format!(
                "say whose queue it is with --connection NAME: {}",
                names.join(", ")
            )));
        }
    };
    let queue = seen.stores(name).queue;
    queue.ok_or_else(|| CommandError::failed("the connection has no queue"))
}

/// A queue, for those who need no connection.
pub(in crate::commands) fn open_queue(
    global: &Global,
    arguments: &QueueArguments,
) -> Result<Intents, CommandError> {
    let path = match (&arguments.config, &arguments.connection) {
        (Some(config), name) => {
            start_logging(global, None)?;
            platform_queue(config, name.as_deref().and_then(Path::to_str))?
        }
        (None, Some(path)) => {
            load_connection(global, path)?;
            queue_path(&arguments.output)?
        }
        (None, None) => {
            start_logging(global, None)?;
            queue_path(&arguments.output)?
        }
    };
    if !path.exists() {
        return Err(CommandError::failed(format!(
            "there is no queue {}: nothing was taken or read yet",
            path.display()
        )));
    }
    Intents::open(&path).map_err(CommandError::failed)
}

/// A connection with its queue.
pub(in crate::commands) struct Queued {
    pub(in crate::commands) connection: OpenedConnection,
    pub(in crate::commands) intents: Intents,
    pub(in crate::commands) retry: RetryPolicy,
    path: PathBuf,
}

impl Queued {
    /// Opens them. The account is taken from what is stored, or from a check.
    pub(in crate::commands) async fn open(
        global: &Global,
        arguments: &ConnectedArguments,
    ) -> Result<Queued, CommandError> {
        let file = load_connection(global, &arguments.connection)?;
        let path = queue_path(&arguments.output)?;
        let intents = Intents::open(&path).map_err(CommandError::failed)?;
        carrying::declare(&intents, &file).map_err(CommandError::failed)?;
        let journal = carrying::journal(&path);
        let journal = SqliteState::open(&journal)
            .map_err(|error| CommandError::failed(format!("{}: {error}", journal.display())))?;
        let plugin = load_component(global.component.as_deref()).await?;
        let mut connection = OpenedConnection::new(plugin, file, Some(Arc::new(journal)))?;
        let state = stored_state(&arguments.output)?;
        let known = state.is_some_and(|state| connection.use_stored_check(&state));
        if !known {
            connection.require_token()?;
            let checked = connection.check().await?;
            connection.use_check(&checked);
        }
        Ok(Queued {
            connection,
            intents,
            retry: RetryPolicy {
                time_scale: global.time_scale,
                ..RetryPolicy::default()
            },
            path,
        })
    }

    /// The right to carry out what is in the queue.
    pub(in crate::commands) fn lock(&self) -> Result<StateLock, CommandError> {
        carrying::lock(&self.path).map_err(|error| match error {
            LockError::Held { holder, .. } => CommandError::failed(format!(
                "another process carries out what is in {} already{}",
                self.path.display(),
                holder.map_or_else(String::new, |holder| format!(" ({holder})"))
            )),
            error => CommandError::failed(error),
        })
    }

    /// Who gets what the component cannot do.
    pub(in crate::commands) fn sink(&self) -> Result<IntentSink, CommandError> {
        let output = self.connection.file.intents.as_ref();
        IntentSink::of(output, lines_beside(&self.path)).map_err(CommandError::failed)
    }
}
