//! What is stored beside scans: additions, held rows, sweeps.

use super::*;

fn held(key: &str) -> QuarantinedRow {
    let document = format!(r#"{{"id":"{key}","name":[]}}"#);
    QuarantinedRow::new(
        "contacts",
        Some(key.to_owned()),
        Some("data[0].name".to_owned()),
        "no record".to_owned(),
        document.as_bytes(),
    )
}

fn add(output: &mut Sqlite, entries: &[Entry], quarantined: &[QuarantinedRow]) {
    let addition = Addition {
        stream: "contacts",
        entries,
        quarantined,
        now_ms: 5,
    };
    output.add(addition).unwrap();
}

fn held_keys(output: &Sqlite) -> Vec<String> {
    let rows = output.quarantined("contacts").unwrap();
    rows.into_iter().filter_map(|row| row.key).collect()
}

#[test]
fn an_addition_outlives_a_scan_that_starts_over() {
    let directory = written::Folder::new();
    let mut output = open(&directory);
    scan(&mut output, "contacts", &[entry("contacts", "0", "{}")]);
    output.begin("contacts", ScanStart::New).unwrap();
    let (middle, end) = (position(Some("1n"), None), position(None, Some("1c")));
    let first = [
        entry("contacts", "0", r#"{"a":1}"#),
        entry("contacts", "1", r#"{"a":1}"#),
    ];
    output.commit(page("contacts", &first, &middle)).unwrap();
    let before = output.state().streams["contacts"].clone();
    add(
        &mut output,
        &[
            entry("contacts", "1", r#"{"a":2}"#),
            entry("contacts", "2", "{}"),
        ],
        &[],
    );
    let after = output.state().streams["contacts"].clone();
    assert_eq!(
        (&after.positions, after.scan),
        (&before.positions, before.scan)
    );
    drop(output);
    let mut output = open(&directory);
    let again = ScanStart::Resumed { same_scan: true };
    output.begin("contacts", again).unwrap();
    let over = Commit {
        restarted: true,
        ..page("contacts", &[], &end)
    };
    output.commit(over).unwrap();
    assert_eq!(keys(&output, "contacts"), ["0", "1", "2"]);
    assert_eq!(rows(&output, "contacts")[0].3, json!({}));
    assert_eq!(rows(&output, "contacts")[1].3, json!({"a": 2}));
}

#[test]
fn a_row_is_held_with_its_page_and_let_go_when_it_comes() {
    let directory = written::Folder::new();
    let mut output = open(&directory);
    output.begin("contacts", ScanStart::New).unwrap();
    let (middle, end) = (position(Some("1n"), None), position(None, Some("1c")));
    let rows = [held("a"), held("b")];
    let first = Commit {
        quarantined: &rows,
        ..page("contacts", &[], &middle)
    };
    output.commit(first).unwrap();
    // Told again it is the same row; when the walk starts over, what it held goes.
    let restarted = Commit {
        restarted: true,
        quarantined: &rows[..1],
        ..page("contacts", &[], &middle)
    };
    output.commit(restarted).unwrap();
    assert_eq!(held_keys(&output), ["a"]);
    let last = [held("a"), held("c")];
    let last = Commit {
        quarantined: &last,
        ..page("contacts", &[], &end)
    };
    output.commit(last).unwrap();
    drop(output);
    let mut output = open(&directory);
    assert_eq!(held_keys(&output), ["a", "c"]);
    let row = &output.quarantined("contacts").unwrap()[0];
    assert_eq!(row.path.as_deref(), Some("data[0].name"));
    assert_eq!(row.document.get(), r#"{"id":"a","name":[]}"#);
    add(&mut output, &[entry("contacts", "a", "{}")], &[]);
    assert_eq!(held_keys(&output), ["c"]);
    assert_eq!(output.state().streams["contacts"].quarantined, 1);
    output.begin("contacts", ScanStart::Anew).unwrap();
    assert_eq!(held_keys(&output), [""; 0]);
}

#[test]
fn rows_that_are_deleted_are_not_alive() {
    let directory = written::Folder::new();
    let mut output = open(&directory);
    assert_eq!(output.live_keys("contacts").unwrap(), Some(BTreeSet::new()));
    let mut gone = entry("contacts", "b", "{}");
    gone.change = Change::Delete;
    scan(
        &mut output,
        "contacts",
        &[entry("contacts", "a", "{}"), gone],
    );
    let live = output.live_keys("contacts").unwrap().unwrap();
    assert_eq!(live.into_iter().collect::<Vec<_>>(), ["a"]);
    output.swept("contacts", 77).unwrap();
    drop(output);
    assert_eq!(
        open(&directory).state().streams["contacts"].swept_at_ms,
        Some(77)
    );
}
