//! Whose turn it is in a scroll. Each page is handed out once, and its answer may be lost with whoever asked: a host that
//! was killed, a call that was stopped, a sink that took nothing. The position does not show that, because it stayed where
//! it was. So a reader says in `state` that it asks, before it does, and a position from before that is not asked with again.

use crate::contract::state::{Change, Swapped};
use crate::cursor::ScrollPosition;
use crate::operation::Answer;
use crate::prelude::*;
use crate::read_page::scan::Context;
use crate::watermark::fingerprint;

/// How long `state` knows a walk. A scroll that was idle for a minute is over anyway.
const REMEMBERED_MS: u64 = 10 * 60_000;

/// The format of the values in `state`.
const STATE_FORMAT: u8 = b'1';

/// What may be done with a position in the middle of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nobody has asked with it.
    Free,
    /// It was asked with, and the answer never arrived.
    Used,
    /// The walk is not known: it was made elsewhere, or long ago.
    Unknown,
    /// The state cannot be reached.
    Unclear,
}

impl Turn {
    /// From the outcome of [`take`].
    pub fn of(stored: Option<&Swapped>) -> Self {
        match stored {
            Some(Swapped::Done) => Self::Free,
            Some(Swapped::Stale(current)) if current.iter().any(|one| one.value.is_some()) => {
                Self::Used
            }
            Some(Swapped::Stale(_)) => Self::Unknown,
            None => Self::Unclear,
        }
    }
}

/// A name for the walk that a first answer begins; no other walk of this connection has it.
pub fn name(context: &Context, param: &str, restarts: u32) -> String {
    let moment = format!("{}/{}/{restarts}", context.scan.stream.name, context.now_ms);
    format!("{:016x}", fingerprint(param, Some(moment.as_bytes())))
}

/// To be made before a position is asked with. None is needed before the first answer: asking again is harmless then.
pub fn take(position: &ScrollPosition) -> Option<Change> {
    position.param.as_ref()?;
    Some(change(
        position,
        Some(position.answers),
        position.answers + 1,
    ))
}

/// To be made after the first answer of a walk, which this position is behind.
pub fn begin(position: &ScrollPosition) -> Change {
    change(position, None, position.answers)
}

/// To be made when a position stays where it was: a request that was surely not processed was no turn.
pub fn give_back(position: &ScrollPosition, answer: &Answer) -> Option<Change> {
    let refused = match answer {
        Ok(response) => (400..500).contains(&response.status) && response.status != 408,
        Err(error) => !error.request_sent,
    };
    (refused && position.param.is_some())
        .then(|| change(position, Some(position.answers + 1), position.answers))
}

fn change(position: &ScrollPosition, expected: Option<usize>, value: usize) -> Change {
    let written = |answers: usize| {
        let mut bytes = vec![STATE_FORMAT];
        bytes.extend_from_slice(answers.to_string().as_bytes());
        bytes
    };
    Change {
        key: format!("scroll/{}", position.walk),
        expected: expected.map(written),
        value: Some(written(value)),
        ttl_ms: Some(REMEMBERED_MS),
    }
}
