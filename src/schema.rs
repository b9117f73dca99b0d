//! JSON Schemas of canonical records, and what a workspace adds to them.

mod lists;
pub mod record;

use records::add;

use crate::json::{self, Member, Object, Unexpected, Value, quoted};
use crate::lasting;
use crate::prelude::*;
use records::search::replaced;

pub use lists::{comma, names};

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

/// The schema of a stream's canonical record with the workspace's own attributes, where it has any.
pub fn with_attributes(schema: &'static [u8], attributes: &[Attribute]) -> Vec<u8> {
    let own = attributes
        .iter()
        .filter(|attribute| attribute.custom != Some(false));
    let mut properties = String::new();
    for attribute in own {
        add_attribute(&mut properties, attribute);
    }
    if properties.is_empty() {
        return lasting::bytes(schema);
    }
    let schema = json::text(schema).unwrap_or_default();
    let properties = [r#""properties":{"#, &properties, "}"].joined("");
    replaced(schema, NONE, &properties).into_bytes()
}

/// What stands in a schema where attributes belong, and nowhere else.
const NONE: &str = r#""properties":{}"#;

fn add_attribute(out: &mut String, attribute: &Attribute) {
    let comma = comma(out.len());
    let name = match attribute.data_type.as_deref() {
        Some("string" | "options" | "list") => "string",
        Some("integer" | "date" | "datetime") => "integer",
        Some("float" | "decimal") => "number",
        Some("boolean") => "boolean",
        _ => return add(out, &[comma, &quoted(&attribute.name), ":{}"]),
    };
    let description = match attribute.description.as_deref() {
        Some(text) if !text.is_empty() => [r#","description":"#, &quoted(text)].joined(""),
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Attribute, NONE, record, with_attributes};
    use crate::intercom::fields::{Field, Kind};
    use crate::intercom::streams::{STREAMS, find};

    fn schema(stream: &str, attributes: &[Attribute]) -> Value {
        let schema = record::of_stream(find(stream).unwrap()).leak();
        serde_json::from_slice(&with_attributes(schema.as_bytes(), attributes)).unwrap()
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
            let has_attributes = |field: &Field| *field.kind == Kind::Attributes;
            assert_eq!(
                record::of_stream(stream).matches(NONE).count(),
                stream
                    .fields
                    .iter()
                    .filter(|field| has_attributes(field))
                    .count()
            );
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
