//! The envelopes around lists of records. A page counts only when it is the envelope that it should be.

use std::ops::Range;

use crate::json::{self, Invalid, Reader};

/// How a list goes on.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Continuation {
    /// What to pass as `starting_after` for the next page; absent at the end.
    pub starting_after: Option<String>,
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
    let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut reader = Reader::new(text);
    let mut found = false;
    let mut continuation = Continuation::default();
    reader
        .object(|reader, name| {
            if items.iter().any(|item| name.is(item)) && reader.peek()? == b'[' {
                found = true;
                return reader.list(&mut each);
            }
            let json = slice(text, reader.value()?);
            if name.is("pages") {
                continuation.starting_after = starting_after(json);
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
        Err(format!("it holds no list named {}", items.join(" or ")))
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

/// The cursor in `pages`, whose `next` is absent, null, an object with `starting_after`, or a URL whose query holds it.
fn starting_after(pages: &str) -> Option<String> {
    let json = json::member(pages, "next")?;
    let cursor = match json.as_bytes().first() {
        Some(b'{') => {
            let cursor = json::member(json, "starting_after")?;
            json::parse(cursor.as_bytes()).ok()?
        }
        Some(b'"') => {
            let url: String = json::parse(json.as_bytes()).ok()?;
            let (_, query) = url.split_once('?')?;
            let value = query
                .split('&')
                .find_map(|pair| pair.strip_prefix("starting_after="))?;
            decode(value)
        }
        _ => return None,
    };
    Some(cursor).filter(|cursor| !cursor.is_empty())
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
        assert_eq!(after(r#"{"next":{"page":2,"starting_after":null}}"#), None);
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
