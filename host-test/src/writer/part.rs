//! Rows on their way, and what is known of each.

use std::time::Instant;

use super::{BatchRows, WriteOptions, is_worth_another_try, waits_for_something};
use crate::call::{CallError, HostError};
use crate::contract::connector::{Outcome, OutcomeStatus, Rehearsal, Row};
use crate::contract::types::{Failure, FailureKind};
use crate::limits::Limit;
use crate::runner::Waits;

/// A batch on its way, or some of its rows.
pub(super) struct Part {
    /// The batch's name.
    pub(super) id: String,
    /// What is known of each row.
    rows: Vec<Underway>,
    /// How often it was given.
    pub(super) attempt: u32,
    /// How long to wait before it is given again.
    pub(super) waits: Waits,
    /// When it is given again.
    pub(super) due: Instant,
    /// Whether these are all rows of the batch.
    pub(super) whole: bool,
}

struct Underway {
    row: Row,
    outcome: Option<Outcome>,
    /// Why nobody knows whether the row was written: its call broke off.
    doubt: Option<Failure>,
}

impl Part {
    /// A batch that was not given yet.
    pub(super) fn of(batch: BatchRows, options: &WriteOptions) -> Part {
        let underway = |row| Underway {
            row,
            outcome: None,
            doubt: None,
        };
        Part {
            id: batch.id,
            rows: batch.rows.into_iter().map(underway).collect(),
            attempt: 0,
            waits: options.retry.waits(),
            due: Instant::now(),
            whole: true,
        }
    }

    /// The rows that another try may better. What is not there yet does not come while nothing is written.
    pub(super) fn open(&self, rehearsal: Rehearsal) -> Vec<usize> {
        let rehearses = rehearsal != Rehearsal::Off;
        let is_open = |outcome: &Outcome| {
            is_worth_another_try(outcome) && !(rehearses && waits_for_something(outcome))
        };
        let rows = self.rows.iter().enumerate();
        rows.filter(|(_, row)| row.outcome.as_ref().is_none_or(is_open))
            .map(|(place, _)| place)
            .collect()
    }

    /// These rows, to be given.
    pub(super) fn given(&self, places: &[usize]) -> Vec<Row> {
        let given = places.iter().map(|place| Row {
            attempt: self.attempt,
            ..self.rows[*place].row.clone()
        });
        given.collect()
    }

    /// The outcomes of these rows, as far as they have one.
    pub(super) fn outcomes_of(&self, places: &[usize]) -> impl Iterator<Item = &Outcome> {
        let outcomes = places
            .iter()
            .map(|place| self.rows[*place].outcome.as_ref());
        outcomes.flatten()
    }

    /// Takes over what became of these rows.
    pub(super) fn answer(&mut self, places: &[usize], answers: Vec<Outcome>) {
        for (place, answer) in places.iter().zip(answers) {
            self.rows[*place].outcome = Some(answer);
            self.rows[*place].doubt = None;
        }
    }

    /// The call that was given these rows has no result.
    pub(super) fn no_answer(&mut self, places: &[usize], error: &CallError) {
        if may_have_written(error) {
            for place in places {
                self.rows[*place].doubt = Some(broken_off(error));
            }
        }
    }

    /// Half of the open rows, and the other half behind it. The component knows by the batch's name what it did of them.
    pub(super) fn halves(mut self, open: &[usize], options: &WriteOptions) -> [Part; 2] {
        let middle = open.get(open.len() / 2).copied();
        let rest = Part {
            id: self.id.clone(),
            rows: self.rows.split_off(middle.unwrap_or(self.rows.len())),
            attempt: self.attempt,
            waits: options.retry.waits(),
            due: self.due,
            whole: false,
        };
        self.waits = options.retry.waits();
        self.whole = false;
        [self, rest]
    }

    /// What became of the rows; of whom nobody knows it, that. Rows that were not tried have no outcome.
    pub(super) fn into_outcomes(self) -> Vec<Outcome> {
        let rows = self.rows.into_iter();
        rows.filter_map(|row| match row.doubt {
            Some(failure) => Some(Outcome {
                key: row.row.key,
                status: OutcomeStatus::Failed(failure),
                object_id: None,
                request_id: None,
                planned: Vec::new(),
            }),
            None => row.outcome,
        })
        .collect()
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}

/// Whether a call without a result may have written something.
fn may_have_written(error: &CallError) -> bool {
    match error {
        CallError::Trapped { .. } | CallError::TimedOut { .. } => true,
        CallError::LimitReached { limit, .. } => *limit != Limit::ConcurrentCalls,
        CallError::Host { error, .. } => !matches!(error, HostError::NoInstance(_)),
        // The contract: then nothing was written.
        CallError::Failure(_) => false,
    }
}

/// The failure of rows of which nobody knows whether they were written.
fn broken_off(error: &CallError) -> Failure {
    Failure {
        kind: match error {
            // The row's own: others may be smaller.
            CallError::LimitReached { .. } => FailureKind::InvalidInput,
            _ => FailureKind::Bug,
        },
        code: "broken_off".to_owned(),
        message: error.to_string(),
        retry_after_ms: None,
        maybe_applied: true,
        request_id: None,
        problems: Vec::new(),
    }
}
