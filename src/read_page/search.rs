//! Incremental reads by a search on the cursor field.
//!
//! The search for contacts compares whole days in the workspace's time zone, and `>` leaves out the day of its value. So the
//! query asks from more than a day before, whatever the zone, and the exact second is compared here. Other searches compare
//! seconds; should one compare days after all, `=` brings the day that `>` leaves out. Walks are sorted upwards: a row that
//! changes during one moves towards its end and is met again.

use super::collect::{Collector, List, Success};
use super::deleted;
use super::list::refuse_standstill;
use super::page::repeat;
use super::scan::{Context, Scan};
use crate::contract::connector::Page;
use crate::contract::http::Request;
use crate::contract::types::Failure;
use crate::cursor::{Position, SearchPosition, encode};
use crate::intercom::request;
use crate::intercom::streams::Paging;
use crate::json::quoted;
use crate::operation::Answer;
use crate::prelude::*;

/// The longest day of any time zone, in seconds: clocks are put back by up to two hours.
const LONGEST_DAY_SECONDS: i64 = 26 * 3_600;

pub fn request(scan: &Scan, position: &SearchPosition) -> Request {
    let field = scan.stream.cursor_field.unwrap_or("updated_at");
    let single = |operator: &str, value: i64| {
        format!(
            r#"{{"field":"{field}","operator":"{operator}","value":{}}}"#,
            value.max(0)
        )
    };
    let (path, query) = match scan.stream.paging {
        Paging::ListThenSearch { search } => {
            let bound = position.from.saturating_sub(LONGEST_DAY_SECONDS);
            (search, single(">", bound))
        }
        _ => {
            let bound = position.from.saturating_sub(1);
            let either = format!("{},{}", single(">", bound), single("=", bound));
            (
                scan.stream.path,
                format!(r#"{{"operator":"OR","value":[{either}]}}"#),
            )
        }
    };
    let after = position.after.as_ref().map_or_else(String::new, |after| {
        format!(r#","starting_after":{}"#, quoted(after))
    });
    let per_page = scan.per_page();
    let body = format!(
        r#"{{"query":{query},"sort":{{"field":"{field}","order":"ascending"}},"pagination":{{"per_page":{per_page}{after}}}}}"#
    );
    request::search(scan.config.api_version, path, body)
}

pub fn read(
    context: &Context,
    mut position: SearchPosition,
    answer: Answer,
) -> Result<Page, Failure> {
    let stream = context.scan.stream;
    let success = Success::of(context, answer)?;
    let started = *position.started.get_or_insert(success.at);
    let List {
        items,
        continuation,
    } = success.list(context)?;
    let empty = items.is_empty();
    refuse_standstill(
        position.after.as_deref(),
        continuation.starting_after.as_deref(),
    )?;
    let mut collector = Collector::new(context, items.len());
    collector.at(success.at);
    let mut beyond = false;
    for item in items {
        let Some(record) = collector.take(item) else {
            continue;
        };
        match record.updated_at {
            None => collector.give(record)?,
            Some(updated_at) => {
                beyond = context
                    .scan
                    .window
                    .until
                    .is_some_and(|until| updated_at >= until);
                let known =
                    position
                        .seen
                        .contains(updated_at, &record.key, record.payload.as_bytes());
                if updated_at < position.from || known || beyond {
                    continue;
                }
                position.seen.note(
                    updated_at,
                    &record.key,
                    record.payload.as_bytes(),
                    started,
                    success.at,
                );
                collector.give(record)?;
            }
        }
    }
    // A scan that starts from a mark of this one would not look for what was deleted before it.
    let deleted = deleted::behind(context.scan, &position);
    let checkpoint = deleted
        .is_none()
        .then(|| encode(stream.name, &Position::Mark(position.seen.clone())));
    let next = continuation.starting_after.filter(|_| !empty && !beyond);
    let next = match next {
        Some(next) => Some(Position::Search(SearchPosition {
            after: Some(next),
            ..position
        })),
        None => match deleted {
            Some(deleted) => Some(Position::Deleted(deleted)),
            None => {
                if position.seen.overflowed() {
                    collector.say(repeat(stream));
                }
                None
            }
        },
    };
    Ok(Page {
        next: next.map(|next| encode(stream.name, &next)),
        checkpoint,
        ..collector.into_page()
    })
}
