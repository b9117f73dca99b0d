//! JSON Schemas of canonical records, made from the tables of fields.

use records::add;

use crate::intercom::fields::{Field, Kind};
use crate::intercom::streams::Stream;
use crate::json::{Member, Object, Unexpected, Value, quoted};
use crate::prelude::*;

/// A custom attribute of a workspace, from `GET /data_attributes`.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// Its name within `custom_attributes`.
    pub name: String,
    /// `string`, `integer`, `float`, `boolean`, `date`, `options` …
    pub data_type: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Whether it is one of the workspace's own; absent where all of them are.
    pub custom: Option<bool>,
    /// Whether it was archived.
    pub archived: bool,
}

impl<'a> Value<'a> for Attribute {
    fn read(member: Member<'a>) -> Result<Self, Unexpected> {
        let mut members = Object::read(member)?;
        let mut take = members.taking();
        let attribute = Self {
            name: take.member("name"),
            data_type: take.member("data_type"),
            description: take.member("description"),
            custom: take.member("custom"),
            archived: take.member::<Option<_>>("archived").unwrap_or_default(),
        };
        take.end(attribute)
    }
}

/// The schema of a stream's canonical record, with the workspace's own attributes where they are known.
pub fn of_stream(stream: &Stream, attributes: &[Attribute]) -> String {
    let mut out = String::with_capacity(CAPACITY);
    add(
        &mut out,
        &[
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","title":""#,
            stream.name,
            r#"","type":"object","required":"#,
        ],
    );
    names(&mut out, stream.key.iter().copied());
    out.push_str(r#","properties":{"#);
    add_properties(&mut out, stream.fields, attributes);
    out.push_str(r#"},"additionalProperties":true}"#);
    out
}

fn add_properties(out: &mut String, fields: &[Field], attributes: &[Attribute]) {
    for (index, field) in fields.iter().enumerate() {
        add(out, &[comma(index), field.written]);
        add_kind(out, *field.kind, attributes);
    }
}

fn add_kind(out: &mut String, kind: Kind, attributes: &[Attribute]) {
    const PROPERTIES: &str = r#"{"type":["object","null"],"properties":{"#;
    let rest = match kind {
        Kind::Text | Kind::Reference => r#"{"type":["string","null"]}"#,
        Kind::Epoch => r#"{"type":["integer","null"],"description":"Unix seconds"}"#,
        Kind::Integer => r#"{"type":["number","null"]}"#,
        Kind::Boolean => r#"{"type":["boolean","null"]}"#,
        Kind::Object => r#"{"type":["object","null"]}"#,
        Kind::List => r#"{"type":["array","null"]}"#,
        Kind::Any => "{}",
        Kind::Elsewhere => r#"{"type":"null","description":"Rows of a stream of their own"}"#,
        Kind::Wrapped(&(_, field)) => {
            return add(
                out,
                &[PROPERTIES, "\"", field, r#"":{"type":["string","null"]}}}"#],
            );
        }
        Kind::Attributes => {
            out.push_str(PROPERTIES);
            let own = attributes
                .iter()
                .filter(|attribute| attribute.custom != Some(false));
            for (index, attribute) in own.enumerate() {
                add_attribute(out, comma(index), attribute);
            }
            "}}"
        }
        Kind::Nested(fields) => {
            out.push_str(PROPERTIES);
            add_properties(out, fields, &[]);
            "}}"
        }
    };
    add(out, &[rest]);
}

fn add_attribute(out: &mut String, comma: &str, attribute: &Attribute) {
    let name = match attribute.data_type.as_deref() {
        Some("string" | "options" | "list") => "string",
        Some("integer" | "date" | "datetime") => "integer",
        Some("float" | "decimal") => "number",
        Some("boolean") => "boolean",
        _ => return add(out, &[comma, &quoted(&attribute.name), ":{}"]),
    };
    let description = match attribute.description.as_deref() {
        Some(text) if !text.is_empty() => [r#","description":"#, &quoted(text)].concat(),
        _ => String::new(),
    };
    let deprecated = if attribute.archived {
        r#","deprecated":true"#
    } else {
        ""
    };
    add(
        out,
        &[
            comma,
            &quoted(&attribute.name),
            r#":{"type":[""#,
            name,
            r#"","null"]"#,
            &description,
            deprecated,
            "}",
        ],
    );
}

/// Most schemas are no longer; a text that grows is copied.
pub const CAPACITY: usize = 4_096;

/// Adds a list of names, in which nothing has to be escaped.
pub fn names<'a>(out: &mut String, names: impl Iterator<Item = &'a str>) {
    out.push('[');
    for (index, name) in names.enumerate() {
        add(out, &[comma(index), "\"", name, "\""]);
    }
    out.push(']');
}

/// What stands before a member of an object or a list.
pub fn comma(index: usize) -> &'static str {
    if index == 0 { "" } else { "," }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Attribute, of_stream};
    use crate::intercom::streams::{STREAMS, find};

    fn schema(stream: &str, attributes: &[Attribute]) -> Value {
        serde_json::from_str(&of_stream(find(stream).unwrap(), attributes)).unwrap()
    }

    #[test]
    fn every_declared_field_is_in_the_schema() {
        for stream in STREAMS {
            let schema = schema(stream.name, &[]);
            for field in stream.fields {
                assert!(
                    schema["properties"].get(field.name()).is_some(),
                    "{}.{}",
                    stream.name,
                    field.name()
                );
            }
            assert_eq!(schema["required"], json!(stream.key));
        }
        assert_eq!(
            schema("companies", &[])["properties"]["plan"]["properties"]["id"],
            json!({"type": ["string", "null"]})
        );
    }

    #[test]
    fn the_workspaces_own_attributes_are_added_and_archived_ones_marked() {
        let attribute = |name: &str, data_type: &str, custom, archived| Attribute {
            name: name.to_owned(),
            data_type: Some(data_type.to_owned()),
            description: Some("a \"b\"".to_owned()),
            custom: Some(custom),
            archived,
        };
        let schema = schema(
            "contacts",
            &[
                attribute("the \"plan\"", "string", true, false),
                attribute("old", "date", true, true),
                attribute("email", "string", false, false),
            ],
        );
        assert_eq!(
            schema["properties"]["custom_attributes"]["properties"],
            json!({
                "the \"plan\"": { "type": ["string", "null"], "description": "a \"b\"" },
                "old": { "type": ["integer", "null"], "description": "a \"b\"", "deprecated": true },
            })
        );
    }
}
