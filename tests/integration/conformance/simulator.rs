use std::collections::BTreeSet;

use conformance::{Exchange, documents};
use host_test::simulator::{Fault, FaultKind, Options, operations};
use serde_json::{Value, json};

use super::catalogue::ask_catalogue;
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
            .filter(|exchange| exchange.status == 200)
            .collect();
        let missing: Vec<(&str, &str)> = operations(version)
            .filter(|(method, pattern)| {
                !answered
                    .iter()
                    .any(|exchange| is_of(exchange, method, pattern))
            })
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
        let statuses: BTreeSet<u16> = exchanges.iter().map(|exchange| exchange.status).collect();
        let expected = [200, 400, 401, 404, 409, 429, 500, 503];
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
    let last = || -> Value {
        let exchange = world.exchanges.exchanges().pop().expect("an exchange");
        serde_json::from_str(&exchange.answer).expect("JSON")
    };

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
    get(&of_contact("/subscriptions"), 200).await;

    post(
        "/companies",
        json!({ "company_id": "new", "name": "New", "plan": "Pro", "monthly_spend": 5 }),
        200,
    )
    .await;
    let new = text(&last(), "id");
    get(&format!("/companies/{new}"), 200).await;
    // 2.11 declares no body.
    ask("PUT", &format!("/companies/{new}"), Value::Null, 200).await;
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

    ask_catalogue(world, version).await;

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
