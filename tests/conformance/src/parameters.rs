//! Parameters in paths and queries.

use serde_json::{Map, Value};

use crate::operation::Operation;
use crate::schema::Objects;
use crate::validation::findings;

/// What does not conform, as place and message.
pub(crate) type Complaint = (String, String);

/// The open parts of a path against the path parameters of its operation.
pub(crate) fn check_path(operation: &Operation, parts: &[(&str, String)]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (name, value) in parts {
        match declared(operation, "path", name) {
            Some(parameter) => {
                complaints.extend(check_value(operation, "path", name, parameter, value))
            }
            None => complaints.push((
                format!("path {name}"),
                "the document does not declare it".to_owned(),
            )),
        }
    }
    complaints
}

/// A query, as it was sent, against the query parameters of its operation.
pub(crate) fn check_query(operation: &Operation, query: &str) -> Vec<Complaint> {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let mut complaints = Vec::new();
    let spread = Spread::of(operation, &pairs);
    for object in &spread {
        let value = Value::Object(object.value.clone());
        complaints.extend(check(
            operation,
            "query",
            object.name,
            object.parameter,
            &value,
        ));
    }
    for (name, value) in &pairs {
        match declared(operation, "query", name) {
            Some(parameter) => {
                complaints.extend(check_value(operation, "query", name, parameter, value))
            }
            None if spread.iter().any(|object| object.value.contains_key(name)) => {}
            None => complaints.push((
                format!("query {name}"),
                format!("`{name}={value}`: the document does not declare it"),
            )),
        }
    }
    let required = operation
        .parameters()
        .filter(|parameter| parameter["in"] == "query" && parameter["required"] == true);
    for parameter in required {
        let name = parameter["name"].as_str().unwrap_or_default();
        let given = pairs.iter().any(|(given, _)| given == name)
            || spread.iter().any(|object| object.name == name);
        if !given {
            complaints.push((format!("query {name}"), "it is required".to_owned()));
        }
    }
    complaints
}

/// An object that a query spreads out: its fields are parameters of their own.
struct Spread<'a> {
    name: &'a str,
    parameter: &'a Value,
    value: Map<String, Value>,
}

impl<'a> Spread<'a> {
    /// The objects of which the query has a field.
    fn of(operation: &Operation<'a>, pairs: &[(String, String)]) -> Vec<Spread<'a>> {
        let declared = operation
            .parameters()
            .filter(|parameter| parameter["in"] == "query" && parameter["explode"] == true);
        let objects = declared.map(|parameter| {
            let schema = operation.document.resolve(&parameter["schema"]);
            let alternatives = schema["oneOf"].as_array().into_iter().flatten();
            let fields: Vec<&str> = alternatives
                .chain([schema])
                .filter_map(|schema| schema["properties"].as_object())
                .flat_map(|properties| properties.keys().map(String::as_str))
                .collect();
            let given = pairs
                .iter()
                .filter(|(name, _)| fields.contains(&name.as_str()));
            Spread {
                name: parameter["name"].as_str().unwrap_or_default(),
                parameter,
                value: given
                    .map(|(name, value)| (name.clone(), value.as_str().into()))
                    .collect(),
            }
        });
        objects.filter(|object| !object.value.is_empty()).collect()
    }
}

fn declared<'a>(operation: &Operation<'a>, place: &str, name: &str) -> Option<&'a Value> {
    operation
        .parameters()
        .find(|parameter| parameter["in"] == place && parameter["name"] == name)
}

fn check_value(
    operation: &Operation,
    place: &str,
    name: &str,
    parameter: &Value,
    text: &str,
) -> Vec<Complaint> {
    let value = typed(operation.document.resolve(&parameter["schema"]), text);
    check(operation, place, name, parameter, &value)
}

fn check(
    operation: &Operation,
    place: &str,
    name: &str,
    parameter: &Value,
    value: &Value,
) -> Vec<Complaint> {
    let key = format!("{} {place} {name}", operation.label());
    let validator = operation
        .document
        .validator(key, &parameter["schema"], Objects::Closed);
    let whole = format!("{place} {name}");
    findings(&validator, value, &whole)
        .into_iter()
        .map(|finding| (finding.place, finding.message))
        .collect()
}

/// A parameter's text as a value of its type; as the text that it is when it cannot be one.
fn typed(schema: &Value, text: &str) -> Value {
    let parsed = match schema["type"].as_str() {
        Some("integer" | "number" | "boolean") => serde_json::from_str(text).ok(),
        _ => None,
    };
    parsed.unwrap_or_else(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    const TEXT: &str = "
openapi: 3.0.1
paths:
  '/admins/{id}':
    parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
    get:
      parameters:
        - { name: per_page, in: query, schema: { type: integer, minimum: 1 } }
        - { name: model, in: query, required: true, schema: { type: string, enum: [contact, company] } }
        - { name: all, in: query, schema: { type: boolean } }
        - { name: Intercom-Version, in: header, schema: { type: string } }
      responses: { '200': {} }
  /events:
    get:
      parameters:
        - name: filter
          in: query
          required: true
          style: form
          explode: true
          schema:
            type: object
            oneOf:
              - { properties: { email: { type: string } }, required: [email], additionalProperties: false }
              - { properties: { id: { type: string } }, required: [id], additionalProperties: false }
      responses: { '200': {} }
";

    fn places(path: &str, query: &str) -> Vec<String> {
        let document = Document::parse("test", TEXT).unwrap();
        let (operation, parts) = Operation::find(&document, "GET", path).unwrap();
        let found = check_path(&operation, &parts)
            .into_iter()
            .chain(check_query(&operation, query));
        found.map(|(place, _)| place).collect()
    }

    #[test]
    fn values_have_their_types() {
        assert_eq!(
            places("/admins/7", "model=contact&per_page=5&all=true"),
            Vec::<String>::new()
        );
        assert_eq!(places("/admins/x", "model=contact"), ["path id/type"]);
        assert_eq!(
            places("/admins/7", "model=tag&per_page=0&all=yes"),
            [
                "query model/enum",
                "query per_page/minimum",
                "query all/type"
            ]
        );
    }

    #[test]
    fn an_object_may_be_spread_over_a_query() {
        assert_eq!(places("/events", "id=7"), Vec::<String>::new());
        assert_eq!(
            places("/events", "colour=red"),
            ["query colour", "query filter"]
        );
        assert!(!places("/events", "id=7&email=a").is_empty());
    }

    #[test]
    fn only_what_is_declared_is_sent_and_all_that_is_required() {
        assert_eq!(
            places("/admins/7", "page=1&Intercom-Version=1"),
            ["query page", "query Intercom-Version", "query model"]
        );
    }
}
