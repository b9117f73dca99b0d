use host_test::report::StreamStatus;
use host_test::simulator::{Fault, FaultKind, Options, RequestLogEntry};

use crate::world::{World, assert_rows, small};

const STREAMS: &[&str] = &["contacts", "companies", "tags"];

async fn synced(faults: Vec<Fault>) -> (World, Vec<RequestLogEntry>) {
    // A refusal's reset is a second away, however fast time goes; a scroll has to outlive it.
    let options = Options {
        time_scale: 4.0,
        faults,
        ..small()
    };
    let world = World::new(options).await;
    let report = world.sync(STREAMS).await;
    for stream in &report.streams {
        assert_eq!(stream.status, StreamStatus::Complete, "{stream:?}");
    }
    assert_rows(&world.lines("contacts"), &world.contacts(), "contacts");
    let requests = world.workspace().requests();
    (world, requests)
}

/// Every third request is refused: each is sent once more, and hardly anything besides; none before the reset.
#[tokio::test]
async fn refusals_cost_themselves_and_hardly_anything_else() {
    let (_, smooth) = synced(Vec::new()).await;
    let (_world, requests) = synced(vec![Fault {
        first: 3,
        every: Some(3),
        ..Fault::new("/*", FaultKind::RateLimited { reset: true })
    }])
    .await;
    let refused = requests.iter().filter(|request| request.status == 429);
    let refused = refused.count();
    assert_eq!(refused, requests.len() / 3);
    let beyond = (requests.len() - refused).saturating_sub(smooth.len());
    assert!(
        beyond * 50 <= smooth.len(),
        "{beyond} requests more than the {} needed and {refused} refused",
        smooth.len()
    );
    for pair in requests.windows(2) {
        if pair[0].status == 429 {
            // The reset is a whole second of the workspace's clock, after the refusal.
            let reset = (pair[0].at.div_euclid(1_000) + 1) * 1_000;
            assert!(pair[1].at >= reset, "{pair:?}");
        }
    }
}
