//! Connections that come and go: those of the platform's file at the start, others through the control API.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Platform, ServeError};
use crate::callbacks;
use crate::clock::now_ms;
use crate::connection_file::{ConnectionFile, ConnectionFileError};
use crate::platform::config::{ConfigError, ConnectionEntry, ConnectionSource};
use crate::platform::database::DatabaseError;
use crate::platform::folder::Folder;
use crate::platform::lives::OpenProblem;
use crate::platform::registry::{Found, Known, Source};
use crate::platform::scheduler::Time;
use crate::platform::sealed::SealError;
use crate::progress::write_line;
use crate::secret::Secret;

/// What a start gives each connection's first sync, so that not all begin at once.
const FIRST_SYNCS: Duration = Duration::from_millis(50);

/// How often a folder is removed that fills meanwhile, and how long to wait between.
const REMOVALS: usize = 40;
const BETWEEN_REMOVALS: Duration = Duration::from_millis(50);

/// Why a connection is not added, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// It is wrong.
    #[error(transparent)]
    Document(#[from] ConnectionFileError),
    /// Its name is taken.
    #[error("there is a connection {0} already; PUT replaces it")]
    Taken(String),
    /// Somebody else is at it.
    #[error("{0} is just being added, replaced or removed by another request; ask again")]
    Changing(String),
    /// Its name in the address is another one than in the document.
    #[error("the address names {address}, and the document {document}")]
    OtherName {
        /// The name in the address.
        address: String,
        /// The name in the document.
        document: String,
    },
    /// It is in the platform's file.
    #[error("{0} is in the platform's file; change it there and start the server again")]
    Configured(String),
    /// It asks for what only the platform's file may give.
    #[error(
        "`{0}` names what is on the server and not the connection's own; only the platform's own file may"
    )]
    Place(&'static str),
    /// The component has no such thing.
    #[error("the connection: {0}")]
    Unfit(String),
    /// One of its callbacks is to come where something else comes.
    #[error("callbacks.{callback}.path: {why}; give it another `path`, or none")]
    Door {
        /// The callback.
        callback: String,
        /// What comes there.
        why: String,
    },
    /// It cannot be encrypted.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It cannot be stored.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Its folder cannot be removed.
    #[error("its folder cannot be removed: {0}")]
    Folder(std::io::Error),
}

/// A name that nobody else may change meanwhile.
struct Alone<'a> {
    changing: &'a Mutex<BTreeSet<String>>,
    name: String,
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        super::locked(self.changing).remove(&self.name);
    }
}

impl Platform {
    /// Takes up all connections of the file and of the database.
    pub(super) fn add_all(&self) -> Result<(), ServeError> {
        let shared = &self.shared;
        let added = shared.database.added_connections()?;
        // So many that are due at once would be late: each gets a moment of its own.
        let count = shared.config.connections.len() + added.len();
        let spread = FIRST_SYNCS.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX));
        let mut wrong = Vec::new();
        for entry in &shared.config.connections {
            let file = match &entry.source {
                ConnectionSource::File(path) => ConnectionFile::load(path),
                ConnectionSource::Document(text) => {
                    let folder = Folder::of(&shared.data, &entry.name);
                    let file = ConnectionFile::parse_document(&folder.document(), text.expose());
                    file.map_err(|error| self.said_of_file(error, &entry.name))
                }
            };
            match file {
                Ok(file) => self.take_up(entry.clone(), false, &file, Some(spread))?,
                // Somebody switched it off.
                Err(error @ ConnectionFileError::Invalid { .. }) if error.is_gone() => {
                    write_line(&format!("– {}: {error}", entry.name))
                }
                Err(error) => wrong.push(error),
            }
        }
        if !wrong.is_empty() {
            return Err(ConfigError::Files(wrong).into());
        }
        for added in added {
            let opened = shared.keys.open(&added.document, &added.name);
            let taken = opened.map_err(OpenProblem::from).and_then(|document| {
                let (entry, file) = self.read_document(&document)?;
                if shared.keys.is_old(&added.document) {
                    self.reseal(&added.name, &document);
                }
                Ok((entry, file))
            });
            match taken {
                Ok((entry, file)) if shared.registry.named(&entry.name).is_none() => {
                    self.take_up(entry, true, &file, Some(spread))?;
                }
                Ok((entry, _)) => write_line(&format!(
                    "✗ {}: it was added, and is in the platform's file as well, which counts",
                    entry.name
                )),
                // The others run. What is wrong with this one, the status shows.
                Err(_) if shared.registry.named(&added.name).is_some() => {}
                Err(error) => {
                    write_line(&format!("✗ {}: {error}", added.name));
                    self.know_unreadable(&added.name, &error)?;
                }
            }
        }
        Ok(())
    }

    /// Takes up a connection that was added and cannot be read.
    fn know_unreadable(&self, name: &str, error: &OpenProblem) -> Result<(), DatabaseError> {
        let shared = &self.shared;
        let problem = error.to_string();
        shared.database.set_opened(name, None, Some(&problem))?;
        let stored = shared.database.stored(name)?;
        let output = Folder::of(&shared.data, name).found_output();
        let known = Known::unreadable(shared.id(), name, output);
        known.set_found(Found {
            workspace: stored.workspace,
            problem: Some(problem),
            unstored: None,
        });
        self.enter(Arc::new(known), stored.paused, false, self.now());
        Ok(())
    }

    /// What is wrong with a connection that is written in the platform's file: the place is there, and lines are not known.
    fn said_of_file(&self, error: ConnectionFileError, name: &str) -> ConnectionFileError {
        match error {
            ConnectionFileError::Invalid { mut problems, .. } => {
                problems.iter_mut().for_each(|problem| problem.line = 0);
                let file = self.shared.config.path.display();
                let path = PathBuf::from(format!("{file}: the connection {name}"));
                ConnectionFileError::Invalid { path, problems }
            }
            other => other,
        }
    }

    /// Encrypts a document with the newest key.
    fn reseal(&self, name: &str, document: &Secret) {
        let shared = &self.shared;
        let stored = shared.keys.seal(document, name).map(|sealed| {
            let stored = shared.database.add_connection(name, &sealed);
            stored.map_err(|error| error.to_string())
        });
        if let Err(error) = stored.unwrap_or_else(|error| Err(error.to_string())) {
            tracing::warn!(
                connection = name,
                "it stays encrypted with an old key: {error}"
            );
        }
    }

    /// `spread`: within which it begins, in the turn in which it was to sync; absent: it is new, or another one than before, and
    /// whether it works is to be seen at once.
    fn take_up(
        &self,
        entry: ConnectionEntry,
        added: bool,
        file: &ConnectionFile,
        spread: Option<Duration>,
    ) -> Result<(), DatabaseError> {
        let shared = &self.shared;
        let stored = shared.database.stored(&entry.name)?;
        let cut_off = shared.database.last_run(&entry.name)?;
        let cut_off = cut_off.is_some_and(|run| run.status == "cut_off");
        let asked = shared.database.asked_sync(&entry.name)?.waiting.is_some();
        let defaults = &shared.config.defaults;
        let known = Known::new(shared.id(), entry, added, file, defaults, shared.time_scale);
        // It is decrypted by now.
        let mut problem = stored.problem;
        if added && problem.as_deref().is_some_and(OpenProblem::is_sealed) {
            shared.database.set_opened(&known.name, None, None)?;
            problem = None;
        }
        known.set_found(Found {
            workspace: stored.workspace,
            problem,
            unstored: None,
        });
        let now = self.now();
        // Where a run was cut off, it is time to go on; else the span since the last one is kept. A clock that was wrong then
        // puts nothing off.
        let first = match (stored.began_at_ms, known.schedule.every) {
            (Some(began), Some(every)) if !cut_off && spread.is_some() => {
                let since = u64::try_from(now_ms().saturating_sub(began));
                now + every.saturating_sub(since.unwrap_or(0))
            }
            _ => now,
        };
        let spread = u64::try_from(spread.unwrap_or_default().as_millis()).unwrap_or(u64::MAX);
        let spread = spread.min(known.schedule.every.unwrap_or(1)).max(1);
        // Its phase is as good as a random number.
        let first = first.max(now + known.schedule.phase % spread);
        self.enter(Arc::new(known), stored.paused, asked, first);
        shared.changed.notify_one();
        Ok(())
    }

    /// `asked`: somebody asked for a sync that has not begun.
    fn enter(&self, known: Arc<Known>, paused: bool, asked: bool, first: Time) {
        if self.shared.registry.add(Arc::clone(&known)) {
            let mut scheduler = self.scheduler();
            scheduler.add(known.id, &known.tenant, known.schedule, first);
            if asked && known.reads {
                scheduler.ask(known.id, self.now());
            }
            if paused {
                scheduler.pause(known.id);
            }
        }
    }

    /// Adds a connection as it comes through the control API; gives its name. `address`: the name that the address gives,
    /// under which one that is there is replaced.
    pub(in crate::platform) async fn add(
        &self,
        text: &str,
        address: Option<&str>,
    ) -> Result<String, AddError> {
        let shared = &self.shared;
        let (entry, file, document) = self.check_document(text, address)?;
        let name = entry.name.clone();
        let _alone = self.changing(&name)?;
        if let Some(known) = shared.registry.named(&name) {
            match known.source {
                Source::Configured(_) => return Err(AddError::Configured(name)),
                Source::Added if address.is_none() => return Err(AddError::Taken(name)),
                Source::Added => {}
            }
        }
        self.check_doors(&name, &file)?;
        let sealed = shared.keys.seal(&document, &name)?;
        shared.database.add_connection(&name, &sealed)?;
        self.let_go(&name).await;
        // What was wrong with the one before says nothing of this one.
        shared.database.set_opened(&name, None, None)?;
        shared.database.restart_anew(&name)?;
        self.take_up(entry, true, &file, None)?;
        if let Some(known) = shared.registry.named(&name) {
            self.look_soon(&known);
            self.show_lag(&known).await;
        }
        Ok(name)
    }

    /// Whether callbacks can come to a connection where its document says.
    fn check_doors(&self, name: &str, file: &ConnectionFile) -> Result<(), AddError> {
        for (path, callback) in callbacks::paths(name, &file.callbacks) {
            let refusal = self
                .shared
                .registry
                .door_refusal(name, path.trim_matches('/'));
            if let Some(why) = refusal {
                return Err(AddError::Door { callback, why });
            }
        }
        Ok(())
    }

    /// Removes a connection that was added, and its credential; its folder as well where that is wanted.
    pub(in crate::platform) async fn remove(
        &self,
        known: &Known,
        with_data: bool,
    ) -> Result<(), AddError> {
        if matches!(known.source, Source::Configured(_)) {
            return Err(AddError::Configured(known.name.clone()));
        }
        let _alone = self.changing(&known.name)?;
        self.let_go(&known.name).await;
        self.shared.database.remove_connection(&known.name)?;
        if with_data {
            let folder = Folder::of(&self.shared.data, &known.name);
            remove_folder(folder.path())
                .await
                .map_err(AddError::Folder)?;
        }
        Ok(())
    }

    /// Lets nobody else add, replace or remove a connection of this name until what it gives is dropped.
    fn changing(&self, name: &str) -> Result<Alone<'_>, AddError> {
        let changing = &self.shared.changing;
        match super::locked(changing).insert(name.to_owned()) {
            true => Ok(Alone {
                changing,
                name: name.to_owned(),
            }),
            false => Err(AddError::Changing(name.to_owned())),
        }
    }

    /// Ends what a connection does, and forgets it.
    async fn let_go(&self, name: &str) {
        let shared = &self.shared;
        let Some(known) = shared.registry.named(name) else {
            return;
        };
        shared.registry.remove(name);
        if let Some(stop) = super::locked(&shared.slices).get(&known.id) {
            // It may have ended just now.
            let _ = stop.send(true);
        }
        self.forget_lessons(known.id);
        self.shared.lags.forget(name);
        shared.lives.forget(name).await;
        shared.components.components().forget(name).await;
        self.scheduler().remove(known.id);
        super::locked(&shared.runs).remove(&known.id);
    }

    /// For people: since when the server runs.
    pub(in crate::platform) fn uptime_ms(&self) -> i64 {
        now_ms().saturating_sub(self.shared.began_at_ms)
    }
}

/// Removes a folder. Somebody who looks at its databases just now, for a page or a metric, may put a file of theirs into it.
async fn remove_folder(folder: &Path) -> io::Result<()> {
    let mut tries = 1..=REMOVALS;
    loop {
        let error = match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => error,
            _ => return Ok(()),
        };
        let fills = error.kind() == io::ErrorKind::DirectoryNotEmpty;
        if !fills || tries.next().is_none() {
            return Err(error);
        }
        tokio::time::sleep(BETWEEN_REMOVALS).await;
    }
}
