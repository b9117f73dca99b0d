//! The file in which a person describes one connection, in either of the two forms that people write.
//!
//! Everything in it is honoured or named: an unknown key, a wrong type or an unset variable is a problem, what this
//! version cannot do yet is a warning. All of them are found in one pass.

pub(crate) mod alerts;
mod attachments;
mod callbacks;
mod direct;
pub(crate) mod document;
mod endpoint;
pub(crate) mod environment;
mod filters;
mod http_output;
mod intents;
mod limits;
mod mapping;
mod nested;
pub(crate) mod problems;
mod proxy;
mod rate;
pub(crate) mod section;
mod settings;
pub(crate) mod span;
mod triggers;
pub(crate) mod webhooks;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

pub use self::attachments::{AttachmentSettings, CopyTo};
pub use self::callbacks::{Algorithm, Callback, IdPlace, Part, Rule, RuleWrite};
pub use self::http_output::HttpOutputSettings;
pub use self::intents::IntentOutput;
pub use self::mapping::FieldMapping;
use self::problems::Problems;
pub use self::problems::{ConnectionFileError, Problem};
pub use self::rate::{CapSetting, CappedRequests, RateSettings};
pub use self::settings::{Direction, Logging, Mode};
pub use self::triggers::{Trigger, Triggers, documents};
pub use self::webhooks::{AllowedSource, WebhookSettings};
use crate::alerts::AlertRule;
use crate::limits::CallLimits;
use crate::secret::Secret;

/// The largest file that is read. People write a few kilobytes; anything larger is not a connection.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// One connection as a person described it. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct ConnectionFile {
    /// Where it was read from.
    pub path: PathBuf,
    /// What it is called where that is not its file's name.
    pub called: Option<String>,
    /// The connector's name, to be compared with `descriptor.name`.
    pub connector: String,
    /// The token for the provider's API. Absent is fine for what needs none (mapping, verifying webhooks).
    pub access_token: Option<Secret>,
    /// Where the token is that `auth` stored, which serves where there is no `access_token`: beside this file as
    /// `NAME.credentials.json`, or where it says.
    pub token_file: PathBuf,
    /// The OAuth client's id.
    pub client_id: Option<String>,
    /// The secrets that sign webhooks: several while one is being replaced.
    pub client_secrets: Vec<Secret>,
    /// The component's own configuration, judged by its JSON Schema.
    pub config: Map<String, Value>,
    /// From when on to read, as written; read by [`crate::dates`] once the workspace's time zone is known.
    pub start_date: Option<String>,
    /// The streams to read, in the order written. Empty when none are named.
    pub streams: Vec<String>,
    /// Whether a stream that the component lacks is only a status of its own (second form), not a problem of the file.
    pub lenient_streams: bool,
    /// How changes come in.
    pub mode: Mode,
    /// Which way data goes.
    pub direction: Direction,
    /// How fields are renamed.
    pub field_mapping: Option<FieldMapping>,
    /// Replaces every endpoint's base URL. Plain http for loopback only. Without a slash at the end.
    pub endpoint: Option<String>,
    /// Through which the provider is reached: a URL, which may hold a password.
    pub proxy: Option<Secret>,
    /// How fast to ask.
    pub rate: RateSettings,
    /// What the component may use.
    pub limits: CallLimits,
    /// For each stream, which rows are wanted, for the component to judge.
    pub filters: BTreeMap<String, Map<String, Value>>,
    /// How old the last search for rows that are gone may be; absent: nobody looks for them.
    pub sweep_every: Option<Duration>,
    /// How often `webhook serve` reads what changed; absent: it does not read.
    pub sync_every: Option<Duration>,
    /// The same where the file itself says it, and not a default.
    pub written_sync_every: Option<Duration>,
    /// What is taken of webhooks.
    pub webhooks: WebhookSettings,
    /// What people want to be told.
    pub alerts: Vec<AlertRule>,
    /// Whether files that records name are copied, and whereto.
    pub attachments: AttachmentSettings,
    /// How entries are posted to a URL.
    pub http_output: HttpOutputSettings,
    /// What makes intents of entries.
    pub triggers: Triggers,
    /// Where intents go whose action the component does not know; absent: beside the output.
    pub intents: Option<IntentOutput>,
    /// Doors at which other systems tell what became of what they were given.
    pub callbacks: BTreeMap<String, Callback>,
    /// What is logged.
    pub logging: Logging,
    /// Keys that are understood and that this version does nothing with yet.
    pub warnings: Vec<Problem>,
}

impl ConnectionFile {
    /// Whether changes of the provider's rows are told by webhooks.
    pub fn wants_webhooks(&self) -> bool {
        self.direction.reads() && self.mode != Mode::Batch
    }

    /// Whether something is to be looked at from time to time that nobody tells of.
    pub fn has_waiting_triggers(&self) -> bool {
        self.triggers.iter().any(|(_, trigger)| trigger.waits())
    }

    /// Its name: the file's, without its ending, unless it is called otherwise. A path on servers, a part of an output's name where there are several
    /// connections, and a label of metrics.
    pub fn name(&self) -> String {
        if let Some(name) = &self.called {
            return name.clone();
        }
        let stem = self.path.file_stem().unwrap_or(self.path.as_os_str());
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        let stem = stem.to_string_lossy();
        let letters = stem.chars();
        letters
            .map(|letter| if plain(letter) { letter } else { '-' })
            .collect()
    }

    /// Reads a file, with `${NAME}` replaced from the environment.
    pub fn load(path: &Path) -> Result<ConnectionFile, ConnectionFileError> {
        let unreadable = |source| ConnectionFileError::Unreadable {
            path: path.to_path_buf(),
            source,
        };
        let length = std::fs::metadata(path).map_err(unreadable)?.len();
        if length > MAX_FILE_BYTES {
            return Err(ConnectionFileError::TooLarge {
                path: path.to_path_buf(),
                limit: MAX_FILE_BYTES,
            });
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|error| ConnectionFileError::NotText {
            path: path.to_path_buf(),
            offset: error.utf8_error().valid_up_to(),
        })?;
        ConnectionFile::parse(path, &text, &environment::process)
    }

    /// Reads the text of a file. `variable` gives the value of an environment variable.
    pub fn parse(
        path: &Path,
        text: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<ConnectionFile, ConnectionFileError> {
        if text.len() as u64 > MAX_FILE_BYTES {
            return Err(ConnectionFileError::TooLarge {
                path: path.to_path_buf(),
                limit: MAX_FILE_BYTES,
            });
        }
        let mut problems = Problems::default();
        let mut root = document::parse(path, text, &mut problems)?;
        environment::substitute(&mut root, variable, &mut problems);
        let connection = ConnectionFile::read(path, &root, &mut problems);
        problems.finish(path)?;
        Ok(connection)
    }

    /// Reads a document that is in no file (JSON), in which nothing is replaced. `path` is its place in messages.
    pub(crate) fn parse_document(
        path: &Path,
        text: &str,
    ) -> Result<ConnectionFile, ConnectionFileError> {
        let mut problems = Problems::default();
        let root = document::parse(path, text, &mut problems)?;
        let mut connection = ConnectionFile::read(path, &root, &mut problems);
        problems.finish(path)?;
        // What is encrypted where it is kept must not be stored in the clear with the compiled mapping.
        if let Some(mapping) = &mut connection.field_mapping {
            mapping.from_environment = true;
        }
        Ok(connection)
    }

    /// Reads a tree in either form. Of what is wrong only the problems are of use.
    fn read(path: &Path, root: &document::Node, problems: &mut Problems) -> ConnectionFile {
        if root.get("connectors").is_some() {
            nested::read(path, root, problems)
        } else {
            direct::read(path, root, problems)
        }
    }

    /// Reads a mapping from a file of its own (YAML or JSON), written as `field_mapping` is.
    pub fn load_mapping(path: &Path) -> Result<FieldMapping, ConnectionFileError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConnectionFileError::Unreadable {
                path: path.to_path_buf(),
                source,
            })?;
        let mut problems = Problems::default();
        let mut root = document::parse(path, &text, &mut problems)?;
        environment::substitute(&mut root, &environment::process, &mut problems);
        let found = mapping::read("", &root, &mut problems);
        problems.finish(path)?;
        found.ok_or_else(|| ConnectionFileError::Empty {
            path: path.to_path_buf(),
        })
    }
}

#[cfg(test)]
mod tests;
