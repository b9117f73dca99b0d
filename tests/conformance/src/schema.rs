//! OpenAPI 3.0's schemas as JSON Schema 2020-12: the one place where the two differ.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::document::Document;

/// What an object may have beside its declared properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Objects {
    /// Anything, as JSON Schema says. Intercom's answers have more than is declared.
    Open,
    /// Nothing, unless the schema says so: a misspelt property of a request must not pass.
    Closed,
}

/// Keywords that mean the same in both.
const SAME: &[&str] = &[
    "enum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "required",
    "type",
    "uniqueItems",
];

/// Keywords that say nothing about validity.
const SILENT: &[&str] = &[
    "default",
    "deprecated",
    "description",
    "discriminator",
    "example",
    "externalDocs",
    // As JSON Schema has it: a note. The documents call integers dates, and paths addresses.
    "format",
    "readOnly",
    "title",
    "writeOnly",
    "xml",
];

/// A schema of a document, with the components that it refers to.
///
/// # Panics
/// When it has a keyword that is not known here: passed over, it would let pass what it forbids.
pub(crate) fn json_schema(document: &Document, schema: &Value, objects: Objects) -> Value {
    let mut translation = Translation {
        document,
        objects,
        components: BTreeMap::new(),
    };
    let mut root = translation.whole(schema);
    let components: Map<String, Value> = translation
        .components
        .into_iter()
        .filter_map(|(name, component)| Some((name, component?)))
        .collect();
    root["components"] = json!({ "schemas": components });
    root
}

struct Translation<'a> {
    document: &'a Document,
    objects: Objects,
    /// The components so far; nothing for one that is being translated.
    components: BTreeMap<String, Option<Value>>,
}

impl Translation<'_> {
    /// The schema of a whole value.
    fn whole(&mut self, schema: &Value) -> Value {
        let closed = self.objects == Objects::Closed && self.declares_properties(schema);
        self.translate(schema, closed)
    }

    /// The schema of one of several that a value is put together of: what it does not declare, another may.
    fn part(&mut self, schema: &Value) -> Value {
        self.translate(schema, false)
    }

    fn translate(&mut self, schema: &Value, closed: bool) -> Value {
        let keywords = schema.as_object();
        let mut translated: Map<String, Value> = keywords
            .into_iter()
            .flatten()
            .filter_map(|(keyword, value)| self.keyword(schema, keyword, value))
            .map(|(keyword, value)| (keyword.to_owned(), value))
            .collect();
        if closed {
            translated.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
        }
        if schema["nullable"] == true {
            // Not `anyOf`, whose errors do not say what is wrong with a value that is not null.
            return json!({ "if": { "type": "null" }, "else": translated });
        }
        Value::Object(translated)
    }

    /// What becomes of a keyword of a schema; nothing when it says nothing by itself.
    fn keyword<'k>(
        &mut self,
        schema: &Value,
        keyword: &'k str,
        value: &Value,
    ) -> Option<(&'k str, Value)> {
        let translated = match keyword {
            // A reference to nothing forbids nothing.
            "$ref" => self.component(value)?,
            "properties" => {
                let properties = value.as_object().into_iter().flatten();
                let properties = properties.map(|(name, one)| (name.clone(), self.whole(one)));
                Value::Object(properties.collect())
            }
            "additionalProperties" if value.is_boolean() => value.clone(),
            "items" | "additionalProperties" => self.whole(value),
            "not" => self.part(value),
            "allOf" | "anyOf" | "oneOf" => return self.parts(schema, keyword, value),
            "maximum" if schema["exclusiveMaximum"] == true => {
                return Some(("exclusiveMaximum", value.clone()));
            }
            "minimum" if schema["exclusiveMinimum"] == true => {
                return Some(("exclusiveMinimum", value.clone()));
            }
            // Translated with what they belong to.
            "exclusiveMaximum" | "exclusiveMinimum" | "nullable" => return None,
            same if SAME.contains(&same) => value.clone(),
            silent if SILENT.contains(&silent) || silent.starts_with("x-") => return None,
            unknown => panic!(
                "{}: the keyword `{unknown}` of a schema is not known",
                self.document.name()
            ),
        };
        Some((keyword, translated))
    }

    /// What a value is put together of.
    fn parts<'k>(
        &mut self,
        schema: &Value,
        keyword: &'k str,
        value: &Value,
    ) -> Option<(&'k str, Value)> {
        let parts = value.as_array().map_or(&[][..], Vec::as_slice);
        if let [only] = parts
            && only["$ref"].is_string()
            && schema["$ref"].is_null()
        {
            // One of one is that one; written as a reference, its errors say what is wrong.
            return Some(("$ref", self.component(&only["$ref"])?));
        }
        let keyword = match keyword {
            // The kinds of a request overlap: Intercom's own examples of requests are of several at once.
            "oneOf" if self.objects == Objects::Closed => "anyOf",
            other => other,
        };
        Some((keyword, parts.iter().map(|part| self.part(part)).collect()))
    }

    /// Translates the component that is referred to; gives the reference.
    fn component(&mut self, reference: &Value) -> Option<Value> {
        let name = component_name(reference)?;
        if !self.components.contains_key(name) {
            let component = self.document.component(name)?;
            self.components.insert(name.to_owned(), None);
            let translated = self.part(component);
            self.components.insert(name.to_owned(), Some(translated));
        }
        Some(reference.clone())
    }

    /// Whether a schema says which properties an object has.
    fn declares_properties(&self, schema: &Value) -> bool {
        if let Some(name) = component_name(&schema["$ref"]) {
            return self
                .document
                .component(name)
                .is_some_and(|component| self.declares_properties(component));
        }
        let parts = ["allOf", "anyOf", "oneOf"];
        schema["properties"]
            .as_object()
            .is_some_and(|properties| !properties.is_empty())
            || parts
                .iter()
                .filter_map(|keyword| schema[keyword].as_array())
                .flatten()
                .any(|part| self.declares_properties(part))
    }
}

fn component_name(reference: &Value) -> Option<&str> {
    reference.as_str()?.strip_prefix("#/components/schemas/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
openapi: 3.0.1
paths: {}
components:
  schemas:
    person:
      type: object
      required: [name]
      properties:
        name: { type: string, x-note: a, description: b, example: c }
        age: { type: integer, nullable: true, minimum: 0, exclusiveMinimum: true }
        friend: { $ref: '#/components/schemas/person', nullable: true }
        plan: { type: string, enum: [free, paid], nullable: true }
        attributes: { type: object }
        missing: { $ref: '#/components/schemas/nowhere' }
    worker:
      allOf:
        - $ref: '#/components/schemas/person'
        - { type: object, properties: { job: { type: string } } }
    only: { oneOf: [{ $ref: '#/components/schemas/person' }] }
";

    fn errors(objects: Objects, component: &str, value: &Value) -> Vec<String> {
        let document = Document::parse("test", TEXT).unwrap();
        let schema = json!({ "$ref": format!("#/components/schemas/{component}") });
        let validator = document.validator(String::new(), &schema, objects);
        validator
            .iter_errors(value)
            .map(|error| error.to_string())
            .collect()
    }

    #[test]
    fn what_openapi_says_differently_is_understood() {
        let person = json!({
            "name": "Ada", "age": null, "friend": { "name": "Bob", "age": 1, "friend": null }, "plan": null,
            "attributes": { "any": 1 }, "missing": [1],
        });
        assert_eq!(
            errors(Objects::Open, "person", &person),
            Vec::<String>::new()
        );
        for (wrong, why) in [
            (json!({ "name": null }), "null is not of type \"string\""),
            (
                json!({ "name": "Ada", "age": 0 }),
                "0 is less than or equal to the minimum of 0",
            ),
            (
                json!({ "name": "Ada", "friend": {} }),
                "\"name\" is a required property",
            ),
            (
                json!({ "name": "Ada", "plan": "gold" }),
                "\"gold\" is not one of \"free\" or \"paid\"",
            ),
        ] {
            assert_eq!(errors(Objects::Open, "person", &wrong), [why]);
        }
    }

    #[test]
    fn a_closed_object_has_only_what_is_declared_anywhere() {
        let worker = json!({ "name": "Ada", "job": "smith", "attributes": { "any": 1 } });
        assert_eq!(
            errors(Objects::Closed, "worker", &worker),
            Vec::<String>::new()
        );
        for undeclared in [
            json!({ "name": "Ada", "jbo": 1 }),
            json!({ "name": "Ada", "friend": { "name": "Bob", "jbo": 1 } }),
        ] {
            assert_eq!(
                errors(Objects::Open, "worker", &undeclared),
                Vec::<String>::new()
            );
            let found = errors(Objects::Closed, "worker", &undeclared);
            assert!(found.iter().any(|error| error.contains("jbo")), "{found:?}");
        }
    }

    #[test]
    fn one_of_one_is_that_one() {
        let wrong = json!({ "name": "Ada", "age": "1" });
        assert_eq!(
            errors(Objects::Closed, "only", &wrong),
            ["\"1\" is not of type \"integer\""]
        );
    }

    #[test]
    fn an_unknown_keyword_is_not_passed_over() {
        let document = Document::parse("test", TEXT).unwrap();
        let schema = json!({ "type": "integer", "minimun": 1 });
        let translate = || json_schema(&document, &schema, Objects::Open);
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(translate)).is_err());
    }
}
