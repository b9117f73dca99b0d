//! What mappings ask for and records do not hold: the companies of contacts, of which these hold the ids, and the transcripts of
//! calls, which name an address. It is read after a page of them and before it is mapped, each once.

use super::page::notice;
use super::scan::Scan;
use crate::contract::http::{Effect, Request};
use crate::contract::types::{Failure, FailureKind, Notice};
use crate::intercom::envelope::items;
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
use records::search::replaced;

/// Records of a page for which more is read: a contact may have ten companies, and the page has to be done in its time.
pub const MOST_RECORDS: u32 = 25;

/// Companies in a page of a contact's own list, and the most pages: nobody can have more than a thousand.
const PER_PAGE: usize = 50;
const MOST_PAGES: usize = 20;

/// Where things are.
const COMPANY: &str = "/companies/{id}";
const CALL: &str = "/calls/{id}/transcript";
const LIST: &str = "/contacts/{id}/companies";

/// What to read: whose it is, and where. A contact that shows only some of its companies has pages of a list of all.
pub type Wanted = (String, String);

/// The companies to read for the contacts in these answers, or the transcripts of the calls among them.
pub fn wanted(scan: &Scan, answers: &[Answer]) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    if scan.joins == 0 {
        return wanted;
    }
    let mut add = |record: &str| {
        let ids = ids(scan.stream, record);
        let all = value_at(record, "companies.total_count");
        let all = all
            .and_then(|count| count.parse::<usize>().ok())
            .unwrap_or_default();
        if scan.joins > ids.len() && all > ids.len() {
            let contact = value_at(record, "id").map(id).unwrap_or_default();
            for page in 1..=all.div_ceil(PER_PAGE).min(MOST_PAGES) {
                let path = format!("{LIST}?per_page={PER_PAGE}&page={page}");
                wanted.push((contact.clone(), path));
            }
            return;
        }
        for id in ids.into_iter().take(scan.joins) {
            let path = if is_call(scan.stream) { CALL } else { COMPANY };
            let one = (id, path.to_owned());
            if !wanted.contains(&one) {
                wanted.push(one);
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
    let mut add = |object: &str| ids.extend(value_at(object, "id").map(id));
    match is_call(stream) {
        false => each(value_at(record, "companies.data").unwrap_or("[]"), add),
        true if is_filled(value_at(record, "transcription_url")) => add(record),
        true => {}
    }
    ids
}

/// An id as a text.
fn id(json: &str) -> String {
    let (Item::Text(text) | Item::Json(text)) = Item::of(json);
    text.into_owned()
}

fn is_call(stream: &Stream) -> bool {
    stream.name == "calls"
}

/// What asks for them.
pub fn requests(scan: &Scan, wanted: &[Wanted]) -> Vec<Request> {
    let version = scan.config.api_version;
    wanted
        .iter()
        .map(|(id, path)| request::get(version, replaced(path, "{id}", &request::encode(id))))
        .collect()
}

/// Keeps what was answered for the page. What is not there is none, and is named.
///
/// # Errors
/// When one could not be read: its records would be given without it, and not again.
pub fn take(scan: &mut Scan, wanted: Vec<Wanted>, answers: Vec<Answer>) -> Result<(), Failure> {
    let Some(stream) = streams::find("companies") else {
        return Ok(());
    };
    let calls = is_call(scan.stream);
    let permission = if calls {
        scan.stream.permission
    } else {
        stream.permission
    };
    for ((id, path), answer) in wanted.into_iter().zip(answers) {
        let response = answer.map_err(|error| from_http(&error, Effect::Read))?;
        let body = json::text(&response.body);
        let lack = match response.status {
            // A transcript is plain text.
            200..300 if calls && body.is_err() => Some(" is no text in UTF-8: it is left out"),
            200..300 => None,
            404 | 410 => Some(" is not there: it is left out"),
            _ => {
                let failure = from_response(&response, Effect::Read, Some(permission));
                // Nothing gets better by asking again: the page says what it lacks.
                if failure.kind != FailureKind::Permission {
                    return Err(failure);
                }
                Some(" may not be read with this credential: it is left out")
            }
        };
        if let Some(lack) = lack {
            let what = if calls { "a transcript" } else { "a company" };
            let notice = Notice {
                // What may not be read is said once.
                path: matches!(response.status, 200..300 | 404 | 410)
                    .then(|| replaced(&path, "{id}", &id)),
                ..notice("unavailable", scan.stream, [what, lack].joined(""))
            };
            if !scan.unjoined.contains(&notice) {
                scan.unjoined.push(notice);
            }
            continue;
        }
        let body = body.map_err(|reason| unexpected_body(&response, &reason))?;
        if calls {
            scan.joined.insert(id, body.to_owned());
            continue;
        }
        let list = path.starts_with(LIST);
        let documents = match list {
            true => items(body.as_bytes(), stream.items).map(|(items, _)| items),
            false => Ok(vec![body]),
        };
        let documents = documents.map_err(|reason| unexpected_body(&response, &reason))?;
        for document in documents {
            let record = Normalizer::new(stream)
                .document(document.as_bytes())
                .map_err(|unreadable| unexpected_body(&response, &unreadable.reason))?;
            if list {
                scan.links.push((id.clone(), record.key.clone()));
            }
            scan.joined.insert(record.key, record.payload);
        }
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
    let mut ids = ids(scan.stream, &record.payload);
    for (owner, id) in &scan.links {
        if *owner == record.key && !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    let known = ids.iter().filter_map(|id| scan.joined.get(id));
    known.map(String::as_str).collect()
}
