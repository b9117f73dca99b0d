/// What takes a request for each contact or company.
mod children;
/// Conversations, whose parts take a request each.
mod conversations;
/// Lists and searches of other streams.
mod lists;

use std::time::Duration;

use host_test::report::StreamStatus;
use host_test::simulator::{Fault, FaultKind, Options};

use crate::world::{World, assert_rows, request, small};

const STREAMS: &[&str] = &["contacts", "companies", "tags"];

fn kinds() -> Vec<FaultKind> {
    vec![
        FaultKind::RateLimited { reset: true },
        FaultKind::RateLimited { reset: false },
        FaultKind::Status(500),
        FaultKind::Status(503),
        FaultKind::BadGatewayHtml,
        FaultKind::Reset,
        FaultKind::ResetAfterWork,
        FaultKind::CutBody,
        FaultKind::InvalidJson,
        FaultKind::EmptyBody,
        FaultKind::ForeignBody,
        FaultKind::Slow(Duration::from_millis(200)),
        FaultKind::Mutate { contacts: 5 },
    ]
}

/// The fault at every place of the walks: the first request, one in the middle, several in a row, the last ones.
fn faults(kind: &FaultKind) -> Vec<Fault> {
    let at = |path: &str, first: u64, times: u64| Fault {
        first,
        times,
        ..Fault::new(path, kind.clone())
    };
    // The host meets a 429 that does not say how long with a second, then two, then four: twice in a row will do.
    let in_a_row = match kind {
        FaultKind::RateLimited { reset: false } => 1,
        FaultKind::RateLimited { reset: true } => 6,
        _ => 3,
    };
    vec![
        at("/contacts", 1, 1),
        at("/contacts", 5, 2),
        at("/contacts", 13, in_a_row),
        at("/companies/scroll", 1, 1),
        at("/companies/scroll", 4, 1),
        at("/tags", 1, in_a_row.min(2)),
    ]
}

async fn survives(kind: FaultKind) {
    let world = World::new(Options {
        faults: faults(&kind),
        ..small()
    })
    .await;
    let report = world.sync(STREAMS).await;
    for stream in &report.streams {
        assert_eq!(stream.status, StreamStatus::Complete, "{kind:?}");
    }
    // What changed under the walk is brought by the next sync at the latest; nothing is brought twice.
    world.workspace().set_faults(Vec::new());
    world.pass(1);
    let report = world.sync(STREAMS).await;
    assert!(
        report
            .streams
            .iter()
            .all(|stream| stream.status == StreamStatus::Complete),
        "{kind:?}"
    );
    assert_rows(
        &world.lines("contacts"),
        &world.contacts(),
        &format!("{kind:?}"),
    );
    assert_rows(
        &world.lines("companies"),
        &world.companies(),
        &format!("{kind:?}"),
    );
    let tags = world.lines("tags");
    assert_eq!(tags.len(), world.workspace().tags().len(), "{kind:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_loses_or_doubles_a_record() {
    let runs = kinds().into_iter().map(|kind| tokio::spawn(survives(kind)));
    for run in runs.collect::<Vec<_>>() {
        run.await.expect("nothing lost, nothing twice");
    }
}

#[tokio::test]
async fn an_expired_scroll_starts_over_and_leaves_no_double() {
    let fault = |first| Fault {
        first,
        times: 1,
        ..Fault::new("/companies/scroll", FaultKind::ScrollExpired)
    };
    let world = World::new(Options {
        faults: vec![fault(3), fault(6)],
        ..small()
    })
    .await;
    let report = world.sync(&["companies"]).await;
    assert_eq!(
        (&report.streams[0].status, report.streams[0].restarts),
        (&StreamStatus::Complete, 2)
    );
    let lines = world.lines("companies");
    assert_eq!(lines.len(), world.companies().len());
    assert_rows(&lines, &world.companies(), "companies");
}

#[tokio::test]
async fn a_scroll_that_somebody_else_holds_is_waited_for() {
    let world = World::new(small()).await;
    let held = request(&world, "GET", "/companies/scroll").await;
    assert_eq!(held, 200);
    let report = world.sync(&["companies"]).await;
    assert_eq!(report.streams[0].status, StreamStatus::Complete);
    assert_rows(&world.lines("companies"), &world.companies(), "companies");
}

#[tokio::test]
async fn a_fault_that_stays_is_named_and_keeps_the_position() {
    let forever = Fault {
        first: 4,
        times: 1_000,
        ..Fault::new("/contacts", FaultKind::InvalidJson)
    };
    let world = World::new(Options {
        faults: vec![forever],
        ..small()
    })
    .await;
    let report = world.sync(&["contacts"]).await;
    match &report.streams[0].status {
        StreamStatus::Failed { code, message } => {
            assert_eq!(code, "unexpected_body");
            assert!(message.contains("bytes that cannot be used"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    let read = world.lines("contacts").len();
    assert_eq!(read, 150);
    world.workspace().set_faults(Vec::new());
    let requests = world.workspace().request_count();
    let report = world.sync(&["contacts"]).await;
    assert_eq!(report.streams[0].status, StreamStatus::Complete);
    // It went on where it stood: the pages before were not asked for again.
    assert!(world.workspace().request_count() - requests < 14);
    assert_rows(&world.lines("contacts"), &world.contacts(), "contacts");
}
