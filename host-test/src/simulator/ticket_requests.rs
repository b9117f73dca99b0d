//! What a request for a ticket says.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::call::Call;
use super::contact::Contact;
use super::conversation_changes::Told;
use super::errors::ApiError;
use super::numbering::CONVERSATIONS;
use super::part::Assignee;
use super::people::{self, CONTACT_KEYS};
use super::said;
use super::ticket_draft::TicketDraft;
use super::ticket_types;
use super::ticket_values;
use super::version::ApiVersion;
use super::workspace::Workspace;

impl TicketDraft {
    /// Reads the fields of a request.
    ///
    /// # Errors
    /// 400 for what is missing or cannot be taken, 404 for what is named and not there.
    pub(crate) fn read(
        workspace: &Workspace,
        version: ApiVersion,
        fields: &Map<String, Value>,
    ) -> Result<TicketDraft, ApiError> {
        let (kind, attributes) = kind_and_attributes(workspace, fields, "ticket_attributes")?;
        {
            let state = workspace.read();
            ticket_values::check_complete(&state.ticket_kinds[kind.0], &attributes)?;
        }
        let contact = contact(workspace, fields)?;
        let company = match people::id(fields.get("company_id")) {
            Some(id) => {
                let number = workspace.company_number(&id)?;
                let found = workspace.read().companies.company(number);
                Some(found.ok_or_else(ApiError::company_not_found)?.number)
            }
            None => contact.companies.first().copied(),
        };
        let newer = version >= ApiVersion::V2_14;
        let conversation = match people::id(fields.get("conversation_to_link_id")) {
            Some(id) if newer => Some(conversation(workspace, &id)?.0),
            _ => None,
        };
        let assignees = match fields.get("assignment") {
            Some(assignment) if newer => assignees(workspace, assignment)?,
            _ => Vec::new(),
        };
        Ok(TicketDraft {
            kind,
            attributes,
            contacts: vec![contact.number],
            company,
            conversation,
            assignees,
            created_at: said::created_at(fields)?,
            silent: fields.get("skip_notifications") == Some(&json!(true)),
        })
    }

    /// Reads a request to make a ticket of a conversation.
    ///
    /// # Errors
    /// 400 for a kind of tickets that is not for customers, for attributes that cannot be taken and for a conversation that
    /// has a ticket already; 404 for what is named and not there.
    pub(crate) fn of_conversation(
        workspace: &Workspace,
        call: &Call,
    ) -> Result<TicketDraft, ApiError> {
        let fields = call.fields()?;
        let (number, contacts, ticket) = conversation(workspace, call.parameter(0))?;
        let (kind, attributes) = kind_and_attributes(workspace, fields, "attributes")?;
        if kind.1 != "Customer" {
            return Err(ApiError::parameter_invalid(
                "Ticket type is not a customer ticket type",
            ));
        }
        if ticket.is_some() {
            return Err(ApiError::parameter_invalid(
                "The conversation has a ticket already",
            ));
        }
        Ok(TicketDraft {
            kind,
            attributes,
            contacts,
            company: None,
            conversation: Some(number),
            assignees: Vec::new(),
            created_at: None,
            silent: false,
        })
    }
}

impl Workspace {
    /// Creates a ticket; gives its id.
    ///
    /// # Errors
    /// 404 when the conversation that it belongs to is no more.
    pub(crate) fn create_ticket(&self, draft: TicketDraft) -> Result<String, ApiError> {
        let number = self.write().tickets.next_number();
        if let Some(conversation) = draft.conversation {
            let id = CONVERSATIONS.encode(conversation);
            self.change_conversation(&id, |conversation, _| {
                conversation.ticket = Some(number);
                Ok(((), Told::Nothing))
            })?;
        }
        let silent = draft.silent;
        let ticket = draft.ticket(number, self.now());
        let id = ticket.id();
        self.insert_ticket(ticket, silent);
        Ok(id)
    }
}

type Kind = (usize, &'static str);

/// The kind that a request names, and the attributes that it gives under a name.
fn kind_and_attributes(
    workspace: &Workspace,
    fields: &Map<String, Value>,
    name: &str,
) -> Result<(Kind, Map<String, Value>), ApiError> {
    let id = people::required_id(fields, "ticket_type_id")?;
    let state = workspace.read();
    let number = ticket_types::number(&state, &id)?;
    let kind = &state.ticket_kinds[number];
    if kind.archived {
        return Err(ApiError::parameter_invalid("Ticket type is archived"));
    }
    let attributes = ticket_values::checked(kind, fields.get(name))?;
    Ok(((number, kind.category), attributes))
}

/// The one contact of a ticket. An address that nobody has makes a lead.
fn contact(workspace: &Workspace, fields: &Map<String, Value>) -> Result<Arc<Contact>, ApiError> {
    let contacts = fields.get("contacts").and_then(Value::as_array);
    let [contact] = contacts.map_or(&[][..], Vec::as_slice) else {
        return Err(ApiError::parameter_invalid(
            "contacts must be a list of one contact",
        ));
    };
    let contact = contact
        .as_object()
        .ok_or_else(|| ApiError::parameter_invalid("a contact must be an object"))?;
    let by_email = !contact.contains_key("id") && !contact.contains_key("external_id");
    match people::contact(workspace, contact, CONTACT_KEYS) {
        Err(error) if error.status == 404 && by_email => {
            let lead = json!({"role": "lead", "email": contact.get("email")});
            workspace.insert_contact(&lead).map(Arc::new)
        }
        found => found,
    }
}

/// The number, the contacts and the ticket of a conversation.
fn conversation(workspace: &Workspace, id: &str) -> Result<(u64, Vec<u64>, Option<u64>), ApiError> {
    let state = workspace.read();
    let number = CONVERSATIONS.decode(id);
    let found = number.and_then(|number| state.conversations.current().live(number));
    let found = found.ok_or_else(ApiError::resource_not_found)?;
    Ok((found.number, found.contacts.clone(), found.ticket))
}

fn assignees(workspace: &Workspace, assignment: &Value) -> Result<Vec<Assignee>, ApiError> {
    let mut assignees = Vec::new();
    for name in ["admin_assignee_id", "team_assignee_id"] {
        if let Some(id) = people::id(assignment.get(name)) {
            let assignee = people::assignee(workspace, &id);
            assignees.push(
                assignee.ok_or_else(|| {
                    ApiError::new(404, "assignee_not_found", "Assignee not found")
                })?,
            );
        }
    }
    Ok(assignees)
}
