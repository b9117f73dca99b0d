//! What an item says: the entries, and the rows that are worth reading again.

mod engagement;
mod links;
mod parts;
mod told;

use crate::prelude::*;
use alloc::borrow::Cow;

use super::people;
use crate::contract::connector::{AcceptedDelivery, RowReference};
use crate::contract::types::{Change, Entry, Failure, FailureKind, Notice};
use crate::intercom::normalize::{Normalizer, Record, Unreadable};
use crate::intercom::streams::{self, Stream};
use crate::intercom::topics::{self, Meaning, Subject};
use crate::json::{Invalid, Outline, Reader};
use crate::map_record::{self, Mapper};
use crate::mapping::Mapping;
use crate::mapping::transform::Item;
use crate::triggers::Triggers;
use told::Told;

/// Where the item is in a notification.
const ITEM: &str = "data.item";

/// The reading of one item.
pub struct Reading<'m> {
    mapping: &'m Mapping,
    triggers: &'m Triggers<'m>,
    accepted: AcceptedDelivery,
    /// What triggers look at.
    told: Vec<Told>,
    /// What could not be read first: its place, and why.
    unread: Option<String>,
}

impl<'m> Reading<'m> {
    /// A reading into a delivery that says nothing yet.
    pub fn new(
        mapping: &'m Mapping,
        triggers: &'m Triggers<'m>,
        accepted: AcceptedDelivery,
    ) -> Self {
        Self {
            mapping,
            triggers,
            accepted,
            told: Vec::new(),
            unread: None,
        }
    }

    /// What the item came to, received at this time.
    ///
    /// # Errors
    /// What is wrong and where, when nothing of it could be read.
    pub fn end(mut self, received_at_ms: i64) -> Result<AcceptedDelivery, String> {
        self.look(received_at_ms);
        let AcceptedDelivery {
            entries,
            read_again,
            ..
        } = &self.accepted;
        match self.unread {
            Some(reason) if entries.is_empty() && read_again.is_empty() => Err(reason),
            _ => Ok(self.accepted),
        }
    }

    /// Reads an item.
    ///
    /// # Errors
    /// A defect: canonical records can be mapped.
    pub fn read(&mut self, meaning: Meaning, item: &Outline) -> Result<(), Failure> {
        match meaning {
            Meaning::Ping | Meaning::Nothing(_) => Ok(()),
            Meaning::Subject(subject) => self.told(subject, item, None),
            Meaning::Within(subject, around) => {
                self.told(subject, item, None)?;
                match is_one(around, item) {
                    true => self.object(around, item, "", None).map(drop),
                    false => Ok(()),
                }
            }
            Meaning::Redacted(subject) => self.told(subject, item, Some("redacted")),
            Meaning::Gone(subject, reason) => self.gone(subject, item, reason),
            Meaning::Merged(subject) => self.merged(subject, item),
            Meaning::Linked {
                subjects,
                links,
                linked,
            } => self.linked(subjects, links, linked, item),
            Meaning::Subscription(wanted) => self.subscription(wanted, item),
            Meaning::Engagement => self.engagement(item),
        }
    }

    /// An item that is an object, or holds it.
    fn told(
        &mut self,
        subject: &'static Subject,
        item: &Outline,
        reason: Option<&str>,
    ) -> Result<(), Failure> {
        // Most items are the object: they are not looked through for another one.
        let within = match is_one(subject, item) {
            true => None,
            false => member(subject, item),
        };
        if let Some((name, found)) = &within {
            let key = self.object(subject, found, name, reason)?;
            if let (Some(key), Some(parts)) = (key, subject.parts) {
                self.single_part(parts, item, &key, reason)?;
            }
            return Ok(());
        }
        match subject.parts {
            Some(parts) if item.has("part_type") => self.bare_part(subject, parts, item, reason),
            _ => self.object(subject, item, "", reason).map(drop),
        }
    }

    /// An object: the whole row, some of it, or no more than its name; with what hangs on it. Gives its key.
    fn object(
        &mut self,
        subject: &'static Subject,
        found: &Outline,
        place: &str,
        reason: Option<&str>,
    ) -> Result<Option<String>, Failure> {
        let Some(stream) = streams::find(subject.stream) else {
            return Ok(None);
        };
        let known = subject.whole.iter().filter(|name| found.has(name)).count();
        let whole = known == subject.whole.len() && !is_plain(subject, found);
        let document = match known {
            0 if subject.stream == topics::CONTACT.stream => {
                people::of_today(found).map(Cow::Owned)
            }
            0 => None,
            _ => Some(Cow::Borrowed(found.text)),
        };
        let key = if let Some(document) = document {
            let parent = subject.parent.and_then(|name| found.text_of(name));
            let normalizer = match (stream.children(), &parent) {
                (Some((_, children)), Some(parent)) => {
                    Normalizer::of_children(stream, children.parent_field, parent)
                }
                _ => {
                    let section = self.mapping.section(stream.name);
                    let is_watched = self.triggers.watch(stream);
                    let normalizer = map_record::normalizer(stream, section, is_watched);
                    match subject.parts.is_some() && is_watched {
                        true => normalizer.with_aside(),
                        false => normalizer,
                    }
                }
            };
            let change = if whole { Change::Upsert } else { Change::Patch };
            let read = normalizer.text(&document);
            self.record(stream, read, place, change, None)?
        } else {
            let key = key(found);
            match &key {
                Some(key) => self.tell(stream, key, None, None, false),
                None => self.unreadable(stream, place, without("id", found)),
            }
            key
        };
        let Some(key) = key else {
            return Ok(None);
        };
        if !whole {
            self.read_again(stream, &key);
        }
        if let Some(parts) = subject.parts {
            self.parts(parts, found, &key, place, reason)?;
        }
        Ok(Some(key))
    }

    /// An object that is gone.
    fn gone(&mut self, subject: &Subject, item: &Outline, reason: &str) -> Result<(), Failure> {
        let Some(stream) = streams::find(subject.stream) else {
            return Ok(());
        };
        let within = member(subject, item);
        let found = within.as_ref().map_or(item, |(_, found)| found);
        match key(found) {
            Some(key) => {
                self.tell(stream, &key, None, None, true);
                self.deletion(stream, &key, reason, None)
            }
            None => {
                self.unreadable(stream, "", without("id", item));
                Ok(())
            }
        }
    }

    /// An object, and the one that went into it.
    fn merged(&mut self, subject: &'static Subject, item: &Outline) -> Result<(), Failure> {
        let Some(stream) = streams::find(subject.stream) else {
            return Ok(());
        };
        // What went into a row is news, and no field of it.
        let row = item.without("merged_from");
        let row = Outline::next(&mut Reader::new(&row)).unwrap_or_else(|_| item.clone());
        let Some(survivor) = self.object(subject, &row, "", None)? else {
            return Ok(());
        };
        match item.object("merged_from").as_ref().and_then(key) {
            Some(merged) => self.deletion(stream, &merged, "merged", Some(survivor)),
            // It was not always told.
            None => {
                self.say(Notice {
                    key: Some(survivor),
                    path: Some(under(ITEM, "merged_from")),
                    ..notice(
                        "gap",
                        stream,
                        "it is not said which row went into this one: its deletion is missing",
                    )
                });
                Ok(())
            }
        }
    }

    /// Gives a record, and its key; one that could not be read is quarantined.
    fn record(
        &mut self,
        stream: &'static Stream,
        read: Result<Record, Unreadable>,
        place: &str,
        change: Change,
        reason: Option<&str>,
    ) -> Result<Option<String>, Failure> {
        let record = match read {
            Ok(record) => record,
            Err(unreadable) => {
                self.unreadable(stream, place, unreadable);
                return Ok(None);
            }
        };
        if !record.odd.is_empty() {
            self.say(Notice {
                key: Some(record.key.clone()),
                path: Some(record.odd.joined(", ")),
                ..notice(
                    "drift",
                    stream,
                    "a value has another type than declared; it was left as it came",
                )
            });
        }
        if !record.unknown.is_empty() {
            self.say(Notice {
                path: Some(record.unknown.joined(", ")),
                ..notice(
                    "drift",
                    stream,
                    "records hold fields that are not declared; they are given as they came",
                )
            });
        }
        self.tell(stream, &record.key, Some(&record), None, false);
        let mapper = Mapper::new(stream, self.mapping);
        let key = record.key.clone();
        // What is joined is not in the notification: without it the entry is only a part.
        let joins = mapper.section().is_some_and(|section| section.joins() > 0);
        if joins {
            self.read_again(stream, &key);
        }
        let made = match change {
            Change::Upsert if !joins => mapper.entry(record, &[]),
            _ => mapper.patch(record),
        };
        for notice in made.notices {
            self.say(notice);
        }
        match made.entry {
            Some(Err(failure)) if failure.kind == FailureKind::Bug => return Err(failure),
            Some(Ok(entry)) => self.accepted.entries.push(Entry {
                reason: reason.map(str::to_owned),
                ..entry
            }),
            _ => {}
        }
        Ok(Some(key))
    }

    /// Gives the deletion of a row, as of the notification.
    fn deletion(
        &mut self,
        stream: &'static Stream,
        key: &str,
        reason: &str,
        successor: Option<String>,
    ) -> Result<(), Failure> {
        let gone = Mapper::new(stream, self.mapping).deletion(key, reason);
        self.accepted.entries.push(Entry {
            updated_at_ms: self.accepted.created_at_ms,
            successor,
            ..gone
        });
        Ok(())
    }

    fn holds(&self, stream: &Stream, key: &str) -> bool {
        let mut entries = self.accepted.entries.iter();
        entries.any(|entry| entry.key == key && entry.stream == stream.name)
    }

    fn read_again(&mut self, stream: &Stream, key: &str) {
        let row = RowReference {
            stream: stream.name.to_owned(),
            key: key.to_owned(),
        };
        if !self.accepted.read_again.contains(&row) {
            self.accepted.read_again.push(row);
        }
    }

    fn unreadable(&mut self, stream: &Stream, place: &str, unreadable: Unreadable) {
        let place = under(ITEM, &under(place, &unreadable.path));
        let reason = unreadable.reason;
        self.unread
            .get_or_insert_with(|| format!("`{place}`: {reason}"));
        self.say(Notice {
            path: Some(place),
            document: Some(unreadable.document),
            ..notice(
                "quarantined",
                stream,
                &format!("an object is no record: {reason}"),
            )
        });
    }

    /// Says something once.
    fn say(&mut self, notice: Notice) {
        if !self.accepted.notices.contains(&notice) {
            self.accepted.notices.push(notice);
        }
    }
}

/// The object that an item holds, and the name under which it has it.
fn member<'a>(subject: &Subject, item: &Outline<'a>) -> Option<(&'static str, Outline<'a>)> {
    let mut names = subject.members.iter();
    names.find_map(|name| Some((*name, item.object(name)?)))
}

/// The id of an object. A conversation that is gone names it otherwise, and one that somebody joined hides it.
fn key(found: &Outline) -> Option<String> {
    let own = found
        .text_of("id")
        .or_else(|| found.text_of("conversation_id"));
    own.or_else(|| found.object("model")?.text_of("id"))
}

/// Whether an object has the mark of its kind.
fn is_one(subject: &Subject, found: &Outline) -> bool {
    let mark = subject.whole.first();
    mark.is_some_and(|name| found.has(name))
}

/// Whether a conversation's text lost its form: from 2.15 on webhooks give it without HTML, and reads with it.
fn is_plain(subject: &Subject, found: &Outline) -> bool {
    if subject.parts.is_none() {
        return false;
    }
    let source = found.get("source").unwrap_or_default();
    let mut is_plain = false;
    // It is JSON: it was read before. The text, if its form shows at once, and what follows it are not read again.
    let _ = Reader::new(source).object(&mut |reader, name| {
        if !name.is("body") {
            return reader.value().map(drop);
        }
        if !reader.take_expected("\"<")
            && let Item::Text(text) = Item::of(source.get(reader.value()?).unwrap_or_default())
        {
            let text = text.trim_start();
            is_plain = !text.is_empty() && !text.starts_with('<');
        }
        Err(Invalid { at: reader.place() })
    });
    is_plain
}

/// That a member is missing.
fn without(name: &str, found: &Outline) -> Unreadable {
    Unreadable {
        path: name.to_owned(),
        reason: format!("the field `{name}` is missing"),
        document: found.text.as_bytes().to_vec(),
    }
}

/// A dotted path: a place, and what is in it.
fn under(place: &str, name: &str) -> String {
    match (place, name) {
        ("", only) | (only, "") => only.to_owned(),
        _ => format!("{place}.{name}"),
    }
}

fn notice(kind: &str, stream: &Stream, message: &str) -> Notice {
    Notice {
        kind: kind.to_owned(),
        message: message.to_owned(),
        stream: Some(stream.name.to_owned()),
        key: None,
        path: None,
        document: None,
    }
}
