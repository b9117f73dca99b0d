use std::collections::{BTreeMap, BTreeSet};

use host_test::report::StreamStatus;
use host_test::simulator::{Fault, FaultKind, Options};

use crate::world::{World, small, text};

/// What hangs on contacts and companies, and the requests for it.
const STREAMS: &[(&str, &str)] = &[
    ("contact_companies", "/contacts/*"),
    ("contact_segments", "/contacts/*"),
    ("contact_notes", "/contacts/*"),
    ("events", "/events"),
    ("company_contacts", "/companies/*"),
    ("company_segments", "/companies/*"),
];

fn options() -> Options {
    Options {
        contacts: 60,
        companies: 20,
        ..small()
    }
}

/// How many rows each stream has, by what the workspace says of itself.
fn expected(world: &World) -> BTreeMap<&'static str, usize> {
    let links = world.workspace().link_counts();
    [
        ("contact_companies", links.contact_companies),
        ("contact_segments", links.contact_segments),
        ("contact_notes", links.contact_notes),
        ("events", links.contact_events),
        ("company_contacts", links.contact_companies),
        ("company_segments", links.company_segments),
    ]
    .into()
}

async fn survives(kind: FaultKind) {
    let world = World::new(options()).await;
    let expected = expected(&world);
    for (stream, path) in STREAMS {
        let context = format!("{stream}: {kind:?}");
        let fault = Fault {
            method: Some("GET".to_owned()),
            first: 5,
            times: 2,
            ..Fault::new(*path, kind.clone())
        };
        world.workspace().set_faults(vec![fault]);
        let report = world.sync(&[*stream]).await;
        let read = &report.streams[0];
        assert_eq!(read.status, StreamStatus::Complete, "{context}");
        let said = read.notices.counts();
        // A scroll that breaks begins anew, and says so.
        let silent = said.keys().all(|kind| kind == "restarted");
        assert!(silent, "{context}: {said:?}");
        let lines = world.lines(stream);
        let keys: BTreeSet<String> = lines.iter().map(|line| text(line, "key")).collect();
        assert_eq!(
            (lines.len(), keys.len()),
            (expected[stream], expected[stream]),
            "{context}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_loses_or_doubles_what_hangs_on_people_and_companies() {
    let kinds = [
        FaultKind::InvalidJson,
        FaultKind::EmptyBody,
        FaultKind::CutBody,
        FaultKind::Reset,
        FaultKind::Status(500),
        FaultKind::RateLimited { reset: true },
    ];
    let runs = kinds.map(|kind| tokio::spawn(survives(kind)));
    for run in runs {
        run.await.expect("nothing lost, nothing twice");
    }
}
