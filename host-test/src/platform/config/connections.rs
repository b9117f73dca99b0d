//! `connections`: files, folders of files, or connections written in place; each with what the platform does with it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Defaults, Retention, SHORTEST_EVERY, retention};
use crate::connection_file::document::{Content, Node};
use crate::connection_file::problems::{Problems, join};
use crate::connection_file::section::Section;
use crate::connection_file::span;
use crate::output::OutputTarget;
use crate::secret::Secret;

/// Keys that are the platform's; all others of a connection that is written in place are the connection's.
const OWN_KEYS: &[&str] = &["name", "tenant", "schedule", "output", "retention"];

/// The longest name.
const NAME_LETTERS: usize = 64;

/// A connection of a platform.
#[derive(Clone, Debug)]
pub struct ConnectionEntry {
    /// Its name: the path of its webhooks, and of its folder.
    pub name: String,
    /// Whose it is; connections of one tenant share its turns.
    pub tenant: String,
    /// Where it is described.
    pub source: ConnectionSource,
    /// How often to sync; absent: as its file says, or the platform.
    pub every: Option<Duration>,
    /// The most by which a sync is put off; absent: as the platform says, or a tenth of the span.
    pub jitter: Option<Duration>,
    /// Where its entries go.
    pub output: OutputPlace,
    /// How long things are kept.
    pub retention: Retention,
}

/// Where a connection is described. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub enum ConnectionSource {
    /// In a file, which is read again whenever the connection is opened.
    File(PathBuf),
    /// Here, as JSON, with what the environment gave.
    Document(Secret),
}

/// Where entries go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OutputPlace {
    /// A database in the connection's folder.
    #[default]
    Sqlite,
    /// Files of JSON lines in the connection's folder.
    JsonLines,
    /// Elsewhere.
    At(OutputTarget),
}

/// Whether something may be the name of a connection: it is a part of paths.
pub fn is_name(text: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    (1..=NAME_LETTERS).contains(&text.len()) && !text.starts_with('.') && text.chars().all(plain)
}

/// Reads the list.
pub(super) fn read(
    folder: &Path,
    node: &Node,
    defaults: &Defaults,
    problems: &mut Problems,
) -> Vec<ConnectionEntry> {
    let Content::List(items) = &node.content else {
        let expected = "a list of files, folders or connections";
        problems.push(node.problem("connections", "type", "not a list", expected));
        return Vec::new();
    };
    let mut entries: Vec<ConnectionEntry> = Vec::new();
    let mut names = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let path = format!("connections[{index}]");
        let found = match &item.content {
            Content::Text(text) => files(&path, item, &folder.join(text), defaults, problems),
            _ => entry(&path, folder, item, defaults, problems)
                .into_iter()
                .collect(),
        };
        for entry in found {
            if names.insert(entry.name.clone()) {
                entries.push(entry);
                continue;
            }
            let message = format!(
                "another connection is called {} as well; give one of them another `name`",
                entry.name
            );
            problems.say(&path, item.line, "duplicate_key", message);
        }
    }
    entries
}

/// Reads one that is a mapping: with `file`, or written in place.
pub(in crate::platform) fn entry(
    path: &str,
    folder: &Path,
    node: &Node,
    defaults: &Defaults,
    problems: &mut Problems,
) -> Option<ConnectionEntry> {
    let mut section = Section::open(path, node, problems)?;
    let name = section.text("name", problems);
    let source = match section.text("file", problems) {
        Some(file) => {
            let file = folder.join(file);
            Some((stem(&file), ConnectionSource::File(file)))
        }
        None => None,
    };
    let (name, source) = match (name, source) {
        (Some(name), Some((_, source))) | (None, Some((name, source))) => (name, source),
        (Some(name), None) => (name, ConnectionSource::Document(in_place(node))),
        (None, None) => {
            let message = "a connection that is written in place needs a `name`".to_owned();
            problems.say(&join(path, "name"), node.line, "missing", message);
            return None;
        }
    };
    if !is_name(&name) {
        let message = format!(
            "not a name: up to {NAME_LETTERS} of a-z, A-Z, 0-9, `-`, `_` and `.`, without a dot in front"
        );
        problems.say(&join(path, "name"), node.line, "value", message);
        return None;
    }
    let tenant = section.text("tenant", problems);
    let schedule = section.take("schedule");
    let schedule =
        schedule.and_then(|node| self::schedule(&join(path, "schedule"), node, problems));
    let (every, jitter) = schedule.unwrap_or_default();
    let output = output(&mut section, folder, problems);
    let kept = section.take("retention");
    let retention = match kept {
        Some(node) => retention::read(
            &join(path, "retention"),
            node,
            &defaults.retention,
            problems,
        ),
        None => defaults.retention.clone(),
    };
    if matches!(source, ConnectionSource::File(_)) {
        section.finish(&[], problems);
    }
    Some(ConnectionEntry {
        tenant: tenant.unwrap_or_else(|| name.clone()),
        name,
        source,
        every,
        jitter: jitter.or(defaults.jitter),
        output,
        retention,
    })
}

/// Reads `every` and `jitter`.
pub(super) fn schedule(
    path: &str,
    node: &Node,
    problems: &mut Problems,
) -> Option<(Option<Duration>, Option<Duration>)> {
    let mut section = Section::open(path, node, problems)?;
    let every = span::read(&mut section, "every", SHORTEST_EVERY, problems);
    let jitter = span::read(&mut section, "jitter", Duration::ZERO, problems);
    section.finish(&[], problems);
    Some((every, jitter))
}

fn output(section: &mut Section<'_>, folder: &Path, problems: &mut Problems) -> OutputPlace {
    let Some(text) = section.text("output", problems) else {
        return OutputPlace::default();
    };
    match text.as_str() {
        "sqlite" => return OutputPlace::Sqlite,
        "jsonl" => return OutputPlace::JsonLines,
        _ => {}
    }
    match text.parse() {
        Ok(OutputTarget::Sqlite(path)) => OutputPlace::At(OutputTarget::Sqlite(folder.join(path))),
        Ok(OutputTarget::JsonLines(path)) => {
            OutputPlace::At(OutputTarget::JsonLines(folder.join(path)))
        }
        Ok(target) => OutputPlace::At(target),
        Err(error) => {
            let line = section.take("output").map_or(0, |node| node.line);
            problems.say(&section.path("output"), line, "value", error.to_string());
            OutputPlace::default()
        }
    }
}

/// A file, or all files of a folder that end as connections do, by name.
fn files(
    path: &str,
    node: &Node,
    place: &Path,
    defaults: &Defaults,
    problems: &mut Problems,
) -> Vec<ConnectionEntry> {
    let files = match std::fs::read_dir(place) {
        Err(_) => vec![place.to_path_buf()],
        Ok(found) => {
            let mut files: Vec<PathBuf> = found
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|path| {
                    let ending = path.extension().and_then(|ending| ending.to_str());
                    matches!(ending, Some("yaml" | "yml"))
                })
                .collect();
            files.sort();
            files
        }
    };
    let mut entries = Vec::with_capacity(files.len());
    for file in files {
        let name = stem(&file);
        if !is_name(&name) {
            let message = format!(
                "the name of {} is none for a connection; give it a `name`",
                file.display()
            );
            problems.say(path, node.line, "value", message);
            continue;
        }
        entries.push(ConnectionEntry {
            tenant: name.clone(),
            name,
            source: ConnectionSource::File(file),
            every: None,
            jitter: defaults.jitter,
            output: OutputPlace::default(),
            retention: defaults.retention.clone(),
        });
    }
    entries
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// The connection's own part of what is written in place.
fn in_place(node: &Node) -> Secret {
    let mut document = node.to_json();
    if let Some(fields) = document.as_object_mut() {
        fields.retain(|key, _| !OWN_KEYS.contains(&key.as_str()));
    }
    Secret::new(document.to_string())
}
