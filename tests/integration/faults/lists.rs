use std::collections::BTreeMap;

use host_test::report::StreamStatus;
use host_test::simulator::{CatalogueKind, Fault, FaultKind, Mutation, Options};

use crate::interrupted::Interrupted;
use crate::world::{World, assert_rows, small, text};

fn articles(world: &World) -> BTreeMap<String, i64> {
    let objects = world.workspace().catalogue_objects(CatalogueKind::Articles);
    let article = |article: &serde_json::Value| {
        let updated_at = article["updated_at"].as_i64().expect("a time");
        (text(article, "id"), updated_at)
    };
    objects.iter().map(article).collect()
}

#[tokio::test]
async fn articles_that_are_deleted_between_two_pages_hide_no_other() {
    let world = World::new(small()).await;
    let ids = world.workspace().catalogue_ids(CatalogueKind::Articles);
    // From both ends, whichever way the list is sorted.
    let gone: Vec<&String> = ids.iter().take(4).chain(ids.iter().rev().take(4)).collect();
    let source = Interrupted::new(&world, 2, || {
        for id in &gone {
            world
                .workspace()
                .delete_catalogue_object(CatalogueKind::Articles, id)
                .expect("a deletion");
        }
    });
    let report = world.sync_from(&source, &["articles"]).await;
    let articles_read = &report.streams[0];
    assert_eq!(
        (&articles_read.status, articles_read.restarts),
        (&StreamStatus::Complete, 1)
    );
    assert_rows(&world.lines("articles"), &articles(&world), "articles");
    assert_eq!(world.lines("articles").len(), ids.len() - gone.len());
}

#[tokio::test]
async fn a_scroll_that_stays_occupied_is_a_conflict_with_a_name() {
    let occupied = Fault {
        every: Some(1),
        ..Fault::new("/companies/scroll", FaultKind::ScrollExists)
    };
    let world = World::new(Options {
        faults: vec![occupied],
        ..small()
    })
    .await;
    let report = world.sync_tried(1, &["companies"]).await;
    let companies = &report.streams[0];
    let StreamStatus::Failed { code, message } = &companies.status else {
        panic!("{:?}", companies.status);
    };
    assert_eq!(code, "scroll_exists");
    assert!(message.contains("another program"), "{message}");
    assert_eq!(companies.notices.count("waiting"), 3);
    assert_eq!(world.lines("companies").len(), 0);
    // Whoever held it is gone.
    world.workspace().set_faults(Vec::new());
    let report = world.sync(&["companies"]).await;
    assert_eq!(report.streams[0].status, StreamStatus::Complete);
    assert_rows(&world.lines("companies"), &world.companies(), "companies");
}

fn without_scroll() -> Vec<Fault> {
    let refused = Fault {
        every: Some(1),
        ..Fault::new("/companies/scroll", FaultKind::NotFound)
    };
    vec![refused]
}

#[tokio::test]
async fn where_the_scroll_is_refused_the_list_is_read() {
    let world = World::new(Options {
        faults: without_scroll(),
        ..small()
    })
    .await;
    for round in ["first", "second"] {
        let report = world.sync(&["companies"]).await;
        let companies = &report.streams[0];
        assert_eq!(companies.status, StreamStatus::Complete, "{round}");
        let expected = BTreeMap::from([("fallback".to_owned(), 1)]);
        assert_eq!(companies.notices.counts(), expected, "{round}");
        assert_rows(&world.lines("companies"), &world.companies(), round);
        world.pass(5);
        world.workspace().mutate(Mutation {
            companies: 3,
            ..Mutation::default()
        });
        world.pass(1);
    }
}

#[tokio::test]
async fn a_list_that_ends_before_its_last_row_says_so() {
    let world = World::new(Options {
        contacts: 10,
        companies: 10_020,
        faults: without_scroll(),
        ..small()
    })
    .await;
    let report = world.sync(&["companies"]).await;
    let companies = &report.streams[0];
    assert_eq!(companies.status, StreamStatus::Complete);
    let said: Vec<String> = companies.notices.lines().collect();
    let gap = said.iter().find(|line| line.contains("gap"));
    let gap = gap.expect("a notice");
    assert!(gap.contains("10000 rows of 10020"), "{gap}");
    assert_eq!(world.lines("companies").len(), 10_000);
}

#[tokio::test]
async fn a_page_of_the_search_for_contacts_that_is_not_found_ends_no_walk() {
    let world = World::new(small()).await;
    let report = world.sync(&["contacts"]).await;
    assert_eq!(report.streams[0].status, StreamStatus::Complete);
    world.pass(5);
    world.workspace().mutate(Mutation {
        contacts: 120,
        ..Mutation::default()
    });
    world.pass(1);
    let missing = Fault {
        first: 2,
        ..Fault::new("/contacts/search", FaultKind::NotFound)
    };
    world.workspace().set_faults(vec![missing]);
    let report = world.sync(&["contacts"]).await;
    let status = &report.streams[0].status;
    assert!(matches!(status, StreamStatus::Failed { .. }), "{status:?}");
    let report = world.sync(&["contacts"]).await;
    assert_eq!(report.streams[0].status, StreamStatus::Complete);
    assert_rows(&world.lines("contacts"), &world.contacts(), "contacts");
}
