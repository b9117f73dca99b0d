//! Normalisation of records by patch lists: a record is checked in passing, only the values whose form differs from the
//! declared type are rewritten, everything between them is copied as it came. No tree of values is built.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::intercom::fields::{Field, Kind};
use crate::intercom::scan::Members;
use crate::intercom::streams::Stream;
use crate::intercom::timestamp::{self, NoTime};
use crate::json;

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
}

/// Why a document is no record of its stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Unreadable {
    /// The place in the document.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
}

/// Normalises one record.
///
/// # Errors
/// When the document is not a JSON object or a field of the key is missing.
pub fn normalize(stream: &Stream, document: &RawValue) -> Result<Record, Unreadable> {
    let text = document.get();
    if !text.starts_with('{') {
        return Err(Unreadable {
            path: String::new(),
            reason: "expected an object".to_owned(),
        });
    }
    let mut pass = Pass {
        patches: Vec::new(),
        odd: Vec::new(),
    };
    let mut head = Head {
        stream,
        key: Vec::with_capacity(stream.key.len()),
        updated_at: None,
    };
    pass.object(stream.fields, text, 0, Some(&mut head));
    let key = head.join_key()?;
    Ok(Record {
        key,
        updated_at: head.updated_at,
        payload: pass.apply(text),
        odd: pass.odd,
    })
}

/// Normalises a record that nobody has read yet.
///
/// # Errors
/// When the document is no JSON, and as [`normalize`].
pub fn normalize_document(stream: &Stream, document: &[u8]) -> Result<Record, Unreadable> {
    let document: &RawValue = json::parse(document).map_err(|reason| Unreadable {
        path: String::new(),
        reason,
    })?;
    normalize(stream, document)
}

/// A span of the document and what stands there instead.
struct Patch {
    start: usize,
    end: usize,
    text: Cow<'static, str>,
}

struct Pass {
    patches: Vec<Patch>,
    odd: Vec<&'static str>,
}

impl Pass {
    /// Goes through an object that stands at `offset` in the document.
    fn object(
        &mut self,
        fields: &'static [Field],
        text: &str,
        offset: usize,
        mut head: Option<&mut Head>,
    ) {
        // Objects of one kind list their fields in one order: the next field is nearly always the one expected.
        let mut expected = 0;
        for member in Members::within(text) {
            let Some(index) = find(fields, expected, member.name) else {
                continue;
            };
            expected = index + 1;
            let field = &fields[index];
            let json = &text[member.value.clone()];
            let start = offset + member.value.start;
            if let Kind::Nested(fields) = field.kind {
                self.object(fields, json, start, None);
                continue;
            }
            if let Some(head) = &mut head {
                head.value(field.name, json);
            }
            match canonical(field.kind, json) {
                Ok(None) => {}
                Ok(Some(text)) => self.patches.push(Patch {
                    start,
                    end: start + json.len(),
                    text,
                }),
                Err(Odd) => {
                    if !self.odd.contains(&field.name) {
                        self.odd.push(field.name);
                    }
                }
            }
        }
    }

    /// Patches are found in document order, since the document is read once from front to back.
    fn apply(&self, document: &str) -> Vec<u8> {
        let grown: usize = self.patches.iter().map(|patch| patch.text.len()).sum();
        let mut out = Vec::with_capacity(document.len() + grown);
        let mut done = 0;
        for patch in &self.patches {
            out.extend_from_slice(&document.as_bytes()[done..patch.start]);
            out.extend_from_slice(patch.text.as_bytes());
            done = patch.end;
        }
        out.extend_from_slice(&document.as_bytes()[done..]);
        out
    }
}

/// The declared field of a name, looked for from the expected place on, then before it.
fn find(fields: &[Field], expected: usize, name: &str) -> Option<usize> {
    let decoded: String;
    let name = if name.contains('\\') {
        decoded = json::parse(format!("\"{name}\"").as_bytes()).ok()?;
        decoded.as_str()
    } else {
        name
    };
    let (before, after) = fields.split_at(expected.min(fields.len()));
    let index = after.iter().position(|field| field.name == name);
    index
        .map(|index| index + before.len())
        .or_else(|| before.iter().position(|field| field.name == name))
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

/// What an entry needs of a record, picked up on the way.
struct Head<'s> {
    stream: &'s Stream,
    key: Vec<(&'static str, String)>,
    updated_at: Option<i64>,
}

impl Head<'_> {
    fn value(&mut self, name: &'static str, json: &str) {
        if self.stream.key.contains(&name) {
            let text = match json.as_bytes().first() {
                Some(b'"') => serde_json::from_str::<String>(json).ok(),
                Some(b'0'..=b'9' | b'-') => Some(json.to_owned()),
                _ => None,
            };
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                self.key.retain(|(known, _)| *known != name);
                self.key.push((name, text));
            }
        } else if self.stream.cursor_field == Some(name) {
            self.updated_at = timestamp::parse(json).unwrap_or(None);
        }
    }

    fn join_key(&self) -> Result<String, Unreadable> {
        let mut values = Vec::with_capacity(self.stream.key.len());
        for name in self.stream.key {
            match self.key.iter().find(|(known, _)| known == name) {
                Some((_, value)) => values.push(value.as_str()),
                None => {
                    return Err(Unreadable {
                        path: (*name).to_owned(),
                        reason: format!("the key field `{name}` is missing"),
                    });
                }
            }
        }
        Ok(join_key(&values))
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intercom::streams::find;

    fn contact(document: &str) -> Record {
        normalize_document(find("contacts").unwrap(), document.as_bytes()).unwrap()
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
        let company = normalize_document(
            find("companies").unwrap(),
            br#"{"id":"1","plan":{"type":"plan","id":269315,"name":"Pro"},"size":"85"}"#,
        );
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
                normalize_document(stream, document.as_bytes())
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
