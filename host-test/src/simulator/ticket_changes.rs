//! Changes to tickets: new parts, redactions, states, deletions.

use std::sync::Arc;

use super::conversation_changes::{NewPart, part_not_found};
use super::errors::ApiError;
use super::numbering::{MOST_PARTS, TICKET_PARTS, TICKETS};
use super::part::{Assignee, Part, PartKind};
use super::ticket::Ticket;
use super::ticket_tables::RESOLVED;
use super::workspace::{State, Workspace};

impl Workspace {
    /// Adds a part to a ticket; gives the part's id.
    ///
    /// # Errors
    /// 404 for a ticket that cannot be read, 400 for a type of parts that does not exist or when it is full.
    pub fn add_ticket_part(&self, id: &str, part: &NewPart) -> Result<String, ApiError> {
        self.change_ticket(id, |ticket, now| {
            let part = part.written(ticket.contacts.first().copied(), now)?;
            if let Some(Assignee::Admin(index)) = part.assigned_to {
                ticket.admin_assignee = Some(index);
            }
            ticket.add(part)
        })
    }

    /// Resolves a ticket; gives the id of the part that says so.
    ///
    /// # Errors
    /// 404 for a ticket that cannot be read.
    pub fn resolve_ticket(&self, id: &str) -> Result<String, ApiError> {
        self.change_ticket(id, |ticket, now| {
            let before = ticket.state;
            let part = NewPart::of_type(PartKind::TicketStateUpdated.name());
            let part = Part {
                states: Some((before, RESOLVED)),
                ..part.written(None, now)?
            };
            (ticket.previous_state, ticket.state) = (Some(before), RESOLVED);
            ticket.snoozed_until = None;
            ticket.add(part)
        })
    }

    /// Redacts a part of a ticket.
    ///
    /// # Errors
    /// 404 for a ticket that cannot be read or a part that does not exist.
    pub fn redact_ticket_part(&self, id: &str, part: &str) -> Result<(), ApiError> {
        self.change_ticket(id, |ticket, now| {
            let index = TICKET_PARTS.decode_part(ticket.number, part);
            let index = index.filter(|index| *index < ticket.thread.len());
            let index = index.ok_or_else(part_not_found)?;
            ticket.thread.redacted.insert(index, now);
            Ok(((), None))
        })
    }

    /// Deletes a ticket for good.
    ///
    /// # Errors
    /// 404 for a ticket that cannot be read.
    pub fn delete_ticket(&self, id: &str) -> Result<(), ApiError> {
        self.change_ticket(id, |ticket, _| {
            ticket.deleted = true;
            Ok(((), None))
        })
    }

    /// Changes one ticket under the lock, moves its time of change, and tells of the part that was added.
    fn change_ticket<T>(
        &self,
        id: &str,
        act: impl FnOnce(&mut Ticket, i64) -> Result<(T, Option<u64>), ApiError>,
    ) -> Result<T, ApiError> {
        let mut state = self.write();
        let milliseconds = self.clock.milliseconds();
        let now = milliseconds.div_euclid(1_000);
        let before = state.live_ticket(id)?;
        let mut ticket = Ticket::clone(&before);
        let (done, part) = act(&mut ticket, now)?;
        ticket.updated_at = now;
        state.tickets.put(ticket.clone(), milliseconds);
        if let Some(index) = part {
            self.tell_of_ticket_part(&state, &before, &ticket, index);
        }
        Ok(done)
    }
}

impl State {
    /// A ticket that can be read, by its id.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) fn live_ticket(&self, id: &str) -> Result<Arc<Ticket>, ApiError> {
        let number = TICKETS.decode(id);
        let ticket = number.and_then(|number| self.tickets.current().live(number));
        ticket.ok_or_else(ApiError::ticket_not_found)
    }
}

impl Ticket {
    /// Adds a part; gives its id and its index.
    fn add(&mut self, part: Part) -> Result<(String, Option<u64>), ApiError> {
        let index = self.thread.len();
        if index >= MOST_PARTS {
            return Err(ApiError::parameter_invalid("The ticket is full"));
        }
        self.thread.added.push(part);
        Ok((TICKET_PARTS.encode_part(self.number, index), Some(index)))
    }
}
