//! Normalisation of records by patch lists: a record is checked in passing, only the values whose form differs from the
//! declared type are rewritten, everything between them is copied as it came. No tree of values is built.

use std::borrow::Cow;

use crate::intercom::attributes;
use crate::intercom::fields::{Field, Kind};
use crate::intercom::streams::{Complement, Stream};
use crate::intercom::timestamp::{self, NoTime};
use crate::json::{self, Invalid, Name, Reader};

/// A record in its canonical form, with what an entry needs of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The key, as the contract joins it.
    pub key: String,
    /// The cursor field in Unix seconds.
    pub updated_at: Option<i64>,
    /// The canonical JSON.
    pub payload: Vec<u8>,
    /// Declared fields whose value could not be read as their type and was left as it came.
    pub odd: Vec<&'static str>,
    /// Fields that are not declared, by their dotted paths.
    pub unknown: Vec<String>,
}

/// Why a document is no record of its stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Unreadable {
    /// The place in the document.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
    /// The document as it came.
    pub document: Vec<u8>,
}

/// Normalises the records of one stream.
#[derive(Clone, Debug)]
pub struct Normalizer<'a> {
    stream: &'static Stream,
    /// Where the fields of the key are among the declared fields.
    key: Vec<Option<usize>>,
    /// Where the cursor field is.
    cursor: Option<usize>,
    /// The field that holds the key of the parent, and that key.
    parent: Option<(&'static str, &'a str)>,
    /// Whether rows of other streams stay where they are embedded.
    embedded: bool,
}

impl<'a> Normalizer<'a> {
    /// A normalizer of a stream's records.
    pub fn new(stream: &'static Stream) -> Self {
        let place = |name: &str| stream.fields.iter().position(|field| field.name() == name);
        Self {
            stream,
            key: stream.key.iter().map(|name| place(name)).collect(),
            cursor: stream.cursor_field.and_then(place),
            parent: None,
            embedded: false,
        }
    }

    /// A normalizer of what hangs on one row of the stream's parent: each record gets the parent's key.
    pub fn of_children(stream: &'static Stream, field: &'static str, parent: &'a str) -> Self {
        Self {
            parent: Some((field, parent)),
            ..Self::new(stream)
        }
    }

    /// One that leaves rows of other streams where they are embedded.
    pub fn with_embedded(self) -> Self {
        Self {
            embedded: true,
            ..self
        }
    }

    /// Whether an entry needs this field.
    fn notes(&self, index: usize) -> bool {
        self.cursor == Some(index) || self.key.contains(&Some(index))
    }

    /// Normalises a document.
    ///
    /// # Errors
    /// When it is not a JSON object or a field of the key is missing.
    pub fn document(&self, document: &[u8]) -> Result<Record, Unreadable> {
        match std::str::from_utf8(document) {
            Ok(text) => self.text(text),
            Err(_) => Err(Unreadable {
                path: String::new(),
                reason: "it is not UTF-8".to_owned(),
                document: document.to_vec(),
            }),
        }
    }

    /// Normalises a document that is known to be UTF-8.
    ///
    /// # Errors
    /// As [`Normalizer::document`].
    pub fn text(&self, text: &str) -> Result<Record, Unreadable> {
        let mut reader = Reader::new(text);
        let read = self
            .read(&mut reader)
            .and_then(|read| reader.end().map(|()| read));
        read.unwrap_or_else(|Invalid { at }| {
            Err(Unreadable {
                path: String::new(),
                reason: format!("it is not JSON (byte {at} of {})", text.len()),
                document: text.as_bytes().to_vec(),
            })
        })
    }

    /// Normalises the value that comes next. The inner error is that it is no record of the stream.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn read(&self, reader: &mut Reader) -> Result<Result<Record, Unreadable>, Invalid> {
        let text = reader.text();
        let object = reader.peek()? == b'{';
        let start = reader.place();
        let mut pass = Pass {
            normalizer: self,
            patches: Vec::new(),
            odd: Vec::new(),
            unknown: Vec::new(),
            key: vec![None; self.key.len()],
            updated_at: None,
        };
        if object {
            pass.object(self.stream.fields, reader, None)?;
        } else {
            reader.value()?;
        }
        let document = text.get(start..reader.place()).unwrap_or_default();
        let unreadable = |path: &str, reason: String| Unreadable {
            path: path.to_owned(),
            reason,
            document: document.as_bytes().to_vec(),
        };
        if !object {
            return Ok(Err(unreadable("", "expected an object".to_owned())));
        }
        let mut payload = pass.apply(document, start);
        if let Some((field, key)) = self.parent {
            json::put_first(&mut payload, field, key);
            self.set_key(&mut pass.key, field, key);
        }
        if let Complement::Attribute(model) = self.stream.complement {
            for (field, value) in attributes::complete(&mut payload, model) {
                self.set_key(&mut pass.key, field, &value);
            }
        }
        if let Some(missing) = pass.key.iter().position(Option::is_none) {
            let name = self.stream.key.get(missing).copied().unwrap_or_default();
            return Ok(Err(unreadable(
                name,
                format!("the key field `{name}` is missing"),
            )));
        }
        let values: Vec<&str> = pass.key.iter().flatten().map(String::as_str).collect();
        Ok(Ok(Record {
            key: join_key(&values),
            updated_at: pass.updated_at,
            payload,
            odd: pass.odd,
            unknown: pass.unknown,
        }))
    }

    /// Sets a part of the key that the document itself does not hold.
    fn set_key(&self, key: &mut [Option<String>], field: &str, value: &str) {
        if let Some(part) = self.stream.key.iter().position(|name| *name == field) {
            key[part] = Some(value.to_owned());
        }
    }
}

/// A span of the text and what stands there instead.
struct Patch {
    start: usize,
    end: usize,
    text: Cow<'static, str>,
}

/// What is found on the way through one record.
struct Pass<'n> {
    normalizer: &'n Normalizer<'n>,
    patches: Vec<Patch>,
    odd: Vec<&'static str>,
    unknown: Vec<String>,
    key: Vec<Option<String>>,
    updated_at: Option<i64>,
}

impl Pass<'_> {
    fn object(
        &mut self,
        fields: &'static [Field],
        reader: &mut Reader,
        within: Option<&'static str>,
    ) -> Result<(), Invalid> {
        // Objects of one kind list their fields in one order: the next field is nearly always the one expected.
        let mut expected = 0;
        let mut more = reader.open(b'{', b'}')?;
        while more {
            let written = fields.get(expected).map(|field| field.written);
            if written.is_some_and(|written| reader.take_expected(written)) {
                self.field(fields, expected, reader, within)?;
                expected += 1;
            } else {
                let name = reader.name()?;
                match find(fields, expected, name) {
                    Some(index) => {
                        self.field(fields, index, reader, within)?;
                        expected = index + 1;
                    }
                    None => {
                        self.note_unknown(name, within);
                        reader.value()?;
                    }
                }
            }
            more = !reader.is_last(b'}')?;
        }
        Ok(())
    }

    /// Takes the value of a field.
    fn field(
        &mut self,
        fields: &'static [Field],
        index: usize,
        reader: &mut Reader,
        within: Option<&'static str>,
    ) -> Result<(), Invalid> {
        let field = &fields[index];
        let first = reader.peek()?;
        match (field.kind, first) {
            (Kind::Nested(inner), b'{') => return self.object(inner, reader, Some(field.name())),
            (Kind::Elsewhere, _) if self.normalizer.embedded => return reader.value().map(drop),
            (Kind::Attributes | Kind::Object | Kind::List | Kind::Nested(_) | Kind::Any, _) => {
                return reader.value().map(drop);
            }
            _ => {}
        }
        let place = reader.value()?;
        let noted = within.is_none() && self.normalizer.notes(index);
        // Most values are text or null, which needs no second look.
        if !noted && (first == b'n' || (field.kind == Kind::Text && first == b'"')) {
            return Ok(());
        }
        let json = reader.text().get(place.clone()).unwrap_or_default();
        if noted {
            self.note(index, json);
        }
        match canonical(field.kind, json) {
            Ok(None) => {}
            Ok(Some(text)) => {
                self.patches.push(Patch {
                    start: place.start,
                    end: place.end,
                    text,
                });
            }
            Err(Odd) => {
                if !self.odd.contains(&field.name()) {
                    self.odd.push(field.name());
                }
            }
        }
        Ok(())
    }

    #[cold]
    fn note_unknown(&mut self, name: Name, within: Option<&'static str>) {
        let name = name.unescaped();
        self.unknown.push(match within {
            Some(within) => format!("{within}.{name}"),
            None => name,
        });
    }

    /// Notes a field that the entry needs.
    fn note(&mut self, index: usize, json: &str) {
        if self.normalizer.cursor == Some(index) {
            self.updated_at = timestamp::parse(json).unwrap_or(None);
        }
        if let Some(part) = self
            .normalizer
            .key
            .iter()
            .position(|place| *place == Some(index))
        {
            let text = match json.as_bytes().first() {
                Some(b'"') => json::parse::<String>(json.as_bytes()).ok(),
                Some(b'0'..=b'9' | b'-') => Some(json.to_owned()),
                _ => None,
            };
            self.key[part] = text.filter(|text| !text.is_empty());
        }
    }

    /// Patches are found in the order of the text, since it is read once from front to back.
    fn apply(&self, document: &str, offset: usize) -> Vec<u8> {
        let grown: usize = self.patches.iter().map(|patch| patch.text.len()).sum();
        let mut out = Vec::with_capacity(document.len() + grown);
        let mut done = 0;
        for patch in &self.patches {
            out.extend_from_slice(&document.as_bytes()[done..patch.start - offset]);
            out.extend_from_slice(patch.text.as_bytes());
            done = patch.end - offset;
        }
        out.extend_from_slice(&document.as_bytes()[done..]);
        out
    }
}

/// The declared field of a name, looked for from the expected place on, then before it.
fn find(fields: &[Field], expected: usize, name: Name) -> Option<usize> {
    let (before, after) = fields.split_at(expected.min(fields.len()));
    let index = after.iter().position(|field| name.is(field.name()));
    index
        .map(|index| index + before.len())
        .or_else(|| before.iter().position(|field| name.is(field.name())))
}

/// A value that cannot be read as the declared type.
struct Odd;

/// What must stand in place of a value: nothing (`Ok(None)`) when its form is the declared one already.
fn canonical(kind: Kind, json: &str) -> Result<Option<Cow<'static, str>>, Odd> {
    let first = json.as_bytes().first().copied().unwrap_or(b'n');
    if first == b'n' {
        return Ok(None);
    }
    match kind {
        Kind::Text => match first {
            b'"' => Ok(None),
            b'{' | b'[' => Err(Odd),
            _ => Ok(Some(Cow::Owned(format!("\"{json}\"")))),
        },
        Kind::Reference => match json {
            "0" | "\"0\"" | "\"\"" => Ok(Some(Cow::Borrowed("null"))),
            _ => canonical(Kind::Text, json),
        },
        Kind::Epoch => {
            if is_integer(json) {
                return Ok(None);
            }
            let text = match timestamp::parse(json).map_err(|NoTime| Odd)? {
                Some(seconds) => Cow::Owned(seconds.to_string()),
                None => Cow::Borrowed("null"),
            };
            Ok(Some(text))
        }
        Kind::Integer => match json.as_bytes() {
            _ if is_integer(json) => Ok(None),
            b"\"\"" => Ok(Some(Cow::Borrowed("null"))),
            [b'"', inner @ .., b'"'] if std::str::from_utf8(inner).is_ok_and(is_integer) => {
                Ok(Some(Cow::Owned(json[1..json.len() - 1].to_owned())))
            }
            // A fraction is kept: cutting it would invent a value.
            [b'0'..=b'9' | b'-', ..] => Ok(None),
            _ => Err(Odd),
        },
        Kind::Boolean => match json {
            "true" | "false" => Ok(None),
            "\"true\"" => Ok(Some(Cow::Borrowed("true"))),
            "\"false\"" => Ok(Some(Cow::Borrowed("false"))),
            _ => Err(Odd),
        },
        Kind::Wrapped(name) => match first {
            b'{' => Ok(None),
            b'"' if json == "\"\"" => Ok(Some(Cow::Borrowed("null"))),
            b'"' => Ok(Some(Cow::Owned(format!("{{\"{name}\":{json}}}")))),
            _ => Err(Odd),
        },
        Kind::Elsewhere => Ok(Some(Cow::Borrowed("null"))),
        Kind::Attributes | Kind::Object | Kind::List | Kind::Nested(_) | Kind::Any => Ok(None),
    }
}

/// Whether this is a JSON integer that fits 64 bits.
fn is_integer(json: &str) -> bool {
    let digits = json.strip_prefix('-').unwrap_or(json);
    !digits.is_empty()
        && digits.len() <= 18
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits.len() == 1 || !digits.starts_with('0'))
}

/// Joins the values of a key's fields as the contract says.
pub fn join_key(values: &[&str]) -> String {
    match values {
        [only] => (*only).to_owned(),
        several => {
            let parts: Vec<String> = several
                .iter()
                .map(|value| value.replace('%', "%25").replace('/', "%2F"))
                .collect();
            parts.join("/")
        }
    }
}

/// The values of a key's fields, as [`join_key`] joined them.
pub fn split_key(stream: &Stream, key: &str) -> Vec<String> {
    if stream.key.len() == 1 {
        return vec![key.to_owned()];
    }
    key.splitn(stream.key.len(), '/')
        .map(|part| part.replace("%2F", "/").replace("%25", "%"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intercom::streams::find;

    fn contact(document: &str) -> Record {
        Normalizer::new(find("contacts").unwrap())
            .document(document.as_bytes())
            .unwrap()
    }

    #[test]
    fn a_canonical_record_is_copied_byte_for_byte() {
        let document = r#"{ "id" : "1", "updated_at":1719492777 ,"owner_id":null,"name":"a \"b\" \u00e9","new_field":{"x":[1]}}"#;
        let record = contact(document);
        assert_eq!(String::from_utf8(record.payload).unwrap(), document);
        assert_eq!(
            (record.key.as_str(), record.updated_at),
            ("1", Some(1_719_492_777))
        );
        assert!(record.odd.is_empty());
    }

    #[test]
    fn only_what_differs_is_rewritten() {
        let record = contact(
            r#"{"id":17,"external_id":5,"owner_id":0,"updated_at":"2024-06-27T12:52:57.000+00:00","created_at":"1719492777","signed_up_at":"","last_seen_at":1719492777.5,"unsubscribed_from_emails":"true","x":0}"#,
        );
        assert_eq!(
            String::from_utf8(record.payload).unwrap(),
            r#"{"id":"17","external_id":"5","owner_id":null,"updated_at":1719492777,"created_at":1719492777,"signed_up_at":null,"last_seen_at":1719492777,"unsubscribed_from_emails":true,"x":0}"#,
        );
        assert_eq!(
            (record.key.as_str(), record.updated_at),
            ("17", Some(1_719_492_777))
        );
    }

    #[test]
    fn normalising_twice_changes_nothing() {
        let once = contact(
            r#"{"id":17,"owner_id":"0","updated_at":"2024-06-27T12:52:57Z","phone":15550100}"#,
        );
        let again = contact(std::str::from_utf8(&once.payload).unwrap());
        assert_eq!(once, again);
    }

    #[test]
    fn nested_objects_are_normalised() {
        let company = Normalizer::new(find("companies").unwrap())
            .document(br#"{"id":"1","plan":{"type":"plan","id":269315,"name":"Pro"},"size":"85"}"#);
        assert_eq!(
            String::from_utf8(company.unwrap().payload).unwrap(),
            r#"{"id":"1","plan":{"type":"plan","id":"269315","name":"Pro"},"size":85}"#
        );
    }

    #[test]
    fn a_value_of_no_readable_type_is_kept_and_named() {
        let document = r#"{"id":"1","signed_up_at":"someday","role":{"x":1},"updated_at":5}"#;
        let record = contact(document);
        assert_eq!(String::from_utf8(record.payload).unwrap(), document);
        assert_eq!(record.odd, ["signed_up_at", "role"]);
    }

    #[test]
    fn what_is_no_record_says_why() {
        let stream = find("contacts").unwrap();
        for (document, path) in [
            ("[]", ""),
            ("null", ""),
            ("{", ""),
            ("{\"id\":\"1\"} x", ""),
            ("{\"updated_at\":1}", "id"),
            ("{\"id\":null}", "id"),
            ("{\"id\":\"\"}", "id"),
            ("{\"id\":{}}", "id"),
        ] {
            assert_eq!(
                Normalizer::new(stream)
                    .document(document.as_bytes())
                    .unwrap_err()
                    .path,
                path,
                "{document}"
            );
        }
    }

    #[test]
    fn composite_keys_cannot_collide() {
        assert_eq!(join_key(&["a/b", "c%"]), "a%2Fb/c%25");
        assert_ne!(join_key(&["a", "b/c"]), join_key(&["a/b", "c"]));
        assert_eq!(join_key(&["a/b"]), "a/b");
    }
}
