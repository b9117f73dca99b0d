//! Why a command ended early.

use crate::call::CallError;
use crate::command_line::Exit;
use crate::connection_file::ConnectionFileError;
use crate::contract::types::FailureKind;
use crate::dates::DateError;
use crate::opened_connection::{CheckError, OpenError};
use crate::output::OutputError;
use crate::runner::UnknownStream;
use crate::sync_plan::SyncPlanError;

/// Why a command ended early: what is wrong, and whose it is to mend.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The command line or a file is wrong.
    #[error("{0}")]
    Usage(String),
    /// It went wrong.
    #[error("{0}")]
    Failed(String),
    /// The reader of standard output went away.
    #[error("standard output was closed")]
    Closed,
}

impl CommandError {
    /// The command line or a file is wrong.
    pub fn usage(message: impl ToString) -> CommandError {
        CommandError::Usage(message.to_string())
    }

    /// It went wrong.
    pub fn failed(message: impl ToString) -> CommandError {
        CommandError::Failed(message.to_string())
    }

    /// How the process ends.
    pub fn exit(&self) -> Exit {
        match self {
            CommandError::Usage(_) => Exit::Usage,
            CommandError::Failed(_) => Exit::Failure,
            CommandError::Closed => Exit::Success,
        }
    }
}

impl From<ConnectionFileError> for CommandError {
    fn from(error: ConnectionFileError) -> CommandError {
        CommandError::usage(error)
    }
}

impl From<DateError> for CommandError {
    fn from(error: DateError) -> CommandError {
        CommandError::usage(error)
    }
}

impl From<UnknownStream> for CommandError {
    fn from(error: UnknownStream) -> CommandError {
        CommandError::usage(error)
    }
}

impl From<SyncPlanError> for CommandError {
    fn from(error: SyncPlanError) -> CommandError {
        CommandError::usage(error)
    }
}

impl From<OpenError> for CommandError {
    fn from(error: OpenError) -> CommandError {
        match error {
            OpenError::Tenant(_)
            | OpenError::OtherConnector { .. }
            | OpenError::UnknownPreset { .. }
            | OpenError::UnknownRequests { .. }
            | OpenError::UnknownWrites { .. }
            | OpenError::TokenFile(_)
            | OpenError::NoToken { .. } => CommandError::usage(error),
            OpenError::Artifact(_)
            | OpenError::Load(_)
            | OpenError::Engine(_)
            | OpenError::Http(_) => CommandError::failed(error),
        }
    }
}

impl From<OutputError> for CommandError {
    fn from(error: OutputError) -> CommandError {
        match error {
            OutputError::Closed => CommandError::Closed,
            OutputError::UnknownTarget { .. }
            | OutputError::BadUrl { .. }
            | OutputError::StateInDatabase => CommandError::usage(error),
            _ => CommandError::failed(error),
        }
    }
}

impl From<CallError> for CommandError {
    fn from(error: CallError) -> CommandError {
        match &error {
            // What the component cannot use is in the connection file.
            CallError::Failure(failure) if failure.kind == FailureKind::InvalidInput => {
                CommandError::usage(error)
            }
            _ => CommandError::failed(error),
        }
    }
}

impl From<CheckError> for CommandError {
    fn from(error: CheckError) -> CommandError {
        match error {
            CheckError::Call(error) => error.into(),
            CheckError::Output(error) => error.into(),
            CheckError::OtherWorkspace { .. } => CommandError::usage(error),
        }
    }
}
