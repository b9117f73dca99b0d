//! JSON Schema of a stream's canonical record, made from the table of its fields, for the build script: the component has it packed.

use records::add;

use super::{comma, names};
use crate::intercom::fields::{Field, Kind};
use crate::intercom::streams::Stream;
use crate::prelude::*;

/// The schema of a stream's canonical record, with no attribute of a workspace's own.
pub fn of_stream(stream: &Stream) -> String {
    let mut out =
        String::from(r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","title":""#);
    add(&mut out, &[stream.name, r#"","type":"object","required":"#]);
    names(&mut out, stream.key.iter().copied());
    out.push_str(r#","properties":{"#);
    add_properties(&mut out, stream.fields);
    out.push_str(r#"},"additionalProperties":true}"#);
    out
}

fn add_properties(out: &mut String, fields: &[Field]) {
    for (index, field) in fields.iter().enumerate() {
        add(out, &[comma(index), field.written]);
        add_kind(out, *field.kind);
    }
}

fn add_kind(out: &mut String, kind: Kind) {
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
        Kind::Attributes => return add(out, &[PROPERTIES, "}}"]),
        Kind::Nested(fields) => {
            out.push_str(PROPERTIES);
            add_properties(out, fields);
            "}}"
        }
    };
    add(out, &[rest]);
}
