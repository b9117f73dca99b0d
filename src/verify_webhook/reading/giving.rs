//! What a delivery gives: entries, rows to read again, notices.

use super::{ITEM, Reading, under};
use crate::contract::connector::RowReference;
use crate::contract::types::{Change, Entry, Failure, Notice};
use crate::intercom::normalize::{Record, Unreadable};
use crate::intercom::streams::Stream;
use crate::map_record::Mapper;

impl Reading<'_> {
    /// Gives a record, and its key; one that could not be read is quarantined.
    pub(super) fn record(
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
                path: Some(record.odd.join(", ")),
                ..notice(
                    "drift",
                    stream,
                    "a value has another type than declared; it was left as it came",
                )
            });
        }
        if !record.unknown.is_empty() {
            self.say(Notice {
                path: Some(record.unknown.join(", ")),
                ..notice(
                    "drift",
                    stream,
                    "records hold fields that are not declared; they are given as they came",
                )
            });
        }
        let entry = Mapper::new(stream, self.mapping).entry(record)?;
        let key = entry.key.clone();
        self.accepted.entries.push(Entry {
            change,
            reason: reason.map(str::to_owned),
            ..entry
        });
        Ok(Some(key))
    }

    /// Gives the deletion of a row, as of the notification.
    pub(super) fn deletion(
        &mut self,
        stream: &'static Stream,
        key: &str,
        reason: &str,
        successor: Option<String>,
    ) -> Result<(), Failure> {
        let gone = Mapper::new(stream, self.mapping).deletion(key, reason)?;
        self.accepted.entries.push(Entry {
            updated_at_ms: self.accepted.created_at_ms,
            successor,
            ..gone
        });
        Ok(())
    }

    pub(super) fn holds(&self, stream: &Stream, key: &str) -> bool {
        let mut entries = self.accepted.entries.iter();
        entries.any(|entry| entry.key == key && entry.stream == stream.name)
    }

    pub(super) fn read_again(&mut self, stream: &Stream, key: &str) {
        let row = RowReference {
            stream: stream.name.to_owned(),
            key: key.to_owned(),
        };
        if !self.accepted.read_again.contains(&row) {
            self.accepted.read_again.push(row);
        }
    }

    pub(super) fn unreadable(&mut self, stream: &Stream, place: &str, unreadable: Unreadable) {
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
    pub(super) fn say(&mut self, notice: Notice) {
        if !self.accepted.notices.contains(&notice) {
            self.accepted.notices.push(notice);
        }
    }
}

/// A notice about a stream.
pub(super) fn notice(kind: &str, stream: &Stream, message: &str) -> Notice {
    Notice {
        kind: kind.to_owned(),
        message: message.to_owned(),
        stream: Some(stream.name.to_owned()),
        key: None,
        path: None,
        document: None,
    }
}
