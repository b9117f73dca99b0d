//! Operations, and which of them a request is for.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::document::Document;

/// One operation of a document.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// The document it is in.
    pub document: &'a Document,
    /// HTTP method, in lower case as documents write it.
    pub(crate) method: &'a str,
    /// Path; `{…}` stands for any one part.
    pub(crate) template: &'a str,
    /// Everything that the document says about the path.
    pub(crate) item: &'a Value,
    /// What it says about the operation.
    pub(crate) operation: &'a Value,
}

impl<'a> Operation<'a> {
    /// The operation of a request, and the open parts of its path by name.
    pub(crate) fn find(
        document: &'a Document,
        method: &str,
        path: &str,
    ) -> Option<(Operation<'a>, Vec<(&'a str, String)>)> {
        let method = method.to_ascii_lowercase();
        let paths = document.root()["paths"].as_object()?;
        paths
            .iter()
            .filter_map(|(template, item)| {
                let parts = open_parts(template, path)?;
                let (method, operation) = item.as_object()?.get_key_value(&method)?;
                let operation = Operation {
                    document,
                    method,
                    template,
                    item,
                    operation,
                };
                Some((operation, parts))
            })
            // A fixed path comes before a pattern that would match it too.
            .min_by_key(|(_, parts)| parts.len())
    }

    /// Method and path, as the document writes the path.
    pub fn label(&self) -> String {
        format!("{} {}", self.method.to_ascii_uppercase(), self.template)
    }

    /// Method and path without the names of the open parts, which differ between documents: `GET /contacts/{}`.
    pub fn pattern(&self) -> String {
        let parts = self.template.split('/');
        let parts = parts.map(|part| if part.starts_with('{') { "{}" } else { part });
        let path: Vec<&str> = parts.collect();
        format!("{} {}", self.method.to_ascii_uppercase(), path.join("/"))
    }

    /// Its parameters: those of the operation and those of all operations of its path.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &'a Value> {
        let lists = [&self.operation["parameters"], &self.item["parameters"]];
        let document = self.document;
        lists
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .map(|parameter| document.resolve(parameter))
    }
}

fn open_parts<'t>(template: &'t str, path: &str) -> Option<Vec<(&'t str, String)>> {
    let mut given = path.split('/');
    let mut open = Vec::new();
    for wanted in template.split('/') {
        let part = given.next()?;
        match wanted
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            Some(name) if !part.is_empty() => {
                open.push((
                    name,
                    percent_decode_str(part).decode_utf8_lossy().into_owned(),
                ));
            }
            _ if wanted == part => {}
            _ => return None,
        }
    }
    given.next().is_none().then_some(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
openapi: 3.0.1
paths:
  '/contacts/{id}':
    parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
    get: { responses: { '200': {} } }
    put: { responses: { '200': {} } }
  /contacts/search:
    post: { responses: { '200': {} } }
    get: { responses: { '200': {} } }
";

    #[test]
    fn a_request_has_one_operation() {
        let document = Document::parse("test", TEXT).unwrap();
        let found = |method: &str, path: &str| {
            let (operation, parts) = Operation::find(&document, method, path)?;
            Some((operation.label(), parts))
        };
        assert_eq!(
            found("PUT", "/contacts/a%2Fb"),
            Some((
                "PUT /contacts/{id}".to_owned(),
                vec![("id", "a/b".to_owned())]
            ))
        );
        assert_eq!(
            found("GET", "/contacts/search"),
            Some(("GET /contacts/search".to_owned(), vec![]))
        );
        for (method, path) in [
            ("DELETE", "/contacts/1"),
            ("GET", "/contacts/"),
            ("GET", "/contacts"),
            ("GET", "/contacts/1/tags"),
            ("GET", "contacts/1"),
        ] {
            assert_eq!(found(method, path), None, "{method} {path}");
        }
        let patterns: Vec<String> = document
            .operations()
            .map(|operation| operation.pattern())
            .collect();
        assert_eq!(
            patterns,
            [
                "GET /contacts/search",
                "POST /contacts/search",
                "GET /contacts/{}",
                "PUT /contacts/{}"
            ]
        );
    }
}
