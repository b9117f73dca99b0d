//! A text in a document, found without building the document: what stands before it is passed over, what stands behind it
//! is not looked at.

use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};

/// The text or the whole number at a JSON pointer (RFC 6901) through objects. `None` where there is none, or the document
/// is garbled before it.
pub(crate) fn text_at(document: &[u8], pointer: &str) -> Option<String> {
    let names: Vec<String> = pointer
        .split('/')
        .skip(1)
        .map(|name| name.replace("~1", "/").replace("~0", "~"))
        .collect();
    let mut found = None;
    let seek = Seek {
        names: &names,
        found: &mut found,
    };
    let mut reader = serde_json::Deserializer::from_slice(document);
    // What is wrong behind the text is somebody else's to find.
    let _ = seek.deserialize(&mut reader);
    found
}

struct Seek<'a> {
    names: &'a [String],
    found: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        match self.names {
            [] => reader.deserialize_any(self),
            _ => reader.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("what the pointer leads to")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        *self.found = self.names.is_empty().then(|| text.to_owned());
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.visit_str(&number.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((wanted, further)) = self.names.split_first() else {
            return Ok(());
        };
        while let Some(name) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            if name == wanted.as_str() {
                return map.next_value_seed(Seek {
                    names: further,
                    found: self.found,
                });
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_whatever_stands_around_it() {
        for (document, pointer, expected) in [
            (
                r#"{"a":[{"app_id":"no"}],"app_id":"w1","rest":"#,
                "/app_id",
                Some("w1"),
            ),
            (r#"{"app\u005fid":"w\u0031"}"#, "/app_id", Some("w1")),
            (r#"{"app_id":12}"#, "/app_id", Some("12")),
            (
                r#"{"a":{"b":"no"},"x":{"a/b":{"c~d":"w"}}}"#,
                "/x/a~1b/c~0d",
                Some("w"),
            ),
            (r#"{"app_id":null}"#, "/app_id", None),
            (r#"{"app_id":{"a":1}}"#, "/app_id", None),
            (r#"{"app_id":["w"]}"#, "/app_id", None),
            (r#"{"other":"w"}"#, "/app_id", None),
            (r#"{"a":tru"#, "/app_id", None),
            (r#""app_id""#, "/app_id", None),
            ("", "/app_id", None),
        ] {
            let found = text_at(document.as_bytes(), pointer);
            assert_eq!(found.as_deref(), expected, "{document}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(text_at(deep.as_bytes(), "/app_id"), None);
        let deep = format!(r#"{{"a":{deep},"app_id":"w"}}"#);
        assert_eq!(text_at(deep.as_bytes(), "/app_id").as_deref(), Some("w"));
    }
}
