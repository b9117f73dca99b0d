//! Work that requests left behind: what waits for its turn, and what became of it.

use std::collections::BTreeMap;

use super::bulk_jobs::BulkTask;
use super::errors::ApiError;
use super::ticket_draft::TicketDraft;

/// The work of a workspace.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    /// What is not done yet, by when it is due (milliseconds) and in the order in which it came.
    pub(crate) waiting: BTreeMap<(i64, u64), Work>,
    /// What became of the tickets, by the number of the job: nothing yet, an id, or an error.
    pub(crate) tickets: BTreeMap<u64, Option<Result<String, ApiError>>>,
    count: u64,
}

/// Work to be done.
#[derive(Debug)]
pub(crate) enum Work {
    /// A ticket to be created for the job with this number.
    Ticket(u64, Box<TicketDraft>),
    /// A task of a bulk job.
    Bulk(BulkTask),
}

impl Jobs {
    /// The number of the next job.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// The work that is due at `now` (milliseconds) and waits longest.
    pub(crate) fn take_due(&mut self, now: i64) -> Option<Work> {
        let first = self.waiting.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }
}
