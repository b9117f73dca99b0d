//! Writes rows through an action, in batches of its size, and gives rows that were put off another try.

mod outcomes;
mod progress;
mod rejected;
mod rows;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::alerts::{AlertKind, Event};
use crate::call::CallError;
use crate::contract::connector::{ActionDescriptor, Batch, Outcome, OutcomeStatus, Rehearsal, Row};
use crate::contract::types::{Failure, FailureKind};
use crate::plugin::Plugin;
use crate::runner::{RetryPolicy, Waits};
use crate::tenant::Tenant;

pub use self::outcomes::{kind_name, name_of, outcome_json};
pub use self::progress::{WriteProgress, on_standard_error};
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
    /// Those that were not written by the code of their failure as well.
    pub codes: BTreeMap<(&'static str, String), u64>,
    /// Rows among those that were not written of which that is not certain: giving them again may write them twice.
    pub uncertain: u64,
    /// Calls.
    pub batches: u64,
    /// Why rows were left out at the end. Absent when all were tried.
    pub stopped: Option<String>,
}

impl WriteReport {
    fn add(&mut self, outcome: &Outcome) {
        let name = name_of(&outcome.status);
        *self.counts.entry(name).or_default() += 1;
        if let Some(failure) = failure_of(outcome) {
            let code = (name, failure.code.clone());
            *self.codes.entry(code).or_default() += 1;
            self.uncertain += u64::from(failure.maybe_applied);
        }
    }

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
    /// Hears how it is going.
    pub progress: &'a dyn WriteProgress,
}

/// A batch on its way.
struct Part<'r> {
    id: String,
    rows: &'r [Row],
    outcomes: Vec<Option<Outcome>>,
    attempt: u32,
    waits: Waits,
    /// When it is given again.
    due: Instant,
}

impl Writer<'_> {
    /// Writes rows; `settled` gets the final outcomes of each batch, in the order of its rows. Its error ends the
    /// writing. A batch of which some rows wait for something that is not there yet comes again behind the others.
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
        let mut fresh = rows.chunks(size).enumerate();
        let mut waiting: Vec<Part> = Vec::new();
        self.progress.begins(&self.action.name, count);
        loop {
            let part = match fresh.next() {
                // The part of a row in the name depends on the rows before it only: the same input gives the same names.
                Some((number, rows)) => self.part(
                    match several {
                        true => format!("{}.{number}", self.options.batch_id),
                        false => self.options.batch_id.clone(),
                    },
                    rows,
                ),
                None => {
                    waiting.sort_by_key(|part| part.due);
                    if waiting.is_empty() {
                        break;
                    }
                    let open = waiting.iter().map(|part| self.open(part).len()).sum();
                    let part = waiting.remove(0);
                    let wait = part.due.saturating_duration_since(Instant::now());
                    self.progress.waits(open, wait);
                    tokio::time::sleep(wait).await;
                    part
                }
            };
            match self.go_on(part, &mut report).await {
                Ok((part, Some(wait))) => {
                    let due = Instant::now() + self.options.retry.scaled(wait);
                    waiting.push(Part { due, ..part });
                }
                Ok((part, None)) => {
                    let outcomes: Vec<Outcome> = part.outcomes.into_iter().flatten().collect();
                    self.settle(&outcomes, &mut report, &mut settled)?;
                    if let Some(failure) = all_fail_alike(&outcomes) {
                        let rest = match fresh.len() > 0 {
                            true => ", so that the rest is not tried",
                            false => "",
                        };
                        report.stopped = Some(format!(
                            "batch {}: every row fails alike{rest}: {} ({})",
                            part.id, failure.message, failure.code
                        ));
                        break;
                    }
                }
                Err((id, error)) => {
                    report.stopped = Some(format!("batch {id}: {error}"));
                    break;
                }
            }
        }
        // Of these something is known, even where the writing was stopped.
        for part in waiting {
            let outcomes: Vec<Outcome> = part.outcomes.into_iter().flatten().collect();
            self.settle(&outcomes, &mut report, &mut settled)?;
        }
        self.progress.ends();
        self.tell_end(report.stopped.as_deref());
        Ok(report)
    }

    fn settle<E>(
        &self,
        outcomes: &[Outcome],
        report: &mut WriteReport,
        settled: &mut impl FnMut(&[Outcome]) -> Result<(), E>,
    ) -> Result<(), E> {
        let metrics = &self.tenant.observers().metrics;
        for outcome in outcomes {
            let name = name_of(&outcome.status);
            report.add(outcome);
            if self.options.rehearsal == Rehearsal::Off {
                metrics.rows_written(&self.action.name, name, 1);
            }
        }
        self.progress.settled(report);
        settled(outcomes)
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

    fn part<'r>(&self, id: String, rows: &'r [Row]) -> Part<'r> {
        Part {
            id,
            rows,
            outcomes: vec![None; rows.len()],
            attempt: 0,
            waits: self.options.retry.waits(),
            due: Instant::now(),
        }
    }

    /// The rows of a batch that another try may better. What is not there yet does not come while nothing is written.
    fn open(&self, part: &Part) -> Vec<usize> {
        let rehearses = self.options.rehearsal != Rehearsal::Off;
        let is_open = |outcome: &Outcome| {
            is_worth_another_try(outcome) && !(rehearses && waits_for_something(outcome))
        };
        let outcomes = part.outcomes.iter().enumerate();
        outcomes
            .filter(|(_, outcome)| outcome.as_ref().is_none_or(is_open))
            .map(|(index, _)| index)
            .collect()
    }

    /// Gives a batch until every row has an outcome that another try would not better, or until all that is left waits for
    /// something: then also how long. Its error comes with the batch's id.
    async fn go_on<'r>(
        &self,
        mut part: Part<'r>,
        report: &mut WriteReport,
    ) -> Result<(Part<'r>, Option<Duration>), (String, CallError)> {
        let tries = usize::try_from(self.options.tries).unwrap_or(usize::MAX);
        loop {
            let open = self.open(&part);
            if open.is_empty() {
                return Ok((part, None));
            }
            let given = open.iter().map(|index| Row {
                attempt: part.attempt,
                ..part.rows[*index].clone()
            });
            let batch = self.batch(&part.id, given.collect());
            part.attempt += 1;
            report.batches += 1;
            let wait = match self.plugin.write_batch(self.tenant, &batch).await {
                Ok(answers) => {
                    if answers.iter().any(|answer| !is_worth_another_try(answer)) {
                        // Something goes on: what is left gets all its tries anew.
                        part.waits = self.options.retry.waits();
                    }
                    for (index, answer) in open.iter().zip(answers) {
                        part.outcomes[*index] = Some(answer);
                    }
                    let open = self.open(&part);
                    let left = || {
                        open.iter()
                            .filter_map(|index| part.outcomes[*index].as_ref())
                    };
                    let Some(wait) = longest_wait(left()) else {
                        return Ok((part, None));
                    };
                    let steps_back = left().all(waits_for_something);
                    let Some(wait) = part.waits.next(tries, Some(wait)) else {
                        return Ok((part, None));
                    };
                    if steps_back {
                        return Ok((part, Some(wait)));
                    }
                    wait
                }
                Err(error) if !passes(&error) => return Err((part.id, error)),
                Err(error) => {
                    let Some(wait) = part.waits.next(tries, error.retry_after()) else {
                        return Err((part.id, error));
                    };
                    tracing::warn!("writing again: {error}");
                    wait
                }
            };
            self.progress
                .waits(self.open(&part).len(), self.options.retry.scaled(wait));
            self.options.retry.pause(wait).await;
        }
    }

    fn batch(&self, id: &str, rows: Vec<Row>) -> Batch {
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

/// Whether a row waits for something that is not there yet, and holds up nobody meanwhile.
fn waits_for_something(outcome: &Outcome) -> bool {
    matches!(&outcome.status, OutcomeStatus::Deferred(failure) if failure.kind == FailureKind::NotFound)
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
