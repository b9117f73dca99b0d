//! Reads of a file that a job writes. A workspace has one such job at a time, and the job outlives its reader: whoever starts
//! one says so in `state`, and the next reader takes it up instead of waiting for it to go away.

mod file;

use super::collect::Collector;
use super::page::{empty_page, notice};
use super::scan::{Context, Scan};
use crate::contract::connector::Page;
use crate::contract::http::{Effect, Request, Response};
use crate::contract::state::Change;
use crate::contract::types::{Failure, FailureKind};
use crate::cursor::{ExportPosition, Position, encode};
use crate::failure::failure;
use crate::intercom::errors::{from_http, from_response, unexpected_body};
use crate::intercom::request::{self, encode as encoded};
use crate::json::{self, Member, Object};
use crate::operation::Answer;
use crate::prelude::*;
use crate::watermark::Watermark;

/// How long to wait for a job, and for another one that is in the way; up to six times as long when it takes its time.
const WAIT_MS: u64 = 10_000;

/// How often to wait for a job of somebody else before saying so.
const MOST_WAITS: u32 = 60;

/// Intercom keeps a file for two days.
const REMEMBERED_MS: u64 = 2 * 86_400_000;

/// Where `state` knows the job.
pub const STATE_KEY: &str = "export/job";

/// The format of the value in `state`.
const STATE_FORMAT: u8 = b'1';

/// Bytes that a row takes about.
const ROW_BYTES: u64 = 512;

/// What comes next.
pub enum Next {
    /// This request, then [`take`] with its answer.
    Ask(Request),
    /// The page; what `state` has to know before.
    Page(Result<Page, Failure>, Option<Change>),
}

/// What is asked for first; `known` is what `state` knows.
pub fn begin(
    scan: &Scan,
    position: &mut ExportPosition,
    known: Option<&[u8]>,
    now: i64,
) -> Request {
    if position.job.is_none() {
        position.job = known.and_then(|value| job_of(scan, value));
    }
    let version = scan.config.api_version;
    match &position.job {
        Some(job) => request::get(version, format!("{}/{}", scan.stream.path, encoded(job))),
        None => {
            // Both ends are part of what is exported.
            let after = scan.window.since.unwrap_or(1).max(1);
            let before = scan
                .window
                .until
                .map_or(now, |until| until.saturating_sub(1));
            let body = format!(r#"{{"created_at_after":{after},"created_at_before":{before}}}"#);
            request::search(version, scan.stream.path, body)
        }
    }
}

/// Takes an answer.
pub fn take(context: &Context, position: ExportPosition, asked: &str, answer: Answer) -> Next {
    let scan = context.scan;
    let response = match answer {
        Ok(response) => response,
        Err(error) => return Next::Page(Err(from_http(&error, Effect::Read)), None),
    };
    let Some(job) = position.job.clone() else {
        return started(context, position, &response);
    };
    if asked.starts_with(DOWNLOAD) {
        return downloaded(context, position, &job, &response);
    }
    match response.status {
        200..=299 => {}
        404 | 410 => {
            return Next::Page(Ok(over_again(context, position)), Some(forget(scan, &job)));
        }
        _ => return Next::Page(Err(refused(scan, &response)), None),
    }
    let status = match text(&response, &["status"]) {
        Ok(status) => status,
        Err(failure) => return Next::Page(Err(failure), None),
    };
    match status.as_str() {
        "completed" | "complete" => {
            let target = format!("{DOWNLOAD}{}", encoded(&job));
            Next::Ask(request::download(scan.config.api_version, target))
        }
        "no_data" => Next::Page(
            Ok(end(context, Collector::new(context, 0).into_page())),
            Some(forget(scan, &job)),
        ),
        "failed" | "canceled" => Next::Page(
            Err(failure(
                FailureKind::Transient,
                "export_failed",
                format!(
                    "Intercom's export came to nothing: it is {status}. The next read starts another one."
                ),
            )),
            Some(forget(scan, &job)),
        ),
        _ => {
            let mut position = position;
            position.waits += 1;
            Next::Page(Ok(later(context, position)), None)
        }
    }
}

/// The path of a file; the job's id is appended.
const DOWNLOAD: &str = "/download/content/data/";

fn started(context: &Context, mut position: ExportPosition, response: &Response) -> Next {
    let scan = context.scan;
    match response.status {
        200..=299 => {}
        429 if position.waits < MOST_WAITS => {
            position.waits += 1;
            let busy = notice(
                "waiting",
                scan.stream,
                "another export of this workspace is running; Intercom makes one at a time",
            );
            let mut page = later(context, position);
            page.notices.push(busy);
            return Next::Page(Ok(page), None);
        }
        _ => return Next::Page(Err(refused(scan, response)), None),
    }
    // Some versions have the name without one of its letters.
    match text(response, &["job_identifier", "job_identfier"]) {
        Ok(job) => {
            let change = Change {
                key: STATE_KEY.to_owned(),
                expected: None,
                value: Some(value_of(scan, &job)),
                ttl_ms: Some(REMEMBERED_MS),
            };
            position.job = Some(job);
            position.waits = 0;
            Next::Page(Ok(later(context, position)), Some(change))
        }
        Err(failure) => Next::Page(Err(failure), None),
    }
}

fn downloaded(context: &Context, position: ExportPosition, job: &str, response: &Response) -> Next {
    let scan = context.scan;
    match response.status {
        200..=299 => {}
        404 | 410 => return Next::Page(Ok(over_again(context, position)), Some(forget(scan, job))),
        _ => return Next::Page(Err(refused(scan, response)), None),
    }
    let most = (scan.max_bytes / ROW_BYTES).max(u64::from(scan.max_entries)) as usize;
    let rows = match file::rows(&response.body, scan.stream.key, position.row, most) {
        Ok(rows) => rows,
        Err(reason) => return Next::Page(Err(unexpected_body(response, &reason)), None),
    };
    let mut collector = Collector::new(context, rows.records.len());
    let normalizer = scan.normalizer();
    for record in &rows.records {
        let given = match collector.take(normalizer.document(record)) {
            Some(record) => collector.give(record),
            None => Ok(()),
        };
        if let Err(failure) = given {
            return Next::Page(Err(failure), None);
        }
    }
    if !rows.more {
        let page = end(context, collector.into_page());
        return Next::Page(Ok(page), Some(forget(scan, job)));
    }
    let position = ExportPosition {
        row: position.row + rows.records.len(),
        ..position
    };
    let page = Page {
        next: Some(encode(scan.stream.name, &Position::Export(position))),
        ..collector.into_page()
    };
    Next::Page(Ok(page), None)
}

fn end(context: &Context, page: Page) -> Page {
    let mark = Position::Mark(Watermark::default());
    Page {
        checkpoint: Some(encode(context.scan.stream.name, &mark)),
        ..page
    }
}

fn later(context: &Context, position: ExportPosition) -> Page {
    // Exports take from seconds to hours.
    let wait_ms = WAIT_MS * u64::from(position.waits / 6 + 1).min(6);
    Page {
        next: Some(encode(
            context.scan.stream.name,
            &Position::Export(position),
        )),
        retry_after_ms: Some(wait_ms),
        ..empty_page()
    }
}

/// The file is not there any more: another job has to make it.
fn over_again(context: &Context, position: ExportPosition) -> Page {
    Page {
        restarted: position.row > 0,
        retry_after_ms: None,
        ..later(context, ExportPosition::default())
    }
}

fn refused(scan: &Scan, response: &Response) -> Failure {
    from_response(response, Effect::Read, Some(scan.stream.permission))
}

/// The text of the first of these members.
fn text(response: &Response, names: &[&str]) -> Result<String, Failure> {
    let object: Object =
        json::parse(&response.body).map_err(|reason| unexpected_body(response, &reason))?;
    let found = names.iter().find_map(|name| match object.get(name) {
        Some(Member::Text(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    });
    found.ok_or_else(|| unexpected_body(response, &format!("it has no {}", names[0])))
}

/// What `state` holds of a job: which one it is, and for what time.
fn value_of(scan: &Scan, job: &str) -> Vec<u8> {
    let second = |second: Option<i64>| second.map_or_else(String::new, |second| second.to_string());
    let (since, until) = (second(scan.window.since), second(scan.window.until));
    let mut value = vec![STATE_FORMAT];
    value.extend_from_slice(format!("{since}/{until}/{job}").as_bytes());
    value
}

/// The job that `state` knows, if it is one for the same time.
fn job_of(scan: &Scan, value: &[u8]) -> Option<String> {
    let text = str::from_utf8(value).ok()?;
    let job = text.splitn(3, '/').nth(2)?;
    (value == value_of(scan, job)).then(|| job.to_owned())
}

fn forget(scan: &Scan, job: &str) -> Change {
    Change {
        key: STATE_KEY.to_owned(),
        expected: Some(value_of(scan, job)),
        value: None,
        ttl_ms: None,
    }
}
