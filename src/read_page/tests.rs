//! The paging kinds against a model of Intercom that fits into this file: no server, no sandbox, no clock.

mod children;
mod export;
mod joins;
mod keys;
mod lists;
mod moving;
mod pages;
mod scroll;
mod seconds;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::conformance::assert_conforms;
use crate::contract::connector::{Selection, TimeWindow};
use crate::contract::http::{Error, ErrorKind, Request, Response};
use crate::contract::state::{self, Swapped};
use crate::contract::types::{Change, Entry, FailureKind, Header};
use crate::cursor::{self, ListPosition, Position};
use crate::watermark::LAG_SECONDS;

/// A row of the model: what it is now, and since when the search sees it so.
#[derive(Clone, Debug)]
struct Row {
    id: u32,
    version: u32,
    updated_at: i64,
    visible_at: i64,
}

impl Row {
    fn json(&self) -> Value {
        json!({ "type": "contact", "id": self.id.to_string(), "version": self.version, "updated_at": self.updated_at })
    }
}

/// A workspace: contacts with the search's days and lag, a scroll, and small lists.
#[derive(Default)]
struct Model {
    now: i64,
    /// The time zone, in seconds east of Greenwich.
    zone: i64,
    /// When clocks are changed, and by how many seconds.
    clock_change: Option<(i64, i64)>,
    /// Whether the search for conversations compares days as well.
    in_days: bool,
    /// Every state that a contact had; the search sees the latest visible one.
    rows: Vec<Row>,
    page: usize,
    tags: Vec<Value>,
    scroll: Option<usize>,
    scroll_exists: bool,
    /// Answers to give instead, first one first.
    instead: Vec<Answer>,
    /// What the component keeps with the host.
    state: BTreeMap<String, Vec<u8>>,
    /// Whether the host's state cannot be reached.
    without_state: bool,
}

impl Model {
    fn current(&self) -> Vec<Row> {
        let mut latest: BTreeMap<u32, Row> = BTreeMap::new();
        for row in &self.rows {
            latest.insert(row.id, row.clone());
        }
        latest.into_values().collect()
    }

    fn visible(&self) -> Vec<Row> {
        let mut latest: BTreeMap<u32, Row> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.visible_at <= self.now) {
            latest.insert(row.id, row.clone());
        }
        latest.into_values().collect()
    }

    fn change(&mut self, id: u32, lag: i64) {
        let version = self.rows.iter().filter(|row| row.id == id).count() as u32;
        self.rows.push(Row {
            id,
            version,
            updated_at: self.now,
            visible_at: self.now + lag,
        });
    }

    fn answer(&mut self, request: &Request) -> Answer {
        assert_conforms(request);
        if !self.instead.is_empty() {
            return self.instead.remove(0);
        }
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        match path {
            "/contacts" => self.ok(&self.list(query)),
            "/contacts/search" => {
                let body: Value = serde_json::from_slice(request.body.as_ref().unwrap()).unwrap();
                self.ok(&self.search(&body))
            }
            "/conversations/search" => {
                let body: Value = serde_json::from_slice(request.body.as_ref().unwrap()).unwrap();
                let mut answer = self.search_conversations(&body);
                answer["conversations"] = answer["data"].take();
                self.ok(&answer)
            }
            "/companies/scroll" => self.scroll(query),
            "/tags" => self.ok(&json!({ "type": "list", "data": self.tags })),
            path if path.starts_with("/contacts/") => {
                let id = path.rsplit('/').next().unwrap();
                match self.current().iter().find(|row| row.id.to_string() == id) {
                    Some(row) => self.ok(&row.json()),
                    None => self.respond(
                        404,
                        &json!({ "type": "error.list", "errors": [{ "code": "not_found" }] }),
                    ),
                }
            }
            _ => panic!("unexpected request: {path}"),
        }
    }

    fn store(&mut self, changes: Vec<state::Change>) -> Option<Swapped> {
        if self.without_state {
            return None;
        }
        for change in changes {
            let there = self.state.get(&change.key).cloned();
            if there != change.expected {
                let key = change.key;
                return Some(Swapped::Stale(vec![state::Current { key, value: there }]));
            }
            match change.value {
                Some(value) => {
                    assert!(change.ttl_ms.is_some());
                    self.state.insert(change.key, value);
                }
                None => drop(self.state.remove(&change.key)),
            }
        }
        Some(Swapped::Done)
    }

    fn ok(&self, body: &Value) -> Answer {
        self.respond(200, body)
    }

    fn respond(&self, status: u16, body: &Value) -> Answer {
        let date = httpdate::fmt_http_date(
            std::time::UNIX_EPOCH + std::time::Duration::from_secs(self.now as u64),
        );
        let headers = vec![Header {
            name: "Date".into(),
            value: date,
        }];
        Ok(Response {
            status,
            headers,
            body: body.to_string().into_bytes(),
        })
    }

    fn paged(&self, mut rows: Vec<Row>, after: Option<&str>, descending: bool) -> Value {
        let sign = if descending { -1 } else { 1 };
        rows.sort_by_key(|row| (sign * row.updated_at, row.id));
        if let Some(after) = after {
            let (at, id) = after.split_once('.').unwrap();
            let place = (at.parse::<i64>().unwrap(), id.parse::<u32>().unwrap());
            rows.retain(|row| (sign * row.updated_at, row.id) > place);
        }
        let next = rows.get(self.page - 1).filter(|_| rows.len() > self.page);
        let mut body = json!({ "type": "list", "pages": { "type": "pages" } });
        if let Some(last) = next {
            body["pages"]["next"] =
                json!({ "starting_after": format!("{}.{}", sign * last.updated_at, last.id) });
        }
        rows.truncate(self.page);
        body["data"] = rows.iter().map(Row::json).collect();
        body
    }

    /// The list has no lag; rows that change jump to its front.
    fn list(&self, query: &str) -> Value {
        let after = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("starting_after="));
        self.paged(self.current(), after, true)
    }

    fn search(&self, body: &Value) -> Value {
        assert_eq!(body["query"]["operator"], ">");
        assert_eq!(
            body["sort"],
            json!({ "field": "updated_at", "order": "ascending" })
        );
        let bound = body["query"]["value"].as_i64().unwrap();
        let rows = self
            .visible()
            .into_iter()
            .filter(|row| self.day(row.updated_at) > self.day(bound))
            .collect();
        self.paged(rows, body["pagination"]["starting_after"].as_str(), false)
    }

    /// To the second, or by days after all.
    fn search_conversations(&self, body: &Value) -> Value {
        assert_eq!(body["query"]["operator"], "OR");
        let conditions = body["query"]["value"].as_array().unwrap();
        let unit = |at: i64| if self.in_days { self.day(at) } else { at };
        let holds = |row: &Row, condition: &Value| {
            let bound = unit(condition["value"].as_i64().unwrap());
            match condition["operator"].as_str() {
                Some(">") => unit(row.updated_at) > bound,
                Some("=") => unit(row.updated_at) == bound,
                other => panic!("{other:?}"),
            }
        };
        let rows = self
            .visible()
            .into_iter()
            .filter(|row| conditions.iter().any(|condition| holds(row, condition)))
            .collect();
        self.paged(rows, body["pagination"]["starting_after"].as_str(), false)
    }

    /// The day of a second in the workspace's time zone.
    fn day(&self, at: i64) -> i64 {
        let changed = self.clock_change.filter(|(changed, _)| at >= *changed);
        let zone = self.zone + changed.map_or(0, |(_, by)| by);
        (at + zone).div_euclid(86_400)
    }

    fn scroll(&mut self, query: &str) -> Answer {
        let error = |status: u16, code: &str| {
            self.respond(
                status,
                &json!({ "type": "error.list", "errors": [{ "code": code, "message": "m" }] }),
            )
        };
        let start = match (query.strip_prefix("scroll_param="), self.scroll) {
            (None, _) if self.scroll_exists => return error(400, "scroll_exists"),
            (None, _) => 0,
            (Some(_), Some(at)) => at,
            (Some(_), None) => return error(404, "not_found"),
        };
        let rows: Vec<Value> = self
            .current()
            .iter()
            .skip(start)
            .take(self.page)
            .map(Row::json)
            .collect();
        self.scroll = (!rows.is_empty()).then_some(start + rows.len());
        self.ok(&json!({ "type": "list", "data": rows, "pages": null, "total_count": null, "scroll_param": "s" }))
    }
}

fn connection() -> Connection {
    Connection {
        config: b"{}".to_vec(),
        mapping: None,
        triggers: None,
        account: None,
        prepared: None,
    }
}

fn request(stream: &str, selection: Selection, cursor: Option<Vec<u8>>) -> PageRequest {
    PageRequest {
        stream: stream.to_owned(),
        selection,
        filter: None,
        cursor,
        max_entries: 1_000,
        max_bytes: 64 << 20,
        time_budget_ms: 1_000,
    }
}

fn page(model: &mut Model, request: PageRequest) -> Result<Page, Failure> {
    let mut operation = ReadPage::new(connection(), request);
    let moment = Moment {
        unix_ms: model.now * 1_000,
        elapsed_ms: 0,
        memory: 0,
    };
    let mut input = Input::Start;
    loop {
        match operation.step(moment, input) {
            Step::Send(requests, _) => {
                input = Input::Answers(requests.iter().map(|one| model.answer(one)).collect())
            }
            Step::Store(changes) => input = Input::Stored(model.store(changes)),
            Step::Load(key) => input = Input::Loaded(model.state.get(&key).cloned()),
            Step::Done(output) => return output,
        }
    }
}

/// Reads a stream to the end of a scan as a host would; `between` runs after each page.
fn scan(
    model: &mut Model,
    stream: &str,
    selection: Selection,
    mut cursor: Option<Vec<u8>>,
    mut between: impl FnMut(&mut Model),
) -> (Vec<Entry>, Vec<u8>) {
    let mut entries = Vec::new();
    for _ in 0..10_000 {
        let page = page(model, request(stream, selection.clone(), cursor)).unwrap();
        if page.restarted {
            entries.clear();
        }
        entries.extend(page.entries);
        between(model);
        match page.next {
            Some(next) => cursor = Some(next),
            None => return (entries, page.checkpoint.unwrap()),
        }
    }
    panic!("the scan does not end");
}

fn version(entry: &Entry) -> (String, u64) {
    let payload: Value = serde_json::from_slice(&entry.payload).unwrap();
    (entry.key.clone(), payload["version"].as_u64().unwrap())
}

fn keys(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.key.as_str()).collect()
}

const NOON: i64 = 1_719_489_600;

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// Whatever changes at whatever second of a year, in whatever time zone, around a change of clocks or not, and with
    /// whatever lag up to the declared one: every state that lasted until a sync saw it is given, and no state is given
    /// twice. Searches that compare days, searches that compare seconds, and one that was thought to compare seconds.
    #[test]
    fn every_change_is_given_exactly_once(
        (stream, in_days) in prop_oneof![Just(("contacts", true)), Just(("conversations", false)), Just(("conversations", true))],
        half_hours in -22i64..=28,
        clock_change in prop::option::of((-90_000i64..400_000, prop_oneof![Just(3_600i64), Just(-3_600), Just(-7_200)])),
        page_size in 1usize..5,
        steps in prop::collection::vec((0u32..12, 0i64..40_000, 0..=LAG_SECONDS, 0u8..4), 1..40),
        start in 0i64..366 * 86_400,
    ) {
        let now = NOON + start;
        let mut model = Model {
            now,
            zone: half_hours * 1_800,
            clock_change: clock_change.map(|(after, by)| (now + after, by)),
            in_days,
            page: page_size,
            ..Model::default()
        };
        let mut given: BTreeSet<(String, u64)> = BTreeSet::new();
        let mut cursor = None;
        for (id, pause, lag, action) in steps {
            model.now += pause;
            if action < 3 {
                model.change(id, lag);
            } else {
                let (entries, next) = scan(&mut model, stream, Selection::All, cursor.take(), |_| {});
                for entry in &entries {
                    prop_assert!(given.insert(version(entry)), "given twice: {:?}", version(entry));
                }
                cursor = Some(next);
            }
        }
        // When everything is visible, one more sync completes the copy.
        model.now += LAG_SECONDS + 1;
        let (entries, _) = scan(&mut model, stream, Selection::All, cursor, |_| {});
        for entry in &entries {
            prop_assert!(given.insert(version(entry)), "given twice: {:?}", version(entry));
        }
        for row in model.current() {
            prop_assert!(given.contains(&(row.id.to_string(), u64::from(row.version))), "lost: {row:?}");
        }
    }

    /// Rows that change while a scan walks are not lost, and no state is given twice.
    #[test]
    fn changes_during_a_walk_are_not_lost(
        page_size in 1usize..4,
        rows in 1u32..20,
        changes in prop::collection::vec((0u32..20, 0i64..120), 0..40),
    ) {
        let mut model = Model { now: NOON, page: page_size, ..Model::default() };
        for id in 0..rows {
            model.now += 7;
            model.change(id, 0);
        }
        let mut changes = changes.into_iter();
        let (entries, cursor) = scan(&mut model, "contacts", Selection::All, None, |model| {
            if let Some((id, pause)) = changes.next() {
                model.now += pause;
                model.change(id % rows, 0);
            }
        });
        let mut given: BTreeSet<(String, u64)> = BTreeSet::new();
        for entry in &entries {
            prop_assert!(given.insert(version(entry)), "given twice: {:?}", version(entry));
        }
        let (more, _) = scan(&mut model, "contacts", Selection::All, Some(cursor), |_| {});
        for entry in &more {
            prop_assert!(given.insert(version(entry)), "given twice: {:?}", version(entry));
        }
        for row in model.current() {
            prop_assert!(given.contains(&(row.id.to_string(), u64::from(row.version))), "lost: {row:?}");
        }
    }

    /// Nothing that a server or a host hands in makes the core panic.
    #[test]
    fn no_body_and_no_cursor_is_a_crash(
        body in prop::collection::vec(any::<u8>(), 0..200),
        cursor in prop::option::of(prop::collection::vec(any::<u8>(), 0..100)),
        status in 100u16..600,
        stream in 0..crate::intercom::streams::STREAMS.len(),
    ) {
        let name = crate::intercom::streams::STREAMS[stream].name;
        let mut model = Model { now: NOON, page: 1, ..Model::default() };
        model.instead = vec![Ok(Response { status, headers: Vec::new(), body })];
        let _ = page(&mut model, request(name, Selection::All, cursor));
    }
}

#[test]
fn bad_requests_are_named() {
    let mut model = Model {
        now: NOON,
        page: 1,
        ..Model::default()
    };
    let mut code = |request: PageRequest| page(&mut model, request).unwrap_err().code;
    assert_eq!(
        code(request("contcts", Selection::All, None)),
        "unknown_stream"
    );
    assert_eq!(
        code(request("contacts", Selection::All, Some(b"9".to_vec()))),
        "unreadable_cursor"
    );
    assert_eq!(
        code(request(
            "tags",
            Selection::All,
            Some(cursor::encode("tags", &Position::Keys(0)))
        )),
        "unreadable_cursor"
    );
    let filtered = PageRequest {
        filter: Some(br#"{"role":"user"}"#.to_vec()),
        ..request("tags", Selection::All, None)
    };
    assert_eq!(code(filtered), "invalid_filter");
    assert_eq!(
        code(request(
            "conversation_parts",
            Selection::Keys(vec!["1".to_owned()]),
            None
        )),
        "no_keys"
    );
    assert_eq!(
        code(request("macros", Selection::All, None)),
        "not_in_version"
    );
    model.instead = vec![Ok(Response {
        status: 200,
        headers: Vec::new(),
        body: br#"{"data":[{"id":"1"}],"pages":{"next":{"starting_after":"same"}}}"#.to_vec(),
    })];
    let standing = ListPosition {
        after: Some("same".into()),
        ..ListPosition::default()
    };
    let standing = cursor::encode("contacts", &Position::List(standing));
    let failure = page(
        &mut model,
        request("contacts", Selection::All, Some(standing)),
    )
    .unwrap_err();
    assert_eq!(
        (failure.kind, failure.code.as_str()),
        (FailureKind::Drift, "cursor_stands_still")
    );
}
