//! Writes rows through an action, in batches of its size, and gives rows that were put off another try.

mod rejected;
mod rows;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::call::CallError;
use crate::contract::connector::{ActionDescriptor, Batch, Outcome, OutcomeStatus, Rehearsal, Row};
use crate::contract::types::{Failure, FailureKind, Problem};
use crate::plugin::Plugin;
use crate::runner::RetryPolicy;
use crate::tenant::Tenant;

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
    /// How often a row that was put off is tried again.
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
        let several = rows.len() > size;
        for (number, rows) in rows.chunks(size).enumerate() {
            // The part of a row in the name depends on the rows before it only: the same input gives the same names.
            let id = match several {
                true => format!("{}.{number}", self.options.batch_id),
                false => self.options.batch_id.clone(),
            };
            match self.batch(&id, rows, &mut report).await {
                Ok(outcomes) => {
                    for outcome in &outcomes {
                        *report.counts.entry(name_of(&outcome.status)).or_default() += 1;
                    }
                    settled(&outcomes)?;
                }
                Err(error) => {
                    report.stopped = Some(format!("batch {id}: {error}"));
                    break;
                }
            }
        }
        Ok(report)
    }

    /// One batch, until every row has an outcome that another try would not better.
    async fn batch(
        &self,
        id: &str,
        rows: &[Row],
        report: &mut WriteReport,
    ) -> Result<Vec<Outcome>, CallError> {
        let mut outcomes: Vec<Option<Outcome>> = vec![None; rows.len()];
        let mut waits = self.options.retry.waits();
        for attempt in 0..=self.options.tries {
            let open: Vec<usize> = (0..rows.len())
                .filter(|index| outcomes[*index].as_ref().is_none_or(is_worth_another_try))
                .collect();
            if open.is_empty() {
                break;
            }
            let batch = Batch {
                action: self.action.name.clone(),
                mode: self.options.mode.clone(),
                id: id.to_owned(),
                rows: open
                    .iter()
                    .map(|index| Row {
                        attempt,
                        ..rows[*index].clone()
                    })
                    .collect(),
                time_budget_ms: u64::try_from(self.options.time_budget.as_millis())
                    .unwrap_or(u64::MAX),
                rehearsal: self.options.rehearsal,
            };
            report.batches += 1;
            let last = attempt == self.options.tries;
            let wait = match self.plugin.write_batch(self.tenant, &batch).await {
                Ok(answers) => {
                    for (index, answer) in open.iter().zip(answers) {
                        outcomes[*index] = Some(answer);
                    }
                    longest_wait(outcomes.iter().flatten())
                }
                Err(error) if last || !passes(&error) => return Err(error),
                Err(error) => {
                    tracing::warn!("writing again: {error}");
                    Some(error.retry_after().unwrap_or_default())
                }
            };
            let Some(provider) = wait else { break };
            if last {
                break;
            }
            let tries = usize::try_from(self.options.tries).unwrap_or(usize::MAX);
            let Some(wait) = waits.next(tries, Some(provider)) else {
                break;
            };
            self.options.retry.pause(wait).await;
        }
        Ok(outcomes.into_iter().flatten().collect())
    }
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
        .filter_map(|outcome| match &outcome.status {
            OutcomeStatus::Deferred(failure) | OutcomeStatus::Failed(failure) => Some(
                Duration::from_millis(failure.retry_after_ms.unwrap_or_default()),
            ),
            _ => None,
        })
        .max()
}

/// The name of an outcome for programs.
pub fn name_of(status: &OutcomeStatus) -> &'static str {
    match status {
        OutcomeStatus::Created => "created",
        OutcomeStatus::Updated => "updated",
        OutcomeStatus::Deleted => "deleted",
        OutcomeStatus::Unchanged => "unchanged",
        OutcomeStatus::Skipped(_) => "skipped",
        OutcomeStatus::Failed(_) => "failed",
        OutcomeStatus::Deferred(_) => "deferred",
    }
}

/// An outcome as a JSON document.
pub fn outcome_json(outcome: &Outcome) -> Value {
    let mut json = json!({"key": outcome.key, "status": name_of(&outcome.status)});
    if let Some(id) = &outcome.object_id {
        json["object_id"] = id.as_str().into();
    }
    if let Some(id) = &outcome.request_id {
        json["request_id"] = id.as_str().into();
    }
    match &outcome.status {
        OutcomeStatus::Skipped(reason) => json["reason"] = reason.as_str().into(),
        OutcomeStatus::Failed(failure) | OutcomeStatus::Deferred(failure) => {
            json["failure"] = failure_json(failure);
        }
        _ => {}
    }
    if !outcome.planned.is_empty() {
        json["planned"] = outcome
            .planned
            .iter()
            .map(|request| {
                let body = request.body.as_deref().map(|body| {
                    serde_json::from_slice::<Value>(body)
                        .unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned().into())
                });
                json!({
                    "endpoint": request.endpoint,
                    "method": format!("{:?}", request.method).rsplit("::").next().unwrap_or_default().to_uppercase(),
                    "target": request.target,
                    "body": body,
                })
            })
            .collect();
    }
    json
}

fn failure_json(failure: &Failure) -> Value {
    let mut json = json!({
        "kind": kind_name(failure.kind),
        "code": failure.code,
        "message": failure.message,
    });
    if let Some(wait) = failure.retry_after_ms {
        json["retry_after_ms"] = wait.into();
    }
    if failure.maybe_applied {
        json["maybe_applied"] = true.into();
    }
    if !failure.problems.is_empty() {
        json["problems"] = failure.problems.iter().map(problem_json).collect();
    }
    json
}

fn problem_json(problem: &Problem) -> Value {
    json!({
        "path": problem.path,
        "code": problem.code,
        "message": problem.message,
        "found": problem.found,
        "expected": problem.expected,
    })
}

/// The name of a kind of failure, as the contract has it.
pub fn kind_name(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Auth => "auth",
        FailureKind::Permission => "permission",
        FailureKind::RateLimited => "rate-limited",
        FailureKind::InvalidInput => "invalid-input",
        FailureKind::NotFound => "not-found",
        FailureKind::Conflict => "conflict",
        FailureKind::Transient => "transient",
        FailureKind::Drift => "drift",
        FailureKind::Bug => "bug",
    }
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
    fn outcomes_are_documents() {
        let json = outcome_json(&outcome(OutcomeStatus::Deferred(failure(
            FailureKind::RateLimited,
            false,
        ))));
        assert_eq!(
            json,
            json!({"key": "1", "status": "deferred", "failure": {
                "kind": "rate-limited", "code": "c", "message": "m", "retry_after_ms": 70}})
        );
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
