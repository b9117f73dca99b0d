mod attributes;
mod conforms;
mod identity;
mod jobs;
mod remembered;
mod replay;
mod schema;
mod several;
mod unchanged;
mod workspace;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::workspace::{Workspace, of};
use super::*;
use crate::conformance::assert_conforms;
use crate::contract::connector::{OutcomeStatus, Row};
use crate::contract::http::{Effect, Error, ErrorKind, Method, Request, Response};
use crate::contract::state::{Change, Current, Swapped};
use crate::contract::types::Header;
use crate::operation::Answer;

/// A workspace's contacts, as far as writes need them.
#[derive(Default)]
struct Model {
    contacts: BTreeMap<String, Value>,
    archived: BTreeMap<String, Value>,
    /// Contacts that the search does not find yet.
    unindexed: Vec<String>,
    state: BTreeMap<String, Vec<u8>>,
    requests: Vec<(Method, String)>,
    /// What updates said.
    bodies: Vec<Value>,
    /// Answers to the next writes, instead.
    instead: Vec<Answer>,
    elapsed_ms: u64,
    memory: usize,
    unix_ms: i64,
    config: Value,
}

/// Whether a query finds a contact; groups take fifteen and nest two deep.
fn finds(query: &Value, contact: &Value, depth: usize) -> bool {
    let Some(group) = query["value"].as_array() else {
        return contact[query["field"].as_str().unwrap()] == query["value"];
    };
    assert!(depth < 2, "groups nest too deep");
    assert!(group.len() <= 15, "too many filters");
    let mut found = group.iter().map(|query| finds(query, contact, depth + 1));
    match query["operator"].as_str() {
        Some("AND") => found.all(|found| found),
        _ => found.any(|found| found),
    }
}

impl Model {
    fn add(&mut self, id: &str, contact: Value) {
        let mut contact = contact;
        contact["id"] = id.into();
        self.contacts.insert(id.to_owned(), contact);
    }

    fn answer(&mut self, request: &Request) -> Answer {
        assert_conforms(request);
        self.requests.push((request.method, request.target.clone()));
        if request.effect == Effect::Write && !self.instead.is_empty() {
            return self.instead.remove(0);
        }
        let body: Value = request
            .body
            .as_deref()
            .map_or(Value::Null, |body| serde_json::from_slice(body).unwrap());
        let segments: Vec<&str> = request.target.split('/').collect();
        match (request.method, &segments[..]) {
            (Method::Get, ["", list]) if list.starts_with("data_attributes?model=contact") => {
                let price = json!({ "name": "price", "data_type": "float", "custom": true });
                respond(200, &json!({ "type": "list", "data": [price] }))
            }
            (Method::Post, ["", "contacts", "search"]) => self.search(&body),
            (Method::Post, ["", "contacts"]) => self.create(body),
            (Method::Post, ["", "contacts", id, "unarchive"]) => {
                let contact = self.archived.remove(*id).unwrap();
                self.contacts.insert((*id).to_owned(), contact);
                respond(200, &json!({ "id": id }))
            }
            (Method::Put, ["", "contacts", id]) => match self.contacts.get_mut(*id) {
                Some(contact) => {
                    self.bodies.push(body.clone());
                    for (name, value) in body.as_object().unwrap() {
                        contact[name] = value.clone();
                    }
                    respond(200, contact)
                }
                None => error(404, "not_found", "User Not Found"),
            },
            other => panic!("unexpected request: {other:?}"),
        }
    }

    fn search(&self, body: &Value) -> Answer {
        let matches = |contact: &Value| finds(&body["query"], contact, 0);
        let found: Vec<&Value> = self
            .contacts
            .iter()
            .filter(|(id, contact)| !self.unindexed.contains(id) && matches(contact))
            .map(|(_, contact)| contact)
            .collect();
        respond(200, &json!({ "type": "list", "data": found, "pages": {} }))
    }

    fn create(&mut self, body: Value) -> Answer {
        let same = |contact: &Value| {
            ["external_id", "email"]
                .iter()
                .any(|name| !body[*name].is_null() && contact[*name] == body[*name])
        };
        if let Some((id, _)) = self.contacts.iter().find(|(_, contact)| same(contact)) {
            return error(
                409,
                "conflict",
                &format!("A contact matching those details already exists with id={id}"),
            );
        }
        if let Some((id, _)) = self.archived.iter().find(|(_, contact)| same(contact)) {
            return error(
                409,
                "conflict",
                &format!("An archived contact matching those details already exists with id={id}"),
            );
        }
        let id = format!("new{}", self.contacts.len());
        self.add(&id, body);
        respond(200, &self.contacts[&id])
    }

    fn write(&mut self, batch: Batch) -> Result<Vec<Outcome>, Failure> {
        let mut connection = connection();
        if !self.config.is_null() {
            connection.config = self.config.to_string().into_bytes();
        }
        let mut operation = WriteBatch::new(connection, batch);
        let mut input = Input::Start;
        loop {
            let moment = Moment {
                unix_ms: self.unix_ms,
                elapsed_ms: self.elapsed_ms,
                memory: self.memory,
            };
            input = match operation.step(moment, input) {
                Step::Send(requests, in_flight) => {
                    assert!(in_flight > 0);
                    Input::Answers(
                        requests
                            .iter()
                            .map(|request| self.answer(request))
                            .collect(),
                    )
                }
                Step::Load(key) => Input::Loaded(self.state.get(&key).cloned()),
                Step::Store(changes) => Input::Stored(Some(self.store(changes))),
                Step::Done(output) => return output,
            };
        }
    }

    fn store(&mut self, changes: Vec<Change>) -> Swapped {
        for change in changes {
            assert_eq!(self.state.get(&change.key), change.expected.as_ref());
            assert!(change.ttl_ms.is_some());
            match change.value {
                Some(value) => self.state.insert(change.key, value),
                None => self.state.remove(&change.key),
            };
        }
        Swapped::Done
    }

    fn writes(&self) -> usize {
        self.requests
            .iter()
            .filter(|(method, target)| *method != Method::Get && target != "/contacts/search")
            .count()
    }
}

fn connection() -> Connection {
    Connection {
        config: b"{}".to_vec(),
        mapping: None,
        triggers: None,
        account: None,
        prepared: None,
    }
}

fn respond(status: u16, body: &Value) -> Answer {
    Ok(Response {
        status,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    })
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    let errors = json!([{ "code": code, "message": message }]);
    respond(
        status,
        &json!({ "type": "error.list", "request_id": "r", "errors": errors }),
    )
}

fn batch(id: &str, documents: &[Value]) -> Batch {
    let row = |(index, document): (usize, &Value)| Row {
        key: index.to_string(),
        document: document.to_string().into_bytes(),
        attempt: 0,
        base_updated_at_ms: None,
    };
    Batch {
        action: "contacts".into(),
        mode: None,
        id: id.into(),
        rows: documents.iter().enumerate().map(row).collect(),
        time_budget_ms: 1_000,
        rehearsal: Rehearsal::Off,
    }
}

fn words(outcomes: &[Outcome]) -> Vec<String> {
    let word = |outcome: &Outcome| match &outcome.status {
        OutcomeStatus::Created => "created".to_owned(),
        OutcomeStatus::Updated => "updated".to_owned(),
        OutcomeStatus::Failed(failure) => format!("failed {}", failure.code),
        OutcomeStatus::Deferred(failure) => format!("deferred {}", failure.code),
        OutcomeStatus::Skipped(text) => format!("skipped {text}"),
        other => format!("{other:?}"),
    };
    outcomes.iter().map(word).collect()
}

#[test]
fn a_replayed_batch_is_answered_from_the_journal() {
    let mut model = Model::default();
    let rows = [
        json!({ "email": "a@x.y", "name": "old" }),
        json!({ "email": "not an address" }),
    ];
    let first = model.write(batch("ada@x.y", &rows)).unwrap();
    let sent = model.requests.len();
    let second = model.write(batch("ada@x.y", &rows)).unwrap();
    assert_eq!(first, second);
    assert_eq!(model.requests.len(), sent);
    let third = model.write(batch("b2", &rows)).unwrap();
    assert_eq!(words(&third), ["updated", "failed invalid_row"]);
    let changed = model
        .write(batch(
            "ada@x.y",
            &[json!({ "email": "a@x.y", "name": "new" })],
        ))
        .unwrap();
    assert_eq!(words(&changed), ["updated"]);
    assert_eq!(model.contacts["new0"]["name"], "new");
    assert!(
        model.state.keys().all(|key| !key.contains("ada")),
        "the batch's id is not in the key"
    );
}

#[test]
fn failures_are_told_row_by_row() {
    let lost = |sent| {
        Err(Error {
            kind: ErrorKind::ConnectionLost,
            message: "x".into(),
            request_sent: sent,
            retry_after_ms: None,
        })
    };
    let rows: Vec<Value> = (0..6)
        .map(|index| json!({ "external_id": index.to_string() }))
        .collect();
    let mut model = Model {
        instead: vec![
            error(429, "rate_limit_exceeded", "m"),
            error(500, "server_error", "m"),
            lost(true),
            lost(false),
            error(
                400,
                "parameter_invalid",
                "Custom attribute 'x' does not exist",
            ),
        ],
        ..Model::default()
    };
    let outcomes = model.write(batch("b", &rows)).unwrap();
    assert_eq!(
        words(&outcomes),
        [
            "created",
            "deferred server_error",
            "deferred connection_lost",
            "deferred connection_lost",
            "failed parameter_invalid",
            "created"
        ]
    );
    let maybe_applied = |index: usize| match &outcomes[index].status {
        OutcomeStatus::Failed(failure) | OutcomeStatus::Deferred(failure) => failure.maybe_applied,
        _ => false,
    };
    assert_eq!(
        [0, 1, 2, 3, 4].map(maybe_applied),
        [false, true, true, false, false]
    );
    assert_eq!(outcomes[4].request_id.as_deref(), Some("r"));
    // Given again, each row is written once.
    let again = model.write(batch("b", &rows)).unwrap();
    assert_eq!(words(&again), ["created"; 6]);
    assert_eq!(model.contacts.len(), 6);
}

#[test]
fn who_meets_the_rate_limit_while_others_do_not_is_written_without_another_search() {
    let rows: Vec<Value> = (0..300)
        .map(|index| json!({ "external_id": index.to_string(), "email": format!("{index}@x.y") }))
        .collect();
    let mut workspace = Workspace {
        limits: 20,
        ..Workspace::new()
    };
    let outcomes = workspace.write(of("contacts", "upsert", "b", &rows));
    assert_eq!(words(&outcomes), ["created"; 300]);
    // Every twentieth is refused, of those that come again as well.
    assert_eq!(workspace.writes(), 300 + 15);
    // Fifteen filters have room for the two names of seven rows.
    let searches = workspace.requests.len() - workspace.writes();
    assert_eq!(searches, 300_usize.div_ceil(7));
}

#[test]
fn a_refused_token_ends_the_batch_at_once() {
    let rows: Vec<Value> = (0..3)
        .map(|index| json!({ "external_id": "same", "name": index.to_string() }))
        .collect();
    let mut model = Model {
        instead: vec![error(401, "unauthorized", "Access Token Invalid")],
        ..Model::default()
    };
    let outcomes = model.write(batch("b", &rows)).unwrap();
    assert_eq!(words(&outcomes), ["failed unauthorized"; 3]);
    assert_eq!(model.writes(), 1);
}

#[test]
fn what_the_time_does_not_allow_is_deferred() {
    let mut model = Model {
        elapsed_ms: 5_000,
        ..Model::default()
    };
    let outcomes = model
        .write(batch("b", &[json!({ "external_id": "1" })]))
        .unwrap();
    assert_eq!(
        (words(&outcomes), model.writes()),
        (vec!["deferred time_budget".to_owned()], 0)
    );
}

#[test]
fn many_rows_take_few_searches() {
    let mut model = Model::default();
    let rows: Vec<Value> = (0..40)
        .map(|index| json!({ "external_id": index.to_string(), "email": format!("{index}@x.y") }))
        .collect();
    model.write(batch("b", &rows)).unwrap();
    assert_eq!(model.requests.len() - model.writes(), 6);
}

#[test]
fn a_rehearsal_writes_nothing_and_shows_what_it_would() {
    let mut model = Model::default();
    model.add("a", json!({ "external_id": "1" }));
    let rows = [json!({ "external_id": "1" }), json!({ "external_id": "2" })];
    let outcomes = model
        .write(Batch {
            rehearsal: Rehearsal::ReadsOnly,
            ..batch("b", &rows)
        })
        .unwrap();
    assert_eq!(
        words(&outcomes),
        ["skipped would update", "skipped would create"]
    );
    assert_eq!(outcomes[0].planned[0].target, "/contacts/a");
    assert_eq!(outcomes[1].planned[0].method, Method::Post);
    assert_eq!((model.writes(), model.state.len()), (0, 0));
    let sent = model.requests.len();
    let outcomes = model
        .write(Batch {
            rehearsal: Rehearsal::Offline,
            ..batch("b", &rows)
        })
        .unwrap();
    assert_eq!((outcomes[0].planned.len(), model.requests.len()), (2, sent));
}

#[test]
fn batches_that_are_not_valid_write_nothing() {
    let mut model = Model::default();
    let good = || {
        batch(
            "b",
            &[json!({ "external_id": "1" }), json!({ "external_id": "2" })],
        )
    };
    let mut twice = good();
    twice.rows[1].key = "0".into();
    let large = batch("b", &vec![json!({ "external_id": "1" }); 501]);
    for (batch, code) in [
        (
            Batch {
                action: "contact".into(),
                ..good()
            },
            "unknown_action",
        ),
        (
            Batch {
                mode: Some("mereg".into()),
                ..good()
            },
            "invalid_batch",
        ),
        (
            Batch {
                id: String::new(),
                ..good()
            },
            "invalid_batch",
        ),
        (twice, "invalid_batch"),
        (large, "invalid_batch"),
    ] {
        assert_eq!(model.write(batch).unwrap_err().code, code);
    }
    assert!(model.requests.is_empty());
}
