//! What hangs on the objects in items: the parts of conversations and tickets.

use super::{Reading, under, without};
use crate::contract::types::{Change, Failure};
use crate::intercom::normalize::Normalizer;
use crate::intercom::streams::{self, Stream};
use crate::intercom::topics::Subject;
use crate::json::{Outline, Reader};
use crate::prelude::*;

impl Reading<'_> {
    /// The parts that an object holds: an object with a list, or a list.
    pub(super) fn parts(
        &mut self,
        name: &'static str,
        found: &Outline,
        parent: &str,
        place: &str,
        reason: Option<&str>,
    ) -> Result<(), Failure> {
        let held = found.object(name);
        let list = held.as_ref().map_or(found, |held| held).get(name);
        let Some(list) = list.filter(|list| list.starts_with('[')) else {
            return Ok(());
        };
        let mut parts = Vec::new();
        // It is JSON: it was read before.
        let _ = Reader::new(list).list(|reader| {
            let part = reader.value()?;
            parts.push(list.get(part).unwrap_or_default());
            Ok(())
        });
        let place = under(place, name);
        for part in parts {
            self.part(name, part, parent, &place, reason)?;
        }
        Ok(())
    }

    /// The part that stands beside the object on which it hangs.
    pub(super) fn single_part(
        &mut self,
        parts: &'static str,
        item: &Outline,
        parent: &str,
        reason: Option<&str>,
    ) -> Result<(), Failure> {
        let name = parts.trim_end_matches('s');
        match item.get(name).filter(|part| *part != "null") {
            Some(part) => {
                self.part_of(parts, part, parent);
                self.part(parts, part, parent, name, reason)
            }
            None => Ok(()),
        }
    }

    /// Lets triggers on the object see the part that was told beside it, or without it.
    fn part_of(&mut self, parts: &'static str, part: &str, parent: &str) {
        if let Some((stream, _)) = streams::find(parts).and_then(Stream::children) {
            self.tell(stream, parent, None, Some(format!("[{part}]")), false);
        }
    }

    /// A part without the object on which it hangs.
    pub(super) fn bare_part(
        &mut self,
        subject: &'static Subject,
        parts: &'static str,
        item: &Outline,
        reason: Option<&str>,
    ) -> Result<(), Failure> {
        let Some((parent, children)) = streams::find(parts).and_then(Stream::children) else {
            return Ok(());
        };
        let Some(key) = item.text_of(children.parent_field) else {
            let missing = without(children.parent_field, item);
            if let Some(stream) = streams::find(subject.stream) {
                self.unreadable(stream, "", missing);
            }
            return Ok(());
        };
        self.part_of(parts, item.text, &key);
        self.part(parts, item.text, &key, "", reason)?;
        self.read_again(parent, &key);
        Ok(())
    }

    /// A part, unless it was given already.
    fn part(
        &mut self,
        stream: &'static str,
        text: &str,
        parent: &str,
        place: &str,
        reason: Option<&str>,
    ) -> Result<(), Failure> {
        let Some(stream) = streams::find(stream) else {
            return Ok(());
        };
        let Some((_, children)) = stream.children() else {
            return Ok(());
        };
        let normalizer = Normalizer::of_children(stream, children.parent_field, parent);
        let read = normalizer.text(text);
        if let Ok(record) = &read
            && self.holds(stream, &record.key)
        {
            return Ok(());
        }
        self.record(stream, read, place, Change::Upsert, reason)
            .map(drop)
    }
}
