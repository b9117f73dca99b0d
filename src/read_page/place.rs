//! Where a page begins.

use super::window::Window;
use crate::contract::types::Failure;
use crate::cursor::{
    self, ChildrenPosition, ExportPosition, ListPosition, Memory, PagesPosition, Position,
    ScrollPosition, SearchPosition,
};
use crate::failure::{invalid_input, problem};
use crate::intercom::normalize::split_key;
use crate::intercom::streams::{Compare, Given, Paging, Stream};
use crate::prelude::*;
use crate::watermark::Watermark;

/// Where a page begins.
// There is one in a call: a box would be an allocation and nothing else.
#[allow(clippy::large_enum_variant)]
pub enum Place {
    /// Within a walk.
    Walk(Position),
    /// Within a list of keys.
    Keys { keys: Vec<String>, done: usize },
}

/// Where a read of keys begins or goes on.
pub fn of_keys(stream: &Stream, keys: &[String], cursor: Option<&[u8]>) -> Result<Place, Failure> {
    if !stream.by_keys() {
        return Err(invalid_input(
            "no_keys",
            format!(
                "rows of stream `{}` cannot be read by their keys: Intercom has no request for one of them",
                stream.name
            ),
            vec![problem(
                "selection.keys",
                "no_keys",
                "the stream is read as a whole only",
            )],
        ));
    }
    let odd = |key: &String| {
        let parts = split_key(stream, key);
        parts.len() != stream.key.len() || parts.iter().any(String::is_empty)
    };
    if keys.iter().any(odd) {
        return Err(invalid_input(
            "no_key",
            format!(
                "a key of stream `{}` is made of {}",
                stream.name,
                stream.key.joined("/")
            ),
            vec![problem(
                "selection.keys",
                "no_key",
                "a key is empty, or lacks a part",
            )],
        ));
    }
    let done = match cursor {
        None => 0,
        Some(cursor) => match cursor::decode(stream.name, cursor)? {
            Position::Keys(done) if done <= keys.len() => done,
            _ => {
                return Err(cursor::unreadable(
                    stream.name,
                    "it belongs to another way of reading the stream",
                ));
            }
        },
    };
    Ok(Place::Keys {
        keys: keys.to_vec(),
        done,
    })
}

/// Where a walk begins when nothing was read yet.
pub fn begin(stream: &'static Stream, window: Window) -> Position {
    match stream.paging {
        Paging::ListThenSearch { .. } if window.is_open() => {
            Position::List(ListPosition::default())
        }
        Paging::ListThenSearch { .. } | Paging::Search => Position::Search(SearchPosition {
            from: window.since.unwrap_or(0),
            ..SearchPosition::default()
        }),
        Paging::Scroll { .. } => Position::Scroll(ScrollPosition {
            from: window.since,
            ..ScrollPosition::default()
        }),
        Paging::Pages(Compare::Content) => Position::Pages(PagesPosition::default()),
        Paging::Pages(Compare::Time) => pages_since(window.since, Watermark::default()),
        Paging::Children(_) => children(stream, window, Watermark::default(), false),
        Paging::Export => Position::Export(ExportPosition::default()),
        // Nothing asks for it: see `listed`.
        Paging::Told => Position::Keys(0),
    }
}

/// Where a walk goes on, or begins again after a checkpoint; `None` when the position is not one of this stream's.
pub fn go_on(stream: &'static Stream, window: Window, position: Position) -> Option<Position> {
    let from = |mark: &Watermark| mark.floor().into_iter().chain(window.since).max();
    Some(match (stream.paging, position) {
        (Paging::ListThenSearch { .. } | Paging::Search, Position::Mark(mark)) => {
            match (from(&mark), stream.paging) {
                (Some(from), _) => Position::Search(SearchPosition {
                    from,
                    seen: mark,
                    ..SearchPosition::default()
                }),
                // Nothing was there to be seen: everything that is there now is new.
                (None, Paging::Search) => begin(stream, window),
                (None, _) => Position::List(ListPosition {
                    seen: mark,
                    ..ListPosition::default()
                }),
            }
        }
        (Paging::Scroll { .. }, Position::Mark(mark)) => Position::Scroll(ScrollPosition {
            from: from(&mark),
            known: mark,
            ..ScrollPosition::default()
        }),
        (Paging::Pages(Compare::Content), Position::Contents(known)) => {
            Position::Pages(PagesPosition {
                memory: Memory::Contents {
                    known: Some(known),
                    walked: Default::default(),
                },
                ..PagesPosition::default()
            })
        }
        (Paging::Pages(Compare::Time), Position::Mark(mark)) => pages_since(from(&mark), mark),
        (Paging::Children(_), Position::Mark(mark)) => children(stream, window, mark, true),
        (Paging::ListThenSearch { .. }, position @ Position::List(_))
        | (Paging::ListThenSearch { .. } | Paging::Search, position @ Position::Search(_))
        | (Paging::Search, position @ Position::Deleted(_))
        | (Paging::Scroll { .. }, position @ (Position::Scroll(_) | Position::Pages(_)))
        | (Paging::Pages(_), position @ Position::Pages(_))
        | (Paging::Children(_), position @ Position::Children(_))
        | (Paging::Export, position @ Position::Export(_)) => position,
        (Paging::Export, Position::Mark(_)) => begin(stream, window),
        _ => return None,
    })
}

/// A walk through pages for what changed in a second or later.
pub fn pages_since(from: Option<i64>, known: Watermark) -> Position {
    Position::Pages(PagesPosition {
        memory: Memory::Mark {
            from,
            known,
            seen: Watermark::default(),
        },
        ..PagesPosition::default()
    })
}

fn children(stream: &'static Stream, window: Window, mark: Watermark, again: bool) -> Position {
    let mut position = ChildrenPosition::default();
    if let Some((parent, children)) = stream.children() {
        position.parents = match children.given {
            Given::WithParent if again => go_on(parent, window, Position::Mark(mark)),
            Given::WithParent => Some(begin(parent, window)),
            Given::ByTime => {
                position.from = mark.floor().into_iter().chain(window.since).max();
                position.known = mark;
                Some(begin(parent, Window::default()))
            }
            Given::Always => Some(begin(parent, Window::default())),
        };
    }
    Position::Children(Box::new(position))
}
