use std::collections::{BTreeMap, BTreeSet};

use conformance::{Document, Example, documents};
use intercom_connector::contract::connector::{
    Entry, OutcomeStatus, Readability, Selection, TimeWindow,
};
use intercom_connector::contract::http::{Method, Request};
use intercom_connector::contract::types::Change;
use intercom_connector::intercom::streams;
use intercom_connector::operation::Answer;
use serde_json::{Value, json};

use super::native::{check, map_records, read_page, respond, write};
use super::operations::{Holds, USED, Used};

/// Operations of which a document has no example.
const WITHOUT: &[(&str, &str)] = &[
    ("2.16", "POST /contacts/{}/unarchive"),
    ("Preview", "POST /contacts/{}/unarchive"),
];

#[test]
fn every_example_of_an_answer_decodes() {
    let Some(stable) = documents::stable() else {
        return;
    };
    for document in stable.iter().chain(documents::preview()) {
        let entries = decode_all(document);
        let with: BTreeSet<&str> = entries.keys().map(|used| used.0).collect();
        let all: BTreeSet<&str> = USED.iter().map(|used| used.0).collect();
        let without: BTreeSet<&str> = WITHOUT
            .iter()
            .filter(|(name, _)| *name == document.name())
            .map(|(_, pattern)| *pattern)
            .collect();
        assert_eq!(&all - &with, without, "examples of {}", document.name());
        // Whatever the examples are of: each stream has some.
        for stream in streams::names() {
            let of_stream = entries.iter().filter(|(used, _)| used.1 == stream);
            let count: usize = of_stream.map(|(_, count)| count).sum();
            assert!(count >= 1, "{}: no entry of {stream}", document.name());
        }
    }
}

/// Decodes all examples of the operations that are used; gives how many entries each operation's examples have.
fn decode_all(document: &Document) -> BTreeMap<&'static Used, usize> {
    let mut entries = BTreeMap::new();
    for example in document.examples().filter(|example| example.status == 200) {
        let pattern = example.operation.pattern();
        if let Some(used) = USED.iter().find(|used| used.0 == pattern) {
            *entries.entry(used).or_default() += decode(used, &example);
        }
    }
    entries
}

fn decode(used: &Used, example: &Example) -> usize {
    let (pattern, stream, holds) = *used;
    let context = format!("{} {}", example.operation.document.name(), example.label());
    let body = example.value;
    let path = pattern.split(' ').nth(1).expect("a path");
    let id = text(&body["id"]);
    let all = Selection::All;
    match holds {
        Holds::Page(name) => read(stream, all, path, body, items(body, name), &context),
        Holds::Found(name) => {
            let ever = Selection::Window(TimeWindow {
                since_ms: Some(0),
                until_ms: None,
            });
            read(stream, ever, path, body, items(body, name), &context)
        }
        Holds::One => {
            let path = path.replace("{}", &id);
            read(
                stream,
                Selection::Keys(vec![id]),
                &path,
                body,
                vec![body],
                &context,
            )
        }
        Holds::Probe(name) => {
            let report = check(&[("/me", &me()), (path, body)]);
            let status = report.streams.iter().find(|status| status.name == stream);
            let readability = &status.expect("the stream").readability;
            assert!(
                matches!(readability, Readability::Readable),
                "{context}: {readability:?}"
            );
            mapped(stream, &items(body, name), &context).len()
        }
        Holds::Created => {
            let created = write(&json!({ "external_id": "70" }), |request| {
                match found(request, &[]) {
                    Some(answer) => answer,
                    None => respond(200, body),
                }
            });
            assert_eq!(created.status, OutcomeStatus::Created, "{context}");
            assert_eq!(created.object_id, Some(id), "{context}");
            mapped(stream, &[body], &context).len()
        }
        Holds::Updated => {
            let there = json!({ "id": id, "external_id": "70" });
            let updated = write(&json!({ "external_id": "70" }), |request| {
                match found(request, &[&there]) {
                    Some(answer) => answer,
                    None => respond(200, body),
                }
            });
            assert_eq!(updated.status, OutcomeStatus::Updated, "{context}");
            assert_eq!(updated.object_id, Some(id), "{context}");
            mapped(stream, &[body], &context).len()
        }
        Holds::Receipt => {
            let message =
                format!("An archived contact matching those details already exists with id={id}");
            let conflict = json!({ "type": "error.list", "errors": [{ "code": "conflict", "message": message }] });
            let mut unarchived = false;
            let updated = write(&json!({ "external_id": "70" }), |request| {
                if let Some(answer) = found(request, &[]) {
                    return answer;
                }
                match request.method {
                    Method::Post if request.target == "/contacts" => respond(409, &conflict),
                    Method::Post => {
                        unarchived = request.target == format!("/contacts/{id}/unarchive");
                        respond(200, body)
                    }
                    _ => respond(200, &json!({ "id": id })),
                }
            });
            assert!(unarchived, "{context}");
            assert_eq!(updated.status, OutcomeStatus::Updated, "{context}");
            mapped(stream, &[body], &context).len()
        }
        Holds::Identity => {
            let report = check(&[(path, body)]);
            let app = &body["app"];
            assert_eq!(
                report.account.workspace_id,
                text(&app["id_code"]),
                "{context}"
            );
            assert_eq!(
                report.account.time_zone,
                app["timezone"].as_str().map(str::to_owned),
                "{context}"
            );
            0
        }
        Holds::Attributes(name) => {
            let report = check(&[("/me", &me()), (path, body)]);
            let told: Vec<&str> = report
                .notices
                .iter()
                .map(|notice| notice.message.as_str())
                .collect();
            assert!(told.is_empty(), "{context}: {told:?}");
            let custom = items(body, name)
                .into_iter()
                .filter(|item| item["custom"] == true);
            for attribute in custom {
                let name = text(&attribute["name"]);
                let declared = report.streams.iter().any(|stream| {
                    let schema: Value = serde_json::from_slice(&stream.schema).expect("a schema");
                    schema["properties"]["custom_attributes"]["properties"][&name].is_object()
                });
                assert!(declared, "{context}: {name}");
            }
            0
        }
    }
}

/// Whose token it is, for checks that look at something else.
fn me() -> Value {
    json!({ "type": "admin", "app": { "id_code": "workspace" } })
}

/// The answer to the search for the contact, if this request is one.
fn found(request: &Request, contacts: &[&Value]) -> Option<Answer> {
    let page = json!({ "type": "list", "data": contacts, "pages": { "type": "pages" } });
    (request.target == "/contacts/search").then(|| respond(200, &page))
}

/// Reads an answer as a page; gives the number of its entries, which are those that its items are mapped to.
fn read(
    stream: &str,
    selection: Selection,
    path: &str,
    body: &Value,
    items: Vec<&Value>,
    context: &str,
) -> usize {
    let page = read_page(stream, selection, path, body);
    assert_eq!(page.notices, [], "{context}");
    assert!(
        !page.restarted && page.retry_after_ms.is_none(),
        "{context}"
    );
    assert_eq!(page.entries, mapped(stream, &items, context), "{context}");
    page.entries.len()
}

/// What items are mapped to: an entry each, with its key, its time and all that it holds.
fn mapped(stream: &str, items: &[&Value], context: &str) -> Vec<Entry> {
    let entries = map_records(stream, items);
    assert_eq!(entries.len(), items.len());
    let entry = |(entry, item): (Result<Entry, _>, &&Value)| {
        let entry = entry.unwrap_or_else(|failure| panic!("{context}: {failure:?}"));
        assert_eq!(entry.key, text(&item["id"]), "{context}");
        assert_eq!(entry.change, Change::Upsert);
        let cursor = streams::find(stream).and_then(|stream| stream.cursor_field);
        let changed = cursor.and_then(|field| item[field].as_i64());
        assert_eq!(
            entry.updated_at_ms,
            changed.map(|seconds| seconds * 1_000),
            "{context}"
        );
        let payload: Value = serde_json::from_slice(&entry.payload).expect("JSON");
        let (payload, item) = (
            payload.as_object().expect("an object"),
            item.as_object().expect("an object"),
        );
        for (name, value) in item {
            let same = payload.get(name) == Some(value)
                || payload
                    .get(name)
                    .is_some_and(|given| text(given) == text(value));
            assert!(
                same,
                "{context}: {name} is {value} and becomes {:?}",
                payload.get(name)
            );
        }
        assert_eq!(payload.len(), item.len(), "{context}");
        entry
    };
    entries.into_iter().zip(items).map(entry).collect()
}

fn items<'a>(body: &'a Value, name: &str) -> Vec<&'a Value> {
    let items = body[name].as_array();
    items
        .unwrap_or_else(|| panic!("no {name} in {body}"))
        .iter()
        .collect()
}

/// A value as text; ids may be numbers.
fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
