//! Objects, read one level deep.

use crate::prelude::*;
use crate::text::add;
use crate::{Invalid, Name, Reader, unescaped};

/// An object, read one level deep: its members, as they are written. Anything else has none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline<'a> {
    /// The whole of it.
    pub text: &'a str,
    members: Vec<(Name<'a>, &'a str)>,
}

impl<'a> Outline<'a> {
    /// Reads the value that comes next.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn next(reader: &mut Reader<'a>) -> Result<Self, Invalid> {
        let text = reader.text();
        let slice = |place| text.get(place).unwrap_or_default();
        if reader.peek()? != b'{' {
            return Ok(Self {
                text: slice(reader.value()?),
                members: Vec::new(),
            });
        }
        let start = reader.place();
        let mut members = Vec::with_capacity(64);
        let mut more = reader.open(b'{', b'}')?;
        while more {
            members.push((reader.name()?, slice(reader.value()?)));
            more = !reader.is_last(b'}')?;
        }
        Ok(Self {
            text: slice(start..reader.place()),
            members,
        })
    }

    /// Whether it has a member of this name, even if that is null.
    pub fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(known, _)| is(known, name))
    }

    /// The member of a name, as it is written; the last one of several.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        let mut members = self.members.iter().rev();
        let (_, member) = members.find(|(known, _)| is(known, name))?;
        Some(member)
    }

    /// The member of a name, if it is an object.
    pub fn object(&self, name: &str) -> Option<Self> {
        let member = self.get(name).filter(|member| member.starts_with('{'))?;
        Self::next(&mut Reader::new(member)).ok()
    }

    /// The object as JSON, without the members of this name.
    pub fn without(&self, name: &str) -> String {
        let mut out = String::with_capacity(self.text.len());
        let mut before = "{\"";
        for (known, member) in &self.members {
            if !is(known, name) {
                add(&mut out, &[before, known.text, "\":", member]);
                before = ",\"";
            }
        }
        let end = if out.is_empty() { "{}" } else { "}" };
        add(&mut out, &[end]);
        out
    }

    /// The member of a name as text, if it is a text that is not empty, or a number.
    pub fn text_of(&self, name: &str) -> Option<String> {
        let json = self.get(name)?;
        match json.as_bytes().first()? {
            b'"' => unescaped(json.get(1..json.len() - 1)?).filter(|text| !text.is_empty()),
            b'0'..=b'9' | b'-' => Some(json.to_owned()),
            _ => None,
        }
    }
}

/// Whether a member has a name. Most differ in their length.
#[inline(always)]
fn is(known: &Name, name: &str) -> bool {
    (known.text.len() == name.len() || known.escaped) && known.is(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(text: &str) -> Outline<'_> {
        Outline::next(&mut Reader::new(text)).unwrap()
    }

    #[test]
    fn members_are_found_and_the_last_one_rules() {
        let outline = outline(r#"{"a":1, "\u0061":{"b": null},"c":[2],"d":""} "#);
        assert_eq!(outline.get("a"), Some(r#"{"b": null}"#));
        assert!(outline.object("a").unwrap().has("b"));
        assert_eq!(outline.get("e"), None);
        assert!(outline.object("c").is_none() && !outline.has("b"));
        assert!(!outline.text.ends_with(' '));
        assert_eq!(outline.without("a"), r#"{"c":[2],"d":""}"#);
    }

    #[test]
    fn texts_and_numbers_are_text() {
        let outline = outline(r#"{"a":"x\u0079","b":17,"c":"","d":null,"e":{},"f":-1}"#);
        let ids = ["a", "b", "c", "d", "e", "f", "g"].map(|name| outline.text_of(name));
        let [a, b, c, d, e, f, g] = ids.each_ref().map(Option::as_deref);
        assert_eq!((a, b, f), (Some("xy"), Some("17"), Some("-1")));
        assert_eq!((c, d, e, g), (None, None, None, None));
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for text in ["[1]", "null", "7", "\"x\""] {
            let outline = outline(text);
            assert_eq!(outline.text, text);
            assert!(!outline.has("a"));
        }
        assert!(Outline::next(&mut Reader::new("{\"a\":")).is_err());
    }
}
