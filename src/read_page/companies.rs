//! The companies of contacts, where the mapping asks for them: contacts hold no more than their ids. They are read after a
//! page of contacts and before it is mapped, each once.

use super::scan::Scan;
use crate::contract::http::{Effect, Request};
use crate::contract::types::{Failure, FailureKind};
use crate::intercom::errors::{from_http, from_response, unexpected_body};
use crate::intercom::normalize::Normalizer;
use crate::intercom::request;
use crate::intercom::streams;
use crate::mapping::path::value_at;
use crate::mapping::rule::WhichCompany;
use crate::mapping::transform::{Item, each};
use crate::operation::Answer;

/// Contacts of a page whose companies are read too: each may have ten, and the page has to be done in its time.
pub const MOST_CONTACTS: u32 = 25;

/// The ids of the companies to read for the contacts in these answers.
pub fn wanted(scan: &Scan, answers: &[Answer]) -> Vec<String> {
    let mut wanted: Vec<String> = Vec::new();
    let section = scan.mapping.section(scan.stream.name);
    let Some(section) = section.filter(|section| section.joins_company()) else {
        return wanted;
    };
    let most = match section.company {
        WhichCompany::First => 1,
        _ => usize::MAX,
    };
    let mut add = |contact: &str| {
        for id in ids(contact).into_iter().take(most) {
            if !wanted.contains(&id) {
                wanted.push(id);
            }
        }
    };
    for response in answers.iter().flatten() {
        let body = str::from_utf8(&response.body).unwrap_or_default();
        match value_at(body, "data").filter(|data| data.starts_with('[')) {
            Some(contacts) => each(contacts, &mut add),
            None => add(body),
        }
    }
    wanted
}

/// The ids of a contact's companies, in their order.
fn ids(contact: &str) -> Vec<String> {
    let mut ids = Vec::new();
    each(
        value_at(contact, "companies.data").unwrap_or("[]"),
        |company| {
            ids.extend(value_at(company, "id").map(|id| match Item::of(id) {
                Item::Text(text) | Item::Json(text) => text.into_owned(),
            }));
        },
    );
    ids
}

/// What asks for them.
pub fn requests(scan: &Scan, ids: &[String]) -> Vec<Request> {
    let version = scan.config.api_version;
    let path = |id: &String| format!("/companies/{}", request::encode(id));
    ids.iter()
        .map(|id| request::get(version, path(id)))
        .collect()
}

/// Keeps what was answered for the page. A company that is gone is none.
///
/// # Errors
/// When one could not be read: its contacts would be given without it, and not again.
pub fn take(scan: &mut Scan, ids: Vec<String>, answers: Vec<Answer>) -> Result<(), Failure> {
    let Some(stream) = streams::find("companies") else {
        return Ok(());
    };
    let normalizer = Normalizer::new(stream);
    for (id, answer) in ids.into_iter().zip(answers) {
        let response = answer.map_err(|error| from_http(&error, Effect::Read))?;
        match response.status {
            200..300 => {}
            404 | 410 => continue,
            _ => {
                let failure = from_response(&response, Effect::Read, Some(stream.permission));
                // Nothing gets better by asking again: the page says what it lacks.
                if failure.kind == FailureKind::Permission {
                    scan.companies_denied = true;
                    continue;
                }
                return Err(failure);
            }
        }
        let record = normalizer
            .document(&response.body)
            .map_err(|unreadable| unexpected_body(&response, &unreadable.reason))?;
        let record = String::from_utf8(record.payload).unwrap_or_default();
        scan.companies.insert(id, record);
    }
    Ok(())
}

/// The company that the mapping means for a contact.
pub fn of<'s>(scan: &'s Scan, contact: &[u8]) -> Option<&'s str> {
    if scan.companies.is_empty() {
        return None;
    }
    let which = &scan.mapping.section(scan.stream.name)?.company;
    let contact = str::from_utf8(contact).ok()?;
    let known = ids(contact);
    let mut known = known.iter().filter_map(|id| scan.companies.get(id));
    let found = match which {
        WhichCompany::First => known.next(),
        WhichCompany::Named(name) => known.find(|company| {
            let found = value_at(company, "name").map(Item::of);
            found == Some(Item::text(name.as_str()))
        }),
        // Of several that are as new, the first one.
        WhichCompany::Newest => known.reduce(|newest, other| {
            let made = |company: &str| value_at(company, "created_at")?.parse::<i64>().ok();
            if made(other) > made(newest) {
                other
            } else {
                newest
            }
        }),
    };
    found.map(String::as_str)
}
