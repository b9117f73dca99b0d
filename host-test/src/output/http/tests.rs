#![allow(clippy::unwrap_used)]

use serde_json::Value;

use super::*;
use crate::output::json_lines::tests::{deliver, entry, page, position};
use crate::receiver::scripted::{Came, Scripted};
use crate::receiver::{address, header};

fn open(scripted: &Scripted, state: Option<&Path>, tries: usize) -> HttpOutput {
    let settings = HttpOutputSettings {
        headers: [header("api-key", "tell-nobody-the-key").unwrap()]
            .into_iter()
            .collect(),
        max_entries: 2,
        tries,
        ..HttpOutputSettings::default()
    };
    let sender = Sender {
        connection: "mine",
        settings: &settings,
        preset: None,
        lists: false,
        time_scale: 10_000.0,
        stop: None,
    };
    HttpOutput::open(&address(&scripted.url).unwrap(), state, &sender).unwrap()
}

fn keys(came: &[Came]) -> Vec<&str> {
    came.iter().map(|came| came.key.as_str()).collect()
}

fn three() -> Vec<Entry> {
    ["1", "2", "3"]
        .map(|key| entry("contacts", key, "{}"))
        .to_vec()
}

#[test]
fn a_page_is_posted_in_batches_and_its_position_stored() {
    let directory = written::Folder::new();
    let state = directory.path().join("state.json");
    let scripted = Scripted::start(&[200]);
    let mut output = open(&scripted, Some(&state), 0);
    output.begin("contacts", ScanStart::New).unwrap();
    let behind = position(Some("1n"), None);
    output.commit(page("contacts", &three(), &behind)).unwrap();
    output.commit(page("contacts", &[], &behind)).unwrap();
    let came = scripted.came();
    assert_eq!(came.len(), 2, "an empty page needs no request");
    assert_ne!(came[0].key, came[1].key);
    assert!(
        came.iter()
            .all(|came| came.api_key == "tell-nobody-the-key")
    );
    let body: Value = serde_json::from_slice(&came[0].body).unwrap();
    assert_eq!(body["stream"], "contacts");
    assert_eq!(body["entries"][1]["key"], "2");
    drop(output);
    let output = open(&scripted, Some(&state), 0);
    let stream = &output.state().streams["contacts"];
    assert_eq!((stream.records, stream.sequence), (3, 2));
    assert_eq!(output.describe(), scripted.url.split('?').next().unwrap());
}

/// The process died when the page was out and its position was not stored.
#[test]
fn what_is_posted_again_has_the_same_keys() {
    let directory = written::Folder::new();
    let state = directory.path().join("state.json");
    let scripted = Scripted::start(&[200]);
    let first = position(Some("1a"), None);
    let mut output = open(&scripted, Some(&state), 0);
    output.commit(page("contacts", &three(), &first)).unwrap();
    let stored = std::fs::read(&state).unwrap();
    let once = scripted.came();

    let second = position(None, Some("1b"));
    output.commit(page("contacts", &three(), &second)).unwrap();
    drop(output);
    let died = scripted.came();
    std::fs::write(&state, stored).unwrap();
    let mut output = open(&scripted, Some(&state), 0);
    output.commit(page("contacts", &three(), &second)).unwrap();
    let again = scripted.came();
    assert_eq!(died, again);
    // The same rows at another place are another batch, and other rows at the same place are as well.
    assert!(keys(&once).iter().all(|key| !keys(&again).contains(key)));
    output.commit(page("contacts", &three(), &second)).unwrap();
    assert!(
        keys(&scripted.came())
            .iter()
            .all(|key| !keys(&again).contains(key))
    );
}

#[test]
fn the_position_stays_where_a_page_was_not_taken() {
    let directory = written::Folder::new();
    let state = directory.path().join("state.json");
    let scripted = Scripted::start(&[200]);
    let mut output = open(&scripted, Some(&state), 2);
    let behind = position(Some("1a"), None);
    output.commit(page("contacts", &three(), &behind)).unwrap();
    scripted.came();
    for (status, tries, words) in [
        (
            503,
            3,
            "did not take it: 503 Service Unavailable (as_told), in 3 tries",
        ),
        (422, 1, "refused it: 422 Unprocessable Entity (as_told)"),
        (401, 1, "check the credential"),
    ] {
        scripted.answer(&[status]);
        let further = position(None, Some("1b"));
        let error = output
            .commit(page("contacts", &three(), &further))
            .unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(scripted.came().len(), tries);
        let stream = &output.state().streams["contacts"];
        assert_eq!(stream.sequence, 1);
        let last = stream.last.as_ref().unwrap();
        assert_eq!(last.status, "not_taken");
        assert!(last.message.as_ref().unwrap().contains(words));
    }
    scripted.answer(&[200]);
    let further = position(None, Some("1b"));
    output.commit(page("contacts", &three(), &further)).unwrap();
    assert_eq!(output.state().streams["contacts"].sequence, 2);
}

#[test]
fn a_delivery_is_posted_once_and_again_with_the_same_key() {
    let scripted = Scripted::start(&[500]);
    let mut output = open(&scripted, None, 8);
    let entries = [entry("contacts", "1", "{}"), entry("tags", "2", "{}")];
    let delivery = Delivery {
        id: "d",
        topic: "topic",
        entries: &entries,
        now_ms: 1,
    };
    let error = output.deliver(&[delivery]).unwrap_err();
    assert!(!error.is_of_the_entries());
    let failed = scripted.came();
    assert_eq!(failed.len(), 1, "whoever gives deliveries tries again");
    // The receiver asked for three seconds.
    assert!(matches!(
        output.deliver(&[delivery]),
        Err(OutputError::Wait { seconds: 1..=3, .. })
    ));
    assert!(scripted.came().is_empty());
    output.not_before = None;
    scripted.answer(&[200]);
    assert!(deliver(&mut output, "d", &entries));
    let came = scripted.came();
    assert_eq!(came.len(), 2, "one for each stream");
    assert_eq!(came[0], failed[0]);
    assert!(!deliver(&mut output, "d", &entries));
    assert!(scripted.came().is_empty());
}

#[test]
fn a_delivery_that_is_refused_holds_up_nobody() {
    let scripted = Scripted::start(&[400]);
    let mut output = open(&scripted, None, 8);
    let one = [entry("contacts", "1", "{}")];
    let other = [entry("contacts", "2", "{}")];
    let delivery = |id, entries| Delivery {
        id,
        topic: "topic",
        entries,
        now_ms: 1,
    };
    let error = output.deliver(&[delivery("a", &one)]).unwrap_err();
    assert!(error.is_of_the_entries(), "{error}");
    output.not_before = None;
    scripted.answer(&[200]);
    let delivered = output.deliver(&[
        delivery("b", &other),
        delivery("c", &other),
        delivery("b", &other),
    ]);
    let new: Vec<bool> = delivered.unwrap().iter().map(|told| told.new).collect();
    assert_eq!(new, [true, true, false]);
}

#[test]
fn deliveries_of_one_row_follow_each_other() {
    let rows = ["1", "2", "1", "3"].map(|key| [entry("contacts", key, "{}")]);
    let deliveries: Vec<Delivery<'_>> = rows
        .iter()
        .map(|entries| Delivery {
            id: "",
            topic: "",
            entries,
            now_ms: 1,
        })
        .collect();
    assert_eq!(independent(&deliveries), 2);
    assert_eq!(independent(&deliveries[2..]), 2);
}
