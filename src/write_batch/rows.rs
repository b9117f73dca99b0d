//! The rows of a batch on their way to their outcomes.

mod identify;
mod jobs;
mod plan;
mod rounds;
mod unchanged;

use self::jobs::Job;
use super::answer::{Step, done, outcome_unknown, unwritten};
use super::attributes::{self, Attributes, Checked};
use super::journal::{Journal, Recorded};
use super::making::Makings;
use super::validate;
use super::values::Values;
use super::written::{HOUR, Mark, WEEK, Written};
use crate::config::{Config, Several, Writing};
use crate::contract::connector::{Batch, Outcome, OutcomeStatus, Row};
use crate::contract::http::Method;
use crate::contract::types::{Failure, FailureKind, WholeFailure};
use crate::failure::{failure, not_valid};
use crate::intercom::actions::{Absent, Action, By, Mode, Object, Reference, Replay, Write};
use crate::intercom::versions::PREVIEW;
use crate::json::quoted;
use crate::mapping::Inverse;
use crate::prelude::*;

/// A row on its way.
struct Travelling {
    row: Row,
    values: Values,
    /// What the row is about: rows that have one of these in common keep their order.
    lanes: Vec<String>,
    /// What is made before it, and the reference that it is for.
    needs: Vec<(usize, Option<&'static str>)>,
    /// Further objects that it is written to.
    others: Vec<String>,
    /// Whether it was written to one of several: it has to go on with the next one, also in another call.
    is_under_way: bool,
    step: Option<Step>,
    /// When its request was sent first, in Unix milliseconds.
    sent_ms: Option<i64>,
    /// Whether its request may have been applied, and nothing says so.
    in_doubt: bool,
    /// The job that writes it together with others.
    job: Job,
    requests: u32,
    /// When it was written, by Intercom's clock, in Unix seconds.
    written_at: i64,
    /// The digest of what it says, where that is compared with what was written last.
    said: Option<Mark>,
    /// The field by which its contact is remembered and was not looked for.
    remembered_by: Option<&'static str>,
    /// Whether its object was chosen among several.
    shares: bool,
    /// Whether another call writes it right now: what the journal says of it is for that call to say.
    elsewhere: bool,
    outcome: Option<Outcome>,
}

/// Lanes of many rows, sorted.
#[derive(Default)]
struct Lanes<'a>(Vec<&'a str>);

impl<'a> Lanes<'a> {
    fn holds(&self, lane: &str) -> bool {
        self.0.binary_search(&lane).is_ok()
    }

    /// Adds one, if it is not among them; gives whether it was not.
    fn add(&mut self, lane: &'a str) -> bool {
        let place = self.0.binary_search(&lane);
        if let Err(place) = place {
            self.0.insert(place, lane);
        }
        place.is_err()
    }
}

/// All rows of a batch.
pub struct Rows {
    action: &'static Action,
    mode: &'static Mode,
    api_version: &'static str,
    policy: Writing,
    journal: Journal,
    written: Option<Written>,
    makings: Makings,
    rows: Vec<Travelling>,
    /// The rows of the round that is sent, and whether each only looks.
    round: Vec<(usize, bool)>,
    /// Bytes of the largest answer to a row so far.
    largest: usize,
    /// The open rows that wait for a later round.
    waiting: Vec<usize>,
    /// The rows of the jobs that are started instead of a round.
    starting: Vec<Vec<usize>>,
    /// Whether a round was sent, so that it is known how the workspace answers.
    pub scouted: bool,
    /// Whether a row's contact is to be looked for after all.
    pub looks_again: bool,
    notices: Vec<String>,
}

/// The path and the body of the request that makes an attribute of a name and a type; none where nobody can make it.
type Making<'a> = dyn Fn(&str, &str) -> Option<(String, String)> + 'a;

impl Rows {
    /// Validates the rows of a batch; those that are not valid are over. `inverse`: they are in the customer's form.
    pub fn new(
        action: &'static Action,
        mode: &'static Mode,
        config: &Config,
        inverse: Option<&Inverse>,
        batch: &mut Batch,
    ) -> Self {
        let travelling = |row: Row| {
            let turned = inverse.map(|inverse| inverse.apply(&row.document));
            let read = turned.transpose().and_then(|turned| {
                let document = turned.as_ref().unwrap_or(&row.document);
                validate::row(action, mode, config.api_version, document)
            });
            let (values, outcome) = match read {
                Ok(values) => (values, None),
                Err(failure) => {
                    let failed = outcome(&row, OutcomeStatus::Failed(*failure));
                    (Values::default(), Some(failed))
                }
            };
            Travelling {
                lanes: lanes(mode, &values),
                row,
                values,
                needs: Vec::new(),
                others: Vec::new(),
                is_under_way: false,
                step: None,
                sent_ms: None,
                in_doubt: false,
                job: Job::None,
                requests: 0,
                written_at: 0,
                said: None,
                remembered_by: None,
                shares: false,
                elsewhere: false,
                outcome,
            }
        };
        // A job's answer shows no contact, and other policies have to see what came to share an address since.
        let policy = Writing {
            remembers: config.write.remembers
                && config.write.several == Several::Newest
                && config.api_version != PREVIEW,
            ..config.write
        };
        let age = match policy.skips_unchanged {
            true if action.modes.iter().any(Mode::is_comparable) => Some(WEEK),
            false if policy.remembers && action.name == "contacts" => Some(HOUR),
            _ => None,
        };
        Self {
            action,
            mode,
            api_version: config.api_version,
            policy,
            journal: Journal::of(action.name, mode.name, &batch.id),
            written: age.map(|age| Written::of(action.name, age)),
            makings: Makings::default(),
            rows: core::mem::take(&mut batch.rows)
                .into_iter()
                .map(travelling)
                .collect(),
            round: Vec::new(),
            largest: 0,
            waiting: Vec::new(),
            starting: Vec::new(),
            scouted: false,
            looks_again: false,
            notices: Vec::new(),
        }
    }

    /// The `Intercom-Version` to send.
    pub fn api_version(&self) -> &'static str {
        self.api_version
    }

    /// The state key of the journal.
    pub fn journal_key(&self) -> &str {
        self.journal.key()
    }

    /// How choices are made.
    pub fn policy(&self) -> Writing {
        self.policy
    }

    /// What is to be said in the log.
    pub fn take_notices(&mut self) -> Vec<String> {
        core::mem::take(&mut self.notices)
    }

    /// Takes over the stored journal: rows whose outcome it knows are over. `running`: another call has changed it while
    /// this one is at work, so that what is only sent there may be on its way right now.
    pub fn recall(&mut self, stored: Option<Vec<u8>>, running: bool) {
        self.journal.load(stored);
        let mode = self.mode;
        for travelling in self.rows.iter_mut().filter(|one| one.outcome.is_none()) {
            let Some(recorded) = self.journal.recorded(&travelling.row) else {
                travelling.sent_ms = None;
                continue;
            };
            let Some(sent) = recorded.sent_at() else {
                travelling.outcome = Some(Outcome {
                    object_id: recorded.object_id.clone(),
                    request_id: recorded.request_id.clone(),
                    ..outcome(&travelling.row, recorded.status())
                });
                continue;
            };
            if running && travelling.sent_ms != Some(sent) {
                travelling.elsewhere = true;
                let failure = Box::new(WholeFailure {
                    retry_after_ms: Some(super::answer::SOON_MS),
                    ..*failure(
                        FailureKind::Transient,
                        "batch_running",
                        "another call is writing this batch",
                    )
                });
                travelling.outcome =
                    Some(outcome(&travelling.row, OutcomeStatus::Deferred(*failure)));
            } else if matches!(mode.replay, Replay::Blind) && !running {
                let status = OutcomeStatus::Failed(*outcome_unknown());
                travelling.outcome = Some(outcome(&travelling.row, status));
                travelling.in_doubt = true;
            } else if !running {
                travelling.sent_ms = Some(sent);
                travelling.in_doubt = !matches!(mode.replay, Replay::Safe);
                if !travelling.in_doubt {
                    travelling.was_in_a_job(mode, recorded);
                }
            }
        }
    }

    /// The model whose attributes have to be known, if a row gives any.
    pub fn attributes_wanted(&self) -> Option<&'static str> {
        let mut open = self.rows.iter().filter(|one| one.outcome.is_none());
        self.action
            .attributes
            .filter(|_| open.any(|one| attributes::are_given(&one.values)))
    }

    /// Whether all attributes that rows give are among these.
    pub fn covered_by(&self, known: &Attributes) -> bool {
        let mut open = self.rows.iter().filter(|one| one.outcome.is_none());
        open.all(|one| known.covers(&one.values))
    }

    /// Checks the attributes of all rows.
    pub fn check_attributes(&mut self, known: &Attributes) {
        let Some(model) = self.action.attributes else {
            return;
        };
        let version = self.api_version;
        let cannot = Attributes::making(model, version, "", "").err();
        for index in 0..self.rows.len() {
            let travelling = &mut self.rows[index];
            if travelling.outcome.is_none() {
                let policy = self.policy.missing_attribute;
                let checked = known.check(&mut travelling.values, policy, cannot, self.mode);
                self.take_checked(index, checked, &|name, data_type| {
                    let made = Attributes::making(model, version, name, data_type);
                    made.ok().map(|(path, body)| (path.to_owned(), body))
                });
            }
        }
    }

    /// Takes over what the attributes of a row came to: it fails, or needs some that `making` makes, or goes without some.
    fn take_checked(&mut self, index: usize, checked: Checked, making: &Making) {
        let travelling = &mut self.rows[index];
        if !checked.problems.is_empty() {
            let failure = not_valid("invalid_row", "the row", checked.problems);
            let failed = OutcomeStatus::Failed(*failure);
            travelling.outcome = Some(outcome(&travelling.row, failed));
            return;
        }
        for (name, data_type) in checked.missing {
            if let Some((path, body)) = making(&name, data_type) {
                let place = self.makings.want(&path, body);
                travelling.needs.push((place, None));
            }
        }
        for name in checked.dropped {
            self.left_out(index, &name);
        }
    }

    /// An attribute of a row was left out. The row is not whole: once there is such an attribute it is written again.
    fn left_out(&mut self, index: usize, name: &str) {
        self.rows[index].said = None;
        self.notice(format!("there is no attribute `{name}`: left out"));
    }

    /// Has something said in the log, once.
    fn notice(&mut self, text: String) {
        let notice = format!("{}: {text}", self.action.name);
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }

    /// Decides the first step of every open row.
    pub fn begin(&mut self) {
        let mode = self.mode;
        let waits = |one: &Travelling| !self.scouted || one.step.is_none();
        let open = |one: &&mut Travelling| one.outcome.is_none() && waits(one);
        for travelling in self.rows.iter_mut().filter(open) {
            match travelling.job {
                Job::Over(does) => {
                    travelling.requests = 1;
                    travelling.end(mode, done(does));
                }
                _ => {
                    travelling.step = Some(travelling.first_step(mode));
                    if travelling.says_nothing(mode, self.api_version) {
                        travelling.end(mode, OutcomeStatus::Unchanged);
                    }
                }
            }
        }
    }

    /// What is made before the rows.
    pub fn makings(&mut self) -> &mut Makings {
        &mut self.makings
    }

    /// Takes over what was made.
    pub fn take_made(&mut self) {
        for index in 0..self.rows.len() {
            for (place, name) in core::mem::take(&mut self.rows[index].needs) {
                match (self.makings.made(place).cloned(), name) {
                    (Some(Ok(id)), Some(name)) => self.rows[index].values.set(name, quoted(&id)),
                    (Some(Err(failure)), _) => self.end_unwritten(index, &failure),
                    _ => {}
                }
            }
        }
    }

    /// Ends a row that nothing was written for.
    fn end_unwritten(&mut self, index: usize, failure: &WholeFailure) {
        let mode = self.mode;
        if let Some(travelling) = self.rows.get_mut(index).filter(|one| one.outcome.is_none()) {
            let request_id = failure.request_id.clone();
            travelling.outcome = Some(Outcome {
                request_id,
                ..outcome(&travelling.row, unwritten(failure.clone(), mode))
            });
        }
    }

    /// Ends every row that is not over.
    pub fn end_open(&mut self, failure: &WholeFailure) {
        for index in 0..self.rows.len() {
            self.end_unwritten(index, failure);
        }
    }

    /// Brings the journal up to date with the rows that are over.
    pub fn record(&mut self) {
        for travelling in &self.rows {
            // What was not written needs no journal.
            let compared = travelling.said.is_some() && travelling.requests == 0;
            let silent = compared || travelling.elsewhere;
            let Some(outcome) = travelling.outcome.as_ref().filter(|_| !silent) else {
                continue;
            };
            match Recorded::over(&travelling.row, outcome) {
                Some(recorded) => self.journal.note(&travelling.row, Some(recorded)),
                None if travelling.in_doubt
                    || travelling.is_under_way
                    || !matches!(travelling.job, Job::None) =>
                {
                    if let Some(sent) = travelling.sent(self.mode) {
                        self.journal.note(&travelling.row, Some(sent));
                    }
                }
                None => self.journal.note(&travelling.row, None),
            }
        }
    }

    /// Takes over what is stored instead of what was expected, before what happened here is recorded once more.
    pub fn reload(&mut self, stored: Option<Vec<u8>>) {
        self.journal.load(stored);
    }

    /// The change that stores the journal, if it says anything new.
    pub fn change(&mut self) -> Option<crate::contract::state::Change> {
        self.journal.change()
    }

    /// One outcome for each row, in order.
    pub fn into_outcomes(mut self) -> Vec<Outcome> {
        self.end_open(&time_is_up());
        self.rows
            .into_iter()
            .filter_map(|travelling| travelling.outcome)
            .collect()
    }
}

impl Travelling {
    /// How the row begins.
    fn first_step(&self, mode: &Mode) -> Step {
        let target = mode.references.first();
        let there = target.is_some_and(|target| self.values.json(target.name).is_some());
        let creates = match mode.write {
            Write::Either(..) => !there,
            Write::One(_) => target.is_none_or(|target| target.absent == Absent::Created),
        };
        match creates {
            true => Step::Create,
            false => Step::Write,
        }
    }

    /// Whether its request would name an object and say nothing of it.
    fn says_nothing(&self, mode: &'static Mode, api_version: &str) -> bool {
        let call = self.call(mode, api_version);
        let changes = call.filter(|call| call.method == Method::Put);
        matches!(self.step, Some(Step::Write))
            && changes.is_some_and(|call| self.body(call, mode).is_none_or(|body| body.len() == 2))
    }

    /// Ends the row, whose object is known.
    fn end(&mut self, mode: &Mode, status: OutcomeStatus) {
        let target = mode.references.first();
        self.outcome = Some(Outcome {
            object_id: target.and_then(|target| self.values.text(target.name)),
            ..outcome(&self.row, status)
        });
    }

    /// The id of an object that it speaks of, if it gives it.
    fn given_id(&self, reference: &Reference) -> Option<String> {
        let mut by = reference.by.iter().filter(|(_, by)| *by == By::Id);
        by.find_map(|(name, _)| self.values.text(name))
    }

    /// The row speaks of the object with this id.
    fn refer(&mut self, reference: &'static Reference, id: &str) {
        if self.values.json(reference.name).is_none() && reference.object != Object::TicketType {
            self.lanes.push(format!("id={id}"));
        }
        self.values.set(reference.name, quoted(id));
        // What the object is known by is not said twice.
        for (name, by) in reference.by {
            if *by == By::Sent {
                self.values.remove(name);
            }
        }
    }
}

/// What a row is about, as far as it says it itself: its target.
fn lanes(mode: &Mode, values: &Values) -> Vec<String> {
    let target = mode.references.first();
    let by = target.into_iter().flat_map(|target| target.by);
    // An attribute of contacts and one of companies may have the same name.
    let model = values.text("model").unwrap_or_default();
    by.filter_map(|(name, by)| {
        let value = values.text(name)?;
        Some(match by {
            By::Id => format!("id={value}"),
            _ => format!("{name}={value}{model}"),
        })
    })
    .collect()
}

/// The failure of rows that the call's time did not suffice for.
pub fn time_is_up() -> Failure {
    failure(
        FailureKind::Transient,
        "time_budget",
        "the call's time or memory was used up before this row",
    )
}

fn outcome(row: &Row, status: OutcomeStatus) -> Outcome {
    Outcome {
        key: row.key.clone(),
        status,
        object_id: None,
        request_id: None,
        planned: Vec::new(),
    }
}
