//! Writes rows through an action, in batches of its size, and gives rows that were put off another try.

mod outcomes;
mod rejected;
mod rows;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::alerts::{AlertKind, Event};
use crate::call::CallError;
use crate::contract::connector::{ActionDescriptor, Batch, Outcome, OutcomeStatus, Rehearsal, Row};
use crate::contract::types::{Failure, FailureKind};
use crate::plugin::Plugin;
use crate::runner::RetryPolicy;
use crate::tenant::Tenant;

pub use self::outcomes::{kind_name, name_of, outcome_json};
pub use self::rejected::RejectedRows;
pub use self::rows::{RowProblems, parse_rows};

/// How to write.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// A mode of the action; absent: its default.
    pub mode: Option<String>,
    /// Names the whole write; each batch has a part of it.
    pub batch_id: String,
    /// Whether to write at all.
    pub rehearsal: Rehearsal,
    /// How often rows that were put off are tried again while none of them is written.
    pub tries: u32,
    /// How long one call may take.
    pub time_budget: Duration,
    /// How to wait in between.
    pub retry: RetryPolicy,
}

/// What came of all rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteReport {
    /// Rows by the name of their outcome.
    pub counts: BTreeMap<&'static str, u64>,
    /// Calls.
    pub batches: u64,
    /// Why rows were left out at the end. Absent when all were tried.
    pub stopped: Option<String>,
}

impl WriteReport {
    /// Rows with an outcome.
    pub fn rows(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The rows of one outcome.
    pub fn count(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or(0)
    }

    /// Whether every row is as it should be.
    pub fn is_complete(&self) -> bool {
        self.stopped.is_none() && self.count("failed") == 0 && self.count("deferred") == 0
    }

    /// Whether any row is as it should be.
    pub fn has_success(&self) -> bool {
        self.rows() > self.count("failed") + self.count("deferred")
    }
}

/// Writes rows.
pub struct Writer<'a> {
    /// The component.
    pub plugin: &'a Plugin,
    /// The connection.
    pub tenant: &'a Tenant,
    /// The action.
    pub action: &'a ActionDescriptor,
    /// How.
    pub options: &'a WriteOptions,
}

impl Writer<'_> {
    /// Writes rows; `settled` gets the final outcomes of each batch, in the order of its rows. Its error ends the
    /// writing.
    pub async fn run<E>(
        &self,
        rows: Vec<Row>,
        mut settled: impl FnMut(&[Outcome]) -> Result<(), E>,
    ) -> Result<WriteReport, E> {
        let mut report = WriteReport::default();
        let size = usize::try_from(self.action.batch_limit)
            .unwrap_or(usize::MAX)
            .max(1);
        let count = rows.len();
        let several = count > size;
        for (number, rows) in rows.chunks(size).enumerate() {
            // The part of a row in the name depends on the rows before it only: the same input gives the same names.
            let id = match several {
                true => format!("{}.{number}", self.options.batch_id),
                false => self.options.batch_id.clone(),
            };
            match self.batch(&id, rows, &mut report).await {
                Ok(outcomes) => {
                    let metrics = &self.tenant.observers().metrics;
                    for outcome in &outcomes {
                        let name = name_of(&outcome.status);
                        *report.counts.entry(name).or_default() += 1;
                        if self.options.rehearsal == Rehearsal::Off {
                            metrics.rows_written(&self.action.name, name, 1);
                        }
                    }
                    settled(&outcomes)?;
                    if let Some(failure) = all_fail_alike(&outcomes) {
                        let rest = match (number + 1) * size < count {
                            true => ", so that the rest is not tried",
                            false => "",
                        };
                        report.stopped = Some(format!(
                            "batch {id}: every row fails alike{rest}: {} ({})",
                            failure.message, failure.code
                        ));
                        break;
                    }
                }
                Err(error) => {
                    report.stopped = Some(format!("batch {id}: {error}"));
                    break;
                }
            }
        }
        self.tell_end(report.stopped.as_deref());
        Ok(report)
    }

    /// Tells who wants to know whether the action works.
    fn tell_end(&self, stopped: Option<&str>) {
        let subject = format!("write {}", self.action.name);
        let alerts = &self.tenant.observers().alerts;
        alerts.event(match stopped {
            Some(reason) => Event::bad(AlertKind::Failure, &subject, "stopped", reason),
            None => Event::good(AlertKind::Failure, &subject),
        });
    }

    /// One batch, until every row has an outcome that another try would not better.
    async fn batch(
        &self,
        id: &str,
        rows: &[Row],
        report: &mut WriteReport,
    ) -> Result<Vec<Outcome>, CallError> {
        let mut outcomes: Vec<Option<Outcome>> = vec![None; rows.len()];
        let tries = usize::try_from(self.options.tries).unwrap_or(usize::MAX);
        let mut waits = self.options.retry.waits();
        for attempt in 0.. {
            let open: Vec<usize> = (0..rows.len())
                .filter(|index| outcomes[*index].as_ref().is_none_or(is_worth_another_try))
                .collect();
            if open.is_empty() {
                break;
            }
            let given = open.iter().map(|index| Row {
                attempt,
                ..rows[*index].clone()
            });
            let batch = self.part(id, given.collect());
            report.batches += 1;
            let provider = match self.plugin.write_batch(self.tenant, &batch).await {
                Ok(answers) => {
                    if answers.iter().any(|answer| !is_worth_another_try(answer)) {
                        // Something goes on: what is left gets all its tries anew.
                        waits = self.options.retry.waits();
                    }
                    for (index, answer) in open.iter().zip(answers) {
                        outcomes[*index] = Some(answer);
                    }
                    match longest_wait(outcomes.iter().flatten()) {
                        Some(wait) => wait,
                        None => break,
                    }
                }
                Err(error) if !passes(&error) => return Err(error),
                Err(error) => {
                    let Some(wait) = waits.next(tries, error.retry_after()) else {
                        return Err(error);
                    };
                    tracing::warn!("writing again: {error}");
                    self.options.retry.pause(wait).await;
                    continue;
                }
            };
            let Some(wait) = waits.next(tries, Some(provider)) else {
                break;
            };
            self.options.retry.pause(wait).await;
        }
        Ok(outcomes.into_iter().flatten().collect())
    }

    fn part(&self, id: &str, rows: Vec<Row>) -> Batch {
        let options = self.options;
        Batch {
            action: self.action.name.clone(),
            mode: options.mode.clone(),
            id: id.to_owned(),
            rows,
            time_budget_ms: u64::try_from(options.time_budget.as_millis()).unwrap_or(u64::MAX),
            rehearsal: options.rehearsal,
        }
    }
}

fn failure_of(outcome: &Outcome) -> Option<&Failure> {
    match &outcome.status {
        OutcomeStatus::Failed(failure) | OutcomeStatus::Deferred(failure) => Some(failure),
        _ => None,
    }
}

/// The failure of a batch none of whose rows could be written, all of them for the same reason, and not for one that a
/// row has by itself.
fn all_fail_alike(outcomes: &[Outcome]) -> Option<&Failure> {
    let (first, others) = outcomes.split_first()?;
    let first = failure_of(first).filter(|failure| {
        !matches!(
            failure.kind,
            FailureKind::InvalidInput | FailureKind::NotFound | FailureKind::Conflict
        )
    })?;
    let alike = |other: &Failure| (other.kind, &other.code) == (first.kind, &first.code);
    let all = others
        .iter()
        .all(|outcome| failure_of(outcome).is_some_and(alike));
    Some(first).filter(|_| all)
}

/// Whether a failure of a whole batch, in which nothing was written, may be gone at the next try.
pub fn passes(error: &CallError) -> bool {
    match error {
        CallError::Failure(failure) => passes_by_itself(failure),
        // What a broken call wrote is in the journal, or the action can be repeated.
        CallError::Trapped { .. } | CallError::TimedOut { .. } => true,
        CallError::LimitReached { .. } | CallError::Host { .. } => false,
    }
}

fn passes_by_itself(failure: &Failure) -> bool {
    matches!(
        failure.kind,
        FailureKind::Transient | FailureKind::RateLimited
    )
}

/// Whether a row that has this outcome should be given again.
pub fn is_worth_another_try(outcome: &Outcome) -> bool {
    match &outcome.status {
        OutcomeStatus::Deferred(_) => true,
        // Where the write may have been applied, only the component can say that it is safe, by deferring the row.
        OutcomeStatus::Failed(failure) => passes_by_itself(failure) && !failure.maybe_applied,
        _ => false,
    }
}

/// How long the open rows want to wait; `None` when no row is open.
fn longest_wait<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Option<Duration> {
    outcomes
        .filter(|outcome| is_worth_another_try(outcome))
        .filter_map(failure_of)
        .map(|failure| Duration::from_millis(failure.retry_after_ms.unwrap_or_default()))
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(kind: FailureKind, maybe_applied: bool) -> Failure {
        Failure {
            kind,
            code: "c".to_owned(),
            message: "m".to_owned(),
            retry_after_ms: Some(70),
            maybe_applied,
            request_id: None,
            problems: Vec::new(),
        }
    }

    fn outcome(status: OutcomeStatus) -> Outcome {
        Outcome {
            key: "1".to_owned(),
            status,
            object_id: None,
            request_id: None,
            planned: Vec::new(),
        }
    }

    #[test]
    fn only_what_is_safe_and_may_pass_is_tried_again() {
        let again = |status| is_worth_another_try(&outcome(status));
        assert!(again(OutcomeStatus::Deferred(failure(
            FailureKind::Transient,
            true
        ))));
        assert!(again(OutcomeStatus::Failed(failure(
            FailureKind::Transient,
            false
        ))));
        assert!(!again(OutcomeStatus::Failed(failure(
            FailureKind::Transient,
            true
        ))));
        assert!(!again(OutcomeStatus::Failed(failure(
            FailureKind::InvalidInput,
            false
        ))));
        assert!(!again(OutcomeStatus::Created));
    }

    #[test]
    fn a_report_is_as_good_as_its_rows() {
        let mut report = WriteReport::default();
        report.counts.insert("created", 2);
        assert!(report.is_complete() && report.has_success());
        report.counts.insert("failed", 1);
        assert!(!report.is_complete() && report.has_success());
        report.counts.remove("created");
        assert!(!report.has_success());
    }
}
