//! What a request to reply says, and who says it: the same for conversations and tickets.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::contact_fields::number;
use super::errors::ApiError;
use super::message_text;
use super::part::{Author, Part, PartKind, Step};
use super::people::{self, USER_KEYS};
use super::workspace::Workspace;

/// How many files can be attached at once.
const MOST_ATTACHMENTS: usize = 10;

/// What is said.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) author: Author,
    kind: PartKind,
    body: Option<String>,
    attachments: Vec<Cow<'static, str>>,
    /// When it was said, where that was not now.
    created_at: Option<i64>,
}

impl Said {
    /// Reads the fields of a request to reply.
    ///
    /// # Errors
    /// 400 for what is missing or cannot be taken, 404 for a contact or a teammate that is not there.
    pub(crate) fn read(
        workspace: &Workspace,
        fields: &Map<String, Value>,
    ) -> Result<Said, ApiError> {
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        let author = match text("type") {
            Some("user") => Author::Contact(people::contact(workspace, fields, USER_KEYS)?.number),
            Some("admin") => Author::Admin(people::admin(workspace, fields)?),
            _ => return Err(ApiError::parameter_invalid("type must be user or admin")),
        };
        let kind = match (author, text("message_type")) {
            (_, Some("comment")) => PartKind::Comment,
            (Author::Admin(_), Some("note")) => PartKind::Note,
            (Author::Admin(_), Some("quick_reply")) => PartKind::QuickReply,
            _ => {
                return Err(ApiError::parameter_invalid(
                    "message_type must be comment, or note or quick_reply of an admin",
                ));
            }
        };
        if kind == PartKind::QuickReply {
            check_options(fields)?;
        }
        let attachments = attachments(fields)?;
        let body = text("body").filter(|body| !body.trim().is_empty());
        if body.is_none() && attachments.is_empty() && kind != PartKind::QuickReply {
            return Err(ApiError::parameter_invalid("Body is required"));
        }
        Ok(Said {
            author,
            kind,
            body: body.map(message_text::html_of),
            attachments,
            created_at: created_at(fields)?,
        })
    }

    /// The part in which it is said, at `now` unless it was said before.
    pub(crate) fn part(self, now: i64) -> Part {
        let step = Step {
            kind: self.kind,
            author: self.author,
            at: self.created_at.unwrap_or(now),
        };
        Part {
            attachments: self.attachments,
            ..Part::said(step, self.body)
        }
    }
}

/// The text of a message, which has to be there.
///
/// # Errors
/// 400 when it is not.
pub(crate) fn body(fields: &Map<String, Value>) -> Result<&str, ApiError> {
    let body = fields.get("body").and_then(Value::as_str);
    body.filter(|body| !body.trim().is_empty())
        .ok_or_else(|| ApiError::parameter_invalid("Body is required"))
}

/// The time in which something was, where a request says it.
///
/// # Errors
/// 400 when it is no number.
pub(crate) fn created_at(fields: &Map<String, Value>) -> Result<Option<i64>, ApiError> {
    let given = fields.get("created_at").unwrap_or(&Value::Null);
    number("created_at", given)
}

/// The names of the files of a request: those at addresses, then those that come with it.
///
/// # Errors
/// 400 for too many, and for what is neither.
pub(crate) fn attachments(fields: &Map<String, Value>) -> Result<Vec<Cow<'static, str>>, ApiError> {
    let mut names = Vec::new();
    for (list, name_of) in [
        ("attachment_urls", at_address as fn(&Value) -> Option<&str>),
        ("attachment_files", |file| file["name"].as_str()),
    ] {
        let invalid = || ApiError::parameter_invalid(format!("{list} is not valid"));
        let Some(files) = fields.get(list).filter(|files| !files.is_null()) else {
            continue;
        };
        for file in files.as_array().ok_or_else(invalid)? {
            let name = name_of(file).filter(|name| !name.is_empty());
            names.push(Cow::Owned(name.ok_or_else(invalid)?.to_owned()));
        }
    }
    if names.len() > MOST_ATTACHMENTS {
        return Err(ApiError::parameter_invalid(format!(
            "A maximum of {MOST_ATTACHMENTS} attachments is allowed"
        )));
    }
    Ok(names)
}

/// The name of the file at an address.
fn at_address(address: &Value) -> Option<&str> {
    let (_, rest) = address.as_str()?.split_once("://")?;
    let path = rest.split(['?', '#']).next()?;
    path.rsplit('/').next()
}

fn check_options(fields: &Map<String, Value>) -> Result<(), ApiError> {
    let options = fields.get("reply_options").and_then(Value::as_array);
    let is_option = |option: &Value| option["text"].is_string() && option["uuid"].is_string();
    let valid = options.is_some_and(|options| !options.is_empty() && options.iter().all(is_option));
    valid.then_some(()).ok_or_else(|| {
        ApiError::parameter_invalid("reply_options must be a list of options with text and uuid")
    })
}
