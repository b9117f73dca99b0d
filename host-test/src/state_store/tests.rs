#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use super::*;

const LIMITS: StateLimits = StateLimits {
    value: 1_000,
    total: 1_000,
    keys: 100,
};

fn change(key: &str, expected: Option<&[u8]>, value: Option<&[u8]>) -> Change {
    Change {
        key: key.to_owned(),
        expected: expected.map(<[u8]>::to_vec),
        value: value.map(<[u8]>::to_vec),
        ttl_ms: None,
    }
}

fn lasting(change: Change, ttl_ms: u64) -> Change {
    Change {
        ttl_ms: Some(ttl_ms),
        ..change
    }
}

/// Runs a test with each kind of store.
fn with_stores(test: impl Fn(Arc<dyn StateStore>)) {
    test(Arc::new(MemoryState::new()));
    let directory = written::Folder::new();
    test(Arc::new(
        SqliteState::open(&directory.path().join("state.sqlite")).unwrap(),
    ));
}

#[test]
fn what_is_read_at_once_is_what_is_there() {
    with_stores(|store| {
        assert_eq!(store.get_at_once("a", "k", 0), Some(None));
        let stored = store.swap_all("a", &[change("k", None, Some(b"1"))], LIMITS, 0);
        assert_eq!(stored.unwrap(), Swapped::Done);
        assert_eq!(store.get_at_once("a", "k", 0), Some(Some(b"1".to_vec())));
        assert_eq!(store.get_at_once("b", "k", 0), Some(None));
    });
}

#[test]
fn nothing_is_read_at_once_while_somebody_holds_the_database() {
    let directory = written::Folder::new();
    let connection = rusqlite::Connection::open(directory.path().join("shared.sqlite")).unwrap();
    let connection = Arc::new(std::sync::Mutex::new(connection));
    let store = SqliteState::with_connection(Arc::clone(&connection)).unwrap();
    let held = connection.lock().unwrap();
    assert_eq!(store.get_at_once("a", "k", 0), None);
    drop(held);
    assert_eq!(store.get_at_once("a", "k", 0), Some(None));
}

#[test]
fn a_swap_needs_what_is_there() {
    with_stores(|store| {
        let done = store
            .swap_all("a", &[change("k", None, Some(b"1"))], LIMITS, 0)
            .unwrap();
        assert_eq!(done, Swapped::Done);
        let stale = store
            .swap_all("a", &[change("k", None, Some(b"2"))], LIMITS, 0)
            .unwrap();
        let there = Current {
            key: "k".into(),
            value: Some(b"1".to_vec()),
        };
        assert_eq!(stale, Swapped::Stale(vec![there]));
        assert_eq!(store.get("a", "k", 0).unwrap().as_deref(), Some(&b"1"[..]));
        let removed = store
            .swap_all("a", &[change("k", Some(b"1"), None)], LIMITS, 0)
            .unwrap();
        assert_eq!(removed, Swapped::Done);
        assert_eq!(store.get("a", "k", 0).unwrap(), None);
    });
}

#[test]
fn several_keys_change_together_or_not_at_all() {
    with_stores(|store| {
        store
            .swap_all("a", &[change("x", None, Some(b"1"))], LIMITS, 0)
            .unwrap();
        let changes = [
            change("x", Some(b"1"), Some(b"2")),
            change("y", Some(b"?"), Some(b"2")),
            change("z", None, Some(b"2")),
        ];
        let stale = store.swap_all("a", &changes, LIMITS, 0).unwrap();
        assert_eq!(
            stale,
            Swapped::Stale(vec![Current {
                key: "y".into(),
                value: None
            }])
        );
        assert_eq!(store.get("a", "x", 0).unwrap().as_deref(), Some(&b"1"[..]));
        assert_eq!(store.get("a", "z", 0).unwrap(), None);
    });
}

#[test]
fn a_value_ends_with_its_time() {
    with_stores(|store| {
        let first = lasting(change("k", None, Some(b"1")), 100);
        store.swap_all("a", &[first], LIMITS, 1_000).unwrap();
        assert!(store.get("a", "k", 1_099).unwrap().is_some());
        assert_eq!(store.get("a", "k", 1_100).unwrap(), None);
        let stale = store
            .swap_all("a", &[change("k", Some(b"1"), None)], LIMITS, 1_100)
            .unwrap();
        assert_eq!(
            stale,
            Swapped::Stale(vec![Current {
                key: "k".into(),
                value: None
            }])
        );
        let done = store
            .swap_all("a", &[change("k", None, Some(b"2"))], LIMITS, 1_100)
            .unwrap();
        assert_eq!(done, Swapped::Done);
        assert!(store.get("a", "k", i64::MAX).unwrap().is_some());
        let endless = lasting(change("far", None, Some(b"1")), u64::MAX);
        store.swap_all("a", &[endless], LIMITS, 1_100).unwrap();
        assert!(store.get("a", "far", i64::MAX - 1).unwrap().is_some());
    });
}

#[test]
fn name_spaces_do_not_see_each_other() {
    with_stores(|store| {
        store
            .swap_all("a", &[change("b/k", None, Some(b"1"))], LIMITS, 0)
            .unwrap();
        for (namespace, key) in [("b", "b/k"), ("a/b", "k"), ("", "a/b/k"), ("a", "k")] {
            assert_eq!(
                store.get(namespace, key, 0).unwrap(),
                None,
                "{namespace} {key}"
            );
        }
        store
            .swap_all("b", &[change("b/k", None, Some(b"2"))], LIMITS, 0)
            .unwrap();
        store.clear("a").unwrap();
        assert_eq!(store.get("a", "b/k", 0).unwrap(), None);
        assert_eq!(
            store.get("b", "b/k", 0).unwrap().as_deref(),
            Some(&b"2"[..])
        );
    });
}

#[test]
fn the_total_is_capped_and_freed_again() {
    with_stores(|store| {
        let large = vec![7; 900];
        let put = lasting(change("one", None, Some(&large)), 100);
        store.swap_all("a", &[put], LIMITS, 0).unwrap();
        let refused = store.swap_all("a", &[change("two", None, Some(&large))], LIMITS, 50);
        assert!(matches!(
            refused,
            Err(StateError::TooLarge {
                would_be: 1_806,
                allowed: 1_000
            })
        ));
        assert_eq!(store.get("a", "two", 50).unwrap(), None);
        store
            .swap_all("b", &[change("two", None, Some(&large))], LIMITS, 50)
            .unwrap();
        // The first value's time is over, so there is room again.
        store
            .swap_all("a", &[change("two", None, Some(&large))], LIMITS, 100)
            .unwrap();
        // What shrinks is taken even when a lower cap came into force.
        let tight = StateLimits {
            total: 10,
            ..LIMITS
        };
        let smaller = change("two", Some(&large), Some(b"less"));
        assert_eq!(
            store.swap_all("a", &[smaller], tight, 100).unwrap(),
            Swapped::Done
        );
    });
}

#[test]
fn the_number_of_values_is_capped_and_freed_again() {
    with_stores(|store| {
        let few = StateLimits { keys: 2, ..LIMITS };
        let put = |key: &str| change(key, None, Some(b"1"));
        store
            .swap_all("a", &[put("one"), lasting(put("two"), 100)], few, 0)
            .unwrap();
        let refused = store.swap_all("a", &[put("three")], few, 50);
        assert!(
            matches!(
                refused,
                Err(StateError::TooMany {
                    would_be: 3,
                    allowed: 2
                })
            ),
            "{refused:?}"
        );
        assert_eq!(store.get("a", "three", 50).unwrap(), None);
        store.swap_all("b", &[put("three")], few, 50).unwrap();
        let exchange = [change("one", Some(b"1"), None), put("three")];
        store.swap_all("a", &exchange, few, 50).unwrap();
        store.swap_all("a", &[put("four")], few, 100).unwrap();
        assert!(store.swap_all("a", &[put("five")], few, 100).is_err());
    });
}

/// A file of the first versions, which did not count the values.
#[test]
fn values_are_counted_in_an_old_file_too() {
    let directory = written::Folder::new();
    let path = directory.path().join("state.sqlite");
    let put = |key: &str| change(key, None, Some(b"1"));
    let store = SqliteState::open(&path).unwrap();
    store
        .swap_all("a", &[put("one"), put("two")], LIMITS, 0)
        .unwrap();
    drop(store);
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch("ALTER TABLE connector_state_size DROP COLUMN keys")
        .unwrap();
    drop(old);
    let store = SqliteState::open(&path).unwrap();
    let few = StateLimits { keys: 2, ..LIMITS };
    assert!(store.swap_all("a", &[put("three")], few, 0).is_err());
    let gone = change("one", Some(b"1"), None);
    store.swap_all("a", &[gone], few, 0).unwrap();
    store.swap_all("a", &[put("three")], few, 0).unwrap();
}

#[test]
fn concurrent_swaps_lose_no_update() {
    const THREADS: u32 = 4;
    const ROUNDS: u32 = 25;
    with_stores(|store| {
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    let mut done = 0;
                    while done < ROUNDS {
                        let there = store.get("a", "count", 0).unwrap();
                        let count: u32 = match &there {
                            Some(bytes) => std::str::from_utf8(bytes).unwrap().parse().unwrap(),
                            None => 0,
                        };
                        let next = (count + 1).to_string();
                        let swap = change("count", there.as_deref(), Some(next.as_bytes()));
                        if store.swap_all("a", &[swap], LIMITS, 0).unwrap() == Swapped::Done {
                            done += 1;
                        }
                    }
                });
            }
        });
        let count = store.get("a", "count", 0).unwrap().unwrap();
        assert_eq!(count, (THREADS * ROUNDS).to_string().into_bytes());
    });
}

#[test]
fn two_processes_may_share_a_file() {
    let directory = written::Folder::new();
    let path = directory.path().join("state.sqlite");
    let (one, two) = (
        SqliteState::open(&path).unwrap(),
        SqliteState::open(&path).unwrap(),
    );
    one.swap_all("a", &[change("k", None, Some(b"1"))], LIMITS, 0)
        .unwrap();
    assert_eq!(two.get("a", "k", 0).unwrap().as_deref(), Some(&b"1"[..]));
    let stale = two
        .swap_all("a", &[change("k", None, Some(b"2"))], LIMITS, 0)
        .unwrap();
    assert!(matches!(stale, Swapped::Stale(_)));
}
