//! Reads of what hangs on another stream's rows. A page either goes on with the walk through the parents, and remembers
//! them, or asks for what hangs on those that it remembers. So the position holds at any time what is still to be done.

mod embedded;
mod gathering;

use super::collect::Collector;
use super::page::{empty_page, notice, repeat};
use super::scan::{Context, Scan};
use crate::contract::connector::Page;
use crate::contract::types::{Failure, Notice};
use crate::cursor::{self, ChildrenPosition, Parent, Position, encode};
use crate::intercom::normalize::{Record, Unreadable};
use crate::intercom::streams::{Children, Given};
use crate::prelude::*;
use crate::watermark::Watermark;
use gathering::{Family, Outcome};

pub use gathering::Gathering;

/// How often a parent is asked for before it is left out with a notice.
const MOST_TRIES: u32 = 4;

/// How long to wait before what could not be read is asked for again; doubled each time.
const WAIT_MS: u64 = 1_000;

/// The walk through the parents, from where it stands.
pub fn parents(scan: &Scan, position: &ChildrenPosition) -> Option<Scan> {
    let (parent, children) = scan.stream.children()?;
    let walk = position.parents.clone()?;
    Some(scan.of_parents(parent, children.given, walk))
}

/// What a page of parents comes to.
pub fn walked(
    context: &Context,
    mut position: ChildrenPosition,
    page: Page,
) -> Result<Page, Failure> {
    let stream = context.scan.stream;
    let Some((parent, children)) = stream.children() else {
        return Ok(empty_page());
    };
    if page.restarted {
        position.pending.clear();
        position.started = None;
        position.partial = false;
        position.seen = Watermark::default();
    }
    position.walked = context.now();
    position.parents = match &page.next {
        Some(next) => Some(cursor::decode(parent.name, next)?),
        None => None,
    };
    let started = position.parents.as_ref().and_then(Position::started);
    position
        .started
        .get_or_insert(started.unwrap_or_else(|| context.now()));
    if children.given == Given::WithParent
        && let Some(checkpoint) = &page.checkpoint
        && let Position::Mark(mark) = cursor::decode(parent.name, checkpoint)?
    {
        position.seen = mark;
    }
    position.partial |= page.notices.iter().any(|one| one.kind == "quarantined");
    let mut collector = Collector::new(context, 0);
    for entry in &page.entries {
        let text = str::from_utf8(&entry.payload).unwrap_or_default();
        let found = embedded::of(stream, children, text, &entry.key);
        match found.rows {
            Some(rows) => give(context, &mut position, &mut collector, children, rows)?,
            None if found.count == Some(0) => {}
            None => {
                let count = found.count.unwrap_or_default();
                position.pending.push(Parent(entry.key.clone(), count, 0));
            }
        }
    }
    for notice in page.notices {
        collector.say(notice);
    }
    let page = Page {
        restarted: page.restarted,
        retry_after_ms: page.retry_after_ms,
        ..collector.into_page()
    };
    Ok(finish(context, position, page))
}

/// What the answers about parents come to.
pub fn gathered(
    context: &Context,
    mut position: ChildrenPosition,
    gathering: Gathering,
) -> Result<Page, Failure> {
    let stream = context.scan.stream;
    let Some((parent, children)) = stream.children() else {
        return Ok(empty_page());
    };
    let mut collector = Collector::new(context, 0);
    let mut left: Vec<Parent> = Vec::new();
    let (mut done, mut refused, mut wait) = (false, None, None);
    for Family {
        parent: Parent(key, count, tries),
        records,
        outcome,
        ..
    } in gathering.families
    {
        match outcome {
            Outcome::Whole { counted } => {
                done = true;
                if let Some(counted) = counted.filter(|counted| *counted > records.len() as u64) {
                    collector.say(Notice {
                        key: Some(key),
                        ..notice(
                            "gap",
                            stream,
                            format!(
                                "Intercom gives {} of {counted} rows: the older ones cannot be read",
                                records.len()
                            ),
                        )
                    });
                }
                give(context, &mut position, &mut collector, children, records)?;
            }
            Outcome::Gone { proven, successor } => {
                done = true;
                if proven {
                    let reason = if successor.is_some() {
                        "merged"
                    } else {
                        "not_found"
                    };
                    collector.delete_elsewhere(parent, &key, reason, successor)?;
                }
                collector.say(Notice {
                    key: Some(key),
                    ..notice(
                        "gap",
                        stream,
                        format!(
                            "a row of {} vanished before what hangs on it was read",
                            parent.name
                        ),
                    )
                });
            }
            Outcome::Unread(failure) if tries + 1 < MOST_TRIES => {
                wait = Some(failure.retry_after_ms.unwrap_or(WAIT_MS << tries)).max(wait);
                left.push(Parent(key, count, tries + 1));
            }
            Outcome::Unread(failure) => {
                done = true;
                position.partial = true;
                collector.say(Notice {
                    key: Some(key),
                    ..notice(
                        "quarantined",
                        stream,
                        format!(
                            "what hangs on a row of {} could not be read in {MOST_TRIES} tries and is left out: {}",
                            parent.name, failure.message
                        ),
                    )
                });
            }
            Outcome::Refused(failure) => {
                refused.get_or_insert(failure);
                left.push(Parent(key, count, tries));
            }
            Outcome::Open => left.push(Parent(key, count, tries)),
        }
    }
    let progress = done || wait.is_some();
    if let Some(failure) = refused.filter(|_| !progress) {
        return Err(failure);
    }
    let asked = position.pending.len().min(gathering.asked);
    position.pending.splice(..asked, left);
    let page = Page {
        retry_after_ms: wait.filter(|_| !done),
        ..collector.into_page()
    };
    Ok(finish(context, position, page))
}

/// Gives the rows of one parent.
fn give(
    context: &Context,
    position: &mut ChildrenPosition,
    collector: &mut Collector,
    children: &'static Children,
    rows: Vec<Result<Record, Unreadable>>,
) -> Result<(), Failure> {
    let started = position.started.unwrap_or_else(|| context.now());
    for row in rows {
        let Some(record) = collector.take(row) else {
            position.partial = true;
            continue;
        };
        let wanted = match (children.given, record.updated_at) {
            (Given::WithParent, _) => true,
            (Given::ByTime, Some(at)) => {
                let known = position
                    .known
                    .contains(at, &record.key, record.payload.as_bytes());
                position.seen.note(
                    at,
                    &record.key,
                    record.payload.as_bytes(),
                    started,
                    context.now(),
                );
                !known
                    && position.from.is_none_or(|from| at >= from)
                    && context.scan.window.holds(Some(at))
            }
            (Given::ByTime | Given::Always, at) => context.scan.window.holds(at),
        };
        if wanted {
            collector.give(record)?;
        }
    }
    Ok(())
}

/// The page with its position: within the walk, or at its end.
fn finish(context: &Context, position: ChildrenPosition, mut page: Page) -> Page {
    let scan = context.scan;
    let stream = scan.stream;
    if position.parents.is_some() || !position.pending.is_empty() {
        page.next = Some(encode(stream.name, &Position::Children(Box::new(position))));
        return page;
    }
    if position.seen.overflowed() {
        page.notices.push(repeat(stream));
    }
    // Events that are too old are not listed any more, and yet they were.
    let always = stream
        .children()
        .is_some_and(|(_, children)| children.given == Given::Always);
    page.complete_snapshot =
        always && !position.partial && scan.window.is_open() && scan.filter.is_open();
    page.checkpoint = Some(encode(stream.name, &Position::Mark(position.seen)));
    page
}
