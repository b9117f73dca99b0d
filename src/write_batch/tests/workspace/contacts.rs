//! The workspace's contacts.

use serde_json::{Value, json};

use super::super::*;
use super::Workspace;

impl Workspace {
    pub(super) fn contacts(&mut self, method: Method, rest: &[&str], body: &Value) -> Answer {
        let known = |contacts: &[Value], id: &str| contacts.iter().position(|one| one["id"] == id);
        if let [id, ..] = rest
            && let Some(into) = self.gone.get(*id)
        {
            let Ok(mut response) = error(410, "contact_merged", "merged") else {
                unreachable!()
            };
            match into {
                Some(into) => response.headers.push(Header {
                    name: "Link".into(),
                    value: format!("<https://api.intercom.io/contacts/{into}>; rel=\"canonical\""),
                }),
                None => return error(404, "not_found", "User Not Found"),
            }
            return Ok(response);
        }
        match (method, rest) {
            (Method::Post, ["search"]) => {
                let matches = |contact: &&Value| finds(&body["query"], contact, 0);
                let found: Vec<&Value> = self
                    .contacts
                    .iter()
                    .filter(|one| self.visible(one))
                    .filter(matches)
                    .collect();
                respond(200, &json!({ "type": "list", "data": found, "pages": {} }))
            }
            (Method::Post, ["merge"]) => {
                let from = body["from"].as_str().unwrap().to_owned();
                let into = body["into"].as_str().unwrap().to_owned();
                if self.gone.contains_key(&from) {
                    return error(404, "not_found", "User Not Found");
                }
                self.contacts.retain(|one| one["id"] != from.as_str());
                self.gone.insert(from, Some(into.clone()));
                respond(200, &json!({ "id": into }))
            }
            (Method::Post, []) => {
                let is_user = body["role"] != "lead";
                let same = |contact: &&Value| {
                    let equal = |name: &str| !body[name].is_null() && contact[name] == body[name];
                    equal("external_id") || is_user && equal("email")
                };
                if let Some(contact) = self.contacts.iter().find(same) {
                    let id = contact["id"].as_str().unwrap();
                    return error(
                        409,
                        "conflict",
                        &format!("A contact matching those details already exists with id={id}"),
                    );
                }
                let mut contact = body.clone();
                contact["id"] = format!("{:0>24}", self.id()).into();
                contact["created_at"] = self.now().into();
                self.contacts.push(contact.clone());
                respond(200, &contact)
            }
            (Method::Get, [id, "notes"]) => {
                let notes = self
                    .notes
                    .iter()
                    .filter(|(of, _)| of == id)
                    .map(|(_, note)| note.clone());
                respond(
                    200,
                    &json!({ "type": "list", "data": notes.collect::<Vec<_>>() }),
                )
            }
            (Method::Post, [id, "notes"]) => {
                let note = json!({ "id": self.id(), "created_at": self.now(), "body": format!("<p>{}</p>", body["body"].as_str().unwrap()), "author": { "id": body["admin_id"] } });
                self.notes.push(((*id).to_owned(), note.clone()));
                respond(200, &note)
            }
            (Method::Post, [id, kind @ ("tags" | "companies")]) => {
                let link = body["id"].as_str().unwrap().to_owned();
                self.links
                    .insert((format!("contacts/{id}/{kind}"), link.clone()));
                respond(200, &json!({ "id": link }))
            }
            (_, [id]) => {
                let Some(place) = known(&self.contacts, id) else {
                    return error(404, "not_found", "User Not Found");
                };
                match method {
                    Method::Put => {
                        for (name, value) in body.as_object().unwrap() {
                            self.contacts[place][name] = value.clone();
                        }
                    }
                    Method::Delete => {
                        self.contacts.remove(place);
                        self.gone.insert((*id).to_owned(), None);
                        return respond(200, &json!({ "id": id, "deleted": true }));
                    }
                    _ => {}
                }
                respond(200, &self.contacts[place])
            }
            other => panic!("unexpected request: {other:?}"),
        }
    }
}
