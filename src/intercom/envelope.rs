//! The envelopes around lists of records. A page counts only when it is the envelope that it should be.

use crate::prelude::*;
use core::ops::Range;
use records::search::parted;

use crate::json::{self, Invalid, Outline, Reader};

/// How a list goes on.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Continuation {
    /// What to pass as `starting_after` for the next page; absent at the end.
    pub starting_after: Option<String>,
    /// The number of the next page, where pages are numbered.
    pub page: Option<u32>,
    /// The next page's path and query, where the answer gives a whole URL.
    pub target: Option<String>,
    /// How many rows there are, where the answer says it.
    pub total_count: Option<u64>,
    /// The scroll's parameter, where the list is a scroll.
    pub scroll_param: Option<String>,
}

/// Reads a body whose items stand in a list under one of the given names. For each item, `each` has to take the value;
/// when the body turns out to be no such envelope, what it gathered is to be thrown away.
///
/// # Errors
/// A reason, when the body is not that envelope: empty, cut, garbled or foreign.
pub fn read_list<'a>(
    body: &'a [u8],
    items: &[&str],
    mut each: impl FnMut(&mut Reader<'a>) -> Result<(), Invalid>,
) -> Result<Continuation, String> {
    if body.is_empty() {
        return Err("it is empty".to_owned());
    }
    let text = json::text(body)?;
    let mut reader = Reader::new(text);
    let mut found = false;
    let mut continuation = Continuation::default();
    reader
        .object(&mut |reader, name| {
            if items.iter().any(|item| name.is(item)) && reader.peek()? == b'[' {
                found = true;
                return reader.list(&mut each);
            }
            let json = slice(text, reader.value()?);
            if name.is("pages") {
                follow(json, &mut continuation);
            } else if name.is("total_count") {
                continuation.total_count = json.parse().ok();
            } else if name.is("scroll_param") {
                continuation.scroll_param = json::parse(json.as_bytes()).unwrap_or_default();
            }
            Ok(())
        })
        .and_then(|()| reader.end())
        .map_err(|Invalid { at }| {
            format!("it is not the JSON expected (byte {at} of {})", text.len())
        })?;
    if found {
        Ok(continuation)
    } else {
        Err(format!("it holds no list named {}", items.joined(" or ")))
    }
}

/// The items of such a body, as they stand in it.
///
/// # Errors
/// As [`read_list`].
pub fn items<'a>(body: &'a [u8], names: &[&str]) -> Result<(Vec<&'a str>, Continuation), String> {
    let mut items = Vec::new();
    let continuation = read_list(body, names, |reader| {
        let place = reader.value()?;
        items.push(slice(reader.text(), place));
        Ok(())
    })?;
    Ok((items, continuation))
}

fn slice(text: &str, place: Range<usize>) -> &str {
    text.get(place).unwrap_or_default()
}

/// How `pages` goes on. Its `next` is absent, null, an object with `starting_after`, or a URL whose query holds that or
/// the number of a page; where numbered pages say nothing of the next one, it is there as long as there are more.
fn follow(pages: &str, continuation: &mut Continuation) {
    let mut next = "null";
    let (mut page, mut pages_in_all) = (None, None);
    let number = |place: Range<usize>| slice(pages, place).parse::<u32>().ok();
    let read = Reader::new(pages).object(&mut |reader, name| {
        let place = reader.value()?;
        if name.is("next") {
            next = slice(pages, place);
        } else if name.is("page") {
            page = number(place);
        } else if name.is("total_pages") {
            pages_in_all = number(place);
        }
        Ok(())
    });
    if read.is_err() {
        return;
    }
    match next.as_bytes().first() {
        Some(b'{') => {
            // It is a text; a number would be no end either.
            let next = Outline::next(&mut Reader::new(next)).unwrap_or_default();
            continuation.starting_after = next.text_of("starting_after");
        }
        Some(b'"') => {
            let url: String = json::parse(next.as_bytes()).unwrap_or_default();
            let value = |wanted: &str| {
                let (_, query) = url.split_once('?')?;
                let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
                pairs
                    .find(|(name, value)| *name == wanted && !value.is_empty())
                    .map(|(_, value)| decode(value))
            };
            continuation.starting_after = value("starting_after");
            continuation.page = value("page").and_then(|page| page.parse().ok());
            continuation.target = path_and_query(&url);
        }
        _ => {
            continuation.page = page
                .filter(|page| pages_in_all.is_some_and(|all| *page < all))
                .and_then(|page| page.checked_add(1));
        }
    }
}

/// The part of a URL that a request may name; absent when it holds what no request may.
fn path_and_query(url: &str) -> Option<String> {
    let (_, rest) = parted(url, "://")?;
    let target = &rest[rest.find('/')?..];
    let fitting = target.bytes().all(|byte| byte.is_ascii_graphic());
    (fitting && target.contains('?')).then(|| target.to_owned())
}

/// The rows that an object embeds: an object of this name, which holds a list under one of the names, or a list itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Embedded {
    /// How many rows there are, where it says so.
    pub total_count: Option<u64>,
    /// How many it holds; absent when there is no list.
    pub held: Option<u64>,
    /// Whether it says that there are more.
    pub has_more: bool,
}

/// Reads what an object embeds under a name. For each row, `each` has to take the value.
///
/// # Errors
/// When the text is no JSON object.
pub fn read_embedded<'a>(
    text: &'a str,
    name: &str,
    items: &[&str],
    mut each: impl FnMut(&mut Reader<'a>) -> Result<(), Invalid>,
) -> Result<Embedded, Invalid> {
    let mut embedded = Embedded::default();
    let mut reader = Reader::new(text);
    reader.object(&mut |reader, member| {
        if !member.is(name) || reader.peek()? != b'{' {
            return reader.value().map(drop);
        }
        reader.object(&mut |reader, member| {
            if items.iter().any(|item| member.is(item)) && reader.peek()? == b'[' {
                let mut held = 0;
                reader.list(&mut |reader| {
                    held += 1;
                    each(reader)
                })?;
                embedded.held = Some(held);
                return Ok(());
            }
            let value = slice(text, reader.value()?);
            if member.is("total_count") {
                embedded.total_count = value.parse().ok();
            } else if member.is("has_more") {
                embedded.has_more = value == "true";
            }
            Ok(())
        })
    })?;
    reader.end()?;
    Ok(embedded)
}

/// Decodes a percent-encoded query value; what is not valid encoding is kept as it is.
fn decode(value: &str) -> String {
    let bytes = value.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = value
            .get(at + 1..at + 3)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
            }
            (byte, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["data", "contacts"];

    fn after(pages: &str) -> Option<String> {
        let body = format!(r#"{{"type":"list","data":[],"pages":{pages}}}"#);
        items(body.as_bytes(), NAMES).unwrap().1.starting_after
    }

    #[test]
    fn every_shape_of_next_is_read() {
        assert_eq!(after("null"), None);
        assert_eq!(after("{}"), None);
        assert_eq!(after(r#"{"next":null}"#), None);
        assert_eq!(
            after(r#"{"next":{"page":2,"starting_after":"WzE="}}"#).as_deref(),
            Some("WzE=")
        );
        assert_eq!(
            after(r#"{"next":{"starting_after":17}}"#).as_deref(),
            Some("17")
        );
        for end in ["null", "\"\""] {
            let next = format!(r#"{{"next":{{"page":2,"starting_after":{end}}}}}"#);
            assert_eq!(after(&next), None);
        }
        assert_eq!(
            after(
                r#"{"next":"https://api.intercom.io/contacts?per_page=2&starting_after=WzE%3D"}"#
            )
            .as_deref(),
            Some("WzE=")
        );
        assert_eq!(
            after(r#"{"next":"https://api.intercom.io/contacts?page=2"}"#),
            None
        );
    }

    #[test]
    fn numbered_pages_are_followed() {
        let page = |pages: &str| {
            let body = format!(r#"{{"data":[],"pages":{pages},"total_count":7}}"#);
            let continuation = items(body.as_bytes(), NAMES).unwrap().1;
            assert_eq!(continuation.total_count, Some(7));
            (continuation.page, continuation.target)
        };
        let url = r#"{"next":"https://api.intercom.io/articles?page=2&per_page=25","page":1,"total_pages":9}"#;
        assert_eq!(
            page(url),
            (Some(2), Some("/articles?page=2&per_page=25".to_owned()))
        );
        assert_eq!(page(r#"{"page":1,"total_pages":3}"#), (Some(2), None));
        assert_eq!(
            page(r#"{"page":3,"total_pages":3,"next":null}"#),
            (None, None)
        );
        assert_eq!(
            page(r#"{"next":"http://api.intercom.test/events?next page"}"#),
            (None, None)
        );
        assert_eq!(page(r#"{"next":"http://api.intercom.test"}"#), (None, None));
    }

    #[test]
    fn embedded_rows_are_counted_and_read() {
        let read = |text: &str| {
            let mut rows = Vec::new();
            let embedded = read_embedded(text, "tags", &["data"], |reader| {
                let place = reader.value()?;
                rows.push(slice(reader.text(), place).to_owned());
                Ok(())
            });
            embedded.map(|embedded| (embedded.total_count, embedded.held, embedded.has_more, rows))
        };
        let row = || vec!["{\"id\":1}".to_owned()];
        assert_eq!(
            read(
                r#"{"id":"1","tags":{"type":"list","data":[{"id":1}],"total_count":12,"has_more":true}}"#
            ),
            Ok((Some(12), Some(1), true, row()))
        );
        assert_eq!(read(r#"{"tags":null}"#), Ok((None, None, false, vec![])));
        assert!(read("[").is_err() && read("{} x").is_err());
    }

    #[test]
    fn items_are_slices_of_the_body() {
        let body = br#"{"d\u0061ta":[{"id": 1},{}, "x"],"total_count":2,"scroll_param":"s"}"#;
        let (items, continuation) = items(body, NAMES).unwrap();
        assert_eq!(items, [r#"{"id": 1}"#, "{}", "\"x\""]);
        assert_eq!(continuation.scroll_param.as_deref(), Some("s"));
    }

    #[test]
    fn a_foreign_body_is_never_an_empty_page() {
        for body in [
            &b""[..],
            b"{}",
            b"null",
            b"[]",
            b"<html>",
            b"{\"data\":null}",
            b"{\"data\":{}}",
            b"{\"data\":[{\"id\":1}",
            b"{\"data\":[]} {}",
            b"\xff",
            br#"{"type":"error.list","errors":[]}"#,
        ] {
            assert!(
                items(body, NAMES).is_err(),
                "{:?}",
                String::from_utf8_lossy(body)
            );
        }
    }

    #[test]
    fn deep_nesting_is_no_crash() {
        let body = format!(
            "{{\"data\":[{}{}]}}",
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        assert_eq!(items(body.as_bytes(), NAMES).unwrap().0.len(), 1);
    }
}
