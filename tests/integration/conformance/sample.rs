use std::cell::Cell;

use intercom_connector::contract::connector::{Entry, Page, Selection, TimeWindow};
use intercom_connector::contract::http::Request;
use intercom_connector::contract::types::Change;
use intercom_connector::intercom::streams::{ChildPlace, Children, Stream, find};
use intercom_connector::operation::Answer;
use serde_json::{Value, json};

use super::entries::text;
use super::native::{CUSTOM_OBJECT, not_found, path, respond, walk};
use super::operations::{Holds, Used};

/// The key of the object on which rows hang whose example does not name it.
const PARENT: &str = "70";

/// An example of an answer, as an operation reads it.
pub struct Sample<'a> {
    pub version: &'static str,
    pub stream: &'static str,
    /// The path of the operation, with `{}` for its open parts.
    pub pattern: &'static str,
    pub holds: Holds,
    pub body: &'a Value,
    /// What is looked at, for people.
    pub context: String,
}

impl<'a> Sample<'a> {
    pub fn new(version: &'static str, used: &Used, body: &'a Value, context: String) -> Self {
        let (operation, stream, holds) = *used;
        Self {
            version,
            stream,
            pattern: operation.split(' ').nth(1).expect("a path"),
            holds,
            body,
            context,
        }
    }

    /// A page of the stream's list or search.
    pub fn listed(&self, items: &[Value]) -> usize {
        let path = self.pattern.replace("{}", CUSTOM_OBJECT);
        let selection = match self.holds {
            // Contacts are searched for what changed only.
            Holds::Found(_) => Selection::Window(TimeWindow {
                since_ms: Some(0),
                until_ms: None,
            }),
            _ => Selection::All,
        };
        let pages = self.walked(&selection, &path, |_| respond(200, &json!({ "data": [] })));
        self.gives(&pages, self.mapped(items))
    }

    /// A page of the list that is read where the scroll is refused.
    pub fn fallen_back(&self, items: &[Value]) -> usize {
        let mut pages = self.walked(&Selection::All, self.pattern, |_| not_found());
        let notices: Vec<String> = pages
            .iter_mut()
            .flat_map(|page| page.notices.drain(..))
            .map(|notice| notice.kind)
            .collect();
        assert_eq!(notices, ["fallback"], "{}", self.context);
        self.gives(&pages, self.mapped(items))
    }

    /// The object that is read by its key.
    pub fn one(&self) -> usize {
        let item = self.body;
        let mapped = self.mapped(std::slice::from_ref(item));
        let open = self.pattern.matches("{}").count();
        let parts = [text(&item["type"]), text(&item["id"])];
        let path = parts[parts.len() - open..]
            .iter()
            .fold(self.pattern.to_owned(), |path, part| {
                path.replacen("{}", part, 1)
            });
        let selection = Selection::Keys(vec![mapped[0].key.clone()]);
        let pages = self.walked(&selection, &path, |_| not_found());
        self.gives(&pages, mapped)
    }

    /// Rows that hang on one object.
    pub fn rows(&self, rows: &[Value]) -> usize {
        let (_, children) = self.children();
        let detail = matches!(children.place, ChildPlace::Detail(_));
        let parent = if detail {
            text(&self.body["id"])
        } else {
            PARENT.to_owned()
        };
        let there = json!([{ "id": parent, "updated_at": 5 }]);
        let path = self.pattern.replace("{}", &parent);
        let pages = self.walked(&Selection::All, &path, once(there));
        self.gives(&pages, self.mapped(&self.hung(&parent, rows)))
    }

    /// Objects that embed rows of another stream.
    pub fn embedding(&self, parents: &[impl serde::Serialize], place: &str) -> usize {
        let parents = json!(parents);
        let mut expected = Vec::new();
        for parent in parents.as_array().expect("a list") {
            let key = text(&parent["id"]);
            expected.extend(self.hung(&key, &items(parent, place)));
        }
        let pages = self.walked(&Selection::All, "nothing else", once(parents));
        self.gives(&pages, self.mapped(&expected))
    }

    /// A list of what was deleted, behind the second walk.
    pub fn deleted(&self, items: &[Value]) -> usize {
        let there = json!([{ "id": PARENT, "updated_at": 1_700_000_000 }]);
        let first = walk(
            self.version,
            self.stream,
            &Selection::All,
            None,
            once(there),
        );
        let checkpoint = first.last().and_then(|page| page.checkpoint.clone());
        assert!(checkpoint.is_some(), "{}", self.context);
        let mut answer = self.answers(self.pattern, |_| respond(200, &json!({ "data": [] })));
        let pages = walk(
            self.version,
            self.stream,
            &Selection::All,
            checkpoint,
            &mut answer,
        );
        let entries: Vec<&Entry> = pages.iter().flat_map(|page| &page.entries).collect();
        assert_eq!(entries.len(), items.len(), "{}", self.context);
        for (entry, item) in entries.iter().zip(items) {
            assert_eq!(
                (entry.change, &entry.key),
                (Change::Delete, &text(&item["id"]))
            );
        }
        entries.len()
    }

    /// The job of an export: as it begins, or how far it is.
    pub fn job(&self, begins: bool) -> usize {
        let id = text(&self.body["job_identifier"]);
        let status = format!("/export/content/data/{id}");
        let began = json!({ "job_identifier": id });
        let over = json!({ "job_identifier": id, "status": "no_data" });
        let asked = Cell::new(0);
        let pages = walk(
            self.version,
            self.stream,
            &Selection::All,
            None,
            |request| match path(request) {
                "/export/content/data" => respond(200, if begins { self.body } else { &began }),
                path => {
                    assert_eq!(path, status, "{}", self.context);
                    asked.set(asked.get() + 1);
                    let first = asked.get() == 1 && !begins;
                    respond(200, if first { self.body } else { &over })
                }
            },
        );
        assert_eq!(asked.get(), if begins { 1 } else { 2 }, "{}", self.context);
        self.gives(&pages, Vec::new())
    }

    /// Walks the stream: the first request for the path is answered by the example, further ones by the end of it, all
    /// others by `other`.
    fn walked(
        &self,
        selection: &Selection,
        wanted: &str,
        other: impl FnMut(&Request) -> Answer,
    ) -> Vec<Page> {
        let mut given = false;
        let mut answers = self.answers(wanted, other);
        let pages = walk(self.version, self.stream, selection, None, |request| {
            given |= path(request) == wanted;
            answers(request)
        });
        let parents_hold_it = matches!(self.holds, Holds::Embeds(..));
        assert!(
            given || parents_hold_it,
            "{}: {wanted} is not asked for",
            self.context
        );
        pages
    }

    fn answers(
        &self,
        wanted: &str,
        mut other: impl FnMut(&Request) -> Answer,
    ) -> impl FnMut(&Request) -> Answer {
        let mut given = false;
        move |request| {
            if path(request) != wanted {
                return other(request);
            }
            match std::mem::replace(&mut given, true) {
                false => respond(200, self.body),
                true => respond(200, &emptied(self.body)),
            }
        }
    }

    /// That pages give these entries, and nothing but them is to be said. Gives their number.
    fn gives(&self, pages: &[Page], expected: Vec<Entry>) -> usize {
        let notices: Vec<_> = pages.iter().flat_map(|page| &page.notices).collect();
        assert!(notices.is_empty(), "{}: {notices:#?}", self.context);
        assert!(pages.iter().all(|page| !page.restarted), "{}", self.context);
        let entries = pages.iter().flat_map(|page| &page.entries);
        let entries: Vec<_> = entries.map(told).collect();
        let expected: Vec<_> = expected.iter().map(told).collect();
        assert_eq!(entries, expected, "{}", self.context);
        entries.len()
    }

    pub fn stream(&self) -> &'static Stream {
        find(self.stream).expect("a stream")
    }

    fn children(&self) -> (&'static Stream, &'static Children) {
        self.stream().children().expect("a parent")
    }

    /// Rows as documents of their own: with the key of what they hang on, or as the two keys alone.
    fn hung(&self, parent: &str, rows: &[Value]) -> Vec<Value> {
        let (_, children) = self.children();
        let hung = |row: &Value| {
            let mut document = json!({ children.parent_field: parent });
            match children.place {
                ChildPlace::Links(_, field) => document[field] = text(&row["id"]).into(),
                ChildPlace::Detail(_) | ChildPlace::List(_) => {
                    let members = row.as_object().expect("an object").clone();
                    document.as_object_mut().expect("an object").extend(members);
                }
            }
            document
        };
        rows.iter().map(hung).collect()
    }
}

/// What an entry tells; where its parent's key stands in the payload does not matter.
fn told(entry: &Entry) -> (&str, Option<i64>, Change, Value) {
    let payload = serde_json::from_slice(&entry.payload).expect("JSON");
    (&entry.key, entry.updated_at_ms, entry.change, payload)
}

/// Answers with these items once, then with none.
fn once(items: Value) -> impl FnMut(&Request) -> Answer {
    let mut items = Some(items);
    move |_| {
        let data = items.take().unwrap_or_else(|| json!([]));
        respond(200, &json!({ "data": data, "scroll_param": "more" }))
    }
}

/// The page behind the last one of a list.
fn emptied(body: &Value) -> Value {
    let mut body = body.clone();
    for (_, value) in body.as_object_mut().into_iter().flatten() {
        if value.is_array() {
            *value = json!([]);
        }
    }
    body["pages"] = Value::Null;
    body
}

/// The items of an answer, under a name or at a place.
pub fn items(body: &Value, name: &str) -> Vec<Value> {
    let items = match name.starts_with('/') {
        true => body.pointer(name),
        false => body.get(name),
    };
    let items = items.and_then(Value::as_array);
    items
        .unwrap_or_else(|| panic!("no {name} in {body}"))
        .clone()
}
