//! What conversations and tickets have in common when they are rendered: people, files, texts, links.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use super::contact_generator::Person;
use super::message_text;
use super::part::{Assignee, Author};
use super::teammate;
use super::teams;
use super::version::ApiVersion;
use super::workspace::{State, Workspace};

/// What is needed beside a conversation or a ticket to render it.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) state: &'a State,
    pub(crate) version: ApiVersion,
    /// Whether texts are plain instead of HTML.
    pub(crate) plain: bool,
}

/// Who wrote something.
#[derive(Serialize)]
pub(crate) struct AuthorBody {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) name: Option<String>,
    pub(crate) email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from_ai_agent: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) is_ai_answer: Option<bool>,
}

/// A reference to another object.
#[derive(Serialize)]
pub(crate) struct ReferenceBody {
    #[serde(rename = "type")]
    kind: &'static str,
    id: Option<String>,
}

/// A file that is attached to a part.
#[derive(Serialize)]
pub(crate) struct AttachmentBody {
    #[serde(rename = "type")]
    kind: &'static str,
    name: Cow<'static, str>,
    url: String,
    content_type: &'static str,
    filesize: u64,
    width: u64,
    height: u64,
}

impl<'a> Desk<'a> {
    /// A desk that renders HTML.
    pub(crate) fn new(workspace: &'a Workspace, state: &'a State, version: ApiVersion) -> Desk<'a> {
        Desk {
            workspace,
            state,
            version,
            plain: false,
        }
    }

    /// A text as it is asked for.
    pub(crate) fn text(self, html: &str) -> String {
        if self.plain {
            message_text::plain(html)
        } else {
            html.to_owned()
        }
    }

    /// Something that versions have from one on.
    pub(crate) fn since<T>(self, version: ApiVersion, value: impl FnOnce() -> T) -> Option<T> {
        (self.version >= version).then(value)
    }

    pub(crate) fn author(self, author: Author) -> AuthorBody {
        let is_agent = self.since(ApiVersion::V2_14, || author == Author::AiAgent);
        let bot = |name: &str| {
            let id = teammate::id(0) - 1 - i64::from(author == Author::AiAgent);
            let email = format!(
                "operator+{}@intercom.io",
                self.workspace.options.workspace_id
            );
            (id.to_string(), "bot", Some(name.to_owned()), email)
        };
        let (id, kind, name, email) = match author {
            Author::Contact(number) => {
                let person = self.person(number);
                (
                    person.id(self.workspace.options.seed),
                    person.role.name(),
                    person.name,
                    person.email.unwrap_or_default(),
                )
            }
            Author::Admin(index) => (
                teammate::id(index).to_string(),
                "admin",
                Some(teammate::name(index)),
                teammate::email(index),
            ),
            Author::Operator => bot("Operator"),
            Author::AiAgent => bot("Fin"),
        };
        AuthorBody {
            id,
            kind,
            name,
            email,
            from_ai_agent: is_agent,
            is_ai_answer: is_agent,
        }
    }

    /// A list of references to contacts.
    pub(crate) fn contacts(self, numbers: &[u64]) -> Value {
        let contacts: Vec<Value> = numbers.iter().map(|number| self.contact(*number)).collect();
        json!({"type": "contact.list", "contacts": contacts})
    }

    /// A reference to a contact.
    pub(crate) fn contact(self, number: u64) -> Value {
        let person = self.person(number);
        let id = person.id(self.workspace.options.seed);
        json!({"type": "contact", "id": id, "external_id": person.external_id})
    }

    /// Who a contact is, readable or not.
    pub(crate) fn person(self, number: u64) -> Person {
        match self.state.contacts.written(number) {
            Some(contact) => Person::of(contact),
            None => self.workspace.generator.person(number),
        }
    }

    /// The number of the first company of a contact.
    pub(crate) fn first_company_of(self, contact: u64) -> Option<u64> {
        match self.state.contacts.written(contact) {
            Some(contact) => contact.companies.first().copied(),
            None => self
                .workspace
                .generator
                .companies_of(contact)
                .first()
                .copied(),
        }
    }
}

impl ReferenceBody {
    pub(crate) fn admin(index: u64) -> ReferenceBody {
        ReferenceBody {
            kind: "admin",
            id: Some(teammate::id(index).to_string()),
        }
    }
}

impl From<Assignee> for ReferenceBody {
    fn from(assignee: Assignee) -> ReferenceBody {
        match assignee {
            Assignee::Admin(index) => ReferenceBody::admin(index),
            Assignee::Team(index) => ReferenceBody {
                kind: "team",
                id: Some(teams::id(index)),
            },
            Assignee::Nobody => ReferenceBody {
                kind: "nobody_admin",
                id: None,
            },
        }
    }
}

/// The files of a part or a message, by their names.
pub(crate) fn attachments(names: &[Cow<'static, str>]) -> Vec<AttachmentBody> {
    let attachment = |name: &Cow<'static, str>| {
        let is_image = name.ends_with(".png");
        let allowed = |each: char| each.is_alphanumeric() || ".-_".contains(each);
        let path = name.replace(|each| !allowed(each), "_");
        AttachmentBody {
            kind: "upload",
            name: name.clone(),
            url: format!(
                "https://files.simulator.example/i/o/1/{path}?expires=1767225600&signature=00"
            ),
            content_type: if is_image {
                "image/png"
            } else {
                "application/octet-stream"
            },
            filesize: 20_480 + name.len() as u64,
            width: if is_image { 1_024 } else { 0 },
            height: if is_image { 768 } else { 0 },
        }
    };
    names.iter().map(attachment).collect()
}

/// The other objects that one is linked to: type, id, and the category of a ticket.
pub(crate) fn linked_objects(objects: &[(&str, String, Option<&str>)]) -> Value {
    let data: Vec<Value> = objects
        .iter()
        .map(|(kind, id, category)| json!({"type": kind, "id": id, "category": category}))
        .collect();
    json!({"type": "list", "total_count": data.len(), "has_more": false, "data": data})
}
