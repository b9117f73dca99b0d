//! Who somebody is, and whether a document names them.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde_json::{Deserializer, Map, Value};

/// Fields whose values identify a person, in any provider's words and after most mappings; whatever their case.
const IDENTIFYING: &[&str] = &[
    "email",
    "external_id",
    "ext_id",
    "phone",
    "sms",
    "whatsapp",
    "user_id",
];

/// A member of a record that holds such fields as well, where a mapping puts them there.
const INNER: &str = "attributes";

/// A value that is shorter may be anything. A short key is looked for in what hangs on the record only.
const TELLING: usize = 6;

/// A value that is as long, or an e-mail address, is somebody's also as a part of a longer text.
const UNMISTAKABLE: usize = 16;

/// Bytes of a file that are looked at at a time.
const PIECE: u64 = 1 << 20;

/// Somebody, as far as is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Person {
    /// The stream of the record.
    pub(super) stream: String,
    /// Keys of records.
    pub(super) keys: BTreeSet<String>,
    /// Values that say who it is, in small letters.
    values: BTreeSet<String>,
    /// Rows of other streams, and of this one, that are theirs: stream and key.
    pub(super) gone: BTreeSet<(String, String)>,
}

impl Person {
    /// Whoever answers to a name, before anything is known.
    pub(super) fn called(name: &str, stream: &str) -> Person {
        let mut person = Person {
            stream: stream.to_owned(),
            ..Person::default()
        };
        person.know(name);
        person
    }

    /// One of the keys.
    pub(super) fn know(&mut self, key: &str) {
        self.keys.insert(key.to_owned());
        self.values.insert(key.to_lowercase());
        self.gone.insert((self.stream.clone(), key.to_owned()));
    }

    /// Learns who it is from a record.
    pub(super) fn learn(&mut self, key: &str, record: &Map<String, Value>) {
        self.know(key);
        let values = identities(record).filter(|value| !value.is_empty());
        self.values.extend(values.map(str::to_lowercase));
    }

    /// All values, in small letters.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(String::as_str)
    }

    /// Values that nothing else is likely to have.
    pub(super) fn telling(&self) -> impl Iterator<Item = &str> {
        self.values().filter(|value| value.len() >= TELLING)
    }

    /// Keys of rows that hang on nothing, in all streams, and that nothing else is likely to have.
    pub(super) fn gone_keys(&self) -> HashSet<&str> {
        let keys = self.gone.iter().map(|(_, key)| key.as_str());
        keys.filter(|key| key.len() >= TELLING).collect()
    }

    /// Whether one or several documents of JSON hold one of the telling values: as a text of its own, or, where it is
    /// unmistakable, within one.
    pub(super) fn is_in(&self, json: &[u8]) -> bool {
        // Most documents hold none, which is seen without reading them. An escape may hide one.
        let small = json.to_ascii_lowercase();
        let has = |part: &str| memchr::memmem::find(&small, part.as_bytes()).is_some();
        let may = self.telling().any(|value| !value.is_ascii() || has(value));
        if !may && !has("\\u") && !has("\\/") {
            return false;
        }
        let mut documents = Deserializer::from_slice(json).into_iter::<Value>();
        documents.any(|document| match document {
            Ok(document) => any_text(&document, &mut |text| self.is_named_by(text)),
            Err(_) => self.telling().any(has),
        })
    }

    /// Whether a file has one of the telling values anywhere. A file that is not there has none.
    pub(super) fn lies_in(&self, path: &Path) -> io::Result<bool> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let longest = self.telling().map(str::len).max().unwrap_or(0);
        let mut bytes = Vec::new();
        loop {
            // What begins at the end of a piece ends in the next one.
            bytes.drain(..bytes.len().saturating_sub(longest));
            let read = file.by_ref().take(PIECE).read_to_end(&mut bytes)?;
            bytes.make_ascii_lowercase();
            let has = |value: &str| memchr::memmem::find(&bytes, value.as_bytes()).is_some();
            if self.telling().any(has) {
                return Ok(true);
            }
            if read == 0 {
                return Ok(false);
            }
        }
    }

    fn is_named_by(&self, text: &str) -> bool {
        if text.len() < TELLING {
            return false;
        }
        let text = text.to_lowercase();
        self.telling().any(|value| {
            let unmistakable = value.len() >= UNMISTAKABLE || value.contains('@');
            text == value || unmistakable && holds_word(&text, value)
        })
    }
}

/// Whether a record answers to a name.
pub(super) fn answers(name: &str, key: &str, record: &Map<String, Value>) -> bool {
    let same = |value: &str| value.to_lowercase() == name.to_lowercase();
    key == name || identities(record).any(same)
}

/// The values of the fields that identify a person.
fn identities(record: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let inner = record.get(INNER).and_then(Value::as_object);
    let fields = record.iter().chain(inner.into_iter().flatten());
    fields.filter_map(|(name, value)| {
        let known = IDENTIFYING.iter();
        let mut known = known.filter(|known| name.eq_ignore_ascii_case(known));
        known.next().and(value.as_str())
    })
}

/// Whether a document has one of these as a text of its own.
pub(super) fn holds_any(json: &[u8], wanted: &HashSet<&str>) -> bool {
    let mut documents = Deserializer::from_slice(json).into_iter::<Value>();
    documents.any(|document| {
        document.is_ok_and(|document| any_text(&document, &mut |text| wanted.contains(text)))
    })
}

/// Whether a text of a document, or a name in it, is one that is looked for.
fn any_text(value: &Value, wanted: &mut impl FnMut(&str) -> bool) -> bool {
    match value {
        Value::String(text) => wanted(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, wanted)),
        Value::Object(fields) => {
            let mut fields = fields.iter();
            fields.any(|(name, value)| wanted(name) || any_text(value, wanted))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a text holds a value that does not go on on either side: `bob@example.com` is not in `jbob@example.com.au`.
fn holds_word(text: &str, value: &str) -> bool {
    text.match_indices(value).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + value.len()..].chars();
        let (next, behind) = (after.next(), after.next());
        let goes_on = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        let begins =
            before.is_none_or(|letter| !letter.is_alphanumeric() && !"._%+-".contains(letter));
        let ends = match next {
            // The end of a sentence, or of a host's name.
            Some('.') => !goes_on(behind),
            Some('-') => false,
            next => !goes_on(next),
        };
        begins && ends
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn anna() -> Person {
        let mut person = Person::called("6500000000000000000000aa", "contacts");
        let record = json!({"EMAIL": "Anna@Example.com", "attributes": {"SMS": "+353 87 1"}, "name": "Anna"});
        if let Value::Object(record) = record {
            person.learn("6500000000000000000000aa", &record);
        }
        person
    }

    #[test]
    fn somebody_is_found_however_they_are_written() {
        let anna = anna();
        for named in [
            r#"{"author": {"email": "ANNA@example.com"}}"#,
            r#"{"author": {"email": "anna\u0040example.com"}}"#,
            r#"{"body": "<a href=\"mailto:anna@example.com\">write</a>"}"#,
            r#"{"body": "It was Anna@example.com."}"#,
            r#"{"by": {"anna@example.com": 1}}"#,
            r#"{"phone": "+353 87 1"}"#,
            r#"{"url": "https:\/\/app.example\/users\/6500000000000000000000aa\/all"}"#,
            "{\"a\": 1}\n{\"id\": \"6500000000000000000000aa\"}\n",
            "no JSON, but anna@example.com",
        ] {
            assert!(anna.is_in(named.as_bytes()), "{named}");
        }
        for other in [
            r#"{"author": {"email": "joanna@example.com"}}"#,
            r#"{"author": {"email": "anna@example.com.au"}}"#,
            r#"{"author": {"email": "anna@example.community"}}"#,
            r#"{"author": {"email": "anna@example.com-x.org"}}"#,
            r#"{"phone": "+353 87 12"}"#,
            r#"{"name": "Anna"}"#,
            r#"{"id": "6500000000000000000000aab"}"#,
        ] {
            assert!(!anna.is_in(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn a_record_answers_to_what_identifies_it() {
        let record = json!({"EXT_ID": "7", "attributes": {"email": "a@b.example"}, "name": "Anna"});
        let Value::Object(record) = record else {
            return;
        };
        for name in ["k", "7", "A@B.example"] {
            assert!(answers(name, "k", &record), "{name}");
        }
        for name in ["K", "Anna", ""] {
            assert!(!answers(name, "k", &record), "{name}");
        }
    }
}
