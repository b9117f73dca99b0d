//! Rows that triggers have to see whole.

use super::*;
use crate::contract::types::Intent;
use crate::webhook_queue::{Intents, QueueError};

/// A place, and where the intents of its readings are kept.
struct Watched {
    place: Place,
    intents: Intents,
}

impl Watched {
    fn new() -> Watched {
        let place = Place::new();
        let intents = Intents::open(&place.directory.path().join("queue")).unwrap();
        Watched { place, intents }
    }

    async fn read(&self, script: &Script) -> StreamReport {
        let mut descriptor = self.place.descriptor.clone();
        for stream in &mut descriptor.streams {
            stream.modes |= StreamModes::KEYS;
        }
        let named = BTreeSet::from(["said".to_owned()]);
        let options = RunOptions {
            whole_rows: BTreeMap::from([("contacts".to_owned(), named)]),
            ..options()
        };
        let runner = Runner::new(script, &descriptor, &options, &Silent);
        let report = runner
            .keeping(Some(&self.intents))
            .run(&["contacts".to_owned()], &mut self.place.output())
            .await
            .unwrap();
        report.stream("contacts").unwrap().clone()
    }

    fn kept(&self) -> Result<Vec<String>, QueueError> {
        let kept = self.intents.list(None, 100)?.into_iter();
        Ok(kept.map(|stored| stored.intent.id).collect())
    }
}

/// A page with intents, each with its id, its trigger and its row.
fn wanting(
    page: Result<Page, CallError>,
    wanted: &[(&str, &str, &str)],
) -> Result<Page, CallError> {
    let intents = wanted.iter().map(|(id, trigger, key)| Intent {
        id: (*id).to_owned(),
        trigger: (*trigger).to_owned(),
        source_stream: "contacts".to_owned(),
        source_key: (*key).to_owned(),
        action: "ticket".to_owned(),
        record: b"{}".to_vec(),
        confirm: false,
    });
    Ok(Page {
        intents: intents.collect(),
        ..page?
    })
}

/// What each request asked for: keys, or nothing.
fn asked(script: &Script) -> Vec<Vec<String>> {
    let requests = script.requests().into_iter();
    let keys = requests.map(|request| match request.selection {
        Selection::Keys(keys) => keys,
        _ => Vec::new(),
    });
    keys.collect()
}

#[tokio::test]
async fn what_changed_is_seen_whole_and_once() {
    let watched = Watched::new();
    // A first reading asks for none of its rows, also where it is cut off and gone on with.
    let script = Script::new([
        wanting(
            page(&["a"], Some("1n"), Some("1c")),
            &[("first", "said", "a")],
        ),
        failure(FailureKind::Drift, "unknown_shape"),
    ]);
    let report = watched.read(&script).await;
    assert!(report.remarks[0].contains("(said)"), "{report:?}");
    let script = Script::new([page(&["b"], None, Some("1d"))]);
    watched.read(&script).await;
    assert_eq!(asked(&script), [[""; 0]]);
    assert_eq!(watched.kept().unwrap(), ["first"]);

    // What a page shows of a row is not what decides; triggers that need no more have decided.
    let keys: Vec<String> = (0..30).map(|number| format!("{number:02}")).collect();
    let names: Vec<&str> = keys.iter().map(String::as_str).collect();
    let script = Script::new([
        wanting(
            page(&names, Some("1e"), Some("1e")),
            &[("wrong", "said", "00"), ("other", "shown", "01")],
        ),
        wanting(page(&names[..25], None, None), &[("whole", "said", "02")]),
        page(&names[25..], None, None),
        page(&["z"], None, Some("1f")),
        page(&["z"], None, None),
    ]);
    let report = watched.read(&script).await;
    assert_eq!(
        (report.records, report.remarks.len()),
        (31, 0),
        "{report:?}"
    );
    let none: Vec<String> = Vec::new();
    let last = vec!["z".to_owned()];
    assert_eq!(
        asked(&script),
        [
            none.clone(),
            keys[..25].to_vec(),
            keys[25..].to_vec(),
            none,
            last
        ]
    );
    let mut kept = watched.kept().unwrap();
    kept.sort();
    assert_eq!(kept, ["first", "other", "whole"]);
}

#[tokio::test]
async fn a_page_whose_rows_cannot_be_seen_comes_again() {
    let watched = Watched::new();
    watched
        .read(&Script::new([page(&["a"], None, Some("1c"))]))
        .await;
    let script = Script::new([
        page(&["b"], None, Some("1d")),
        failure(FailureKind::Drift, "unknown_shape"),
    ]);
    let report = watched.read(&script).await;
    assert_eq!(report.status.code(), Some("unknown_shape"));
    let whole = || wanting(page(&["b"], None, None), &[("whole", "said", "b")]);
    let script = Script::new([page(&["b"], None, Some("1d")), whole()]);
    watched.read(&script).await;
    assert_eq!(cursors(&script)[0], some("1c"));
    assert_eq!(watched.kept().unwrap(), ["whole"]);
    assert_eq!(watched.place.lines(), 2);

    // Nobody is asked for a trigger that is off.
    watched.intents.switch("said", false).unwrap();
    let script = Script::new([page(&["c"], None, Some("1e"))]);
    watched.read(&script).await;
    assert_eq!(asked(&script), [[""; 0]]);
}
