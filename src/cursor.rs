//! Positions in a stream, as the host keeps them: a byte that names the format, then JSON.

mod written;

use crate::prelude::*;
use litemap::LiteMap;

use crate::contract::types::Failure;
use crate::failure::{invalid_input, problem};
use crate::json::{self, Object};
use crate::watermark::{Fingerprint, LAG_SECONDS, Watermark};

/// The format written, and the only one read so far.
pub const FORMAT: u8 = b'1';

/// Where a walk stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Position {
    /// Before a scan for what changed since.
    Mark(Watermark),
    /// Before a scan of a whole list for what differs: eight bytes of each row's content, by key.
    Contents(LiteMap<String, String>),
    /// Within a list with a cursor.
    List(ListPosition),
    /// Within a search by the cursor field.
    Search(SearchPosition),
    /// Within the list of what was deleted, behind a search.
    Deleted(DeletedPosition),
    /// Within a scroll.
    Scroll(ScrollPosition),
    /// Within a list of pages.
    Pages(PagesPosition),
    /// Within what hangs on another stream's rows.
    Children(Box<ChildrenPosition>),
    /// Within a file that a job writes.
    Export(ExportPosition),
    /// Within a list of keys: so many are done.
    Keys(usize),
}

impl Position {
    /// When the walk began, by the server's clock, in Unix seconds; absent before its first answer.
    pub fn started(&self) -> Option<i64> {
        match self {
            Self::List(list) => list.started,
            // A search behind a list looks again at the lag before the list's beginning.
            Self::Search(search) => search
                .started
                .or_else(|| search.from.checked_add(LAG_SECONDS)),
            Self::Scroll(scroll) => scroll.started,
            Self::Pages(pages) => pages.started,
            _ => None,
        }
    }
}

/// Where a list stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListPosition {
    /// The list's own cursor.
    pub after: Option<String>,
    /// When the walk began, by the server's clock, in Unix seconds; absent before the first answer.
    pub started: Option<i64>,
    /// What was given so far.
    pub seen: Watermark,
}

/// Where a search stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchPosition {
    /// The search's own cursor.
    pub after: Option<String>,
    /// Rows that changed in this second or later count.
    pub from: i64,
    /// When the scan began, by the server's clock, in Unix seconds; absent before the first answer.
    pub started: Option<i64>,
    /// What was given, by this scan and the ones before.
    pub seen: Watermark,
}

/// Where a list of what was deleted stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeletedPosition {
    /// The number of the next page.
    pub page: u32,
    /// Rows that were deleted in this second or later count.
    pub from: i64,
    /// When the scan began, by the server's clock, in Unix seconds.
    pub started: Option<i64>,
    /// What was given, by this scan and the ones before.
    pub seen: Watermark,
}

/// Where a scroll stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScrollPosition {
    /// The scroll's parameter; absent before its first answer.
    pub param: Option<String>,
    /// What `state` knows this walk by; empty before its first answer.
    pub walk: String,
    /// How many answers the walk has had.
    pub answers: usize,
    /// Rows that changed in this second or later count; absent: all rows.
    pub from: Option<i64>,
    /// When the scan began, by the server's clock, in Unix seconds; absent before the first answer.
    pub started: Option<i64>,
    /// What the scans before gave.
    pub known: Watermark,
    /// What this scan gave or recognised.
    pub seen: Watermark,
    /// How often the walk had to start over.
    pub restarts: u32,
    /// How often another scroll of the workspace was in the way.
    pub waits: u32,
}

/// Where a list of pages stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PagesPosition {
    /// The query that asks for the next page; absent before the first one.
    pub page: Option<String>,
    /// Which of several lists is walked.
    pub list: usize,
    /// How many rows the list had on its last page.
    pub total: Option<u64>,
    /// How many it had on its first page.
    pub first_total: Option<u64>,
    /// When that was, by the server's clock, in Unix seconds.
    pub first_at: Option<i64>,
    /// How many rows at its end, as far as it was walked, are of a later time than the first page.
    pub joined: u64,
    /// Fingerprints of the keys on the last page: a row that moves on meanwhile is met again.
    pub last: Vec<Fingerprint>,
    /// How often the walk had to start over.
    pub restarts: u32,
    /// Whether something was left out, so that the walk proves nothing about what it did not meet.
    pub partial: bool,
    /// When the scan began, by the server's clock, in Unix seconds; absent before the first answer.
    pub started: Option<i64>,
    /// How it is found out what is new.
    pub memory: Memory,
}

/// What a walk through pages compares with.
#[derive(Clone, Debug, PartialEq)]
pub enum Memory {
    /// Eight bytes of each row's content, by key.
    Contents {
        /// Those of the scan before; absent in a full read.
        known: Option<LiteMap<String, String>>,
        /// Those of this scan, so far.
        walked: LiteMap<String, String>,
    },
    /// The cursor field.
    Mark {
        /// Rows that changed in this second or later count; absent: all rows.
        from: Option<i64>,
        /// What the scans before gave.
        known: Watermark,
        /// What this scan gave or recognised.
        seen: Watermark,
    },
}

impl Default for Memory {
    fn default() -> Self {
        Self::Contents {
            known: None,
            walked: LiteMap::new(),
        }
    }
}

/// Where a walk through what hangs on another stream's rows stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChildrenPosition {
    /// Where the walk through the parents goes on; absent at its end.
    pub parents: Option<Position>,
    /// When the parents' walk was last answered, by the host's clock, in Unix seconds.
    pub walked: i64,
    /// Parents that are still to be looked at.
    pub pending: Vec<Parent>,
    /// Whether something was left out, so that the walk proves nothing about what it did not meet.
    pub partial: bool,
    /// Rows that are of this second or later count; absent: all rows.
    pub from: Option<i64>,
    /// When the scan began, by the server's clock, in Unix seconds; absent before the first answer.
    pub started: Option<i64>,
    /// What the scans before gave.
    pub known: Watermark,
    /// What the next scan begins with: the parents' mark, or what this scan gave.
    pub seen: Watermark,
}

/// Where the reading of a file that a job writes stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExportPosition {
    /// The job; absent before it was started.
    pub job: Option<String>,
    /// How often another job was in the way.
    pub waits: u32,
    /// How many rows of the file were given.
    pub row: usize,
}

/// A row on which others hang: its key, how many they are as far as it says, and how often they could not be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parent(pub String, pub u64, pub u32);

/// Writes a position of a stream; which members there are depends on the kind.
pub fn encode(stream: &str, position: &Position) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    bytes.append(&mut written::write(stream, position).into_bytes());
    bytes
}

/// Reads a position of a stream.
///
/// # Errors
/// `unreadable_cursor`, when the bytes are in another format, damaged, or of another stream.
pub fn decode(stream: &str, cursor: &[u8]) -> Result<Position, Failure> {
    match cursor.split_first() {
        None => Err(unreadable(stream, "it is empty")),
        Some((&FORMAT, document)) => {
            let damaged = || unreadable(stream, "it is damaged");
            let mut members: Object = json::parse(document).map_err(|_| damaged())?;
            let other: String = members.take("stream").map_err(|_| damaged())?;
            if other != stream {
                return Err(unreadable(stream, "it belongs to another stream"));
            }
            written::read(&mut members).map_err(|_| damaged())
        }
        Some((format, _)) => Err(unreadable(
            stream,
            &format!("it is in format {format}, and this version reads format {FORMAT} only"),
        )),
    }
}

/// The failure of a position that cannot be read or does not fit.
pub fn unreadable(stream: &str, why: &str) -> Failure {
    invalid_input(
        "unreadable_cursor",
        format!(
            "the stored position of stream `{stream}` cannot be used: {why}. Nothing was read; start the stream over to go on."
        ),
        vec![problem("cursor", "unreadable_cursor", why)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions() -> Vec<Position> {
        let mut seen = Watermark::default();
        seen.note(1_000_000, "a", b"{}", 1_000_100, 1_000_100);
        seen.note(1_000_001, "b", b"{}", 1_000_100, 1_000_001);
        let mark = seen.clone();
        vec![
            Position::Mark(seen.clone()),
            Position::Contents([("a".to_owned(), "00ff".to_owned())].into_iter().collect()),
            Position::List(ListPosition {
                after: Some("x".to_owned()),
                started: Some(5),
                seen: seen.clone(),
            }),
            Position::Search(SearchPosition {
                after: None,
                from: -1,
                started: Some(3),
                seen: seen.clone(),
            }),
            Position::Scroll(ScrollPosition {
                param: Some("p".to_owned()),
                walk: "w".to_owned(),
                answers: 3,
                known: seen.clone(),
                seen,
                ..Default::default()
            }),
            Position::Keys(7),
            Position::Deleted(DeletedPosition {
                page: 2,
                from: 4,
                started: Some(5),
                seen: mark.clone(),
            }),
            Position::Export(ExportPosition {
                job: Some("j".to_owned()),
                waits: 2,
                row: 9,
            }),
            Position::Pages(PagesPosition {
                page: Some("page=2".to_owned()),
                list: 1,
                total: Some(70),
                first_total: Some(69),
                first_at: Some(8),
                joined: 2,
                last: vec![1, u64::MAX],
                restarts: 1,
                partial: true,
                started: Some(9),
                memory: Memory::Contents {
                    known: None,
                    walked: [("a".to_owned(), "00ff".to_owned())].into_iter().collect(),
                },
            }),
            Position::Children(Box::new(ChildrenPosition {
                parents: Some(Position::Pages(PagesPosition {
                    memory: Memory::Mark {
                        from: Some(4),
                        known: mark.clone(),
                        seen: mark.clone(),
                    },
                    ..PagesPosition::default()
                })),
                walked: 8,
                pending: vec![Parent("p".to_owned(), 12, 1)],
                partial: true,
                from: Some(1),
                started: None,
                known: Watermark::default(),
                seen: mark,
            })),
        ]
    }

    #[test]
    fn what_is_written_can_be_read() {
        for position in positions() {
            let cursor = encode("contacts", &position);
            assert_eq!(decode("contacts", &cursor), Ok(position));
        }
    }

    #[test]
    fn damage_is_a_named_failure() {
        for position in positions() {
            let cursor = encode("contacts", &position);
            for end in 0..cursor.len() {
                assert_eq!(
                    decode("contacts", &cursor[..end]).unwrap_err().code,
                    "unreadable_cursor"
                );
            }
            assert!(
                decode("companies", &cursor)
                    .unwrap_err()
                    .message
                    .contains("another stream")
            );
        }
        assert!(
            decode("contacts", b"2{}")
                .unwrap_err()
                .message
                .contains("format")
        );
        for damaged in [
            r#"1{}"#,
            r#"1{"stream":"contacts","at":"mark","seen":"ü"}"#,
            r#"1{"stream":"contacts","at":"list"}"#,
            "1[]",
        ] {
            assert_eq!(
                decode("contacts", damaged.as_bytes()).unwrap_err().code,
                "unreadable_cursor"
            );
        }
    }
}
