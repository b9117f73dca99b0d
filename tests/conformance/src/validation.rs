//! What a validator says about a value, each finding with a name that stays the same from run to run.

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

/// Something that a schema forbids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The place in the schemas: component, properties, keyword, and the property that is missing or not declared.
    pub(crate) place: String,
    /// What is there: a type of JSON, or that nothing is.
    pub(crate) found: &'static str,
    /// For people.
    pub(crate) message: String,
}

/// How much of a message is shown: it may quote a whole page.
const SHOWN: usize = 300;

/// Everything that a schema forbids in a value; `whole` stands for the value in places that lie in no component.
pub(crate) fn findings(validator: &Validator, value: &Value, whole: &str) -> Vec<Finding> {
    if validator.is_valid(value) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for error in validator.iter_errors(value) {
        let place = place(error.schema_path().as_str(), whole);
        let message: String = error.to_string().chars().take(SHOWN).collect();
        let message = format!("{message} (at `{}`)", error.instance_path());
        let mut add = |place: String, found_there| {
            found.push(Finding {
                place,
                found: found_there,
                message: message.clone(),
            });
        };
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                add(
                    format!("{place}/{}", property.as_str().unwrap_or_default()),
                    "absent",
                );
            }
            ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                for name in unexpected {
                    add(format!("{place}/{name}"), "present");
                }
            }
            _ => add(place, type_name(error.instance())),
        }
    }
    found
}

/// A place in a schema without what JSON Schema needs to get there.
fn place(path: &str, whole: &str) -> String {
    let (start, rest) = match path.strip_prefix("/components/schemas/") {
        Some(rest) => rest.split_once('/').unwrap_or((rest, "")),
        None => (whole, path.trim_start_matches('/')),
    };
    let mut place = vec![start];
    let mut segments = rest.split('/');
    while let Some(segment) = segments.next() {
        match segment {
            "properties" => place.extend(segments.next()),
            "unevaluatedProperties" => place.push("undeclared"),
            // What became of `nullable`.
            "else" => {}
            other => place.push(other),
        }
    }
    place.join("/")
}

pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::document::Document;
    use crate::schema::Objects;

    #[test]
    fn places_are_those_of_the_document() {
        let text = "
openapi: 3.0.1
paths: {}
components:
  schemas:
    tag: { type: object, required: [id, properties], properties: { id: { type: string, nullable: true } } }
";
        let document = Document::parse("test", text).unwrap();
        let schema = json!({
            "type": "object",
            "properties": { "data": { "type": "array", "items": { "$ref": "#/components/schemas/tag" } }, "type": { "enum": ["list"] } },
        });
        let validator = document.validator(String::new(), &schema, Objects::Closed);
        let value = json!({ "data": [{ "id": 1, "nmae": 1 }], "type": 2.5, "x": 1 });
        let mut found: Vec<(String, &str)> = findings(&validator, &value, "body")
            .into_iter()
            .map(|finding| (finding.place, finding.found))
            .collect();
        found.sort();
        let expected = [
            ("body/data/items/undeclared/nmae", "present"),
            ("body/type/enum", "number"),
            ("body/undeclared/x", "present"),
            ("tag/id/type", "integer"),
            ("tag/required/properties", "absent"),
        ];
        assert_eq!(
            found,
            expected.map(|(place, found)| (place.to_owned(), found))
        );
    }
}
