//! How a test in the same process looks at the tickets.

use serde_json::Value;

use super::desk::Desk;
use super::numbering::TICKETS;
use super::version::ApiVersion;
use super::workspace::Workspace;

impl Workspace {
    /// How many tickets can be read.
    pub fn ticket_count(&self) -> u64 {
        self.read().tickets.current().count()
    }

    /// How many parts the tickets have that can be read.
    pub fn ticket_part_count(&self) -> u64 {
        let state = self.read();
        let view = state.tickets.current();
        let generated = view
            .unwritten()
            .map(|number| self.generator.ticket_length(number));
        let written = view.written().filter(|ticket| !ticket.deleted);
        generated.sum::<u64>() + written.map(|ticket| ticket.thread.len()).sum::<u64>()
    }

    /// Ids of the tickets that can be read.
    pub fn ticket_ids(&self) -> impl Iterator<Item = String> + use<> {
        let numbers: Vec<u64> = self.read().tickets.current().numbers().collect();
        numbers.into_iter().map(|number| TICKETS.encode(number))
    }

    /// A ticket with its parts as the API (2.11) renders it; `None` when it cannot be read.
    pub fn ticket(&self, id: &str) -> Option<Value> {
        let state = self.read();
        let ticket = state.tickets.current().live(TICKETS.decode(id)?)?;
        let desk = Desk::new(self, &state, ApiVersion::DEFAULT);
        serde_json::to_value(desk.ticket(&ticket)).ok()
    }
}
