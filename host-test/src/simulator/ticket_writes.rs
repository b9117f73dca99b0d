//! Tickets: creating, changing, answering and deleting them.

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Outcome};
use super::contact_fields::number;
use super::errors::ApiError;
use super::numbering::TICKETS;
use super::part::{Assignee, AttributeChange, Author, write_attributes};
use super::people;
use super::route::Route;
use super::said::Said;
use super::ticket_draft::TicketDraft;
use super::ticket_tables::{STATES, state_of};
use super::ticket_values;
use super::tickets::one;
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::write("POST", "/tickets", "tickets", create),
    Route::write("PUT", "/tickets/{id}", "tickets", update),
    Route::write("POST", "/tickets/{id}/reply", "tickets", reply),
    Route::write("DELETE", "/tickets/{id}", "tickets", delete).since(ApiVersion::V2_13),
    Route::write(
        "POST",
        "/conversations/{id}/convert",
        "conversations",
        convert,
    ),
];

fn create(workspace: &Workspace, call: &Call) -> Outcome {
    let draft = TicketDraft::read(workspace, call.version, call.fields()?)?;
    let id = workspace.create_ticket(draft)?;
    one(workspace, call, &id)
}

/// A conversation gets a ticket that its contacts see.
fn convert(workspace: &Workspace, call: &Call) -> Outcome {
    let id = workspace.create_ticket(TicketDraft::of_conversation(workspace, call)?)?;
    one(workspace, call, &id)
}

/// What a request changes of a ticket.
struct Update {
    /// Who does it.
    author: Author,
    state: Option<usize>,
    open: Option<bool>,
    is_shared: Option<bool>,
    snoozed_until: Option<i64>,
    assignee: Option<Assignee>,
    /// Another company, or none.
    company: Option<Option<u64>>,
}

impl Update {
    fn read(
        workspace: &Workspace,
        version: ApiVersion,
        fields: &Map<String, Value>,
    ) -> Result<Update, ApiError> {
        // Up to 2.13 the assignment is an object of its own.
        let nested = Value::Object(fields.clone());
        let assignment = match version < ApiVersion::V2_14 {
            true => &fields.get("assignment").cloned().unwrap_or_default(),
            false => &nested,
        };
        let missing = || ApiError::new(404, "assignee_not_found", "Assignee not found");
        let author = match people::id(assignment.get("admin_id")) {
            Some(id) => Author::Admin(people::teammate(workspace, &id).ok_or_else(missing)?),
            None => Author::Operator,
        };
        let assignee = people::id(assignment.get("assignee_id"));
        let assignee = assignee
            .map(|id| people::assignee(workspace, &id).ok_or_else(missing))
            .transpose()?;
        let flag = |name: &str| fields.get(name).and_then(Value::as_bool);
        let company = fields.get("company_id");
        let company = company.filter(|_| version >= ApiVersion::V2_14);
        let company = match people::id(company) {
            Some(id) => Some(Some(workspace.company_number(&id)?)),
            None => company.map(|_| None),
        };
        Ok(Update {
            author,
            state: state(version, fields)?,
            open: flag("open"),
            is_shared: flag("is_shared"),
            snoozed_until: number(
                "snoozed_until",
                fields.get("snoozed_until").unwrap_or(&Value::Null),
            )?,
            assignee,
            company,
        })
    }
}

/// The number of the state that a request names: by its category up to 2.11, by its id from there on.
fn state(version: ApiVersion, fields: &Map<String, Value>) -> Result<Option<usize>, ApiError> {
    if version < ApiVersion::V2_12 {
        let Some(name) = fields.get("state").filter(|state| !state.is_null()) else {
            return Ok(None);
        };
        let found = name.as_str().filter(|name| *name != "submitted");
        let found = found.and_then(state_of);
        return found.map(Some).ok_or_else(|| {
            ApiError::parameter_invalid(
                "state must be in_progress, waiting_on_customer or resolved",
            )
        });
    }
    let Some(id) = people::id(fields.get("ticket_state_id")) else {
        return Ok(None);
    };
    let found = STATES.iter().position(|state| state.id.to_string() == id);
    found.map(Some).ok_or_else(|| {
        ApiError::new(
            400,
            "ticket_state_id_invalid",
            "Ticket state id is not valid or is not associated with the ticket type",
        )
    })
}

/// Every change of the state, of an attribute, of whose it is and of how long it sleeps leaves a part that says so.
fn update(workspace: &Workspace, call: &Call) -> Outcome {
    let id = call.parameter(0);
    let fields = call.fields()?;
    let kind = {
        let state = workspace.read();
        let ticket = TICKETS
            .decode(id)
            .and_then(|number| state.tickets.current().live(number));
        let ticket = ticket.ok_or_else(ApiError::ticket_not_found)?;
        state.ticket_kinds.get(ticket.kind).cloned()
    };
    let kind = kind.ok_or_else(ApiError::resource_not_found)?;
    let update = Update::read(workspace, call.version, fields)?;
    let patch = ticket_values::checked(&kind, fields.get("ticket_attributes"))?;
    let silent = fields.get("skip_notifications") == Some(&json!(true));
    workspace.change_ticket(id, |ticket, now| {
        let mut parts = Vec::new();
        let changes: Vec<AttributeChange> = write_attributes(&mut ticket.attributes, patch);
        for change in changes {
            parts.push(ticket.tell_attribute(update.author, now, change)?);
        }
        if let Some(state) = update.state.filter(|state| *state != ticket.state) {
            parts.push(ticket.enter(update.author, now, state)?);
        }
        if let Some(assignee) = update.assignee {
            parts.push(ticket.assign(update.author, now, assignee)?);
        }
        if let Some(until) = update.snoozed_until {
            parts.push(ticket.snooze(update.author, now, until)?);
        }
        match update.open {
            Some(false) => (ticket.open, ticket.snoozed_until) = (false, None),
            Some(true) => ticket.open = true,
            None => {}
        }
        ticket.is_shared = update.is_shared.unwrap_or(ticket.is_shared);
        ticket.company = update.company.unwrap_or(ticket.company);
        if silent {
            parts.clear();
        }
        Ok(((), parts))
    })?;
    one(workspace, call, id)
}

/// The answer is the part.
fn reply(workspace: &Workspace, call: &Call) -> Outcome {
    let number = TICKETS.decode(call.parameter(0));
    let category = {
        let state = workspace.read();
        let ticket = number.and_then(|number| state.tickets.current().live(number));
        ticket.ok_or_else(ApiError::resource_not_found)?.category
    };
    let fields = call.fields()?;
    let said = Said::read(workspace, fields)?;
    let from_contact = matches!(said.author, Author::Contact(_));
    if from_contact && category == "Back-office" {
        return Err(ApiError::new(
            400,
            "parameter_mismatch",
            "User replies are not allowed on Backoffice tickets",
        ));
    }
    let silent = fields.get("skip_notifications") == Some(&json!(true));
    let (ticket, index) = workspace.change_ticket(call.parameter(0), |ticket, now| {
        let index = ticket.add(said.part(now))?;
        let told = if silent { Vec::new() } else { vec![index] };
        Ok(((ticket.clone(), index), told))
    })?;
    let state = workspace.read();
    let desk = super::desk::Desk::new(workspace, &state, call.version);
    Answer::json(&desk.ticket_part(&ticket, index))
}

fn delete(workspace: &Workspace, call: &Call) -> Outcome {
    let id = call.parameter(0);
    workspace.delete_ticket(id)?;
    Answer::json(&json!({"id": id, "object": "ticket", "deleted": true}))
}
