//! Requests against the documents.

use serde_json::Value;

use crate::document::Document;
use crate::documents;
use crate::exceptions;
use crate::operation::Operation;
use crate::parameters::{Complaint, check_path, check_query};
use crate::schema::Objects;
use crate::validation::findings;
use crate::violation::Violation;

const JSON: &str = "application/json";

/// A request as it is sent.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// The `Intercom-Version` header.
    pub version: Option<&'a str>,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The body; empty when there is none.
    pub body: &'a [u8],
}

impl Request<'_> {
    /// Path without query.
    fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// What a document does not allow in this request.
    pub(crate) fn violations(&self, document: &Document) -> Vec<Violation> {
        let Some((operation, parts)) = Operation::find(document, self.method, self.path()) else {
            // What came after a document is for a later one to judge, and what went before it for an earlier one.
            if self.is_later_than(document) || self.was_dropped_before(document) {
                return Vec::new();
            }
            return vec![Violation {
                document: document.name(),
                operation: format!("{} {}", self.method, self.path()),
                place: "path".to_owned(),
                message: "the document has no such operation".to_owned(),
            }];
        };
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let mut complaints = check_path(&operation, &parts);
        complaints.extend(check_query(&operation, query));
        complaints.extend(self.check_version());
        complaints.extend(self.check_body(&operation));
        let violation = |(place, message)| Violation {
            document: document.name(),
            operation: operation.label(),
            place,
            message,
        };
        complaints.into_iter().map(violation).collect()
    }

    /// The documents that have a say about this request. A document of an earlier version has none where a later one knows
    /// the very path, which to the earlier one may look like one with an open part. The rolling version has one about what
    /// is written to it, or searched for, and about what only it has.
    pub(crate) fn judges<'d>(
        &self,
        documents: &'d [Document],
    ) -> impl Iterator<Item = &'d Document> {
        let open_parts = |document: &Document| {
            let (_, parts) = Operation::find(document, self.method, self.path())?;
            Some(parts.len())
        };
        let rolling = documents::preview().filter(|rolling| self.version == Some(rolling.name()));
        let described = documents.iter().chain(rolling);
        let fewest = described.filter_map(open_parts).min();
        let knows = move |document: &&Document| {
            !self.is_later_than(document) || open_parts(document) <= fewest
        };
        let rolls = |rolling: &&Document| {
            let found = open_parts(rolling);
            self.method != "GET"
                || found.is_some() && documents.iter().all(|one| open_parts(one) != found)
        };
        documents.iter().filter(knows).chain(rolling.filter(rolls))
    }

    /// Whether the request names a version later than the document's.
    fn is_later_than(&self, document: &Document) -> bool {
        let named = self.version.and_then(minor);
        named.is_some() && named > minor(document.name())
    }

    /// Whether the request names a version earlier than the document's, which an earlier document describes.
    fn was_dropped_before(&self, document: &Document) -> bool {
        let is_earlier = |name: &str| minor(name) < minor(document.name());
        let named = self.version.is_some_and(is_earlier);
        let mut earlier = documents::known().iter();
        named
            && earlier.any(|known| {
                is_earlier(known.name())
                    && Operation::find(known, self.method, self.path()).is_some()
            })
    }

    /// Which versions there are is not for a document to say that is older than they are; that one is named is.
    fn check_version(&self) -> Option<Complaint> {
        let named = self.version.is_some_and(|version| !version.is_empty());
        (!named).then(|| {
            (
                "header Intercom-Version".to_owned(),
                "the request names no version".to_owned(),
            )
        })
    }

    fn check_body(&self, operation: &Operation) -> Vec<Complaint> {
        let complaint = |message: String| vec![("body".to_owned(), message)];
        let body = operation
            .document
            .resolve(&operation.operation["requestBody"]);
        if self.body.is_empty() {
            return match body["required"] == true {
                true => complaint("the document requires one".to_owned()),
                false => Vec::new(),
            };
        }
        let content_type = self
            .content_type
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        let Some(content) = body["content"].get(content_type) else {
            return complaint(format!("the document takes none of type `{content_type}`"));
        };
        if content_type != JSON {
            return complaint(format!("only {JSON} can be checked"));
        }
        let value: Value = match serde_json::from_slice(self.body) {
            Ok(value) => value,
            Err(error) => return complaint(format!("it is not JSON: {error}")),
        };
        let key = format!("{} body", operation.label());
        let validator = operation
            .document
            .validator(key, &content["schema"], Objects::Closed);
        let found = findings(&validator, &value, "body");
        found
            .into_iter()
            .map(|finding| (finding.place, finding.message))
            .collect()
    }
}

/// The second number of a version 2; the rolling version is later than all of them.
fn minor(version: &str) -> Option<u8> {
    match version {
        "Preview" => Some(u8::MAX),
        _ => version.strip_prefix("2.")?.parse().ok(),
    }
}

/// Stops the test unless both documents know the request. Does nothing when there are no documents.
pub fn assert_request(request: &Request) {
    let violations = request
        .judges(documents::known())
        .flat_map(|document| request.violations(document))
        .collect();
    stop_at_a_violation(request, violations);
}

fn stop_at_a_violation(request: &Request, violations: Vec<Violation>) {
    if let Some(violation) = exceptions::sift(request.version, violations).0.first() {
        let body = String::from_utf8_lossy(request.body);
        panic!(
            "a request does not conform: {violation}\n{} {}\n{body}",
            request.method, request.target
        );
    }
}

/// Stops the test unless the document of the very version that a request names knows it. What another version says of the
/// operation does not matter.
pub fn assert_own_request(request: &Request) {
    let own = |document: &&Document| Some(document.name()) == request.version;
    let known = documents::known().iter().chain(documents::preview());
    let known = known.filter(own);
    stop_at_a_violation(
        request,
        known
            .flat_map(|document| request.violations(document))
            .collect(),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
openapi: 3.0.1
paths:
  /tags:
    get: { responses: { '200': {} } }
    post:
      requestBody:
        required: true
        content: { application/json: { schema: { type: object, required: [name], properties: { name: { type: string } } } } }
      responses: { '200': {} }
";

    const GOOD: Request = Request {
        method: "POST",
        target: "/tags",
        version: Some("2.11"),
        content_type: Some("application/json; charset=utf-8"),
        body: br#"{"name":"x"}"#,
    };

    fn places(request: Request) -> Vec<String> {
        let document = Document::parse("2.11", TEXT).unwrap();
        request
            .violations(&document)
            .into_iter()
            .map(|violation| violation.place)
            .collect()
    }

    #[test]
    fn only_a_later_version_may_have_more_operations() {
        for (version, allowed) in [
            (Some("2.11"), false),
            (Some("2.9"), false),
            (Some("2.12"), true),
            (Some("2.16"), true),
            (Some("x"), false),
            (None, false),
        ] {
            let request = Request {
                method: "GET",
                target: "/brands",
                version,
                body: b"",
                ..GOOD
            };
            assert_eq!(places(request).is_empty(), allowed, "{version:?}");
        }
    }

    #[test]
    fn a_path_that_came_later_is_not_judged_by_a_pattern_that_was_there_before() {
        let get = "{ get: { responses: { '200': {} } } }";
        let open = format!("openapi: 3.0.1\npaths:\n  '/tags/{{id}}': {get}\n");
        let documents = [
            Document::parse("2.11", &open).unwrap(),
            Document::parse("2.16", &format!("{open}  /tags/deleted: {get}\n")).unwrap(),
        ];
        for (target, version, expected) in [
            ("/tags/deleted?page=1", "2.16", &["2.16"][..]),
            ("/tags/deleted", "2.11", &["2.11", "2.16"]),
            ("/tags/7", "2.16", &["2.11", "2.16"]),
            ("/brands", "2.16", &["2.11", "2.16"]),
        ] {
            let request = Request {
                method: "GET",
                target,
                version: Some(version),
                ..GOOD
            };
            let judges: Vec<&str> = request.judges(&documents).map(Document::name).collect();
            assert_eq!(judges, expected, "{target} {version}");
        }
    }

    #[test]
    fn every_part_of_a_request_is_checked() {
        assert_eq!(places(GOOD), Vec::<String>::new());
        for (request, expected) in [
            (
                Request {
                    target: "/tgas",
                    ..GOOD
                },
                vec!["path"],
            ),
            (
                Request {
                    method: "PUT",
                    ..GOOD
                },
                vec!["path"],
            ),
            (
                Request {
                    target: "/tags?x=1",
                    ..GOOD
                },
                vec!["query x"],
            ),
            (
                Request {
                    version: None,
                    ..GOOD
                },
                vec!["header Intercom-Version"],
            ),
            (
                Request {
                    content_type: None,
                    ..GOOD
                },
                vec!["body"],
            ),
            (
                Request {
                    content_type: Some("text/plain"),
                    ..GOOD
                },
                vec!["body"],
            ),
            (Request { body: b"", ..GOOD }, vec!["body"]),
            (Request { body: b"{", ..GOOD }, vec!["body"]),
            (
                Request {
                    body: b"{\"name\":1}",
                    ..GOOD
                },
                vec!["body/name/type"],
            ),
            (
                Request {
                    body: b"{\"nmae\":1}",
                    ..GOOD
                },
                vec!["body/required/name", "body/undeclared/nmae"],
            ),
            (
                Request {
                    method: "GET",
                    ..GOOD
                },
                vec!["body"],
            ),
            (
                Request {
                    method: "GET",
                    body: b"",
                    ..GOOD
                },
                vec![],
            ),
        ] {
            let mut found = places(request);
            found.sort();
            assert_eq!(found, expected, "{request:?}");
        }
    }
}
