//! Tickets: searching and reading them. There is no list of all.

use serde::{Serialize, Serializer};

use super::call::{Answer, Call, Outcome};
use super::conversations::{LARGEST_PAGE, USUAL_PAGE};
use super::desk::Desk;
use super::errors::ApiError;
use super::numbering::TICKETS;
use super::ordered_search::Found;
use super::pages::CursorPages;
use super::route::Route;
use super::search_request::SearchRules;
use super::search_test::DateMode;
use super::ticket::Ticket;
use super::ticket_fields;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/tickets/search", "tickets", search),
    Route::new("GET", "/tickets/{id}", "tickets", read),
];

/// About how many bytes a ticket has as JSON.
const USUAL_LENGTH: usize = 7_000;

#[derive(Serialize)]
struct TicketList<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    pages: CursorPages,
    total_count: u64,
    tickets: Bodies<'a>,
}

/// Tickets of a page. Each is rendered when it is written, so that its parts live no longer than that.
struct Bodies<'a> {
    found: &'a Found<Ticket>,
    desk: Desk<'a>,
}

impl Serialize for Bodies<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tickets = self.found.records.iter();
        serializer.collect_seq(tickets.map(|ticket| self.desk.ticket(ticket)))
    }
}

fn search(workspace: &Workspace, call: &Call) -> Outcome {
    let kinds = workspace.read().ticket_kinds.clone();
    let rules = SearchRules {
        dates: DateMode::Seconds,
        field: &|name| ticket_fields::find(&kinds, name),
        usual_page: USUAL_PAGE,
        largest_page: LARGEST_PAGE,
        checks_order: false,
    };
    let search = rules.read(call)?;
    let state = workspace.read_indexed();
    let found = search.run(state.tickets.indexed())?;
    let list = TicketList {
        kind: "ticket.list",
        pages: CursorPages::of(search.after.as_ref(), search.per_page, &found),
        total_count: found.total,
        tickets: Bodies {
            found: &found,
            desk: Desk::new(workspace, &state, call.version),
        },
    };
    Answer::long_json(&list, (found.records.len() + 1) * USUAL_LENGTH)
}

fn read(workspace: &Workspace, call: &Call) -> Outcome {
    one(workspace, call, call.parameter(0))
}

/// The ticket with this id.
pub(crate) fn one(workspace: &Workspace, call: &Call, id: &str) -> Outcome {
    let number = TICKETS.decode(id);
    let state = workspace.read();
    let ticket = number.and_then(|number| state.tickets.current().live(number));
    let ticket = ticket.ok_or_else(ApiError::ticket_not_found)?;
    let desk = Desk::new(workspace, &state, call.version);
    Answer::long_json(&desk.ticket(&ticket), USUAL_LENGTH)
}
