//! Reads of lists that one answer holds. Intercom does not say when these rows changed, so contents are compared; a row
//! that the list lacks is gone.

use std::collections::BTreeMap;

use super::collect::{Collector, Success};
use super::{Context, Scan, empty_page, notice};
use crate::contract::connector::Page;
use crate::contract::http::Request;
use crate::contract::types::Failure;
use crate::cursor::{Position, encode};
use crate::intercom::request;
use crate::operation::Answer;
use crate::watermark::fingerprint;

/// Rows whose contents are remembered, at most.
const MOST_REMEMBERED: usize = 20_000;

pub fn request(scan: &Scan) -> Request {
    request::get(scan.config.api_version, scan.stream.path)
}

pub fn read(
    context: &Context,
    known: Option<BTreeMap<String, String>>,
    answer: Answer,
) -> Result<Page, Failure> {
    let stream = context.scan.stream;
    let success = Success::of(context, answer)?;
    let items = success.list(context)?.items;
    let mut collector = Collector::new(context, items.len());
    let mut contents = BTreeMap::new();
    let mut quarantined = false;
    for item in items {
        let Some(record) = collector.take(item) else {
            quarantined = true;
            continue;
        };
        let content = format!("{:016x}", fingerprint(&record.key, Some(&record.payload)));
        let changed = match &known {
            Some(known) => known.get(&record.key) != Some(&content),
            None => context.scan.window.holds(record.updated_at),
        };
        contents.insert(record.key.clone(), content);
        if changed {
            collector.give(record)?;
        }
    }
    for (key, content) in known.iter().flatten() {
        if !contents.contains_key(key) {
            if quarantined {
                // The row may be the one that could not be read.
                contents.insert(key.clone(), content.clone());
            } else {
                collector.delete(key, "absent", None)?;
            }
        }
    }
    let mut notices = collector.notices;
    if contents.len() > MOST_REMEMBERED {
        contents.clear();
        notices.push(notice(
            "repeat",
            stream,
            "the list is too long to be remembered: it will be given again whole",
        ));
    }
    let window = context.scan.window;
    Ok(Page {
        entries: collector.entries,
        notices,
        checkpoint: Some(encode(stream.name, &Position::Contents(contents))),
        complete_snapshot: known.is_none()
            && !quarantined
            && window.since.is_none()
            && window.until.is_none(),
        ..empty_page()
    })
}
