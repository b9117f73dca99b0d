//! `field_mapping`, or `mapping` for short: what becomes of the provider's fields, for the component to judge.

use std::fmt;

use serde_json::{Map, Value};

use super::document::{Content, Node};
use super::problems::{Problems, join};
use super::section::Section;

/// The key that names a mapping which comes with the component; its parameters stand beside it.
pub const PRESET: &str = "preset";

/// What becomes of fields, as the component takes it. `Debug` shows no value: there may be secrets among them.
#[derive(Clone, PartialEq)]
pub struct FieldMapping {
    /// The mapping as it is given.
    pub fields: Map<String, Value>,
    /// Whether the environment gave a part of it, which is then a secret: what is compiled of it is not stored.
    pub from_environment: bool,
}

impl fmt::Debug for FieldMapping {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.fields.keys()).finish()
    }
}

impl FieldMapping {
    /// A mapping that comes with the component.
    pub fn preset(name: &str) -> FieldMapping {
        let name = (PRESET.to_owned(), Value::String(name.to_owned()));
        FieldMapping {
            fields: Map::from_iter([name]),
            from_environment: false,
        }
    }

    /// Whether it puts records into lists: by the parameters of a preset that do, or by a target.
    pub fn names_lists(&self) -> bool {
        let mut names = self.fields.iter();
        names.any(|(name, value)| {
            name.starts_with("lists") || value.to_string().contains("\"listIds")
        })
    }

    /// The name of the mapping that comes with the component, if it is one.
    pub fn preset_name(&self) -> Option<&str> {
        self.fields.get(PRESET).and_then(Value::as_str)
    }
}

/// Takes the mapping under either of its names.
pub(super) fn take(section: &mut Section<'_>, problems: &mut Problems) -> Option<FieldMapping> {
    let long = section.take("field_mapping");
    let short = section.take("mapping");
    if let (Some(_), Some(node)) = (long, short) {
        problems.say(
            &section.path("mapping"),
            node.line,
            "duplicate_key",
            "`mapping` and `field_mapping` are the same; keep one".to_owned(),
        );
    }
    match (long, short) {
        (Some(node), _) => read(&section.path("field_mapping"), node, problems),
        (None, Some(node)) => read(&section.path("mapping"), node, problems),
        (None, None) => None,
    }
}

/// Reads a mapping: the name of a preset, or keys with what becomes of each.
pub(super) fn read(path: &str, node: &Node, problems: &mut Problems) -> Option<FieldMapping> {
    match &node.content {
        Content::Text(name) => Some(FieldMapping::preset(name)),
        Content::Map(entries) => {
            let preset = entries.iter().any(|(key, _)| key == PRESET);
            for (key, value) in entries.iter().filter(|_| !preset) {
                let named = match &value.content {
                    Content::Text(text) => !text.trim().is_empty(),
                    Content::Number(_) | Content::Null => false,
                    Content::Bool(_) => key == "explain",
                    Content::List(_) | Content::Map(_) | Content::Unresolved => true,
                };
                if !named {
                    let path = join(path, key);
                    problems.push(value.problem(
                        &path,
                        "type",
                        "not the name of a field",
                        "a text",
                    ));
                }
            }
            let document = entries
                .iter()
                .map(|(key, value)| (key.clone(), value.to_json_behind(key)));
            (!entries.is_empty()).then(|| FieldMapping {
                fields: document.collect(),
                from_environment: node.is_from_environment(),
            })
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
