//! When the rows changed last of which there are lines: what a line says before its document is read, and nothing else.

use std::borrow::Cow;

use serde::Deserialize;

use super::{JsonLines, quarantine, receipts};
use crate::contract::types::Change;
use crate::output::{OutputError, RowChange};

/// What stands before a document. A quote within a text has a backslash before it: no text holds this.
const BEFORE_DOCUMENT: &[u8] = b",\"data\":";

/// The head of a line. A line that was erased has none of it.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default)]
    stream: Cow<'a, str>,
    #[serde(borrow, default)]
    key: Option<Cow<'a, str>>,
    #[serde(default)]
    updated_at_ms: Option<i64>,
    #[serde(default)]
    change: &'a str,
}

impl JsonLines {
    /// Gives what each committed line did to its row, in their order. A line that somebody damaged says nothing.
    pub(super) fn tell_changes(
        &self,
        told: &mut dyn FnMut(RowChange<'_>),
    ) -> Result<(), OutputError> {
        let mut head = Vec::new();
        for (name, committed) in &self.state.files {
            if [receipts::FILE, quarantine::FILE].contains(&name.as_str()) {
                continue;
            }
            let mut damaged = 0_u64;
            self.files.each_line(name, *committed, |_, line| {
                head.clear();
                match memchr::memmem::find(line, BEFORE_DOCUMENT) {
                    Some(end) => {
                        head.extend_from_slice(&line[..end]);
                        head.push(b'}');
                    }
                    None => head.extend_from_slice(line),
                }
                match serde_json::from_slice::<Head<'_>>(&head) {
                    Ok(head) => tell(&head, told),
                    Err(_) => damaged += 1,
                }
                Ok(())
            })?;
            if damaged > 0 {
                tracing::warn!(
                    file = name,
                    damaged,
                    "lines do not say of which row they are"
                );
            }
        }
        Ok(())
    }
}

fn tell(head: &Head<'_>, told: &mut dyn FnMut(RowChange<'_>)) {
    if let Some(key) = &head.key {
        told(RowChange {
            stream: &head.stream,
            key,
            updated_at_ms: head.updated_at_ms,
            change: match head.change {
                "delete" => Change::Delete,
                "patch" => Change::Patch,
                _ => Change::Upsert,
            },
        });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write as _;

    use super::super::tests::entry;
    use super::*;
    use crate::contract::types::Entry;
    use crate::output::{Addition, Output as _, OutputTarget};

    type Told = (String, String, Option<i64>, Change);

    fn told(output: &JsonLines) -> Vec<Told> {
        let mut changes = Vec::new();
        output
            .row_changes(&mut |change| {
                let RowChange {
                    stream,
                    key,
                    updated_at_ms,
                    change,
                } = change;
                changes.push((stream.to_owned(), key.to_owned(), updated_at_ms, change));
            })
            .unwrap();
        changes
    }

    #[test]
    fn every_committed_line_says_what_it_did_whatever_its_document_holds() {
        let directory = written::Folder::new();
        let state = OutputTarget::state_in_directory(directory.path());
        let mut output = JsonLines::open(directory.path(), &state).unwrap();
        let entries: Vec<Entry> = [
            ("a", Some(1_000), Change::Upsert, r#"{"data":1,"key":"z"}"#),
            ("\",\"data\":\\", Some(-5), Change::Patch, "{}"),
            ("é\n", None, Change::Delete, "null"),
            ("a", Some(2_000), Change::Upsert, "{}"),
        ]
        .into_iter()
        .map(|(key, updated_at_ms, change, payload)| Entry {
            updated_at_ms,
            change,
            ..entry("contacts", key, payload)
        })
        .collect();
        output
            .add(Addition {
                stream: "contacts",
                entries: &entries,
                quarantined: &[],
                now_ms: 0,
            })
            .unwrap();
        let expected: Vec<Told> = entries
            .iter()
            .map(|entry| {
                let (stream, key) = (entry.stream.clone(), entry.key.clone());
                (stream, key, entry.updated_at_ms, entry.change)
            })
            .collect();
        assert_eq!(told(&output), expected);

        // What was erased, damaged, or never committed says nothing.
        let path = directory.path().join("contacts.jsonl");
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        let erased = format!("{:<1$}", "{\"erased\":true}", lines.next().unwrap().len());
        let second = lines.next().unwrap().replacen('{', "x", 1);
        let rest: String = lines.map(|line| format!("{line}\n")).collect();
        let mut file = std::fs::File::create(&path).unwrap();
        write!(
            file,
            "{erased}\n{second}\n{rest}{{\"stream\":\"contacts\",\"key\":\"b\"}}\n"
        )
        .unwrap();
        assert_eq!(told(&output), expected[2..]);
    }
}
