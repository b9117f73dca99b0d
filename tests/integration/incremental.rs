use std::collections::BTreeSet;
use std::time::Duration;

use host_test::report::StreamStatus;
use host_test::simulator::{Mutation, Options};
use serde_json::{Value, json};

use crate::world::{World, assert_rows, request, small, text};

const STREAMS: &[&str] = &[
    "contacts",
    "companies",
    "admins",
    "teams",
    "tags",
    "segments",
];

fn keys(lines: &[Value]) -> BTreeSet<String> {
    lines.iter().map(|line| text(line, "key")).collect()
}

#[tokio::test]
async fn a_second_sync_brings_exactly_what_changed() {
    let world = World::new(small()).await;
    world.sync(STREAMS).await;
    let before: Vec<usize> = STREAMS
        .iter()
        .map(|stream| world.lines(stream).len())
        .collect();
    world.pass(5);
    let changed = world.workspace().mutate(Mutation {
        contacts: 7,
        companies: 3,
        tags: 2,
        create: 2,
        ..Mutation::default()
    });
    world.pass(1);
    let report = world.sync(STREAMS).await;
    assert!(
        report
            .streams
            .iter()
            .all(|stream| stream.status == StreamStatus::Complete)
    );
    let new = |index: usize| world.lines(STREAMS[index]).split_off(before[index]);
    let contacts: BTreeSet<String> = changed
        .contacts
        .iter()
        .chain(&changed.create)
        .cloned()
        .collect();
    assert_eq!(keys(&new(0)), contacts);
    assert_eq!(new(0).len(), contacts.len());
    assert_eq!(keys(&new(1)), changed.companies.iter().cloned().collect());
    assert_eq!(keys(&new(4)), changed.tags.iter().cloned().collect());
    for unchanged in [2, 3, 5] {
        assert!(new(unchanged).is_empty(), "{}", STREAMS[unchanged]);
    }
    assert_rows(&world.lines("contacts"), &world.contacts(), "contacts");
    assert_rows(&world.lines("companies"), &world.companies(), "companies");
    // And a third one brings nothing.
    let report = world.sync(STREAMS).await;
    assert_eq!(
        report
            .streams
            .iter()
            .map(|stream| stream.records)
            .sum::<u64>(),
        0
    );
}

/// The search compares whole days of the workspace, wherever it is and whatever its clocks do.
#[tokio::test]
async fn no_time_zone_hides_a_change() {
    for zone in [
        "Pacific/Niue",
        "America/Los_Angeles",
        "UTC",
        "Asia/Kolkata",
        "Pacific/Kiritimati",
        "Antarctica/Troll",
    ] {
        let world = World::new(Options {
            contacts: 60,
            time_zone: zone.into(),
            ..small()
        })
        .await;
        world.sync(&["contacts"]).await;
        let ids: Vec<String> = world.workspace().contact_ids().collect();
        // Nine changes over three days, a sync after each.
        for round in 0..9 {
            world.pass(8 * 3_600 + 17);
            let id = &ids[round * 3];
            world
                .workspace()
                .touch_contact(id, json!({ "name": format!("round {round}") }))
                .expect("a change");
            let report = world.sync(&["contacts"]).await;
            assert_eq!(report.streams[0].records, 1, "{zone}, round {round}");
            assert_rows(
                &world.lines("contacts"),
                &world.contacts(),
                &format!("{zone}, round {round}"),
            );
        }
    }
}

/// Changes that the search shows minutes late are brought then, and once.
#[tokio::test]
async fn what_is_indexed_late_is_brought_late_and_once() {
    let lag = Duration::from_secs(14 * 60);
    let world = World::new(Options {
        contacts: 60,
        index_lag: lag,
        ..small()
    })
    .await;
    world.sync(&["contacts"]).await;
    let ids: Vec<String> = world.workspace().contact_ids().collect();
    for id in ids.iter().take(10) {
        world.pass(100);
        world
            .workspace()
            .touch_contact(id, json!({ "name": "late" }))
            .expect("a change");
        world.sync(&["contacts"]).await;
    }
    world.pass(15 * 60);
    world.sync(&["contacts"]).await;
    assert_rows(&world.lines("contacts"), &world.contacts(), "contacts");
    assert_eq!(world.lines("contacts").len(), 70);
}

#[tokio::test]
async fn a_tag_that_is_gone_is_deleted() {
    let world = World::new(small()).await;
    world.sync(&["tags"]).await;
    let tags = world.workspace().tags();
    let gone = text(&tags[0], "id");
    let status = request(&world, "DELETE", &format!("/tags/{gone}")).await;
    assert_eq!(status, 200);
    world.sync(&["tags"]).await;
    let last = world.lines("tags").pop().expect("a line");
    assert_eq!(
        (text(&last, "key"), text(&last, "change")),
        (gone, "delete".to_owned())
    );
}
