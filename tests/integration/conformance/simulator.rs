use std::collections::BTreeSet;

use conformance::{Exchange, documents};
use host_test::simulator::{
    CatalogueKind, Fault, FaultKind, Link, LinkChange, NewPart, Options, operations,
};
use serde_json::{Map, Value, json};

use super::catalogue::ask_catalogue;
use super::writes::write_everything;
use crate::world::{World, request_with, small, text};

/// Answers are checked when the world ends; here is that there is one of every operation, in both versions.
#[tokio::test]
async fn every_answer_of_the_simulator_is_as_described() {
    if documents::stable().is_none() {
        return;
    }
    for version in ["2.11", "2.16"] {
        let world = World::new(small()).await;
        ask_everything(&world, version).await;
        let exchanges = world.exchanges.exchanges();
        assert!(
            exchanges
                .iter()
                .all(|exchange| exchange.version.as_deref() == Some(version))
        );
        let answered: Vec<&Exchange> = exchanges
            .iter()
            .filter(|exchange| matches!(exchange.status, 200 | 202))
            .collect();
        let missing: Vec<(&str, &str)> = operations(version)
            // A call's transcript is plain text, which has no schema.
            .filter(|(_, pattern)| *pattern != "/calls/{id}/transcript")
            .filter(|(method, pattern)| {
                !answered
                    .iter()
                    .any(|exchange| is_of(exchange, method, pattern))
            })
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
        let statuses: BTreeSet<u16> = exchanges.iter().map(|exchange| exchange.status).collect();
        let expected = [200, 202, 400, 401, 404, 409, 422, 429, 500, 503];
        let gone = (version == "2.16").then_some(410);
        assert_eq!(
            statuses,
            expected.into_iter().chain(gone).collect(),
            "{version}"
        );
    }
}

#[tokio::test]
async fn a_refusal_for_want_of_a_permission_is_an_error_as_described() {
    for (version, status) in [("2.11", 401), ("2.16", 403)] {
        let denied = vec!["tags".to_owned()];
        let world = World::new(Options { denied, ..small() }).await;
        assert_eq!(
            request_with(&world, "GET", "/tags", version, "").await,
            status
        );
    }
}

fn is_of(exchange: &Exchange, method: &str, pattern: &str) -> bool {
    let same = |(given, wanted): (&str, &str)| given == wanted || wanted.starts_with('{');
    // A fixed path is no example of a pattern beside it.
    let version = exchange.version.as_deref().unwrap_or_default();
    let fixed = operations(version).any(|(_, path)| path == exchange.path());
    exchange.method == method
        && (!fixed || exchange.path() == pattern)
        && exchange.path().split('/').count() == pattern.split('/').count()
        && exchange.path().split('/').zip(pattern.split('/')).all(same)
}

/// Asks the simulator everything that it answers, and for what it refuses.
pub async fn ask_everything(world: &World, version: &str) {
    let ask = async |method: &str, target: &str, body: Value, status: u16| {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let found = request_with(world, method, target, version, &body).await;
        assert_eq!(found, status, "{version}: {method} {target} {body}");
    };
    let get = async |target: &str, status: u16| ask("GET", target, Value::Null, status).await;
    let post =
        async |target: &str, body: Value, status: u16| ask("POST", target, body, status).await;
    let delete = async |target: &str, status: u16| ask("DELETE", target, Value::Null, status).await;
    let last = || last(world);

    get("/me", 200).await;
    for (list, some) in [
        ("/admins", world.workspace().admins()),
        ("/teams", world.workspace().teams()),
        ("/tags", world.workspace().tags()),
        ("/segments", world.workspace().segments()),
    ] {
        get(list, 200).await;
        get(&format!("{list}/{}", text(&some[0], "id")), 200).await;
        get(&format!("{list}/999"), 404).await;
    }
    get("/segments?include_count=true", 200).await;

    get("/data_attributes", 200).await;
    get("/data_attributes?model=company&include_archived=true", 200).await;
    let attribute = json!({ "name": "Mood", "model": "contact", "data_type": "string" });
    post("/data_attributes", attribute.clone(), 200).await;
    post("/data_attributes", attribute, 400).await;

    let contact = world.workspace().contact_ids().next().expect("a contact");
    let of_contact = |what: &str| format!("/contacts/{contact}{what}");
    let company = world.workspace().company_ids().next().expect("a company");
    let company_id = world.workspace().company(&company).expect("a company")["company_id"].clone();
    let of_company = |what: &str| format!("/companies/{company}{what}");

    get("/contacts?per_page=60", 200).await;
    let next = text(&last()["pages"]["next"], "starting_after");
    get(
        &format!("/contacts?per_page=60&starting_after={}", encoded(&next)),
        200,
    )
    .await;
    let search = |field: &str, value: Value| json!({ "query": { "field": field, "operator": "=", "value": value } });
    post("/contacts/search", search("role", json!("lead")), 200).await;
    post("/contacts/search", search("no_such_field", json!("x")), 400).await;
    let ada =
        json!({ "role": "user", "email": "ada@example.org", "custom_attributes": { "seats": 2 } });
    post("/contacts", ada.clone(), 200).await;
    let created = text(&last(), "id");
    post("/contacts", ada, 409).await;
    ask(
        "PUT",
        &format!("/contacts/{created}"),
        json!({ "name": "Ada", "phone": "+15550100" }),
        200,
    )
    .await;
    get(&format!("/contacts/{created}"), 200).await;
    post(&format!("/contacts/{created}/archive"), Value::Null, 200).await;
    get(&format!("/contacts/{created}"), 404).await;
    post(&format!("/contacts/{created}/unarchive"), Value::Null, 200).await;
    delete(&format!("/contacts/{created}"), 200).await;
    let pair = |role: &str| json!({ "role": role, "email": "twin@example.org" });
    let lead = world
        .workspace()
        .create_contact(pair("lead"))
        .expect("a lead");
    let user = world
        .workspace()
        .create_contact(pair("user"))
        .expect("a user");
    post(
        "/contacts/merge",
        json!({ "from": lead, "into": user }),
        200,
    )
    .await;
    get(
        &format!("/contacts/{lead}"),
        if version == "2.16" { 410 } else { 404 },
    )
    .await;

    post(&of_contact("/companies"), json!({ "id": company }), 200).await;
    get(&of_contact("/companies"), 200).await;
    delete(&of_contact(&format!("/companies/{company}")), 200).await;
    let tag = text(&world.workspace().tags()[0], "id");
    post(&of_contact("/tags"), json!({ "id": tag }), 200).await;
    get(&of_contact("/tags"), 200).await;
    delete(&of_contact(&format!("/tags/{tag}")), 200).await;
    let teammate = text(&world.workspace().admins()[0], "id");
    post(
        &of_contact("/notes"),
        json!({ "body": "Hello", "admin_id": teammate }),
        200,
    )
    .await;
    get(&of_contact("/notes"), 200).await;
    get(&of_contact("/segments"), 200).await;
    ask_about_links(world, version, &contact, &company).await;

    post(
        "/companies",
        json!({ "company_id": "new", "name": "New", "plan": "Pro", "monthly_spend": 5 }),
        200,
    )
    .await;
    let new = text(&last(), "id");
    get(&format!("/companies/{new}"), 200).await;
    get("/companies?company_id=new", 200).await;
    let newer = json!({ "name": "Newer" });
    ask("PUT", &format!("/companies/{new}"), newer, 200).await;
    delete(&format!("/companies/{new}"), 200).await;
    get(&format!("/companies/{new}"), 404).await;
    get(&of_company("/contacts"), 200).await;
    get(&of_company("/segments"), 200).await;
    get("/companies?per_page=5&page=2", 200).await;
    get(&format!("/companies?tag_id={tag}"), 200).await;
    post("/companies/list?per_page=5&order=asc", Value::Null, 200).await;
    get("/companies/scroll", 200).await;
    get("/companies/scroll", 400).await;
    let parameter = text(&last_scroll(world), "scroll_param");
    get(
        &format!("/companies/scroll?scroll_param={}", encoded(&parameter)),
        200,
    )
    .await;

    post("/tags", json!({ "name": "New" }), 200).await;
    let named = text(&last(), "id");
    post(
        "/tags",
        json!({ "name": "New", "users": [{ "id": contact }] }),
        200,
    )
    .await;
    post(
        "/tags",
        json!({ "name": "New", "companies": [{ "id": company }] }),
        200,
    )
    .await;
    post(
        "/tags",
        json!({ "name": "New", "companies": [{ "id": company, "company_id": company_id, "untag": true }] }),
        200,
    )
    .await;
    delete(&format!("/tags/{named}"), 200).await;

    ask_for_conversations(world, version).await;
    ask_for_tickets(world, version).await;
    ask_catalogue(world, version).await;
    write_everything(world, version).await;

    for (kind, status) in [
        (FaultKind::RateLimited { reset: true }, 429),
        (FaultKind::Status(500), 500),
        (FaultKind::Status(503), 503),
    ] {
        world.workspace().set_faults(vec![Fault::new("/me", kind)]);
        get("/me", status).await;
    }
    world.workspace().revoke_token();
    get("/me", 401).await;
    world.workspace().restore_token();
}

/// Asks for what hangs on a contact and a company, and for the events of the contact and of one of whom less is known.
async fn ask_about_links(world: &World, version: &str, contact: &str, company: &str) {
    let ask = async |method: &str, target: &str, body: Value, status: u16| {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let found = request_with(world, method, target, version, &body).await;
        assert_eq!(found, status, "{version}: {method} {target} {body}");
    };
    let get = async |target: &str, status: u16| ask("GET", target, Value::Null, status).await;

    get("/subscription_types", 200).await;
    let subscriptions = format!("/contacts/{contact}/subscriptions");
    for subscription in world
        .workspace()
        .catalogue_objects(CatalogueKind::SubscriptionTypes)
    {
        let consent = &subscription["consent_type"];
        let body = json!({ "id": subscription["id"], "consent_type": consent });
        ask("POST", &subscriptions, body, 200).await;
    }
    get(&subscriptions, 200).await;
    get(&format!("/contacts/{contact}"), 200).await;
    ask("DELETE", &format!("{subscriptions}/135"), Value::Null, 200).await;

    let linked = LinkChange {
        of: contact.to_owned(),
        link: Link::Note("Hello".to_owned()),
        remove: false,
        quiet: false,
    };
    let note = world.workspace().change_link(&linked).expect("a note");
    get(&format!("/notes/{note}"), 200).await;
    get("/notes/1000000000", 404).await;
    let notes = format!("/companies/{company}/notes");
    if version == "2.16" {
        ask(
            "POST",
            &notes,
            json!({ "body": "Hello", "admin_id": "991267390" }),
            200,
        )
        .await;
        get(&notes, 200).await;
    }
    let segment = text(&world.workspace().segments()[0], "id");
    get(&format!("/companies?segment_id={segment}"), 200).await;

    let unknown = json!({ "role": "lead" });
    let unknown = world.workspace().create_contact(unknown).expect("a lead");
    for (contact, page) in [(contact, "&per_page=5"), (&unknown, "")] {
        for _ in 0..2 {
            world
                .workspace()
                .add_event(contact, "called", None, Map::new(), false)
                .expect("an event");
        }
        let events = format!("/events?type=user&intercom_user_id={contact}");
        let page = if version == "2.11" { page } else { "" };
        get(&format!("{events}{page}"), 200).await;
        get(&format!("{events}&summary=true"), 200).await;
        get(
            &format!("{events}&before=1767225600000&since=1767000000000"),
            200,
        )
        .await;
    }
    get("/events?type=user&user_id=nobody", 404).await;
}

/// Sends a request, and holds that its answer has this status.
async fn expect(
    world: &World,
    version: &str,
    (method, target): (&str, &str),
    body: &str,
    status: u16,
) {
    let found = request_with(world, method, target, version, body).await;
    assert_eq!(found, status, "{version}: {method} {target} {body}");
}

/// Asks for conversations of every kind, and for what is about them.
async fn ask_for_conversations(world: &World, version: &str) {
    let get = async |target: &str, status: u16| {
        expect(world, version, ("GET", target), "", status).await;
    };
    let search = async |body: Value, status: u16| {
        let body = body.to_string();
        expect(
            world,
            version,
            ("POST", "/conversations/search"),
            &body,
            status,
        )
        .await;
    };
    let workspace = world.workspace();
    let all: Vec<String> = workspace.conversation_ids().collect();
    let of = |id: &str| format!("/conversations/{id}");
    get("/conversations?per_page=20", 200).await;
    let next = text(&last(world)["pages"]["next"], "starting_after");
    let page = format!(
        "/conversations?per_page=150&starting_after={}",
        encoded(&next)
    );
    get(&page, 200).await;
    let updated = json!({ "field": "updated_at", "operator": ">", "value": "0" });
    search(
        json!({ "query": updated, "pagination": { "per_page": 150 } }),
        200,
    )
    .await;
    let unknown = json!({ "field": "colour", "operator": "=", "value": "x" });
    search(json!({ "query": unknown }), 400).await;
    for id in &all {
        get(&of(id), 200).await;
    }
    get(&format!("{}?display_as=plaintext", of(&all[1])), 200).await;
    let part = NewPart {
        from_contact: true,
        ..NewPart::comment("<p>Hello?</p>")
    };
    let part = workspace
        .add_conversation_part(&all[0], &part)
        .expect("a part");
    workspace
        .redact_conversation_part(&all[0], &part)
        .expect("it is redacted");
    workspace.close_conversation(&all[0]).expect("it is closed");
    get(&of(&all[0]), 200).await;
    workspace
        .delete_conversation(&all[0])
        .expect("it is deleted");
    get(&of(&all[0]), 404).await;
    if version == "2.16" {
        get("/conversations/deleted", 200).await;
        get("/conversations/attributes?include_archived=true", 200).await;
    } else {
        get(
            "/data_attributes?model=conversation&include_archived=true",
            200,
        )
        .await;
    }
}

/// Asks for tickets of every kind, and for what is about them.
async fn ask_for_tickets(world: &World, version: &str) {
    let get = async |target: &str, status: u16| {
        expect(world, version, ("GET", target), "", status).await;
    };
    let workspace = world.workspace();
    let all: Vec<String> = workspace.ticket_ids().collect();
    let of = |id: &str| format!("/tickets/{id}");
    let created = json!({ "field": "created_at", "operator": ">", "value": "0" });
    let body = json!({ "query": created, "pagination": { "per_page": 150 } }).to_string();
    expect(world, version, ("POST", "/tickets/search"), &body, 200).await;
    let part = workspace.add_ticket_part(&all[0], &NewPart::comment("<p>Soon</p>"));
    workspace
        .redact_ticket_part(&all[0], &part.expect("a part"))
        .expect("it is redacted");
    workspace.resolve_ticket(&all[0]).expect("it is resolved");
    for id in &all {
        get(&of(id), 200).await;
    }
    workspace.delete_ticket(&all[0]).expect("it is deleted");
    get(&of(&all[0]), 404).await;
    get("/ticket_types", 200).await;
    let kind = text(&last(world)["data"][0], "id");
    get(&format!("/ticket_types/{kind}"), 200).await;
    if version == "2.16" {
        get("/ticket_states", 200).await;
    }
}

/// The last answer.
fn last(world: &World) -> Value {
    let exchange = world.exchanges.exchanges().pop().expect("an exchange");
    serde_json::from_str(&exchange.answer).expect("JSON")
}

/// The scroll's own answer, before the refusal of a second one.
fn last_scroll(world: &World) -> Value {
    let exchanges = world.exchanges.exchanges();
    let scroll = exchanges
        .iter()
        .rfind(|exchange| exchange.path() == "/companies/scroll" && exchange.status == 200);
    serde_json::from_str(&scroll.expect("a scroll").answer).expect("JSON")
}

/// A cursor as it stands in a query.
fn encoded(text: &str) -> String {
    intercom_connector::intercom::request::encode(text)
}
