//! The triggers of one stream, ready for its rows.

use records::Paths;

use super::intents::Intents;
use super::packing::{ON_TOPICS, WAITS};
use super::scene::Scene;
use crate::contract::types::{Intent, Notice};
use crate::intercom::streams::Stream;
use crate::mapping::packed::Unpacker;

/// Something that happened to a row.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The row's key.
    pub key: &'a str,
    /// The canonical record, as far as it is known.
    pub record: &'a str,
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

/// The triggers of one stream.
pub struct Watch<'p> {
    pub(super) stream: &'static Stream,
    /// The paths that they look at, sorted.
    pub(super) names: Vec<String>,
    pub(super) paths: Paths,
    /// Indexes of keywords, and the numbers of the paths at which these are looked for.
    pub(super) keywords: Vec<(Vec<usize>, &'p [u8])>,
    /// The mappings, packed.
    pub(super) mappings: &'p [u8],
    triggers: &'p [u8],
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
        let names = unpacker.texts()?;
        let mut keywords = Vec::new();
        for _ in 0..unpacker.number()? {
            let mut slots = Vec::new();
            for _ in 0..unpacker.number()? {
                slots.push(unpacker.number()?);
            }
            keywords.push((slots, unpacker.bytes()?));
        }
        Some(Self {
            stream,
            paths: Paths::new(names.iter().map(String::as_str)),
            names,
            keywords,
            mappings,
            triggers: unpacker.0,
        })
    }

    /// What they want done on an occasion.
    pub fn look(&self, occasion: &Occasion) -> (Vec<Intent>, Vec<Notice>) {
        let mut scene = Scene::new(self, occasion);
        let mut intents = Intents::new(self, occasion);
        let mut triggers = Unpacker(self.triggers);
        while let Some(packed) = triggers.bytes() {
            let mut trigger = Unpacker(packed);
            let fires = self
                .eligible(occasion, &mut trigger)
                .and_then(|bits| scene.holds(&mut trigger).then_some(bits));
            if let Some(bits) = fires {
                intents.add(bits, &mut trigger);
            }
        }
        intents.end()
    }

    /// The bits of a trigger that may fire on an occasion of this kind. A deletion is for those that name its topic; a read is
    /// for those that name none, or ask how long ago something was.
    fn eligible(&self, occasion: &Occasion, trigger: &mut Unpacker) -> Option<usize> {
        let bits = trigger.number()?;
        let mut named = false;
        for _ in 0..trigger.number()? {
            let topic = trigger.bytes()?;
            named |= occasion
                .topic
                .is_some_and(|known| known.as_bytes() == topic);
        }
        let open = match occasion.topic {
            _ if occasion.gone => false,
            Some(_) => bits & ON_TOPICS == 0,
            None => bits & ON_TOPICS == 0 || bits & WAITS != 0,
        };
        (open || named).then_some(bits)
    }
}
