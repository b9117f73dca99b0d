//! Reading and writing JSON, in one way everywhere: each further way would be compiled into the component once more.
//! No tree of values is built; what is not looked at stays a slice of its document, so that numbers keep their digits.

mod reader;

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use reader::{Invalid, Name, Reader};

/// Reads a document.
///
/// # Errors
/// What is wrong with it and where, in words that hold none of its content.
pub fn parse<'a, T: Deserialize<'a>>(document: &'a [u8]) -> Result<T, String> {
    let text = std::str::from_utf8(document).map_err(|_| "it is not UTF-8".to_owned())?;
    serde_json::from_str(text).map_err(|error| explain(&error))
}

/// What is wrong with a document and where, in words that hold none of its content.
pub fn explain(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Data => "it is not what is expected",
        _ => "it is not JSON",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

/// Writes a value.
pub fn write<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    // Writing to memory fails only for maps whose keys are no text, and there are none.
    serde_json::to_vec(value).unwrap_or_default()
}

/// A text in quotes, escaped.
pub fn quoted(text: &str) -> String {
    String::from_utf8(write(text)).unwrap_or_default()
}

/// Puts a member with a text before the others of an object.
pub fn put_first(object: &mut Vec<u8>, name: &str, value: &str) {
    let empty = object
        .get(1..)
        .is_none_or(|rest| rest.trim_ascii_start().starts_with(b"}"));
    let comma = if empty { "" } else { "," };
    let member = format!("\"{name}\":{}{comma}", quoted(value));
    object.splice(
        1.min(object.len())..1.min(object.len()),
        member.into_bytes(),
    );
}

/// An object: its members in the order of the document, the last one of a name.
#[derive(Debug, Default)]
pub struct Object<'a>(pub Vec<(String, Member<'a>)>);

impl<'a> Object<'a> {
    /// The member of a name.
    pub fn get(&self, name: &str) -> Option<&Member<'a>> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, member)| member)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = Object::default();
        while let Some(name) = map.next_key::<String>()? {
            let member = Member::of(map.next_value::<&'de RawValue>()?);
            object.0.retain(|(known, _)| *known != name);
            object.0.push((name, member));
        }
        Ok(object)
    }
}

/// A value, read as far as its type; a text also to its characters.
#[derive(Clone, Debug, PartialEq)]
pub enum Member<'a> {
    /// `null`
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number, as it is written.
    Number(&'a str),
    /// A text.
    Text(String),
    /// A list, as it is written.
    List(&'a str),
    /// An object, as it is written.
    Object(&'a str),
}

impl<'a> Member<'a> {
    /// Reads a value.
    pub fn of(raw: &'a RawValue) -> Self {
        let json = raw.get();
        match json.as_bytes().first() {
            Some(b'"') => Self::Text(serde_json::from_str(json).unwrap_or_default()),
            Some(b'{') => Self::Object(json),
            Some(b'[') => Self::List(json),
            Some(b't') => Self::Boolean(true),
            Some(b'f') => Self::Boolean(false),
            Some(b'n') | None => Self::Null,
            Some(_) => Self::Number(json),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read_in_order_and_values_keep_their_form() {
        let object: Object =
            parse(br#"{"b":1.10,"a":"x\n","c":[1],"b":{"d":null},"e":null,"f":true}"#).unwrap();
        assert_eq!(
            object.0,
            [
                ("a".to_owned(), Member::Text("x\n".to_owned())),
                ("c".to_owned(), Member::List("[1]")),
                ("b".to_owned(), Member::Object(r#"{"d":null}"#)),
                ("e".to_owned(), Member::Null),
                ("f".to_owned(), Member::Boolean(true)),
            ]
        );
    }

    #[test]
    fn a_member_is_put_before_the_others() {
        for (object, expected) in [
            ("{}", r#"{"a":"\"1\""}"#),
            ("{ }", r#"{"a":"\"1\"" }"#),
            (r#"{"b":2}"#, r#"{"a":"\"1\"","b":2}"#),
        ] {
            let mut bytes = object.as_bytes().to_vec();
            put_first(&mut bytes, "a", "\"1\"");
            assert_eq!(String::from_utf8(bytes).unwrap(), expected);
        }
    }

    #[test]
    fn explanations_hold_no_content() {
        for document in [
            &b"{\"secret\":"[..],
            b"[\"secret\"]",
            b"\"secret\"",
            b"\xffsecret",
            b"secret",
        ] {
            let reason = parse::<Object>(document).unwrap_err();
            assert!(!reason.contains("secret"), "{reason}");
        }
    }
}
