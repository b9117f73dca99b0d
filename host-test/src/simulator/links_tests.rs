//! What hangs on contacts and companies as a client sees it, and how it changes.

use std::time::Duration;

use serde_json::{Value, json};

use super::testing::Bench;
use super::{Link, LinkChange, LinkCounts, Options};

/// A workspace in which some contacts have more than a page of everything.
fn plenty() -> Options {
    Options {
        contacts: 400,
        tags: 80,
        subscription_types: 130,
        rate_limit: u32::MAX,
        ..Options::default()
    }
}

fn length(list: &Value) -> usize {
    list.as_array().unwrap().len()
}

#[tokio::test]
async fn what_is_shown_in_a_contact_is_the_beginning_of_its_lists() {
    let bench = Bench::start(plenty()).await;
    let mut found = LinkCounts::default();
    let (mut beyond_ten, mut beyond_a_page) = ([false; 4], [false; 4]);
    let ids: Vec<String> = bench.workspace().contact_ids().collect();
    for id in &ids {
        let contact = bench.workspace().contact(id).unwrap();
        let lists = ["tags", "companies", "notes", "subscriptions"];
        let mut counts = [0; 4];
        for (index, list) in lists.into_iter().enumerate() {
            let all = bench.walk("2.11", &format!("/contacts/{id}/{list}")).await;
            let shown = match list {
                "subscriptions" => {
                    let (out, into) = (
                        &contact["opted_out_subscription_types"],
                        &contact["opted_in_subscription_types"],
                    );
                    let total = |list: &Value| list["total_count"].as_u64().unwrap();
                    assert_eq!(total(out) + total(into), all.len() as u64);
                    vec![out, into]
                }
                _ => {
                    assert_eq!(contact[list]["total_count"], all.len(), "{id} {list}");
                    vec![&contact[list]]
                }
            };
            for shown in shown {
                let total = shown["total_count"].as_u64().unwrap() as usize;
                assert_eq!(length(&shown["data"]), total.min(10));
                assert_eq!(shown["has_more"], total > 10);
                assert_eq!(shown["url"], format!("/contacts/{id}/{list}"));
                let ids = |list: &[Value]| -> Vec<Value> {
                    list.iter().map(|entry| entry["id"].clone()).collect()
                };
                let first = ids(shown["data"].as_array().unwrap());
                let everything = ids(&all);
                assert!(first.iter().all(|id| everything.contains(id)));
            }
            counts[index] = all.len();
            beyond_ten[index] |= all.len() > 10;
            beyond_a_page[index] |= all.len() > 50;
        }
        found.contact_tags += counts[0];
        found.contact_companies += counts[1];
        found.contact_notes += counts[2];
        found.contact_subscriptions += counts[3];
        let segments = bench.get(&format!("/contacts/{id}/segments")).await;
        found.contact_segments += length(&segments.body["data"]);
        let target = format!("/events?type=user&intercom_user_id={id}&per_page=150");
        found.contact_events += length(&bench.get(&target).await.body["events"]);
    }
    for id in bench.workspace().company_ids() {
        let segments = bench.get(&format!("/companies/{id}/segments")).await;
        found.company_segments += length(&segments.body["data"]);
        found.company_notes += bench
            .walk("2.15", &format!("/companies/{id}/notes"))
            .await
            .len();
    }
    assert_eq!((beyond_ten, beyond_a_page), ([true; 4], [true; 4]));
    assert_eq!(found, bench.workspace().link_counts());
    assert_eq!(bench.get("/_simulator/links").await.body, json!(found));
}

#[tokio::test]
async fn most_contacts_have_little() {
    let bench = Bench::start(Options::default()).await;
    for list in ["tags", "notes", "companies"] {
        let mut at_most_one = 0;
        bench.workspace().for_each_contact(|contact| {
            at_most_one += usize::from(contact[list]["total_count"].as_u64() <= Some(1));
        });
        assert!(at_most_one > 650, "{list}: {at_most_one}");
    }
}

#[tokio::test]
async fn a_note_is_found_by_its_id() {
    let bench = Bench::start(Options::default()).await;
    let mut with_notes = None;
    bench.workspace().for_each_contact(|contact| {
        if contact["notes"]["total_count"] != 0 {
            with_notes = Some(contact.clone());
        }
    });
    let contact = with_notes.unwrap();
    let id = contact["id"].as_str().unwrap();
    let listed = bench.get(&format!("/contacts/{id}/notes")).await;
    let note = &listed.body["data"][0];
    assert_eq!(note["contact"], json!({"type": "contact", "id": id}));
    let url = contact["notes"]["data"][0]["url"].as_str().unwrap();
    assert_eq!(&bench.get(url).await.body, note);

    let into = json!({"email": "into@example.com"});
    let into = bench.workspace().create_contact(&into).unwrap();
    bench.workspace().merge(id, &into).unwrap();
    assert_eq!(bench.get(url).await.body["contact"]["id"], json!(into));
    bench.workspace().delete_contact(&into).unwrap();
    for path in [url, "/notes/0", "/notes/x", "/notes/99999999999999999999"] {
        let gone = bench.get(path).await;
        assert_eq!(
            (gone.status, gone.message()),
            (404, "Resource Not Found"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn subscriptions_are_those_that_are_not_in_the_default_state() {
    let bench = Bench::start(Options::default()).await;
    let types = bench.get("/subscription_types").await.body;
    assert_eq!(length(&types["data"]), 4);
    let contact = bench
        .workspace()
        .create_contact(json!({"email": "s@example.com"}))
        .unwrap();
    let path = format!("/contacts/{contact}/subscriptions");
    let count = async || length(&bench.get(&path).await.body["data"]);
    assert_eq!(count().await, 0);
    for (at, consent, expected) in [
        (0, "opt_in", 0),
        (0, "opt_out", 1),
        (1, "opt_in", 2),
        (1, "opt_out", 1),
    ] {
        let body = json!({"id": types["data"][at]["id"], "consent_type": consent});
        let answer = bench.post(&path, &body).await;
        assert_eq!(answer.body, types["data"][at], "{body}");
        assert_eq!(count().await, expected, "{body}");
    }
    let contact_now = bench.workspace().contact(&contact).unwrap();
    assert_eq!(
        contact_now["opted_out_subscription_types"]["data"],
        json!([{"type": "subscription", "id": "135", "url": "/subscriptions/135"}])
    );
    let removed = bench.delete(&format!("{path}/135")).await;
    assert_eq!((removed.status, count().await), (200, 0));
    let unknown = json!({"id": "7", "consent_type": "opt_in"});
    assert_eq!(bench.post(&path, &unknown).await.status, 404);
    let unclear = json!({"id": 135});
    assert_eq!(bench.post(&path, &unclear).await.status, 400);
}

/// What a contact's list shows, by id.
async fn ids(bench: &Bench, of: &str, list: &str) -> Vec<String> {
    bench.get_in("2.16", &format!("{of}/{list}")).await.ids()
}

#[tokio::test]
async fn links_change_with_and_without_a_trace() {
    let bench = Bench::start(Options {
        notes_per_contact: 0,
        ..Options::default()
    })
    .await;
    let workspace = bench.workspace();
    let contact = workspace
        .create_contact(json!({"email": "l@example.com"}))
        .unwrap();
    let company = workspace.company_ids().nth(1).unwrap();
    let segment = workspace.segments()[0]["id"].as_str().unwrap().to_owned();
    let of_contact = format!("/contacts/{contact}");
    let of_company = format!("/companies/{company}");
    let known = |id: &str| id.to_owned();
    let changes = [
        (&contact, &of_contact, "tags", Link::Tag(known("101"))),
        (
            &contact,
            &of_contact,
            "companies",
            Link::Company(company.clone()),
        ),
        (
            &contact,
            &of_contact,
            "subscriptions",
            Link::Subscription(known("136")),
        ),
        (&contact, &of_contact, "notes", Link::Note(known("Called"))),
        (&company, &of_company, "segments", Link::Segment(segment)),
        (&company, &of_company, "notes", Link::Note(known("Called"))),
    ];
    for quiet in [true, false] {
        for (of, path, list, link) in &changes {
            let updated_at = async || bench.get(path).await.body["updated_at"].clone();
            let mut change = LinkChange {
                of: (*of).clone(),
                link: link.clone(),
                remove: false,
                quiet,
            };
            for remove in [false, true] {
                workspace.advance(Duration::from_secs(5));
                let before = updated_at().await;
                change.remove = remove;
                let id = workspace.change_link(&change).unwrap();
                let there = ids(&bench, path, list).await.contains(&id);
                assert_eq!(there, !remove, "{change:?}");
                assert_eq!(updated_at().await == before, quiet, "{change:?}");
                if matches!(change.link, Link::Note(_)) {
                    change.link = Link::Note(id);
                }
            }
        }
    }
}

#[tokio::test]
async fn another_process_changes_links() {
    let bench = Bench::start(Options::default()).await;
    let contact = bench.workspace().contact_ids().next().unwrap();
    let counts = bench.workspace().link_counts();
    let note = json!({"of": contact, "link": {"note": "Called"}, "quiet": true});
    let added = bench.post("/_simulator/link", &note).await;
    assert_eq!(added.status, 200, "{}", added.body);
    let now = bench.workspace().link_counts();
    assert_eq!(now.contact_notes, counts.contact_notes + 1);
    for wrong in [
        json!({"of": "x", "link": {"tag": "101"}}),
        json!({"of": contact, "link": {"tag": "7"}}),
        json!({"of": contact, "link": {"segment": "7"}}),
        json!({"of": contact, "link": {"colour": "red"}}),
    ] {
        let refused = bench.post("/_simulator/link", &wrong).await;
        assert_eq!(refused.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn what_is_deleted_hangs_on_nobody() {
    let bench = Bench::start(Options::default()).await;
    let workspace = bench.workspace();
    let company = workspace.company_ids().next().unwrap();
    // One contact that was written, and the others as they were generated.
    let touched = bench.get(&format!("/companies/{company}/contacts")).await;
    workspace
        .touch_contact(&touched.ids()[0], json!({}))
        .unwrap();
    workspace.delete_company(&company).unwrap();
    bench.delete("/tags/101").await;
    let named = |list: &Value, id: &str| {
        let data = list["data"].as_array().unwrap();
        data.iter().any(|entry| entry["id"] == id)
    };
    let (mut companies, mut tags) = (0, 0);
    workspace.for_each_contact(|contact| {
        assert!(!named(&contact["companies"], &company) && !named(&contact["tags"], "101"));
        companies += contact["companies"]["total_count"].as_u64().unwrap();
        tags += contact["tags"]["total_count"].as_u64().unwrap();
    });
    let counts = workspace.link_counts();
    assert_eq!(
        (companies, tags),
        (counts.contact_companies as u64, counts.contact_tags as u64)
    );
}
