/// Whether an output holds the same.
mod comparison;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::service::Service;
use crate::stored::Rows;

pub use self::comparison::assert_exact;

/// Streams of every kind of paging. The export comes last: how often it is asked about depends on the time.
pub const STREAMS: [&str; 13] = [
    "contacts",
    "companies",
    "conversations",
    "conversation_parts",
    "tickets",
    "ticket_parts",
    "articles",
    "activity_logs",
    "contact_notes",
    "contact_companies",
    "company_segments",
    "events",
    "content_export",
];

/// The streams whose every scan gives everything again.
pub const WHOLE: [&str; 3] = ["contact_companies", "company_segments", "content_export"];

/// The version in which all of them exist.
const VERSION: &str = "2.16";

/// The streams of which a row may come again within a scan, when the row that it hangs on changes during that.
const MET_AGAIN: [&str; 4] = [
    "conversation_parts",
    "ticket_parts",
    "contact_notes",
    "events",
];

/// The rows of the export: its flag of the simulator says so many.
pub const EXPORTED: u64 = 40;

/// The export's rows are numbered from here.
const FIRST_RECEIPT: u64 = 9_000_000;

/// What is compared of a row beside its key.
fn members(stream: &str) -> &'static [&'static str] {
    match stream {
        "contacts" => &["updated_at", "email", "custom_attributes"],
        "companies" => &["updated_at", "monthly_spend", "name"],
        "conversations" | "tickets" => &["updated_at", "created_at", "open"],
        "conversation_parts" => &["conversation_id", "updated_at", "part_type", "body"],
        "ticket_parts" => &["ticket_id", "updated_at", "part_type", "body"],
        "articles" => &["updated_at", "title", "state"],
        "activity_logs" => &["created_at", "activity_type"],
        "contact_notes" => &["contact_id", "created_at", "body"],
        "contact_companies" => &["contact_id", "company_id"],
        "company_segments" => &["company_id", "name"],
        "events" => &["contact_id", "created_at", "event_name"],
        _ => &[],
    }
}

/// What is compared of a document.
fn view(stream: &str, document: &Value) -> Value {
    let members = members(stream).iter();
    let pairs = members.map(|name| ((*name).to_owned(), document[*name].clone()));
    Value::Object(pairs.collect::<Map<String, Value>>())
}

/// Some contacts have something that is not generated: events that are young enough to be listed.
pub fn furnish(service: &Service) {
    for contact in service.contacts().keys().step_by(2) {
        for name in ["ordered", "paid"] {
            let event = json!({ "contact": contact, "name": name });
            service.post("event", &event);
        }
    }
}

/// Changes something of every stream; what is deleted is not among it.
pub fn change(service: &Service) {
    let wanted =
        json!({ "contacts": 2, "companies": 1, "conversations": 2, "tickets": 1, "create": 1 });
    service.post("mutate", &wanted);
    for (kind, update) in [("articles", 2), ("activity_logs", 0)] {
        let wanted = json!({ "kind": kind, "create": 1, "update": update });
        service.post("catalogue", &wanted);
    }
    let contacts: Vec<String> = service.contacts().into_keys().collect();
    let companies = ids(&service.get("companies")["data"]);
    let of = contacts.len() / 2;
    service.post(
        "event",
        &json!({ "contact": contacts[of], "name": "returned" }),
    );
    for (object, link) in [
        (&contacts[of], json!({ "note": "<p>Seen.</p>" })),
        (&contacts[of], json!({ "company": companies[0] })),
    ] {
        let change = json!({ "of": object, "link": link, "quiet": true });
        service.post("link", &change);
    }
}

/// The ids of documents.
pub fn ids(documents: &Value) -> Vec<String> {
    let documents = documents.as_array().expect("a list").iter();
    documents.map(|document| text(&document["id"])).collect()
}

/// Texts of a list.
pub fn texts(list: &Value) -> Vec<String> {
    list.as_array().expect("a list").iter().map(text).collect()
}

/// What the workspace holds, as its API shows it to anybody.
struct Holdings<'a> {
    service: &'a Service,
    rows: BTreeMap<&'static str, Rows>,
}

impl Holdings<'_> {
    /// The documents of a list with numbered pages, or with cursors.
    fn list(&self, target: &str) -> Vec<Value> {
        let and = if target.contains('?') { '&' } else { '?' };
        // Segments come in one answer, which no page size cuts.
        let first = match target.ends_with("/segments") {
            true => target.to_owned(),
            false => format!("{target}{and}per_page=50"),
        };
        let mut target = first.clone();
        let mut found = Vec::new();
        loop {
            let answer = self.service.ask_in(VERSION, &target);
            let names = ["data", "events", "activity_logs"];
            let items = names.iter().find_map(|name| answer[*name].as_array());
            let items = items.expect("a list");
            found.extend(items.iter().cloned());
            target = match &answer["pages"]["next"] {
                Value::Null => return found,
                _ if items.is_empty() => return found,
                Value::String(url) => url[self.service.url.len()..].to_owned(),
                next => format!("{first}&starting_after={}", text(&next["starting_after"])),
            };
        }
    }

    fn add(&mut self, stream: &'static str, key: String, document: &Value) {
        let rows = self.rows.entry(stream).or_default();
        let before = rows.insert(key.clone(), view(stream, document));
        assert!(before.is_none(), "{stream} {key} is there twice");
    }

    /// Rows that stand for themselves.
    fn add_all(&mut self, stream: &'static str, documents: &[Value]) {
        self.rows.entry(stream).or_default();
        for document in documents {
            self.add(stream, text(&document["id"]), document);
        }
    }

    /// Rows that hang on one with this key.
    fn add_children(
        &mut self,
        stream: &'static str,
        (field, parent): (&str, &str),
        documents: Vec<Value>,
    ) {
        self.rows.entry(stream).or_default();
        for mut document in documents {
            let id = text(&document["id"]);
            document[field] = parent.into();
            let key = match stream {
                "contact_companies" => {
                    document["company_id"] = id.clone().into();
                    format!("{parent}/{id}")
                }
                "company_segments" => format!("{parent}/{id}"),
                _ => id,
            };
            self.add(stream, key, &document);
        }
    }
}

/// An id, which may be a number.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => panic!("{other} is no id"),
    }
}

fn holdings(service: &Service) -> BTreeMap<&'static str, Rows> {
    let mut held = Holdings {
        service,
        rows: BTreeMap::new(),
    };
    for (stream, target) in [
        ("contacts", "/contacts"),
        ("companies", "/companies"),
        ("articles", "/articles"),
        ("activity_logs", "/admins/activity_logs?created_at_after=0"),
    ] {
        let documents = held.list(target);
        held.add_all(stream, &documents);
    }
    for contact in service.contacts().into_keys() {
        for (stream, target) in [
            ("contact_notes", format!("/contacts/{contact}/notes")),
            (
                "contact_companies",
                format!("/contacts/{contact}/companies"),
            ),
            (
                "events",
                format!("/events?type=user&intercom_user_id={contact}"),
            ),
        ] {
            let documents = held.list(&target);
            held.add_children(stream, ("contact_id", &contact), documents);
        }
    }
    for company in ids(&service.get("companies")["data"]) {
        let documents = held.list(&format!("/companies/{company}/segments"));
        held.add_children("company_segments", ("company_id", &company), documents);
    }
    for (stream, parts, field) in [
        ("conversations", "conversation_parts", "conversation_id"),
        ("tickets", "ticket_parts", "ticket_id"),
    ] {
        for id in ids(&service.get(stream)["data"]) {
            let document = service.ask_in(VERSION, &format!("/{stream}/{id}"));
            held.add_all(stream, std::slice::from_ref(&document));
            let documents = document[parts][parts].as_array().expect("parts").clone();
            held.add_children(parts, (field, &id), documents);
        }
    }
    assert_counts(service, &held.rows);
    held.rows
}

/// What the API shows is as much as the workspace says of itself.
fn assert_counts(service: &Service, rows: &BTreeMap<&'static str, Rows>) {
    let links = service.get("links");
    let state = service.get("state");
    for (stream, count) in [
        ("contacts", &state["contacts"]),
        ("companies", &state["companies"]),
        ("conversations", &state["conversations"]),
        ("conversation_parts", &state["conversation_parts"]),
        ("tickets", &state["tickets"]),
        ("ticket_parts", &state["ticket_parts"]),
        ("articles", &state["catalogue"]["articles"]),
        ("activity_logs", &state["catalogue"]["activity_logs"]),
        ("contact_notes", &links["contact_notes"]),
        ("contact_companies", &links["contact_companies"]),
        ("company_segments", &links["company_segments"]),
        ("events", &links["contact_events"]),
    ] {
        assert_eq!(json!(rows[stream].len()), *count, "{stream}");
        assert!(!rows[stream].is_empty(), "{stream}");
    }
}
