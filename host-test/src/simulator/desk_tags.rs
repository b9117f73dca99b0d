//! Tags on conversations and tickets.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::conversation::AppliedTag;
use super::conversation_changes::Told;
use super::errors::ApiError;
use super::numbering::{CONVERSATIONS, TICKETS};
use super::people;
use super::route::Route;
use super::tags;
use super::teammate;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::write(
        "POST",
        "/conversations/{id}/tags",
        "conversations",
        |workspace, call| tag(workspace, call, Tagged::Conversation),
    ),
    Route::write(
        "DELETE",
        "/conversations/{id}/tags/{tag_id}",
        "conversations",
        |workspace, call| untag(workspace, call, Tagged::Conversation),
    ),
    Route::write(
        "POST",
        "/tickets/{id}/tags",
        "tickets",
        |workspace, call| tag(workspace, call, Tagged::Ticket),
    ),
    Route::write(
        "DELETE",
        "/tickets/{id}/tags/{tag_id}",
        "tickets",
        |workspace, call| untag(workspace, call, Tagged::Ticket),
    ),
];

#[derive(Clone, Copy)]
enum Tagged {
    Conversation,
    Ticket,
}

impl Tagged {
    /// # Errors
    /// 404 when what is to be tagged cannot be read.
    fn check(self, workspace: &Workspace, id: &str) -> Result<(), ApiError> {
        let state = workspace.read();
        let (found, missing) = match self {
            Tagged::Conversation => (
                CONVERSATIONS
                    .decode(id)
                    .is_some_and(|number| state.conversations.current().is_live(number)),
                ApiError::new(404, "not_found", "Conversation not found"),
            ),
            Tagged::Ticket => (
                TICKETS
                    .decode(id)
                    .is_some_and(|number| state.tickets.current().is_live(number)),
                ApiError::ticket_not_found(),
            ),
        };
        found.then_some(()).ok_or(missing)
    }

    /// Changes the tags; `edit` gives the one that it is about, and whether that is new.
    fn change(
        self,
        workspace: &Workspace,
        id: &str,
        edit: impl FnOnce(&mut Vec<AppliedTag>, i64) -> Result<(AppliedTag, bool), ApiError>,
    ) -> Result<AppliedTag, ApiError> {
        match self {
            Tagged::Conversation => workspace.change_conversation(id, |conversation, now| {
                let (tag, is_new) = edit(&mut conversation.tags, now)?;
                let told = if is_new {
                    Told::Tag(tag.id)
                } else {
                    Told::Nothing
                };
                Ok((tag, told))
            }),
            Tagged::Ticket => workspace.change_ticket(id, |ticket, now| {
                Ok((edit(&mut ticket.tags, now)?.0, Vec::new()))
            }),
        }
    }
}

fn not_found() -> ApiError {
    ApiError::new(404, "tag_not_found", "Tag not found")
}

/// A tag on a conversation, with who applied it and when.
pub(crate) fn applied(tag: AppliedTag, name: &str) -> Value {
    let mut value = tags::tag(tag.id, name);
    value["applied_at"] = json!(tag.applied_at);
    value["applied_by"] = json!({"type": "admin", "id": teammate::id(tag.admin).to_string()});
    value
}

/// Tagging again what has the tag changes nothing of it.
fn tag(workspace: &Workspace, call: &Call, tagged: Tagged) -> Outcome {
    tagged.check(workspace, call.parameter(0))?;
    let fields = call.fields()?;
    let id = people::required_id(fields, "id")?;
    let admin = people::admin(workspace, fields)?;
    let (id, name) = tags::find(&workspace.read(), &id).map_err(|_| not_found())?;
    let tag = tagged.change(workspace, call.parameter(0), |tags, applied_at| {
        if let Some(existing) = tags.iter().find(|tag| tag.id == id) {
            return Ok((*existing, false));
        }
        let tag = AppliedTag {
            id,
            applied_at,
            admin,
        };
        tags.push(tag);
        Ok((tag, true))
    })?;
    Answer::json(&applied(tag, &name))
}

fn untag(workspace: &Workspace, call: &Call, tagged: Tagged) -> Outcome {
    tagged.check(workspace, call.parameter(0))?;
    people::admin(workspace, call.fields()?)?;
    let found = tags::find(&workspace.read(), call.parameter(1));
    let (id, name) = found.map_err(|_| not_found())?;
    let tag = tagged.change(workspace, call.parameter(0), |tags, _| {
        let place = tags.iter().position(|tag| tag.id == id);
        Ok((tags.remove(place.ok_or_else(not_found)?), false))
    })?;
    Answer::json(&applied(tag, &name))
}
