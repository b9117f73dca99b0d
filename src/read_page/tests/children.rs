//! What hangs on other rows, against conversations with parts and contacts with whatever hangs on them.

use super::*;
use crate::contract::types::Notice;
use crate::intercom::streams::STREAMS;

/// Paths and what is answered there, in the order of the list: the first path that fits.
type Answers = Vec<(&'static str, Value)>;

#[derive(Clone, Debug)]
struct Conversation {
    id: u32,
    updated_at: i64,
    parts: u32,
    gone: bool,
}

/// A workspace's conversations.
#[derive(Default)]
struct Desk {
    now: i64,
    page: usize,
    conversations: Vec<Conversation>,
    /// How many parts an answer holds at most.
    most_parts: u32,
    /// Conversations whose detail is no JSON, and how often.
    garbled: BTreeMap<u32, u32>,
    /// How many details were asked for.
    details: usize,
}

impl Desk {
    fn new(conversations: u32) -> Self {
        let conversation = |id| Conversation {
            id,
            updated_at: NOON + i64::from(id),
            parts: id % 4,
            gone: false,
        };
        Self {
            now: NOON + 10_000,
            page: 3,
            conversations: (1..=conversations).map(conversation).collect(),
            most_parts: 500,
            ..Self::default()
        }
    }

    fn respond(&self, status: u16, body: Vec<u8>) -> Answer {
        let model = Model {
            now: self.now,
            ..Model::default()
        };
        let Ok(response) = model.respond(status, &Value::Null) else {
            unreachable!()
        };
        Ok(Response { body, ..response })
    }

    fn json(&self, conversation: &Conversation) -> Value {
        json!({
            "type": "conversation",
            "id": conversation.id.to_string(),
            "updated_at": conversation.updated_at,
            "statistics": { "count_conversation_parts": conversation.parts },
        })
    }

    fn answer(&mut self, request: &Request) -> Answer {
        assert_conforms(request);
        if request.target == "/conversations/search" {
            let body: Value = serde_json::from_slice(request.body.as_ref().unwrap()).unwrap();
            let answer = self.search(&body);
            return self.respond(200, answer.to_string().into_bytes());
        }
        let id: u32 = request
            .target
            .strip_prefix("/conversations/")
            .unwrap()
            .parse()
            .unwrap();
        self.details += 1;
        if let Some(times) = self.garbled.get_mut(&id).filter(|times| **times > 0) {
            *times -= 1;
            return self.respond(200, b"{\"id\":".to_vec());
        }
        let found = self
            .conversations
            .iter()
            .find(|one| one.id == id && !one.gone);
        let Some(conversation) = found else {
            return self.respond(
                404,
                br#"{"type":"error.list","errors":[{"code":"not_found"}]}"#.to_vec(),
            );
        };
        let shown = conversation.parts.saturating_sub(self.most_parts)..conversation.parts;
        let parts: Vec<Value> = shown
            .map(|part| json!({ "type": "conversation_part", "id": format!("{id}.{part}"), "updated_at": "2024-06-27T12:00:00Z" }))
            .collect();
        let mut body = self.json(conversation);
        body["conversation_parts"] = json!({ "type": "conversation_part.list", "conversation_parts": parts, "total_count": conversation.parts });
        self.respond(200, body.to_string().into_bytes())
    }

    /// To the second, as the API does.
    fn search(&self, body: &Value) -> Value {
        let [after, same] = body["query"]["value"].as_array().unwrap().as_slice() else {
            panic!("{body}");
        };
        assert_eq!(
            (&after["operator"], &same["operator"]),
            (&json!(">"), &json!("="))
        );
        let bound = after["value"].as_i64().unwrap();
        assert_eq!(same["value"].as_i64(), Some(bound));
        let mut rows: Vec<_> = self
            .conversations
            .iter()
            .filter(|one| !one.gone && one.updated_at >= bound)
            .map(|one| (one.updated_at, one.id))
            .collect();
        rows.sort_unstable();
        if let Some(after) = body["pagination"]["starting_after"].as_str() {
            let (at, id) = after.split_once('.').unwrap();
            let place = (at.parse().unwrap(), id.parse().unwrap());
            rows.retain(|row| *row > place);
        }
        let more = rows.len() > self.page;
        rows.truncate(self.page);
        let mut answer =
            json!({ "type": "conversation.list", "pages": { "type": "pages", "next": null } });
        if let Some((at, id)) = rows.last().filter(|_| more) {
            answer["pages"]["next"] = json!({ "starting_after": format!("{at}.{id}") });
        }
        let shown = rows
            .iter()
            .filter_map(|(_, id)| self.conversations.iter().find(|one| one.id == *id));
        answer["conversations"] = shown.map(|one| self.json(one)).collect();
        answer
    }
}

fn ask(
    now: i64,
    config: &str,
    request: PageRequest,
    mut answer: impl FnMut(&Request) -> Answer,
) -> Result<Page, Failure> {
    let connection = Connection {
        config: config.as_bytes().to_vec(),
        ..connection()
    };
    let mut operation = ReadPage::new(connection, request);
    let mut state = Model::default();
    let mut input = Input::Start;
    loop {
        let moment = Moment {
            unix_ms: now * 1_000,
            elapsed_ms: 0,
            memory: 0,
        };
        input = match operation.step(moment, input) {
            Step::Send(requests, _) => Input::Answers(requests.iter().map(&mut answer).collect()),
            Step::Store(changes) => Input::Stored(state.store(changes)),
            Step::Done(output) => return output,
            other => panic!("unexpected step: {other:?}"),
        };
    }
}

fn parts_page(desk: &mut Desk, cursor: Option<Vec<u8>>) -> Page {
    let request = request("conversation_parts", Selection::All, cursor);
    ask(desk.now, "{}", request, |request| desk.answer(request)).unwrap()
}

/// A whole scan: its pages, one after the other.
fn parts(desk: &mut Desk, mut cursor: Option<Vec<u8>>) -> (Vec<Page>, Vec<u8>) {
    let mut pages = Vec::new();
    for _ in 0..1_000 {
        let page = parts_page(desk, cursor);
        let end = page.checkpoint.clone().filter(|_| page.next.is_none());
        cursor = page.next.clone();
        pages.push(page);
        if let Some(checkpoint) = end {
            return (pages, checkpoint);
        }
    }
    panic!("the scan does not end");
}

fn entries(pages: &[Page]) -> Vec<Entry> {
    pages.iter().flat_map(|page| page.entries.clone()).collect()
}

fn notices(pages: &[Page], kind: &str) -> Vec<Notice> {
    let all = pages.iter().flat_map(|page| page.notices.clone());
    all.filter(|notice| notice.kind == kind).collect()
}

fn sorted(entries: &[Entry]) -> Vec<String> {
    let mut keys: Vec<String> = entries.iter().map(|entry| entry.key.clone()).collect();
    keys.sort_unstable();
    keys
}

fn expected(desk: &Desk) -> Vec<String> {
    let there = desk.conversations.iter().filter(|one| !one.gone);
    let mut keys: Vec<String> = there
        .flat_map(|one| (0..one.parts).map(move |part| format!("{}.{part}", one.id)))
        .collect();
    keys.sort_unstable();
    keys
}

#[test]
fn every_part_of_every_changed_conversation_is_given_and_no_other_is_asked_for() {
    let mut desk = Desk::new(10);
    let (pages, mark) = parts(&mut desk, None);
    assert_eq!(sorted(&entries(&pages)), expected(&desk));
    assert_eq!(desk.details, 10);
    let first = &entries(&pages)[0];
    assert_eq!(
        String::from_utf8(first.payload.clone()).unwrap(),
        r#"{"conversation_id":"1","id":"1.0","type":"conversation_part","updated_at":1719489600}"#
    );
    assert_eq!(first.updated_at_ms, Some(1_719_489_600_000));

    desk.details = 0;
    let (pages, mark) = parts(&mut desk, Some(mark));
    assert_eq!((entries(&pages).len(), desk.details), (0, 0));

    desk.now += 1_000;
    desk.conversations[4].parts = 7;
    desk.conversations[4].updated_at = desk.now - 5;
    let (pages, _) = parts(&mut desk, Some(mark));
    assert_eq!(
        entries(&pages).len(),
        7,
        "the old parts come with the new ones"
    );
    assert_eq!(desk.details, 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Any page may be the last that a host stores, and any may be asked for twice.
    #[test]
    fn a_walk_goes_on_from_any_of_its_pages(cut in 0usize..30, most in 1u32..6) {
        let mut desk = Desk::new(12);
        let mut cursor = None;
        let mut given: Vec<Entry> = Vec::new();
        for step in 0..200 {
            let request = PageRequest {
                max_entries: most,
                ..request("conversation_parts", Selection::All, cursor.clone())
            };
            let page = ask(desk.now, "{}", request, |request| desk.answer(request)).unwrap();
            if step == cut {
                continue;
            }
            given.extend(page.entries);
            match page.next {
                Some(next) => cursor = Some(next),
                None => {
                    prop_assert_eq!(sorted(&given), expected(&desk));
                    return Ok(());
                }
            }
        }
        prop_assert!(false, "the scan does not end");
    }
}

#[test]
fn a_conversation_that_vanished_leaves_a_tombstone_and_a_notice() {
    let mut desk = Desk::new(5);
    let walked = parts_page(&mut desk, None);
    desk.conversations[1].gone = true;
    let (pages, _) = parts(&mut desk, walked.next);
    let gone: Vec<Entry> = entries(&pages)
        .into_iter()
        .filter(|entry| entry.change == Change::Delete)
        .collect();
    assert_eq!(gone.len(), 1);
    assert_eq!(
        (gone[0].stream.as_str(), gone[0].key.as_str()),
        ("conversations", "2")
    );
    assert_eq!(gone[0].reason.as_deref(), Some("not_found"));
    let gaps = notices(&pages, "gap");
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].key.as_deref(), Some("2"));
    let others: Vec<Entry> = entries(&pages)
        .into_iter()
        .filter(|entry| entry.change == Change::Upsert)
        .collect();
    assert_eq!(sorted(&others), expected(&desk));
}

#[test]
fn fewer_parts_than_counted_are_a_gap_with_both_numbers() {
    let mut desk = Desk::new(1);
    desk.conversations[0].parts = 503;
    let (pages, _) = parts(&mut desk, None);
    assert_eq!(entries(&pages).len(), 500);
    let gaps = notices(&pages, "gap");
    assert_eq!(gaps.len(), 1);
    assert!(
        gaps[0].message.contains("500 of 503"),
        "{}",
        gaps[0].message
    );
}

#[test]
fn what_cannot_be_read_once_is_read_again() {
    let mut desk = Desk::new(4);
    desk.garbled.insert(3, 2);
    let (pages, _) = parts(&mut desk, None);
    assert_eq!(sorted(&entries(&pages)), expected(&desk));
    assert!(notices(&pages, "quarantined").is_empty());
    assert!(pages.iter().any(|page| page.retry_after_ms.is_some()));
}

#[test]
fn what_can_never_be_read_is_named_and_holds_up_nothing() {
    let mut desk = Desk::new(4);
    desk.garbled.insert(3, u32::MAX);
    let (pages, _) = parts(&mut desk, None);
    let without: Vec<String> = expected(&desk)
        .into_iter()
        .filter(|key| !key.starts_with("3."))
        .collect();
    assert_eq!(sorted(&entries(&pages)), without);
    let quarantined = notices(&pages, "quarantined");
    assert_eq!(quarantined.len(), 1);
    assert_eq!(quarantined[0].key.as_deref(), Some("3"));
}

#[test]
fn a_refusal_is_a_failure_and_the_position_stays() {
    let mut desk = Desk::new(4);
    let walked = parts_page(&mut desk, None);
    let request = request("conversation_parts", Selection::All, walked.next);
    let refused = ask(desk.now, "{}", request, |_| desk.respond(401, Vec::new()));
    assert_eq!(refused.unwrap_err().kind, FailureKind::Auth);
}

/// Answers everything from a list of paths; a path that is not there is a defect of the test.
fn scan_of(
    stream: &str,
    config: &str,
    cursor: Option<Vec<u8>>,
    answers: &Answers,
) -> (Vec<Page>, Vec<String>) {
    let model = Model {
        now: NOON,
        ..Model::default()
    };
    let (mut pages, mut asked, mut cursor) = (Vec::new(), Vec::new(), cursor);
    for _ in 0..100 {
        let page = ask(
            NOON,
            config,
            request(stream, Selection::All, cursor),
            |request| {
                assert_conforms(request);
                asked.push(request.target.clone());
                let found = answers.iter().find(|(path, _)| request.target == *path);
                let (_, body) =
                    found.unwrap_or_else(|| panic!("unexpected request: {}", request.target));
                model.ok(body)
            },
        )
        .unwrap();
        cursor = page.next.clone();
        pages.push(page);
        if cursor.is_none() {
            return (pages, asked);
        }
    }
    panic!("the scan does not end");
}

fn contacts(contacts: Value) -> Answers {
    vec![
        (
            "/contacts?per_page=150",
            json!({ "type": "list", "data": contacts, "pages": {} }),
        ),
        (
            "/contacts/search",
            json!({ "type": "list", "data": [], "pages": {} }),
        ),
    ]
}

#[test]
fn links_are_taken_from_the_contact_or_walked_to_their_end() {
    let few = json!({ "data": [{ "id": "5" }], "total_count": 1, "has_more": false });
    let many = json!({ "data": [{ "id": "5" }], "total_count": 3, "has_more": true });
    let none = json!({ "data": [], "total_count": 0, "has_more": false });
    let mut answers = contacts(json!([
        { "id": "a", "companies": few }, { "id": "b", "companies": many }, { "id": "c", "companies": none }
    ]));
    let pages = json!({ "next": "https://api.intercom.io/contacts/b/companies?per_page=50&page=2", "page": 1 });
    answers.push((
        "/contacts/b/companies?per_page=50",
        json!({ "data": [{ "id": "5" }, { "id": "6" }], "pages": pages }),
    ));
    answers.push((
        "/contacts/b/companies?per_page=50&page=2",
        json!({ "data": [{ "id": "7" }], "pages": { "page": 2, "next": null } }),
    ));
    let (pages, _) = scan_of("contact_companies", "{}", None, &answers);
    assert_eq!(sorted(&entries(&pages)), ["a/5", "b/5", "b/6", "b/7"]);
    let last = pages.last().unwrap();
    assert!(last.complete_snapshot, "what was not given is gone");
    // Nothing says when a link went, so the next scan gives all of them again.
    let (again, _) = scan_of("contact_companies", "{}", last.checkpoint.clone(), &answers);
    assert_eq!(entries(&again).len(), 4);
    assert!(again.last().unwrap().complete_snapshot);
}

#[test]
fn notes_are_given_once_although_every_contact_is_looked_at() {
    let count = |count: u32| json!({ "data": [], "total_count": count, "has_more": count > 0 });
    let mut answers =
        contacts(json!([{ "id": "a", "notes": count(2) }, { "id": "b", "notes": count(0) }]));
    let note = |id: &str, at: i64| json!({ "type": "note", "id": id, "created_at": at });
    answers.push((
        "/contacts/a/notes?per_page=50",
        json!({ "type": "list", "data": [note("2", NOON - 5), note("1", NOON - 90_000)] }),
    ));
    let (first, asked) = scan_of("contact_notes", "{}", None, &answers);
    assert_eq!(sorted(&entries(&first)), ["1", "2"]);
    assert_eq!(asked.len(), 3, "{asked:?}");
    let mark = first.last().unwrap().checkpoint.clone();
    if let Some((_, body)) = answers.last_mut() {
        body["data"]
            .as_array_mut()
            .unwrap()
            .push(note("3", NOON - 1));
    }
    let (second, _) = scan_of("contact_notes", "{}", mark, &answers);
    assert_eq!(sorted(&entries(&second)), ["3"]);
}

#[test]
fn events_are_followed_page_by_page() {
    let mut answers = contacts(json!([{ "id": "a" }]));
    let event = |id: &str, at: i64| json!({ "type": "event", "id": id, "event_name": "e", "created_at": at });
    let next = "http://api.intercom.test/events?type=user&intercom_user_id=a&before=5";
    answers.push((
        "/events?type=user&intercom_user_id=a&per_page=50",
        json!({ "type": "event.list", "events": [event("2", NOON - 1)], "pages": { "next": next } }),
    ));
    answers.push((
        "/events?type=user&intercom_user_id=a&before=5",
        json!({ "type": "event.summary", "events": [event("1", NOON - 2)], "pages": { "next": "http://api.intercom.test/events?next page" } }),
    ));
    let (pages, _) = scan_of("events", "{}", None, &answers);
    assert_eq!(sorted(&entries(&pages)), ["1", "2"]);
    let last = pages.last().unwrap();
    assert!(
        !last.complete_snapshot,
        "older events are not listed, and are not gone"
    );
    let payload: Value = serde_json::from_slice(&entries(&pages)[0].payload).unwrap();
    assert_eq!(payload["contact_id"], "a");
}

#[test]
fn an_unknown_contact_has_no_events_but_is_not_taken_for_gone() {
    let answers = contacts(json!([{ "id": "a" }]));
    let model = Model::default();
    let mut cursor = None;
    let mut pages = Vec::new();
    loop {
        let page = ask(
            NOON,
            "{}",
            request("events", Selection::All, cursor),
            |request| {
                let found = answers.iter().find(|(path, _)| request.target == *path);
                found.map_or_else(
                    || model.respond(404, &json!({})),
                    |(_, body)| model.ok(body),
                )
            },
        )
        .unwrap();
        cursor = page.next.clone();
        pages.push(page);
        if cursor.is_none() {
            break;
        }
    }
    assert!(entries(&pages).is_empty());
    assert_eq!(notices(&pages, "gap").len(), 1);
}

#[test]
fn segments_of_companies_keep_their_fields_and_carry_both_keys() {
    let company = |id: &str| json!({ "id": id, "updated_at": NOON });
    let segment = json!({ "type": "segment", "id": "s", "name": "Active", "created_at": 1, "updated_at": 2, "person_type": "user" });
    let answers: Answers = vec![
        (
            "/companies/scroll",
            json!({ "data": [company("a"), company("b")], "scroll_param": "x", "pages": null }),
        ),
        (
            "/companies/scroll?scroll_param=x",
            json!({ "data": [], "scroll_param": "x" }),
        ),
        (
            "/companies/a/segments",
            json!({ "type": "list", "data": [segment] }),
        ),
        (
            "/companies/b/segments",
            json!({ "type": "list", "data": [segment] }),
        ),
    ];
    let model = Model {
        now: NOON,
        ..Model::default()
    };
    let mut state = Model::default();
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let mut operation = ReadPage::new(
            connection(),
            request("company_segments", Selection::All, cursor),
        );
        let moment = Moment {
            unix_ms: NOON * 1_000,
            elapsed_ms: 0,
            memory: 0,
        };
        let mut input = Input::Start;
        let page = loop {
            input = match operation.step(moment, input) {
                Step::Send(requests, _) => {
                    let answer = |request: &Request| {
                        let found = answers.iter().find(|(path, _)| request.target == *path);
                        model.ok(&found.unwrap_or_else(|| panic!("{}", request.target)).1)
                    };
                    Input::Answers(requests.iter().map(answer).collect())
                }
                Step::Store(changes) => Input::Stored(state.store(changes)),
                Step::Done(output) => break output.unwrap(),
                other => panic!("unexpected step: {other:?}"),
            };
        };
        cursor = page.next.clone();
        pages.push(page);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(sorted(&entries(&pages)), ["a/s", "b/s"]);
    let payload: Value = serde_json::from_slice(&entries(&pages)[0].payload).unwrap();
    assert_eq!(
        payload,
        json!({ "company_id": "a", "type": "segment", "id": "s", "name": "Active", "created_at": 1, "updated_at": 2, "person_type": "user" })
    );
    assert_eq!(entries(&pages)[0].updated_at_ms, Some(2_000));
    assert!(pages.last().unwrap().complete_snapshot);
}

#[test]
fn a_scroll_over_parents_goes_on_in_time() {
    let conversation = json!({ "data": [{ "id": "a" }], "scroll_param": "x" });
    let model = Model {
        now: NOON,
        ..Model::default()
    };
    let mut asked = Vec::new();
    let mut state = Model::default();
    let mut at = |now: i64, cursor: Option<Vec<u8>>| {
        let mut operation = ReadPage::new(
            connection(),
            request("company_segments", Selection::All, cursor),
        );
        let moment = Moment {
            unix_ms: now * 1_000,
            elapsed_ms: 0,
            memory: 0,
        };
        let mut input = Input::Start;
        loop {
            input = match operation.step(moment, input) {
                Step::Send(requests, _) => {
                    asked.push(requests[0].target.clone());
                    Input::Answers(requests.iter().map(|_| model.ok(&conversation)).collect())
                }
                Step::Store(changes) => Input::Stored(state.store(changes)),
                Step::Done(output) => return output.unwrap(),
                other => panic!("unexpected step: {other:?}"),
            };
        }
    };
    let first = at(NOON, None);
    let late = at(NOON + 30, first.next.clone());
    assert!(late.entries.is_empty());
    at(NOON + 31, late.next);
    assert_eq!(
        asked,
        [
            "/companies/scroll",
            "/companies/scroll?scroll_param=x",
            "/companies/a/segments"
        ]
    );
}

#[test]
fn every_stream_of_children_has_a_first_request() {
    for stream in STREAMS.iter().filter(|stream| stream.parent.is_some()) {
        let version = stream.versions[0];
        let config = format!(r#"{{"api_version":"{version}"}}"#);
        let mut asked = 0;
        let page = ask(
            NOON,
            &config,
            request(stream.name, Selection::All, None),
            |request| {
                asked += 1;
                assert_conforms(request);
                Model::default().ok(
                    &json!({ "data": [], "conversations": [], "tickets": [], "scroll_param": "x" }),
                )
            },
        );
        assert!(page.is_ok() && asked == 1, "{}", stream.name);
    }
}

#[test]
fn what_was_deleted_is_listed_behind_the_search_and_given_once() {
    let config = r#"{"api_version":"2.16"}"#;
    let row = |id: &str, at: i64| json!({ "id": id, "updated_at": at });
    let gone = |id: &str, at: i64| json!({ "type": "conversation", "id": id, "metrics_retained": false, "deleted_at": at });
    let search = |rows: Value| {
        (
            "/conversations/search",
            json!({ "conversations": rows, "pages": {} }),
        )
    };
    let first = "/conversations/deleted?order=desc&per_page=60&page=1";
    let second = "/conversations/deleted?order=desc&per_page=60&page=2";
    let (pages, asked) = scan_of(
        "conversations",
        config,
        None,
        &vec![search(json!([row("1", NOON - 10)]))],
    );
    assert_eq!(
        asked.len(),
        1,
        "a first reading has given nothing that could be gone"
    );
    let mark = pages.last().unwrap().checkpoint.clone();
    let answers = vec![
        search(json!([])),
        (
            first,
            json!({ "conversations": [gone("9", NOON - 1)], "pages": { "page": 1, "total_pages": 2 } }),
        ),
        (
            second,
            json!({ "conversations": [gone("8", NOON - 5), gone("7", NOON - 90_000)], "pages": { "page": 2, "total_pages": 9 } }),
        ),
    ];
    let (pages, asked) = scan_of("conversations", config, mark, &answers);
    assert_eq!(asked, ["/conversations/search", first, second]);
    let changes: Vec<_> = entries(&pages)
        .iter()
        .map(|entry| (entry.key.clone(), entry.change))
        .collect();
    assert_eq!(
        changes,
        [
            ("9".to_owned(), Change::Delete),
            ("8".to_owned(), Change::Delete)
        ]
    );
    let mark = pages.last().unwrap().checkpoint.clone();
    let (pages, _) = scan_of("conversations", config, mark, &answers);
    assert!(entries(&pages).is_empty(), "{:?}", entries(&pages));
}

#[test]
fn where_deletions_cannot_be_listed_the_scan_ends_with_a_notice() {
    let config = r#"{"api_version":"2.16"}"#;
    let rows = json!({ "conversations": [{ "id": "1", "updated_at": NOON }], "pages": {} });
    let (pages, _) = scan_of(
        "conversations",
        config,
        None,
        &vec![("/conversations/search", rows.clone())],
    );
    let mark = pages.last().unwrap().checkpoint.clone();
    let model = Model {
        now: NOON,
        ..Model::default()
    };
    let walk = |cursor| {
        ask(
            NOON,
            config,
            request("conversations", Selection::All, cursor),
            |request| match request.target.as_str() {
                "/conversations/search" => model.ok(&rows),
                _ => model.respond(
                    403,
                    &json!({ "errors": [{ "code": "api_plan_restricted" }] }),
                ),
            },
        )
        .unwrap()
    };
    let searched = walk(mark);
    let ended = walk(searched.next);
    assert!(ended.next.is_none() && ended.checkpoint.is_some());
    assert_eq!(ended.notices[0].kind, "unavailable");
}

/// The host's clock may be wrong; the mark is the server's time all the same.
#[test]
fn the_servers_clock_says_when_a_walk_over_parents_began() {
    let count = json!({ "data": [], "total_count": 1, "has_more": true });
    let mut answers = contacts(json!([{ "id": "a", "notes": count }]));
    // While the walk went on, somebody wrote a note about another contact.
    let late = json!({ "type": "note", "id": "1", "created_at": NOON + 7_200 });
    answers.push(("/contacts/a/notes?per_page=50", json!({ "data": [late] })));
    let model = Model {
        now: NOON,
        ..Model::default()
    };
    let mut cursor = None;
    loop {
        let page = ask(
            NOON + 86_400,
            "{}",
            request("contact_notes", Selection::All, cursor),
            |request| {
                let found = answers.iter().find(|(path, _)| request.target == *path);
                model.ok(&found.unwrap_or_else(|| panic!("{}", request.target)).1)
            },
        )
        .unwrap();
        cursor = page.next;
        if let Some(checkpoint) = page.checkpoint.filter(|_| cursor.is_none()) {
            let Ok(Position::Mark(mark)) = cursor::decode("contact_notes", &checkpoint) else {
                panic!("no mark");
            };
            assert_eq!(mark.floor(), Some(NOON - LAG_SECONDS));
            return;
        }
    }
}
