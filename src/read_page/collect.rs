//! From an answer to entries: what every paging kind does alike.

use super::{Context, notice};
use crate::contract::http::{Effect, Response};
use crate::contract::types::{Entry, Failure, Notice};
use crate::intercom::envelope::{Continuation, read_list};
use crate::intercom::errors::{from_http, from_response, unexpected_body};
use crate::intercom::normalize::{Normalizer, Record, Unreadable};
use crate::intercom::request::server_time;
use crate::map_record::Mapper;
use crate::operation::Answer;

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
        let normalizer = Normalizer::new(context.scan.stream);
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
    /// The entries so far.
    pub entries: Vec<Entry>,
    /// The notices so far.
    pub notices: Vec<Notice>,
}

impl<'a> Collector<'a> {
    /// Collects for so many items.
    pub fn new(context: &'a Context<'a>, items: usize) -> Self {
        Self {
            context,
            mapper: Mapper::new(context.scan.stream, &context.scan.mapping),
            entries: Vec::with_capacity(items),
            notices: Vec::new(),
        }
    }

    /// Takes an item. One that is no record is quarantined: a notice with the item as it came.
    pub fn take(&mut self, item: Result<Record, Unreadable>) -> Option<Record> {
        let stream = self.context.scan.stream;
        match item {
            Ok(record) => {
                if !record.odd.is_empty() {
                    self.notices.push(Notice {
                        key: Some(record.key.clone()),
                        path: Some(record.odd.join(", ")),
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

    /// Gives a record.
    pub fn give(&mut self, record: Record) -> Result<(), Failure> {
        self.entries.push(self.mapper.entry(record)?);
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
            ..self.mapper.deletion(key, reason)?
        });
        Ok(())
    }
}
