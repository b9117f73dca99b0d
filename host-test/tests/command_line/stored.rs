use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::service::Service;
use crate::world::World;

/// The streams that can be compared.
pub const STREAMS: [&str; 6] = [
    "contacts",
    "companies",
    "admins",
    "teams",
    "tags",
    "segments",
];

/// Documents by key.
pub type Rows = BTreeMap<String, Value>;

/// An output that stores each entry once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sink {
    /// A directory of JSON lines.
    Files,
    /// An SQLite database.
    Database,
}

impl Sink {
    /// The value of `--output`.
    pub fn argument(self) -> &'static str {
        match self {
            Sink::Files => "jsonl:out",
            Sink::Database => "sqlite:out.db",
        }
    }

    /// The rows of a stream, of which none was deleted. In files every line has to be a state of its row that no other
    /// line has, and the time of each is the one that it has in its document.
    pub fn rows(self, world: &World, stream: &str) -> Rows {
        match self {
            Sink::Files => {
                let lines = world.lines(&format!("out/{stream}.jsonl"));
                let mut states = BTreeSet::new();
                for line in &lines {
                    assert!(states.insert(line.to_string()), "twice: {line}");
                    assert_ne!(line["change"], "delete", "nothing was deleted: {line}");
                    check_time(&line["updated_at_ms"], &line["data"]);
                }
                replay(&lines)
            }
            Sink::Database => table(world, stream, check_time),
        }
    }

    /// The rows of a stream that are not deleted, however they came there.
    pub fn rows_left(self, world: &World, stream: &str) -> Rows {
        match self {
            Sink::Files => replay(&world.lines(&format!("out/{stream}.jsonl"))),
            Sink::Database => table(world, stream, |_, _| {}),
        }
    }
}

/// What is left when lines are applied in their order.
fn replay(lines: &[Value]) -> Rows {
    let mut rows = Rows::new();
    for line in lines {
        let key = line["key"].as_str().expect("a key").to_owned();
        match line["change"].as_str() {
            Some("upsert") => drop(rows.insert(key, line["data"].clone())),
            Some("patch") => {
                let row = rows.entry(key).or_insert_with(|| json!({}));
                for (name, value) in line["data"].as_object().expect("an object") {
                    row[name] = value.clone();
                }
            }
            _ => drop(rows.remove(&key)),
        }
    }
    rows
}

/// The table's own key says that none is there twice.
fn table(world: &World, stream: &str, check_time: fn(&Value, &Value)) -> Rows {
    let database = rusqlite::Connection::open(world.path("out.db")).expect("a database");
    let question = format!("SELECT key, updated_at_ms, data FROM {stream} WHERE NOT deleted");
    let mut statement = database.prepare(&question).expect("a table");
    let rows = statement.query_map([], |row| {
        let (key, updated_at_ms): (String, Option<i64>) = (row.get(0)?, row.get(1)?);
        Ok((key, updated_at_ms, row.get::<_, String>(2)?))
    });
    rows.expect("rows")
        .map(|row| {
            let (key, updated_at_ms, text) = row.expect("a row");
            let data: Value = serde_json::from_str(&text).expect("a document");
            check_time(&updated_at_ms.into(), &data);
            (key, data)
        })
        .collect()
}

/// The keys of what an output says is gone, in order; in files as often as they say so.
pub fn deleted(world: &World, sink: Sink, stream: &str) -> Vec<String> {
    let mut keys: Vec<String> = match sink {
        Sink::Files => {
            let lines = world.lines(&format!("out/{stream}.jsonl"));
            let gone = lines.iter().filter(|line| line["change"] == "delete");
            gone.map(|line| line["key"].as_str().expect("a key").to_owned())
                .collect()
        }
        Sink::Database => {
            let database = rusqlite::Connection::open(world.path("out.db")).expect("a database");
            let question = format!("SELECT key FROM {stream} WHERE deleted");
            let mut statement = database.prepare(&question).expect("a table");
            let keys = statement.query_map([], |row| row.get(0)).expect("rows");
            keys.map(|key| key.expect("a key")).collect()
        }
    };
    keys.sort();
    keys
}

/// The envelope says when the document changed, where the document does.
fn check_time(updated_at_ms: &Value, data: &Value) {
    let expected = data["updated_at"].as_i64().map(|second| second * 1_000);
    assert_eq!(updated_at_ms.as_i64(), expected, "{data}");
}

/// What the workspace holds of a stream, as its API shows it to anybody.
pub fn workspace(service: &Service, stream: &str) -> Rows {
    let mut rows = Rows::new();
    let mut target = match stream {
        "contacts" => "/contacts?per_page=150".to_owned(),
        "companies" => "/companies?per_page=60".to_owned(),
        small => format!("/{small}"),
    };
    loop {
        let answer = service.ask(&target);
        let list = match &answer["data"] {
            Value::Null => &answer[stream],
            data => data,
        };
        for document in list.as_array().expect("a list") {
            let key = document["id"].as_str().expect("an id").to_owned();
            assert!(rows.insert(key, document.clone()).is_none());
        }
        // A list of contacts goes on from a cursor, one of companies at a URL.
        target = match &answer["pages"]["next"] {
            Value::Null => return rows,
            Value::String(url) => url[service.url.len()..].to_owned(),
            next => format!(
                "/contacts?per_page=150&starting_after={}",
                next["starting_after"].as_str().expect("a cursor")
            ),
        };
    }
}

/// Compares an output with the workspace: the same keys, the same documents.
pub fn assert_exact(world: &World, sink: Sink) {
    for stream in STREAMS {
        let (found, expected) = (sink.rows(world, stream), workspace(&world.service, stream));
        let keys = |rows: &Rows| rows.keys().cloned().collect::<BTreeSet<String>>();
        let (stored, there) = (keys(&found), keys(&expected));
        let lost: Vec<_> = there.difference(&stored).collect();
        let invented: Vec<_> = stored.difference(&there).collect();
        assert!(
            lost.is_empty() && invented.is_empty(),
            "{stream}: lost {} {lost:?}, invented {invented:?}",
            lost.len()
        );
        for (key, document) in &expected {
            let (stored, there) = (without_tag_names(&found[key]), without_tag_names(document));
            assert!(
                is_same(&stored, &there),
                "{stream} {key}: {stored} instead of {there}"
            );
        }
    }
}

/// A company names its tags. When one is renamed, the company counts as unchanged.
fn without_tag_names(document: &Value) -> Value {
    let mut document = document.clone();
    if document["type"] == "company" {
        for tag in document["tags"]["tags"].as_array_mut().expect("tags") {
            tag["name"].take();
        }
    }
    document
}

/// Whether a stored document is the workspace's. Ids are text in it, whatever they are at the API.
pub fn is_same(stored: &Value, there: &Value) -> bool {
    match (stored, there) {
        (Value::Object(stored), Value::Object(there)) => {
            stored.len() == there.len()
                && stored
                    .iter()
                    .all(|(name, value)| there.get(name).is_some_and(|other| is_same(value, other)))
        }
        (Value::Array(stored), Value::Array(there)) => {
            stored.len() == there.len()
                && stored
                    .iter()
                    .zip(there)
                    .all(|(one, other)| is_same(one, other))
        }
        (Value::String(text), Value::Number(number)) => *text == number.to_string(),
        _ => stored == there,
    }
}

/// How many lines files had of each stream before the last sync.
#[derive(Debug, Default)]
pub struct Before(BTreeMap<String, usize>);

impl Before {
    pub fn of(world: &World, streams: &[&str]) -> Before {
        let count = |stream: &&str| ((*stream).to_owned(), line_count(world, stream));
        Before(streams.iter().map(count).collect())
    }

    /// How many there were of this stream.
    pub fn lines(&self, stream: &str) -> usize {
        self.0.get(stream).copied().unwrap_or(0)
    }
}

/// How many lines the files of an output have of a stream.
pub fn line_count(world: &World, stream: &str) -> usize {
    world.lines(&format!("out/{stream}.jsonl")).len()
}
