//! Rows that are written by Intercom's jobs, up to a hundred in one request, where the API version has them.
//!
//! A job says when it is over, and whether it wrote all of its rows, not which ones: when it did not, its rows are
//! written one by one. Its id is in the journal, so that it is asked after, and not started again, whoever died meanwhile.
//! Rows of which it is not known whether a job writes them are written one by one as well: doing that twice does no harm.

use super::super::journal::Recorded;
use super::{Rows, Travelling, outcome};
use crate::config::{Conflict, Writing};
use crate::contract::connector::OutcomeStatus;
use crate::contract::http::{Effect, Method, Request, Response};
use crate::contract::types::{Failure, FailureKind, WholeFailure};
use crate::failure::failure;
use crate::intercom::actions::{Action, Call, Does, Mode, Reference, Replay};
use crate::intercom::errors::{from_http, from_response, unexpected_body};
use crate::intercom::request;
use crate::intercom::versions::PREVIEW;
use crate::json::{self, Member, Members, Object};
use crate::operation::Answer;
use crate::prelude::*;
use records::search::parted_last;

/// Rows of one job, at most.
const MOST: usize = 100;

/// How soon a job is asked after, at least and at most, in milliseconds: after twice the time that it has taken already,
/// so that a few tries reach far.
const WAIT_MS: (i64, i64) = (2_000, 120_000);

/// How long a job is waited for, in milliseconds.
const LONGEST_MS: i64 = 3_600_000;

/// What jobs cannot give a contact; the first one when they create it, all of them when they change it.
const UNKNOWN: &[&str] = &["email_verified", "role", "signed_up_at", "last_seen_at"];

/// How far a row is with the job that writes it together with others.
#[derive(Clone, Debug, Default)]
pub(super) enum Job {
    /// It was in none.
    #[default]
    None,
    /// It is in one with this id, which was not over when it was last asked after.
    Running(String),
    /// It was in one that wrote all of its rows, and did this.
    Over(Does),
    /// It may have been in one. It is written alone.
    Alone,
}

/// A row as a job takes it.
pub(super) struct Item {
    method: Method,
    /// The end of the path.
    end: &'static str,
    pub(super) json: String,
}

impl Item {
    /// The request that starts a job for items like this one.
    pub(super) fn request(&self, action: &Action) -> Request {
        let name = action.name;
        let path = format!("/{name}/bulk{}", self.end);
        let body = format!("{{\"{name}\":[{}]}}", self.json);
        request::write(PREVIEW, self.method, path, Some(body))
    }
}

impl Rows {
    /// Whether rows are written by jobs: where there are any, and several rows.
    pub fn uses_jobs(&self) -> bool {
        self.api_version == PREVIEW
            && self.rows.len() > 1
            && matches!(self.action.name, "contacts" | "companies")
            && matches!(self.mode.replay, Replay::Safe)
    }

    /// The requests that start jobs for rows of the round, which are in the journal then; none where there is no job.
    pub(super) fn start_jobs(&mut self, now_ms: i64) -> Vec<Request> {
        if !self.uses_jobs() {
            return Vec::new();
        }
        self.starting.clear();
        // Items of one job, one behind the other.
        let mut jobs: Vec<Item> = Vec::new();
        for (index, _) in &self.round {
            let travelling = &mut self.rows[*index];
            let call = travelling.call(self.mode, self.api_version);
            let item =
                call.and_then(|call| travelling.item(self.action, self.mode, call, &self.policy));
            let Some(item) = item else {
                continue;
            };
            let fits = |(job, rows): &(&mut Item, &mut Vec<usize>)| {
                rows.len() < MOST && (job.method, job.end) == (item.method, item.end)
            };
            match jobs.iter_mut().zip(&mut self.starting).find(fits) {
                Some((job, rows)) => {
                    job.json.push(',');
                    job.json.push_str(&item.json);
                    rows.push(*index);
                }
                None => {
                    jobs.push(item);
                    self.starting.push(vec![*index]);
                }
            }
            travelling.sent_ms = Some(now_ms);
            let sent = travelling.sent(self.mode);
            self.journal.note(&travelling.row, sent);
        }
        jobs.iter().map(|job| job.request(self.action)).collect()
    }

    /// Reads the answers to the requests that start jobs.
    pub(super) fn read_starts(
        &mut self,
        now_ms: i64,
        starting: Vec<Vec<usize>>,
        answers: Vec<Answer>,
    ) {
        let mut ended = Vec::new();
        for (rows, answer) in starting.into_iter().zip(answers) {
            let started = said(answer, Effect::Write, "id");
            for index in rows {
                let travelling = &mut self.rows[index];
                match &started {
                    Ok(id) => {
                        travelling.job = Job::Running(id.clone());
                        let sent = travelling.sent(self.mode);
                        self.journal.note(&travelling.row, sent);
                        travelling.wait(now_ms);
                    }
                    Err(failure) => {
                        let passes = matches!(
                            failure.kind,
                            FailureKind::Auth | FailureKind::RateLimited | FailureKind::Transient
                        );
                        // What is refused as a whole may be right in all rows but one.
                        if failure.maybe_applied || !passes {
                            travelling.job = Job::Alone;
                        }
                        if passes {
                            self.end_unwritten(index, failure);
                            ended.push(index);
                        }
                    }
                }
            }
        }
        self.break_circuit(&ended);
    }

    /// The requests that ask after the jobs of rows that were given before.
    pub fn ask_after_jobs(&self) -> Vec<Request> {
        let path = |job: String| format!("/{}/bulk/{}", self.action.name, request::encode(&job));
        let jobs = self.jobs().into_iter();
        jobs.map(|job| request::get(self.api_version, path(job)))
            .collect()
    }

    fn jobs(&self) -> Vec<String> {
        let mut jobs = Vec::new();
        for travelling in &self.rows {
            match &travelling.job {
                Job::Running(job) if !jobs.contains(job) => jobs.push(job.clone()),
                _ => {}
            }
        }
        jobs
    }

    /// Reads the answers to [`Rows::ask_after_jobs`].
    pub fn read_jobs(&mut self, now_ms: i64, answers: Vec<Answer>) {
        let (mode, version) = (self.mode, self.api_version);
        for (job, answer) in self.jobs().into_iter().zip(answers) {
            let state = said(answer, Effect::Read, "state");
            let (failed, end) = match &state {
                Ok(state) => (None, state.as_str()),
                Err(failure) if failure.kind == FailureKind::NotFound => (None, "unknown"),
                Err(failure) => (Some(failure), "running"),
            };
            let runs = matches!(end, "pending" | "running");
            let wrote_all = end == "completed";
            for index in 0..self.rows.len() {
                let travelling = &mut self.rows[index];
                if !matches!(&travelling.job, Job::Running(id) if *id == job) {
                    continue;
                }
                if let Some(failure) = failed {
                    self.end_unwritten(index, failure);
                } else if runs {
                    travelling.wait(now_ms);
                } else if wrote_all {
                    travelling.step = Some(travelling.first_step(mode));
                    let call = travelling.call(mode, version);
                    travelling.job = Job::Over(call.map_or(Does::Updates, |call| call.does));
                    travelling.written_at = now_ms.div_euclid(1_000);
                } else {
                    travelling.job = Job::Alone;
                }
            }
            if !runs && !wrote_all {
                self.notices.push(format!(
                    "{}: {job} ended as `{end}`, which does not say which rows are written: they are written one by one",
                    self.action.name
                ));
            }
        }
    }

    /// Puts off what waits for a row that is in a job.
    pub fn put_off(&mut self) {
        if self
            .rows
            .iter()
            .any(|one| matches!(one.job, Job::Running(_)))
        {
            let failure = failure(
                FailureKind::Transient,
                "job_running",
                "a row about the same object is in a job that is not over",
            );
            self.end_open(&failure);
        }
    }
}

impl Travelling {
    /// The row as a job takes it; none where it has to be written alone.
    pub(super) fn item(
        &self,
        action: &Action,
        mode: &Mode,
        call: &Call,
        policy: &Writing,
    ) -> Option<Item> {
        let has = |name: &str| self.values.text(name).is_some();
        let rest = call.path.strip_prefix('/')?.strip_prefix(action.name)?;
        let is_whole = parted_last(rest, b'/').is_none_or(|(before, _)| before.is_empty());
        let guarded =
            self.row.base_updated_at_ms.is_some() && policy.conflict != Conflict::LastWriter;
        let unknown = match call.method {
            Method::Put => UNKNOWN,
            _ => &UNKNOWN[..1],
        };
        // Creating a lead twice makes two.
        let is_one = call.does != Does::Creates
            || match self.values.text("role") {
                Some(role) => role == "user",
                None => has("external_id"),
            };
        if !matches!(self.job, Job::None)
            || !is_whole
            || guarded
            || !is_one
            || !self.others.is_empty()
            || unknown.iter().any(|name| self.values.json(name).is_some())
        {
            return None;
        }
        let target = mode.references.first()?;
        // One that is created has none, also where a rehearsal has a word for it.
        let id = self
            .values
            .json(target.name)
            .filter(|_| call.does != Does::Creates);
        let id = id.map(str::to_owned);
        let mut members = Members::default();
        members.some_json("id", id);
        for field in mode.fields().filter(|field| field.sent) {
            match self.values.json(field.name) {
                Some("null") => return None,
                Some(json) => {
                    members.json(field.name, json);
                }
                None => {}
            }
        }
        let (method, end) = match call.method {
            Method::Delete => (Method::Post, "/delete"),
            method => (method, ""),
        };
        Some(Item {
            method,
            end,
            json: members.object(),
        })
    }

    /// The row as the journal has it while it is not over.
    pub(super) fn sent(&self, mode: &Mode) -> Option<Recorded> {
        let mut sent = Recorded::sent(&self.row, self.sent_ms?);
        if matches!(mode.replay, Replay::Safe) {
            let target = mode.references.first();
            sent.object_id = target.and_then(|target| self.values.text(target.name));
            if let Job::Running(job) = &self.job {
                sent.job = Some(job.clone());
            }
        }
        Some(sent)
    }

    /// Takes over what the journal says of a row that was, or may have been, in a job.
    pub(super) fn was_in_a_job(&mut self, mode: &'static Mode, recorded: &Recorded) {
        if let (Some(id), Some(target)) = (&recorded.object_id, mode.references.first()) {
            self.refer(target, id);
        }
        self.job = recorded.job.clone().map_or(Job::Alone, Job::Running);
    }

    /// Whether a job has written it, to an object that is known.
    pub(super) fn is_written(&self, reference: &Reference) -> bool {
        matches!(self.job, Job::Over(_)) && self.values.json(reference.name).is_some()
    }

    /// Its job is not over.
    fn wait(&mut self, now_ms: i64) {
        let Job::Running(job) = &self.job else {
            return;
        };
        let taken = now_ms - self.sent_ms.unwrap_or(now_ms);
        let (least, most) = WAIT_MS;
        let (code, end) = match taken < LONGEST_MS {
            true => ("job_running", ""),
            false => ("job_endless", " after an hour"),
        };
        let text = format!("{job}, which writes this row together with others, is not over{end}");
        let mut waits = failure(FailureKind::Transient, code, text);
        waits.retry_after_ms = u64::try_from((taken * 2).clamp(least, most)).ok();
        waits.maybe_applied = true;
        let status = match end {
            "" => OutcomeStatus::Deferred(*waits),
            _ => OutcomeStatus::Failed(*waits),
        };
        self.outcome = Some(outcome(&self.row, status));
    }
}

/// A member of an answer about a job.
fn said(answer: Answer, effect: Effect, name: &'static str) -> Result<String, Failure> {
    let response: Response = answer.map_err(|error| from_http(&error, effect))?;
    if !(200..300).contains(&response.status) {
        return Err(from_response(&response, effect, None));
    }
    let read = json::parse(&response.body).map(|mut job: Object| job.take(name));
    match read {
        Ok(Ok(Some(Member::Text(text)))) => Ok(text),
        _ => Err(Box::new(WholeFailure {
            maybe_applied: true,
            ..*unexpected_body(&response, "it is no job")
        })),
    }
}
