//! The debug mode of a connection: what is asked and answered, and what webhooks bring, in a line each.
//!
//! Its lines have the target `debug`. Nothing of a person is in them: of an address the path is shown as far as it is ids and
//! names, of its query the names and small numbers, and of a body at most the shape.

use serde_json::Value;

/// What is said. Bodies are never shown: at most their shape is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum DebugMode {
    /// Nothing.
    #[default]
    Off,
    /// A line for each request and each webhook.
    Lines,
    /// The shape of bodies as well: keys, and how long texts are.
    Bodies,
}

/// Bytes of a body's shape that are shown.
const SHAPE_BYTES: usize = 8 * 1024;

/// Items of a list whose shape is shown.
const ITEMS: usize = 3;

/// The longest part of a path, name or id that is shown.
const LONGEST: usize = 64;

/// The longest number in a query that is shown: enough for pages and their sizes, too short for a telephone.
const DIGITS: usize = 5;

/// A request's target. What stands between slashes is shown where it can be an id or a name; of a query the names are, and
/// small numbers.
pub(crate) fn masked_target(target: &str) -> String {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let parts: Vec<String> = path.split('/').map(masked_id).collect();
    let mut shown = parts.join("/");
    let separators = std::iter::once('?').chain(std::iter::repeat('&'));
    let query = query.into_iter().flat_map(|query| query.split('&'));
    for (part, separator) in query.zip(separators) {
        shown.push(separator);
        match part.split_once('=') {
            Some((name, value)) => {
                shown.push_str(&masked_id(name));
                shown.push('=');
                let small =
                    value.len() <= DIGITS && value.bytes().all(|byte| byte.is_ascii_digit());
                shown.push_str(&if small {
                    value.to_owned()
                } else {
                    hidden(value)
                });
            }
            None => shown.push_str(&masked_id(part)),
        }
    }
    shown
}

/// An id or a name, as it is where nothing else can be in it: no address, no blank, no telephone's plus.
pub(crate) fn masked_id(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.$:".contains(&byte);
    match text.len() <= LONGEST && text.bytes().all(plain) {
        true => text.to_owned(),
        false => hidden(text),
    }
}

/// The shape of a body: keys and what kind of value they have, texts by their length, and three items of a list.
pub(crate) fn masked_body(body: &[u8]) -> String {
    let mut shown = match serde_json::from_slice::<Value>(body) {
        Ok(value) => shape(&value).to_string(),
        Err(_) => format!("{} bytes that are no JSON", body.len()),
    };
    if shown.len() > SHAPE_BYTES {
        shown.truncate(shown.floor_char_boundary(SHAPE_BYTES));
        shown.push('…');
    }
    shown
}

fn shape(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(_) => "number".into(),
        Value::String(text) => hidden(text).into(),
        Value::Array(items) => {
            let shown = items.iter().take(ITEMS).map(shape);
            let more = items.len().saturating_sub(ITEMS);
            let more = (more > 0).then(|| format!("{more} more").into());
            shown.chain(more).collect()
        }
        Value::Object(fields) => {
            let fields = fields.iter();
            fields
                .map(|(name, value)| (masked_id(name), shape(value)))
                .collect()
        }
    }
}

/// How long something is that is not shown.
fn hidden(text: &str) -> String {
    format!("<{}>", text.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_target_paths_and_names_are_shown() {
        for (target, shown) in [
            ("/contacts", "/contacts"),
            (
                "/contacts/64f0a1b2c3?per_page=150&page=2",
                "/contacts/64f0a1b2c3?per_page=150&page=2",
            ),
            (
                "/events?type=user&email=ada%40example.com",
                "/events?type=<4>&email=<17>",
            ),
            ("/x?phone=353861234567&q", "/x?phone=<12>&q"),
            ("/contacts/ada%40example.com/tags", "/contacts/<17>/tags"),
            ("/a/+353861234567", "/a/<13>"),
        ] {
            assert_eq!(masked_target(target), shown);
        }
    }

    #[test]
    fn of_a_body_the_shape_is_shown() {
        let body = br#"{"email":"ada@example.com","age":41,"ok":true,"none":null,"tags":["a","b","c","d","e"],"x":{"bob@example.com":"y"}}"#;
        assert_eq!(
            masked_body(body),
            r#"{"age":"number","email":"<15>","none":null,"ok":true,"tags":["<1>","<1>","<1>","2 more"],"x":{"<15>":"<1>"}}"#
        );
        assert_eq!(masked_body(b"not json"), "8 bytes that are no JSON");
        let many: Vec<String> = (0..5_000)
            .map(|number| format!("\"k{number}\":1"))
            .collect();
        let many = format!("{{{}}}", many.join(","));
        assert!(masked_body(many.as_bytes()).len() <= SHAPE_BYTES + 4);
    }
}
