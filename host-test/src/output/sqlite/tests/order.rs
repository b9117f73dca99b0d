//! Which of two changes of a row stays, whatever way they come in and in whatever order.

use super::*;

/// Entries as deliveries, scans and additions write them.
const WAYS: [fn(&mut Sqlite, &str, Entry); 3] = [
    |output, id, entry| {
        deliver(output, id, &[entry]);
    },
    |output, _, entry| scan(output, "contacts", &[entry]),
    |output, _, entry| {
        let addition = Addition {
            stream: "contacts",
            entries: &[entry],
            quarantined: &[],
            now_ms: 5,
        };
        output.add(addition).unwrap();
    },
];

fn change(change: Change, at: impl Into<Option<i64>>, payload: &str) -> Entry {
    Entry {
        updated_at_ms: at.into(),
        change,
        ..entry("contacts", "1", payload)
    }
}

fn row(output: &Sqlite) -> (bool, serde_json::Value, i64, Option<i64>) {
    let row = output.connection.query_row(
        "SELECT deleted, data, partial, updated_at_ms FROM contacts WHERE key = '1'",
        [],
        |row| {
            Ok((
                row.get(0)?,
                row.get::<_, String>(1)?,
                row.get(2)?,
                row.get(3)?,
            ))
        },
    );
    let (deleted, data, partial, at) = row.unwrap();
    (deleted, serde_json::from_str(&data).unwrap(), partial, at)
}

fn opened() -> (written::Folder, Sqlite) {
    let directory = written::Folder::new();
    let output = open(&directory);
    (directory, output)
}

#[test]
fn what_is_older_stays_out_whatever_way_it_comes() {
    for first in WAYS {
        for second in WAYS {
            let (_directory, mut output) = opened();
            first(
                &mut output,
                "a",
                change(Change::Upsert, 5_000, r#"{"v":2}"#),
            );
            second(
                &mut output,
                "b",
                change(Change::Upsert, 4_999, r#"{"v":1}"#),
            );
            second(&mut output, "c", change(Change::Delete, 4_000, "{}"));
            second(&mut output, "d", change(Change::Patch, 4_000, r#"{"v":0}"#));
            assert_eq!(row(&output), (false, json!({"v": 2}), 0, Some(5_000)));
            // The same second counts, and so does what has no time.
            second(
                &mut output,
                "e",
                change(Change::Upsert, 5_400, r#"{"v":3}"#),
            );
            second(
                &mut output,
                "f",
                change(Change::Upsert, 5_100, r#"{"v":4}"#),
            );
            assert_eq!(row(&output).1, json!({"v": 4}));
            second(&mut output, "g", change(Change::Upsert, None, r#"{"v":5}"#));
            assert_eq!(row(&output).1, json!({"v": 5}));
        }
    }
}

#[test]
fn what_is_gone_comes_back_by_a_later_change_only() {
    for way in WAYS {
        let (_directory, mut output) = opened();
        way(
            &mut output,
            "a",
            change(Change::Upsert, 4_000, r#"{"v":1}"#),
        );
        way(&mut output, "b", change(Change::Delete, 5_000, "{}"));
        way(
            &mut output,
            "c",
            change(Change::Upsert, 4_000, r#"{"v":2}"#),
        );
        assert!(row(&output).0);
        way(
            &mut output,
            "d",
            change(Change::Upsert, 6_000, r#"{"v":3}"#),
        );
        assert_eq!(row(&output), (false, json!({"v": 3}), 0, Some(6_000)));
    }
}

#[test]
fn of_one_second_a_delivery_leaves_what_is_gone_and_a_reading_decides() {
    let (_directory, mut output) = opened();
    let told = |output: &mut Sqlite, id: &str, entry: Entry| {
        let delivery = Delivery {
            id,
            topic: "topic",
            entries: &[entry],
            now_ms: 1,
        };
        output.deliver(&[delivery]).unwrap().remove(0).unclear.len()
    };
    let there = || change(Change::Upsert, 5_000, r#"{"v":1}"#);
    let gone = || change(Change::Delete, 5_000, "{}");
    let other = |ms| change(Change::Upsert, ms, r#"{"v":0}"#);
    assert_eq!(told(&mut output, "0", other(4_000)), 0);
    assert_eq!(told(&mut output, "1", other(5_000)), 0);
    // Two states of one second: the later one to arrive counts, and somebody has to ask.
    assert_eq!(told(&mut output, "2", there()), 1);
    assert_eq!(row(&output).1, json!({"v": 1}));
    assert_eq!(told(&mut output, "a", there()), 0);
    assert_eq!(told(&mut output, "b", gone()), 1);
    assert!(row(&output).0);
    assert_eq!(told(&mut output, "c", there()), 1);
    assert!(row(&output).0);
    scan(&mut output, "contacts", &[there()]);
    assert!(!row(&output).0);
}

#[test]
fn patches_change_fields_and_what_only_they_tell_is_known_in_part() {
    let (_directory, mut output) = opened();
    deliver(
        &mut output,
        "a",
        &[change(Change::Patch, 3_000, r#"{"b":2}"#)],
    );
    assert_eq!(row(&output), (false, json!({"b": 2}), 2, Some(3_000)));
    deliver(
        &mut output,
        "b",
        &[change(Change::Patch, 4_000, r#"{"c":3}"#)],
    );
    assert_eq!(
        row(&output),
        (false, json!({"b": 2, "c": 3}), 2, Some(4_000))
    );
    // The whole row as it was before goes below them.
    deliver(
        &mut output,
        "c",
        &[change(Change::Upsert, 2_000, r#"{"a":1,"b":0}"#)],
    );
    let merged = json!({"a": 1, "b": 2, "c": 3});
    assert_eq!(row(&output), (false, merged, 1, Some(4_000)));
    // Read for its own sake, it is what the provider says, whatever a patch made of its time.
    let read = change(Change::Upsert, 3_500, r#"{"a":9}"#);
    WAYS[2](&mut output, "", read);
    assert_eq!(row(&output), (false, json!({"a": 9}), 0, Some(3_500)));
    WAYS[2](&mut output, "", change(Change::Upsert, 2_000, r#"{"a":8}"#));
    assert_eq!(row(&output).1, json!({"a": 9}));
    // What comes after the end is a beginning.
    deliver(
        &mut output,
        "d",
        &[change(Change::Delete, 5_000, r#"{"id":"1"}"#)],
    );
    deliver(
        &mut output,
        "e",
        &[change(Change::Patch, 6_000, r#"{"c":4}"#)],
    );
    let begun = json!({"id": "1", "c": 4});
    assert_eq!(row(&output), (false, begun, 2, Some(6_000)));
}

/// A scan that meets something newer has met the row: it is not absent, and taking the scan back changes nothing of it.
#[test]
fn a_scan_that_is_behind_neither_deletes_nor_takes_back() {
    for restarts in [false, true] {
        let (_directory, mut output) = opened();
        deliver(
            &mut output,
            "a",
            &[change(Change::Upsert, 9_000, r#"{"v":9}"#)],
        );
        output.begin("contacts", ScanStart::New).unwrap();
        let walked = [change(Change::Upsert, 8_000, r#"{"v":8}"#)];
        let middle = position(Some("1n"), None);
        output.commit(page("contacts", &walked, &middle)).unwrap();
        let end = position(None, None);
        let mut last = page("contacts", if restarts { &walked } else { &[] }, &end);
        last.restarted = restarts;
        last.complete_snapshot = true;
        output.commit(last).unwrap();
        assert_eq!(row(&output), (false, json!({"v": 9}), 0, Some(9_000)));
        assert_eq!(
            output.state().streams["contacts"].stale,
            1 + u64::from(restarts)
        );
        assert_eq!(undo_rows(&output), 0);
    }
}
