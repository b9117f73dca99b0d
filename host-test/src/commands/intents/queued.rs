//! A connection with its queue, for commands beside `webhook serve`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::status::{check_name, stored_state};
use super::super::webhook::Place;
use super::super::{CommandError, load_connection, start_logging};
use crate::carrying::{self, IntentSink, lines_beside};
use crate::command_line::{ConnectedArguments, Global, OutputArguments, QueueArguments};
use crate::connection_file::ConnectionFile;
use crate::opened_connection::{OpenedConnection, load_component};
use crate::platform::PlatformConfig;
use crate::platform::seen::{Seen, SeenError};
use crate::position::{LockError, State, StateLock};
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

/// A platform, and the name of the connection of it that is meant.
fn of_platform(config: &Path, name: Option<&Path>) -> Result<(Seen, String), CommandError> {
    let config = PlatformConfig::load(config).map_err(CommandError::usage)?;
    let seen = Seen::open(config).map_err(CommandError::failed)?;
    let mut names = seen.names().map_err(CommandError::failed)?;
    let name = match (name, names.len()) {
        (Some(name), _) => {
            let name = name.to_string_lossy().into_owned();
            check_name(&names, &name)?;
            name
        }
        (None, 1) => names.remove(0),
        (None, 0) => return Err(CommandError::usage("the platform has no connection")),
        (None, _) => {
            return Err(CommandError::usage(format!(
                "say which connection is meant with --connection NAME: {}",
                names.join(", ")
            )));
        }
    };
    Ok((seen, name))
}

/// A connection that a command is about, and where things of it are kept.
pub(in crate::commands) struct Connected {
    pub(in crate::commands) file: ConnectionFile,
    queue: PathBuf,
    /// What the component keeps.
    journal: PathBuf,
    /// What its output remembers.
    state: Option<State>,
}

impl Connected {
    /// A connection with the output that is named, or one of a platform.
    pub(in crate::commands) fn of(
        global: &Global,
        arguments: &ConnectedArguments,
    ) -> Result<Connected, CommandError> {
        let name = arguments.connection.as_deref();
        let Some(config) = &arguments.config else {
            let file = load_connection(global, name.unwrap_or(Path::new("")))?;
            let queue = queue_path(&arguments.output)?;
            return Ok(Connected {
                file,
                journal: carrying::journal(&queue),
                queue,
                state: stored_state(&arguments.output)?,
            });
        };
        let (seen, name) = of_platform(config, name)?;
        let mut file = seen.file(&name)?;
        file.logging.debug = file.logging.debug.max(global.debug_mode());
        start_logging(global, file.logging.level)?;
        let folder = seen.folder(&name);
        folder.make().map_err(CommandError::failed)?;
        Ok(Connected {
            file,
            queue: folder.queue(),
            journal: folder.state(),
            state: seen.connection(&name).map_err(CommandError::failed)?.state,
        })
    }

    /// Its queue, which knows its triggers then.
    pub(in crate::commands) fn intents(&self) -> Result<Intents, CommandError> {
        let intents = Intents::open(&self.queue).map_err(CommandError::failed)?;
        carrying::declare(&intents, &self.file).map_err(CommandError::failed)?;
        Ok(intents)
    }
}

impl From<SeenError> for CommandError {
    fn from(error: SeenError) -> CommandError {
        match error {
            SeenError::File(error) => error.into(),
            SeenError::Config(_) | SeenError::Gone(_) => CommandError::usage(error),
            SeenError::Database(_) | SeenError::Sealed { .. } => CommandError::failed(error),
        }
    }
}

/// A queue, for those who need no connection.
pub(in crate::commands) fn open_queue(
    global: &Global,
    arguments: &QueueArguments,
) -> Result<Intents, CommandError> {
    let path = match (&arguments.config, &arguments.connection) {
        (Some(config), name) => {
            start_logging(global, None)?;
            let (seen, name) = of_platform(config, name.as_deref())?;
            seen.folder(&name).queue()
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
        let connected = Connected::of(global, arguments)?;
        let intents = connected.intents()?;
        let Connected {
            file,
            queue,
            journal,
            state,
        } = connected;
        let journal = SqliteState::open(&journal)
            .map_err(|error| CommandError::failed(format!("{}: {error}", journal.display())))?;
        let plugin = load_component(global.component.as_deref()).await?;
        let mut connection = OpenedConnection::new(plugin, file, Some(Arc::new(journal)))?;
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
            path: queue,
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
