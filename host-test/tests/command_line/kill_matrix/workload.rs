use serde_json::json;

use super::trouble::FaultPlace;
use crate::holdings;
use crate::service::Service;
use crate::stored::{self, Before, Sink};
use crate::world::World;

/// What is synced, and what may happen to it.
#[derive(Debug)]
pub struct Workload {
    /// The API version.
    pub version: &'static str,
    pub streams: &'static [&'static str],
    /// How large the workspace is: flags of the simulator.
    pub workspace: &'static [&'static str],
    /// Rows of a page.
    pub page_rows: &'static str,
    /// Requests of an undisturbed sync, of a connection that was checked before.
    pub requests: u64,
    /// By how many requests the next run of [`Place::Growing`](super::place::Place) gets further than the one before.
    pub growth: usize,
    /// The stream that is killed after each of its pages, and the rows of a page that takes one request.
    pub alone: (&'static str, &'static str),
    /// Of so many runs the sample has one.
    pub sample: u64,
    /// Where the sample of an output begins, so that the outputs meet different places.
    pub phase: fn(Sink) -> u64,
    /// Where faults hit.
    pub faults: &'static [FaultPlace],
    /// While the workspace changes: at every so many requests so many contacts do.
    pub unrest: (u64, u64),
    /// Makes what is not generated.
    pub furnish: fn(&Service),
    /// Changes something of everything.
    pub change: fn(&Service),
    /// Compares an output with the workspace. [`Before`] is there when the workspace changed meanwhile.
    pub assert_exact: fn(&World, Sink, Option<&Before>),
}

/// A sync of what everything else hangs on.
pub static PEOPLE: Workload = Workload {
    version: "2.11",
    streams: &stored::STREAMS,
    workspace: &["--contacts", "100", "--companies", "250"],
    page_rows: "20",
    // Five pages of contacts and a search, three pages of companies and an empty one, and four small lists.
    requests: 14,
    growth: 1,
    alone: ("contacts", "20"),
    // No divisor of the number of places, so that each trouble meets others of them.
    sample: 13,
    phase: |_| 0,
    faults: &[
        FaultPlace::at("/contacts", 1, 1),
        FaultPlace::at("/contacts", 3, 2),
        FaultPlace::at("/contacts/search", 1, 1),
        FaultPlace::at("/companies/scroll", 1, 1),
        FaultPlace::at("/companies/scroll", 3, 1),
        FaultPlace::at("/admins", 1, 1),
        FaultPlace::at("/tags", 1, 1),
    ],
    unrest: (2, 3),
    furnish: |_| {},
    change: |service| {
        let wanted = json!({ "contacts": 4, "companies": 3, "tags": 1, "create": 1 });
        service.post("mutate", &wanted);
    },
    assert_exact: |world, sink, before| {
        stored::assert_exact(world, sink);
        if sink == Sink::Files && before.is_none() {
            for stream in stored::STREAMS {
                let rows = stored::workspace(&world.service, stream);
                assert_eq!(stored::line_count(world, stream), rows.len(), "{stream}");
            }
        }
    },
};

/// A sync of streams of every kind of paging.
pub static MIXED: Workload = Workload {
    version: "2.16",
    streams: &holdings::STREAMS,
    workspace: &[
        "--contacts",
        "12",
        "--companies",
        "6",
        "--conversations",
        "8",
        "--conversation-parts",
        "4",
        "--tickets",
        "6",
        "--articles",
        "12",
        "--activity-logs",
        "30",
        "--exported-rows",
        "40",
        "--notes-per-contact",
        "2",
    ],
    page_rows: "5",
    requests: 69,
    growth: 9,
    alone: ("conversation_parts", "1"),
    // With the phases, two or three places lie between one of the sample and the next: every request is met.
    sample: 90,
    phase: |sink| match sink {
        Sink::Files => 0,
        Sink::Database => 2,
    },
    faults: &[
        FaultPlace::at("/contacts", 2, 1),
        FaultPlace::at("/contacts", 6, 2),
        FaultPlace::at("/contacts/search", 2, 1),
        FaultPlace::at_row("/contacts/*", 7, 2),
        FaultPlace::at("/companies/scroll", 1, 1),
        FaultPlace::at("/companies/scroll", 4, 1),
        FaultPlace::at_row("/companies/*", 7, 1),
        FaultPlace::at("/conversations/search", 2, 1),
        FaultPlace::at_row("/conversations/*", 4, 2),
        FaultPlace::at("/tickets/search", 1, 2),
        FaultPlace::at_row("/tickets/*", 6, 1),
        FaultPlace::at("/articles", 2, 1),
        FaultPlace::at("/admins/activity_logs", 1, 1),
        FaultPlace::at_row("/events", 3, 2),
        FaultPlace::at("/export/content/data", 1, 1),
        FaultPlace::at("/export/content/data/*", 2, 1),
        FaultPlace::at("/download/*", 1, 1),
    ],
    unrest: (9, 1),
    furnish: holdings::furnish,
    change: holdings::change,
    assert_exact: holdings::assert_exact,
};
