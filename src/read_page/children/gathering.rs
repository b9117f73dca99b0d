//! Asking for what hangs on several parents at once, each until its last page.

use super::embedded::Rows;
use crate::contract::http::{Effect, Request, Response};
use crate::contract::types::{Failure, FailureKind};
use crate::cursor::{ChildrenPosition, Parent, Position};
use crate::intercom::envelope::{Continuation, read_embedded, read_list};
use crate::intercom::errors::{from_http, from_response, unexpected_body};
use crate::intercom::normalize::{Record, Unreadable};
use crate::intercom::request::{self, canonical_id};
use crate::intercom::streams::{ChildPlace, Children, Stream};
use crate::json::{self, Invalid, Reader};
use crate::operation::Answer;
use crate::prelude::*;
use crate::read_page::scan::{Context, Scan};
use records::search::replaced;

/// Parents in one page, at most.
const MOST_PARENTS: usize = 150;

/// Bytes that a row takes about.
const ROW_BYTES: u64 = 2_048;

/// Pages of one parent, at most: a list that never ends is no list.
const MOST_PAGES: u32 = 10_000;

/// How long a walk through parents may rest, in seconds. A scroll that was idle for a minute is over.
const LONGEST_REST: i64 = 20;

/// Parents and what is known of their rows.
#[derive(Debug)]
pub struct Gathering {
    /// The parents, each with its rows.
    pub families: Vec<Family>,
    /// How many parents are looked at.
    pub asked: usize,
}

/// A parent and its rows.
#[derive(Debug)]
pub struct Family {
    pub parent: Parent,
    pub records: Vec<Result<Record, Unreadable>>,
    pub outcome: Outcome,
    /// The path and query of the next page.
    next: Option<String>,
    pages: u32,
}

/// How far a parent's rows are known.
#[derive(Debug)]
pub enum Outcome {
    /// Not to their end.
    Open,
    /// All of them; how many the answer counts, where it does.
    Whole { counted: Option<u64> },
    /// The parent is not there any more.
    Gone {
        /// Whether the answer proves it.
        proven: bool,
        successor: Option<String>,
    },
    /// An answer could not be read, or was lost.
    Unread(Failure),
    /// Asking was refused, which says nothing about this parent.
    Refused(Failure),
}

impl Gathering {
    /// The parents whose turn it is, if it is their turn.
    pub fn of(context: &Context, position: &ChildrenPosition) -> Option<Self> {
        if position.pending.is_empty() || is_urgent(context, position) {
            return None;
        }
        let scan = context.scan;
        let (_, children) = scan.stream.children()?;
        let most = MOST_PARENTS.min(scan.max_entries as usize);
        let mut bytes = 0;
        let chosen = position
            .pending
            .iter()
            .take(most)
            .take_while(|Parent(_, rows, _)| {
                let fits = bytes < scan.max_bytes;
                bytes += (rows + 1) * ROW_BYTES;
                fits
            });
        let families: Vec<Family> = chosen
            .map(|parent| Family {
                next: Some(first_page(scan, children, &parent.0)),
                parent: parent.clone(),
                records: Vec::new(),
                outcome: Outcome::Open,
                pages: 0,
            })
            .collect();
        Some(Self {
            asked: families.len(),
            families,
        })
    }

    /// The requests for the next page of every parent whose rows are not all known.
    pub fn requests(&self, scan: &Scan) -> Vec<Request> {
        self.open()
            .map(|target| request::get(scan.config.api_version, target))
            .collect()
    }

    fn open(&self) -> impl Iterator<Item = &str> {
        self.families
            .iter()
            .filter(|family| matches!(family.outcome, Outcome::Open))
            .filter_map(|family| family.next.as_deref())
    }

    /// Takes the answers to the last requests.
    pub fn take(&mut self, scan: &Scan, answers: Vec<Answer>) {
        let Some((_, children)) = scan.stream.children() else {
            return;
        };
        let asked = self
            .families
            .iter_mut()
            .filter(|family| matches!(family.outcome, Outcome::Open) && family.next.is_some());
        for (family, answer) in asked.zip(answers) {
            family.take(scan, children, answer);
        }
    }
}

impl Family {
    fn take(&mut self, scan: &Scan, children: &'static Children, answer: Answer) {
        let asked = self.next.take().unwrap_or_default();
        let response = match answer {
            Ok(response) => response,
            Err(error) => {
                let failure = from_http(&error, Effect::Read);
                self.outcome = match error.request_sent {
                    true => Outcome::Unread(failure),
                    false => Outcome::Refused(failure),
                };
                return;
            }
        };
        match response.status {
            200..=299 => match self.read(scan.stream, children, &asked, &response) {
                Ok((None, counted)) => self.outcome = Outcome::Whole { counted },
                Ok((next, _)) if self.pages < MOST_PAGES => self.next = next,
                Ok(_) => self.unread(&response, "its pages never end"),
                Err(reason) => self.unread(&response, &reason),
            },
            404 | 410 => {
                self.outcome = Outcome::Gone {
                    proven: asked_within_parent(scan.stream, &asked),
                    successor: canonical_id(&response),
                };
            }
            _ => {
                let failure = from_response(&response, Effect::Read, Some(scan.stream.permission));
                self.outcome = match failure.kind {
                    FailureKind::Transient | FailureKind::Drift => Outcome::Unread(failure),
                    _ => Outcome::Refused(failure),
                };
            }
        }
    }

    fn unread(&mut self, response: &Response, reason: &str) {
        self.outcome = Outcome::Unread(unexpected_body(response, reason));
    }

    /// Reads a page of rows; gives the path and query of the next one, and how many rows there are as far as it says.
    fn read(
        &mut self,
        stream: &'static Stream,
        children: &'static Children,
        asked: &str,
        response: &Response,
    ) -> Result<(Option<String>, Option<u64>), String> {
        let Self {
            parent: Parent(key, ..),
            records,
            pages,
            ..
        } = self;
        *pages += 1;
        let before = records.len();
        let form = Rows::of(stream, children, key);
        let mut each = |reader: &mut Reader| {
            records.push(form.read(reader)?);
            Ok(())
        };
        if let ChildPlace::Detail(name) = children.place {
            let text = json::text(&response.body)?;
            let embedded = read_embedded(text, name, &[name], each).map_err(|Invalid { at }| {
                format!("it is not the JSON expected (byte {at} of {})", text.len())
            })?;
            return match embedded.held {
                Some(_) => Ok((None, embedded.total_count)),
                None => Err(format!("it holds no {name}")),
            };
        }
        let continuation = read_list(&response.body, stream.items, &mut each)?;
        let more = records.len() > before;
        Ok((
            next(asked, &continuation).filter(|next| more && next != asked),
            None,
        ))
    }
}

/// Whether the walk through the parents has to go on, although some of them are still to be looked at.
fn is_urgent(context: &Context, position: &ChildrenPosition) -> bool {
    matches!(&position.parents, Some(Position::Scroll(scroll)) if scroll.param.is_some())
        && context.now().saturating_sub(position.walked) > LONGEST_REST
}

/// The path and query of the first page of what hangs on a parent.
fn first_page(scan: &Scan, children: &'static Children, key: &str) -> String {
    let key = request::encode(key);
    let path = match children.place {
        ChildPlace::Detail(_) => {
            let parent = scan.stream.children().and_then(|(parent, _)| parent.detail);
            return format!("{}{key}", parent.unwrap_or_default());
        }
        ChildPlace::List(path) | ChildPlace::Links(path, _) => replaced(path, "{id}", &key),
    };
    match scan.stream.per_page {
        Some(rows) => with(&path, &format!("per_page={rows}")),
        None => path,
    }
}

fn with(target: &str, pair: &str) -> String {
    let separator = if target.contains('?') { '&' } else { '?' };
    format!("{target}{separator}{pair}")
}

/// The page behind the one that was asked for.
fn next(asked: &str, continuation: &Continuation) -> Option<String> {
    let paging = ["page=", "starting_after="];
    let (path, query) = asked.split_once('?').unwrap_or((asked, ""));
    let pairs = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !paging.iter().any(|name| pair.starts_with(name)));
    let first = pairs.fold(path.to_owned(), |target, pair| with(&target, pair));
    match continuation {
        Continuation {
            starting_after: Some(after),
            ..
        } => Some(with(
            &first,
            &format!("starting_after={}", request::encode(after)),
        )),
        Continuation {
            page: Some(page), ..
        } => Some(with(&first, &format!("page={page}"))),
        Continuation { target, .. } => target
            .clone()
            .filter(|target| target.split('?').next() == Some(path)),
    }
}

/// Whether a path is one of the parent's own, so that its absence is the parent's.
fn asked_within_parent(stream: &Stream, asked: &str) -> bool {
    let parent = stream.children().and_then(|(parent, _)| parent.detail);
    parent.is_some_and(|detail| asked.starts_with(detail))
}
