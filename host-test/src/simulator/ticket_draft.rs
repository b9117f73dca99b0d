//! A ticket that is to be created, and what becomes of it.

use serde_json::{Map, Value};

use super::part::{Assignee, Author, Part, PartKind, Step, Thread};
use super::ticket::Ticket;

/// A ticket that is to be created.
#[derive(Clone, Debug)]
pub(crate) struct TicketDraft {
    /// The number and the category of its kind.
    pub(crate) kind: (usize, &'static str),
    pub(crate) attributes: Map<String, Value>,
    /// Numbers of contacts.
    pub(crate) contacts: Vec<u64>,
    pub(crate) company: Option<u64>,
    /// The number of the conversation that it belongs to.
    pub(crate) conversation: Option<u64>,
    pub(crate) assignees: Vec<Assignee>,
    pub(crate) created_at: Option<i64>,
    pub(crate) silent: bool,
}

impl TicketDraft {
    /// The ticket with this number, created at `now` unless it is older.
    pub(crate) fn ticket(self, number: u64, now: i64) -> Ticket {
        let created_at = self.created_at.unwrap_or(now);
        let step = Step {
            kind: PartKind::TicketStateUpdated,
            author: Author::Operator,
            at: created_at,
        };
        let submitted = Part {
            states: Some((0, 0)),
            ..Part::said(step, None)
        };
        let assigned =
            |wanted: fn(Assignee) -> Option<u64>| self.assignees.iter().copied().find_map(wanted);
        Ticket {
            number,
            deleted: false,
            created_at,
            updated_at: now,
            kind: self.kind.0,
            category: self.kind.1,
            open: true,
            is_shared: self.kind.1 == "Customer",
            state: 0,
            previous_state: None,
            attributes: self.attributes,
            contacts: self.contacts,
            company: self.company,
            admin_assignee: assigned(|assignee| match assignee {
                Assignee::Admin(index) => Some(index),
                _ => None,
            }),
            team_assignee: assigned(|assignee| match assignee {
                Assignee::Team(index) => Some(index),
                _ => None,
            }),
            snoozed_until: None,
            conversation: self.conversation,
            tags: Vec::new(),
            thread: Thread {
                added: vec![submitted],
                ..Thread::default()
            },
        }
    }
}
