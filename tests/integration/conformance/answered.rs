use intercom_connector::contract::connector::{OutcomeStatus, Readability};
use intercom_connector::contract::http::{Method, Request};
use intercom_connector::operation::Answer;
use serde_json::{Value, json};

use super::entries::text;
use super::native::{check, respond, write};
use super::operations::Holds;
use super::sample::Sample;

/// Answers to a check and to a write.
impl Sample<'_> {
    /// A page that shows that a stream can be read.
    pub fn probed(&self, items: &[Value]) -> usize {
        let report = check(self.version, &[("/me", &me()), (self.pattern, self.body)]);
        let mut streams = report.streams.iter();
        let status = streams.find(|status| status.name == self.stream);
        let readability = &status.expect("the stream").readability;
        assert!(
            matches!(readability, Readability::Readable),
            "{}: {readability:?}",
            self.context
        );
        self.mapped(items).len()
    }

    /// Whose token it is.
    pub fn identified(&self) -> usize {
        let report = check(self.version, &[(self.pattern, self.body)]);
        let app = &self.body["app"];
        assert_eq!(
            report.account.workspace_id,
            text(&app["id_code"]),
            "{}",
            self.context
        );
        assert_eq!(
            report.account.time_zone,
            app["timezone"].as_str().map(str::to_owned),
            "{}",
            self.context
        );
        0
    }

    /// Attributes: the workspace's own are in the schemas of their streams.
    pub fn declared(&self, attributes: &[Value]) -> usize {
        let context = &self.context;
        let none = json!({ "type": "list", "data": [] });
        let paths = ["/data_attributes", "/conversations/attributes"];
        let others = paths.iter().filter(|path| **path != self.pattern);
        let mut answered = vec![(self.pattern, self.body)];
        answered.extend(others.map(|path| (*path, &none)));
        let me = me();
        answered.push(("/me", &me));
        let report = check(self.version, &answered);
        let told: Vec<&str> = report
            .notices
            .iter()
            .map(|notice| notice.message.as_str())
            .collect();
        assert!(told.is_empty(), "{context}: {told:?}");
        // Those of conversations do not say it: all of them are.
        let custom = attributes
            .iter()
            .filter(|attribute| attribute["custom"] != false);
        for attribute in custom {
            let name = text(&attribute["name"]);
            let declared = report.streams.iter().any(|stream| {
                let schema: Value = serde_json::from_slice(&stream.schema).expect("a schema");
                schema["properties"]["custom_attributes"]["properties"][&name].is_object()
            });
            assert!(declared, "{context}: {name}");
        }
        0
    }

    /// What came of writing a contact.
    pub fn written(&self, holds: Holds) {
        let context = &self.context;
        let id = text(&self.body["id"]);
        let row = json!({ "external_id": "70" });
        let message =
            format!("An archived contact matching those details already exists with id={id}");
        let conflict =
            json!({ "type": "error.list", "errors": [{ "code": "conflict", "message": message }] });
        let there = json!({ "id": id, "external_id": "70" });
        let known: &[&Value] = if holds == Holds::Updated {
            &[&there]
        } else {
            &[]
        };
        let mut unarchived = false;
        let outcome = write(self.version, &row, |request| {
            if let Some(answer) = found(request, known) {
                return answer;
            }
            match (holds, &request.method) {
                (Holds::Receipt, Method::Post) if request.target == "/contacts" => {
                    respond(409, &conflict)
                }
                (Holds::Receipt, Method::Post) => {
                    unarchived = request.target == format!("/contacts/{id}/unarchive");
                    respond(200, self.body)
                }
                (Holds::Receipt, _) => respond(200, &there),
                _ => respond(200, self.body),
            }
        });
        let expected = match holds {
            Holds::Created => OutcomeStatus::Created,
            _ => OutcomeStatus::Updated,
        };
        assert_eq!(outcome.status, expected, "{context}");
        assert_eq!(outcome.object_id, Some(id), "{context}");
        assert_eq!(unarchived, holds == Holds::Receipt, "{context}");
    }
}

/// Whose token it is, for checks that look at something else.
fn me() -> Value {
    json!({ "type": "admin", "app": { "id_code": "workspace" } })
}

/// The answer to the search for the contact, if this request is one.
fn found(request: &Request, contacts: &[&Value]) -> Option<Answer> {
    let page = json!({ "type": "list", "data": contacts, "pages": { "type": "pages" } });
    (request.target == "/contacts/search").then(|| respond(200, &page))
}
