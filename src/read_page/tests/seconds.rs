//! Searches that are exact to the second.

use super::*;

/// A day of 26 hours, when clocks go back by two: the day before is asked for all the same.
#[test]
fn the_longest_day_does_not_hide_a_change() {
    // The model's zone is fixed, so the long day is made of the bound: a mark in the last second of such a day.
    let from = NOON + 26 * 3_600 - 1;
    let mut model = Model {
        now: from + 10,
        page: 10,
        zone: -12 * 3_600,
        ..Model::default()
    };
    model.rows.push(Row {
        id: 1,
        version: 0,
        updated_at: from,
        visible_at: 0,
    });
    let since = Selection::Window(TimeWindow {
        since_ms: Some(from * 1_000),
        until_ms: None,
    });
    let operation_request = request("contacts", since, None);
    let scan = Scan::new(&connection(), &operation_request).unwrap();
    let body: Value = serde_json::from_slice(scan.requests()[0].body.as_ref().unwrap()).unwrap();
    assert!(body["query"]["value"].as_i64().unwrap() < NOON);
    assert_eq!(
        keys(&page(&mut model, operation_request).unwrap().entries),
        ["1"]
    );
}

#[test]
fn a_window_is_exact_to_the_second() {
    let mut model = Model {
        now: NOON + 100,
        page: 2,
        ..Model::default()
    };
    for id in 0..10 {
        model.rows.push(Row {
            id,
            version: 0,
            updated_at: NOON + i64::from(id),
            visible_at: 0,
        });
    }
    let window = Selection::Window(TimeWindow {
        since_ms: Some((NOON + 3) * 1_000),
        until_ms: Some((NOON + 6) * 1_000),
    });
    let (entries, _) = scan(&mut model, "contacts", window, None, |_| {});
    assert_eq!(keys(&entries), ["3", "4", "5"]);
    let odd = Selection::Window(TimeWindow {
        since_ms: Some((NOON + 8) * 1_000 + 1),
        until_ms: None,
    });
    let (entries, _) = scan(&mut model, "contacts", odd, None, |_| {});
    assert_eq!(keys(&entries), ["9"]);
}

#[test]
fn a_row_that_changes_twice_in_one_second_is_given_twice() {
    let mut model = Model {
        now: NOON,
        page: 5,
        ..Model::default()
    };
    model.change(1, 0);
    let (_, cursor) = scan(&mut model, "contacts", Selection::All, None, |_| {});
    model.change(1, 0);
    let (entries, _) = scan(&mut model, "contacts", Selection::All, Some(cursor), |_| {});
    assert_eq!(
        entries.iter().map(version).collect::<Vec<_>>(),
        [("1".to_owned(), 1)]
    );
}

#[test]
fn a_search_can_be_cut_off_at_any_page() {
    let mut model = Model {
        now: NOON + 100,
        page: 2,
        ..Model::default()
    };
    for id in 0..9 {
        model.rows.push(Row {
            id,
            version: 0,
            updated_at: NOON + i64::from(id),
            visible_at: 0,
        });
    }
    let since = || {
        Selection::Window(TimeWindow {
            since_ms: Some(NOON * 1_000),
            until_ms: None,
        })
    };
    let first = page(&mut model, request("contacts", since(), None)).unwrap();
    let (rest, _) = scan(
        &mut model,
        "contacts",
        Selection::All,
        first.checkpoint,
        |_| {},
    );
    assert_eq!(keys(&first.entries), ["0", "1"]);
    assert_eq!(keys(&rest), ["2", "3", "4", "5", "6", "7", "8"]);
}
