//! Scrolls: whatever breaks them, and whoever is gone in the middle of one.

use super::*;

#[test]
fn a_scroll_ends_at_its_empty_page_and_gives_only_changes_the_next_time() {
    let mut model = Model {
        now: NOON,
        page: 2,
        ..Model::default()
    };
    for id in 0..5 {
        model.change(id, 0);
    }
    model.now += 10;
    let (entries, cursor) = scan(&mut model, "companies", Selection::All, None, |_| {});
    assert_eq!(keys(&entries), ["0", "1", "2", "3", "4"]);
    model.change(3, 0);
    let (entries, cursor) = scan(
        &mut model,
        "companies",
        Selection::All,
        Some(cursor),
        |_| {},
    );
    assert_eq!(keys(&entries), ["3"]);
    let (entries, _) = scan(
        &mut model,
        "companies",
        Selection::All,
        Some(cursor),
        |_| {},
    );
    assert_eq!(keys(&entries), Vec::<&str>::new());
}

#[test]
fn whatever_breaks_a_scroll_starts_it_over() {
    let lost = |kind| {
        Err(Error {
            kind,
            message: "lost".into(),
            request_sent: true,
            retry_after_ms: None,
        })
    };
    let answer = |status, body: &str| {
        Ok(Response {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        })
    };
    for trouble in [
        answer(
            404,
            r#"{"type":"error.list","errors":[{"code":"not_found","message":"scroll parameter not found"}]}"#,
        ),
        answer(500, "<html>"),
        answer(502, ""),
        answer(200, ""),
        answer(200, "{\"data\":[{\"id\":"),
        answer(200, "{}"),
        lost(ErrorKind::ConnectionLost),
        lost(ErrorKind::Timeout),
    ] {
        let mut model = Model {
            now: NOON,
            page: 2,
            ..Model::default()
        };
        for id in 0..5 {
            model.change(id, 0);
        }
        let mut troubles = vec![trouble.clone()];
        let (entries, _) = scan(&mut model, "companies", Selection::All, None, |model| {
            model.instead.append(&mut troubles)
        });
        assert_eq!(keys(&entries), ["0", "1", "2", "3", "4"], "{trouble:?}");
    }
}

#[test]
fn a_scroll_is_not_started_over_for_what_was_never_processed() {
    let (mut model, first) = walk_begun();
    let unsent = Error {
        kind: ErrorKind::Unreachable,
        message: "x".into(),
        request_sent: false,
        retry_after_ms: None,
    };
    for answer in [
        Err(unsent),
        Ok(Response {
            status: 429,
            headers: Vec::new(),
            body: Vec::new(),
        }),
    ] {
        model.instead = vec![answer];
        let failure = page(
            &mut model,
            request("companies", Selection::All, first.next.clone()),
        )
        .unwrap_err();
        assert!(matches!(
            failure.kind,
            FailureKind::Transient | FailureKind::RateLimited
        ));
    }
    let (rest, _) = scan(&mut model, "companies", Selection::All, first.next, |_| {});
    assert_eq!(keys(&rest), ["2", "3", "4"]);
}

/// Five companies, two to a page, and the page that was given first.
fn walk_begun() -> (Model, Page) {
    let mut model = Model {
        now: NOON,
        page: 2,
        ..Model::default()
    };
    (0..5).for_each(|id| model.change(id, 0));
    let first = page(&mut model, request("companies", Selection::All, None)).unwrap();
    (model, first)
}

/// Whoever asked was killed, or took too long: the service has moved on, the position has not.
#[test]
fn a_position_that_was_asked_with_starts_a_scroll_over() {
    let (mut model, first) = walk_begun();
    let again = |model: &mut Model| {
        let cursor = first.next.clone();
        page(model, request("companies", Selection::All, cursor)).unwrap()
    };
    assert_eq!(keys(&again(&mut model).entries), ["2", "3"]);
    // The same process, then another one that knows nothing of the walk.
    for forgotten in [false, true] {
        if forgotten {
            model.state.clear();
        }
        let over = again(&mut model);
        assert!(over.restarted && over.entries.is_empty(), "{over:?}");
        let (entries, _) = scan(&mut model, "companies", Selection::All, over.next, |_| {});
        assert_eq!(keys(&entries), ["0", "1", "2", "3", "4"]);
    }
}

#[test]
fn a_position_of_an_older_version_starts_a_scroll_over() {
    let (mut model, first) = walk_begun();
    let cursor = String::from_utf8(first.next.unwrap()).unwrap();
    let start = cursor.find(r#","count":1,"walk":""#).unwrap();
    let end = start + cursor[start..].find(r#","restarts""#).unwrap();
    let older = format!("{}{}", &cursor[..start], &cursor[end..]).into_bytes();
    let over = page(
        &mut model,
        request("companies", Selection::All, Some(older)),
    );
    assert!(over.unwrap().restarted);
}

/// A host that is killed again and again is no reason to give up: the walk is over only when Intercom breaks it.
#[test]
fn a_walk_that_is_cut_off_again_and_again_comes_through() {
    let (mut model, first) = walk_begun();
    let mut cursor = first.next;
    for _ in 0..50 {
        model.state.clear();
        let over = page(&mut model, request("companies", Selection::All, cursor)).unwrap();
        assert!(over.restarted);
        cursor = page(&mut model, request("companies", Selection::All, over.next))
            .unwrap()
            .next;
    }
    let (rest, _) = scan(&mut model, "companies", Selection::All, cursor, |_| {});
    assert_eq!(keys(&rest), ["2", "3", "4"]);
}

#[test]
fn without_state_a_scroll_stays_where_it_is() {
    let (mut model, first) = walk_begun();
    model.without_state = true;
    for cursor in [None, first.next.clone()] {
        let failure = page(&mut model, request("companies", Selection::All, cursor)).unwrap_err();
        assert_eq!(
            (failure.kind, failure.code.as_str()),
            (FailureKind::Transient, "state_unavailable")
        );
    }
    model.without_state = false;
    model.scroll = Some(2);
    let (rest, _) = scan(&mut model, "companies", Selection::All, first.next, |_| {});
    assert_eq!(keys(&rest), ["2", "3", "4"]);
}

#[test]
fn a_busy_scroll_is_waited_for_and_then_named() {
    let mut model = Model {
        now: NOON,
        page: 2,
        scroll_exists: true,
        ..Model::default()
    };
    let mut cursor = None;
    for _ in 0..3 {
        let page = page(&mut model, request("companies", Selection::All, cursor)).unwrap();
        assert_eq!(
            (page.retry_after_ms, page.entries.len(), page.restarted),
            (Some(60_000), 0, false)
        );
        assert_eq!(page.notices[0].kind, "waiting");
        cursor = page.next;
    }
    let failure = page(&mut model, request("companies", Selection::All, cursor)).unwrap_err();
    assert_eq!(
        (failure.kind, failure.code.as_str()),
        (FailureKind::Conflict, "scroll_exists")
    );
}

#[test]
fn a_scroll_that_keeps_breaking_says_so() {
    let mut model = Model {
        now: NOON,
        page: 1,
        ..Model::default()
    };
    model.change(1, 0);
    let mut cursor = None;
    for turn in 0..100 {
        // Every second request finds its scroll gone.
        model.scroll = None;
        match page(&mut model, request("companies", Selection::All, cursor)) {
            Ok(page) => cursor = page.next,
            Err(failure) => {
                assert_eq!(failure.code, "scroll_keeps_breaking");
                assert!(turn > 4);
                return;
            }
        }
    }
    panic!("the walk starts over for ever");
}
