//! Work that a request leaves behind, and how far it is. Whatever is due is done before the next request is answered.

use std::time::Duration;

use serde_json::{Value, json};

use super::bulk_jobs::BulkTask;
use super::call::{Answer, Call, Outcome};
use super::clock::as_milliseconds;
use super::errors::ApiError;
use super::job_queue::Work;
use super::route::Route;
use super::ticket_draft::TicketDraft;
use super::topics::Subject;
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::write("POST", "/tickets/enqueue", "tickets", enqueue).since(ApiVersion::V2_14),
    Route::new("GET", "/jobs/status/{id}", "tickets", status).since(ApiVersion::V2_14),
];

/// How long work waits for its turn; the time scale divides it.
const WAIT: Duration = Duration::from_secs(5);

impl Workspace {
    /// Lets a task of a bulk job wait for its turn.
    pub(crate) fn enqueue_bulk(&self, task: BulkTask) {
        self.enqueue(Work::Bulk(task));
    }

    fn enqueue(&self, work: Work) {
        let wait = as_milliseconds(self.options.scaled(WAIT));
        let due = self.clock.milliseconds().saturating_add(wait);
        let mut state = self.write();
        let number = state.jobs.next_number();
        state.jobs.waiting.insert((due, number), work);
    }

    /// Does what is due.
    pub(crate) fn finish_jobs(&self) {
        let now = self.clock.milliseconds();
        let nothing = |(due, _): &(i64, u64)| *due > now;
        if self.read().jobs.waiting.keys().next().is_none_or(nothing) {
            return;
        }
        loop {
            let due = self.write().jobs.take_due(now);
            match due {
                Some(Work::Ticket(number, draft)) => {
                    let done = self.create_ticket(*draft);
                    self.write().jobs.tickets.insert(number, Some(done));
                    let facts = render(self, number);
                    let subject = Subject {
                        facts: Some(&facts),
                        ..Subject::default()
                    };
                    self.tell(&self.read(), "job.completed", subject);
                }
                Some(Work::Bulk(task)) => self.finish_bulk_task(&task),
                None => return,
            }
        }
    }
}

/// A job that creates a ticket, as the API renders it.
fn render(workspace: &Workspace, number: u64) -> Value {
    let state = workspace.read();
    let done = state.jobs.tickets.get(&number).cloned().flatten();
    let (status, id) = match done {
        None => ("pending", None),
        Some(Ok(id)) => ("success", Some(id)),
        Some(Err(_)) => ("failed", None),
    };
    let url = id
        .as_ref()
        .map(|id| format!("{}/tickets/{id}", workspace.url));
    json!({
        "type": "job",
        "id": number.to_string(),
        "status": status,
        "url": format!("{}/jobs/status/{number}", workspace.url),
        "resource_type": "ticket",
        "resource_id": id,
        "resource_url": url,
    })
}

fn enqueue(workspace: &Workspace, call: &Call) -> Outcome {
    let draft = TicketDraft::read(workspace, call.version, call.fields()?)?;
    let number = {
        let mut state = workspace.write();
        let number = state.jobs.next_number();
        state.jobs.tickets.insert(number, None);
        number
    };
    workspace.enqueue(Work::Ticket(number, Box::new(draft)));
    Answer::json(&render(workspace, number))
}

fn status(workspace: &Workspace, call: &Call) -> Outcome {
    let number = call.parameter(0).parse().ok();
    let number = number.filter(|number| workspace.read().jobs.tickets.contains_key(number));
    let number = number.ok_or_else(|| ApiError::new(404, "job_not_found", "Job Not Found"))?;
    Answer::json(&render(workspace, number))
}
