//! `map-record`: raw documents to entries. Reads and webhooks make their entries here as well.

use crate::prelude::*;
use alloc::borrow::Cow;
use core::mem;

use crate::contract::types::{Change, Connection, Entry, Failure, FailureKind, Notice, Problem};
use crate::failure::{failure, invalid_input, nearest, problem};
use crate::intercom::normalize::{Normalizer, Record, Unreadable, split_key};
use crate::intercom::streams::{self, Stream};
use crate::json::quoted;
use crate::mapping::Mapping;
use crate::mapping::apply::{Mapped, Program, Subject};
use crate::mapping::rule::Section;

/// Maps raw documents of a stream, one result for each.
///
/// # Errors
/// When the stream is unknown or the connection's mapping is not valid.
pub fn map_records(
    connection: &Connection,
    stream: &str,
    documents: &[Vec<u8>],
) -> Result<Vec<Result<Entry, Failure>>, Failure> {
    map_records_saying(connection, stream, documents, &mut |_| {})
}

/// The same; what is to be said of records that are mapped all the same is said once, without their keys.
///
/// # Errors
/// As [`map_records`].
pub fn map_records_saying(
    connection: &Connection,
    stream: &str,
    documents: &[Vec<u8>],
    say: &mut dyn FnMut(&str),
) -> Result<Vec<Result<Entry, Failure>>, Failure> {
    let mut said: Vec<String> = Vec::new();
    let stream = known_stream(stream)?;
    let mapping = Mapping::of(connection)?;
    let mapper = Mapper::new(stream, &mapping);
    let normalizer = mapper.normalizer();
    Ok(documents
        .iter()
        .map(|document| {
            let mut record = normalizer
                .document(document)
                .map_err(|unreadable| unreadable_document(stream, &unreadable))?;
            let made = mapper.made(&mut record, &[], true);
            normalizer.reuse(record.payload);
            if let Some(Ok(_)) = made.entry {
                for notice in made.notices {
                    let path = notice.path.unwrap_or_default();
                    let text = [stream.name, ": ", &path, ": ", &notice.message].joined("");
                    if !said.contains(&text) {
                        say(&text);
                        said.push(text);
                    }
                }
            }
            made.entry.unwrap_or_else(|| Err(unwanted()))
        })
        .collect())
}

/// The stream of a name.
///
/// # Errors
/// `unknown_stream`, with the nearest name.
pub fn known_stream(name: &str) -> Result<&'static Stream, Failure> {
    streams::find(name).ok_or_else(|| {
        let all = streams::names().collect::<Vec<_>>().joined(", ");
        let hint = nearest(name, streams::names())
            .map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
        let shown: String = name.chars().take(60).collect();
        invalid_input(
            "unknown_stream",
            format!("there is no stream `{shown}`.{hint} There are: {all}."),
            vec![Problem {
                expected: Some(all.clone()),
                ..problem("stream", "unknown_stream", "no such stream")
            }],
        )
    })
}

/// The failure of a document that is no record of its stream.
pub fn unreadable_document(stream: &Stream, unreadable: &Unreadable) -> Failure {
    invalid_input(
        "unreadable_record",
        format!(
            "this is no record of {}: {}",
            stream.name, unreadable.reason
        ),
        vec![problem(
            unreadable.path.clone(),
            "unreadable_record",
            unreadable.reason.clone(),
        )],
    )
}

/// Makes entries of a stream's records, mapped where the connection has a mapping for the stream.
#[derive(Clone, Debug)]
pub struct Mapper<'m> {
    stream: &'static Stream,
    program: Option<Program<'m>>,
    explain: bool,
}

/// A normalizer of a stream's records that leaves in them what their mapping asks for, though it is rows of another stream, and
/// that says where values are if anybody looks for some of them: a mapping, or triggers.
pub fn normalizer(
    stream: &'static Stream,
    section: Option<&Section>,
    is_watched: bool,
) -> Normalizer<'static> {
    let mut normalizer = Normalizer::new(stream);
    if section.is_some() || is_watched {
        normalizer = normalizer.with_places();
    }
    match section.is_some_and(|section| section.embeds(stream)) {
        true => normalizer.with_embedded(),
        false => normalizer,
    }
}

/// What became of a record.
#[derive(Debug)]
pub struct Made {
    /// The entry, or why there is none; nothing where the mapping does not want the record.
    pub entry: Option<Result<Entry, Failure>>,
    /// What is to be said about it.
    pub notices: Vec<Notice>,
}

impl<'m> Mapper<'m> {
    /// A mapper of a stream's records.
    pub fn new(stream: &'static Stream, mapping: &'m Mapping) -> Self {
        let section = mapping.section(stream.name);
        Self {
            stream,
            program: section.map(|section| Program::new(stream, Cow::Borrowed(section))),
            explain: mapping.explain,
        }
    }

    /// The mapping of the stream, where there is one.
    pub fn section(&self) -> Option<&Section> {
        self.program.as_ref().map(Program::section)
    }

    /// A normalizer that leaves in records what the mapping asks for, though it is rows of another stream.
    pub fn normalizer(&self) -> Normalizer<'static> {
        normalizer(self.stream, self.section(), false)
    }

    /// The entry of a whole record. `companies` are the canonical records of a contact's companies, where they were read.
    pub fn entry(&self, mut record: Record, companies: &[&str]) -> Made {
        self.made(&mut record, companies, true)
    }

    /// The entry of a record that holds some of its fields.
    pub fn patch(&self, mut record: Record) -> Made {
        self.made(&mut record, &[], false)
    }

    /// Takes what goes into the entry out of the record; its payload stays where that is mapped.
    fn made(&self, record: &mut Record, companies: &[&str], whole: bool) -> Made {
        let key = mem::take(&mut record.key);
        let mut notices = Vec::new();
        let payload = match &self.program {
            None => Some(Ok(mem::take(&mut record.payload).into_bytes())),
            Some(program) => {
                let subject = Subject {
                    record: &record.payload,
                    places: &record.places,
                    key: &key,
                    company: program.section().company.of(companies),
                    parts: None,
                    whole,
                };
                self.payload(&subject, &mut notices)
            }
        };
        let entry = payload.map(|payload| {
            payload.map(|payload| Entry {
                stream: self.stream.name.to_owned(),
                key,
                updated_at_ms: record
                    .updated_at
                    .map(|seconds| seconds.saturating_mul(1_000)),
                change: if whole { Change::Upsert } else { Change::Patch },
                reason: None,
                successor: None,
                payload,
            })
        });
        Made { entry, notices }
    }

    /// The payload of an entry: a record, mapped where there is a mapping; nothing where that does not want it.
    pub fn payload(
        &self,
        subject: &Subject,
        notices: &mut Vec<Notice>,
    ) -> Option<Result<Vec<u8>, Failure>> {
        let Some(program) = &self.program else {
            return Some(Ok(subject.record.as_bytes().to_vec()));
        };
        if self.explain {
            return Some(program.explain(subject).map_err(|_| unmappable()));
        }
        let Mapped {
            payload,
            odd,
            missing,
            unmapped,
        } = match program.apply(subject) {
            Ok(mapped) => mapped?,
            Err(_) => return Some(Err(unmappable())),
        };
        let mut say = |kind: &str, path: &str, message: &str| {
            notices.push(Notice {
                kind: kind.to_owned(),
                message: message.to_owned(),
                stream: Some(self.stream.name.to_owned()),
                key: Some(subject.key.to_owned()),
                path: Some(path.to_owned()),
                document: None,
            });
        };
        if !odd.is_empty() {
            let message =
                "a value, or an item of one, is not what the mapping takes; it was left out";
            say("unmapped", &odd.joined(", "), message);
        }
        for (paths, message) in [
            (
                missing,
                "the record lacks what a target has to have; it was left out",
            ),
            (
                unmapped,
                "the record has custom attributes that the mapping does not name; it was left out",
            ),
        ] {
            if !paths.is_empty() {
                say("skipped", &paths.joined(", "), message);
                let problems = paths
                    .iter()
                    .map(|path| problem(path.clone(), "skipped", message));
                let skipped = format!("{}: {message}", paths.joined(", "));
                return Some(Err(invalid_input("skipped", skipped, problems.collect())));
            }
        }
        Some(Ok(payload))
    }

    /// The entry of a row that is gone. Its payload holds the fields of its key, mapped as those of a part are.
    pub fn deletion(&self, key: &str, reason: &str) -> Entry {
        let fields: Vec<String> = self
            .stream
            .key
            .iter()
            .zip(split_key(self.stream, key))
            .map(|(name, part)| format!("\"{name}\":{}", quoted(&part)))
            .collect();
        let payload = format!("{{{}}}", fields.joined(","));
        let mapped = self.program.as_ref().and_then(|program| {
            let subject = Subject {
                record: &payload,
                places: &[],
                key,
                company: None,
                parts: None,
                whole: false,
            };
            program.apply(&subject).ok().flatten()
        });
        Entry {
            stream: self.stream.name.to_owned(),
            key: key.to_owned(),
            updated_at_ms: None,
            change: Change::Delete,
            reason: Some(reason.to_owned()),
            successor: None,
            payload: mapped.map_or_else(|| payload.into_bytes(), |mapped| mapped.payload),
        }
    }
}

/// The mapping does not want a record at all.
fn unwanted() -> Failure {
    let message = "the mapping is for other records of the stream: its `when` does not hold";
    invalid_input("unwanted", message, vec![problem("", "unwanted", message)])
}

/// A defect: canonical records can be mapped.
fn unmappable() -> Failure {
    failure(
        FailureKind::Bug,
        "unmappable",
        "a canonical record could not be mapped",
    )
}
