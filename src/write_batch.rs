//! `write-batch`: rows to Intercom, one outcome each.
//!
//! The order of a batch: validate every row, take back outcomes that the journal knows, look up who the rows are, write
//! in rounds (rows of one identity one after the other, others at the same time), record the outcomes.

mod identity;
mod journal;
mod rows;
mod steps;
mod validate;

pub use journal::FORMAT as JOURNAL_FORMAT;

use identity::Lookup;
use journal::Journal;
use rows::Rows;

use crate::config::Config;
use crate::contract::connector::{Batch, Outcome, Rehearsal};
use crate::contract::types::{Connection, Failure, FailureKind, Problem};
use crate::failure::{failure, invalid_input, nearest, not_valid, problem};
use crate::intercom::actions::{self, ACTIONS, Action};
use crate::operation::{Input, Moment, Operation, Step};

/// Requests in flight at once.
const MOST_IN_FLIGHT: u32 = 20;

type Outcomes = Result<Vec<Outcome>, Failure>;

/// The operation behind the export.
pub struct WriteBatch {
    connection: Connection,
    batch: Batch,
    state: State,
}

enum State {
    Begin,
    /// Waiting for the journal.
    Journal(Rows),
    /// Waiting for a round of the lookup.
    Lookup(Rows, Lookup),
    /// Waiting for a round of writes.
    Writing(Rows),
    /// Waiting for the journal to be written.
    Recording(Rows),
    Over,
}

impl WriteBatch {
    /// Writes a batch of a connection.
    pub fn new(connection: Connection, batch: Batch) -> Self {
        Self {
            connection,
            batch,
            state: State::Begin,
        }
    }

    fn begin(&mut self) -> Result<Step<Outcomes>, Failure> {
        let config = Config::of(&self.connection)?;
        let action = known_action(&self.batch)?;
        let rows = Rows::new(action, &config, &self.batch);
        if self.batch.rehearsal == Rehearsal::Offline {
            return Ok(Step::Done(Ok(rows.outcomes_offline())));
        }
        let key = rows.journal().key().to_owned();
        self.state = State::Journal(rows);
        Ok(Step::Load(key))
    }

    fn look_up(&mut self, moment: Moment, rows: Rows) -> Step<Outcomes> {
        let lookup = Lookup::new(rows.open());
        match lookup.requests(rows.api_version()) {
            requests if requests.is_empty() => self.write(moment, rows),
            requests => {
                self.state = State::Lookup(rows, lookup);
                Step::Send(requests, MOST_IN_FLIGHT)
            }
        }
    }

    fn write(&mut self, moment: Moment, mut rows: Rows) -> Step<Outcomes> {
        if self.batch.rehearsal == Rehearsal::ReadsOnly {
            return Step::Done(Ok(rows.outcomes_planned()));
        }
        if moment.elapsed_ms >= self.batch.time_budget_ms {
            rows.defer_open();
        }
        let requests = rows.next_round();
        if requests.is_empty() {
            return self.record(rows);
        }
        self.state = State::Writing(rows);
        Step::Send(requests, MOST_IN_FLIGHT)
    }

    fn record(&mut self, rows: Rows) -> Step<Outcomes> {
        match rows.journal().change(rows.finished()) {
            Some(change) => {
                self.state = State::Recording(rows);
                Step::Store(vec![change])
            }
            None => Step::Done(Ok(rows.into_outcomes())),
        }
    }
}

impl Operation for WriteBatch {
    type Output = Outcomes;

    fn step(&mut self, moment: Moment, input: Input) -> Step<Outcomes> {
        match (std::mem::replace(&mut self.state, State::Over), input) {
            (State::Begin, _) => self
                .begin()
                .unwrap_or_else(|failure| Step::Done(Err(failure))),
            (State::Journal(mut rows), Input::Loaded(value)) => {
                rows.recall(Journal::read(value));
                self.look_up(moment, rows)
            }
            (State::Lookup(mut rows, mut lookup), Input::Answers(answers)) => {
                for (row, known) in lookup.read(answers) {
                    rows.identify(row, known);
                }
                match lookup.requests(rows.api_version()) {
                    requests if requests.is_empty() => self.write(moment, rows),
                    requests => {
                        self.state = State::Lookup(rows, lookup);
                        Step::Send(requests, MOST_IN_FLIGHT)
                    }
                }
            }
            (State::Writing(mut rows), Input::Answers(answers)) => {
                rows.read_round(answers);
                self.write(moment, rows)
            }
            // A stale journal belongs to the same batch, written by another call meanwhile: the outcomes hold all the same.
            (State::Recording(rows), _) => Step::Done(Ok(rows.into_outcomes())),
            _ => Step::Done(Err(failure(FailureKind::Bug, "over", "the batch is over"))),
        }
    }
}

fn known_action(batch: &Batch) -> Result<&'static Action, Failure> {
    let names = || ACTIONS.iter().map(|action| action.name);
    let action = actions::find(&batch.action).ok_or_else(|| {
        let hint = nearest(&batch.action, names())
            .map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
        let all = names().collect::<Vec<_>>().join(", ");
        invalid_input(
            "unknown_action",
            format!("there is no action of this name.{hint} There are: {all}."),
            vec![Problem {
                expected: Some(all),
                ..problem("action", "unknown_action", "no such action")
            }],
        )
    })?;
    let mut problems = Vec::new();
    if let Some(mode) = batch
        .mode
        .as_deref()
        .filter(|mode| !action.modes.contains(mode))
    {
        problems.push(Problem {
            found: Some(mode.chars().take(40).collect()),
            expected: Some(action.modes.join(", ")),
            ..problem(
                "mode",
                "unknown_mode",
                format!(
                    "`{}` has no such mode; it has: {}",
                    action.name,
                    action.modes.join(", ")
                ),
            )
        });
    }
    if batch.rows.len() > action.batch_limit as usize {
        problems.push(problem(
            "rows",
            "too_many_rows",
            format!(
                "{} rows; `{}` takes {} in a batch",
                batch.rows.len(),
                action.name,
                action.batch_limit
            ),
        ));
    }
    if batch.id.is_empty() {
        problems.push(problem(
            "id",
            "missing",
            "a batch needs an id, so that giving it again writes nothing twice",
        ));
    }
    if batch
        .rows
        .iter()
        .enumerate()
        .any(|(index, row)| batch.rows[..index].iter().any(|other| other.key == row.key))
    {
        problems.push(problem(
            "rows",
            "duplicate_key",
            "two rows have the same key",
        ));
    }
    if problems.is_empty() {
        Ok(action)
    } else {
        Err(not_valid("invalid_batch", "the batch", problems))
    }
}

#[cfg(test)]
mod tests;
