//! The rows of a batch on their way to their outcomes.

use super::identity::Known;
use super::journal::{Journal, Recorded};
use super::steps::{Next, Step, unwritten};
use super::validate::{self, Contact};
use crate::config::Config;
use crate::contract::connector::{Batch, Outcome, OutcomeStatus, Row};
use crate::contract::http::Request;
use crate::contract::types::{Failure, FailureKind};
use crate::failure::failure;
use crate::intercom::actions::Action;
use crate::operation::Answer;

/// Requests for one row, at most: create, conflict, unarchive, update, and once more.
const MOST_REQUESTS: u32 = 5;

/// A row on its way.
struct Travelling {
    row: Row,
    contact: Option<Contact>,
    step: Option<Step>,
    requests: u32,
    outcome: Option<Outcome>,
}

/// All rows of a batch.
pub struct Rows {
    action: &'static Action,
    api_version: &'static str,
    journal: Journal,
    rows: Vec<Travelling>,
    /// The rows of the round that was sent.
    round: Vec<usize>,
}

impl Rows {
    /// Validates the rows of a batch; those that are not valid are over.
    pub fn new(action: &'static Action, config: &Config, batch: &Batch) -> Self {
        let rows = batch
            .rows
            .iter()
            .map(|row| {
                let (contact, outcome) =
                    match validate::contact(action, config.api_version, &row.document) {
                        Ok(contact) => (Some(contact), None),
                        Err(failure) => (None, Some(outcome(row, OutcomeStatus::Failed(failure)))),
                    };
                Travelling {
                    row: row.clone(),
                    contact,
                    step: None,
                    requests: 0,
                    outcome,
                }
            })
            .collect();
        let journal = Journal::of(action.name, &batch.id);
        Self {
            action,
            api_version: config.api_version,
            journal,
            rows,
            round: Vec::new(),
        }
    }

    /// The `Intercom-Version` to send.
    pub fn api_version(&self) -> &'static str {
        self.api_version
    }

    /// The batch's journal.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Takes over the stored journal: rows whose outcome it knows are over.
    pub fn recall(&mut self, stored: Journal) {
        self.journal.load(stored);
        for travelling in self
            .rows
            .iter_mut()
            .filter(|travelling| travelling.outcome.is_none())
        {
            let Some(recorded) = self
                .journal
                .recorded(&travelling.row.key, &travelling.row.document)
            else {
                continue;
            };
            let Recorded {
                status,
                object_id,
                request_id,
                ..
            } = recorded.clone();
            let status = if status == "created" {
                OutcomeStatus::Created
            } else {
                OutcomeStatus::Updated
            };
            travelling.outcome = Some(Outcome {
                object_id,
                request_id,
                ..outcome(&travelling.row, status)
            });
        }
    }

    /// The contacts of the rows that are not over.
    pub fn open(&self) -> impl Iterator<Item = (usize, &Contact)> {
        self.rows
            .iter()
            .enumerate()
            .filter(|(_, travelling)| travelling.outcome.is_none())
            .filter_map(|(index, travelling)| Some((index, travelling.contact.as_ref()?)))
    }

    /// Says who a row is. One whose contact could not be looked up is over.
    pub fn identify(&mut self, index: usize, known: Result<Option<Known>, Failure>) {
        let known = match known {
            Ok(known) => known,
            Err(failure) => return self.end_unwritten(index, &failure),
        };
        let Some(travelling) = self.rows.get_mut(index) else {
            return;
        };
        let newer = known
            .as_ref()
            .and_then(|known| known.updated_at)
            .zip(travelling.row.base_updated_at_ms);
        if newer.is_some_and(|(there, base)| there > base.div_euclid(1_000)) {
            let failure = failure(
                FailureKind::Conflict,
                "changed_upstream",
                "the contact was changed in Intercom since this copy of it was read",
            );
            travelling.outcome = Some(outcome(&travelling.row, OutcomeStatus::Failed(failure)));
            return;
        }
        travelling.step = Some(known.map_or(Step::Create, |known| Step::Update(known.id)));
    }

    /// Ends a row that nothing was written for.
    fn end_unwritten(&mut self, index: usize, failure: &Failure) {
        if let Some(travelling) = self.rows.get_mut(index) {
            let request_id = failure.request_id.clone();
            travelling.outcome = Some(Outcome {
                request_id,
                ..outcome(&travelling.row, unwritten(failure.clone()))
            });
        }
    }

    /// Defers every row that is not over: the call's time is up.
    pub fn defer_open(&mut self) {
        for travelling in self
            .rows
            .iter_mut()
            .filter(|travelling| travelling.outcome.is_none())
        {
            let failure = failure(
                FailureKind::Transient,
                "time_budget",
                "the call's time was up before this row",
            );
            travelling.outcome = Some(outcome(&travelling.row, OutcomeStatus::Deferred(failure)));
        }
    }

    /// The requests of the next round: one for each open row, but of rows that share an identity only the first.
    pub fn next_round(&mut self) -> Vec<Request> {
        let mut taken: Vec<(&str, &str)> = Vec::new();
        let mut requests = Vec::new();
        self.round.clear();
        for (index, travelling) in self.rows.iter().enumerate() {
            let (Some(contact), None) = (&travelling.contact, &travelling.outcome) else {
                continue;
            };
            let identities = [
                ("external_id", &contact.external_id),
                ("email", &contact.email),
            ];
            let mut free = true;
            for (name, value) in identities {
                if let Some(value) = value {
                    // Every identity is taken, also by a row that has to wait: the order is kept.
                    free &= !taken.contains(&(name, value));
                    taken.push((name, value));
                }
            }
            if free && let Some(step) = &travelling.step {
                requests.push(step.request(self.api_version, &contact.body));
                self.round.push(index);
            }
        }
        requests
    }

    /// Reads the answers of a round.
    pub fn read_round(&mut self, answers: Vec<Answer>) {
        let round = std::mem::take(&mut self.round);
        let mut refused = None;
        for (index, answer) in round.into_iter().zip(answers) {
            let Some(travelling) = self.rows.get_mut(index) else {
                continue;
            };
            let Some(step) = travelling.step.take() else {
                continue;
            };
            travelling.requests += 1;
            match step.read(self.action, answer) {
                Next::Go(next) if travelling.requests < MOST_REQUESTS => {
                    travelling.step = Some(next)
                }
                Next::Go(_) => {
                    let failure = failure(
                        FailureKind::Conflict,
                        "keeps_conflicting",
                        "Intercom says in turn that the contact exists and that it does not",
                    );
                    travelling.outcome =
                        Some(outcome(&travelling.row, OutcomeStatus::Failed(failure)));
                }
                Next::Over {
                    status,
                    object_id,
                    request_id,
                } => {
                    if let OutcomeStatus::Failed(failure) = &status
                        && failure.kind == FailureKind::Auth
                    {
                        refused = Some(failure.clone());
                    }
                    travelling.outcome = Some(Outcome {
                        object_id,
                        request_id,
                        ..outcome(&travelling.row, status)
                    });
                    self.share(index);
                }
            }
        }
        // A refused credential is refused for every row: they are not tried.
        if let Some(failure) = refused {
            for index in 0..self.rows.len() {
                if self.rows[index].outcome.is_none() {
                    self.end_unwritten(index, &failure);
                }
            }
        }
    }

    /// A contact that was just written is not to be created again by a later row with its identity.
    fn share(&mut self, index: usize) {
        let (Some(written), Some(id)) = (
            self.rows[index].contact.clone(),
            self.rows[index]
                .outcome
                .as_ref()
                .and_then(|outcome| outcome.object_id.clone()),
        ) else {
            return;
        };
        for later in self
            .rows
            .iter_mut()
            .skip(index + 1)
            .filter(|later| later.outcome.is_none())
        {
            let same = later.contact.as_ref().is_some_and(|contact| {
                (contact.external_id.is_some() && contact.external_id == written.external_id)
                    || (contact.email.is_some() && contact.email == written.email)
            });
            if same && later.step == Some(Step::Create) {
                later.step = Some(Step::Update(id.clone()));
            }
        }
    }

    /// The rows that are over, with their outcomes.
    pub fn finished(&self) -> impl Iterator<Item = (&Row, &Outcome)> {
        self.rows
            .iter()
            .filter_map(|travelling| Some((&travelling.row, travelling.outcome.as_ref()?)))
    }

    /// One outcome for each row, in order.
    pub fn into_outcomes(mut self) -> Vec<Outcome> {
        self.defer_open();
        self.rows
            .into_iter()
            .filter_map(|travelling| travelling.outcome)
            .collect()
    }

    /// One outcome for each row, with the write that would be made.
    pub fn outcomes_planned(self) -> Vec<Outcome> {
        let version = self.api_version;
        self.outcomes_with(|contact, step| {
            let step = step.unwrap_or(Step::Create);
            let request = step.request(version, &contact.body);
            match step {
                Step::Update(id) => ("would update".to_owned(), Some(id), vec![request]),
                _ => ("would create".to_owned(), None, vec![request]),
            }
        })
    }

    /// One outcome for each row, with the writes of both branches.
    pub fn outcomes_offline(self) -> Vec<Outcome> {
        let version = self.api_version;
        self.outcomes_with(|contact, _| {
            let create = Step::Create.request(version, &contact.body);
            let update = Request {
                target: "/contacts/{id}".to_owned(),
                ..Step::Update(String::new()).request(version, &contact.body)
            };
            (
                "would create or update".to_owned(),
                None,
                vec![create, update],
            )
        })
    }

    fn outcomes_with(
        self,
        plan: impl Fn(&Contact, Option<Step>) -> (String, Option<String>, Vec<Request>),
    ) -> Vec<Outcome> {
        self.rows
            .into_iter()
            .filter_map(
                |travelling| match (travelling.outcome, &travelling.contact) {
                    (Some(outcome), _) => Some(outcome),
                    (None, Some(contact)) => {
                        let (text, object_id, planned) = plan(contact, travelling.step);
                        Some(Outcome {
                            object_id,
                            planned,
                            ..outcome(&travelling.row, OutcomeStatus::Skipped(text))
                        })
                    }
                    (None, None) => None,
                },
            )
            .collect()
    }
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
