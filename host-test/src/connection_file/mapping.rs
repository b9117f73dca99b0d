//! `field_mapping`: how the provider's fields are called at the customer's.

use serde_json::{Map, Value};

use super::document::{Content, Node};
use super::problems::{Problems, join};

/// The stream that a flat mapping is about.
pub const FLAT_MAPPING_STREAM: &str = "contacts";

/// How fields are renamed.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldMapping {
    /// A mapping that comes with the component, by its name.
    Preset(String),
    /// For each stream a mapping from the provider's field (a dotted path) to what the component makes of it: most
    /// often the customer's name for it.
    Fields(Map<String, Value>),
}

/// Reads a mapping: texts at the top are about contacts, mappings at the top are about the stream of their name.
pub(super) fn read(path: &str, node: &Node, problems: &mut Problems) -> Option<FieldMapping> {
    match &node.content {
        Content::Text(name) => Some(FieldMapping::Preset(name.clone())),
        Content::Map(entries) => {
            let mut streams = Map::new();
            for (key, value) in entries {
                let path = join(path, key);
                match &value.content {
                    Content::Map(fields) => {
                        for (field, target) in fields {
                            insert(
                                &mut streams,
                                key,
                                field,
                                target,
                                &join(&path, field),
                                problems,
                            );
                        }
                    }
                    _ => insert(
                        &mut streams,
                        FLAT_MAPPING_STREAM,
                        key,
                        value,
                        &path,
                        problems,
                    ),
                }
            }
            (!streams.is_empty()).then_some(FieldMapping::Fields(streams))
        }
        Content::Null | Content::Unresolved => None,
        _ => {
            problems.push(node.problem(
                path,
                "type",
                "not a mapping of fields",
                "FIELD: NAME, or the name of a preset",
            ));
            None
        }
    }
}

fn insert(
    streams: &mut Map<String, Value>,
    stream: &str,
    field: &str,
    target: &Node,
    path: &str,
    problems: &mut Problems,
) {
    let target_json = match &target.content {
        Content::Unresolved => return,
        Content::Text(text) if !text.trim().is_empty() => Value::String(text.clone()),
        // More than a name (a default, a conversion): the component knows what it understands.
        Content::Map(_) => target.to_json(),
        _ => {
            problems.push(target.problem(path, "type", "not the name of a field", "a text"));
            return;
        }
    };
    let fields = streams
        .entry(stream)
        .or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(fields) = fields {
        if fields.contains_key(field) {
            problems.say(
                path,
                target.line,
                "duplicate_key",
                format!("{stream}.{field} is mapped twice"),
            );
            return;
        }
        fields.insert(field.to_owned(), target_json);
    }
}
