use intercom_connector::contract::connector::Entry;
use intercom_connector::contract::types::Change;
use intercom_connector::intercom::fields::{Field, Kind};
use intercom_connector::intercom::normalize::join_key;
use intercom_connector::intercom::streams::Complement;
use intercom_connector::intercom::timestamp;
use serde_json::Value;

use super::native::map_records;
use super::sample::Sample;

/// What is added to records of attributes.
const COMPLEMENTS: &[&str] = &["model", "full_name", "record_hash"];

impl Sample<'_> {
    /// What items are mapped to: an entry each, with its key, its time and all that it holds.
    pub fn mapped(&self, items: &[Value]) -> Vec<Entry> {
        let context = &self.context;
        let stream = self.stream();
        let entries = map_records(self.version, self.stream, items);
        assert_eq!(entries.len(), items.len());
        let entry = |(entry, item): (Result<Entry, _>, &Value)| {
            let entry = entry.unwrap_or_else(|failure| panic!("{context}: {failure:?}"));
            assert_eq!(entry.change, Change::Upsert);
            let payload: Value = serde_json::from_slice(&entry.payload).expect("JSON");
            let parts: Vec<String> = stream.key.iter().map(|name| text(&payload[name])).collect();
            assert_eq!(entry.key, join_key(parts), "{context}");
            let changed = stream
                .cursor_field
                .and_then(|field| payload[field].as_i64());
            assert_eq!(
                entry.updated_at_ms,
                changed.map(|seconds| seconds * 1_000),
                "{context}"
            );
            assert_same(stream.fields, &payload, item, context);
            let added = payload.as_object().into_iter().flatten();
            let mut added = added.filter(|(name, _)| item.get(name.as_str()).is_none());
            let complemented = stream.complement != Complement::Nothing;
            assert!(
                added.all(|(name, _)| complemented && COMPLEMENTS.contains(&name.as_str())),
                "{context}: {payload}"
            );
            entry
        };
        entries.into_iter().zip(items).map(entry).collect()
    }
}

/// That a payload holds all of an item, each value in the form of its declared kind.
fn assert_same(fields: &[Field], payload: &Value, item: &Value, context: &str) {
    for (name, value) in item.as_object().expect("an object") {
        let given = payload.get(name).unwrap_or(&Value::Bool(false));
        let field = fields.iter().find(|field| field.name() == name);
        let kind = field.map_or(Kind::Any, |field| *field.kind);
        if let (Kind::Nested(inner), Value::Object(_)) = (kind, value) {
            assert_same(inner, given, value, context);
            continue;
        }
        let same = given == value
            || match kind {
                Kind::Elsewhere => given.is_null(),
                Kind::Wrapped((_, inner)) => &given[inner] == value,
                Kind::Epoch => {
                    timestamp::parse(&value.to_string()).is_ok_and(|at| at == given.as_i64())
                }
                Kind::Reference => given.is_null() && ["0", ""].contains(&text(value).as_str()),
                _ => false,
            }
            || (!value.is_object() && text(given) == text(value));
        assert!(same, "{context}: {name} is {value} and becomes {given}");
    }
}

/// A value as text; ids may be numbers.
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
