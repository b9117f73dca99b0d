use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::http::send;
use crate::service::Service;
use crate::world::TOKEN;

/// A storm of changes over the API, the same one each time.
pub struct Storm {
    url: String,
    dice: u64,
    count: u64,
    /// Contacts that are there, and those that are archived.
    contacts: Vec<String>,
    archived: Vec<String>,
    companies: Vec<String>,
    conversations: Vec<String>,
    tickets: Vec<String>,
    tags: Vec<String>,
    /// Who writes.
    admin: String,
    gone: BTreeSet<String>,
}

/// So many are left of what nobody makes anew.
const FEWEST: usize = 5;

/// One kind of change, and how often it comes among all.
type Change = (u64, fn(&mut Storm));

const CHANGES: &[Change] = &[
    (8, Storm::create_contact),
    (24, Storm::update_contact),
    (12, Storm::tag_contact),
    (4, Storm::archive_contact),
    (3, Storm::unarchive_contact),
    (5, Storm::delete_contact),
    (4, Storm::merge_contacts),
    (6, Storm::update_company),
    (3, Storm::create_company),
    (2, Storm::delete_company),
    (12, Storm::reply),
    (4, Storm::close),
    (2, Storm::delete_conversation),
    (8, Storm::reply_to_ticket),
    (3, Storm::resolve_ticket),
    (2, Storm::delete_ticket),
];

fn ids(service: &Service, stream: &str) -> Vec<String> {
    let dump = service.get(&format!("documents/{stream}?limit=100000"));
    let documents = dump["data"].as_array().expect("documents").iter();
    // What is linked changes when the other one goes, and nobody says when.
    let alone = documents.filter(|document| document["linked_objects"]["total_count"] != json!(1));
    alone
        .map(|document| document["id"].as_str().expect("an id").to_owned())
        .collect()
}

impl Storm {
    pub fn over(service: &Service) -> Storm {
        Storm {
            url: service.url.clone(),
            dice: 1,
            count: 0,
            contacts: ids(service, "contacts"),
            archived: Vec::new(),
            companies: ids(service, "companies"),
            conversations: ids(service, "conversations"),
            tickets: ids(service, "tickets"),
            tags: ids(service, "tags"),
            admin: ids(service, "admins").swap_remove(0),
            gone: BTreeSet::new(),
        }
    }

    /// Makes so many changes.
    pub fn rage(&mut self, changes: u64) {
        let total: u64 = CHANGES.iter().map(|(share, _)| share).sum();
        for _ in 0..changes {
            self.count += 1;
            let mut place = self.roll(total);
            let mut kinds = CHANGES.iter();
            let kind = kinds.find(|(share, _)| {
                let is_it = place < *share;
                place = place.saturating_sub(*share);
                is_it
            });
            let (_, change) = kind.expect("the shares add up");
            change(self);
        }
    }

    /// The keys of everything that went, and did not come back.
    pub fn gone(&self) -> &BTreeSet<String> {
        &self.gone
    }

    fn roll(&mut self, bound: u64) -> u64 {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % bound
    }

    fn some(&mut self, of: impl Fn(&Self) -> &Vec<String>) -> String {
        let count = of(self).len() as u64;
        let place = self.roll(count);
        of(self)[usize::try_from(place).expect("a place")].clone()
    }

    fn take(&mut self, of: impl Fn(&mut Self) -> &mut Vec<String>) -> String {
        let count = of(self).len() as u64;
        let place = self.roll(count);
        of(self).swap_remove(usize::try_from(place).expect("a place"))
    }

    fn ask(&self, method: &str, target: &str, body: &Value) -> Value {
        self.ask_in("2.11", method, target, body)
    }

    fn ask_in(&self, version: &str, method: &str, target: &str, body: &Value) -> Value {
        let authorization = format!("Bearer {TOKEN}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
            ("intercom-version", version),
        ];
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let url = format!("{}{target}", self.url);
        let answer = send(method, &url, &headers, body.as_bytes());
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, 200, "{method} {target} {body}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn new_contact(&mut self, role: &str) -> String {
        let email = format!("storm.{}@example.com", self.count);
        let contact = self.ask(
            "POST",
            "/contacts",
            &json!({ "role": role, "email": email }),
        );
        contact["id"].as_str().expect("an id").to_owned()
    }

    fn create_contact(&mut self) {
        let role = if self.roll(2) == 0 { "lead" } else { "user" };
        let id = self.new_contact(role);
        self.contacts.push(id);
    }

    fn update_contact(&mut self) {
        let id = self.some(|storm| &storm.contacts);
        let phone = format!("+1555{:07}", self.count);
        let patch = json!({ "phone": phone, "name": format!("Storm {}", self.count) });
        self.ask("PUT", &format!("/contacts/{id}"), &patch);
    }

    fn tag_contact(&mut self) {
        let (id, tag) = (
            self.some(|storm| &storm.contacts),
            self.some(|storm| &storm.tags),
        );
        self.ask(
            "POST",
            &format!("/contacts/{id}/tags"),
            &json!({ "id": tag }),
        );
    }

    fn archive_contact(&mut self) {
        let id = self.take(|storm| &mut storm.contacts);
        self.ask("POST", &format!("/contacts/{id}/archive"), &Value::Null);
        self.gone.insert(id.clone());
        self.archived.push(id);
    }

    fn unarchive_contact(&mut self) {
        if self.archived.is_empty() {
            return self.archive_contact();
        }
        let id = self.take(|storm| &mut storm.archived);
        self.ask("POST", &format!("/contacts/{id}/unarchive"), &Value::Null);
        self.gone.remove(&id);
        self.contacts.push(id);
    }

    fn delete_contact(&mut self) {
        let id = self.take(|storm| &mut storm.contacts);
        self.ask("DELETE", &format!("/contacts/{id}"), &Value::Null);
        self.gone.insert(id);
    }

    fn merge_contacts(&mut self) {
        let (lead, user) = (self.new_contact("lead"), self.new_contact("user"));
        let both = json!({ "from": lead, "into": user });
        self.ask("POST", "/contacts/merge", &both);
        self.gone.insert(lead);
        self.contacts.push(user);
    }

    fn update_company(&mut self) {
        let id = self.some(|storm| &storm.companies);
        let company = self.ask("GET", &format!("/companies/{id}"), &Value::Null);
        let patch = json!({ "company_id": company["company_id"], "monthly_spend": self.count });
        self.ask("POST", "/companies", &patch);
    }

    fn new_company(&mut self) -> (String, String) {
        let fields = json!({ "company_id": format!("storm-{}", self.count), "name": "Storm" });
        let company = self.ask("POST", "/companies", &fields);
        let id = company["id"].as_str().expect("an id").to_owned();
        // Lists show a company once it has a contact.
        let contact = self.some(|storm| &storm.contacts);
        let companies = format!("/contacts/{contact}/companies");
        self.ask("POST", &companies, &json!({ "id": id }));
        (id, contact)
    }

    fn create_company(&mut self) {
        let (id, _) = self.new_company();
        self.companies.push(id);
    }

    fn delete_company(&mut self) {
        let (id, contact) = self.new_company();
        self.ask(
            "DELETE",
            &format!("/contacts/{contact}/companies/{id}"),
            &Value::Null,
        );
        self.ask("DELETE", &format!("/companies/{id}"), &Value::Null);
        self.gone.insert(id);
    }

    /// A teammate writes, or the contact does, for which the control door knows whose conversation it is.
    fn reply(&mut self) {
        let id = self.some(|storm| &storm.conversations);
        let body = format!("<p>Storm {}</p>", self.count);
        if self.roll(2) == 0 {
            let part = json!({ "body": body, "from_contact": true });
            let change = json!({ "change": "conversation_part", "conversation": id, "part": part });
            self.ask("POST", "/_simulator/desk", &change);
        } else {
            let reply = self.by_admin(&json!({ "message_type": "comment", "body": body }));
            self.ask("POST", &format!("/conversations/{id}/reply"), &reply);
        }
    }

    fn close(&mut self) {
        let id = self.some(|storm| &storm.conversations);
        let part = self.by_admin(&json!({ "message_type": "close" }));
        self.ask("POST", &format!("/conversations/{id}/parts"), &part);
    }

    fn delete_conversation(&mut self) {
        if self.conversations.len() <= FEWEST {
            return self.reply();
        }
        let id = self.take(|storm| &mut storm.conversations);
        self.ask_in(
            "2.16",
            "DELETE",
            &format!("/conversations/{id}"),
            &Value::Null,
        );
        self.gone.insert(id);
    }

    fn reply_to_ticket(&mut self) {
        let id = self.some(|storm| &storm.tickets);
        let body = format!("<p>Storm {}</p>", self.count);
        let reply = self.by_admin(&json!({ "message_type": "comment", "body": body }));
        self.ask("POST", &format!("/tickets/{id}/reply"), &reply);
    }

    fn resolve_ticket(&mut self) {
        let id = self.some(|storm| &storm.tickets);
        let change = json!({ "state": "resolved" });
        self.ask("PUT", &format!("/tickets/{id}"), &change);
    }

    fn delete_ticket(&mut self) {
        if self.tickets.len() <= FEWEST {
            return self.reply_to_ticket();
        }
        let id = self.take(|storm| &mut storm.tickets);
        self.ask_in("2.16", "DELETE", &format!("/tickets/{id}"), &Value::Null);
        self.gone.insert(id);
    }

    fn by_admin(&self, fields: &Value) -> Value {
        let mut fields = fields.clone();
        fields["type"] = json!("admin");
        fields["admin_id"] = json!(self.admin);
        fields
    }
}
