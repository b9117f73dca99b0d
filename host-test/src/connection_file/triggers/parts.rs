//! Conditions that look at what hangs on a row, such as what was said in a conversation. Lists of the provider show rows
//! without it.

use serde_json::{Map, Value};

/// Members that look for words.
const WORDS: &[&str] = &["keyword", "keywords"];

/// The member that asks who wrote last.
const AUTHOR: &str = "author";

/// Members that say where to look.
const PLACES: &[&str] = &["path", "in"];

/// Whether a condition looks at the rows that a field embeds.
pub(super) fn look_at(condition: &Value, field: &str) -> bool {
    match condition {
        Value::Object(members) => {
            looks_at(members, field) || members.values().any(|value| look_at(value, field))
        }
        Value::Array(items) => items.iter().any(|item| look_at(item, field)),
        _ => false,
    }
}

fn looks_at(members: &Map<String, Value>, field: &str) -> bool {
    let is_within = |path: &str| {
        let rest = path.strip_prefix(field);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let names_it = |place: &Value| match place {
        Value::String(path) => is_within(path),
        Value::Array(paths) => paths.iter().filter_map(Value::as_str).any(is_within),
        _ => false,
    };
    let mut places = PLACES.iter().filter_map(|name| members.get(*name));
    let has = |name: &&str| members.contains_key(*name);
    // Words are looked for everywhere where nothing says where.
    match WORDS.iter().any(has) && places.clone().next().is_none() {
        true => true,
        false => members.contains_key(AUTHOR) || places.any(names_it),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_said_is_looked_at_by_words_authors_and_paths() {
        for condition in [
            json!({"keywords": ["refund"]}),
            json!({"any": [{"path": "state", "equals": "open"}, {"not": {"keyword": "refund"}}]}),
            json!([{"author": "user"}]),
            json!({"keywords": ["a"], "in": ["title", "conversation_parts"]}),
            json!({"path": "conversation_parts.total_count", "at_least": 2}),
        ] {
            assert!(look_at(&condition, "conversation_parts"), "{condition}");
        }
        for condition in [
            json!({"path": "state", "in": ["open", "keywords"]}),
            json!({"keywords": ["a"], "in": "title"}),
            json!({"keyword": "a", "path": "source.body"}),
            json!({"path": "conversation_parts_count", "present": true}),
            json!({"tag": "vip", "waiting": "1h"}),
        ] {
            assert!(!look_at(&condition, "conversation_parts"), "{condition}");
        }
    }
}
