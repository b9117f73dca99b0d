//! What mappings ask for and records do not hold: the companies of contacts, of which these hold the ids, and the transcripts of
//! calls, which name an address. It is read after a page of them and before it is mapped, each once.

use super::scan::Scan;
use crate::contract::http::{Effect, Request};
use crate::contract::types::{Failure, FailureKind};
use crate::intercom::errors::{from_http, from_response, unexpected_body};
use crate::intercom::normalize::{Normalizer, Record};
use crate::intercom::request;
use crate::intercom::streams::{self, Stream};
use crate::json;
use crate::mapping::condition::is_filled;
use crate::mapping::path::{TRANSCRIPT, value_at};
use crate::mapping::transform::{Item, each};
use crate::operation::Answer;
use crate::prelude::*;

/// Records of a page for which more is read: a contact may have ten companies, and the page has to be done in its time.
pub const MOST_RECORDS: u32 = 25;

/// The ids of the companies to read for the contacts in these answers, or of the calls among them that have a transcript.
pub fn wanted(scan: &Scan, answers: &[Answer]) -> Vec<String> {
    let mut wanted: Vec<String> = Vec::new();
    if scan.joins == 0 {
        return wanted;
    }
    let mut add = |record: &str| {
        for id in ids(scan.stream, record).into_iter().take(scan.joins) {
            if !wanted.contains(&id) {
                wanted.push(id);
            }
        }
    };
    for response in answers.iter().flatten() {
        let body = str::from_utf8(&response.body).unwrap_or_default();
        match value_at(body, "data").filter(|data| data.starts_with('[')) {
            Some(records) => each(records, &mut add),
            None => add(body),
        }
    }
    wanted
}

/// The ids of a contact's companies, in their order; or that of a call with a transcript.
fn ids(stream: &Stream, record: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut add = |object: &str| {
        ids.extend(value_at(object, "id").map(|id| match Item::of(id) {
            Item::Text(text) | Item::Json(text) => text.into_owned(),
        }));
    };
    match is_call(stream) {
        false => each(value_at(record, "companies.data").unwrap_or("[]"), add),
        true if is_filled(value_at(record, "transcription_url")) => add(record),
        true => {}
    }
    ids
}

fn is_call(stream: &Stream) -> bool {
    stream.name == "calls"
}

/// What asks for them.
pub fn requests(scan: &Scan, ids: &[String]) -> Vec<Request> {
    let version = scan.config.api_version;
    let path = |id: &String| match is_call(scan.stream) {
        true => format!("/calls/{}/{TRANSCRIPT}", request::encode(id)),
        false => format!("/companies/{}", request::encode(id)),
    };
    ids.iter()
        .map(|id| request::get(version, path(id)))
        .collect()
}

/// Keeps what was answered for the page. What is gone is none.
///
/// # Errors
/// When one could not be read: its records would be given without it, and not again.
pub fn take(scan: &mut Scan, ids: Vec<String>, answers: Vec<Answer>) -> Result<(), Failure> {
    let Some(stream) = streams::find("companies") else {
        return Ok(());
    };
    let calls = is_call(scan.stream);
    let permission = if calls {
        scan.stream.permission
    } else {
        stream.permission
    };
    for (id, answer) in ids.into_iter().zip(answers) {
        let response = answer.map_err(|error| from_http(&error, Effect::Read))?;
        match response.status {
            200..300 => {}
            404 | 410 => continue,
            _ => {
                let failure = from_response(&response, Effect::Read, Some(permission));
                // Nothing gets better by asking again: the page says what it lacks.
                if failure.kind == FailureKind::Permission {
                    scan.joins_denied = true;
                    continue;
                }
                return Err(failure);
            }
        }
        let found = match calls {
            // It is plain text.
            true => String::from_utf8_lossy(&response.body).into_owned(),
            false => {
                let record = Normalizer::new(stream)
                    .document(&response.body)
                    .map_err(|unreadable| unexpected_body(&response, &unreadable.reason))?;
                record.payload
            }
        };
        scan.joined.insert(id, found);
    }
    Ok(())
}

/// The companies of a contact that were read, in its order; a call gets its transcript.
pub fn join<'s>(scan: &'s Scan, record: &mut Record) -> Vec<&'s str> {
    if scan.joined.is_empty() {
        return Vec::new();
    }
    if is_call(scan.stream) {
        if let Some(text) = scan.joined.get(&record.key) {
            json::put_first(&mut record.payload, TRANSCRIPT, text);
            record.places.clear();
        }
        return Vec::new();
    }
    let ids = ids(scan.stream, &record.payload);
    let known = ids.iter().filter_map(|id| scan.joined.get(id));
    known.map(String::as_str).collect()
}
