//! What was asked of a workspace, and how it was answered.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// How many requests are remembered one by one.
const REMEMBERED: usize = 100_000;

/// One request to the API; requests to the control door are not logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestLogEntry {
    /// HTTP method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Query as it was sent, without the question mark; empty when there was none.
    pub query: String,
    /// HTTP status of the answer; 0 when the connection was reset before one.
    pub status: u16,
    /// When it arrived, in Unix milliseconds of the workspace's clock.
    pub at: i64,
}

#[derive(Debug, Default)]
pub(crate) struct RequestLog(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    entries: VecDeque<RequestLogEntry>,
    total: u64,
    by_operation: BTreeMap<String, u64>,
}

impl RequestLog {
    /// Logs a request; `operation` is its method and path pattern.
    pub(crate) fn push(&self, entry: RequestLogEntry, operation: String) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.total += 1;
        *log.by_operation.entry(operation).or_default() += 1;
        if log.entries.len() == REMEMBERED {
            log.entries.pop_front();
        }
        log.entries.push_back(entry);
    }

    /// The remembered requests, oldest first.
    pub(crate) fn entries(&self) -> Vec<RequestLogEntry> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.entries.iter().cloned().collect()
    }

    /// How many requests there were.
    pub(crate) fn total(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).total
    }

    /// How many requests there were of each operation.
    pub(crate) fn totals(&self) -> BTreeMap<String, u64> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.by_operation.clone()
    }
}
