//! Where a document's own examples contradict its schemas. The examples were recorded from the API: they are right.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::Document;
use crate::examples::Example;
use crate::exceptions::{ANY, EXCEPTIONS, Exception};
use crate::response::findings_in;
use crate::schema::Objects;
use crate::validation::{Finding, findings};

/// A place in the schemas that examples contradict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The place: component, properties, keyword.
    pub place: String,
    /// What the examples have there.
    pub found: &'static str,
    /// Where the first example is.
    pub example: String,
    /// How many examples there are.
    pub examples: usize,
}

impl Contradiction {
    /// Whether the examples have there what was found.
    pub(crate) fn allows(&self, finding: &Finding) -> bool {
        self.place == finding.place && self.found == finding.found
    }
}

/// Holds every example of a document against its schema: those of answers, and those of components and their parts.
pub(crate) fn find(document: &Document) -> Vec<Contradiction> {
    let mut search = Search::default();
    for example in document.examples() {
        let Example {
            operation,
            status,
            schema,
            value,
            ..
        } = &example;
        search.add(
            &example.label(),
            findings_in(operation, *status, schema, value),
        );
    }
    let components = document.root()["components"]["schemas"].as_object();
    for (name, component) in components.into_iter().flatten() {
        search.schema(document, name, component);
    }
    search.0.into_values().collect()
}

/// The contradictions so far, by place and by what is there.
#[derive(Default)]
struct Search(BTreeMap<(String, &'static str), Contradiction>);

impl Search {
    fn add(&mut self, example: &str, mut findings: Vec<Finding>) {
        // A list may show the same at each of its items.
        findings.sort_by(|one, other| (&one.place, one.found).cmp(&(&other.place, other.found)));
        findings.dedup_by(|one, other| one.place == other.place && one.found == other.found);
        for Finding { place, found, .. } in findings {
            let contradiction = Contradiction {
                place: place.clone(),
                found,
                example: example.to_owned(),
                examples: 0,
            };
            self.0
                .entry((place, found))
                .or_insert(contradiction)
                .examples += 1;
        }
    }

    /// Adds what the examples in a schema contradict.
    fn schema(&mut self, document: &Document, place: &str, schema: &Value) {
        if let Some(example) = schema.get("example") {
            let validator = document.validator(format!("component {place}"), schema, Objects::Open);
            self.add(
                &format!("schema {place}"),
                findings(&validator, example, place),
            );
        }
        let properties = schema["properties"].as_object().into_iter().flatten();
        for (name, property) in properties {
            self.schema(document, &format!("{place}/{name}"), property);
        }
        for keyword in ["items", "additionalProperties"] {
            if let Some(part) = schema.get(keyword) {
                self.schema(document, &format!("{place}/{keyword}"), part);
            }
        }
    }
}

/// The contradictions of documents and the exceptions, as a page for people.
pub fn page<'a>(documents: impl IntoIterator<Item = &'a Document>) -> String {
    let mut page = String::from(INTRODUCTION);
    for document in documents {
        let contradictions = document.contradictions();
        let (name, count) = (document.name(), contradictions.len());
        let examples = document.examples().count();
        page += &format!("\n## {name}\n\n{examples} examples of answers, {count} places.\n\n");
        page += "| place | examples have | first example | examples |\n|---|---|---|---|\n";
        for Contradiction {
            place,
            found,
            example,
            examples,
        } in contradictions
        {
            page += &format!("| `{place}` | {found} | `{example}` | {examples} |\n");
        }
    }
    page += EXCEPTED;
    for exception in EXCEPTIONS {
        let Exception {
            document,
            operation,
            place,
            versions,
            reason,
        } = exception;
        let operation = if *operation == ANY { "any" } else { operation };
        let versions = if versions.is_empty() {
            "any".to_owned()
        } else {
            versions.join(", ")
        };
        page += &format!("| {document} | {operation} | `{place}` | {versions} | {reason} |\n");
    }
    page
}

const INTRODUCTION: &str = "\
# Where Intercom's OpenAPI files contradict themselves and each other

Generated by the conformance tests, which say how to renew it when it is not current. A row is a place in the schemas of a
document (component, properties, keyword) at which an example does not fit, and what the example has there. At these places
an answer that is like them is right: the examples of answers were recorded from the API.
";

const EXCEPTED: &str = "
## Exceptions

What requests and answers have although a document does not allow it, and why that is right. The tests hold that each
exception is needed.

| document | operation | place | requests of versions | reason |
|---|---|---|---|---|
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_listed_once_for_each_thing_that_examples_have_there() {
        let text = "
openapi: 3.0.1
paths:
  /tags:
    get:
      responses:
        '200':
          content:
            application/json:
              schema: { type: array, items: { $ref: '#/components/schemas/tag' } }
              examples:
                a: { value: [{ id: 1 }, { id: 2 }] }
                b: { value: [{ id: 3 }, { id: null }, {}] }
components:
  schemas:
    tag:
      type: object
      required: [id]
      properties: { id: { type: string, example: x }, parts: { type: object, additionalProperties: { type: string }, example: { a: 1 } } }
";
        let document = Document::parse("test", text).unwrap();
        let found: Vec<(&str, &str, usize)> = document
            .contradictions()
            .iter()
            .map(|found| (found.place.as_str(), found.found, found.examples))
            .collect();
        assert_eq!(
            found,
            [
                ("tag/id/type", "integer", 2),
                ("tag/id/type", "null", 1),
                ("tag/parts/additionalProperties/type", "integer", 1),
                ("tag/required/id", "absent", 1)
            ]
        );
        let page = page([&document]);
        assert!(
            page.contains("## test\n\n2 examples of answers, 4 places.\n"),
            "{page}"
        );
        let row = "| `tag/required/id` | absent | `GET /tags 200 b` | 1 |\n";
        assert!(page.contains(row), "{page}");
        let last = EXCEPTIONS.last().unwrap();
        assert!(page.ends_with(&format!("| {} |\n", last.reason)), "{page}");
    }
}
