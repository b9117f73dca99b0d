//! Connections as documents that come through the control API: what is looked at before one is taken, and how it is read
//! again later.

use std::path::{Component, Path};

use jiff::tz::TimeZone;
use serde_json::Value;

use super::Platform;
use super::adding::AddError;
use crate::alerts::AlertRule;
use crate::connection_file::document;
use crate::connection_file::environment;
use crate::connection_file::problems::Problems;
use crate::connection_file::{
    ConnectionFile, ConnectionFileError, CopyTo, IntentOutput, MAX_FILE_BYTES,
};
use crate::dates;
use crate::opened_connection::own_writes;
use crate::output::OutputTarget;
use crate::platform::config::{self, ConnectionEntry, ConnectionSource, OutputPlace};
use crate::platform::folder::Folder;
use crate::platform::lives::OpenProblem;
use crate::secret::Secret;
use crate::sync_plan::{self, SyncPlanError};

/// How a document is called in messages.
const DOCUMENT: &str = "the connection";

impl Platform {
    /// The file of a connection that was added.
    pub(super) fn added_file(
        &self,
        name: &str,
        folder: &Folder,
    ) -> Result<ConnectionFile, OpenProblem> {
        let sealed = self.shared.database.added_connection(name);
        let sealed = sealed
            .map_err(|_| OpenProblem::Gone)?
            .ok_or(OpenProblem::Gone)?;
        let document = self.shared.keys.open(&sealed, name)?;
        let (entry, _) = self.read_document(&document)?;
        match &entry.source {
            ConnectionSource::Document(text) => Ok(ConnectionFile::parse_document(
                &folder.document(),
                text.expose(),
            )?),
            ConnectionSource::File(_) => Err(OpenProblem::Gone),
        }
    }

    /// Reads a document as it comes: nothing in it may name a variable or a place of this machine.
    pub(super) fn check_document(
        &self,
        text: &str,
        address: Option<&str>,
    ) -> Result<(ConnectionEntry, ConnectionFile, Secret), AddError> {
        let path = Path::new(DOCUMENT);
        if text.len() as u64 > MAX_FILE_BYTES {
            return Err(AddError::Document(ConnectionFileError::TooLarge {
                path: path.to_path_buf(),
                limit: MAX_FILE_BYTES,
            }));
        }
        let mut problems = Problems::default();
        let mut root = document::parse(path, text, &mut problems)?;
        environment::substitute(&mut root, &|_| None, &mut problems);
        problems.finish(path)?;
        let mut whole = root.to_json();
        match (address, whole.get("name")) {
            (Some(address), None) => whole["name"] = Value::from(address),
            (Some(address), Some(name)) if name != address => {
                return Err(AddError::OtherName {
                    address: address.to_owned(),
                    document: name.as_str().unwrap_or_default().to_owned(),
                });
            }
            _ => {}
        }
        if whole.get("file").is_some() {
            return Err(AddError::Place("file"));
        }
        let document = Secret::new(whole.to_string());
        let (entry, file) = self.read_document(&document)?;
        self.check_fit(&file)?;
        let own = Folder::of(&self.shared.data, &entry.name);
        match elsewhere(&entry, &file, &own) {
            Some(key) => Err(AddError::Place(key)),
            None => Ok((entry, file, document)),
        }
    }

    /// Whether the component is the one that the connection is for, and has what it names.
    fn check_fit(&self, file: &ConnectionFile) -> Result<(), AddError> {
        let plugin = self.shared.components.current();
        let component = &plugin.descriptor().name;
        if file.connector != *component {
            return Err(AddError::Unfit(format!(
                "connector: found {}, expected {component}",
                file.connector
            )));
        }
        let unfit = |key: &str, error: SyncPlanError| AddError::Unfit(format!("{key}: {error}"));
        sync_plan::streams_of(&plugin, file).map_err(|error| unfit("streams", error))?;
        sync_plan::filters_of(&plugin, file).map_err(|error| unfit("filters", error))?;
        if let Some(text) = &file.start_date {
            let found = dates::parse(text, &TimeZone::UTC);
            found.map_err(|error| AddError::Unfit(format!("start_date: {error}")))?;
        }
        let problems = own_writes::problems(file, plugin.descriptor());
        match problems.is_empty() {
            true => Ok(()),
            false => Err(AddError::Unfit(problems.join("\n  "))),
        }
    }

    /// Reads a document that was looked at before.
    pub(super) fn read_document(
        &self,
        document: &Secret,
    ) -> Result<(ConnectionEntry, ConnectionFile), ConnectionFileError> {
        let path = Path::new(DOCUMENT);
        let defaults = &self.shared.config.defaults;
        let entry = config::read_added(path, document.expose(), defaults)?;
        let folder = Folder::of(&self.shared.data, &entry.name);
        let file = match &entry.source {
            ConnectionSource::Document(text) => {
                ConnectionFile::parse_document(&folder.document(), text.expose()).map_err(
                    |error| match error {
                        // Nobody wrote a file.
                        ConnectionFileError::Invalid { problems, .. } => {
                            ConnectionFileError::Invalid {
                                path: path.to_path_buf(),
                                problems,
                            }
                        }
                        other => other,
                    },
                )?
            }
            ConnectionSource::File(file) => ConnectionFile::load(file)?,
        };
        Ok((entry, file))
    }
}

/// The key with which a document names a program of this machine, or a place that is not in the connection's own folder:
/// whoever may add connections may have neither for that.
fn elsewhere(
    entry: &ConnectionEntry,
    file: &ConnectionFile,
    folder: &Folder,
) -> Option<&'static str> {
    let is_own = |place: &Path| {
        let within = place.strip_prefix(folder.path());
        within.is_ok_and(|within| {
            let mut parts = within.components();
            parts.all(|part| matches!(part, Component::Normal(_)))
        })
    };
    let token_file = folder.document().with_extension("credentials.json");
    let found = [
        ("credentials.token_file", file.token_file != token_file),
        (
            "alerts.command",
            file.alerts.iter().any(AlertRule::runs_a_program),
        ),
        (
            "attachments.copy_to",
            matches!(&file.attachments.copy_to, Some(CopyTo::Directory(place)) if !is_own(place)),
        ),
        (
            "intents.output",
            matches!(file.intents, Some(IntentOutput::JsonLines(_))),
        ),
        (
            "output",
            matches!(
                entry.output,
                OutputPlace::At(OutputTarget::Sqlite(_) | OutputTarget::JsonLines(_))
            ),
        ),
    ];
    found
        .into_iter()
        .find_map(|(key, elsewhere)| elsewhere.then_some(key))
}
