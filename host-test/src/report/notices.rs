//! Notices of a stream, each once: the same thing on a thousand rows is one line with a number.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::contract::types::Notice;

/// So many places of one kind are told apart; what is beyond counts without its place.
const MOST_PLACES: usize = 20;

/// The kind of notices about rows that are no records.
pub const QUARANTINED: &str = "quarantined";

/// The kind of the notice that a stream begins anew, because only versions that were taken back have read it.
pub const READ_ANEW: &str = "read_anew";

/// What was said about a stream, by kind and place. It holds no document and no key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices(BTreeMap<(String, Option<String>), Told>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    count: u64,
    /// What the first of them said.
    message: String,
}

impl Notices {
    /// Adds a notice; true when it is the first of its kind and place.
    pub fn add(&mut self, notice: &Notice) -> bool {
        let mut place = notice.path.as_deref().map(without_numbers);
        let of_kind = |(kind, _): &&(String, Option<String>)| *kind == notice.kind;
        let known = self.0.contains_key(&(notice.kind.clone(), place.clone()));
        if !known && self.0.keys().filter(of_kind).count() >= MOST_PLACES {
            place = None;
        }
        let told = self.0.entry((notice.kind.clone(), place)).or_default();
        told.count += 1;
        if told.count == 1 {
            told.message.clone_from(&notice.message);
        }
        told.count == 1
    }

    /// Adds those of another stream.
    pub fn merge(&mut self, others: &Notices) {
        for (kind_and_place, other) in &others.0 {
            let told = self.0.entry(kind_and_place.clone()).or_default();
            told.count += other.count;
            if told.message.is_empty() {
                told.message.clone_from(&other.message);
            }
        }
    }

    /// How many there were of a kind.
    pub fn count(&self, wanted: &str) -> u64 {
        self.counts().get(wanted).copied().unwrap_or(0)
    }

    /// How many there were of each kind.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for ((kind, _), told) in &self.0 {
            *counts.entry(kind.clone()).or_default() += told.count;
        }
        counts
    }

    /// For people, a line each.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|((kind, place), told)| {
            let place = place
                .as_deref()
                .map_or_else(String::new, |place| format!(" at {place}"));
            format!("{} × {kind}{place}: {}", told.count, told.message)
        })
    }

    /// For programs: each with kind, path, number and what the first said.
    pub fn to_json(&self) -> Value {
        let all = self.0.iter().map(|((kind, path), told)| {
            json!({"kind": kind, "path": path, "count": told.count, "message": told.message})
        });
        all.collect()
    }
}

/// A path in which the place within a list does not count: `data[3].id` and `data[7].id` are the same place.
fn without_numbers(path: &str) -> String {
    let mut parts = path.split('[');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push('[');
        text.push_str(part.trim_start_matches(|character: char| character.is_ascii_digit()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(kind: &str, path: Option<&str>) -> Notice {
        Notice {
            kind: kind.to_owned(),
            message: format!("{kind} it is"),
            stream: Some("contacts".to_owned()),
            key: Some("key-of-a-row".to_owned()),
            path: path.map(str::to_owned),
            document: Some(b"\"personal\"".to_vec()),
        }
    }

    #[test]
    fn the_same_is_said_once_and_counted() {
        let mut notices = Notices::default();
        assert!(notices.add(&notice("drift", Some("tags[0].id"))));
        assert!(!notices.add(&notice("drift", Some("tags[12].id"))));
        assert!(notices.add(&notice("drift", Some("phone"))));
        assert!(notices.add(&notice("gap", None)));
        let lines: Vec<String> = notices.lines().collect();
        assert_eq!(
            lines,
            [
                "1 × drift at phone: drift it is",
                "2 × drift at tags[].id: drift it is",
                "1 × gap: gap it is"
            ]
        );
        assert_eq!((notices.count("drift"), notices.count("repeat")), (3, 0));
        let text = format!("{} {lines:?}", notices.to_json());
        assert!(
            !text.contains("personal") && !text.contains("key-of-a-row"),
            "{text}"
        );
    }

    #[test]
    fn places_are_bounded_and_nothing_is_lost() {
        let mut notices = Notices::default();
        for number in 0..1_000 {
            notices.add(&notice("drift", Some(&format!("field_{number}"))));
        }
        assert_eq!(notices.count("drift"), 1_000);
        assert_eq!(notices.lines().count(), MOST_PLACES + 1);
        let mut total = Notices::default();
        total.merge(&notices);
        total.merge(&notices);
        assert_eq!(total.count("drift"), 2_000);
    }
}
