//! `map-record`: raw documents to entries. Reads and webhooks make their entries here as well.

use crate::contract::types::{Change, Connection, Entry, Failure, FailureKind, Problem};
use crate::failure::{failure, invalid_input, nearest, problem};
use crate::intercom::normalize::{Normalizer, Record, Unreadable, split_key};
use crate::intercom::streams::{self, Stream};
use crate::json::quoted;
use crate::mapping::{self, Mapping, Rule};

/// Maps raw documents of a stream, one result for each.
///
/// # Errors
/// When the stream is unknown or the connection's mapping is not valid.
pub fn map_records(
    connection: &Connection,
    stream: &str,
    documents: &[Vec<u8>],
) -> Result<Vec<Result<Entry, Failure>>, Failure> {
    let stream = known_stream(stream)?;
    let mapping = Mapping::of(connection)?;
    let mapper = Mapper::new(stream, &mapping);
    let normalizer = Normalizer::new(stream);
    Ok(documents
        .iter()
        .map(|document| {
            normalizer
                .document(document)
                .map_err(|unreadable| unreadable_document(stream, &unreadable))
                .and_then(|record| mapper.entry(record))
        })
        .collect())
}

/// The stream of a name.
///
/// # Errors
/// `unknown_stream`, with the nearest name.
pub fn known_stream(name: &str) -> Result<&'static Stream, Failure> {
    streams::find(name).ok_or_else(|| {
        let all = streams::names().collect::<Vec<_>>().join(", ");
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
#[derive(Clone, Copy, Debug)]
pub struct Mapper<'a> {
    stream: &'static Stream,
    rules: Option<&'a [Rule]>,
}

impl<'a> Mapper<'a> {
    /// A mapper of a stream's records.
    pub fn new(stream: &'static Stream, mapping: &'a Mapping) -> Self {
        Self {
            stream,
            rules: mapping.rules(stream.name),
        }
    }

    /// The entry of a record.
    ///
    /// # Errors
    /// A defect: canonical records can be mapped.
    pub fn entry(&self, record: Record) -> Result<Entry, Failure> {
        Ok(Entry {
            stream: self.stream.name.to_owned(),
            key: record.key,
            updated_at_ms: record
                .updated_at
                .map(|seconds| seconds.saturating_mul(1_000)),
            change: Change::Upsert,
            reason: None,
            successor: None,
            payload: self.payload(record.payload)?,
        })
    }

    /// The entry of a row that is gone. Its payload holds the fields of its key.
    ///
    /// # Errors
    /// A defect: canonical records can be mapped.
    pub fn deletion(&self, key: &str, reason: &str) -> Result<Entry, Failure> {
        let fields: Vec<String> = self
            .stream
            .key
            .iter()
            .zip(split_key(self.stream, key))
            .map(|(name, part)| format!("\"{name}\":{}", quoted(&part)))
            .collect();
        Ok(Entry {
            stream: self.stream.name.to_owned(),
            key: key.to_owned(),
            updated_at_ms: None,
            change: Change::Delete,
            reason: Some(reason.to_owned()),
            successor: None,
            payload: self.payload(format!("{{{}}}", fields.join(",")).into_bytes())?,
        })
    }

    fn payload(&self, canonical: Vec<u8>) -> Result<Vec<u8>, Failure> {
        match self.rules {
            None => Ok(canonical),
            Some(rules) => mapping::apply(rules, &canonical).map_err(|_| {
                failure(
                    FailureKind::Bug,
                    "unmappable",
                    "a canonical record could not be mapped",
                )
            }),
        }
    }
}
