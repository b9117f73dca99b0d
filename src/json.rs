//! Reading and writing JSON, in one way everywhere: each further way would be compiled into the component once more.
//! No tree of values is built; what is not looked at stays a slice of its document, so that numbers keep their digits.

mod value;
mod writer;

use crate::prelude::*;
use core::fmt;

pub use records::{Invalid, Name, Outline, Reader, quote, quoted, unescaped};
pub use value::{Value, members};
pub use writer::{Members, list};

/// Reads a document.
///
/// # Errors
/// What is wrong with it and where, in words that hold none of its content.
pub fn parse<'a, T: Value<'a>>(document: &'a [u8]) -> Result<T, String> {
    T::read(whole(document)?).map_err(|unexpected| unexpected.to_string())
}

/// The member of a name in an object, as it is written; the last one of several.
pub fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let mut found = None;
    let read = Reader::new(object).object(&mut |reader, known| {
        let place = reader.value()?;
        if known.is(name) {
            found = object.get(place);
        }
        Ok(())
    });
    read.ok().and(found)
}

/// The text of a document or a body. Pages are large, so this looks at sixteen bytes at a time.
///
/// # Errors
/// A reason, when it is no UTF-8.
pub fn text(bytes: &[u8]) -> Result<&str, String> {
    records::text(bytes).ok_or_else(|| "it is not UTF-8".to_owned())
}

/// The value that a document is.
fn whole(document: &[u8]) -> Result<Member<'_>, String> {
    let text = text(document)?;
    let mut reader = Reader::new(text);
    Member::next(&mut reader)
        .and_then(|member| reader.end().map(|()| member))
        .map_err(|Invalid { at }| format!("it is not JSON (byte {at} of {})", text.len()))
}

/// A document is JSON, and something else than it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unexpected {
    /// The member that is; empty: the document itself.
    pub member: &'static str,
    /// What it should be.
    pub expected: &'static str,
}

impl Unexpected {
    /// The value that is being read should be this.
    pub fn here(expected: &'static str) -> Self {
        Self {
            member: "",
            expected,
        }
    }
}

impl fmt::Display for Unexpected {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self.member {
            "" => formatter.write_str("it")?,
            member => write!(formatter, "its `{member}`")?,
        }
        write!(formatter, " is not {}", self.expected)
    }
}

/// Puts a member with a text before the others of an object.
pub fn put_first(object: &mut String, name: &str, value: &str) {
    let rest = object.get(1..).unwrap_or_default();
    let comma = match rest.trim_ascii_start() {
        "" | "}" => "",
        _ => ",",
    };
    let member = format!("\"{name}\":{}{comma}", quoted(value));
    object.insert_str(1.min(object.len()), &member);
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

    /// Takes the member of a name out of the object, read as its type; what is absent is read as `null`.
    ///
    /// # Errors
    /// When it is something else.
    pub fn take<T: Value<'a>>(&mut self, name: &'static str) -> Result<T, Unexpected> {
        let member = self.take_member(name).unwrap_or(Member::Null);
        T::read(member).map_err(|unexpected| match unexpected.member {
            "" => Unexpected {
                member: name,
                ..unexpected
            },
            _ => unexpected,
        })
    }

    /// Takes several members, one after the other.
    pub fn taking(&mut self) -> Taking<'_, 'a> {
        Taking {
            object: self,
            wrong: None,
        }
    }

    fn take_member(&mut self, name: &str) -> Option<Member<'a>> {
        let place = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(place).1)
    }
}

/// Members that are taken one after the other. Whether all of them were what they should be is asked once, at the end: asking
/// at each would be most of the code that reads a written value.
pub struct Taking<'o, 'a> {
    object: &'o mut Object<'a>,
    wrong: Option<Unexpected>,
}

impl<'a> Taking<'_, 'a> {
    /// Takes the member of a name as [`Object::take`] does; what is something else is its type's default until the end.
    pub fn member<T: Value<'a> + Default>(&mut self, name: &'static str) -> T {
        self.object.take(name).unwrap_or_else(|unexpected| {
            self.wrong.get_or_insert(unexpected);
            T::default()
        })
    }

    /// Gives what was made of the members.
    ///
    /// # Errors
    /// When one of them was something else.
    pub fn end<T>(self, made: T) -> Result<T, Unexpected> {
        self.wrong.map_or(Ok(made), Err)
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
    /// Reads the value that comes next.
    ///
    /// # Errors
    /// When it is no JSON, or a text whose escapes make no characters.
    pub fn next(reader: &mut Reader<'a>) -> Result<Self, Invalid> {
        let place = reader.value()?;
        let at = place.start;
        let json = reader.text().get(place).unwrap_or_default();
        Ok(match json.as_bytes().first() {
            Some(b'"') => {
                let inside = json.get(1..json.len() - 1).unwrap_or_default();
                Self::Text(unescaped(inside).ok_or(Invalid { at })?)
            }
            Some(b'{') => Self::Object(json),
            Some(b'[') => Self::List(json),
            Some(b't') => Self::Boolean(true),
            Some(b'f') => Self::Boolean(false),
            Some(b'n') | None => Self::Null,
            Some(_) => Self::Number(json),
        })
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
            let mut object = object.to_owned();
            put_first(&mut object, "a", "\"1\"");
            assert_eq!(object, expected);
        }
    }

    #[test]
    fn members_are_taken_as_their_type() {
        let mut object: Object =
            parse(br#"{"text":"a","number":-7,"list":["x","y"],"nothing":null,"truth":true}"#)
                .unwrap();
        assert_eq!(
            object.take::<u32>("number"),
            Err(Unexpected {
                member: "number",
                expected: "an integer in range",
            })
        );
        assert_eq!(object.take("text"), Ok("a".to_owned()));
        assert_eq!(
            object.take::<String>("text").unwrap_err().to_string(),
            "its `text` is not text"
        );
        assert_eq!(
            object.take("list"),
            Ok(vec!["x".to_owned(), "y".to_owned()])
        );
        assert_eq!(object.take::<Option<i64>>("nothing"), Ok(None));
        assert_eq!(object.take::<Option<i64>>("absent"), Ok(None));
        assert_eq!(object.take("truth"), Ok(true));
        let mut object: Object = parse(br#"{"text":"a","number":-7,"truth":true}"#).unwrap();
        let mut take = object.taking();
        let taken: (u32, String, bool) = (
            take.member("number"),
            take.member("absent"),
            take.member("truth"),
        );
        assert_eq!(taken, (0, String::new(), true));
        assert_eq!(take.end(()).unwrap_err().member, "number");
    }

    #[test]
    fn one_member_is_found_without_the_others() {
        let object = r#"{"a":1,"b":{"a":2},"\u0061":[3],"c":"x"}"#;
        assert_eq!(member(object, "a"), Some("[3]"));
        assert_eq!(member(object, "d"), None);
        for other in ["[1]", "null", "{\"a\":1", ""] {
            assert_eq!(member(other, "a"), None, "{other}");
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
