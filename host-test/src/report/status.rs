//! How the reading of a stream ended.

use std::time::Duration;

/// How the reading of a stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamStatus {
    /// All that there was has been read.
    Complete,
    /// The credential or the plan does not allow it.
    Denied {
        /// Why, and what to do.
        message: String,
    },
    /// The API version in force does not have the stream.
    NotInVersion {
        /// Which versions have it.
        message: String,
    },
    /// The stream needs something in the configuration that is not there.
    NotConfigured {
        /// What it needs.
        message: String,
    },
    /// Only webhooks tell of the stream's rows.
    WebhooksOnly {
        /// How its rows come.
        message: String,
    },
    /// The component does not have the stream.
    Unavailable {
        /// Why, and what to do.
        message: String,
    },
    /// The credential was refused: nothing else works either.
    Unauthorized {
        /// Why, and what to do.
        message: String,
    },
    /// It went wrong; the position is that of the last page.
    Failed {
        /// A name for programs.
        code: String,
        /// Why, and what to do.
        message: String,
    },
    /// It gave way to others, and goes on where it is: not before so long.
    GaveWay {
        /// How long to wait at least.
        wait: Duration,
    },
    /// It was not tried.
    NotRun {
        /// Why.
        message: String,
    },
}

impl StreamStatus {
    /// A failure.
    pub fn failed(code: &str, message: String) -> StreamStatus {
        StreamStatus::Failed {
            code: code.to_owned(),
            message,
        }
    }

    /// Its name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            StreamStatus::Complete => "complete",
            StreamStatus::Denied { .. } => "denied",
            StreamStatus::NotInVersion { .. } => "not_in_version",
            StreamStatus::NotConfigured { .. } => "not_configured",
            StreamStatus::WebhooksOnly { .. } => "webhooks_only",
            StreamStatus::Unavailable { .. } => "unavailable",
            StreamStatus::Unauthorized { .. } => "unauthorized",
            StreamStatus::Failed { .. } => "failed",
            StreamStatus::GaveWay { .. } => "gave_way",
            StreamStatus::NotRun { .. } => "not_run",
        }
    }

    /// Why, unless it is complete.
    pub fn message(&self) -> Option<&str> {
        match self {
            StreamStatus::Complete | StreamStatus::GaveWay { .. } => None,
            StreamStatus::Denied { message }
            | StreamStatus::NotInVersion { message }
            | StreamStatus::NotConfigured { message }
            | StreamStatus::WebhooksOnly { message }
            | StreamStatus::Unavailable { message }
            | StreamStatus::Unauthorized { message }
            | StreamStatus::Failed { message, .. }
            | StreamStatus::NotRun { message } => Some(message),
        }
    }

    /// Its code, when it failed.
    pub fn code(&self) -> Option<&str> {
        match self {
            StreamStatus::Failed { code, .. } => Some(code),
            _ => None,
        }
    }
}
