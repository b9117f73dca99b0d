//! Positions in a stream, as the host keeps them: a byte that names the format, then JSON.

use std::collections::BTreeMap;

use crate::contract::types::Failure;
use crate::failure::{invalid_input, problem};
use crate::json::{self, Members, Object, Unexpected};
use crate::watermark::Watermark;

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

/// Writes a position of a stream; which members there are depends on the kind.
pub fn encode(stream: &str, position: &Position) -> Vec<u8> {
    let at = |kind| Members::default().text("stream", stream).text("at", kind);
    let members = match position {
        Position::Mark(seen) => at("mark").text("seen", &seen.to_string()),
        Position::Contents(contents) => at("contents").json("contents", &written(contents)),
        Position::List(list) => at("list")
            .some_text("after", list.after.as_deref())
            .some_number("started", list.started)
            .text("seen", &list.seen.to_string()),
        Position::Search(search) => at("search")
            .some_text("after", search.after.as_deref())
            .some_number("from", Some(search.from))
            .some_number("started", search.started)
            .text("seen", &search.seen.to_string()),
        Position::Scroll(scroll) => at("scroll")
            .some_text("after", scroll.param.as_deref())
            .some_number("from", scroll.from)
            .some_number("started", scroll.started)
            .text("known", &scroll.known.to_string())
            .text("seen", &scroll.seen.to_string())
            .json("count", &scroll.answers.to_string())
            .text("walk", &scroll.walk)
            .json("restarts", &scroll.restarts.to_string())
            .json("waits", &scroll.waits.to_string()),
        Position::Keys(count) => at("keys").json("count", &count.to_string()),
    };
    let mut bytes = vec![FORMAT];
    bytes.append(&mut members.object().into_bytes());
    bytes
}

fn written(contents: &BTreeMap<String, String>) -> String {
    let members = contents.iter();
    members
        .fold(Members::default(), |members, (key, content)| {
            members.text(key, content)
        })
        .object()
}

/// Reads what [`encode`] wrote after `stream`.
fn position(members: &mut Object) -> Result<Position, Unexpected> {
    let at: String = members.take("at")?;
    Ok(match at.as_str() {
        "mark" => Position::Mark(members.take("seen")?),
        "contents" => Position::Contents(members.take("contents")?),
        "list" => Position::List(ListPosition {
            after: members.take("after")?,
            started: members.take("started")?,
            seen: members.take("seen")?,
        }),
        "search" => Position::Search(SearchPosition {
            after: members.take("after")?,
            from: members.take("from")?,
            started: members.take("started")?,
            seen: members.take("seen")?,
        }),
        "scroll" => Position::Scroll(ScrollPosition {
            param: members.take("after")?,
            // Positions of version 0.1.0 name no walk: `state` knows nothing of it, and it starts over.
            walk: members.take::<Option<_>>("walk")?.unwrap_or_default(),
            answers: members.take::<Option<_>>("count")?.unwrap_or_default(),
            from: members.take("from")?,
            started: members.take("started")?,
            known: members.take("known")?,
            seen: members.take("seen")?,
            restarts: members.take("restarts")?,
            waits: members.take("waits")?,
        }),
        "keys" => Position::Keys(members.take("count")?),
        _ => return Err(Unexpected::here("a known kind of position")),
    })
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
            position(&mut members).map_err(|_| damaged())
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
