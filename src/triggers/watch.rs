//! The triggers of one stream, ready for its rows.

use super::intents::Intents;
use super::packing::{ON_TOPICS, WAITS};
use super::scene::Scene;
use crate::contract::types::{Intent, Notice};
use crate::intercom::streams::Stream;
use crate::mapping::packed::Unpacker;
use crate::prelude::*;
use records::Place;

/// Something that happened to a row.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The row's key.
    pub key: &'a str,
    /// The canonical record, as far as it is known.
    pub record: &'a str,
    /// Where in it the values of the stream's fields are, in their order; empty when that is not known.
    pub places: &'a [Place],
    /// The rows of another stream that it embeds, as they came.
    pub parts: Option<&'a str>,
    /// The canonical records of a contact's companies, where they were read.
    pub companies: &'a [&'a str],
    /// When the row changed, in Unix seconds.
    pub updated_at: Option<i64>,
    /// The name under which a topic told of it; `None` when it was read.
    pub topic: Option<&'a str>,
    /// Whether the row is gone.
    pub gone: bool,
    /// Now, in Unix seconds.
    pub now: i64,
}

/// The triggers of one stream, as they lie.
pub struct Watch<'p> {
    pub(super) stream: &'static Stream,
    /// The field that holds rows of another stream.
    pub(super) embedded: &'static str,
    /// The paths that they look at, sorted.
    pub(super) names: Vec<&'p str>,
    /// The topics that they name.
    topics: Vec<&'p str>,
    /// The index of the keywords, marked with the numbers of their questions.
    pub(super) keywords: &'p [u8],
    /// Where each question ends, four bytes for each; and the questions.
    pub(super) ends: &'p [u8],
    pub(super) questions: &'p [u8],
    /// The mappings, packed.
    pub(super) mappings: &'p [u8],
    groups: &'p [u8],
}

/// The packed triggers of a stream, and the mappings.
pub fn find<'p>(packed: &'p [u8], stream: &Stream) -> Option<(&'p [u8], &'p [u8])> {
    let mut unpacker = Unpacker(packed);
    let mut streams = Unpacker(unpacker.bytes()?);
    loop {
        let (name, own) = (streams.bytes()?, streams.bytes()?);
        if name == stream.name.as_bytes() {
            return Some((own, unpacker.0));
        }
    }
}

impl<'p> Watch<'p> {
    /// Those among packed triggers that look at a stream.
    pub fn of(packed: &'p [u8], stream: &'static Stream) -> Option<Self> {
        let (own, mappings) = find(packed, stream)?;
        let mut unpacker = Unpacker(own);
        Some(Self {
            stream,
            embedded: stream.embedded(),
            names: unpacker.all(Unpacker::str)?,
            topics: unpacker.all(Unpacker::str)?,
            keywords: unpacker.bytes()?,
            ends: unpacker.bytes()?,
            questions: unpacker.bytes()?,
            mappings,
            groups: unpacker.0,
        })
    }

    /// What they want done on an occasion, in their order.
    pub fn look(&self, occasion: &Occasion) -> (Vec<Intent>, Vec<Notice>) {
        let mut scene = Scene::new(self, occasion);
        let mut intents = Intents::new(self, occasion);
        let topic = occasion.topic.map(|name| {
            let mut topics = self.topics.iter();
            topics.position(|known| *known == name)
        });
        let mut groups = Unpacker(self.groups);
        while let Some(packed) = groups.bytes() {
            let mut triggers = Unpacker(packed);
            if is_open(&mut triggers, topic, occasion.gone) != Some(true) {
                continue;
            }
            while let Some(packed) = triggers.bytes() {
                let mut trigger = Unpacker(packed);
                if scene.holds(&mut trigger) {
                    intents.add(&mut trigger);
                }
            }
        }
        intents.end()
    }
}

/// Whether the triggers that come next may fire when a topic tells of a row (its number, where any names it), or none does. A
/// deletion is for those that name its topic; a read is for those that name none, or ask how long ago something was.
fn is_open(triggers: &mut Unpacker, topic: Option<Option<usize>>, gone: bool) -> Option<bool> {
    let bits = triggers.number()?;
    let mut is_named = false;
    for _ in 0..triggers.number()? {
        is_named |= Some(Some(triggers.number()?)) == topic;
    }
    let named_none = bits & ON_TOPICS == 0;
    Some(match topic {
        _ if gone => is_named,
        Some(_) => named_none || is_named,
        None => named_none || bits & WAITS != 0,
    })
}
