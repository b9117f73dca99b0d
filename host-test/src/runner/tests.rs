#![allow(clippy::unwrap_used, clippy::panic)]

mod beside;
mod failures;
mod notices;
mod positions;
mod sweeps;
mod whole_rows;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::*;
use crate::call::CallError;
use crate::contract::connector::{
    Formats, Page, PageRequest, RatePolicy, Selection, StreamModes, TimeWindow,
};
use crate::contract::types::{Change, Entry, Failure, FailureKind, Notice, Problem};
use crate::output::JsonLines;
use crate::position::{Position, StoredSelection};
use crate::progress::Silent;
use crate::report::SweepReport;
use crate::tenant::Usage;

/// Gives prepared answers and keeps the requests.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Result<Page, CallError>>>,
    requests: Mutex<Vec<PageRequest>>,
    api_version: Option<String>,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = Result<Page, CallError>>) -> Script {
        Script {
            answers: Mutex::new(answers.into_iter().collect()),
            ..Script::default()
        }
    }

    fn requests(&self) -> Vec<PageRequest> {
        let requests = self.requests.lock();
        requests.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl PageSource for Script {
    async fn read_page(&self, request: &PageRequest) -> Result<Page, CallError> {
        let lock = self.requests.lock();
        lock.unwrap_or_else(PoisonError::into_inner)
            .push(request.clone());
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers
            .pop_front()
            .unwrap_or_else(|| panic!("the script is at its end: {request:?}"))
    }

    fn usage(&self) -> Usage {
        Usage {
            requests: self.requests().len() as u64,
            ..Usage::default()
        }
    }

    fn workspace_id(&self) -> Option<String> {
        Some("w".to_owned())
    }

    fn api_version(&self) -> Option<String> {
        self.api_version.clone()
    }
}

pub(super) fn stream(name: &str, modes: StreamModes) -> StreamDescriptor {
    StreamDescriptor {
        name: name.to_owned(),
        key: vec!["id".to_owned()],
        cursor_field: None,
        modes,
        parent: None,
        exclusive: name == "companies",
        schema_version: 1,
        schema: b"{}".to_vec(),
        permission: None,
        api_versions: vec!["2.11".to_owned()],
    }
}

fn descriptor(reads: &[u8], writes: u8) -> Descriptor {
    let formats = Formats {
        reads: reads.to_vec(),
        writes,
    };
    Descriptor {
        name: "test".to_owned(),
        version: "1.0.0".to_owned(),
        cursor_formats: formats.clone(),
        state_formats: formats.clone(),
        prepared_formats: formats,
        api_versions: vec!["2.11".to_owned()],
        default_api_version: "2.11".to_owned(),
        auth_methods: Vec::new(),
        config_schema: b"{}".to_vec(),
        endpoints: Vec::new(),
        rate_policy: RatePolicy {
            scope: "app".to_owned(),
            limit_header: None,
            remaining_header: None,
            reset_header: None,
            window_ms: 1,
            default_limit: 1,
        },
        streams: vec![
            stream("contacts", StreamModes::FULL | StreamModes::INCREMENTAL),
            stream("companies", StreamModes::FULL | StreamModes::INCREMENTAL),
            stream("tags", StreamModes::FULL),
        ],
        mapping_presets: Vec::new(),
        actions: Vec::new(),
        webhooks: None,
        topics: Vec::new(),
    }
}

fn page(keys: &[&str], next: Option<&str>, checkpoint: Option<&str>) -> Result<Page, CallError> {
    Ok(Page {
        entries: keys
            .iter()
            .map(|key| Entry {
                stream: "contacts".to_owned(),
                key: (*key).to_owned(),
                updated_at_ms: None,
                change: Change::Upsert,
                reason: None,
                successor: None,
                payload: b"{}".to_vec(),
            })
            .collect(),
        intents: Vec::new(),
        next: next.map(|text| text.as_bytes().to_vec()),
        checkpoint: checkpoint.map(|text| text.as_bytes().to_vec()),
        restarted: false,
        retry_after_ms: None,
        notices: Vec::new(),
        complete_snapshot: false,
    })
}

fn failure(kind: FailureKind, code: &str) -> Result<Page, CallError> {
    Err(CallError::Failure(Failure {
        kind,
        code: code.to_owned(),
        message: "it says".to_owned(),
        retry_after_ms: None,
        maybe_applied: false,
        request_id: None,
        problems: Vec::new(),
    }))
}

fn options() -> RunOptions {
    RunOptions {
        retry: RetryPolicy {
            time_scale: 10_000.0,
            ..RetryPolicy::default()
        },
        ..RunOptions::default()
    }
}

/// A component, and a folder that its entries go to.
struct Place {
    directory: written::Folder,
    descriptor: Descriptor,
}

impl Place {
    fn new() -> Place {
        Place {
            directory: written::Folder::new(),
            descriptor: descriptor(b"1", b'1'),
        }
    }

    fn output(&self) -> JsonLines {
        let directory = self.directory.path();
        JsonLines::open(directory, &directory.join(".state.json")).unwrap()
    }

    async fn run(&self, script: &Script, options: &RunOptions, streams: &[&str]) -> RunReport {
        let streams: Vec<String> = streams.iter().map(|name| (*name).to_owned()).collect();
        Runner::new(script, &self.descriptor, options, &Silent)
            .run(&streams, &mut self.output())
            .await
            .unwrap()
    }

    /// A run of the one stream that most tests are about.
    async fn contacts(&self, script: &Script) -> RunReport {
        self.run(script, &options(), &["contacts"]).await
    }

    /// How many lines of it there are.
    fn lines(&self) -> usize {
        std::fs::read_to_string(self.directory.path().join("contacts.jsonl"))
            .unwrap_or_default()
            .lines()
            .count()
    }
}

fn cursors(script: &Script) -> Vec<Option<String>> {
    script
        .requests()
        .into_iter()
        .map(|request| {
            request
                .cursor
                .map(|cursor| String::from_utf8(cursor).unwrap())
        })
        .collect()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}
