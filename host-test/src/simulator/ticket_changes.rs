//! Changes to tickets: new ones, new parts, redactions, states, deletions.

use std::sync::Arc;

use super::conversation_changes::{NewPart, part_not_found};
use super::errors::ApiError;
use super::numbering::{MOST_PARTS, TICKET_PARTS, TICKETS};
use super::part::{Assignee, AttributeChange, Author, Part, PartKind, Step};
use super::ticket::Ticket;
use super::ticket_tables::RESOLVED;
use super::topics::Subject;
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
            let index = ticket.add(part)?;
            Ok((TICKET_PARTS.encode_part(ticket.number, index), vec![index]))
        })
    }

    /// Resolves a ticket; gives the id of the part that says so.
    ///
    /// # Errors
    /// 404 for a ticket that cannot be read.
    pub fn resolve_ticket(&self, id: &str) -> Result<String, ApiError> {
        self.change_ticket(id, |ticket, now| {
            let index = ticket.enter(Author::Admin(0), now, RESOLVED)?;
            Ok((TICKET_PARTS.encode_part(ticket.number, index), vec![index]))
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
            Ok(((), Vec::new()))
        })
    }

    /// Deletes a ticket for good.
    ///
    /// # Errors
    /// 404 for a ticket that cannot be read.
    pub fn delete_ticket(&self, id: &str) -> Result<(), ApiError> {
        self.change_ticket(id, |ticket, _| {
            ticket.deleted = true;
            Ok(((), Vec::new()))
        })
    }

    /// Adds a ticket; nobody is told where it is to be silent.
    pub(crate) fn insert_ticket(&self, ticket: Ticket, silent: bool) {
        let mut state = self.write();
        let milliseconds = self.clock.milliseconds();
        state.tickets.put(ticket.clone(), milliseconds);
        if !silent {
            self.tell(&state, "ticket.created", Subject::ticket(&ticket));
        }
    }

    /// Changes one ticket under the lock, moves its time of change, and tells of the parts that were added.
    pub(crate) fn change_ticket<T>(
        &self,
        id: &str,
        act: impl FnOnce(&mut Ticket, i64) -> Result<(T, Vec<u64>), ApiError>,
    ) -> Result<T, ApiError> {
        let mut state = self.write();
        let milliseconds = self.clock.milliseconds();
        let now = milliseconds.div_euclid(1_000);
        let before = state.live_ticket(id)?;
        let mut ticket = Ticket::clone(&before);
        let (done, parts) = act(&mut ticket, now)?;
        ticket.updated_at = now;
        state.tickets.put(ticket.clone(), milliseconds);
        for index in parts {
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
    /// Adds a part; gives its index.
    ///
    /// # Errors
    /// 400 when the ticket is full.
    pub(crate) fn add(&mut self, part: Part) -> Result<u64, ApiError> {
        let index = self.thread.len();
        if index >= MOST_PARTS {
            return Err(ApiError::parameter_invalid("The ticket is full"));
        }
        self.thread.added.push(part);
        Ok(index)
    }

    /// Enters a state, and says so in a part: its index. A ticket is open until it is resolved.
    pub(crate) fn enter(&mut self, author: Author, at: i64, state: usize) -> Result<u64, ApiError> {
        let before = self.state;
        (self.previous_state, self.state) = (Some(before), state);
        self.open = state != RESOLVED;
        if !self.open {
            self.snoozed_until = None;
        }
        self.add(Part {
            states: Some((before, state)),
            ..silent(PartKind::TicketStateUpdated, author, at)
        })
    }

    /// Assigns it, and says so in a part: its index.
    pub(crate) fn assign(
        &mut self,
        author: Author,
        at: i64,
        assignee: Assignee,
    ) -> Result<u64, ApiError> {
        match assignee {
            Assignee::Admin(index) => self.admin_assignee = Some(index),
            Assignee::Team(index) => self.team_assignee = Some(index),
            Assignee::Nobody => (self.admin_assignee, self.team_assignee) = (None, None),
        }
        self.add(Part {
            assigned_to: Some(assignee),
            ..silent(PartKind::Assignment, author, at)
        })
    }

    /// Lets it sleep, and says so in a part: its index.
    pub(crate) fn snooze(&mut self, author: Author, at: i64, until: i64) -> Result<u64, ApiError> {
        self.snoozed_until = Some(until);
        self.add(silent(PartKind::Snoozed, author, at))
    }

    /// Says in a part that an attribute was written: its index.
    pub(crate) fn tell_attribute(
        &mut self,
        author: Author,
        at: i64,
        change: AttributeChange,
    ) -> Result<u64, ApiError> {
        self.add(Part {
            attribute: Some(change),
            ..silent(PartKind::TicketAttributeUpdated, author, at)
        })
    }
}

/// A part without a text.
fn silent(kind: PartKind, author: Author, at: i64) -> Part {
    Part::said(Step { kind, author, at }, None)
}
