use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use conformance::documents;
use host_test::simulator::{
    ApiVersion, CatalogueKind, Happening, Link, LinkChange, NewPart, Options, WebhookOptions,
    Workspace, webhook_topics,
};
use serde_json::{Map, Value, json};

use crate::world::{World, request_with, small, text};

/// What is in the items of topics that begin so: where, and the component of which it is.
const CONTENTS: &[(&str, &[(&str, &str)])] = &[
    ("admin.activity_log_event.", &[("", "activity_log")]),
    ("admin.", &[("", "admin")]),
    ("article.", &[("", "article")]),
    ("call.", &[("", "call")]),
    (
        "company.contact.",
        &[("/company", "company"), ("/contact", "contact")],
    ),
    ("company.deleted", &[("", "deleted_company_object")]),
    ("company.", &[("", "company")]),
    ("contact.archived", &[("", "contact_archived")]),
    ("contact.deleted", &[("", "contact_deleted")]),
    ("contact.subscribed", CONTACT),
    ("contact.unsubscribed", CONTACT),
    (
        "contact.user.tag.",
        &[("/tag", "tag"), ("/contact", "contact")],
    ),
    (
        "contact.lead.tag.",
        &[("/tag", "tag"), ("/contact", "contact")],
    ),
    ("contact.", &[("", "contact")]),
    (
        "content_stat.",
        &[("/contact", "contact"), ("/company", "company")],
    ),
    ("conversation.contact.", CONTACT),
    ("conversation.deleted", &[]),
    ("conversation.", &[("", "conversation")]),
    ("conversation_part.", &[("", "conversation")]),
    ("event.", &[("", "data_event")]),
    ("granular.", GRANULAR),
    ("job.", &[("", "jobs")]),
    ("ping", &[]),
    ("ticket.created", &[("", "ticket")]),
    ("ticket.rating.", &[("", "ticket")]),
    ("ticket.resolved", &[("", "ticket")]),
    ("ticket.contact.attached", CONTACT),
    ("ticket.contact.detached", CONTACT),
    (
        "ticket.closed",
        &[("/ticket", "ticket"), ("", "conversation or ticket")],
    ),
    (
        "ticket.",
        &[("/ticket", "ticket"), ("/ticket_part", "ticket_part")],
    ),
    ("visitor.", &[]),
];
const CONTACT: &[(&str, &str)] = &[("/contact", "contact")];
const GRANULAR: &[(&str, &str)] = &[
    ("/contact", "contact"),
    ("/subscription_types/data/0", "subscription_type"),
];

const NUMBER: &str = "the id of a teammate is a number in notifications, as recorded";
const NO_TITLE: &str = "a teammate without a title has null, as recorded";
const PICTURE: &str = "2.16 has a URL; an object is recorded, which is what 2.11 has";
const TEXT: &str = "times are texts in these notifications, as recorded";
const OLDER: &str = "times of contacts are texts before 2.13, as recorded";
const LEAD: &str = "a lead may have no address";
const NOT_YET: &str = "what has not happened yet is null";
const ADMINS: &str =
    "the teammates of a conversation have another name in notifications, as recorded";
const GONE: &str = "a company that is gone has its type under `type`, as recorded";

/// Where a notification is right although a document does not allow it: in which document, at which place, in which `*`
/// stands for any one part, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("2.11", "admin/id/type", NUMBER),
    ("2.16", "admin/id/type", NUMBER),
    ("2.11", "admin/job_title/type", NO_TITLE),
    ("2.16", "admin/job_title/type", NO_TITLE),
    ("2.16", "admin/avatar/type", PICTURE),
    ("2.11", "article_list_item/created_at/type", TEXT),
    ("2.16", "article_list_item/created_at/type", TEXT),
    ("2.11", "article_list_item/updated_at/type", TEXT),
    ("2.16", "article_list_item/updated_at/type", TEXT),
    ("2.11", "company/created_at/type", TEXT),
    ("2.16", "company/created_at/type", TEXT),
    ("2.11", "company/updated_at/type", TEXT),
    ("2.16", "company/updated_at/type", TEXT),
    ("2.11", "company/last_request_at/type", TEXT),
    ("2.16", "company/last_request_at/type", TEXT),
    ("2.11", "company/remote_created_at/type", TEXT),
    ("2.16", "company/remote_created_at/type", TEXT),
    ("2.11", "contact/email/type", LEAD),
    ("2.16", "contact/email/type", LEAD),
    ("2.11", "contact/created_at/type", OLDER),
    ("2.11", "contact/updated_at/type", OLDER),
    ("2.11", "contact/last_seen_at/type", OLDER),
    ("2.11", "contact/last_replied_at/type", OLDER),
    ("2.11", "contact/last_contacted_at/type", OLDER),
    ("2.11", "contact/ios_last_seen_at/type", OLDER),
    ("2.11", "conversation_statistics/*/type", TEXT),
    ("2.16", "conversation_statistics/*/type", TEXT),
    ("2.11", "conversation_teammates/required/teammates", ADMINS),
    ("2.11", "deleted_company_object/required/object", GONE),
    ("2.16", "datetime/oneOf", NOT_YET),
];

/// A receiver of notifications, and what it got.
async fn receiver() -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let received = Arc::new(Mutex::new(Vec::new()));
    let store = received.clone();
    let app = Router::new().fallback(move |body: Bytes| async move {
        if let Ok(document) = serde_json::from_slice(&body) {
            store.lock().expect("nobody panics").push(document);
        }
        StatusCode::OK
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, received)
}

/// Makes something happen; gives the id of what came into being.
fn happen(workspace: &Workspace, document: Value) -> Option<String> {
    let happening: Happening = serde_json::from_value(document).expect("a happening");
    workspace.happen(&happening).expect("it happens")
}

/// Makes everything happen that the workspace tells of.
fn cause_everything(workspace: &Workspace) {
    let admin = happen(workspace, json!({"happening": "admin_added"})).expect("an id");
    let contact = workspace.contact_ids().next().expect("a contact");
    let company = workspace.company_ids().next().expect("a company");
    let conversation = workspace.conversation_ids().nth(1).expect("a conversation");
    let ticket = workspace.ticket_ids().next().expect("a ticket");
    for document in [
        json!({"happening": "admin_away", "admin": admin, "away": true, "reason": "Lunch"}),
        json!({"happening": "admin_logged_in", "admin": admin}),
        json!({"happening": "admin_logged_out", "admin": admin}),
        json!({"happening": "admin_removed", "admin": admin}),
        json!({"happening": "visitor_signed_up", "contact": {"email": "visitor@example.com"}}),
        json!({"happening": "job_completed", "job": "20", "ticket": ticket}),
        json!({"happening": "conversation_read", "conversation": conversation}),
        json!({"happening": "conversation_rated", "conversation": conversation, "rating": 4}),
        json!({"happening": "conversation_priority", "conversation": conversation, "priority": "high"}),
        json!({"happening": "ticket_rated", "ticket": ticket}),
        json!({"happening": "ping"}),
    ] {
        happen(workspace, document);
    }
    for topic in webhook_topics("2.16").filter_map(|topic| topic.strip_prefix("content_stat.")) {
        let stat = json!({"happening": "content_stat", "content": topic, "stat": "receipt", "contact": contact, "company": company});
        happen(workspace, stat);
    }
    for kind in [
        CatalogueKind::Articles,
        CatalogueKind::Calls,
        CatalogueKind::ActivityLogs,
    ] {
        let id = workspace.create_catalogue_object(kind);
        if kind != CatalogueKind::ActivityLogs {
            workspace
                .touch_catalogue_object(kind, &id)
                .expect("it changes");
        }
        if kind == CatalogueKind::Articles {
            for published in [true, false, true, false] {
                workspace
                    .publish_article(&id, published)
                    .expect("it is there");
            }
            workspace
                .delete_catalogue_object(kind, &id)
                .expect("it goes");
        }
    }
    cause_of_people(workspace, &company);
    for part in [
        "",
        "note",
        "quick_reply",
        "assignment",
        "snoozed",
        "open",
        "close",
        "open",
        "assign_and_reopen",
    ] {
        for from_contact in [false, true] {
            let part = NewPart {
                part_type: part.to_owned(),
                body: Some("<p>Hello</p>".to_owned()),
                from_contact,
            };
            workspace
                .add_conversation_part(&conversation, &part)
                .expect("a part");
            if ["", "note", "assignment"].contains(&part.part_type.as_str()) {
                workspace.add_ticket_part(&ticket, &part).expect("a part");
            }
        }
    }
    let part = workspace
        .add_conversation_part(&conversation, &NewPart::comment("<p>Oh</p>"))
        .expect("a part");
    workspace
        .redact_conversation_part(&conversation, &part)
        .expect("it is redacted");
    workspace
        .delete_conversation(&conversation)
        .expect("it goes");
    let attribute = NewPart::of_type("ticket_attribute_updated_by_admin");
    workspace
        .add_ticket_part(&ticket, &attribute)
        .expect("a part");
    workspace.resolve_ticket(&ticket).expect("it is resolved");
}

fn cause_of_people(workspace: &Workspace, company: &str) {
    let lead = workspace
        .create_contact(json!({"role": "lead"}))
        .expect("a lead");
    let other = workspace
        .create_contact(json!({"email": "other@example.com"}))
        .expect("a user");
    let link = |link: Link, remove: bool| {
        let change = LinkChange {
            of: lead.clone(),
            link,
            remove,
            quiet: false,
        };
        workspace.change_link(&change).expect("it changes");
    };
    let tag = || {
        Link::Tag(
            workspace.tags()[0]["id"]
                .as_str()
                .expect("an id")
                .to_owned(),
        )
    };
    link(tag(), false);
    link(tag(), true);
    for patch in [
        json!({"name": "Ada"}),
        json!({"email": "lead@example.com"}),
        json!({"role": "user", "external_id": "signed-up"}),
        json!({"email": "user@example.com"}),
        json!({"unsubscribed_from_emails": true}),
        json!({"unsubscribed_from_emails": false}),
    ] {
        workspace.touch_contact(&lead, patch).expect("it changes");
    }
    link(tag(), false);
    link(tag(), true);
    for remove in [false, true] {
        link(Link::Company(company.to_owned()), remove);
        link(Link::Subscription("135".to_owned()), remove);
    }
    workspace
        .add_event(&lead, "called", None, Map::new(), false)
        .expect("an event");
    workspace.archive_contact(&lead).expect("it is archived");
    workspace.unarchive_contact(&lead).expect("it is back");
    workspace.merge(&other, &lead).expect("they are one");
    workspace.delete_contact(&lead).expect("it goes");
    let company = workspace
        .create_company(json!({"company_id": "new", "name": "New", "plan": "Pro"}))
        .expect("a company");
    workspace
        .touch_company(&company, json!({"size": 3}))
        .expect("it changes");
    workspace.delete_company(&company).expect("it goes");
}

/// An id as a number.
fn number(id: &Value) -> Value {
    id.as_str().and_then(|id| id.parse::<i64>().ok()).into()
}

/// Asks for what makes conversations and tickets, and changes whose they are.
pub async fn ask_for_everything(world: &World, version: &str) {
    let workspace = world.workspace();
    let ask = async |method: &str, target: &str, body: Value| {
        let status = request_with(world, method, target, version, &body.to_string()).await;
        assert_eq!(status, 200, "{version}: {method} {target} {body}");
        let exchanges = world.exchanges.exchanges();
        let last = exchanges.last().expect("an exchange");
        serde_json::from_str::<Value>(&last.answer).expect("an answer")
    };
    let person = json!({"email": "ada@example.org"});
    let person = workspace.create_contact(person).expect("a user");
    let other = workspace.contact_ids().next().expect("a contact");
    let company = workspace.company_ids().next().expect("a company");
    let admin = workspace.admins()[0]["id"].clone();
    let team = workspace.teams()[0]["id"].clone();
    let tag = workspace.tags()[0]["id"].clone();
    let begun = json!({"from": {"type": "user", "id": person}, "body": "Hello"});
    let begun = ask("POST", "/conversations", begun).await;
    let conversation = format!("/conversations/{}", text(&begun, "conversation_id"));
    let message = json!({
        "from": {"type": "admin", "id": number(&admin)},
        "to": {"type": "user", "id": person},
        "message_type": "in_app",
        "body": "Hello",
        "create_conversation_without_contact_reply": true,
    });
    ask("POST", "/messages", message).await;
    let customers = format!("{conversation}/customers");
    let attach = json!({"admin_id": admin, "customer": {"intercom_user_id": other}});
    ask("POST", &customers, attach).await;
    let by = json!({"admin_id": admin});
    ask("DELETE", &format!("{customers}/{other}"), by).await;
    let tagged = json!({"id": tag, "admin_id": admin});
    ask("POST", &format!("{conversation}/tags"), tagged).await;
    if version == "2.16" {
        ask("PUT", &conversation, json!({"company_id": company})).await;
        let agent = json!({"happening": "agent_replied", "conversation": begun["conversation_id"], "body": "<p>Here</p>"});
        happen(workspace, agent);
    }
    let draft = json!({
        "ticket_type_id": "67",
        "contacts": [{"id": other}],
        "ticket_attributes": {"_default_title_": "example", "Severity": "2"},
    });
    let id = text(&ask("POST", "/tickets", draft).await, "id");
    let assigned = json!({"admin_id": number(&admin), "assignee_id": team});
    let target = format!("/tickets/{id}");
    let status = request_with(world, "PUT", &target, "2.16", &assigned.to_string()).await;
    assert_eq!(status, 200, "{target} {assigned}");
    for attached in [true, false] {
        let contact = json!({"happening": "ticket_contact", "ticket": id, "contact": person, "attached": attached});
        happen(workspace, contact);
    }
    let linked = workspace.conversation_ids().find(|id| {
        let conversation = workspace.conversation(id).expect("it is there");
        conversation["linked_objects"]["total_count"] == 1
    });
    let linked = linked.expect("a conversation with a ticket");
    for part in ["open", "close"] {
        let part = NewPart::of_type(part);
        workspace
            .add_conversation_part(&linked, &part)
            .expect("a part");
    }
}

/// Everything that is told in a version.
async fn told(version: &str) -> Vec<Value> {
    let (url, received) = receiver().await;
    let world = World::new(Options {
        conversations: 60,
        webhooks: WebhookOptions {
            version: ApiVersion::parse(version).expect("a version"),
            ..WebhookOptions::default()
        },
        ..small()
    })
    .await;
    // Not before: loading the component holds up the receiver for longer than the sender waits.
    world.workspace().set_webhook_url(Some(url));
    cause_everything(world.workspace());
    ask_for_everything(&world, version).await;
    for _ in 0..1_000 {
        if world.workspace().pending_webhooks() == 0 {
            return received.lock().expect("nobody panics").clone();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} are pending", world.workspace().pending_webhooks());
}

fn is_at(written: &str, place: &str) -> bool {
    let same = |(written, part): (&str, &str)| written == "*" || written == part;
    written.split('/').count() == place.split('/').count()
        && written.split('/').zip(place.split('/')).all(same)
}

/// Each object in a notification is what Intercom's description says of it, save the exceptions, and each of those is needed.
#[tokio::test]
async fn what_is_told_is_as_described() {
    let Some(documents) = documents::stable() else {
        return;
    };
    let mut used = BTreeSet::new();
    let mut wrong = BTreeSet::new();
    for document in documents {
        let bodies = told(document.name()).await;
        for body in &bodies {
            let topic = body["topic"].as_str().expect("a topic");
            let item = &body["data"]["item"];
            let contents = CONTENTS.iter().find(|(begin, _)| topic.starts_with(begin));
            let (_, contents) = contents.unwrap_or_else(|| panic!("nothing is known of {topic}"));
            for (pointer, component) in *contents {
                let component = match *component {
                    "conversation or ticket" => item["type"].as_str().expect("a type"),
                    component => component,
                };
                let Some(object) = item.pointer(pointer) else {
                    assert!(topic == "ticket.closed", "{topic}: {pointer}");
                    continue;
                };
                for (place, message) in document.check_component(component, object) {
                    let mut exceptions = EXCEPTIONS.iter();
                    let covers = |(of, written, _): &&(&str, &str, &str)| {
                        *of == document.name() && is_at(written, &place)
                    };
                    match exceptions.find(covers) {
                        Some((of, written, _)) => drop(used.insert((*of, *written))),
                        None => drop(
                            wrong
                                .insert(format!("{} {topic}: {place}: {message}", document.name())),
                        ),
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let unused: Vec<_> = EXCEPTIONS
        .iter()
        .filter(|(of, written, _)| !used.contains(&(*of, *written)))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}

/// Nothing is in the table of topics that no change brings about.
#[tokio::test]
async fn every_topic_is_told_when_its_change_happens() {
    for version in ["2.11", "2.16"] {
        let bodies = told(version).await;
        let told: BTreeSet<&str> = bodies
            .iter()
            .filter_map(|body| body["topic"].as_str())
            .collect();
        let known: BTreeSet<&str> = webhook_topics(version).collect();
        let missing: Vec<_> = known.difference(&told).collect();
        assert!(
            missing.is_empty() && told.is_subset(&known),
            "{version}: {missing:?}"
        );
    }
}
