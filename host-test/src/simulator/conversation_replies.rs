//! What is said and done in a conversation: replies, and the parts that close, open, snooze and assign it.

use serde_json::{Map, Value};

use super::call::{Call, Outcome};
use super::contact_fields::number;
use super::conversation::{Conversation, ConversationState};
use super::conversation_changes::Told;
use super::conversations::whole;
use super::errors::ApiError;
use super::message_text;
use super::numbering::CONVERSATIONS;
use super::ordered::ALL_KEYS;
use super::part::{Assignee, Author, Part, PartKind, Step};
use super::people;
use super::route::Route;
use super::said::Said;
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::write("POST", "/conversations/{id}/reply", "conversations", reply),
    Route::write("POST", "/conversations/{id}/parts", "conversations", act),
    Route::write(
        "POST",
        "/conversations/{id}/run_assignment_rules",
        "conversations",
        run_assignment_rules,
    )
    .until(ApiVersion::V2_11),
];

/// The conversation that a contact took part in last goes by this name.
const LAST: &str = "last";

fn reply(workspace: &Workspace, call: &Call) -> Outcome {
    let said = Said::read(workspace, call.fields()?)?;
    let id = match (call.parameter(0), said.author) {
        (LAST, Author::Contact(contact)) => last_of(workspace, contact)?,
        (id, _) => id.to_owned(),
    };
    workspace.change_conversation(&id, |conversation, now| {
        let part = said.part(now);
        let index = conversation.hear(part)?;
        Ok(((), Told::Part(index)))
    })?;
    whole(workspace, call, &id)
}

/// The id of the conversation that a contact takes part in and that changed last; a message of a teammate that nobody
/// answered becomes one.
fn last_of(workspace: &Workspace, contact: u64) -> Result<String, ApiError> {
    let unanswered = workspace.write().unanswered.remove(&contact);
    if let Some(conversation) = unanswered {
        let id = conversation.id();
        workspace.insert_conversation(conversation);
        return Ok(id);
    }
    let state = workspace.read();
    let view = state.conversations.current();
    let mut newest_first = view.walk(ALL_KEYS, false);
    let found = newest_first.find(|(_, number)| {
        view.live(*number)
            .is_some_and(|conversation| conversation.contacts.contains(&contact))
    });
    let (_, number) = found.ok_or_else(ApiError::resource_not_found)?;
    Ok(CONVERSATIONS.encode(number))
}

impl Conversation {
    /// Adds what was said. A contact opens a closed conversation with it, and takes part in it from then on.
    fn hear(&mut self, mut part: Part) -> Result<u64, ApiError> {
        if let Author::Contact(contact) = part.step.author {
            if self.state == ConversationState::Closed {
                part.step.kind = PartKind::Open;
            }
            if !self.contacts.contains(&contact) {
                self.contacts.push(contact);
            }
        }
        self.add(part)
    }
}

/// What a teammate does to a conversation.
#[derive(Clone, Copy)]
enum Act {
    Close,
    Open,
    /// Until a time in Unix seconds.
    Snooze(i64),
    Assign(Assignee),
}

impl Act {
    fn read(workspace: &Workspace, fields: &Map<String, Value>) -> Result<Act, ApiError> {
        match fields.get("message_type").and_then(Value::as_str) {
            Some("close") => Ok(Act::Close),
            Some("open") => Ok(Act::Open),
            Some("snoozed") => {
                let until = fields.get("snoozed_until").unwrap_or(&Value::Null);
                let until = number("snoozed_until", until)?;
                until.map(Act::Snooze).ok_or_else(|| {
                    ApiError::parameter_not_found("snoozed_until is a required parameter")
                })
            }
            Some("assignment") => {
                let id = people::required_id(fields, "assignee_id")?;
                let assignee = people::assignee(workspace, &id);
                assignee
                    .map(Act::Assign)
                    .ok_or_else(|| ApiError::new(404, "assignee_not_found", "Assignee not found"))
            }
            _ => Err(ApiError::parameter_invalid(
                "message_type must be close, open, snoozed or assignment",
            )),
        }
    }

    fn kind(self, state: ConversationState) -> PartKind {
        match self {
            Act::Close => PartKind::Close,
            Act::Open => PartKind::Open,
            Act::Snooze(_) => PartKind::Snoozed,
            Act::Assign(Assignee::Admin(_) | Assignee::Team(_))
                if state == ConversationState::Closed =>
            {
                PartKind::AssignAndReopen
            }
            Act::Assign(_) => PartKind::Assignment,
        }
    }
}

fn act(workspace: &Workspace, call: &Call) -> Outcome {
    let fields = call.fields()?;
    let act = Act::read(workspace, fields)?;
    let author = Author::Admin(people::admin(workspace, fields)?);
    let body = fields.get("body").and_then(Value::as_str);
    let body = body
        .filter(|body| !body.trim().is_empty())
        .map(message_text::html_of);
    workspace.change_conversation(call.parameter(0), |conversation, at| {
        let kind = act.kind(conversation.state);
        let index = conversation.add(Part {
            assigned_to: match act {
                Act::Assign(assignee) => Some(assignee),
                _ => None,
            },
            ..Part::said(Step { kind, author, at }, body)
        })?;
        if let Act::Snooze(until) = act {
            conversation.snoozed_until = Some(until);
        }
        Ok(((), Told::Part(index)))
    })?;
    whole(workspace, call, call.parameter(0))
}

/// The rules of this workspace: the teams take turns, and where there is none the first teammate does it.
fn run_assignment_rules(workspace: &Workspace, call: &Call) -> Outcome {
    let teams = u64::from(workspace.options.teams);
    workspace.change_conversation(call.parameter(0), |conversation, at| {
        let team = conversation.number.checked_rem(teams);
        let step = Step {
            kind: PartKind::DefaultAssignment,
            author: Author::Operator,
            at,
        };
        let index = conversation.add(Part {
            assigned_to: Some(team.map_or(Assignee::Admin(0), Assignee::Team)),
            ..Part::said(step, None)
        })?;
        Ok(((), Told::Part(index)))
    })?;
    whole(workspace, call, call.parameter(0))
}
