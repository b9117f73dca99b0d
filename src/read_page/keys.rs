//! Reads of single rows by their keys. A row that Intercom does not know any more is proven gone.

use super::collect::{Collector, List, Success};
use super::page::empty_page;
use super::scan::{Context, Scan};
use crate::contract::connector::Page;
use crate::contract::http::Request;
use crate::contract::types::Failure;
use crate::cursor::{Position, encode};
use crate::intercom::errors::unexpected_body;
use crate::intercom::normalize::split_key;
use crate::intercom::request::{self, canonical_id};
use crate::json::{self, Member};
use crate::operation::Answer;
use crate::prelude::*;

pub fn requests(scan: &Scan, keys: &[String], done: usize) -> Vec<Request> {
    let version = scan.config.api_version;
    let Some(detail) = scan.stream.detail else {
        let path = scan.stream.list_path(version);
        return vec![request::get(version, path)];
    };
    keys.iter()
        .skip(done)
        .take(scan.max_entries as usize)
        .map(|key| {
            let parts: Vec<String> = split_key(scan.stream, key)
                .iter()
                .map(|part| request::encode(part))
                .collect();
            request::get(version, format!("{detail}{}", parts.joined("/")))
        })
        .collect()
}

/// Reads the answers up to the first that decides nothing; the rest is left to the next page.
pub fn read(
    context: &Context,
    keys: Vec<String>,
    done: usize,
    answers: Vec<Answer>,
) -> Result<Page, Failure> {
    let stream = context.scan.stream;
    let mut answers = answers.into_iter();
    if stream.detail.is_none() {
        return match answers.next() {
            Some(answer) => read_whole(context, &keys, answer),
            None => Ok(empty_page()),
        };
    }
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
        next,
        ..collector.into_page()
    })
}

/// Picks the rows out of an answer that holds all there are; one that it lacks is gone.
fn read_whole(context: &Context, keys: &[String], answer: Answer) -> Result<Page, Failure> {
    let List { items, .. } = Success::of(context, answer)?.list(context)?;
    let mut collector = Collector::new(context, 0);
    let mut records: Vec<_> = items
        .into_iter()
        .filter_map(|item| collector.take(item))
        .collect();
    for key in keys {
        match records.iter().position(|record| record.key == *key) {
            Some(at) => collector.give(records.swap_remove(at))?,
            // The row may be the one that could not be read.
            None if collector.quarantined => {}
            None => collector.delete(key, "absent", None)?,
        }
    }
    Ok(collector.into_page())
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
            410 => return collector.delete(key, "merged", canonical_id(response)),
            _ => {}
        }
    }
    let success = Success::of(context, answer)?;
    collector.at(success.at);
    let item = context.scan.normalizer().document(&success.response.body);
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
