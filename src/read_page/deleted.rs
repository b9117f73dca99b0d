//! The list of what was deleted, newest first, behind the search for what changed. Only newer versions have it, and it holds no
//! more than ids and times.

use super::collect::{Collector, Success};
use super::list::standstill;
use super::page::{empty_page, notice, repeat};
use super::scan::{Context, Scan};
use crate::contract::connector::Page;
use crate::contract::http::Request;
use crate::contract::types::{Failure, FailureKind};
use crate::cursor::{DeletedPosition, Position, SearchPosition, encode};
use crate::intercom::envelope::read_list;
use crate::intercom::errors::unexpected_body;
use crate::intercom::request;
use crate::intercom::versions::is_from;
use crate::json;
use crate::mapping::path::value_at;
use crate::operation::Answer;
use crate::prelude::*;

/// Rows of a page: the most that Intercom gives.
const PER_PAGE: u32 = 60;

/// Where the list begins behind a search that is over; absent when there is nothing to look for.
pub fn behind(scan: &Scan, search: &SearchPosition) -> Option<DeletedPosition> {
    let (since, _) = scan.stream.deletions?;
    // A first reading has given nothing that could be gone; a window asks for changes, and parents for their rows.
    let again = search.from > 0 && scan.window.is_open() && !scan.embedded;
    (again && is_from(scan.config.api_version, since)).then(|| DeletedPosition {
        page: 1,
        from: search.from,
        started: search.started,
        seen: search.seen.clone(),
    })
}

pub fn request(scan: &Scan, position: &DeletedPosition) -> Request {
    let path = scan.stream.deletions.map_or("", |(_, path)| path);
    let page = position.page;
    request::get(
        scan.config.api_version,
        format!("{path}?order=desc&per_page={PER_PAGE}&page={page}"),
    )
}

pub fn read(
    context: &Context,
    mut position: DeletedPosition,
    answer: Answer,
) -> Result<Page, Failure> {
    let stream = context.scan.stream;
    let success = match Success::of(context, answer) {
        Ok(success) => success,
        Err(failure)
            if matches!(
                failure.kind,
                FailureKind::Permission | FailureKind::NotFound
            ) =>
        {
            let mut page = end(context, position);
            page.notices.push(notice(
                "unavailable",
                stream,
                format!("what was deleted cannot be listed: {}", failure.message),
            ));
            return Ok(page);
        }
        Err(failure) => return Err(failure),
    };
    let started = position.started.unwrap_or(success.at);
    let mut collector = Collector::new(context, 0);
    let (mut rows, mut older) = (0, false);
    let mut given = Ok(());
    let body = &success.response.body;
    let continuation = read_list(body, stream.items, |reader| {
        let text = reader.text();
        let place = reader.value()?;
        let item = text.get(place).unwrap_or_default();
        rows += 1;
        let id = value_at(item, "id").and_then(|id| json::parse::<String>(id.as_bytes()).ok());
        let at = value_at(item, "deleted_at").and_then(|at| at.parse::<i64>().ok());
        let (Some(id), Some(at)) = (id, at) else {
            return Ok(());
        };
        older |= at < position.from;
        if at >= position.from && !position.seen.contains(at, &id, b"deleted") {
            position.seen.note(at, &id, b"deleted", started, success.at);
            if given.is_ok() {
                given = collector.delete(&id, "deleted", None);
            }
        }
        Ok(())
    })
    .map_err(|reason| unexpected_body(&success.response, &reason))?;
    given?;
    let page = collector.into_page();
    let next = continuation.page.filter(|_| rows > 0 && !older);
    let Some(next) = next else {
        let ended = end(context, position);
        return Ok(Page {
            entries: page.entries,
            notices: [page.notices, ended.notices].concat(),
            ..ended
        });
    };
    if next <= position.page {
        return Err(standstill());
    }
    position.page = next;
    Ok(Page {
        next: Some(encode(stream.name, &Position::Deleted(position))),
        ..page
    })
}

fn end(context: &Context, position: DeletedPosition) -> Page {
    let stream = context.scan.stream;
    let overflowed = position.seen.overflowed();
    Page {
        notices: overflowed.then(|| repeat(stream)).into_iter().collect(),
        checkpoint: Some(encode(stream.name, &Position::Mark(position.seen))),
        ..empty_page()
    }
}
