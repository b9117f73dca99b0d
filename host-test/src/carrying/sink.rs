//! Whoever gets the intents that the component cannot carry out: a file of lines, or a URL.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::connection_file::IntentOutput;
use crate::http_client::HttpClientError;
use crate::receiver::{Receiver, ReceiverOptions};
use crate::webhook_queue::StoredIntent;

/// The name of the file of lines.
const FILE: &str = "intents.jsonl";

/// How long a URL may take to answer.
const TIME: Duration = Duration::from_secs(30);

/// Who gets intents.
pub enum IntentSink {
    /// Lines of a file.
    Lines(PathBuf),
    /// Whoever is at a URL.
    Http(Box<Receiver>),
}

/// Why an intent was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkError {
    /// For people.
    pub problem: String,
    /// Whether another try may come to more.
    pub passes: bool,
    /// How long to wait until then, where somebody said so.
    pub wait: Option<Duration>,
}

impl IntentSink {
    /// The sink of a connection: what its file says, else lines beside the queue, in `beside`.
    pub fn of(
        output: Option<&IntentOutput>,
        beside: PathBuf,
    ) -> Result<IntentSink, HttpClientError> {
        Ok(match output {
            None => IntentSink::Lines(beside),
            Some(IntentOutput::JsonLines(directory)) => IntentSink::Lines(directory.join(FILE)),
            Some(IntentOutput::Http { url, headers }) => {
                let options = ReceiverOptions {
                    headers: headers.clone(),
                    timeout: TIME,
                    ..ReceiverOptions::default()
                };
                IntentSink::Http(Box::new(Receiver::new(url.clone(), options)?))
            }
        })
    }

    /// Gives it an intent. One that it was given before, as far as anybody can tell, is not given again.
    pub async fn give(&self, stored: &StoredIntent, record: &[u8]) -> Result<(), SinkError> {
        let line = line(stored, record)?;
        match self {
            IntentSink::Lines(path) => append(path, &line, &stored.intent.id, stored.tries > 0)
                .map_err(|error| SinkError {
                    problem: format!("{}: {error}", path.display()),
                    passes: true,
                    wait: None,
                }),
            IntentSink::Http(receiver) => {
                let posted = receiver.post_once(line.into(), &stored.intent.id).await;
                posted.map(drop).map_err(|error| SinkError {
                    passes: error.passes(),
                    wait: error.retry_after(),
                    problem: error.to_string(),
                })
            }
        }
    }
}

/// An intent as a line, without its end. The id comes first.
fn line(stored: &StoredIntent, record: &[u8]) -> Result<Vec<u8>, SinkError> {
    let text = String::from_utf8_lossy(record);
    let record: &RawValue = serde_json::from_str(&text).map_err(|error| SinkError {
        problem: format!("its record is no JSON: {error}"),
        passes: false,
        wait: None,
    })?;
    let intent = &stored.intent;
    let about = json!({
        "trigger": intent.trigger,
        "action": intent.action,
        "stream": intent.source_stream,
        "key": intent.source_key,
        "follow_up": stored.follows,
    });
    let mut line = beginning(&intent.id);
    for (name, value) in about.as_object().into_iter().flatten() {
        line.push_str(&format!(",\"{name}\":{value}"));
    }
    // A record over several lines would be several documents.
    line.push_str(&format!(
        ",\"record\":{}}}",
        record.get().replace(['\n', '\r'], " ")
    ));
    Ok(line.into_bytes())
}

fn beginning(id: &str) -> String {
    format!("{{\"id\":{}", Value::from(id))
}

/// Appends a line, and waits until the disk has it. With `again` the line may be there, or a part of it.
fn append(path: &Path, line: &[u8], id: &str, again: bool) -> std::io::Result<()> {
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        std::fs::create_dir_all(parent)?;
    }
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)?;
    // Several connections may share it.
    file.lock()?;
    let length = cut_back(&mut file)?;
    if again && holds(&file, id)? {
        return Ok(());
    }
    file.seek(SeekFrom::Start(length))?;
    file.write_all(&[line, b"\n"].concat())?;
    file.sync_data()
}

/// Takes away a line that has no end: whoever wrote it died. Gives the length.
fn cut_back(file: &mut File) -> std::io::Result<u64> {
    let length = file.metadata()?.len();
    let mut end = length;
    let mut byte = [0];
    while end > 0 {
        file.seek(SeekFrom::Start(end - 1))?;
        file.read_exact(&mut byte)?;
        if byte == *b"\n" {
            break;
        }
        end -= 1;
    }
    if end < length {
        file.set_len(end)?;
    }
    Ok(end)
}

fn holds(file: &File, id: &str) -> std::io::Result<bool> {
    let mut reader = BufReader::new(file);
    reader.seek(SeekFrom::Start(0))?;
    let beginning = beginning(id);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        if line.starts_with(beginning.as_bytes()) {
            return Ok(true);
        }
        line.clear();
    }
    Ok(false)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::contract::types::Intent;
    use crate::webhook_queue::IntentState;

    fn stored(id: &str, tries: u32) -> StoredIntent {
        StoredIntent {
            intent: Intent {
                id: id.to_owned(),
                trigger: "t".to_owned(),
                source_stream: "conversations".to_owned(),
                source_key: "7".to_owned(),
                action: "ticket".to_owned(),
                record: Vec::new(),
                confirm: false,
            },
            state: IntentState::Running,
            created_at_ms: 0,
            changed_at_ms: 0,
            tries,
            due_at_ms: 0,
            problem: None,
            is_fresh: false,
            follows: false,
        }
    }

    #[tokio::test]
    async fn a_line_is_there_once_whenever_its_writer_dies() {
        let directory = written::Folder::new();
        let path = directory.path().join("a/intents.jsonl");
        let sink = IntentSink::of(None, path.clone()).unwrap();
        let lines = || -> Vec<Value> {
            let text = std::fs::read_to_string(&path).unwrap();
            let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
            lines.collect()
        };
        sink.give(&stored("1", 0), b"{\"a\":\n1.50}").await.unwrap();
        assert_eq!(
            lines()[0],
            json!({"id": "1", "trigger": "t", "action": "ticket", "stream": "conversations", "key": "7",
                   "follow_up": false, "record": {"a": 1.50}})
        );
        // It died behind the line, and in the middle of the next one.
        sink.give(&stored("1", 1), b"{}").await.unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"id\":\"2\",\"tri").unwrap();
        drop(file);
        sink.give(&stored("2", 1), b"{}").await.unwrap();
        sink.give(&stored("3", 0), b"{}").await.unwrap();
        let ids: Vec<Value> = lines().iter().map(|line| line["id"].clone()).collect();
        assert_eq!(ids, ["1", "2", "3"]);
        let broken = sink.give(&stored("4", 0), b"{").await.unwrap_err();
        assert!(!broken.passes);
    }
}
