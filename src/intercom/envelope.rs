//! The envelopes around lists of records. A page counts only when it is the envelope that it should be.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::explain;

/// A list's page: its items as slices of the body, and how it goes on.
#[derive(Debug, Default)]
pub struct ListPage<'a> {
    /// The items, each a slice of the body.
    pub items: Vec<&'a RawValue>,
    /// What to pass as `starting_after` for the next page; absent at the end.
    pub starting_after: Option<String>,
    /// The scroll's parameter, where the list is a scroll.
    pub scroll_param: Option<String>,
}

impl<'a> ListPage<'a> {
    /// Reads a body whose items stand under one of the given names.
    ///
    /// # Errors
    /// A reason, when the body is not that envelope: empty, cut, garbled or foreign.
    pub fn parse(body: &'a [u8], items: &[&str]) -> Result<Self, String> {
        if body.is_empty() {
            return Err("it is empty".to_owned());
        }
        let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned())?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let page = EnvelopeSeed { items }
            .deserialize(&mut deserializer)
            .and_then(|page| deserializer.end().map(|()| page))
            .map_err(|error| explain(&error))?;
        page.ok_or_else(|| format!("it holds no list named {}", items.join(" or ")))
    }
}

struct EnvelopeSeed<'i> {
    items: &'i [&'i str],
}

impl<'de> DeserializeSeed<'de> for EnvelopeSeed<'_> {
    type Value = Option<ListPage<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EnvelopeSeed<'_> {
    type Value = Option<ListPage<'de>>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a list envelope")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        let mut starting_after = None;
        let mut scroll_param = None;
        while let Some(key) = map.next_key::<Key<'de>>()? {
            match key.0.as_ref() {
                name if self.items.contains(&name) => {
                    found = map.next_value::<Option<Vec<&'de RawValue>>>()?
                }
                "pages" => {
                    starting_after = map
                        .next_value::<Option<Pages<'de>>>()?
                        .and_then(|pages| pages.starting_after())
                }
                "scroll_param" => scroll_param = map.next_value::<Option<String>>()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found.map(|items| ListPage {
            items,
            starting_after,
            scroll_param,
        }))
    }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Pages<'a> {
    #[serde(borrow, default)]
    next: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct NextObject {
    #[serde(default)]
    starting_after: Option<String>,
}

impl Pages<'_> {
    /// `next` is absent, null, an object with `starting_after`, or a URL whose query holds it.
    fn starting_after(&self) -> Option<String> {
        let json = self.next?.get();
        let cursor = match json.as_bytes().first() {
            Some(b'{') => {
                serde_json::from_str::<NextObject>(json)
                    .ok()?
                    .starting_after?
            }
            Some(b'"') => {
                let url: String = serde_json::from_str(json).ok()?;
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

    const ITEMS: &[&str] = &["data", "contacts"];

    fn after(pages: &str) -> Option<String> {
        let body = format!(r#"{{"type":"list","data":[],"pages":{pages}}}"#);
        ListPage::parse(body.as_bytes(), ITEMS)
            .unwrap()
            .starting_after
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
        let body = br#"{"data":[{"id": 1},{}],"total_count":2}"#;
        let page = ListPage::parse(body, ITEMS).unwrap();
        assert_eq!(
            page.items.iter().map(|item| item.get()).collect::<Vec<_>>(),
            [r#"{"id": 1}"#, "{}"]
        );
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
                ListPage::parse(body, ITEMS).is_err(),
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
        assert_eq!(
            ListPage::parse(body.as_bytes(), ITEMS).unwrap().items.len(),
            1
        );
    }
}
