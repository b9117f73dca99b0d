//! What a mapping takes of a contact's company is there after a webhook, which tells the ids of companies only.

use host_test::simulator::Fault;
use serde_json::{Value, json};

use crate::http::send;
use crate::process::{Finished, until};
use crate::receiver::Receiver;
use crate::webhooks::{listening, serve};
use crate::world::{TOKEN, World};

const CONFIG: &str = "config: { region: us, api_version: \"2.11\" }\n";

/// A workspace in which some contacts have all twelve companies, of which ten are shown.
fn world() -> World {
    World::new(&["--contacts", "60", "--companies", "12"])
}

/// A contact with so many companies, and the whole of these in its order.
fn contact_with(world: &World, count: usize) -> (String, Vec<Value>) {
    let contacts = world.service.ask("/contacts?per_page=60");
    let mut contacts = contacts["data"].as_array().expect("contacts").iter();
    let found = contacts.find(|contact| {
        contact["companies"]["total_count"] == count && contact["email"].is_string()
    });
    let id = found.expect("one with so many")["id"].as_str();
    let id = id.expect("an id").to_owned();
    let list = world
        .service
        .ask(&format!("/contacts/{id}/companies?per_page=50"));
    let companies = list["data"].as_array().expect("companies").clone();
    assert_eq!(companies.len(), count);
    (id, companies)
}

/// The contact gets another name.
fn rename(world: &World, id: &str) {
    let authorization = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("intercom-version", "2.11"),
        ("content-type", "application/json"),
    ];
    let target = format!("{}/contacts/{id}", world.service.url);
    let name = json!({ "name": "Ada Changed" }).to_string();
    let changed = send("PUT", &target, &headers, name.as_bytes());
    assert_eq!(changed.status, 200);
}

/// The contact changes in the workspace while webhooks are taken. What the receiver has then, when there is a whole row.
fn told(world: &World, receiver: &Receiver, id: &str) -> (Vec<Value>, Finished) {
    receiver.came();
    let arguments = [
        "webhook",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--output",
        &receiver.output,
        "--time-scale",
        "100",
    ];
    let running = world.start(&arguments);
    let url = listening(&running);
    world.service.post("webhook-url", &json!({ "url": url }));
    rename(world, id);
    let whole = |body: &Value| {
        let text = body.to_string();
        text.contains("jsonBody") || text.contains("\"upsert\"")
    };
    until(|| receiver.seen().iter().any(|came| whole(&came.body)));
    let finished = running.terminate();
    let bodies = receiver.came().into_iter().map(|came| came.body);
    (bodies.collect(), finished)
}

/// The rows of bodies, with what each is.
fn rows(bodies: &[Value]) -> Vec<(&str, &Value)> {
    let entries = bodies
        .iter()
        .flat_map(|body| body["entries"].as_array().expect("entries"));
    entries
        .map(|entry| (entry["change"].as_str().expect("a word"), &entry["data"]))
        .collect()
}

fn mapping(company: &Value) -> String {
    let mapping = json!({ "contacts": { "company": company, "nulls": false, "rules": [
        { "from": "name", "to": "FULLNAME" },
        { "from": "company.name", "to": "COMPANY_NAME" },
        { "from": "company.custom_attributes.account_tier", "to": "TIER" },
        { "from": ["company.plan.name", "company.id"], "to": "PLAN", "pipeline": [{ "join": " " }] },
    ] } });
    format!("{CONFIG}mapping: {mapping}\n")
}

#[test]
fn the_company_that_the_mapping_means_is_there_after_a_webhook() {
    let world = world();
    let receiver = Receiver::start();
    let (id, companies) = contact_with(&world, 12);
    let newest = companies.iter().reduce(|newest, other| {
        let later = other["created_at"].as_i64() > newest["created_at"].as_i64();
        if later { other } else { newest }
    });
    // The last one is not among the ten that the contact shows.
    let last = &companies[11];
    for (rule, expected) in [
        (json!("newest"), newest.expect("a company")),
        (json!("first"), &companies[0]),
        (json!({ "named": last["name"] }), last),
    ] {
        world.connect(&mapping(&rule));
        let (bodies, finished) = told(&world, &receiver, &id);
        let rows = rows(&bodies);
        // The delivery itself says nothing of the company, and nothing is made up.
        let (change, part) = rows[0];
        assert_eq!((change, &part["COMPANY_NAME"]), ("patch", &Value::Null));
        let (_, row) = rows.iter().find(|row| row.0 == "upsert").expect("a row");
        let plan = [&expected["plan"]["name"], &expected["id"]];
        let plan: Vec<&str> = plan.into_iter().filter_map(Value::as_str).collect();
        assert_eq!(
            **row,
            json!({ "FULLNAME": "Ada Changed", "COMPANY_NAME": expected["name"],
                    "TIER": expected["custom_attributes"]["account_tier"], "PLAN": plan.join(" ") }),
            "{rule}"
        );
        assert_eq!(finished.code, Some(0), "{finished:?}");
    }
}

#[test]
fn a_company_that_cannot_be_read_is_left_out_and_named() {
    let world = world();
    let receiver = Receiver::start();
    let (id, companies) = contact_with(&world, 1);
    let company = companies[0]["id"].as_str().expect("an id");
    world.connect(&mapping(&json!("newest")));
    let fault = |kind: &str, times: u64| {
        let fault: Fault = format!("GET /companies/{company} times={times} kind={kind}")
            .parse()
            .expect("a fault");
        world.service.post("faults", &json!([fault]));
    };
    for (status, words) in [
        ("status-404", format!("/companies/{company}")),
        (
            "status-403",
            "may not be read with this credential".to_owned(),
        ),
    ] {
        fault(status, 100);
        let (bodies, finished) = told(&world, &receiver, &id);
        let rows = rows(&bodies);
        let (_, row) = rows.iter().find(|row| row.0 == "upsert").expect("a row");
        assert_eq!(**row, json!({ "FULLNAME": "Ada Changed" }), "{status}");
        assert!(finished.err.contains(&words), "{status}: {finished:?}");
    }
    // What passes is waited for: the row comes whole.
    fault("status-500", 4);
    let (bodies, _) = told(&world, &receiver, &id);
    let rows = rows(&bodies);
    let (_, row) = rows.iter().find(|row| row.0 == "upsert").expect("a row");
    assert_eq!(row["COMPANY_NAME"], companies[0]["name"]);
}

/// A part of a contact does not say which lists it is for, and Brevo refuses contacts without: the whole is posted, once.
#[test]
fn an_import_gets_the_contact_with_its_company() {
    let world = world();
    let receiver = Receiver::start();
    let (id, companies) = contact_with(&world, 1);
    world.connect(&format!(
        "{CONFIG}mapping: {{ preset: brevo-contact, lists: {{ all_users: 35, leads: 37 }} }}\n"
    ));
    let (bodies, _) = told(&world, &receiver, &id);
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(bodies[0]["listIds"] == json!([35]) || bodies[0]["listIds"] == json!([37]));
    let contact = &bodies[0]["jsonBody"][0];
    assert_eq!(contact["attributes"]["COMPANY_NAME"], companies[0]["name"]);
    assert_eq!(contact["attributes"]["FULLNAME"], "Ada Changed");
}

#[test]
fn an_intent_whose_contact_lacks_the_company_that_it_needs_is_given_up_aloud() {
    let world = world();
    let (without, _) = contact_with(&world, 0);
    let (with, companies) = contact_with(&world, 1);
    let trigger = json!({
        "on": ["contact.user.updated", "contact.lead.updated"], "action": "hello",
        "mapping": { "contacts": { "rules": [
            { "from": "id", "to": "id" },
            { "from": "company.name", "to": "COMPANY", "required": true },
        ] } },
    });
    world.connect(&format!("{CONFIG}triggers: {{ hello: {trigger} }}\n"));
    let (running, url) = serve(&world);
    world.service.post("webhook-url", &json!({ "url": url }));
    for id in [&without, &with] {
        rename(&world, id);
    }
    let intents = || {
        let listed = ["intents", "list", "--json", "--output", "jsonl:hooks"];
        let listed = world.run(&listed);
        let listed = match listed.code {
            Some(0) => listed.document()["intents"].as_array().cloned(),
            _ => None,
        };
        listed.unwrap_or_default()
    };
    let is_over = |intent: &Value| intent["state"] == "done" || intent["state"] == "failed";
    until(|| intents().len() == 2 && intents().iter().all(is_over));
    let finished = running.terminate();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.err.contains("COMPANY"), "{finished:?}");
    for intent in intents() {
        let is_given_up = intent["key"] == json!(without);
        let state = if is_given_up { "failed" } else { "done" };
        assert_eq!(intent["state"], state, "{intent}");
        assert_eq!(
            intent["problem"].to_string().contains("COMPANY"),
            is_given_up,
            "{intent}"
        );
    }
    let told = world.lines("hooks/intents.jsonl");
    let records: Vec<&Value> = told.iter().map(|line| &line["record"]).collect();
    let expected = json!({ "id": with, "COMPANY": companies[0]["name"] });
    assert_eq!(records, [&expected]);
}
