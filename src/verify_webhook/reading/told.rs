//! What triggers look at: the rows that a delivery tells of.

use super::Reading;
use crate::intercom::normalize::Record;
use crate::intercom::streams::Stream;
use crate::json::quoted;
use crate::triggers::Occasion;

/// A row that a delivery tells of.
pub struct Told {
    stream: &'static Stream,
    key: String,
    /// The canonical record, as far as it is told.
    record: Vec<u8>,
    /// The rows that hang on it, as they came.
    parts: Option<String>,
    updated_at: Option<i64>,
    gone: bool,
}

impl Reading<'_> {
    /// Whether a trigger looks at rows of a stream.
    pub(super) fn is_watched(&self, stream: &'static Stream) -> bool {
        self.triggers.of_stream(stream).is_some()
    }

    /// Notes a row with its record.
    pub(super) fn tell(&mut self, stream: &'static Stream, record: &Record) {
        if self.is_watched(stream) {
            self.told.push(Told {
                stream,
                key: record.key.clone(),
                record: record.payload.clone(),
                parts: record.aside.clone(),
                updated_at: record.updated_at,
                gone: false,
            });
        }
    }

    /// Notes a row of which no more than its key is told, or what hangs on it.
    pub(super) fn name(
        &mut self,
        stream: &'static Stream,
        key: &str,
        parts: Option<String>,
        gone: bool,
    ) {
        if !self.is_watched(stream) {
            return;
        }
        let known = self
            .told
            .iter_mut()
            .find(|told| told.key == key && told.stream == stream);
        match known {
            Some(known) => known.parts = parts.or(known.parts.take()),
            None => self.told.push(Told {
                stream,
                key: key.to_owned(),
                record: format!("{{\"id\":{}}}", quoted(key)).into_bytes(),
                parts,
                updated_at: None,
                gone,
            }),
        }
    }

    /// Lets triggers look at all of it.
    pub(super) fn look(&mut self, topics: &[&'static str], received_at_ms: i64) {
        for told in std::mem::take(&mut self.told) {
            let Some(watch) = self.triggers.of_stream(told.stream) else {
                continue;
            };
            let (intents, notices) = watch.look(&Occasion {
                key: &told.key,
                record: str::from_utf8(&told.record).unwrap_or_default(),
                parts: told.parts.as_deref(),
                company: None,
                updated_at: told.updated_at,
                topics: Some(topics),
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
