use std::collections::BTreeMap;

use host_test::report::{RunReport, StreamStatus};
use host_test::simulator::{Fault, FaultKind, Mutation, Options};
use serde_json::Value;

use crate::world::{World, assert_rows, small, text};

const STREAMS: &[&str] = &["conversations", "conversation_parts"];

fn options() -> Options {
    Options {
        contacts: 20,
        companies: 5,
        conversations: 30,
        ..small()
    }
}

/// A fault of the answers about single conversations, with their parts.
fn of_details(kind: FaultKind) -> Fault {
    Fault {
        method: Some("GET".to_owned()),
        ..Fault::new("/conversations/*", kind)
    }
}

/// A fault of the answers about one conversation.
fn of_one(id: &str, times: u64, kind: FaultKind) -> Fault {
    Fault {
        times,
        ..Fault::new(format!("/conversations/{id}"), kind)
    }
}

/// The simulator's conversations: id and time of change.
fn conversations(world: &World) -> BTreeMap<String, i64> {
    let ids = world.workspace().conversation_ids();
    ids.map(|id| {
        let conversation = world.workspace().conversation(&id).expect("it is there");
        (id, conversation["updated_at"].as_i64().expect("a time"))
    })
    .collect()
}

/// The parts that can be read of the simulator's conversations, without these.
fn parts(world: &World, without: &[&str]) -> BTreeMap<String, i64> {
    let ids = world.workspace().conversation_ids();
    let ids = ids.filter(|id| !without.contains(&id.as_str()));
    ids.flat_map(|id| parts_of(world, &id)).collect()
}

fn parts_of(world: &World, id: &str) -> Vec<(String, i64)> {
    let conversation = world.workspace().conversation(id).expect("it is there");
    let list = &conversation["conversation_parts"]["conversation_parts"];
    let part = |part: &Value| {
        let updated_at = part["updated_at"].as_i64().expect("a time");
        (text(part, "id"), updated_at)
    };
    list.as_array().expect("parts").iter().map(part).collect()
}

fn assert_complete(report: &RunReport, context: &str) {
    for stream in &report.streams {
        assert_eq!(stream.status, StreamStatus::Complete, "{context}");
    }
}

/// What was said about the parts, by kind.
fn said(report: &RunReport) -> BTreeMap<String, u64> {
    let stream = report
        .streams
        .iter()
        .find(|stream| stream.stream == STREAMS[1]);
    stream.expect("the stream").notices.counts()
}

fn assert_all(world: &World, context: &str) {
    assert_rows(
        &world.lines(STREAMS[0]),
        &conversations(world),
        &format!("{context}: conversations"),
    );
    assert_rows(
        &world.lines(STREAMS[1]),
        &parts(world, &[]),
        &format!("{context}: parts"),
    );
}

/// Faults that pass, in a full sync and in the one after changes.
async fn survives(kind: FaultKind) {
    let context = format!("{kind:?}");
    let faults = || {
        let first = Fault {
            first: 3,
            times: 2,
            ..of_details(kind.clone())
        };
        let search = Fault::new("/conversations/search", kind.clone());
        vec![first, search]
    };
    let world = World::new(Options {
        faults: faults(),
        ..options()
    })
    .await;
    let report = world.sync(STREAMS).await;
    assert_complete(&report, &context);
    assert_eq!(said(&report), BTreeMap::new(), "{context}");
    assert_all(&world, &context);
    world.pass(5);
    world.workspace().mutate(Mutation {
        conversations: 6,
        ..Mutation::default()
    });
    world.pass(1);
    world.workspace().set_faults(faults());
    let report = world.sync(STREAMS).await;
    assert_complete(&report, &context);
    assert_eq!(said(&report), BTreeMap::new(), "{context}");
    // A conversation that changed gives all its parts, those that were given before as well.
    let given = world.lines(STREAMS[1]);
    let keys: BTreeMap<String, &Value> = given
        .iter()
        .map(|line| (text(line, "key"), &line["data"]))
        .collect();
    let there = parts(&world, &[]);
    assert_eq!(
        keys.keys().collect::<Vec<_>>(),
        there.keys().collect::<Vec<_>>(),
        "{context}"
    );
    assert_rows(
        &world.lines(STREAMS[0]),
        &conversations(&world),
        &format!("{context}: conversations"),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_a_detail_loses_or_doubles_a_part() {
    let kinds = [
        FaultKind::InvalidJson,
        FaultKind::EmptyBody,
        FaultKind::ForeignBody,
        FaultKind::CutBody,
        FaultKind::Reset,
        FaultKind::ResetAfterWork,
        FaultKind::BadGatewayHtml,
        FaultKind::Status(500),
        FaultKind::Status(503),
        FaultKind::RateLimited { reset: true },
    ];
    let runs = kinds.map(|kind| tokio::spawn(survives(kind)));
    for run in runs {
        run.await.expect("nothing lost, nothing twice");
    }
}

#[tokio::test]
async fn a_rate_limit_on_every_third_request_slows_down_and_loses_nothing() {
    let limited = Fault {
        first: 3,
        every: Some(3),
        ..of_details(FaultKind::RateLimited { reset: true })
    };
    let world = World::new(Options {
        conversations: 10,
        faults: vec![limited],
        ..options()
    })
    .await;
    let report = world.sync(STREAMS).await;
    assert_complete(&report, "every third");
    assert_eq!(said(&report), BTreeMap::new());
    assert_all(&world, "every third");
    let requests = world.workspace().requests();
    assert!(requests.iter().any(|request| request.status == 429));
}

#[tokio::test]
async fn a_conversation_that_cannot_be_read_is_left_out_and_comes_when_it_changes() {
    for kind in [
        FaultKind::InvalidJson,
        FaultKind::EmptyBody,
        FaultKind::Status(500),
    ] {
        let context = format!("{kind:?}");
        let world = World::new(options()).await;
        let ids: Vec<String> = world.workspace().conversation_ids().collect();
        let broken = ids
            .iter()
            .find(|id| !parts_of(&world, id).is_empty())
            .expect("one with parts");
        world
            .workspace()
            .set_faults(vec![of_one(broken, 1_000, kind)]);
        let report = world.sync(STREAMS).await;
        assert_complete(&report, &context);
        let expected = BTreeMap::from([("quarantined".to_owned(), 1)]);
        assert_eq!(said(&report), expected, "{context}");
        assert_rows(
            &world.lines(STREAMS[1]),
            &parts(&world, &[broken]),
            &context,
        );
        // The position went on: it is not asked for again until it changes.
        let requests = world.workspace().request_count();
        assert_complete(&world.sync(STREAMS).await, &context);
        let asked = world.workspace().request_count() - requests;
        assert!(asked <= 4, "{context}: {asked} requests");
        world.workspace().set_faults(Vec::new());
        world.pass(5);
        world
            .workspace()
            .close_conversation(broken)
            .expect("it is closed");
        world.pass(1);
        let report = world.sync(STREAMS).await;
        assert_complete(&report, &context);
        assert_eq!(said(&report), BTreeMap::new(), "{context}");
        assert_all(&world, &context);
    }
}

#[tokio::test]
async fn a_conversation_that_vanished_is_a_deletion_and_a_gap() {
    let world = World::new(options()).await;
    let ids: Vec<String> = world.workspace().conversation_ids().collect();
    let gone = &ids[3];
    let vanished = of_one(gone, 1, FaultKind::NotFound);
    world.workspace().set_faults(vec![vanished]);
    let report = world.sync(STREAMS).await;
    assert_complete(&report, "gone");
    assert_eq!(said(&report), BTreeMap::from([("gap".to_owned(), 1)]));
    assert_rows(&world.lines(STREAMS[1]), &parts(&world, &[gone]), "parts");
    let mut left = conversations(&world);
    left.remove(gone);
    assert_rows(&world.lines(STREAMS[0]), &left, "conversations");
}

#[tokio::test]
async fn parts_that_intercom_does_not_give_are_a_gap_with_both_numbers() {
    let world = World::new(Options {
        largest_conversation: 520,
        ..options()
    })
    .await;
    let report = world.sync(STREAMS).await;
    assert_complete(&report, "long");
    assert_eq!(said(&report), BTreeMap::from([("gap".to_owned(), 1)]));
    let told: Vec<String> = report.streams[1].notices.lines().collect();
    assert!(told[0].contains("500 of 520"), "{told:?}");
    assert_all(&world, "long");
    let counted = world.workspace().conversation_part_count();
    let readable = world.workspace().readable_conversation_part_count();
    assert_eq!(counted - readable, 20);
}

/// A search never ends in a 404: what follows the page may be anything.
#[tokio::test]
async fn a_page_of_a_search_that_is_not_found_ends_no_walk() {
    let missing = Fault {
        first: 2,
        ..Fault::new("/conversations/search", FaultKind::NotFound)
    };
    let world = World::new(Options {
        conversations: 120,
        conversation_parts: 1,
        faults: vec![missing],
        ..options()
    })
    .await;
    let report = world.sync(&STREAMS[..1]).await;
    let status = &report.streams[0].status;
    assert!(matches!(status, StreamStatus::Failed { .. }), "{status:?}");
    assert_eq!(world.lines(STREAMS[0]).len(), 50);
    let report = world.sync(&STREAMS[..1]).await;
    assert_complete(&report, "again");
    assert_rows(
        &world.lines(STREAMS[0]),
        &conversations(&world),
        "conversations",
    );
}
