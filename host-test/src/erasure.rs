//! Removes one person's record, and all that names it, from everything that is stored here.
//!
//! Who somebody is says the record itself: its key, and the values of fields that identify a person. Removed is the record,
//! what holds one of those values, and what hangs on what was removed. What another system was given is out of reach.

mod database;
mod lines;
mod person;
mod queue;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

pub(crate) use self::lines::write_over;
use self::person::Person;
use crate::contract::connector::Descriptor;
use crate::output::OutputTarget;

/// Why something is not erased. What was removed before stays removed.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    /// A database does not do what it is asked.
    #[error("{}: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// Several records answer to the name.
    #[error("{0} records of {1} answer to this; name the one by its key")]
    Several(usize, String),
}

/// Where a connection stores things.
#[derive(Clone, Debug)]
pub struct Stores {
    /// Where its entries go.
    pub output: OutputTarget,
    /// Its queue and intents.
    pub queue: Option<PathBuf>,
    /// What the component keeps: its state, journals.
    pub state: Vec<PathBuf>,
    /// Its folder: all files of lines in it are looked through.
    pub folder: Option<PathBuf>,
    /// Further files of lines.
    pub lines: Vec<PathBuf>,
}

/// How streams hang together.
#[derive(Clone, Debug, Default)]
pub struct Relations {
    /// Each stream with the one that it hangs on.
    parents: Vec<(String, String)>,
}

impl Relations {
    /// As the component says.
    pub fn of(descriptor: &Descriptor) -> Relations {
        let streams = descriptor.streams.iter();
        let parents =
            streams.filter_map(|stream| Some((stream.name.clone(), stream.parent.clone()?)));
        Relations {
            parents: parents.collect(),
        }
    }

    /// The streams that a stream hangs on.
    fn parents_of<'a>(&'a self, stream: &'a str) -> impl Iterator<Item = &'a str> {
        let parents = self
            .parents
            .iter()
            .filter(move |(child, _)| child == stream);
        parents.map(|(_, parent)| parent.as_str())
    }
}

/// What was removed from a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The file.
    pub place: PathBuf,
    /// The table, or what else it is.
    pub what: String,
    /// Rows, lines or values.
    pub count: u64,
}

/// What came of an erasure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// What was removed, where there was anything.
    pub removed: Vec<Removed>,
    /// For people: what could not be removed, and why.
    pub beyond: Vec<String>,
}

impl Erased {
    /// How much was removed.
    pub fn total(&self) -> u64 {
        self.removed.iter().map(|removed| removed.count).sum()
    }

    fn add(&mut self, place: &Path, what: &str, count: u64) {
        if count > 0 {
            self.removed.push(Removed {
                place: place.to_path_buf(),
                what: what.to_owned(),
                count,
            });
        }
    }

    /// Other records of the same stream are somebody else's, whomever they name.
    fn kept(&mut self, place: &Path, stream: &str, count: u64) {
        if count > 0 {
            self.beyond.push(format!(
                "{count} other records of {stream} in {} name it, and are kept: they are somebody else's",
                place.display()
            ));
        }
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        let removed = self.removed.iter();
        let removed: Vec<Value> = removed
            .map(|removed| {
                json!({
                    "place": removed.place.display().to_string(),
                    "what": removed.what,
                    "count": removed.count,
                })
            })
            .collect();
        json!({"removed": removed, "total": self.total(), "beyond": self.beyond})
    }
}

/// Removes a record of a stream, given by its key or by a value of an identifying field, and all that names it.
pub fn erase(
    name: &str,
    stream: &str,
    relations: &Relations,
    stores: &Stores,
) -> Result<Erased, ErasureError> {
    let mut person = Person::called(name, stream);
    let mut erased = Erased::default();
    match &stores.output {
        OutputTarget::Sqlite(path) if path.exists() => {
            database::erase(path, name, &mut person, relations, &mut erased)?;
        }
        OutputTarget::JsonLines(directory) if directory.exists() => {
            lines::learn(directory, name, &mut person)?;
            let others = lines::learn_rows(directory, relations, &mut person)?;
            erased.kept(directory, stream, others);
            lines::erase_all(directory, &person, &mut erased)?;
        }
        OutputTarget::Sqlite(_) | OutputTarget::JsonLines(_) => {}
        _ => erased.beyond.push(
            "what was written or posted to another system is there; erase it there as well"
                .to_owned(),
        ),
    }
    if let Some(queue) = stores.queue.as_deref().filter(|path| path.exists()) {
        queue::erase(queue, &person, &mut erased)?;
    }
    for state in stores.state.iter().filter(|path| path.exists()) {
        queue::erase_state(state, &person, &mut erased)?;
    }
    if let Some(folder) = stores.folder.as_deref().filter(|path| path.exists()) {
        lines::erase_all(folder, &person, &mut erased)?;
    }
    for path in stores.lines.iter().filter(|path| path.exists()) {
        lines::erase_file(path, &person, &mut erased)?;
    }
    Ok(erased)
}

fn failed(path: &Path) -> impl Fn(rusqlite::Error) -> ErasureError + use<> {
    let path = path.to_path_buf();
    move |source| ErasureError::Database {
        path: path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests;
