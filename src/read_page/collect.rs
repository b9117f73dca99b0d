//! From an answer to entries: what every paging kind does alike.

use crate::prelude::*;
use records::in_order;

use super::joins;
use super::page::{empty_page, notice};
use super::scan::Context;
use crate::contract::connector::Page;
use crate::contract::http::{Effect, Response};
use crate::contract::types::{Entry, Failure, FailureKind, Intent, Notice};
use crate::intercom::envelope::{Continuation, read_list};
use crate::intercom::errors::{from_http, from_response, unexpected_body};
use crate::intercom::normalize::{Record, Unreadable};
use crate::intercom::request::server_time;
use crate::intercom::streams::Stream;
use crate::map_record::Mapper;
use crate::operation::Answer;
use crate::triggers::{Occasion, Watch};

/// An answer that is a success.
pub struct Success {
    /// The answer.
    pub response: Response,
    /// When it was given, by the server's clock where it says so, in Unix seconds.
    pub at: i64,
}

impl Success {
    /// Takes an answer for a success.
    pub fn of(context: &Context, answer: Answer) -> Result<Self, Failure> {
        let response = answer.map_err(|error| from_http(&error, Effect::Read))?;
        if !(200..300).contains(&response.status) {
            return Err(from_response(
                &response,
                Effect::Read,
                Some(context.scan.stream.permission),
            ));
        }
        let at = server_time(&response).unwrap_or_else(|| context.now());
        Ok(Self { response, at })
    }

    /// Reads it as a list of the stream's items, each a record or not.
    pub fn list(&self, context: &Context) -> Result<List, Failure> {
        let normalizer = context.scan.normalizer();
        let mut items = Vec::with_capacity(context.scan.per_page().min(150) as usize);
        let read = read_list(&self.response.body, context.scan.stream.items, |reader| {
            items.push(normalizer.read(reader)?);
            Ok(())
        });
        let continuation = read.map_err(|reason| unexpected_body(&self.response, &reason))?;
        Ok(List {
            items,
            continuation,
        })
    }
}

/// A page of a list.
pub struct List {
    /// The items, in order.
    pub items: Vec<Result<Record, Unreadable>>,
    /// How it goes on.
    pub continuation: Continuation,
}

/// Entries and notices in the making.
pub struct Collector<'a> {
    context: &'a Context<'a>,
    mapper: Mapper<'a>,
    watch: Option<Watch<'a>>,
    /// Now, in Unix seconds: the server's time where an answer said it.
    now: i64,
    entries: Vec<Entry>,
    intents: Vec<Intent>,
    notices: Vec<Notice>,
    unknown: Vec<String>,
    /// Whether an item was no record.
    pub quarantined: bool,
}

impl<'a> Collector<'a> {
    /// Collects for so many items.
    pub fn new(context: &'a Context<'a>, items: usize) -> Self {
        Self {
            context,
            mapper: Mapper::new(context.scan.stream, &context.scan.mapping),
            watch: context.scan.triggers.of_stream(context.scan.stream),
            now: context.now(),
            entries: Vec::with_capacity(items),
            intents: Vec::new(),
            notices: Vec::new(),
            unknown: Vec::new(),
            quarantined: false,
        }
    }

    /// The page of what was collected.
    pub fn into_page(mut self) -> Page {
        if !self.unknown.is_empty() {
            self.notices.push(Notice {
                path: Some(in_order(self.unknown).joined(", ")),
                ..notice(
                    "drift",
                    self.context.scan.stream,
                    "records hold fields that are not declared; they are given as they came",
                )
            });
        }
        Page {
            entries: self.entries,
            intents: self.intents,
            notices: self.notices,
            ..empty_page()
        }
    }

    /// Sets the time to the server's.
    pub fn at(&mut self, now: i64) {
        self.now = now;
    }

    /// Says something about the page.
    pub fn say(&mut self, notice: Notice) {
        self.notices.push(notice);
    }

    /// Takes an item. One that is no record is quarantined: a notice with the item as it came.
    pub fn take(&mut self, item: Result<Record, Unreadable>) -> Option<Record> {
        let stream = self.context.scan.stream;
        match item {
            Ok(mut record) => {
                for name in record.unknown.drain(..) {
                    if !self.unknown.contains(&name) {
                        self.unknown.push(name);
                    }
                }
                if !record.odd.is_empty() {
                    self.notices.push(Notice {
                        key: Some(record.key.clone()),
                        path: Some(record.odd.joined(", ")),
                        ..notice(
                            "drift",
                            stream,
                            "a value has another type than declared; it was left as it came",
                        )
                    });
                }
                Some(record)
            }
            Err(Unreadable {
                path,
                reason,
                document,
            }) => {
                self.quarantined = true;
                self.notices.push(Notice {
                    path: Some(path),
                    document: Some(document),
                    ..notice(
                        "quarantined",
                        stream,
                        format!("an item is no record: {reason}"),
                    )
                });
                None
            }
        }
    }

    /// Gives a record, if the filter lets it through.
    pub fn give(&mut self, mut record: Record) -> Result<(), Failure> {
        let filter = &self.context.scan.filter;
        if filter.holds(&record.payload) {
            let companies = joins::join(self.context.scan, &mut record);
            if let Some(watch) = &self.watch {
                let (intents, notices) = watch.look(&Occasion {
                    key: &record.key,
                    record: &record.payload,
                    places: &record.places,
                    parts: record.aside.as_deref(),
                    companies: &companies,
                    updated_at: record.updated_at,
                    topic: None,
                    gone: false,
                    now: self.now,
                });
                self.intents.extend(intents);
                self.notices.extend(notices);
            }
            let made = self.mapper.entry(record, &companies);
            self.notices.extend(made.notices);
            match made.entry {
                Some(Err(failure)) if failure.kind == FailureKind::Bug => return Err(failure),
                entry => self.entries.extend(entry.and_then(Result::ok)),
            }
        }
        Ok(())
    }

    /// Gives the deletion of a row of another stream.
    pub fn delete_elsewhere(
        &mut self,
        stream: &'static Stream,
        key: &str,
        reason: &str,
        successor: Option<String>,
    ) -> Result<(), Failure> {
        let mapper = Mapper::new(stream, &self.context.scan.mapping);
        self.entries.push(Entry {
            successor,
            ..mapper.deletion(key, reason)
        });
        Ok(())
    }

    /// Gives the deletion of a row.
    pub fn delete(
        &mut self,
        key: &str,
        reason: &str,
        successor: Option<String>,
    ) -> Result<(), Failure> {
        self.entries.push(Entry {
            successor,
            ..self.mapper.deletion(key, reason)
        });
        Ok(())
    }
}
