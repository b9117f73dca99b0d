//! What triggers look at: the rows that a delivery tells of.

use super::Reading;
use crate::intercom::normalize::Record;
use crate::intercom::streams::Stream;
use crate::json::quoted;
use crate::prelude::*;
use crate::triggers::Occasion;
use records::Place;

/// A row that a delivery tells of.
pub struct Told {
    stream: &'static Stream,
    key: String,
    /// The canonical record, as far as it is told.
    record: String,
    /// Where in it the values of the stream's fields are.
    places: Vec<Place>,
    /// The rows that hang on it, as they came.
    parts: Option<String>,
    updated_at: Option<i64>,
    gone: bool,
}

impl Reading<'_> {
    /// Notes a row with its record, or of which no more than its key is told and what hangs on it.
    pub(super) fn tell(
        &mut self,
        stream: &'static Stream,
        key: &str,
        record: Option<&Record>,
        parts: Option<String>,
        gone: bool,
    ) {
        if !self.triggers.watch(stream) {
            return;
        }
        let mut all = self.told.iter_mut();
        if record.is_none()
            && let Some(known) = all.find(|told| told.key == key && told.stream == stream)
        {
            known.parts = parts.or(known.parts.take());
            return;
        }
        let name = || format!("{{\"id\":{}}}", quoted(key));
        self.told.push(Told {
            stream,
            key: key.to_owned(),
            record: record.map_or_else(name, |record| record.payload.clone()),
            places: record.map_or_else(Vec::new, |record| record.places.clone()),
            parts: record.map_or(parts, |record| record.aside.clone()),
            updated_at: record.and_then(|record| record.updated_at),
            gone,
        });
    }

    /// Lets triggers look at all of it.
    pub(super) fn look(&mut self, received_at_ms: i64) {
        for told in core::mem::take(&mut self.told) {
            let Some(watch) = self.triggers.of_stream(told.stream) else {
                continue;
            };
            let (intents, notices) = watch.look(&Occasion {
                key: &told.key,
                record: &told.record,
                places: &told.places,
                parts: told.parts.as_deref(),
                companies: &[],
                updated_at: told.updated_at,
                topic: Some(&self.accepted.topic),
                gone: told.gone,
                now: received_at_ms.div_euclid(1_000),
            });
            for intent in intents {
                if !self
                    .accepted
                    .intents
                    .iter()
                    .any(|known| known.id == intent.id)
                {
                    self.accepted.intents.push(intent);
                }
            }
            for notice in notices {
                self.say(notice);
            }
        }
    }
}
