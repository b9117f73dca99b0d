//! A platform seen from outside, by another process: what is stored, whether a server runs or not. Nothing is asked of
//! the server, and no lock is taken.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::config::{self, ConfigError, ConnectionEntry, ConnectionSource, PlatformConfig};
use super::database::{Database, DatabaseError};
use super::folder::Folder;
use super::sealed::SealError;
use super::status;
use crate::connection_file::{ConnectionFile, ConnectionFileError};
use crate::erasure::Stores;
use crate::output::OutputTarget;
use crate::position::State;

/// Why what a connection is cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SeenError {
    /// Its file, or its document in the platform's, is wrong.
    #[error(transparent)]
    File(#[from] ConnectionFileError),
    /// The platform's keys are none.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be read.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// It was added, and cannot be decrypted.
    #[error("the stored document of {name}: {error}")]
    Sealed {
        /// The connection.
        name: String,
        /// Why.
        #[source]
        error: SealError,
    },
    /// It is remembered only.
    #[error("the platform remembers {0}, and it is none of its connections any more")]
    Gone(String),
}

/// A platform seen from outside.
pub struct Seen {
    config: PlatformConfig,
    data: PathBuf,
    database: Option<Database>,
}

/// A connection seen from outside.
pub struct SeenConnection {
    /// What is remembered of it, for programs.
    pub document: Value,
    /// What its output remembers.
    pub state: Option<State>,
}

impl Seen {
    /// Looks at the folder of a platform.
    pub fn open(config: PlatformConfig) -> Result<Seen, DatabaseError> {
        let data = std::fs::canonicalize(&config.data).unwrap_or_else(|_| config.data.clone());
        let database = Database::look(&Database::path_in(&data))?;
        Ok(Seen {
            config,
            data,
            database,
        })
    }

    /// The names of all connections: of the file, and of what was added or is remembered.
    pub fn names(&self) -> Result<Vec<String>, DatabaseError> {
        let of_file = self.config.connections.iter();
        let mut names: BTreeSet<String> = of_file.map(|entry| entry.name.clone()).collect();
        if let Some(database) = &self.database {
            names.extend(database.known_connections()?);
        }
        Ok(names.into_iter().collect())
    }

    /// The same, and those that were removed and whose folders were kept.
    pub fn names_with_folders(&self) -> Result<Vec<String>, DatabaseError> {
        let mut names: BTreeSet<String> = self.names()?.into_iter().collect();
        // Where there is no folder yet, there is none of a connection.
        let folders = std::fs::read_dir(Folder::all(&self.data))
            .into_iter()
            .flatten();
        let folders = folders.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.extend(folders.filter(|name| config::is_name(name)));
        Ok(names.into_iter().collect())
    }

    /// What is remembered of a connection.
    pub fn remembered(&self, name: &str) -> Result<Value, DatabaseError> {
        match &self.database {
            Some(database) => status::remembered(database, name),
            None => Ok(serde_json::json!({"name": name, "state": "idle", "paused": false})),
        }
    }

    /// A connection as a whole.
    pub fn connection(&self, name: &str) -> Result<SeenConnection, DatabaseError> {
        let folder = Folder::of(&self.data, name);
        let target = self.output(name, &folder);
        let mut document = self.remembered(name)?;
        status::add_folder(&mut document, &folder, &target);
        Ok(SeenConnection {
            document,
            state: status::state_of(&folder, &target),
        })
    }

    /// A connection as it would be opened: from its file, from the platform's, or as it was added.
    pub fn file(&self, name: &str) -> Result<ConnectionFile, SeenError> {
        let folder = Folder::of(&self.data, name);
        let mut entries = self.config.connections.iter();
        let entry = entries.find(|entry| entry.name == name).cloned();
        let entry = match entry {
            Some(entry) => entry,
            None => self.added(name, &folder)?,
        };
        let mut file = match &entry.source {
            ConnectionSource::File(path) => ConnectionFile::load(path)?,
            ConnectionSource::Document(text) => {
                ConnectionFile::parse_document(&folder.document(), text.expose())?
            }
        };
        file.called = Some(name.to_owned());
        Ok(file)
    }

    fn added(&self, name: &str, folder: &Folder) -> Result<ConnectionEntry, SeenError> {
        let database = self.database.as_ref();
        let sealed = database.map(|database| database.added_connection(name));
        let sealed = sealed.transpose()?.flatten();
        let sealed = sealed.ok_or_else(|| SeenError::Gone(name.to_owned()))?;
        let opened = self.config.sealing()?.open(&sealed, name);
        let document = opened.map_err(|error| SeenError::Sealed {
            name: name.to_owned(),
            error,
        })?;
        let defaults = &self.config.defaults;
        Ok(config::read_added(
            &folder.document(),
            document.expose(),
            defaults,
        )?)
    }

    /// The folder of a connection.
    pub fn folder(&self, name: &str) -> Folder {
        Folder::of(&self.data, name)
    }

    /// Where a connection stores things.
    pub fn stores(&self, name: &str) -> Stores {
        let folder = Folder::of(&self.data, name);
        Stores {
            output: self.output(name, &folder),
            queue: Some(folder.queue()),
            state: vec![folder.state()],
            folder: Some(folder.path().to_path_buf()),
            lines: Vec::new(),
        }
    }

    /// Where the entries of a connection go. What was added is encrypted, but its folder tells.
    fn output(&self, name: &str, folder: &Folder) -> OutputTarget {
        let mut entries = self.config.connections.iter();
        if let Some(entry) = entries.find(|entry| entry.name == name) {
            return folder.output(&entry.output);
        }
        folder.output(&folder.found_output())
    }

    /// The platform's folder.
    pub fn data(&self) -> &Path {
        &self.data
    }
}
