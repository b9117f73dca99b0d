//! Intents in the making: what triggers that fire want done.

use super::packing::{CONFIRM, EACH_CHANGE, OF_TOPIC};
use super::parts::{last_part, parts_of};
use super::watch::{Occasion, Watch};
use crate::contract::types::{Intent, Notice};
use crate::digest;
use crate::map_record::Mapper;
use crate::mapping::Mapping;
use crate::mapping::apply::Subject;
use crate::mapping::packed::Unpacker;
use crate::prelude::*;

/// The hexadecimal digits of an intent's id.
const DIGITS: usize = 32;

/// Intents of one occasion.
pub struct Intents<'a, 'w> {
    watch: &'w Watch<'w>,
    occasion: &'w Occasion<'a>,
    /// Each with the place of its trigger among all.
    intents: Vec<(usize, Intent)>,
    notices: Vec<Notice>,
    /// Records that were mapped, by the number of their mapping: many triggers share one.
    mapped: Vec<(usize, Option<Vec<u8>>)>,
}

impl<'a, 'w> Intents<'a, 'w> {
    pub fn new(watch: &'w Watch<'w>, occasion: &'w Occasion<'a>) -> Self {
        Self {
            watch,
            occasion,
            intents: Vec::new(),
            notices: Vec::new(),
            mapped: Vec::new(),
        }
    }

    /// Adds the intent of a trigger, of which what it wants comes next.
    pub fn add(&mut self, trigger: &mut Unpacker) {
        let _ = self.added(trigger);
    }

    fn added(&mut self, trigger: &mut Unpacker) -> Option<()> {
        let (order, bits) = (trigger.number()?, trigger.number()?);
        let (name, action) = (trigger.str()?, trigger.str()?);
        let record = self.record(trigger.number()?, name)?;
        let intent = Intent {
            id: self.id(bits, name),
            trigger: name.to_owned(),
            source_stream: self.watch.stream.name.to_owned(),
            source_key: self.occasion.key.to_owned(),
            action: action.to_owned(),
            record,
            confirm: bits & CONFIRM != 0,
        };
        let at = self.intents.partition_point(|(before, _)| *before <= order);
        self.intents.insert(at, (order, intent));
        Some(())
    }

    /// What was made, in the order of the triggers.
    pub fn end(self) -> (Vec<Intent>, Vec<Notice>) {
        let intents = self.intents.into_iter().map(|(_, intent)| intent);
        (intents.collect(), self.notices)
    }

    /// The same for the same trigger and row, and for the same change of it where each counts. Deliveries know a change by the
    /// part that came last; what may be read as well is known by the time that both tell.
    fn id(&self, bits: usize, name: &str) -> String {
        let occasion = self.occasion;
        let stream = self.watch.stream;
        let mut known_by = vec![name, stream.name, occasion.key];
        let updated_at;
        if bits & EACH_CHANGE != 0 {
            let parts = occasion.parts.filter(|_| bits & OF_TOPIC != 0);
            let part = parts.and_then(|parts| last_part(&parts_of(parts, self.watch.embedded)));
            updated_at = occasion.updated_at.map(|seconds| seconds.to_string());
            let change = match occasion.gone {
                true => Some("gone"),
                false => part.or(updated_at.as_deref()),
            };
            known_by.push(change.unwrap_or(occasion.record));
        }
        let mut id = digest::of(&known_by);
        id.truncate(DIGITS);
        id
    }

    /// The record to act with; `None` when the mapping does not want it or it lacks what has to be there.
    fn record(&mut self, mapping: usize, name: &str) -> Option<Vec<u8>> {
        let occasion = self.occasion;
        let Some(at) = mapping.checked_sub(1) else {
            return Some(occasion.record.as_bytes().to_vec());
        };
        if let Some((_, record)) = self.mapped.iter().find(|(known, _)| *known == at) {
            return record.clone();
        }
        let mut mappings = Unpacker(self.watch.mappings);
        for _ in 0..at {
            mappings.bytes()?;
        }
        let mut mapping = Mapping::unpack(mappings.bytes()?)?;
        // What is joined no delivery holds: the row is read again before the intent is carried out.
        if occasion.topic.is_some() {
            mapping.ask_for_no_joined();
        }
        let subject = Subject {
            record: occasion.record,
            places: occasion.places,
            key: occasion.key,
            company: mapping
                .section(self.watch.stream.name)
                .and_then(|section| section.company.of(occasion.companies)),
            parts: occasion.parts,
            whole: !occasion.gone,
        };
        let mut notices = Vec::new();
        let mapped = Mapper::new(self.watch.stream, &mapping).payload(&subject, &mut notices);
        self.notices
            .extend(notices.into_iter().map(|notice| Notice {
                path: notice.path.map(|path| format!("triggers.{name}: {path}")),
                ..notice
            }));
        let record = mapped.and_then(Result::ok);
        self.mapped.push((at, record.clone()));
        record
    }
}
