#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;

fn database() -> (written::Folder, Database) {
    let folder = written::Folder::new();
    let database = Database::open(&Database::path_in(folder.path())).unwrap();
    (folder, database)
}

fn end(status: &'static str) -> RunEnd {
    RunEnd {
        status,
        message: (status != "complete").then(|| "no luck".to_owned()),
        streams: json!({"contacts": {"status": status}}),
    }
}

fn counts(records: u64) -> Counts {
    Counts {
        slices: 1,
        records,
        pages: 2,
        requests: 3,
    }
}

#[test]
fn a_run_adds_up_its_slices_and_says_how_it_ended() {
    let (folder, database) = database();
    let number = database.begin_run("acme", false, 1_000, 1_500).unwrap();
    database
        .store_slice(number, counts(10), None, 61_000)
        .unwrap();
    let running = &database.runs(None, 9).unwrap()[0];
    assert_eq!(
        (running.status.as_str(), running.ended_at_ms),
        ("running", None)
    );
    assert!(database.last_run("acme").unwrap().is_none());
    let complete = end("complete");
    database
        .store_slice(number, counts(5), Some(&complete), 125_000)
        .unwrap();
    let run = database.last_run("acme").unwrap().unwrap();
    assert_eq!((run.counts.records, run.counts.slices), (15, 2));
    assert_eq!(run.streams.unwrap()["contacts"]["status"], "complete");
    let stored = database.stored("acme").unwrap();
    assert_eq!(
        (stored.complete_at_ms, stored.began_at_ms),
        (Some(1_500), Some(1_500))
    );

    let failed = database.begin_run("acme", true, 200_000, 200_000).unwrap();
    database
        .store_slice(failed, counts(0), Some(&end("failed")), 200_100)
        .unwrap();
    let failure = database.last_failure("acme").unwrap().unwrap();
    assert_eq!(
        (failure.number, failure.message.as_deref()),
        (failed, Some("no luck"))
    );
    assert_eq!(database.stored("acme").unwrap().complete_at_ms, Some(1_500));
    assert_eq!(database.delays(0).unwrap(), [0, 500]);
    let minutes = database.minutes(None, 0).unwrap();
    let minutes: Vec<_> = minutes
        .iter()
        .map(|one| (one.minute, one.records, one.failures))
        .collect();
    assert_eq!(minutes, [(1, 10, 0), (2, 5, 0), (3, 0, 1)]);
    // Somebody else may look meanwhile.
    let seen = Database::look(&Database::path_in(folder.path()))
        .unwrap()
        .unwrap();
    assert_eq!(seen.runs(Some("acme"), 1).unwrap()[0].number, failed);

    assert_eq!(database.forget_runs("acme", 150_000).unwrap(), 1);
    assert_eq!(database.runs(Some("acme"), 9).unwrap().len(), 1);
    assert_eq!(database.minutes(Some("acme"), 0).unwrap().len(), 2);
}

#[test]
fn what_a_dead_process_left_is_ended() {
    let (folder, database) = database();
    database.begin_run("acme", false, 1, 2).unwrap();
    drop(database);
    let database = Database::open(&Database::path_in(folder.path())).unwrap();
    assert_eq!(database.end_cut_off(9).unwrap(), 1);
    let run = database.last_run("acme").unwrap().unwrap();
    assert_eq!((run.status.as_str(), run.ended_at_ms), ("cut_off", Some(9)));
    assert!(database.last_failure("acme").unwrap().is_none());
}

#[test]
fn a_connection_is_remembered_until_it_is_removed() {
    let (_folder, database) = database();
    database.set_paused("acme", true).unwrap();
    database.add_connection("acme", b"sealed").unwrap();
    database.set_opened("acme", Some("w1"), None).unwrap();
    database.set_opened("acme", None, Some("refused")).unwrap();
    database.set_paused("other", false).unwrap();
    let stored = database.stored("acme").unwrap();
    assert!(stored.paused);
    assert_eq!(stored.workspace.as_deref(), Some("w1"));
    assert_eq!(stored.problem.as_deref(), Some("refused"));
    let added = database.added_connections().unwrap();
    assert_eq!(
        (added.len(), added[0].document.as_slice()),
        (1, &b"sealed"[..])
    );
    assert_eq!(database.known_connections().unwrap(), ["acme", "other"]);
    database.remove_connection("acme").unwrap();
    assert_eq!(database.stored("acme").unwrap(), Stored::default());
}

#[test]
fn a_later_layout_is_refused() {
    let (folder, database) = database();
    drop(database);
    let path = Database::path_in(folder.path());
    let raw = Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    drop(raw);
    let error = Database::open(&path).err().unwrap();
    assert!(matches!(error, DatabaseError::Layout { found: 99, .. }));
}

/// The answer was that everything will be read: it is, whenever the process ends.
#[test]
fn what_somebody_asked_for_outlives_the_process() {
    let (folder, database) = database();
    assert_eq!(database.begin_asked("acme").unwrap(), None);
    database.ask_sync("acme", true).unwrap();
    // Somebody who wants less takes nothing from somebody who wants all.
    database.ask_sync("acme", false).unwrap();
    let again = || Database::open(&Database::path_in(folder.path())).unwrap();
    drop(database);
    let database = again();
    assert_eq!(database.asked_sync("acme").unwrap().waiting, Some(true));
    assert_eq!(database.begin_asked("acme").unwrap(), Some(vec![]));
    database
        .keep_anew("acme", &["contacts".to_owned()])
        .unwrap();
    drop(database);
    // It was cut off, and goes on; asked for once more, it begins once more behind that.
    let database = again();
    assert_eq!(database.asked_sync("acme").unwrap().waiting, None);
    let begun = Some(vec!["contacts".to_owned()]);
    assert_eq!(database.begin_asked("acme").unwrap(), begun);
    database.ask_sync("acme", true).unwrap();
    assert_eq!(database.asked_sync("acme").unwrap().anew, begun);
    database.end_anew("acme").unwrap();
    assert_eq!(database.begin_asked("acme").unwrap(), Some(vec![]));
    database.end_anew("acme").unwrap();
    assert_eq!(database.asked_sync("acme").unwrap(), AskedSync::default());

    database.ask_sync("acme", false).unwrap();
    assert_eq!(database.begin_asked("acme").unwrap(), None);
    assert_eq!(database.asked_sync("acme").unwrap(), AskedSync::default());
    // Of a connection that is replaced, everything is to be read of the new one.
    database.ask_sync("acme", true).unwrap();
    database.begin_asked("acme").unwrap();
    database
        .keep_anew("acme", &["contacts".to_owned()])
        .unwrap();
    database.restart_anew("acme").unwrap();
    assert_eq!(database.begin_asked("acme").unwrap(), Some(vec![]));
    database.remove_connection("acme").unwrap();
    assert_eq!(database.asked_sync("acme").unwrap(), AskedSync::default());
}
