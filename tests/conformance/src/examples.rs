//! The examples of answers that a document has.

use serde_json::Value;

use crate::document::Document;
use crate::operation::Operation;

const JSON: &str = "application/json";

/// An answer that a document gives as an example.
#[derive(Clone, Debug)]
pub struct Example<'a> {
    /// The operation that it is of.
    pub operation: Operation<'a>,
    /// HTTP status.
    pub status: u16,
    /// Its name in the document; empty when it has none.
    pub name: &'a str,
    /// The answer.
    pub value: &'a Value,
    /// What the document says that such an answer is.
    pub(crate) schema: &'a Value,
}

impl Example<'_> {
    /// Where it is in its document.
    pub fn label(&self) -> String {
        format!("{} {} {}", self.operation.label(), self.status, self.name)
            .trim_end()
            .to_owned()
    }
}

impl Document {
    /// Every example of an answer.
    pub fn examples(&self) -> impl Iterator<Item = Example<'_>> {
        self.operations().flat_map(|operation| operation.examples())
    }
}

impl<'a> Operation<'a> {
    /// What is said about answers with a status.
    pub(crate) fn response(&self, status: u16) -> Option<&'a Value> {
        let response = self.operation["responses"].get(status.to_string())?;
        Some(self.document.resolve(response))
    }

    /// The examples of this operation's answers.
    pub fn examples(self) -> impl Iterator<Item = Example<'a>> {
        let statuses = self.operation["responses"]
            .as_object()
            .into_iter()
            .flatten();
        let statuses = statuses.filter_map(|(status, _)| status.parse().ok());
        statuses.flat_map(move |status| {
            let content = self
                .response(status)
                .map_or(&Value::Null, |response| &response["content"][JSON]);
            let unnamed = content.get("example").map(|value| ("", value));
            let named = content["examples"].as_object().into_iter().flatten();
            let named =
                named.filter_map(|(name, example)| Some((name.as_str(), example.get("value")?)));
            unnamed
                .into_iter()
                .chain(named)
                .map(move |(name, value)| Example {
                    operation: self,
                    status,
                    name,
                    value,
                    schema: &content["schema"],
                })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_and_unnamed_examples_are_found_also_behind_references() {
        let text = "
openapi: 3.0.1
paths:
  /tags:
    get:
      responses:
        '200': { content: { application/json: { example: 1, examples: { a: { value: 2 }, b: { value: null }, c: { summary: none } } } } }
        '404': { $ref: '#/components/responses/missing' }
        '204': { description: nothing }
components:
  responses:
    missing: { content: { application/json: { examples: { d: { value: 4 } } } } }
";
        let document = Document::parse("test", text).unwrap();
        let found: Vec<(String, Value)> = document
            .examples()
            .map(|example| (example.label(), example.value.clone()))
            .collect();
        let expected = [
            ("GET /tags 200", 1.into()),
            ("GET /tags 200 a", 2.into()),
            ("GET /tags 200 b", Value::Null),
            ("GET /tags 404 d", 4.into()),
        ];
        assert_eq!(
            found,
            expected.map(|(label, value)| (label.to_owned(), value))
        );
    }
}
