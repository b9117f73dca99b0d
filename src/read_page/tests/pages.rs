//! Lists of pages: numbered, with cursors, one after another, and what happens when rows come and go meanwhile.

use super::*;

/// A numbered list of articles, newest first.
struct List {
    ids: Vec<u32>,
    updated_at: BTreeMap<u32, i64>,
    per_page: usize,
    asked: Vec<String>,
}

impl List {
    fn new(rows: u32) -> Self {
        Self {
            ids: (1..=rows).rev().collect(),
            updated_at: (1..=rows).map(|id| (id, NOON + i64::from(id))).collect(),
            per_page: 2,
            asked: Vec::new(),
        }
    }

    fn answer(&mut self, request: &Request) -> Answer {
        assert_conforms(request);
        self.asked.push(request.target.clone());
        let query = request
            .target
            .split_once('?')
            .map_or("", |(_, query)| query);
        let page: usize = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("page="))
            .map_or(1, |page| page.parse().unwrap());
        let pages = self.ids.len().div_ceil(self.per_page);
        let shown = self
            .ids
            .iter()
            .skip((page - 1) * self.per_page)
            .take(self.per_page);
        let rows: Vec<Value> = shown
            .map(|id| json!({ "type": "article", "id": id, "updated_at": self.updated_at[id] }))
            .collect();
        let next = (page < pages).then(|| {
            format!(
                "https://api.intercom.io/articles?page={}&per_page=50",
                page + 1
            )
        });
        let body = json!({
            "type": "list", "data": rows, "total_count": self.ids.len(),
            "pages": { "type": "pages", "page": page, "per_page": self.per_page, "total_pages": pages, "next": next },
        });
        Model {
            now: NOON + 10_000,
            ..Model::default()
        }
        .ok(&body)
    }
}

fn walk(
    list: &mut List,
    mut cursor: Option<Vec<u8>>,
    mut between: impl FnMut(&mut List, usize),
) -> (Vec<Entry>, Page) {
    let mut entries: Vec<Entry> = Vec::new();
    for number in 0..100 {
        let page = ask(list, request("articles", Selection::All, cursor));
        if page.restarted {
            entries.clear();
        }
        entries.extend(page.entries.clone());
        between(list, number);
        if page.next.is_none() {
            return (entries, page);
        }
        cursor = page.next;
    }
    panic!("the walk does not end");
}

fn ask(list: &mut List, request: PageRequest) -> Page {
    let mut operation = ReadPage::new(connection(), request);
    let mut input = Input::Start;
    loop {
        let moment = Moment {
            unix_ms: (NOON + 10_000) * 1_000,
            elapsed_ms: 0,
            memory: 0,
        };
        input = match operation.step(moment, input) {
            Step::Send(requests, _) => {
                Input::Answers(requests.iter().map(|one| list.answer(one)).collect())
            }
            Step::Done(output) => return output.unwrap(),
            other => panic!("unexpected step: {other:?}"),
        };
    }
}

#[test]
fn numbered_pages_are_walked_to_the_end_and_changes_are_found_by_time() {
    let mut list = List::new(7);
    let (entries, last) = walk(&mut list, None, |_, _| {});
    assert_eq!(keys(&entries), ["7", "6", "5", "4", "3", "2", "1"]);
    assert_eq!(list.asked.len(), 4);
    assert!(last.complete_snapshot);
    let mark = last.checkpoint.unwrap();

    let (entries, last) = walk(&mut list, Some(mark.clone()), |_, _| {});
    assert!(entries.is_empty() && !last.complete_snapshot);

    list.updated_at.insert(3, NOON + 9_000);
    let (entries, _) = walk(&mut list, Some(mark), |_, _| {});
    assert_eq!(keys(&entries), ["3"]);
}

#[test]
fn a_row_that_moves_on_is_given_once() {
    let mut list = List::new(6);
    let (entries, _) = walk(&mut list, None, |list, page| {
        if page == 0 {
            list.ids.insert(0, 9);
            list.updated_at.insert(9, NOON + 9);
        }
    });
    assert_eq!(keys(&entries), ["6", "5", "4", "3", "2", "1"]);
}

#[test]
fn a_list_that_became_shorter_is_walked_again() {
    let mut list = List::new(6);
    let (entries, last) = walk(&mut list, None, |list, page| {
        if page == 0 {
            // Row 4 moves back to the page that was read already.
            list.ids.retain(|id| *id != 6);
        }
    });
    assert_eq!(keys(&entries), ["5", "4", "3", "2", "1"]);
    assert!(last.complete_snapshot);
}

#[test]
fn a_list_that_never_holds_still_ends_and_proves_nothing() {
    let mut list = List::new(30);
    let (_, last) = walk(&mut list, None, |list, _| {
        let gone = list.ids.remove(0);
        list.updated_at.remove(&gone);
    });
    assert!(!last.complete_snapshot);
}

fn scan_with(
    config: &str,
    stream: &str,
    answers: &[(&str, Value)],
) -> (Vec<Entry>, Page, Vec<String>) {
    let connection = Connection {
        config: config.as_bytes().to_vec(),
        ..connection()
    };
    let (mut entries, mut asked, mut cursor) = (Vec::new(), Vec::new(), None);
    loop {
        let mut operation =
            ReadPage::new(connection.clone(), request(stream, Selection::All, cursor));
        let mut input = Input::Start;
        let page = loop {
            input = match operation.step(
                Moment {
                    unix_ms: NOON * 1_000,
                    elapsed_ms: 0,
                    memory: 0,
                },
                input,
            ) {
                Step::Send(requests, _) => {
                    assert_conforms(&requests[0]);
                    asked.push(requests[0].target.clone());
                    let found = answers.iter().find(|(path, _)| *path == requests[0].target);
                    let (_, body) = found
                        .unwrap_or_else(|| panic!("unexpected request: {}", requests[0].target));
                    let status = body["status"].as_u64().unwrap_or(200) as u16;
                    Input::Answers(vec![
                        Model {
                            now: NOON,
                            ..Model::default()
                        }
                        .respond(status, body),
                    ])
                }
                Step::Store(_) => Input::Stored(Some(Swapped::Done)),
                Step::Done(output) => break output.unwrap(),
                other => panic!("unexpected step: {other:?}"),
            };
        };
        entries.extend(page.entries.clone());
        match &page.next {
            Some(next) => cursor = Some(next.clone()),
            None => return (entries, page, asked),
        }
    }
}

#[test]
fn pages_with_cursors_are_walked_too() {
    let config = r#"{"api_version":"2.16"}"#;
    let answers = [
        (
            "/macros?per_page=150",
            json!({ "type": "list", "data": [{ "id": "1", "updated_at": "2025-07-17T15:30:24.000Z" }], "pages": { "next": { "starting_after": "W+=" } } }),
        ),
        (
            "/macros?per_page=150&starting_after=W%2B%3D",
            json!({ "type": "list", "data": [{ "id": "2" }], "pages": {} }),
        ),
    ];
    let (entries, last, _) = scan_with(config, "macros", &answers);
    assert_eq!(keys(&entries), ["1", "2"]);
    assert_eq!(
        String::from_utf8_lossy(&entries[0].payload),
        r#"{"id":"1","updated_at":1752766224}"#
    );
    assert!(last.complete_snapshot && last.checkpoint.is_some());
}

#[test]
fn each_type_of_custom_objects_is_walked() {
    let config = r#"{"api_version":"2.16","custom_object_types":["Order","Car / Van"]}"#;
    let row = |kind: &str| json!({ "type": kind, "id": "1", "updated_at": NOON });
    let answers = [
        (
            "/custom_object_instances/Order?per_page=150",
            json!({ "data": [row("Order")] }),
        ),
        (
            "/custom_object_instances/Car%20%2F%20Van?per_page=150",
            json!({ "data": [row("Car / Van")] }),
        ),
    ];
    let (entries, last, _) = scan_with(config, "custom_object_instances", &answers);
    assert_eq!(keys(&entries), ["Order/1", "Car %2F Van/1"]);
    assert!(last.complete_snapshot);
}

#[test]
fn activity_logs_are_asked_for_from_a_time_on() {
    let row = |id: &str, at: i64| json!({ "id": id, "created_at": at, "activity_type": "app_name_change" });
    let first = "/admins/activity_logs?created_at_after=0";
    let (entries, last, _) = scan_with(
        "{}",
        "activity_logs",
        &[(
            first,
            json!({ "activity_logs": [row("b", NOON - 1), row("a", NOON - 90_000)], "pages": { "next": null } }),
        )],
    );
    assert_eq!(keys(&entries), ["b", "a"]);
    let mut model = Model {
        now: NOON,
        ..Model::default()
    };
    model.instead =
        vec![model.ok(&json!({ "activity_logs": [row("c", NOON), row("b", NOON - 1)] }))];
    let page = page(
        &mut model,
        request("activity_logs", Selection::All, last.checkpoint),
    )
    .unwrap();
    assert_eq!(keys(&page.entries), ["c"]);
}

#[test]
fn attributes_of_conversations_have_one_key_in_every_version() {
    let older = [(
        "/data_attributes?model=conversation&include_archived=true",
        json!({ "data": [{ "model": "conversation", "name": "a", "full_name": "custom_attributes.a" }] }),
    )];
    let (entries, ..) = scan_with("{}", "conversation_attributes", &older);
    assert_eq!(keys(&entries), ["conversation/custom_attributes.a"]);
    let newer = [(
        "/conversations/attributes?include_archived=true",
        json!({ "data": [{ "type": "conversation_attribute", "id": 3, "name": "a" }] }),
    )];
    let (entries, ..) = scan_with(
        r#"{"api_version":"2.16"}"#,
        "conversation_attributes",
        &newer,
    );
    assert_eq!(keys(&entries), ["conversation/a"]);
}

#[test]
fn a_list_that_the_workspace_has_not_is_named() {
    let mut model = Model::default();
    model.instead = vec![model.respond(404, &json!({}))];
    let failure = page(&mut model, request("news_items", Selection::All, None)).unwrap_err();
    assert_eq!(
        (failure.kind, failure.code.as_str()),
        (FailureKind::Permission, "not_available")
    );
}

#[test]
fn where_the_scroll_is_refused_the_list_is_read_to_its_end_and_the_gap_is_named() {
    let error = |status: u16, code: &str| json!({ "status": status, "errors": [{ "code": code }] });
    let company = |id: &str| json!({ "id": id, "updated_at": NOON });
    let answers = [
        ("/companies/scroll", error(404, "not_found")),
        (
            "/companies?per_page=50",
            json!({ "data": [company("a")], "total_count": 10_001, "pages": { "page": 1, "total_pages": 2 } }),
        ),
        ("/companies?per_page=50&page=2", error(400, "bad_request")),
    ];
    let (entries, last, asked) = scan_with("{}", "companies", &answers);
    assert_eq!(keys(&entries), ["a"]);
    assert_eq!(asked.len(), 3);
    assert!(
        last.notices
            .iter()
            .any(|one| one.kind == "gap" && one.message.contains("10000 rows of 10001")),
        "{:?}",
        last.notices
    );
    assert!(!last.complete_snapshot && last.checkpoint.is_some());
}

#[test]
fn fields_that_are_not_declared_are_kept_and_named_once_a_page() {
    let rows = json!([{ "id": "1", "shoe_size": 44 }, { "id": "2", "shoe_size": 45, "source": { "smell": 1 } }]);
    let mut model = Model {
        now: NOON,
        page: 5,
        ..Model::default()
    };
    model.instead = vec![model.ok(&json!({ "conversations": rows, "pages": {} }))];
    let page = page(&mut model, request("conversations", Selection::All, None)).unwrap();
    assert!(String::from_utf8_lossy(&page.entries[0].payload).contains("shoe_size"));
    let drift: Vec<_> = page
        .notices
        .iter()
        .filter(|one| one.kind == "drift")
        .collect();
    assert_eq!(drift.len(), 1);
    assert_eq!(drift[0].path.as_deref(), Some("shoe_size, source.smell"));
}

#[test]
fn rows_are_filtered_by_the_streams_own_filter() {
    let rows = json!([{ "id": "1", "role": "user" }, { "id": "2", "role": "lead" }, { "id": "3" }]);
    let mut model = Model {
        now: NOON,
        page: 5,
        ..Model::default()
    };
    model.instead = vec![model.ok(&json!({ "data": rows, "pages": {} }))];
    let filtered = PageRequest {
        filter: Some(br#"{"role":"lead"}"#.to_vec()),
        ..request("contacts", Selection::All, None)
    };
    assert_eq!(keys(&page(&mut model, filtered).unwrap().entries), ["2"]);
}

#[test]
fn rows_of_a_whole_list_are_read_by_their_keys() {
    let mut model = Model {
        now: NOON,
        page: 5,
        ..Model::default()
    };
    let body = json!({ "data": [{ "id": "1", "type": "subscription" }, { "id": "2", "type": "subscription" }] });
    model.instead = vec![model.ok(&body)];
    let wanted = Selection::Keys(vec!["2".to_owned(), "9".to_owned()]);
    let page = page(&mut model, request("subscription_types", wanted, None)).unwrap();
    let changes: Vec<_> = page
        .entries
        .iter()
        .map(|entry| (entry.key.as_str(), entry.change))
        .collect();
    assert_eq!(changes, [("2", Change::Upsert), ("9", Change::Delete)]);
    assert_eq!(page.next, None);
}

#[test]
fn a_key_that_lacks_a_part_is_refused() {
    for (stream, key, fine) in [
        ("custom_object_instances", "Order/1", true),
        ("custom_object_instances", "1", false),
        ("custom_object_instances", "Order/", false),
        ("contacts", "a/b", true),
        ("contacts", "", false),
    ] {
        let connection = Connection {
            config: br#"{"api_version":"2.16","custom_object_types":["Order"]}"#.to_vec(),
            ..connection()
        };
        let scan = Scan::new(
            &connection,
            &request(stream, Selection::Keys(vec![key.to_owned()]), None),
        );
        match scan {
            Ok(_) => assert!(fine, "{stream} {key}"),
            Err(failure) => assert_eq!((failure.code.as_str(), fine), ("no_key", false)),
        }
    }
}

/// Streams of which only webhooks tell are no failure of Intercom's, and single rows may be there.
#[test]
fn what_only_webhooks_tell_of_is_refused_by_name() {
    let connection = Connection {
        config: br#"{"api_version":"2.16"}"#.to_vec(),
        ..connection()
    };
    for (stream, selection, code) in [
        ("content_stats", Selection::All, Some("webhooks_only")),
        ("jobs", Selection::All, Some("webhooks_only")),
        (
            "content_stats",
            Selection::Keys(vec!["a/b/c".to_owned()]),
            Some("no_keys"),
        ),
        ("jobs", Selection::Keys(vec!["j1".to_owned()]), None),
    ] {
        let scan = Scan::new(&connection, &request(stream, selection, None));
        let found = scan.err().map(|failure| failure.code);
        assert_eq!(found.as_deref(), code, "{stream}");
    }
}
