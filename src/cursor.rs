//! Positions in a stream, as the host keeps them: a byte that names the format, then JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contract::types::Failure;
use crate::failure::{invalid_input, problem};
use crate::json;
use crate::watermark::{Fingerprint, Watermark};

/// The format written, and the only one read so far.
pub const FORMAT: u8 = b'1';

/// Where a walk stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Position {
    /// Before a scan for what changed since.
    Mark(Watermark),
    /// Before a scan of a whole list for what differs: eight bytes of each row's content, by key.
    Contents(BTreeMap<String, String>),
    /// Within a list with a cursor.
    List(ListPosition),
    /// Within a search by the cursor field.
    Search(SearchPosition),
    /// Within a scroll.
    Scroll(ScrollPosition),
    /// Within a list of pages.
    Pages(PagesPosition),
    /// Within what hangs on another stream's rows.
    Children(Box<ChildrenPosition>),
    /// Within a list of keys: so many are done.
    Keys(usize),
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
        known: Option<BTreeMap<String, String>>,
        /// Those of this scan, so far.
        walked: BTreeMap<String, String>,
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
            walked: BTreeMap::new(),
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

/// A row on which others hang: its key, how many they are as far as it says, and how often they could not be read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Parent(pub String, pub u64, pub u32);

/// The written form of every position; which fields there are depends on the kind.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Written {
    stream: String,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contents: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    walk: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restarts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    walked: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parents: Option<Box<Written>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<Vec<Parent>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<i64>,
}

impl Written {
    fn of(stream: &str, position: &Position) -> Self {
        let written = |at: &str| Self {
            stream: stream.to_owned(),
            at: at.to_owned(),
            ..Self::default()
        };
        match position {
            Position::Mark(seen) => Self {
                seen: Some(seen.to_string()),
                ..written("mark")
            },
            Position::Contents(contents) => Self {
                contents: Some(contents.clone()),
                ..written("contents")
            },
            Position::List(list) => Self {
                after: list.after.clone(),
                started: list.started,
                seen: Some(list.seen.to_string()),
                ..written("list")
            },
            Position::Search(search) => Self {
                after: search.after.clone(),
                from: Some(search.from),
                started: search.started,
                seen: Some(search.seen.to_string()),
                ..written("search")
            },
            Position::Scroll(scroll) => Self {
                after: scroll.param.clone(),
                from: scroll.from,
                started: scroll.started,
                known: Some(scroll.known.to_string()),
                seen: Some(scroll.seen.to_string()),
                walk: Some(scroll.walk.clone()),
                count: Some(scroll.answers),
                restarts: Some(scroll.restarts),
                waits: Some(scroll.waits),
                ..written("scroll")
            },
            Position::Pages(pages) => {
                let written = Self {
                    page: pages.page.clone(),
                    list: Some(pages.list),
                    total: pages.total,
                    last: Some(
                        pages
                            .last
                            .iter()
                            .map(|seen| format!("{seen:016x}"))
                            .collect(),
                    ),
                    restarts: Some(pages.restarts),
                    partial: pages.partial.then_some(true),
                    started: pages.started,
                    ..written("pages")
                };
                match &pages.memory {
                    Memory::Contents { known, walked } => Self {
                        contents: known.clone(),
                        walked: Some(walked.clone()),
                        ..written
                    },
                    Memory::Mark { from, known, seen } => Self {
                        from: *from,
                        known: Some(known.to_string()),
                        seen: Some(seen.to_string()),
                        ..written
                    },
                }
            }
            Position::Children(children) => Self {
                // The parents' stream is known by this one's.
                parents: children
                    .parents
                    .as_ref()
                    .map(|parents| Box::new(Self::of("", parents))),
                asked: Some(children.walked),
                pending: Some(children.pending.clone()),
                partial: children.partial.then_some(true),
                from: children.from,
                started: children.started,
                known: Some(children.known.to_string()),
                seen: Some(children.seen.to_string()),
                ..written("children")
            },
            Position::Keys(count) => Self {
                count: Some(*count),
                ..written("keys")
            },
        }
    }

    /// `None` when a part is missing or damaged.
    fn position(self) -> Option<Position> {
        let mark = |text: Option<String>| text?.parse::<Watermark>().ok();
        Some(match self.at.as_str() {
            "mark" => Position::Mark(mark(self.seen)?),
            "contents" => Position::Contents(self.contents?),
            "list" => Position::List(ListPosition {
                after: self.after,
                started: self.started,
                seen: mark(self.seen)?,
            }),
            "search" => Position::Search(SearchPosition {
                after: self.after,
                from: self.from?,
                started: self.started,
                seen: mark(self.seen)?,
            }),
            "scroll" => Position::Scroll(ScrollPosition {
                param: self.after,
                // Positions of version 0.1.0 name no walk: `state` knows nothing of it, and it starts over.
                walk: self.walk.unwrap_or_default(),
                answers: self.count.unwrap_or_default(),
                from: self.from,
                started: self.started,
                known: mark(self.known)?,
                seen: mark(self.seen)?,
                restarts: self.restarts?,
                waits: self.waits?,
            }),
            "pages" => Position::Pages(PagesPosition {
                page: self.page,
                list: self.list?,
                total: self.total,
                last: fingerprints(&self.last?)?,
                restarts: self.restarts?,
                partial: self.partial.unwrap_or_default(),
                started: self.started,
                memory: match self.walked {
                    Some(walked) => Memory::Contents {
                        known: self.contents,
                        walked,
                    },
                    None => Memory::Mark {
                        from: self.from,
                        known: mark(self.known)?,
                        seen: mark(self.seen)?,
                    },
                },
            }),
            "children" => Position::Children(Box::new(ChildrenPosition {
                parents: match self.parents {
                    Some(parents) => Some(parents.position()?),
                    None => None,
                },
                walked: self.asked?,
                pending: self.pending?,
                partial: self.partial.unwrap_or_default(),
                from: self.from,
                started: self.started,
                known: mark(self.known)?,
                seen: mark(self.seen)?,
            })),
            "keys" => Position::Keys(self.count?),
            _ => return None,
        })
    }
}

/// Fingerprints of sixteen hexadecimal digits each.
fn fingerprints(digits: &str) -> Option<Vec<Fingerprint>> {
    let (each, rest) = digits.as_bytes().as_chunks::<16>();
    let parse = |digits: &[u8; 16]| {
        let digits = str::from_utf8(digits).ok()?;
        Fingerprint::from_str_radix(digits, 16).ok()
    };
    rest.is_empty()
        .then(|| each.iter().map(parse).collect())
        .flatten()
}

/// Writes a position of a stream.
pub fn encode(stream: &str, position: &Position) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    bytes.append(&mut json::write(&Written::of(stream, position)));
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
            let written: Written =
                json::parse(document).map_err(|_| unreadable(stream, "it is damaged"))?;
            if written.stream != stream {
                return Err(unreadable(stream, "it belongs to another stream"));
            }
            written
                .position()
                .ok_or_else(|| unreadable(stream, "it is damaged"))
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
            Position::Contents([("a".to_owned(), "00ff".to_owned())].into()),
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
            Position::Pages(PagesPosition {
                page: Some("page=2".to_owned()),
                list: 1,
                total: Some(70),
                last: vec![1, u64::MAX],
                restarts: 1,
                partial: true,
                started: Some(9),
                memory: Memory::Contents {
                    known: None,
                    walked: [("a".to_owned(), "00ff".to_owned())].into(),
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
