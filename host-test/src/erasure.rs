//! Removes one person's record, and all that names it, from everything that is stored here.
//!
//! Who somebody is says the record itself: its key, and the values of fields that identify a person. Removed is the record,
//! what holds one of those values, and what hangs on what was removed. What another system was given is out of reach.

mod database;
mod lines;
mod queue;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::contract::connector::Descriptor;
use crate::output::OutputTarget;

/// Fields whose values identify a person, in any provider's words and after most mappings.
const IDENTIFYING: &[&str] = &["email", "external_id", "phone", "user_id"];

/// A value that is shorter may be anything. A short key is looked for in what hangs on the record only.
const TELLING: usize = 6;

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
    /// What the component keeps.
    pub state: Option<PathBuf>,
    /// Its folder: all files of lines in it are looked through.
    pub folder: Option<PathBuf>,
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

    /// Whether a stream hangs on another one.
    fn hangs_on(&self, stream: &str, parent: &str) -> bool {
        let mut parents = self.parents.iter();
        parents.any(|(child, of)| child == stream && of == parent)
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

/// Somebody, as far as is known.
#[derive(Clone, Debug, Default)]
struct Person {
    /// The stream of the record.
    stream: String,
    /// Keys of records.
    keys: BTreeSet<String>,
    /// Values that say who it is.
    values: BTreeSet<String>,
}

impl Person {
    /// Whoever answers to a name, before anything is known.
    fn called(name: &str, stream: &str) -> Person {
        Person {
            stream: stream.to_owned(),
            keys: BTreeSet::from([name.to_owned()]),
            values: BTreeSet::from([name.to_owned()]),
        }
    }

    /// Learns who it is from a record.
    fn learn(&mut self, key: &str, record: &Map<String, Value>) {
        self.keys.insert(key.to_owned());
        self.values.insert(key.to_owned());
        for field in IDENTIFYING {
            if let Some(Value::String(value)) = record.get(*field)
                && !value.is_empty()
            {
                self.values.insert(value.clone());
            }
        }
    }

    /// Values that nothing else is likely to have.
    fn telling(&self) -> impl Iterator<Item = &str> {
        let values = self.values.iter();
        values
            .filter(|value| value.len() >= TELLING)
            .map(String::as_str)
    }

    /// Whether a text of JSON holds one of the telling values as a text of its own.
    fn is_in(&self, json: &[u8]) -> bool {
        self.telling().any(|value| {
            let quoted = Value::from(value).to_string();
            memchr::memmem::find(json, quoted.as_bytes()).is_some()
        })
    }
}

/// Whether a record answers to a name.
fn answers(name: &str, key: &str, record: &Map<String, Value>) -> bool {
    let same = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| text.eq_ignore_ascii_case(name))
    };
    key == name
        || IDENTIFYING
            .iter()
            .any(|field| record.get(*field).is_some_and(same))
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
    if let Some(state) = stores.state.as_deref().filter(|path| path.exists()) {
        queue::erase_state(state, &person, &mut erased)?;
    }
    if let Some(folder) = stores.folder.as_deref().filter(|path| path.exists()) {
        lines::erase_all(folder, &person, &mut erased)?;
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
