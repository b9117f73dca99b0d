//! Reads by a scroll: one at a time in a workspace, alive for a minute, never resumable.
//!
//! A scroll hands out each page once. When an answer is lost, asking again may skip a page, so the walk starts over and the
//! page says so; the host takes back what the walk gave. Only what surely was not processed is asked for again.

mod turn;

use super::collect::{Collector, List, Success};
use super::page::{empty_page, notice, repeat};
use super::place::pages_since;
use super::scan::{Context, Scan};
use crate::contract::connector::Page;
use crate::contract::http::{ErrorKind, Request};
use crate::contract::state::{Change, Swapped};
use crate::contract::types::{Failure, FailureKind, WholeFailure};
use crate::cursor::{Position, ScrollPosition, encode};
use crate::failure::failure;
use crate::intercom::errors::{ApiError, unexpected_body};
use crate::intercom::request;
use crate::operation::Answer;
use crate::prelude::*;
use crate::watermark::Watermark;
use turn::Turn;

/// Another scroll dies when it was idle for a minute.
const WAIT_MS: u64 = 60_000;

/// How often to wait for another scroll before saying so.
const MOST_WAITS: u32 = 3;

/// How often a walk may start over before saying so.
const MOST_RESTARTS: u32 = 8;

pub fn request(scan: &Scan, position: &ScrollPosition) -> Request {
    let target = match &position.param {
        Some(param) => format!(
            "{}?scroll_param={}",
            scan.stream.path,
            request::encode(param)
        ),
        None => scan.stream.path.to_owned(),
    };
    request::get(scan.config.api_version, target)
}

pub use turn::take;

/// What comes of a position instead of a request, after [`take`] was tried; `None`: it may be asked with.
pub fn passed_over(
    context: &Context,
    position: &ScrollPosition,
    taken: Option<&Swapped>,
) -> Option<Result<Page, Failure>> {
    let position = || position.clone();
    Some(match Turn::of(taken) {
        Turn::Free => return None,
        Turn::Used => restart(context, position(), "an answer was lost"),
        Turn::Unknown => {
            // It is no fault of Intercom's, so it counts for nothing.
            let fresh = ScrollPosition {
                restarts: 0,
                ..position()
            };
            restart(context, fresh, "whoever read until now is gone")
        }
        Turn::Unclear => Err(state_unavailable()),
    })
}

/// The failure of a walk that cannot say whose turn it is.
pub fn state_unavailable() -> Failure {
    failure(
        FailureKind::Transient,
        "state_unavailable",
        "the walk does not go on while the host's state cannot be reached.",
    )
}

/// The page of an answer, and what `state` has to know then.
pub fn read(
    context: &Context,
    position: ScrollPosition,
    answer: Answer,
) -> (Result<Page, Failure>, Option<Change>) {
    let given_back = turn::give_back(&position, &answer);
    match walk(context, position, answer) {
        Ok((page, begun)) => (Ok(page), begun),
        Err(failure) => (Err(failure), given_back),
    }
}

fn walk(
    context: &Context,
    mut position: ScrollPosition,
    answer: Answer,
) -> Result<(Page, Option<Change>), Failure> {
    let stay = |page: Result<Page, Failure>| page.map(|page| (page, None));
    let stream = context.scan.stream;
    match trouble(&position, &answer) {
        Some(Trouble::Refused) => return stay(Ok(fall_back(context, position))),
        Some(Trouble::Busy) => return stay(wait(context, position)),
        Some(Trouble::Broken(why)) => return stay(restart(context, position, why)),
        None => {}
    }
    let success = Success::of(context, answer)?;
    let List {
        items,
        continuation,
    } = match success.list(context) {
        Ok(list) => list,
        Err(_) if position.param.is_some() => {
            return stay(restart(context, position, "an answer could not be read"));
        }
        Err(failure) => return Err(failure),
    };
    let started = *position.started.get_or_insert(success.at);
    let empty = items.is_empty();
    let mut collector = Collector::new(context, items.len());
    for item in items {
        let Some(record) = collector.take(item) else {
            continue;
        };
        let Some(updated_at) = record.updated_at else {
            collector.give(record)?;
            continue;
        };
        let known = position
            .known
            .contains(updated_at, &record.key, record.payload.as_bytes());
        position.seen.note(
            updated_at,
            &record.key,
            record.payload.as_bytes(),
            started,
            success.at,
        );
        if !known
            && position.from.is_none_or(|from| updated_at >= from)
            && context.scan.window.holds(Some(updated_at))
        {
            collector.give(record)?;
        }
    }
    let mut page = collector.into_page();
    if empty {
        if position.seen.overflowed() {
            page.notices.push(repeat(stream));
        }
        page.checkpoint = Some(encode(stream.name, &Position::Mark(position.seen)));
        return Ok((page, None));
    }
    let first = position.param.is_none();
    position.param = continuation
        .scroll_param
        .filter(|param| !param.is_empty())
        .or(position.param);
    let Some(param) = &position.param else {
        return Err(unexpected_body(
            &success.response,
            "the scroll has no parameter to go on with",
        ));
    };
    if first {
        position.walk = turn::name(context, param, position.restarts);
        position.answers = 0;
    }
    position.answers += 1;
    let begun = first.then(|| turn::begin(&position));
    page.next = Some(encode(stream.name, &Position::Scroll(position)));
    Ok((page, begun))
}

enum Trouble {
    /// The workspace has no scroll at all.
    Refused,
    /// Another scroll of the workspace is alive.
    Busy,
    /// This scroll cannot be relied on any more.
    Broken(&'static str),
}

fn trouble(position: &ScrollPosition, answer: &Answer) -> Option<Trouble> {
    let walking = position.param.is_some();
    match answer {
        Ok(response)
            if response.status == 400
                && ApiError::of(response).code.as_deref() == Some("scroll_exists") =>
        {
            Some(Trouble::Busy)
        }
        // Whoever lacks the permission lacks it for the list as well.
        Ok(response) if !walking && matches!(response.status, 400 | 404 | 405 | 410 | 501) => {
            Some(Trouble::Refused)
        }
        Ok(response) if walking && response.status == 404 => {
            Some(Trouble::Broken("Intercom let the scroll expire"))
        }
        Ok(response) if walking && (response.status >= 500 || response.status == 408) => {
            Some(Trouble::Broken("Intercom had a problem of its own"))
        }
        Err(error) if walking && error.request_sent && error.kind != ErrorKind::TooLarge => {
            Some(Trouble::Broken("an answer was lost"))
        }
        _ => None,
    }
}

fn wait(context: &Context, mut position: ScrollPosition) -> Result<Page, Failure> {
    let stream = context.scan.stream;
    position.waits += 1;
    if position.waits > MOST_WAITS {
        return Err(Box::new(WholeFailure {
            retry_after_ms: Some(WAIT_MS),
            ..*failure(
                FailureKind::Conflict,
                "scroll_exists",
                "another program keeps a scroll of this workspace's companies open. Intercom allows one at a time: find it \
                 (another connector or script with a token of this workspace) and let it end.",
            )
        }));
    }
    Ok(Page {
        next: Some(encode(stream.name, &Position::Scroll(position))),
        retry_after_ms: Some(WAIT_MS),
        notices: vec![notice(
            "waiting",
            stream,
            "another scroll of this workspace is open; it expires within a minute",
        )],
        ..empty_page()
    })
}

/// The list has an end that the scroll has not, and is better than nothing.
fn fall_back(context: &Context, position: ScrollPosition) -> Page {
    let stream = context.scan.stream;
    let walk = pages_since(position.from, position.known);
    Page {
        next: Some(encode(stream.name, &walk)),
        notices: vec![notice(
            "fallback",
            stream,
            "this workspace refuses the scroll: the list is read instead, which ends after 10,000 rows",
        )],
        ..empty_page()
    }
}

fn restart(context: &Context, position: ScrollPosition, why: &str) -> Result<Page, Failure> {
    let stream = context.scan.stream;
    if position.restarts >= MOST_RESTARTS {
        return Err(failure(
            FailureKind::Transient,
            "scroll_keeps_breaking",
            format!(
                "the walk through {} broke {MOST_RESTARTS} times; the last time: {why}.",
                stream.name
            ),
        ));
    }
    let fresh = ScrollPosition {
        param: None,
        started: None,
        seen: Watermark::default(),
        restarts: position.restarts + 1,
        waits: 0,
        ..position
    };
    Ok(Page {
        next: Some(encode(stream.name, &Position::Scroll(fresh))),
        restarted: true,
        notices: vec![notice(
            "restarted",
            stream,
            format!("{why}: the walk starts over"),
        )],
        ..empty_page()
    })
}
