//! Reads of single rows by their keys. A row that Intercom does not know any more is proven gone.

use super::collect::{Collector, Success};
use super::{Context, Scan, empty_page};
use crate::contract::connector::Page;
use crate::contract::http::{Request, Response};
use crate::contract::types::Failure;
use crate::cursor::{Position, encode};
use crate::intercom::errors::unexpected_body;
use crate::intercom::normalize::Normalizer;
use crate::intercom::request::{self, header_value};
use crate::json::{self, Member};
use crate::operation::Answer;

/// Requests in flight at once.
pub const MOST_IN_FLIGHT: u32 = 8;

pub fn requests(scan: &Scan, keys: &[String], done: usize) -> Vec<Request> {
    keys.iter()
        .skip(done)
        .take(scan.max_entries as usize)
        .map(|key| {
            request::get(
                scan.config.api_version,
                format!("{}{}", scan.stream.detail, request::encode(key)),
            )
        })
        .collect()
}

/// Reads the answers up to the first that decides nothing; the rest is left to the next page.
pub fn read(
    context: &Context,
    keys: Vec<String>,
    done: usize,
    answers: impl Iterator<Item = Answer>,
) -> Result<Page, Failure> {
    let stream = context.scan.stream;
    let mut collector = Collector::new(context, 0);
    let mut read = done;
    for (key, answer) in keys.iter().skip(done).zip(answers) {
        match row(context, &mut collector, key, answer) {
            Ok(()) => read += 1,
            Err(failure) if read == done => return Err(failure),
            Err(_) => break,
        }
    }
    let next = (read < keys.len()).then(|| encode(stream.name, &Position::Keys(read)));
    Ok(Page {
        entries: collector.entries,
        notices: collector.notices,
        next,
        ..empty_page()
    })
}

fn row(
    context: &Context,
    collector: &mut Collector,
    key: &str,
    answer: Answer,
) -> Result<(), Failure> {
    if let Ok(response) = &answer {
        match response.status {
            404 => return collector.delete(key, "not_found", None),
            410 => return collector.delete(key, "merged", successor(response)),
            _ => {}
        }
    }
    let success = Success::of(context, answer)?;
    let item = Normalizer::new(context.scan.stream).document(&success.response.body);
    if let Err(unreadable) = &item
        && json::parse::<Member>(&unreadable.document).is_err()
    {
        return Err(unexpected_body(&success.response, &unreadable.reason));
    }
    match collector.take(item) {
        Some(record) => collector.give(record),
        None => Ok(()),
    }
}

/// The contact into which a merged one went: `Link: </contacts/{id}>; rel="canonical"`.
fn successor(response: &Response) -> Option<String> {
    let link = header_value(&response.headers, "link")?;
    let path = link.split_once('<')?.1.split_once('>')?.0;
    path.rsplit('/')
        .next()
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
}
