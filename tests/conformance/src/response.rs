//! Answers against the documents.

use serde_json::Value;

use crate::document::Document;
use crate::operation::Operation;
use crate::schema::Objects;
use crate::validation::{Finding, findings};
use crate::violation::Violation;

const JSON: &str = "application/json";

/// What a document does not allow in an answer. Where an example of the document itself is the same, the example is right.
pub(crate) fn violations(
    document: &Document,
    method: &str,
    path: &str,
    status: u16,
    body: &str,
) -> Vec<Violation> {
    let Some((operation, _)) = Operation::find(document, method, path) else {
        // The request was for nothing that the document describes, which its own check says.
        return Vec::new();
    };
    let found = check(&operation, status, body);
    let contradictions = document.contradictions();
    found
        .into_iter()
        // Errors have one form: the few examples of another one are of single operations.
        .filter(|finding| {
            status >= 400
                || !contradictions
                    .iter()
                    .any(|contradiction| contradiction.allows(finding))
        })
        .map(|finding| Violation {
            document: document.name(),
            operation: operation.label(),
            place: finding.place,
            message: format!("{status}: {}", finding.message),
        })
        .collect()
}

fn check(operation: &Operation, status: u16, body: &str) -> Vec<Finding> {
    let wrong = |message: String| {
        vec![Finding {
            place: "answer".to_owned(),
            found: "present",
            message,
        }]
    };
    let declared = operation.response(status);
    let content = match declared {
        Some(response) if response["content"].is_object() => &response["content"][JSON],
        Some(_) if body.is_empty() => return Vec::new(),
        Some(_) => return wrong("the document declares an answer without a body".to_owned()),
        // Errors are declared for few operations, and come with all of them.
        None if status >= 400 => return check_error(operation.document, body),
        None => return wrong("the document does not declare the status".to_owned()),
    };
    match serde_json::from_str(body) {
        Ok(value) => findings_in(operation, status, &content["schema"], &value),
        Err(error) => wrong(format!("it is not JSON: {error}")),
    }
}

fn check_error(document: &Document, body: &str) -> Vec<Finding> {
    let value: Value = serde_json::from_str(body).unwrap_or_else(|_| body.into());
    let schema = serde_json::json!({ "$ref": "#/components/schemas/error" });
    let validator = document.validator("any error".to_owned(), &schema, Objects::Open);
    findings(&validator, &value, "answer")
}

/// What the schema of an answer forbids in its body.
pub(crate) fn findings_in(
    operation: &Operation,
    status: u16,
    schema: &Value,
    body: &Value,
) -> Vec<Finding> {
    let answer = format!("{} {status}", operation.label());
    let validator = operation
        .document
        .validator(answer.clone(), schema, Objects::Open);
    findings(&validator, body, &answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
openapi: 3.0.1
paths:
  /tags:
    get:
      responses:
        '200':
          content:
            application/json:
              schema: { type: object, required: [type, data], properties: { data: { type: array }, count: { type: integer } } }
              examples: { one: { value: { data: [], count: '1' } } }
  '/tags/{id}':
    delete: { responses: { '200': { description: gone } } }
components:
  schemas:
    error: { type: object, required: [errors] }
";

    fn places(method: &str, path: &str, status: u16, body: &str) -> Vec<String> {
        let document = Document::parse("test", TEXT).unwrap();
        let found = violations(&document, method, path, status, body);
        found.into_iter().map(|violation| violation.place).collect()
    }

    #[test]
    fn an_answer_is_what_is_declared() {
        let list = |body: &str| places("GET", "/tags", 200, body);
        assert_eq!(
            list(r#"{"type":"list","data":[],"more":1}"#),
            Vec::<String>::new()
        );
        assert_eq!(
            list(r#"{"type":"list","data":{}}"#),
            ["GET /tags 200/data/type"]
        );
        for body in ["", "{"] {
            assert_eq!(list(body), ["answer"]);
        }
        assert_eq!(places("GET", "/tags", 201, "{}"), ["answer"]);
        assert_eq!(places("DELETE", "/tags/1", 200, ""), Vec::<String>::new());
        assert_eq!(places("DELETE", "/tags/1", 200, "{}"), ["answer"]);
    }

    #[test]
    fn an_error_that_is_not_declared_has_the_form_of_all() {
        assert_eq!(
            places("GET", "/tags", 429, r#"{"errors":[]}"#),
            Vec::<String>::new()
        );
        assert_eq!(places("GET", "/tags", 429, "{}"), ["error/required/errors"]);
        assert_eq!(places("GET", "/tags", 502, "<html>"), ["error/type"]);
    }

    #[test]
    fn an_example_wins_over_its_schema_and_allows_no_more_than_it_shows() {
        let list = |body: &str| places("GET", "/tags", 200, body);
        assert_eq!(list(r#"{"data":[],"count":"2"}"#), Vec::<String>::new());
        assert_eq!(
            list(r#"{"data":[],"count":null}"#),
            ["GET /tags 200/count/type"]
        );
    }
}
