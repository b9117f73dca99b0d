//! Records of a stream in their canonical form: normalised, with what Intercom leaves out, and with their key.

use crate::prelude::*;
use records::search::replaced;
use records::{Normalized, Place, Shape};

use crate::intercom::attributes;
use crate::intercom::streams::{Complement, Stream};
use crate::json::{self, Invalid, Reader, quoted};

/// A record in its canonical form, with what an entry needs of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The key, as the contract joins it.
    pub key: String,
    /// The cursor field in Unix seconds.
    pub updated_at: Option<i64>,
    /// The canonical JSON.
    pub payload: String,
    /// Declared fields whose value could not be read as their type and was left as it came.
    pub odd: Vec<&'static str>,
    /// Fields that are not declared, by their dotted paths.
    pub unknown: Vec<String>,
    /// The rows of another stream that it embeds, as they came, where they are asked for.
    pub aside: Option<String>,
    /// Where in the payload the values of the stream's fields are, in their order. Empty when nobody asked, and to be emptied
    /// by whoever changes the payload.
    pub places: Vec<Place>,
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
    shape: Shape,
    /// The field that holds the key of the parent, and that key.
    parent: Option<(&'static str, &'a str)>,
}

impl<'a> Normalizer<'a> {
    /// A normalizer of a stream's records.
    pub fn new(stream: &'static Stream) -> Self {
        Self {
            stream,
            shape: Shape::new(stream.fields, stream.key, stream.cursor_field),
            parent: None,
        }
    }

    /// A normalizer of what hangs on one row of the stream's parent: each record gets the parent's key.
    pub fn of_children(stream: &'static Stream, field: &'static str, parent: &'a str) -> Self {
        let normalizer = Self::new(stream);
        let first = ["\"", field, "\":", &quoted(parent)].joined("");
        Self {
            parent: Some((field, parent)),
            shape: normalizer.shape.with_first(first),
            ..normalizer
        }
    }

    /// One that leaves rows of other streams where they are embedded.
    pub fn with_embedded(self) -> Self {
        Self {
            shape: self.shape.with_embedded(),
            ..self
        }
    }

    /// One that gives rows of other streams beside the record that embeds them.
    pub fn with_aside(self) -> Self {
        Self {
            shape: self.shape.with_aside(),
            ..self
        }
    }

    /// One that says where values are, for a mapping.
    pub fn with_places(self) -> Self {
        Self {
            shape: self.shape.with_places(),
            ..self
        }
    }

    /// Takes a payload that nobody needs any more: its memory becomes that of the next one.
    pub fn reuse(&self, payload: String) {
        self.shape.reuse(payload);
    }

    /// Normalises a document.
    ///
    /// # Errors
    /// When it is not a JSON object or a field of the key is missing.
    pub fn document(&self, document: &[u8]) -> Result<Record, Unreadable> {
        match json::text(document) {
            Ok(text) => self.text(text),
            Err(reason) => Err(Unreadable {
                path: String::new(),
                reason,
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
        reader.peek()?;
        let start = reader.place();
        let normalized = self.shape.read(reader)?;
        let unreadable = |path: &str, reason: String| Unreadable {
            path: path.to_owned(),
            reason,
            document: reader
                .text()
                .get(start..reader.place())
                .unwrap_or_default()
                .as_bytes()
                .to_vec(),
        };
        let Some(Normalized {
            mut key,
            updated_at,
            mut payload,
            odd,
            unknown,
            aside,
            mut places,
        }) = normalized
        else {
            return Ok(Err(unreadable("", "expected an object".to_owned())));
        };
        if let Some((field, parent)) = self.parent {
            self.set_key(&mut key, field, parent);
        }
        if let Complement::Attribute(model) = self.stream.complement {
            places.clear();
            for (field, value) in attributes::complete(&mut payload, model) {
                self.set_key(&mut key, field, &value);
            }
        }
        if let Some(missing) = key.iter().position(Option::is_none) {
            let name = self.stream.key.get(missing).copied().unwrap_or_default();
            return Ok(Err(unreadable(
                name,
                format!("the key field `{name}` is missing"),
            )));
        }
        let key = join_key(key.into_iter().flatten().collect());
        Ok(Ok(Record {
            key,
            updated_at,
            payload,
            odd,
            unknown,
            aside,
            places,
        }))
    }

    /// Sets a part of the key that the document itself does not hold.
    fn set_key(&self, key: &mut [Option<String>], field: &str, value: &str) {
        if let Some(part) = self.stream.key.iter().position(|name| *name == field) {
            key[part] = Some(value.to_owned());
        }
    }
}

/// Joins the values of a key's fields as the contract says.
pub fn join_key(mut values: Vec<String>) -> String {
    match values.as_mut_slice() {
        [only] => core::mem::take(only),
        several => {
            let parts: Vec<String> = several
                .iter()
                .map(|value| value.replace('%', "%25").replace('/', "%2F"))
                .collect();
            parts.joined("/")
        }
    }
}

/// The values of a key's fields, as [`join_key`] joined them.
pub fn split_key(stream: &Stream, key: &str) -> Vec<String> {
    if stream.key.len() == 1 {
        return vec![key.to_owned()];
    }
    key.splitn(stream.key.len(), '/')
        .map(|part| replaced(&replaced(part, "%2F", "/"), "%25", "%"))
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
        assert_eq!(record.payload, document);
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
            record.payload,
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
        let again = contact(&once.payload);
        assert_eq!(once, again);
    }

    #[test]
    fn nested_objects_are_normalised() {
        let company = Normalizer::new(find("companies").unwrap())
            .document(br#"{"id":"1","plan":{"type":"plan","id":269315,"name":"Pro"},"size":"85"}"#);
        assert_eq!(
            company.unwrap().payload,
            r#"{"id":"1","plan":{"type":"plan","id":"269315","name":"Pro"},"size":85}"#
        );
    }

    #[test]
    fn the_parents_key_stands_before_what_the_record_holds() {
        let stream = find("conversation_parts").unwrap();
        let normalizer = Normalizer::of_children(stream, "conversation_id", "7\"");
        for (document, expected) in [
            (
                r#"{"id":5,"body":null}"#,
                r#"{"conversation_id":"7\"","id":"5","body":null}"#,
            ),
            (r#"{ "id":"5"} "#, r#"{"conversation_id":"7\"", "id":"5"}"#),
        ] {
            let record = normalizer.text(document).unwrap();
            assert_eq!(record.payload, expected);
            assert_eq!(record.key, "5");
        }
        assert!(normalizer.text("{}").is_err());
    }

    #[test]
    fn a_value_of_no_readable_type_is_kept_and_named() {
        let document = r#"{"id":"1","signed_up_at":"someday","role":{"x":1},"updated_at":5}"#;
        let record = contact(document);
        assert_eq!(record.payload, document);
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
        let join = |values: &[&str]| join_key(values.iter().map(ToString::to_string).collect());
        assert_eq!(join(&["a/b", "c%"]), "a%2Fb/c%25");
        assert_ne!(join(&["a", "b/c"]), join(&["a/b", "c"]));
        assert_eq!(join(&["a/b"]), "a/b");
    }
}
