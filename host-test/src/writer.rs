//! Writes rows through an action, in batches of its size, and gives rows that were put off another try.

mod division;
mod outcomes;
mod part;
mod progress;
mod rejected;
mod rows;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::alerts::{AlertKind, Event};
use crate::call::CallError;
use crate::contract::connector::{ActionDescriptor, Batch, Outcome, OutcomeStatus, Rehearsal, Row};
use crate::contract::types::{Failure, FailureKind};
use crate::limits::Limit;
use crate::plugin::Plugin;
use crate::runner::RetryPolicy;
use crate::tenant::Tenant;

pub use self::division::{BatchRows, divide, divide_as_before};
pub use self::outcomes::{kind_name, name_of, outcome_json};
use self::part::Part;
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
    /// Rows that were not tried.
    pub untried: u64,
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

/// Takes batches: a component, or what stands for one in a test.
pub trait TakesBatches {
    /// Writes rows: one outcome for each row, in order.
    fn write_batch(
        &self,
        tenant: &Tenant,
        batch: &Batch,
    ) -> impl Future<Output = Result<Vec<Outcome>, CallError>> + Send;
}

impl TakesBatches for Plugin {
    fn write_batch(
        &self,
        tenant: &Tenant,
        batch: &Batch,
    ) -> impl Future<Output = Result<Vec<Outcome>, CallError>> + Send {
        Plugin::write_batch(self, tenant, batch)
    }
}

/// Writes rows.
pub struct Writer<'a, P = Plugin> {
    /// The component.
    pub plugin: &'a P,
    /// The connection.
    pub tenant: &'a Tenant,
    /// The action.
    pub action: &'a ActionDescriptor,
    /// How.
    pub options: &'a WriteOptions,
    /// Hears how it is going.
    pub progress: &'a dyn WriteProgress,
}

/// How a batch goes on.
enum Course {
    /// Every row has an outcome that another try would not better.
    Over,
    /// All that is left waits so long for something that is not there yet, and lets others go first.
    StepsBack(Duration),
    /// One call cannot have so many of its rows.
    TooMuch(Vec<usize>),
    /// Nothing can be written any more.
    Ends(CallError),
}

impl<P: TakesBatches> Writer<'_, P> {
    /// Writes rows; `settled` gets the final outcomes of each batch, in the order of its rows. Its error ends the writing.
    pub async fn run<E>(
        &self,
        rows: Vec<Row>,
        settled: impl FnMut(&[Outcome]) -> Result<(), E>,
    ) -> Result<WriteReport, E> {
        let batches = divide(rows, self.action, self.options);
        // Nobody stops it as long as this end is held.
        let (_stop, stopped) = watch::channel(false);
        self.run_batches(batches, stopped, settled).await
    }

    /// The same with batches that somebody chose, until `stopped` says true: then the call in flight ends, and no other one
    /// begins. A batch of which some rows wait for something that is not there yet comes again behind the others.
    pub async fn run_batches<E>(
        &self,
        batches: Vec<BatchRows>,
        stopped: watch::Receiver<bool>,
        mut settled: impl FnMut(&[Outcome]) -> Result<(), E>,
    ) -> Result<WriteReport, E> {
        let mut report = WriteReport::default();
        let parts = batches
            .into_iter()
            .map(|batch| Part::of(batch, self.options));
        let mut fresh: VecDeque<Part> = parts.collect();
        let mut waiting: Vec<Part> = Vec::new();
        self.progress
            .begins(&self.action.name, fresh.iter().map(Part::len).sum());
        while !is_stopped(&stopped) {
            let next = match fresh.pop_front() {
                None => self.first_due(&mut waiting, &stopped).await,
                fresh => fresh,
            };
            let Some(mut part) = next else { break };
            match self.go_on(&mut part, &mut report, &stopped).await {
                Course::StepsBack(wait) => {
                    part.due = Instant::now() + self.options.retry.scaled(wait);
                    waiting.push(part);
                }
                Course::TooMuch(open) => {
                    let [first, second] = part.halves(&open, self.options);
                    fresh.push_front(second);
                    fresh.push_front(first);
                }
                Course::Over => {
                    let (id, whole) = (part.id.clone(), part.whole);
                    let outcomes = part.into_outcomes();
                    self.settle(&outcomes, &mut report, &mut settled)?;
                    if let Some(failure) = all_fail_alike(&outcomes).filter(|_| whole) {
                        let rest = match fresh.is_empty() {
                            false => ", so that the rest is not tried",
                            true => "",
                        };
                        report.stopped = Some(format!(
                            "batch {id}: every row fails alike{rest}: {} ({})",
                            failure.message, failure.code
                        ));
                        break;
                    }
                }
                Course::Ends(error) => {
                    report.stopped = Some(format!("batch {}: {error}", part.id));
                    fresh.push_front(part);
                    break;
                }
            }
        }
        let left = || waiting.iter().chain(&fresh).next();
        let interrupted = report.stopped.is_none() && left().is_some();
        if interrupted {
            report.stopped = Some("interrupted".to_owned());
        }
        // Of some of these rows something is known, even where the writing was stopped.
        for part in waiting.into_iter().chain(fresh) {
            let rows = part.len();
            let outcomes = part.into_outcomes();
            report.untried += count(rows - outcomes.len());
            self.settle(&outcomes, &mut report, &mut settled)?;
        }
        self.progress.ends();
        // Whoever ends it knows that it ended.
        if !interrupted {
            self.tell_end(report.stopped.as_deref());
        }
        Ok(report)
    }

    /// Waits for the part that is due first, or until nobody wants one any more.
    async fn first_due(
        &self,
        waiting: &mut Vec<Part>,
        stopped: &watch::Receiver<bool>,
    ) -> Option<Part> {
        waiting.sort_by_key(|part| part.due);
        let due = waiting.first()?.due;
        let open = waiting
            .iter()
            .map(|part| part.open(self.options.rehearsal).len());
        let wait = due.saturating_duration_since(Instant::now());
        self.progress.waits(open.sum(), wait);
        let waited = unless_stopped(stopped, wait).await;
        waited.then(|| waiting.remove(0))
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

    /// Gives a part until every row has an outcome that another try would not better, or until something else is to be done.
    /// What is left when it is stopped waits.
    async fn go_on(
        &self,
        part: &mut Part,
        report: &mut WriteReport,
        stopped: &watch::Receiver<bool>,
    ) -> Course {
        let options = self.options;
        let tries = usize::try_from(options.tries).unwrap_or(usize::MAX);
        loop {
            let given = part.open(options.rehearsal);
            if given.is_empty() {
                return Course::Over;
            }
            let batch = self.batch(&part.id, part.given(&given));
            part.attempt += 1;
            report.batches += 1;
            let wait = match self.plugin.write_batch(self.tenant, &batch).await {
                Ok(answers) => {
                    if answers.iter().any(|answer| !is_worth_another_try(answer)) {
                        // Something goes on: what is left gets all its tries anew.
                        part.waits = options.retry.waits();
                    }
                    part.answer(&given, answers);
                    let open = part.open(options.rehearsal);
                    let Some(wait) = longest_wait(part.outcomes_of(&open)) else {
                        return Course::Over;
                    };
                    let Some(wait) = part.waits.next(tries, Some(wait)) else {
                        return Course::Over;
                    };
                    if part.outcomes_of(&open).all(waits_for_something) {
                        return Course::StepsBack(wait);
                    }
                    wait
                }
                Err(error) => {
                    part.no_answer(&given, &error);
                    if is_too_much(&error) {
                        tracing::info!(batch = part.id, rows = given.len(), "too much: {error}");
                        return match given.len() {
                            1 => Course::Over,
                            _ => Course::TooMuch(given),
                        };
                    }
                    let wait = match passes(&error) {
                        true => part.waits.next(tries, error.retry_after()),
                        false => None,
                    };
                    let Some(wait) = wait else {
                        return Course::Ends(error);
                    };
                    tracing::warn!("writing again: {error}");
                    wait
                }
            };
            let scaled = options.retry.scaled(wait);
            self.progress
                .waits(part.open(options.rehearsal).len(), scaled);
            if !unless_stopped(stopped, scaled).await {
                return Course::StepsBack(Duration::ZERO);
            }
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

fn is_stopped(stopped: &watch::Receiver<bool>) -> bool {
    *stopped.borrow()
}

/// Waits so long; false when it is stopped meanwhile.
async fn unless_stopped(stopped: &watch::Receiver<bool>, wait: Duration) -> bool {
    let mut stopped = stopped.clone();
    tokio::select! {
        biased;
        Ok(_) = stopped.wait_for(|stopped| *stopped) => false,
        () = tokio::time::sleep(wait) => true,
    }
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
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

/// Whether fewer rows may come through: they took the call's memory, or more than it may answer with. Time is no such limit:
/// the component knows how much it has, and one that hangs would hang as often as there are rows.
fn is_too_much(error: &CallError) -> bool {
    matches!(
        error,
        CallError::LimitReached {
            limit: Limit::Memory | Limit::Transfer,
            ..
        }
    )
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
