//! The rows that hang on one, as its triggers look at them: what was said in a conversation.

use records::{value_at, values_at};

use crate::intercom::timestamp;
use crate::mapping::transform::each;
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
    let list = match json.starts_with('[') {
        true => json,
        false => value_at(json, embedded).unwrap_or_default(),
    };
    let mut parts = Vec::new();
    each(list, |part| {
        let values = values_at(&["author", "body", "created_at", "id"], part);
        if let Ok([author, body, created_at, id]) = values.as_deref() {
            let time = created_at.and_then(|json| timestamp::parse(json).ok().flatten());
            parts.push(Part {
                author: *author,
                body: *body,
                id: *id,
                at: time.unwrap_or_default(),
            });
        }
    });
    parts
}

/// The id of the part that came last.
pub fn last_part<'a>(parts: &[Part<'a>]) -> Option<&'a str> {
    let last = parts.iter().max_by_key(|part| part.at);
    Some(last?.id?.trim_matches('"'))
}
