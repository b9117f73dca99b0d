//! Full reads by a list with a cursor, handed over to a search at the end.
//!
//! A row that changes while the list is walked may move past the walk. It changed after the walk began, so the search
//! that follows, from the walk's beginning on, finds it: one scan loses nothing.

use super::collect::{Collector, List, Success};
use super::scan::{Context, Scan};
use crate::contract::connector::Page;
use crate::contract::http::Request;
use crate::contract::types::{Failure, FailureKind};
use crate::cursor::{ListPosition, Position, SearchPosition, encode};
use crate::failure::failure;
use crate::intercom::request;
use crate::operation::Answer;
use crate::prelude::*;
use crate::watermark::LAG_SECONDS;

pub fn request(scan: &Scan, position: &ListPosition) -> Request {
    let mut target = format!("{}?per_page={}", scan.stream.path, scan.per_page());
    if let Some(after) = &position.after {
        target.push_str("&starting_after=");
        target.push_str(&request::encode(after));
    }
    request::get(scan.config.api_version, target)
}

pub fn read(context: &Context, position: ListPosition, answer: Answer) -> Result<Page, Failure> {
    let ListPosition {
        after,
        started,
        mut seen,
    } = position;
    let stream = context.scan.stream;
    let success = Success::of(context, answer)?;
    let started = started.unwrap_or(success.at);
    let List {
        items,
        continuation,
    } = success.list(context)?;
    let empty = items.is_empty();
    refuse_standstill(after.as_deref(), continuation.starting_after.as_deref())?;
    let mut collector = Collector::new(context, items.len());
    for item in items {
        let Some(record) = collector.take(item) else {
            continue;
        };
        if let Some(updated_at) = record.updated_at {
            seen.note(
                updated_at,
                &record.key,
                record.payload.as_bytes(),
                started,
                success.at,
            );
        }
        collector.give(record)?;
    }
    let position = match continuation.starting_after {
        Some(next) if !empty => Position::List(ListPosition {
            after: Some(next),
            started: Some(started),
            seen,
        }),
        _ => {
            let from = started.saturating_sub(LAG_SECONDS);
            Position::Search(SearchPosition {
                after: None,
                from,
                started: None,
                seen,
            })
        }
    };
    Ok(Page {
        next: Some(encode(stream.name, &position)),
        ..collector.into_page()
    })
}

/// The failure of a walk whose next page is the one that it comes from.
pub fn standstill() -> Failure {
    failure(
        FailureKind::Drift,
        "cursor_stands_still",
        "Intercom's next page is this one: the walk would never end.",
    )
}

/// A list that hands out the cursor it was given would be walked for ever.
pub fn refuse_standstill(sent: Option<&str>, received: Option<&str>) -> Result<(), Failure> {
    match (sent, received) {
        (Some(sent), Some(received)) if sent == received => Err(standstill()),
        _ => Ok(()),
    }
}
