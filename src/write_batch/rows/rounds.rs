//! Rounds of requests: one for each open row, but of rows about the same object only the first.

use super::super::answer::{Next, Sent, Step, done, outcome_unknown};
use super::super::attributes;
use super::super::choice::Known;
use super::super::journal::Recorded;
use super::super::probe::{self, Seen};
use super::jobs::Job;
use super::{Lanes, Rows, Travelling, outcome};
use crate::config::MissingAttribute;
use crate::contract::connector::{Outcome, OutcomeStatus};
use crate::contract::http::{Method, Request, Response};
use crate::contract::types::{Failure, FailureKind, WholeFailure};
use crate::failure::{failure, invalid_input, problem};
use crate::intercom::actions::{By, Call, Does, Mode, Object, Replay, Write};
use crate::intercom::request;
use crate::intercom::versions::{MERGED_ARE_TOLD, is_from};
use crate::json::{self, quoted};
use crate::operation::Answer;
use crate::prelude::*;

/// Requests for one row, at most: create, conflict, unarchive, update, and once more.
const MOST_REQUESTS: u32 = 6;

/// Rows of the first round: when all of them are refused alike, the others are not tried.
const SCOUTS: usize = 20;

/// What is said of a row that was written to a contact that is not the one any more.
const MOVED: &str = "the contact had this external id or e-mail within the hour, has another, and was written: see to it";

/// Rows of a round whose requests are in the journal before they are sent.
const JOURNALLED: usize = 100;

/// Bytes of the answers to a round, should all be as large as the largest so far: a conversation comes back whole.
const ROOM: usize = 4 << 20;

/// The failure of rows that come after one which was put off.
fn behind_another() -> Failure {
    failure(
        FailureKind::Transient,
        "earlier_row",
        "an earlier row about the same object comes first, and was put off",
    )
}

impl Rows {
    /// The requests of the next round; none when all rows are over.
    pub fn next_round(&mut self, now_ms: i64) -> Vec<Request> {
        let most = match (self.scouted, self.mode.replay) {
            (false, _) => SCOUTS,
            (true, Replay::Safe) => usize::MAX,
            (true, _) => JOURNALLED,
        };
        let mut taken = Lanes::default();
        self.round.clear();
        self.waiting.clear();
        for (index, travelling) in self.rows.iter().enumerate() {
            let waits = matches!(travelling.job, Job::Running(_));
            let status = travelling.outcome.as_ref().map(|outcome| &outcome.status);
            let comes_again = matches!(status, Some(OutcomeStatus::Deferred(_)));
            if !waits && !comes_again && (status.is_some() || travelling.step.is_none()) {
                continue;
            }
            let free = !travelling.lanes.iter().any(|lane| taken.holds(lane));
            // Every lane is taken, also by a row that has to wait, or to come again: the order is kept.
            for lane in &travelling.lanes {
                taken.add(lane);
            }
            if comes_again && !waits {
                continue;
            }
            if free && !waits {
                self.round.push((index, travelling.in_doubt));
            } else {
                self.waiting.push(index);
            }
        }
        let jobs = self.start_jobs(now_ms);
        if !jobs.is_empty() {
            return jobs;
        }
        let running = |index: &usize| matches!(self.rows[*index].job, Job::Running(_));
        if self.round.is_empty() && !self.waiting.iter().any(running) {
            for index in core::mem::take(&mut self.waiting) {
                self.end_unwritten(index, &behind_another());
            }
        }
        let most = most.min(ROOM / self.largest.max(1)).max(1);
        let later = self.round.split_off(most.min(self.round.len()));
        self.waiting
            .extend(later.into_iter().map(|(index, _)| index));
        let (mode, version) = (self.mode, self.api_version);
        let mut requests = Vec::new();
        let mut unknown = Vec::new();
        for (index, looks) in &self.round {
            let travelling = &mut self.rows[*index];
            let request = match looks {
                true => probe::request(&mode.replay, version, &travelling.values),
                false => travelling.request(mode, version),
            };
            match request {
                Some(request) => requests.push(request),
                None => unknown.push(*index),
            }
            if !looks && !matches!(mode.replay, Replay::Safe) {
                travelling.in_doubt = true;
                if travelling.sent_ms.is_none() {
                    travelling.sent_ms = Some(now_ms);
                    let sent = Recorded::sent(&travelling.row, now_ms);
                    self.journal.note(&travelling.row, Some(sent));
                }
            }
        }
        // A request that cannot be looked for is not made again.
        for index in unknown {
            self.round.retain(|(other, _)| *other != index);
            self.end_unwritten(index, &outcome_unknown());
        }
        requests
    }

    /// Takes the round back: nothing of it was sent.
    pub fn unsend(&mut self) {
        self.starting.clear();
        for (index, looks) in core::mem::take(&mut self.round) {
            let travelling = &mut self.rows[index];
            if !looks {
                travelling.in_doubt = false;
                // Whatever the journal says was sent, another call has sent, be it at the same time.
                travelling.sent_ms = None;
            }
        }
    }

    /// Reads the answers of a round.
    pub fn read_round(&mut self, now_ms: i64, answers: Vec<Answer>) {
        let starting = core::mem::take(&mut self.starting);
        if !starting.is_empty() {
            return self.read_starts(now_ms, starting, answers);
        }
        let round = core::mem::take(&mut self.round);
        let mut ended: Vec<usize> = Vec::new();
        let mut taken = self.taken();
        let all_refused = answers.iter().all(is_refused);
        let sizes = answers.iter().flatten().map(|answer| answer.body.len());
        self.largest = sizes.fold(self.largest, usize::max);
        for ((index, looks), answer) in round.into_iter().zip(answers) {
            if is_refused(&answer) && !all_refused {
                self.refused(index, looks);
                continue;
            }
            let there = answer.as_ref().ok().and_then(request::server_time);
            self.rows[index].written_at = there.unwrap_or(now_ms.div_euclid(1_000));
            match looks {
                true => self.read_look(index, answer, now_ms, &taken),
                false => self.read_write(index, answer, &taken),
            }
            if let Some(outcome) = &self.rows[index].outcome {
                taken.extend(outcome.object_id.clone());
                ended.push(index);
            }
        }
        self.break_circuit(&ended);
        self.scouted = true;
    }

    /// The ids of what other rows have made.
    fn taken(&self) -> Vec<String> {
        let ended = self.rows.iter().filter_map(|one| one.outcome.as_ref());
        let ended = ended.filter_map(|outcome| outcome.object_id.as_deref());
        ended
            .chain(self.journal.object_ids())
            .map(str::to_owned)
            .collect()
    }

    /// A row that met the rate limit while others of its round did not is in the next round, for which the host waits as
    /// long as the limit wants it. Nothing was done for it.
    fn refused(&mut self, index: usize, looks: bool) {
        let travelling = &mut self.rows[index];
        if travelling.in_doubt && !looks && !travelling.is_under_way {
            travelling.in_doubt = false;
            travelling.sent_ms = None;
            self.journal.note(&travelling.row, None);
        }
    }

    fn read_look(&mut self, index: usize, answer: Answer, now_ms: i64, taken: &[String]) {
        let mode = self.mode;
        let travelling = &mut self.rows[index];
        travelling.requests += 1;
        let sent_ms = travelling.sent_ms.unwrap_or(now_ms);
        let seen = probe::read(
            &mode.replay,
            answer,
            &travelling.values,
            sent_ms,
            now_ms,
            taken,
        );
        match seen {
            Ok(Seen::Applied(id)) => {
                // What was done for one of several says nothing of the others.
                if travelling.go_on(mode) {
                    return;
                }
                let call = travelling.call(mode, self.api_version);
                let status = done(call.map_or(Does::Updates, |call| call.does));
                let target = || {
                    let target = mode.references.last()?;
                    travelling.values.text(target.name)
                };
                travelling.in_doubt = false;
                travelling.outcome = Some(Outcome {
                    object_id: id.or_else(target),
                    ..outcome(&travelling.row, status)
                });
            }
            Ok(Seen::Not) => travelling.in_doubt = false,
            Ok(Seen::NotYet(wait)) => {
                let failure = Box::new(WholeFailure {
                    retry_after_ms: Some(wait.min(super::super::answer::SOON_MS)),
                    maybe_applied: true,
                    ..*failure(
                        FailureKind::Transient,
                        "maybe_applied",
                        "this row's request was sent before, and what it made may not be visible yet",
                    )
                });
                self.end_unwritten(index, &failure);
            }
            Err(failure) => self.end_unwritten(index, &failure),
        }
    }

    fn read_write(&mut self, index: usize, answer: Answer, taken: &[String]) {
        let mode = self.mode;
        let action = self.action;
        let travelling = &mut self.rows[index];
        let Some(call) = travelling.call(mode, self.api_version) else {
            return;
        };
        let Some(step) = travelling.step.take() else {
            return;
        };
        travelling.requests += 1;
        if let Some(name) = travelling.remembered_by.take()
            && let Ok(response) = &answer
            && self.was_another(index, name, response)
        {
            return;
        }
        let travelling = &mut self.rows[index];
        let target = mode.references.first().map(|target| target.object);
        let left_out = match &answer {
            Ok(response) if target == Some(Object::Instance) => {
                attributes::left_out(&response.body, &travelling.values)
            }
            _ => Vec::new(),
        };
        let sent = Sent {
            action,
            mode,
            call,
            values: &travelling.values,
            can_create: travelling.can_create(mode, &step),
            can_find: is_from(self.api_version, MERGED_ARE_TOLD),
            taken,
            sent_ms: travelling.sent_ms.unwrap_or_default(),
        };
        let next = match &step {
            Step::Unarchive(id) => sent.unarchived(id, answer),
            Step::Find(failure) => sent.found(failure, answer),
            step => sent.read(step, answer),
        };
        let spent = travelling.requests >= MOST_REQUESTS;
        match next {
            Next::Over {
                status,
                object_id,
                request_id,
            } => {
                let mut status = match status {
                    OutcomeStatus::Created | OutcomeStatus::Updated if !left_out.is_empty() => {
                        self.without(index, &left_out, status)
                    }
                    status => status,
                };
                let travelling = &mut self.rows[index];
                // Nobody refuses a second lead: it is to be found before the row comes again.
                let is_lead = step == Step::Create
                    && matches!(mode.replay, Replay::Safe)
                    && travelling.values.text("role").as_deref() == Some("lead");
                let doubt = match &mut status {
                    OutcomeStatus::Failed(failure) | OutcomeStatus::Deferred(failure) => {
                        if failure.maybe_applied && is_lead {
                            failure.retry_after_ms = Some(probe::LAG_MS);
                        }
                        failure.maybe_applied
                    }
                    _ => false,
                };
                travelling.in_doubt &= doubt;
                let over = !matches!(
                    status,
                    OutcomeStatus::Failed(_) | OutcomeStatus::Deferred(_)
                );
                if over && travelling.go_on(mode) {
                    return;
                }
                travelling.outcome = Some(Outcome {
                    object_id,
                    request_id,
                    ..outcome(&travelling.row, status)
                });
                self.share(index);
            }
            _ if spent => {
                let failure = failure(
                    FailureKind::Conflict,
                    "keeps_conflicting",
                    "Intercom says in turn that the object exists and that it does not",
                );
                self.end_unwritten(index, &failure);
            }
            Next::There(id) => {
                travelling.in_doubt = false;
                travelling.go_to(mode, &id);
            }
            Next::Lost(failure) => {
                travelling.in_doubt = false;
                travelling.step = Some(Step::Find(failure));
            }
            Next::Archived(id) => travelling.step = Some(Step::Unarchive(id)),
            Next::Create => {
                if let Some(target) = mode.references.first() {
                    travelling.values.remove(target.name);
                }
                travelling.step = Some(Step::Create);
            }
        }
    }

    /// Whether the contact that a row was remembered by is not the one that it means. One that is not there, or whose name
    /// Intercom knows of another one, is looked for.
    fn was_another(&mut self, index: usize, name: &str, response: &Response) -> bool {
        let values = &mut self.rows[index].values;
        if matches!(response.status, 404 | 409 | 410) {
            self.looks_again = true;
            values.remove("contact");
            return true;
        }
        let value = values.text(name).unwrap_or_default();
        let known = json::parse::<Known>(&response.body).unwrap_or_default();
        if response.status >= 300 || known.id.is_empty() || known.is(name, &value) {
            return false;
        }
        let moved = failure(FailureKind::Conflict, "identity_moved", MOVED);
        self.end_unwritten(index, &moved);
        if let Some(outcome) = &mut self.rows[index].outcome {
            outcome.object_id = Some(known.id);
        }
        true
    }

    /// How a row ends that was written without some attributes, since nothing says before which there are.
    fn without(
        &mut self,
        index: usize,
        left_out: &[String],
        status: OutcomeStatus,
    ) -> OutcomeStatus {
        if self.policy.missing_attribute == MissingAttribute::Drop {
            for name in left_out {
                self.left_out(index, name);
            }
            return status;
        }
        let missing = |name: &String| {
            problem(
                format!("custom_attributes.{name}"),
                "missing_attribute",
                "the type has no such attribute",
            )
        };
        OutcomeStatus::Failed(*invalid_input(
            "missing_attribute",
            "the row was written without an attribute that its type does not have, and that the API lets nobody create: \
             create it in Intercom's settings",
            left_out.iter().map(missing).collect(),
        ))
    }

    /// What is refused for one row because of the credential, or for all that were tried because of the plan or a
    /// permission, is not tried for the others. While the rate limit lets nobody through, or the host would wait for longer
    /// than this call lasts, nothing is; nor while all of the first rows meet the same trouble.
    pub(super) fn break_circuit(&mut self, ended: &[usize]) {
        let failure_of = |index: &usize| match &self.rows[*index].outcome.as_ref()?.status {
            OutcomeStatus::Failed(failure) | OutcomeStatus::Deferred(failure) => Some(failure),
            _ => None,
        };
        let mut failures = ended.iter().filter_map(failure_of);
        let alike = |failure: &WholeFailure| {
            let same =
                |other: &WholeFailure| other.kind == failure.kind && other.code == failure.code;
            ended
                .iter()
                .all(|index| failure_of(index).is_some_and(same))
        };
        let stops = failures.find(|failure| match failure.kind {
            FailureKind::Auth | FailureKind::RateLimited => true,
            FailureKind::Permission => alike(failure),
            FailureKind::Transient => ended.len() >= SCOUTS && alike(failure),
            _ => false,
        });
        if let Some(failure) = stops.cloned() {
            self.end_open(&WholeFailure {
                maybe_applied: false,
                ..failure
            });
        }
    }

    /// A contact that was just written is not to be created again by a later row with its identity.
    fn share(&mut self, index: usize) {
        let mode = self.mode;
        let id = self.rows[index]
            .outcome
            .as_ref()
            .and_then(|outcome| outcome.object_id.clone());
        let (Write::Either(..), Some(id)) = (mode.write, id) else {
            return;
        };
        let lanes = self.rows[index].lanes.clone();
        // The rows of one round have no lane in common.
        for later in self.waiting.iter().filter(|later| **later > index) {
            let later = &mut self.rows[*later];
            let same = later.lanes.iter().any(|lane| lanes.contains(lane));
            if same && later.outcome.is_none() && later.step == Some(Step::Create) {
                later.go_to(mode, &id);
            }
        }
    }
}

/// Whether this is an answer, and the answer that the rate limit is reached.
fn is_refused(answer: &Answer) -> bool {
    matches!(answer, Ok(response) if response.status == 429)
}

impl Travelling {
    /// The call of the row's step.
    pub(super) fn call(&self, mode: &'static Mode, api_version: &str) -> Option<&'static Call> {
        let calls = match (mode.write, &self.step) {
            (Write::One(calls), _) | (Write::Either(calls, _), Some(Step::Create)) => calls,
            (Write::Either(_, calls), _) => calls,
        };
        Call::of(calls, api_version)
    }

    /// The request of the row's step.
    pub(super) fn request(&self, mode: &'static Mode, api_version: &str) -> Option<Request> {
        if let Some(Step::Unarchive(id)) = &self.step {
            let target = format!("/contacts/{}/unarchive", request::encode(id));
            return Some(request::write(api_version, Method::Post, target, None));
        }
        if let (Some(Step::Find(_)), Some(target)) = (&self.step, mode.references.first()) {
            let id = self.values.text(target.name)?;
            let path = format!("/contacts/{}", request::encode(&id));
            return Some(request::get(api_version, path));
        }
        let call = self.call(mode, api_version)?;
        Some(self.fill(call, mode, api_version))
    }

    /// The row is about the object with this id.
    fn go_to(&mut self, mode: &Mode, id: &str) {
        if let Some(target) = mode.references.first() {
            self.values.set(target.name, quoted(id));
            self.lanes.push(format!("id={id}"));
        }
        self.step = Some(Step::Write);
    }

    /// The row is about the next one of the further objects that it is written to, if one is left.
    fn go_on(&mut self, mode: &Mode) -> bool {
        let other = self.others.pop();
        if let Some(other) = &other {
            self.go_to(mode, other);
            self.requests = 0;
            self.is_under_way = true;
        }
        other.is_some()
    }

    /// Whether the row says enough to be created when the object that it was meant for is gone.
    fn can_create(&self, mode: &Mode, step: &Step) -> bool {
        let target = mode.references.first();
        let mut by = target.into_iter().flat_map(|target| target.by);
        matches!(mode.write, Write::Either(..))
            && matches!(step, Step::Write | Step::Find(_))
            && by.any(|(name, by)| *by != By::Id && self.values.text(name).is_some())
    }

    /// The request of a call.
    pub(super) fn fill(&self, call: &Call, mode: &Mode, api_version: &str) -> Request {
        let path = self.values.path(call.path);
        request::write(api_version, call.method, path, self.body(call, mode))
    }

    /// The body of a call. What a contact is remembered by is not said: should it have another name now, it keeps that,
    /// and the answer shows it.
    pub(super) fn body(&self, call: &Call, mode: &Mode) -> Option<String> {
        let known = |name| self.remembered_by == Some(name);
        let sent = mode.fields().filter(|field| field.sent);
        let sent = sent.map(|field| field.name).filter(|name| !known(*name));
        self.values.body(call.body, sent)
    }
}
