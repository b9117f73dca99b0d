//! What holds whatever bytes come in, as functions of them: property tests call them on every machine, fuzz targets
//! (`fuzz/`) call the same ones. Not part of the component.

#![allow(clippy::panic, reason = "what does not hold stops the test")]

mod mapping;
mod pages;
mod webhooks;

pub use mapping::mapping;
pub use pages::{cursor, page};
pub use webhooks::{webhook_body, webhook_item};

use crate::contract::types::{Connection, Entry};
use crate::intercom::normalize::join_key;
use crate::intercom::streams;
use crate::json::{self, Object, Outline, Reader};

pub(crate) fn connection() -> Connection {
    Connection {
        config: br#"{"api_version":"2.16","custom_object_types":["Order"]}"#.to_vec(),
        mapping: None,
        triggers: None,
        account: None,
        prepared: None,
    }
}

/// That an entry is one of its stream, with the key that its payload holds.
fn assert_entry(entry: &Entry) {
    let stream = streams::find(&entry.stream);
    let stream = stream.unwrap_or_else(|| panic!("there is no stream {}", entry.stream));
    let object = json::parse::<Object>(&entry.payload);
    assert!(object.is_ok(), "a payload is no object: {object:?}");
    let text = String::from_utf8_lossy(&entry.payload);
    let Ok(payload) = Outline::next(&mut Reader::new(&text)) else {
        panic!("a payload is no JSON")
    };
    let parts: Option<Vec<String>> = stream
        .key
        .iter()
        .map(|name| payload.text_of(name))
        .collect();
    let parts = parts.unwrap_or_else(|| panic!("a payload of {} lacks its key", stream.name));
    assert_eq!(join_key(parts), entry.key, "{}", stream.name);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    /// What the fuzz targets begin with.
    #[test]
    fn what_holds_does_so_for_every_seed() {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
        type Holds = fn(&[u8]);
        let targets = [
            ("cursor", super::cursor as Holds),
            ("mapping", super::mapping),
            ("page", super::page),
            ("webhook_body", super::webhook_body),
        ];
        for (target, holds) in targets {
            let files: Vec<_> = std::fs::read_dir(seeds.join(target)).unwrap().collect();
            assert!(files.len() >= 5, "{target}");
            for file in files {
                holds(&std::fs::read(file.unwrap().path()).unwrap());
            }
        }
    }
}
