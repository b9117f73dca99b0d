//! An action, options and rows for tests.

use std::ops::Range;
use std::time::Duration;

use super::WriteOptions;
use crate::contract::connector::{ActionDescriptor, Rehearsal, Row};
use crate::runner::RetryPolicy;

/// An action that takes so many rows at a time.
pub(super) fn action(batch_limit: u32) -> ActionDescriptor {
    ActionDescriptor {
        name: "notes".to_owned(),
        modes: vec!["create".to_owned()],
        input_schema: b"{}".to_vec(),
        batch_limit,
        replay_safe: false,
        permission: None,
    }
}

/// Options that wait for nothing.
pub(super) fn options(batch_id: &str) -> WriteOptions {
    WriteOptions {
        mode: None,
        batch_id: batch_id.to_owned(),
        rehearsal: Rehearsal::Off,
        tries: 2,
        time_budget: Duration::from_secs(60),
        retry: RetryPolicy {
            time_scale: 1e9,
            ..RetryPolicy::default()
        },
    }
}

/// Rows whose keys are these numbers.
pub(super) fn rows(numbers: Range<usize>) -> Vec<Row> {
    let row = |number: usize| Row {
        key: number.to_string(),
        document: b"{}".to_vec(),
        attempt: 0,
        base_updated_at_ms: None,
    };
    numbers.map(row).collect()
}
