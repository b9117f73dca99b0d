//! Reads of lists from their first page to their last: numbered, with cursors, or in one answer. Nothing but the rows says
//! what is new in them: their cursor field, or what they hold.
//!
//! Rows move while a list is walked. One that moves on is met again on the next page and known by its key. One that moves
//! back over the end of a page is never met: when that may have happened, the walk starts over. It may have when the list
//! became shorter, and when more rows joined its end than it grew by: something before them went, or went there.

use crate::prelude::*;
use litemap::LiteMap;
use records::search::{find, replaced};

use super::collect::{Collector, Success};
use super::list::standstill;
use super::page::{empty_page, notice, repeat};
use super::scan::{Context, Scan};
use crate::contract::connector::Page;
use crate::contract::http::Request;
use crate::contract::types::Failure;
use crate::cursor::{Memory, PagesPosition, Position, encode};
use crate::intercom::envelope::Continuation;
use crate::intercom::errors::not_available;
use crate::intercom::normalize::Record;
use crate::intercom::request;
use crate::intercom::streams::{OF_TYPE, Paging};
use crate::operation::Answer;
use crate::watermark::{Watermark, fingerprint};

/// Rows whose contents are remembered, at most.
const MOST_REMEMBERED: usize = 20_000;

/// How often a walk may start over before it goes on with what it has.
const MOST_RESTARTS: u32 = 3;

/// Where the list of companies ends.
const LONGEST_LIST: u64 = 10_000;

/// The request for the next page; none when there is no list to ask for.
pub fn request(scan: &Scan, position: &PagesPosition) -> Option<Request> {
    let mut target = path(scan, position)?;
    let mut add = |pair: &str| {
        target.push(if target.contains('?') { '&' } else { '?' });
        target.push_str(pair);
    };
    if scan.stream.per_page.is_some() {
        add(&format!("per_page={}", scan.per_page()));
    }
    if let Some(page) = &position.page {
        add(page);
    }
    Some(request::get(scan.config.api_version, target))
}

fn path(scan: &Scan, position: &PagesPosition) -> Option<String> {
    let path = match scan.stream.paging {
        Paging::Scroll { list } => list,
        _ => scan.stream.list_path(scan.config.api_version),
    };
    let since = match &position.memory {
        Memory::Mark { from, .. } => from.unwrap_or(1).saturating_sub(1).max(0),
        Memory::Contents { .. } => 0,
    };
    let path = replaced(path, "{since}", &since.to_string());
    if find(&path, OF_TYPE).is_none() {
        return (position.list == 0).then_some(path);
    }
    let name = scan.config.custom_object_types.get(position.list)?;
    Some(replaced(&path, OF_TYPE, &request::encode(name)))
}

/// The page of an answer.
pub fn read(
    context: &Context,
    mut position: PagesPosition,
    answer: Answer,
) -> Result<Page, Failure> {
    if let Some(page) = refused(context, &position, &answer) {
        return page;
    }
    let success = Success::of(context, answer)?;
    let list = success.list(context)?;
    let started = *position.started.get_or_insert(success.at);
    if shrank(&position, &list.continuation) {
        if position.restarts < MOST_RESTARTS {
            return Ok(restart(context, position));
        }
        position.restarts = MOST_RESTARTS + 1;
    }
    let is_first = position.page.is_none();
    if is_first {
        position.first_total = list.continuation.total_count;
        position.first_at = Some(success.at);
    }
    // Rows of that very second may be older than the first page: where rows join all the time, it is left out in the end.
    let later = position
        .first_at
        .unwrap_or(started)
        .saturating_add(i64::from(position.restarts >= MOST_RESTARTS));
    let mut collector = Collector::new(context, list.items.len());
    let mut keys = Vec::with_capacity(list.items.len());
    let empty = list.items.is_empty();
    for item in list.items {
        let Some(record) = collector.take(item) else {
            continue;
        };
        let key = fingerprint(&record.key, None);
        keys.push(key);
        let joined = !is_first && record.updated_at.is_some_and(|at| at >= later);
        // Rows that came or went to the front moved others on; one that was still to come may be among them.
        position.partial |= !joined && position.joined > 0;
        position.joined = if joined { position.joined + 1 } else { 0 };
        if position.last.contains(&key) {
            position.partial = true;
            continue;
        }
        if is_new(context, &mut position.memory, &record, started, success.at) {
            collector.give(record)?;
        }
    }
    position.partial |= collector.quarantined;
    position.last = keys;
    position.total = list.continuation.total_count.or(position.total);
    let next = next(&list.continuation).filter(|_| !empty);
    if next.is_some() && next == position.page {
        return Err(standstill());
    }
    let one_page = position.page.is_none() && next.is_none() && position.list == 0;
    position.page = next;
    if position.page.is_none() {
        if let (Some(first), Some(last)) = (position.first_total, position.total) {
            let grown = last.saturating_sub(first);
            if position.joined > grown {
                if position.restarts < MOST_RESTARTS {
                    return Ok(restart(context, position));
                }
                position.restarts = MOST_RESTARTS + 1;
            }
            position.partial |= position.joined != grown;
        }
        position.joined = 0;
        position.list += 1;
        position.last = Vec::new();
        position.total = None;
        if one_page && request(context.scan, &position).is_none() {
            delete_absent(&mut collector, &mut position)?;
        }
    }
    finish(context, position, collector.into_page())
}

/// The page at the end of the last list.
pub fn end(context: &Context, position: PagesPosition) -> Result<Page, Failure> {
    finish(context, position, empty_page())
}

fn finish(context: &Context, position: PagesPosition, mut page: Page) -> Result<Page, Failure> {
    let scan = context.scan;
    let stream = scan.stream;
    if request(scan, &position).is_some() {
        page.next = Some(encode(stream.name, &Position::Pages(position)));
        return Ok(page);
    }
    // A row that was not met need not change again: only a walk that begins where this one did is sure to give it.
    let unsettled = position.restarts > MOST_RESTARTS;
    let settled = position.restarts < MOST_RESTARTS && !position.partial;
    let (whole, checkpoint) = match position.memory {
        Memory::Contents { known, walked } if walked.len() > MOST_REMEMBERED => {
            page.notices.push(notice(
                "repeat",
                stream,
                "the list is too long to be remembered: it will be given again whole",
            ));
            (known.is_none(), Position::Contents(LiteMap::new()))
        }
        Memory::Contents { known, walked } => (known.is_none(), Position::Contents(walked)),
        Memory::Mark { from, known, seen } => {
            if seen.overflowed() || unsettled {
                page.notices.push(repeat(stream));
            }
            (
                from.is_none() && known == Watermark::default(),
                Position::Mark(if unsettled { known } else { seen }),
            )
        }
    };
    page.checkpoint = Some(encode(stream.name, &checkpoint));
    page.complete_snapshot = whole && settled && scan.window.is_open() && scan.filter.is_open();
    Ok(page)
}

/// Whether a row is to be given; it is remembered either way.
fn is_new(
    context: &Context,
    memory: &mut Memory,
    record: &Record,
    started: i64,
    answered: i64,
) -> bool {
    let window = context.scan.window;
    match memory {
        Memory::Contents { known, walked } => {
            let content = format!(
                "{:016x}",
                fingerprint(&record.key, Some(record.payload.as_bytes()))
            );
            let new = match known {
                Some(known) => known.get(&record.key) != Some(&content),
                None => window.holds(record.updated_at),
            };
            walked.insert(record.key.clone(), content);
            new
        }
        Memory::Mark { from, known, seen } => {
            let Some(updated_at) = record.updated_at else {
                return true;
            };
            let given = known.contains(updated_at, &record.key, record.payload.as_bytes());
            seen.note(
                updated_at,
                &record.key,
                record.payload.as_bytes(),
                started,
                answered,
            );
            !given && from.is_none_or(|from| updated_at >= from) && window.holds(Some(updated_at))
        }
    }
}

/// In a list that one answer holds, a row that is not there is gone.
fn delete_absent(collector: &mut Collector, position: &mut PagesPosition) -> Result<(), Failure> {
    let Memory::Contents {
        known: Some(known),
        walked,
    } = &mut position.memory
    else {
        return Ok(());
    };
    for (key, content) in known.iter() {
        if walked.contains_key(key) {
            continue;
        }
        if position.partial {
            // The row may be the one that could not be read.
            walked.insert(key.clone(), content.clone());
        } else {
            collector.delete(key, "absent", None)?;
        }
    }
    Ok(())
}

fn shrank(position: &PagesPosition, continuation: &Continuation) -> bool {
    position.page.is_some()
        && position
            .total
            .zip(continuation.total_count)
            .is_some_and(|(before, now)| now < before)
}

fn next(continuation: &Continuation) -> Option<String> {
    match (&continuation.starting_after, continuation.page) {
        (Some(after), _) => Some(format!("starting_after={}", request::encode(after))),
        (None, page) => page.map(|page| format!("page={page}")),
    }
}

fn restart(context: &Context, position: PagesPosition) -> Page {
    let stream = context.scan.stream;
    let memory = match position.memory {
        Memory::Contents { known, .. } => Memory::Contents {
            known,
            walked: LiteMap::new(),
        },
        Memory::Mark { from, known, .. } => Memory::Mark {
            from,
            known,
            seen: Watermark::default(),
        },
    };
    let fresh = PagesPosition {
        restarts: position.restarts + 1,
        memory,
        ..PagesPosition::default()
    };
    Page {
        next: Some(encode(stream.name, &Position::Pages(fresh))),
        restarted: true,
        notices: vec![notice(
            "restarted",
            stream,
            "rows went while the list was walked, and others moved: the walk starts over",
        )],
        ..empty_page()
    }
}

/// What comes of an answer that refuses the list itself, or says that it ends here although there is more.
fn refused(
    context: &Context,
    position: &PagesPosition,
    answer: &Answer,
) -> Option<Result<Page, Failure>> {
    let stream = context.scan.stream;
    let response = answer.as_ref().ok()?;
    let capped = matches!(stream.paging, Paging::Scroll { .. });
    match response.status {
        400 if capped && position.page.is_some() => {
            let mut position = position.clone();
            position.page = None;
            position.list += 1;
            position.partial = true;
            let count = position
                .total
                .map_or_else(String::new, |all| format!(" of {all}"));
            let page = Page {
                notices: vec![notice(
                    "gap",
                    stream,
                    format!(
                        "Intercom's list ends after {LONGEST_LIST} rows{count}; the others can be read by the scroll alone, which this workspace refuses"
                    ),
                )],
                ..empty_page()
            };
            Some(finish(context, position, page))
        }
        404 if position.page.is_none() && !capped => Some(Err(not_available(response, stream))),
        _ => None,
    }
}
