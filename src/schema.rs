//! JSON Schemas of canonical records, made from the tables of fields.

use crate::intercom::fields::{Field, Kind};
use crate::intercom::streams::Stream;
use crate::json::{Member, Object, Unexpected, Value, quoted};

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
    let own = attributes
        .iter()
        .filter(|attribute| attribute.custom != Some(false));
    let own: Vec<String> = own
        .map(|attribute| format!("{}:{}", quoted(&attribute.name), of_attribute(attribute)))
        .collect();
    let key: Vec<String> = stream.key.iter().map(|name| quoted(name)).collect();
    format!(
        r#"{{"$schema":"https://json-schema.org/draft/2020-12/schema","title":"{}","type":"object","required":[{}],"properties":{{{}}},"additionalProperties":true}}"#,
        stream.name,
        key.join(","),
        properties(stream.fields, &own.join(",")),
    )
}

fn properties(fields: &[Field], attributes: &str) -> String {
    let all: Vec<String> = fields
        .iter()
        .map(|field| format!("{}{}", field.written, of_kind(field.kind, attributes)))
        .collect();
    all.join(",")
}

fn of_kind(kind: Kind, attributes: &str) -> String {
    let fixed = match kind {
        Kind::Text | Kind::Reference => r#"{"type":["string","null"]}"#,
        Kind::Epoch => r#"{"type":["integer","null"],"description":"Unix seconds"}"#,
        Kind::Integer => r#"{"type":["number","null"]}"#,
        Kind::Boolean => r#"{"type":["boolean","null"]}"#,
        Kind::Object => r#"{"type":["object","null"]}"#,
        Kind::List => r#"{"type":["array","null"]}"#,
        Kind::Any => "{}",
        Kind::Elsewhere => r#"{"type":"null","description":"Rows of a stream of their own"}"#,
        Kind::Wrapped(&(_, field)) => {
            return format!(
                r#"{{"type":["object","null"],"properties":{{"{field}":{{"type":["string","null"]}}}}}}"#
            );
        }
        Kind::Attributes => {
            return format!(r#"{{"type":["object","null"],"properties":{{{attributes}}}}}"#);
        }
        Kind::Nested(fields) => {
            return format!(
                r#"{{"type":["object","null"],"properties":{{{}}}}}"#,
                properties(fields, "")
            );
        }
    };
    fixed.to_owned()
}

fn of_attribute(attribute: &Attribute) -> String {
    let name = match attribute.data_type.as_deref() {
        Some("string" | "options" | "list") => "string",
        Some("integer" | "date" | "datetime") => "integer",
        Some("float" | "decimal") => "number",
        Some("boolean") => "boolean",
        _ => return "{}".to_owned(),
    };
    let description = match attribute.description.as_deref() {
        Some(text) if !text.is_empty() => format!(r#","description":{}"#, quoted(text)),
        _ => String::new(),
    };
    let deprecated = if attribute.archived {
        r#","deprecated":true"#
    } else {
        ""
    };
    format!(r#"{{"type":["{name}","null"]{description}{deprecated}}}"#)
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
