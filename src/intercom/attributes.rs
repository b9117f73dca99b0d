//! What records of attributes lack. Some versions leave out the model and the full name, which together are the key; and
//! nothing says when an attribute changed, so a hash of the record does.

use crate::prelude::*;
use sha1::{Digest, Sha1};

use crate::digest::digits;
use crate::json::{self, Member, Object};

/// Completes a canonical record, and gives the fields that identify it as far as they can be told.
pub fn complete(record: &mut String, model: &str) -> Vec<(&'static str, String)> {
    let text = |object: &Object, name: &str| match object.get(name) {
        Some(Member::Text(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    let object: Object = json::parse(record.as_bytes()).unwrap_or_default();
    let given_model = text(&object, "model");
    let given_name = text(&object, "full_name");
    let name = given_name.clone().or_else(|| text(&object, "name"));
    let hashed = text(&object, "record_hash").is_some();
    let mut key = vec![(
        "model",
        given_model.clone().unwrap_or_else(|| model.to_owned()),
    )];
    if !hashed {
        let hash = digits(&Sha1::digest(&*record));
        json::put_first(record, "record_hash", &hash);
    }
    if let Some(name) = name {
        if given_name.is_none() {
            json::put_first(record, "full_name", &name);
        }
        key.push(("full_name", name));
    }
    if given_model.is_none() {
        json::put_first(record, "model", model);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(record: &str) -> (String, Vec<(&'static str, String)>) {
        let mut record = record.to_owned();
        let key = complete(&mut record, "conversation");
        (record, key)
    }

    #[test]
    fn what_a_version_leaves_out_is_added() {
        let (record, key) = completed(r#"{"id":"3","name":"test 2"}"#);
        assert!(
            record.starts_with(r#"{"model":"conversation","full_name":"test 2","record_hash":""#),
            "{record}"
        );
        assert!(
            record.ends_with(r#"","id":"3","name":"test 2"}"#),
            "{record}"
        );
        assert_eq!(
            key,
            [
                ("model", "conversation".to_owned()),
                ("full_name", "test 2".to_owned())
            ]
        );
    }

    #[test]
    fn what_is_there_stays_and_completing_twice_changes_nothing() {
        let (once, key) = completed(r#"{"model":"company","name":"name","full_name":"plan.name"}"#);
        assert_eq!(
            key,
            [
                ("model", "company".to_owned()),
                ("full_name", "plan.name".to_owned())
            ]
        );
        assert_eq!(completed(&once), (once.clone(), key));
    }

    #[test]
    fn the_hash_changes_with_the_record() {
        let hash = |record: &str| completed(record).0.split('"').nth(11).map(str::to_owned);
        let first = hash(r#"{"name":"a","archived":false}"#);
        assert_eq!(first.as_ref().map(String::len), Some(40));
        assert_ne!(first, hash(r#"{"name":"a","archived":true}"#));
    }

    #[test]
    fn what_has_no_name_has_no_key() {
        assert_eq!(completed("{}").1.len(), 1);
    }
}
