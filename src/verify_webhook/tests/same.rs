//! One document gives the same row by every way: mapped, read by its key, read with its parent, delivered whole.

use super::samples::{contact, conversation, part, ticket, ticket_part};
use super::*;
use crate::contract::connector::{PageRequest, Selection};
use crate::contract::http::Response;
use crate::intercom::streams::{self, ChildPlace, Paging};
use crate::operation::{Input, Moment, Operation, Step};
use crate::read_page::ReadPage;

/// The entries of a page that is read by a key, when every request is answered with this body.
fn read(stream: &str, selection: Selection, bodies: &[Value]) -> Vec<Entry> {
    let connection = Connection {
        config: br#"{"api_version":"2.16"}"#.to_vec(),
        ..connection()
    };
    let mut bodies = bodies.iter();
    let mut entries = Vec::new();
    let mut cursor = None;
    loop {
        let request = PageRequest {
            stream: stream.to_owned(),
            selection: selection.clone(),
            filter: None,
            cursor: cursor.take(),
            max_entries: 100,
            max_bytes: 1 << 20,
            time_budget_ms: 60_000,
        };
        let mut operation = ReadPage::new(connection.clone(), request);
        let mut input = Input::Start;
        let page = loop {
            let Step::Send(requests, _) = (match operation.step(Moment::default(), input) {
                Step::Done(page) => break page.unwrap(),
                step => step,
            }) else {
                panic!("requests are expected")
            };
            let answers = requests.iter().map(|_| {
                let body = bodies.next().expect("an answer").to_string().into_bytes();
                Ok(Response {
                    status: 200,
                    headers: Vec::new(),
                    body,
                })
            });
            input = Input::Answers(answers.collect());
        };
        entries.extend(page.entries);
        match page.next {
            Some(next) => cursor = Some(next),
            None => return entries,
        }
    }
}

fn by_key(stream: &str, document: &Value) -> Entry {
    let key = document["id"]
        .as_str()
        .map_or_else(|| document["id"].to_string(), str::to_owned);
    let entries = read(
        stream,
        Selection::Keys(vec![key]),
        std::slice::from_ref(document),
    );
    entries.into_iter().next().expect("an entry")
}

fn mapped(stream: &str, document: &Value) -> Entry {
    let documents = [document.to_string().into_bytes()];
    let entries = crate::map_record::map_records(&connection(), stream, &documents).unwrap();
    entries[0].clone().unwrap()
}

fn company() -> Value {
    let mut company = super::samples::company();
    company["plan"] = json!({ "type": "plan", "id": 1, "name": "Pro" });
    company["tags"] = json!({ "type": "tag.list", "tags": [] });
    company["segments"] = json!({ "type": "segment.list", "segments": [] });
    company
}

#[test]
fn a_whole_document_is_one_row_by_every_way() {
    let admin = json!({ "type": "admin", "id": 7, "name": "Bo", "away_mode_enabled": false, "team_ids": [], "team_priority_level": {} });
    let article = json!({ "id": "45", "type": "article", "title": "x", "body": "", "author_id": 7, "state": "published",
        "created_at": 1_719_492_712, "updated_at": "2024-06-27T12:51:52Z", "translated_content": null });
    let call = json!({ "type": "call", "id": 123, "state": "completed", "direction": "outbound", "created_at": "2024-06-27T12:51:52Z" });
    let job = json!({ "type": "job", "id": "j", "status": "success", "resource_type": "ticket", "resource_id": 5 });
    for (topic, stream, document) in [
        (
            "contact.user.updated",
            "contacts",
            contact(&json!("http://x.test/a.png")),
        ),
        ("company.updated", "companies", company()),
        (
            "conversation.admin.replied",
            "conversations",
            conversation("<p>x</p>", &[part("7", "<p>x</p>")]),
        ),
        (
            "ticket.created",
            "tickets",
            ticket(&json!("submitted"), &[ticket_part("5")]),
        ),
        ("admin.logged_in", "admins", admin),
        ("article.updated", "articles", article),
        ("call.ended", "calls", call),
        ("job.completed", "jobs", job),
    ] {
        let delivered = accepted(topic, document.clone());
        let delivered = of(&delivered, stream)[0];
        assert_eq!(*delivered, mapped(stream, &document), "{stream}");
        // Teammates are read in one list.
        match stream {
            "admins" => {
                let list = json!({ "type": "admin.list", "admins": [document] });
                let listed = read(stream, Selection::All, &[list]);
                assert_eq!(std::slice::from_ref(delivered), listed);
            }
            _ => assert_eq!(*delivered, by_key(stream, &document), "{stream}"),
        }
    }
}

/// A tag is a row of a list in one answer.
#[test]
fn a_tag_is_one_row_by_every_way() {
    let tag = json!({ "type": "tag", "id": 17, "name": "x" });
    let item = json!({ "contact": contact(&json!(null)), "tag": tag });
    let delivered = accepted("contact.user.tag.created", item);
    assert_eq!(*of(&delivered, "tags")[0], mapped("tags", &tag));
    let listed = read(
        "tags",
        Selection::All,
        &[json!({ "type": "list", "data": [tag] })],
    );
    assert_eq!(*of(&delivered, "tags")[0], listed[0]);
}

/// Parts, events, links and subscriptions hang on another row: they are compared with reads that walk those rows.
#[test]
fn what_hangs_on_a_row_is_one_row_by_every_way() {
    let talk = conversation("<p>x</p>", &[part("7", "<p>x</p>"), part("8", "<p>y</p>")]);
    let found = json!({ "type": "conversation.list", "conversations": [talk], "total_count": 1, "pages": null });
    let delivered = accepted("conversation.user.replied", talk.clone());
    let walked = read("conversation_parts", Selection::All, &[found, talk]);
    assert_eq!(
        of(&delivered, "conversation_parts"),
        walked.iter().collect::<Vec<_>>()
    );

    let done = ticket(&json!("submitted"), &[ticket_part("5"), ticket_part("6")]);
    let found =
        json!({ "type": "ticket.list", "tickets": [done], "total_count": 1, "pages": null });
    let delivered = accepted("ticket.created", done);
    let walked = read("ticket_parts", Selection::All, &[found]);
    assert_eq!(
        of(&delivered, "ticket_parts"),
        walked.iter().collect::<Vec<_>>()
    );

    let person =
        json!({ "type": "list", "data": [contact(&json!(null))], "total_count": 1, "pages": null });
    let nobody = json!({ "type": "list", "data": [], "total_count": 0, "pages": null });
    let event = json!({ "type": "event", "id": "e1", "event_name": "ordered", "created_at": 1_710_639_325, "intercom_user_id": "c1", "metadata": {} });
    let kind = json!({ "type": "subscription", "id": 93, "state": "live", "consent_type": "opt_in", "content_types": ["email"] });
    let told = [
        (
            "events",
            accepted("event.created", event.clone()),
            json!({ "type": "event.list", "events": [event] }),
        ),
        (
            "contact_subscriptions",
            accepted(
                "granular.subscribe",
                json!({ "contact": contact(&json!(null)), "subscription_types": { "data": [kind] } }),
            ),
            json!({ "type": "list", "data": [kind] }),
        ),
    ];
    for (stream, delivered, list) in told {
        let walked = read(
            stream,
            Selection::All,
            &[person.clone(), list, nobody.clone()],
        );
        assert_eq!(
            of(&delivered, stream),
            walked.iter().collect::<Vec<_>>(),
            "{stream}"
        );
    }

    let mut tagged = contact(&json!(null));
    tagged["tags"] = json!({ "type": "list", "data": [{ "id": 17, "type": "tag" }], "total_count": 1, "has_more": false });
    let list = json!({ "type": "list", "data": [tagged], "total_count": 1, "pages": null });
    let item = json!({ "contact": contact(&json!(null)), "tag": { "id": 17, "name": "x" } });
    let delivered = accepted("contact.user.tag.created", item);
    let walked = read("contact_tags", Selection::All, &[list, nobody]);
    let link = of(&delivered, "contact_tags")[0];
    assert_eq!(
        (&link.key, &link.payload, link.change),
        (&walked[0].key, &walked[0].payload, walked[0].change)
    );
}

/// The rows of links are built from the keys alone: every stream of links has none but those fields.
#[test]
fn links_are_their_keys() {
    for stream in ["contact_tags", "contact_companies", "company_contacts"] {
        let stream = streams::find(stream).unwrap();
        assert_eq!(stream.fields.len(), stream.key.len());
        assert!(
            matches!(stream.paging, Paging::Children(children) if matches!(children.place, ChildPlace::Links(..)))
        );
    }
}
