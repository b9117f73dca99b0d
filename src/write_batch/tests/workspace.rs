//! A model of a workspace that counts what was done to it, and a process that may die after any request.

mod contacts;
mod talk;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;
use crate::operation::Input;

/// A workspace, and the state of its connection.
#[derive(Default)]
pub struct Workspace {
    pub contacts: Vec<Value>,
    pub companies: Vec<Value>,
    pub tags: Vec<Value>,
    pub attributes: Vec<Value>,
    /// What tickets hold.
    pub ticket_attributes: Vec<Value>,
    /// What instances of custom objects can hold.
    pub instance_attributes: Vec<&'static str>,
    pub conversations: Vec<Value>,
    pub tickets: Vec<Value>,
    pub articles: Vec<Value>,
    /// Notes by their contacts.
    pub notes: Vec<(String, Value)>,
    /// What is linked: an object's path and what hangs on it.
    pub links: BTreeSet<(String, String)>,
    /// Events by contact, name and second.
    pub events: BTreeSet<(String, String, i64)>,
    pub messages: Vec<Value>,
    /// Contacts that are gone, and those into which they were merged.
    pub gone: BTreeMap<String, Option<String>>,
    pub state: BTreeMap<String, Vec<u8>>,
    pub requests: Vec<(Method, String)>,
    /// Jobs: when each is over, what is to be done, and whether it was, and all of it.
    pub jobs: Vec<Job>,
    /// How long a job takes.
    pub job_ms: i64,
    /// How every job ends, instead.
    pub job_ends: Option<&'static str>,
    /// The connection's configuration.
    pub config: Value,
    pub now_ms: i64,
    /// How long new objects are not found by searches.
    pub lag_ms: i64,
    /// Whether the store can be reached.
    pub stateless: bool,
    /// Answers every write instead.
    pub refuses: Option<(u16, &'static str)>,
    /// The write of this number meets the rate limit, and so does each one so far behind it; 0: none.
    pub limits: usize,
    pub ids: u32,
    /// Bytes of memory that a call has used.
    pub memory: usize,
    /// Each answer to a request takes so many more.
    pub leaks: usize,
    /// The write of this number is done, and its answer is lost.
    pub loses: usize,
    /// What the last call said in the log.
    pub notices: Vec<String>,
    pub ticket_states: Vec<Value>,
    /// Instances of custom objects by what they are asked for.
    pub instances: BTreeMap<String, Value>,
}

/// Rows that are written together.
pub struct Job {
    due_ms: i64,
    method: Method,
    kind: String,
    pub items: Vec<Value>,
    wrote_all: Option<bool>,
}

impl Workspace {
    pub fn new() -> Self {
        Self {
            config: json!({}),
            ticket_attributes: vec![json!({ "name": "_default_title_", "data_type": "string" })],
            now_ms: 1_750_000_000_000,
            ..Self::default()
        }
    }

    fn id(&mut self) -> String {
        self.ids += 1;
        format!("{}", 1_000 + self.ids)
    }

    fn now(&self) -> i64 {
        self.now_ms / 1_000
    }

    /// Adds a contact.
    pub fn contact(&mut self, fields: Value) -> String {
        let mut contact = fields;
        let id = format!("{:0>24}", self.id());
        contact["id"] = id.as_str().into();
        contact["created_at"] = 1.into();
        if contact["updated_at"].is_null() {
            contact["updated_at"] = 1.into();
        }
        self.contacts.push(contact);
        id
    }

    /// Adds a conversation.
    pub fn conversation(&mut self) -> String {
        let id = self.id();
        let parts = json!({ "conversation_parts": [] });
        let conversation = json!({ "id": id, "created_at": 1, "source": { "body": "" }, "contact": "", "conversation_parts": parts, "ticket": null });
        self.conversations.push(conversation);
        id
    }

    /// The parts of a conversation.
    pub fn parts(&self, id: &str) -> Vec<Value> {
        let conversation = self.conversations.iter().find(|one| one["id"] == id);
        let parts = &conversation.unwrap()["conversation_parts"]["conversation_parts"];
        parts.as_array().unwrap().clone()
    }

    pub fn writes(&self) -> usize {
        let is_write = |(method, target): &&(Method, String)| {
            *method != Method::Get && !target.ends_with("/search")
        };
        self.requests.iter().filter(is_write).count()
    }

    /// Writes a batch. `dies`: after so many requests and stores the process is no more, and nobody learns of the last.
    pub fn run(
        &mut self,
        batch: Batch,
        mut dies: Option<usize>,
    ) -> Option<Result<Vec<Outcome>, Failure>> {
        let mut operation = self.operation(batch);
        let mut input = Input::Start;
        let mut lives = move || match &mut dies {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        };
        for _ in 0..10_000 {
            let moment = Moment {
                unix_ms: self.now_ms,
                elapsed_ms: 0,
                memory: self.memory,
            };
            self.now_ms += 10;
            input = match operation.step(moment, input) {
                Step::Send(requests, _) => {
                    let mut answers = Vec::new();
                    for request in &requests {
                        answers.push(self.answer(request));
                        if !lives() {
                            return None;
                        }
                    }
                    Input::Answers(answers)
                }
                Step::Load(key) => Input::Loaded(self.state.get(&key).cloned()),
                Step::Store(_) if self.stateless => Input::Stored(None),
                Step::Store(changes) => {
                    for change in changes {
                        assert_eq!(self.state.get(&change.key), change.expected.as_ref());
                        match change.value {
                            Some(value) => self.state.insert(change.key, value),
                            None => self.state.remove(&change.key),
                        };
                    }
                    if !lives() {
                        return None;
                    }
                    Input::Stored(Some(Swapped::Done))
                }
                Step::Done(output) => {
                    self.notices = operation.notices().to_vec();
                    return Some(output);
                }
            };
        }
        panic!("the batch does not end");
    }

    /// Does what an operation asks for, beside others of its connection: a change whose expectation does not hold is stale.
    pub fn turn(&mut self, step: Step<Outcomes>) -> Result<Input, Outcomes> {
        Ok(match step {
            Step::Send(requests, _) => {
                Input::Answers(requests.iter().map(|one| self.answer(one)).collect())
            }
            Step::Load(key) => Input::Loaded(self.state.get(&key).cloned()),
            Step::Store(changes) => {
                let change = &changes[0];
                let value = self.state.get(&change.key).cloned();
                if value != change.expected {
                    let key = change.key.clone();
                    return Ok(Input::Stored(Some(Swapped::Stale(vec![Current {
                        key,
                        value,
                    }]))));
                }
                self.state
                    .insert(change.key.clone(), change.value.clone().unwrap());
                Input::Stored(Some(Swapped::Done))
            }
            Step::Done(output) => return Err(output),
        })
    }

    /// An operation that writes a batch.
    pub fn operation(&self, batch: Batch) -> WriteBatch {
        let connection = Connection {
            config: self.config.to_string().into_bytes(),
            ..connection()
        };
        WriteBatch::new(connection, batch)
    }

    /// Writes a batch to its end.
    pub fn write(&mut self, batch: Batch) -> Vec<Outcome> {
        self.run(batch, None).unwrap().unwrap()
    }

    fn answer(&mut self, request: &Request) -> Answer {
        let answer = self.does(request);
        match request.effect == Effect::Write && self.writes() == self.loses {
            true => error(500, "server_error", "m"),
            false => answer,
        }
    }

    fn does(&mut self, request: &Request) -> Answer {
        assert_conforms(request);
        self.memory += self.leaks;
        self.requests.push((request.method, request.target.clone()));
        if request.effect == Effect::Write
            && let Some((status, code)) = self.refuses
        {
            return error(status, code, "m");
        }
        if request.effect == Effect::Write
            && self.limits > 0
            && self.writes().is_multiple_of(self.limits)
        {
            return error(429, "rate_limit_exceeded", "m");
        }
        let body: Value = request
            .body
            .as_deref()
            .map_or(Value::Null, |body| serde_json::from_slice(body).unwrap());
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        match (request.method, &segments[..]) {
            (_, [kind @ ("contacts" | "companies"), "bulk", rest @ ..]) => {
                self.bulk(request.method, kind, rest, &body)
            }
            (_, ["contacts", rest @ ..]) => self.contacts(request.method, rest, &body),
            (_, ["conversations", rest @ ..]) if rest != ["attributes"] => {
                self.conversations(rest, &body, request.method)
            }
            (_, ["tickets", rest @ ..]) => self.tickets(rest, &body, request.method),
            (Method::Get, ["companies"]) => {
                let wanted = query.strip_prefix("company_id=").unwrap();
                match self
                    .companies
                    .iter()
                    .find(|one| one["company_id"] == wanted)
                {
                    Some(company) => respond(200, company),
                    None => error(404, "company_not_found", "Company Not Found"),
                }
            }
            (Method::Post, ["companies"]) => self.upsert_company(body),
            (Method::Get, ["tags"]) => respond(200, &json!({ "type": "list", "data": self.tags })),
            (Method::Post, ["tags"]) => {
                let name = body["name"].clone();
                if self.tags.iter().all(|tag| tag["name"] != name) {
                    let id = self.id();
                    self.tags.push(json!({ "id": id, "name": name }));
                }
                let tag = self
                    .tags
                    .iter()
                    .find(|tag| tag["name"] == name)
                    .unwrap()
                    .clone();
                for company in body["companies"].as_array().into_iter().flatten() {
                    let link = (
                        format!("companies/{}", company["id"].as_str().unwrap()),
                        tag["id"].as_str().unwrap().to_owned(),
                    );
                    self.links.insert(link);
                }
                respond(200, &tag)
            }
            (Method::Get, ["data_attributes"] | ["conversations", "attributes"]) => {
                respond(200, &json!({ "type": "list", "data": self.attributes }))
            }
            (Method::Post, ["data_attributes"] | ["conversations", "attributes"]) => {
                let attribute = created(body);
                self.attributes.push(attribute.clone());
                respond(200, &attribute)
            }
            (Method::Get, ["ticket_states"]) => {
                respond(200, &json!({ "type": "list", "data": self.ticket_states }))
            }
            (Method::Get, ["custom_object_instances", kind]) => {
                match self.instances.get(&format!("{kind}?{query}")) {
                    Some(instance) => respond(200, instance),
                    None => error(404, "not_found", "Object Not Found"),
                }
            }
            (Method::Get, ["ticket_types"]) => respond(
                200,
                &json!({ "type": "list", "data": [self.ticket_type()] }),
            ),
            (Method::Post, ["ticket_types", "5", "attributes"]) => {
                let attribute = created(body);
                self.ticket_attributes.push(attribute.clone());
                respond(200, &attribute)
            }
            (Method::Put, ["data_attributes", id]) => respond(200, &json!({ "id": id })),
            (Method::Post, ["custom_object_instances", "Order"]) => {
                let mut instance = body;
                instance["id"] = "17".into();
                if let Some(attributes) = instance["custom_attributes"].as_object_mut() {
                    attributes.retain(|name, _| self.instance_attributes.contains(&name.as_str()));
                }
                respond(200, &instance)
            }
            (Method::Get, ["articles"]) => {
                respond(200, &json!({ "type": "list", "data": self.articles }))
            }
            (Method::Post, ["articles"]) => {
                let mut article = body;
                article["id"] = self.id().into();
                article["created_at"] = self.now().into();
                self.articles.insert(0, article.clone());
                respond(200, &article)
            }
            (Method::Post, ["messages"]) => {
                let mut message = body;
                message["id"] = self.id().into();
                self.messages.push(message.clone());
                respond(200, &message)
            }
            (Method::Post, ["events"]) => {
                let who = body["id"].as_str().or(body["user_id"].as_str()).unwrap();
                let is = |contact: &&Value| contact["id"] == who || contact["external_id"] == who;
                let Some(contact) = self.contacts.iter().find(is) else {
                    return error(404, "not_found", "User Not Found");
                };
                self.events.insert((
                    contact["id"].as_str().unwrap().to_owned(),
                    body["event_name"].as_str().unwrap().to_owned(),
                    body["created_at"].as_i64().unwrap(),
                ));
                Ok(Response {
                    status: 202,
                    headers: Vec::new(),
                    body: Vec::new(),
                })
            }
            other => panic!("unexpected request: {other:?}"),
        }
    }

    fn bulk(&mut self, method: Method, kind: &str, rest: &[&str], body: &Value) -> Answer {
        let method = match (method, rest) {
            (Method::Get, [id]) => {
                let index: usize = id.strip_prefix("job_").unwrap().parse().unwrap();
                let (now_ms, ends) = (self.now_ms, self.job_ends);
                let Some(job) = self.jobs.get_mut(index) else {
                    return error(404, "job_not_found", "m");
                };
                let state = match (job.wrote_all, ends) {
                    (_, Some(state)) => state,
                    (None, _) if now_ms < job.due_ms => "running",
                    _ => {
                        self.work(index);
                        match self.jobs[index].wrote_all {
                            Some(true) => "completed",
                            _ => "completed_with_errors",
                        }
                    }
                };
                return respond(200, &json!({ "id": id, "state": state }));
            }
            (Method::Post, ["delete"]) => Method::Delete,
            (method, _) => method,
        };
        let items = body[kind].as_array().unwrap().clone();
        assert!(items.len() <= 100);
        self.jobs.push(Job {
            due_ms: self.now_ms + self.job_ms,
            method,
            kind: kind.to_owned(),
            items,
            wrote_all: None,
        });
        let id = format!("job_{}", self.jobs.len() - 1);
        respond(202, &json!({ "id": id, "state": "pending" }))
    }

    /// Does what a job is for, once.
    fn work(&mut self, index: usize) {
        let job = &self.jobs[index];
        if job.wrote_all.is_some() {
            return;
        }
        let (method, kind, items) = (job.method, job.kind.clone(), job.items.clone());
        let mut wrote_all = true;
        for item in items {
            let id = item["id"].as_str().unwrap_or_default().to_owned();
            let answer = match (kind.as_str(), method) {
                (_, _) if item["name"] == "refused" => error(422, "parameter_invalid", "m"),
                ("contacts", Method::Post) => self.contacts(method, &[], &item),
                ("contacts", _) => self.contacts(method, &[id.as_str()], &item),
                _ => self.upsert_company(item),
            };
            wrote_all &= answer.unwrap().status < 300;
        }
        self.jobs[index].wrote_all = Some(wrote_all);
    }

    /// Does the jobs that are left, whatever their time.
    pub fn work_off(&mut self) {
        for index in 0..self.jobs.len() {
            self.work(index);
        }
    }

    fn upsert_company(&mut self, body: Value) -> Answer {
        let key = body["company_id"].clone();
        if self.companies.iter().all(|one| one["company_id"] != key) {
            let mut company = body;
            company["id"] = self.id().into();
            self.companies.push(company);
        }
        let is = |one: &&Value| one["company_id"] == key;
        respond(200, self.companies.iter().find(is).unwrap())
    }

    fn visible(&self, object: &Value) -> bool {
        object["created_at"].as_i64().unwrap_or(0) * 1_000 + self.lag_ms <= self.now_ms
    }
}

/// An attribute as it is when it was created.
fn created(attribute: Value) -> Value {
    let mut attribute = attribute;
    attribute["id"] = 1.into();
    attribute["custom"] = true.into();
    attribute
}

/// A batch of an action.
pub fn of(action: &str, mode: &str, id: &str, documents: &[Value]) -> Batch {
    Batch {
        action: action.into(),
        mode: Some(mode.into()),
        ..batch(id, documents)
    }
}
