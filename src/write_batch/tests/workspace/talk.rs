//! The workspace's conversations and tickets.

use serde_json::{Value, json};

use super::super::*;
use super::Workspace;

impl Workspace {
    pub(super) fn conversations(&mut self, rest: &[&str], body: &Value, method: Method) -> Answer {
        match rest {
            [] => {
                let id = self.id();
                let contact = body["from"]["id"].clone();
                let parts = json!({ "conversation_parts": [] });
                let source = json!({ "body": format!("<p>{}</p>", body["body"].as_str().unwrap()), "author": { "id": contact } });
                let conversation = json!({ "id": id, "created_at": self.now(), "source": source, "contact": contact, "conversation_parts": parts, "ticket": null });
                self.conversations.push(conversation);
                respond(
                    200,
                    &json!({ "type": "user_message", "id": "message", "conversation_id": id }),
                )
            }
            ["search"] => {
                let wanted = &body["query"]["value"];
                let is = |one: &&Value| self.visible(one) && one["contact"] == *wanted;
                let found: Vec<&Value> = self.conversations.iter().filter(is).collect();
                respond(
                    200,
                    &json!({ "type": "conversation.list", "conversations": found }),
                )
            }
            [id, what @ ..] => {
                let (part, now) = (self.id(), self.now());
                let Some(conversation) = self.conversations.iter_mut().find(|one| one["id"] == *id)
                else {
                    return error(404, "not_found", "Resource Not Found");
                };
                let author = body["admin_id"]
                    .as_str()
                    .or(body["intercom_user_id"].as_str());
                if matches!(what, ["reply" | "parts"]) {
                    let text = body["body"].as_str().map(|text| format!("<p>{text}</p>"));
                    let part = json!({ "id": part, "part_type": body["message_type"], "body": text, "created_at": now, "author": { "id": author } });
                    let parts = &mut conversation["conversation_parts"]["conversation_parts"];
                    parts.as_array_mut().unwrap().push(part);
                } else if matches!(what, ["convert"]) {
                    if !conversation["ticket"].is_null() {
                        return error(400, "parameter_invalid", "it is a ticket");
                    }
                    conversation["ticket"] = json!({ "id": part });
                    return respond(200, &json!({ "id": part }));
                } else if method == Method::Put {
                    conversation["custom_attributes"] = body["custom_attributes"].clone();
                } else {
                    assert!(
                        method == Method::Get && what.is_empty(),
                        "{method:?} {what:?}"
                    );
                }
                respond(200, conversation)
            }
        }
    }

    /// The only type of tickets.
    pub(super) fn ticket_type(&self) -> Value {
        let attributes = json!({ "type": "list", "data": self.ticket_attributes });
        json!({ "id": "5", "name": "Bug", "ticket_type_attributes": attributes })
    }

    pub(super) fn tickets(&mut self, rest: &[&str], body: &Value, method: Method) -> Answer {
        match rest {
            [] => {
                let ticket = json!({ "id": self.id(), "created_at": self.now(), "ticket_type": { "id": body["ticket_type_id"] }, "ticket_attributes": body["ticket_attributes"], "contact": body["contacts"][0]["id"] });
                self.tickets.push(ticket.clone());
                respond(200, &ticket)
            }
            ["search"] => {
                let wanted = &body["query"]["value"];
                let is = |one: &&Value| self.visible(one) && one["contact"] == *wanted;
                let found: Vec<&Value> = self.tickets.iter().filter(is).collect();
                respond(200, &json!({ "type": "ticket.list", "tickets": found }))
            }
            [id] => {
                let ticket_type = self.ticket_type();
                let Some(ticket) = self.tickets.iter_mut().find(|one| one["id"] == *id) else {
                    return error(404, "ticket_not_found", "Resource Not Found");
                };
                if method == Method::Put {
                    for (name, value) in body.as_object().unwrap() {
                        ticket[name] = value.clone();
                    }
                }
                ticket["ticket_type"] = ticket_type;
                respond(200, ticket)
            }
            other => panic!("unexpected request: {other:?}"),
        }
    }
}
