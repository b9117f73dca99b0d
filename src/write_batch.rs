//! `write-batch`: rows to Intercom, one outcome each.
//!
//! The order of a batch: read the mapping the other way where rows are in its form, validate every row, take back outcomes that the journal knows, check custom attributes, look up
//! the objects that rows speak of, make the tags, companies and attributes that are missing, write in rounds (rows about
//! one object one after the other, others at the same time), record the outcomes. What must not be sent twice is in the
//! journal before it is sent, and looked for before it is sent again.

mod answer;
mod attributes;
mod choice;
mod data_attribute;
mod form;
mod journal;
mod lookup;
mod making;
mod metadata;
mod probe;
mod rows;
mod ticket_attributes;
mod validate;
mod values;
mod written;

use crate::prelude::*;

pub use journal::{FORMAT as JOURNAL_FORMAT, READ as JOURNAL_READS};

use attributes::Attributes;
use form::{known_action, known_mode};
use lookup::Lookup;
use rows::{Rows, time_is_up};

use crate::config::Config;
use crate::contract::connector::{Batch, Outcome, Rehearsal};
use crate::contract::http::Request;
use crate::contract::state::Swapped;
use crate::contract::types::{Connection, Failure, FailureKind};
use crate::failure::failure;
use crate::intercom::actions::Replay;
use crate::intercom::{request, streams};
use crate::mapping::Mapping;
use crate::operation::{Input, Moment, Operation, Step};

/// Requests in flight at once.
const MOST_IN_FLIGHT: u32 = 20;

/// Tries to store a journal that another call changes meanwhile.
const MOST_STORES: u32 = 4;

/// Bytes of memory from which on no round is begun. A host may give a call 64 MiB, and what a round takes, some five times
/// what its requests and answers hold, has to fit into the rest.
const MOST_MEMORY: usize = 36 << 20;

type Outcomes = Result<Vec<Outcome>, Failure>;

/// The operation behind the export.
pub struct WriteBatch {
    connection: Connection,
    batch: Batch,
    state: State,
    journalled: bool,
    stores: u32,
    notices: Vec<String>,
}

enum State {
    Begin,
    /// Waiting for the journal.
    Journal(Box<Rows>),
    /// Waiting for what has become of jobs.
    Jobs(Box<Rows>),
    /// Waiting for what was written last.
    Written(Box<Rows>, Then),
    /// Waiting for what was written last to be stored.
    StoringWritten(Box<Rows>, Then),
    /// Waiting for the stored list of attributes.
    StoredAttributes(Box<Rows>),
    /// Waiting for Intercom's list of attributes.
    Attributes(Box<Rows>, Attributes),
    /// Waiting for the list of attributes to be stored.
    StoringAttributes(Box<Rows>, Attributes),
    /// Waiting for a round of the lookup.
    Lookup(Box<Rows>, Lookup),
    /// Waiting for objects that rows need.
    Making(Box<Rows>),
    /// Waiting for the journal to say what is about to be sent.
    Intending(Box<Rows>, Vec<Request>),
    /// Waiting for a round of writes.
    Writing(Box<Rows>),
    /// Waiting for the journal to say what came of a round.
    Noting(Box<Rows>),
    /// Waiting for the journal to be written.
    Recording(Box<Rows>),
    Over,
}

/// What is done with what was written last.
#[derive(Clone, Copy)]
enum Then {
    /// It says by which ids objects are known that rows name otherwise.
    Identify,
    /// Rows that say the same are over.
    Compare,
    /// What is about to change is forgotten.
    Forget,
    /// What was written is remembered.
    Remember,
}

impl WriteBatch {
    /// Writes a batch of a connection.
    pub fn new(connection: Connection, batch: Batch) -> Self {
        Self {
            connection,
            batch,
            state: State::Begin,
            journalled: false,
            stores: 0,
            notices: Vec::new(),
        }
    }

    /// What is to be said in the log when the batch is over.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    fn begin(&mut self) -> Result<Step<Outcomes>, Failure> {
        let config = Config::of(&self.connection)?;
        let action = known_action(&self.batch)?;
        let mode = known_mode(action, &self.batch, &config)?;
        let inverse = match streams::find(action.name) {
            Some(stream) => Mapping::of(&self.connection)?.inverse(stream)?,
            None => None,
        };
        let rows = Rows::new(action, mode, &config, inverse.as_ref(), &mut self.batch);
        let rows = Box::new(rows);
        if self.batch.rehearsal == Rehearsal::Offline {
            return Ok(Step::Done(Ok(rows.outcomes_offline())));
        }
        self.journalled = !matches!(mode.replay, Replay::Safe) || rows.uses_jobs();
        let key = rows.journal_key().to_owned();
        self.state = State::Journal(rows);
        Ok(Step::Load(key))
    }

    /// Looks what was written last, where rows are compared with it.
    fn compare(&mut self, moment: Moment, mut rows: Box<Rows>) -> Step<Outcomes> {
        rows.want_names();
        self.written(moment, rows, Then::Identify)
    }

    fn written(&mut self, moment: Moment, mut rows: Box<Rows>, then: Then) -> Step<Outcomes> {
        if let Some(key) = rows.written().and_then(|written| written.next_key()) {
            self.state = State::Written(rows, then);
            return Step::Load(key);
        }
        match then {
            Then::Identify => {
                rows.want_objects(moment.unix_ms);
                self.written(moment, rows, Then::Compare)
            }
            Then::Compare => {
                rows.skip_unchanged(moment.unix_ms);
                self.attributes(moment, rows)
            }
            Then::Forget => {
                rows.forget_touched();
                self.store_written(moment, rows, then)
            }
            Then::Remember => {
                rows.remember();
                self.store_written(moment, rows, then)
            }
        }
    }

    fn store_written(&mut self, moment: Moment, mut rows: Box<Rows>, then: Then) -> Step<Outcomes> {
        let changes = rows
            .written()
            .map(|written| written.changes(moment.unix_ms.div_euclid(1_000)));
        match changes.filter(|changes| !changes.is_empty() && self.stores < MOST_STORES) {
            Some(changes) => {
                self.stores += 1;
                self.state = State::StoringWritten(rows, then);
                Step::Store(changes)
            }
            None => self.written_stored(moment, rows, then),
        }
    }

    fn written_stored(&mut self, moment: Moment, rows: Box<Rows>, then: Then) -> Step<Outcomes> {
        self.stores = 0;
        match then {
            Then::Remember => self.done(*rows),
            _ => self.make_needs(moment, rows),
        }
    }

    fn attributes(&mut self, moment: Moment, rows: Box<Rows>) -> Step<Outcomes> {
        match rows.attributes_wanted() {
            Some(model) => {
                self.state = State::StoredAttributes(rows);
                Step::Load(Attributes::key(model))
            }
            None => self.look_up(moment, rows),
        }
    }

    fn stored_attributes(
        &mut self,
        moment: Moment,
        mut rows: Box<Rows>,
        stored: Option<Vec<u8>>,
    ) -> Step<Outcomes> {
        let attributes = Attributes::stored(stored);
        match rows.attributes_wanted() {
            Some(model) if !rows.covered_by(&attributes) => {
                let list = request::get(
                    rows.api_version(),
                    Attributes::path(model, rows.api_version()),
                );
                self.state = State::Attributes(rows, attributes);
                Step::Send(vec![list], MOST_IN_FLIGHT)
            }
            _ => {
                rows.check_attributes(&attributes);
                self.look_up(moment, rows)
            }
        }
    }

    fn read_attributes(
        &mut self,
        moment: Moment,
        mut rows: Box<Rows>,
        mut attributes: Attributes,
        answers: Vec<crate::operation::Answer>,
    ) -> Step<Outcomes> {
        let list = answers.into_iter().next().and_then(Result::ok);
        let list = list.filter(|response| (200..300).contains(&response.status));
        let Some(list) = list else {
            // Intercom itself is the judge then.
            return self.look_up(moment, rows);
        };
        let change = attributes.read(&list.body);
        let model = rows.attributes_wanted();
        match (change, model) {
            (Some(mut change), Some(model)) if self.batch.rehearsal == Rehearsal::Off => {
                change.key = Attributes::key(model);
                self.state = State::StoringAttributes(rows, attributes);
                Step::Store(vec![change])
            }
            _ => {
                rows.check_attributes(&attributes);
                self.look_up(moment, rows)
            }
        }
    }

    fn look_up(&mut self, moment: Moment, mut rows: Box<Rows>) -> Step<Outcomes> {
        let lookup = rows.look_up(moment.unix_ms);
        self.go_on_looking(moment, rows, lookup)
    }

    fn go_on_looking(
        &mut self,
        moment: Moment,
        mut rows: Box<Rows>,
        lookup: Lookup,
    ) -> Step<Outcomes> {
        let requests = lookup.requests(rows.api_version());
        if requests.is_empty() {
            if !rows.scouted {
                return self.make(moment, rows);
            }
            rows.begin();
            return self.write(moment, rows);
        }
        if moment.elapsed_ms >= self.batch.time_budget_ms {
            rows.end_open(&time_is_up());
            return self.record(moment, rows);
        }
        self.state = State::Lookup(rows, lookup);
        Step::Send(requests, MOST_IN_FLIGHT)
    }

    fn make(&mut self, moment: Moment, mut rows: Box<Rows>) -> Step<Outcomes> {
        rows.want_touched();
        rows.begin();
        if self.batch.rehearsal == Rehearsal::ReadsOnly {
            self.notices = rows.take_notices();
            return Step::Done(Ok(rows.outcomes_planned()));
        }
        self.written(moment, rows, Then::Forget)
    }

    fn make_needs(&mut self, moment: Moment, mut rows: Box<Rows>) -> Step<Outcomes> {
        let version = rows.api_version();
        let requests = rows.makings().requests(version);
        if requests.is_empty() {
            return self.write(moment, rows);
        }
        self.state = State::Making(rows);
        Step::Send(requests, MOST_IN_FLIGHT)
    }

    fn write(&mut self, moment: Moment, mut rows: Box<Rows>) -> Step<Outcomes> {
        // The first round goes out in any case: the rest of a batch has to become less with each call.
        let is_full = rows.scouted && moment.memory > MOST_MEMORY;
        if is_full || moment.elapsed_ms >= self.batch.time_budget_ms {
            rows.end_open(&time_is_up());
        }
        if rows.looks_again {
            return self.look_up(moment, rows);
        }
        let requests = rows.next_round(moment.unix_ms);
        if requests.is_empty() {
            rows.put_off();
            return self.record(moment, rows);
        }
        match rows.change().filter(|_| self.journalled) {
            Some(change) => {
                self.state = State::Intending(rows, requests);
                Step::Store(vec![change])
            }
            None => self.send(rows, requests),
        }
    }

    fn send(&mut self, rows: Box<Rows>, requests: Vec<Request>) -> Step<Outcomes> {
        self.state = State::Writing(rows);
        Step::Send(requests, MOST_IN_FLIGHT)
    }

    /// The journal says what is about to be sent, or says that another call is at work, or cannot be reached.
    fn intend(
        &mut self,
        moment: Moment,
        mut rows: Box<Rows>,
        requests: Vec<Request>,
        stored: Option<Swapped>,
    ) -> Step<Outcomes> {
        self.stores += 1;
        match stored {
            Some(Swapped::Done) => {
                self.stores = 0;
                self.send(rows, requests)
            }
            Some(Swapped::Stale(current)) if self.stores < MOST_STORES => {
                rows.unsend();
                let value = current.into_iter().next().and_then(|current| current.value);
                rows.recall(value, true);
                self.write(moment, rows)
            }
            _ => {
                rows.unsend();
                rows.end_open(&failure(
                    FailureKind::Transient,
                    "journal_unavailable",
                    "the journal cannot be written, without which this row could be written twice",
                ));
                self.done(*rows)
            }
        }
    }

    /// After a round: what came of it is in the journal before anything else is sent.
    fn note(&mut self, moment: Moment, mut rows: Box<Rows>) -> Step<Outcomes> {
        if !self.journalled {
            return self.write(moment, rows);
        }
        rows.record();
        match rows.change() {
            Some(change) => {
                self.state = State::Noting(rows);
                Step::Store(vec![change])
            }
            None => self.write(moment, rows),
        }
    }

    fn record(&mut self, moment: Moment, mut rows: Box<Rows>) -> Step<Outcomes> {
        rows.record();
        match rows.change().filter(|_| self.stores < MOST_STORES) {
            Some(change) => {
                self.stores += 1;
                self.state = State::Recording(rows);
                Step::Store(vec![change])
            }
            None => self.remember(moment, rows),
        }
    }

    fn remember(&mut self, moment: Moment, mut rows: Box<Rows>) -> Step<Outcomes> {
        self.stores = 0;
        rows.want_outcomes();
        self.written(moment, rows, Then::Remember)
    }

    fn done(&mut self, mut rows: Rows) -> Step<Outcomes> {
        self.notices = rows.take_notices();
        Step::Done(Ok(rows.into_outcomes()))
    }
}

impl Operation for WriteBatch {
    type Output = Outcomes;

    fn step(&mut self, moment: Moment, input: Input) -> Step<Outcomes> {
        match (core::mem::replace(&mut self.state, State::Over), input) {
            (State::Begin, _) => self
                .begin()
                .unwrap_or_else(|failure| Step::Done(Err(failure))),
            (State::Journal(mut rows), Input::Loaded(value)) => {
                rows.recall(value, false);
                let requests = rows.ask_after_jobs();
                if requests.is_empty() {
                    return self.compare(moment, rows);
                }
                self.state = State::Jobs(rows);
                Step::Send(requests, MOST_IN_FLIGHT)
            }
            (State::Jobs(mut rows), Input::Answers(answers)) => {
                rows.read_jobs(moment.unix_ms, answers);
                self.compare(moment, rows)
            }
            (State::Written(mut rows, then), Input::Loaded(value)) => {
                if let Some(written) = rows.written() {
                    written.load(value);
                }
                self.written(moment, rows, then)
            }
            (State::StoringWritten(mut rows, then), Input::Stored(stored)) => {
                match rows.written().is_none_or(|written| written.stored(stored)) {
                    true => self.written_stored(moment, rows, then),
                    false => self.store_written(moment, rows, then),
                }
            }
            (State::StoredAttributes(rows), Input::Loaded(value)) => {
                self.stored_attributes(moment, rows, value)
            }
            (State::Attributes(rows, attributes), Input::Answers(answers)) => {
                self.read_attributes(moment, rows, attributes, answers)
            }
            (State::StoringAttributes(mut rows, attributes), _) => {
                rows.check_attributes(&attributes);
                self.look_up(moment, rows)
            }
            (State::Lookup(mut rows, mut lookup), Input::Answers(answers)) => {
                for answered in lookup.read(answers, rows.policy().several) {
                    rows.identify(answered);
                }
                self.go_on_looking(moment, rows, lookup)
            }
            (State::Making(mut rows), Input::Answers(answers)) => {
                rows.makings().read(answers);
                rows.take_made();
                self.write(moment, rows)
            }
            (State::Intending(rows, requests), Input::Stored(stored)) => {
                self.intend(moment, rows, requests, stored)
            }
            (State::Writing(mut rows), Input::Answers(answers)) => {
                rows.read_round(moment.unix_ms, answers);
                self.note(moment, rows)
            }
            (State::Noting(mut rows), Input::Stored(stored)) => {
                // Another call is at work: what it has sent is its own.
                if let Some(Swapped::Stale(current)) = stored {
                    let value = current.into_iter().next().and_then(|current| current.value);
                    rows.recall(value, true);
                }
                self.write(moment, rows)
            }
            (State::Recording(mut rows), Input::Stored(Some(Swapped::Stale(current)))) => {
                rows.reload(current.into_iter().next().and_then(|current| current.value));
                self.record(moment, rows)
            }
            // The outcomes hold, even where they cannot be remembered.
            (State::Recording(rows), _) => self.remember(moment, rows),
            _ => Step::Done(Err(failure(FailureKind::Bug, "over", "the batch is over"))),
        }
    }
}

#[cfg(test)]
mod tests;
