//! The rows that hang on one, as its triggers look at them: what was said in a conversation.

use crate::intercom::timestamp;
use crate::json::{Outline, Reader};
use crate::prelude::*;

/// What triggers ask of a part, as it is written.
#[derive(Clone, Copy, Default)]
pub struct Part<'a> {
    pub author: Option<&'a str>,
    pub body: Option<&'a str>,
    pub id: Option<&'a str>,
    /// When it was made, in Unix seconds.
    pub at: i64,
}

/// The parts of a list, which may stand in an object.
pub fn parts_of<'a>(json: &'a str, embedded: &str) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let mut part = |reader: &mut Reader<'a>| {
        let part = Outline::next(reader)?;
        let time = part.get("created_at");
        let time = time.and_then(|json| timestamp::parse(json).ok().flatten());
        parts.push(Part {
            author: part.get("author"),
            body: part.get("body"),
            id: part.get("id"),
            at: time.unwrap_or_default(),
        });
        Ok(())
    };
    let mut reader = Reader::new(json);
    // It is JSON, or nothing: it was read before.
    let _ = match json.starts_with('[') {
        true => reader.list(&mut part),
        false => reader.object(&mut |reader, name| match reader.peek()? {
            b'[' if name.is(embedded) => reader.list(&mut part),
            _ => reader.value().map(drop),
        }),
    };
    parts
}

/// The id of the part that came last.
pub fn last_part<'a>(parts: &[Part<'a>]) -> Option<&'a str> {
    let last = parts.iter().max_by_key(|part| part.at);
    Some(last?.id?.trim_matches('"'))
}
